"""Why less of an asset can be moved than an account holds, in the exchange's own figures."""

from collections.abc import Mapping
from decimal import Decimal
from enum import Enum

from tui.domain.amounts import EXACT, exact_sum
from tui.language import N_, _
from tui.structs import Struct, field


class Tie(Enum):
    """A figure of the exchange that says why an amount stays. Source: BINANCE.md, "Why less can be moved"."""

    LOCKED = N_("locked")
    FROZEN = N_("frozen")
    WITHDRAWING = N_("being withdrawn")
    MARGIN = N_("margin in use")
    BORROWED = N_("borrowed")
    INTEREST = N_("interest")
    UNREALISED = N_("unrealized profit")

    @property
    def label(self) -> str:
        """What a person reads."""
        return _(self.value)

    @property
    def is_of_stock(self) -> bool:
        """Whether it is a part of what is there. What is owed is not, nor is a profit that is not realised yet."""
        return self in (Tie.LOCKED, Tie.FROZEN, Tie.WITHDRAWING, Tie.MARGIN)


class Stock(Struct):
    """All of one asset in one account, as one answer of the exchange says it."""

    total: Decimal
    """What is there, whether it can be moved or not."""
    ties: Mapping[Tie, Decimal] = field(default_factory=dict)
    """Every figure of the answer that may say why an amount stays, including zeros."""
    is_whole: bool = True
    """Whether the answer has such figures at all. If not, the reason is not known yet."""

    @property
    def in_use(self) -> Decimal:
        """What the answer names as parts of it that stay. Debts and unrealised profits are none."""
        return exact_sum(amount for tie, amount in self.ties.items() if tie.is_of_stock)


class Shortfall(Struct):
    """That less can be moved than is there, and what the exchange names."""

    movable: Decimal
    total: Decimal
    ties: Mapping[Tie, Decimal]
    """Without zeros."""
    is_sum: bool
    """Whether `ties` are exactly the difference. If not, they are named, and nothing is said of the rest."""
    is_known: bool
    """Whether the exchange was asked for reasons. If so and there are no ties, it names none."""


def shortfall(stock: Stock, movable: Decimal) -> Shortfall | None:
    """Return that less can be moved than is there, and why; None if all of it can be moved."""
    if movable >= stock.total:
        return None
    ties = {tie: amount for tie, amount in stock.ties.items() if amount}
    parts = {tie: amount for tie, amount in ties.items() if tie.is_of_stock}
    is_sum = exact_sum(parts.values()) == EXACT.subtract(stock.total, movable)
    return Shortfall(movable, stock.total, parts if is_sum else ties, is_sum, stock.is_whole)
