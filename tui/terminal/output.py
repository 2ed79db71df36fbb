"""The way from a Textual app to a terminal that may not read: the app never waits for it, and always gives it back.

Textual hands what it writes to a thread through a short queue: behind a terminal that does not read, which a dropped
line, Ctrl+S or a halted tmux makes of any, the app would stand still with all that it has to do, SIGTERM included. And
of a signal it dies with the terminal as it was set.

What this relies on of Textual, beyond what is public: `LinuxDriver` writes by its own `write` alone, to `_file`; it
changes the terminal's modes after `attrs_before` was kept; and what it sets, `_GIVE_BACK` takes back.
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

from tui.terminal.job_control import is_in_background

_MOST_PENDING = 1 << 16
"""Characters that wait for the terminal; with more, it has missed something."""
_PIECE = 4096
"""Bytes that are written at once: so many at most still come after it was given up."""
_PATIENCE_S = 1.0
"""For so long an app that ends waits for its terminal."""

_GIVE_BACK = (
    "\x1b\\"  # ends what was cut off
    "\x1b[?2026l\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1016l\x1b[?1006l\x1b[?1015l\x1b[?1003l\x1b[?1002l\x1b[?1000l"
    "\x1b[<u\x1b[m\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
_ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
_SELDOM = ("SIGALRM", "SIGPOLL", "SIGPROF", "SIGUSR1", "SIGUSR2", "SIGVTALRM", "SIGXCPU")
"""These end a program too that does nothing about them; not every system has all."""


class Output:
    """Writes to a terminal in a thread: `write` never waits.

    When the terminal does not read, what is written to it is dropped; once it reads again, `on_missed` is called in the
    thread, to show all that is to be seen by then.
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
        """Have the thread write it, or drop it where too much waits already."""
        with self._changed:
            if self._has_missed or len(self._pending) > _MOST_PENDING:
                self._has_missed = True
            else:
                self._pending += text
                self._changed.notify()

    def close(self) -> bool:
        """Write what waits, if the terminal takes it soon; whether it has had everything."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join(_PATIENCE_S)
        return not (self._thread.is_alive() or self._has_missed or self._is_given_up)

    def give_up(self) -> None:
        """Write nothing more. It takes no lock: a signal may come anywhere."""
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
                data = data[os.write(self._fileno, data[:_PIECE]) :]
            except BlockingIOError:  # the terminal was handed over like that
                continue
            except OSError:  # it is gone
                self.give_up()


class OutputDriver(LinuxDriver):
    """Writes to the terminal."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._output: Output | None = None
        self._is_given_back = False
        """Whether all that gives the terminal back has been handed to the thread that writes."""
        self._handlers: dict[signal.Signals, Any] = {}
        """What the signals that end a program did before."""

    def write(self, data: str) -> None:
        """Write to the terminal."""
        if self._output:
            self._output.write(data)

    def show_all(self) -> None:
        """Have the app show everything: the terminal has missed some of it. This runs in a thread."""
        self._app.call_later(self._app.refresh, layout=True)

    def start_application_mode(self) -> None:
        """Take the terminal over."""
        self._is_given_back = False
        if self._output is None and self._file:
            self._output = Output(self._file.fileno(), self.show_all)
        if not self._handlers:  # before anything is changed that one of them would leave so
            self._handlers = {number: signal.signal(number, self._end) for number in _all_that_end()}
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        super().stop_application_mode()
        self._is_given_back = True

    def close(self) -> None:
        """See to it that the terminal has what it was given back with, also where taking it over failed midway."""
        with contextlib.suppress(RuntimeError):  # of a thread that could not be started
            super().close()
        if self._output and not (self._output.close() and self._is_given_back):
            self._give_back()
        self._output = None
        while self._handlers:
            signal.signal(*self._handlers.popitem())

    def _end(self, number: int, _: FrameType | None) -> None:
        """Give the terminal back, and end by the signal as if nobody had waited for it."""
        self._give_back()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _give_back(self) -> None:
        """Give the terminal back at once; from one that does not read, what it has not read yet is taken away."""
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
            if self.attrs_before is not None and not is_in_background(self.fileno):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)


def _all_that_end() -> list[signal.Signals]:
    """The signals that would end this process as it is."""
    seldom = [signal.Signals[name] for name in _SELDOM if name in signal.Signals.__members__]
    return [*_ENDING, *(number for number in seldom if signal.getsignal(number) is signal.SIG_DFL)]


@contextlib.contextmanager
def _not_stopped() -> Iterator[None]:
    """Let what is done to the terminal in the background not stop the process: `kill %1` would never end it."""
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGTTOU, before)
