"""A list of entries: the transfers of this session, or the history."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

import msgspec
from rich.cells import cell_len, set_cell_size
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from tui.domain.entries import Entry
from tui.domain.hosts import in_short
from tui.domain.layout import padded, padded_before
from tui.domain.records import identity
from tui.domain.transfer import Outcome
from tui.language import _
from tui.structs import field
from tui.widgets.at_once import at_once
from tui.widgets.clipboard import copy_text, copy_tran_id
from tui.widgets.messages import fields
from tui.widgets.pane import LEFT_BUTTON, Pane, shortened
from tui.words.columns import AMOUNT, COLUMNS, HOST, MADE, MOVE, OUTCOME, TIME, TRAN_ID, TYPE, Column, Listed, View
from tui.words.entries import InUse, describe, outcome_style

_MEASURED = 200
"""Columns are as wide as this many lines need, and get wider when a later line in sight needs more."""

_STAYING = 3
"""The first columns (time, move and amount) are always in sight."""

_WIDEST_ASSET = 10
_NARROW = 70
"""A list that is narrower has smaller gaps."""
_SPACIOUS = 100
"""A list that is as wide may have more columns: in a narrower one they would go with the next long row."""
_UNNAMED = TIME, MOVE
"""Columns without a name: the list's own name is above them."""

_AGAIN_HELP = _("in a list of transfers: fill the form with the same again / the other way round")
_ROW_HELP = _("in a list of transfers: show all of one / copy its tranId / copy all of it")
_FIND_HELP = _(
    "in a list of transfers: find by any words, a day or a month (october, 2026-10, yesterday), or asset:BTC"
)


