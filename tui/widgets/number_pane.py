"""A pane of rows with numbers, which are never cut: it shows fewer columns rather than part of a number."""

from collections.abc import Sequence
from decimal import Decimal

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.content import Content
from textual.message import Message

from tui.domain.amounts import aligned
from tui.domain.layout import padded, padded_before
from tui.language import _
from tui.structs import Struct
from tui.widgets.pane import LEFT_BUTTON, Pane

_GAP = 2
_WIDEST_GAP = 6
_MOST_SLACK = 14
"""Blank columns between names and numbers, at most: a name and its number are read together."""


class NumberColumn(Struct):
    """A column of numbers, and of words where there is no number. All its cells are as wide as its head and each
    other.
    """

    head: str
    cells: Sequence[str]
    muted: frozenset[int] = frozenset()
    """The rows in which it is muted."""

    @property
    def width(self) -> int:
        """How wide its cells are."""
        return max(map(cell_len, (self.head, *self.cells)))

    def of(self, rows: Sequence[int]) -> "NumberColumn":
        """Return it with some of its rows, as wide as it is with all."""
        muted = frozenset(place for place, row in enumerate(rows) if row in self.muted)
        return NumberColumn(padded_before(self.head, self.width), [self.cells[row] for row in rows], muted)

    def at_least(self, width: int) -> "NumberColumn":
        """Return it in that width, if it is narrower."""
        cells = [padded_before(cell, width) for cell in self.cells]
        return NumberColumn(padded_before(self.head, width), cells, self.muted)


def number_column(
    head: str, cells: Sequence[Decimal | str], *, is_grouped: bool = True, notes: Sequence[str] = ()
) -> NumberColumn:
    """Return a column with all dots below each other, and the notes behind its numbers: a sign right after the last
    digit, words below each other.
    """
    written = iter(aligned([cell for cell in cells if isinstance(cell, Decimal)], is_grouped=is_grouped))
    texts = [next(written) if isinstance(cell, Decimal) else cell for cell in cells]
    behind = max(map(cell_len, notes), default=0)
    width = max(map(cell_len, [head, *texts]))
    filled = [padded_before(text, width) for text in texts]
    if behind:
        filled = [
            padded(f"{text.rstrip()}{note}", width + behind) if len(note) == 1 else f"{text}{padded(note, behind)}"
            for text, note in zip(filled, notes, strict=True)
        ]
    words = frozenset(row for row, cell in enumerate(cells) if isinstance(cell, str))
    doubtful = frozenset(row for row, note in enumerate(notes) if len(note) > 1)
    return NumberColumn(padded_before(head, width) + " " * behind, filled, words | doubtful)


