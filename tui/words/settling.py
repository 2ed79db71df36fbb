"""Sentences about settling an unknown transfer: its progress, and what the person is asked if Shunter cannot tell."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from enum import Enum, auto

from tui.domain import moments
from tui.domain.amounts import exact_sum, grouped, quantity
from tui.domain.balances import ends
from tui.domain.moments import time_of_day
from tui.domain.records import HistoryRow, UnreadableRow, is_final
from tui.domain.text import printable
from tui.domain.transfer import Transfer
from tui.domain.wallets import TransferType
from tui.language import N_
from tui.structs import Struct
from tui.words import outcomes


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
    Doubt.SEVERAL: "not certain which record it is",
    Doubt.NEAR: "possible match",
    Doubt.UNREADABLE: "a record that could be it cannot be read",
    Doubt.GONE: "a record that could be it is gone",
    Doubt.NAMED: "the answer named a tranId that no record has",
    Doubt.CLASH: "the answer named another transfer's tranId, and no other record could be it",
    Doubt.LEGACY: "no record, and it was sent by an older Shunter",
    Doubt.TOO_OLD: "older than the exchange's history",
}
"""What the list says about a doubt. The doubts that are missing here have a function below."""

PENDING = N_("the exchange is still working on it")

WHY = {
    Doubt.SEVERAL: (
        "Several records in the exchange's history could be it, or one could belong to several transfers. Which record "
        "is it?"
    ),
    Doubt.NEAR: (
        "The exchange's history has a record that could be it, but the record differs in some way, names no pair, or "
        "belongs to another transfer. Is it this one?"
    ),
    Doubt.STATUS: (
        "The exchange's history has a matching record, but its status does not say whether it moved or failed."
    ),
    Doubt.UNREADABLE: "The exchange's history has a record that could be it, and Shunter cannot read it.",
    Doubt.GONE: "The exchange's history had a record that could be it, and no longer has it.",
    Doubt.NAMED: "The exchange's answer named a tranId, but its history has no record with that tranId.",
    Doubt.CLASH: (
        "The exchange's answer named a tranId that belongs to another transfer, and its history has no other record "
        "that could be this one."
    ),
    Doubt.LEGACY: "It was sent by an older Shunter, and the exchange's history has no record of it.",
    Doubt.OUT_OF_REACH: (
        "The exchange's history cannot be read. Shunter keeps trying. Decide only if the exchange's own site shows you "
        "how the transfer ended."
    ),
    Doubt.TOO_OLD: "The exchange's history does not go back that far. Only you can say how it ended.",
    Doubt.OTHER_KEY: (
        "It was not sent with the key in use. If it was sent with a key of another account, go back and choose that "
        "key (F4): Shunter can then settle it. If both keys belong to the same account, you can decide by this history."
    ),
}
"""Why the person is asked, in full sentences."""


_SAME_S = 2
"""Times that are less than this apart are taken for the same: two clocks never agree."""

QUESTION = N_("TRANSFER UNKNOWN")

_SITE = "The exchange's own site may tell you more."

EXECUTED = N_("It was executed: I have seen it on the exchange's own site")


def question(transfer: Transfer, doubt: Doubt | None, unreadable: Sequence[UnreadableRow]) -> list[str]:
    """Return what the person reads before deciding: which transfer it is, why they are asked, then what is known."""
    request, answer = transfer.request, transfer.answer or transfer.evidence
    source, destination = request.ends
    return [
        f"{quantity(request.amount, request.asset)}   {source.label} -> {destination.label}",
        f"{WHY[doubt]} Shunter relies on your answer. {_SITE}" if doubt else "",
        f"Sent {_full(transfer.timestamp_ms)} with {transfer.profile} ...{transfer.key_tail}, as {request.type.name}.",
        outcomes.reason(answer) or outcomes.reason(transfer.evidence),
        *(f"The record, as received: {row.text}" for row in unreadable),
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
    """"same" if there is none; empty if there is nothing to compare."""
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
    status = "" if is_final(record.status) else "says neither yes nor no"
    return [
        _row("Amount", *amounts, "" if amounts[0] == amounts[1] else "another amount"),
        *(_row(name, *side, _different(*side, is_same_type)) for name, side in zip(("From", "To"), sides, strict=True)),
        _row("Time", written(transfer.timestamp_ms), written(record.timestamp), _later(transfer, record)),
        _row("Status", "", printable(record.status), status),
        _row("tranId", "", str(record.tran_id), ""),
    ]


def _row(name: str, sent: str, recorded: str, difference: str) -> Compared:
    return Compared(name, sent, recorded, difference or ("same" if sent else ""), bool(difference))


def _different(sent: str, recorded: str, is_same_type: bool) -> str:
    if sent == recorded:
        return ""
    return "names no pair" if is_same_type and sent.startswith(recorded) else "another account"


def _later(transfer: Transfer, record: HistoryRow) -> str:
    """Return how much later a record is than the sending; empty for less than two clocks differ."""
    apart_s = abs(record.timestamp - transfer.timestamp_ms) // 1000
    way = "later" if record.timestamp > transfer.timestamp_ms else "earlier"
    if apart_s < _SAME_S:
        return ""
    return f"{apart_s} s {way}" if apart_s < 120 else f"{apart_s // 60} min {way}"


def changed(before: Decimal, now: Decimal, expected: Decimal) -> str:
    """Return how a balance has changed since a transfer was sent, and what that looks like. It proves nothing."""
    change = exact_sum([now, -before])
    if change == expected:
        return "as if executed"
    return f"changed by {grouped(change)}" if change else "as if not executed"


def not_executed(*, has_records: bool) -> str:
    """Return the choice "not executed"."""
    return "None of these: it was not executed" if has_records else "It was not executed"


def no_record(as_of_ms: int, pause: timedelta) -> str:
    """Say that the history has no record yet, and when Shunter reads it again."""
    again_ms = as_of_ms + pause // timedelta(milliseconds=1)
    return f"no record in the history as of {time_of_day(as_of_ms)}; next reading at {time_of_day(again_ms)}"


def note(doubt: Doubt, statuses: Sequence[str] = (), *, is_asked: bool = True) -> str:
    """Return what the list says about a doubt, with the statuses of records that are gone, and whether to decide."""
    shown = ", ".join(dict.fromkeys(printable(status) or "?" for status in statuses))
    reason = _NOTES[doubt] + (f" (it said {shown})" if shown else "")
    return f"{reason}: decide" if is_asked else reason


def other_key(transfer: Transfer, *, is_asked: bool) -> str:
    """Say which key the transfer was sent with, if it is not the key in use."""
    advice = "choose that key (F4)" + (", or decide" if is_asked else "")
    return f"sent with {printable(transfer.profile)} ...{transfer.key_tail}: {advice}"


def undecided_status(status: str) -> str:
    """Say that the only matching record has a status that is not final."""
    return f"the exchange says {printable(status)}: decide"


def paused(wait_s: int) -> str:
    """Say that the exchange asks for a pause."""
    return f"the exchange asks for a pause of {wait_s} s"


def out_of_reach(problem: str) -> str:
    """Say why the history cannot be read."""
    return f"the history is out of reach: {problem}"


def own_failure(name: str) -> str:
    """Say that Shunter itself failed."""
    return f"Shunter itself failed ({name}); it tries again"


def unknown_line(transfer: Transfer, note: str, count: int) -> str:
    """Return what the main screen says of the newest transfer whose outcome is not known, of so many."""
    request = transfer.request
    accounts = " -> ".join(account.short_label for account in request.ends)
    more = f" ({count - 1} more unknown)" if count > 1 else ""
    sent = f"{quantity(request.amount, request.asset)}, {accounts}, sent {time_of_day(transfer.timestamp_ms)}"
    return printable(f"Unknown: {sent}{more}: {note}")


def read_sentence(note: str | None) -> str:
    """Return the result of one reading of the history as a sentence. Without a note, there is no record."""
    return f"{note}." if note else "There is no record of it yet."


def _full(at_ms: int) -> str:
    return moments.shown(at_ms, "%Y-%m-%d %H:%M:%S")
