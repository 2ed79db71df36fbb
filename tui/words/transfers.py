"""Sentences about one transfer: its facts with their names, and the lines about it in notices and questions."""

from collections.abc import Mapping, Sequence

from tui.domain import moments
from tui.domain.amounts import quantity
from tui.domain.evidence import Accepted, Outcome, code_from
from tui.domain.layout import sentences
from tui.domain.text import printable
from tui.domain.transfer import Transfer, TransferRequest
from tui.language import N_, _
from tui.words import answers, outcomes

_NOT_WRITTEN = N_("Not written yet; Shunter keeps trying.")


def settling_name() -> str:
    """Return the name of the fact that says how far the settling is."""
    return _("Settling")


def facts(transfer: Transfer, note: str = "") -> list[tuple[str, str]]:
    """Return every fact with its name. `note` is the progress of the settling."""
    step = transfer.plan_step
    named = [
        ("tranId", str(transfer.tran_id or "")),
        *reasons(transfer),
        (settling_name(), printable(note) or ("..." if transfer.outcome is Outcome.UNKNOWN else "")),
        *request_facts(transfer.request),
        (_("Plan"), _("step {number} of {count}").format(number=step.number, count=step.count) if step else ""),
        (_("Sent"), moments.with_offset(transfer.timestamp_ms)),
        (_("Journal"), printable(transfer.unwritten and sentences(_(_NOT_WRITTEN), transfer.unwritten))),
    ]
    return [fact for fact in named if fact[1]]


def request_facts(request: TransferRequest) -> list[tuple[str, str]]:
    """Return the facts of a request, each with its name."""
    source, destination = request.ends
    return [
        (_("From"), source.wide_label),
        (_("To"), destination.wide_label),
        (_("Amount"), quantity(request.amount, request.asset)),
        (_("Type"), request.type.name),
    ]


def not_written(error: Exception) -> str:
    """Return why an answer could not be written to the journal, if Shunter itself failed."""
    return _("Shunter itself failed: {error}.").format(error=type(error).__name__)


def reasons(transfer: Transfer) -> list[tuple[str, str]]:
    """Return the reason for the outcome, what to do about it, and the first answer if it is not the reason."""
    evidence, answer = transfer.evidence, transfer.answer
    name_without_code = _("Known by") if transfer.outcome is Outcome.DONE else _("Why")
    name = name_without_code if code_from(evidence) is None else _("Answer")
    reason = outcomes.reason(evidence)
    first = "" if answer is None or answer == evidence or isinstance(answer, Accepted) else outcomes.reason(answer)
    return [
        (name, printable(_numbered(reason, code_from(evidence)))),
        (_("To do"), printable(outcomes.advice(evidence))),
        (_("At first"), printable(_numbered(first, code_from(answer)))),
    ]


def ended(transfer: Transfer) -> tuple[str, str]:
    """Return the title and the text of a notice: a transfer that was unknown has ended."""
    request = transfer.request
    source, destination = request.ends
    title = _("Judged") if transfer.is_judged else _("Settled")
    text = _("{amount}, {source} -> {destination}, sent {time}: it {standing}")
    if transfer.tran_id:
        text = _("{amount}, {source} -> {destination}, sent {time}: it {standing}, tranId {tran_id}")
    return title, text.format(
        amount=quantity(request.amount, request.asset),
        source=source.label,
        destination=destination.label,
        time=moments.time_of_day(transfer.timestamp_ms),
        standing=outcomes.standing(transfer.evidence),
        tran_id=transfer.tran_id,
    )


def repeats(transfers: Sequence[Transfer], looks: Mapping[str, str]) -> str:
    """Return a warning that the amount may be moved twice. It names the last one that is not done, else the last."""
    earlier = next((other for other in transfers[::-1] if other.outcome is not Outcome.DONE), transfers[-1])
    sentence = _("An identical transfer went out at {time} and {standing}.").format(
        time=moments.time_of_day(earlier.timestamp_ms), standing=outcomes.standing(earlier.evidence)
    )
    look = f"\n{looks[earlier.identity]}" if earlier.identity in looks else ""
    warning = _("If that one was executed and you send this one as well, {amount} is moved twice.")
    if earlier.outcome is Outcome.DONE:
        warning = _("If you send this one as well, {amount} is moved twice.")
    amount = quantity(earlier.request.amount, earlier.request.asset)
    return f"{sentence}{look}\n{warning.format(amount=amount)}"


def _numbered(sentence: str, code: int | None) -> str:
    return answers.with_code(sentence, code) if sentence and code is not None else sentence
