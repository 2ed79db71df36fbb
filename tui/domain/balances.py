"""What the wallets hold, and how far each figure can be relied on."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_DOWN, Decimal
from enum import Enum
from math import inf

from tui.domain.amounts import EXACT, MAX_DECIMALS
from tui.domain.wallets import TransferType, Wallet

FRESH_MS = 60_000
"""A figure older than this may have changed since."""

Assets = Mapping[str, Decimal]
"""Amounts by asset."""

Prices = Mapping[str, Decimal]
"""BTC for one of an asset, by asset, as far as the exchange values it. An estimate: nothing is decided by it."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where an asset is: in a wallet, or in the isolated account of one pair."""

    wallet: Wallet
    pair: str | None = None
    """For Isolated Margin only."""

    @property
    def label(self) -> str:
        """What a person reads, in a sentence or a column: Isolated Margin BTCUSDT."""
        return f"{self.wallet.label} {self.pair or ''}".rstrip()

    @property
    def wide_label(self) -> str:
        """The label where it stands alone, the pair set apart from the wallet's own two words."""
        return f"{self.wallet.label}  {self.pair or ''}".rstrip()


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair that has isolated margin accounts. Only its two assets can be in one."""

    symbol: str
    base: str
    quote: str

    def takes(self, asset: str) -> bool:
        """Whether an asset can be in its accounts."""
        return asset in (self.base, self.quote)


class Restriction(Enum):
    """What the exchange says that an account is barred from. The value is what a list of wallets shows."""

    NO_WAY_IN = "no way in"
    """No transfer into it is accepted."""
    NO_WAY_OUT = "no way out"
    """No transfer out of it is accepted."""
    REDUCE_ONLY = "reduce only"
    """Its positions may only be reduced."""


class Absent(Enum):
    """What it means that a wallet's list gives no amount of an asset. Only the first is zero."""

    NONE = "none"
    """The wallet has none: the list has all that is held."""
    NOT_LISTED = "not listed"
    """The list has a row for every asset, also at zero, and none for this one. Nothing is known of it."""
    NOT_READ = "not read"
    """The wallet was not read, or a row of its list cannot be read and may be this asset's."""


@dataclass(frozen=True, slots=True)
class Figure:
    """An amount of one asset in one account."""

    amount: Decimal
    read_ms: float
    """When the exchange was asked, on a monotonic clock."""
    is_transferable: bool
    """Whether all of it can be moved out. Else it is what is free, of which part may secure a loan or a position."""
    problem: str = ""
    """Why a newer reading failed."""
    is_doubtful: bool = False
    """Whether a transfer may have changed it since, or may still do so."""

    def is_fresh(self, now_ms: float) -> bool:
        """Whether it can be relied on."""
        return not self.problem and not self.is_doubtful and now_ms - self.read_ms <= FRESH_MS

    @property
    def is_exact(self) -> bool:
        """Whether it says how much can be moved: of nothing, nothing can."""
        return self.is_transferable or not self.amount


@dataclass(frozen=True, slots=True)
class Holdings:
    """One wallet's contents, as they were read last."""

    assets: Assets = field(default_factory=dict)
    """What the list says, zeros included. Empty for Isolated Margin, whose assets belong to its pairs."""
    unread: frozenset[str] = frozenset()
    """Assets of the list whose amounts cannot be read."""
    absent: Absent = Absent.NONE
    """What it means for an asset, or for a pair of Isolated Margin, that the list does not have it."""
    pairs: Mapping[str, Assets] = field(default_factory=dict)
    """Isolated Margin only: the accounts by pair."""
    is_open: bool = True
    """False for a wallet that the person never opened, because the exchange says so."""
    is_transferable: bool = False
    """Whether the amounts are what can be moved out, as in `Figure`."""
    read_ms: float | None = None
    """When the exchange was asked, on a monotonic clock; None before the first answer."""
    problem: str = ""
    """Why the newest reading failed; what stands beside it is then from an earlier one."""
    is_barred: bool = False
    """Whether the reading failed because the exchange turned the key away."""
    restrictions: frozenset[Restriction] = frozenset()
    """What the wallet's own call says that it is barred from. Empty if that call was not made."""

    def figure(self, asset: str, pair: str | None = None) -> Figure | None:
        """The amount of an asset, in one pair's account for Isolated Margin; None where it is not known."""
        if self.read_ms is None:
            return None
        assets = self.assets if pair is None else self.pairs.get(pair, {})
        is_none = pair in self.pairs or self.without(asset) is Absent.NONE
        amount = assets.get(asset, Decimal(0) if is_none else None)
        return None if amount is None else Figure(amount, self.read_ms, self.is_transferable, self.problem)

    def without(self, asset: str) -> Absent:
        """What it means that there is no amount of an asset, or an amount of zero."""
        if self.read_ms is None or asset in self.unread:
            return Absent.NOT_READ
        return Absent.NONE if asset in self.assets else self.absent

    @property
    def is_whole(self) -> bool:
        """Whether every row of the list was read."""
        return self.read_ms is not None and not self.unread and self.absent is not Absent.NOT_READ


