"""Plans at a real exchange on loopback: each step once, in order, and never past what is certain."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import NoReturn

import pytest

from tests.gate import Gate
from tests.waiting import LIMIT_S
from tests.wire.conftest import DemoServer, OpenDesk, Seat
from tui.clock import ticks_ms
from tui.demo.faults import Cut, Fault, Reply
from tui.demo.keys import new_key
from tui.demo.ledger import Funds
from tui.desk import plans as runner
from tui.desk.desk import Decision, Word
from tui.desk.foresight import foresee
from tui.desk.keycheck import examine
from tui.domain.balances import Account
from tui.domain.credentials import KeyKind
from tui.domain.openness import Closure
from tui.domain.plan import Plan, gather, rest, via, way_back
from tui.domain.plan_state import Cause, Hindrance, Phase, PlanState
from tui.domain.transfer import TransferRequest
from tui.domain.wallets import TransferType, Wallet
from tui.exchange.errors import ExchangeError
from tui.journal import PlanTaken
from tui.structs import replace
from tui.words import plans as words

SPOT, FUNDING, CROSS, UM, CM = map(Account, (Wallet.SPOT, Wallet.FUNDING, Wallet.CROSS, Wallet.UM, Wallet.CM))
AMOUNT = Decimal("0.01")
PLAN = via(CM, UM, "BTC", AMOUNT)
REFUSED = Reply(400, b'{"code":-5002,"msg":"You have insufficient balance."}')
UNANSWERED = Fault(executes=False, answer=Cut.CLOSE)


class Watched:
    """A plan that is carried out, with every state that was reported."""

    def __init__(self, seat: Seat) -> None:
        self.seat = seat
        self.states: list[PlanState] = []
        self.last_key_ms = ticks_ms()
        self._changed = asyncio.Event()

    async def begin(self, plan: Plan = PLAN, *, meant: frozenset[str] = frozenset(), succeeds: str = "") -> "Watched":
        self.run = await self.seat.desk.carry_out(
            plan, meant=meant, report=self._report, last_key_ms=lambda: self.last_key_ms, succeeds=succeeds
        )
        return self

    def _report(self, state: PlanState) -> None:
        self.states.append(state)
        self._changed.set()

    async def until(self, holds: Callable[[PlanState], object]) -> PlanState:
        async with asyncio.timeout(LIMIT_S):
            while not holds(self.run.state):
                self._changed.clear()
                await self._changed.wait()
        return self.run.state

    async def end(self) -> PlanState:
        return await self.until(lambda state: state.is_over)

    @property
    def phases(self) -> list[Phase]:
        phases = [state.phase for state in self.states]
        return [phase for at, phase in enumerate(phases) if not at or phases[at - 1] is not phase]


@pytest.fixture
def watched(seat: Seat) -> Watched:
    return Watched(seat)


@pytest.fixture(autouse=True)
def _funds(server: DemoServer) -> None:
    server.exchange.ledger.hold(CM, "BTC", Funds(Decimal(1)))


def executed(server: DemoServer) -> list[TransferType]:
    return [transfer.request.type for transfer in server.exchange.ledger.transfers]


async def offered(seat: Seat) -> list[PlanState]:
    return await seat.desk.open_plans()


async def test_two_moves_go_one_after_the_other(watched: Watched, server: DemoServer) -> None:
    before = server.exchange.ledger.balance(Wallet.UM, "BTC").free
    state = await (await watched.begin()).end()
    assert (state.phase, state.stored.is_done) == (Phase.DONE, True)
    assert executed(server) == [TransferType.CMFUTURE_MAIN, TransferType.MAIN_UMFUTURE]
    assert server.exchange.ledger.balance(Wallet.UM, "BTC").free == before + AMOUNT
    assert [transfer and transfer.tran_id for transfer in state.stored.transfers] == server.executed
    assert words.whereabouts(state.stored) == ["0.01 BTC was moved to USD-M Futures."]
    assert await offered(watched.seat) == []
    assert [row.plan_step for row in watched.seat.written()] == [state.stored.step(0), state.stored.step(1)]


async def test_gathering_sends_each_amount(watched: Watched, server: DemoServer) -> None:
    server.exchange.ledger.hold(CROSS, "BTC", Funds(Decimal(1)))
    plan = gather(UM, "BTC", {SPOT: AMOUNT, CM: AMOUNT, CROSS: AMOUNT})
    state = await (await watched.begin(plan)).end()
    assert (state.phase, len(server.executed)) == (Phase.DONE, 4)
    assert set(words.whereabouts(state.stored)) == {"0.01 BTC was moved to USD-M Futures."}


async def test_equal_steps_of_one_plan_are_no_repeats(watched: Watched, server: DemoServer) -> None:
    """Two legs through Spot end with the same transfer."""
    pair = Account(Wallet.ISOLATED, "BTCUSDT")
    server.exchange.ledger.hold(pair, "BTC", Funds(Decimal(1)))
    state = await (await watched.begin(gather(UM, "BTC", {CM: AMOUNT, pair: AMOUNT}))).end()
    assert (state.phase, executed(server).count(TransferType.MAIN_UMFUTURE)) == (Phase.DONE, 2)


@pytest.mark.parametrize("step", [0, 1])
async def test_refusal_stops_it_and_says_where_the_amount_is(watched: Watched, server: DemoServer, step: int) -> None:
    server.exchange.faults.append(Fault(executes=False, answer=REFUSED, skip=step))
    state = await (await watched.begin()).end()
    assert (state.phase, state.cause, state.number) == (Phase.STOPPED, Cause.REFUSED, step)
    assert len(server.executed) == step
    assert words.stopped(state).startswith(f"Step {step + 1} of 2: rejected. ")
    where = "0.01 BTC was moved to Spot, and no further." if step else "0.01 BTC was not moved out of COIN-M Futures."
    assert words.whereabouts(state.stored) == [where]
    assert [(one.stored.identity, one.cause) for one in await offered(watched.seat)] == [
        (state.stored.identity, Cause.REFUSED)
    ]


async def test_refusal_in_a_gather_stops_the_rest(watched: Watched, server: DemoServer) -> None:
    server.exchange.faults.append(Fault(executes=False, answer=REFUSED, skip=1))
    state = await (await watched.begin(gather(UM, "USDT", {SPOT: AMOUNT, FUNDING: AMOUNT, CROSS: AMOUNT}))).end()
    assert (state.cause, len(server.exchange.requests), len(server.executed)) == (Cause.REFUSED, 2, 1)
    assert words.whereabouts(state.stored) == [
        "0.01 USDT was moved to USD-M Futures.",
        "0.01 USDT was not moved out of Funding.",
        "0.01 USDT was not moved out of Cross Margin.",
    ]


async def test_unknown_step_that_was_executed_lets_it_go_on(watched: Watched, server: DemoServer) -> None:
    server.exchange.faults.append(Fault(answer=Cut.CLOSE))
    state = await (await watched.begin()).end()
    assert state.phase is Phase.DONE
    assert watched.phases[:4] == [Phase.SENDING, Phase.SETTLING, Phase.CHECKING, Phase.SENDING]
    assert words.whereabouts(state.stored) == [
        "According to the exchange's history, 0.01 BTC was moved to USD-M Futures."
    ]
    assert len(server.exchange.requests) == 2


async def test_unknown_step_that_was_not_executed_stops_it(
    watched: Watched, server: DemoServer, past_the_window: Callable[[], None]
) -> None:
    server.exchange.faults.append(replace(UNANSWERED))
    await watched.begin()
    await watched.until(lambda state: state.phase is Phase.SETTLING)
    assert len(server.exchange.requests) == 1
    past_the_window()
    state = await watched.end()
    assert (state.cause, server.executed) == (Cause.REFUSED, [])
    assert words.whereabouts(state.stored) == [
        "According to the exchange's history, 0.01 BTC was not moved out of COIN-M Futures."
    ]


@pytest.mark.parametrize("what", ["key", "confirmation"])
async def test_step_that_took_long_to_settle_asks_the_person(
    watched: Watched, server: DemoServer, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    if what == "key":
        watched.last_key_ms -= runner.RECENT_MS + 1
    else:
        monkeypatch.setattr(runner, "RECENT_MS", 0)
    server.exchange.faults.append(Fault(answer=Cut.CLOSE))
    state = await (await watched.begin()).end()
    assert (state.cause, len(server.exchange.requests), state.stored.done) == (Cause.LATE, 1, 1)
    assert "was moved to Spot, and no further" in words.whereabouts(state.stored)[0]


@pytest.mark.parametrize("word", Word)
async def test_persons_word_ends_it(watched: Watched, server: DemoServer, word: Word) -> None:
    server.exchange.faults.append(replace(UNANSWERED))
    await watched.begin()
    state = await watched.until(lambda state: state.phase is Phase.SETTLING)
    transfer = state.stored.transfers[0]
    assert transfer
    await watched.seat.desk.choose(Decision(transfer, word))
    state = await watched.end()
    assert (state.cause, len(server.exchange.requests)) == (Cause.DECIDED, 1)
    assert words.whereabouts(state.stored)[0].startswith("According to your decision, ")
    (open_plan,) = await offered(watched.seat)
    assert open_plan.cause is Cause.DECIDED


async def test_person_stops_it_between_steps(watched: Watched, server: DemoServer, gate: Gate) -> None:
    server.exchange.faults.append(Fault(after=gate))
    await watched.begin()
    await asyncio.to_thread(gate.reached.wait, LIMIT_S)
    watched.run.stop()
    gate.open()
    state = await watched.end()
    assert (state.cause, state.number, len(server.executed)) == (Cause.LEFT, 1, 1)
    assert words.stopped(state) == "You stopped the plan before step 2 of 2."


async def test_person_stops_it_while_a_step_is_unknown(watched: Watched, server: DemoServer) -> None:
    server.exchange.faults.append(replace(UNANSWERED))
    await watched.begin()
    await watched.until(lambda state: state.phase is Phase.SETTLING)
    watched.run.stop()
    state = await watched.end()
    assert (state.cause, len(server.exchange.requests)) == (Cause.UNKNOWN, 1)
    assert words.whereabouts(state.stored) == [
        "It is not known whether 0.01 BTC was moved from COIN-M Futures to Spot."
    ]


async def test_lock_stops_it(watched: Watched, server: DemoServer, gate: Gate) -> None:
    server.exchange.faults.append(Fault(after=gate))
    await watched.begin()
    await asyncio.to_thread(gate.reached.wait, LIMIT_S)
    watched.seat.client.drop_key()
    gate.open()
    state = await watched.end()
    assert len(server.exchange.requests) == 1
    assert state.cause in (Cause.LOCKED, Cause.UNKNOWN)


async def test_amount_is_waited_for_and_sent_to_the_last_digit(watched: Watched, server: DemoServer) -> None:
    ledger = server.exchange.ledger
    held = ledger.balance(Wallet.SPOT, "BTC").free
    ledger.hold(SPOT, "BTC", Funds(-held - AMOUNT + Decimal("0.00000001")))  # it comes, but one unit is missing
    await watched.begin()
    state = await watched.until(lambda state: state.phase is Phase.ARRIVING)
    assert words.progress(state) == (
        "Step 2 of 2: it waits for 0.01 BTC in Spot, which shows 0.00000001 BTC as movable"
    )
    assert len(server.executed) == 1
    ledger.hold(SPOT, "BTC", Funds(AMOUNT))
    assert (await watched.end()).phase is Phase.DONE
    assert server.exchange.ledger.transfers[1].request.amount == AMOUNT


async def test_amount_that_does_not_arrive_stops_it(
    watched: Watched, server: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "ARRIVES_S", 0)
    held = server.exchange.ledger.balance(Wallet.SPOT, "BTC").free
    server.exchange.ledger.hold(SPOT, "BTC", Funds(-held - AMOUNT))
    state = await (await watched.begin()).end()
    assert (state.cause, len(server.executed)) == (Cause.NOT_ARRIVED, 1)
    assert words.stopped(state) == (
        "Step 2 of 2 was not sent: it waited for 0.01 BTC in Spot, which shows 0.00000000 BTC as movable."
    )


async def test_wallet_between_that_cannot_be_read_stops_it(
    watched: Watched, server: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "ARRIVES_S", 0)
    server.exchange.faults.append(
        Fault(method="POST", path="/sapi/v3/asset/getUserAsset", executes=False, answer=Reply(500, b"no"), times=None)
    )
    state = await (await watched.begin()).end()
    assert (state.cause, len(server.executed)) == (Cause.NOT_ARRIVED, 1)
    assert "which cannot be read" in words.stopped(state)


@pytest.mark.parametrize("status", [429, 418])
async def test_pause_that_the_exchange_asks_for_stops_it(
    watched: Watched, server: DemoServer, gate: Gate, status: int
) -> None:
    """A reading beside the plan is refused while its first step waits for its answer."""
    pause = Reply(status, b'{"code":-1003,"msg":"Too many requests."}', {"Retry-After": "60"})
    path = "/sapi/v1/account/apiRestrictions"
    server.exchange.faults += [Fault(after=gate), Fault(method="GET", path=path, executes=False, answer=pause)]
    await watched.begin(gather(UM, "USDT", {SPOT: AMOUNT, FUNDING: AMOUNT}))
    await asyncio.to_thread(gate.reached.wait, LIMIT_S)
    with pytest.raises(ExchangeError):
        await examine(watched.seat.client)
    gate.open()
    state = await watched.end()
    assert (state.cause, state.number, len(server.exchange.requests)) == (Cause.FAILED, 1, 1)
    assert "pause" in words.stopped(state)


async def test_failure_of_our_own_stops_it_with_the_step_unknown(
    watched: Watched, server: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = watched.seat.client.transfer

    async def fail(request: TransferRequest, timestamp_ms: int) -> NoReturn:
        await send(request, timestamp_ms)
        raise RuntimeError("a bug")

    monkeypatch.setattr(watched.seat.client, "transfer", fail)
    state = await (await watched.begin()).end()
    assert (state.phase, state.cause, len(server.exchange.requests)) == (Phase.STOPPED, Cause.UNKNOWN, 1)


async def test_repeat_that_turns_up_stops_it(watched: Watched, server: DemoServer, open_desk: OpenDesk) -> None:
    second = PLAN.steps[1].request
    other = open_desk()
    await other.desk.submit(second)
    state = await (await watched.begin()).end()
    assert (state.cause, state.number, len(server.executed)) == (Cause.REPEAT, 1, 2)
    again = await Watched(watched.seat).begin(
        rest(PLAN, 1) or PLAN,
        meant=frozenset(row.identity for row in await watched.seat.desk.repeats(second)),
        succeeds=state.stored.identity,
    )
    assert (await again.end()).phase is Phase.DONE


async def test_rest_and_way_back_are_plans_of_their_own(watched: Watched, server: DemoServer) -> None:
    server.exchange.faults.append(Fault(executes=False, answer=REFUSED, skip=1))
    before = dict(server.exchange.ledger.holdings[CM])
    state = await (await watched.begin()).end()
    back = way_back(PLAN, state.stored.done)
    assert back
    again = await Watched(watched.seat).begin(back, succeeds=state.stored.identity)
    assert (await again.end()).phase is Phase.DONE
    assert server.exchange.ledger.holdings[CM] == before
    with pytest.raises(PlanTaken):
        await Watched(watched.seat).begin(rest(PLAN, 1) or PLAN, succeeds=state.stored.identity)
    assert await offered(watched.seat) == []


async def test_next_session_is_told_of_what_was_left(
    watched: Watched, server: DemoServer, open_desk: OpenDesk, gate: Gate
) -> None:
    server.exchange.faults.append(Fault(after=gate))
    await watched.begin()
    await asyncio.to_thread(gate.reached.wait, LIMIT_S)
    other = open_desk()
    assert await offered(other) == []  # it is being carried out
    await watched.seat.desk.close()
    gate.open()
    (state,) = await offered(other)
    assert state.cause is Cause.UNKNOWN
    await other.desk.open_transfers()
    await other.until(lambda: other.shown and not other.shown[-1].outcome.is_open)
    (state,) = await offered(other)
    assert (state.cause, state.stored.done) == (Cause.ENDED, 1)
    assert words.whereabouts(state.stored) == [
        "According to the exchange's history, 0.01 BTC was moved to Spot, and no further."
    ]
    assert len(server.exchange.requests) == 1
    await other.desk.leave_plan(state.stored)
    assert await offered(other) == []


async def test_other_key_is_not_offered_the_plan(watched: Watched, server: DemoServer, open_desk: OpenDesk) -> None:
    server.exchange.faults.append(Fault(executes=False, answer=REFUSED))
    await (await watched.begin()).end()
    key, _ = new_key(KeyKind.HMAC)
    assert await offered(open_desk(key=key)) == []


async def _in_the_way(seat: Seat, plan: Plan) -> list[tuple[Hindrance | Closure, bool]]:
    return [(found.hindrance, found.is_certain) for found in await foresee(seat.desk, plan)]


async def test_what_is_in_the_way_of_the_last_step_is_seen_before_the_first(seat: Seat, server: DemoServer) -> None:
    server.exchange.ledger.hold(UM, "BTC", Funds())
    assert await _in_the_way(seat, PLAN) == []
    unopened = Account(Wallet.ISOLATED, "LTCUSDT")
    async for _ in seat.desk.balance_reader.read_all():
        pass
    found = await _in_the_way(seat, via(CM, unopened, "BTC", AMOUNT))
    assert (Closure.NO_ACCOUNT, True) in found
    assert (Hindrance.NOT_TAKEN, True) in found
    server.exchange.ledger.disabled.append(server.exchange.ledger.pairs["SOLUSDT"])
    disabled = via(CM, Account(Wallet.ISOLATED, "SOLUSDT"), "USDT", AMOUNT)
    assert await _in_the_way(seat, disabled) == [(Closure.DISABLED, True)]
    (shown,) = await foresee(seat.desk, disabled)
    assert words.obstruction(shown) == "SOLUSDT is disabled: enable it on the exchange."
    server.exchange.ledger.disabled.append(server.exchange.ledger.pairs["BTCUSDT"])
    held = via(CM, Account(Wallet.ISOLATED, "BTCUSDT"), "USDT", AMOUNT)
    assert await _in_the_way(seat, held) == [(Closure.DISABLED, False)]  # it holds something: it may take more
    assert await _in_the_way(seat, via(Account(Wallet.ISOLATED, "BTCUSDT"), CM, "USDT", AMOUNT)) == [
        (Closure.NOT_LISTED, False)  # no such row, which need not mean that it is refused
    ]
    server.exchange.faults.append(
        Fault(method="GET", path="/fapi/v3/balance", executes=False, answer=Reply(500, b"no"), times=None)
    )
    assert await _in_the_way(seat, PLAN) == [(Hindrance.NOT_READ, False)]


async def test_key_that_may_not_transfer_is_seen_before_the_first_step(seat: Seat, server: DemoServer) -> None:
    server.exchange.ledger.hold(UM, "BTC", Funds())
    path = "/sapi/v1/account/apiRestrictions"
    refused = b'{"permitsUniversalTransfer":false,"enableReading":true}'
    server.exchange.faults.append(Fault(method="GET", path=path, executes=False, answer=Reply(200, refused)))
    (found,) = await foresee(seat.desk, PLAN)
    assert (found.hindrance, found.is_certain) == (Hindrance.PERMISSION, True)
    assert words.obstruction(found).startswith('It cannot be sent: the key lacks "Permits Universal Transfer"')
    server.exchange.faults.append(Fault(method="GET", path=path, executes=False, answer=Reply(500, b"no")))
    assert await _in_the_way(seat, PLAN) == [(Hindrance.KEY_NOT_READ, False)]


async def test_nothing_is_asked_about_a_plan_while_the_exchange_asks_for_a_pause(
    seat: Seat, server: DemoServer
) -> None:
    paused = Reply(418, headers={"retry-after": "60"})
    server.exchange.faults.append(Fault(method="GET", path="/fapi/v3/balance", executes=False, answer=paused))
    time_asked = Fault(method="GET", path="/api/v3/time", executes=False, answer=Reply(500))
    await foresee(seat.desk, PLAN)
    server.exchange.faults.append(time_asked)
    assert {hindrance for hindrance, _ in await _in_the_way(seat, PLAN)} == {Hindrance.KEY_NOT_READ, Hindrance.NOT_READ}
    assert time_asked in server.exchange.faults
