"""Lists on standard output: a table for a person, JSON for programs, CSV for spreadsheets.

Rows are printed as they are read, so a list may be of any length.
"""

import argparse
import io
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from tui.words.exports import Value, write_csv, write_json

_GAP = "  "
_AT_A_TIME = 500


def print_rows(
    args: argparse.Namespace,
    names: Sequence[str],
    rows: Iterable[Sequence[Value]],
    *,
    otherwise: Callable[[], object],
) -> None:
    """Print rows in the format asked for with `add_format`; `otherwise` prints them for a person."""
    if args.json:
        write_json(sys.stdout, names, rows)
    elif args.csv:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", errors="replace")
        write_csv(sys.stdout, names, rows)
    else:
        otherwise()
    sys.stdout.flush()


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
