"""The demo exchange lets in what is signed by a key that it knows, in time, and nothing else."""

import base64
import hashlib
import hmac
from collections.abc import Callable
from functools import partial
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tui.demo.errors import Code, RequestRefused
from tui.demo.keys import demo_key, new_key
from tui.demo.requests import Received, Registration, check_signed, known_key
from tui.domain.credentials import ApiKey, KeyKind

_NOW_MS = 1_700_000_000_000
_FORM = {"content-type": "application/x-www-form-urlencoded"}


def _signature(key: ApiKey, payload: bytes) -> str:
    secret = key.secret.reveal().encode()
    if key.kind is KeyKind.HMAC:
        return hmac.new(secret, payload, hashlib.sha256).hexdigest()
    private = load_pem_private_key(secret, None)
    if isinstance(private, ed25519.Ed25519PrivateKey):
        raw = private.sign(payload)
    else:
        assert isinstance(private, rsa.RSAPrivateKey)
        raw = private.sign(payload, padding.PKCS1v15(), hashes.SHA256())
    return quote(base64.b64encode(raw).decode(), safe="")


@pytest.fixture(scope="module", params=KeyKind, ids=str)
def key(request: pytest.FixtureRequest) -> tuple[ApiKey, Registration]:
    made, verifier = new_key(request.param)
    return made, Registration(made.kind, made.api_key.reveal(), verifier)


@pytest.fixture
def hmac_key() -> tuple[ApiKey, Registration]:
    made = demo_key()
    return made, Registration(made.kind, made.api_key.reveal(), made.secret.reveal())


def _refusal(attempt: Callable[[], object]) -> Code | None:
    try:
        attempt()
    except RequestRefused as refused:
        return refused.code
    return None


@pytest.mark.parametrize(
    ("query", "body"),
    [
        (b"asset=USDT&note=%%E4%%BD%%A0%%2B1&timestamp=%d" % _NOW_MS, b""),
        (b"", b"asset=USDT&timestamp=%d" % _NOW_MS),
        (b"asset=USDT", b"amount=1&timestamp=%d" % _NOW_MS),
    ],
    ids=["query", "body", "both"],
)
def test_signed_request_of_every_kind_is_taken(key: tuple[ApiKey, Registration], query: bytes, body: bytes) -> None:
    made, registration = key
    signature = b"&signature=" + _signature(made, query + body).encode()
    sent = Received(_FORM, query, body + signature) if body else Received(_FORM, query + signature, b"")
    check_signed(sent, registration, _NOW_MS)


def test_signature_in_the_query_covers_the_body_too(key: tuple[ApiKey, Registration]) -> None:
    made, registration = key
    query, body = b"timestamp=%d" % _NOW_MS, b"amount=1"
    signature = b"&signature=" + _signature(made, query + body).encode()
    check_signed(Received(_FORM, query + signature, body), registration, _NOW_MS)
    changed = Received(_FORM, query + signature, b"amount=9")
    assert _refusal(lambda: check_signed(changed, registration, _NOW_MS)) is Code.BAD_SIGNATURE


def test_one_changed_byte_breaks_the_signature(key: tuple[ApiKey, Registration]) -> None:
    made, registration = key
    signature = _signature(made, b"amount=1&timestamp=%d" % _NOW_MS).encode()
    changed = Received({}, b"amount=2&timestamp=%d&signature=%b" % (_NOW_MS, signature), b"")
    assert _refusal(lambda: check_signed(changed, registration, _NOW_MS)) is Code.BAD_SIGNATURE


@pytest.mark.parametrize("signature", [b"", b"x", b"%00%FF", b"AAAA", b"+/=", b"\xff", b"0" * 64])
def test_nonsense_as_signature_is_refused(key: tuple[ApiKey, Registration], signature: bytes) -> None:
    _, registration = key
    sent = Received({}, b"timestamp=%d&signature=%b" % (_NOW_MS, signature), b"")
    assert _refusal(lambda: check_signed(sent, registration, _NOW_MS)) in (Code.BAD_SIGNATURE, Code.ILLEGAL_CHARACTERS)


def test_signature_must_be_the_last_parameter(hmac_key: tuple[ApiKey, Registration]) -> None:
    made, registration = hmac_key
    payload = b"timestamp=%d" % _NOW_MS
    sent = Received({}, b"signature=%b&%b" % (_signature(made, payload).encode(), payload), b"")
    assert _refusal(lambda: check_signed(sent, registration, _NOW_MS)) is Code.BAD_SIGNATURE


def test_nothing_may_stand_after_the_signature(hmac_key: tuple[ApiKey, Registration]) -> None:
    made, registration = hmac_key
    payload = b"timestamp=%d" % _NOW_MS
    signed = b"%b&signature=%b" % (payload, _signature(made, payload).encode())
    check_signed(Received({}, signed, b""), registration, _NOW_MS)
    for query, body in ((signed + b"&amount=9", b""), (b"", signed + b"&amount=9"), (signed, b"amount=9")):
        sent = Received(_FORM, query, body)
        assert _refusal(partial(check_signed, sent, registration, _NOW_MS)) is Code.BAD_SIGNATURE


@pytest.mark.parametrize(
    ("age_ms", "recv_window", "code"),
    [
        (0, None, None),
        (5000, None, None),
        (5001, None, Code.TIMESTAMP_LATE),
        (-999, None, None),
        (-1000, None, Code.TIMESTAMP_AHEAD),
        (60_000, "60000", None),
        (60_001, "60000", Code.TIMESTAMP_LATE),
        (0, "60001", Code.BAD_RECV_WINDOW),
        (0, "-1", Code.ILLEGAL_CHARACTERS),
        (11, "10", Code.TIMESTAMP_LATE),
    ],
)
def test_timestamp_rule(
    hmac_key: tuple[ApiKey, Registration], age_ms: int, recv_window: str | None, code: Code | None
) -> None:
    made, registration = hmac_key
    window = f"recvWindow={recv_window}&" if recv_window else ""
    payload = f"{window}timestamp={_NOW_MS - age_ms}".encode()
    sent = Received({}, payload + b"&signature=" + _signature(made, payload).encode(), b"")
    assert _refusal(lambda: check_signed(sent, registration, _NOW_MS)) is code


@pytest.mark.parametrize("payload", [b"", b"timestamp=", b"signature=ab"])
def test_timestamp_is_mandatory(hmac_key: tuple[ApiKey, Registration], payload: bytes) -> None:
    assert _refusal(lambda: check_signed(Received({}, payload, b""), hmac_key[1], _NOW_MS)) is Code.MANDATORY_PARAMETER


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({}, Code.BAD_KEY_FORMAT),
        ({"x-mbx-apikey": "short"}, Code.BAD_KEY_FORMAT),
        ({"x-mbx-apikey": "demo demo demo demo"}, Code.BAD_KEY_FORMAT),
        ({"x-mbx-apikey": "a" * 64}, Code.BAD_KEY),
    ],
)
def test_unknown_key_is_refused(header: dict[str, str], code: Code) -> None:
    assert _refusal(lambda: known_key(Received(header, b"", b""), {})) is code
