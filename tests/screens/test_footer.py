"""The line of keys: what a person presses is in sight, in words that say what it does."""

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from tests.screens.waiting import picture, until, until_open, until_screen
from tui.app.app import ShunterApp
from tui.screens.history import HistoryScreen
from tui.screens.holdings import HoldingsScreen

AppMaker = Callable[..., ShunterApp]
SMALL = (80, 24)


def last_line(pilot: Pilot[bool]) -> str:
    """The line at the bottom as a person reads it."""
    return picture(pilot).split("\n")[-1].rstrip()


async def test_every_function_key_and_the_swap_are_in_sight_in_eighty_columns(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        await until_open(pilot)
        keys = "F1 Help ^Q Quit F2 Review F3 History F4 Keys F5 Reload F6 Assets F7 Favs ^X Swap"
        assert last_line(pilot) == keys


@pytest.mark.parametrize(
    ("key", "screen", "keys"),
    [
        ("f6", HoldingsScreen, "Enter Move from here Esc or F6 Close F5 Reload"),
        ("f3", HistoryScreen, "Enter All r Again R Reverse / Filter s Sort x Check journal q Close F5 Reload"),
    ],
)
async def test_f5_is_told_by_what_it_does_and_x_by_what_it_checks(
    key: str, screen: type, keys: str, demo_app: AppMaker
) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        await until_open(pilot)
        await pilot.press(key)
        await until_screen(pilot, screen)
        await until(pilot, lambda: last_line(pilot).startswith(keys))
