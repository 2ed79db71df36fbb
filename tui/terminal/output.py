"""Output of a Textual app to a terminal that may not read: the app never waits for it, and always gives it back.

Textual passes what it writes to a thread through a short queue. If the terminal does not read, which a dropped line,
Ctrl+S or a halted tmux can cause, the app would stand still with everything it has to do, SIGTERM included. And a
signal would end it without resetting the terminal.

Textual takes every SIGCONT for the end of a stop that it knew of. After one that it did not know of (SIGSTOP, or
SIGCONT alone) a second thread reads the keys, the app may not end when it is quit, and the terminal is given back as
the app had set it. Besides, Python's handlers run in the main thread, which a signal does not wake if the system
delivered it to another thread: the app would sleep until something else happens. asyncio's handlers wake the event
loop.

This relies on private parts of Textual: `LinuxDriver` writes only through its own `write`, to `_file`; it changes the
terminal's modes after it set `attrs_before`; `_GIVE_BACK` resets all that it sets; it handles SIGTSTP and SIGCONT from
`__init__` on, and no later; `_loop` is the app's; `fileno` is the terminal.
"""

import contextlib
import os
import select
import signal
import termios
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from textual.drivers.linux_driver import LinuxDriver

_MOST_PENDING = 1 << 16
"""The number of characters that may wait for the terminal; it misses what exceeds that."""
_CHUNK = 4096
"""Bytes per write: at most this many still arrive after the terminal was given up."""
_PATIENCE_S = 1.0
"""An app that ends waits this long for its terminal."""

