"""Gathering as a person at the keyboard does it: from an asset in the holdings to the review of every transfer."""

import asyncio
import re
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import Input

from tests.examples import one_in
from tests.gate import Gate
from tests.screens.waiting import below, picture, until, until_open, until_screen
from tui.app.app import ShunterApp
from tui.app.opening import Start
from tui.demo.exchange import DemoExchange
from tui.demo.faults import Fault, Reply
from tui.demo.ledger import Funds
from tui.domain.balances import Account
from tui.domain.plan import gather
from tui.domain.transfer import Draft
from tui.domain.wallets import Wallet
from tui.screens.gather import GatherScreen
from tui.screens.holdings import HoldingsScreen
from tui.screens.main import MainScreen
from tui.screens.plan import PlanScreen
from tui.screens.plan_review import PlanReviewScreen
from tui.screens.review import Stage
from tui.widgets.gather_list import GatherList
from tui.widgets.holdings_table import HoldingsTable

AppMaker = Callable[..., ShunterApp]
SnapCompare = Callable[..., bool]
SMALL = (80, 24)
FUNDING, CROSS, UM, OPTIONS, PORTFOLIO = map(
    Account, (Wallet.FUNDING, Wallet.CROSS, Wallet.UM, Wallet.OPTIONS, Wallet.PORTFOLIO)
)
BTCUSDT, ETHUSDT = (Account(Wallet.ISOLATED, pair) for pair in ("BTCUSDT", "ETHUSDT"))
MAX = "/sapi/v1/margin/maxTransferable"


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open()


async def _holdings(pilot: Pilot[bool], asset: str = "USDT") -> MainScreen:
    main = await until_open(pilot)
    await until(pilot, lambda: not main.status.waiting_for)
    await pilot.press("f6")
    await until_screen(pilot, HoldingsScreen)
    table = pilot.app.screen.query_one(HoldingsTable)
    await until(pilot, lambda: table.chosen == asset)
    return main


async def _opened(pilot: Pilot[bool], *keys: str) -> GatherScreen:
    """Gather USDT, and press keys once it is known what can be moved."""
    await _holdings(pilot)
    await pilot.press("plus")
    await until_screen(pilot, GatherScreen)
    screen = pilot.app.screen
    assert isinstance(screen, GatherScreen)
    await until(pilot, lambda: not screen._gathering.inquiries)
    await pilot.press(*keys)
    return screen


def _lines(pilot: Pilot[bool]) -> dict[str, str]:
    """The list as a person reads it: what follows each account, by its name; with its brackets."""
    drawn = str(pilot.app.screen.query_one(GatherList).render()).split("\n")[1:]
    return {line[1:23].strip(): " ".join(line[23:].split()) for line in drawn}


def _plan(screen: GatherScreen) -> dict[str, str]:
    """What leaves each account."""
    steps = [step.request for step in screen._gathering.plan.steps if not step.carries_on]
    return {request.ends[0].short_label: str(request.amount) for request in steps}


async def _reviewed(pilot: Pilot[bool]) -> PlanReviewScreen:
    await until_screen(pilot, PlanReviewScreen)
    screen = pilot.app.screen
    assert isinstance(screen, PlanReviewScreen)
    await until(pilot, lambda: screen._stage is not Stage.PREPARING)
    return screen


async def test_four_wallets_are_gathered_in_eight_keys_at_most(demo_app: AppMaker, exchange: DemoExchange) -> None:
    async with demo_app(asset="ETH").run_test(size=SMALL) as pilot:
        main = await _holdings(pilot, "ETH")
        sources = {Account(wallet) for wallet in (Wallet.FUNDING, Wallet.CROSS, Wallet.UM, Wallet.CM)}
        for source in sources:
            exchange.ledger.hold(source, "ETH", Funds(free=Decimal("0.5")))
        main.action_refresh_balances()
        await until(pilot, lambda: not main.status.waiting_for)
        keys = ["plus", "1", "enter", "y"]
        assert len(keys) <= 8
        await pilot.press(keys[0])
        screen = pilot.app.screen
        assert isinstance(screen, GatherScreen)
        await until(pilot, lambda: screen._gathering.obstacle is None)
        await pilot.press(*keys[1:3])
        await _reviewed(pilot)
        await pilot.press(keys[3])
        await until_screen(pilot, PlanScreen)
        sent = {transfer.request.type.source for transfer in exchange.ledger.transfers}
        assert sent == {source.wallet for source in sources} | {Wallet.ISOLATED}
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is main)


