"""The view of all holdings: what it shows, how a cell is chosen, and what becomes of it."""

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from tests.screens.test_balances_on_screen import grow_old
from tests.screens.waiting import until, until_open, until_screen
from tui.app.app import ShunterApp
from tui.clock import ticks_ms
from tui.demo.exchange import DemoExchange
from tui.demo.faults import Fault, Reply
from tui.domain.balances import Balances, Holdings
from tui.domain.transfer import Draft
from tui.domain.wallets import Wallet
from tui.screens.holdings import HoldingsScreen
from tui.screens.main import MainScreen
from tui.widgets.balance_refresher import BalanceRefresher
from tui.widgets.holdings_table import HoldingsTable

AppMaker = Callable[..., ShunterApp]
SMALL = (80, 24)


def lines(pilot: Pilot[bool]) -> list[str]:
    """The table as a person reads it."""
    return str(pilot.app.screen.query_one(HoldingsTable).render()).split("\n")


async def opened(pilot: Pilot[bool]) -> MainScreen:
    main = await until_open(pilot)
    await pilot.press("f6")
    await until_screen(pilot, HoldingsScreen)
    return main


async def test_what_is_read_while_the_view_opens_is_in_it(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        read = main.desk.balance_reader.balances
        main.desk.balance_reader.balances = Balances()
        main.action_holdings()
        main.on_balance_refresher_read(BalanceRefresher.Read(read))  # before anything of the view is there
        await until_screen(pilot, HoldingsScreen)
        await until(pilot, lambda: lines(pilot)[0] == "13 assets, about 0.2912676 BTC")


async def test_the_chosen_wallet_stays_chosen_when_another_turns_out_empty(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        main = await opened(pilot)
        await pilot.press("right", "right")
        assert lines(pilot)[-3].startswith(" Cross Margin: ")
        emptied = main.desk.balance_reader.balances.with_holdings(Wallet.FUNDING, Holdings(read_ms=ticks_ms()))
        main.desk.balance_reader.balances = emptied
        main.on_balance_refresher_read(BalanceRefresher.Read(emptied))
        await until(pilot, lambda: "Funding" not in lines(pilot)[1])
        assert lines(pilot)[-3].startswith(" Cross Margin: ")


async def test_every_asset_is_there_with_its_figures_and_the_chosen_one_in_full(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        await opened(pilot)
        seen = lines(pilot)
        assert seen[0] == "13 assets, about 0.2912676 BTC"
        assert seen[1].startswith(" 1 more>")  # there is no room for the column of one wallet
        assert seen[2].startswith(">BTC")
        assert seen[-3:] == [" Spot: 0.05321004 BTC", " Free in all: 0.11321004 BTC", " Worth: about 0.11321004 BTC"]
        assert seen[-4] == " ~ cut off; Right: 1 more wallet"
        await pilot.press("left", "up", *["right"] * 20)
        assert lines(pilot)[-4] == " ~ cut off; Left: 1 more wallet"
        assert lines(pilot)[-3] == " Portfolio Margin: 0.00800000 BTC free"
        assert lines(pilot)[1].startswith(" <1 more")


async def test_letters_look_for_an_asset_however_fast_they_come(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        main = await opened(pilot)
        await pilot.press(*"usdx", "backspace", "down", "enter")
        await until_screen(pilot, MainScreen)
        assert (main.draft.source, main.draft.asset) == (Wallet.SPOT, "USDC")


async def test_where_nothing_is_cut_nothing_is_said_of_it(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(100, 24)) as pilot:
        await opened(pilot)
        await pilot.press(*"usdt")
        assert lines(pilot)[-4] == ""


async def test_beside_the_form_the_marks_are_told_as_well(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(120, 40)) as pilot:
        await until_open(pilot)
        await pilot.press("f6", "right", "right")
        assert lines(pilot)[-4] == " ~ cut off; Left, Right: 6 more wallets"


async def test_an_isolated_cell_brings_its_pair_where_there_is_but_one(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        main = await opened(pilot)
        await pilot.press(*"btc", "right", "right", "right", "enter")
        await until_screen(pilot, MainScreen)
        assert main.draft == Draft(Wallet.ISOLATED, main.draft.destination, "BTC", from_pair="BTCUSDT")
        assert main.focused
        assert main.focused.id == "to"


async def test_an_empty_cell_moves_nothing(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        main = await opened(pilot)
        before = main.draft
        await pilot.press(*"doge", "right", "enter")
        assert lines(pilot)[-3] == " Funding: none"
        await pilot.press("escape")
        await until_screen(pilot, MainScreen)
        assert main.draft == before


async def test_a_click_chooses_a_cell_and_a_second_one_moves_from_there(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        main = await opened(pilot)
        row = next(index for index, line in enumerate(lines(pilot)) if line.startswith(" USDT"))
        cell = (8 + 9 * 2 + 3, row)  # Funding
        await pilot.click(HoldingsTable, offset=cell)
        await until(pilot, lambda: lines(pilot)[-3] == " Funding: 80.00 USDT")
        await pilot.click(HoldingsTable, offset=cell)
        await until_screen(pilot, MainScreen)
        assert (main.draft.source, main.draft.asset) == (Wallet.FUNDING, "USDT")


async def test_a_wallet_that_was_not_read_is_no_empty_one(demo_app: AppMaker, exchange: DemoExchange) -> None:
    broken = Reply(500, b"")
    exchange.faults.append(Fault(method="GET", path="/papi/v1/balance", executes=False, answer=broken, times=None))
    async with demo_app().run_test(size=SMALL) as pilot:
        await opened(pilot)
        await pilot.press(*["right"] * 20)
        assert lines(pilot)[-3] == " Portfolio Margin: not read"
        assert lines(pilot)[-2].startswith(" Free in all that was read: ")
        assert lines(pilot)[2].endswith("?")


async def test_figures_grow_old_in_sight(demo_app: AppMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        await grow_old(pilot, main, monkeypatch)
        await pilot.press("f6")
        await until_screen(pilot, HoldingsScreen)
        assert "F5 reloads" in lines(pilot)[0]
        await pilot.press("f5")
        await until(pilot, lambda: "F5 reloads" not in lines(pilot)[0])
