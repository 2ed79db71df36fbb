"""Replacing files of the person's own, for the parts that keep some."""

from tui.files.atomic_write import atomic_write
from tui.files.lock import open_lock

__all__ = ["atomic_write", "open_lock"]
