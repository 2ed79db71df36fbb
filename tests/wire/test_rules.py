"""A person's rules at the desk: nothing goes past them, whichever way it is sent."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from decimal import Decimal

import pytest

from tests.gate import Gate
from tests.waiting import LIMIT_S
from tests.wire.conftest import DemoServer, OpenDesk, Seat
from tests.wire.test_plans import AMOUNT, CM, FUNDING, PLAN, SPOT, UM, Watched
from tui import clock
from tui.clock import ticks_ms
from tui.demo.faults import Cut, Fault
from tui.demo.ledger import Funds
from tui.desk.guards import Forbidden
from tui.domain.balances import Rate
from tui.domain.plan import gather, rest, via, way_back
from tui.domain.plan_state import Cause, Phase
from tui.domain.rules import Allow, Keep, Most, MostPerDay, Origin, RetypeFrom, Rule, Rules
from tui.domain.transfer import Outcome, TransferRequest
from tui.domain.wallets import TransferType, Wallet
from tui.journal.limits import DAY_MS
from tui.structs import replace

ORIGIN = Origin("rules.toml", 3)


class Book:
    """The person's rules, which a test may change."""

    def __init__(self) -> None:
        self.rules = Rules()

    def __call__(self) -> Rules:
        return self.rules

    def write(self, *rules: Rule) -> None:
        self.rules = Rules(rules, f"{rules}")


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture(autouse=True)
def _noon(server: DemoServer) -> None:
    """No day ends while a test counts what was moved in it."""
    server.exchange.clock_offset_ms = DAY_MS // 2 - clock.wall_ms() % DAY_MS


@pytest.fixture
def seat(open_desk: OpenDesk, book: Book) -> Seat:
    seat = open_desk()
    seat.desk._read_rules = book
    return seat


@pytest.fixture
def watched(seat: Seat, server: DemoServer) -> Watched:
    server.exchange.ledger.hold(CM, "BTC", Funds(Decimal(1)))
    return Watched(seat)


def daily(amount: str, asset: str = "USDT", profile: str = "") -> MostPerDay:
    return MostPerDay(asset, Decimal(amount), Origin("rules.toml", 3, profile))


async def test_what_a_rule_forbids_is_neither_sent_nor_written(seat: Seat, server: DemoServer, book: Book) -> None:
    book.write(Most("USDT", Decimal(5), ORIGIN), Allow(frozenset({(Wallet.SPOT, Wallet.FUNDING)}), ORIGIN))
    with pytest.raises(Forbidden, match="at most 5 USDT in one transfer"):
        await seat.send("5.01")
    with pytest.raises(Forbidden, match="Spot -> USD-M Futures is not among the allowed moves"):
        await seat.send("1", TransferType.MAIN_UMFUTURE)
    assert (server.exchange.requests, seat.written()) == ([], [])
    assert (await seat.send("5")).outcome is Outcome.DONE


async def test_file_counts_as_it_is_at_each_send(seat: Seat, book: Book) -> None:
    await seat.send("5")
    book.write(Most("USDT", Decimal(1), ORIGIN))
    with pytest.raises(Forbidden):
        await seat.send("5")


async def test_file_that_cannot_be_understood_lets_nothing_pass(seat: Seat, server: DemoServer) -> None:
    def broken() -> Rules:
        raise Forbidden("rules.toml, line 1: no. Until it is right, nothing is sent.")

    seat.desk._read_rules = broken
    with pytest.raises(Forbidden, match="line 1"):
        await seat.send()
    assert server.exchange.requests == []


@pytest.mark.parametrize("executed", [True, False], ids=["executed", "not executed"])
async def test_day_counts_done_open_and_judged_transfers(
    seat: Seat, server: DemoServer, book: Book, executed: bool, past_the_window: Callable[[], None]
) -> None:
    book.write(daily("10"))
    await seat.send("4")
    server.exchange.faults.append(Fault(executes=executed, answer=Cut.CLOSE))
    unknown = await seat.send("5")
    with pytest.raises(Forbidden, match="at most 10 USDT in one UTC day"):
        await seat.send("1.01")
    if not executed:  # else it may be settled already, and a transfer would be sent with the time before the jump
        past_the_window()
    await seat.settled(unknown)
    with pytest.raises(Forbidden, match="1 USDT is left"):
        await seat.send("1.01")
    assert (await seat.send("1")).outcome is Outcome.DONE


