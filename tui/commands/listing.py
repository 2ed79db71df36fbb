"""Lists on standard output: a table for a person, JSON for programs, CSV for spreadsheets.

Rows are printed as they are read, so a list may be of any length.
"""

import argparse
import io
import os
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import islice

from tui.domain.layout import padded, padded_before, width_of, wrapped
from tui.language import _, for_programs
from tui.words.exports import Value, write_csv, write_json

_GAP = "  "
_INDENT = "    "
_AT_A_TIME = 500


def print_rows(
    args: argparse.Namespace,
    names: Sequence[str],
    rows: Iterable[Sequence[Value]],
    *,
    otherwise: Callable[[], object],
) -> None:
    """Print rows in the format asked for with `add_format`; `otherwise` prints them for a person.

    Texts that are made while the rows are read are in English: programs read them.
    """
    if args.json:
        with for_programs():
            write_json(sys.stdout, names, rows)
    elif args.csv:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", errors="replace")
        with for_programs():
            write_csv(sys.stdout, names, rows)
    else:
        otherwise()
    sys.stdout.flush()


def print_table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    empty: str,
    right: Collection[str] = (),
    least: Sequence[str] = (),
) -> None:
    """Print a table with the columns `right` aligned to the right. Without rows, print `empty` on standard error.

    Columns are as wide as the first few hundred rows need, and grow when a later row needs more: a list can be longer
    than memory, and than anyone wants to wait for.

    In a terminal that is too narrow, the last column goes below its row, and the columns `least` are left out, in that
    order. A pipe and a file get everything.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # the terminal may know fewer scripts than the exchange
    room = (os.get_terminal_size(sys.stdout.fileno()).columns or None) if sys.stdout.isatty() else None
    widths = [width_of(heading) for heading in headings]
    coming = iter(rows)
    kept: list[int] | None = None
    if not (part := list(islice(coming, _AT_A_TIME))):
        print(empty, file=sys.stderr)
    while part:
        widths = [
            max(width, *map(width_of, cells)) for width, cells in zip(widths, zip(*part, strict=True), strict=True)
        ]
        if kept is None:
            kept = _kept(headings, widths, least, room)
            print(_line(headings, headings, widths, kept, right))
        for row in part:
            print(_line(row, headings, widths, kept, right))
            if row[-1] and len(headings) - 1 not in kept:
                print(_below(row[-1], room or 0))
        part = list(islice(coming, _AT_A_TIME))
    if left_out := [name for column, name in enumerate(headings[:-1]) if kept and column not in kept]:
        narrow = _("The terminal is too narrow for {columns}: --csv and pipes have everything.")
        print(narrow.format(columns=_(", ").join(left_out)), file=sys.stderr)


def _below(text: str, room: int) -> str:
    """Return a cell that goes below its row."""
    return "\n".join(f"{_INDENT}{line}" for line in wrapped(text, room - len(_INDENT)))


def _kept(headings: Sequence[str], widths: Sequence[int], least: Sequence[str], room: int | None) -> list[int]:
    """Return the columns that fit into a terminal with so much room."""
    kept = list(range(len(headings)))
    for column in (len(headings) - 1, *map(headings.index, least)):
        if room is None or sum(widths[each] for each in kept) + len(_GAP) * (len(kept) - 1) <= room:
            break
        kept.remove(column)
    return kept


def _line(
    cells: Sequence[str], headings: Sequence[str], widths: Sequence[int], kept: Iterable[int], right: Collection[str]
) -> str:
    texts = []
    for column in kept:
        pad = padded_before if headings[column] in right else padded
        texts.append(pad(cells[column], widths[column]))
    return _GAP.join(texts).rstrip()
