"""How the settling of an unknown transfer goes, and what the person is asked if Shunter cannot tell."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from enum import Enum, auto

from tui.domain import moments
from tui.domain.amounts import quantity
from tui.domain.records import HistoryRow, UnreadableRow
from tui.domain.text import printable
from tui.domain.transfer import Transfer
from tui.words import outcomes


class Doubt(Enum):
    """Why Shunter cannot tell how a transfer ended, and the person has to."""

    SEVERAL = auto()
    """Several records could be it, or several transfers could claim one."""
    NEAR = auto()
    """A record is near, but no match."""
    STATUS = auto()
    """The record has a status that nobody knows."""
    UNREADABLE = auto()
    """A record that could be it cannot be read."""
    GONE = auto()
    """A record that could be it was seen, and is gone."""
    NAMED = auto()
    """The exchange's answer named a tranId, and the history has no record of it."""
    CLASH = auto()
    """The exchange's answer named a tranId whose record is another transfer's, and the history has no other record."""
    LEGACY = auto()
    """It was recorded before evidence was kept, and the history has no record of it."""
    OUT_OF_REACH = auto()
    """The history could not be read whole for a while."""
    TOO_OLD = auto()
    """The history does not go back so far."""
    OTHER_KEY = auto()
    """It was sent with another key, perhaps of another account, whose history would be another one."""


_NOTES = {
    Doubt.SEVERAL: "not certain which record it is",
    Doubt.NEAR: "possible match",
    Doubt.UNREADABLE: "a record that could be it cannot be read",
    Doubt.GONE: "a record that could be it is gone",
    Doubt.NAMED: "the answer named a tranId, and no record shows it",
    Doubt.CLASH: "the answer named another transfer's tranId, and no other record shows it",
    Doubt.LEGACY: "no record, and it was sent by an older Shunter",
    Doubt.TOO_OLD: "older than the exchange's history",
}
"""What the list says, by doubt; those that say more than that have a function."""

PENDING = "the exchange is still working on it"

WHY = {
    Doubt.SEVERAL: (
        "In the exchange's history several records could be it, or several transfers could claim one. Which record is "
        "it?"
    ),
    Doubt.NEAR: (
        "The exchange's history has a record that could be it: it differs in something, names no pair, or is another "
        "transfer's. Is it this one?"
    ),
    Doubt.STATUS: (
        "The exchange's history has a record that matches, with a status that says neither that it moved nor that it "
        "failed."
    ),
    Doubt.UNREADABLE: "The exchange's history has a record that could be it and that Shunter cannot read.",
    Doubt.GONE: "The exchange's history showed a record that could be it, and does not show it any more.",
    Doubt.NAMED: "The exchange's answer named a tranId, and its history has no record of it.",
    Doubt.CLASH: (
        "The exchange's answer named a tranId whose record is another transfer's, and its history has no other record "
        "of this one."
    ),
    Doubt.LEGACY: "It was sent by an older Shunter, and the exchange's history has no record of it.",
    Doubt.OUT_OF_REACH: (
        "The exchange's history cannot be read. Shunter goes on trying: leave it open, unless the exchange's own site "
        "tells you."
    ),
    Doubt.TOO_OLD: "The exchange's history does not go back so far. Only you can say how it ended.",
    Doubt.OTHER_KEY: (
        "It was sent with another key than the one in use. If that key is of another account, go back and choose it "
        "(F4): then Shunter finds out by itself. If it is of the same account, this is what its history has."
    ),
}
"""Why the person is asked, in whole sentences."""


QUESTION = "Transfer unknown"

_SITE = "The exchange's own site may tell you more."

EXECUTED = "It was executed: I have seen it on the exchange's own site"


def question(transfer: Transfer, doubt: Doubt | None, unreadable: Sequence[UnreadableRow]) -> list[str]:
    """Return what the person reads before deciding: why they are asked, then what is known."""
    request, answer = transfer.request, transfer.answer or transfer.evidence
    sent = f"Sent {_full(transfer.timestamp_ms)} with {transfer.profile} ...{transfer.key_tail}"
    return [
        f"{WHY[doubt]} Shunter takes your word for it. {_SITE}" if doubt else "",
        f"{sent}\n{request.type.name}   {quantity(request.amount, request.asset)}   {request.pairs}".rstrip(),
        outcomes.reason(answer) or outcomes.reason(transfer.evidence),
        *(f"The record, as it came: {row.text}" for row in unreadable),
    ]


def candidate(record: HistoryRow, asked: Decimal) -> str:
    """Return a record that could be the transfer, with its amount if another one was asked for."""
    amount = "" if record.amount == asked else f"   {quantity(record.amount, record.asset)}"
    return f"tranId {record.tran_id}   {_full(record.timestamp)}{amount}   {printable(record.status)}"


def not_executed(*, has_records: bool) -> str:
    """Return the choice that the transfer was not executed."""
    return "None of these: it was not executed" if has_records else "It was not executed"


def no_record(as_of_ms: int, pause: timedelta) -> str:
    """Return that the history has no record yet, and when it is read again."""
    again_ms = as_of_ms + pause // timedelta(milliseconds=1)
    return f"no record in the history by {_clock(as_of_ms)}; next look at {_clock(again_ms)}"


def note(doubt: Doubt, statuses: Sequence[str] = (), *, is_asked: bool = True) -> str:
    """Return what the list says of a doubt, with the statuses of records that are gone. It asks to decide only if the
    person can.
    """
    shown = ", ".join(dict.fromkeys(printable(status) or "?" for status in statuses))
    reason = _NOTES[doubt] + (f" (it said {shown})" if shown else "")
    return f"{reason}: decide" if is_asked else reason


def other_key(transfer: Transfer, *, is_asked: bool) -> str:
    """Return that the transfer was sent with a key that is not in use."""
    way_on = "choose that key (F4)" + (", or decide" if is_asked else "")
    return f"sent with {printable(transfer.profile)} ...{transfer.key_tail}: {way_on}"


def undecided_status(status: str) -> str:
    """Return that the only matching record says nothing final."""
    return f"the exchange says {printable(status)}: decide"


def paused(wait_s: int) -> str:
    """Return that the exchange asks for a pause."""
    return f"the exchange asks to wait {wait_s} s"


def out_of_reach(problem: str) -> str:
    """Return why the history cannot be read."""
    return f"the history is out of reach: {problem}"


def own_failure(name: str) -> str:
    """Return that Shunter failed to look."""
    return f"Shunter itself failed to look ({name}), and tries again"


def more_notes(count: int) -> str:
    """Return that more transfers have a note than there is room for."""
    return f"{count} more unknown: mark one in the list to read its note"


def looked(note: str | None) -> str:
    """Return what one look at the history gave, as a sentence; without a note, that there is no record."""
    return f"{note}." if note else "There is no record of it yet."


def _full(at_ms: int) -> str:
    return moments.shown(at_ms, "%Y-%m-%d %H:%M:%S")


def _clock(at_ms: int) -> str:
    return moments.shown(at_ms, "%H:%M:%S")
