"""What the judge's exchange executed, and when: the truth that every word of the program is held against.

Nothing here happens by itself. All that will become of a request is settled as it arrives, and every question is about
a moment: what had moved by then, what the history showed, what a wallet held.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

ASSET = "USDT"
PAIR = "BTCUSDT"

ROUTES = {
    "MAIN_FUNDING": ("spot", "funding"),
    "MAIN_UMFUTURE": ("spot", "um"),
    "MAIN_ISOLATED_MARGIN": ("spot", "isolated"),
    "FUNDING_MAIN": ("funding", "spot"),
}
"""The moves that this exchange makes, by type."""

_START = {"spot": 5_000_000, "funding": 2_000_000, "um": 100_000, "isolated": 10_000}


@dataclass(frozen=True)
class Record:
    """One transfer in the books, with everything that will become of it."""

    tran_id: int
    move: str
    amount: Decimal
    """What moves."""
    told: dict[str, object]
    """The row of the history, but for its status."""
    told_ms: int
    """The time that the row bears."""
    visible_ms: int
    """Since when the history has it."""
    statuses: tuple[tuple[int, str], ...]
    """Since when it has which status."""
    sent_as: str = ""
    """The amount as the person typed it; empty for what was made elsewhere."""
    is_readable: bool = True

    def status(self, at_ms: int) -> str:
        """Its status at a moment."""
        return [status for since_ms, status in self.statuses if since_ms <= at_ms or since_ms == self.statuses[0][0]][
            -1
        ]

    @property
    def moved_ms(self) -> int | None:
        """When the money moved, or will; None where it never does."""
        return next((since_ms for since_ms, status in self.statuses if status == "CONFIRMED"), None)

    @property
    def says_failed_first(self) -> bool:
        """Whether the exchange itself says for a while that nothing moved."""
        return self.moved_ms is not None and any(status == "FAILED" for _, status in self.statuses)


@dataclass(frozen=True)
class Arrival:
    """A request for a transfer that the exchange took, executed or not."""

    amount: str
    at_ms: int
    what: str
    """What befell it, in words."""
    record: Record | None


@dataclass
class Ledger:
    """All of it. Its lists only grow, so any thread may read them."""

    arrivals: dict[str, list[Arrival]] = field(default_factory=dict)
    """By amount as typed."""
    records: list[Record] = field(default_factory=list)
    """Of this run of the server: a new run has none of the old ones, and gives out the same tranIds."""
    run: int = 0
    _base: dict[str, Decimal] = field(default_factory=lambda: {key: Decimal(value) for key, value in _START.items()})

    def new_run(self, at_ms: int) -> None:
        """Begin anew, as a rehearsal server that was started again; what wallets hold stays."""
        self._base = {wallet: self.holds(wallet, at_ms) for wallet in self._base}
        self.records = []
        self.run += 1

    def executions(self, amount: str) -> list[Record]:
        """What was made of the requests for an amount, ever."""
        return [arrival.record for arrival in self.arrivals.get(amount, ()) if arrival.record]

    def moves(self, amount: str) -> list[Record]:
        """Those that moved it, or will."""
        return [record for record in self.executions(amount) if record.moved_ms is not None]

    def holds(self, wallet: str, at_ms: int) -> Decimal:
        """What a wallet held at a moment."""
        return self._base[wallet] + sum(_changes(self.records, wallet, -1, at_ms).values(), Decimal())

    def held_between(self, wallet: str, since_ms: int, until_ms: int) -> set[Decimal]:
        """Everything that a wallet held at some moment of a span."""
        held = self.holds(wallet, since_ms)
        values = {held}
        for _, change in sorted(_changes(self.records, wallet, since_ms, until_ms).items()):
            held += change
            values.add(held)
        return values


def _changes(records: Iterable[Record], wallet: str, after_ms: int, until_ms: int) -> dict[tuple[int, int], Decimal]:
    changes: dict[tuple[int, int], Decimal] = {}
    for record in list(records):
        moved_ms = record.moved_ms
        if moved_ms is not None and after_ms < moved_ms <= until_ms and wallet in ROUTES[record.move]:
            sign = -1 if ROUTES[record.move][0] == wallet else 1
            changes[moved_ms, record.tran_id] = record.amount * sign
    return changes
