"""How a transfer stands, and what that rests on. Both follow from evidence: see `tui.domain.evidence`."""

from enum import StrEnum

from tui.domain.records import RecordStatus


class Outcome(StrEnum):
    """How a transfer stands. `sending` and `unknown` are open. Of the others, only what the exchange's own answer says
    is certain; what its history or a person says can be corrected (`Basis`).
    """

    SENDING = "sending"
    """Confirmed and written down; no answer yet."""
    DONE = "done"
    """Executed. Its tranId is known, unless a person says so of a transfer that has no record."""
    REJECTED = "rejected"
    """Refused by the exchange before anything moved, or accepted and FAILED."""
    NOT_SENT = "not_sent"
    """Nothing reached the exchange."""
    UNKNOWN = "unknown"
    """It may have been executed; the exchange's history has to tell."""
    NOT_EXECUTED = "not_executed"
    """A judgement, not a proof: it was unknown, and several whole reads of the history had no record of it."""

    @property
    def is_open(self) -> bool:
        """Whether it can still turn out either way."""
        return self in (Outcome.SENDING, Outcome.UNKNOWN)

    @property
    def words(self) -> str:
        """As a person reads it."""
        return self.value.replace("_", " ")


class Basis(StrEnum):
    """What an outcome rests on."""

    ANSWER = "answer"
    """The exchange's answer to the transfer itself, or that none came: of what is final, the one that is certain."""
    HISTORY = "history"
    """The exchange's history."""
    PERSON = "person"
    """A person's word."""


def recorded_outcome(status: str | None) -> Outcome | None:
    """Return what a record's status says of the outcome; None if that is nothing final."""
    final = {RecordStatus.CONFIRMED.value: Outcome.DONE, RecordStatus.FAILED.value: Outcome.REJECTED}
    return final.get(status or "")
