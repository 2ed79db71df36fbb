"""Whatever comes back over a real socket: the outcome that it leads to, at once and in the end."""

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import httpx
import pytest

from tests.gate import Gate
from tests.wire.answers import REJECTED, UNKNOWN
from tests.wire.conftest import DemoServer, OpenDesk, RawServer, Seat
from tui.demo.faults import TRANSFER_PATH, Cut, Edit, Fault, Reply
from tui.desk.desk import Decision, Word
from tui.domain.evidence import named_tran_ids
from tui.domain.transfer import Outcome, Transfer
from tui.exchange import connection as connection_module
from tui.exchange.payloads import KEY_RESTRICTIONS
from tui.words import outcomes
from tui.words.settling import Doubt

TellTime = Callable[[Seat], Awaitable[None]]


def _reads_well(transfer: Transfer) -> None:
    words = outcomes.message(transfer.evidence)
    assert words
    assert words == words.strip()
    assert all(line.isprintable() for line in words.split("\n"))
    assert len(words) < 500
    assert not re.search(r"None|Traceback|httpx|\b[A-Z]\w+(Error|Exception|Timeout)\b|b'|demodemo", words)


async def _settles(
    seat: Seat, server: DemoServer, transfer: Transfer, *, executed: bool, past_the_window: Callable[[], None]
) -> None:
    """From unknown to what the ledger says, with one request on the wire."""
    assert transfer.outcome is Outcome.UNKNOWN
    assert (transfer.tran_id, transfer.settled_at) == (None, None)
    _reads_well(transfer)
    if not executed:
        past_the_window()
    if not executed and named_tran_ids(transfer.answer):  # which no record explains: that is for the person
        await seat.until(lambda: any(note.doubt is Doubt.NAMED for note in seat.notes))
        assert seat.written() == [transfer]
        await seat.desk.choose(Decision(transfer, Word.NOT_EXECUTED))
    settled = await seat.settled(transfer)
    assert settled.outcome is (Outcome.DONE if executed else Outcome.NOT_EXECUTED)
    assert [settled.tran_id] * executed == server.executed
    assert settled.settled_at is not None
    assert (settled.answer, settled.code) == (transfer.answer, transfer.code)
    _reads_well(settled)
    shown = dict.fromkeys(shown.outcome for shown in seat.shown)  # the settling may see a decision before it is stopped
    assert list(shown) == [Outcome.SENDING, Outcome.UNKNOWN, settled.outcome]
    assert len(server.exchange.requests) == 1


@pytest.mark.parametrize("executed", [True, False], ids=["executed", "not executed"])
@pytest.mark.parametrize("answer", UNKNOWN.values(), ids=UNKNOWN)
async def test_doubtful_answer_is_unknown_until_the_history_tells(
    seat: Seat,
    server: DemoServer,
    past_the_window: Callable[[], None],
    agree: Callable[[Seat], None],
    answer: Reply | Cut,
    executed: bool,
) -> None:
    server.exchange.faults.append(Fault(answer=answer, executes=executed))
    transfer = await seat.send()
    await _settles(seat, server, transfer, executed=executed, past_the_window=past_the_window)
    agree(seat)


@pytest.mark.parametrize("answer", REJECTED.values(), ids=REJECTED)
async def test_definite_refusal_is_rejected_with_words_to_act_on(
    seat: Seat, server: DemoServer, agree: Callable[[Seat], None], answer: Reply
) -> None:
    server.exchange.faults.append(Fault(answer=answer, executes=False))
    transfer = await seat.send()
    assert transfer.outcome is Outcome.REJECTED
    assert transfer.tran_id is None
    assert (transfer.code is not None) == (b'"code":-' in answer.body)
    _reads_well(transfer)
    if answer.status in (418, 429):
        wait = answer.headers.get("retry-after", "")
        assert (f"Wait {wait} s." if wait.isdigit() else "Wait a few minutes.") in outcomes.message(transfer.evidence)
    await seat.until(lambda: len(seat.shown) == 2)
    assert len(server.exchange.requests) == 1
    agree(seat)


@pytest.mark.parametrize(
    "beside", [b'"success":false', b'"error":"backend timeout"', b'"partial":true', b'"errorCode":-1007,"errorMsg":"x"']
)
async def test_history_that_says_more_than_its_rows_is_no_absence(
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None], beside: bytes
) -> None:
    page = Reply(200, b'{"total":0,"rows":[],%b}' % beside)
    server.exchange.faults += [
        Fault(answer=Cut.CLOSE),
        Fault(method="GET", path=TRANSFER_PATH, answer=page, executes=False, times=None),
    ]
    transfer = await seat.send()
    past_the_window()
    await seat.until(lambda: any(note.doubt is Doubt.OUT_OF_REACH for note in seat.notes))
    assert seat.written() == [transfer]
    server.exchange.faults.clear()
    assert (await seat.settled(transfer)).outcome is Outcome.DONE


