"""In every terminal that is large enough, what one is at is in sight."""

from collections.abc import Callable
from functools import partial

import pytest
from textual.geometry import Region
from textual.widget import Widget
from textual.widgets import Label

from tests.screens.waiting import review, until, until_open
from tui.app.app import ShunterApp
from tui.domain.wallets import Wallet
from tui.widgets.ask_line import AskLine
from tui.widgets.asking_dialog import AskingDialog
from tui.widgets.completing_input import CompletingInput

AppMaker = Callable[..., ShunterApp]
SIZES = [(60, 16), (70, 20), (80, 24), (120, 40), (160, 45), (200, 50)]
PAIRS = {"source": Wallet.ISOLATED, "destination": Wallet.ISOLATED}

sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))


@sizes
async def test_a_completion_never_hides_its_field(size: tuple[int, int], demo_app: AppMaker) -> None:
    app = demo_app(**PAIRS)
    async with app.run_test(size=size) as pilot:
        main = await until_open(pilot)
        for entry in main.query(CompletingInput):
            main.set_focus(entry)
            await pilot.press("e")
            await until(pilot, partial(suggests, entry))
            choices, field = entry.suggestions.region, entry.region
            assert field.bottom == choices.y or choices.bottom == field.y
            assert choices.x < field.right
            assert field.x < choices.right
            assert is_in_sight(app, entry)
            assert Region(0, 0, *size).contains_region(choices)


@sizes
async def test_what_has_the_focus_is_in_sight(size: tuple[int, int], demo_app: AppMaker) -> None:
    app = demo_app(**PAIRS, asset="USDT", amount="1")
    async with app.run_test(size=size) as pilot:
        main = await until_open(pilot)
        seen = []
        while (focused := main.focused) not in seen:
            assert focused
            await until(pilot, partial(is_in_sight, app, focused))
            seen.append(focused)
            await pilot.press("tab")
        # With two pairs the smallest size has no room for the session.
        assert len(seen) == 7 - (size[1] == 16)


@sizes
@pytest.mark.parametrize("lines", [1, 6, 30])
async def test_what_the_review_asks_is_in_sight_however_much_it_warns_of(
    lines: int, size: tuple[int, int], demo_app: AppMaker
) -> None:
    async with demo_app(asset="USDT", amount="1").run_test(size=size) as pilot:
        await until_open(pilot)
        await review(pilot)
        pilot.app.screen.query_one("#review-warning", Label).update("\n".join(f"warning {n}" for n in range(lines)))
        dialog = pilot.app.screen.query_one(AskingDialog)
        title, ask = dialog.query_one(".title"), dialog.query_one(AskLine)
        warning = dialog.query_one("#review-warning")
        await until(pilot, lambda: warning.size.height == lines and dialog.region.contains_region(ask.region))
        assert dialog.max_scroll_y or dialog.region.contains_region(title.region)
        if dialog.max_scroll_y:
            await pilot.press("home")
            await until(pilot, lambda: dialog.region.contains_region(title.region))
            await pilot.press(*["down"] * dialog.max_scroll_y)
            await until(pilot, lambda: dialog.region.contains_region(ask.region))


def suggests(entry: CompletingInput) -> bool:
    """Whether the field shows what it could be completed to."""
    return entry.suggestions.display and entry.suggestions.size.height > 0


def is_in_sight(app: ShunterApp, widget: Widget) -> bool:
    """Whether all of it is on the screen, and nothing lies over it."""
    region = widget.region
    corners = [(region.x, region.y), (region.right - 1, region.bottom - 1)]
    whole = app.screen.region.contains_region(region)
    return whole and bool(region) and all(app.screen.get_widget_at(*corner)[0] is widget for corner in corners)
