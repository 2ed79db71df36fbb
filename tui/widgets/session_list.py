"""The session's transfers and, above them, earlier ones that were still open when it began."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Label

from tui.domain.text import printable
from tui.domain.transfer import Transfer
from tui.widgets.transfer_table import TransferTable


class SessionList(Vertical):
    """Two tables of transfers, each shown only when it has rows."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._earlier_ids: set[int] = set()
        self._session_ids: set[int] = set()
        self._notes: dict[int, str] = {}
        """How the settling of each unknown transfer goes, by its id."""

    def compose(self) -> ComposeResult:
        """Earlier ones first."""
        yield Label("Earlier, outcome open at the start", classes="title", id="earlier-title")
        yield TransferTable(id="earlier", time_format="%m-%d %H:%M")
        yield Label("Session", classes="title", id="session-title")
        yield Label("No transfers yet", id="session-empty")
        yield TransferTable(id="transfers")
        yield Label("", id="session-notes", markup=False)

    def on_mount(self) -> None:
        """Hide what has no rows."""
        self._show_what_has_rows()

    def show_earlier(self, transfers: list[Transfer]) -> None:
        """Show transfers of earlier sessions."""
        for transfer in transfers:
            self._earlier_ids.add(transfer.id)
            self.show(transfer)

    def show(self, transfer: Transfer, note: str = "") -> None:
        """Show a transfer as it stands now; the note says how its settling goes."""
        is_earlier = transfer.id in self._earlier_ids
        if not is_earlier:
            self._session_ids.add(transfer.id)
        self.query_one("#earlier" if is_earlier else "#transfers", TransferTable).show(transfer)
        self._note(transfer, note)
        self._show_what_has_rows()

    def _note(self, transfer: Transfer, note: str) -> None:
        """Notes stand below the tables, where there is room for whole sentences."""
        if note:
            self._notes[transfer.id] = f"{transfer.sent_at.astimezone():%H:%M:%S} {printable(note)}"
        else:
            self._notes.pop(transfer.id, None)
        self.query_one("#session-notes", Label).update("\n".join(self._notes.values()))

    def _show_what_has_rows(self) -> None:
        for selector in ("#earlier-title", "#earlier"):
            self.query_one(selector).display = bool(self._earlier_ids)
        self.query_one("#session-notes").display = bool(self._notes)
        count = len(self._session_ids)
        self.query_one("#transfers").display = bool(count)
        self.query_one("#session-empty").display = not count
        self.query_one("#session-title", Label).update(f"Session - {count}" if count else "Session")
