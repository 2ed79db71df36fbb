"""Clicks that come late, or many at once: each means what it showed, and none ends the app."""

from collections.abc import Callable

import pytest
from textual import events
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Label
from textual.widgets.option_list import Option

from tests.screens.waiting import picture, review, until, until_open, until_screen, words
from tui.app.app import ShunterApp
from tui.domain.wallets import Wallet
from tui.screens.main import MainScreen
from tui.screens.palette import QuietPalette
from tui.screens.review import ReviewScreen
from tui.widgets.completing_input import Suggestions
from tui.widgets.steady_list import SteadyList
from tui.widgets.transfer_form import TransferForm

AppMaker = Callable[..., ShunterApp]


def click(pilot: Pilot[bool], place: Offset, *, button: int = 1) -> None:
    """Press and let go, in the packet that is being read."""
    for kind in (events.MouseDown, events.MouseUp):
        x, y = place
        pilot.app.post_message(kind(None, x, y, 0, 0, button, False, False, False, screen_x=x, screen_y=y))


def drag(pilot: Pilot[bool], place: Offset) -> None:
    """Press, move and let go, as a hand does that clicks fast."""
    for kind, offset in ((events.MouseDown, 0), (events.MouseMove, 1), (events.MouseMove, 3), (events.MouseUp, 3)):
        x, y = place + Offset(offset, 0)
        pilot.app.post_message(kind(None, x, y, 0, 0, 1, False, False, False, screen_x=x, screen_y=y))


def press(pilot: Pilot[bool], *keys: str) -> None:
    """Press keys, in the packet that is being read."""
    for key in keys:
        pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))


def place(widget: Widget, line: int = 0) -> Offset:
    """Where a line of it is on the screen."""
    return widget.region.offset + Offset(2, line)


async def test_a_click_on_a_suggestion_with_a_key_behind_it_takes_what_it_showed(demo_app: AppMaker) -> None:
    app = demo_app()
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        await pilot.press("ctrl+o", "a", "u", "s")
        suggestions = main.query_one("#field-asset Suggestions", Suggestions)
        await until(pilot, lambda: len(suggestions.choices) > 1)
        for keys in (["tab"], ["escape"], ["z", "z"], ["down", "tab"]):
            await pilot.press("ctrl+o", "a", "ctrl+u", "u", "s")
            await until(pilot, lambda: len(suggestions.choices) > 1)
            shown = suggestions.choices[1].value
            click(pilot, place(suggestions, 1))
            press(pilot, *keys)
            for _ in range(5):
                await pilot.pause()
            assert app.return_code is None
            if keys == ["tab"]:
                assert main.query_one(TransferForm).draft.asset == shown


async def test_a_burst_of_clicks_on_a_notice_closes_it_and_no_more(demo_app: AppMaker) -> None:
    app = demo_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until_open(pilot)
        app.notify("Read me", timeout=60)
        await until(pilot, lambda: "Read me" in picture(pilot))
        notice = app.screen.query("Toast").first()
        for _ in range(6):
            drag(pilot, place(notice))
            click(pilot, place(notice))
        await until(pilot, lambda: "Read me" not in picture(pilot))
        drag(pilot, place(notice))
        for _ in range(5):
            await pilot.pause()
        assert app.return_code is None
        assert isinstance(app.screen, MainScreen)


@pytest.mark.parametrize("clicks", [2, 3, 6])
async def test_a_burst_of_clicks_on_the_way_back_closes_the_dialog_and_no_more(demo_app: AppMaker, clicks: int) -> None:
    app = demo_app(asset="USDT", amount="7.25")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await review(pilot)
        ask = app.screen.query_one("#review-ask", Label)
        for _ in range(clicks):
            click(pilot, ask.region.offset + Offset(str(ask.content).index("Esc") + 4, 0))
        await until(pilot, lambda: isinstance(app.screen, MainScreen))


async def test_a_click_on_a_list_that_changes_chooses_what_it_showed_or_nothing(demo_app: AppMaker) -> None:
    app = demo_app()
    async with app.run_test(size=(80, 24)) as pilot:
        main = await until_open(pilot)
        listed = SteadyList[str](*(Option(f"line {number}") for number in range(6)))
        await main.mount(listed, before=0)
        await pilot.pause()
        click(pilot, place(listed, 5))
        app.call_later(listed.clear_options)
        for _ in range(5):
            await pilot.pause()
        assert app.return_code is None


async def test_a_click_in_the_palette_while_the_list_gets_shorter_ends_nothing(demo_app: AppMaker) -> None:
    app = demo_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await pilot.press("ctrl+p")
        await until_screen(pilot, QuietPalette)
        listed = app.screen.query_one("_Commands")
        await until(pilot, lambda: listed.option_count > 5)  # type: ignore[attr-defined]
        press(pilot, "z", "z")
        click(pilot, place(listed, 5))
        press(pilot, "z")
        for _ in range(10):
            await pilot.pause()
        assert app.return_code is None


@pytest.mark.parametrize("button", [2, 3])
async def test_only_the_left_button_answers(demo_app: AppMaker, button: int) -> None:
    app = demo_app(asset="USDT", amount="7.25")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_open(pilot)
        await review(pilot)
        await pilot.click("#review-ask", offset=(2, 0), button=button)
        await pilot.pause()
        assert isinstance(app.screen, ReviewScreen)
        assert "y  Send" in words(pilot, "#review-ask")


PAIRS = {"source": Wallet.ISOLATED, "destination": Wallet.ISOLATED, "from_pair": "ETHUSDT", "to_pair": "BTCUSDT"}


async def test_no_notice_takes_lines_from_the_review_and_none_is_lost(demo_app: AppMaker) -> None:
    app = demo_app(asset="USDT", amount="7.25", **PAIRS)
    async with app.run_test(size=(60, 16), notifications=True) as pilot:
        await until_open(pilot)
        app.notify("The first notice\n" * 4, timeout=60)
        await until(pilot, lambda: "The first notice" in picture(pilot))
        await review(pilot)
        app.notify("The second notice\n" * 4, timeout=60)
        for _ in range(5):
            await pilot.pause()
        seen = picture(pilot)
        assert all(fact in seen for fact in ("ETHUSDT", "BTCUSDT", "7.25 USDT", "y  Send"))
        assert "notice" not in seen
        await pilot.press("escape")
        await until(pilot, lambda: "The second notice" in picture(pilot))
        assert len(app._notifications) == 2


async def test_what_is_not_in_sight_whole_is_not_sent(demo_app: AppMaker) -> None:
    app = demo_app(asset="USDT", amount="7.25", **PAIRS)
    async with app.run_test(size=(60, 16)) as pilot:
        main = await until_open(pilot)
        await review(pilot)
        screen = app.screen
        assert isinstance(screen, ReviewScreen)
        screen._warn("\n".join(["Something that takes a line"] * 10))
        await until(pilot, lambda: "ETHUSDT" not in picture(pilot))
        await pilot.press("y")
        await until(pilot, lambda: "some of the facts are not visible" in picture(pilot))
        assert not list(main.desk._journal.transfers(newest_first=True))
        await pilot.press("home")
        await until(pilot, lambda: "ETHUSDT" in picture(pilot))
        assert "y  Send" in picture(pilot)
        await pilot.press("y")
        await until(pilot, lambda: app.screen is not screen)
