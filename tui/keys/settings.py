"""The settings, in a file that people may edit, in the config folder."""

from typing import Annotated

import msgspec
from msgspec.structs import replace

from tui.domain.balances import USUAL_CURRENCY
from tui.domain.text import printable
from tui.files import ConfigFile
from tui.keys.errors import SettingsFileError
from tui.language import N_, _

ACCEPTANCE = N_("keep my keys in plain text")
"""What a person types to accept a keyring that may keep keys in plain text. In English it counts in every language."""

_FILE = ConfigFile("settings.json", N_("The settings"), 64 * 1024, SettingsFileError)
_A_YEAR_MINUTES = 366 * 24 * 60


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings, with their defaults."""

    idle_lock_minutes: Annotated[float, msgspec.Meta(ge=0, le=_A_YEAR_MINUTES)] = 15
    """After this many minutes without a key press, the app drops the key; 0 means never."""
    plain_text_keyring: str = ""
    """The keyring that the person accepted, although it may keep keys in plain text."""
    theme: str = ""
    """The theme that the person chose, if any."""
    notifications: bool = True
    """Whether the terminal is asked to notify the person of an outcome, as far as it can."""
    language: str = ""
    """The language that the person chose, if any."""
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z0-9]{1,20}$")] = USUAL_CURRENCY
    """What assets are valued in, if the exchange has its price."""


def settings() -> Settings:
    """Return the settings in the file. Raises SettingsFileError."""
    content = _FILE.read()
    try:
        return Settings() if content is None else msgspec.json.decode(content, type=Settings)
    except msgspec.MsgspecError as error:
        damaged = _("are damaged: {error}. Correct the file, or delete it.")
        raise _FILE.failure(damaged.format(error=printable(str(error)[:200]))) from None


def kept_theme() -> str:
    """Return the theme that the person chose, or an empty string. A file that cannot be read is reported elsewhere."""
    try:
        return settings().theme
    except SettingsFileError:
        return ""


def keep_theme(name: str) -> None:
    """Remember a theme. Raises SettingsFileError."""
    _write(replace(settings(), theme=name))


def kept_language() -> str:
    """Return the language that the person chose, or an empty string. What cannot be read is reported elsewhere."""
    try:
        return settings().language
    except Exception:  # noqa: BLE001 - so early, nothing would report it
        return ""


def keep_language(code: str) -> None:
    """Remember a language. Raises SettingsFileError."""
    _write(replace(settings(), language=code))


def may_notify() -> bool:
    """Whether the terminal is asked to notify the person. A file that cannot be read is reported elsewhere."""
    try:
        return settings().notifications
    except SettingsFileError:
        return True


def keep_notifications(are_on: bool) -> None:
    """Remember whether the terminal is asked to notify the person. Raises SettingsFileError."""
    _write(replace(settings(), notifications=are_on))


def kept_currency() -> str:
    """Return what the person wants assets valued in. A file that cannot be read is reported elsewhere."""
    try:
        return settings().currency
    except SettingsFileError:
        return USUAL_CURRENCY


def keep_currency(name: str) -> None:
    """Remember what assets are valued in. Raises SettingsFileError."""
    _write(replace(settings(), currency=name))


def accept_plain_text(keyring: str, typed: str) -> bool:
    """Remember that the person accepts a keyring that may keep keys in plain text, if they typed `ACCEPTANCE`.

    Returns whether they did. Raises SettingsFileError.
    """
    if " ".join(typed.split()).casefold() not in (ACCEPTANCE, _(ACCEPTANCE)):
        return False
    _write(replace(settings(), plain_text_keyring=keyring))
    return True


def _write(changed: Settings) -> None:
    _FILE.write(msgspec.json.format(msgspec.json.encode(changed)) + b"\n")
