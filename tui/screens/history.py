"""The history on screen: the journal and the exchange's records, as one list."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.worker import Worker

from tui import clock
from tui.desk.desk import Desk
from tui.domain import moments
from tui.domain.entries import Comparison, Entry
from tui.domain.records import Reach, Reading
from tui.domain.search import ANY, parse_search
from tui.domain.transfer import Draft, Transfer
from tui.files import new_file
from tui.journal import JournalError
from tui.language import _
from tui.screens.closing import DismissesItself
from tui.screens.entry import EntryScreen
from tui.screens.fitting import Fitting
from tui.screens.report import ReportScreen
from tui.structs import replace
from tui.widgets.at_once import at_once
from tui.widgets.entry_table import EntryTable
from tui.widgets.filter_line import FilterLine
from tui.widgets.key_bar import KeyBar
from tui.widgets.message_line import MessageLine
from tui.widgets.pane import TALL
from tui.widgets.status_bar import Status, StatusBar
from tui.widgets.transfer_detail import TransferDetail
from tui.words import history as words
from tui.words.columns import Listed, View, listed
from tui.words.differences import sections, summary
from tui.words.entries import InUse, describe, draft_from
from tui.words.exports import HISTORY, history_rows, write_csv, write_json
from tui.words.outcomes import Watch

_SORT = _("in the history: sort by the next column / the other way round")
_COMPARE = _("in the history: check all of the journal against the exchange's record, read afresh")
_EXPORT = _("in the history: write what is listed into a file, as CSV / as JSON")
_BY_LETTER = frozenset({"filter", "sort", "compare", "missing", "export", "leave"})
"""What a letter does not do while a filter is typed; Esc leads from there to the list."""


class HistoryScreen(DismissesItself, Fitting, Screen[Draft | None]):
    """Lists all entries, newest first, as they come. Ends with what fills the form, or None."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide"), (150, "-wider")]  # noqa: RUF012 - as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-short"), (TALL, "-tall")]  # noqa: RUF012
    AUTO_FOCUS = "EntryTable"
    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [
            Binding("s", "sort(False)", _("Sort"), tooltip=_SORT),
            Binding("S", "sort(True)", _("Sort back"), show=False, tooltip=_SORT),
            Binding("x", "compare", _("Check journal"), tooltip=_COMPARE),
            Binding(
                "n",
                "missing",
                _("Not read"),
                show=False,
                tooltip=_("in the history: what could not be asked or read, and why"),
            ),
            *(
                Binding(
                    key, f"export({kind!r})", _("Export {kind}").format(kind=kind.upper()), show=False, tooltip=_EXPORT
                )
                for key, kind in (("e", "csv"), ("E", "json"))
            ),
            Binding("f5,ctrl+l", "ask_or_stop", _("Reload"), key_display="F5"),
            Binding("escape,q", "leave", _("Close"), key_display="Esc"),
            Binding("f3,ctrl+t", "dismiss", _("Close"), show=False),
        ]
    )

    def __init__(
        self, desk: Desk, status: Status, *, before: "HistoryScreen | None" = None, is_filtering: bool = False
    ) -> None:
        """Takes the status to show, the last history, whose filter and order it keeps, and whether it begins with the
        filter.
        """
        super().__init__()
        self._status = replace(status, waiting_for="")
        self._is_filtering = is_filtering
        self._desk = desk
        self._browser = desk.browse()
        self._in_use = InUse(desk.profile, self._browser.host)
        self._view: View = before._view if before else View()
        self._filter: str = before._filter if before else ""
        """The text of the filter."""
        self._comparing: Worker[None] | None = None
        self._wanted = asyncio.Event()
        """Set when the list has to be arranged again."""
        self._progress = _("Reading the journal...")
        """How many entries there are, and how far the exchange's history is read."""
        self._is_noted = False
        """Whether a note is in its place."""

    def compose(self) -> ComposeResult:
        """The place, the list, next to it the marked entry, and below it the filter and how far all is read."""
        yield StatusBar(self._status)
        with Horizontal(id="history-columns"):
            yield EntryTable(self._in_use, _("HISTORY"))
            yield TransferDetail(id="history-detail")
        yield FilterLine(self._filter)
        yield MessageLine()
        yield KeyBar()

    def on_mount(self) -> None:
        """Begin to read, and apply the last filter: an age in it counts from now."""
        self._note("")
        if self._filter:
            self.on_filter_line_typed(FilterLine.Typed(self._filter))
        if self._is_filtering:
            self.action_filter()
        self.follow_past()
        self.keep_arranged()

    @work(group="history")
    async def follow_past(self) -> None:
        """Arrange the list again whenever more is known."""
        async with aclosing(self._browser.follow()) as changes:
            async for _change in changes:
                self._wanted.set()

    @work(group="arrange")
    async def keep_arranged(self) -> None:
        """Arrange the list in a thread: it may be long."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            view = self._view
            shown = await asyncio.to_thread(listed, self._browser.entries, view, self._in_use)
            self.post_call(self._show_list, shown, view)

    def _show_list(self, shown: Listed, view: View) -> None:
        """Show the list, and the progress."""
        browser, is_filtered = self._browser, view.search != ANY
        empty = words.empty(
            is_filtered=is_filtered and bool(browser.entries),
            is_reading=browser.reach is Reach.READING or browser.is_taking,
            is_missing=bool(browser.unread_count or browser.journal_problem),
        )
        self.query_one(EntryTable).show(shown, view, empty=empty)
        count = words.counted(
            len(browser.entries), len(shown.entries) if is_filtered else None, is_more=browser.is_taking
        )
        progress = words.progress(
            browser.reading,
            browser.reach,
            browser.record_count,
            browser.unread_count,
            is_missing=bool(browser.missing),
        )
        self._progress = _("{count}; {progress}").format(count=count, progress=progress)
        if not self._is_noted:
            self.query_one(MessageLine).show("hint", self._progress)

    def put(self, transfer: Transfer) -> None:
        """Take a transfer as it is now."""
        self._browser.put(transfer)

    def on_entry_table_marked(self, message: EntryTable.Marked) -> None:
        """Show the marked entry next to the list."""
        self._note("")
        entry = message.entry
        watch = self._desk.watch_over(entry.transfer) if entry and entry.transfer else Watch.UNKNOWN
        self.query_one(TransferDetail).show(describe(entry, self._in_use, watch=watch) if entry else None)

    def on_entry_table_opened(self, message: EntryTable.Opened) -> None:
        """Show all of an entry."""
        self.app.push_screen(EntryScreen(message.entry, self._desk.watch_over, history=self._in_use))

    def on_filter_line_typed(self, message: FilterLine.Typed) -> None:
        """Apply the filter if it is valid; until then, the list stays as it is."""
        self._filter = message.text
        line = self.query_one(MessageLine)
        try:
            search = parse_search(message.text, datetime.now(UTC))
        except ValueError as error:
            line.show("problem", str(error))
            return
        line.show("problem", "")
        self._show(replace(self._view, search=search))

    def on_filter_line_left(self) -> None:
        """Go back to the list."""
        self.query_one(EntryTable).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Ignore letters while a filter is typed, and before the list is there."""
        if action not in _BY_LETTER:
            return True
        return not self.query_one(FilterLine).has_focus_within if self.is_mounted else action == "leave"

    def action_filter(self) -> None:
        """Focus the filter."""
        self.query_one(FilterLine).enter()

    def action_sort(self, turned: bool) -> None:
        """Sort by the next column, or by the same in reverse."""
        if turned:
            self._show(replace(self._view, is_reversed=not self._view.is_reversed))
            return
        columns = [column for column in self.query_one(EntryTable).columns if not column.is_extra]
        at = columns.index(self._view.column) if self._view.column in columns else -1
        self._show(replace(self._view, column=columns[(at + 1) % len(columns)], is_reversed=False))

    def action_again(self, is_reversed: bool) -> None:
        """Fill the form with the marked entry, or with its reverse."""
        if entry := self.query_one(EntryTable).marked:
            try:
                self.dismiss(draft_from(entry, self._in_use, is_reversed=is_reversed))
            except ValueError as error:
                self._note(str(error))
                self.app.bell()

    def action_ask_or_stop(self) -> None:
        """Stop reading, or read what is new."""
        if self._stops_comparing():
            return
        if self._browser.is_asking:
            self._browser.stop()
        else:
            self._browser.ask()

    def action_missing(self) -> None:
        """Show what is not in the list."""
        self.app.push_screen(
            ReportScreen(_("NOT IN THE LIST"), *words.missing(self._browser.missing, self._browser.reach))
        )

    def action_export(self, kind: str) -> None:
        """Write the listed records into a new file in the person's home folder."""
        self.export(self.query_one(EntryTable).entries, kind)

    @work(thread=True, group="export")
    def export(self, entries: list[Entry], kind: str) -> None:
        """Write entries as `shunter history` does. It takes a moment if there are many."""
        path = Path.home() / f"shunter-history-{moments.shown(clock.wall_ms(), '%Y%m%d-%H%M%S')}.{kind}"
        try:
            with new_file(path) as file:
                write = {"csv": write_csv, "json": write_json}[kind]
                write(file, HISTORY, history_rows(entries, self._in_use.host))
        except OSError as error:
            problem = _("Not exported: {path}: {error}.")
            self.post_call(self._note, problem.format(path=path, error=error.strerror or error))
            return
        count = sum(entry.record is not None for entry in entries)
        left_out = len(entries) - count
        done = (
            _("{count} records written to {path}. Left out: {left_out} of the journal alone.")
            if left_out
            else _("{count} records written to {path}.")
        )
        self.post_call(self._note, done.format(count=count, path=path, left_out=left_out))

    @property
    def is_comparing(self) -> bool:
        """Whether the history is being read to compare the journal with it."""
        return self._comparing is not None and not self._comparing.is_finished

    def action_compare(self) -> None:
        """Compare the journal with the exchange's history, which is read again for that."""
        if self._browser.is_asking or self._browser.reading is None:
            self._note(
                _("First the exchange's history has to be read: x checks after that, or once F5 has stopped it.")
            )
            return
        if not self.is_comparing:
            self._note(words.comparing(), kind="hint")
            self._comparing = self.compare_past()

    @work(exclusive=True, group="compare")
    async def compare_past(self) -> None:
        """Read, compare, and post the result."""
        try:
            comparison = await self._browser.compare(partial(self.post_call, self._show_progress))
        except JournalError as error:
            self.post_call(self._note, str(error))
        else:
            self.post_call(self.show_comparison, comparison)

    def _stops_comparing(self) -> bool:
        """Stop comparing. Return whether it was comparing."""
        if self._comparing is None or not self.is_comparing:
            return False
        self._comparing.cancel()
        self._comparing = None
        self._note(_("Stopped: nothing was compared. x checks again."))
        return True

    def _show_progress(self, reading: Reading) -> None:
        if self.is_comparing:
            self._note(words.comparing(reading), kind="hint")

    def show_comparison(self, comparison: Comparison) -> None:
        """Show each difference with what to do, once nothing is over the history."""
        if not self.defers(partial(self.show_comparison, comparison)):
            self._note("")
            text = summary(comparison, self._browser.unread_count)
            self.app.push_screen(ReportScreen(_("JOURNAL AND RECORD"), text, sections(comparison)))

    def action_leave(self) -> None:
        """Stop comparing, or go back to the main screen."""
        if not self._stops_comparing():
            self.dismiss(None)

    def _show(self, view: View) -> None:
        if view != self._view:
            self._view = view
            self._wanted.set()

    def _note(self, text: str, *, kind: str = "warning") -> None:
        """Show a note in place of the progress; an empty text brings that back."""
        self._is_noted = bool(text)
        line = self.query_one(MessageLine)
        for each in ("warning", "hint"):
            line.show(each, text if each == kind else "")
        if not text:
            line.show("hint", self._progress)
