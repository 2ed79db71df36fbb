"""The list of the session's transfers: its columns, its order, its colours."""

from decimal import Decimal

from textual.app import ComposeResult

from tests.evidence import accepted, evidence_for
from tests.evidence import transfer as transfer_with
from tui.app.terminal_app import TerminalApp
from tui.domain.transfer import Outcome, TransferRequest
from tui.domain.wallets import TransferType
from tui.structs import replace
from tui.widgets.entry_table import EntryTable
from tui.widgets.session_list import SessionList
from tui.words.entries import InUse

SENDING = transfer_with(request=TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(1)))


class ListApp(TerminalApp):
    """A list, and nothing else."""

    def __init__(self) -> None:
        super().__init__(has_few_colours=False)

    def compose(self) -> ComposeResult:
        yield SessionList(InUse("main", "demo"))


def column(app: ListApp, name: str) -> list[str] | None:
    """What a column shows; None if there is no such column."""
    table = app.query_one(EntryTable)
    named = [column for column in table.columns if column.name == name]
    return [named[0].text(entry, table._in_use) for entry in table.entries] if named else None


async def test_pairs_are_next_to_their_wallets() -> None:
    app = ListApp()
    async with app.run_test(size=(80, 24)):
        session = app.query_one(SessionList)
        session.show_transfer(SENDING)
        request = TransferRequest(TransferType.ISOLATED_MARGIN_MAIN, "USDT", Decimal(1), from_symbol="BTCUSDT")
        session.show_transfer(replace(SENDING, id=2, identity="2", request=request))
        assert column(app, "move") == ["Isolated BTCUSDT -> Spot", "Spot -> Funding"]
        session.show_transfer(replace(SENDING, evidence=accepted()))
        assert column(app, "outcome") == ["  sending", "  done"]


async def test_profile_has_a_column_once_a_transfer_is_of_another_than_the_line_at_the_top_says() -> None:
    app = ListApp()
    async with app.run_test(size=(80, 24)):
        session = app.query_one(SessionList)
        session.show_transfer(SENDING)
        assert column(app, "profile") is None
        session.show_transfer(replace(SENDING, id=2, identity="2", profile="savings"))
        session.show_transfer(replace(SENDING, id=3, identity="3"))
        assert column(app, "profile") == ["main", "savings", "main"]


async def test_newest_is_first_whatever_its_number() -> None:
    """An older copy of the journal, restored, gives out its numbers again."""
    app = ListApp()
    async with app.run_test(size=(80, 24)):
        session = app.query_one(SessionList)
        for number, identity, at_ms in ((7, "a", 3000), (3, "b", 4000), (3, "c", 2000), (8, "d", 1000)):
            when = SENDING.timestamp_ms + at_ms
            session.show_transfer(replace(SENDING, id=number, identity=identity, timestamp_ms=when))
        entries = app.query_one(EntryTable).entries
        assert [entry.transfer.identity for entry in entries if entry.transfer] == ["b", "a", "c", "d"]


async def test_every_digit_of_a_tran_id_is_shown_as_soon_as_it_is_known() -> None:
    app = ListApp()
    async with app.run_test(size=(80, 24)) as pilot:
        session = app.query_one(SessionList)
        session.show_transfer(SENDING)
        await pilot.pause()
        assert "Spot -> Funding" in str(app.query_one(EntryTable).render())
        session.show_transfer(replace(SENDING, evidence=accepted(13526853623)))
        assert "13526853623" in str(app.query_one(EntryTable).render())


async def test_the_highlight_is_as_wide_as_the_list_after_a_resize() -> None:
    app = ListApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.query_one(SessionList).show_transfer(SENDING)
        table = app.query_one(EntryTable)
        for width in (120, 60):
            await pilot.resize_terminal(width, 24)
            await pilot.pause()
            marked = table.render_line(1)
            assert marked.cell_length == width
            assert len({segment.style.bgcolor for segment in marked if segment.style}) == 1


async def test_open_done_and_not_moved_are_told_apart_by_colour() -> None:
    app = ListApp()
    async with app.run_test(size=(80, 24)):
        session = app.query_one(SessionList)
        for number, outcome in enumerate(Outcome):
            session.show_transfer(transfer_with(id=number, identity=str(number), evidence=evidence_for(outcome)))
        table = app.query_one(EntryTable)
        colours = {
            outcome: table.get_visual_style(f"entry-table--{outcome}", partial=True).foreground for outcome in Outcome
        }
        groups = [
            {colours[outcome] for outcome in Outcome if outcome.is_open},
            {colours[Outcome.DONE]},
            {colours[Outcome.REJECTED]},
            {colours[outcome] for outcome in (Outcome.NOT_SENT, Outcome.NOT_EXECUTED)},
        ]
        assert [len(group) for group in groups] == [1, 1, 1, 1]
        assert len(set.union(*groups)) == 4
