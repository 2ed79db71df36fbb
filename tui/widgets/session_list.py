"""The session's transfers and, above them, earlier ones that were still open when it began."""

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import DataTable, Label

from tui.domain import moments
from tui.domain.text import printable
from tui.domain.transfer import Transfer
from tui.domain.view import Whose
from tui.widgets.late_messages import DropsLateMessages
from tui.widgets.transfer_table import TransferTable

_TIME, _EARLIER_TIME = "%H:%M:%S", "%m-%d %H:%M"
_MOST_NOTES = 2
"""Each may take some lines. All of them are in what Enter on a transfer opens."""


class SessionList(DropsLateMessages, Vertical):
    """One list, the newest last and in sight, with notes below on what is still unknown."""

    def __init__(self, *, id: str, whose: Whose, show_marked: Callable[[Transfer, str], object]) -> None:  # noqa: A002
        """Takes whose list it is, and what shows all of the transfer under the cursor, with how its settling goes."""
        super().__init__(id=id)
        self._whose = whose
        self._show_marked = show_marked
        self._earlier_ids: set[str] = set()
        self._session_ids: set[str] = set()
        self._notes: dict[str, tuple[Transfer, str]] = {}
        """How the settling of each unknown transfer goes, by its id."""

    def compose(self) -> ComposeResult:
        """The list, and below it whole sentences."""
        yield Label("Session", classes="title", id="session-title")
        yield Label("No transfers yet", id="session-empty")
        yield TransferTable(id="transfers", whose=self._whose)
        yield Label("", id="session-notes", markup=False)

    def on_mount(self) -> None:
        """Hide what has no rows."""
        self._show_what_there_is()

    def show_earlier(self, transfers: list[Transfer]) -> None:
        """Show transfers of earlier sessions."""
        for transfer in transfers:
            self._earlier_ids.add(transfer.identity)
            self.show(transfer)

    def show(self, transfer: Transfer, note: str = "") -> None:
        """Show a transfer as it stands now; the note says how its settling goes."""
        is_earlier = transfer.identity in self._earlier_ids
        is_new = not is_earlier and transfer.identity not in self._session_ids
        if is_new:
            self._session_ids.add(transfer.identity)
        if note:
            self._notes[transfer.identity] = transfer, note
        else:
            self._notes.pop(transfer.identity, None)
        table = self.query_one(TransferTable)
        table.show(transfer, _EARLIER_TIME if is_earlier else _TIME)
        self._show_what_there_is()
        if is_new:
            self.call_after_refresh(self.scroll_visible, animate=False)
        if table.marked and table.marked.identity == transfer.identity:
            self._follow_cursor()

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Show which one the cursor is on, and what is noted of it."""
        event.stop()
        self._follow_cursor()
        self._show_what_there_is()

    def _follow_cursor(self) -> None:
        if marked := self.query_one(TransferTable).marked:
            self._show_marked(marked, self._notes.get(marked.identity, (marked, ""))[1])

    def _show_what_there_is(self) -> None:
        notes = self._told_notes()
        label = self.query_one("#session-notes", Label)
        label.display = bool(notes)
        label.update(notes)
        count, earlier = len(self._session_ids), len(self._earlier_ids)
        self.query_one(TransferTable).display = bool(count + earlier)
        self.query_one("#session-empty").display = not count + earlier
        words = f"Session - {count}" if count else "Session"
        if earlier:
            words += f"   Earlier, outcome open at the start - {earlier}"
        self.query_one("#session-title", Label).update(words)

    def _told_notes(self) -> str:
        """That of the transfer under the cursor, then the newest ones."""
        marked = self.query_one(TransferTable).marked
        ids = sorted(
            self._notes, key=lambda id_: (marked is None or id_ != marked.identity, -self._notes[id_][0].timestamp_ms)
        )
        told = [
            f"{moments.shown(transfer.timestamp_ms, '%H:%M:%S')} {printable(note)}"
            for transfer, note in map(self._notes.__getitem__, ids[:_MOST_NOTES])
        ]
        if more := len(ids) - len(told):
            told.append(f"{more} more unknown: mark one in the list to read of it")
        return "\n".join(told)
