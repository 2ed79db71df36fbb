"""Any answer to any call: good ones of the demo exchange, good ones with something bad inside, and anything else."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import httpx
from hypothesis import strategies as st

from tui.demo.exchange import DemoExchange
from tui.demo.keys import demo_key
from tui.domain.transfer import TransferRequest
from tui.domain.wallets import TransferType
from tui.exchange import payloads
from tui.exchange.client import BinanceClient
from tui.exchange.history import read_history
from tui.exchange.payloads import ReadCall

BASE_URL = "https://demo.invalid"
_REQUEST = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(1))
_YEAR_2100_MS = 4_102_444_800_000


def _reading(call: ReadCall[Any]) -> Callable[[BinanceClient], Awaitable[object]]:
    return lambda client: client.read(call)


CALLS: dict[str, Callable[[BinanceClient], Awaitable[object]]] = {
    "sync_clock": lambda client: client.sync_clock(),
    "warm": lambda client: client.warm(),
    "transfer": lambda client: client.transfer(_REQUEST, client.clock.now_ms() if client.clock else 1),
    "transfer_history": lambda client: client.transfer_history(_REQUEST.query, start_ms=1, end_ms=_YEAR_2100_MS),
    **{name.lower(): _reading(call) for name, call in vars(payloads).items() if isinstance(call, ReadCall)},
    "margin_transferable": _reading(payloads.margin_transferable("USDT")),
    "portfolio_transferable": _reading(payloads.portfolio_transferable("USDT")),
    "ticker_price": _reading(payloads.ticker_price("BTCUSDT")),
    "read_history": lambda client: read_history(client, _REQUEST.query, start_ms=1, end_ms=_YEAR_2100_MS),
}


@dataclass(frozen=True, slots=True)
class AnyAnswer:
    """An answer, byte by byte."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class Answering(httpx.AsyncBaseTransport):
    """Gives one answer to everything, in pieces, as from a socket: nothing is unpacked or read ahead."""

    def __init__(self, answer: AnyAnswer) -> None:
        self.answer = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            self.answer.status, headers=list(self.answer.headers), stream=_Pieces(self.answer.body), request=request
        )


class _Pieces(httpx.AsyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self._body), 65536):
            yield self._body[at : at + 65536]


@cache
def good_bodies() -> dict[str, bytes]:
    """What the demo exchange answers to each call."""
    with ThreadPoolExecutor(1) as thread:  # which has no event loop yet
        return thread.submit(asyncio.run, _record()).result()


async def _record() -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    exchange = httpx.ASGITransport(DemoExchange())

    class Recording(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            response = await exchange.handle_async_request(request)
            found[name] = await response.aread()
            return httpx.Response(response.status_code, content=found[name])

    async with BinanceClient(BASE_URL, demo_key(), transport=Recording()) as client:
        for name, call in CALLS.items():  # noqa: B007 - the recording knows by it which call it is
            await call(client)
    return found


NASTY: list[Any] = [
    *(None, True, 0, -1, 1.5, 2**31, 2**53, 2**63, -(2**63) - 1, 10**400, 1e300, [], {}, "", " ", "0"),
    *("NaN", "sNaN", "Infinity", "-Infinity", "1E+3000000", "1E-3000000", "1e999999999999999999999", "-1", "1_000"),
    *("9" * 5000, "0." + "1" * 5000, "１２", "\x1b]52;c;aGk=\x07", "\u202egnol", "\ud800", "币安人生", "x" * 100_000),
    "USD\x00T",
]
_MARK = "put something deep here"
_DEEP = b"[" * 20_000 + b"]" * 20_000


@st.composite
def _spoiled(draw: st.DrawFn, good: bytes) -> bytes:
    """A good answer with a few bad things inside."""
    answer = json.loads(good)
    for _ in range(draw(st.integers(1, 3))):
        answer = _with_something(draw, answer)
    return json.dumps(answer).encode().replace(json.dumps(_MARK).encode(), _DEEP)


def _with_something(draw: st.DrawFn, answer: Any) -> Any:
    nasty = draw(st.sampled_from([*NASTY, _MARK]))
    if not answer or not isinstance(answer, dict | list) or not draw(st.integers(0, 9)):
        return nasty
    changed = answer.copy()
    key = (
        draw(st.sampled_from(sorted(answer)[:8]))
        if isinstance(answer, dict)
        else draw(st.integers(0, min(len(answer) - 1, 2)))
    )
    if draw(st.booleans()):
        changed[key] = _with_something(draw, answer[key])
    elif isinstance(changed, list):
        changed.append(changed[key])
    else:
        del changed[key]
    return changed


def _torn(draw: st.DrawFn, body: bytes) -> bytes:
    at = draw(st.integers(0, len(body)))
    return body[:at] + draw(st.binary(max_size=4)) + body[at + draw(st.integers(0, 4)) :]


_ERRORS = [
    b'{"code":-1121,"msg":"Invalid symbol."}',
    b'{"code":-1007,"msg":"\xff\xfe"}',
    b'{"code":-1121,"msg":' + _DEEP + b"}",
    b'{"code":' + b"9" * 5000 + b"}",
    b'{"code":-1121,"msg":"\\u001b]52;c;aGk=\\u0007\\ud800"}',
    b"<html>Forbidden</html>",
    _DEEP,
]
_NUMBERS = [b"0", b"7", b"-1", b"1e9", b"9" * 5000, b"99999999999", b"\xb2", b"", b"soon", b"\xff", b"1" * 9]
_HEADERS = st.one_of(
    st.tuples(
        st.sampled_from([b"Retry-After", b"X-SAPI-USED-UID-WEIGHT-1M", b"Content-Length"]), st.sampled_from(_NUMBERS)
    ),
    st.tuples(
        st.just(b"Content-Encoding"),
        st.sampled_from(
            [b"gzip", b"GZIP", b"x-gzip", b"deflate", b"br", b"zstd", b"gzip, gzip", b"identity", b"\xff", b""]
        ),
    ),
    st.tuples(
        st.just(b"Location"), st.sampled_from([b"/x", b"http://[", b"//\xff", b"javascript:1", b"http://a:99999"])
    ),
    st.tuples(st.just(b"Set-Cookie"), st.sampled_from([b"a=b", b"=" * 1000, b"a=b; expires=\xff", b"; ; ;"])),
    st.tuples(st.just(b"Content-Type"), st.sampled_from([b"text/html; charset=utf-7", b"\xff", b"x/y; charset=rot13"])),
    st.tuples(st.binary(min_size=1, max_size=20), st.binary(max_size=50)),
)


@st.composite
def answers(draw: st.DrawFn, name: str) -> AnyAnswer:
    """What may come in answer to a call."""
    good = good_bodies()[name]
    match draw(st.sampled_from(["spoiled", "spoiled", "spoiled", "torn", "error", "bytes"])):
        case "spoiled":
            body = draw(_spoiled(good))
        case "torn":
            body = _torn(draw, good)
        case "error":
            body = (
                _torn(draw, draw(st.sampled_from(_ERRORS))) if draw(st.booleans()) else draw(st.sampled_from(_ERRORS))
            )
        case _:
            body = draw(st.binary(max_size=200))
    if not draw(st.integers(0, 5)):
        body = gzip.compress(body, 1)
    status = draw(st.sampled_from([200, 200, 200, 400, 401, 403, 418, 429, 503]) | st.integers(100, 999))
    return AnyAnswer(status, tuple(draw(st.lists(_HEADERS, max_size=3))), body)
