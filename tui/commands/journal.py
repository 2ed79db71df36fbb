"""`shunter journal`: every transfer ever recorded, newest last."""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from tui.commands import listing
from tui.commands.arguments import add_format, add_search, search_from
from tui.domain.amounts import grouped
from tui.domain.balances import ends
from tui.domain.moments import in_full
from tui.domain.search import ANY
from tui.domain.text import printable
from tui.domain.transfer import Outcome
from tui.domain.wallets import TransferType
from tui.journal import Journal, JournalError, Written, journal_path
from tui.language import _, chosen
from tui.words.answers import without_chinese_stop
from tui.words.exports import WALLETS, Value, iso

_HEADINGS = (
    *("ID", _("SENT"), _("PROFILE"), _("HOST"), _("FROM"), _("TO"), _("AMOUNT"), _("ASSET"), _("OUTCOME"), "TRANID"),
    _("MESSAGE"),
)
_RIGHT = (_("AMOUNT"),)
_LEAST = (_("HOST"), "TRANID", _("PROFILE"), "ID")
"""What a terminal that is too narrow leaves out."""
_FIELDS = (
    "id",
    "sent_at",
    "profile",
    "host",
    "type",
    "from",
    "to",
    *Written._fields[5:13],
    "settled_at",
    *Written._fields[14:],
)


_shown = lru_cache(maxsize=1024)(printable)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `shunter journal`."""
    add_format(parser)
    add_search(parser)
    parser.add_argument("--profile", metavar="NAME", help=_("sent with this profile"))


def run(args: argparse.Namespace) -> int:
    """Print the journal and return the exit status. Raises Misuse."""
    search, empty = search_from(args), _("No transfer in the journal matches.")
    if search == ANY:
        empty = _("No transfer has been recorded yet; the journal will be {path}").format(path=journal_path())
    try:
        journal = Journal.open_to_read()
        with contextlib.closing(journal) if journal else contextlib.nullcontext():
            rows = journal.written(search) if journal else iter(())
            listing.print_rows(
                args,
                _FIELDS,
                _fields(rows),
                otherwise=lambda: listing.print_table(_HEADINGS, _cells(rows), right=_RIGHT, least=_LEAST, empty=empty),
            )
    except JournalError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _fields(rows: Iterator[Written]) -> Iterator[tuple[Value, ...]]:
    for row in rows:
        yield (
            row.id,
            iso(row.sent_at_ms),
            *row[2:5],
            *WALLETS.get(row.type, (None, None)),
            *row[5:13],
            iso(row.settled_at_ms),
            *row[14:],
        )


def _cells(rows: Iterator[Written]) -> Iterator[tuple[str, ...]]:
    for row in rows:
        yield (
            str(row.id),
            in_full(row.sent_at_ms),
            _shown(row.profile),
            _shown(row.host),
            *_ends(row.type, row.from_symbol, row.to_symbol, chosen()),
            _amount(row.amount),
            _shown(row.asset),
            Outcome(row.outcome).words,
            "" if row.tran_id is None else str(row.tran_id),
            _reason(row),
        )


@lru_cache
def _ends(type_name: str, from_symbol: str | None, to_symbol: str | None, _language: str) -> tuple[str, str]:
    move = TransferType.__members__.get(type_name)
    if move is None:
        return printable(type_name), ""
    source, destination = ends(move, from_symbol, to_symbol)
    return printable(source.short_label), printable(destination.short_label)


def _amount(written: str) -> str:
    try:
        return grouped(Decimal(written))
    except (InvalidOperation, ValueError):
        return printable(written)


def _reason(row: Written) -> str:
    lines = [_shown(line) for line in row.message.split("\n") if line]
    message = _("; ").join([*map(without_chinese_stop, lines[:-1]), *lines[-1:]])
    return message if row.code is None else f"{row.code} {message}"
