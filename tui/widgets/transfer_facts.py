"""What there is to say of one transfer: its outcome, what that means, and every fact."""

from tui.domain.amounts import grouped
from tui.domain.moments import in_zone
from tui.domain.text import printable
from tui.domain.transfer import Evidence, Outcome, Transfer

JUDGED_WORDS = "judged not executed, which is no proof"

_MEANING = {
    Outcome.SENDING: "The exchange has not answered yet.",
    Outcome.DONE: "The exchange has moved it.",
    Outcome.REJECTED: "The exchange refused it. Nothing moved.",
    Outcome.NOT_SENT: "It never reached the exchange. Nothing moved.",
    Outcome.UNKNOWN: (
        "It may have been moved, or not. Shunter looks for it in the exchange's history; what it finds comes here and "
        "in the list, and where that leaves doubt, you are asked. Do not send it again before."
    ),
    Outcome.NOT_EXECUTED: (
        "Judged not executed: the exchange's history had no record of it in several whole reads. That is no proof. It "
        "is looked for again for a day; if it appears, you are told."
    ),
}
_FAILED = "The exchange took it in, and its history says that it FAILED: by that, nothing moved."
_DECIDED = {
    Outcome.DONE: "You have decided that it was executed.",
    Outcome.REJECTED: "You have decided that a record which says FAILED is this transfer: by that, nothing moved.",
    Outcome.NOT_EXECUTED: "You have decided that it was not executed.",
}
"""What a person decided is said as that."""


def meaning(transfer: Transfer) -> str:
    """What its outcome means, in a sentence or two."""
    if transfer.evidence is Evidence.PERSON:
        return _DECIDED.get(transfer.outcome, _MEANING[transfer.outcome])
    if transfer.outcome is Outcome.REJECTED and transfer.is_judged:
        return _FAILED
    return _MEANING[transfer.outcome]


def facts(transfer: Transfer, note: str = "") -> list[tuple[str, str]]:
    """Every fact with its name; the note says how the settling goes."""
    request = transfer.request
    source, destination = request.ends
    found = [
        ("tranId", str(transfer.tran_id or "")),
        *reasons(transfer),
        ("Settling", printable(note) or ("..." if transfer.outcome is Outcome.UNKNOWN else "")),
        ("From", source.wide_label),
        ("To", destination.wide_label),
        ("Amount", f"{grouped(request.amount)} {request.asset}"),
        ("Type", request.type.name),
        ("Sent", in_zone(transfer.sent_at).strftime("%Y-%m-%d %H:%M:%S %z")),
    ]
    return [fact for fact in found if fact[1]]


def reasons(transfer: Transfer) -> list[tuple[str, str]]:
    """What the outcome rests on, and apart from that, what to do about it."""
    reason, code = printable(transfer.reason), transfer.code
    name = "Answer" if code is not None else "Known by" if transfer.outcome is Outcome.DONE else "Why"
    return [(name, f"{reason} ({code})" if code is not None else reason), ("To do", printable(transfer.advice))]
