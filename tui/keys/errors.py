"""What can go wrong with keys and their profiles. Each message is for a person, and holds no secret.

ValueError
  InvalidKey
KeyStoreError
  KeyringUnavailable
    NoSessionBus
  KeyringUnsafe
  KeyringLocked
    KeyringNew
    KeychainSilent
  KeyringTimeout
  KeyringFailed
  KeyTooLong
  ProfileMissing
  ProfileExists
  ProfileDamaged
  ProfilesFileError
  ProfilesBusy
  SettingsFileError

No exception of a keyring's or cryptography's own is the cause or context of one of these: its text, arguments or frames
may hold a secret.
"""

from collections.abc import Collection
from enum import Enum, StrEnum, auto


class KeyField(StrEnum):
    """A part of a key that a person types."""

    API_KEY = "API key"
    SECRET = "secret"  # noqa: S105 the name of a field


class InvalidKey(ValueError):
    """What was typed is no key that can sign; `field` says which part is wrong."""

    def __init__(self, field: KeyField, message: str) -> None:
        super().__init__(message)
        self.field = field


class Remedy(Enum):
    """What a person can do about a keyring, here and now."""

    UNLOCK = auto()
    """Type the passphrase, or a first one: `unlock`."""
    SESSION_BUS = auto()
    """Start a D-Bus session: `start_session_bus`."""
    PLAIN_TEXT = auto()
    """Accept it as it is: `accept_plain_text`."""


class KeyStoreError(Exception):
    """Keys cannot be stored or fetched. `remedies` are the ways out that there are here, and `command` is the one on a
    command line.
    """

    def __init__(self, message: str, *, command: str = "", remedies: Collection[Remedy] = ()) -> None:
        super().__init__(message)
        self.command = command
        self.remedies = frozenset(remedies)


class KeyringUnavailable(KeyStoreError):
    """There is no keyring to talk to."""


class NoSessionBus(KeyringUnavailable):
    """There is no D-Bus session; a login over SSH often has none."""


class KeyringUnsafe(KeyStoreError):
    """There is a keyring, but it would not keep a key safe. `keyring` is what a person can accept it by."""

    def __init__(self, message: str, keyring: str, *, command: str = "", remedies: Collection[Remedy] = ()) -> None:
        super().__init__(message, command=command, remedies=remedies)
        self.keyring = keyring


class KeyringLocked(KeyStoreError):
    """The keyring is locked, and nobody answered its prompt."""


class KeyringNew(KeyringLocked):
    """There is no login keyring yet, and nobody answered the prompt for its first passphrase."""


class KeychainSilent(KeyringLocked):
    """macOS may not ask for the Keychain's password here, as over SSH."""


class KeyringTimeout(KeyStoreError):
    """The keyring did not answer in time; it may still be waiting for a prompt that nobody sees."""


class KeyringFailed(KeyStoreError):
    """The keyring answered with an error of its own."""


class KeyTooLong(KeyStoreError):
    """The keyring takes no entry of this length."""


class ProfileMissing(KeyStoreError):
    """There is no profile of that name, or its key is not in the keyring."""


class ProfileExists(KeyStoreError):
    """The name is taken."""


class ProfileDamaged(KeyStoreError):
    """The keyring's entry cannot be read, or does not belong to the profile."""


class ProfilesFileError(KeyStoreError):
    """The list of profiles cannot be read, understood or written. It is never replaced by an empty one."""


class ProfilesBusy(KeyStoreError):
    """Another Shunter is changing the list of profiles."""


class SettingsFileError(KeyStoreError):
    """The settings cannot be read, understood or written."""
