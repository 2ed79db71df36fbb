"""The palette: every action is found under the words that people use for it."""

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from tests.screens.waiting import picture, until, until_open, until_screen
from tui.app.app import ShunterApp
from tui.screens.holdings import HoldingsScreen
from tui.screens.main import MainScreen
from tui.screens.palette import QuietPalette

AppMaker = Callable[..., ShunterApp]


def hits(pilot: Pilot[Any]) -> list[str]:
    """What the palette offers."""
    options = pilot.app.screen.query_one("_Commands", OptionList).options
    return [str(option.prompt).split("\n")[0] for option in options]


async def search(pilot: Pilot[Any], typed: str) -> None:
    """Open the palette and look for a text."""
    await pilot.press("ctrl+p")
    await until_screen(pilot, QuietPalette)
    await until(pilot, lambda: len(hits(pilot)) > 5)
    await pilot.press(*("space" if character == " " else character for character in typed))


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        *(("favourite", "Favourites"), ("favorite", "Favourites"), ("holdings", "Holdings"), ("balance", "Holdings")),
        *(("assets", "Holdings"), ("undo", "Reverse the marked transfer"), ("reverse", "Reverse the marked transfer")),
        *(("repeat", "Repeat the marked transfer"), ("history", "History"), ("theme", "Theme"), ("help", "Help")),
        *(("export", "Export the history"), ("csv", "Export the history"), ("taxes", "Export the history")),
        *(("colour", "Theme"), ("BALANCE", "Holdings"), ("keys", "Keys"), ("quit", "Quit"), ("reload", "Reload")),
    ],
)
async def test_action_is_found_by_the_words_that_people_use(typed: str, name: str, demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await search(pilot, typed)
        await until(pilot, lambda: hits(pilot)[:1] == [name])


async def test_entries_say_what_they_do_and_do_it(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await search(pilot, "portfolio worth")
        await until(pilot, lambda: hits(pilot) == ["Holdings"])
        assert "every asset in every wallet" in picture(pilot)
        await pilot.press("enter")
        await until_screen(pilot, HoldingsScreen)


async def test_words_that_lead_nowhere_offer_nothing(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await search(pilot, "zzz")
        await until(pilot, lambda: "No matches" in picture(pilot))
        await pilot.press("enter", "escape")
        await until_screen(pilot, MainScreen)


async def test_demo_has_no_key_to_lock(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await pilot.press("ctrl+p")
        await until_screen(pilot, QuietPalette)
        await until(pilot, lambda: "Quit" in hits(pilot))
        assert "Lock" not in hits(pilot)
