"""The shortest output that moves a terminal's cursor from one cell to another.

It uses only moves that every terminal knows, Apple's, GNU screen, mosh, the Linux console and Windows' included.
"""

from functools import lru_cache

UNKNOWN = -1
"""A row or column that is not known."""


@lru_cache(1 << 14)
def move(row: int, column: int, to_row: int, to_column: int, *, linefeeds: bool) -> str:
    """Return what moves the cursor. Rows and columns count from 0; with `linefeeds` a line feed goes straight down."""
    absolute = f"\x1b[{_number(to_row)}{';' + str(to_column + 1) if to_column else ''}H"
    if row == UNKNOWN:
        return absolute
    across = _across(column, to_column)
    if row == to_row:
        return min(across, absolute, key=len)
    vertical = _vertical(row, to_row, linefeeds=linefeeds)
    return min(vertical + across, absolute, key=len)


def _across(column: int, to_column: int) -> str:
    if column == to_column:
        return ""
    ways = ["\r" + _forward(to_column), f"\x1b[{_number(to_column)}G"]
    if column != UNKNOWN:
        distance = column - to_column
        ways += [_forward(-distance)] if distance < 0 else ["\b" * distance, f"\x1b[{_count(distance)}D"]
    return min(ways, key=len)


def _forward(distance: int) -> str:
    return f"\x1b[{_count(distance)}C" if distance else ""


def _vertical(row: int, to_row: int, *, linefeeds: bool) -> str:
    down = to_row - row
    ways = [f"\x1b[{_count(abs(down))}{'B' if down > 0 else 'A'}", f"\x1b[{_number(to_row)}d"]
    if down > 0 and linefeeds:
        ways.append("\n" * down)
    return min(ways, key=len)


def _number(index: int) -> str:
    """Return a row or column as a terminal counts; 1 is omitted."""
    return str(index + 1) if index else ""


def _count(count: int) -> str:
    return str(count) if count > 1 else ""