_GIVE_BACK = (
    "\x1b\\"  # ends a sequence that was cut off
    "\x1b[?2026l\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1016l\x1b[?1006l\x1b[?1015l\x1b[?1003l\x1b[?1002l\x1b[?1000l"
    "\x1b[<u\x1b[m\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
_ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
_SELDOM = ("SIGALRM", "SIGPOLL", "SIGPROF", "SIGUSR1", "SIGUSR2", "SIGVTALRM", "SIGXCPU")
"""These too end a program that does not handle them; not every system has all of them."""


class Output:
    """Writes to a terminal in a thread: `write` never waits.

    While the terminal does not read, output is dropped. Once it reads again, `on_missed` is called in the thread, to
    write the whole screen.
    """

    def __init__(self, fileno: int, on_missed: Callable[[], object]) -> None:
        self._fileno = fileno
        self._on_missed = on_missed
        self._pending = ""
        self._has_missed = False
        self._is_closing = False
        self._is_given_up = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, daemon=True, name="terminal-output")
        self._thread.start()

    def write(self, text: str) -> None:
        """Queue a text for the thread, or drop it if too much is waiting."""
        with self._changed:
            if self._has_missed or len(self._pending) > _MOST_PENDING:
                self._has_missed = True
            else:
                self._pending += text
                self._changed.notify()

    def close(self) -> bool:
        """Write what is waiting, if the terminal takes it soon; whether the terminal received everything."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join(_PATIENCE_S)
        return not (self._thread.is_alive() or self._has_missed or self._is_given_up)

    def give_up(self) -> None:
        """Write nothing more. It takes no lock, as a signal may come at any point."""
        self._is_given_up = True

    def _run(self) -> None:
        while not self._is_given_up:
            with self._changed:
                self._changed.wait_for(lambda: self._pending or self._has_missed or self._is_closing)
                data, self._pending = self._pending.encode(errors="replace"), ""
                reads_again = self._has_missed and not data and not self._is_closing
                if reads_again:
                    self._has_missed = False
            if data:
                self._write_out(data)
            elif reads_again:
                self._on_missed()
            else:
                return

    def _write_out(self, data: bytes) -> None:
        while data and not self._is_given_up:
            try:
                select.select([], [self._fileno], [])
                data = data[os.write(self._fileno, data[:_CHUNK]) :]
            except BlockingIOError:  # the terminal was handed over in non-blocking mode
                continue
            except OSError:  # it is gone
                self.give_up()


class OutputDriver(LinuxDriver):
    """Writes to the terminal, and gives it back when the app stops or ends."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._output: Output | None = None
        self._has_terminal = False
        """Whether the terminal was taken over, and not given back to the output thread's queue since."""
        self._is_stopped = False
        """Whether the terminal was given back only to stop the process."""
        self._handlers: dict[signal.Signals, Any] = {}
        """The earlier handlers of the signals that end a program."""
        self._loop.add_signal_handler(signal.SIGTSTP, self._stop)
        self._loop.add_signal_handler(signal.SIGCONT, self._continue)

    def write(self, data: str) -> None:
        """Write to the terminal."""
        if self._output:
            self._output.write(data)

    def show_all(self) -> None:
        """Have the app show everything, as the terminal has missed part of it. Called in the output thread."""
        self._app.call_later(self._app.refresh, layout=True)

    def start_application_mode(self) -> None:
        """Take the terminal over."""
        self._has_terminal = True
        if self._output is None and self._file:
            self._output = Output(self._file.fileno(), self.show_all)
        if not self._handlers:  # before the terminal is changed: each of these signals would leave it changed
            self._handlers = {number: signal.signal(number, self._end) for number in _all_that_end()}
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        super().stop_application_mode()
        self._has_terminal = False

    def disable_input(self) -> None:
        """Stop reading. Textual calls it again when the terminal is given back: what is typed by then belongs to the
        shell, and would be lost.
        """
        if self._has_terminal:
            super().disable_input()

    def close(self) -> None:
        """Make sure that the terminal is reset, even if taking it over failed midway."""
        with contextlib.suppress(RuntimeError):  # of a thread that could not be started
            super().close()
        if self._output and (not self._output.close() or self._has_terminal):
            self._give_back()
        self._output = None
        while self._handlers:
            signal.signal(*self._handlers.popitem())

    def _stop(self) -> None:
        self._suspend()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _continue(self) -> None:
        """Take over the terminal, which others may have changed; in the background, stop again."""
        if not (self._has_terminal or self._is_stopped):
            return
        if _is_in_background(self.fileno):
            os.kill(os.getpid(), signal.SIGSTOP)
            return
        self._suspend()
        self._is_stopped = False
        self.resume_application_mode()

    def _suspend(self) -> None:
        if self._has_terminal:
            self.suspend_application_mode()
            self._is_stopped = True

    def _end(self, number: int, _: FrameType | None) -> None:
        """Give the terminal back, and end by the signal as if it were not handled."""
        self._give_back()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _give_back(self) -> None:
        """Give the terminal back at once; if it does not read, what it has not read yet is discarded."""
        if not (self._output and self._file):
            return
        self._output.give_up()
        fileno = self._file.fileno()
        with contextlib.suppress(OSError, termios.error), _not_stopped():  # it is gone
            if not select.select([], [fileno], [], 0)[1]:
                termios.tcflush(fileno, termios.TCOFLUSH)
                for action in (termios.TCOOFF, termios.TCOON):  # on Linux nothing else wakes a thread that writes
                    termios.tcflow(fileno, action)
            if select.select([], [fileno], [], _PATIENCE_S)[1]:
                os.write(fileno, _GIVE_BACK.encode())
            if self.attrs_before is not None and not _is_in_background(self.fileno):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)


def _is_in_background(terminal: int) -> bool:
    """Whether another job has the terminal."""
    try:
        return os.tcgetpgrp(terminal) != os.getpgrp()
    except OSError:  # it is not the terminal of this session
        return False


def _all_that_end() -> list[signal.Signals]:
    """Return the signals that would end this process as it is."""
    seldom = [signal.Signals[name] for name in _SELDOM if name in signal.Signals.__members__]
    return [*_ENDING, *(number for number in seldom if signal.getsignal(number) is signal.SIG_DFL)]


@contextlib.contextmanager
def _not_stopped() -> Iterator[None]:
    """Ignore SIGTTOU: resetting the terminal from the background would stop the process, and `kill %1` never end it."""
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGTTOU, before)
