"""`shunter history`: what the exchange has on record of an account's transfers, of all types, newest first."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tui.commands import account, listing
from tui.commands.account import Account
from tui.commands.arguments import add_format, add_search, search_of
from tui.domain.amounts import grouped, plain
from tui.domain.moments import in_full
from tui.domain.past import Entry, Origin, merge, select
from tui.domain.records import HistoryRow
from tui.domain.search import Search, moves
from tui.domain.text import printable
from tui.domain.wallets import TransferType

_HEADINGS = ("TIME", "FROM", "TO", "PAIRS", "AMOUNT", "ASSET", "STATUS", "TRANID", "MADE", "PROFILE", "REMARK")
_DAY_MS = 24 * 60 * 60 * 1000
_FIELDS = (
    *("at", "type", "from", "to", "asset", "amount", "from_symbol", "to_symbol", "status", "tran_id"),
    *("made", "differs", "profile", "host", "journal_id", "journal_outcome", "unreadable"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `shunter history`."""
    account.add_arguments(parser)
    add_format(parser)
    add_search(parser)


def run(args: argparse.Namespace) -> int:
    """Print the history; the exit status: 1 where part of it could not be read."""
    try:
        search = replace(search_of(args), profile="")  # which says whose history
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    wanted = moves(search)
    types = [move for move in TransferType if wanted is None or move.name in wanted]
    return account.with_past(args, lambda opened: _print(args, search, opened), moves=types)


def _print(args: argparse.Namespace, search: Search, opened: Account) -> int:
    records = opened.past.records
    since_ms = min((record.timestamp for record in records if record.timestamp is not None), default=0) - _DAY_MS
    own = Search(host=opened.host, since_ms=since_ms)
    merged = merge(records, opened.journal.transfers(own) if opened.journal else (), opened.host)
    entries = select(merged, search, profile="", host=opened.host)
    # What a transfer of the journal alone is, is for `shunter journal`.
    entries = [entry for entry in entries if entry.origin is not Origin.JOURNAL]
    account.tell_what_is_missing(opened.past)
    if args.json:
        listing.print_json(_FIELDS, _fields(entries, opened))
    elif args.csv:
        listing.print_csv(_FIELDS, _fields(entries, opened))
    else:
        listing.print_table(_HEADINGS, _cells(entries), right="AMOUNT", empty="The exchange has no such record.")
    sys.stdout.flush()
    return 1 if opened.past.unread else 0


def _fields(entries: Sequence[Entry], opened: Account) -> Iterator[tuple[listing.Value, ...]]:
    for entry in entries:
        record, transfer = entry.record, entry.transfer
        assert record is not None  # noqa: S101 - all of them are on record
        yield (
            listing.iso(record.timestamp),
            record.type,
            *_wallets(record.type),
            record.asset,
            None if record.amount is None else plain(record.amount),
            record.from_symbol if isinstance(record, HistoryRow) else None,
            record.to_symbol if isinstance(record, HistoryRow) else None,
            record.status,
            record.tran_id,
            entry.origin.value,
            _differs(entry) or None,
            transfer.profile if transfer else None,
            opened.host,
            transfer.id if transfer else None,
            transfer.outcome.value if transfer else None,
            None if isinstance(record, HistoryRow) else record.text,
        )


def _wallets(kind: str | None) -> tuple[str | None, str | None]:
    move = TransferType.__members__.get(kind or "")
    return (move.source.value, move.destination.value) if move else (None, None)


def _cells(entries: Sequence[Entry]) -> Iterator[tuple[str, ...]]:
    for entry in entries:
        record, transfer = entry.record, entry.transfer
        assert record is not None  # noqa: S101 - all of them are on record
        move = TransferType.__members__.get(record.type or "")
        pairs = [record.from_symbol, record.to_symbol] if isinstance(record, HistoryRow) else []
        yield (
            "?" if record.timestamp is None else in_full(record.timestamp),
            move.source.label if move else printable(record.type or "?"),
            move.destination.label if move else "",
            printable(" -> ".join(pair for pair in pairs if pair)),
            "?" if record.amount is None else grouped(record.amount),
            printable(record.asset or "?"),
            printable(record.status or "?"),
            "?" if record.tran_id is None else str(record.tran_id),
            entry.origin.value,
            printable(transfer.profile) if transfer else "",
            _differs(entry) if isinstance(record, HistoryRow) else f"as it came: {record.text}",
        )


def _differs(entry: Entry) -> str:
    return printable("; ".join(map(str, entry.mismatches)))