class EntryTable(Pane, can_focus=True):
    """Shows entries, one a line, the newest first, and makes only the lines in sight.

    The cursor stays on its entry when others come; on the first line, it stays there.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "entry-table--differs",
        *(f"entry-table--{outcome}" for outcome in Outcome),
    }

    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [
            Binding("up,k", "step(-1)", _("Line before"), show=False),
            Binding("down,j", "step(1)", _("Next line"), show=False),
            Binding("left", "shift(-1)", _("Columns to the left"), show=False),
            Binding("right", "shift(1)", _("Columns to the right"), show=False),
            Binding("pageup", "page(-1)", _("Page up"), show=False),
            Binding("pagedown", "page(1)", _("Page down"), show=False),
            Binding("home,ctrl+home,g", "go_to(0)", _("First line"), show=False),
            Binding("end,ctrl+end,G", "go_to(-1)", _("Last line"), show=False),
            Binding("enter", "open", _("Details"), key_display="Enter", tooltip=_ROW_HELP),
            Binding("slash", "screen.filter", _("Find"), key_display="/", tooltip=_FIND_HELP),
            Binding("c", "copy_tran_id", _("Copy tranId"), show=False, tooltip=_ROW_HELP),
            Binding("C", "copy_all", _("Copy all"), show=False, tooltip=_ROW_HELP),
            Binding("r", "screen.again(False)", _("Repeat"), tooltip=_AGAIN_HELP),
            Binding("R", "screen.again(True)", _("Reverse"), tooltip=_AGAIN_HELP),
        ]
    )

    marks_always = True
    """Whether the entry under the cursor is marked while another widget has the focus."""

    @fields
    class Marked(Message):
        """Posted when another entry is under the cursor, or none."""

        entry: Entry | None

    @fields
    class Opened(Message):
        """Posted when the person wants to see all of an entry."""

        entry: Entry

    def __init__(self, in_use: InUse, title: str, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._in_use = in_use
        self._title = title
        self._listed = Listed([], COLUMNS)
        self._view = View()
        self._empty = ""
        self._widths = Widths()
        self._short_widths = Widths(is_short=True)
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

    def show(self, listed: Listed, view: View, *, title: str = "", empty: str = "") -> None:
        """Show these entries; `empty` says why there are none."""
        before, marked = self.entries, self.marked
        if view != self._view:
            self._widths, self._short_widths = Widths(), Widths(is_short=True)
        self._listed, self._view, self._empty = listed, view, empty
        self._title = title or self._title
        for entry in listed.entries[:_MEASURED]:
            self._measure(entry)
        row = _row_of(marked, self.entries) if marked and self._row and before else 0
        self._top = max(self._top + row - self._row, 0)
        self._row = row
        self._follow()
        if self.marked != marked:
            self.post_message(self.Marked(self.marked))

    def lines(self) -> list[Content]:
        """Return the strip, and a line for each entry in sight."""
        width, height = self.content_size
        entries = self.entries[self._top :][: max(height - 1, 1)]
        for entry in entries:
            self._measure(entry)
        widths, shown, more = self._layout(width)
        lines = [self._header(widths, shown, more)] if height > 1 else []
        for row, entry in enumerate(entries):
            above = entries[row - 1] if row else None
            lines.append(self._line(entry, above, widths, shown, is_marked=self._top + row == self._row))
        if not entries:
            lines.append(Content(f" {self._empty}").stylize(self.pen("muted")))
        return [line.truncate(width) for line in lines]

    def _measure(self, entry: Entry) -> None:
        self._widths.take(self._texts(entry))
        self._short_widths.take(self._texts(entry, is_short=True))

    def _layout(self, width: int) -> "tuple[Widths, list[tuple[Column, int]], int]":
        """Return the widths in use, the columns in sight, and how many more there are: whole columns are shortened
        before any goes out of sight.
        """
        shown, more = in_sight(self._columns(self._widths), self._first, width)
        if not more:
            return self._widths, shown, more
        columns = self._columns(self._short_widths)
        return (self._short_widths, *in_sight(columns, self._first, width, is_dense=True))

    def _is_dense(self, widths: "Widths") -> bool:
        return widths.is_short or self.content_size.width < _NARROW

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self._follow()

    def post_message(self, message: Message) -> bool:
        """Take a click at once: as a message it would wait while other lines come under it."""
        if not isinstance(message, events.Click):
            return super().post_message(message)
        if message.button == LEFT_BUTTON:
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
        """Move the cursor up or down by a page."""
        self._go_to(self._row + pages * max(self.content_size.height - 1, 1))

    def action_go_to(self, row: int) -> None:
        """Go to the first line, or with -1 to the last."""
        self._go_to(row if row >= 0 else len(self.entries) - 1)

    def action_shift(self, columns: int) -> None:
        """Bring other columns into sight."""
        _, _, more = self._layout(self.content_size.width)
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

    def _texts(self, entry: Entry, *, is_short: bool = False) -> "Texts":
        return {column: column.shown(entry, self._in_use, is_short=is_short) for column in self.columns}

    def _columns(self, widths: "Widths") -> list[tuple[Column, int]]:
        """Return all columns with their widths."""
        return [
            (column, max(widths.columns.get(column, 0), 0 if column in _UNNAMED else cell_len(self._heading(column))))
            for column in self.columns
        ]

    def _heading(self, column: Column) -> str:
        """Return a column's name, with the direction if the list is sorted by it. An outcome's is above its word."""
        name = f"{'  ' if column is OUTCOME else ''}{_(column.name)}"
        if column is not self._view.column or self._view == View(self._view.search):
            return name
        return f"{name} {'v' if column.is_largest_first is not self._view.is_reversed else '^'}"

    def _header(self, widths: "Widths", shown: list[tuple[Column, int]], more: int) -> Content:
        """Return the strip, with the names of the columns that begin after the list's name."""
        unnamed = self._view.column if self._view.column in _UNNAMED else None
        title = self._title
        if unnamed and self._heading(unnamed) != _(unnamed.name):
            title = _("{title} by {column}").format(title=title, column=self._heading(unnamed))
        begin = cell_len(title) + 2
        heads, start, room = " " * begin, 1, self.content_size.width - 1
        for column, taken in shown:
            head = widths.head(self._heading(column), column).rstrip()
            if column not in _UNNAMED and start >= begin and start + cell_len(head) <= room and self.entries:
                heads = padded(heads, start) + head
            start += taken + gap_after(column, is_dense=self._is_dense(widths))
        heads = heads.rstrip()
        before = "<" if self._first else ""
        others = (
            [f"{before}{text}" for text in (_("Right: {count} more>").format(count=more), "Right >", ">")]
            if more
            else [before]
        )
        right = next((each for each in others if cell_len(heads) + 2 + cell_len(each) <= room), "")
        return self.strip_line(title, padded(heads[begin:], room - begin - cell_len(right)) + right)

    def _line(
        self, entry: Entry, above: Entry | None, widths: "Widths", shown: list[tuple[Column, int]], *, is_marked: bool
    ) -> Content:
        """Return the line of an entry. The date of the line above is not repeated."""
        texts, time = self._texts(entry, is_short=widths.is_short), self.columns[0]
        day, blank, _ = texts[time].partition(" ")
        if above and blank and time.shown(above, self._in_use, is_short=widths.is_short).startswith(day + blank):
            texts[time] = texts[time].replace(day, " " * len(day), 1)
        is_shown = is_marked and (self.has_focus or self.marks_always)
        line = Content(">" if is_shown else " ")
        for column, taken in shown:
            text = widths.cell(texts, column, taken)
            line += self._cell(entry, column, text) + " " * gap_after(column, is_dense=self._is_dense(widths))
        if shown[-1][0] is OUTCOME and entry.tran_id is not None:
            line = self._with_tran_id(line, str(entry.tran_id))
        return self.row_line(line, is_chosen=is_shown)

    def _cell(self, entry: Entry, column: Column, text: str) -> Content:
        """Return a cell in its colours: what can be told from the rest is muted."""
        cell, muted = Content(text), self.pen("muted")
        if column in (OUTCOME, MADE) and entry.mismatches:
            return cell.stylize(self.get_visual_style("entry-table--differs", partial=True))
        if column is OUTCOME and (outcome := outcome_style(entry)):
            return cell.stylize(self.get_visual_style(f"entry-table--{outcome}", partial=True))
        if column is MOVE:
            arrow = text.find(_ARROW)
            return cell.stylize(muted, arrow, arrow + len(_ARROW)) if arrow >= 0 else cell
        if column is AMOUNT or column.name == TIME.name:
            return cell.stylize(muted, text.rstrip().rfind(" ") + 1)
        return cell.stylize(muted) if column in (MADE, TRAN_ID, TYPE) else cell

    def _with_tran_id(self, line: Content, tran_id: str) -> Content:
        """Return a line with the tranId after its last text, if there is room for it."""
        text = Content(line.plain.rstrip())
        end = cell_len(text.plain)
        if end + 1 + len(tran_id) > self.content_size.width:
            return line
        return line[: len(text.plain)] + Content.styled(f" {tran_id}", self.pen("muted"))


