"""A received request: its parameters, its API key, its signature and its timestamp, from the exchange's side.

The rules are those of the exchange's page on request security. They are written here independently of the client that
signs, so each checks the other.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Final
from urllib.parse import unquote_plus

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tui.demo.errors import Code, RequestRefused
from tui.domain.credentials import KeyKind
from tui.domain.text import is_name
from tui.structs import Struct, field

_MOST_PARAMETERS = 50
_MOST_IN_ASSET, _MOST_IN_SYMBOL = 20, 40
_WHOLE: Final = "[0-9]{1,18}"
_FORM: Final = "application/x-www-form-urlencoded"

_DEFAULT_RECV_WINDOW_MS = 5000
_MAX_RECV_WINDOW_MS = 60_000
_MAX_AHEAD_MS = 1000

_KEY_FORMAT: Final = re.compile(r"[A-Za-z0-9]{16,128}", re.ASCII)
_LAST_SIGNATURE: Final = re.compile(rb"(?:^|&)signature=([^&]*)$")
_ANY_SIGNATURE: Final = re.compile(rb"(?:^|&)signature=")


class Received(Struct, dict=True):
    """A request, byte for byte."""

    headers: Mapping[str, str]
    """By name in lower case, or in any case."""
    query: bytes
    """As sent, percent-encoded."""
    body: bytes

    @cached_property
    def parameters(self) -> "Parameters":
        """The parameters of the query, then those of the body if it is a form. Raises RequestRefused."""
        is_form = self.headers.get("content-type", "").split(";")[0].strip().lower() == _FORM
        return Parameters(_decoded(self.query) + (_decoded(self.body) if is_form else []))


class Parameters:
    """The parameters by name. Each method refuses what is missing or malformed, as the exchange does."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        """Takes names and values in the order sent. Raises RequestRefused if a name is there twice."""
        self.all: dict[str, str] = {}
        for name, value in pairs:
            if name in self.all:
                raise RequestRefused(Code.DUPLICATE_PARAMETER, name)
            self.all[name] = value
        self._read = {"signature"}

    def has(self, name: str) -> bool:
        """Whether a parameter is there and not empty."""
        return bool(self._value(name))

    def text(self, name: str, pattern: str) -> str:
        """Return a parameter that must be there and match. Raises RequestRefused."""
        value = self._mandatory(name)
        if not re.fullmatch(pattern, value, re.ASCII):
            raise RequestRefused(Code.ILLEGAL_CHARACTERS, name, f"^{pattern}$")
        return value

    def optional(self, name: str, pattern: str) -> str | None:
        """Return a parameter that must match, unless it is missing or empty. Raises RequestRefused."""
        return self.text(name, pattern) if self.has(name) else None

    def asset(self) -> str:
        """Return the parameter `asset`: letters and digits of any script, without lower case in ASCII.

        Raises RequestRefused.
        """
        return self._name("asset", self._mandatory("asset"), _MOST_IN_ASSET)

    def symbol(self, name: str) -> str:
        """Return a pair, which follows the rule for assets. Raises RequestRefused."""
        return self._name(name, self._mandatory(name), _MOST_IN_SYMBOL)

    def symbols(self, name: str) -> list[str]:
        """Return pairs separated by commas. Raises RequestRefused."""
        return [self._name(name, symbol, _MOST_IN_SYMBOL) for symbol in self._mandatory(name).split(",")]

    def whole(self, name: str, default: int | None = None) -> int:
        """Return a whole number, which must be there unless it has a default. Raises RequestRefused."""
        if default is not None and not self.has(name):
            return default
        return int(self.text(name, _WHOLE))

    def check_all_read(self) -> None:
        """Raise RequestRefused if there is a parameter that the endpoint does not use."""
        for name in self.all:
            if name not in self._read:
                raise RequestRefused(Code.UNREAD_PARAMETER, name)

    def _mandatory(self, name: str) -> str:
        value = self._value(name)
        if not value:
            raise RequestRefused(Code.MANDATORY_PARAMETER, name)
        return value

    def _name(self, name: str, value: str, most: int) -> str:
        if not (1 <= len(value) <= most and is_name(value)) or re.search("[a-z]", value):
            raise RequestRefused(Code.ILLEGAL_CHARACTERS, name, f"capital letters and digits, at most {most}")
        return value

    def _value(self, name: str) -> str:
        self._read.add(name)
        return self.all.get(name, "")


def _decoded(encoded: bytes) -> list[tuple[str, str]]:
    parts = [part for part in encoded.split(b"&") if part]
    if len(parts) > _MOST_PARAMETERS:
        raise RequestRefused(Code.TOO_MANY_PARAMETERS)
    try:
        texts = [part.decode("ascii").partition("=") for part in parts]
        return [(unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")) for name, _, value in texts]
    except UnicodeDecodeError:
        raise RequestRefused(Code.ILLEGAL_CHARACTERS, "parameters", "UTF-8, percent-encoded") from None


class Permissions(msgspec.Struct, rename="camel", kw_only=True, frozen=True):
    """What a key may do: the answer of `GET /sapi/v1/account/apiRestrictions`."""

    ip_restrict: bool = True
    create_time: int = 1_735_689_600_000
    enable_reading: bool = True
    enable_withdrawals: bool = False
    enable_internal_transfer: bool = False
    enable_margin: bool = True
    enable_futures: bool = True
    permits_universal_transfer: bool = True
    enable_vanilla_options: bool = True
    enable_spot_and_margin_trading: bool = False
    enable_portfolio_margin_trading: bool = True
    enable_fix_api_trade: bool = False
    enable_fix_read_only: bool = False
    trading_authority_expiration_time: int | msgspec.UnsetType = msgspec.UNSET
    """When the key's permissions end, in milliseconds; left out for a key that is bound to addresses."""


