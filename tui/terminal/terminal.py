"""The terminal as an app has it: what it sends is read without guessing, only what changes is written, and nothing
waits for it.
"""

from tui.terminal.driver import TypedDriver
from tui.terminal.framed import FramedDriver
from tui.terminal.job_control import JobControlDriver
from tui.terminal.output import OutputDriver


class Terminal(FramedDriver, TypedDriver, OutputDriver, JobControlDriver):
    """Reads and writes the terminal."""

    def show_all(self) -> None:
        """Have everything shown: the terminal has missed some of it. This runs in a thread."""
        if self._frame:
            self._loop.call_soon_threadsafe(self._repaint)
        else:
            super().show_all()