async def test_refused_transfers_do_not_count(seat: Seat, book: Book) -> None:
    book.write(daily("2000"))
    assert (await seat.send("1999")).outcome is Outcome.REJECTED
    assert (await seat.send("1")).outcome is Outcome.DONE


async def test_day_of_a_profile_counts_its_own_transfers(seat: Seat, open_desk: OpenDesk, book: Book) -> None:
    book.write(daily("10", profile="main"))
    await open_desk(profile="other").send("9")
    await seat.send("9")
    with pytest.raises(Forbidden, match="1 USDT is left"):
        await seat.send("2")


async def test_two_shunters_at_once_do_not_exceed_the_day(
    seat: Seat, open_desk: OpenDesk, server: DemoServer, book: Book
) -> None:
    other = open_desk()
    other.desk._read_rules = book
    book.write(daily("10"))
    seats = [seat, other] * 6
    sends = [each.send(f"3.0{at:02}") for at, each in enumerate(seats)]  # any three fit into the day, and no four
    results = await asyncio.gather(*sends, return_exceptions=True)
    assert sum(isinstance(result, Forbidden) for result in results) == len(seats) - 3
    moved = sum(transfer.request.amount for transfer in server.exchange.ledger.transfers)
    assert moved <= 10


async def test_what_must_stay_stays_also_with_two_shunters_at_once(
    seat: Seat, open_desk: OpenDesk, server: DemoServer, book: Book
) -> None:
    other = open_desk()
    other.desk._read_rules = book
    book.write(Keep(Wallet.SPOT, "USDT", Decimal(1000), ORIGIN))  # of 1,250
    sends = [each.send(f"10{at}") for at, each in enumerate([seat, other] * 4)]
    await asyncio.gather(*sends, return_exceptions=True)
    assert server.exchange.ledger.balance(Wallet.SPOT, "USDT").free >= 1000
    with pytest.raises(Forbidden, match="1,000 USDT must stay in Spot"):
        await seat.send("251")


async def test_plan_counts_once_in_a_day_from_its_confirmation_on(
    watched: Watched, open_desk: OpenDesk, book: Book, gate: Gate, server: DemoServer
) -> None:
    book.write(daily("0.015", "BTC"))
    server.exchange.faults.append(Fault(before=gate))
    await watched.begin(gather(UM, "BTC", {CM: Decimal("0.01"), SPOT: Decimal("0.002")}))
    await asyncio.to_thread(gate.reached.wait, LIMIT_S)
    other = Watched(open_desk())
    other.seat.desk._read_rules = book
    with pytest.raises(Forbidden, match=r"0\.003 BTC is left today"):
        await other.begin(gather(FUNDING, "BTC", {SPOT: Decimal("0.004")}))
    gate.open()
    assert (await watched.end()).phase is Phase.DONE
    with pytest.raises(Forbidden, match=r"0\.003 BTC is left today"):
        await watched.begin(via(CM, UM, "BTC", Decimal("0.004")))


async def test_plan_is_allowed_by_its_two_ends(watched: Watched, book: Book) -> None:
    book.write(Allow(frozenset({(Wallet.CM, Wallet.UM)}), ORIGIN))
    assert (await (await watched.begin()).end()).phase is Phase.DONE
    with pytest.raises(Forbidden):
        await watched.begin(gather(UM, "BTC", {SPOT: Decimal("0.001")}))


async def test_change_of_the_file_stops_a_plan(watched: Watched, book: Book, gate: Gate, server: DemoServer) -> None:
    server.exchange.faults.append(Fault(after=gate))
    await watched.begin(PLAN)
    await asyncio.to_thread(gate.reached.wait, LIMIT_S)
    book.write(daily("100000", "BTC"))
    gate.open()
    state = await watched.end()
    assert (state.cause, state.number, len(server.executed)) == (Cause.FAILED, 1, 1)
    assert "rules.toml has changed" in state.detail


