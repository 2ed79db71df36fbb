"""A screen that nobody touches sends nothing, and a key changes no more than it has to."""

from collections.abc import Callable
from typing import Any

from textual.screen import Screen
from textual.widgets import Input

from tests.screens.waiting import until, until_open, until_screen
from tui.app.app import ShunterApp
from tui.screens.history import HistoryScreen
from tui.screens.palette import QuietPalette
from tui.widgets.key_bar import KeyBar

AppMaker = Callable[..., ShunterApp]


async def test_nothing_in_the_palette_moves_by_itself(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await pilot.press("ctrl+p")
        await until_screen(pilot, QuietPalette)
        palette = pilot.app.screen
        assert not palette.query_one(Input).cursor_blink
        assert [widget for widget in palette.query("*") if widget.auto_refresh] == []


async def test_footer_stays_where_its_keys_do(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await until(pilot, lambda: "Review" in descriptions(main))
        keys = main.query_one(KeyBar).in_sight()
        for key in ("tab", "tab", "u", "tab", "shift+tab"):
            await pilot.press(key)
            await pilot.pause()
            assert main.query_one(KeyBar).in_sight() == keys
        await pilot.press("f3")
        await until_screen(pilot, HistoryScreen)
        await until(pilot, lambda: "Close" in descriptions(pilot.app.screen))


def descriptions(screen: Screen[Any]) -> list[str]:
    """What the keys in the footer do."""
    return [key.description for key in screen.query_one(KeyBar).in_sight()]
