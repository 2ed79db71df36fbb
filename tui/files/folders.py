"""The folders of Shunter's files, and the environment variables that name them.

A relative path would be another folder in each working directory, and a journal left in another one cannot warn of a
repeat. Some versions of platformdirs follow a relative path and others ignore it, so it is refused here.
"""

import os
from pathlib import Path

import platformdirs

from tui.domain.text import printable

_APP = "shunter"
_HOME = "HOME"
_NAMED = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR")


class FolderRefused(Exception):
    """Raised when an environment variable is not an absolute path. The message names the variable."""


def config_folder() -> Path:
    """Return the folder of profiles, settings and favourites. Raises FolderRefused."""
    _require_absolute("XDG_CONFIG_HOME")
    return platformdirs.user_config_path(_APP)


def state_folder() -> Path:
    """Return the folder of the journal and the history. Raises FolderRefused."""
    _require_absolute("XDG_STATE_HOME")
    return platformdirs.user_state_path(_APP)


def require_absolute_folders() -> None:
    """Check every folder that Shunter, its keyring or its session bus uses. Raises FolderRefused."""
    for variable in _NAMED:
        _require_absolute(variable)


def _require_absolute(variable: str) -> None:
    for name in (variable, _HOME):
        value = os.environ.get(name, "")
        if value and not Path(value).is_absolute():
            remedy = "" if name == _HOME else ", or unset it"
            raise FolderRefused(
                f"{name} is {printable(value)!r}, which is not an absolute path: Shunter's files would be in another "
                f"folder wherever it is started. Set {name} to a path that begins with /{remedy}."
            )
    if not os.environ.get(_HOME):
        raise FolderRefused(f"{_HOME} is not set. Set it to your home folder: Shunter's files are below it.")
