"""Balances, and whether each can be relied on."""

from collections.abc import Container, Iterable, Mapping
from decimal import ROUND_DOWN, Decimal
from enum import Enum
from math import inf

from tui.domain.amounts import EXACT, MAX_DECIMALS
from tui.domain.reasons import Stock
from tui.domain.wallets import TransferType, Wallet
from tui.language import N_, _
from tui.structs import Struct, field, replace

FRESH_MS = 60_000
"""A figure older than this may have changed since."""

Assets = Mapping[str, Decimal]
"""Amounts by asset."""

Prices = Mapping[str, Decimal]
"""BTC for one of an asset, by asset, if the exchange values it. An estimate: it decides nothing."""

USUAL_CURRENCY = "USDT"
"""What assets are valued in if the person has not chosen another currency."""


class Rate(Struct):
    """What one BTC costs in a currency. An estimate too."""

    price: Decimal
    read_ms: float
    """When the exchange was asked, on a monotonic clock."""
    currency: str = USUAL_CURRENCY


class Account(Struct):
    """Where an asset is: in a wallet, or in the isolated account of one pair."""

    wallet: Wallet
    pair: str | None = None
    """For Isolated Margin only."""

    @property
    def label(self) -> str:
        """Its name in a sentence or a column: Isolated Margin BTCUSDT."""
        return _("Isolated Margin {pair}").format(pair=self.pair) if self.pair else self.wallet.label

    @property
    def short_label(self) -> str:
        """Its name where space is dear: Isolated BTCUSDT."""
        return _("Isolated {pair}").format(pair=self.pair) if self.pair else self.wallet.short_label

    @property
    def shortest_label(self) -> str:
        """Its name where there is hardly any: Iso BTCUSDT."""
        return _("Iso {pair}").format(pair=self.pair) if self.pair else self.wallet.short_label

    @property
    def wide_label(self) -> str:
        """Its name on a line of its own, with more space before the pair."""
        return _("Isolated Margin  {pair}").format(pair=self.pair) if self.pair else self.wallet.label


class Pair(Struct):
    """A pair that has isolated margin accounts. Only its two assets can be in one."""

    symbol: str
    base: str
    quote: str

    def takes(self, asset: str) -> bool:
        """Whether an asset can be in its accounts."""
        return asset in (self.base, self.quote)


class Restriction(Enum):
    """What the exchange bars an account from."""

    TRANSFERS_IN = N_("in barred")
    """The exchange bars transfers into it."""
    TRANSFERS_OUT = N_("out barred")
    """The exchange bars transfers out of it."""
    REDUCE_ONLY = N_("reduce only")
    """Its positions may only be reduced."""

    @property
    def label(self) -> str:
        """Its name in lists."""
        return _(self.value)


class Absent(Enum):
    """What it means if a wallet's list has no amount of an asset. Only the first is zero."""

    NONE = N_("none")
    """The wallet has none: the list has all that is held."""
    NOT_LISTED = N_("not listed")
    """The list has a row for every asset, also at zero, but none for this one: its amount is not known."""
    NOT_READ = N_("not read")
    """The wallet was not read, or an unreadable row of its list may be this asset's."""

    @property
    def label(self) -> str:
        """What a person reads."""
        return _(self.value)


class Figure(Struct):
    """An amount of one asset in one account."""

    amount: Decimal
    read_ms: float
    """When the exchange was asked, on a monotonic clock."""
    is_transferable: bool
    """Whether all of it can be moved out. If not, it is free, but part of it may secure a loan or a position."""
    problem: str = ""
    """Why a newer reading failed."""
    is_doubtful: bool = False
    """Whether a transfer may have changed it since, or may still do so."""

    def is_fresh(self, now_ms: float) -> bool:
        """Whether it can be relied on."""
        return not self.problem and not self.is_doubtful and now_ms - self.read_ms <= FRESH_MS

    @property
    def is_exact(self) -> bool:
        """Whether it is the amount that can be moved. Zero always is."""
        return self.is_transferable or not self.amount


