"""Plans as a person at the keyboard carries them out: one review, progress, and what is left of one that stopped."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from tests.evidence import accepted, refusal, transfer
from tests.gate import Gate
from tests.screens.conftest import NOON_MS
from tests.screens.waiting import is_reading, message, rows, screen_text, until, until_open, until_screen, words
from tests.waiting import LIMIT_S
from tui import keys
from tui.app.app import ShunterApp
from tui.app.opening import Start
from tui.clock import ticks_ms, wall_ms
from tui.demo.exchange import DemoExchange
from tui.demo.faults import Cut, Fault, Reply
from tui.demo.ledger import Funds
from tui.desk.desk import Desk
from tui.desk.guards import Forbidden, Permit
from tui.domain.balances import Account
from tui.domain.plan import Plan, gather, via
from tui.domain.plan_state import StoredPlan, state_of
from tui.domain.transfer import BOTH_ENDS, TransferRequest
from tui.domain.wallets import TransferType, Wallet
from tui.journal import Journal
from tui.journal.limits import DAY_MS
from tui.language import _
from tui.rules import rules_path
from tui.screens.entry import EntryScreen
from tui.screens.help import HelpScreen
from tui.screens.keys import KeysScreen
from tui.screens.lock import LockScreen
from tui.screens.main import MainScreen
from tui.screens.plan import PlanScreen
from tui.screens.plan_review import PlanReviewScreen
from tui.screens.review import Reviewing, ReviewScreen, Stage
from tui.structs import replace
from tui.widgets.ask_line import AskLine
from tui.widgets.asking_dialog import AskingDialog
from tui.widgets.facts import Facts
from tui.widgets.transfer_form import TransferForm

AppMaker = Callable[..., ShunterApp]
SnapCompare = Callable[..., bool]

SPOT, FUNDING, CROSS, UM, CM, OPTIONS = map(
    Account, (Wallet.SPOT, Wallet.FUNDING, Wallet.CROSS, Wallet.UM, Wallet.CM, Wallet.OPTIONS)
)
TWO = via(CM, UM, "BTC", Decimal("0.017"))
PAIR = Account(Wallet.ISOLATED, "BTCUSDT")
SIX = gather(
    UM, "USDT", {SPOT: Decimal(100), FUNDING: Decimal(5), CROSS: Decimal(7), OPTIONS: Decimal(9), PAIR: Decimal(3)}
)
REFUSED = Fault(executes=False, answer=Reply(400, b'{"code":-5002,"msg":"You have insufficient balance."}'))
SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


@pytest.fixture(autouse=True)
def _a_wallet_that_lists_btc(exchange: DemoExchange) -> None:
    exchange.ledger.hold(UM, "BTC", Funds())


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open()


async def _review(pilot: Pilot[bool], plan: Plan = TWO) -> PlanReviewScreen:
    main = await until_open(pilot)
    await until(pilot, lambda: not main.status.waiting_for)
    main.plans.review(plan)
    await until_screen(pilot, PlanReviewScreen)
    screen = pilot.app.screen
    assert isinstance(screen, PlanReviewScreen)
    await until(pilot, lambda: screen._stage is not Stage.PREPARING)
    return screen


async def _send(pilot: Pilot[bool], plan: Plan = TWO) -> None:
    await _review(pilot, plan)
    await pilot.press("y")


async def _ended(pilot: Pilot[bool]) -> str:
    await until_screen(pilot, PlanScreen)
    await until(pilot, lambda: not is_reading(pilot))
    return screen_text(pilot)


def _main(pilot: Pilot[bool]) -> MainScreen:
    main = pilot.app.screen_stack[1]
    assert isinstance(main, MainScreen)
    return main


async def test_plan_is_sent_with_one_y_and_every_tran_id_shown(demo_app: AppMaker, exchange: DemoExchange) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await _send(pilot)
        text = await _ended(pilot)
        assert "PLAN DONE" in text
        for executed in exchange.ledger.transfers:
            assert f"tranId {executed.tran_id}" in text
        assert "0.017 BTC was moved to USD-M Futures." in text
        await pilot.press("enter")
        await until_screen(pilot, MainScreen)
        assert len(rows(_main(pilot))) == len(exchange.ledger.transfers) == 2


async def test_second_y_sends_nothing_more(demo_app: AppMaker, exchange: DemoExchange) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await _review(pilot)
        await pilot.press("y", "y", "y")
        await _ended(pilot)
        assert len(exchange.requests) == 2


async def test_refused_step_says_where_the_money_is_and_leads_to_the_rest(
    demo_app: AppMaker, exchange: DemoExchange
) -> None:
    exchange.faults.append(replace(REFUSED, skip=1))
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await _send(pilot)
        text = await _ended(pilot)
        assert "PLAN STOPPED" in text
        assert "0.017 BTC was moved to Spot, and no further." in text
        await pilot.press("r")
        await until_screen(pilot, PlanReviewScreen)
        assert "0.017 BTC from Spot to USD-M Futures\n" in screen_text(pilot)
        await pilot.press("escape")
        assert "PLAN STOPPED" in await _ended(pilot)  # the choice is still to be made
        await pilot.press("r")
        await until_screen(pilot, PlanReviewScreen)
        screen = pilot.app.screen
        assert isinstance(screen, PlanReviewScreen)
        await until(pilot, lambda: screen._stage is Stage.READY)
        await pilot.press("y")
        assert "PLAN DONE" in await _ended(pilot)
        assert await _main(pilot).desk.open_plans() == []


async def test_way_back_is_a_plan_of_its_own(demo_app: AppMaker, exchange: DemoExchange) -> None:
    exchange.faults.append(replace(REFUSED, skip=1))
    before = exchange.ledger.balance(Wallet.CM, "BTC")
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await _send(pilot)
        await _ended(pilot)
        await pilot.press("b")
        await until_screen(pilot, PlanReviewScreen)
        screen = pilot.app.screen
        assert isinstance(screen, PlanReviewScreen)
        await until(pilot, lambda: screen._stage is Stage.READY)
        assert "0.017 BTC back from Spot to COIN-M Futures" in screen_text(pilot)
        await pilot.press("y")
        assert "PLAN DONE" in await _ended(pilot)
        assert exchange.ledger.balance(Wallet.CM, "BTC") == before


async def test_left_rest_is_not_offered_again(
    demo_app: AppMaker, exchange: DemoExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.plan._UNSEEN_S", 0)
    exchange.faults.append(replace(REFUSED, skip=1))
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await _send(pilot)
        await _ended(pilot)
        assert len(await _main(pilot).desk.open_plans()) == 1
        await pilot.press("escape")
        await until_screen(pilot, MainScreen)
        await pilot.app.workers.wait_for_complete(
            [w for w in pilot.app.workers if w.node is _main(pilot) and "leave" in w.name]
        )
        assert await _main(pilot).desk.open_plans() == []


@pytest.mark.parametrize("key", ["escape", "q"])
async def test_rest_is_not_left_by_a_key_that_was_pressed_before_it_was_shown(
    demo_app: AppMaker, exchange: DemoExchange, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setattr("tui.screens.plan._UNSEEN_S", 3600)
    exchange.faults.append(replace(REFUSED, skip=1))
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await _send(pilot)
        await _ended(pilot)
        await pilot.press(key, key)
        assert "PLAN STOPPED" in await _ended(pilot)
        await pilot.press("r")
        await until_screen(pilot, PlanReviewScreen)
        await pilot.press("escape")
        await _ended(pilot)
        await pilot.press(key)  # once too often
        assert "PLAN STOPPED" in await _ended(pilot)
        assert len(await _main(pilot).desk.open_plans()) == 1


async def test_step_that_becomes_known_after_the_stop_is_said_to_be_late(
    demo_app: AppMaker, exchange: DemoExchange, gate: Gate
) -> None:
    exchange.faults.append(Fault(executes=True, before=gate, answer=Cut.CLOSE))
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await _send(pilot)
        await until(pilot, lambda: "Step 1 of 2: sending" in screen_text(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: "It stops before the next step." in screen_text(pilot))
        gate.open()
        await _ended(pilot)
        await until(pilot, lambda: "Review the rest" in screen_text(pilot))
        text = " ".join(screen_text(pilot).split())
        assert "0.017 BTC was moved to Spot, and no further." in text
        assert "Step 1 of 2 is done, but that took a while to find out." in text  # Shunter has not ended


async def test_step_that_becomes_known_while_something_lies_over_the_review(
    demo_app: AppMaker, exchange: DemoExchange, gate: Gate
) -> None:
    exchange.faults.append(Fault(executes=True, before=gate, answer=Cut.CLOSE))
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await _send(pilot)
        await until(pilot, lambda: "Step 1 of 2: sending" in screen_text(pilot))
        _main(pilot).plans.stop()
        await pilot.app.push_screen(HelpScreen())
        gate.open()
        await until(pilot, lambda: bool(exchange.ledger.transfers) and not _main(pilot).desk.open_count)
        await pilot.press("escape")
        text = " ".join((await _ended(pilot)).split())
        assert "0.017 BTC was moved to Spot, and no further." in text
        assert "Review the rest" in text


async def _stop_before_all(pilot: Pilot[bool], shown: str, go_on: Callable[[], None]) -> None:
    """Stop a plan while something is shown, let it go on, and see that none of its steps is said to be sent."""
    await _send(pilot)
    await until(pilot, lambda: shown in screen_text(pilot))
    await pilot.press("escape")
    await until(pilot, lambda: "It stops before the next step." in screen_text(pilot))
    go_on()
    assert "You stopped the plan before step 1 of 2." in await _ended(pilot)


async def test_plan_that_is_stopped_while_it_is_written_down_sends_nothing(
    demo_app: AppMaker, exchange: DemoExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_plan, may_begin = Journal.begin_plan, threading.Event()

    def slowly(*arguments: Any, **options: Any) -> None:
        may_begin.wait(LIMIT_S)
        begin_plan(*arguments, **options)

    monkeypatch.setattr(Journal, "begin_plan", slowly)
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await _stop_before_all(pilot, "Writing the plan", may_begin.set)
        assert exchange.requests == []


async def test_step_is_not_said_to_be_sent_while_it_can_still_be_stopped(
    demo_app: AppMaker, exchange: DemoExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    permit, may_go = Desk._permit_step, asyncio.Event()

    async def slowly(*arguments: Any) -> Permit:
        await may_go.wait()
        return await permit(*arguments)

    monkeypatch.setattr(Desk, "_permit_step", slowly)
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await _stop_before_all(pilot, "Step 1 of 2: not sent yet.", may_go.set)
        assert exchange.requests == []


@pytest.mark.parametrize("key", ["escape", "ctrl+q"])
async def test_person_stops_it_before_the_next_step(
    demo_app: AppMaker, exchange: DemoExchange, gate: Gate, key: str
) -> None:
    exchange.faults.append(Fault(after=gate))
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await _send(pilot)
        await until(pilot, lambda: "Step 1 of 2: sending" in screen_text(pilot))
        await pilot.press(key)
        await until(pilot, lambda: "It stops before the next step." in screen_text(pilot))
        gate.open()
        text = await _ended(pilot)
        assert "You stopped the plan before step 2 of 2." in text
        assert len(exchange.requests) == 1


async def test_unknown_step_is_waited_for_and_can_be_left(demo_app: AppMaker, exchange: DemoExchange) -> None:
    exchange.faults.append(Fault(executes=False, answer=Cut.CLOSE))
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await _send(pilot)
        await until(pilot, lambda: "Step 1 of 2: its outcome is not known" in " ".join(screen_text(pilot).split()))
        await pilot.press("escape")
        text = " ".join((await _ended(pilot)).split())
        assert "It is not known whether 0.017 BTC was moved from COIN-M Futures to Spot." in text
        assert "Review the rest" not in text
        await pilot.press("escape")
        await until_screen(pilot, MainScreen)
        assert len(await _main(pilot).desk.open_plans()) == 1  # it comes up again


async def test_plan_that_needs_too_much_cannot_be_sent(demo_app: AppMaker, exchange: DemoExchange) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        screen = await _review(pilot, via(CM, UM, "BTC", Decimal(5)))
        await until(pilot, lambda: screen._stage is Stage.BLOCKED)
        assert "Step 1: only" in screen_text(pilot)
        await pilot.press("y")
        assert exchange.requests == []


async def test_plan_of_many_steps_is_sent_once_all_of_them_were_in_sight(
    demo_app: AppMaker, exchange: DemoExchange
) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        pairs = (PAIR, Account(Wallet.ISOLATED, "ETHUSDT"), Account(Wallet.PORTFOLIO))
        amounts = dict.fromkeys((SPOT, FUNDING, CROSS, OPTIONS, *pairs), Decimal(2))
        screen = await _review(pilot, gather(UM, "USDT", amounts))
        await until(pilot, lambda: screen._stage is Stage.READY)
        await pilot.press("y")
        assert "you have not seen all steps yet" in screen_text(pilot)
        assert exchange.requests == []
        await pilot.press(*["up"] * 12)
        await pilot.pause()
        await pilot.press("y")
        await _ended(pilot)
        assert len(exchange.requests) == 10


async def test_what_is_in_sight_only_while_the_dialog_settles_has_not_been_seen(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        pairs = (PAIR, Account(Wallet.ISOLATED, "ETHUSDT"), Account(Wallet.PORTFOLIO))
        amounts = dict.fromkeys((SPOT, FUNDING, CROSS, OPTIONS, *pairs), Decimal(2))
        screen = await _review(pilot, gather(UM, "USDT", amounts))
        dialog = screen.query_one(AskingDialog)
        await until(pilot, lambda: screen._stage is Stage.READY and dialog.is_settled)
        dialog.settle()
        dialog.scroll_home(animate=False, immediate=True)
        await until(pilot, lambda: dialog.is_settled)
        assert dialog.scroll_y == dialog.max_scroll_y > 0
        await pilot.press("up")
        assert screen.query_one(Facts).size.height - 1 in screen._seen
        assert 0 not in screen._seen


@pytest.mark.parametrize("what", ["plan", "transfer"])
async def test_amount_is_typed_again_where_a_rule_wants_that(
    what: str, demo_app: AppMaker, exchange: DemoExchange
) -> None:
    rules_path().parent.mkdir()
    rules_path().write_text('retype_from = "100 USDT"\n')
    async with demo_app(asset="USDT", amount="120.5").run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        with pytest.raises(Forbidden, match="type the amount again"):
            await main.desk.submit(TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal("120.5")))
        if what == "plan":
            screen: Reviewing[Any] = await _review(pilot)
        else:
            await until(pilot, lambda: not main.status.waiting_for)
            await pilot.press("f2")
            await until_screen(pilot, ReviewScreen)
            assert isinstance(pilot.app.screen, ReviewScreen)
            screen = pilot.app.screen
        await until(pilot, lambda: screen._stage is Stage.RETYPE)
        await pilot.press("y", *"12", "enter")
        assert "12 is another amount." in screen_text(pilot)
        await pilot.press("y", "d", "w", *"1" * 200)
        assert "1_\n" in screen_text(pilot).replace(" ", "")
        assert "Enter  Go on" in screen_text(pilot)
        await pilot.press("enter", "1")
        assert "another amount" not in screen_text(pilot)
        await pilot.press("backspace")
        await pilot.press(*("0.0175" if what == "plan" else "１２０.55"), "backspace")
        before = str(screen.query_one(AskLine).content)
        screen.post_message(events.Paste("120.5"))
        await until(pilot, lambda: "Type the amount: pasted text does not count." in screen_text(pilot))
        assert str(screen.query_one(AskLine).content).endswith(before)
        await pilot.click(AskLine, offset=(3, len(before.split("\n"))))  # its last line: Enter  Go on
        await until(pilot, lambda: screen._stage is Stage.READY)
        await pilot.press("y")
        await until_screen(pilot, PlanScreen if what == "plan" else EntryScreen)
        assert len(exchange.ledger.transfers) == (2 if what == "plan" else 1)


async def test_max_leaves_what_the_rules_keep(demo_app: AppMaker) -> None:
    rules_path().parent.mkdir()
    rules_path().write_text(
        'most = { USDT = "1000" }\nkeep = { spot = { USDT = "300.5" }, funding = { USDT = "500" } }\n'
    )
    async with demo_app(asset="USDT", chosen=BOTH_ENDS).run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await until(pilot, lambda: bool(main.query_one(TransferForm).rules.rules))
        await pilot.press("m")
        assert main.draft.amount == "949.50"  # of 1,250.00
        await pilot.press("ctrl+x")
        await pilot.press("m")
        await until(pilot, lambda: "rules.toml, line 2: 500 USDT must" in screen_text(pilot))


async def test_max_leaves_what_is_left_of_the_day(demo_app: AppMaker, exchange: DemoExchange) -> None:
    exchange.clock_offset_ms = DAY_MS // 2 - wall_ms() % DAY_MS  # noon: the day does not end meanwhile
    rules_path().parent.mkdir()
    rules_path().write_text('most_per_day = { USDT = "100" }\n')
    async with demo_app(asset="USDT", chosen=BOTH_ENDS).run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        form = main.query_one(TransferForm)
        await until(pilot, lambda: bool(form.rules.left_today))
        await pilot.press("h")
        assert main.draft.amount == "100"  # of 625.00
        await main.desk.submit(TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(60)))
        main.read_rules()
        await until(pilot, lambda: form.rules.left_today[0][1] == 40)
        await until(pilot, lambda: "rules.toml, line 1: at most 100 USDT" in screen_text(pilot))
        await pilot.press("ctrl+x", "m")
        assert main.draft.amount == "40"
        ((limit, _),) = form.rules.left_today
        main._show_rules(replace(form.rules, left_today=((limit, Decimal(0)),), day_ends_ms=ticks_ms()), "")
        await until(pilot, lambda: [left for _, left in form.rules.left_today] == [40])  # read anew as the day begins


async def test_account_that_is_not_there_is_said_before_the_first_step(
    demo_app: AppMaker, exchange: DemoExchange
) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        screen = await _review(pilot, via(CM, Account(Wallet.ISOLATED, "BNBBTC"), "BTC", Decimal("0.001")))
        assert screen._stage is Stage.BLOCKED
        assert "No BNBBTC account: open it on the exchange." in screen_text(pilot)
        await pilot.press("y")
        assert exchange.requests == []


async def test_lock_stops_it_and_the_unlock_says_what_was_done(
    one_key: keys.Profile, demo_host: DemoExchange, gate: Gate
) -> None:
    demo_host.ledger.hold(UM, "BTC", Funds())
    demo_host.faults.append(Fault(after=gate))
    app = ShunterApp(Start())
    async with app.run_test(size=(80, 24)) as pilot:
        await _send(pilot)
        await until(pilot, lambda: gate.reached.is_set())
        app._lock.lock()
        gate.open()
        await until_screen(pilot, LockScreen)
        await until(pilot, lambda: bool(demo_host.ledger.transfers))
        await pilot.press("f4")  # wakes it, and does nothing else
        text = " ".join((await _ended(pilot)).split())
        assert "PLAN STOPPED" in text
        assert "0.017 BTC was moved to Spot" in text
        assert len(demo_host.requests) == 1


async def test_plan_is_offered_again_on_the_return_to_its_key(
    one_key: keys.Profile, demo_host: DemoExchange, gate: Gate
) -> None:
    demo_host.faults.append(Fault(executes=False, answer=Cut.CLOSE))
    app = ShunterApp(Start())
    async with app.run_test(size=(80, 24)) as pilot:
        await _send(pilot)
        await until(pilot, lambda: "Step 1 of 2: its outcome" in screen_text(pilot))
        await pilot.press("escape")
        await _ended(pilot)
        await pilot.press("escape")
        await until_screen(pilot, MainScreen)
        app.post_message(KeysScreen.ProfileChosen(one_key))
        assert "It is not known whether 0.017 BTC was moved" in await _ended(pilot)
        assert len(demo_host.requests) == 1


async def test_plan_stops_when_its_profile_is_made_read_only(
    one_key: keys.Profile, demo_host: DemoExchange, gate: Gate
) -> None:
    demo_host.ledger.hold(UM, "BTC", Funds())
    demo_host.faults.append(Fault(after=gate))
    app = ShunterApp(Start())
    async with app.run_test(size=(80, 24)) as pilot:
        await _send(pilot)
        await until(pilot, lambda: gate.reached.is_set())
        app.action_keys()
        await until_screen(pilot, KeysScreen)
        await pilot.press("o")
        await until(pilot, lambda: not isinstance(app.screen, KeysScreen))
        gate.open()
        text = " ".join((await _ended(pilot)).split())
        assert "Step 2 of 2 was not sent. READ ONLY" in text
        assert len(demo_host.requests) == 1


@pytest.mark.parametrize("what", ["plan", "transfer", "file"])
async def test_rule_that_is_in_the_way_is_said_in_the_review(
    what: str, demo_app: AppMaker, exchange: DemoExchange
) -> None:
    rules_path().parent.mkdir()
    content = 'keep = { cm = { BTC = "1" }, spot = { USDT = "1249" } }\n' if what != "file" else "keep = 5"
    rules_path().write_text(content)
    async with demo_app(asset="USDT", amount="2").run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        if what == "file":
            await until(pilot, lambda: "line 1: keep is a table" in message(main))
        if what == "transfer":
            rule = "rules.toml, line 1: 1,249 USDT must stay in Spot. 1,248.00 USDT would stay free"
            await until(pilot, lambda: rule in " ".join(message(main).split()))
        if what == "plan":
            screen: Reviewing[Any] = await _review(pilot)
        else:
            await pilot.press("f2")
            await until_screen(pilot, ReviewScreen)
            assert isinstance(pilot.app.screen, ReviewScreen)
            screen = pilot.app.screen
        await until(pilot, lambda: screen._stage is Stage.BLOCKED)
        said = " ".join(words(pilot, "#review-warning").split())
        expected = {
            "plan": "rules.toml, line 1: 1 BTC must stay in COIN-M Futures. 0.00000000 BTC would stay free.",
            "transfer": "rules.toml, line 1: 1,249 USDT must stay in Spot. 1,248.00 USDT would stay free.",
            "file": "line 1: keep is a table",
        }
        assert expected[what] in said
        await pilot.press("y")
        assert exchange.requests == []


# What it looks like


def _stored(plan: Plan) -> StoredPlan:
    host = "https://demo.shunter.invalid"
    return StoredPlan("f00d", plan, "demo", "demo", "print", host, NOON_MS, (None,) * len(plan.steps))


def _left(stored: StoredPlan) -> StoredPlan:
    outcomes = [accepted(13526853623), refusal()]
    for number, evidence in enumerate(outcomes):
        request, step = stored.plan.steps[number].request, stored.step(number)
        stored = stored.with_transfer(
            transfer(
                id=number + 1, request=request, plan_step=step, timestamp_ms=NOON_MS, evidence=evidence, answer=evidence
            )
        )
    return stored


@SIZES
@pytest.mark.parametrize("plan", [TWO, SIX], ids=["two", "six"])
def test_review(
    plan: Plan, size: tuple[int, int], demo_app: AppMaker, snap_compare: SnapCompare, clocks_stand_still: None
) -> None:
    async def steps(pilot: Pilot[bool]) -> None:
        screen = await _review(pilot, plan)
        await until(pilot, lambda: screen._stage is Stage.READY and "not known" not in screen_text(pilot))
        await pilot.pause()

    assert snap_compare(demo_app(), terminal_size=size, run_before=steps)


@SIZES
def test_running(
    size: tuple[int, int],
    demo_app: AppMaker,
    exchange: DemoExchange,
    gate: Gate,
    snap_compare: SnapCompare,
    clocks_stand_still: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui.screens.plan_review.monotonic", lambda: 0.0)
    exchange.faults.append(Fault(before=gate, skip=1))

    async def steps(pilot: Pilot[bool]) -> None:
        await _send(pilot)
        second = _("Step {number} of {count}").format(number=2, count=2)
        sending = _("{step}: sending. Waiting for the exchange's answer").format(step=second)
        await until(pilot, lambda: sending in screen_text(pilot))
        await pilot.pause()

    assert snap_compare(demo_app(), terminal_size=size, run_before=steps)


@SIZES
def test_stopped(
    size: tuple[int, int],
    demo_app: AppMaker,
    exchange: DemoExchange,
    snap_compare: SnapCompare,
    clocks_stand_still: None,
) -> None:
    exchange.faults.append(replace(REFUSED, skip=1))

    async def steps(pilot: Pilot[bool]) -> None:
        await _send(pilot)
        await _ended(pilot)
        await pilot.pause()

    assert snap_compare(demo_app(), terminal_size=size, run_before=steps)


@SIZES
def test_offered_at_the_next_start(
    size: tuple[int, int], demo_app: AppMaker, snap_compare: SnapCompare, clocks_stand_still: None
) -> None:
    async def steps(pilot: Pilot[bool]) -> None:
        main = await until_open(pilot)
        await until(pilot, lambda: not main.status.waiting_for)
        main.plans.expect([state_of(_left(_stored(TWO)))])
        await _ended(pilot)
        await pilot.pause()

    assert snap_compare(demo_app(), terminal_size=size, run_before=steps)
