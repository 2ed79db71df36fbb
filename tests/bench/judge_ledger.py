"""What the judge's exchange executed, and when: the truth that every word of the program is held against.

Nothing here happens by itself. All that will become of a request is settled as it arrives, and every question is about
a moment: what had moved by then, what the history showed, what a wallet held.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

ASSET = "USDT"
PAIR, SECOND_PAIR = "BTCUSDT", "ETHUSDT"
PAIRS = (PAIR, SECOND_PAIR)

ROUTES = {
    "MAIN_FUNDING": ("spot", "funding"),
    "MAIN_MARGIN": ("spot", "cross"),
    "MAIN_ISOLATED_MARGIN": ("spot", "isolated"),
    "MAIN_UMFUTURE": ("spot", "um"),
    "MAIN_CMFUTURE": ("spot", "cm"),
    "MAIN_OPTION": ("spot", "options"),
    "MAIN_PORTFOLIO_MARGIN": ("spot", "pm"),
    "FUNDING_MAIN": ("funding", "spot"),
    "FUNDING_MARGIN": ("funding", "cross"),
    "FUNDING_UMFUTURE": ("funding", "um"),
    "FUNDING_CMFUTURE": ("funding", "cm"),
    "FUNDING_OPTION": ("funding", "options"),
    "MARGIN_MAIN": ("cross", "spot"),
    "MARGIN_FUNDING": ("cross", "funding"),
    "MARGIN_ISOLATEDMARGIN": ("cross", "isolated"),
    "MARGIN_UMFUTURE": ("cross", "um"),
    "MARGIN_CMFUTURE": ("cross", "cm"),
    "MARGIN_OPTION": ("cross", "options"),
    "ISOLATED_MARGIN_MAIN": ("isolated", "spot"),
    "ISOLATEDMARGIN_MARGIN": ("isolated", "cross"),
    "ISOLATEDMARGIN_ISOLATEDMARGIN": ("isolated", "isolated"),
    "UMFUTURE_MAIN": ("um", "spot"),
    "UMFUTURE_FUNDING": ("um", "funding"),
    "UMFUTURE_MARGIN": ("um", "cross"),
    "UMFUTURE_OPTION": ("um", "options"),
    "CMFUTURE_MAIN": ("cm", "spot"),
    "CMFUTURE_FUNDING": ("cm", "funding"),
    "CMFUTURE_MARGIN": ("cm", "cross"),
    "OPTION_MAIN": ("options", "spot"),
    "OPTION_FUNDING": ("options", "funding"),
    "OPTION_MARGIN": ("options", "cross"),
    "OPTION_UMFUTURE": ("options", "um"),
    "PORTFOLIO_MARGIN_MAIN": ("pm", "spot"),
}
"""The moves that the exchange makes, by type."""

_START = {"spot": 5_000_000, "funding": 2_000_000, "um": 100_000, **dict.fromkeys(PAIRS, 10_000)}

_JUDGED_AFTER_MS = 290_000
"""What is shown no sooner may be judged: no program can wait longer than it says."""


def ends(move: str, pair: str | None) -> tuple[str, str]:
    """The wallets of a move; the isolated one is named by its pair."""
    source, destination = (pair if wallet == "isolated" and pair else wallet for wallet in ROUTES[move])
    return source, destination


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
    """The time by which the history is searched."""
    visible_ms: int
    """Since when the history has it."""
    statuses: tuple[tuple[int, str], ...]
    """Since when it has which status."""
    ends: tuple[str, str] = ("", "")
    """Where it moves from and to; an isolated wallet is named by its pair."""
    arrived_ms: int = 0
    sent_as: str = ""
    """The amount as the person typed it; empty for what was made elsewhere."""
    is_readable: bool = True
    """Whether the row can be read, and says what it should."""
    gone_ms: tuple[int, int] | None = None
    """Since and until when the history has it no more."""
    arrival_ms: int = 0
    """How long after it was debited it is credited."""

    def status(self, at_ms: int) -> str:
        """Its status at a moment."""
        return [status for since_ms, status in self.statuses if since_ms <= at_ms or since_ms == self.statuses[0][0]][
            -1
        ]

    def is_shown(self, at_ms: int) -> bool:
        """Whether the history has it at a moment."""
        return self.visible_ms <= at_ms and not (self.gone_ms and self.gone_ms[0] <= at_ms < self.gone_ms[1])

    @property
    def moved_ms(self) -> int | None:
        """When the money moved, or will; None where it never does."""
        return next((since_ms for since_ms, status in self.statuses if status == "CONFIRMED"), None)

    @property
    def reversed_ms(self) -> int | None:
        """When it came back, or will."""
        since_ms, status = self.statuses[-1]
        return since_ms if status == "FAILED" and self.moved_ms is not None else None

    @property
    def says_failed_first(self) -> bool:
        """Whether the exchange itself says for a while that nothing moved."""
        return self.moved_ms is not None and self.statuses[0][1] == "FAILED"

    @property
    def may_be_judged(self) -> bool:
        """Whether it is shown so late that nobody can wait for it."""
        return self.visible_ms - self.arrived_ms >= _JUDGED_AFTER_MS

    @property
    def changes(self) -> Iterator[tuple[int, int]]:
        """When it moves, and comes back, with the sign of it."""
        if self.moved_ms is not None:
            yield self.moved_ms, 1
        if self.reversed_ms is not None:
            yield self.reversed_ms, -1


@dataclass(frozen=True)
class Arrival:
    """A request for a transfer that the exchange took, executed or not."""

    amount: str
    at_ms: int
    what: str
    """What befell it, in words."""
    record: Record | None
    code: int | None = None
    """The code of a refusal as it is documented."""
    alike: Record | None = None
    """The same, made elsewhere."""


@dataclass
class Ledger:
    """All of it. Its lists only grow, so any thread may read them."""

    arrivals: dict[str, list[Arrival]] = field(default_factory=dict)
    """By amount as typed."""
    records: list[Record] = field(default_factory=list)
    """Of this run of the server: a new run has none of the old ones."""
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

    def alike(self, amount: str) -> list[Record]:
        """What was made elsewhere, no sooner than the request, and cannot be told from what it asked for. It may have
        been made beside another request that asks for the same.
        """
        sent_ms = [arrival.at_ms for arrival in self.arrivals.get(amount, ())]
        same = [one for one in list(self.arrivals) if sent_ms and Decimal(one) == Decimal(amount)]
        made = [arrival.alike for one in same for arrival in self.arrivals[one] if arrival.alike]
        return [record for record in made if record.told_ms >= min(sent_ms)]

    def identical(self, amount: str, lost: Iterable[str]) -> list[Record]:
        """Records that nobody can tell from its own: what was made alike elsewhere, and what was made of identical
        requests that the journal has lost.
        """
        twins = [one for one in list(lost) if one != amount and Decimal(one) == Decimal(amount)]
        return [*self.alike(amount), *(record for twin in twins for record in self.executions(twin))]

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
        if wallet not in record.ends:
            continue
        for at_ms, sign in record.changes:
            is_debit = record.ends[0] == wallet
            changed_ms = at_ms if is_debit else at_ms + record.arrival_ms
            if after_ms < changed_ms <= until_ms:
                changes[changed_ms, record.tran_id] = record.amount * (-sign if is_debit else sign)
    return changes
