"""The person's own files: where they are, and replacing them, for the parts that keep some."""

from tui.files.atomic_write import atomic_write
from tui.files.folders import FolderRefused, config_folder, require_absolute_folders, state_folder
from tui.files.lock import open_lock

__all__ = [
    "FolderRefused",
    "atomic_write",
    "config_folder",
    "open_lock",
    "require_absolute_folders",
    "state_folder",
]
