"""The session's transfers and earlier ones that were still open when it began, the newest first."""

from textual.message import Message

from tui.domain import moments
from tui.domain.entries import Entry
from tui.domain.transfer import Transfer
from tui.language import _
from tui.structs import replace
from tui.widgets.entry_table import EntryTable
from tui.widgets.late_messages import DropsLateMessages
from tui.widgets.messages import fields
from tui.words.columns import AMOUNT, MOVE, OUTCOME, PROFILE, TIME, TRAN_ID, TYPE, Listed, View, telling
from tui.words.entries import InUse


class SessionList(DropsLateMessages, EntryTable):
    """Shows each transfer as it is now."""

    @fields
    class Followed(Message):
        """Posted when another transfer is under the cursor, or the marked one has changed."""

        transfer: Transfer
        note: str
        """How its settling goes."""

    marks_always = False

    def __init__(self, in_use: InUse) -> None:
        super().__init__(in_use, _("THIS SESSION"), id="transfers")
        self._earlier_ids: set[str] = set()
        self._transfers: dict[str, Transfer] = {}
        self._notes: dict[str, str] = {}
        """How the settling of each unknown transfer goes, by its identity."""
        time = replace(
            TIME, text=lambda entry, _: self._time(entry), short=lambda entry, _: self._time(entry, seconds="")
        )
        self._session_columns = (time, MOVE, AMOUNT, OUTCOME, TRAN_ID, PROFILE, TYPE)
        self._show_all()

    def show_earlier(self, transfers: list[Transfer]) -> None:
        """Show transfers of earlier sessions."""
        for transfer in transfers:
            self._earlier_ids.add(transfer.identity)
            self.show_transfer(transfer)

    def show_transfer(self, transfer: Transfer, note: str = "") -> None:
        """Show a transfer as it is now; the note says how its settling goes."""
        self._transfers[transfer.identity] = transfer
        if note:
            self._notes[transfer.identity] = note
        else:
            self._notes.pop(transfer.identity, None)
        self._show_all()
        if (marked := self.marked) and marked.transfer and marked.transfer.identity == transfer.identity:
            self._follow_cursor()

    def newest(self, transfer: Transfer) -> Transfer:
        """Return a transfer as it was shown last."""
        return self._transfers.get(transfer.identity, transfer)

    def on_entry_table_marked(self, event: EntryTable.Marked) -> None:
        """Show the marked transfer."""
        event.stop()
        self._follow_cursor()

    def _show_all(self) -> None:
        newest_first = sorted(self._transfers.values(), key=lambda sent: (sent.timestamp_ms, sent.id), reverse=True)
        entries = [Entry(None, sent) for sent in newest_first]
        earlier = len(self._earlier_ids)
        count = len(entries) - earlier
        if earlier:
            title = (
                _("THIS SESSION {count} and {earlier} from before")
                if count
                else _("THIS SESSION and {earlier} from before")
            )
        else:
            title = _("THIS SESSION {count}") if count else _("THIS SESSION")
        title = title.format(count=count, earlier=earlier)
        columns = telling(self._session_columns, entries, self._in_use)
        self.show(Listed(entries, columns), View(), title=title, empty=_("No transfers yet"))

    def _follow_cursor(self) -> None:
        if (marked := self.marked) and marked.transfer:
            self.post_message(self.Followed(marked.transfer, self._notes.get(marked.transfer.identity, "")))

    def _time(self, entry: Entry, seconds: str = ":%S") -> str:
        transfer = entry.transfer
        is_earlier = transfer is not None and transfer.identity in self._earlier_ids
        return moments.shown(entry.at_ms or 0, "%m-%d %H:%M" if is_earlier else f"%H:%M{seconds}")
