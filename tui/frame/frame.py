"""What a terminal shows, and the shortest output that makes it show another picture.

Changing the pen mostly costs more than a move. So the runs of changed cells are tried in two orders, row by row and pen
by pen, and the shorter output is taken. REP is not used: mosh, the Linux console and Apple's terminal do not know it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from rich.color import ColorSystem
from rich.segment import Segment

from tui.frame.moves import UNKNOWN, move
from tui.frame.pens import PLAIN, Pen, blank, change, erases
from tui.frame.picture import Picture, Run, changed_runs
from tui.structs import replace

_PLAIN, _CLEAR = "\x1b[m", "\x1b[2J"


class _Cursor(msgspec.Struct):
    """Where the terminal writes next, and with which pen."""

    row: int = UNKNOWN
    column: int = UNKNOWN
    pen: Pen = PLAIN


class Frame:
    """The cells that an app wants, and those that the terminal shows."""

    def __init__(self, colours: ColorSystem, *, erases_in_colour: bool, linefeeds: bool) -> None:
        """`erases_in_colour` says that the terminal erases with the background of the pen, `linefeeds` that a line feed
        moves the cursor straight down.
        """
        self._linefeeds = linefeeds
        self._colours = colours
        self._erases_in_colour = erases_in_colour
        self._cursor = _Cursor()
        self._wanted = Picture(0, 0)
        self._shown: Picture | None = None
        self._touched: set[int] = set()

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return self._wanted.width, self._wanted.height

    def resize(self, width: int, height: int) -> None:
        """Begin an empty picture of another size."""
        self._wanted = Picture(width, height)
        self.lose()

    def lose(self) -> None:
        """Forget what the terminal shows: all of it is painted next."""
        self._shown = None

    def put(self, row: int, column: int, end: int, segments: Iterable[Segment]) -> None:
        """Draw segments into a row, from a column up to an end."""
        if row < self._wanted.height:
            self._wanted.put(row, column, end, segments, self._colours)
            self._touched.add(row)

    def paint(self, row: int, column: int) -> str:
        """Return what brings the terminal up to date and leaves its cursor at a place; empty if nothing is needed."""
        cleared, rows, wanted = "", sorted(self._touched), self._wanted
        if self._shown is None:
            cleared, self._shown = self._clear()
            rows = [*range(wanted.height)]
        runs = [
            run
            for touched in rows
            for run in changed_runs(self._shown, wanted, touched, erases_in_colour=self._erases_in_colour)
        ]
        ways = [self._write(order, replace(self._cursor)) for order in self._orders(runs)]
        written, self._cursor = min(ways, key=lambda way: len(way[0]))
        for touched in rows:
            self._shown.copy_row(wanted, touched)
        self._touched.clear()
        return cleared + written + self._move(self._cursor, row, column)

    def _clear(self) -> tuple[str, Picture]:
        """Return what clears the terminal with the most common background, and the picture of that."""
        self._cursor = _Cursor()
        blanks = Counter(
            pen
            for row in zip(self._wanted.characters, self._wanted.pens, strict=True)
            for character, pen in zip(*row, strict=True)
            if character == " "
        )
        erasable = [pen for pen in blanks if erases(pen, in_colour=self._erases_in_colour)]
        background = max(erasable, key=blanks.__getitem__, default=PLAIN)
        cleared = _PLAIN + self._change(self._cursor, background) + _CLEAR
        return cleared, Picture(self._wanted.width, self._wanted.height, background)

    def _orders(self, runs: list[Run]) -> Iterator[Sequence[Run]]:
        """Yield the orders to try."""
        yield runs
        if len({run.pen for run in runs}) < len(runs) and not any(run.overruns for run in runs):
            yield self._by_pen(runs)

    def _by_pen(self, runs: list[Run]) -> list[Run]:
        """Group the runs by pen, each group next to the one with the cheapest change. Blanks join a group of text."""
        groups: dict[Pen, list[Run]] = {}
        texts = {blank(run.pen): run.pen for run in reversed(runs) if not run.is_blank}
        for run in runs:
            groups.setdefault(texts.get(run.pen, run.pen) if run.is_blank else run.pen, []).append(run)
        ordered: list[Run] = []
        pen = self._cursor.pen
        while groups:
            pen = min(groups, key=lambda group, pen=pen: len(change(pen, group)))  # type: ignore[misc]
            ordered += groups.pop(pen)
        return ordered

    def _write(self, runs: Sequence[Run], cursor: _Cursor) -> tuple[str, _Cursor]:
        """Return what writes the runs in their order, and the cursor after it."""
        written: list[str] = []
        for run in runs:
            if not (run.is_blank and blank(cursor.pen) == run.pen):
                written.append(self._change(cursor, run.pen))
            for piece in run.pieces:
                written += [self._move(cursor, run.row, run.start + piece.start), piece.text]
                if not piece.is_erased:
                    end = run.start + piece.end
                    cursor.column = end if piece.is_sure and end < self._wanted.width else UNKNOWN
        return "".join(written), cursor

    def _move(self, cursor: _Cursor, row: int, column: int) -> str:
        moved = move(cursor.row, cursor.column, row, column, linefeeds=self._linefeeds)
        cursor.row, cursor.column = row, column
        return moved

    def _change(self, cursor: _Cursor, pen: Pen) -> str:
        changed = change(cursor.pen, pen)
        cursor.pen = pen
        return changed
