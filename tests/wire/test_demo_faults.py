"""Faults of the demo exchange, as a client on a real socket meets them."""

import asyncio
import hashlib
import hmac
from urllib.parse import urlencode

import httpx
import pytest

from tests.gate import Gate
from tests.wire.conftest import DemoServer
from tui.demo.fault_specs import BadFault, set_fault
from tui.demo.fault_words import SPECS
from tui.demo.faults import TRANSFER_PATH, Cut, Fault, Reply
from tui.demo.history import Lag
from tui.demo.keys import demo_key


async def _transfer(server: DemoServer, client: httpx.AsyncClient) -> httpx.Response:
    key = demo_key()
    payload = urlencode(
        {"type": "MAIN_FUNDING", "asset": "USDT", "amount": "1", "timestamp": server.exchange.server_ms()}
    )
    signature = hmac.new(key.secret.reveal().encode(), payload.encode(), hashlib.sha256).hexdigest()
    return await client.post(
        f"{server.base_url}{TRANSFER_PATH}?{payload}&signature={signature}",
        headers={"X-MBX-APIKEY": key.api_key.reveal()},
    )


@pytest.mark.parametrize("executes", [True, False])
@pytest.mark.parametrize(
    ("cut", "error"),
    [
        (Cut.CLOSE, httpx.RemoteProtocolError),
        (Cut.RESET, httpx.ReadError),
        (Cut.MID_ANSWER, httpx.RemoteProtocolError),
    ],
)
async def test_cut_is_a_real_disconnect(
    server: DemoServer, cut: Cut, error: type[httpx.HTTPError], executes: bool
) -> None:
    async with httpx.AsyncClient() as client:
        await _transfer(server, client)  # the connection that is cut is one that has been in use
        server.exchange.faults.append(Fault(answer=cut, executes=executes))
        with pytest.raises(error):
            await _transfer(server, client)
        assert (await _transfer(server, client)).status_code == 200
    assert len(server.exchange.ledger.transfers) == 2 + executes
    assert len(server.exchange.requests) == 3


async def test_answer_cut_halfway_has_begun(server: DemoServer) -> None:
    server.exchange.faults.append(Fault(answer=Cut.MID_ANSWER))
    reader, writer = await asyncio.open_connection(*server.base_url.removeprefix("http://").split(":"))
    writer.write(b"POST %b HTTP/1.1\r\nHost: demo\r\nContent-Length: 0\r\n\r\n" % TRANSFER_PATH.encode())
    received = await reader.read()
    writer.close()
    head, _, body = received.partition(b"\r\n\r\n")
    announced = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length"))
    assert 0 < len(body) < announced


@pytest.mark.parametrize("executes", [True, False])
async def test_any_status_headers_and_body(server: DemoServer, executes: bool) -> None:
    instead = Reply(429, b'{"code":-1003,"msg":"slow down"}', {"Retry-After": "7"})
    server.exchange.faults.append(Fault(answer=instead, executes=executes))
    async with httpx.AsyncClient() as client:
        answer = await _transfer(server, client)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json()["msg"] == "slow down"
    assert len(server.exchange.ledger.transfers) == executes


def test_huge_body_comes_in_full(server: DemoServer) -> None:
    server.exchange.faults.append(Fault(answer=Reply(200, b"x" * 1_000_000, repeat=100)))
    with httpx.stream("POST", server.base_url + TRANSFER_PATH) as answer:
        assert sum(map(len, answer.iter_raw())) == 100_000_000


async def test_gate_before_holds_the_request_unexecuted(server: DemoServer) -> None:
    gate = Gate()
    server.exchange.faults.append(Fault(before=gate))
    async with httpx.AsyncClient() as client:
        answer = asyncio.create_task(_transfer(server, client))
        assert await asyncio.to_thread(gate.reached.wait, 10)
        assert server.exchange.ledger.transfers == []
        gate.open()
        assert (await answer).status_code == 200
    assert len(server.exchange.ledger.transfers) == 1


async def test_gate_after_holds_the_answer_of_an_executed_request(server: DemoServer) -> None:
    gate = Gate()
    server.exchange.faults.append(Fault(after=gate))
    async with httpx.AsyncClient() as client:
        answer = asyncio.create_task(_transfer(server, client))
        assert await asyncio.to_thread(gate.reached.wait, 10)
        assert len(server.exchange.ledger.transfers) == 1
        assert not answer.done()
        gate.open()
        assert (await answer).status_code == 200


