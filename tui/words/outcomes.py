"""How a transfer ended, in words: what that means for the money, how it is known, and what to do.

Every function takes evidence, never an outcome or a code, so that no sentence says more than is known.
"""

from enum import Enum, auto
from typing import assert_never

from tui.domain.evidence import (
    Accepted,
    Ambiguous,
    Awaiting,
    Basis,
    Clash,
    Evidence,
    Legacy,
    MatchingRecord,
    NeverLeft,
    NoRecord,
    Outcome,
    PersonsRecord,
    PersonsWord,
    Reason,
    Refusal,
    Reopened,
    SenderGone,
    outcome_from,
)
from tui.domain.moments import in_full, time_of_day
from tui.domain.records import RecordStatus
from tui.language import N_
from tui.words import answers

_DO_NOT_REPEAT = "Until its outcome is known, do not send it again."
_LOOKING = (
    "It may or may not have moved. Shunter looks for it in the exchange's history, and shows the result here and in "
    f"the list. If the history does not settle it, Shunter asks you. {_DO_NOT_REPEAT}"
)

SENDER_GONE = N_("Shunter ended before the answer came")


WHAT_UNKNOWN_MEANS = N_(
    'The outcome "unknown" means that no clear answer came: the transfer may have been made. Shunter looks for it in '
    "the exchange's history, and asks you if the history does not settle it. Until its outcome is known, do not send "
    "it again."
)

OUT_OF_SIGHT = N_("Not sent: some of the facts are not visible. Up and Down scroll.")


class Watch(Enum):
    """Whether a judged transfer is still watched, and by whom."""

    KEPT = auto()
    """Shunter, with the key in use."""
    OTHER_KEY = auto()
    """Nobody: it was not sent with the key in use."""
    OVER = auto()
    """Nobody any longer: the day is over."""
    UNKNOWN = auto()
    """Not known."""


_WATCHES = {
    Watch.KEPT: "Shunter keeps checking for a day, and tells you if a record appears.",
    Watch.OTHER_KEY: (
        "Shunter does not check it now: it was sent with another key. Choose that key (F4), or look on the "
        "exchange's own site."
    ),
    Watch.OVER: "Shunter no longer checks it. Run shunter reconcile, or look on the exchange's own site.",
    Watch.UNKNOWN: "",
}


def meaning(evidence: Evidence, watch: Watch = Watch.UNKNOWN) -> str:  # noqa: C901 - a case for each evidence
    """Return what the outcome means for the money, in a sentence or two."""
    match evidence:
        case Awaiting():
            return "The exchange has not answered yet."
        case Accepted():
            return "The exchange has moved it."
        case Refusal():
            return "The exchange refused it. Nothing moved."
        case NeverLeft():
            return "It never reached the exchange. Nothing moved."
        case Ambiguous() | SenderGone() | Clash() | Reopened():
            return _LOOKING
        case MatchingRecord(status=RecordStatus.CONFIRMED, recorded_ms=recorded_ms):
            return f"A matching record from {time_of_day(recorded_ms)} in the exchange's history says that it moved."
        case MatchingRecord(recorded_ms=recorded_ms):
            return (
                f"A matching record from {time_of_day(recorded_ms)} in the exchange's history says FAILED. According "
                f"to that record, nothing moved. {_WATCHES[watch]}"
            ).rstrip()
        case NoRecord(as_of_ms=as_of_ms):
            return (
                f"Judged not executed: several complete readings of the exchange's history, the last at "
                f"{time_of_day(as_of_ms)}, had no record of it. This is not proof. {_WATCHES[watch]}"
            ).rstrip()
        case PersonsWord(is_executed=is_executed):
            decided = f"You decided that it was {'' if is_executed else 'not '}executed."
            return f"{decided} {_decided(watch, evidence)}".rstrip()
        case PersonsRecord(status=RecordStatus.CONFIRMED):
            return "You chose its record, which says CONFIRMED. According to that record, it moved."
        case PersonsRecord():
            return "You chose its record, which says FAILED. According to that record, nothing moved."
        case Legacy():
            return _legacy(evidence, watch)
        case _:
            assert_never(evidence)


def reason(evidence: Evidence) -> str:  # noqa: C901 - a case for each evidence
    """Return the reason for the outcome, in one line without the exchange's code; empty for a plain yes."""
    match evidence:
        case Awaiting() | Accepted():
            return ""
        case Refusal() | NeverLeft() | Ambiguous():
            return answers.reason(evidence)
        case Clash(answer=answer, other_id=other_id):
            tran_id = answer.tran_ids[0] if answer.tran_ids else "?"
            return f"The exchange answered with tranId {tran_id}, which transfer {other_id} already had."
        case SenderGone():
            return SENDER_GONE
        case MatchingRecord(recorded_ms=recorded_ms, status=status, corrects=corrects):
            recorded = in_full(recorded_ms)
            return f"The exchange's history has a matching record from {recorded}, {status}.{_before(corrects)}"
        case NoRecord(as_of_ms=as_of_ms):
            return f"No record in the exchange's history as of {in_full(as_of_ms)}."
        case Reopened(reason=Reason.RECORD_CHANGED, status=status, corrects=corrects):
            return f"Its record in the exchange's history now says {status}.{_before(corrects)}"
        case Reopened(reason=Reason.RECORDS_APPEARED, corrects=corrects):
            return f"The exchange's history now has records that could be it.{_before(corrects)}"
        case Reopened(tran_id=tran_id):
            return f"It was settled with tranId {tran_id}, which another transfer claims too. Shunter looks again."
        case PersonsWord(is_executed=True):
            return "Decided by hand: it was executed, although no record that Shunter could read says so."
        case PersonsWord():
            return "Decided by hand: it was not executed."
        case PersonsRecord(status=status, recorded_ms=recorded_ms):
            return f"Decided by hand: its record is the one from {in_full(recorded_ms)}, {status}."
        case Legacy(sentence=sentence):
            return sentence.partition("\n")[0]
        case _:
            assert_never(evidence)