@pytest.mark.parametrize("beside", ['"message":"rolled back"', '"errorCode":-1', '"reversed":true', '"failReason":"x"'])
async def test_record_that_says_more_than_it_documents_is_no_yes(
    seat: Seat, server: DemoServer, past_the_window: Callable[[], None], beside: str
) -> None:
    server.exchange.faults.append(Fault(answer=Cut.CLOSE))
    server.exchange.history.edits = [(Edit("status", '"CONFIRMED",' + beside), None)]
    transfer = await seat.send()
    past_the_window()
    await seat.until(lambda: any(note.doubt is Doubt.UNREADABLE for note in seat.notes))
    assert seat.written() == [transfer]


async def test_good_answer_is_done(seat: Seat, server: DemoServer, agree: Callable[[Seat], None]) -> None:
    transfer = await seat.send("12.5")
    assert (transfer.outcome, [transfer.tran_id]) == (Outcome.DONE, server.executed)
    assert [shown.outcome for shown in seat.shown] == [Outcome.SENDING, Outcome.DONE]
    agree(seat)


async def _given_up(seat: Seat) -> Transfer:
    """A transfer whose answer is not waited for. All other calls have their time."""
    await seat.desk.prepare()
    http = seat.client._connection.http
    patient, http.timeout = http.timeout, httpx.Timeout(5, read=0.2)
    transfer = await seat.send()
    http.timeout = patient
    return transfer


@pytest.mark.parametrize("executed", [True, False], ids=["executed", "not executed"])
async def test_timeout_after_send_is_unknown(
    seat: Seat,
    server: DemoServer,
    past_the_window: Callable[[], None],
    agree: Callable[[Seat], None],
    gate: Gate,
    executed: bool,
) -> None:
    server.exchange.faults.append(Fault(executes=executed, after=gate, answer=Reply(200)))
    transfer = await _given_up(seat)
    assert "too long" in outcomes.message(transfer.evidence)
    await _settles(seat, server, transfer, executed=executed, past_the_window=past_the_window)
    agree(seat)


async def test_request_executed_after_the_client_gave_up_is_found(
    seat: Seat, server: DemoServer, agree: Callable[[Seat], None]
) -> None:
    gate = Gate()
    server.exchange.faults.append(Fault(before=gate))
    transfer = await _given_up(seat)
    await seat.until(lambda: len(seat.notes) >= 3)
    assert seat.on_screen(transfer.id).outcome is Outcome.UNKNOWN
    assert all(note.note.startswith("no record in the history as of") for note in seat.notes)
    gate.open()
    assert (await seat.settled(transfer)).outcome is Outcome.DONE
    agree(seat)


