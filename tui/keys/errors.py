"""Why a key cannot be kept or fetched. Each message is for a person and holds no secret.

ValueError
  InvalidKey
KeyStoreError
  ProfileMissing
  ProfileExists
  ProfileDamaged
  ProfilesFileError
  SettingsFileError

No exception of keyring or cryptography is the cause or context of one of these: its text, arguments or frames may hold
a secret.
"""

from collections.abc import Collection
from enum import Enum, StrEnum, auto


class KeyField(StrEnum):
    """A part of a key that a person types."""

    API_KEY = "API key"
    SECRET = "secret"  # noqa: S105 the name of a field


class InvalidKey(ValueError):
    """Raised when what was typed is not a key that can sign; `field` names the wrong part."""

    def __init__(self, field: KeyField, message: str) -> None:
        super().__init__(message)
        self.field = field


class KeyringState(Enum):
    """Why the keyring of this system does not keep or return a key now."""

    UNAVAILABLE = auto()
    """There is no keyring."""
    NO_BUS = auto()
    """There is no D-Bus session to reach a keyring through; a login over SSH often has none."""
    UNSAFE = auto()
    """It may keep keys in plain text, which the person has not accepted."""
    LOCKED = auto()
    """It is locked, and nobody answered its prompt."""
    NEW = auto()
    """There is no login keyring yet, and nobody answered the prompt for its first passphrase."""
    MAY_NOT_ASK = auto()
    """macOS may not ask for the Keychain's password here, as over SSH."""
    SILENT = auto()
    """It did not answer in time; it may be waiting at a prompt that nobody sees."""
    TOO_SMALL = auto()
    """It takes no entry as long as this key."""
    FAILED = auto()
    """It answered with an error of its own."""


class Remedy(StrEnum):
    """What a person can do about a keyring, here and now. The value is the name of the screens' action."""

    UNLOCK = "unlock"
    """Type the passphrase, or a first one: `unlock`."""
    START_BUS = "start_bus"
    """Start a D-Bus session: `start_session_bus`."""
    ACCEPT_PLAIN_TEXT = "accept_plain_text"
    """Accept the keyring as it is: `accept_plain_text`."""


class KeyStoreError(Exception):
    """Raised when a key cannot be kept or fetched."""

    def __init__(
        self,
        message: str,
        *,
        state: KeyringState | None = None,
        remedies: Collection[Remedy] = (),
        command: str = "",
        keyring: str = "",
    ) -> None:
        super().__init__(message)
        self.state = state
        """The state of the keyring; None if something else is wrong."""
        self.remedies = frozenset(remedies)
        self.command = command
        """What a person can run on a command line."""
        self.keyring = keyring
        """The keyring that a person can accept, if it is unsafe."""

    @property
    def needs_passphrase(self) -> bool:
        """Whether a passphrase, typed here, is all that is missing."""
        return self.state in (KeyringState.LOCKED, KeyringState.NEW) and Remedy.UNLOCK in self.remedies


class ProfileMissing(KeyStoreError):
    """Raised when there is no profile of that name, or the keyring has no key for it."""


class ProfileExists(KeyStoreError):
    """Raised when the name is taken."""


class ProfileDamaged(KeyStoreError):
    """Raised when the keyring's entry cannot be read, or does not belong to the profile."""


class ProfilesFileError(KeyStoreError):
    """Raised when the list of profiles cannot be read, locked or written. It is never replaced by an empty one."""


class SettingsFileError(KeyStoreError):
    """Raised when the settings cannot be read or written."""
