"""However an error of the client comes about, it does not hold the key; nor does a log, however talkative."""

import asyncio
import io
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal

import httpx
import pytest

from tests.traces import traces
from tests.wire.answers import REJECTED, UNKNOWN
from tests.wire.conftest import DemoServer, RawServer
from tests.wire.held import assert_no_key_in
from tui.demo.faults import Fault, Reply
from tui.demo.keys import new_key
from tui.domain.credentials import ApiKey, KeyKind, Secret
from tui.domain.records import HistoryQuery
from tui.domain.transfer import TransferRequest
from tui.domain.wallets import TransferType
from tui.exchange import connection as connection_module
from tui.exchange.client import BinanceClient
from tui.exchange.errors import ExchangeError, HistoryNotWhole, NotSent, OutcomeUnknown

_CALLS: dict[str, Callable[[BinanceClient], Awaitable[object]]] = {
    "POST": lambda client: client.transfer(TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal("1.50")), 1),
    "GET": lambda client: client.transfer_history(HistoryQuery(TransferType.MAIN_FUNDING), start_ms=1, end_ms=2),
}
"""One that is signed in its body, one in its URL."""


@pytest.fixture(params=KeyKind, ids=str)
def key(request: pytest.FixtureRequest) -> ApiKey:
    return new_key(request.param)[0]


@pytest.fixture(autouse=True)
async def talk(key: ApiKey) -> AsyncIterator[io.StringIO]:
    """Every logger says all that it can, asyncio in its debug mode too. None of it is a piece of the key."""
    talk = io.StringIO()
    handler, root = logging.StreamHandler(talk), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(1)
    asyncio.get_running_loop().set_debug(True)
    try:
        yield talk
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert not [trace for trace in traces(key) if trace in talk.getvalue().encode()]


async def _kind_of_error(client: BinanceClient, key: ApiKey, method: str) -> type[BaseException]:
    """Make a call, which must fail, search what it raises, and log that."""
    with pytest.raises(ExchangeError) as caught:
        await _CALLS[method](client)
    assert_no_key_in(caught.value, key)
    logging.getLogger().error("%r", caught.value, exc_info=caught.value)
    return type(caught.value)


def _kinds(base: type[BaseException]) -> set[type[BaseException]]:
    return {base}.union(*(_kinds(kind) for kind in base.__subclasses__()))


async def test_no_answer_leads_to_an_error_that_holds_the_key(
    server: DemoServer, key: ApiKey, talk: io.StringIO
) -> None:
    met: set[type[BaseException]] = set()
    is_whole = key.kind is KeyKind.HMAC  # the others differ in how they sign, and cost more to search for
    for name, answer in list({**UNKNOWN, **REJECTED}.items())[:: 1 if is_whole else 4]:
        is_good = isinstance(answer, Reply) and answer.status == httpx.codes.OK
        for method in ("POST",) if is_good else _CALLS:
            # A read that is refused for its timestamp is asked once more.
            times = 2 if name == "400 of -1021" and method == "GET" else 1
            server.exchange.faults[:] = [Fault(answer=answer, executes=False, method=method, times=times)]
            # A new client for each answer: the old one may have been asked to wait.
            async with BinanceClient(server.base_url, key) as client:
                met.add(await _kind_of_error(client, key, method))
            assert not server.exchange.faults, f"{name} was not answered to {method}"
    every = _kinds(ExchangeError) - {ExchangeError, NotSent, HistoryNotWhole}
    assert met == every if is_whole else met <= every
    assert "receive_response_headers" in talk.getvalue()


async def test_no_broken_line_leads_to_an_error_that_holds_the_key(
    raw_server: RawServer, self_signed: ssl.SSLContext, key: ApiKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.read(65536)) + b"\r\n\r\n")  # all that was sent, key included
        writer.close()

    silence, echo = await raw_server(silent), await raw_server(nonsense)
    patient = httpx.Timeout(5)
    ways: dict[str, tuple[str, httpx.Timeout, type[ExchangeError]]] = {
        "nobody listens": ("http://127.0.0.1:1", patient, NotSent),
        "no such name": ("https://nothing.invalid", patient, NotSent),
        "unknown certificate": (await raw_server(silent, self_signed), patient, NotSent),
        "no TLS there": (echo.replace("http:", "https:"), patient, NotSent),
        "no connection in time": (silence, httpx.Timeout(5, connect=1e-9), NotSent),
        "no answer in time": (silence, httpx.Timeout(5, read=0.05), OutcomeUnknown),
        "no HTTP": (echo, patient, OutcomeUnknown),
    }
    for base_url, timeout, kind in ways.values():
        for method in _CALLS:
            async with BinanceClient(base_url, key) as client:
                client._connection.http.timeout = timeout
                assert await _kind_of_error(client, key, method) is kind

    monkeypatch.setattr(connection_module, "_WHOLE_CALL_S", 0.05)
    for method in _CALLS:
        async with BinanceClient(silence, key) as client:
            assert await _kind_of_error(client, key, method) is OutcomeUnknown

    monkeypatch.setenv("HTTPS_PROXY", silence)
    for method in _CALLS:
        async with BinanceClient("https://exchange.invalid", key) as client:
            client._connection.http.timeout = httpx.Timeout(5, read=0.05)
            assert await _kind_of_error(client, key, method) is OutcomeUnknown


async def test_nothing_that_httpx_raises_leads_to_an_error_that_holds_the_key(key: ApiKey) -> None:
    """httpx's errors carry the request, and that the key."""
    raised = _kinds(httpx.RequestError) | {httpx.InvalidURL, OSError, ConnectionResetError, ssl.SSLError, TimeoutError}

    class Broken(httpx.AsyncBaseTransport):
        def __init__(self, kind: type[BaseException]) -> None:
            self.kind = kind

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            assert request.headers["X-MBX-APIKEY"] == key.api_key.reveal()
            error = self.kind("broken")
            error.request = request  # type: ignore[attr-defined]
            raise error

    met = set()
    for kind in raised:
        for method in _CALLS:
            async with BinanceClient("https://exchange.invalid", key, transport=Broken(kind)) as client:
                met.add(await _kind_of_error(client, key, method))
    assert met == {NotSent, OutcomeUnknown}


async def test_client_that_cannot_send_raises_errors_without_the_key(server: DemoServer, key: ApiKey) -> None:
    damaged = ApiKey(KeyKind.RSA, key.api_key, Secret(key.secret.reveal()[:-60]))
    for method in _CALLS:
        async with BinanceClient(server.base_url, key) as client:
            client.drop_key()
            assert await _kind_of_error(client, key, method) is NotSent
        client.give_key(key)
        assert await _kind_of_error(client, key, method) is NotSent
        async with BinanceClient(server.base_url, damaged) as client:
            assert await _kind_of_error(client, key, method) is NotSent
    assert server.exchange.requests == []