@pytest.mark.parametrize("is_in_time", [True, False], ids=["before the step", "as it is sent"])
async def test_what_must_stay_is_read_again_before_each_step_of_a_plan(
    watched: Watched, open_desk: OpenDesk, book: Book, gate: Gate, server: DemoServer, is_in_time: bool
) -> None:
    ledger = server.exchange.ledger
    for account in (FUNDING, SPOT):
        ledger.hold(account, "BTC", Funds(Decimal(1)))
    book.write(Keep(Wallet.SPOT, "BTC", ledger.balance(Wallet.SPOT, "BTC").free - AMOUNT, ORIGIN))
    server.exchange.faults.append(Fault(after=gate))
    await watched.begin(gather(UM, "BTC", {FUNDING: AMOUNT, SPOT: AMOUNT}))
    await asyncio.to_thread(gate.reached.wait, LIMIT_S)
    other = open_desk()
    other.desk._read_rules = book
    request = TransferRequest(TransferType.MAIN_FUNDING, "BTC", AMOUNT)
    if is_in_time:
        await other.desk.submit(request)
    else:
        read = watched.run._reader.read_wallets

        async def read_wallets(wallets: Collection[Wallet]) -> AsyncIterator[object]:
            async for balances in read(wallets):
                yield balances
            await other.desk.submit(request)

        watched.run._reader.read_wallets = read_wallets  # type: ignore[method-assign, assignment]
    gate.open()
    state = await watched.end()
    assert (state.cause, state.number, len(server.executed)) == (Cause.FAILED, 1, 2)
    assert ("would stay" if is_in_time else "has changed the balance") in state.detail


@pytest.mark.parametrize("way", ["on", "back", "left"])
async def test_what_only_passes_through_is_none_that_stays(
    watched: Watched, open_desk: OpenDesk, book: Book, gate: Gate, server: DemoServer, way: str
) -> None:
    book.write(Keep(Wallet.SPOT, "BTC", server.exchange.ledger.balance(Wallet.SPOT, "BTC").free, ORIGIN))
    server.exchange.faults.append(Fault(after=gate))
    await watched.begin(PLAN)
    await asyncio.to_thread(gate.reached.wait, LIMIT_S)
    watched.run.stop()
    gate.open()
    state = await watched.end()
    assert (state.cause, state.number) == (Cause.LEFT, 1)
    other = open_desk()
    other.desk._read_rules = book
    request = TransferRequest(TransferType.MAIN_FUNDING, "BTC", AMOUNT)
    with pytest.raises(Forbidden, match="BTC would stay"):
        await other.desk.submit(request)
    if way == "left":
        await watched.seat.desk.leave_plan(state.stored)
        assert (await other.desk.submit(request)).outcome is Outcome.DONE
        return
    plan = rest(PLAN, 1) if way == "on" else way_back(PLAN, 1)
    assert plan
    await watched.begin(plan, succeeds=state.stored.identity)
    assert (await watched.end()).phase is Phase.DONE


async def test_day_that_is_full_is_said_before_the_question(watched: Watched, book: Book) -> None:
    book.write(daily("0.015", "BTC"))
    with pytest.raises(Forbidden, match=r"0\.015 BTC is left today"):
        await watched.seat.desk.require_allowed(gather(UM, "BTC", {CM: Decimal("0.01"), SPOT: Decimal("0.006")}))


@pytest.mark.parametrize("is_read", [True, False])
async def test_worth_by_old_prices_is_not_known(seat: Seat, server: DemoServer, book: Book, is_read: bool) -> None:
    book.write(RetypeFrom(Decimal(1000), "USDT", ORIGIN))
    request = TransferRequest(TransferType.MAIN_FUNDING, "BTC", Decimal("0.005"))
    reader = seat.desk.balance_reader
    async for _ in reader.read_all():
        pass
    assert (await seat.desk.require_allowed(request)).to_retype is None
    rate, old_ms = reader.balances.rate, ticks_ms() - 11 * 60_000
    assert rate
    if is_read:  # by the old price it is worth a cent
        reader.balances = replace(reader.balances, rate=Rate(Decimal(2), old_ms), priced_ms=old_ms)
        book.write(RetypeFrom(rate.price * request.amount, "USDT", ORIGIN))
    else:
        reader.balances = replace(reader.balances, priced_ms=old_ms)
        path = "/sapi/v1/asset/wallet/balance"
        server.exchange.faults.append(Fault(path=path, method="GET", executes=False, answer=Cut.CLOSE, times=None))
    with pytest.raises(Forbidden, match="type the amount again"):
        await seat.desk.require_allowed(request)
    assert (await seat.desk.require_allowed(request, retyped=request.amount)).to_retype == request.amount
