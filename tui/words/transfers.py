"""Sentences about one transfer: its facts with their names, and the lines about it in notices and questions."""

from collections.abc import Mapping, Sequence

from tui.domain import moments
from tui.domain.amounts import quantity
from tui.domain.evidence import Accepted, Outcome, code_from
from tui.domain.text import printable
from tui.domain.transfer import Transfer, TransferRequest
from tui.words import answers, outcomes


def facts(transfer: Transfer, note: str = "") -> list[tuple[str, str]]:
    """Return every fact with its name. `note` is the progress of the settling."""
    named = [
        ("tranId", str(transfer.tran_id or "")),
        *reasons(transfer),
        ("Settling", printable(note) or ("..." if transfer.outcome is Outcome.UNKNOWN else "")),
        *request_facts(transfer.request),
        ("Plan", f"step {step.number} of {step.count}" if (step := transfer.plan_step) else ""),
        ("Sent", moments.with_offset(transfer.timestamp_ms)),
        ("Journal", printable(transfer.unwritten and f"Not written yet; Shunter keeps trying. {transfer.unwritten}")),
    ]
    return [fact for fact in named if fact[1]]


def request_facts(request: TransferRequest) -> list[tuple[str, str]]:
    """Return the facts of a request, each with its name."""
    source, destination = request.ends
    return [
        ("From", source.wide_label),
        ("To", destination.wide_label),
        ("Amount", quantity(request.amount, request.asset)),
        ("Type", request.type.name),
    ]


def not_written(error: Exception) -> str:
    """Return why an answer could not be written to the journal, if Shunter itself failed."""
    return f"Shunter itself failed: {type(error).__name__}."


def reasons(transfer: Transfer) -> list[tuple[str, str]]:
    """Return the reason for the outcome, what to do about it, and the first answer if it is not the reason."""
    evidence, answer = transfer.evidence, transfer.answer
    name_without_code = "Known by" if transfer.outcome is Outcome.DONE else "Why"
    name = name_without_code if code_from(evidence) is None else "Answer"
    reason = outcomes.reason(evidence)
    first = "" if answer is None or answer == evidence or isinstance(answer, Accepted) else outcomes.reason(answer)
    return [
        (name, printable(_numbered(reason, code_from(evidence)))),
        ("To do", printable(outcomes.advice(evidence))),
        ("At first", printable(_numbered(first, code_from(answer)))),
    ]


def ended(transfer: Transfer) -> tuple[str, str]:
    """Return the title and the text of a notice: a transfer that was unknown has ended."""
    request = transfer.request
    source, destination = request.ends
    move = f"{quantity(request.amount, request.asset)}, {source.label} -> {destination.label}"
    tran_id = f", tranId {transfer.tran_id}" if transfer.tran_id else ""
    sent = moments.time_of_day(transfer.timestamp_ms)
    title = "Judged" if transfer.is_judged else "Settled"
    return title, f"{move}, sent {sent}: it {outcomes.standing(transfer.evidence)}{tran_id}"


def repeats(transfers: Sequence[Transfer], looks: Mapping[str, str]) -> str:
    """Return a warning that the amount may be moved twice. It names the last one that is not done, else the last."""
    earlier = next((other for other in transfers[::-1] if other.outcome is not Outcome.DONE), transfers[-1])
    when = moments.time_of_day(earlier.timestamp_ms)
    look = f"\n{looks[earlier.identity]}" if earlier.identity in looks else ""
    amount = quantity(earlier.request.amount, earlier.request.asset)
    condition = "" if earlier.outcome is Outcome.DONE else "that one was executed and "
    return (
        f"An identical transfer went out at {when} and {outcomes.standing(earlier.evidence)}.{look}\n"
        f"If {condition}you send this one as well, {amount} is moved twice."
    )


def _numbered(sentence: str, code: int | None) -> str:
    return answers.with_code(sentence, code) if sentence and code is not None else sentence
