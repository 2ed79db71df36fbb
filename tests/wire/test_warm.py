"""A transfer never goes out on a connection that the other side may have closed, nor waits for one without need."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from decimal import Decimal

import httpx
import pytest

from tests.waiting import LIMIT_S
from tests.wire.conftest import DemoServer, RawServer
from tui.demo.faults import Fault, Reply
from tui.demo.keys import demo_key
from tui.domain.transfer import TransferRequest
from tui.domain.wallets import TransferType
from tui.exchange import client as client_module
from tui.exchange import connection as connection_module
from tui.exchange import streams
from tui.exchange.client import BinanceClient
from tui.exchange.connection import TRUSTED_S
from tui.exchange.errors import OutcomeUnknown, RateLimited

_REQUEST = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(1))


@dataclass
class Line:
    """A server of few words, and what came over each of its connections."""

    base_url: str = ""
    heard: list[list[str]] = field(default_factory=list)
    """The methods, by connection."""
    closes: bool = False
    """Whether it closes each connection after an answer, without a word before."""
    answers: bool = True
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the client closed a connection that it waited on."""
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard: list[str] = []
        self.heard.append(heard)
        self.writers.append(writer)
        is_over = False
        while not is_over:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                self.ended.set()
                raise
            heard.append(head.split()[0].decode())
            self.asked.set()
            if length := re.search(rb"(?i)content-length: ([0-9]+)", head):
                await reader.readexactly(int(length[1]))
            if self.answers:
                body = b'{"tranId":7}' if heard[-1] == "POST" else b'{"serverTime":1800000000000}'
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
            is_over = self.closes
        writer.close()
        await writer.wait_closed()
        self.closed.set()


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not holds():  # noqa: ASYNC110 - of what nobody tells
            await asyncio.sleep(0)


@pytest.fixture
async def line(raw_server: RawServer) -> Line:
    line = Line()
    line.base_url = await raw_server(line)
    return line


@pytest.fixture
async def client(line: Line) -> AsyncIterator[BinanceClient]:
    """It knows the exchange's time already."""
    async with BinanceClient(line.base_url, demo_key()) as client:
        await client.sync_clock()
        line.heard[0].clear()
        yield client


async def test_transfer_takes_the_connection_that_was_opened_ahead(client: BinanceClient, line: Line) -> None:
    await client.warm()
    assert client.is_warm
    assert line.heard == [["GET"], []]
    assert (await client.transfer(_REQUEST, 1)).tran_id == 7
    assert line.heard == [["GET"], ["POST"]]


async def test_transfer_does_not_wait_for_a_proof(client: BinanceClient, line: Line) -> None:
    await client.warm()
    line.answers = False
    line.asked.clear()
    warming = asyncio.create_task(client.warm())
    await line.asked.wait()
    line.answers = True
    await client.transfer(_REQUEST, 1)
    assert not warming.done()
    assert line.heard == [["GET", "GET"], ["POST"]]
    warming.cancel()


async def test_each_transfer_has_a_connection_of_its_own(client: BinanceClient, line: Line) -> None:
    await client.transfer(_REQUEST, 1)
    await client.transfer(_REQUEST, 1)
    await client.warm()
    await client.transfer(_REQUEST, 1)
    assert not client.is_warm  # the next one would have to wait for a connection
    assert line.heard == [["GET"], ["POST"], ["POST"], ["POST"]]


async def test_connection_opened_ahead_that_something_came_on_is_not_used(client: BinanceClient, line: Line) -> None:
    await client.warm()
    writer = line.writers[1]
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{'tranId':6}")
    await _until(lambda: not client.is_warm)
    assert (await client.transfer(_REQUEST, 1)).tran_id == 7
    assert line.heard == [["GET"], [], ["POST"]]


async def test_connection_opened_ahead_that_the_other_side_closed_is_replaced(
    client: BinanceClient, line: Line
) -> None:
    await client.warm()
    line.writers[1].close()
    await _until(lambda: not client.is_warm)
    await client.warm()
    assert client.is_warm
    await client.transfer(_REQUEST, 1)
    assert line.heard == [["GET", "GET"], [], ["POST"]]


