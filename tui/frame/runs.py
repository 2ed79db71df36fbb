"""The cells of a row that differ between two pictures, cut into runs that one pen can write.

Blanks are erased where that is shorter than writing them and leaves the right colour.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from tui.frame.characters import Width, overrun, width
from tui.frame.pens import Pens
from tui.frame.picture import Picture

_GAP = 4
"""Up to this many unchanged cells are written again if the pen is right: a move is no shorter."""
_BLANKS = re.compile(r"( {5,}| {3,}\Z)")
"""Blanks that may be shorter to erase."""
_TO_END = "\x1b[K"
_NO_PEN = -1


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
    pen: int
    is_blank: bool
    pieces: list[Piece]

    @property
    def overruns(self) -> bool:
        """Whether what comes behind it must be written later."""
        return any(overrun(piece.text) for piece in self.pieces if not piece.is_sure)


def changed_runs(shown: Picture, wanted: Picture, row: int, pens: Pens) -> Iterator[Run]:
    """Yield what must be written to make a row the wanted one."""
    if wanted.same_row(shown, row):
        return
    characters, row_pens = wanted.characters[row], wanted.pens[row]
    start, end, text, blank = -1, -1, _NO_PEN, _NO_PEN
    for column in _differences(shown, wanted, row):
        pen = row_pens[column]
        if column == end and pen == (blank if characters[column] == " " else text):
            end += 1
            continue
        joined = None
        if start >= 0 and column - end <= _GAP:
            joined = _joined(text, blank, characters[end : column + 1], row_pens[end : column + 1], pens.blank)
        if joined is None:
            if start >= 0:
                yield _run(wanted, row, start, end, text, blank, pens)
            start = column
            joined = (_NO_PEN, pen) if characters[column] == " " else (pen, pens.blank[pen])
        (text, blank), end = joined, column + 1
    if start >= 0:
        yield _run(wanted, row, start, end, text, blank, pens)


def _run(wanted: Picture, row: int, start: int, end: int, text: int, blank: int, pens: Pens) -> Run:
    """Return the run of these cells, its blanks erased where that is shorter."""
    pieces = [*_pieces(wanted.characters[row][start:end])]
    pen = blank if text == _NO_PEN else text
    if pens.erases[pen]:
        pieces = [
            piece._replace(text=erasing, is_erased=True)
            if piece.text.isspace()
            and (erasing := _erasing(wanted, row, start + piece.start, start + piece.end, end, pens.blank[pen]))
            else piece
            for piece in pieces
        ]
    return Run(row, start, pen, text == _NO_PEN, pieces)


def _joined(
    text: int, blank: int, characters: list[str], pens: list[int], blank_pens: list[int]
) -> tuple[int, int] | None:
    """Return the pens of a run's text and blanks once it includes more cells; None if one pen cannot write them all."""
    for character, pen in zip(characters, pens, strict=True):
        if character == " ":
            if blank not in (_NO_PEN, pen):
                return None
            blank = pen
        elif text == _NO_PEN:
            if blank not in (_NO_PEN, blank_pens[pen]):
                return None
            text, blank = pen, blank_pens[pen]
        elif text != pen:
            return None
    return text, blank


def _erasing(wanted: Picture, row: int, start: int, end: int, run_end: int, pen: int) -> str:
    """Return what erases blanks; empty if writing them is shorter."""
    count, is_last = end - start, end == run_end
    if is_last and count >= len(_TO_END) and wanted.is_blank_from(row, end, pen):
        return _TO_END
    erase, skip = f"\x1b[{count}X", f"\x1b[{count}C"
    return erase if count > len(erase) + (0 if is_last else len(skip)) else ""


def _differences(shown: Picture, wanted: Picture, row: int) -> list[int]:
    """Return the columns that differ, with all cells of wide characters and those that a character may run into."""
    old, new = shown.characters[row], wanted.characters[row]
    cells = zip(old, new, shown.pens[row], wanted.pens[row], strict=True)
    columns = [
        column
        for column, (old_character, new_character, old_pen, new_pen) in enumerate(cells)
        if old_character != new_character or old_pen != new_pen
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
