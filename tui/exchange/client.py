"""The exchange over HTTP: signed calls that are sent once, and never followed anywhere."""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from http.cookiejar import CookieJar, DefaultCookiePolicy
from math import ceil
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote, urlencode

import httpx

from tui.domain.credentials import ApiKey
from tui.domain.hosts import is_loopback, service_url
from tui.domain.transfer import TransferRequest
from tui.domain.wallets import TransferType
from tui.exchange.bodies import read_body
from tui.exchange.clock import ClockReading, reading, ticks_ms
from tui.exchange.decoding import decode
from tui.exchange.errors import (
    ClockRefused,
    ExchangeError,
    NotSent,
    OutcomeUnknown,
    damaged_key,
    error_of_answer,
    error_of_transport,
    retry_after_s,
    unreadable_answer,
    unsendable,
)
from tui.exchange.payloads import (
    AssetBalance,
    CmBalance,
    CrossAccount,
    HistoryPage,
    IsolatedAccount,
    IsolatedPairRow,
    KeyRestrictions,
    OptionsAccount,
    PortfolioBalance,
    ServerTime,
    TransferableAmount,
    TransferAnswer,
    UmBalance,
    WalletBalance,
    symbol_parameters,
    transfer_parameters,
)
from tui.exchange.records import HISTORY_PAGE_SIZE, history_page
from tui.exchange.signing import sign

RECV_WINDOW_MS = 5000
"""The exchange's default. Short on purpose: a request that comes in later is refused, which keeps the doubt short."""