async def test_connection_opened_ahead_is_replaced_before_it_is_old(
    client: BinanceClient, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.warm()
    await client.warm()
    assert line.heard == [["GET", "GET"], []]
    monkeypatch.setattr(streams, "_RENEW_MS", 0)
    await client.warm()
    assert line.heard == [["GET", "GET", "GET"], [], []]
    monkeypatch.setattr(streams, "_OLD_MS", 0)
    assert not client.is_warm
    await client.transfer(_REQUEST, 1)
    assert line.heard == [["GET", "GET", "GET"], [], [], ["POST"]]


async def test_connection_opened_ahead_is_closed_with_the_client(client: BinanceClient, line: Line) -> None:
    await client.warm()
    await client.aclose()
    async with asyncio.timeout(LIMIT_S):
        await line.ended.wait()


async def test_closed_client_leaves_no_task(line: Line) -> None:
    before = asyncio.all_tasks()
    async with BinanceClient(line.base_url, demo_key()) as client:
        await client.warm()
        await client.transfer(_REQUEST, 1)
        await client.warm()
    servers = {task for task in asyncio.all_tasks() if "_hear" not in repr(task) and "open_ahead" not in repr(task)}
    assert asyncio.all_tasks() - before <= servers


async def test_connection_that_was_silent_for_too_long_is_replaced(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "TRUSTED_S", 0)
    async with BinanceClient(line.base_url, demo_key()) as client:
        await client.warm()
        assert not client.is_warm
        await client.transfer(_REQUEST, 1)
    assert line.heard == [["GET"], ["GET"], ["POST"]]


def test_connection_is_trusted_for_less_than_servers_wait() -> None:
    """Five seconds is the shortest that servers in use wait by default (uvicorn, Node.js, Apache)."""
    assert 3 <= TRUSTED_S <= 4.5


async def test_connection_that_the_other_side_closed_is_not_used(client: BinanceClient, line: Line) -> None:
    line.closes = True
    await client.warm()
    await line.closed.wait()
    await client.transfer(_REQUEST, 1)
    assert line.heard == [["GET"], ["POST"]]


async def test_connection_from_before_the_machine_slept_is_not_used(
    client: BinanceClient, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """httpx counts only the time awake: to it, the connection answered a moment ago."""
    await client.warm()
    monkeypatch.setattr(connection_module, "asleep_ms", lambda: client._connection._asleep_ms + 3_600_000)
    await client.transfer(_REQUEST, 1)
    monkeypatch.undo()
    assert line.heard == [["GET"], [], ["POST"]]


async def test_dead_connection_is_found_out_and_left(
    client: BinanceClient, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "_PROOF_S", 0.5)
    line.answers = False
    with pytest.raises(OutcomeUnknown, match="was not complete within"):
        await client.warm()
    line.answers = True
    await client.transfer(_REQUEST, 1)
    assert line.heard == [["GET"], ["POST"]]


async def test_who_asks_at_the_same_time_waits_for_the_same_answer(client: BinanceClient, line: Line) -> None:
    await asyncio.gather(client.warm(), client.warm(), client.warm())
    assert line.heard == [["GET"], []]
    await client.warm()
    assert line.heard == [["GET", "GET"], []]


async def test_caller_that_leaves_takes_no_answer_from_others(client: BinanceClient, line: Line) -> None:
    first, second = asyncio.create_task(client.warm()), asyncio.create_task(client.warm())
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert line.heard == [["GET"], []]


async def test_exchange_that_asks_to_be_left_alone_is(server: DemoServer) -> None:
    refusal = Reply(429, b'{"code":-1003,"msg":"Too many requests."}', {"Retry-After": "30"})
    server.exchange.faults.append(Fault(answer=refusal, executes=False, method="GET", path="/api/v3/time", times=None))
    async with BinanceClient(server.base_url, demo_key()) as client:
        with pytest.raises(RateLimited):
            await client.warm()
        await client.warm()
        assert client.clock is None


async def test_requests_leave_without_delay(client: BinanceClient) -> None:
    """TCP_NODELAY: else the kernel may hold a request's body back until its head is acknowledged."""
    seen: list[int] = []

    async def look(response: httpx.Response) -> None:
        sock = response.extensions["network_stream"].get_extra_info("socket")
        seen.append(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    client._connection.lines.transfers.event_hooks["response"].append(look)
    await client.transfer(_REQUEST, 1)
    assert all(seen)
    assert seen
