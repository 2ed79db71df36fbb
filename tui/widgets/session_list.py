"""The session's transfers and, above them, earlier ones that were still open when it began."""

from dataclasses import dataclass, replace

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Label

from tui.domain import moments
from tui.domain.entries import Entry
from tui.domain.text import printable
from tui.domain.transfer import Transfer
from tui.widgets.entry_table import EntryTable
from tui.widgets.late_messages import DropsLateMessages
from tui.words import settling
from tui.words.columns import AMOUNT, MOVE, OUTCOME, PAIRS, PROFILE, TIME, TRAN_ID, Listed, View, telling
from tui.words.entries import InUse

_MOST_NOTES = 2
"""Each may take several lines. Enter on a transfer shows its note too."""


class SessionList(DropsLateMessages, Vertical):
    """One list, the newest transfer last and in sight, with notes below about those that are unknown."""

    @dataclass
    class Followed(Message):
        """Posted when another transfer is under the cursor, or the marked one has changed."""

        transfer: Transfer
        note: str
        """How its settling goes."""

    def __init__(self, in_use: InUse, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._in_use = in_use
        self._earlier_ids: set[str] = set()
        self._transfers: dict[str, Transfer] = {}
        self._notes: dict[str, str] = {}
        """How the settling of each unknown transfer goes, by its identity."""
        time = replace(TIME, text=lambda entry, _: self._time(entry))
        self._columns = (time, MOVE, AMOUNT, OUTCOME, TRAN_ID, PAIRS, PROFILE)

    def compose(self) -> ComposeResult:
        """The list, and below it the notes."""
        yield Label("Session", classes="title", id="session-title")
        yield Label("No transfers yet", id="session-empty")
        yield EntryTable(self._in_use, id="transfers", is_newest_last=True)
        yield Label("", id="session-notes", markup=False)

    def on_mount(self) -> None:
        """Hide what has no rows."""
        self._refresh_labels()

    def show_earlier(self, transfers: list[Transfer]) -> None:
        """Show transfers of earlier sessions."""
        for transfer in transfers:
            self._earlier_ids.add(transfer.identity)
            self.show(transfer)

    def show(self, transfer: Transfer, note: str = "") -> None:
        """Show a transfer as it is now; the note says how its settling goes."""
        is_new = transfer.identity not in self._earlier_ids and transfer.identity not in self._transfers
        self._transfers[transfer.identity] = transfer
        if note:
            self._notes[transfer.identity] = note
        else:
            self._notes.pop(transfer.identity, None)
        by_sending = sorted(self._transfers.values(), key=lambda sent: (sent.timestamp_ms, sent.id))
        entries = [Entry(None, sent) for sent in by_sending]
        table = self.query_one(EntryTable)
        table.show(Listed(entries, telling(self._columns, entries, self._in_use)), View())
        self._refresh_labels()
        if is_new:
            self.call_after_refresh(self.scroll_visible, animate=False)
        if (marked := self.marked) and marked.identity == transfer.identity:
            self._follow_cursor()

    @property
    def marked(self) -> Transfer | None:
        """The transfer under the cursor."""
        entry = self.query_one(EntryTable).marked
        return entry.transfer if entry else None

    def newest(self, transfer: Transfer) -> Transfer:
        """Return a transfer as it was shown last."""
        return self._transfers.get(transfer.identity, transfer)

    def on_entry_table_marked(self, event: EntryTable.Marked) -> None:
        """Show the marked transfer, and its note first."""
        event.stop()
        self._follow_cursor()
        self._refresh_labels()

    def _follow_cursor(self) -> None:
        if marked := self.marked:
            self.post_message(self.Followed(marked, self._notes.get(marked.identity, "")))

    def _time(self, entry: Entry) -> str:
        transfer = entry.transfer
        is_earlier = transfer is not None and transfer.identity in self._earlier_ids
        return moments.shown(entry.at_ms or 0, "%m-%d %H:%M" if is_earlier else "%H:%M:%S")

    def _refresh_labels(self) -> None:
        notes = self._shown_notes()
        label = self.query_one("#session-notes", Label)
        label.display = bool(notes)
        label.update(notes)
        earlier = len(self._earlier_ids)
        count = len(self._transfers) - earlier
        self.query_one(EntryTable).display = bool(self._transfers)
        self.query_one("#session-empty").display = not self._transfers
        title = f"Session - {count}" if count else "Session"
        if earlier:
            title += f"   Earlier, outcome open at the start - {earlier}"
        self.query_one("#session-title", Label).update(title)

    def _shown_notes(self) -> str:
        """Return the note of the marked transfer, then those of the newest."""
        marked = self.marked
        noted = [self._transfers[identity] for identity in self._notes]
        noted.sort(
            key=lambda transfer: (marked is None or transfer.identity != marked.identity, -transfer.timestamp_ms)
        )
        lines = [
            f"{moments.shown(transfer.timestamp_ms, '%H:%M:%S')} {printable(self._notes[transfer.identity])}"
            for transfer in noted[:_MOST_NOTES]
        ]
        if more := len(noted) - len(lines):
            lines.append(settling.more_notes(more))
        return "\n".join(lines)
