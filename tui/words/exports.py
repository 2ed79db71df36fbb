"""JSON for programs and CSV for spreadsheets, written as the rows come: a list may be of any length."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TextIO

from tui.domain.amounts import plain
from tui.domain.entries import Entry
from tui.domain.moments import utc
from tui.domain.records import HistoryRow, Row
from tui.domain.text import printable
from tui.domain.wallets import TransferType
from tui.language import _, for_programs

Value = str | int | None

WALLETS = {move.name: (move.source.value, move.destination.value) for move in TransferType}
"""The source and the destination of each type, for programs."""

_EXACT_BELOW = 10**15
"""A spreadsheet keeps 15 digits of a number."""

_KEPT = re.compile(
    r"-?(?=([0-9]\.?){1,15}$)(0|[1-9][0-9]*)(\.[0-9]*)?|[0-9]{4}-[0-9-]{5}T[0-9:]{8}\.[0-9]{3}Z", re.ASCII
)
"""Short numbers, and moments: a spreadsheet may read them as what they are."""
_FIRST_OF_KEPT = "-0123456789"

_NUMBER = re.compile(r"[-+]?[0-9][0-9.,]*([eE][-+]?[0-9]+)?", re.ASCII)
_FORMULA = tuple("=+-@＝＋－＠\t\r\n")


HISTORY = (
    *("at", "type", "from", "to", "asset", "amount", "from_symbol", "to_symbol", "status", "tran_id"),
    *("made", "differs", "profile", "host", "journal_id", "journal_outcome", "unreadable", "asked_pairs", "perhaps"),
)
"""The names of the fields of `history_rows`."""


def history_rows(entries: Iterable[Entry], host: str) -> Iterator[tuple[Value, ...]]:
    """Yield what is exported of entries that have a record of the exchange at `host`; the others are left out."""
    for entry in entries:
        if entry.record is not None:
            with for_programs():
                row = _history_row(entry, entry.record, host)
            yield row


def _history_row(entry: Entry, record: Row, host: str) -> tuple[Value, ...]:
    transfer = entry.transfer
    return (
        iso(record.timestamp),
        record.type,
        *WALLETS.get(record.type or "", (None, None)),
        record.asset,
        None if record.amount is None else plain(record.amount),
        record.from_symbol if isinstance(record, HistoryRow) else None,
        record.to_symbol if isinstance(record, HistoryRow) else None,
        record.status,
        record.tran_id,
        entry.origin.value,
        differs(entry) or None,
        transfer.profile if transfer else None,
        host,
        transfer.id if transfer else None,
        transfer.outcome.value if transfer else None,
        None if isinstance(record, HistoryRow) else record.text,
        entry.asked_pairs or None,
        ", ".join(str(row.id) for row in entry.possible) or None,
    )


def differs(entry: Entry) -> str:
    """Return what the journal and the record say differently."""
    return printable(_("; ").join(map(str, entry.mismatches)))


def iso(ms: int | None) -> str | None:
    """Return a time in milliseconds since 1970 as ISO 8601 in UTC, or as a number if no calendar has it."""
    if ms is None:
        return None
    try:
        return utc(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except OverflowError:
        return str(ms)


def write_json(file: TextIO, names: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    """Write a JSON array of objects, one a line."""
    opening = "["
    for row in rows:
        print(opening, json.dumps(dict(zip(names, row, strict=True))), sep="\n", end="", file=file)
        opening = ","
    print("[]" if opening == "[" else "\n]", file=file)


def write_csv(file: TextIO, names: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    """Write CSV.

    A value that a spreadsheet would round, or run as a formula, gets an apostrophe in front: spreadsheets mark a text
    with it.
    """
    writer = csv.writer(file, lineterminator="\n")
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