class Holdings(Struct):
    """One wallet's contents, as they were read last."""

    assets: Assets = field(default_factory=dict)
    """The list's amounts, including zeros. Empty for Isolated Margin, whose assets belong to its pairs."""
    unread: frozenset[str] = frozenset()
    """Assets of the list whose amounts cannot be read."""
    absent: Absent = Absent.NONE
    """What it means if the list does not have an asset, or a pair of Isolated Margin."""
    pairs: Mapping[str, Assets] = field(default_factory=dict)
    """Isolated Margin only: the accounts by pair."""
    is_open: bool = True
    """False if the exchange says that the person never opened the wallet."""
    is_transferable: bool = False
    """Whether the amounts are what can be moved out, as in `Figure`."""
    read_ms: float | None = None
    """When the exchange was asked, on a monotonic clock; None before the first answer."""
    problem: str = ""
    """Why the newest reading failed; the other fields are then from an earlier one."""
    is_barred: bool = False
    """Whether the reading failed because the exchange turned the key away."""
    restrictions: frozenset[Restriction] = frozenset()
    """What the wallet is barred from, by its own call. Empty if that call was not made."""
    disabled: frozenset[str] = frozenset()
    """Isolated Margin only: the pairs whose accounts the exchange lists as not enabled."""
    stocks: Mapping[tuple[str | None, str], Stock] = field(default_factory=dict)
    """All of an asset, and what keeps a part of it, by pair and asset, if the list says so."""

    def figure(self, asset: str, pair: str | None = None) -> Figure | None:
        """Return the amount of an asset, for Isolated Margin in one pair's account; None if it is not known."""
        if self.read_ms is None:
            return None
        assets = self.assets if pair is None else self.pairs.get(pair, {})
        is_none = pair in self.pairs or self.without(asset) is Absent.NONE
        amount = assets.get(asset, Decimal(0) if is_none else None)
        return None if amount is None else Figure(amount, self.read_ms, self.is_transferable, self.problem)

    def in_use(self, asset: str, pair: str | None = None) -> Decimal | None:
        """Return what the list says is there of an asset and in use; None if it does not say it."""
        stock, figure = self.stocks.get((pair, asset)), self.figure(asset, pair)
        if stock is None or figure is None:
            return None
        if stock.is_whole:
            return stock.in_use
        return Decimal(0) if figure.amount >= stock.total else None

    def without(self, asset: str) -> Absent:
        """Return what it means if there is no amount of an asset, or an amount of zero."""
        if self.read_ms is None or asset in self.unread:
            return Absent.NOT_READ
        return Absent.NONE if asset in self.assets else self.absent

    @property
    def is_whole(self) -> bool:
        """Whether every row of the list was read."""
        return self.read_ms is not None and not self.unread and self.absent is not Absent.NOT_READ


