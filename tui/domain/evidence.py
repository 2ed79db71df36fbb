"""Evidence: everything that can be known about how a transfer ended, and the outcome that follows from it.

Every answer becomes one of these types, in one place and from the whole answer. An outcome is a function of evidence,
and so are the sentences about it (`tui.words`): there is no other way from an answer to a sentence.

| evidence | outcome |
|---|---|
| Awaiting | sending |
| Accepted | done |
| Refusal | rejected |
| NeverLeft | not sent |
| Ambiguous, Clash, SenderGone, Reopened | unknown |
| MatchingRecord | done if it says CONFIRMED, rejected if it says FAILED |
| NoRecord | not executed: a judgement |
| PersonsWord, PersonsRecord | the person's decision |
| Legacy | what a row older than evidence says |
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from tui.domain.answers import OUTSIDE_WINDOW, WholeAnswer, accepted_tran_id, is_refusal
from tui.domain.records import AnyStatus, RecordStatus, is_final
from tui.language import N_, _
from tui.structs import Struct


class Outcome(StrEnum):
    """How a transfer ended. `sending` and `unknown` are open. Of the others, only one from the exchange's own answer is
    certain; one from its history or from a person can be corrected (`Basis`).
    """

    SENDING = "sending"
    """Confirmed and written down; no answer yet."""
    DONE = "done"
    """Executed. Its tranId is known, unless the person decided so without a record."""
    REJECTED = "rejected"
    """Refused by the exchange before anything moved, or accepted and FAILED."""
    NOT_SENT = "not_sent"
    """Nothing reached the exchange."""
    UNKNOWN = "unknown"
    """It may have been executed; the exchange's history has to show it."""
    NOT_EXECUTED = "not_executed"
    """A judgement, not a proof: it was unknown, and several complete readings of the history had no record of it."""

    @property
    def is_open(self) -> bool:
        """Whether it can still end either way."""
        return self in (Outcome.SENDING, Outcome.UNKNOWN)

    @property
    def words(self) -> str:
        """Its name for a person."""
        return _(_NAMES_OF_OUTCOMES[self])


_NAMES_OF_OUTCOMES = {
    Outcome.SENDING: N_("sending"),
    Outcome.DONE: N_("done"),
    Outcome.REJECTED: N_("rejected"),
    Outcome.NOT_SENT: N_("not sent"),
    Outcome.UNKNOWN: N_("unknown"),
    Outcome.NOT_EXECUTED: N_("not executed"),
}


class Basis(StrEnum):
    """The source of an outcome."""

    ANSWER = "answer"
    """The exchange's answer to the transfer itself, or that none came. A final outcome from it is certain."""
    HISTORY = "history"
    """The exchange's history."""
    PERSON = "person"
    """The person's decision."""


class Obstacle(StrEnum):
    """Why nothing of a request reached the exchange."""

    UNREACHABLE = "unreachable"
    LOCKED = "locked"
    CLOSED = "closed"
    PAUSED = "paused"
    """The exchange asks for a pause."""
    ENVIRONMENT = "environment"
    """An environment variable cannot be used."""
    UNWRITABLE = "unwritable"
    DAMAGED_KEY = "damaged key"
    JOURNAL = "journal"


class Flaw(StrEnum):
    """Why an answer, or its absence, says neither yes nor no."""

    NEITHER = "neither"
    """A whole answer that is neither a documented yes nor a documented no."""
    BOTH = "both"
    """An answer that says yes and also something else."""
    UNREADABLE = "unreadable"
    """Packed wrongly, or too long to read."""
    NO_ANSWER = "no answer"
    """The connection broke."""
    TOO_LATE = "too late"
    """It was not complete in time."""
    INTERRUPTED = "interrupted"
    """Shunter was locked while it waited."""
    OWN_FAILURE = "own failure"
    """Shunter itself failed."""


class Failure(StrEnum):
    """What went wrong with a connection."""

    NAME = "name"
    CERTIFICATE = "certificate"
    TLS = "tls"
    NOBODY = "nobody"
    NO_ROUTE = "no route"
    SLOW_CONNECT = "slow connect"
    SLOW = "slow"
    CUT = "cut"
    ODD = "odd"
    """An error whose text is for programmers, or may hold the request."""
    OTHER = "other"


class Awaiting(Struct):
    """The request is written down; nothing has come back yet."""


class Accepted(Struct):
    """The exchange answered yes: 200 with exactly a tranId. Raises ValueError for any other answer."""

    answer: WholeAnswer

    def __post_init__(self) -> None:
        if accepted_tran_id(self.answer) is None:
            raise ValueError("not a yes")

    @property
    def tran_id(self) -> int:
        """The exchange's number of the transfer."""
        return accepted_tran_id(self.answer) or 0


@dataclass(frozen=True, slots=True)  # the journal rebuilds it without its check
class Refusal:
    """The exchange answered with a documented no. Raises ValueError for any other answer."""

    answer: WholeAnswer
    wait_s: int | None = None
    """How long the exchange asks for a pause, if it says so."""

    def __post_init__(self) -> None:
        if not is_refusal(self.answer):
            raise ValueError("not a refusal")

    @property
    def is_clock(self) -> bool:
        """Whether the timestamp was the reason."""
        return self.answer.code == OUTSIDE_WINDOW


class NeverLeft(Struct):
    """Nothing reached the exchange."""

    obstacle: Obstacle
    failure: Failure | None = None
    """What went wrong, if the exchange is unreachable."""
    detail: str = ""
    """The system's own text."""