_TRANSFER = "/sapi/v1/asset/transfer"
_TIMEOUT = httpx.Timeout(connect=10, write=10, read=20, pool=5)
_WHOLE_CALL_S = 60
"""A server that sends a byte now and then never runs into the read time-out."""
_WAIT_S = 60
"""How long to leave the exchange alone where it does not say for how long."""
_MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""Ten times the longest that the exchange is known to give: what becomes of it in memory is larger."""

TRUSTED_S = 3
"""For how long a connection is trusted that nothing was heard on. Then it is replaced by a new one before anything is
sent: the other side may have closed it, and a transfer that goes there is unknown for nothing.
"""

_PROOF_S = 3
"""A connection that says nothing for so long is dead: it is closed, and the next call opens another."""

_LONGEST_NAP_MS = 500
"""Two clocks that are read one after the other differ by less."""

_UID_WEIGHT = "X-SAPI-USED-UID-WEIGHT-1M"

_HEADER_VALUE = re.compile(r"[!-~]+")
"""What an API key must be to go into a header; httpx would put any other into the words of its error."""

_Answer = TypeVar("_Answer")


class BinanceClient:
    """A person's calls to one host. Use it as an async context manager.

    Every call raises a subclass of ExchangeError, and nothing else, when it does not succeed. Nothing is retried
    and no redirect is followed. Making one raises NotSent where the environment names a proxy that cannot be used.
    """

    def __init__(
        self, base_url: str, key: ApiKey | None = None, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.base_url = base_url
        self.recv_window_ms = RECV_WINDOW_MS
        self.clock: ClockReading | None = None
        """The newest measurement of the exchange's time."""
        self.uid_weight = 0
        """The weight that this account has used in the minute, as the exchange last counted it."""
        self.key_tail = key.tail if key else ""
        """The end of the API key that is used, or was used last."""
        self.key_print = key.fingerprint if key else ""
        """What tells that key apart from others."""
        self._key = key
        self._under_way: set[asyncio.Timeout] = set()
        self._resume_ms = 0.0
        self._heard_ms = float("-inf")
        self._asleep_ms = _asleep_ms()
        self._warming: asyncio.Task[ExchangeError | None] | None = None
        self._transport = transport
        self._http = _http(base_url, transport)
        self._left: list[httpx.AsyncClient] = []

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
        for http in (self._http, *self._left):
            await http.aclose()

    def drop_key(self) -> None:
        """Let go of the key, and of every call that is under way with it. Until it is given again, signed calls raise
        NotSent.
        """
        self._key = None
        for limit in self._under_way:
            if not limit.expired():
                limit.reschedule(asyncio.get_running_loop().time())

    def give_key(self, key: ApiKey) -> None:
        """Sign with this key from here on: the same account's, after `drop_key`."""
        self._key = key
        self.key_tail, self.key_print = key.tail, key.fingerprint

    @property
    def is_locked(self) -> bool:
        """Whether it has let go of the key."""
        return self._key is None

    @property
    def is_warm(self) -> bool:
        """Whether a connection answered so lately that a transfer sent now need not wait for a new one."""
        return ticks_ms() - self._heard_ms < TRUSTED_S * 1000

    async def warm(self) -> None:
        """Hear from the exchange now, so that a transfer within the next seconds goes out at once, over a connection
        that is known to be alive. It measures the exchange's time. Raises ExchangeError.

        Who calls while another call is under way waits for the same answer. Nothing is asked while the exchange asks
        to be left alone.
        """
        if self.wait_s:
            return
        if self._warming is None or self._warming.done():
            self._warming = asyncio.create_task(self._prove())
        if failure := await asyncio.shield(self._warming):
            raise failure

    async def _let_a_proof_end(self) -> None:
        """A warm connection that is just being proven is free again sooner than a new one is open."""
        if self._warming and self.clock:
            await asyncio.wait([self._warming], timeout=2 * self.clock.round_trip_ms / 1000)

    async def _prove(self) -> ExchangeError | None:
        """Hear from the exchange; gives what went wrong, which nobody may be there any more to catch."""
        try:
            async with asyncio.timeout(_PROOF_S):
                await self.sync_clock()
        except TimeoutError:
            return OutcomeUnknown(f"The exchange did not answer within {_PROOF_S} s.")
        except ExchangeError as error:
            return error
        return None

    @property
    def wait_s(self) -> int:
        """For how long the exchange still asks to be left alone (429, 418); 0 where it does not."""
        return max(0, ceil((self._resume_ms - ticks_ms()) / 1000))

    async def sync_clock(self) -> ClockReading:
        """Measure the exchange's time and the round trip."""
        # The first call on a connection pays for TCP and TLS, which would pass for a slow clock.
        for _ in range(1 if self.clock else 2):
            asked_ms = ticks_ms()
            body = await self._call("GET", "/api/v3/time")
            answered_ms = ticks_ms()
            server_time = _decode(body, ServerTime)
            self.clock = reading(server_time.server_time, asked_ms=asked_ms, answered_ms=answered_ms)
        assert self.clock is not None  # noqa: S101 - the loop runs at least once
        return self.clock

    async def transfer(self, request: TransferRequest, timestamp_ms: int) -> int:
        """Ask for a transfer, once, and give its tranId. `timestamp_ms` is in the exchange's time."""
        await self._let_a_proof_end()
        body = await self._signed_call("POST", _TRANSFER, transfer_parameters(request), timestamp_ms)
        return _decode(body, TransferAnswer).tran_id

    async def transfer_history(
        self,
        move: TransferType,
        *,
        start_ms: int,
        end_ms: int,
        from_symbol: str | None = None,
        to_symbol: str | None = None,
        page: int = 1,
    ) -> HistoryPage:
        """One page, from 1, of the transfers of one type in a span of the exchange's time: newest first."""
        parameters = {
            "type": move.name,
            "startTime": str(start_ms),
            "endTime": str(end_ms),
            "current": str(page),
            "size": str(HISTORY_PAGE_SIZE),
            **symbol_parameters(from_symbol, to_symbol),
        }
        return _readable(history_page, await self._signed_call("GET", _TRANSFER, parameters))

    async def key_restrictions(self) -> KeyRestrictions:
        """What the key may do."""
        return _decode(await self._signed_call("GET", "/sapi/v1/account/apiRestrictions", {}), KeyRestrictions)

    async def wallet_balances(self) -> list[WalletBalance]:
        """All wallets at a glance, with the assets in each."""
        body = await self._signed_call("GET", "/sapi/v1/asset/wallet/balance", {"needBalanceDetail": "true"})
        return _decode(body, list[WalletBalance])

    async def spot_assets(self) -> list[AssetBalance]:
        """The assets of the Spot wallet."""
        return _decode(await self._signed_call("POST", "/sapi/v3/asset/getUserAsset", {}), list[AssetBalance])

    async def funding_assets(self) -> list[AssetBalance]:
        """The assets of the Funding wallet."""
        return _decode(await self._signed_call("POST", "/sapi/v1/asset/get-funding-asset", {}), list[AssetBalance])

    async def cross_account(self) -> CrossAccount:
        """The Cross Margin wallet."""
        return _decode(await self._signed_call("GET", "/sapi/v1/margin/account", {}), CrossAccount)

    async def isolated_account(self) -> IsolatedAccount:
        """The isolated margin accounts, one a pair."""
        return _decode(await self._signed_call("GET", "/sapi/v1/margin/isolated/account", {}), IsolatedAccount)

    async def isolated_pairs(self) -> list[IsolatedPairRow]:
        """Every pair of the exchange that has isolated margin accounts."""
        api_key = self._key.api_key.reveal() if self._key else ""
        body = await self._call("GET", "/sapi/v1/margin/isolated/allPairs", api_key=api_key)
        return _decode(body, list[IsolatedPairRow])

    async def margin_transferable(self, asset: str, symbol: str | None = None) -> Decimal:
        """How much of an asset can be moved out of Cross Margin, or with a symbol, of that pair's isolated account."""
        parameters = {"asset": asset, **({"isolatedSymbol": symbol} if symbol else {})}
        body = await self._signed_call("GET", "/sapi/v1/margin/maxTransferable", parameters)
        return _decode(body, TransferableAmount).amount

    async def um_balances(self) -> list[UmBalance]:
        """The assets of the USD-M Futures wallet."""
        return _decode(await self._signed_call("GET", "/fapi/v3/balance", {}), list[UmBalance])

    async def cm_balances(self) -> list[CmBalance]:
        """The assets of the COIN-M Futures wallet."""
        return _decode(await self._signed_call("GET", "/dapi/v1/balance", {}), list[CmBalance])

    async def options_account(self) -> OptionsAccount:
        """The Options wallet."""
        return _decode(await self._signed_call("GET", "/eapi/v1/marginAccount", {}), OptionsAccount)

    async def portfolio_balances(self) -> list[PortfolioBalance]:
        """The assets of the Portfolio Margin wallet."""
        return _decode(await self._signed_call("GET", "/papi/v1/balance", {}), list[PortfolioBalance])

    async def portfolio_transferable(self, asset: str) -> Decimal:
        """How much of an asset can be moved out of Portfolio Margin."""
        body = await self._signed_call("GET", "/papi/v1/margin/maxWithdraw", {"asset": asset})
        return _decode(body, TransferableAmount).amount

    async def _signed_call(
        self, method: str, path: str, parameters: dict[str, str], timestamp_ms: int | None = None
    ) -> bytes:
        if self._key is None:
            raise NotSent("Shunter is locked: it has let go of the key.", advice="Unlock it, then try again.")
        clock = self.clock
        if timestamp_ms is None:
            # Reading need not wait for the exchange's time: where this machine's is off, the exchange says so.
            timestamp_ms = clock.now_ms() if clock else time.time_ns() // 1_000_000
        payload = _encoded({**parameters, "recvWindow": str(self.recv_window_ms), "timestamp": str(timestamp_ms)})
        signed = f"{payload}&signature={_signature(self._key, payload)}"
        try:
            return await self._call(method, path, signed, self._key.api_key.reveal())
        except ClockRefused:
            if self.clock is clock:  # else it was measured anew meanwhile
                self.clock = None
            raise

    async def _call(self, method: str, path: str, payload: str = "", api_key: str = "") -> bytes:
        """One request and its answer. Whatever goes wrong comes out as an ExchangeError: it is caught here."""
        if self._http.is_closed:
            raise NotSent("Shunter has left this exchange.")
        self._leave_connections_from_before_a_sleep()
        request = _request(self._http, self.base_url, method, path, payload, api_key)
        try:
            async with self._limited():
                answer = await self._exchange(request)
        except TimeoutError:
            is_locked = bool(api_key) and self._key is None
            when = "before Shunter was locked" if is_locked else "within a minute"
            answer = OutcomeUnknown(f"The answer did not come whole {when}.")
        except Exception as error:  # noqa: BLE001 - what a library may raise one day must not end the app
            answer = error_of_transport(error)
        # Raised out here, so that it does not carry httpx's error, which carries the request and so the key.
        if isinstance(answer, ExchangeError):
            raise answer
        return answer

    @contextlib.asynccontextmanager
    async def _limited(self) -> AsyncIterator[None]:
        async with asyncio.timeout(_WHOLE_CALL_S) as limit:
            self._under_way.add(limit)
            try:
                yield
            finally:
                self._under_way.discard(limit)

    async def _exchange(self, request: httpx.Request) -> bytes | ExchangeError:
        response = await self._http.send(request, stream=True)
        try:
            self._heed(response.status_code, response.headers)
            body = await read_body(response, _MAX_ANSWER_BYTES)
        finally:
            await response.aclose()
        self._heard_ms = ticks_ms()
        if body is None:
            return unreadable_answer("it is packed wrongly, or too long")
        if response.status_code != httpx.codes.OK:
            return error_of_answer(response.status_code, response.headers, body)
        return body

    def _heed(self, status: int, headers: httpx.Headers) -> None:
        """Take note of what the exchange says of its limits."""
        weight = headers.get(_UID_WEIGHT, "")
        if weight.isascii() and weight.isdigit() and len(weight) < 10:
            self.uid_weight = int(weight)
        if status in (418, 429):
            wait_s = retry_after_s(headers)
            self._resume_ms = max(self._resume_ms, ticks_ms() + (_WAIT_S if wait_s is None else wait_s) * 1000)

    def _leave_connections_from_before_a_sleep(self) -> None:
        """Connections are let go of when they were idle for long; but httpx counts only the time that the machine was
        awake, and nothing is known of a connection that it slept through.
        """
        asleep_ms = _asleep_ms()
        if asleep_ms - self._asleep_ms > _LONGEST_NAP_MS and self._transport is None:
            self._left.append(self._http)
            self._http = _http(self.base_url, None)
        self._asleep_ms = asleep_ms