@dataclass(frozen=True, slots=True)
class Balances:
    """All wallets' contents, and the exchange's word on what can be moved out of some places."""

    wallets: Mapping[Wallet, Holdings] = field(default_factory=lambda: dict.fromkeys(Wallet, Holdings()))
    transferable: Mapping[tuple[Account, str], Figure] = field(default_factory=dict)
    """By account and asset, where the exchange was asked for just that."""
    pairs: Mapping[str, Pair] = field(default_factory=dict)
    """Every isolated pair of the exchange, by symbol; empty while they are not known."""
    has_all_pairs: bool = True
    """Whether a pair that is not among them does not exist. False if a row of the exchange's list cannot be read."""
    prices: Prices = field(default_factory=dict)
    counts_from_ms: Mapping[Wallet, float] = field(default_factory=dict)
    """Since when a reading of a wallet counts, where a transfer changed it or may have: infinity while it is open."""

    def figure(self, account: Account, asset: str) -> Figure | None:
        """The best figure for an asset in an account: the newest, and what can be moved rather than what is free."""
        held, asked = self.held(account, asset), self.transferable.get((account, asset))
        best = asked if asked and (held is None or asked.read_ms >= held.read_ms) else held
        return best and self._doubted(best, account.wallet)

    def held(self, account: Account, asset: str) -> Figure | None:
        """What the account's own list says of an asset: it follows a transfer by the amount, as what can be moved need
        not.
        """
        held = self.wallets[account.wallet].figure(asset, account.pair)
        return held and self._doubted(held, account.wallet)

    def _doubted(self, figure: Figure, wallet: Wallet) -> Figure:
        return replace(figure, is_doubtful=figure.read_ms < self.counts_from_ms.get(wallet, 0))

    def is_doubtful(self, wallet: Wallet) -> bool:
        """Whether a transfer may have changed a wallet since it was read, or may still do so."""
        return (self.wallets[wallet].read_ms or 0) < self.counts_from_ms.get(wallet, 0)

    def is_fresh(self, wallet: Wallet, now_ms: float) -> bool:
        """Whether what is known of a wallet can be relied on."""
        holdings = self.wallets[wallet]
        is_read = not holdings.problem and holdings.read_ms is not None
        return is_read and max(now_ms - FRESH_MS, self.counts_from_ms.get(wallet, 0)) <= (holdings.read_ms or 0)

    def doubted(self, changed: Iterable[Wallet], still_open: Container[Wallet], now_ms: float) -> "Balances":
        """These, where a transfer has changed wallets or may have; readings of those in open transfers do not count."""
        since = {wallet: inf if wallet in still_open else now_ms for wallet in changed}
        return replace(self, counts_from_ms={**self.counts_from_ms, **since})

    def is_out_of_bounds(self, wallet: Wallet) -> bool:
        """Whether the key is good and yet turned away from this wallet. That is so for Portfolio Margin if the account
        does not use it, or if the key is older than that. Source: BINANCE.md, "Balances".
        """
        is_good_key = any(other.read_ms is not None and not other.problem for other in self.wallets.values())
        return wallet is Wallet.PORTFOLIO and self.wallets[wallet].is_barred and is_good_key

    def bars(self, source: Account, destination: Account) -> dict[Account, Restriction]:
        """The ends of a transfer that the exchange says are barred from it. It may still accept one: the flags are not
        documented further.
        """
        ends = ((source, Restriction.NO_WAY_OUT), (destination, Restriction.NO_WAY_IN))
        return {end: bar for end, bar in ends if bar in self.wallets[end.wallet].restrictions}

    def troubles(self) -> dict[str, list[Wallet]]:
        """The wallets that cannot be read although they should be, by what stands in the way."""
        troubles: dict[str, list[Wallet]] = {}
        for wallet, holdings in self.wallets.items():
            if holdings.problem and not self.is_out_of_bounds(wallet):
                troubles.setdefault(holdings.problem, []).append(wallet)
        return troubles

    def knows(self, asset: str) -> bool:
        """Whether there is such an asset, as far as wallets and pairs tell."""
        return any(asset in holdings.assets or asset in holdings.unread for holdings in self.wallets.values()) or any(
            pair.takes(asset) for pair in self.pairs.values()
        )

    def worth(self, asset: str, amount: Decimal) -> Decimal | None:
        """What an amount is worth in BTC, about; None where the exchange has not said."""
        return amount * self.prices[asset] if asset in self.prices else None

    def with_holdings(self, wallet: Wallet, holdings: Holdings) -> "Balances":
        """These, with one wallet read anew. Where that failed, what was known before stays, with the problem. An answer
        that was overtaken by that to a later question counts for nothing.
        """
        known = self.wallets[wallet]
        if known.read_ms is not None and holdings.read_ms is not None and holdings.read_ms < known.read_ms:
            return self
        if holdings.problem and known.read_ms is not None:
            holdings = replace(known, problem=holdings.problem, is_barred=holdings.is_barred)
        return replace(self, wallets={**self.wallets, wallet: holdings})

    def with_figure(self, account: Account, asset: str, figure: Figure) -> "Balances":
        """Return these with the exchange's word on what can be moved of one asset out of one account. An answer counts
        for nothing if that to a later question came before it.
        """
        known = self.transferable.get((account, asset))
        if known and figure.read_ms < known.read_ms:
            return self
        return replace(self, transferable={**self.transferable, (account, asset): figure})


