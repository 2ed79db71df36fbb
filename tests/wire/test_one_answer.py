"""Only the answer to the transfer says how the transfer ended, whatever else comes over its connections."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable

import pytest

from tests.waiting import LIMIT_S
from tests.wire.conftest import OpenDesk, RawServer, Seat
from tests.wire.hostile import ON_CONNECTIONS, ON_READS, ON_TRANSFERS, STRAY, TRAN_ID, HostileExchange, Trick
from tui.domain.transfer import Outcome, Transfer
from tui.exchange.errors import ExchangeError

_NOTHING_MOVED = {Outcome.REJECTED, Outcome.NOT_SENT, Outcome.NOT_EXECUTED}


@pytest.fixture(params=["plain", "TLS"])
def tls(request: pytest.FixtureRequest, self_signed: ssl.SSLContext, trusted: None) -> ssl.SSLContext | None:
    return self_signed if request.param == "TLS" else None


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
    await _send(await open_at(exchange), exchange)


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


@pytest.mark.parametrize("executes", [True, False])
async def test_transfer_with_its_answer_alone_is_done_or_rejected(open_at: OpenAt, executes: bool) -> None:
    """Else the tests above would prove nothing."""
    exchange = HostileExchange(Trick(), b"", executes)
    transfer = await _send(await open_at(exchange), exchange)
    assert transfer
    assert (transfer.outcome, transfer.tran_id) == ((Outcome.DONE, TRAN_ID) if executes else (Outcome.REJECTED, None))
