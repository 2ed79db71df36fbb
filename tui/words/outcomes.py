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
from tui.domain.layout import sentences
from tui.domain.moments import in_full, time_of_day
from tui.domain.records import RecordStatus
from tui.language import N_, _, ngettext, pgettext
from tui.words import answers

_LOOKING = N_(
    "It may or may not have moved. Shunter looks for it in the exchange's history, and shows the result here and in "
    "the list. If the history does not settle it, Shunter asks you. Until its outcome is known, do not send it again."
)
_NO_ANSWER_YET = N_("The exchange has not answered yet.")

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
    Watch.KEPT: N_("Shunter keeps checking for a day, and tells you if a record appears."),
    Watch.OTHER_KEY: N_(
        "Shunter does not check it now: it was sent with another key. Choose that key (F4), or look on the "
        "exchange's own site."
    ),
    Watch.OVER: N_("Shunter no longer checks it. Run shunter reconcile, or look on the exchange's own site."),
    Watch.UNKNOWN: "",
}


def meaning(evidence: Evidence, watch: Watch = Watch.UNKNOWN) -> str:  # noqa: C901 - a case for each evidence
    """Return what the outcome means for the money, in a sentence or two."""
    match evidence:
        case Awaiting():
            return _(_NO_ANSWER_YET)
        case Accepted():
            return _("The exchange has moved it.")
        case Refusal():
            return _("The exchange refused it. Nothing moved.")
        case NeverLeft():
            return _("It never reached the exchange. Nothing moved.")
        case Ambiguous() | SenderGone() | Clash() | Reopened():
            return _(_LOOKING)
        case MatchingRecord(status=RecordStatus.CONFIRMED, recorded_ms=recorded_ms):
            return _("A matching record from {time} in the exchange's history says that it moved.").format(
                time=time_of_day(recorded_ms)
            )
        case MatchingRecord(recorded_ms=recorded_ms):
            failed = _(
                "A matching record from {time} in the exchange's history says FAILED. According to that record, "
                "nothing moved."
            ).format(time=time_of_day(recorded_ms))
            return sentences(failed, _(_WATCHES[watch]))
        case NoRecord(as_of_ms=as_of_ms):
            judged = _(
                "Judged not executed: several complete readings of the exchange's history, the last at {time}, had no "
                "record of it. This is not proof."
            ).format(time=time_of_day(as_of_ms))
            return sentences(judged, _(_WATCHES[watch]))
        case PersonsWord(is_executed=is_executed):
            decided = _("You decided that it was executed.")
            if not is_executed:
                decided = _("You decided that it was not executed.")
            return sentences(decided, _decided(watch, evidence))
        case PersonsRecord(status=RecordStatus.CONFIRMED):
            return _("You chose its record, which says CONFIRMED. According to that record, it moved.")
        case PersonsRecord():
            return _("You chose its record, which says FAILED. According to that record, nothing moved.")
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
            return _("The exchange answered with tranId {tran_id}, which transfer {number} already had.").format(
                tran_id=tran_id, number=other_id
            )
        case SenderGone():
            return _(SENDER_GONE)
        case MatchingRecord(recorded_ms=recorded_ms, status=status, corrects=corrects):
            matching = _("The exchange's history has a matching record from {time}, {status}.").format(
                time=in_full(recorded_ms), status=status
            )
            return sentences(matching, _before(corrects))
        case NoRecord(as_of_ms=as_of_ms):
            return _("No record in the exchange's history as of {time}.").format(time=in_full(as_of_ms))
        case Reopened(reason=Reason.RECORD_CHANGED, status=status, corrects=corrects):
            changed = _("Its record in the exchange's history now says {status}.").format(status=status)
            return sentences(changed, _before(corrects))
        case Reopened(reason=Reason.RECORDS_APPEARED, corrects=corrects):
            return sentences(_("The exchange's history now has records that could be it."), _before(corrects))
        case Reopened(tran_id=tran_id):
            return _(
                "It was settled with tranId {tran_id}, which another transfer claims too. Shunter looks again."
            ).format(tran_id=tran_id)
        case PersonsWord(is_executed=True):
            return _("Decided by hand: it was executed, although no record that Shunter could read says so.")
        case PersonsWord():
            return _("Decided by hand: it was not executed.")
        case PersonsRecord(status=status, recorded_ms=recorded_ms):
            return _("Decided by hand: its record is the one from {time}, {status}.").format(
                time=in_full(recorded_ms), status=status
            )
        case Legacy(sentence=sentence):
            first = sentence.partition("\n")[0]
            return pgettext("as an older Shunter wrote it", "{sentence}").format(sentence=first) if first else ""
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
        return _(
            "The exchange refused it: the clock was off. Nothing moved. Shunter is measuring the exchange's time again."
        )
    return ""


