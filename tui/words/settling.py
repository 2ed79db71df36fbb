"""Sentences about settling an unknown transfer: its progress, and what the person is asked if Shunter cannot tell."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from enum import Enum, auto

from tui.domain import moments
from tui.domain.amounts import exact_sum, grouped, quantity
from tui.domain.balances import ends
from tui.domain.layout import sentences
from tui.domain.moments import time_of_day
from tui.domain.records import HistoryRow, UnreadableRow, is_final
from tui.domain.text import printable
from tui.domain.transfer import Transfer
from tui.domain.wallets import TransferType
from tui.language import N_, _
from tui.structs import Struct
from tui.words import answers, outcomes


class Doubt(Enum):
    """Why Shunter cannot tell how a transfer ended, and the person has to."""

    SEVERAL = auto()
    """Several records could be it, or several transfers could claim one."""
    NEAR = auto()
    """A record is similar, but does not match."""
    STATUS = auto()
    """The record has a status that the exchange does not document."""
    UNREADABLE = auto()
    """A record that could be it cannot be read."""
    GONE = auto()
    """A record that could be it was seen, and is gone."""
    NAMED = auto()
    """The exchange's answer named a tranId, but the history has no record with it."""
    CLASH = auto()
    """The exchange's answer named a tranId of another transfer, and the history has no other record of this one."""
    LEGACY = auto()
    """It was recorded before evidence was kept, and the history has no record of it."""
    OUT_OF_REACH = auto()
    """The history could not be read completely for a while."""
    TOO_OLD = auto()
    """The history does not go back that far."""
    OTHER_KEY = auto()
    """It was sent with another key, perhaps of another account, which has a history of its own."""


_NOTES = {
    Doubt.SEVERAL: N_("not certain which record it is"),
    Doubt.NEAR: N_("possible match"),
    Doubt.UNREADABLE: N_("a record that could be it cannot be read"),
    Doubt.GONE: N_("a record that could be it is gone"),
    Doubt.NAMED: N_("the answer named a tranId that no record has"),
    Doubt.CLASH: N_("the answer named another transfer's tranId, and no other record could be it"),
    Doubt.LEGACY: N_("no record, and it was sent by an older Shunter"),
    Doubt.TOO_OLD: N_("older than the exchange's history"),
}
"""What the list says about a doubt. The doubts that are missing here have a function below."""

PENDING = N_("the exchange is still working on it")

WHY = {
    Doubt.SEVERAL: N_(
        "Several records in the exchange's history could be it, or one could belong to several transfers. Which record "
        "is it?"
    ),
    Doubt.NEAR: N_(
        "The exchange's history has a record that could be it, but the record differs in some way, names no pair, or "
        "belongs to another transfer. Is it this one?"
    ),
    Doubt.STATUS: N_(
        "The exchange's history has a matching record, but its status does not say whether it moved or failed."
    ),
    Doubt.UNREADABLE: N_("The exchange's history has a record that could be it, and Shunter cannot read it."),
    Doubt.GONE: N_("The exchange's history had a record that could be it, and no longer has it."),
    Doubt.NAMED: N_("The exchange's answer named a tranId, but its history has no record with that tranId."),
    Doubt.CLASH: N_(
        "The exchange's answer named a tranId that belongs to another transfer, and its history has no other record "
        "that could be this one."
    ),
    Doubt.LEGACY: N_("It was sent by an older Shunter, and the exchange's history has no record of it."),
    Doubt.OUT_OF_REACH: N_(
        "The exchange's history cannot be read. Shunter keeps trying. Decide only if the exchange's own site shows you "
        "how the transfer ended."
    ),
    Doubt.TOO_OLD: N_("The exchange's history does not go back that far. Only you can say how it ended."),
    Doubt.OTHER_KEY: N_(
        "It was not sent with the key in use. If it was sent with a key of another account, go back and choose that "
        "key (F4): Shunter can then settle it. If both keys belong to the same account, you can decide by this history."
    ),
}
"""Why the person is asked, in full sentences."""


_SAME_S = 2
"""Times that are less than this apart are taken for the same: two clocks never agree."""

QUESTION = N_("TRANSFER UNKNOWN")

EXECUTED = N_("It was executed: I have seen it on the exchange's own site")


def question(transfer: Transfer, doubt: Doubt | None, unreadable: Sequence[UnreadableRow]) -> list[str]:
    """Return what the person reads before deciding: which transfer it is, why they are asked, then what is known."""
    request, answer = transfer.request, transfer.answer or transfer.evidence
    source, destination = request.ends
    relies = _("Shunter relies on your answer. The exchange's own site may tell you more.")
    sent = _("Sent {time} with {profile} ...{key_tail}, as {type}.")
    return [
        f"{quantity(request.amount, request.asset)}   {source.label} -> {destination.label}",
        sentences(_(WHY[doubt]), relies) if doubt else "",
        sent.format(
            time=_full(transfer.timestamp_ms),
            profile=transfer.profile,
            key_tail=transfer.key_tail,
            type=request.type.name,
        ),
        outcomes.reason(answer) or outcomes.reason(transfer.evidence),
        *(_("The record, as received: {record}").format(record=row.text) for row in unreadable),
    ]


def candidate(record: HistoryRow, asked: Decimal) -> str:
    """Return a record that could be the transfer, with its amount if that is not the one asked for."""
    amount = "" if record.amount == asked else f"   {quantity(record.amount, record.asset)}"
    return f"tranId {record.tran_id}   {_full(record.timestamp)}{amount}   {printable(record.status)}"


class Compared(Struct):
    """One fact of a transfer as it was sent, and as a record has it."""

    name: str
    sent: str
    recorded: str
    difference: str
    """In a word, which says so if there is none; empty if there is nothing to compare."""
    is_different: bool = False