class NumberGrid(Struct):
    """Names and columns of numbers: one of the ways to show the rows."""

    title: str
    names: Sequence[str]
    columns: Sequence[NumberColumn]
    muted: frozenset[int] = frozenset()
    """The rows whose names are muted."""

    @property
    def names_width(self) -> int:
        """How wide the names are; wide enough that the title above them touches no head."""
        before_head = self.columns[0].width - cell_len(self.columns[0].head.strip()) if self.columns else 0
        return max([cell_len(self.title) - before_head, *map(cell_len, self.names)])

    @property
    def width(self) -> int:
        """How wide it is without more space than it needs."""
        return 2 + self.names_width + sum(column.width + _GAP for column in self.columns)

    def spaces(self, width: int) -> tuple[int, int]:
        """Return the width of the names, and of the gap between columns, if it is drawn in a width."""
        extra, count = max(width - self.width, 0), len(self.columns)
        wider = min(extra // (count + 1), _WIDEST_GAP - _GAP) if count > _GAP else 0
        return self.names_width + min(extra - wider * count, _MOST_SLACK), _GAP + wider


class NumberPane(Pane):
    """Draws the first of its grids that fits. The rows scroll, and what stands below them stays."""

    def __init__(self, title: str, *, id: str, is_beside: bool = False) -> None:  # noqa: A002 - Textual's name
        """Takes whether it is only there to be seen, next to a form."""
        super().__init__(id=id)
        self.can_focus = not is_beside
        self._is_beside = is_beside
        self._row = self._top = 0
        """The marked row, and the first one in sight."""
        self._grids = [NumberGrid(title, [], [])]
        self._count = 0
        """How many rows scroll. The others stay in sight."""

    @property
    def grid_widths(self) -> list[int]:
        """How wide each of its grids is, the one that shows most first."""
        return [grid.width for grid in self._grids]

    @property
    def height_needed(self) -> int:
        """How many lines it takes to show every row."""
        return 1 + len(self._grids[0].names) + len(self._lines_below(self._grids[0]))

    @property
    def rows_needed(self) -> int:
        """How many lines it takes at most to show every row, whatever stands below them."""
        return 2 + len(self._grids[0].names)

    def grid(self, width: int) -> NumberGrid:
        """Return the grid that is drawn in a width."""
        return next((grid for grid in self._grids if grid.width <= width), self._grids[-1])

    def _lines_below(self, grid: NumberGrid) -> list[str]:
        """Return what stands below the rows."""
        del grid
        return []

    def _room(self, grid: NumberGrid) -> tuple[int, list[str]]:
        """Return how many rows there is room for, and the lines below them."""
        below = self._lines_below(grid)
        staying = len(grid.names) - self._count
        room = self.content_size.height - 1 - staying - len(below)
        if self._is_beside and room < self._count:
            room -= 1
            below.append(_("{count} more: F6").format(count=self._count - max(room, 0)))
        return max(room, 0 if self._is_beside else 1), below

    def lines(self) -> list[Content]:
        """Return the strip, the rows in sight, and what stays below them."""
        width = self.content_size.width
        grid = self.grid(width)
        names, gap = grid.spaces(width)
        room, below = self._room(grid)
        heads = " " * names + "".join(" " * gap + padded_before(column.head, column.width) for column in grid.columns)
        after = cell_len(grid.title) + 1
        lines = [self.strip_line(grid.title, padded(heads[after:], width - after - 2))]
        shown = [*range(self._top, min(self._top + room, self._count)), *range(self._count, len(grid.names))]
        lines += [self._line(grid, row, names, gap) for row in shown]
        lines += [Content(f" {line}").stylize(self.pen("muted")) for line in below]
        return lines

    def _line(self, grid: NumberGrid, row: int, names: int, gap: int) -> Content:
        muted = self.pen("muted")
        is_marked = self._is_marked(row)
        name = Content(("> "[not is_marked]) + set_cell_size(grid.names[row], names))
        line = name.stylize(muted) if row in grid.muted and not is_marked else name
        for column in grid.columns:
            cell = Content(" " * gap + column.cells[row])
            line += cell.stylize(muted) if row in column.muted else cell
        return self.row_line(line, is_chosen=is_marked)

    def _is_marked(self, row: int) -> bool:
        return row == self._row and row < self._count

    def post_message(self, message: Message) -> bool:
        """Take a click at once: as a message it would wait while later keys act."""
        if not isinstance(message, events.Click):
            return super().post_message(message)
        row = self._top + message.y - 1
        if not self._is_beside and message.button == LEFT_BUTTON and self._top <= row < self._count:
            self.clicked(row)
        return True

    def clicked(self, row: int) -> None:
        """Mark the clicked row."""
        self.mark(row)

    def mark(self, row: int) -> None:
        """Mark a row, and keep it in sight."""
        self._row = min(max(row, 0), max(self._count - 1, 0))
        room = max(self._room(self.grid(self.content_size.width))[0], 1)
        self._top = min(max(self._top, self._row - room + 1, 0), self._row, max(self._count - room, 0))
        self.refresh()

    def on_resize(self) -> None:
        """Keep the marked row in sight."""
        self.mark(self._row)

    def on_mouse_scroll_down(self) -> None:
        """Go down the list."""
        self.action_step(1)

    def on_mouse_scroll_up(self) -> None:
        """Go up the list."""
        self.action_step(-1)

    def action_step(self, rows: int, _is_letter: bool = False) -> None:
        """Mark a row near this one."""
        if not self._is_beside:
            self.mark(self._row + rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor up or down by a page."""
        self.action_step(pages * self._room(self.grid(self.content_size.width))[0])
