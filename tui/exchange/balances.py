"""What the wallets hold, as the exchange's answers say: BINANCE.md, "Balances".

One call shows most wallets at a glance, with what is free. The wallets' own calls know more, and cost more
permissions. `desk.balances` makes the calls; here is what each answer means.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Generic, TypeVar, assert_never

from tui.domain.amounts import exact_sum
from tui.domain.balances import Absent, Holdings, Pair, Prices, Restriction
from tui.domain.reasons import Stock, Tie
from tui.domain.text import ServerText, name
from tui.domain.wallets import Wallet
from tui.exchange.errors import ExchangeError, Refused, contradictory_answer
from tui.exchange.payloads import (
    CM_BALANCES,
    CROSS_ACCOUNT,
    FUNDING_ASSETS,
    ISOLATED_ACCOUNT,
    OPTIONS_ACCOUNT,
    PORTFOLIO_BALANCES,
    SPOT_ASSETS,
    UM_BALANCES,
    AssetBalance,
    AssetRow,
    CmBalance,
    CrossAccount,
    Estimate,
    FuturesAccount,
    FuturesAsset,
    IsolatedAccount,
    IsolatedPairRow,
    OptionsAccount,
    OptionsBalance,
    PortfolioBalance,
    ReadCall,
    TickerPrice,
    UmBalance,
    WalletBalance,
)
from tui.language import _
from tui.structs import Struct, replace

_TURNED_AWAY = -2015
"""The key, its address or its permissions are not good enough for the call."""

_Answer = TypeVar("_Answer")


class WalletSource(Struct, Generic[_Answer]):
    """Where one wallet is read, and what the answer means."""

    call: ReadCall[_Answer]
    """The wallet's own call."""
    holdings: Callable[[_Answer], Holdings]
    """What an answer to that says. Raises ExchangeError if it contradicts itself."""
    glance_name: str | None = None
    """The wallet's name in the glance. Isolated Margin is in it without its pairs, and Portfolio Margin is not."""
    is_glance_enough: bool = False
    """Whether the wallet's own call says no more than the glance does."""
    never_opened: Collection[int] = ()
    """The codes by which the exchange documents that the account was never opened. Any other, however near its words,
    says nothing about that: papi answers -2015 without Portfolio Margin, but also for a key that may not read it.
    """

    def at_a_glance(self, rows: Sequence[WalletBalance]) -> Holdings | None:
        """Return what the glance says of the wallet; None if it says nothing, or two things."""
        named = [row for row in rows if self.glance_name and row.wallet_name == ServerText(self.glance_name)]
        if not named or any(row != named[0] for row in named):
            return None
        row = named[0]
        if not row.activate:
            return Holdings(is_open=False) if _is_empty(row) else None
        if not row.asset_balances and (row.asset_balances is None or row.balance.amount != 0):
            return None  # an empty list counts as an empty wallet only if that is worth nothing
        try:
            stock = _kept if self.is_glance_enough else None
            return _holdings(row.asset_balances, _free, stock, is_transferable=self.is_glance_enough)
        except ExchangeError:
            return None

    def unread(self, error: ExchangeError) -> Holdings:
        """Return what it means that the wallet could not be read."""
        code = error.code if isinstance(error, Refused) else None
        if code in self.never_opened:
            return Holdings(is_open=False)
        return Holdings(problem=str(error), is_barred=code == _TURNED_AWAY)


def wallet_source(wallet: Wallet) -> WalletSource[Any]:
    """Return where a wallet is read.

    Spot and Funding list what is held, and so does the glance. The others list every asset that they take, also at
    zero: an asset without a row is missing, not at zero.
    """
    match wallet:
        case Wallet.SPOT:
            return WalletSource(SPOT_ASSETS, _all_free, "Spot", is_glance_enough=True)
        case Wallet.FUNDING:
            return WalletSource(FUNDING_ASSETS, _all_free, "Funding", is_glance_enough=True)
        case Wallet.CROSS:
            # "Margin account does not exist."
            return WalletSource(CROSS_ACCOUNT, _cross, "Cross Margin", never_opened={-3003})
        case Wallet.ISOLATED:
            # "Isolated margin account does not exist."
            return WalletSource(ISOLATED_ACCOUNT, _isolated, never_opened={-3003, -11001})
        case Wallet.UM:
            return WalletSource(
                UM_BALANCES,
                lambda rows: _listed(rows, lambda row: row.max_withdraw_amount, _unexplained),
                "USDⓈ-M Futures",
            )
        case Wallet.CM:
            return WalletSource(
                CM_BALANCES,
                lambda rows: _listed(rows, lambda row: row.withdraw_available, _unexplained),
                "COIN-M Futures",
            )
        case Wallet.OPTIONS:
            return WalletSource(OPTIONS_ACCOUNT, _options, "Options")
        case Wallet.PORTFOLIO:
            # "Request ID is not a Portfolio Margin Account."
            return WalletSource(
                PORTFOLIO_BALANCES,
                lambda rows: _listed(rows, lambda row: row.cross_margin_free, _unified, is_transferable=False),
                never_opened={-21001},
            )
        case _:
            assert_never(wallet)


