"""The past as a list, of which only what is in sight is made."""

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from tui.domain.entries import Entry
from tui.domain.records import identity
from tui.domain.transfer import Outcome
from tui.domain.view import Column, Listed, View, Whose, outcome_style
from tui.widgets.at_once import at_once
from tui.widgets.entry_cells import Widths, cells, cut, in_sight

_MEASURED = 200
"""Columns are as wide as so many lines need, and wider from where a later one in sight needs more."""

_LARGEST_FIRST = (Column.TIME, Column.AMOUNT)


class EntryTable(Widget, can_focus=True):
    """Entries of the past, a line each. The cursor stays on its entry when others come, but at the top it stays at the
    top: there the newest is.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "entry-table--cursor",
        "entry-table--header",
        "entry-table--differs",
        *(f"entry-table--{outcome}" for outcome in Outcome),
    }

    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [
            Binding("up", "step(-1)", "Line before", show=False),
            Binding("down", "step(1)", "Next line", show=False),
            Binding("left", "shift(-1)", "Columns to the left", show=False),
            Binding("right", "shift(1)", "Columns to the right", show=False),
            Binding("pageup", "page(-1)", "Page up", show=False),
            Binding("pagedown", "page(1)", "Page down", show=False),
            Binding("home", "go_to(0)", "First line", show=False),
            Binding("end", "go_to(-1)", "Last line", show=False),
            Binding("enter", "open", "All", key_display="Enter"),
        ]
    )

    @dataclass
    class Marked(Message):
        """Another entry is under the cursor, or there is none."""

        entry: Entry | None

    @dataclass
    class Opened(Message):
        """A person wants to see all of an entry."""

        entry: Entry

    def __init__(self, whose: Whose) -> None:
        super().__init__()
        self._whose = whose
        self._listed = Listed([], tuple(Column))
        self._view = View()
        self._empty = ""
        self._widths = Widths()
        self._row = self._top = 0
        """The line under the cursor, and the first one in sight."""
        self._first = 0
        """The first in sight of the columns that move."""

    @property
    def marked(self) -> Entry | None:
        """The entry under the cursor."""
        return self._listed.entries[self._row] if self._row < len(self._listed.entries) else None

    @property
    def columns(self) -> tuple[Column, ...]:
        """Those that there are, in sight or not."""
        return self._listed.columns

    def show(self, listed: Listed, view: View, *, empty: str) -> None:
        """Show these; without any, `empty` says why."""
        before, is_same_view = self.marked, view == self._view
        self._listed, self._view, self._empty = listed, view, empty
        if not is_same_view:
            self._widths = Widths()
        for entry in listed.entries[:_MEASURED]:
            self._widths.take(cells(entry, self._whose))
        row = _row_of(before, listed.entries) if self._row and before else 0
        self._top = max(self._top + row - self._row, 0)
        self._row = row
        self._follow()
        if self.marked != before:
            self.post_message(self.Marked(self.marked))

    def render(self) -> Content:
        """The columns' names, and a line for each entry in sight."""
        width, height = self.content_size
        entries = self._listed.entries[self._top :][: max(height - 1, 0)]
        found = [cells(entry, self._whose) for entry in entries]
        for one in found:
            self._widths.take(one)
        shown, more = in_sight(self._columns(), self._first, width)
        lines = [self._header(shown, more, width)]
        for row, (entry, one) in enumerate(zip(entries, found, strict=True), self._top):
            texts = [self._widths.cell(one, column, taken) for column, taken in shown]
            lines.append(self._line(entry, texts, [column for column, _ in shown], is_marked=row == self._row))
        if not entries:
            lines.append(Content(cut(f" {self._empty}", width)))
        return Content("\n").join(line.truncate(width) for line in lines[:height])

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self._follow()

    def post_message(self, message: Message) -> bool:
        """Take a click at once: as a message it would wait while other lines come under it."""
        if not isinstance(message, events.Click):
            return super().post_message(message)
        self._click(message.y)
        return True

    def _click(self, line: int) -> None:
        """Go to the clicked line; once more, and all of it is shown."""
        row = self._top + line - 1
        if line < 1 or row >= len(self._listed.entries):
            return
        if row == self._row:
            self.action_open()
        self._go_to(row)

    def on_mouse_scroll_down(self) -> None:
        """Go down the list."""
        self.action_step(1)

    def on_mouse_scroll_up(self) -> None:
        """Go up the list."""
        self.action_step(-1)

    def action_step(self, rows: int) -> None:
        """Go to a line near this one."""
        self._go_to(self._row + rows)

    def action_page(self, pages: int) -> None:
        """Go up or down by what is in sight."""
        self._go_to(self._row + pages * max(self.content_size.height - 1, 1))

    def action_go_to(self, row: int) -> None:
        """Go to the first line, or with -1 to the last."""
        self._go_to(row if row >= 0 else len(self._listed.entries) - 1)

    def action_shift(self, columns: int) -> None:
        """Bring other columns into sight."""
        _, more = in_sight(self._columns(), self._first, self.content_size.width)
        if columns < 0 or more:
            self._first = max(self._first + columns, 0)
        self.refresh()

    def action_open(self) -> None:
        """Show all of the entry under the cursor."""
        if entry := self.marked:
            self.post_message(self.Opened(entry))

    def _go_to(self, row: int) -> None:
        before = self._row
        self._row = row
        self._follow()
        if self._row != before:
            self.post_message(self.Marked(self.marked))

    def _follow(self) -> None:
        """Keep the cursor within the list, and in sight."""
        room = max(self.content_size.height - 1, 1)
        last = max(len(self._listed.entries) - 1, 0)
        self._row = min(max(self._row, 0), last)
        self._top = min(max(self._top, self._row - room + 1, 0), self._row, max(last - room + 1, 0))
        self.refresh()

    def _columns(self) -> list[tuple[Column, int]]:
        """Those that there are, with their widths."""
        return [
            (column, max(self._widths.columns[column], len(self._heading(column)))) for column in self._listed.columns
        ]

    def _heading(self, column: Column) -> str:
        """A column's name; what the list is sorted by, and which way, stands beside it."""
        if column is not self._view.column:
            return column.value
        is_falling = (column in _LARGEST_FIRST) is not self._view.is_reversed
        return f"{column.value} {'v' if is_falling else '^'}"

    def _header(self, shown: list[tuple[Column, int]], more: int, width: int) -> Content:
        line = " " + " ".join(cut(self._heading(column), taken) for column, taken in shown)
        left, room = ("<" if self._first else ""), width - len(line.rstrip())
        marks = (f" Right: {more} more>", " Right>", ">") if more else ("",)
        right = next((mark for mark in marks if len(mark) <= room), marks[-1])
        line = left + cut(line, width)[len(left) : width - len(right)] + right
        return Content(line).stylize(self.get_visual_style("entry-table--header"))

    def _line(self, entry: Entry, texts: list[str], columns: list[Column], *, is_marked: bool) -> Content:
        line = Content(">" if is_marked else " ")
        for column, text in zip(columns, texts, strict=True):
            part = Content(f"{text} ")
            style = self._style(entry, column)
            line += part.stylize(self.get_visual_style(f"entry-table--{style}", partial=True)) if style else part
        width = self.content_size.width
        line = line.pad_right(max(width - line.cell_length, 0))
        return line.stylize(self.get_visual_style("entry-table--cursor")) if is_marked else line

    def _style(self, entry: Entry, column: Column) -> str:
        if column is Column.OUTCOME:
            return outcome_style(entry)
        return "differs" if column is Column.MADE and entry.mismatches else ""


def _row_of(entry: Entry, entries: list[Entry]) -> int:
    """Where an entry is now; the first line where it is no more."""
    return next((row for row, other in enumerate(entries) if _is_same(entry, other)), 0)


def _is_same(one: Entry, other: Entry) -> bool:
    if one.transfer and other.transfer:
        return one.transfer.identity == other.transfer.identity
    if one.record and other.record:
        return one.tran_id == other.tran_id and identity(one.record) == identity(other.record)
    return False
