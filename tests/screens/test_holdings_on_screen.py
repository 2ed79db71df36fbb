"""The view of all holdings: what it shows, how a wallet is chosen, and what becomes of it."""

import asyncio
import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from textual.pilot import Pilot

from tests.evidence import refusal
from tests.screens.test_balances_on_screen import grow_old
from tests.screens.waiting import picture, until, until_open, until_screen
from tui.app.app import ShunterApp
from tui.clock import ticks_ms
from tui.demo.exchange import DemoExchange
from tui.demo.faults import Fault, Reply
from tui.demo.ledger import Funds
from tui.domain.amounts import exact_sum, grouped, plain
from tui.domain.balances import Account, Balances, Holdings
from tui.domain.holdings import all_holdings
from tui.domain.transfer import Draft, Outcome, Transfer, TransferRequest
from tui.domain.wallets import TransferType, Wallet
from tui.journal import JournalError
from tui.screens.holdings import HoldingsScreen
from tui.screens.main import MainScreen
from tui.structs import replace
from tui.widgets.balance_refresher import BalanceRefresher
from tui.widgets.holding_places import HoldingPlaces
from tui.widgets.holdings_table import HoldingsTable
from tui.widgets.last_moves import LastMoves
from tui.widgets.number_pane import NumberPane
from tui.words.wallets import places, worth_shown

AppMaker = Callable[..., ShunterApp]
SMALL = (80, 24)
SIZES = [(60, 16), (80, 24), (120, 40), (160, 45), (200, 50)]
PANES = (HoldingsTable, HoldingPlaces)


def lines(pilot: Pilot[bool], pane: type[NumberPane] = HoldingsTable) -> list[str]:
    """A list as a person reads it."""
    return str(pilot.app.screen.query_one(pane).render()).split("\n")


def line_of(pilot: Pilot[bool], name: str, pane: type[NumberPane] = HoldingPlaces) -> str:
    """The line of an asset, or of a wallet, without its marker."""
    (line,) = (line for line in lines(pilot, pane) if line[1:].startswith(name))
    return " ".join(line[1:].split())


def chosen(pilot: Pilot[bool], pane: type[NumberPane] = HoldingsTable) -> str:
    """The line that is marked."""
    (line,) = (line for line in lines(pilot, pane) if line.startswith(">"))
    return " ".join(line[1:].split())


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
        await until(pilot, lambda: "13 assets." in picture(pilot))
        assert len(lines(pilot)) >= 14
        assert "worth 30,659.75 USDT at " in picture(pilot)


