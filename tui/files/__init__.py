"""The files that Shunter keeps for a person: opened only if they are regular, read within bounds, replaced at once."""

from tui.files.atomic_write import atomic_write
from tui.files.folders import FolderRefused, config_folder, require_absolute_folders, state_folder
from tui.files.lock import open_lock, take_lock
from tui.files.regular import NotRegular, TooLarge, read_regular, regular_descriptor, require_regular_database

__all__ = [
    "FolderRefused",
    "NotRegular",
    "TooLarge",
    "atomic_write",
    "config_folder",
    "open_lock",
    "read_regular",
    "regular_descriptor",
    "require_absolute_folders",
    "require_regular_database",
    "state_folder",
    "take_lock",
]