def advice(evidence: Evidence) -> str:
    """Return what to do about it; empty if there is nothing."""
    match evidence:
        case Refusal() | NeverLeft() | Ambiguous():
            return answers.advice(evidence)
        case Legacy(sentence=sentence):
            return sentence.partition("\n")[2]
        case _:
            return ""


def message(evidence: Evidence) -> str:
    """Return the reason, and the advice on a line of its own, for programs and for searches."""
    if isinstance(evidence, Legacy):
        return evidence.sentence
    return f"{reason(evidence)}\n{advice(evidence)}".strip()


def clock_refused(evidence: Evidence) -> str:
    """Return that a transfer was refused for its timestamp; empty if it was not."""
    if isinstance(evidence, Refusal) and evidence.is_clock:
        return (
            "The exchange refused it: the clock was off. Nothing moved. Shunter is measuring the exchange's time again."
        )
    return ""


def notice(evidence: Evidence) -> tuple[str, str]:
    """Return the title and the text of a notice that corrects what Shunter showed before."""
    outcome = outcome_from(evidence)
    if isinstance(evidence, PersonsWord | PersonsRecord) or outcome not in (Outcome.DONE, Outcome.UNKNOWN):
        return "Corrected", f"What Shunter showed about this transfer before was wrong. {meaning(evidence)}"
    if outcome is Outcome.DONE:
        source = (
            f"A matching record from {time_of_day(evidence.recorded_ms)} says that this transfer WAS executed"
            if isinstance(evidence, MatchingRecord)
            else "The exchange says that this transfer WAS executed"
        )
        return (
            "Executed after all",
            f"{source}: what Shunter showed before was wrong. If you have sent the amount again since, it may have "
            "moved twice.",
        )
    return (
        "Unknown again",
        "What Shunter showed about this transfer no longer holds: its outcome is unknown again, and it may have been "
        f"executed. Shunter keeps looking. {_DO_NOT_REPEAT}",
    )


def nothing_sent(reason: str) -> str:
    """Return that a transfer was not sent, and why."""
    return f"Nothing was sent.\n{reason}"


def quitting(count: int, *, has_next_start: bool) -> str:
    """Return a warning that `count` transfers are unknown as Shunter quits."""
    transfers_are, it, its = (
        ("1 transfer is", "it", "its") if count == 1 else (f"{count} transfers are", "them", "their")
    )
    next_start = ", and again at the next start" if has_next_start else ""
    search = f"Shunter looks for {its} outcome as long as Shunter runs{next_start}."
    return f"{transfers_are} unknown: do not repeat {it}. {search} Ctrl+Q again quits."


def standing(evidence: Evidence) -> str:
    """Return the outcome as the end of a sentence: "is done", "was judged not executed"."""
    match evidence:
        case NoRecord():
            return "was judged not executed, which is not proof"
        case MatchingRecord(status=RecordStatus.FAILED):
            return "failed, according to a matching record"
        case MatchingRecord():
            return "is done, according to a matching record"
        case PersonsWord() | PersonsRecord():
            return f"was {outcome_from(evidence).words}, as you decided"
        case Legacy(outcome=outcome, basis=basis) if basis is not Basis.ANSWER and not outcome.is_open:
            source = "you" if basis is Basis.PERSON else "the exchange's history"
            return f"was {outcome.words}, according to {source}, which is not proof"
        case _:
            return f"is {outcome_from(evidence).words}"


def _legacy(evidence: Legacy, watch: Watch) -> str:
    match evidence.outcome:
        case Outcome.SENDING:
            return "The exchange has not answered yet."
        case Outcome.UNKNOWN:
            return _LOOKING
        case Outcome.DONE | Outcome.NOT_SENT | Outcome.REJECTED | Outcome.NOT_EXECUTED:
            by_older = f"An older Shunter recorded it as {evidence.outcome.words}, without keeping evidence."
            return f"{by_older} {_decided(watch, evidence)}".rstrip()
        case _:
            assert_never(evidence.outcome)


def _decided(watch: Watch, evidence: PersonsWord | Legacy) -> str:
    is_watched = outcome_from(evidence) in (Outcome.NOT_EXECUTED, Outcome.REJECTED)
    is_judgement = not (isinstance(evidence, Legacy) and evidence.basis is Basis.ANSWER)
    return _WATCHES[watch] if is_watched and is_judgement else ""


def _before(corrects: Outcome | None) -> str:
    return f" Before that, Shunter showed it as {corrects.words}." if corrects else ""