def compared(transfer: Transfer, record: HistoryRow) -> list[Compared]:
    """Return a transfer and a record that could be it, fact by fact."""
    request = transfer.request
    kind = TransferType.__members__.get(record.type)
    pairs = record.from_symbol or "", record.to_symbol or ""
    is_same_type = kind is request.type
    if kind is None:
        recorded = [printable(record.type), printable(record.type)]
    else:
        recorded = [printable(end.short_label) for end in ends(kind, *pairs)]
    sides = [(sent.short_label, label) for sent, label in zip(request.ends, recorded, strict=True)]
    amounts = quantity(request.amount, request.asset), quantity(record.amount, record.asset)
    is_same_day = _full(record.timestamp)[:10] == _full(transfer.timestamp_ms)[:10]
    written = time_of_day if is_same_day else _full
    status = "" if is_final(record.status) else _("says neither yes nor no")
    return [
        _row(_("Amount"), *amounts, "" if amounts[0] == amounts[1] else _("another amount")),
        *(
            _row(name, *side, _different(*side, is_same_type))
            for name, side in zip((_("From"), _("To")), sides, strict=True)
        ),
        _row(_("Time"), written(transfer.timestamp_ms), written(record.timestamp), _later(transfer, record)),
        _row(_("Status"), "", printable(record.status), status),
        _row("tranId", "", str(record.tran_id), ""),
    ]


def _row(name: str, sent: str, recorded: str, difference: str) -> Compared:
    return Compared(name, sent, recorded, difference or (_("same") if sent else ""), bool(difference))


def _different(sent: str, recorded: str, is_same_type: bool) -> str:
    if sent == recorded:
        return ""
    return _("names no pair") if is_same_type and sent.startswith(recorded) else _("another account")


def _later(transfer: Transfer, record: HistoryRow) -> str:
    """Return how much later a record is than the sending; empty for less than two clocks differ."""
    apart_s = abs(record.timestamp - transfer.timestamp_ms) // 1000
    if apart_s < _SAME_S:
        return ""
    if record.timestamp > transfer.timestamp_ms:
        text = _("{seconds} s later") if apart_s < 120 else _("{minutes} min later")
    else:
        text = _("{seconds} s earlier") if apart_s < 120 else _("{minutes} min earlier")
    return text.format(seconds=apart_s, minutes=apart_s // 60)


def changed(before: Decimal, now: Decimal, expected: Decimal) -> str:
    """Return how a balance has changed since a transfer was sent, and what that looks like. It proves nothing."""
    change = exact_sum([now, -before])
    if change == expected:
        return _("as if executed")
    return _("changed by {amount}").format(amount=grouped(change)) if change else _("as if not executed")


def not_executed(*, has_records: bool) -> str:
    """Return the choice "not executed"."""
    return _("None of these: it was not executed") if has_records else _("It was not executed")


def no_record(as_of_ms: int, pause: timedelta) -> str:
    """Say that the history has no record yet, and when Shunter reads it again."""
    again_ms = as_of_ms + pause // timedelta(milliseconds=1)
    return _("no record in the history as of {time}; next reading at {next_time}").format(
        time=time_of_day(as_of_ms), next_time=time_of_day(again_ms)
    )


def note(doubt: Doubt, statuses: Sequence[str] = (), *, is_asked: bool = True) -> str:
    """Return what the list says about a doubt, with the statuses of records that are gone, and whether to decide."""
    shown = _(", ").join(dict.fromkeys(printable(status) or "?" for status in statuses))
    reason = _(_NOTES[doubt])
    if shown:
        reason = _("{reason} (it said {statuses})").format(reason=reason, statuses=shown)
    return _("{reason}: decide").format(reason=reason) if is_asked else reason


def other_key(transfer: Transfer, *, is_asked: bool) -> str:
    """Say which key the transfer was sent with, if it is not the key in use."""
    text = _("sent with {profile} ...{key_tail}: choose that key (F4)")
    if is_asked:
        text = _("sent with {profile} ...{key_tail}: choose that key (F4), or decide")
    return text.format(profile=printable(transfer.profile), key_tail=transfer.key_tail)


def undecided_status(status: str) -> str:
    """Say that the only matching record has a status that is not final."""
    return _("the exchange says {status}: decide").format(status=printable(status))


def paused(wait_s: int) -> str:
    """Say that the exchange asks for a pause."""
    return _("the exchange asks for a pause of {seconds} s").format(seconds=wait_s)


def out_of_reach(problem: str) -> str:
    """Say why the history cannot be read."""
    return _("the history is out of reach: {problem}").format(problem=problem)


def own_failure(name: str) -> str:
    """Say that Shunter itself failed."""
    return _("Shunter itself failed ({name}); it tries again").format(name=name)


def unknown_line(transfer: Transfer, note: str, count: int) -> str:
    """Return what the main screen says of the newest transfer whose outcome is not known, of so many."""
    request = transfer.request
    accounts = " -> ".join(account.short_label for account in request.ends)
    text = _("Unknown: {amount}, {move}, sent {time}: {note}")
    if count > 1:
        text = _("Unknown: {amount}, {move}, sent {time} ({more} more unknown): {note}")
    return printable(
        text.format(
            amount=quantity(request.amount, request.asset),
            move=accounts,
            time=time_of_day(transfer.timestamp_ms),
            more=count - 1,
            note=note,
        )
    )


def read_sentence(note: str | None) -> str:
    """Return the result of one reading of the history as a sentence. Without a note, there is no record."""
    return answers.full_stop(note) if note else _("There is no record of it yet.")


def _full(at_ms: int) -> str:
    return moments.shown(at_ms, "%Y-%m-%d %H:%M:%S")
