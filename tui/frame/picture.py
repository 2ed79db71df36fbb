"""A picture made of cells, drawn from the segments that Textual renders, and what must be written to change it.

The cells of a row that differ between two pictures are cut into runs that one pen can write. Blanks are erased where
that is shorter than writing them and leaves the right colour.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rich.color import ColorSystem
from rich.segment import Segment

from tui.frame.characters import Width, cells, is_single, overrun, width
from tui.frame.pens import PLAIN, Pen, blank, erases, pen_for

_GAP = 4
"""Up to this many unchanged cells are written again if the pen is right: a move is no shorter."""
_BLANKS = re.compile(r"( {5,}| {3,}\Z)")
"""Blanks that may be shorter to erase."""
_TO_END = "\x1b[K"


class Picture:
    """Rows of cells. A wide character is in its first cell; the other cells that it covers hold an empty string."""

    def __init__(self, width: int, height: int, pen: Pen = PLAIN) -> None:
        self.width, self.height = width, height
        self.characters = [[" "] * width for _ in range(height)]
        self.pens = [[pen] * width for _ in range(height)]

    def put(self, row: int, column: int, end: int, segments: Iterable[Segment], colours: ColorSystem) -> None:
        """Draw segments into a row, from a column up to an end.

        A blank gets the pen of blanks: two blanks that look alike are equal then.
        """
        row_characters, row_pens = self.characters[row], self.pens[row]
        end = min(end, self.width)
        if column >= end:
            return
        self._split(row, column)
        for text, style, control in segments:
            if control:
                continue
            shown = text if is_single(text) else cells(text)
            next_column = column + len(shown)
            if next_column > end:
                shown = _cut(shown, end - column)
                next_column = end
            pen = pen_for(style, colours)
            blank_pen = blank(pen)
            self._split(row, next_column)
            row_characters[column:next_column] = shown
            if blank_pen == pen or " " not in shown:
                row_pens[column:next_column] = [pen] * len(shown)
            else:
                row_pens[column:next_column] = [blank_pen if cell == " " else pen for cell in shown]
            column = next_column
            if column == end:
                break

    def same_row(self, other: "Picture", row: int) -> bool:
        """Whether a row is the same in another picture."""
        return self.characters[row] == other.characters[row] and self.pens[row] == other.pens[row]

    def is_blank_from(self, row: int, column: int, pen: Pen) -> bool:
        """Whether a row contains only blanks of a pen from a column on."""
        rest = self.width - column
        return self.characters[row][column:] == [" "] * rest and self.pens[row][column:] == [pen] * rest

    def copy_row(self, other: "Picture", row: int) -> None:
        """Copy a row from another picture."""
        self.characters[row][:] = other.characters[row]
        self.pens[row][:] = other.pens[row]

    def _split(self, row: int, column: int) -> None:
        """Replace a wide character that a column would cut in two by blanks: a terminal shows no half of one."""
        characters = self.characters[row]
        if column >= self.width or characters[column]:
            return
        start = column
        while start and not characters[start]:
            start -= 1
        while start < self.width and (start < column or not characters[start]):
            characters[start] = " "
            self.pens[row][start] = blank(self.pens[row][start])
            start += 1


def _cut(shown: str | tuple[str, ...], width: int) -> str | tuple[str, ...]:
    """Return the first cells, with blanks in place of a wide character that is cut in two."""
    kept = list(shown[:width])
    if not shown[width]:
        while kept and not kept[-1]:
            kept.pop()
        kept[-1:] = [" "]
    return tuple(kept) + (" ",) * (width - len(kept))


class Piece(NamedTuple):
    """A part of a run, written without moving the cursor."""

    text: str
    start: int
    """Counted from the start of the run."""
    end: int
    is_sure: bool = True
    """Whether the cursor is at the end afterwards in every terminal."""
    is_erased: bool = False
    """Whether it leaves the cursor at the start instead."""


class Run(NamedTuple):
    """Cells of a row that one pen writes."""

    row: int
    start: int
    pen: Pen
    is_blank: bool
    pieces: list[Piece]

    @property
    def overruns(self) -> bool:
        """Whether what comes behind it must be written later."""
        return any(overrun(piece.text) for piece in self.pieces if not piece.is_sure)


def changed_runs(shown: Picture, wanted: Picture, row: int, *, erases_in_colour: bool) -> Iterator[Run]:
    """Yield what must be written to make a row the wanted one. `erases_in_colour` is as in `erases`."""
    if wanted.same_row(shown, row):
        return
    characters, row_pens = wanted.characters[row], wanted.pens[row]
    start, end, text, blanks = -1, -1, None, None
    for column in _differences(shown, wanted, row):
        pen = row_pens[column]
        if column == end and pen == (blanks if characters[column] == " " else text):
            end += 1
            continue
        joined = None
        if start >= 0 and column - end <= _GAP:
            joined = _joined(text, blanks, characters[end : column + 1], row_pens[end : column + 1])
        if joined is None:
            if start >= 0:
                yield _run(wanted, row, start, end, text, blanks, erases_in_colour=erases_in_colour)
            start = column
            joined = (None, pen) if characters[column] == " " else (pen, blank(pen))
        (text, blanks), end = joined, column + 1
    if start >= 0:
        yield _run(wanted, row, start, end, text, blanks, erases_in_colour=erases_in_colour)


def _run(
    wanted: Picture, row: int, start: int, end: int, text: Pen | None, blanks: Pen | None, *, erases_in_colour: bool
) -> Run:
    """Return the run of these cells, its blanks erased where that is shorter."""
    pieces = [*_pieces(wanted.characters[row][start:end])]
    pen = text or blanks or PLAIN
    if erases(pen, in_colour=erases_in_colour):
        pieces = [
            piece._replace(text=erasing, is_erased=True)
            if piece.text.isspace()
            and (erasing := _erasing(wanted, row, start + piece.start, start + piece.end, end, blank(pen)))
            else piece
            for piece in pieces
        ]
    return Run(row, start, pen, text is None, pieces)


def _joined(
    text: Pen | None, blanks: Pen | None, characters: list[str], pens: list[Pen]
) -> tuple[Pen | None, Pen | None] | None:
    """Return the pens of a run's text and blanks once it includes more cells; None if one pen cannot write them all."""
    for character, pen in zip(characters, pens, strict=True):
        if character == " ":
            if blanks not in (None, pen):
                return None
            blanks = pen
        elif text is None:
            if blanks not in (None, blank(pen)):
                return None
            text, blanks = pen, blank(pen)
        elif text != pen:
            return None
    return text, blanks


