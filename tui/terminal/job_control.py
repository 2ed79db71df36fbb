"""The way of a Textual app through a shell's job control: stopped, put into the background, continued.

Textual takes every SIGCONT for the end of a stop that it knew of. After one that it did not (SIGSTOP, or SIGCONT alone)
a second thread reads the keys, the app need not end when it is quit, and the terminal is given back as the app had set
it. And Python's handlers run in the main thread, which a signal does not wake where the system gave it to another
thread: the app would sleep until something else happens. asyncio's wake the event loop, and with it all others.

What this relies on of Textual, beyond what is public: `LinuxDriver` handles SIGTSTP and SIGCONT from its making on, and
no later; `_loop` is the app's; `fileno` is the terminal.
"""

import os
import signal
from typing import Any

from textual.drivers.linux_driver import LinuxDriver


class JobControlDriver(LinuxDriver):
    """Gives the terminal back before it stops, and takes it over when it goes on in the foreground."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._has_terminal = False
        self._comes_back = False
        """Whether it gave the terminal back only to stop."""
        self._loop.add_signal_handler(signal.SIGTSTP, self._stop)
        self._loop.add_signal_handler(signal.SIGCONT, self._go_on)

    def start_application_mode(self) -> None:
        """Take the terminal over."""
        self._has_terminal = True
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        super().stop_application_mode()
        self._has_terminal = False

    def disable_input(self) -> None:
        """Read no more. Textual asks for it again when the terminal is given back: what is typed by then is the
        shell's, and would be lost.
        """
        if self._has_terminal:
            super().disable_input()

    def _stop(self) -> None:
        self._let_go()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _go_on(self) -> None:
        """Take over the terminal, which others may have set in another way; in the background, stop again."""
        if not (self._has_terminal or self._comes_back):
            return
        if is_in_background(self.fileno):
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        self._let_go()
        self._comes_back = False
        self.resume_application_mode()

    def _let_go(self) -> None:
        if self._has_terminal:
            self.suspend_application_mode()
            self._comes_back = True


def is_in_background(terminal: int) -> bool:
    """Whether another job has the terminal."""
    try:
        return os.tcgetpgrp(terminal) != os.getpgrp()
    except OSError:  # it is not the terminal of this session
        return False