def notice(evidence: Evidence) -> tuple[str, str]:
    """Return the title and the text of a notice that corrects what Shunter showed before."""
    outcome = outcome_from(evidence)
    if isinstance(evidence, PersonsWord | PersonsRecord) or outcome not in (Outcome.DONE, Outcome.UNKNOWN):
        wrong = _("What Shunter showed about this transfer before was wrong.")
        return _("Corrected"), sentences(wrong, meaning(evidence))
    if outcome is Outcome.DONE:
        return _("Executed after all"), _executed_after_all(evidence)
    return (
        _("Unknown again"),
        _(
            "What Shunter showed about this transfer no longer holds: its outcome is unknown again, and it may have "
            "been executed. Shunter keeps looking. Until its outcome is known, do not send it again."
        ),
    )


def _executed_after_all(evidence: Evidence) -> str:
    if isinstance(evidence, MatchingRecord):
        return _(
            "A matching record from {time} says that this transfer WAS executed: what Shunter showed before was "
            "wrong. If you have sent the amount again since, it may have moved twice."
        ).format(time=time_of_day(evidence.recorded_ms))
    return _(
        "The exchange says that this transfer WAS executed: what Shunter showed before was wrong. If you have sent "
        "the amount again since, it may have moved twice."
    )


def nothing_sent(reason: str) -> str:
    """Return that a transfer was not sent, and why."""
    nothing = _("Nothing was sent.")
    return f"{nothing}\n{reason}"


def quitting(count: int, *, has_next_start: bool) -> str:
    """Return a warning that `count` transfers are unknown as Shunter quits."""
    if has_next_start:
        text = ngettext(
            "{count} transfer is unknown: do not repeat it. Shunter looks for its outcome as long as Shunter runs, and "
            "again at the next start. Ctrl+Q again quits.",
            "{count} transfers are unknown: do not repeat them. Shunter looks for their outcome as long as Shunter "
            "runs, and again at the next start. Ctrl+Q again quits.",
            count,
        )
    else:
        text = ngettext(
            "{count} transfer is unknown: do not repeat it. Shunter looks for its outcome as long as Shunter runs. "
            "Ctrl+Q again quits.",
            "{count} transfers are unknown: do not repeat them. Shunter looks for their outcome as long as Shunter "
            "runs. Ctrl+Q again quits.",
            count,
        )
    return text.format(count=count)


_STANDING = {
    Outcome.SENDING: N_("is sending"),
    Outcome.DONE: N_("is done"),
    Outcome.REJECTED: N_("is rejected"),
    Outcome.NOT_SENT: N_("is not sent"),
    Outcome.UNKNOWN: N_("is unknown"),
    Outcome.NOT_EXECUTED: N_("is not executed"),
}


def standing(evidence: Evidence) -> str:
    """Return the outcome as the end of a sentence: "is done", "was judged not executed"."""
    match evidence:
        case NoRecord():
            return _("was judged not executed, which is not proof")
        case MatchingRecord(status=RecordStatus.FAILED):
            return _("failed, according to a matching record")
        case MatchingRecord():
            return _("is done, according to a matching record")
        case PersonsWord() | PersonsRecord():
            return _("was {outcome}, as you decided").format(outcome=outcome_from(evidence).words)
        case Legacy(outcome=outcome, basis=basis) if basis is not Basis.ANSWER and not outcome.is_open:
            text = _("was {outcome}, according to the exchange's history, which is not proof")
            if basis is Basis.PERSON:
                text = _("was {outcome}, according to you, which is not proof")
            return text.format(outcome=outcome.words)
        case _:
            return _(_STANDING[outcome_from(evidence)])


def _legacy(evidence: Legacy, watch: Watch) -> str:
    match evidence.outcome:
        case Outcome.SENDING:
            return _(_NO_ANSWER_YET)
        case Outcome.UNKNOWN:
            return _(_LOOKING)
        case Outcome.DONE | Outcome.NOT_SENT | Outcome.REJECTED | Outcome.NOT_EXECUTED:
            by_older = _("An older Shunter recorded it as {outcome}, without keeping evidence.").format(
                outcome=evidence.outcome.words
            )
            return sentences(by_older, _decided(watch, evidence))
        case _:
            assert_never(evidence.outcome)


def _decided(watch: Watch, evidence: PersonsWord | Legacy) -> str:
    is_watched = outcome_from(evidence) in (Outcome.NOT_EXECUTED, Outcome.REJECTED)
    is_judgement = not (isinstance(evidence, Legacy) and evidence.basis is Basis.ANSWER)
    return _(_WATCHES[watch]) if is_watched and is_judgement else ""


def _before(corrects: Outcome | None) -> str:
    """Return a sentence about what was shown before; empty if that was right."""
    text = _("Before that, Shunter showed it as {outcome}.")
    return text.format(outcome=corrects.words) if corrects else ""
