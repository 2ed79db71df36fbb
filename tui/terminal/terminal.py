"""The terminal as an app has it: what it sends is read without guessing, and only what changes is written."""

from tui.terminal.driver import TypedDriver
from tui.terminal.framed import FramedDriver


class Terminal(FramedDriver, TypedDriver):
    """Reads and writes the terminal."""
