"""How a transfer ended, in words: what that means for the money, how it is known, and what to do.

Every function takes evidence, and none takes an outcome or a code: a sentence says no more than what is known.
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
from tui.words import answers

_UNTIL_THEN = "Until then, do not send it again."
_LOOKING = (
    "It may have moved, or not. Shunter looks for it in the exchange's history and shows what comes of that here and "
    f"in the list; if doubt remains, it asks you. {_UNTIL_THEN}"
)

SENDER_GONE = "Shunter ended before the answer came"


WHAT_UNKNOWN_MEANS = (
    'The outcome "unknown" means that no clear answer came: the transfer may have been made. Shunter looks for it in '
    f"the exchange's history, and asks you if doubt remains. {_UNTIL_THEN}"
)

OUT_OF_SIGHT = "Not sent: not all of the facts are in sight. Up and Down scroll."


class Watch(Enum):
    """Who watches a transfer that was judged."""

    KEPT = auto()
    """Shunter, with the key in use."""
    OTHER_KEY = auto()
    """Nobody, while a key is in use that did not send it."""
    OVER = auto()
    """Nobody any more."""
    UNKNOWN = auto()
    """Not known here."""


_WATCHES = {
    Watch.KEPT: "Shunter keeps looking for a day after that, and tells you if a record appears.",
    Watch.OTHER_KEY: (
        "Shunter does not look for it now: it was sent with another key. Choose that key (F4), or look on the "
        "exchange's own site."
    ),
    Watch.OVER: "Shunter no longer looks for it. Run shunter reconcile, or look on the exchange's own site.",
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
            return f"A matching record of {time_of_day(recorded_ms)} in the exchange's history says that it moved."
        case MatchingRecord(recorded_ms=recorded_ms):
            return (
                f"A matching record of {time_of_day(recorded_ms)} in the exchange's history says that it FAILED: by "
                f"that, nothing moved. {_WATCHES[watch]}"
            ).rstrip()
        case NoRecord(as_of_ms=as_of_ms):
            return (
                f"Judged not executed: the exchange's history had no record of it as of {time_of_day(as_of_ms)}, in "
                f"several whole reads. That is no proof. {_WATCHES[watch]}"
            ).rstrip()
        case PersonsWord(is_executed=is_executed):
            decided = f"You have decided that it was {'' if is_executed else 'not '}executed."
            return f"{decided} {_decided(watch, evidence)}".rstrip()
        case PersonsRecord(status=RecordStatus.CONFIRMED):
            return "You have decided which record is this transfer: by that, it moved."
        case PersonsRecord():
            return "You have decided that a record which says FAILED is this transfer: by that, nothing moved."
        case Legacy():
            return _legacy(evidence, watch)
        case _:
            assert_never(evidence)


def reason(evidence: Evidence) -> str:  # noqa: C901 - a case for each evidence
    """Return the reason of the outcome, in one line without the exchange's code; empty for a plain yes."""
    match evidence:
        case Awaiting() | Accepted():
            return ""
        case Refusal() | NeverLeft() | Ambiguous():
            return answers.reason(evidence)
        case Clash(answer=answer, other_id=other_id):
            tran_id = answer.tran_ids[0] if answer.tran_ids else "?"
            return f"The exchange answered with tranId {tran_id}, which is already that of transfer {other_id}."
        case SenderGone():
            return SENDER_GONE
        case MatchingRecord(recorded_ms=recorded_ms, status=status, corrects=corrects):
            recorded = in_full(recorded_ms)
            return f"The exchange's history has a matching record of {recorded}, {status}.{_before(corrects)}"
        case NoRecord(as_of_ms=as_of_ms):
            return f"No record in the exchange's history as of {in_full(as_of_ms)}."
        case Reopened(reason=Reason.RECORD_CHANGED, status=status, corrects=corrects):
            return f"The exchange's history has it now, as {status}.{_before(corrects)}"
        case Reopened(reason=Reason.RECORDS_APPEARED, corrects=corrects):
            return f"Records that could be it are in the exchange's history now.{_before(corrects)}"
        case Reopened(tran_id=tran_id):
            return f"It was taken for tranId {tran_id}, which is another transfer's. Shunter looks again."
        case PersonsWord(is_executed=True):
            return "Decided by hand: it was executed, though no record that Shunter could read says so."
        case PersonsWord():
            return "Decided by hand: it was not executed."
        case PersonsRecord(status=status, recorded_ms=recorded_ms):
            return f"Decided by hand: it is the record of {in_full(recorded_ms)}, {status}."
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
    """Return the reason and, on further lines, the advice: for programs, and for searches."""
    if isinstance(evidence, Legacy):
        return evidence.sentence
    return f"{reason(evidence)}\n{advice(evidence)}".strip()


