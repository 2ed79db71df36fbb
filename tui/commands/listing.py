"""Lists on standard output: a table for a person, JSON for programs, CSV for spreadsheets. They are printed as they are
read, however long they are.
"""

import csv
import io
import json
import re
import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice

from tui.domain.moments import utc
from tui.domain.text import printable

Value = str | int | None

_GAP = "  "
_AT_A_TIME = 500
_EXACT_BELOW = 10**15
"""A spreadsheet keeps 15 digits of a number."""

_KEPT = re.compile(r"-?(?=[0-9.]{1,16}$)(0|[1-9][0-9]*)(\.[0-9]*)?|[0-9]{4}-[0-9-]{5}T[0-9:]{8}\.[0-9]{3}Z", re.ASCII)
"""Numbers of so few digits, and moments."""
_FIRST_OF_KEPT = "-0123456789"

_NUMBER = re.compile(r"[-+]?[0-9][0-9.,]*([eE][-+]?[0-9]+)?", re.ASCII)
_FORMULA = tuple("=+-@＝＋－＠\t\r\n")


def iso(ms: int | None) -> str | None:
    """So many milliseconds after 1970, in UTC, for programs; its offset is Z. A moment that no calendar has stays a
    number.
    """
    if ms is None:
        return None
    days, of_day = divmod(ms, 86_400_000)
    minute, of_minute = divmod(of_day, 60_000)
    try:
        return f"{_day(days)}T{_clock(minute)}:{of_minute // 1000:02}.{of_minute % 1000:03}Z"
    except OverflowError:
        return str(ms)


@lru_cache(maxsize=1024)
def _day(days: int) -> str:
    return f"{utc(days * 86_400_000):%Y-%m-%d}"


@lru_cache(maxsize=1440)
def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def print_json(names: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    """Print a JSON array of objects, one a line."""
    opening = "["
    for row in rows:
        print(opening, json.dumps(dict(zip(names, row, strict=True))), sep="\n", end="")
        opening = ","
    print("[]" if opening == "[" else "\n]")


def print_csv(names: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    """Print CSV in UTF-8. What a spreadsheet would round, or run as a formula, has an apostrophe before it, by which
    spreadsheets mark a text.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_csv_cell(value) for value in row] for row in rows)


def _csv_cell(value: Value) -> Value:
    if value is None:
        return None
    if not isinstance(value, str):
        return value if -_EXACT_BELOW < value < _EXACT_BELOW else f"'{value}"
    return value if value[:1] in _FIRST_OF_KEPT and _KEPT.fullmatch(value) else _csv_text(value)


@lru_cache(maxsize=4096)
def _csv_text(value: str) -> str:
    """Texts are mostly the same few; numbers and moments never are."""
    shown = printable(value)
    is_changed = value.lstrip(" ").startswith(_FORMULA) or _NUMBER.fullmatch(shown)
    return f"'{shown}" if is_changed else shown


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, right: str, empty: str) -> None:
    """Print a table, the column `right` flush with its right edge. Without any row, say `empty` on standard error.

    Columns are as wide as the first few hundred rows need, and wider from where a later one needs more: a list can be
    longer than anyone wants to wait for, and than memory is.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # what it writes to may know fewer scripts than the exchange
    widths = [len(heading) for heading in headings]
    coming, flush = iter(rows), headings.index(right)
    part = list(islice(coming, _AT_A_TIME))
    head: list[Sequence[str]] = [headings] if part else []
    if not part:
        print(empty, file=sys.stderr)
    while part:
        widths = [
            max(width, *map(_columns, cells)) for width, cells in zip(widths, zip(*part, strict=True), strict=True)
        ]
        for row in (*head, *part):
            print(_line(row, widths, flush))
        head, part = [], list(islice(coming, _AT_A_TIME))


def _line(cells: Iterable[str], widths: list[int], right: int) -> str:
    padded = (
        f"{' ' * (width - _columns(cell))}{cell}" if column == right else f"{cell}{' ' * (width - _columns(cell))}"
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return _GAP.join(padded).rstrip()


def _columns(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # late: the screens' own measure, which few lists need

    return cell_len(text)
