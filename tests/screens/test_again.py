"""The same again, its way back, and what is kept under a name: all of it fills the form, and sends nothing."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import asdict
from textual.pilot import Pilot

from tests.screens.waiting import review, rows, screen_text, send, until, until_open, until_screen
from tui.app.app import ShunterApp
from tui.demo.exchange import DemoExchange
from tui.domain.favourite import Favourite
from tui.domain.transfer import Draft
from tui.domain.wallets import Wallet
from tui.favourites import favourites, favourites_path
from tui.screens.favourites import FavouritesScreen
from tui.screens.holdings import HoldingsScreen
from tui.screens.main import MainScreen
from tui.widgets.steady_list import SteadyList
from tui.widgets.transfer_form import TransferForm

AppMaker = Callable[..., ShunterApp]
SMALL = (80, 24)
MOVE = {"source": Wallet.SPOT, "destination": Wallet.UM, "asset": "USDT", "amount": "7"}


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


async def sent(pilot: Pilot[bool]) -> MainScreen:
    main = await until_open(pilot)
    await send(pilot)
    await pilot.press("q")
    await until_screen(pilot, MainScreen)
    await until(pilot, lambda: len(rows(main)) == 1)
    return main


async def kept(pilot: Pilot[bool], key: str, name: str) -> MainScreen:
    main = await until_open(pilot)
    await pilot.press("f7")
    await until_screen(pilot, FavouritesScreen)
    await pilot.press(key, *name, "enter")
    await until(pilot, lambda: name in str(pilot.app.screen.query_one("#favourites").render_line(0).text))
    return main


@pytest.mark.parametrize(
    ("key", "draft"),
    [("r", Draft(Wallet.SPOT, Wallet.UM, "USDT", "7")), ("R", Draft(Wallet.UM, Wallet.SPOT, "USDT", "7"))],
)
async def test_a_row_fills_the_form_with_itself_or_its_way_back_and_opens_nothing(
    key: str, draft: Draft, demo_app: AppMaker, exchange: DemoExchange
) -> None:
    async with demo_app(**MOVE).run_test(size=SMALL) as pilot:
        main = await sent(pilot)
        await pilot.press("ctrl+o", "s", key)
        await until(pilot, lambda: main.draft == draft)
        assert isinstance(pilot.app.screen, MainScreen)
        assert len(exchange.ledger.transfers) == 1
        assert main.focused is main.query_one("#field-amount Input")


async def test_what_was_moved_then_and_is_not_there_today_is_said(demo_app: AppMaker) -> None:
    async with demo_app(**MOVE | {"amount": "700"}).run_test(size=SMALL) as pilot:
        main = await sent(pilot)
        await pilot.press("ctrl+o", "s", "r")
        await until(pilot, lambda: "Only 550.00 USDT" in screen_text(pilot))
        assert main.draft.amount == "700"


async def test_a_favourite_of_more_than_there_is_says_so_as_it_fills_the_form(demo_app: AppMaker) -> None:
    favourites_path().parent.mkdir(parents=True)
    favourites_path().write_text(
        '[[favourite]]\nname = "big"\nfrom = "cross"\nto = "spot"\nasset = "USDC"\namount = "5000"\n'
    )
    async with demo_app(**MOVE).run_test(size=SMALL) as pilot:
        main = await sent(pilot)
        await pilot.press("f7", "enter")
        await until(pilot, lambda: main.draft.amount == "5000")
        assert re.search(r"Only [0-9.]+ USDC ", screen_text(pilot))


async def test_what_stood_there_before_is_looked_at_anew_when_a_move_fills_the_form(demo_app: AppMaker) -> None:
    draft = Draft(Wallet.ISOLATED, Wallet.SPOT, "USDT", "5", "BNBUSDT")
    async with demo_app(**asdict(draft)).run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        form = main.query_one(TransferForm)
        form.clear_amount()  # as after a transfer
        form.fill(draft)
        await until(pilot, lambda: "You have no BNBUSDT account" in screen_text(pilot))


async def test_an_amount_that_another_wallet_has_not_is_kept_and_said_at_once(demo_app: AppMaker) -> None:
    async with demo_app(**MOVE | {"amount": "500"}).run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        await pilot.press("ctrl+o", "f", "2")
        assert "Only 80.00 USDT can be moved" in screen_text(pilot)
        assert main.draft.amount == "500"


async def test_an_amount_of_another_asset_goes_with_a_word(demo_app: AppMaker) -> None:
    async with demo_app(**MOVE).run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        await pilot.press("f6")
        await until_screen(pilot, HoldingsScreen)
        await pilot.press("slash", *"btc", "enter", "enter")
        await until_screen(pilot, MainScreen)
        assert main.draft.amount == ""
        assert "Emptied: 7 was of USDT" in screen_text(pilot)
        await pilot.press("ctrl+o", "m", "1")
        assert "Emptied" not in screen_text(pilot)


async def test_all_but_so_much_stays_as_typed_and_is_kept_so(demo_app: AppMaker, exchange: DemoExchange) -> None:
    async with demo_app(**MOVE | {"amount": "all but 50"}).run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        await pilot.press("ctrl+o", "m", "tab")
        assert main.draft.amount == "all but 50"
        await review(pilot)
        assert "1,200.00 USDT" in screen_text(pilot)
        await pilot.press("q")
        await until_screen(pilot, MainScreen)
        assert main.draft.amount == "all but 50"
        await kept(pilot, "a", "rest")
        assert favourites().usable[0].draft.amount == "all but 50"
        await pilot.press("escape")
        await until_screen(pilot, MainScreen)
        await send(pilot)
        assert [str(transfer.request.amount) for transfer in exchange.ledger.transfers] == ["1200.00"]


@pytest.mark.parametrize(
    ("key", "amount", "profile"), [("a", "7", ""), ("m", "max", ""), ("o", "7", "demo")], ids=["form", "Max", "own"]
)
async def test_the_form_is_kept_under_a_name_and_fills_it_again(
    key: str, amount: str, profile: str, demo_app: AppMaker
) -> None:
    async with demo_app(**MOVE).run_test(size=SMALL) as pilot:
        main = await kept(pilot, key, "daily")
        (favourite,) = favourites().usable
        assert favourite.name == "daily"
        assert favourite.profile == profile
        await pilot.press("escape")
        await until_screen(pilot, MainScreen)
        await pilot.press("ctrl+x", "f7", "enter")
        await until_screen(pilot, MainScreen)
        expected = "1250.00" if amount == "max" else amount
        await until(pilot, lambda: main.draft == Draft(Wallet.SPOT, Wallet.UM, "USDT", expected))


async def test_what_cannot_be_kept_is_told_at_the_name_and_stays_typed(demo_app: AppMaker) -> None:
    async with demo_app(**MOVE | {"amount": "1,5"}).run_test(size=SMALL) as pilot:
        await until_open(pilot)
        await pilot.press("f7", "a", *"daily", "enter")
        await until(pilot, lambda: "amount: Write 1234.5 with a dot" in screen_text(pilot))
        assert favourites().usable == ()


async def test_a_favourite_is_removed_on_a_yes_alone(demo_app: AppMaker) -> None:
    async with demo_app(**MOVE).run_test(size=SMALL) as pilot:
        await kept(pilot, "a", "daily")
        await pilot.press("x", "n")
        assert len(favourites().usable) == 1
        await pilot.press("x", "y")
        await until(pilot, lambda: "There are none yet" in screen_text(pilot))
        assert favourites().usable == ()


async def test_what_is_wrong_in_the_file_is_said_with_its_line_and_the_rest_works(demo_app: AppMaker) -> None:
    favourites_path().parent.mkdir(parents=True)
    favourites_path().write_text(
        '[[favourite]]\nname = "bad"\nfrom = "um"\nto = "um"\nasset = "USDT"\n\n'
        '[[favourite]]\nname = "good"\nfrom = "spot"\nto = "um"\nasset = "USDT"\n'
    )
    async with demo_app(**MOVE).run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        await pilot.press("f7")
        await until(pilot, lambda: "line 4: to: The exchange moves nothing" in screen_text(pilot))
        await pilot.press("enter")
        await until(pilot, lambda: main.draft == Draft(Wallet.SPOT, Wallet.UM, "USDT"))


async def test_favourites_are_moved_in_and_found_by_letters(demo_app: AppMaker) -> None:
    favourites_path().parent.mkdir(parents=True)
    favourites_path().write_text(
        "\n".join(
            f'[[favourite]]\nname = "{name}"\nfrom = "spot"\nto = "um"\nasset = "{asset}"\n'
            for name, asset in (("daily", "USDT"), ("kept", "BTC"), ("margin", "BNB"))
        )
    )
    async with demo_app(**MOVE).run_test(size=SMALL) as pilot:
        main = await until_open(pilot)
        await pilot.press("f7")
        await until_screen(pilot, FavouritesScreen)
        listed: SteadyList[Favourite] = pilot.app.screen.query_one("#favourites", SteadyList)
        names = []
        for key in ("j", "j", "k", "G", "g"):
            await pilot.press(key)
            names.append(listed.marked and listed.marked.name)
        assert names == ["kept", "margin", "kept", "margin", "daily"]
        await pilot.press("slash", *"bnb")
        await until(pilot, lambda: [each.name for each in listed.things] == ["margin"])
        await pilot.press("enter", "enter")
        await until(pilot, lambda: main.draft == Draft(Wallet.SPOT, Wallet.UM, "BNB"))