def isolated_pairs(rows: Iterable[IsolatedPairRow]) -> tuple[dict[str, Pair], bool]:
    """Return the isolated pairs of the exchange by symbol, and whether those are all.

    A row is left out if its names cannot be written, or contradict each other or another row.
    """
    named = [names and Pair(*names) for names in (_names(row.symbol, row.base, row.quote) for row in rows)]
    pairs = dict.fromkeys(pair for pair in named if pair and pair.symbol == pair.base + pair.quote)
    symbols = Counter(pair.symbol for pair in pairs)
    once = {pair.symbol: pair for pair in pairs if symbols[pair.symbol] == 1}
    return once, once.keys() >= {pair.symbol if pair else None for pair in named}


def futures_stock(account: FuturesAccount, asset: str) -> Stock | None:
    """Return all of an asset in a futures wallet, and what may keep it there; None if the account does not say it."""
    row = futures_asset(account, asset)
    if row is None:
        return None
    return _whole(row.wallet_balance, {Tie.MARGIN: row.initial_margin, Tie.UNREALISED: row.unrealized_profit})


def futures_asset(account: FuturesAccount, asset: str) -> FuturesAsset | None:
    """Return the one row of an asset in a futures account; None if there is none, or if there are two."""
    rows = [row for row in account.assets if row.asset == ServerText(asset)]
    return rows[0] if len(rows) == 1 else None


def prices(rows: Iterable[WalletBalance]) -> Prices:
    """Return the BTC for one of each asset, as the glance gives them."""
    return {asset: price for row in rows for asset, price in _prices(row.asset_balances or []).items()}


def price(answer: TickerPrice, symbol: str) -> Decimal | None:
    """Return a price; None if the answer is about another pair, or says that something costs nothing."""
    return answer.price if answer.symbol == ServerText(symbol) and answer.price > 0 else None


_RowT = TypeVar("_RowT", bound=AssetRow)


def _is_empty(row: WalletBalance) -> bool:
    """Whether a row says that the wallet is worth nothing, and no figure of it says otherwise or cannot be read."""
    balances = row.asset_balances or []
    figures = [row.balance, *(figure for each in balances for figure in (each.locked, each.freeze, each.withdrawing))]
    return all(figure.amount == 0 for figure in figures) and not any(balance.free for balance in balances)


def _cross(account: CrossAccount) -> Holdings:
    return _listed(
        account.user_assets,
        _free,
        _lent,
        is_transferable=False,
        restrictions={
            Restriction.TRANSFERS_IN: account.transfer_in_enabled is False,
            Restriction.TRANSFERS_OUT: account.transfer_out_enabled is False,
        },
    )


def _options(account: OptionsAccount) -> Holdings:
    return _listed(
        account.asset,
        lambda row: row.available,
        _margined,
        restrictions={
            Restriction.TRANSFERS_IN: account.can_deposit is False,
            Restriction.TRANSFERS_OUT: account.can_withdraw is False,
            Restriction.REDUCE_ONLY: account.reduce_only is True,
        },
    )


def _all_free(rows: Iterable[AssetBalance]) -> Holdings:
    return _holdings(rows, _free, _kept, is_transferable=True)


def _free(balance: AssetBalance) -> Decimal:
    return balance.free


def _kept(row: AssetBalance) -> Stock | None:
    """Return all of an asset in Spot or Funding, and what keeps a part of it there."""
    ties = {Tie.LOCKED: row.locked, Tie.FROZEN: row.freeze, Tie.WITHDRAWING: row.withdrawing}
    return _sum(row.free, ties, ties)


def _lent(row: AssetBalance) -> Stock | None:
    """Return all of an asset in a margin account, and what may keep it there. Debts are no part of it."""
    owed = {Tie.BORROWED: row.borrowed, Tie.INTEREST: row.interest}
    return _sum(row.free, {Tie.LOCKED: row.locked}, {Tie.LOCKED: row.locked, **owed})


def _unified(row: PortfolioBalance) -> Stock | None:
    """Return all of an asset in the margin part of Portfolio Margin, and what may keep it there."""
    locked = {Tie.LOCKED: row.cross_margin_locked}
    owed = {Tie.BORROWED: row.cross_margin_borrowed, Tie.INTEREST: row.cross_margin_interest}
    return _sum(row.cross_margin_free, locked, {**locked, **owed})


def _margined(row: OptionsBalance) -> Stock | None:
    """Return all of an asset in Options, and what may keep it there."""
    return _whole(row.margin_balance, {Tie.MARGIN: row.initial_margin, Tie.UNREALISED: row.unrealized_pnl})


def _unexplained(row: UmBalance | CmBalance) -> Stock | None:
    """Return all of an asset in a futures wallet, whose list has no reasons."""
    stock = _whole(row.balance, {})
    return stock and replace(stock, is_whole=False)


def _sum(free: Decimal, parts: Mapping[Tie, Estimate], ties: Mapping[Tie, Estimate]) -> Stock | None:
    """Return what is free and the parts that are not as one stock; None if any figure cannot be read."""
    known = [each.amount for each in parts.values() if each.amount is not None and each.amount >= 0]
    whole = exact_sum([free, *known]) if len(known) == len(parts) else None
    return _whole(Estimate(whole), ties)