def _erasing(wanted: Picture, row: int, start: int, end: int, run_end: int, pen: Pen) -> str:
    """Return what erases blanks; empty if writing them is shorter."""
    count, is_last = end - start, end == run_end
    if is_last and count >= len(_TO_END) and wanted.is_blank_from(row, end, pen):
        return _TO_END
    erase, skip = f"\x1b[{count}X", f"\x1b[{count}C"
    return erase if count > len(erase) + (0 if is_last else len(skip)) else ""


def _differences(shown: Picture, wanted: Picture, row: int) -> list[int]:
    """Return the columns that differ, with all cells of wide characters and those that a character may run into."""
    old, new = shown.characters[row], wanted.characters[row]
    both = zip(old, new, shown.pens[row], wanted.pens[row], strict=True)
    columns = [
        column
        for column, (old_character, new_character, old_pen, new_pen) in enumerate(both)
        if old_character != new_character or (old_pen is not new_pen and old_pen != new_pen)
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
    """Yield a run's cells, cut where the cursor must be moved, and at blanks that may be erased."""
    text = "".join(characters)
    if text.isascii() and len(text) == len(characters):
        yield from _between_blanks(text, 0)
        return
    start, last = 0, len(characters)
    while start < last:
        kind, end = width(characters[start]), start + 1
        while end < last and (not characters[end] or (kind is not Width.UNSURE and width(characters[end]) is kind)):
            end += 1
        text = "".join(characters[start:end])
        if kind is Width.SURE and len(text) == end - start:
            yield from _between_blanks(text, start)
        else:
            if kind is Width.UNSURE and end - start > 1:
                # If a terminal gives it fewer cells, nothing old stays in the others.
                yield Piece(" " * (end - start), start, end, is_sure=False)
            yield Piece(text, start, end, is_sure=kind is Width.SURE)
        start = end


def _between_blanks(text: str, start: int) -> Iterator[Piece]:
    for part in _BLANKS.split(text) if "   " in text else (text,):
        if part:
            yield Piece(part, start, start := start + len(part))