Texts = dict[Column, str]
"""What the columns show of one entry."""


class Widths(msgspec.Struct):
    """How wide the columns of a list are. They only grow, so that nothing jumps about."""

    is_short: bool = False
    """Whether the columns that have a short form show that."""
    columns: dict[Column, int] = field(default_factory=dict)
    amount: tuple[int, int, int] = (0, 0, 0)
    """Of the digits before the dot, of the rest with the dot, and of the asset: all dots are below each other."""
    source: int = 0
    """Of the sources: all arrows are below each other."""

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
            elif column is MOVE and _ARROW in text:
                source, _, destination = text.partition(_ARROW)
                self.source = max(self.source, cell_len(source))
                width = self.source + len(_ARROW) + cell_len(destination)
            self.columns[column] = max(self.columns.get(column, 0), width)

    def cell(self, texts: Texts, column: Column, width: int) -> str:
        """Return what a column of a line shows, in that width."""
        text = texts[column]
        if column is HOST:
            text = in_short(text, width)
        elif column is AMOUNT:
            (whole, decimals, asset), (before, behind, of_asset) = _amount_parts(text), self.amount
            text = f"{whole.rjust(before)}{decimals.ljust(behind)} {cut(asset, of_asset)}"
        elif column is MOVE and _ARROW in text:
            source, _, destination = text.partition(_ARROW)
            text = f"{set_cell_size(source, self.source)}{_ARROW}{destination}"
        return cut(text, width)

    def head(self, name: str, column: Column) -> str:
        """Return the name of a column where its texts are: an amount's ends where the digits before the dot do."""
        return padded_before(name, self.amount[0] + 2) if column is AMOUNT else name


_ARROW = " -> "


def _amount_parts(text: str) -> tuple[str, str, str]:
    amount, _, asset = text.partition(" ")
    whole, dot, decimals = amount.partition(".")
    return whole, dot + decimals, asset


def cut(text: str, width: int) -> str:
    """Return the text in exactly that width: filled up with blanks, or cut with a `~` at its end."""
    return set_cell_size(shortened(text, width), width)


def in_sight(
    columns: Sequence[tuple[Column, int]], first: int, width: int, *, is_dense: bool = False
) -> tuple[list[tuple[Column, int]], int]:
    """Return the columns that there is room for, and how many more there are to the right.

    Those that always stay come before those from `first` on.
    """
    shown = list(columns[:_STAYING])
    is_dense = is_dense or width < _NARROW
    room = width - 1 - sum(taken + gap_after(column, is_dense=is_dense) for column, taken in shown)
    rest = [each for each in columns[_STAYING + first :] if not each[0].is_extra]
    for column, taken in rest:
        least = taken if column.narrowest is None else min(taken, column.narrowest)
        if least > room and len(shown) > _STAYING:
            break
        shown.append((column, min(taken, max(room, 1))))
        room -= taken + gap_after(column, is_dense=is_dense)
    more = len(rest) - (len(shown) - _STAYING)
    extra = [each for each in columns if each[0].is_extra and not more and width >= _SPACIOUS]
    return shown + [each for each in extra if each[1] <= room], more


def gap_after(column: Column, *, is_dense: bool) -> int:
    """Return how many blanks come after a column. The mark of an outcome is in the gap before it."""
    return 1 if column is AMOUNT or is_dense else 2


def _row_of(entry: Entry, entries: Iterable[Entry]) -> int:
    """Return the line of an entry; the first line if it is gone."""
    return next((row for row, other in enumerate(entries) if _is_same(entry, other)), 0)


def _is_same(one: Entry, other: Entry) -> bool:
    if one.transfer and other.transfer:
        return one.transfer.identity == other.transfer.identity
    if one.record and other.record:
        return one.tran_id == other.tran_id and identity(one.record) == identity(other.record)
    return False
