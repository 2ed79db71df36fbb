"""The history at every size: what it shows is whole, has room of its own, and stays where it is."""

import re
from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from tests.screens.waiting import below, picture, until, until_open
from tui.app.app import ShunterApp
from tui.demo.exchange import DemoExchange
from tui.demo.person import earlier_transfers
from tui.desk import browse
from tui.domain.amounts import quantity
from tui.screens.history import HistoryScreen
from tui.widgets.entry_table import EntryTable

AppMaker = Callable[..., ShunterApp]
SIZES = [(60, 16), (80, 24), (120, 40), (160, 45), (200, 50)]
sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))


@pytest.fixture(autouse=True)
def exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exchange with a past of sixty transfers; nothing waits longer than it has to."""
    monkeypatch.setattr(browse, "_PAUSE_S", 0)
    made = DemoExchange()
    began_ms = made.server_ms()
    made.history.earlier = lambda: earlier_transfers(60, began_ms)
    monkeypatch.setattr("tui.demo.exchange.DemoExchange", lambda *, earlier: made)


async def opened(pilot: Pilot[bool]) -> EntryTable:
    await until_open(pilot)
    await pilot.press("f3")
    await until(
        pilot, lambda: isinstance(pilot.app.screen, HistoryScreen) and "records of the exchange" in below(pilot)
    )
    return pilot.app.screen.query_one(EntryTable)


def lines(table: EntryTable) -> list[str]:
    return [table.render_line(y).text for y in range(table.content_size.height)]


def amounts(table: EntryTable) -> list[str]:
    """The amounts of the rows in sight, as they are in the exchange's history."""
    in_sight = table.entries[table._top :][: len(lines(table)) - 1]
    return [quantity(entry.amount, entry.asset) for entry in in_sight]


@sizes
async def test_no_amount_is_cut_and_no_head_touches_another(demo_app: AppMaker, size: tuple[int, int]) -> None:
    async with demo_app().run_test(size=size) as pilot:
        table = await opened(pilot)
        strip, *rows = lines(table)
        for row, amount in zip(rows, amounts(table), strict=True):
            assert f" {amount} " in re.sub(" +", " ", row)
        names = {"HISTORY", "Right", *(column.name for column in table.columns)}
        assert set(re.split("[ :<>0-9]+(?:more)?", strip.strip())) - {""} <= names
        for row in rows:
            assert row[0] in "> "
            assert " -> " in row


@sizes
async def test_no_text_moves_when_another_row_is_chosen(demo_app: AppMaker, size: tuple[int, int]) -> None:
    async with demo_app().run_test(size=size) as pilot:
        table = await opened(pilot)
        before = lines(table)
        for number in range(2, 6):
            await pilot.press("j")
            await until(pilot, lambda number=number: lines(table)[number][0] == ">")  # type: ignore[misc]
            assert [line[1:] for line in lines(table)] == [line[1:] for line in before]
        await pilot.press("slash", "escape")
        assert [line[1:] for line in lines(table)] == [line[1:] for line in before]


async def test_a_larger_terminal_shows_all_of_a_smaller_one(demo_app: AppMaker) -> None:
    async with demo_app().run_test(size=SIZES[0]) as pilot:
        table = await opened(pilot)
        shown: list[str] = []
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await until(pilot, lambda size=size: pilot.app.screen.size == size)  # type: ignore[misc]
            before, shown = shown, amounts(table)
            assert shown[: len(before)] == before
            assert " amount " in lines(table)[0]


@sizes
async def test_the_date_is_shown_once_a_day_and_on_the_first_row(demo_app: AppMaker, size: tuple[int, int]) -> None:
    async with demo_app().run_test(size=size) as pilot:
        table = await opened(pilot)
        await pilot.press("G")
        for keys in ([], ["k"] * 3, ["g"]):
            await pilot.press(*keys)
            await pilot.pause()
            days = [line[1:6] for line in lines(table)[1:]]
            assert days[0].strip()
            dated = [day for day in days if day.strip()]
            assert len(set(dated)) == len(dated)


@sizes
async def test_place_and_profile_are_in_sight(demo_app: AppMaker, size: tuple[int, int]) -> None:
    async with demo_app().run_test(size=size) as pilot:
        await opened(pilot)
        assert re.search(" DEMO +demo ", picture(pilot).split("\n")[0])
        assert ("TRANSFER" in picture(pilot)) is (size[0] >= 120)
        assert "Esc Close" in picture(pilot).split("\n")[-1]
