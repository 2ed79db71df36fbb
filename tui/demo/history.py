"""The transfer history as the exchange shows it, which may be late and may differ from the ledger."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields  # noqa: TID251 - for its own dataclasses
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any

from tui.demo.errors import Code, RequestRefused
from tui.demo.faults import Edit
from tui.demo.ledger import Executed, Ledger
from tui.demo.requests import Parameters
from tui.domain.amounts import plain
from tui.domain.records import RecordStatus
from tui.domain.wallets import PAIR_UNFILTERED, TransferType

DAY_MS = 24 * 60 * 60 * 1000
_DEFAULT_SPAN_MS = 7 * DAY_MS
_REACH_MS = 183 * DAY_MS
"""Six months."""

_DEFAULT_SIZE = 10
_MAX_SIZE = 100


@dataclass(frozen=True, slots=True)
class Lag:
    """How long something takes to show: seconds, and readings of the history."""

    seconds: float = 0
    reads: int = 0


@dataclass(eq=False, kw_only=True)
class Flaws:
    """What is wrong with a transfer that is executed, and with its record."""

    fails: bool = False
    """Whether it is accepted, recorded as FAILED, and moves nothing."""
    arrival_s: float = 0
    """How long after it is debited its amount is credited."""
    hidden: Lag = Lag()
    """How long a record is missing."""
    pending: Lag = Lag()
    """How long after the transfer its record is PENDING."""
    failing: Lag = Lag()
    """How long after the transfer its record is FAILED, although the money moved."""
    time_shift_ms: int = 0
    """How far a record's time is off; requests select by this time."""
    decimals: int | None = None
    """The decimals to which the amount is rounded, if it is."""


@dataclass(eq=False)
class History(Flaws):
    """The answer of `GET /sapi/v1/asset/transfer` for a ledger. Its attributes say what is wrong with it, and with
    every transfer.
    """

    ledger: Ledger
    earlier: Callable[[], Iterable[Executed]] = tuple
    """Returns the transfers from before, oldest first; the first reading calls it."""
    of_nth: defaultdict[int, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))
    """The flaws, by name, that only the Nth transfer has."""
    edits: list[tuple[Edit, int | None]] = field(default_factory=list)
    """Applied to every record, or to that of the Nth transfer."""
    most_rows: int = _MAX_SIZE
    """The most rows of a page, however many are asked for."""
    page_shift: int = 0
    """How many rows are missing between the first two pages; if negative, how many are on both."""
    filters_by_pair: bool = True
    """Whether types with Spot at one end are filtered by pair, which the exchange does not document."""
    total_error: int = 0
    """How far `total` is off."""
    _readings: Counter[int] = field(default_factory=Counter, init=False)

    def flaws(self, number: int | None) -> Flaws:
        """Return the flaws of the Nth transfer, or of one from before."""
        if number is None or number not in self.of_nth:
            return self
        general = {flaw.name: getattr(self, flaw.name) for flaw in fields(Flaws)}
        return Flaws(**general | self.of_nth[number])

    def page(self, parameters: Parameters, now_ms: int) -> dict[str, object]:
        """Return one page of the records asked for, newest first. Raises RequestRefused."""
        move = parse_type(parameters)
        from_symbol, to_symbol = pairs_for(move, parameters)
        end_ms = parameters.whole("endTime", now_ms)
        start_ms = parameters.whole("startTime", end_ms - _DEFAULT_SPAN_MS)
        if start_ms > end_ms:
            raise RequestRefused(Code.BAD_PARAMETER, "startTime")
        current, size = parameters.whole("current", 1), parameters.whole("size", _DEFAULT_SIZE)
        if current < 1:
            raise RequestRefused(Code.BAD_PARAMETER, "current")
        if not 1 <= size <= _MAX_SIZE:
            raise RequestRefused(Code.BAD_PARAMETER, "size")
        times = range(max(start_ms, now_ms - _REACH_MS), end_ms + 1)
        records = self._records(move, (from_symbol, to_symbol), times, now_ms)
        size = min(size, self.most_rows)
        start = (current - 1) * size + (self.page_shift if current > 1 else 0)
        return {"total": len(records) + self.total_error, "rows": records[max(0, start) : max(0, start + size)]}

    def _records(
        self, move: TransferType, symbols: tuple[str | None, str | None], times: range, now_ms: int
    ) -> list[object]:
        """Newest first."""
        own = [
            transfer
            for transfer in reversed(self.ledger.transfers)
            if transfer.request.type is move
            and (
                (transfer.request.from_symbol, transfer.request.to_symbol) == symbols
                or (move in PAIR_UNFILTERED and not self.filters_by_pair)
            )
        ]
        records = []
        for transfer in (*own, *reversed(self._earlier.get((move, *symbols), []))):
            flaws = self.flaws(transfer.number)
            shown_ms = _shown_ms(transfer, flaws)
            if shown_ms in times and (record := self._read(transfer, flaws, shown_ms, now_ms)):
                for edit, nth in self.edits:
                    if nth in (None, transfer.number):
                        record = edit.apply(record)
                records.append(record)
        return records

    @cached_property
    def _earlier(self) -> Mapping[tuple[TransferType, str | None, str | None], list[Executed]]:
        """The earlier transfers by type and pairs, oldest first."""
        by_query: defaultdict[tuple[TransferType, str | None, str | None], list[Executed]] = defaultdict(list)
        for transfer in self.earlier():
            request = transfer.request
            by_query[request.type, request.from_symbol, request.to_symbol].append(transfer)
        return by_query

    def _read(self, transfer: Executed, flaws: Flaws, shown_ms: int, now_ms: int) -> object:
        earlier = self._readings[transfer.tran_id]
        self._readings[transfer.tran_id] += 1
        age_ms = now_ms - transfer.time_ms

        def within(lag: Lag) -> bool:
            return age_ms < lag.seconds * 1000 or earlier < lag.reads

        if within(flaws.hidden):
            return None
        final = RecordStatus.FAILED if transfer.failed or within(flaws.failing) else RecordStatus.CONFIRMED
        request = transfer.request
        return {
            "asset": request.asset,
            "amount": _shortest(_rounded(request.amount, flaws.decimals)),
            "type": request.type.name,
            "status": RecordStatus.PENDING if within(flaws.pending) else final,
            "tranId": transfer.tran_id,
            "timestamp": shown_ms,
        }


def _shown_ms(transfer: Executed, flaws: Flaws) -> int:
    """Return the time of a record: whole seconds, as in every sample of the exchange."""
    return (transfer.time_ms + flaws.time_shift_ms) // 1000 * 1000


def _rounded(amount: Decimal, decimals: int | None) -> Decimal:
    return amount if decimals is None else amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def parse_type(parameters: Parameters) -> TransferType:
    """Return the type that a request names. Raises RequestRefused."""
    name = parameters.text("type", r"[A-Z_]{1,60}")
    if name not in TransferType.__members__:
        raise RequestRefused(Code.UNSUPPORTED)
    return TransferType[name]


def pairs_for(move: TransferType, parameters: Parameters) -> tuple[str | None, str | None]:
    """Return the pairs that a type needs, at its source and its destination. Raises RequestRefused."""
    return (
        parameters.symbol("fromSymbol") if move.needs_from_pair else None,
        parameters.symbol("toSymbol") if move.needs_to_pair else None,
    )


def _shortest(amount: Decimal) -> str:
    text = plain(amount)
    return text.rstrip("0").rstrip(".") if "." in text else text
