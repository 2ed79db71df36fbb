"""The files that Shunter keeps for a person: opened only if they are regular, read within limits, replaced at once."""

from tui.files.config_file import ConfigFile
from tui.files.folders import FolderRefused, require_absolute_folders, state_folder
from tui.files.regular import NotRegular, TooLarge, read_regular, regular_descriptor, require_regular_database

__all__ = [
    "ConfigFile",
    "FolderRefused",
    "NotRegular",
    "TooLarge",
    "read_regular",
    "regular_descriptor",
    "require_absolute_folders",
    "require_regular_database",
    "state_folder",
]
