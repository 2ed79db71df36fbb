"""What the journal and the exchange's records say differently, and what they agree on."""

from dataclasses import dataclass
from enum import StrEnum

from tui.domain.entries import Mismatch
from tui.domain.records import Row
from tui.domain.transfer import Transfer


class DifferenceKind(StrEnum):
    """How a row of the journal and a record differ."""

    EXECUTED_AFTER_ALL = "executed after all"
    """The journal says that nothing moved; the record with its tranId says CONFIRMED."""
    POSSIBLE = "possible match"
    """The journal says how it ended; a record that could be it says otherwise, or cannot be read."""
    NO_RECORD = "no record"
    """The journal says that it is done; no record has its tranId."""
    FAILED_AFTER_ALL = "failed after all"
    """The journal says that it is done; its record says FAILED."""
    OTHER_RECORD = "other record"
    """The record with its tranId is another transfer, cannot be read, or has an unknown status."""
    PENDING = "not settled yet"
    """The journal says how it ended; the record with its tranId still says PENDING."""
    UNSETTLED = "unsettled"
    """The journal does not know how it ended; a record could be it."""
    ELSEWHERE = "made elsewhere"
    """No row of the journal can be the record: made with the exchange's own app or page, or with another program."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between the journal and the records."""

    kind: DifferenceKind
    transfer: Transfer | None
    record: Row | None
    mismatches: tuple[Mismatch, ...] = ()
    is_match: bool = True
    """Whether a record that could be the transfer equals it in all that it says."""
    repeat: Transfer | None = None
    """A later transfer that asks for the same and has a CONFIRMED record, if this one was executed after all."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of a comparison. Each row of the journal is counted once."""

    differences: tuple[Difference, ...]
    """What a person should check, in the order of the journal."""
    elsewhere: tuple[Difference, ...]
    """What was made elsewhere: for information, because most accounts are used in other ways as well."""
    agree: int
    """Rows that are done, and whose record with the same tranId is CONFIRMED and equal."""
    unmoved: int = 0
    """Rows that say nothing moved, without a record that says otherwise."""
    by_word: int = 0
    """Rows that are done by the person's decision alone: there is nothing to compare."""
    pending: int = 0
    """Rows of the last hour that are done, and whose record is still PENDING."""
    open: int = 0
    """Rows whose outcome is not known yet, without a record: there is nothing to compare."""
    left_out: int = 0
    """Rows that cannot be compared: sent within the last hour, or older than the history, or of a type not read."""
    other_key: int = 0
    """Rows that another key sent to this exchange: they may be of another account."""
    perhaps: int = 0
    """Further records that could be a row of the journal."""

    @property
    def rows(self) -> int:
        """How many rows of the journal were compared."""
        equal = self.agree + self.unmoved + self.by_word + self.pending
        return equal + self.open + self.left_out + self.other_key + len(self.differences)
