"""The least that makes the picture on a terminal another one.

What differs is cut into runs that one pen writes. Mostly another pen costs more than a move: so the runs are tried row
by row, and pen by pen, and the shorter is taken. Blanks are erased where that is shorter and leaves the
right colour. REP is not used: mosh, the Linux console and Apple's terminal do not know it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from tui.frame.characters import Width, overrun
from tui.frame.characters import width as width_of
from tui.frame.moves import UNKNOWN, move
from tui.frame.pens import Pens
from tui.frame.picture import Picture

_GAP = 4
"""Up to so many cells that stay are written again where the pen is right: a move is no shorter."""
_BLANKS = re.compile(r"( {5,}| {3,}\Z)")
"""What may be shorter to erase."""
_TO_END = "\x1b[K"


class Piece(NamedTuple):
    """What of a run is written at once."""

    text: str
    start: int
    """From the start of the run."""
    end: int
    is_sure: bool = True
    """Whether every terminal has its cursor at the end then."""
    is_erased: bool = False
    """Whether it leaves the cursor at the start instead."""


class Run(NamedTuple):
    """Cells of a row that one pen writes."""

    row: int
    start: int
    end: int
    pen: int
    is_blank: bool
    pieces: list[Piece]

    @property
    def overruns(self) -> bool:
        """Whether what comes behind it must be written later."""
        return any(overrun(piece.text) for piece in self.pieces if not piece.is_sure)


@dataclass(slots=True)
class Cursor:
    """Where the terminal writes next, and with which pen."""

    row: int = UNKNOWN
    column: int = UNKNOWN
    pen: int = 0


class Painter:
    """Writes the difference of two pictures."""

    def __init__(self, pens: Pens, *, linefeeds: bool) -> None:
        """`linefeeds` says that a line feed moves the cursor straight down."""
        self._pens = pens
        self._linefeeds = linefeeds

    def paint(self, shown: Picture, wanted: Picture, rows: Iterable[int], cursor: Cursor) -> tuple[str, Cursor]:
        """What makes these rows the wanted ones, and where the cursor is then."""
        runs = [run for row in rows if not wanted.same_row(shown, row) for run in self._runs(shown, wanted, row)]
        ways = [self._write(order, wanted.width, replace(cursor)) for order in self._orders(runs, cursor.pen)]
        return min(ways, key=lambda way: len(way[0]))

    def move(self, cursor: Cursor, row: int, column: int) -> str:
        """Move the cursor."""
        moved = move(cursor.row, cursor.column, row, column, linefeeds=self._linefeeds)
        cursor.row, cursor.column = row, column
        return moved

    def change(self, cursor: Cursor, pen: int) -> str:
        """Take another pen."""
        changed = self._pens.change(cursor.pen, pen)
        cursor.pen = pen
        return changed

    def _runs(self, shown: Picture, wanted: Picture, row: int) -> list[Run]:
        """What of a row is to be written."""
        characters, pens, blank_of = wanted.characters[row], wanted.pens[row], self._pens.blank
        runs: list[Run] = []
        start, end, text, blank = -1, -1, _NONE, _NONE
        for column in _differences(shown, wanted, row):
            pen = pens[column]
            if column == end and pen == (blank if characters[column] == " " else text):
                end += 1
                continue
            joined = None
            if start >= 0 and column - end <= _GAP:
                joined = _joined(text, blank, characters[end : column + 1], pens[end : column + 1], blank_of)
            if joined is None:
                if start >= 0:
                    runs.append(self._run(wanted, row, start, end, text, blank))
                start = column
                joined = (_NONE, pen) if characters[column] == " " else (pen, blank_of[pen])
            (text, blank), end = joined, column + 1
        return [*runs, self._run(wanted, row, start, end, text, blank)] if start >= 0 else runs

    def _run(self, wanted: Picture, row: int, start: int, end: int, text: int, blank: int) -> Run:
        """The run of these cells, its blanks erased where that is shorter."""
        pieces = [*_pieces(wanted.characters[row][start:end])]
        pen = blank if text == _NONE else text
        if self._pens.erases[pen]:
            pieces = [
                piece._replace(text=erased, is_erased=True)
                if piece.text.isspace()
                and (erased := _erased(wanted, row, start + piece.start, start + piece.end, end, self._pens.blank[pen]))
                else piece
                for piece in pieces
            ]
        return Run(row, start, end, pen, text == _NONE, pieces)

    def _orders(self, runs: list[Run], pen: int) -> Iterator[Sequence[Run]]:
        """The orders that are tried."""
        yield runs
        if len({run.pen for run in runs}) < len(runs) and not any(run.overruns for run in runs):
            yield self._by_pen(runs, pen)

    def _by_pen(self, runs: list[Run], pen: int) -> list[Run]:
        """All runs of a pen together, and the pens so that each is near to the one before. Blanks go with a text."""
        groups: dict[int, list[Run]] = {}
        texts = {self._pens.blank[run.pen]: run.pen for run in reversed(runs) if not run.is_blank}
        for run in runs:
            groups.setdefault(texts.get(run.pen, run.pen) if run.is_blank else run.pen, []).append(run)
        ordered: list[Run] = []
        while groups:
            near = min(groups, key=lambda group: len(self._pens.change(pen, group)))
            ordered += groups.pop(near)
            pen = near
        return ordered

    def _write(self, runs: Sequence[Run], width: int, cursor: Cursor) -> tuple[str, Cursor]:
        """Write runs in their order."""
        written: list[str] = []
        for run in runs:
            if not (run.is_blank and self._pens.blank[cursor.pen] == run.pen):
                written.append(self.change(cursor, run.pen))
            for piece in run.pieces:
                written.append(self.move(cursor, run.row, run.start + piece.start))
                written.append(piece.text)
                if not piece.is_erased:
                    end = run.start + piece.end
                    cursor.column = end if piece.is_sure and end < width else UNKNOWN
        return "".join(written), cursor


_NONE = -1
"""No pen yet."""


def _joined(
    text: int, blank: int, characters: list[str], pens: list[int], blank_of: list[int]
) -> tuple[int, int] | None:
    """The pens of a run's text and blanks after it took in more cells; None where one pen cannot write them all."""
    for character, pen in zip(characters, pens, strict=True):
        if character == " ":
            if blank not in (_NONE, pen):
                return None
            blank = pen
        elif text == _NONE:
            if blank not in (_NONE, blank_of[pen]):
                return None
            text, blank = pen, blank_of[pen]
        elif text != pen:
            return None
    return text, blank


