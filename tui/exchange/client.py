"""Binance, as one person uses it: signed calls, stamped with the exchange's own time.

HMAC keys sign with HMAC-SHA256, in hex; Ed25519 keys with Ed25519, and RSA keys with PKCS#1 v1.5 and SHA-256, both in
base64.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar
from urllib.parse import quote, urlencode

from tui.clock import ClockReading, reading, ticks_ms, wall_ms
from tui.domain.credentials import ApiKey
from tui.domain.evidence import Accepted, Ambiguous, Flaw, Obstacle
from tui.domain.records import HistoryQuery
from tui.domain.transfer import TransferRequest
from tui.exchange.answers import evidence_from
from tui.exchange.connection import Connection, RawAnswer
from tui.exchange.errors import (
    ClockRefused,
    ExchangeError,
    NotSent,
    OutcomeUnknown,
    error_from,
    error_of_answer,
    undocumented_answer,
)
from tui.exchange.payloads import (
    HISTORY_PAGE_SIZE,
    HistoryPage,
    ReadCall,
    ServerTime,
    decode_once,
    history_page,
    symbol_parameters,
    transfer_parameters,
)

if TYPE_CHECKING:
    import httpx


import hashlib
import hmac
from base64 import b64encode

from tui.domain.credentials import KeyKind

RECV_WINDOW_MS = 5000
"""The exchange's default. It is short on purpose: a later request is refused, so an outcome is not in doubt for long.
"""

_TRANSFER = "/sapi/v1/asset/transfer"

_PROOF_S = 3
"""A connection that is silent for so long is dead: it is closed, and the next call opens another."""

_Answer = TypeVar("_Answer")


class BinanceClient:
    """A person's calls to one host. Use it as an async context manager.

    Every call raises a subclass of ExchangeError, and nothing else, when it does not succeed. No redirect is followed.
    A transfer is sent once. A read that is refused for its timestamp is asked once more, after the exchange's time was
    measured again. Nothing is read while the exchange asks for a pause.
    """

    def __init__(
        self, base_url: str, key: ApiKey | None = None, *, transport: "httpx.AsyncBaseTransport | None" = None
    ) -> None:
        self.base_url = base_url
        self.recv_window_ms = RECV_WINDOW_MS
        self.clock: ClockReading | None = None
        """The newest measurement of the exchange's time."""
        self.key_tail = key.tail if key else ""
        """The end of the API key that is or was last used."""
        self.key_print = key.fingerprint if key else ""
        """Its fingerprint, which tells it from other keys."""
        self._key = key
        self._measuring = asyncio.Lock()
        self._warming: asyncio.Task[ExchangeError | None] | None = None
        self._connection = Connection(base_url, transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        if self._warming:
            self._warming.cancel()
        await self._connection.aclose()

    def drop_key(self) -> None:
        """Drop the key, and end every call that is under way with it. Until `give_key`, signed calls raise NotSent."""
        self._key = None
        self._connection.give_up(Flaw.INTERRUPTED)

    def give_key(self, key: ApiKey) -> None:
        """Sign with this key from now on; after `drop_key`, it must be of the same account."""
        self._key = key
        self.key_tail, self.key_print = key.tail, key.fingerprint

    @property
    def is_locked(self) -> bool:
        """Whether it has dropped the key."""
        return self._key is None

    @property
    def is_warm(self) -> bool:
        """Whether the exchange answered so recently that a transfer sent now does not wait for a new connection."""
        return self._connection.is_warm

    @property
    def wait_s(self) -> int:
        """How long the exchange still asks for a pause (429, 418); 0 if it does not."""
        return self._connection.wait_s

    @property
    def uid_weight(self) -> int:
        """The weight that this account used in the current minute, as the exchange last counted it."""
        return self._connection.uid_weight

    async def warm(self) -> None:
        """Measure the exchange's time, and open a connection for the next transfer, so that it goes out at once within
        the next seconds. Raises ExchangeError.

        Calls at the same time wait for one answer. Nothing is asked while the exchange asks for a pause.
        """
        if self.wait_s:
            return
        if self._warming is None or self._warming.done():
            self._warming = asyncio.create_task(self._prove())
        if failure := await asyncio.shield(self._warming):
            raise failure

    async def _prove(self) -> ExchangeError | None:
        """Measure the exchange's time, and open the next transfer's connection alongside. Return the error, if any: all
        who waited for it may be gone.
        """
        was_possible = self._connection.can_open_ahead
        opening = asyncio.create_task(self._connection.open_ahead())
        try:
            async with asyncio.timeout(_PROOF_S):
                await self.sync_clock()
            await opening
            if not was_possible:  # nothing had reached the exchange yet
                await self._connection.open_ahead()
        except TimeoutError:
            return OutcomeUnknown(Ambiguous(Flaw.TOO_LATE, detail=f"{_PROOF_S} s"))
        except ExchangeError as error:
            return error
        finally:
            opening.cancel()
        return None

    async def sync_clock(self) -> ClockReading:
        """Measure the exchange's time and the round trip."""
        # The first call on a connection pays for TCP and TLS, which would pass for a slow clock.
        for _ in range(1 if self.clock else 2):
            asked_ms = ticks_ms()
            body = await self._connection.call("GET", "/api/v3/time")
            answered_ms = ticks_ms()
            server_time = _readable(lambda body: decode_once(body, ServerTime), body)
            self.clock = reading(server_time.server_time, asked_ms=asked_ms, answered_ms=answered_ms)
        assert self.clock is not None  # noqa: S101 - the loop runs at least once
        return self.clock

    async def known_clock(self) -> ClockReading:
        """Return the exchange's time; measured once for all who wait, if it is not known. Raises ExchangeError."""
        async with self._measuring:
            return self.clock or await self.sync_clock()

    async def transfer(self, request: TransferRequest, timestamp_ms: int) -> Accepted:
        """Ask for a transfer, once, and return the exchange's yes. `timestamp_ms` is in the exchange's time.

        Raises ExchangeError, with what it says about the outcome, for whatever else comes back.
        """
        clock = self.clock
        answer = await self._ask_signed("POST", _TRANSFER, transfer_parameters(request), timestamp_ms, is_transfer=True)
        evidence = evidence_from(answer.status, answer.headers, answer.body, is_followed=answer.is_followed)
        if not isinstance(evidence, Accepted):
            raise self._heed(error_from(evidence), clock)
        return evidence

    async def transfer_history(self, query: HistoryQuery, *, start_ms: int, end_ms: int, page: int = 1) -> HistoryPage:
        """Return one page, from 1, of the records in a span of the exchange's time: newest first."""
        parameters = {
            "type": query.type.name,
            "startTime": str(start_ms),
            "endTime": str(end_ms),
            "current": str(page),
            "size": str(HISTORY_PAGE_SIZE),
            **symbol_parameters(query),
        }
        return _readable(history_page, await self._signed_call("GET", _TRANSFER, parameters))

    async def read(self, call: ReadCall[_Answer]) -> _Answer:
        """Return the answer to a call."""
        if call.is_signed:
            body = await self._signed_call(call.method, call.path, call.parameters)
        else:
            self._require_leave()
            api_key = self._key.api_key.reveal() if self._key else ""
            body = await self._connection.call(call.method, call.path, _encoded(call.parameters), api_key)
        return _readable(call.read, body)

    def _require_leave(self) -> None:
        """Raise NotSent while the exchange asks for a pause."""
        if self.wait_s:
            raise NotSent(Obstacle.PAUSED)

    async def _signed_call(self, method: str, path: str, parameters: Mapping[str, str]) -> bytes:
        self._require_leave()
        with contextlib.suppress(ClockRefused):
            return await self._signed_read(method, path, parameters)
        await self.known_clock()
        return await self._signed_read(method, path, parameters)

    async def _signed_read(self, method: str, path: str, parameters: Mapping[str, str]) -> bytes:
        # A read does not wait for the exchange's time: if this machine's clock is off, the exchange says so.
        clock = self.clock
        timestamp_ms = clock.now_ms() if clock else wall_ms()
        answer = await self._ask_signed(method, path, parameters, timestamp_ms)
        if answer.status != HTTPStatus.OK:
            raise self._heed(error_of_answer(answer.status, answer.headers, answer.body), clock)
        return answer.body

    async def _ask_signed(
        self, method: str, path: str, parameters: Mapping[str, str], timestamp_ms: int, *, is_transfer: bool = False
    ) -> RawAnswer:
        if self._key is None:
            raise NotSent(Obstacle.LOCKED)
        payload = _encoded({**parameters, "recvWindow": str(self.recv_window_ms), "timestamp": str(timestamp_ms)})
        signed = f"{payload}&signature={_signature(self._key, payload)}"
        return await self._connection.ask(method, path, signed, self._key.api_key.reveal(), is_transfer=is_transfer)

    def _heed(self, error: ExchangeError, clock: ClockReading | None) -> ExchangeError:
        """Forget the measured time with which a request was signed, if the exchange refused it."""
        if isinstance(error, ClockRefused) and self.clock is clock:  # if not, it was measured again meanwhile
            self.clock = None
        return error


def _encoded(parameters: Mapping[str, str]) -> str:
    with contextlib.suppress(UnicodeError):
        return urlencode(parameters, quote_via=quote)
    raise NotSent(Obstacle.UNWRITABLE)


def _signature(key: ApiKey, payload: str) -> str:
    with contextlib.suppress(Exception):  # a damaged key fails in many ways
        return quote(sign(key, payload.encode()), safe="")
    # Raised here, and not in the handler: that error's frames hold the secret.
    raise NotSent(Obstacle.DAMAGED_KEY)


def _readable(read: Callable[[bytes], _Answer], body: bytes) -> _Answer:
    with contextlib.suppress(ValueError):
        return read(body)
    raise undocumented_answer(body)


def sign(key: ApiKey, payload: bytes) -> str:
    """Return the signature of a payload, not yet percent-encoded.

    The secret becomes a signing key for this one signature, which is then dropped.
    """
    secret = key.secret.reveal().encode()
    if key.kind is KeyKind.HMAC:
        return hmac.new(secret, payload, hashlib.sha256).hexdigest()
    return b64encode(_sign_with_pem(secret, payload)).decode()


def _sign_with_pem(pem: bytes, payload: bytes) -> bytes:
    # Imported late: HMAC keys, the most common, never need it, and it is the slowest import of a start.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    # `keys.parse_key` has validated it, which takes 40 ms for an RSA key: too long for each request.
    private_key = load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    if isinstance(private_key, Ed25519PrivateKey):
        return private_key.sign(payload)
    if isinstance(private_key, RSAPrivateKey):
        return private_key.sign(payload, PKCS1v15(), SHA256())
    raise TypeError("a profile holds Ed25519 or RSA keys only")
