"""The list of transfers shows every character of a tranId, whenever it was drawn before."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from rich.style import Style
from textual.app import App, ComposeResult
from textual.strip import Strip

import tui.app
from tests.evidence import accepted, evidence_for
from tests.evidence import transfer as transfer_with
from tui.domain.transfer import Outcome, TransferRequest
from tui.domain.view import Whose
from tui.domain.wallets import TransferType
from tui.widgets.transfer_table import TransferTable

SENDING = transfer_with(request=TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(1)))


class TableApp(App[None]):
    """A table, and nothing else."""

    def compose(self) -> ComposeResult:
        yield TransferTable(id="transfers", whose=Whose("main", "demo"))


async def test_pairs_have_a_column_once_a_transfer_has_some() -> None:
    app = TableApp()
    async with app.run_test(size=(80, 24)):
        table = app.query_one(TransferTable)
        table.show(SENDING, "%H:%M:%S")
        assert "Pairs" not in table.columns
        request = TransferRequest(TransferType.ISOLATED_MARGIN_MAIN, "USDT", Decimal(1), from_symbol="BTCUSDT")
        table.show(replace(SENDING, id=2, identity="2", request=request), "%H:%M:%S")
        assert [str(cell).strip() for cell in table.get_column("Pairs")] == ["", "BTCUSDT"]
        table.show(replace(SENDING, evidence=accepted()), "%H:%M:%S")
        assert table.row_count == 2


async def test_profile_has_a_column_once_a_transfer_is_of_another_than_the_line_at_the_top_says() -> None:
    app = TableApp()
    async with app.run_test(size=(80, 24)):
        table = app.query_one(TransferTable)
        table.show(SENDING, "%H:%M:%S")
        assert "Profile" not in table.columns
        table.show(replace(SENDING, id=2, identity="2", profile="savings"), "%H:%M:%S")
        table.show(replace(SENDING, id=3, identity="3"), "%H:%M:%S")
        assert [str(cell).strip() for cell in table.get_column("Profile")] == ["main", "savings", "main"]


async def test_rows_stand_in_the_order_of_their_sending_whatever_their_numbers() -> None:
    """An older copy of the journal, restored, gives out its numbers again."""
    app = TableApp()
    async with app.run_test(size=(80, 24)):
        table = app.query_one(TransferTable)
        for number, identity, at_ms in ((7, "a", 3000), (3, "b", 4000), (3, "c", 2000), (8, "d", 1000)):
            when = SENDING.timestamp_ms + at_ms
            table.show(replace(SENDING, id=number, identity=identity, timestamp_ms=when), "%H:%M:%S")
        assert [str(row.key.value) for row in table.ordered_rows] == ["d", "c", "a", "b"]
        assert table.row_count == 4


async def test_cells_drawn_before_their_column_was_measured_are_drawn_anew() -> None:
    app = TableApp()
    async with app.run_test(size=(80, 24)) as pilot:
        table = app.query_one(TransferTable)

        def shown() -> str:
            return "\n".join(table.render_line(y).text for y in range(table.size.height))

        table.show(SENDING, "%H:%M:%S")
        shown()  # as when a screen update comes before the table's measuring
        await pilot.pause()
        assert "Spot -> Funding" in shown()
        table.show(replace(SENDING, evidence=accepted(13526853623)), "%H:%M:%S")
        shown()
        await pilot.pause()
        assert "13526853623" in shown()


async def test_the_highlight_is_as_wide_as_the_list_after_a_resize(monkeypatch: pytest.MonkeyPatch) -> None:
    app = TableApp()
    async with app.run_test(size=(80, 24)) as pilot:
        table = app.query_one(TransferTable)
        table.show(SENDING, "%H:%M:%S")
        await pilot.pause()
        draw = table.render_line
        drawn: dict[int, Strip] = {}

        def drawing(y: int) -> Strip:
            drawn[y] = draw(y)
            return drawn[y]

        monkeypatch.setattr(table, "render_line", drawing)
        for width in (120, 60):
            await pilot.resize_terminal(width, 24)
            await pilot.pause()
            assert drawn[1].cell_length == width
            assert len({segment.style.bgcolor for segment in drawn[1] if segment.style}) == 1


async def test_open_done_and_not_moved_are_told_apart_by_colour() -> None:
    app = TableApp(css_path=Path(tui.app.__file__).with_name("shunter.tcss"))
    async with app.run_test(size=(80, 24)):
        table = app.query_one(TransferTable)
        for number, outcome in enumerate(Outcome):
            table.show(transfer_with(id=number, evidence=evidence_for(outcome)), "%H:%M:%S")
        looks = dict(zip(Outcome, (cell.style for cell in table.get_column("Outcome")), strict=True))
        colours = {outcome: style.color for outcome, style in looks.items() if isinstance(style, Style)}
        groups = [
            {colours[outcome] for outcome in Outcome if outcome.is_open},
            {colours[Outcome.DONE]},
            {colours[outcome] for outcome in (Outcome.REJECTED, Outcome.NOT_SENT, Outcome.NOT_EXECUTED)},
        ]
        assert [len(group) for group in groups] == [1, 1, 1]
        assert len(set.union(*groups)) == 3
