"""Sentences about entries: where a record was made, how it and the journal differ, and what to do about that.

They are made from a row's evidence and from the whole record.
"""

from collections.abc import Collection, Sequence
from typing import assert_never

from tui.domain.amounts import quantity
from tui.domain.entries import Comparison, Difference, DifferenceKind, Entry, Origin
from tui.domain.evidence import Outcome
from tui.domain.layout import sentences
from tui.domain.moments import in_full
from tui.domain.records import HistoryRow, RecordStatus, Row
from tui.domain.text import printable
from tui.domain.transfer import Transfer
from tui.language import N_, _, ngettext
from tui.structs import Struct
from tui.words import outcomes

NO_JOURNAL = N_("There is no journal on this machine to compare with the exchange's records.")
NO_DEMO_JOURNAL = N_("The demo exchange has no journal here: there is nothing to compare.")
NOT_JOINED = N_("There is no journal on this machine, so Shunter cannot tell which of these transfers it made.")

_ELSEWHERE = N_(
    "Only the exchange has a record of it, and it cannot be any transfer in this journal. It was made with the "
    "exchange's own app or site, or by another program or journal."
)
_NOT_COMPARED = N_(
    "The exchange has a record of it. Shunter cannot tell where it was made: the journal could not be read completely."
)
_DIFFERS = N_("The journal and the exchange's record of it differ. The exchange's record is the one that counts.")
_NO_RECORD = N_("The records that were read do not include it: only the journal has it.")
_UNREADABLE = N_("The exchange's record of it is not as documented. It is shown below as received.")
_STILL_PENDING = N_("Its record still says PENDING.")

_ADVICE = {
    DifferenceKind.EXECUTED_AFTER_ALL: N_("It moved: do not send it again."),
    DifferenceKind.NO_RECORD: N_(
        "Check what both wallets hold. If the amount did not arrive, ask the exchange about the tranId."
    ),
    DifferenceKind.FAILED_AFTER_ALL: N_(
        "Its record says FAILED: nothing should have moved. Check what both wallets hold before you send it again."
    ),
    DifferenceKind.OTHER_RECORD: N_("Look it up on the exchange's own site, and rely on that."),
    DifferenceKind.PENDING: N_("The exchange is still working on it: do not send it again, and compare again later."),
    DifferenceKind.UNSETTLED: N_("Do not send it again. Open Shunter with this key, which settles it or asks you."),
    DifferenceKind.ELSEWHERE: N_(
        "If it was not you, delete the key on the exchange's site, and find out who else has it."
    ),
}
"""What to do about each kind of difference. For a possible match it depends on what the record says."""

# What to do about a possible match: if the record could be the transfer, and if it matches it.
_NOT_ALL_READ = {
    False: N_(
        "A record could be this transfer, but Shunter cannot read all of it. Look at it on the exchange's own site."
    ),
    True: N_(
        "A record matches this transfer, but Shunter cannot read all of it. Look at it on the exchange's own site."
    ),
}
_SAYS_FAILED = {
    False: N_(
        "A record could be this transfer, but says FAILED. It may not have moved: look at what both wallets hold."
    ),
    True: N_("A record matches this transfer, but says FAILED. It may not have moved: look at what both wallets hold."),
}
_SAYS_CONFIRMED = {
    False: N_(
        "A record could be this transfer. It may have moved: look at what both wallets hold before you send it again."
    ),
    True: N_(
        "A record matches this transfer. It may have moved: look at what both wallets hold before you send it again."
    ),
}
_NOT_CONFIRMED = {
    False: N_(
        "A record could be this transfer, but does not say CONFIRMED. It may have moved, or may still move: look at "
        "what both wallets hold before you send it again."
    ),
    True: N_(
        "A record matches this transfer, but does not say CONFIRMED. It may have moved, or may still move: look at "
        "what both wallets hold before you send it again."
    ),
}

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
            return _(_DIFFERS)
        case Origin.POSSIBLE:
            possible = _possible(entry.possible)
            return possible if isinstance(record, HistoryRow) else sentences(possible, _(_UNREADABLE))
        case _ if record is not None and not isinstance(record, HistoryRow):
            return _(_UNREADABLE)
        case Origin.ELSEWHERE:
            return _(_ELSEWHERE)
        case Origin.NOT_COMPARED:
            return _(_NOT_COMPARED)
        case Origin.HERE:
            is_pending = record is not None and record.status == RecordStatus.PENDING
            return sentences(outcome_meaning, _(_STILL_PENDING)) if is_pending else outcome_meaning
        case Origin.JOURNAL:
            is_missing = entry.tran_id is not None and transfer is not None and transfer.host == host
            return sentences(outcome_meaning, _(_NO_RECORD)) if is_missing else outcome_meaning
        case _:
            assert_never(entry.origin)


def possible_rows(entry: Entry) -> str:
    """Return which rows of the journal a record could be; empty if there are none."""
    named = [
        _("{transfer}, {outcome}").format(transfer=_row(row), outcome=row.outcome.words)
        for row in entry.possible[:_MOST_NAMED]
    ]
    more = len(entry.possible) - len(named)
    return _("; ").join([*named, *([_("{count} more").format(count=more)] if more else [])])


def sentence(difference: Difference) -> str:
    """Return what the journal and the exchange say about it."""
    sides = []
    if difference.transfer is not None:
        sides.append(_side(difference.transfer))
    if difference.record is not None:
        sides.append(_("the exchange has {record}").format(record=_record(difference.record)))
    return printable(_("; ").join(sides))


