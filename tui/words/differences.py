"""Sentences about entries: where a record was made, how it and the journal differ, and what to do about that.

They are made from a row's evidence and from the whole record.
"""

from collections.abc import Collection, Sequence
from typing import assert_never

from tui.domain.amounts import quantity
from tui.domain.entries import Comparison, Difference, DifferenceKind, Entry, Origin
from tui.domain.evidence import Outcome
from tui.domain.moments import in_full
from tui.domain.records import HistoryRow, RecordStatus, Row
from tui.domain.text import printable
from tui.domain.transfer import Transfer
from tui.language import N_
from tui.structs import Struct
from tui.words import outcomes

NO_JOURNAL = N_("There is no journal on this machine to compare with the exchange's records.")
NO_DEMO_JOURNAL = N_("The demo exchange has no journal here: there is nothing to compare.")
NOT_JOINED = N_("There is no journal on this machine, so Shunter cannot tell which of these transfers it made.")

_ELSEWHERE = (
    "Only the exchange has a record of it, and it cannot be any transfer in this journal. It was made with the "
    "exchange's own app or site, or by another program or journal."
)
_NOT_COMPARED = (
    "The exchange has a record of it. Shunter cannot tell where it was made: the journal could not be read completely."
)
_DIFFERS = "The journal and the exchange's record of it differ. The exchange's record is the one that counts."
_NO_RECORD = "The records that were read do not include it: only the journal has it."
_UNREADABLE = "The exchange's record of it is not as documented. It is shown below as received."
_STILL_PENDING = "Its record still says PENDING."

_ADVICE = {
    DifferenceKind.EXECUTED_AFTER_ALL: "It moved: do not send it again.",
    DifferenceKind.NO_RECORD: (
        "Check what both wallets hold. If the amount did not arrive, ask the exchange about the tranId."
    ),
    DifferenceKind.FAILED_AFTER_ALL: (
        "Its record says FAILED: nothing should have moved. Check what both wallets hold before you send it again."
    ),
    DifferenceKind.OTHER_RECORD: "Look it up on the exchange's own site, and rely on that.",
    DifferenceKind.PENDING: "The exchange is still working on it: do not send it again, and compare again later.",
    DifferenceKind.UNSETTLED: "Do not send it again. Open Shunter with this key, which settles it or asks you.",
    DifferenceKind.ELSEWHERE: "If it was not you, delete the key on the exchange's site, and find out who else has it.",
}
"""What to do about each kind of difference. For a possible match it depends on what the record says."""

_MOST_NAMED = 3
_MOST_SECTIONS = 200
"""A page is for reading; `shunter reconcile` prints everything."""


class Section(Struct):
    """A section of a page: a title, which may be empty, and lines, which may come from an exchange."""

    title: str
    lines: list[str]


def meaning(entry: Entry, host: str, watch: outcomes.Watch = outcomes.Watch.UNKNOWN) -> str:
    """Describe an entry in one or two sentences. `host` is the exchange whose history was read."""
    record, transfer = entry.record, entry.transfer
    outcome_meaning = outcomes.meaning(transfer.evidence, watch) if transfer else ""
    match entry.origin:
        case Origin.DIFFERS:
            return _DIFFERS
        case Origin.POSSIBLE:
            return f"{_possible(entry.possible)}{'' if isinstance(record, HistoryRow) else f' {_UNREADABLE}'}"
        case _ if record is not None and not isinstance(record, HistoryRow):
            return _UNREADABLE
        case Origin.ELSEWHERE:
            return _ELSEWHERE
        case Origin.NOT_COMPARED:
            return _NOT_COMPARED
        case Origin.HERE:
            is_pending = record is not None and record.status == RecordStatus.PENDING
            return f"{outcome_meaning} {_STILL_PENDING}" if is_pending else outcome_meaning
        case Origin.JOURNAL:
            is_missing = entry.tran_id is not None and transfer is not None and transfer.host == host
            return f"{outcome_meaning} {_NO_RECORD}" if is_missing else outcome_meaning
        case _:
            assert_never(entry.origin)


def possible_rows(entry: Entry) -> str:
    """Return which rows of the journal a record could be; empty if there are none."""
    named = [f"{_row(row)}, {row.outcome.words}" for row in entry.possible[:_MOST_NAMED]]
    more = len(entry.possible) - len(named)
    return "; ".join([*named, *([f"{more} more"] if more else [])])


