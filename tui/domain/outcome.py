"""The outcome of a transfer, and its basis. Both follow from evidence: see `tui.domain.evidence`."""

from enum import StrEnum

from tui.domain.records import RecordStatus


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
    """A judgement, not a proof: it was unknown, and several whole reads of the history had no record of it."""

    @property
    def is_open(self) -> bool:
        """Whether it can still end either way."""
        return self in (Outcome.SENDING, Outcome.UNKNOWN)

    @property
    def words(self) -> str:
        """Its name for a person."""
        return self.value.replace("_", " ")


class Basis(StrEnum):
    """The source of an outcome."""

    ANSWER = "answer"
    """The exchange's answer to the transfer itself, or that none came. A final outcome from it is certain."""
    HISTORY = "history"
    """The exchange's history."""
    PERSON = "person"
    """The person's decision."""


def recorded_outcome(status: str | None) -> Outcome | None:
    """Return the outcome that a record's status means; None if the status is not final."""
    final = {RecordStatus.CONFIRMED.value: Outcome.DONE, RecordStatus.FAILED.value: Outcome.REJECTED}
    return final.get(status or "")