async def test_every_account_is_listed_with_what_can_be_moved_and_the_sum(demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT").run_test(size=SMALL) as pilot:
        screen = await _opened(pilot, "2")
        assert _lines(pilot) == {
            "[x] Spot": "1,250.00 1,250.00",
            "[x] Cross Margin": "10.00 10.00",
            "[x] Isolated BTCUSDT": "119.97530865 119.97530865 via Spot",
            "[x] Isolated ETHUSDT": "75.00 75.00 via Spot",
            "[x] USD-M Futures": "300.00 300.00",
            "[ ] COIN-M Futures": "not listed",
            "[x] Options": "60.00 60.00",
            "[x] Portfolio Margin": "60.00 60.00 via Spot",
            "all": "1,874.97530865",
        }
        held = {each.account: each.amount for each in screen._gathering.contributions if each.amount}
        assert screen._gathering.plan == gather(FUNDING, "USDT", held)


async def test_accounts_are_left_out_and_taken_in_by_space_and_by_a_click(demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT").run_test(size=SMALL) as pilot:
        screen = await _opened(pilot, "1", "space")
        assert _lines(pilot)["[ ] Funding"] == "80.00 left out"
        assert "Funding" not in _plan(screen)
        await pilot.press("space")
        assert _plan(screen)["Funding"] == "80.00"
        await pilot.click("#sources", offset=(6, 2))
        assert "Cross" in _plan(screen)
        await pilot.click("#sources", offset=(6, 2))
        await until(pilot, lambda: "Cross" not in _plan(screen))


async def test_a_digit_changes_an_amount_and_escape_leaves_it_as_it_was(demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT").run_test(size=SMALL) as pilot:
        screen = await _opened(pilot, "1", "1", "2", "full_stop", "5", "enter")
        assert _plan(screen)["Funding"] == "12.5"
        await pilot.press("7", "escape")
        assert _plan(screen)["Funding"] == "12.5"
        await pilot.press("a", "h", "enter")
        assert _plan(screen)["Funding"] == "40"
        await pilot.press("a", "b", "5", "enter")
        assert _plan(screen)["Funding"] == "75.00"
        await pilot.press("a", "ctrl+u", "enter")
        assert _plan(screen)["Funding"] == "80.00"
        await pilot.press("space", "3", "enter")
        assert _plan(screen)["Funding"] == "3"
        await pilot.press("4", "f2")
        assert (await _reviewed(pilot))._plan.steps[0].request.amount == Decimal(4)


async def test_too_much_is_not_kept_and_says_what_there_is(demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT").run_test(size=SMALL) as pilot:
        screen = await _opened(pilot, "1", "8", "1", "enter")
        assert "Only 80.00 USDT can be moved" in picture(pilot)
        assert isinstance(screen.focused, Input)
        await pilot.press("f2")
        assert pilot.app.screen is screen
        await pilot.press("ctrl+u", "8", "enter", "f2")
        await _reviewed(pilot)


async def test_an_amount_from_which_a_key_may_be_missing_is_not_kept(demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT").run_test(size=SMALL) as pilot:
        screen = await _opened(pilot, "1", "1", "alt+2", "3", "enter")
        assert _plan(screen)["Funding"] == "80.00"
        assert "A key was not understood" in picture(pilot)
        await pilot.press("escape")
        assert _plan(screen)["Funding"] == "80.00"


async def test_what_the_exchange_does_not_say_is_left_out_until_it_is_typed(
    demo_app: AppMaker, exchange: DemoExchange
) -> None:
    broken = Reply(500, b'{"code":-1000,"msg":"An unknown error occurred."}')
    exchange.faults.append(Fault(method="GET", path=MAX, executes=False, answer=broken, times=None))
    async with demo_app(asset="USDT").run_test(size=SMALL) as pilot:
        screen = await _opened(pilot, "1", "down")
        assert "Cross" not in _plan(screen)
        assert "Cross: What can be moved is not known: type it." in below(pilot)
        await pilot.press("6", "enter")
        assert _plan(screen)["Cross"] == "6"


async def test_the_review_waits_until_it_is_known_what_can_be_moved(
    demo_app: AppMaker, exchange: DemoExchange, gate: Gate
) -> None:
    exchange.faults.append(Fault(method="GET", path=MAX, times=None, before=gate))
    async with demo_app(asset="USDT").run_test(size=SMALL) as pilot:
        await _holdings(pilot)
        await pilot.press("plus", "1", "f2")
        screen = pilot.app.screen
        assert isinstance(screen, GatherScreen)
        assert "The exchange is still being asked about Cross Margin. The review follows." in below(pilot)
        assert _lines(pilot)["[ ] Cross Margin"] == "10.00 asking..."
        gate.open()
        await _reviewed(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)


@pytest.mark.parametrize("keys", [["space"], ["left"], ["left", "2"], ["f1"]], ids=" ".join)
async def test_a_review_that_waits_does_not_come_after_something_was_changed(
    keys: list[str], demo_app: AppMaker, exchange: DemoExchange, gate: Gate
) -> None:
    exchange.faults.append(Fault(method="GET", path=MAX, times=None, before=gate))
    async with demo_app(asset="USDT").run_test(size=SMALL) as pilot:
        await _holdings(pilot)
        await pilot.press("plus", "1", "f2", *keys)
        (screen,) = (screen for screen in pilot.app.screen_stack if isinstance(screen, GatherScreen))
        gate.open()
        await until(pilot, lambda: not screen._gathering.inquiries)
        await pilot.pause()
        assert not any(isinstance(screen, PlanReviewScreen) for screen in pilot.app.screen_stack)


async def test_pair_of_the_destination_is_asked_for(demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT").run_test(size=SMALL) as pilot:
        screen = await _opened(pilot, "4")
        assert screen.focused is screen._pair.entry
        await pilot.press("f2")
        assert "Enter the isolated pair" in picture(pilot)
        await pilot.press(*"ethb", "enter", "f2")
        assert "The exchange has no such isolated pair" in below(pilot)
        await pilot.press("ctrl+u", *"ethu", "tab")
        assert isinstance(screen.focused, GatherList)
        assert "[x] Isolated ETHUSDT" not in _lines(pilot)
        assert screen._gathering.plan.ends[1] == ETHUSDT
        assert screen._gathering.plan.steps[-1].request.to_symbol == "ETHUSDT"


async def test_going_back_leads_to_the_holdings(demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT").run_test(size=SMALL) as pilot:
        screen = await _opened(pilot, "1", "left")
        assert screen.focused is screen._to
        await pilot.press("escape")
        await until_screen(pilot, HoldingsScreen)
        await pilot.press("right", "plus")
        await until_screen(pilot, GatherScreen)


async def test_the_palette_finds_it_by_other_words_here_and_on_the_form(demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT").run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        for word in ("sweep", "consolidate", "collect"):
            assert any(action.rank(word) and action.name.startswith("Gather") for action in pilot.app.actions(main))  # type: ignore[attr-defined]
        main.action_gather()
        await until_screen(pilot, GatherScreen)
        await pilot.press("escape", "f6")
        await until_screen(pilot, HoldingsScreen)
        assert any(action.name == "Gather" for action in pilot.app.actions(pilot.app.screen))  # type: ignore[attr-defined]


STEPS = st.lists(
    st.one_of(
        st.sampled_from([*"0123456789", "full_stop", *"amhbtc", "space", "enter", "f2"]),
        st.sampled_from(["up", "down", "left", "tab", "shift+tab", "backspace", "ctrl+u", "ctrl+r", "f5"]),
        st.tuples(st.integers(0, 119), st.integers(0, 39)),
    ),
    min_size=3,
    max_size=25,
)


def _shown(pilot: Pilot[bool], screen: GatherScreen) -> dict[str, Decimal]:
    """What leaves each account, as a person reads it off the list."""
    drawn = str(screen.query_one(GatherList).render()).split("\n")[1:]
    rows = (re.fullmatch(r"[> ]\[x\] (.{18}) .*?([\d,.]+) *(?:[a-z].*)?", line) for line in drawn)
    return {row[1].strip(): Decimal(row[2].replace(",", "")) for row in rows if row}


@one_in(200)
@given(steps=STEPS)
def test_whatever_is_pressed_the_review_shows_what_the_list_shows(steps: list[object]) -> None:
    async def person() -> None:
        app = ShunterApp(Start(demo=True, draft=Draft(asset="USDT")))
        async with app.run_test(size=(120, 40)) as pilot:
            screen = await _opened(pilot)
            for step in steps:
                if isinstance(step, tuple):
                    await pilot.click(offset=step)
                else:
                    await pilot.press(str(step))
                await pilot.pause()
                if isinstance(review := app.screen, PlanReviewScreen):
                    plan = review._plan
                    legs = [plan.steps[leg[0]].request for leg in plan.legs]
                    names = {leg.ends[0]: leg.amount for leg in legs}
                    labels = {(each.short_label if each.pair else each.label): amount for each, amount in names.items()}
                    assert labels == _shown(pilot, screen)
                    assert plan.ends[1].wallet is screen._to.chosen
                    await pilot.press("escape")
                    await until(pilot, lambda: app.screen is screen)
                if app.screen is not screen:
                    break

    asyncio.run(person())


@pytest.mark.usefixtures("clocks_stand_still")
@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40)], ids=["60x16", "80x24", "120x40"])
def test_gathering(size: tuple[int, int], demo_app: AppMaker, snap_compare: SnapCompare) -> None:
    async def steps(pilot: Pilot[bool]) -> None:
        await _opened(pilot, "5", "down", "space", "down", "1", "0", "0")
        await pilot.pause()

    assert snap_compare(demo_app(asset="USDT"), terminal_size=size, run_before=steps)
