"""The files that Shunter keeps for a person: opened only if they are regular, read within bounds, replaced at once."""

from tui.files.atomic_write import atomic_write
from tui.files.lock import open_lock, take_lock
from tui.files.regular import NotRegular, TooLarge, read_regular, regular_descriptor, require_regular_database

__all__ = [
    "NotRegular",
    "TooLarge",
    "atomic_write",
    "open_lock",
    "read_regular",
    "regular_descriptor",
    "require_regular_database",
    "take_lock",
]
