"""Records of the exchange's history of transfers, as the exchange has them."""

from collections.abc import Hashable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tui.domain.moments import YEAR_10000_MS


class RecordStatus(StrEnum):
    """The statuses that the exchange documents."""

    PENDING = "PENDING"
    """The exchange is still working on it."""
    CONFIRMED = "CONFIRMED"
    """It moved."""
    FAILED = "FAILED"
    """Nothing moved."""


MOST_TRAN_ID = 2**63 - 1
LEAST_TIMESTAMP_MS, END_OF_TIMESTAMPS_MS = 1_000_000_000_000, YEAR_10000_MS
"""A record's time cannot be one in seconds: it is from the year 2001 on."""
MOST_IN_WORD = 60
"""Characters of a name or a status. What is longer is neither."""
MOST_IN_TEXT = 300
"""Characters that are kept of a row that cannot be read."""


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One transfer in the exchange's history, as documented: its amount is more than 0, its texts are printable."""

    asset: str
    amount: Decimal
    type: str
    status: str
    """PENDING, CONFIRMED, or FAILED: nothing moved."""
    tran_id: int
    timestamp: int
    """Milliseconds, in the exchange's time."""
    from_symbol: str | None = None
    to_symbol: str | None = None


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """One row of the history that is not as documented. Each field but `text` is what could be read of it, or None."""

    text: str
    """The row as it came, made printable, and cut."""
    type: str | None = None
    asset: str | None = None
    amount: Decimal | None = None
    status: str | None = None
    tran_id: int | None = None
    timestamp: int | None = None


Row = HistoryRow | UnreadableRow


def identity(row: Row) -> Hashable:
    """What tells a record from others, whenever it is read: all of it but its status, which changes. A tranId alone
    would not do where an exchange gave one out twice.
    """
    if isinstance(row, UnreadableRow):
        return row.text
    return row.tran_id, row.type, row.asset, row.amount, row.timestamp, row.from_symbol, row.to_symbol
