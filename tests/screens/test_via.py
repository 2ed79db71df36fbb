"""Reaching a wallet by two moves through Spot: only by choosing what is marked so, in every way there is to choose."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import asdict
from textual.pilot import Pilot

from tests.screens.waiting import message, picture, screen_text, until, until_open, until_screen, wallet_line
from tui import cli
from tui.app.app import ShunterApp
from tui.domain.balances import Account
from tui.domain.favourite import parse_favourite
from tui.domain.plan import Plan, via
from tui.domain.transfer import Draft, Field, TransferRequest
from tui.domain.wallets import TransferType, Wallet
from tui.favourites import favourites, keep
from tui.screens.favourites import FavouritesScreen
from tui.screens.main import MainScreen
from tui.widgets.transfer_form import TransferForm
from tui.widgets.wallet_list import WalletList

AppMaker = Callable[..., ShunterApp]
SMALL = (80, 24)
CM, UM = Account(Wallet.CM), Account(Wallet.UM)
PLAN = via(CM, UM, "BTC", Decimal("0.017"))
DRAFT: dict[str, Any] = {"source": Wallet.CM, "destination": Wallet.UM, "asset": "BTC", "amount": "0.017"}


def _form(main: MainScreen) -> TransferForm:
    return main.query_one(TransferForm)


def _ends(main: MainScreen) -> tuple[Wallet, Wallet]:
    return main.draft.source, main.draft.destination


def _click(pilot: Pilot[bool], which: str, wallet: Wallet) -> Any:
    return pilot.click(f"#{which}", offset=(5, 1 + list(Wallet).index(wallet)))


async def test_the_marked_wallets_are_those_of_two_moves_and_a_direct_line_looks_as_before(demo_app: AppMaker) -> None:
    async with demo_app(asset="BTC").run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        to = main.query_one("#to", WalletList)
        before = {wallet: wallet_line(to, wallet)[2:] for wallet in Wallet}
        assert not any("via" in line for line in before.values())
        await pilot.press("6")
        lines = {wallet: wallet_line(to, wallet) for wallet in Wallet}
        marked = {wallet for wallet, line in lines.items() if " via Spot " in line}
        assert marked == {Wallet.ISOLATED, Wallet.UM, Wallet.OPTIONS, Wallet.PORTFOLIO}
        assert all(lines[wallet][2:] == before[wallet] for wallet in Wallet if wallet not in marked)
        assert lines[Wallet.CM].startswith(" - ")
        assert len({line.index("via Spot") for wallet, line in lines.items() if wallet in marked}) == 1


async def test_a_digit_the_cursor_and_a_click_choose_a_marked_wallet(demo_app: AppMaker) -> None:
    async with demo_app(source=Wallet.CM, destination=Wallet.FUNDING).run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        await pilot.press("ctrl+o", "t", "5")
        assert _ends(main) == (Wallet.CM, Wallet.UM)
        assert main.focused is main.query_one("#field-asset Input")
        assert "COIN-M -> Spot -> USD-M  CMFUTURE_MAIN, then MAIN_UMFUTURE" in picture(pilot)
        await pilot.press("ctrl+o", "t", "1", "ctrl+o", "t", "up")
        assert _ends(main) == (Wallet.CM, Wallet.PORTFOLIO)
        await _click(pilot, "to", Wallet.OPTIONS)
        assert _ends(main) == (Wallet.CM, Wallet.OPTIONS)


async def test_the_same_wallet_stays_out_of_reach_and_says_so(demo_app: AppMaker) -> None:
    async with demo_app(source=Wallet.CM, destination=Wallet.UM).run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        await pilot.press("ctrl+o", "t", "6")
        assert _ends(main) == (Wallet.CM, Wallet.UM)
        assert "The exchange moves nothing from COIN-M Futures to COIN-M Futures." in " ".join(message(main).split())


@pytest.mark.parametrize("step", ["digit", "cursor", "click"])
async def test_another_source_never_makes_two_moves_of_one(step: str, demo_app: AppMaker) -> None:
    async with demo_app(source=Wallet.OPTIONS, destination=Wallet.UM).run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        if step == "digit":
            await pilot.press("ctrl+o", "f", "8")
        elif step == "cursor":
            await pilot.press("ctrl+o", "f", "down")
        else:
            await _click(pilot, "from", Wallet.PORTFOLIO)
        assert _ends(main) == (Wallet.PORTFOLIO, Wallet.SPOT)
        assert "To is Spot now. Portfolio Margin reaches USD-M Futures only via Spot." in message(main)


async def test_another_source_keeps_a_destination_of_two_moves_only_if_one_leads_there(demo_app: AppMaker) -> None:
    async with demo_app(**DRAFT).run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        await pilot.press("ctrl+o", "f", "7")
        assert _ends(main) == (Wallet.OPTIONS, Wallet.UM)
        assert isinstance(_form(main).request(), TransferRequest)
        await pilot.press("ctrl+o", "f", "6")
        assert _ends(main) == (Wallet.CM, Wallet.SPOT)


async def test_swapping_two_moves_gives_the_two_that_lead_back(demo_app: AppMaker) -> None:
    draft = {
        "source": Wallet.CM,
        "destination": Wallet.ISOLATED,
        "to_pair": "BTCUSDT",
        "asset": "BTC",
        "amount": "0.01",
    }
    async with demo_app(**draft).run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        await pilot.press("ctrl+x")
        assert main.draft == Draft(Wallet.ISOLATED, Wallet.CM, "BTC", "0.01", "BTCUSDT")
        assert "To is" not in message(main)
        there = via(Account(Wallet.ISOLATED, "BTCUSDT"), CM, "BTC", Decimal("0.01"))
        assert _form(main).request() == there
        await pilot.press("ctrl+x")
        assert _ends(main) == (Wallet.CM, Wallet.ISOLATED)
        plan = _form(main).request()
        assert isinstance(plan, Plan)
        first, second = (step.request for step in plan.steps)
        assert (first.type, first.from_symbol, first.to_symbol) == (TransferType.CMFUTURE_MAIN, None, None)
        assert (second.type, second.from_symbol, second.to_symbol) == (
            TransferType.MAIN_ISOLATED_MARGIN,
            None,
            "BTCUSDT",
        )


async def test_max_is_what_the_source_can_give_and_more_is_a_problem(demo_app: AppMaker) -> None:
    async with demo_app(**DRAFT | {"amount": ""}).run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        await pilot.press("ctrl+o", "m", "m")
        assert main.draft.amount == "0.01700000"
        assert _form(main).request() == PLAN
        await pilot.press("1")
        assert _form(main).request() is None
        assert "Only 0.01700000 BTC can be moved" in screen_text(pilot)


async def test_pair_that_is_missing_at_either_end_is_asked_for(demo_app: AppMaker) -> None:
    draft = {"source": Wallet.UM, "destination": Wallet.ISOLATED, "asset": "USDT", "amount": "1"}
    async with demo_app(**draft).run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        assert _form(main).request() is None
        assert main.focused is main.query_one(f"#field-{Field.TO_PAIR} Input")
        await pilot.press(*"btcusdt")
        assert _form(main).request() == via(UM, Account(Wallet.ISOLATED, "BTCUSDT"), "USDT", Decimal(1))


async def test_a_favourite_of_two_moves_is_kept_listed_and_fills_the_form(demo_app: AppMaker) -> None:
    async with demo_app(**DRAFT).run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        await pilot.press("f7")
        await until_screen(pilot, FavouritesScreen)
        await pilot.press("a", *"coins", "enter")
        (favourite,) = favourites().usable
        assert favourite.draft == Draft(**DRAFT)
        assert "COIN-M Futures -> USD-M Futures, via Spot" in picture(pilot)
        await pilot.press("escape")
        await until_screen(pilot, MainScreen)
        await pilot.press("ctrl+o", "f", "1", "f7", "enter")
        await until(pilot, lambda: main.draft == Draft(**DRAFT))
        assert "To is" not in message(main)
        assert _form(main).request() == PLAN


def test_the_command_line_and_a_favourite_open_the_form_with_two_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Draft] = []

    def opens(parser: ArgumentParser, args: Namespace) -> int:
        opened.append(cli._draft(parser, args) if args.favourite is None else cli._favourite(parser, args))
        return 0

    monkeypatch.setattr(cli, "_open_app", opens)
    keep(parse_favourite({"name": "coins", "from": "cm", "to": "um", "asset": "BTC", "amount": "0.017"}))
    for options in ("--from cm --to um --asset btc --amount 0.017", "--to um", "--from cm", "--favourite coins"):
        assert cli.main(["--demo", *options.split()]) == 0
    assert [(draft.source, draft.destination) for draft in opened] == [
        (Wallet.CM, Wallet.UM),
        (Wallet.SPOT, Wallet.UM),
        (Wallet.CM, Wallet.SPOT),
        (Wallet.CM, Wallet.UM),
    ]
    assert asdict(opened[0]) == asdict(opened[3])


@pytest.mark.usefixtures("clocks_stand_still")
@pytest.mark.parametrize("size", [(60, 16), (80, 24), (120, 40)], ids=["60x16", "80x24", "120x40"])
def test_form_of_two_moves(size: tuple[int, int], demo_app: AppMaker, snap_compare: Callable[..., bool]) -> None:
    async def steps(pilot: Pilot[bool]) -> None:
        await until_open(pilot)
        await pilot.pause()

    assert snap_compare(demo_app(**DRAFT), terminal_size=size, run_before=steps)
