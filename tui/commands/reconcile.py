"""`shunter reconcile`: compare the journal of a key with the exchange's history of its account."""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from tui.commands import account, listing
from tui.commands.account import OpenAccount
from tui.commands.arguments import RawHelpFormatter, add_format
from tui.commands.pipes import leave_closed_pipes
from tui.domain.amounts import plain
from tui.language import _
from tui.words import differences
from tui.words.exports import Value, iso

if TYPE_CHECKING:
    from tui.domain.entries import Comparison, Difference

_NOT_COMPARED = 3
"""The exit status if nothing differs in the part that could be compared."""

_FIELDS = (
    *("kind", "counts", "journal_id", "sent_at", "profile", "type", "asset", "amount", "from_symbol", "to_symbol"),
    *("outcome", "status", "tran_id", "recorded_at", "differs", "advice"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `shunter reconcile`."""
    parser.formatter_class = RawHelpFormatter
    parser.epilog = _(
        """\
exit status:
  0  nothing differs, of what can be compared
  1  something differs: each difference is listed, with what to do
  2  misuse
  3  not everything could be compared, and nothing differs in the part that could;
     or there is no journal

What counts is whether something moved. A transfer that only the exchange has on record, made with
its own app or by another program, is listed, and counts only with --strict."""
    )
    parser.set_defaults(failed=_NOT_COMPARED)
    account.add_arguments(parser)
    add_format(parser)
    parser.add_argument("--strict", action="store_true", help=_("count what was made elsewhere as a difference"))


def run(args: argparse.Namespace) -> int:
    """Read the history afresh, compare, and print the differences. Returns the exit status."""
    return account.with_history(
        args, lambda opened: _print(args, opened), is_afresh=True, needs_journal=True, failed=_NOT_COMPARED
    )


def _print(args: argparse.Namespace, opened: OpenAccount) -> int:
    from tui.desk.reconcile import reconcile

    assert opened.journal is not None  # noqa: S101 - it is needed
    comparison = reconcile(opened.reader, opened.client, opened.journal)
    counted = comparison.differences + (comparison.elsewhere if args.strict else ())
    every = (*comparison.differences, *comparison.elsewhere)
    try:
        opened.print_missing()
        listing.print_rows(
            args,
            _FIELDS,
            _fields(every, set(map(id, counted))),
            otherwise=lambda: print(*_lines(comparison, counted), sep="\n"),
        )
    except BrokenPipeError:
        if not leave_closed_pipes():
            raise  # otherwise go on: the exit status is still wanted
    if counted:
        return 1
    return _NOT_COMPARED if opened.reader.unread else 0


def _lines(comparison: "Comparison", counted: "Sequence[Difference]") -> Iterator[str]:
    for difference in counted:
        yield f"{difference.kind.label.upper()}: {differences.sentence(difference)}"
        yield f"  {differences.advice(difference)}"
    if len(counted) == len(comparison.differences) and comparison.elsewhere:
        yield _("{count} made elsewhere: shunter history lists them.").format(count=len(comparison.elsewhere))
    yield from differences.besides(comparison)
    yield _("{agree} agree, {differ} differ.").format(agree=comparison.agree, differ=len(counted))


def _fields(every: "Iterable[Difference]", counted: set[int]) -> Iterator[tuple[Value, ...]]:
    for difference in every:
        transfer, record = difference.transfer, difference.record
        request = transfer.request if transfer else None
        amount = request.amount if request else record.amount if record else None
        tran_id = transfer.tran_id if transfer and transfer.tran_id is not None else record.tran_id if record else None
        yield (
            difference.kind.value,
            "yes" if id(difference) in counted else "no",
            transfer.id if transfer else None,
            iso(transfer.timestamp_ms) if transfer else None,
            transfer.profile if transfer else None,
            request.type.name if request else record.type if record else None,
            request.asset if request else record.asset if record else None,
            None if amount is None else plain(amount),
            request.from_symbol if request else None,
            request.to_symbol if request else None,
            transfer.outcome.value if transfer else None,
            record.status if record else None,
            tran_id,
            iso(record.timestamp) if record else None,
            "; ".join(map(str, difference.mismatches)) or None,
            differences.advice(difference),
        )