class Balances(Struct):
    """The contents of all wallets, and what the exchange says can be moved out of some accounts."""

    wallets: Mapping[Wallet, Holdings] = field(default_factory=lambda: dict.fromkeys(Wallet, Holdings()))
    transferable: Mapping[tuple[Account, str], Figure] = field(default_factory=dict)
    """By account and asset, if the exchange was asked for exactly that."""
    stocks: Mapping[tuple[Account, str], tuple[Stock, float]] = field(default_factory=dict)
    """What the exchange was asked for about one asset of a futures wallet, and when, on a monotonic clock."""
    pairs: Mapping[str, Pair] = field(default_factory=dict)
    """Every isolated pair of the exchange, by symbol; empty while they are not known."""
    has_all_pairs: bool = True
    """Whether these are all pairs. False if a row of the exchange's list cannot be read."""
    prices: Prices = field(default_factory=dict)
    priced_ms: float | None = None
    """When the exchange was asked for them, on a monotonic clock."""
    rate: Rate | None = None
    """None while it is not known: assets are then valued in BTC."""
    counts_from_ms: Mapping[Wallet, float] = field(default_factory=dict)
    """From when on a reading of a wallet counts, after a transfer that may have changed it: infinity
    while it is open.
    """

    def figure(self, account: Account, asset: str) -> Figure | None:
        """Return the best figure for an asset in an account: the newest, and what can be moved rather than what is
        free.
        """
        held, asked = self.held(account, asset), self.transferable.get((account, asset))
        best = asked if asked and (held is None or asked.read_ms >= held.read_ms) else held
        return best and self._doubted(best, account.wallet)

    def held(self, account: Account, asset: str) -> Figure | None:
        """Return the amount in the account's own list. A transfer changes it by exactly its amount, unlike what can be
        moved.
        """
        held = self.wallets[account.wallet].figure(asset, account.pair)
        return held and self._doubted(held, account.wallet)

    def stock(self, account: Account, asset: str, now_ms: float) -> Stock | None:
        """Return all of an asset in an account, movable or not, as the newest answer says it; None if none does, or if
        that answer cannot be relied on. What can be moved may have been asked for since.
        """
        wallet = account.wallet
        stock, asked_ms = self.stocks.get((account, asset), (None, 0.0))
        if stock and asked_ms >= (self.wallets[wallet].read_ms or 0):
            is_fresh = asked_ms >= max(now_ms - FRESH_MS, self.counts_from_ms.get(wallet, 0))
            return stock if is_fresh else None
        return self.wallets[wallet].stocks.get((account.pair, asset)) if self.is_fresh(wallet, now_ms) else None

    def with_stock(self, account: Account, asset: str, stock: Stock, asked_ms: float) -> "Balances":
        """Return these with all of an asset, as the exchange was asked for it."""
        return replace(self, stocks={**self.stocks, (account, asset): (stock, asked_ms)})

    def _doubted(self, figure: Figure, wallet: Wallet) -> Figure:
        return replace(figure, is_doubtful=figure.read_ms < self.counts_from_ms.get(wallet, 0))

    def is_doubtful(self, wallet: Wallet) -> bool:
        """Whether a transfer may have changed a wallet since it was read, or may still do so."""
        return (self.wallets[wallet].read_ms or 0) < self.counts_from_ms.get(wallet, 0)

    def is_fresh(self, wallet: Wallet, now_ms: float) -> bool:
        """Whether the contents of a wallet can be relied on."""
        holdings = self.wallets[wallet]
        is_read = not holdings.problem and holdings.read_ms is not None
        return is_read and max(now_ms - FRESH_MS, self.counts_from_ms.get(wallet, 0)) <= (holdings.read_ms or 0)

    def doubted(self, changed: Iterable[Wallet], still_open: Container[Wallet], now_ms: float) -> "Balances":
        """Return these after a transfer may have changed wallets; readings of wallets in open transfers
        do not count.
        """
        since = {wallet: inf if wallet in still_open else now_ms for wallet in changed}
        return replace(self, counts_from_ms={**self.counts_from_ms, **since})

    def is_out_of_bounds(self, wallet: Wallet) -> bool:
        """Whether the exchange refuses a good key for this wallet. It does so for Portfolio Margin if the account does
        not use it, or if the key is older. Source: BINANCE.md, "Balances".
        """
        is_good_key = any(other.read_ms is not None and not other.problem for other in self.wallets.values())
        return wallet is Wallet.PORTFOLIO and self.wallets[wallet].is_barred and is_good_key

    def bars(self, source: Account, destination: Account) -> dict[Account, Restriction]:
        """Return the ends of a transfer that the exchange bars from it. It may accept the transfer all the same: the
        flags are not documented further.
        """
        ends = ((source, Restriction.TRANSFERS_OUT), (destination, Restriction.TRANSFERS_IN))
        return {end: bar for end, bar in ends if bar in self.wallets[end.wallet].restrictions}

    def troubles(self) -> dict[str, list[Wallet]]:
        """Return the wallets that should be read and cannot, by the problem."""
        troubles: dict[str, list[Wallet]] = {}
        for wallet, holdings in self.wallets.items():
            if holdings.problem and not self.is_out_of_bounds(wallet):
                troubles.setdefault(holdings.problem, []).append(wallet)
        return troubles

    def knows(self, asset: str) -> bool:
        """Whether any wallet or pair has an asset."""
        return any(asset in holdings.assets or asset in holdings.unread for holdings in self.wallets.values()) or any(
            pair.takes(asset) for pair in self.pairs.values()
        )

    @property
    def unit(self) -> str:
        """What `worth` is in."""
        return self.rate.currency if self.rate else "BTC"

    def is_valued(self, asset: str, since_ms: float) -> bool:
        """Whether the prices that the worth of an asset rests on were read since a moment."""
        read = (self.priced_ms, self.rate.read_ms if self.rate else since_ms)
        return asset == self.unit or all(read_ms is not None and read_ms >= since_ms for read_ms in read)

    def worth(self, asset: str, amount: Decimal) -> Decimal | None:
        """Return the worth of an amount in `unit`, estimated; None if the exchange does not value it."""
        if asset == self.unit:
            return amount
        if asset not in self.prices:
            return None
        in_btc = EXACT.multiply(amount, self.prices[asset])
        return EXACT.multiply(in_btc, self.rate.price) if self.rate else in_btc

    def with_holdings(self, wallet: Wallet, holdings: Holdings) -> "Balances":
        """Return these with a new reading of one wallet. If it failed, the earlier contents stay, with the problem. A
        reading is ignored if a later one came first.
        """
        known = self.wallets[wallet]
        if known.read_ms is not None and holdings.read_ms is not None and holdings.read_ms < known.read_ms:
            return self
        if holdings.problem and known.read_ms is not None:
            holdings = replace(known, problem=holdings.problem, is_barred=holdings.is_barred)
        return replace(self, wallets={**self.wallets, wallet: holdings})

    def with_figure(self, account: Account, asset: str, figure: Figure) -> "Balances":
        """Return these with what the exchange says can be moved of one asset out of one account. An answer is ignored
        if that to a later question came first.
        """
        known = self.transferable.get((account, asset))
        if known and figure.read_ms < known.read_ms:
            return self
        return replace(self, transferable={**self.transferable, (account, asset): figure})


