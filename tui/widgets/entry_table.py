"""A list of entries: the transfers of this session, or the history."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from tui.domain.entries import Entry
from tui.domain.hosts import in_short
from tui.domain.records import identity
from tui.domain.transfer import Outcome
from tui.widgets.at_once import at_once
from tui.widgets.clipboard import copy_text, copy_tran_id
from tui.words.columns import AMOUNT, COLUMNS, HOST, MADE, OUTCOME, Column, Listed, View
from tui.words.entries import InUse, describe, outcome_style

_MEASURED = 200
"""Columns are as wide as this many lines need, and get wider when a later line in sight needs more."""

_STAYING = 3
"""The first columns (time, move and amount) are always in sight."""

_WIDEST_ASSET = 10

_AGAIN_HELP = "in a list of transfers: fill the form with the same again / the other way round"
_ROW_HELP = "in a list of transfers: show all of one / copy its tranId / copy all of it"


class EntryTable(Widget, can_focus=True):
    """Shows entries, one a line, and makes only the lines in sight.

    The cursor stays on its entry when others come. At the end where the newest entry is, it stays at that end.
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
            Binding("home,ctrl+home", "go_to(0)", "First line", show=False),
            Binding("end,ctrl+end", "go_to(-1)", "Last line", show=False),
            Binding("enter", "open", "All", key_display="Enter", tooltip=_ROW_HELP),
            Binding("c", "copy_tran_id", "Copy tranId", show=False, tooltip=_ROW_HELP),
            Binding("C", "copy_all", "Copy all", show=False, tooltip=_ROW_HELP),
            Binding("r", "screen.again(False)", "Again", tooltip=_AGAIN_HELP),
            Binding("R", "screen.again(True)", "Reverse", tooltip=_AGAIN_HELP),
        ]
    )

    @dataclass
    class Marked(Message):
        """Posted when another entry is under the cursor, or none."""

        entry: Entry | None

    @dataclass
    class Opened(Message):
        """Posted when the person wants to see all of an entry."""

        entry: Entry

    def __init__(self, in_use: InUse, *, id: str | None = None, is_newest_last: bool = False) -> None:  # noqa: A002
        super().__init__(id=id)
        self._in_use = in_use
        self._is_newest_last = is_newest_last
        self._listed = Listed([], COLUMNS)
        self._view = View()
        self._empty = ""
        self._widths = Widths()
        self._row = self._top = 0
        """The line under the cursor, and the first one in sight."""
        self._first = 0
        """The first in sight of the columns that move."""

    @property
    def entries(self) -> list[Entry]:
        """All entries, in their order."""
        return self._listed.entries

    @property
    def marked(self) -> Entry | None:
        """The entry under the cursor."""
        return self.entries[self._row] if self._row < len(self.entries) else None

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, in sight or not."""
        return self._listed.columns

    def show(self, listed: Listed, view: View, *, empty: str = "") -> None:
        """Show these entries; `empty` says why there are none."""
        before, marked = self.entries, self.marked
        if view != self._view:
            self._widths = Widths()
        self._listed, self._view, self._empty = listed, view, empty
        for entry in listed.entries[-_MEASURED:] if self._is_newest_last else listed.entries[:_MEASURED]:
            self._widths.take(self._texts(entry))
        row = self._row_after(before, marked)
        self._top = max(self._top + row - self._row, 0)
        self._row = row
        self._follow()
        if self.marked != marked:
            self.post_message(self.Marked(self.marked))

    def _row_after(self, before: list[Entry], marked: Entry | None) -> int:
        """Return the line of the cursor once the entries have changed."""
        now, row = self.entries, self._row
        if marked is None:
            return len(now) - 1 if self._is_newest_last else 0
        if not self._is_newest_last:
            return _row_of(marked, now) if row else 0
        is_newer = not _is_same(before[-1], now[-1])
        is_at_end = not self.has_focus or row >= len(before) - 1
        return len(now) - 1 if is_newer and is_at_end else _row_of(marked, now)

    def render(self) -> Content:
        """Draw the columns' names, and a line for each entry in sight."""
        width, height = self.content_size
        entries = self.entries[self._top :][: max(height - 1, 0)]
        texts = [self._texts(entry) for entry in entries]
        for row_texts in texts:
            self._widths.take(row_texts)
        shown, more = in_sight(self._columns(), self._first, width)
        lines = [self._header(shown, more, width)]
        for row, (entry, row_texts) in enumerate(zip(entries, texts, strict=True), self._top):
            lines.append(self._line(entry, row_texts, shown, is_marked=row == self._row))
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
        self._click(message.y - self.gutter.top)
        return True

    def _click(self, line: int) -> None:
        """Go to the clicked line; a second click opens it."""
        row = self._top + line - 1
        if line < 1 or row >= len(self.entries):
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
        self._go_to(row if row >= 0 else len(self.entries) - 1)

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

    def action_copy_tran_id(self) -> None:
        """Copy the tranId of the entry under the cursor."""
        copy_tran_id(self.marked, self)

    def action_copy_all(self) -> None:
        """Copy everything about the entry under the cursor."""
        if entry := self.marked:
            description = describe(entry, self._in_use)
            copy_text(description.text, description.title, self)

    def _go_to(self, row: int) -> None:
        before = self._row
        self._row = row
        self._follow()
        if self._row != before:
            self.post_message(self.Marked(self.marked))

    def _follow(self) -> None:
        """Keep the cursor within the list, and in sight."""
        room = max(self.content_size.height - 1, 1)
        last = max(len(self.entries) - 1, 0)
        self._row = min(max(self._row, 0), last)
        self._top = min(max(self._top, self._row - room + 1, 0), self._row, max(last - room + 1, 0))
        self.refresh()

    def _texts(self, entry: Entry) -> "Texts":
        return {column: column.text(entry, self._in_use) for column in self.columns}

    def _columns(self) -> list[tuple[Column, int]]:
        """Return all columns with their widths."""
        widths = self._widths.columns
        return [(column, max(widths.get(column, 0), len(self._heading(column)))) for column in self.columns]

    def _heading(self, column: Column) -> str:
        """Return a column's name, with the direction if the list is sorted by it."""
        if column is not self._view.column:
            return column.name
        return f"{column.name} {'v' if column.is_largest_first is not self._view.is_reversed else '^'}"

    def _header(self, shown: list[tuple[Column, int]], more: int, width: int) -> Content:
        line = " " + " ".join(cut(self._heading(column), taken) for column, taken in shown)
        left, room = ("<" if self._first else ""), width - len(line.rstrip())
        marks = (f" Right: {more} more>", " Right>", ">") if more else ("",)
        right = next((mark for mark in marks if len(mark) <= room), marks[-1])
        line = left + cut(line, width)[len(left) : width - len(right)] + right
        return Content(line).stylize(self.get_visual_style("entry-table--header"))

    def _line(self, entry: Entry, texts: "Texts", shown: list[tuple[Column, int]], *, is_marked: bool) -> Content:
        line = Content(">" if is_marked else " ")
        for column, taken in shown:
            part = Content(f"{self._widths.cell(texts, column, taken)} ")
            style = self._style(entry, column)
            line += part.stylize(self.get_visual_style(f"entry-table--{style}", partial=True)) if style else part
        width = self.content_size.width
        line = line.pad_right(max(width - line.cell_length, 0))
        return line.stylize(self.get_visual_style("entry-table--cursor")) if is_marked else line

    def _style(self, entry: Entry, column: Column) -> str:
        if column is OUTCOME:
            return outcome_style(entry)
        return "differs" if column is MADE and entry.mismatches else ""