class Registration(Struct):
    """A key as the exchange knows it."""

    kind: KeyKind
    api_key: str
    verifier: str
    """The secret of an HMAC key, or the public key as PEM."""
    permissions: Permissions = field(default_factory=Permissions)


def known_key(request: Received, registrations: dict[str, Registration]) -> Registration:
    """Return the key that the request's header names. Raises RequestRefused."""
    api_key = request.headers.get("x-mbx-apikey", "")
    if not _KEY_FORMAT.fullmatch(api_key):
        raise RequestRefused(Code.BAD_KEY_FORMAT)
    if api_key not in registrations:
        raise RequestRefused(Code.BAD_KEY)
    return registrations[api_key]


def check_signed(request: Received, registration: Registration, now_ms: int) -> None:
    """Raise RequestRefused if a request is too old, too early or not signed by the key.

    Accepted is `timestamp < now + 1000` and `now - timestamp <= recvWindow`.
    """
    timestamp_ms = request.parameters.whole("timestamp")
    window_ms = request.parameters.whole("recvWindow", _DEFAULT_RECV_WINDOW_MS)
    if window_ms > _MAX_RECV_WINDOW_MS:
        raise RequestRefused(Code.BAD_RECV_WINDOW)
    payload, signature = _split(request)
    if timestamp_ms >= now_ms + _MAX_AHEAD_MS:
        raise RequestRefused(Code.TIMESTAMP_AHEAD)
    if now_ms - timestamp_ms > window_ms:
        raise RequestRefused(Code.TIMESTAMP_LATE)
    if not _verifies(registration, payload, signature):
        raise RequestRefused(Code.BAD_SIGNATURE)


def _split(request: Received) -> tuple[bytes, str]:
    """Return the signed bytes as they were sent, and the signature: the last parameter of the query or the body."""
    if len(_ANY_SIGNATURE.findall(request.query)) + len(_ANY_SIGNATURE.findall(request.body)) > 1:
        raise RequestRefused(Code.DUPLICATE_PARAMETER, "signature")
    if match := _LAST_SIGNATURE.search(request.body):
        payload = request.query + request.body[: match.start()]
    elif match := _LAST_SIGNATURE.search(request.query):
        payload = request.query[: match.start()] + request.body
    elif "signature" in request.parameters.all:
        raise RequestRefused(Code.BAD_SIGNATURE)
    else:
        raise RequestRefused(Code.MANDATORY_PARAMETER, "signature")
    return payload, unquote_plus(match[1].decode("ascii", errors="replace"))


def _verifies(registration: Registration, payload: bytes, signature: str) -> bool:
    if registration.kind is KeyKind.HMAC:
        expected = hmac.digest(registration.verifier.encode(), payload, hashlib.sha256).hex()
        return hmac.compare_digest(expected.encode(), signature.lower().encode())
    public = load_pem_public_key(registration.verifier.encode())
    try:
        raw = base64.b64decode(signature, validate=True)
        if isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(raw, payload)
        elif isinstance(public, rsa.RSAPublicKey):
            public.verify(raw, payload, padding.PKCS1v15(), hashes.SHA256())
        else:
            return False
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
