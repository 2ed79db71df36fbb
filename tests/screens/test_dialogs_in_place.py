"""Dialogs lie where they cover nothing by halves, and each key is shown once. The right button chooses nothing."""

from collections.abc import Callable

import pytest
from textual.geometry import Region
from textual.pilot import Pilot

from tests.screens.waiting import picture, send, until, until_open, until_screen
from tui.app.app import ShunterApp
from tui.domain.wallets import Wallet
from tui.screens.entry import EntryScreen
from tui.screens.favourites import FavouritesScreen
from tui.screens.keys import KeysScreen
from tui.screens.main import MainScreen
from tui.screens.review import ReviewScreen
from tui.widgets.asking_dialog import Dialog
from tui.widgets.key_bar import KeyBar
from tui.widgets.message_line import MessageLine
from tui.widgets.session_list import SessionList
from tui.widgets.wallet_list import WalletList

AppMaker = Callable[..., ShunterApp]

RIGHT_BUTTON = 3
MOVE = {"asset": "USDT", "amount": "7"}


def place(pilot: Pilot[bool]) -> Region:
    """Where the dialog is."""
    return pilot.app.screen.query_one(Dialog).region


@pytest.mark.parametrize("size", [(120, 40), (160, 45), (200, 50)], ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize(
    ("key", "screen"), [("f2", ReviewScreen), ("f4", KeysScreen), ("f7", FavouritesScreen)], ids=["f2", "f4", "f7"]
)
async def test_dialog_covers_what_is_below_the_lists_and_nothing_else(
    key: str, screen: type, size: tuple[int, int], demo_app: AppMaker
) -> None:
    async with demo_app(**MOVE).run_test(size=size) as pilot:
        main = await until_open(pilot)
        await pilot.press(key)
        await until_screen(pilot, screen)
        await until(pilot, lambda: place(pilot).height > 1)
        lists = [wallets.region for wallets in main.query(WalletList)]
        others = [main.query_one(MessageLine).region, *(pane.region for pane in main.query("#holdings, #places"))]
        assert not any(place(pilot).overlaps(region) for region in (*lists, *others))
        assert place(pilot).bottom == max(
            pane.region.bottom for pane in main.query("#transfers, #detail") if not pane.region.x
        )


async def test_the_last_line_repeats_no_key_of_a_dialog_and_offers_none_that_is_covered(demo_app: AppMaker) -> None:
    async with demo_app(**MOVE).run_test(size=(120, 40)) as pilot:
        main = await until_open(pilot)
        assert main.query_one(KeyBar).in_sight()
        await send(pilot)
        await until_screen(pilot, EntryScreen)
        await until(pilot, lambda: "Copy tranId" in picture(pilot))
        assert picture(pilot).count("Copy tranId") == 1
        assert main.query_one(KeyBar).in_sight() == []
        await pilot.press("enter")
        await until_screen(pilot, MainScreen)
        assert main.query_one(KeyBar).in_sight()


async def test_right_button_chooses_and_opens_nothing(demo_app: AppMaker) -> None:
    async with demo_app(**MOVE).run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await send(pilot)
        await pilot.press("enter")
        await until_screen(pilot, MainScreen)
        await pilot.click("#from", offset=(5, 3), button=RIGHT_BUTTON)
        await pilot.click(SessionList, offset=(5, 1), button=RIGHT_BUTTON)
        await pilot.click(SessionList, offset=(5, 1), button=RIGHT_BUTTON)
        await pilot.pause()
        assert main.draft.source is Wallet.SPOT
        assert pilot.app.screen is main
        await pilot.click("#from", offset=(5, 3))
        await until(pilot, lambda: main.draft.source is Wallet.CROSS)
