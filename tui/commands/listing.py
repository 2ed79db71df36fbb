"""Lists on standard output: a table for a person, JSON for programs, CSV for spreadsheets.

Rows are printed as they are read, so a list may be of any length.
"""

import argparse
import csv
import io
import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import islice

from tui.domain.moments import utc
from tui.domain.text import printable
from tui.domain.wallets import TransferType

Value = str | int | None

WALLETS = {move.name: (move.source.value, move.destination.value) for move in TransferType}
"""The source and the destination of each type, for programs."""

_GAP = "  "
_AT_A_TIME = 500
_EXACT_BELOW = 10**15
"""A spreadsheet keeps 15 digits of a number."""

_KEPT = re.compile(r"-?(?=[0-9.]{1,16}$)(0|[1-9][0-9]*)(\.[0-9]*)?|[0-9]{4}-[0-9-]{5}T[0-9:]{8}\.[0-9]{3}Z", re.ASCII)
"""Short numbers, and moments: a spreadsheet may read them as what they are."""
_FIRST_OF_KEPT = "-0123456789"

_NUMBER = re.compile(r"[-+]?[0-9][0-9.,]*([eE][-+]?[0-9]+)?", re.ASCII)
_FORMULA = tuple("=+-@＝＋－＠\t\r\n")


def iso(ms: int | None) -> str | None:
    """Return a time in milliseconds since 1970 as ISO 8601 in UTC, or as a number if no calendar has it."""
    if ms is None:
        return None
    try:
        return utc(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except OverflowError:
        return str(ms)


def print_rows(
    args: argparse.Namespace,
    names: Sequence[str],
    rows: Iterable[Sequence[Value]],
    *,
    otherwise: Callable[[], object],
) -> None:
    """Print rows in the format asked for with `add_format`; `otherwise` prints them for a person."""
    if args.json:
        print_json(names, rows)
    elif args.csv:
        print_csv(names, rows)
    else:
        otherwise()
    sys.stdout.flush()


def print_json(names: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    """Print a JSON array of objects, one a line."""
    opening = "["
    for row in rows:
        print(opening, json.dumps(dict(zip(names, row, strict=True))), sep="\n", end="")
        opening = ","
    print("[]" if opening == "[" else "\n]")


def print_csv(names: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    """Print CSV in UTF-8.

    A value that a spreadsheet would round, or run as a formula, gets an apostrophe in front: spreadsheets mark a text
    with it.
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
    """Return a text for CSV. It is cached: texts repeat, while numbers and moments do not."""
    shown = printable(value)
    is_changed = value.lstrip(" ").startswith(_FORMULA) or _NUMBER.fullmatch(shown)
    return f"'{shown}" if is_changed else shown


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str, right: str = "") -> None:
    """Print a table with the column `right` aligned to the right. Without rows, print `empty` on standard error.

    Columns are as wide as the first few hundred rows need, and grow when a later row needs more: a list can be longer
    than memory, and than anyone wants to wait for.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # the terminal may know fewer scripts than the exchange
    widths = [len(heading) for heading in headings]
    coming, flush = iter(rows), headings.index(right) if right else None
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


def _line(cells: Iterable[str], widths: list[int], right: int | None) -> str:
    padded = (
        f"{' ' * (width - _columns(cell))}{cell}" if column == right else f"{cell}{' ' * (width - _columns(cell))}"
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return _GAP.join(padded).rstrip()


def _columns(text: str) -> int:
    """Return how many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # late: few lists need it

    return cell_len(text)
