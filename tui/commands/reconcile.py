"""`shunter reconcile`: the journal of a key against the exchange's record of its account."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from tui.commands import account, listing
from tui.commands.account import Account
from tui.commands.arguments import add_format
from tui.commands.pipes import leave_closed_pipes
from tui.domain.amounts import plain
from tui.journal import JournalError
from tui.words import differences

if TYPE_CHECKING:
    from tui.domain.differences import Comparison, Difference

_NOT_COMPARED = 3
"""The exit status where nothing differs, as far as that could be told, and part could not be."""

_FIELDS = (
    *("kind", "counts", "journal_id", "sent_at", "profile", "type", "asset", "amount", "from_symbol", "to_symbol"),
    *("outcome", "status", "tran_id", "recorded_at", "differs", "advice"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `shunter reconcile`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = (
        "exit status:\n"
        "  0  nothing differs, of what can be compared\n"
        "  1  something does: each is told, with what to do\n"
        "  2  misuse\n"
        "  3  it could not be compared, or not all of it, and nothing differs as far as it was;\n"
        "     there is no journal\n"
        "\nWhat counts is whether something moved. What the exchange has on record and the journal has not,\n"
        "made with the exchange's own app or by another program, is told and does not count unless --strict."
    )
    parser.set_defaults(failed=_NOT_COMPARED)
    account.add_arguments(parser)
    add_format(parser)
    parser.add_argument("--strict", action="store_true", help="what was made elsewhere counts as a difference")


def run(args: argparse.Namespace) -> int:
    """Read the history afresh, compare, and tell; the exit status."""
    return account.with_past(
        args, lambda opened: _tell(args, opened), is_afresh=True, needs_journal=True, failed=_NOT_COMPARED
    )


def _tell(args: argparse.Namespace, opened: Account) -> int:
    from tui.desk.reconcile import reconcile

    assert opened.journal is not None  # noqa: S101 - it is needed
    try:
        comparison = reconcile(opened.reader, opened.client, opened.journal)
    except JournalError as error:
        print(error, file=sys.stderr)
        return _NOT_COMPARED
    counts = comparison.differences + (comparison.elsewhere if args.strict else ())
    told = (*comparison.differences, *comparison.elsewhere)
    try:
        account.tell_what_is_missing(opened.reader)
        if args.json:
            listing.print_json(_FIELDS, _fields(told, set(map(id, counts))))
        elif args.csv:
            listing.print_csv(_FIELDS, _fields(told, set(map(id, counts))))
        else:
            for line in _lines(comparison, counts):
                print(line)
        sys.stdout.flush()
    except BrokenPipeError:
        if not leave_closed_pipes():
            raise  # who reads no more still gets the exit status
    if counts:
        return 1
    return _NOT_COMPARED if opened.reader.unread else 0


def _lines(comparison: "Comparison", counts: "Iterable[Difference]") -> Iterator[str]:
    counted = list(counts)
    for found in counted:
        yield f"{found.kind.value.upper()}: {differences.sentence(found)}"
        yield f"  {differences.advice(found)}"
    if len(counted) == len(comparison.differences) and comparison.elsewhere:
        yield f"{len(comparison.elsewhere)} made elsewhere: shunter history lists them."
    yield from differences.besides(comparison)
    yield f"{comparison.agree} agree, {len(counted)} differ."


def _fields(told: "Iterable[Difference]", counted: set[int]) -> Iterator[tuple[listing.Value, ...]]:
    for found in told:
        transfer, record = found.transfer, found.record
        request = transfer.request if transfer else None
        amount = request.amount if request else record.amount if record else None
        tran_id = transfer.tran_id if transfer and transfer.tran_id is not None else record.tran_id if record else None
        yield (
            found.kind.value,
            "yes" if id(found) in counted else "no",
            transfer.id if transfer else None,
            listing.iso(transfer.timestamp_ms) if transfer else None,
            transfer.profile if transfer else None,
            request.type.name if request else record.type if record else None,
            request.asset if request else record.asset if record else None,
            None if amount is None else plain(amount),
            request.from_symbol if request else None,
            request.to_symbol if request else None,
            transfer.outcome.value if transfer else None,
            record.status if record else None,
            tran_id,
            listing.iso(record.timestamp) if record else None,
            "; ".join(map(str, found.mismatches)) or None,
            differences.advice(found),
        )
