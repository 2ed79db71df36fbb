"""Records of the exchange's history, as the exchange has them, and the questions that they answer."""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from decimal import Decimal
from enum import Enum, StrEnum, auto
from typing import TypeGuard, TypeVar

from tui.domain.amounts import plain
from tui.domain.moments import YEAR_10000_MS
from tui.domain.wallets import TransferType
from tui.structs import Struct, replace

_Value = TypeVar("_Value")


class RecordStatus(StrEnum):
    """The statuses that the exchange documents."""

    PENDING = "PENDING"
    """The exchange is still processing it."""
    CONFIRMED = "CONFIRMED"
    """The amount was moved."""
    FAILED = "FAILED"
    """Nothing was moved."""


class OtherStatus(str):
    """A status that the exchange does not document, as it wrote it. It says nothing about the transfer."""

    __slots__ = ()


AnyStatus = RecordStatus | OtherStatus


def status_from(text: str) -> AnyStatus:
    """Return the status that the exchange wrote."""
    return RecordStatus(text) if text in RecordStatus.__members__ else OtherStatus(text)


def is_final(status: AnyStatus | None) -> TypeGuard[RecordStatus]:
    """Whether a status says how a transfer ended."""
    return status in (RecordStatus.CONFIRMED, RecordStatus.FAILED)


MOST_TRAN_ID = 2**63 - 1
LEAST_TIMESTAMP_MS, END_OF_TIMESTAMPS_MS = 1_000_000_000_000, YEAR_10000_MS
"""From the year 2001 on: a time in seconds is out of range."""
MOST_IN_WORD = 60
"""Characters of a name or a status. A longer text is neither."""
MOST_IN_TEXT = 300
"""Characters that are kept of an unreadable row."""


class HistoryRow(Struct):
    """A transfer in the exchange's history, as documented: its amount is positive, its texts are printable."""

    asset: str
    amount: Decimal
    type: str
    status: AnyStatus
    tran_id: int
    timestamp: int
    """Milliseconds, in the exchange's time."""
    from_symbol: str | None = None
    """The pair that the record itself names; it is never filled in from elsewhere."""
    to_symbol: str | None = None


class UnreadableRow(Struct):
    """A row of the history that is not as documented. Each field but `text` is None if it cannot be read."""

    text: str
    """The row as it came, printable, and cut if it is long."""
    type: str | None = None
    asset: str | None = None
    amount: Decimal | None = None
    status: AnyStatus | None = None
    tran_id: int | None = None
    timestamp: int | None = None


Row = HistoryRow | UnreadableRow


class HistoryQuery(Struct):
    """One question to the exchange's history: a type, and the pairs of the isolated accounts that take part."""

    type: TransferType
    from_symbol: str | None = None
    to_symbol: str | None = None

    def __str__(self) -> str:
        pairs = " -> ".join(pair for pair in (self.from_symbol, self.to_symbol) if pair)
        return f"{self.type.name} {pairs}".rstrip()


class Reading(Struct):
    """How far the history has been read."""

    asked: int
    """Questions so far: one for each type, and for Isolated Margin one for each pair."""
    answered: int
    """Questions that were answered to the end or given up."""
    wait_s: int = 0
    """How long the exchange asks for a pause; reading then continues by itself."""

    @property
    def is_over(self) -> bool:
        """Whether reading has ended."""
        return self.answered == self.asked


class Reach(Enum):
    """How far the exchange's history was read."""

    READING = auto()
    """More may come."""
    STOPPED = auto()
    """Not to the end: it was stopped, or could not begin."""
    WHOLE = auto()
    """To the end."""


def identity(row: Row) -> Hashable:
    """Return what identifies a record in all readings: its tranId; or its text, if it has no readable tranId."""
    return row.text if row.tran_id is None else row.tran_id


def one_each(rows: Iterable[Row]) -> list[Row]:
    """Return each record of one reading once, in the order in which they first came.

    One tranId is one record. If it came as different records, it is returned once, as an unreadable row that has only
    what they agree on. A record that was PENDING, and no longer is, does not count as different.
    """
    alike: defaultdict[Hashable, list[Row]] = defaultdict(list)
    for row in rows:
        alike[identity(row)].append(row)
    return [same[0] if len(same) == 1 else _one_of(same) for same in alike.values()]


def _one_of(rows: list[Row]) -> Row:
    distinct = list(dict.fromkeys(rows))
    settled = [row for row in distinct if row.status != RecordStatus.PENDING] or distinct
    if len(settled) == 1 and len({replace(row, status=RecordStatus.PENDING) for row in distinct}) == 1:
        return settled[0]
    return UnreadableRow(
        " | ".join(sorted({_text(row) for row in distinct})),
        _agreed({row.type for row in distinct}),
        _agreed({row.asset for row in distinct}),
        _agreed({row.amount for row in distinct}),
        _agreed({row.status for row in distinct}),
        distinct[0].tran_id,
        _agreed({row.timestamp for row in distinct}),
    )


def _agreed(values: set[_Value]) -> _Value | None:
    return next(iter(values)) if len(values) == 1 else None


def _text(row: Row) -> str:
    if isinstance(row, UnreadableRow):
        return row.text
    pairs = [pair for pair in (row.from_symbol, row.to_symbol) if pair]
    return " ".join([row.type, plain(row.amount), row.asset, row.status, str(row.timestamp), *pairs])