async def test_the_chosen_wallet_stays_chosen_from_asset_to_asset_and_when_others_are_empty(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        main = await opened(pilot)
        await pilot.press("right", "down", "down")
        assert chosen(pilot, HoldingPlaces).startswith("Cross Margin")
        emptied = main.desk.balance_reader.balances.with_holdings(Wallet.FUNDING, Holdings(read_ms=ticks_ms()))
        main.desk.balance_reader.balances = emptied
        main.on_balance_refresher_read(BalanceRefresher.Read(emptied))
        await pilot.pause()
        assert chosen(pilot, HoldingPlaces).startswith("Cross Margin")
        await pilot.press("left", "down")
        assert chosen(pilot, HoldingPlaces).startswith("Cross Margin")


async def test_every_asset_is_there_with_its_sum_and_worth_and_every_place_of_the_chosen_one(
    demo_app: AppMaker,
) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        await opened(pilot)
        assert chosen(pilot) == "BTC 0.11321004 11,916.84"
        assert line_of(pilot, "SHIB", HoldingsTable) == "SHIB 1,500,000.25 15.78"
        assert [" ".join(line[1:].split()) for line in lines(pilot, HoldingPlaces)[:12]] == [
            "BTC IN free",
            "Spot 0.05321004",
            "Funding",
            "Cross Margin 0.02",
            "Isolated BTCUSDT 0.01500000",
            "Isolated ETHUSDT",
            "USD-M Futures not listed",
            "COIN-M Futures 0.01700000",
            "Options not listed",
            "Portfolio Margin 0.00800000",
            "all 0.11321004",
            "worth 11,916.84 USDT",
        ]


async def test_it_begins_with_the_forms_asset(demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT").run_test(size=SMALL) as pilot:
        await opened(pilot)
        assert chosen(pilot).startswith("USDT")
        assert lines(pilot, HoldingPlaces)[0].startswith(" USDT IN")


async def test_letters_move_and_only_after_a_slash_look_for_an_asset(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        await opened(pilot)
        await pilot.press(*"jjk")
        assert chosen(pilot).startswith("ETH")
        await pilot.press("G")
        assert chosen(pilot).startswith("SHIB")
        await pilot.press("g", "u")
        assert chosen(pilot).startswith("BTC")
        await pilot.press("slash", *"jgk")
        assert 'No asset has "JGK" in its name' in picture(pilot)
        await pilot.press("escape")
        assert "13 assets." in picture(pilot)
        assert isinstance(pilot.app.screen, HoldingsScreen)
        await pilot.press("escape")
        await until_screen(pilot, MainScreen)


async def test_a_name_is_found_and_moved_however_fast_the_keys_come(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        main = await opened(pilot)
        await pilot.press("slash", *"usdx", "backspace", "down", "enter", "enter")
        await until_screen(pilot, MainScreen)
        assert (main.draft.source, main.draft.asset) == (Wallet.SPOT, "USDC")


async def test_a_search_moves_no_column(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        await opened(pilot)
        before = next(line for line in lines(pilot) if "LINK" in line)
        await pilot.press("slash", *"link")
        assert lines(pilot)[1] == f">{before[1:]}"


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
async def test_f6_fills_the_screen_at_every_size(size: tuple[int, int], demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=size) as pilot:
        await opened(pilot)
        panes = [pilot.app.screen.query_one(pane).region for pane in PANES]
        assert all(region.area for region in panes)
        assert max(region.right for region in panes) == size[0]


LARGE = (120, 40)


def moves(pilot: Pilot[bool]) -> list[str]:
    """The last moves as a person reads them, with the strip; without tranIds, which are there if they fit."""
    shown = str(pilot.app.screen.query_one(LastMoves).render()).split("\n")
    return [re.sub(r"(?<=done) 1352685\d+", "", line) for line in shown]


async def sent(main: MainScreen, asset: str, *amounts: str, move: TransferType = TransferType.MAIN_FUNDING) -> None:
    """Have some be sent, and done."""
    pairs = ["BTCUSDT" if is_needed else None for is_needed in (move.needs_from_pair, move.needs_to_pair)]
    for amount in amounts:
        transfer = await main.desk.submit(TransferRequest(move, asset, Decimal(amount), *pairs))
        assert transfer.outcome is Outcome.DONE


async def test_the_last_moves_are_those_of_the_marked_asset_newest_first(demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT").run_test(size=LARGE) as pilot:
        main = await until_open(pilot)
        await sent(main, "USDT", "1", "2.5")
        await sent(main, "BTC", "0.01", move=TransferType.MAIN_ISOLATED_MARGIN)
        await opened(pilot)
        await until(pilot, lambda: len(moves(pilot)) == 3)
        assert moves(pilot)[0].split() == ["LAST", "MOVES", "OF", "USDT", "amount", "outcome"]
        assert [line.split()[-5:] for line in moves(pilot)[1:]] == [
            ["Spot", "->", "Funding", amount, "done"] for amount in ("2.5", "1")
        ]
        await pilot.press("g")
        await until(pilot, lambda: "LAST MOVES OF BTC" in moves(pilot)[0])
        assert moves(pilot)[1].split()[-6:] == ["Spot", "->", "Iso", "BTCUSDT", "0.01", "done"]
        await pilot.press("G")
        await until(pilot, lambda: "LAST MOVES OF SHIB" in moves(pilot)[0])
        assert moves(pilot)[1].strip() == "None in the journal"
        await pilot.press("slash", *"none")
        await until(pilot, lambda: moves(pilot) == [" LAST MOVES".ljust(79), " "])


async def test_a_transfer_that_changes_is_shown_as_it_is_now(demo_app: AppMaker, exchange: DemoExchange) -> None:
    async with demo_app(asset="USDT").run_test(size=LARGE) as pilot:
        main = await opened(pilot)
        await until(pilot, lambda: "None in the journal" in moves(pilot)[1])
        await sent(main, "USDT", "1")
        await until(pilot, lambda: moves(pilot)[1].split()[-2:] == ["1", "done"])
        exchange.faults.append(Fault(answer=Reply(502, b"")))
        await main.desk.submit(TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(2)))
        await until(pilot, lambda: moves(pilot)[1].split()[-3:] == ["2", "!", "unknown"])


async def test_an_answer_that_the_journal_lacks_is_shown_all_the_same(demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT").run_test(size=LARGE) as pilot:
        main = await opened(pilot)
        await sent(main, "USDT", "1")
        await until(pilot, lambda: "done" in moves(pilot)[1])
        (done,) = await main.desk.last_moves("USDT", 9)
        main.show_transfer(replace(done, evidence=refusal(), answer=refusal(), unwritten="The disk is full."))
        await until(pilot, lambda: "rejected" in moves(pilot)[1])


async def test_no_key_waits_for_the_moves_and_only_those_of_the_last_asset_are_shown(
    demo_app: AppMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    may_answer = asyncio.Event()

    async def last_moves(asset: str, _count: int) -> list[Transfer]:
        asked.append(asset)
        await may_answer.wait()
        return []

    async with demo_app().run_test(size=LARGE) as pilot:
        main = await until_open(pilot)
        monkeypatch.setattr(main.desk, "last_moves", last_moves)
        await opened(pilot)
        await until(pilot, lambda: asked == ["BTC"])
        await pilot.press("down", "down", "down")
        assert chosen(pilot).startswith("SOL")
        assert "LAST MOVES OF BTC" in moves(pilot)[0]
        assert moves(pilot)[1].strip() == ""  # nothing is said of what was not read
        may_answer.set()
        await until(pilot, lambda: "LAST MOVES OF SOL" in moves(pilot)[0])
        assert asked == ["BTC", "SOL"]


async def test_a_journal_that_cannot_be_read_is_no_empty_one(
    demo_app: AppMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def last_moves(_asset: str, _count: int) -> list[Transfer]:
        raise JournalError("The journal is gone.")

    async with demo_app().run_test(size=LARGE) as pilot:
        main = await until_open(pilot)
        monkeypatch.setattr(main.desk, "last_moves", last_moves)
        await opened(pilot)
        await until(pilot, lambda: moves(pilot)[1].strip() == "The journal is gone.")


async def test_as_many_moves_are_read_as_fit_and_none_where_there_is_no_room(
    demo_app: AppMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    async with demo_app(asset="USDT").run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        await sent(main, "USDT", *(str(number) for number in range(1, 31)))
        read = main.desk.last_moves

        async def last_moves(asset: str, count: int) -> list[Transfer]:
            asked.append(count)
            return await read(asset, count)

        monkeypatch.setattr(main.desk, "last_moves", last_moves)
        await opened(pilot)
        await pilot.press("down", "up")
        assert asked == []
        for size, count in (((120, 24), 7), (LARGE, 22), ((160, 45), 25)):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda count=count: len(moves(pilot)) == 1 + count)  # type: ignore[misc]
            assert asked[-1] == count
        await pilot.resize_terminal(*LARGE)
        await pilot.pause()
        assert asked[-1] == 25


@pytest.mark.parametrize("size", [LARGE, (160, 45), (200, 50)], ids=lambda size: "x".join(map(str, size)))
async def test_from_asset_to_asset_no_column_of_the_moves_moves(size: tuple[int, int], demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=size) as pilot:
        main = await until_open(pilot)
        await sent(main, "BTC", "0.00000001", move=TransferType.MAIN_ISOLATED_MARGIN)
        await sent(main, "ETH", "0.1")
        await sent(main, "SHIB", "1000000")
        await opened(pilot)
        dots = set()
        for key, asset in (("home", "BTC"), ("down", "ETH"), ("end", "SHIB")):
            await pilot.press(key)
            await until(pilot, lambda asset=asset: f"MOVES OF {asset} " in moves(pilot)[0])  # type: ignore[misc]
            line = moves(pilot)[1]
            amount = line[line.index("->") + 3 :].split()[-2]
            dots.add((line.index("->"), line.index(f" {amount} ") + len(amount.partition(".")[0]), line.index("done")))
        assert len(dots) == 1


async def test_amounts_and_outcomes_of_moves_are_never_cut(demo_app: AppMaker, exchange: DemoExchange) -> None:
    long = "12345678901234567890.12345678"
    async with demo_app(asset="SHIB").run_test(size=LARGE) as pilot:
        main = await until_open(pilot)
        for move, pair in ((TransferType.ISOLATEDMARGIN_ISOLATEDMARGIN, "BTCUSDT"), (TransferType.MAIN_FUNDING, None)):
            await main.desk.submit(TransferRequest(move, "SHIB", Decimal(long), pair, pair and "ETHUSDT"))
        await opened(pilot)
        await until(pilot, lambda: len(moves(pilot)) == 3)
        assert all(grouped(Decimal(long)) in line and "rejected" in line for line in moves(pilot)[1:])
        assert all(len(line) <= 79 and "~" not in line for line in moves(pilot))


async def test_what_is_in_use_is_shown_where_the_exchange_says_it(demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT").run_test(size=LARGE) as pilot:
        await opened(pilot)
        assert lines(pilot, HoldingPlaces)[0].split() == ["USDT", "IN", "free", "in", "use", "USDT"]
        assert line_of(pilot, "Spot") == "Spot 1,250.00 150.00 1,250.00"
        assert line_of(pilot, "Options") == "Options 60.00 15.00 60.00"
        assert line_of(pilot, "USD-M") == "USD-M Futures 300.00 ? 300.00"  # its list does not say it
        assert line_of(pilot, "all") == "all 2,075.00 ? 2,075.00"  # nor, therefore, is it known of all
        await pilot.press("slash", *"xrp")
        assert line_of(pilot, "all") == "all 512.3 100 1,509.93"


def numbers(text: str) -> set[str]:
    """Every amount in a text."""
    return set(re.findall(r"(?<![\w.,])[0-9][0-9,]*(?:\.[0-9]+)?(?![\w.,])", text))


def exact(balances: Balances) -> set[str]:
    """Every amount, sum and worth in full, as one of the two ways to write it."""
    amounts = []
    for row in all_holdings(balances):
        here = [place.amount for place in places(balances, row.asset, ticks_ms()) if place.amount is not None]
        used = [place.in_use for place in places(balances, row.asset, ticks_ms()) if place.in_use]
        amounts += [row.total, *row.amounts.values(), *here, *used, exact_sum(used)]
        worths = [row.worth, *(balances.worth(row.asset, amount) for amount in here)]
        amounts += [worth_shown(worth, balances) for worth in worths if worth is not None]
    return {write(amount) for amount in amounts for write in (grouped, plain)}


async def shown_amounts(demo_app: AppMaker, size: tuple[int, int], asset: str, *, on_f6: bool) -> set[str]:
    """The amounts in the panes of holdings, asset by asset, none of them cut."""
    async with demo_app(asset=asset).run_test(size=size) as pilot:
        main = await until_open(pilot)
        await pilot.app.workers.wait_for_complete()
        seen: set[str] = set()
        if on_f6:
            await opened(pilot)
            await pilot.press("g")
        for step in range(13 if on_f6 else 1):
            if step:
                await pilot.press("down")
            shown = [pane for pane in map(pilot.app.screen.query_one, PANES) if pane.region]
            for pane in shown:
                seen |= numbers(str(pane.render()))
                assert "~" not in str(pane.render())
                assert all(len(line) <= pane.region.width for line in str(pane.render()).split("\n"))
        assert seen <= exact(main.desk.balance_reader.balances), seen - exact(main.desk.balance_reader.balances)
        return {number.replace(",", "") for number in seen}


@pytest.mark.parametrize("on_f6", [True, False], ids=["F6", "next to the form"])
@pytest.mark.parametrize("is_long", [False, True], ids=["short", "long"])
async def test_no_number_is_cut_and_a_larger_size_shows_those_of_a_smaller(
    demo_app: AppMaker, exchange: DemoExchange, *, is_long: bool, on_f6: bool
) -> None:
    if is_long:
        long = Funds(free=Decimal("12345678901234567890.123456789012345678"))
        exchange.ledger.holdings[Account(Wallet.SPOT)]["SHIB"] = long
        exchange.ledger.holdings[Account(Wallet.FUNDING)]["BNB"] = Funds(free=Decimal("98765432.12345678"))
    smaller: set[str] = set()
    for size in SIZES:
        shown = await shown_amounts(demo_app, size, "SHIB" if is_long else "USDT", on_f6=on_f6)
        assert smaller <= shown
        smaller = shown
    assert smaller


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
async def test_from_asset_to_asset_only_what_is_known_of_it_changes(size: tuple[int, int], demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=size) as pilot:
        await opened(pilot)
        heads, names, regions = set(), set(), set()
        before = lines(pilot)
        for _ in range(13):
            shown = lines(pilot, HoldingPlaces)
            heads.add(shown[0].partition(" IN")[2].strip() and len(shown[0].rstrip()))
            names.add(tuple(line[1:].split("  ")[0].rstrip() for line in shown[1:10]))
            regions.add(tuple(pilot.app.screen.query_one(pane).region for pane in PANES))
            await pilot.press("down")
        assert len(heads) == len(names) == len(regions) == 1
        await pilot.press("g")
        assert lines(pilot) == before


async def test_next_to_the_form_its_asset_is_marked_and_shown_by_wallet(demo_app: AppMaker) -> None:
    async with demo_app(asset="USDT").run_test(size=(160, 45)) as pilot:
        main = await until_open(pilot)
        await until(pilot, lambda: "USDT IN" in picture(pilot))
        assert chosen(pilot).startswith("USDT")
        assert line_of(pilot, "all").startswith("all 2,075.00")
        main.query_one("#field-asset Input").value = "ETH"  # type: ignore[attr-defined]
        await until(pilot, lambda: "ETH IN" in picture(pilot))
        assert chosen(pilot).startswith("ETH")
        main.query_one("#field-asset Input").value = "XYZ"  # type: ignore[attr-defined]
        await until(pilot, lambda: not any(line.startswith(">") for line in lines(pilot)))


async def test_an_isolated_account_is_chosen_pair_by_pair(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        main = await opened(pilot)
        await pilot.press("slash", *"usdt", "enter", "g", *["down"] * 4, "enter")
        await until_screen(pilot, MainScreen)
        assert main.draft == Draft(Wallet.ISOLATED, main.draft.destination, "USDT", from_pair="ETHUSDT")
        assert main.focused
        assert main.focused.id == "to"


async def test_a_place_without_any_moves_nothing(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        main = await opened(pilot)
        before = main.draft
        await pilot.press("slash", *"doge", "right", "down", "enter")
        assert chosen(pilot, HoldingPlaces) == "Funding"
        await pilot.press("escape")
        await until_screen(pilot, MainScreen)
        assert main.draft == before


async def test_a_click_chooses_a_place_and_a_second_one_moves_from_there(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        main = await opened(pilot)
        asset = next(index for index, line in enumerate(lines(pilot)) if line.startswith(" USDT"))
        await pilot.click(HoldingsTable, offset=(3, asset))
        await until(pilot, lambda: lines(pilot, HoldingPlaces)[0].startswith(" USDT IN"))
        await pilot.click(HoldingPlaces, offset=(3, 2))
        await until(pilot, lambda: chosen(pilot, HoldingPlaces) == "Funding 80.00")
        await pilot.click(HoldingPlaces, offset=(3, 2))
        await until_screen(pilot, MainScreen)
        assert (main.draft.source, main.draft.asset) == (Wallet.FUNDING, "USDT")


@pytest.mark.parametrize("size", [SMALL, (160, 45)], ids=["lists", "matrix"])
async def test_a_wallet_that_was_not_read_is_no_empty_one(
    size: tuple[int, int], demo_app: AppMaker, exchange: DemoExchange
) -> None:
    broken = Reply(500, b"")
    exchange.faults.append(Fault(method="GET", path="/papi/v1/balance", executes=False, answer=broken, times=None))
    async with demo_app().run_test(size=size) as pilot:
        await opened(pilot)
        assert line_of(pilot, "Portfolio Margin") == "Portfolio Margin not read"
        assert "0.10521004+" in line_of(pilot, "all")
        assert "0.10521004+" in lines(pilot)[1]
        assert "+ more not read." in picture(pilot)
        assert "worth 3" not in picture(pilot).split("\n")[0]
        assert "read: " in picture(pilot).split("\n")[0]
        if size != SMALL:
            assert lines(pilot)[1].endswith("not read ")


async def test_without_a_price_the_worth_is_in_btc_and_says_so(demo_app: AppMaker, exchange: DemoExchange) -> None:
    broken = Reply(500, b"")
    exchange.faults.append(Fault(method="GET", path="/api/v3/ticker/price", executes=False, answer=broken, times=None))
    async with demo_app().run_test(size=SMALL) as pilot:
        await opened(pilot)
        assert lines(pilot)[0].endswith("BTC ")
        assert line_of(pilot, "worth") == "worth 0.11321004 BTC"
        assert "worth 0.29126768 BTC at " in picture(pilot)


async def test_figures_grow_old_in_sight(demo_app: AppMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        await grow_old(pilot, main, monkeypatch)
        await pilot.press("f6")
        await until_screen(pilot, HoldingsScreen)
        assert "F5 reloads" in picture(pilot)
        await pilot.press("f5")
        await until(pilot, lambda: "F5 reloads" not in picture(pilot))
