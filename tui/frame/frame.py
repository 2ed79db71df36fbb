"""What a terminal shows, and the least that brings it up to date."""

from collections import Counter
from collections.abc import Iterable

from rich.color import ColorSystem
from rich.segment import Segment

from tui.frame.painting import Cursor, Painter
from tui.frame.pens import Pens
from tui.frame.picture import Picture

_MOST_PENS = 5_000
"""A screen has a few dozen; with animated colours they would grow for ever."""
_PLAIN, _CLEAR = "\x1b[m", "\x1b[2J"


class Frame:
    """Cells as an app wants them, and as the terminal has them."""

    def __init__(self, colours: ColorSystem, *, erases_in_colour: bool, linefeeds: bool) -> None:
        """`erases_in_colour` says that the terminal erases with the pen's ground, `linefeeds` that a line feed leaves
        the column as it is."""
        self._colours = colours
        self._erases_in_colour = erases_in_colour
        self._linefeeds = linefeeds
        self._pens = Pens(colours, erases_in_colour=erases_in_colour)
        self._painter = Painter(self._pens, linefeeds=linefeeds)
        self._cursor = Cursor()
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
        """Take what the terminal shows for unknown: all of it is painted next."""
        self._shown = None

    def put(self, row: int, column: int, end: int, segments: Iterable[Segment]) -> None:
        """Draw segments into a row, from a column up to an end."""
        if row < self._wanted.height:
            self._wanted.put(row, column, end, segments, self._pens)
            self._touched.add(row)

    def paint(self, row: int, column: int) -> str:
        """What brings the terminal up to date, with its cursor at a place; empty where it is."""
        cleared, rows = "", sorted(self._touched)
        if self._shown is None:
            cleared, self._shown = self._clear()
            rows = [*range(self._wanted.height)]
        written, self._cursor = self._painter.paint(self._shown, self._wanted, rows, self._cursor)
        for touched in rows:
            self._shown.take_row(self._wanted, touched)
        self._touched.clear()
        written = cleared + written + self._painter.move(self._cursor, row, column)
        if len(self._pens) > _MOST_PENS:
            self._forget_pens()
        return written

    def _clear(self) -> tuple[str, Picture]:
        """What makes the terminal one blank, and the picture of it."""
        self._cursor = Cursor()
        blanks = Counter(
            pen
            for row in zip(self._wanted.characters, self._wanted.pens, strict=True)
            for character, pen in zip(*row, strict=True)
            if character == " "
        )
        erasable = filter(self._pens.erases.__getitem__, blanks)
        ground = max(erasable, key=blanks.__getitem__, default=0)
        cleared = _PLAIN + self._painter.change(self._cursor, ground) + _CLEAR
        return cleared, Picture(self._wanted.width, self._wanted.height, ground)

    def _forget_pens(self) -> None:
        """Number the pens in use only."""
        old, self._pens = self._pens, Pens(self._colours, erases_in_colour=self._erases_in_colour)
        self._painter = Painter(self._pens, linefeeds=self._linefeeds)
        for picture in filter(None, (self._wanted, self._shown)):
            for pens in picture.pens:
                pens[:] = [self._pens.number(old.pen(pen)) for pen in pens]
        self._cursor.pen = self._pens.number(old.pen(self._cursor.pen))