def _erased(wanted: Picture, row: int, start: int, end: int, run_end: int, pen: int) -> str:
    """What erases blanks; empty where writing them is shorter."""
    count, is_last = end - start, end == run_end
    if is_last and count >= len(_TO_END) and wanted.is_blank_from(row, end, pen):
        return _TO_END
    erase, skip = f"\x1b[{count}X", f"\x1b[{count}C"
    return erase if count > len(erase) + (0 if is_last else len(skip)) else ""


def _differences(shown: Picture, wanted: Picture, row: int) -> list[int]:
    """The columns that differ; of wide characters, all that they cover; and those that others may run into."""
    old, new = shown.characters[row], wanted.characters[row]
    columns = [
        column
        for column, (was, is_, old_pen, new_pen) in enumerate(
            zip(old, new, shown.pens[row], wanted.pens[row], strict=True)
        )
        if was != is_ or old_pen != new_pen
    ]
    text = "".join(old) + "".join(new)
    if text.isascii() and len(text) == len(old) + len(new):
        return columns
    differs, start = set(columns), 0
    for end in range(1, len(new) + 1):
        if end == len(new) or (old[end] and new[end]):
            if not differs.isdisjoint(range(start, end)):
                differs.update(range(start, min(end + overrun(new[start]), len(new))))
            start = end
    return sorted(differs)


def _pieces(characters: list[str]) -> Iterator[Piece]:
    """A run's cells, cut where the cursor must be placed anew, and at blanks that may be erased."""
    text = "".join(characters)
    if text.isascii() and len(text) == len(characters):
        yield from _between_blanks(text, 0)
        return
    start, last = 0, len(characters)
    while start < last:
        kind, end = width_of(characters[start]), start + 1
        while end < last and (not characters[end] or (kind is not Width.UNSURE and width_of(characters[end]) is kind)):
            end += 1
        text = "".join(characters[start:end])
        if kind is Width.SURE and len(text) == end - start:
            yield from _between_blanks(text, start)
        else:
            if kind is Width.UNSURE and end - start > 1:
                # Where a terminal gives it fewer cells, nothing old stays in the others.
                yield Piece(" " * (end - start), start, end, is_sure=False)
            yield Piece(text, start, end, is_sure=kind is Width.SURE)
        start = end


def _between_blanks(text: str, start: int) -> Iterator[Piece]:
    for part in _BLANKS.split(text) if "   " in text else (text,):
        if part:
            yield Piece(part, start, start := start + len(part))
