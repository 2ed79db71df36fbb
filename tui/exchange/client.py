"""The exchange over HTTP: signed calls that are sent once, and never followed anywhere."""

import asyncio
import contextlib
import re
import time
from collections.abc import Callable
from decimal import Decimal
from math import ceil
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import quote, urlencode

import httpx
import msgspec

from tui.domain.credentials import ApiKey
from tui.domain.hosts import is_loopback, service_url
from tui.domain.transfer import TransferRequest
from tui.domain.wallets import TransferType
from tui.exchange.clock import ClockReading, reading, ticks_ms
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
)
from tui.exchange.payloads import (
    AssetBalance,
    CmBalance,
    CrossAccount,
    HistoryPage,
    IsolatedAccount,
    IsolatedPairRow,
    KeyRestrictions,
    MovableAmount,
    OptionsAccount,
    PortfolioBalance,
    ServerTime,
    TransferAnswer,
    UmBalance,
    WalletBalance,
    symbol_parameters,
    transfer_parameters,
)
from tui.exchange.records import history_page
from tui.exchange.signing import sign

RECV_WINDOW_MS = 5000
"""The exchange's default. Short on purpose: after it, a request that was not executed never will be."""

HISTORY_PAGE_SIZE = 100
"""The most that the exchange gives in one page."""

_TRANSFER = "/sapi/v1/asset/transfer"
_TIMEOUT = httpx.Timeout(connect=10, write=10, read=20, pool=5)
_WHOLE_CALL_S = 60
"""A server that sends a byte now and then never runs into the read time-out."""
_WAIT_S = 60
"""How long to leave the exchange alone where it does not say for how long."""
_MAX_ANSWER_BYTES = 16 * 1024 * 1024

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
        self._key = key
        self._resume_ms = 0.0
        self._http = _http(base_url, transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def drop_key(self) -> None:
        """Let go of the key. Until it is given again, signed calls raise NotSent."""
        self._key = None

    def give_key(self, key: ApiKey) -> None:
        """Sign with this key from here on: the same account's, after `drop_key`."""
        self._key = key
        self.key_tail = key.tail

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

    async def margin_movable(self, asset: str, symbol: str | None = None) -> Decimal:
        """How much of an asset can be moved out of Cross Margin, or with a symbol, of that pair's isolated account."""
        parameters = {"asset": asset, **({"isolatedSymbol": symbol} if symbol else {})}
        body = await self._signed_call("GET", "/sapi/v1/margin/maxTransferable", parameters)
        return _decode(body, MovableAmount).amount

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

    async def portfolio_movable(self, asset: str) -> Decimal:
        """How much of an asset can be moved out of Portfolio Margin."""
        body = await self._signed_call("GET", "/papi/v1/margin/maxWithdraw", {"asset": asset})
        return _decode(body, MovableAmount).amount

    async def _signed_call(
        self, method: str, path: str, parameters: dict[str, str], timestamp_ms: int | None = None
    ) -> bytes:
        if self._key is None:
            raise NotSent("Shunter is locked: the key is not in memory.", advice="Unlock it, then try again.")
        clock = self.clock
        if timestamp_ms is None:
            # Reading need not wait for the exchange's time: where this machine's is off, the exchange says so.
            timestamp_ms = clock.now_ms() if clock else time.time_ns() // 1_000_000
        payload = urlencode(
            {**parameters, "recvWindow": str(self.recv_window_ms), "timestamp": str(timestamp_ms)}, quote_via=quote
        )
        signed = f"{payload}&signature={_signature(self._key, payload)}"
        try:
            return await self._call(method, path, signed, self._key.api_key.reveal())
        except ClockRefused:
            if self.clock is clock:  # else it was measured anew meanwhile
                self.clock = None
            raise

    async def _call(self, method: str, path: str, payload: str = "", api_key: str = "") -> bytes:
        url = service_url(self.base_url, path)
        if self._http.is_closed:
            raise NotSent("Shunter has left this exchange.")
        if api_key and not _HEADER_VALUE.fullmatch(api_key):
            raise damaged_key()
        headers = {"X-MBX-APIKEY": api_key} if api_key else {}
        content = None
        if method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            content = payload.encode()
        elif payload:
            url = f"{url}?{payload}"
        try:
            async with asyncio.timeout(_WHOLE_CALL_S):
                return await self._exchange(self._http.build_request(method, url, headers=headers, content=content))
        except TimeoutError:
            failure: ExchangeError = OutcomeUnknown("The answer did not come whole within a minute.")
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            failure = error_of_transport(error)
        # Raised out here, so that it does not carry httpx's error, which carries the request and so the key.
        raise failure

    async def _exchange(self, request: httpx.Request) -> bytes:
        response = await self._http.send(request, stream=True)
        try:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > _MAX_ANSWER_BYTES:
                    raise unreadable_answer("it is too long")
        finally:
            await response.aclose()
        weight = response.headers.get(_UID_WEIGHT, "")
        if weight.isascii() and weight.isdigit():
            self.uid_weight = int(weight)
        if response.status_code != httpx.codes.OK:
            error = error_of_answer(response.status_code, response.headers, bytes(body))
            if response.status_code in (418, 429):
                wait_s = retry_after_s(response.headers)
                self._resume_ms = max(self._resume_ms, ticks_ms() + (_WAIT_S if wait_s is None else wait_s) * 1000)
            raise error
        return bytes(body)


def _http(base_url: str, transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    with contextlib.suppress(ImportError, ValueError):  # SOCKS without its package; a scheme that is none
        return httpx.AsyncClient(
            timeout=_TIMEOUT,
            follow_redirects=False,
            # A proxy from the environment has no business between this machine and itself.
            trust_env=not is_loopback(httpx.URL(base_url).host),
            transport=transport,
        )
    raise NotSent(
        "The proxy that the environment names cannot be used.",
        advice="Set HTTPS_PROXY and ALL_PROXY to an http:// proxy, or to nothing.",
    )


def _signature(key: ApiKey, payload: str) -> str:
    with contextlib.suppress(TypeError, ValueError):
        return quote(sign(key, payload.encode()), safe="")
    # Raised out here, so that it does not carry the frames that held the secret.
    raise damaged_key()


def _decode(body: bytes, kind: type[_Answer]) -> _Answer:
    return _readable(lambda body: msgspec.json.decode(body, type=kind), body)


def _readable(read: Callable[[bytes], _Answer], body: bytes) -> _Answer:
    try:
        return read(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        failure = unreadable_answer("it is not what the exchange documents")
    raise failure