def _http(base_url: str, transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    with contextlib.suppress(ImportError, ValueError):  # SOCKS without its package; a scheme that is none
        return httpx.AsyncClient(
            timeout=_TIMEOUT,
            limits=httpx.Limits(max_connections=100, keepalive_expiry=TRUSTED_S),
            headers={"Accept-Encoding": "identity"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # the exchange's are of no use to anyone
            follow_redirects=False,
            # A proxy from the environment has no business between this machine and itself.
            trust_env=not is_loopback(httpx.URL(base_url).host),
            transport=transport,
        )
    raise NotSent(
        "The proxy that the environment names cannot be used.",
        advice="Set HTTPS_PROXY and ALL_PROXY to an http:// proxy, or to nothing.",
    )


def _asleep_ms() -> float:
    """For how long this machine has been suspended since it was started; 0 where the system does not tell."""
    return ticks_ms() - time.monotonic() * 1000


def _request(
    http: httpx.AsyncClient, base_url: str, method: str, path: str, payload: str, api_key: str
) -> httpx.Request:
    if api_key and not _HEADER_VALUE.fullmatch(api_key):
        raise damaged_key()
    headers = {"X-MBX-APIKEY": api_key} if api_key else {}
    with contextlib.suppress(Exception):
        url = service_url(base_url, path)
        if method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            return http.build_request(method, url, headers=headers, content=payload.encode())
        return http.build_request(method, f"{url}?{payload}" if payload else url, headers=headers)
    raise unsendable()


def _encoded(parameters: dict[str, str]) -> str:
    with contextlib.suppress(UnicodeError):
        return urlencode(parameters, quote_via=quote)
    raise unsendable()


def _signature(key: ApiKey, payload: str) -> str:
    with contextlib.suppress(Exception):  # a damaged key fails in many ways
        return quote(sign(key, payload.encode()), safe="")
    # Raised out here, so that it does not carry the frames that held the secret.
    raise damaged_key()


def _decode(body: bytes, kind: type[_Answer]) -> _Answer:
    return _readable(lambda body: decode(body, kind), body)


def _readable(read: Callable[[bytes], _Answer], body: bytes) -> _Answer:
    with contextlib.suppress(ValueError):
        return read(body)
    raise unreadable_answer("it is not what the exchange documents")
