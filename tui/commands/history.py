"""`shunter history`: every transfer in the exchange's history of an account, newest first."""

import argparse
import sys

from tui.commands import account, listing
from tui.commands.account import OpenAccount
from tui.commands.arguments import add_format, add_search, search_from
from tui.domain.entries import Entry, Origin, select
from tui.domain.moments import in_full
from tui.domain.records import UnreadableRow
from tui.domain.search import Search, moves
from tui.domain.text import printable
from tui.domain.wallets import TransferType
from tui.language import _
from tui.structs import replace
from tui.words import columns, differences, exports
from tui.words.entries import InUse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `shunter history`."""
    account.add_arguments(parser)
    add_format(parser)
    add_search(parser)


def run(args: argparse.Namespace) -> int:
    """Print the history and return the exit status, which is 1 if part of it could not be read. Raises Misuse."""
    search = replace(search_from(args), profile="")  # --profile chooses the account here
    wanted = moves(search)
    types = [move for move in TransferType if wanted is None or move.name in wanted]
    return account.with_history(args, lambda opened: _print(args, search, opened), moves=types)


def _print(args: argparse.Namespace, search: Search, opened: OpenAccount) -> int:
    entries = select(_joined(opened), search, profile="", host=opened.host)
    entries = [entry for entry in entries if entry.origin is not Origin.JOURNAL]  # `shunter journal` lists those
    opened.print_missing()
    if entries and opened.journal is None:
        print(_(differences.NOT_JOINED), file=sys.stderr)
    in_use = InUse("", opened.host)  # the table names a profile only for rows of the journal
    cells = ([text(entry, in_use) for text in _TABLE.values()] for entry in entries)
    empty = differences.none(opened.reader.unread)
    listing.print_rows(
        args,
        exports.HISTORY,
        exports.history_rows(entries, opened.host),
        otherwise=lambda: listing.print_table([*_TABLE], cells, right=_RIGHT, least=_LEAST, empty=empty),
    )
    return 1 if opened.reader.unread else 0


def _joined(opened: OpenAccount) -> list[Entry]:
    """Return the records, each with its row of the journal. Raises JournalError."""
    from tui.desk.origins import joined

    reader, journal, host = opened.reader, opened.journal, opened.host
    records = reader.records
    if journal is None:
        return joined(records, (), host, questions=reader.questions, is_compared=False)
    rows = journal.transfers(Search(host=host))  # from any time: a clock may have been wrong
    return joined(
        records, rows, host, questions=reader.questions, declined=journal.declined(host), sighted=journal.sighted(host)
    )


def _time(entry: Entry, _in_use: InUse) -> str:
    return "?" if entry.at_ms is None else in_full(entry.at_ms)


def _status(entry: Entry, _in_use: InUse) -> str:
    return printable((entry.record and entry.record.status) or "?")


def _remark(entry: Entry, _in_use: InUse) -> str:
    record, possible = entry.record, differences.possible_rows(entry)
    remarks = [exports.differs(entry)]
    if isinstance(record, UnreadableRow):
        remarks = [_("as received: {text}").format(text=record.text)]
    if entry.asked_pairs and not entry.pairs:
        remarks.append(printable(_("asked: {pairs}").format(pairs=entry.asked_pairs)))
    if possible:
        remarks.append(_("perhaps {rows}").format(rows=possible))
    return _("; ").join(filter(None, remarks))


_TABLE = {
    _("TIME"): _time,
    _("MOVE"): columns.MOVE.text,
    _("AMOUNT"): columns.AMOUNT.text,
    _("STATUS"): _status,
    "TRANID": columns.TRAN_ID.text,
    _("MADE"): columns.MADE.text,
    _("PROFILE"): columns.PROFILE.text,
    _("REMARK"): _remark,
}
"""The columns of the table. Most are those of the screen."""

_RIGHT = (_("AMOUNT"),)
_LEAST = (_("PROFILE"), "TRANID", _("MADE"))
"""What a terminal that is too narrow leaves out."""
