"""What the difference of two pictures needs at least, whoever writes it.

Each changed cell has its text, but of blanks in a row only what erases to the end of a line; each colour is named
once, but for one that may be in use already, in a sequence of its own for each pen but one; and a cursor moves to each
row, and over what stays. Nothing shorter is known without repeating, scrolling or filling by the terminal.
"""

import re
from itertools import groupby, pairwise

from pyte import graphics

from tests.emulator import Cell

_TO_END, _OVER = 3, 3
_BASIC = {*graphics.FG_ANSI.values(), *graphics.FG_AIXTERM.values(), *graphics.BG_AIXTERM.values()}


def floor(before: list[list[Cell]], after: list[list[Cell]]) -> int:
    """Bytes."""
    changed = [
        (row, column, cell)
        for row, (old, new) in enumerate(zip(before, after, strict=True))
        for column, (was, cell) in enumerate(zip(old, new, strict=True))
        if was != cell
    ]
    if not changed:
        return 0
    rows = {row: [column for at, column, _ in group] for row, group in groupby(changed, key=lambda cell: cell[0])}
    moves = len(rows) - 1 + sum(_gaps(columns) for columns in rows.values())
    text = sum(_text(after[row], columns) for row, columns in rows.items())
    return moves + text + _pens([cell for _, _, cell in changed])


def _gaps(columns: list[int]) -> int:
    return sum(min(column - last - 1, _OVER) for last, column in pairwise(columns))


def _text(row: list[Cell], columns: list[int]) -> int:
    characters = "".join(row[column][0] or "" for column in columns)
    return len(re.sub(" +", lambda blanks: " " * min(_TO_END, len(blanks[0])), characters).encode())


def _pens(cells: list[Cell]) -> int:
    grounds = {cell[1] if len(cell) == 2 else cell[2] for cell in cells} - {"default"}
    texts = {cell[1] for cell in cells if len(cell) > 2} - {"default"}
    pens = {cell[1:] for cell in cells if len(cell) > 2} or {cell[1:] for cell in cells}
    named = sum(sum(lengths) - max(lengths) for colours in (texts, grounds) if (lengths := [*map(_length, colours)]))
    return named + len("\x1b[m") * (len(pens) - 1)


def _length(colour: str) -> int:
    """Of the parameters that name a colour."""
    if colour in _BASIC:
        return 2
    if colour in graphics.FG_BG_256:
        return len(f"38;5;{graphics.FG_BG_256.index(colour)}")
    return len("38;2;") + len(";".join(str(int(colour[at : at + 2], 16)) for at in (0, 2, 4)))
