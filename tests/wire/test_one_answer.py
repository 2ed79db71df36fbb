"""Only the answer to the transfer says how the transfer ended, whatever else comes over its connections."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.waiting import LIMIT_S
from tests.wire.conftest import OpenDesk, RawServer, Seat
from tests.wire.hostile import ON_CONNECTIONS, ON_READS, ON_TRANSFERS, STRAY, TRAN_ID, HostileExchange, Trick, http
from tui.clock import reading
from tui.domain.records import HistoryQuery
from tui.domain.transfer import Outcome, Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.exchange.errors import ExchangeError, NotSent, OutcomeUnknown

_NOTHING_MOVED = {Outcome.REJECTED, Outcome.NOT_SENT, Outcome.NOT_EXECUTED}


@pytest.fixture(params=["plain", "TLS"])
def tls(request: pytest.FixtureRequest, self_signed: ssl.SSLContext, trusted: None) -> ssl.SSLContext | None:
    return self_signed if request.param == "TLS" else None


@dataclass
class Proxy:
    """A proxy that leads everything to one place, or says too much."""

    leads_to: str | None = ""
    asked_for: list[bytes] = field(default_factory=list)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked_for.append(head.split(b"\r\n")[0])
        writer.write(b"HTTP/1.1 200 Any\r\n\r\n")
        if self.leads_to is None:
            writer.write(b"HTTP/1.1 200 Any\r\n\r\n")
            await reader.read()
            return
        there = await asyncio.open_connection("127.0.0.1", urlsplit(self.leads_to).port)
        await asyncio.gather(_pass_on(reader, there[1]), _pass_on(there[0], writer))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()


OpenAt = Callable[[HostileExchange], Awaitable[Seat]]


@pytest.fixture
def open_at(open_desk: OpenDesk, raw_server: RawServer, tls: ssl.SSLContext | None) -> OpenAt:
    """Opens a desk at an exchange."""

    async def opened(exchange: HostileExchange) -> Seat:
        return open_desk(await raw_server(exchange, tls))

    return opened


async def _send(seat: Seat, exchange: HostileExchange) -> Transfer | None:
    """Prepare as the review does, and send when all that the exchange says of itself was said. None if the program
    refuses to send.
    """
    try:
        await seat.desk.prepare()
        async with asyncio.timeout(LIMIT_S):
            await exchange.played.wait()
        transfer = await seat.send()
    except ExchangeError:
        assert not exchange.executed
        return None
    _agrees(transfer, exchange)
    for line in exchange.transfer_lines:
        assert line.asked == ["POST"], "the transfer shared its connection"
    return transfer


def _agrees(transfer: Transfer, exchange: HostileExchange) -> None:
    """Nothing that the program says of the transfer contradicts the exchange."""
    if transfer.outcome is Outcome.DONE:
        assert [transfer.tran_id] == exchange.executed
    if transfer.outcome in _NOTHING_MOVED:
        assert not exchange.executed


@pytest.mark.parametrize(("stray", "executes"), STRAY.values(), ids=STRAY)
@pytest.mark.parametrize("trick", ON_READS.values(), ids=ON_READS)
async def test_stray_answer_during_the_review_is_not_the_transfers(
    open_at: OpenAt, trick: Trick, stray: bytes, executes: bool
) -> None:
    exchange = HostileExchange(trick, stray, executes)
    seat = await open_at(exchange)
    transfer = await _send(seat, exchange)
    if trick is ON_READS["in the same write"]:  # the transfer's own connection is clean
        assert transfer
        assert transfer.outcome is (Outcome.DONE if executes else Outcome.REJECTED)


@pytest.mark.parametrize(("stray", "executes"), STRAY.values(), ids=STRAY)
@pytest.mark.parametrize("trick", ON_CONNECTIONS.values(), ids=ON_CONNECTIONS)
async def test_stray_answer_that_nobody_asked_for_is_not_the_transfers(
    open_at: OpenAt, trick: Trick, stray: bytes, executes: bool
) -> None:
    exchange = HostileExchange(trick, stray, executes)
    transfer = await _send(await open_at(exchange), exchange)
    if trick is ON_CONNECTIONS["when another connection opens"]:
        assert transfer
        assert transfer.outcome is Outcome.NOT_SENT
        assert not exchange.transfer_lines


@pytest.mark.parametrize(("stray", "executes"), STRAY.values(), ids=STRAY)
@pytest.mark.parametrize("trick", ON_TRANSFERS.values(), ids=ON_TRANSFERS)
@pytest.mark.parametrize("honours_close", [True, False], ids=["closes", "stays open"])
async def test_transfer_with_more_or_less_than_one_answer_is_unknown(
    open_at: OpenAt, trick: Trick, stray: bytes, executes: bool, honours_close: bool
) -> None:
    exchange = HostileExchange(trick, stray, executes, honours_close=honours_close)
    seat = await open_at(exchange)
    transfer = await _send(seat, exchange)
    if transfer:
        assert transfer.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("trick", ON_READS.values(), ids=ON_READS)
async def test_stray_answer_is_not_that_of_the_next_reading(open_at: OpenAt, trick: Trick) -> None:
    exchange = HostileExchange(trick, http(200, b'{"serverTime":1500000000000}'), executes=False)
    client = (await open_at(exchange)).client
    client.clock = reading(1, asked_ms=0, answered_ms=0)  # a second question would come before the stray answer
    for _ in range(3):
        exchange.played.clear()
        if trick is ON_READS["with a body longer than said"]:
            with contextlib.suppress(ExchangeError):
                await client.sync_clock()
        else:
            assert (await client.sync_clock()).server_ms == 1_800_000_000_000
        await exchange.played.wait()
    assert [line.asked for line in exchange.lines] == [["GET"]] * 3


@pytest.mark.parametrize("trick", [ON_READS["in the same write"], ON_READS["in a second write right after"]])
async def test_signed_reading_with_more_than_one_answer_is_not_taken(open_at: OpenAt, trick: Trick) -> None:
    """Which of the two is the answer? Of the history, the wrong one would say that a transfer is not there."""
    exchange = HostileExchange(trick, http(200, b'{"total":0,"rows":[]}'), executes=False)
    client = (await open_at(exchange)).client
    with pytest.raises(OutcomeUnknown):
        await client.transfer_history(HistoryQuery(TransferType.MAIN_FUNDING), start_ms=1, end_ms=2)


async def test_connections_without_stray_answers_are_kept(open_at: OpenAt) -> None:
    exchange = HostileExchange(Trick(), b"", executes=False)
    client = (await open_at(exchange)).client
    for _ in range(3):
        await client.sync_clock()
    assert [line.asked for line in exchange.lines] == [["GET"] * 4]


@pytest.mark.parametrize("executes", [True, False])
async def test_transfer_with_its_answer_alone_is_done_or_rejected(open_at: OpenAt, executes: bool) -> None:
    """Else the tests above would prove nothing."""
    exchange = HostileExchange(Trick(), b"", executes)
    transfer = await _send(await open_at(exchange), exchange)
    assert transfer
    assert (transfer.outcome, transfer.tran_id) == ((Outcome.DONE, TRAN_ID) if executes else (Outcome.REJECTED, None))


async def test_httpx_opens_connections_as_it_is_told(open_at: OpenAt) -> None:
    """It has no parameter for that; README.md, "Private parts of libraries that are used"."""
    client = (await open_at(HostileExchange(Trick(), b"", executes=True))).client
    await client.sync_clock()
    await client.transfer(TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(1)), 1)
    lines = client._connection.lines
    assert lines.network
    assert lines.ahead
    assert lines.network.reached == lines.ahead.reached == {lines.ahead.place}


# Through a proxy


@pytest.fixture
async def proxy(raw_server: RawServer, trusted: None, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Proxy:
    """A proxy that the environment names, which reaches the exchange under any name."""
    proxy = Proxy()
    monkeypatch.setenv("HTTPS_PROXY", await raw_server(proxy))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return proxy


@pytest.mark.parametrize(("stray", "executes"), STRAY.values(), ids=STRAY)
@pytest.mark.parametrize("trick", ["in the same write", "in a second write right after", "50 ms before"])
async def test_stray_answer_through_a_proxy_is_not_the_transfers(
    open_desk: OpenDesk,
    raw_server: RawServer,
    self_signed: ssl.SSLContext,
    proxy: Proxy,
    trick: str,
    stray: bytes,
    executes: bool,
) -> None:
    exchange = HostileExchange(ON_TRANSFERS[trick], stray, executes)
    proxy.leads_to = await raw_server(exchange, self_signed)
    transfer = await _send(open_desk("https://exchange.test"), exchange)
    assert transfer
    assert transfer.outcome is Outcome.UNKNOWN


async def test_nothing_goes_past_a_proxy(
    open_desk: OpenDesk, raw_server: RawServer, self_signed: ssl.SSLContext, proxy: Proxy
) -> None:
    """No connection is opened ahead: it would not go through the proxy."""
    exchange = HostileExchange(Trick(), b"", executes=True)
    proxy.leads_to = await raw_server(exchange, self_signed)
    seat = open_desk("https://exchange.test")
    transfer = await _send(seat, exchange)
    assert transfer
    assert transfer.outcome is Outcome.DONE
    assert seat.client.is_warm
    assert [line.asked for line in exchange.lines] == [["GET", "GET"], ["POST"]]
    assert proxy.asked_for == [b"CONNECT exchange.test:443 HTTP/1.1"] * 2


async def test_proxy_that_says_more_than_yes_is_not_used(open_desk: OpenDesk, proxy: Proxy) -> None:
    proxy.leads_to = None
    seat = open_desk("https://exchange.test")
    with pytest.raises(NotSent):
        await seat.desk.prepare()
