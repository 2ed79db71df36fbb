"""The journal checked against the exchange's history on screen: read afresh for that, and stopped with a key."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from textual.containers import VerticalScroll
from textual.pilot import Pilot

from tests.gate import Gate
from tests.screens.waiting import below, screen_text, send, until, until_open, until_screen
from tui.app.app import ShunterApp
from tui.demo.exchange import DemoExchange
from tui.demo.faults import TRANSFER_PATH, Fault
from tui.desk import browse
from tui.screens.history import HistoryScreen
from tui.screens.main import MainScreen
from tui.screens.report import ReportScreen
from tui.structs import replace
from tui.widgets.entry_table import EntryTable
from tui.words.differences import Section

AppMaker = Callable[..., ShunterApp]
SMALL = (80, 24)


@pytest.fixture(autouse=True)
def exchange(monkeypatch: pytest.MonkeyPatch) -> DemoExchange:
    """An exchange without a past; nothing waits longer than it has to."""
    monkeypatch.setattr(browse, "_PAUSE_S", 0)
    made = DemoExchange()
    monkeypatch.setattr("tui.demo.exchange.DemoExchange", lambda *, earlier: made)
    return made


async def read(pilot: Pilot[bool]) -> HistoryScreen:
    await until_open(pilot)
    await send(pilot)
    await pilot.press("escape", "f3")
    await until_screen(pilot, HistoryScreen)
    await until(pilot, lambda: "of the exchange" in below(pilot))
    screen = pilot.app.screen
    assert isinstance(screen, HistoryScreen)
    return screen


@contextmanager
def held(exchange: DemoExchange) -> Iterator[None]:
    """Answers about the history wait until this is left."""
    gate = Gate()
    exchange.faults.append(Fault(method="GET", path=TRANSFER_PATH, before=gate, times=None))
    yield
    gate.open()
    exchange.faults.clear()


async def test_x_says_what_the_exchange_says_now(demo_app: AppMaker, exchange: DemoExchange) -> None:
    async with demo_app(asset="USDT", amount="5").run_test(size=SMALL) as pilot:
        await read(pilot)
        exchange.ledger.transfers[:] = [replace(one, failed=True) for one in exchange.ledger.transfers]
        await pilot.press("x")
        await until_screen(pilot, ReportScreen)
        assert "0 agree, 1 differs." in screen_text(pilot)
        assert "Failed after all" in str(pilot.app.screen.query_one("#findings").render())
        await pilot.press("q")
        await until_screen(pilot, HistoryScreen)
        await until(pilot, lambda: " differs " in str(pilot.app.screen.query_one(EntryTable).render()))


async def test_a_long_report_is_scrolled_by_letters_too(demo_app: AppMaker, exchange: DemoExchange) -> None:
    async with demo_app().run_test(size=SMALL) as pilot:
        await until_open(pilot)
        sections = [Section(f"Difference {number}", ["What to do"]) for number in range(30)]
        pilot.app.push_screen(ReportScreen("The journal against the record", "30 differ.", sections))
        await until_screen(pilot, ReportScreen)
        scrolled = pilot.app.screen.query_one(VerticalScroll)
        for key, at_end in (("G", True), ("g", False), ("j", False)):
            await pilot.press(key)
            await until(pilot, lambda at_end=at_end: scrolled.is_vertical_scroll_end is at_end)  # type: ignore[misc]
        await until(pilot, lambda: scrolled.scroll_y == 1)
        await pilot.press("k")
        await until(pilot, lambda: scrolled.scroll_y == 0)


@pytest.mark.parametrize("key", ["f5", "escape", "q", "ctrl+l"])
async def test_reading_afresh_is_told_of_and_stopped_with_a_key(
    demo_app: AppMaker, exchange: DemoExchange, key: str
) -> None:
    async with demo_app(asset="USDT", amount="5").run_test(size=SMALL) as pilot:
        screen = await read(pilot)
        with held(exchange):
            await pilot.press("x")
            await until(pilot, lambda: "again, to check the journal: 0 of " in below(pilot))
            assert "F5 or Esc stops" in below(pilot)
            await pilot.press(key)
            await until(pilot, lambda: "Stopped: nothing was compared" in below(pilot))
            assert pilot.app.screen is screen
            assert not screen.is_comparing
        await pilot.press("x")
        await until_screen(pilot, ReportScreen)
        assert "1 agree, 0 differ." in screen_text(pilot)


async def test_leaving_with_f3_stops_it(demo_app: AppMaker, exchange: DemoExchange) -> None:
    async with demo_app(asset="USDT", amount="5").run_test(size=SMALL) as pilot:
        screen = await read(pilot)
        with held(exchange):
            await pilot.press("x")
            await until(pilot, lambda: screen.is_comparing)
            await pilot.press("f3")
            await until_screen(pilot, MainScreen)
            await until(pilot, lambda: not screen.is_comparing)
