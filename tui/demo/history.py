"""The transfer history, as the exchange shows it: which may be later, and other, than what its books say."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from tui.demo.errors import Code, Refused
from tui.demo.ledger import Executed, Ledger
from tui.demo.parameters import Parameters
from tui.domain.amounts import plain
from tui.domain.wallets import TransferType

DAY_MS = 24 * 60 * 60 * 1000
_DEFAULT_SPAN_MS = 7 * DAY_MS
_REACH_MS = 183 * DAY_MS
"""Six months back, and no further."""

_DEFAULT_SIZE = 10
_MAX_SIZE = 100
SYMBOL_PATTERN = r"[A-Z0-9]{2,40}"


class Status(StrEnum):
    """How a record stands."""

    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Lag:
    """How long something takes to show: for so many seconds, and for so many readings of the history."""

    seconds: float = 0
    reads: int = 0


class History:
    """What `GET /sapi/v1/asset/transfer` shows of a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self.hidden = Lag()
        """How long a record is not there at all."""
        self.pending = Lag()
        """How long a record, counted from the transfer, stands as PENDING once it is there."""
        self._ledger = ledger
        self._readings: Counter[int] = Counter()

    def page(self, parameters: Parameters, now_ms: int) -> dict[str, object]:
        """One page of the records that the parameters ask for, newest first. Raises Refused."""
        move = parse_type(parameters)
        from_symbol = parameters.text("fromSymbol", SYMBOL_PATTERN) if move.needs_from_pair else None
        to_symbol = parameters.text("toSymbol", SYMBOL_PATTERN) if move.needs_to_pair else None
        end_ms = parameters.whole("endTime", now_ms)
        start_ms = parameters.whole("startTime", end_ms - _DEFAULT_SPAN_MS)
        if start_ms > end_ms:
            raise Refused(Code.BAD_PARAMETER, "startTime")
        current, size = parameters.whole("current", 1), parameters.whole("size", _DEFAULT_SIZE)
        if current < 1:
            raise Refused(Code.BAD_PARAMETER, "current")
        if not 1 <= size <= _MAX_SIZE:
            raise Refused(Code.BAD_PARAMETER, "size")
        start_ms = max(start_ms, now_ms - _REACH_MS)
        records = [
            record
            for transfer in reversed(self._ledger.transfers)
            if transfer.request.type is move
            and (transfer.request.from_symbol, transfer.request.to_symbol) == (from_symbol, to_symbol)
            and start_ms <= transfer.time_ms <= end_ms
            and (record := self._read(transfer, now_ms))
        ]
        return {"total": len(records), "rows": records[(current - 1) * size : current * size]}

    def _read(self, transfer: Executed, now_ms: int) -> dict[str, object] | None:
        earlier = self._readings[transfer.tran_id]
        self._readings[transfer.tran_id] += 1
        age_ms = now_ms - transfer.time_ms

        def within(lag: Lag) -> bool:
            return age_ms < lag.seconds * 1000 or earlier < lag.reads

        if within(self.hidden):
            return None
        final = Status.FAILED if transfer.failed else Status.CONFIRMED
        request = transfer.request
        return {
            "asset": request.asset,
            "amount": _shortest(plain(request.amount)),
            "type": request.type.name,
            "status": Status.PENDING if within(self.pending) else final,
            "tranId": transfer.tran_id,
            "timestamp": transfer.time_ms,
        }


def parse_type(parameters: Parameters) -> TransferType:
    """The type of the transfers in question; the domain's table says which there are. Raises Refused."""
    name = parameters.text("type", r"[A-Z_]{1,60}")
    if name not in TransferType.__members__:
        raise Refused(Code.UNSUPPORTED)
    return TransferType[name]


def _shortest(amount: str) -> str:
    return amount.rstrip("0").rstrip(".") if "." in amount else amount