def ends(move: TransferType, from_pair: str | None, to_pair: str | None) -> tuple[Account, Account]:
    """Where a move takes from, and where it brings to."""
    return (
        Account(move.source, from_pair if move.needs_from_pair else None),
        Account(move.destination, to_pair if move.needs_to_pair else None),
    )


def share(available: Decimal, percent: int) -> Decimal:
    """A part of what is available. 100 % is all of it to the last digit that can be sent; others are rounded down."""
    unit = Decimal(1).scaleb(-MAX_DECIMALS)
    if percent < 100:
        part = EXACT.multiply(available, Decimal(percent) / 100).quantize(unit, ROUND_DOWN, EXACT).normalize(EXACT)
        return part.quantize(Decimal(1)) if part == part.to_integral_value() else part
    exponent = available.as_tuple().exponent
    is_sendable = isinstance(exponent, int) and -exponent <= MAX_DECIMALS
    return available if is_sendable else available.quantize(unit, ROUND_DOWN, EXACT)


def pair_mismatch(symbol: str, asset: str, pairs: Mapping[str, Pair], *, are_all: bool = True) -> str:
    """Why an asset cannot be in a pair's isolated account; empty where it can, or where either is not entered yet.

    Takes whether a pair that is not among `pairs` does not exist. Source: BINANCE.md, "Symbols".
    """
    pair = pairs.get(symbol)
    if symbol and pairs and not pair and are_all:
        return "The exchange has no such isolated pair"
    if not symbol or not asset:
        return ""
    if pair:
        return "" if pair.takes(asset) else f"It takes {pair.base} and {pair.quote}, not {asset}"
    return "" if symbol.startswith(asset) or symbol.endswith(asset) else f"{symbol} does not take {asset}"
