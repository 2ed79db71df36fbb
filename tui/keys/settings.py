"""The settings, in a file of the config folder that a person may edit."""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec.structs import replace

from tui.domain.text import printable
from tui.files import atomic_write, config_folder, read_regular
from tui.keys.errors import SettingsFileError

ACCEPTANCE = "keep my keys in plain text"
"""What a person types to accept a keyring that may do so."""

_MOST_BYTES = 64 * 1024
_A_YEAR_MINUTES = 366 * 24 * 60


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings, and what holds where the file has none."""

    idle_lock_minutes: Annotated[float, msgspec.Meta(ge=0, le=_A_YEAR_MINUTES)] = 15
    """Minutes without a key press after which the app lets go of the key; 0 is never."""
    plain_text_keyring: str = ""
    """The keyring that the person accepted although it may keep keys in plain text."""
    theme: str = ""
    """The theme that the person chose; empty where none was."""


def settings_path() -> Path:
    """The file of the settings. Raises FolderRefused."""
    return config_folder() / "settings.json"


def settings() -> Settings:
    """The settings as they stand in the file. Raises SettingsFileError."""
    path = settings_path()
    try:
        return msgspec.json.decode(read_regular(path, _MOST_BYTES), type=Settings)
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise SettingsFileError(f"The settings, {path}, cannot be read: {error.strerror}") from None
    except msgspec.MsgspecError as error:
        raise SettingsFileError(
            f"The settings, {path}, are damaged: {printable(str(error)[:200])}. Correct the file, or delete it."
        ) from None


def kept_theme() -> str:
    """The theme that the person chose. Empty also where the file cannot be read: that is told where it matters more."""
    try:
        return settings().theme
    except SettingsFileError:
        return ""


def keep_theme(name: str) -> None:
    """Remember a theme. Raises SettingsFileError."""
    _write(replace(settings(), theme=name))


def accept_plain_text(keyring: str, typed: str) -> bool:
    """Remember that the person accepts a keyring that may keep keys in plain text, if they typed `ACCEPTANCE`.

    Returns whether they did. Raises SettingsFileError.
    """
    if " ".join(typed.split()).casefold() != ACCEPTANCE:
        return False
    _write(replace(settings(), plain_text_keyring=keyring))
    return True


def _write(changed: Settings) -> None:
    path = settings_path()
    try:
        atomic_write(path, msgspec.json.format(msgspec.json.encode(changed)) + b"\n")
    except OSError as error:
        raise SettingsFileError(f"The settings, {path}, cannot be written: {error.strerror}") from None