@dataclass(frozen=True, slots=True)  # the journal rebuilds it without its check
class Ambiguous:
    """An answer, or its absence, that says neither yes nor no. Raises ValueError for an answer that does."""

    flaw: Flaw
    answer: WholeAnswer | None = None
    """The answer, if a whole one came."""
    failure: Failure | None = None
    """What went wrong, if the connection broke."""
    detail: str = ""
    """The system's own text."""

    def __post_init__(self) -> None:
        answer = self.answer
        if answer and (accepted_tran_id(answer) is not None or is_refusal(answer)):
            raise ValueError("a yes or a no")


class Clash(Struct):
    """The exchange answered yes with a tranId that another transfer to it had before."""

    answer: WholeAnswer
    other_id: int
    """The journal's number of that transfer."""


class SenderGone(Struct):
    """Shunter ended before the answer came."""


def _require_final(status: RecordStatus) -> None:
    """Raise ValueError for a status that does not say how a transfer ended."""
    if not is_final(status):
        raise ValueError("it says nothing final")


class MatchingRecord(Struct):
    """The exchange's history has one record that matches, and no other transfer can claim it."""

    tran_id: int
    status: RecordStatus
    recorded_ms: int
    """The record's time."""
    is_named: bool = False
    """Whether the exchange's answer to the transfer named this tranId."""
    corrects: Outcome | None = None
    """The outcome that Shunter showed before."""

    def __post_init__(self) -> None:
        _require_final(self.status)


class NoRecord(Struct):
    """Several complete readings of the history, long enough after the sending, had no record that could be it."""

    reads: int
    as_of_ms: int
    """When the last of them began, in the exchange's time."""
    waited_ms: int
    """How long after the sending that was, at least, by every clock."""


class Reason(StrEnum):
    """Why a transfer is open again."""

    RECORD_CHANGED = "record changed"
    """The transfer's record has another status now, and not a final one."""
    RECORDS_APPEARED = "records appeared"
    """Records that could be it appeared."""
    TRAN_ID_LOST = "tranId lost"
    """Another transfer claims its tranId."""


class Reopened(Struct):
    """The transfer's earlier outcome no longer holds, and the new one is not known yet."""

    reason: Reason
    corrects: Outcome | None = None
    status: str = ""
    """The record's status now."""
    tran_id: int | None = None
    """The tranId that it wrongly had."""


class PersonsWord(Struct):
    """The person decided how it ended; no record shows it."""

    is_executed: bool


class PersonsRecord(Struct):
    """The person decided which record it is."""

    tran_id: int
    status: RecordStatus
    recorded_ms: int

    def __post_init__(self) -> None:
        _require_final(self.status)


class Legacy(Struct):
    """A row older than evidence: what it said then, word for word."""

    outcome: Outcome
    basis: Basis
    sentence: str
    tran_id: int | None = None
    code: int | None = None


Answer = Accepted | Refusal | NeverLeft | Ambiguous
"""The result of sending a transfer."""

Evidence = (
    Awaiting
    | Accepted
    | Refusal
    | NeverLeft
    | Ambiguous
    | Clash
    | SenderGone
    | MatchingRecord
    | NoRecord
    | Reopened
    | PersonsWord
    | PersonsRecord
    | Legacy
)


def outcome_from(evidence: Evidence) -> Outcome:
    """Return the outcome that follows from evidence."""
    match evidence:
        case Awaiting():
            return Outcome.SENDING
        case Accepted():
            return Outcome.DONE
        case Refusal():
            return Outcome.REJECTED
        case NeverLeft():
            return Outcome.NOT_SENT
        case Ambiguous() | Clash() | SenderGone() | Reopened():
            return Outcome.UNKNOWN
        case MatchingRecord(status=status) | PersonsRecord(status=status):
            return Outcome.DONE if status is RecordStatus.CONFIRMED else Outcome.REJECTED
        case NoRecord():
            return Outcome.NOT_EXECUTED
        case PersonsWord(is_executed=is_executed):
            return Outcome.DONE if is_executed else Outcome.NOT_EXECUTED
        case Legacy(outcome=outcome):
            return outcome
        case _other:
            assert_never(_other)


def recorded_outcome(status: AnyStatus | None) -> Outcome | None:
    """Return the outcome that a record's status means; None if the status is not final."""
    if not isinstance(status, RecordStatus):
        return None
    match status:
        case RecordStatus.CONFIRMED:
            return Outcome.DONE
        case RecordStatus.FAILED:
            return Outcome.REJECTED
        case RecordStatus.PENDING:
            return None
        case _other:
            assert_never(_other)


def basis_of(evidence: Evidence) -> Basis:
    """Return the source of the outcome."""
    match evidence:
        case MatchingRecord() | NoRecord() | Reopened():
            return Basis.HISTORY
        case PersonsWord() | PersonsRecord():
            return Basis.PERSON
        case Legacy(basis=basis):
            return basis
        case _other:
            return Basis.ANSWER


def tran_id_from(evidence: Evidence) -> int | None:
    """Return the tranId that the transfer has by this evidence, if any."""
    match evidence:
        case Accepted() | MatchingRecord() | PersonsRecord() | Legacy():
            return evidence.tran_id
        case _other:
            return None


def code_from(evidence: Evidence | None) -> int | None:
    """Return the exchange's error code in an answer, if it has one."""
    match evidence:
        case Refusal(answer=answer) | Ambiguous(answer=WholeAnswer() as answer):
            return answer.code
        case Legacy(code=code):
            return code
        case _other:
            return None


def named_tran_ids(answer: Evidence | None) -> tuple[int, ...]:
    """Return the tranIds in an answer that is no plain yes: a record with one of them is no coincidence."""
    match answer:
        case Ambiguous(answer=WholeAnswer(tran_ids=tran_ids)) | Clash(answer=WholeAnswer(tran_ids=tran_ids)):
            return tran_ids
        case _other:
            return ()
