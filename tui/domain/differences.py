"""The journal beside the exchange's record: what the two say differently, and what they agree on."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from tui.domain.entries import Mismatch
from tui.domain.records import Row
from tui.domain.transfer import Transfer


class DifferenceKind(StrEnum):
    """What is found where the journal and the record are compared."""

    EXECUTED_AFTER_ALL = "executed after all"
    """The journal says that nothing moved; the record with its tranId says CONFIRMED."""
    POSSIBLE = "possible match"
    """The journal says how it ended; a record that could be it says otherwise, or cannot be read."""
    NO_RECORD = "no record"
    """The journal says that it is done; no record has its tranId."""
    FAILED_AFTER_ALL = "failed after all"
    """The journal says that it is done; its record says FAILED."""
    OTHER_RECORD = "other record"
    """The record with its tranId is of something else, cannot be read, or has a status that nobody knows."""
    PENDING = "not settled yet"
    """The journal says how it ended; the record with its tranId still says PENDING."""
    UNSETTLED = "unsettled"
    """The journal does not know how it ended; a record could be it."""
    ELSEWHERE = "made elsewhere"
    """A record that no row of the journal can be: made with the exchange's own app or page, or with another program."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that the journal and the record say differently."""

    kind: DifferenceKind
    transfer: Transfer | None
    record: Row | None
    mismatches: tuple[Mismatch, ...] = ()
    is_match: bool = True
    """Of a record that could be a transfer: whether it equals it in all that it says."""
    repeat: Transfer | None = None
    """Of one that was executed after all: another one that asks for the same, and that a CONFIRMED record bears out."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of it. Each row of the journal is counted once."""

    differences: tuple[Difference, ...]
    """What needs someone to look at it; in the order of the journal."""
    elsewhere: tuple[Difference, ...]
    """What was made elsewhere. An account is mostly used in other ways as well, so it is for information."""
    agree: int
    """Rows that are done, each with a CONFIRMED record that has its tranId and says the same."""
    unmoved: int = 0
    """Rows that say that nothing moved, and no record says otherwise."""
    by_word: int = 0
    """Rows that are done by a person's word alone: there is nothing to compare."""
    pending: int = 0
    """Rows of the last hour that are done, and whose record still says PENDING."""
    open: int = 0
    """Rows whose outcome is not known yet, without a record: there is nothing to compare."""
    left_out: int = 0
    """Rows that cannot be compared: sent within the last hour, or older than the history, or of a type not read."""
    other_key: int = 0
    """Rows of the same exchange that another key sent: nothing says whether they are of this account."""
    perhaps: int = 0
    """Records that could be a row of the journal, beside those that the differences name."""

    @property
    def rows(self) -> int:
        """How many rows of the journal were looked at."""
        counts: Collection[int] = (
            *(self.agree, self.unmoved, self.by_word, self.pending, self.open, self.left_out, self.other_key),
            len(self.differences),
        )
        return sum(counts)