async def test_request_held_beyond_its_window_is_not_executed(server: DemoServer) -> None:
    gate = Gate()
    server.exchange.faults.append(Fault(before=gate))
    async with httpx.AsyncClient() as client:
        answer = asyncio.create_task(_transfer(server, client))
        assert await asyncio.to_thread(gate.reached.wait, 10)
        server.exchange.clock_offset_ms = 5001
        gate.open()
        assert (await answer).json()["code"] == -1021
    assert server.exchange.ledger.transfers == []


async def test_held_request_holds_no_other(server: DemoServer) -> None:
    gate = Gate()
    server.exchange.faults.append(Fault(before=gate))
    async with httpx.AsyncClient() as client:
        held = asyncio.create_task(_transfer(server, client))
        assert await asyncio.to_thread(gate.reached.wait, 10)
        assert (await _transfer(server, client)).status_code == 200
        gate.open()
        await held


async def test_bytes_that_are_no_http_get_an_answer(server: DemoServer) -> None:
    reader, writer = await asyncio.open_connection(*server.base_url.removeprefix("http://").split(":"))
    writer.write(b"\x16\x03\x01\x00\xff not http\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 400")
    writer.close()


@pytest.mark.parametrize(
    ("spec", "error", "executed"),
    [("cut-before", httpx.RemoteProtocolError, 0), ("cut-after", httpx.RemoteProtocolError, 1)],
)
async def test_spec_cuts_every_transfer(
    server: DemoServer, spec: str, error: type[httpx.HTTPError], executed: int
) -> None:
    set_fault(server.exchange, spec)
    async with httpx.AsyncClient() as client:
        for count in (1, 2):
            with pytest.raises(error):
                await _transfer(server, client)
            assert len(server.exchange.ledger.transfers) == executed * count


async def test_spec_with_a_number_meets_that_transfer_only(server: DemoServer) -> None:
    set_fault(server.exchange, "status-after=502")
    set_fault(server.exchange, "status-before=503:Service Unavailable.@2")
    async with httpx.AsyncClient() as client:
        answers = [await _transfer(server, client) for _ in range(3)]
    assert [(answer.status_code, answer.text) for answer in answers] == [
        (502, ""),
        (503, "Service Unavailable."),
        (502, ""),
    ]
    assert len(server.exchange.ledger.transfers) == 2


async def test_spec_refuses_a_transfer_in_the_exchanges_words(server: DemoServer) -> None:
    set_fault(server.exchange, "refused=-11001@2")
    async with httpx.AsyncClient() as client:
        answers = [await _transfer(server, client) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 400, 200]
    assert answers[1].json() == {"code": -11001, "msg": "Isolated margin account does not exist."}
    assert len(server.exchange.ledger.transfers) == 2


def test_specs_of_the_exchange_set_what_they_say(server: DemoServer) -> None:
    for spec in ("clock=-250", "history-lag=1.5s", "pending=800ms", "failed"):
        set_fault(server.exchange, spec)
    assert server.exchange.clock_offset_ms == -250
    assert server.exchange.history.hidden == Lag(seconds=1.5)
    assert server.exchange.history.pending == Lag(seconds=0.8)
    assert server.exchange.history.fails


@pytest.mark.parametrize("spec", SPECS)
def test_every_spec_that_the_help_shows_is_understood(server: DemoServer, spec: str) -> None:
    set_fault(server.exchange, spec)


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "nope",
        "=5",
        "cut-after=1",
        "cut-after@0",
        "cut-after@x",
        "delay-after",
        "delay-after=5",
        "delay-after=-5s",
        "status-before=99",
        "status-before=600",
        "status-before=x:y",
        "clock=5s",
        "clock=+5000@2",
        "hostile-names@1",
        "page-size=5@2",
        "refused=-1",
        "refused",
    ],
)
def test_spec_that_is_none_is_refused_with_what_would_be(server: DemoServer, spec: str) -> None:
    with pytest.raises(BadFault, match=r"write|like|leave out|is not"):
        set_fault(server.exchange, spec)
    assert server.exchange.faults == []
