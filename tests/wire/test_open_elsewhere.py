"""Two Shunters over one journal: what the one is sending makes the other's balances doubtful."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from tests.gate import Gate
from tests.waiting import LIMIT_S
from tests.wire.conftest import DemoServer, OpenDesk, Seat
from tui.clock import ticks_ms
from tui.demo.faults import Fault
from tui.domain.balances import Account, Balances
from tui.domain.form import too_much
from tui.domain.transfer import Outcome
from tui.domain.wallets import Wallet
from tui.journal import JournalError

ENDS = (Account(Wallet.SPOT), Account(Wallet.FUNDING))


async def _read(seat: Seat) -> Balances:
    async for _ in seat.desk.balance_reader.read_all():
        pass
    return seat.desk.balance_reader.balances


def _doubtful(balances: Balances) -> set[Wallet]:
    return {wallet for wallet in Wallet if balances.is_doubtful(wallet)}


@pytest.fixture
async def sending(open_desk: OpenDesk, server: DemoServer) -> AsyncIterator[tuple[Gate, "asyncio.Task[object]"]]:
    """Another Shunter, whose transfer from Spot to Funding stands before a gate of the exchange."""
    gate, other = Gate(), open_desk()
    server.exchange.faults.append(Fault(before=gate))
    task: asyncio.Task[object] = asyncio.create_task(other.send("1000"))
    try:
        assert await asyncio.to_thread(gate.reached.wait, LIMIT_S)
        yield gate, task
    finally:
        gate.open()
        await task


async def test_open_transfer_of_another_shunter_marks_its_two_wallets_until_they_are_read_after_its_end(
    seat: Seat, sending: tuple[Gate, "asyncio.Task[object]"]
) -> None:
    gate, task = sending
    assert _doubtful(await _read(seat)) == {Wallet.SPOT, Wallet.FUNDING}
    gate.open()
    await task
    balances = await _read(seat)
    assert _doubtful(balances) == set()
    figure = balances.figure(Account(Wallet.SPOT), "USDT")
    assert figure
    assert figure.amount == Decimal("250.00")


async def test_review_relies_on_no_figure_that_another_shunter_may_change(
    seat: Seat, sending: tuple[Gate, "asyncio.Task[object]"]
) -> None:
    """It was read a moment ago, and looks fresh."""
    balances = await seat.desk.balance_reader.freshen(ENDS, "USDT")
    figure = balances.figure(ENDS[0], "USDT")
    assert figure
    assert figure.is_doubtful
    excess = too_much(Decimal(5000), "USDT", ENDS[0], figure, ticks_ms())
    assert excess
    assert not excess.is_certain


async def test_own_transfer_that_is_over_leaves_no_doubt(seat: Seat) -> None:
    await _read(seat)
    transfer = await seat.send("1")
    assert transfer.outcome is Outcome.DONE
    async for _ in seat.desk.balance_reader.read_wallets({Wallet.SPOT, Wallet.FUNDING}):
        pass
    assert _doubtful(seat.desk.balance_reader.balances) == set()


async def test_journal_that_cannot_be_read_takes_no_doubt_back(
    seat: Seat, sending: tuple[Gate, "asyncio.Task[object]"], monkeypatch: pytest.MonkeyPatch
) -> None:
    await _read(seat)

    def fails(_: object) -> None:
        raise JournalError("The disk is full.")

    monkeypatch.setattr(seat.journal, "all_open", fails)
    assert _doubtful(await _read(seat)) == {Wallet.SPOT, Wallet.FUNDING}
