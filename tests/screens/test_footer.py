"""The line of keys: what a person presses is in sight, in words that say what it does."""

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from tests.screens.waiting import picture, until, until_open, until_screen
from tui.app.app import ShunterApp
from tui.screens.history import HistoryScreen
from tui.screens.holdings import HoldingsScreen
from tui.widgets.filter_line import FilterLine

AppMaker = Callable[..., ShunterApp]
SMALL, LARGE = (80, 24), (120, 40)


def last_line(pilot: Pilot[bool]) -> str:
    """The line at the bottom as a person reads it."""
    return " ".join(picture(pilot).split("\n")[-1].split())


@pytest.mark.parametrize(
    ("size", "keys"),
    [
        ((60, 16), "F2 Review F3 History F6 Holdings F1 Help ^P All"),
        (SMALL, "F2 Review F3 History F6 Holdings F4 Keys F7 Favourites F1 Help ^P All"),
    ],
)
async def test_what_the_form_is_used_for_is_in_sight_in_a_narrow_terminal(
    demo_app: AppMaker, size: tuple[int, int], keys: str
) -> None:
    async with demo_app().run_test(size=size) as pilot:
        await until_open(pilot)
        assert last_line(pilot) == keys


@pytest.mark.parametrize(
    ("key", "screen", "size", "keys"),
    [
        ("f6", HoldingsScreen, SMALL, ["Enter Wallets / Find + Gather F5 Reload", "F1 Help ^P All Esc Close"]),
        ("f3", HistoryScreen, SMALL, ["Enter Details / Find r Repeat R Reverse", "F1 Help ^P All Esc Close"]),
        ("f3", HistoryScreen, LARGE, ["s Sort x Check journal F5 Reload", "F1 Help ^P All Esc Close"]),
    ],
)
async def test_f5_is_told_by_what_it_does_and_x_by_what_it_checks(
    key: str, screen: type, size: tuple[int, int], keys: list[str], demo_app: AppMaker
) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        await until_open(pilot)
        await pilot.press(key)
        await until_screen(pilot, screen)
        await pilot.resize_terminal(*size)
        await until(pilot, lambda: all(each in last_line(pilot) for each in keys))


async def test_a_key_is_shown_whole_or_not_at_all_and_help_all_and_close_before_the_others(
    demo_app: AppMaker,
) -> None:
    async with demo_app().run_test(size=(160, 24)) as pilot:
        await until_open(pilot)
        await pilot.press("f3")
        await until_screen(pilot, HistoryScreen)
        await until(pilot, lambda: "Esc Close" in last_line(pilot))
        whole = last_line(pilot)
        own, last = whole.removesuffix(" F1 Help ^P All Esc Close"), "F1 Help ^P All Esc Close"
        assert own != whole
        for width in (120, 80, 60, 50, 40):
            await pilot.resize_terminal(width, 24)
            await until(pilot, lambda width=width: len(picture(pilot).split("\n")[-1]) == width)  # type: ignore[misc]
            shown = last_line(pilot)
            assert shown.endswith(last)
            assert f"{own} ".startswith(f"{shown.removesuffix(last).rstrip()} ".lstrip())


async def test_keys_of_the_filter_come_first_while_it_is_typed(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        await until_open(pilot)
        await pilot.press("f3")
        await until_screen(pilot, HistoryScreen)
        await pilot.press("slash")
        await until(pilot, lambda: pilot.app.screen.query_one(FilterLine).has_focus_within)
        await until(pilot, lambda: last_line(pilot).startswith("Enter Back to the list "))
