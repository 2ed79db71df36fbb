"""In every terminal that is large enough, what one is at is in sight."""

from collections.abc import Callable
from functools import partial

import pytest
from textual.geometry import Region
from textual.widget import Widget

from tests.screens.waiting import until, until_open
from tui.app.app import ShunterApp
from tui.domain.wallets import Wallet
from tui.widgets.completing_input import CompletingInput

AppMaker = Callable[..., ShunterApp]
SIZES = [(60, 16), (70, 20), (80, 24), (120, 40)]
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
            assert not entry.suggestions.region.overlaps(entry.region)
            assert is_in_sight(app, entry)
            assert Region(0, 0, *size).contains_region(entry.suggestions.region)


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
        assert len(seen) == 7 + (size[0] >= 120)  # the holdings stand beside the form there


def suggests(entry: CompletingInput) -> bool:
    """Whether the field shows what it could be completed to."""
    return entry.suggestions.display and entry.suggestions.size.height > 0


def is_in_sight(app: ShunterApp, widget: Widget) -> bool:
    """Whether all of it is where the form is seen, or beside that."""
    parts = app.screen.query_one("#body"), app.screen.query_one("#side")
    return any(part.region.contains_region(widget.region) for part in parts)