def ends(move: TransferType, from_pair: str | None, to_pair: str | None) -> tuple[Account, Account]:
    """Return the source and the destination of a move."""
    return (
        Account(move.source, from_pair if move.needs_from_pair else None),
        Account(move.destination, to_pair if move.needs_to_pair else None),
    )


def share(available: Decimal, percent: int) -> Decimal:
    """Return a part of what is available. 100 % is all of it, to the last digit that can be sent; others are rounded
    down.
    """
    unit = Decimal(1).scaleb(-MAX_DECIMALS)
    if percent < 100:
        part = EXACT.multiply(available, Decimal(percent) / 100).quantize(unit, ROUND_DOWN, EXACT).normalize(EXACT)
        return part.quantize(Decimal(1)) if part == part.to_integral_value() else part
    exponent = available.as_tuple().exponent
    is_sendable = isinstance(exponent, int) and -exponent <= MAX_DECIMALS
    return available if is_sendable else available.quantize(unit, ROUND_DOWN, EXACT)


def pair_mismatch(symbol: str, asset: str, pairs: Mapping[str, Pair], *, are_all: bool = True) -> str:
    """Return why an asset cannot be in a pair's isolated account; empty if it can, or if either is not entered yet.

    `are_all` says whether other pairs than `pairs` do not exist. Source: BINANCE.md, "Symbols".
    """
    pair = pairs.get(symbol)
    if symbol and pairs and not pair and are_all:
        return _("The exchange has no such isolated pair")
    if not symbol or not asset:
        return ""
    if pair:
        if pair.takes(asset):
            return ""
        return _("It takes {base} and {quote}, not {asset}").format(base=pair.base, quote=pair.quote, asset=asset)
    if symbol.startswith(asset) or symbol.endswith(asset):
        return ""
    return _("{pair} does not take {asset}").format(pair=symbol, asset=asset)
