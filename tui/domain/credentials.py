"""API keys, and the one type that holds a secret."""

import hashlib
from enum import StrEnum

from tui.structs import Struct

_MASK = "••••"


class Secret:
    """A string that cannot be printed, formatted or pickled. Only `reveal` returns it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself: for the wire, the signature and the keyring only."""
        return self._value

    def __repr__(self) -> str:
        return _MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(_MASK, spec)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret cannot be pickled")

    def __bool__(self) -> bool:
        return bool(self._value)


class KeyKind(StrEnum):
    """The algorithm that a key signs with."""

    HMAC = "hmac"
    ED25519 = "ed25519"
    RSA = "rsa"


class ApiKey(Struct):
    """An API key and the secret that signs its requests."""

    kind: KeyKind
    api_key: Secret
    secret: Secret
    """The HMAC secret, or the private key as PEM."""

    @property
    def tail(self) -> str:
        """The last four characters of the API key: enough to tell keys apart, too few to use. Empty for a short key."""
        api_key = self.api_key.reveal()
        return api_key[-4:] if len(api_key) >= 16 else ""

    @property
    def fingerprint(self) -> str:
        """A hash of the API key. It tells keys of any length apart without revealing them."""
        return hashlib.sha256(b"shunter:" + self.api_key.reveal().encode()).hexdigest()[:16]


class SessionKey(Struct):
    """A key that is kept only in memory."""

    key: ApiKey
    base_url: str

    @property
    def profile(self) -> str:
        """The profile name that the journal shows for this key."""
        return f"session-{self.key.tail}"
