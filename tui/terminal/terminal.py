"""The terminal as an app has it: what it sends is read without guessing, and nothing waits for it."""

from tui.terminal.driver import TypedDriver
from tui.terminal.output import OutputDriver


class Terminal(TypedDriver, OutputDriver):
    """Reads and writes the terminal."""
