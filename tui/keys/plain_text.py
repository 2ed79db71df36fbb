"""Using a keyring that may keep keys in plain text: only on a person's own words, which are asked for once."""

from msgspec.structs import replace

from tui.keys.settings import save, settings

ACCEPTANCE = "keep my keys in plain text"
"""What the person has to type."""


def accept_plain_text(keyring: str, typed: str) -> bool:
    """Remember that a keyring is accepted, if the words are right. Raises SettingsFileError."""
    if " ".join(typed.split()).casefold() != ACCEPTANCE:
        return False
    save(replace(settings(), plain_text_keyring=keyring))
    return True