def clock_refused(evidence: Evidence) -> str:
    """Return that a transfer was refused for its timestamp; empty if it was not."""
    if isinstance(evidence, Refusal) and evidence.is_clock:
        return "The exchange refused it: the clock was off. Nothing moved. The clock is being set again."
    return ""


def notice(evidence: Evidence) -> tuple[str, str]:
    """Return the title and the text of a notice that corrects what Shunter showed before."""
    outcome = outcome_from(evidence)
    if isinstance(evidence, PersonsWord | PersonsRecord) or outcome not in (Outcome.DONE, Outcome.UNKNOWN):
        return "Corrected", f"What Shunter showed about this transfer before was wrong. {meaning(evidence)}"
    if outcome is Outcome.DONE:
        says = (
            f"A matching record of {time_of_day(evidence.recorded_ms)} says that this transfer WAS executed"
            if isinstance(evidence, MatchingRecord)
            else "The exchange says that this transfer WAS executed"
        )
        return (
            "Executed after all",
            f"{says}: what Shunter showed before was wrong. If you have sent the amount again since, it may have "
            "moved twice.",
        )
    return (
        "Unknown again",
        "What Shunter showed about this transfer was wrong: its outcome is unknown again, and it may have been "
        f"executed. Shunter keeps looking. {_UNTIL_THEN}",
    )


def nothing_sent(reason: str) -> str:
    """Return that a transfer was not sent, and why."""
    return f"Nothing was sent.\n{reason}"


def quitting(count: int, *, has_next_start: bool) -> str:
    """Return a warning that `count` transfers are unknown as Shunter quits."""
    are, it, its = ("1 transfer is", "it", "its") if count == 1 else (f"{count} transfers are", "them", "their")
    later = ", and at the next start" if has_next_start else ""
    looks = f"Shunter looks for {its} outcome while it runs{later}."
    return f"{are} unknown: do not repeat {it}. {looks} Ctrl+Q again quits."


def standing(evidence: Evidence) -> str:
    """Return the outcome as the end of a sentence: "is done", "was judged not executed"."""
    match evidence:
        case NoRecord():
            return "was judged not executed, which is no proof"
        case MatchingRecord(status=RecordStatus.FAILED):
            return "failed, by a matching record"
        case MatchingRecord():
            return "is done, by a matching record"
        case PersonsWord() | PersonsRecord():
            return f"was {outcome_from(evidence).words}, as you decided"
        case Legacy(outcome=outcome, basis=basis) if basis is not Basis.ANSWER and not outcome.is_open:
            return (
                f"was {outcome.words} by {'your word' if basis is Basis.PERSON else 'the history'}, which is no proof"
            )
        case _:
            return f"is {outcome_from(evidence).words}"


def _legacy(evidence: Legacy, watch: Watch) -> str:
    recorded = "Recorded before evidence was kept"
    match evidence.outcome:
        case Outcome.SENDING:
            return "The exchange has not answered yet."
        case Outcome.UNKNOWN:
            return _LOOKING
        case Outcome.DONE | Outcome.NOT_SENT | Outcome.REJECTED | Outcome.NOT_EXECUTED:
            return f"{recorded}, as {evidence.outcome.words}. {_decided(watch, evidence)}".rstrip()
        case _:
            assert_never(evidence.outcome)


def _decided(watch: Watch, evidence: PersonsWord | Legacy) -> str:
    is_watched = outcome_from(evidence) in (Outcome.NOT_EXECUTED, Outcome.REJECTED)
    is_judgement = not (isinstance(evidence, Legacy) and evidence.basis is Basis.ANSWER)
    return _WATCHES[watch] if is_watched and is_judgement else ""


def _before(corrects: Outcome | None) -> str:
    return f" Before, it was taken for {corrects.words}." if corrects else ""