async def test_answer_that_drips_is_unknown_after_a_while(
    open_desk: OpenDesk, raw_server: RawServer, knows_the_time: TellTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await asyncio.sleep(0.01)

    seat = open_desk(await raw_server(drip))
    await knows_the_time(seat)
    monkeypatch.setattr(connection_module, "_WHOLE_CALL_S", 0.5)
    transfer = await seat.send()
    assert transfer.outcome is Outcome.UNKNOWN
    _reads_well(transfer)


# What never left: the exchange's time is known, and then the way to it is gone


@contextmanager
def _closed_port() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    yield f"http://127.0.0.1:{port}"


@contextmanager
def _deaf_port() -> Iterator[str]:
    """A listener whose queue is full: the kernel answers no further connection."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for waiter in waiting:
            waiter.setblocking(False)
            waiter.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        for waiter in waiting:
            waiter.close()


@contextmanager
def _silent_port() -> Iterator[str]:
    """Takes connections, and never says a word: no TLS."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def _no_such_host() -> Iterator[str]:
    yield "https://nothing.invalid"


_NEVER_LEFT = {
    "connection refused": (_closed_port, "Check the network."),
    "connect times out": (_deaf_port, "connecting took too long"),
    "no such host": (_no_such_host, "Check the network."),
    "TLS times out": (_silent_port, "connecting took too long"),
}


@pytest.mark.parametrize(("place", "words"), _NEVER_LEFT.values(), ids=_NEVER_LEFT)
async def test_what_never_left_is_not_sent(
    open_desk: OpenDesk, knows_the_time: TellTime, place: Callable[[], AbstractContextManager[str]], words: str
) -> None:
    with place() as url:
        seat = open_desk(url)
        await knows_the_time(seat)
        seat.client._connection.http.timeout = httpx.Timeout(5, connect=0.3)
        transfer = await seat.send()
    assert transfer.outcome is Outcome.NOT_SENT
    assert words in outcomes.message(transfer.evidence)
    _reads_well(transfer)
    assert [row.outcome for row in seat.written()] == [Outcome.NOT_SENT]


async def test_pool_without_a_free_connection_is_not_sent(
    seat: Seat, server: DemoServer, agree: Callable[[Seat], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken up by a transfer that hangs, the pool has no connection left for another."""
    monkeypatch.setattr(connection_module, "_MOST_CONNECTIONS", 1)
    await seat.client.sync_clock()
    gate = Gate()
    server.exchange.faults.append(Fault(before=gate))
    hanging = asyncio.create_task(seat.send())
    assert await asyncio.to_thread(gate.reached.wait, 10)
    seat.client._connection.http.timeout = httpx.Timeout(5, pool=0.2)
    transfer = await seat.send("2")
    assert transfer.outcome is Outcome.NOT_SENT
    _reads_well(transfer)
    gate.open()
    assert (await hanging).outcome is Outcome.DONE
    agree(seat)


async def test_transfer_does_not_wait_for_calls_that_hang(
    seat: Seat, server: DemoServer, agree: Callable[[Seat], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "_MOST_CONNECTIONS", 1)
    await seat.desk.prepare()
    gate = Gate()
    server.exchange.faults.append(Fault(before=gate, method="GET", path="/sapi/v1/account/apiRestrictions"))
    hanging = asyncio.create_task(seat.client.read(KEY_RESTRICTIONS))
    assert await asyncio.to_thread(gate.reached.wait, 10)
    assert (await seat.send()).outcome is Outcome.DONE
    gate.open()
    await hanging
    agree(seat)


async def test_server_whose_certificate_nobody_vouches_for_gets_nothing(
    open_desk: OpenDesk, raw_server: RawServer, knows_the_time: TellTime, self_signed: ssl.SSLContext
) -> None:
    heard = bytearray()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.read())
        writer.close()

    seat = open_desk(await raw_server(listen, self_signed))
    await knows_the_time(seat)
    transfer = await seat.send()
    assert transfer.outcome is Outcome.NOT_SENT
    assert "certificate" in outcomes.message(transfer.evidence).lower()
    _reads_well(transfer)
    assert heard == b""


# Answers that only a raw socket can give


def _with_length(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


_TRAN_ID = _with_length(b'{"tranId":77}')

_RAW = {
    "whole answer, then the end": (b"HTTP/1.1 200 OK\r\n" + _TRAN_ID, Outcome.DONE),
    "interim answers before it": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\n" + _TRAN_ID,
        Outcome.DONE,
    ),
    "until the end of the connection": (b'HTTP/1.0 200 OK\r\n\r\n{"tranId":77}', Outcome.DONE),
    "less than announced": (b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"tranId":77}', Outcome.UNKNOWN),
    "chunks that break off": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{", Outcome.UNKNOWN),
    "chunks without their end": (
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nd\r\n{"tranId":77}\r\n',
        Outcome.UNKNOWN,
    ),
    "half a header": (b"HTTP/1.1 200 OK\r\nContent-Le", Outcome.UNKNOWN),
    "two lengths": (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n" + _TRAN_ID, Outcome.UNKNOWN),
    "no HTTP": (b"\x00\x01\x02 SSH-2.0-OpenSSH\r\n", Outcome.UNKNOWN),
    "endless header": (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, Outcome.UNKNOWN),
    "another protocol": (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        Outcome.UNKNOWN,
    ),
    "interim answer only": (b"HTTP/1.1 100 Continue\r\n\r\n", Outcome.UNKNOWN),
}


@pytest.mark.parametrize("ending", ["close", "reset"])
@pytest.mark.parametrize(("reply", "outcome"), _RAW.values(), ids=_RAW)
async def test_connection_ends_around_the_answer(
    open_desk: OpenDesk,
    raw_server: RawServer,
    knows_the_time: TellTime,
    reply: bytes,
    outcome: Outcome,
    ending: str,
) -> None:
    """However it ends: a whole answer with a tranId is done, anything less is unknown."""
    posts = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal posts
        head = await reader.readuntil(b"\r\n\r\n")
        posts += head.startswith(b"POST")
        await reader.read(10_000)
        writer.write(reply)
        await writer.drain()
        if ending == "reset" and outcome is Outcome.UNKNOWN:  # a reset may overtake what was written before it
            writer.transport.abort()
        writer.close()

    seat = open_desk(await raw_server(answer))
    await knows_the_time(seat)
    transfer = await seat.send()
    await seat.desk.close()
    assert transfer.outcome is outcome
    assert transfer.tran_id == (77 if outcome is Outcome.DONE else None)
    if outcome is Outcome.UNKNOWN:
        _reads_well(transfer)
    assert posts == 1