def _side(transfer: Transfer) -> str:
    """Return what the journal says about a transfer."""
    source, destination = transfer.request.ends
    text = _("{transfer}, {amount}, {source} to {destination}, {standing}")
    if transfer.tran_id is not None:
        text = _("{transfer}, {amount}, {source} to {destination}, {standing} with tranId {tran_id}")
    return text.format(
        transfer=_row(transfer),
        amount=quantity(transfer.request.amount, transfer.request.asset),
        source=source.label,
        destination=destination.label,
        standing=outcomes.standing(transfer.evidence),
        tran_id=transfer.tran_id,
    )


def advice(difference: Difference) -> str:
    """Return what to do about it."""
    if difference.kind is DifferenceKind.POSSIBLE:
        return _possible_advice(difference)
    if difference.repeat:
        return _(
            "It moved, and so did transfer {number}, which asks for the same. If you meant only one, move the other "
            "one back."
        ).format(number=difference.repeat.id)
    return _(_ADVICE[difference.kind])


def besides(comparison: Comparison) -> list[str]:
    """Return a sentence about each group of transfers that neither agree nor differ."""
    counts = [
        (comparison.unmoved, _("{count} refused, failed, not sent or judged; no record says that they moved.")),
        (comparison.by_word, _("{count} done, as you decided; not compared.")),
        (comparison.pending, _("{count} done, and their records still say PENDING: not settled yet.")),
        (comparison.open, _("{count} not settled yet: open Shunter with this key to find out.")),
        (
            comparison.left_out,
            _("{count} not compared: sent within the last hour, or their history could not be read."),
        ),
        (comparison.other_key, _("{count} not compared: sent with another key, perhaps of another account.")),
        (
            comparison.perhaps,
            _('{count} of the exchange\'s records may have been made here: shunter history calls them "perhaps here".'),
        ),
    ]
    return [text.format(count=f"{count:,}") for count, text in counts if count]


def summary(comparison: Comparison, unread: int = 0) -> str:
    """Return the result of a comparison. `unread` is how many questions to the exchange were given up."""
    differ, elsewhere = len(comparison.differences), len(comparison.elsewhere)
    result = ngettext("{agree} agree, {differ} differs.", "{agree} agree, {differ} differ.", differ)
    parts = [result.format(agree=f"{comparison.agree:,}", differ=f"{differ:,}")]
    if elsewhere:
        text = _("{count} made elsewhere, which the journal cannot have.")
        parts.append(text.format(count=f"{elsewhere:,}"))
    parts += besides(comparison)
    if unread:
        text = _("{count} questions to the exchange were not answered: n says why.")
        parts.append(text.format(count=f"{unread:,}"))
    return sentences(*parts)


def sections(comparison: Comparison) -> list[Section]:
    """Return each difference with what to do, as many as a page has room for."""
    shown = [
        Section(one.kind.label.capitalize(), [sentence(one), *map(str, one.mismatches), advice(one)])
        for one in comparison.differences[:_MOST_SECTIONS]
    ]
    if more := len(comparison.differences) - len(shown):
        shown.append(Section(_("{count} more").format(count=f"{more:,}"), [_("shunter reconcile prints all of them.")]))
    if elsewhere := comparison.elsewhere:
        text = _('{count} records; "elsewhere" in the filter lists them.').format(count=f"{len(elsewhere):,}")
        shown.append(Section(DifferenceKind.ELSEWHERE.label.capitalize(), [sentences(text, advice(elsewhere[0]))]))
    return shown


def none(unread: Collection[object]) -> str:
    """Return that a list of records is empty. `unread` are the questions to the exchange that were given up."""
    return _("No such record among what could be read.") if unread else _("The exchange has no such record.")


def _possible(rows: Sequence[Transfer]) -> str:
    row, more = rows[0], len(rows) - 1
    text = _("It could be {transfer} in this journal. That transfer {standing}, and the journal has no tranId for it.")
    if more:
        text = _(
            "It could be {transfer} in this journal (or one of {more} more). That transfer {standing}, and the journal "
            "has no tranId for it."
        )
    return text.format(transfer=_row(row), standing=outcomes.standing(row.evidence), more=more)


def _possible_advice(difference: Difference) -> str:
    """Return what to do about a record that matches a transfer, or could be it."""
    record, is_match = difference.record, difference.is_match
    is_done = difference.transfer is not None and difference.transfer.outcome is Outcome.DONE
    if is_done and record is not None and record.status != RecordStatus.FAILED:
        return _(_NOT_ALL_READ[is_match])
    if is_done:
        return _(_SAYS_FAILED[is_match])
    if record is not None and record.status == RecordStatus.CONFIRMED:
        return _(_SAYS_CONFIRMED[is_match])
    return _(_NOT_CONFIRMED[is_match])


def _row(transfer: Transfer) -> str:
    return _("transfer {number} of {time}").format(number=transfer.id, time=in_full(transfer.timestamp_ms))


def _record(record: Row) -> str:
    if not isinstance(record, HistoryRow):
        return _("a record that is not as documented: {record}").format(record=record.text)
    return _("tranId {tran_id} of {time}: {type} {amount}, {status}").format(
        tran_id=record.tran_id,
        time=in_full(record.timestamp),
        type=record.type,
        amount=quantity(record.amount, record.asset),
        status=record.status,
    )