def _whole(total: Estimate, ties: Mapping[Tie, Estimate]) -> Stock | None:
    """Return a stock; None if any figure cannot be read, or is one that cannot be: then it gives no reason."""
    known = {tie: each.amount for tie, each in ties.items() if each.amount is not None}
    is_odd = any(amount < 0 for tie, amount in known.items() if tie is not Tie.UNREALISED)
    if total.amount is None or total.amount < 0 or is_odd or len(known) < len(ties):
        return None
    return Stock(total.amount, known)


def _listed(
    rows: Iterable[_RowT],
    amount: Callable[[_RowT], Decimal],
    stock: Callable[[_RowT], Stock | None],
    *,
    is_transferable: bool = True,
    restrictions: Mapping[Restriction, bool] | None = None,
) -> Holdings:
    """Return what a list says that has a row for every asset. Raises ExchangeError as `_holdings` does."""
    holdings = _holdings(rows, amount, stock, is_transferable=is_transferable)
    return replace(
        holdings,
        absent=Absent.NOT_LISTED if holdings.absent is Absent.NONE else holdings.absent,
        restrictions=frozenset(bar for bar, is_set in (restrictions or {}).items() if is_set),
    )


def _holdings(
    rows: Iterable[_RowT],
    amount: Callable[[_RowT], Decimal],
    stock: Callable[[_RowT], Stock | None] | None,
    *,
    is_transferable: bool = False,
) -> Holdings:
    """Return what a list of assets says. Raises ExchangeError if it says two things of one asset.

    A row without a name that can be written is left out, for it cannot be asked for; but then it may be the row of any
    asset that the list does not have. A negative amount is none that can be moved, and not zero either.
    """
    known, absent = _by_name((row.asset, row) for row in rows)
    amounts = {asset: amount(row) for asset, row in known.items()}
    unread = frozenset(asset for asset, of_asset in amounts.items() if of_asset < 0)
    readable = {asset: of_asset for asset, of_asset in amounts.items() if of_asset >= 0}
    stocks: dict[tuple[str | None, str], Stock] = {}
    for asset, row in known.items():
        if stock and (whole := stock(row)):
            stocks[None, asset] = whole
    return Holdings(readable, unread, absent, is_transferable=is_transferable, stocks=stocks)


def _by_name(rows: Iterable[tuple[ServerText, _Answer]]) -> tuple[dict[str, _Answer], Absent]:
    """Return rows by their names, and what the absence of a name means: a row whose name cannot be written may be any.

    Raises ExchangeError if two different rows have one name.
    """
    known: dict[str, _Answer] = {}
    absent = Absent.NONE
    for written, row in rows:
        key = name(written)
        if key is None:
            absent = Absent.NOT_READ
        elif known.setdefault(key, row) != row:
            raise contradictory_answer(_("{name} is listed twice, with different figures").format(name=key))
    return known, absent


def _isolated(account: IsolatedAccount) -> Holdings:
    """Return the isolated accounts, by pair. An account that is disabled and empty is left out. So is one whose name
    cannot be written; it may belong to any pair.

    Raises ExchangeError if one is listed twice with different figures, or does not hold its two assets.
    """
    rows, absent = _by_name((row.symbol, row) for row in account.assets)
    pairs = {}
    stocks: dict[tuple[str | None, str], Stock] = {}
    for symbol, row in rows.items():
        sides = _holdings([row.base_asset, row.quote_asset], _free, _lent)
        if sides.unread or sides.absent is not Absent.NONE or "".join(sides.assets) != symbol:
            problem = _("the account of {pair} does not hold its two assets")
            raise contradictory_answer(problem.format(pair=symbol))
        if row.enabled or any(sides.assets.values()):
            pairs[symbol] = sides.assets
            stocks.update({(symbol, asset): stock for (_, asset), stock in sides.stocks.items()})
    disabled = frozenset(symbol for symbol, row in rows.items() if not row.enabled)
    return Holdings(absent=absent, pairs=pairs, stocks=stocks, disabled=disabled)


def _prices(balances: list[AssetBalance]) -> Prices:
    """Return the BTC for one of each asset, calculated from what the exchange says all of it is worth.

    An asset has no price if any of its figures is missing or negative, or if it is listed twice.
    """
    prices: dict[str, Decimal] = {}
    names = Counter(balance.asset for balance in balances)
    for balance in balances:
        parts = [balance.free, *(figure.amount for figure in (balance.locked, balance.freeze, balance.withdrawing))]
        amounts, worth = [part for part in parts if part is not None and part >= 0], balance.btc_valuation.amount
        is_whole = len(amounts) == len(parts) and names[balance.asset] == 1
        if is_whole and worth and worth > 0 and (total := exact_sum(amounts)) and (asset := name(balance.asset)):
            prices[asset] = worth / total
    return prices


def _names(*texts: ServerText) -> tuple[str, ...] | None:
    names = tuple(filter(None, map(name, texts)))
    return names if len(names) == len(texts) else None