Texts = dict[Column, str]
"""What the columns show of one entry."""


@dataclass(slots=True)
class Widths:
    """How wide the columns of a list are. They only grow, so that nothing jumps about."""

    columns: dict[Column, int] = field(default_factory=dict)
    amount: tuple[int, int, int] = (0, 0, 0)
    """Of the digits before the dot, of the rest with the dot, and of the asset: all dots are below each other."""

    def take(self, texts: Texts) -> None:
        """Make room for an entry."""
        for column, text in texts.items():
            width = min(cell_len(text), column.widest)
            if column is AMOUNT:
                whole, decimals, asset = _amount_parts(text)
                before, behind, of_asset = self.amount
                self.amount = (
                    max(before, len(whole)),
                    max(behind, len(decimals)),
                    max(of_asset, min(cell_len(asset), _WIDEST_ASSET)),
                )
                width = sum(self.amount) + 1
            self.columns[column] = max(self.columns.get(column, 0), width)

    def cell(self, texts: Texts, column: Column, width: int) -> str:
        """Return what a column of a line shows, in that width."""
        text = texts[column]
        if column is HOST:
            text = in_short(text, width)
        if column is AMOUNT:
            (whole, decimals, asset), (before, behind, of_asset) = _amount_parts(text), self.amount
            text = f"{whole.rjust(before)}{decimals.ljust(behind)} {cut(asset, of_asset)}"
        return cut(text, width)


def _amount_parts(text: str) -> tuple[str, str, str]:
    amount, _, asset = text.partition(" ")
    whole, dot, decimals = amount.partition(".")
    return whole, dot + decimals, asset


def cut(text: str, width: int) -> str:
    """Return the text in exactly that width: filled up with blanks, or cut with a `~` at its end."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return f"{set_cell_size(text, max(width - 1, 0))}~"[: max(width, 0)]


def in_sight(columns: Sequence[tuple[Column, int]], first: int, width: int) -> tuple[list[tuple[Column, int]], int]:
    """Return the columns that there is room for, and how many more there are to the right.

    Those that always stay come before those from `first` on.
    """
    shown = list(columns[:_STAYING])
    room = width - 1 - sum(taken + 1 for _, taken in shown)
    rest = columns[_STAYING + first :]
    for column, taken in rest:
        least = taken if column.narrowest is None else min(taken, column.narrowest)
        if least > room and len(shown) > _STAYING:
            break
        shown.append((column, min(taken, max(room, 1))))
        room -= taken + 1
    return shown, len(rest) - (len(shown) - _STAYING)


def _row_of(entry: Entry, entries: Iterable[Entry]) -> int:
    """Return the line of an entry; the first line if it is gone."""
    return next((row for row, other in enumerate(entries) if _is_same(entry, other)), 0)


def _is_same(one: Entry, other: Entry) -> bool:
    if one.transfer and other.transfer:
        return one.transfer.identity == other.transfer.identity
    if one.record and other.record:
        return one.tran_id == other.tran_id and identity(one.record) == identity(other.record)
    return False
