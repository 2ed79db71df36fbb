"""Check API keys, signatures and timestamps, from the exchange's side.

The rules are those of the exchange's page on request security. They are written here independently of the client that
signs, so each checks the other.
"""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_plus

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tui.demo.errors import Code, RequestRefused
from tui.demo.parameters import Received
from tui.domain.credentials import KeyKind

_DEFAULT_RECV_WINDOW_MS = 5000
_MAX_RECV_WINDOW_MS = 60_000
_MAX_AHEAD_MS = 1000

_KEY_FORMAT: Final = re.compile(r"[A-Za-z0-9]{16,128}", re.ASCII)
_LAST_SIGNATURE: Final = re.compile(rb"(?:^|&)signature=([^&]*)$")
_ANY_SIGNATURE: Final = re.compile(rb"(?:^|&)signature=")


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


@dataclass(frozen=True, slots=True)
class Registration:
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