def sentence(difference: Difference) -> str:
    """Return what the journal and the exchange say about it."""
    sides = []
    if (transfer := difference.transfer) is not None:
        source, destination = transfer.request.ends
        tran_id = f" with tranId {transfer.tran_id}" if transfer.tran_id is not None else ""
        sides.append(
            f"{_row(transfer)}, {quantity(transfer.request.amount, transfer.request.asset)}, "
            f"{source.label} to {destination.label}, {outcomes.standing(transfer.evidence)}{tran_id}"
        )
    if (record := difference.record) is not None:
        sides.append(f"the exchange has {_record(record)}")
    return printable("; ".join(sides))


def advice(difference: Difference) -> str:
    """Return what to do about it."""
    if difference.kind is DifferenceKind.POSSIBLE:
        return _possible_advice(difference)
    if difference.repeat:
        return (
            f"It moved, and so did transfer {difference.repeat.id}, which asks for the same. If you meant only one, "
            "move the other one back."
        )
    return _ADVICE[difference.kind]


def besides(comparison: Comparison) -> list[str]:
    """Return a sentence about each group of transfers that neither agree nor differ."""
    counts = [
        (comparison.unmoved, "refused, failed, not sent or judged; no record says that they moved."),
        (comparison.by_word, "done, as you decided; not compared."),
        (comparison.pending, "done, and their records still say PENDING: not settled yet."),
        (comparison.open, "not settled yet: open Shunter with this key to find out."),
        (comparison.left_out, "not compared: sent within the last hour, or their history could not be read."),
        (comparison.other_key, "not compared: sent with another key, perhaps of another account."),
        (
            comparison.perhaps,
            'of the exchange\'s records may have been made here: shunter history calls them "perhaps here".',
        ),
    ]
    return [f"{count:,} {sentence}" for count, sentence in counts if count]


def summary(comparison: Comparison, unread: int = 0) -> str:
    """Return the result of a comparison. `unread` is how many questions to the exchange were given up."""
    differ, elsewhere = len(comparison.differences), len(comparison.elsewhere)
    return " ".join(
        [
            f"{comparison.agree:,} agree, {differ:,} differ{'s' * (differ == 1)}.",
            *([f"{elsewhere:,} made elsewhere, which the journal cannot have."] if elsewhere else []),
            *besides(comparison),
            *([f"{unread:,} questions to the exchange were not answered: n says why."] if unread else []),
        ]
    )


def sections(comparison: Comparison) -> list[Section]:
    """Return each difference with what to do, as many as a page has room for."""
    shown = [
        Section(one.kind.label.capitalize(), [sentence(one), *map(str, one.mismatches), advice(one)])
        for one in comparison.differences[:_MOST_SECTIONS]
    ]
    if more := len(comparison.differences) - len(shown):
        shown.append(Section(f"{more:,} more", ["shunter reconcile prints all of them."]))
    if elsewhere := comparison.elsewhere:
        text = f'{len(elsewhere):,} records; "elsewhere" in the filter lists them. {advice(elsewhere[0])}'
        shown.append(Section(DifferenceKind.ELSEWHERE.label.capitalize(), [text]))
    return shown


def none(unread: Collection[object]) -> str:
    """Return that a list of records is empty. `unread` are the questions to the exchange that were given up."""
    return "No such record among what could be read." if unread else "The exchange has no such record."


def _possible(rows: Sequence[Transfer]) -> str:
    more = f" (or one of {len(rows) - 1} more)" if len(rows) > 1 else ""
    row = rows[0]
    return (
        f"It could be {_row(row)} in this journal{more}. That transfer {outcomes.standing(row.evidence)}, and the "
        "journal has no tranId for it."
    )


def _possible_advice(difference: Difference) -> str:
    record = difference.record
    fits = "matches this transfer" if difference.is_match else "could be this transfer"
    is_done = difference.transfer is not None and difference.transfer.outcome is Outcome.DONE
    if is_done and record is not None and record.status != RecordStatus.FAILED:
        return f"A record {fits}, but Shunter cannot read all of it. Look at it on the exchange's own site."
    if is_done:
        return f"A record {fits}, but says FAILED. It may not have moved: look at what both wallets hold."
    look = "look at what both wallets hold before you send it again."
    if record is not None and record.status == RecordStatus.CONFIRMED:
        return f"A record {fits}. It may have moved: {look}"
    return f"A record {fits}, but does not say CONFIRMED. It may have moved, or may still move: {look}"


def _row(transfer: Transfer) -> str:
    return f"transfer {transfer.id} of {in_full(transfer.timestamp_ms)}"


def _record(record: Row) -> str:
    if not isinstance(record, HistoryRow):
        return f"a record that is not as documented: {record.text}"
    return (
        f"tranId {record.tran_id} of {in_full(record.timestamp)}: "
        f"{record.type} {quantity(record.amount, record.asset)}, {record.status}"
    )
