"""What the wallets hold, from the exchange's calls: BINANCE.md, "Balances".

One call shows most wallets at a glance, with what is free. The wallets' own calls know more, and cost more
permissions. Each wallet is read by itself, so that none waits for, or hides, another.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Protocol, TypeVar

from tui.domain.amounts import exact_sum
from tui.domain.balances import Absent, Account, Figure, Holdings, Pair, Prices, Restriction
from tui.domain.evidence import Ambiguous, Flaw, Obstacle
from tui.domain.text import ServerText, name
from tui.domain.wallets import Wallet
from tui.exchange import calls
from tui.exchange.calls import Call
from tui.exchange.client import BinanceClient
from tui.exchange.clock import ticks_ms
from tui.exchange.errors import ClockRefused, ExchangeError, NotSent, OutcomeUnknown, Refused, contradictory_answer
from tui.exchange.payloads import (
    AssetBalance,
    CrossAccount,
    IsolatedAccount,
    IsolatedPair,
    OptionsAccount,
    WalletBalance,
)

PATIENCE_S = 10
"""How long one reading may take."""

_GLANCE_NAMES = {
    Wallet.SPOT: "Spot",
    Wallet.FUNDING: "Funding",
    Wallet.CROSS: "Cross Margin",
    Wallet.UM: "USDⓈ-M Futures",
    Wallet.CM: "COIN-M Futures",
    Wallet.OPTIONS: "Options",
}
"""Isolated Margin is in the glance without its pairs, and Portfolio Margin is not in it."""

_GLANCE_SUFFICES = {Wallet.SPOT, Wallet.FUNDING}
"""Their own calls say no more than the glance does."""

_FREE_IS_MOVABLE = {Wallet.SPOT, Wallet.FUNDING}

_NEVER_OPENED = {
    Wallet.CROSS: {-3003},  # "Margin account does not exist."
    Wallet.ISOLATED: {-3003, -11001},  # "Isolated margin account does not exist."
    Wallet.PORTFOLIO: {-21001},  # "Request ID is not a Portfolio Margin Account."
}
"""The codes by which the exchange documents that an account was never opened. Any other, however near its words, says
nothing about that: papi answers -2015 without Portfolio Margin, but also for a key that may not read it.
"""

_LISTS_ALL = {Wallet.CROSS, Wallet.UM, Wallet.CM, Wallet.OPTIONS, Wallet.PORTFOLIO}
"""Wallets whose own call has a row for every asset that they take, also at zero: an asset without a row is missing, not
at zero. Spot and Funding list what is held, and so does the glance.
"""

_TURNED_AWAY = -2015
"""The key, its address or its permissions are not good enough for the call."""

_Answer = TypeVar("_Answer")
_Glance = asyncio.Task[list[WalletBalance] | None]


class _Row(Protocol):
    """A row of a list of assets."""

    @property
    def asset(self) -> ServerText: ...


_RowT = TypeVar("_RowT", bound=_Row)


class Reader:
    """Reads wallets with one client.

    A call that the exchange refuses for its timestamp is made once more, after the exchange's time was measured. Once
    the exchange asks to wait (429, 418), no call is made until that time is over.
    """

    def __init__(self, client: BinanceClient, *, patience_s: float = PATIENCE_S) -> None:
        self.prices: Prices = {}
        """As the newest glance gave them."""
        self._client = client
        self._patience_s = patience_s
        self._syncing: asyncio.Task[None] | None = None
        self._asking: set[asyncio.Task[object]] = set()
        self._is_closed = False

    def close(self) -> None:
        """Stop: what is being read is cancelled, and nothing is read any more."""
        self._is_closed = True
        for task in (*self._asking, *([self._syncing] if self._syncing else [])):
            task.cancel()

    async def all_wallets(self) -> AsyncIterator[dict[Wallet, Holdings]]:
        """Every wallet as soon as it is read. The exchange's time is measured beside, if it is not known."""
        syncing = self._sync() if self._client.clock is None else None
        glance = asyncio.create_task(self._glance())
        async for read in self._each(Wallet, glance):
            yield read
        if syncing:
            await asyncio.wait([syncing])

    async def wallets(self, wallets: Iterable[Wallet]) -> AsyncIterator[dict[Wallet, Holdings]]:
        """Some wallets, by their own calls alone."""
        async for read in self._each(wallets, None):
            yield read

    async def transferable(self, account: Account, asset: str) -> Figure | None:
        """What can be moved of an asset out of margin. None for an account whose own list says that already, and where
        the exchange does not tell.
        """
        asked_ms = ticks_ms()
        try:
            match account.wallet:
                case Wallet.CROSS | Wallet.ISOLATED:
                    answer = await self._ask(calls.margin_transferable(asset, account.pair))
                case Wallet.PORTFOLIO:
                    answer = await self._ask(calls.portfolio_transferable(asset))
                case _:
                    return None
        except ExchangeError:
            return None
        if answer.amount < 0:
            return None
        return Figure(answer.amount, asked_ms, is_transferable=True)

    async def isolated_pairs(self) -> tuple[dict[str, Pair], bool]:
        """The isolated pairs of the exchange by symbol, and whether those are all.

        A row is left out if its names cannot be written, or contradict each other or another row.
        """
        try:
            rows = await self._ask(calls.ISOLATED_PAIRS)
        except ExchangeError:
            return {}, False
        named = [names and Pair(*names) for names in (_names(row.symbol, row.base, row.quote) for row in rows)]
        pairs = dict.fromkeys(pair for pair in named if pair and pair.symbol == pair.base + pair.quote)
        symbols = Counter(pair.symbol for pair in pairs)
        once = {pair.symbol: pair for pair in pairs if symbols[pair.symbol] == 1}
        return once, once.keys() >= {pair.symbol if pair else None for pair in named}

    async def _each(self, wallets: Iterable[Wallet], glance: _Glance | None) -> AsyncIterator[dict[Wallet, Holdings]]:
        readings = [asyncio.create_task(self._read(wallet, glance)) for wallet in wallets]
        tasks = [*readings, *([glance] if glance else [])]
        try:
            waiting = set(readings)
            while waiting:
                # What comes at once is given at once, so that it is drawn at once.
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                yield dict(reading.result() for reading in done)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, wallet: Wallet, glance: _Glance | None) -> tuple[Wallet, Holdings]:
        asked_ms = ticks_ms()
        holdings = await self._contents(wallet, glance if wallet in _GLANCE_NAMES else None)
        return wallet, holdings if holdings.problem else replace(holdings, read_ms=asked_ms)

    async def _contents(self, wallet: Wallet, glance: _Glance | None) -> Holdings:
        """One wallet from whatever source answers: where one fails, it is the other's turn."""
        if wallet in _GLANCE_SUFFICES and (holdings := await _at_a_glance(wallet, glance)):
            return holdings
        try:
            return await self._own(wallet)
        except ExchangeError as error:
            return await _at_a_glance(wallet, glance) or _unread(wallet, error)

    async def _own(self, wallet: Wallet) -> Holdings:
        """A wallet by its own call. Raises ExchangeError, also if the answer contradicts itself."""
        match wallet:
            case Wallet.SPOT:
                holdings = _holdings(await self._ask(calls.SPOT_ASSETS), _free)
            case Wallet.FUNDING:
                holdings = _holdings(await self._ask(calls.FUNDING_ASSETS), _free)
            case Wallet.CROSS:
                cross = await self._ask(calls.CROSS_ACCOUNT)
                holdings = replace(_holdings(cross.user_assets, _free), restrictions=_cross_restrictions(cross))
            case Wallet.ISOLATED:
                return _isolated(await self._ask(calls.ISOLATED_ACCOUNT))
            case Wallet.UM:
                holdings = _holdings(await self._ask(calls.UM_BALANCES), lambda row: row.max_withdraw_amount)
            case Wallet.CM:
                holdings = _holdings(await self._ask(calls.CM_BALANCES), lambda row: row.withdraw_available)
            case Wallet.OPTIONS:
                options = await self._ask(calls.OPTIONS_ACCOUNT)
                holdings = _holdings(options.asset, lambda row: row.available)
                holdings = replace(holdings, restrictions=_options_restrictions(options))
            case Wallet.PORTFOLIO:
                holdings = _holdings(await self._ask(calls.PORTFOLIO_BALANCES), lambda row: row.cross_margin_free)
        if wallet in _LISTS_ALL and holdings.absent is Absent.NONE:
            holdings = replace(holdings, absent=Absent.NOT_LISTED)
        return replace(holdings, is_transferable=wallet not in (Wallet.CROSS, Wallet.PORTFOLIO))

    async def _glance(self) -> list[WalletBalance] | None:
        """What every wallet is worth; None where the exchange does not tell. Of an error that a task ends with, each
        who awaits it would hold what holds the key.
        """
        try:
            rows = await self._ask(calls.WALLET_BALANCES)
        except ExchangeError:
            return None
        self.prices = {asset: price for row in rows for asset, price in _prices(row.asset_balances or []).items()}
        return rows

    async def _ask(self, call: Call[_Answer]) -> _Answer:
        if self._is_closed or self._client.wait_s:
            raise NotSent(Obstacle.PAUSED)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - this is a coroutine
        self._asking.add(task)
        try:
            async with asyncio.timeout(self._patience_s):
                try:
                    return await self._client.read(call)
                except ClockRefused:
                    if self._client.clock is None:
                        await asyncio.wait([self._sync()])
                return await self._client.read(call)
        except TimeoutError:
            pass
        finally:
            self._asking.discard(task)
        raise OutcomeUnknown(Ambiguous(Flaw.TOO_LATE, detail=f"{self._patience_s:g} s"))

    def _sync(self) -> asyncio.Task[None]:
        """The measurement of the exchange's time: one for all calls that want it."""
        if self._syncing is None or self._syncing.done():
            self._syncing = asyncio.create_task(self._measure())
        return self._syncing

    async def _measure(self) -> None:
        try:
            await self._client.sync_clock()
        except ExchangeError:
            return  # the calls that need it fail, and say why


async def _at_a_glance(wallet: Wallet, glance: _Glance | None) -> Holdings | None:
    """What the glance says of a wallet; None if it does not, or says two things."""
    if glance is None or (rows := await asyncio.shield(glance)) is None:
        return None
    glance_name = ServerText(_GLANCE_NAMES[wallet])
    of_wallet = [row for row in rows if row.wallet_name == glance_name]
    if not of_wallet or any(row != of_wallet[0] for row in of_wallet):
        return None
    row = of_wallet[0]
    if not row.activate:
        return Holdings(is_open=False) if _is_empty(row) else None
    if not row.asset_balances and (row.asset_balances is None or row.balance.amount != 0):
        return None  # an empty list counts as an empty wallet only if that is worth nothing
    try:
        return replace(_holdings(row.asset_balances, _free), is_transferable=wallet in _FREE_IS_MOVABLE)
    except ExchangeError:
        return None


def _is_empty(row: WalletBalance) -> bool:
    """Whether a row says that the wallet is worth nothing, and no figure of it says otherwise or cannot be read."""
    balances = row.asset_balances or []
    figures = [row.balance, *(figure for each in balances for figure in (each.locked, each.freeze, each.withdrawing))]
    return all(figure.amount == 0 for figure in figures) and not any(balance.free for balance in balances)


def _unread(wallet: Wallet, error: ExchangeError) -> Holdings:
    is_closed = isinstance(error, Refused) and error.code in _NEVER_OPENED.get(wallet, ())
    is_barred = isinstance(error, Refused) and error.code == _TURNED_AWAY
    return Holdings(is_open=False) if is_closed else Holdings(problem=str(error), is_barred=is_barred)


def _cross_restrictions(account: CrossAccount) -> frozenset[Restriction]:
    return _restrictions(
        {
            Restriction.NO_WAY_IN: account.transfer_in_enabled is False,
            Restriction.NO_WAY_OUT: account.transfer_out_enabled is False,
        }
    )


def _options_restrictions(account: OptionsAccount) -> frozenset[Restriction]:
    return _restrictions(
        {
            Restriction.NO_WAY_IN: account.can_deposit is False,
            Restriction.NO_WAY_OUT: account.can_withdraw is False,
            Restriction.REDUCE_ONLY: account.reduce_only is True,
        }
    )


def _restrictions(said: Mapping[Restriction, bool]) -> frozenset[Restriction]:
    return frozenset(restriction for restriction, is_said in said.items() if is_said)


def _free(balance: AssetBalance) -> Decimal:
    return balance.free


def _holdings(rows: Iterable[_RowT], amount: Callable[[_RowT], Decimal]) -> Holdings:
    """What a list of assets says. Raises ExchangeError if it says two things of one asset.

    A row without a name that can be written is left out, for it cannot be asked for; but then it may be the row of any
    asset that the list does not have. A negative amount is none that can be moved, and not zero either.
    """
    known: dict[str, _RowT] = {}
    absent = Absent.NONE
    for row in rows:
        asset = name(row.asset)
        if asset is None:
            absent = Absent.NOT_READ
        elif known.setdefault(asset, row) != row:
            raise contradictory_answer(f"{asset} is listed twice, with different figures")
    amounts = {asset: amount(row) for asset, row in known.items()}
    unread = frozenset(asset for asset, of_asset in amounts.items() if of_asset < 0)
    return Holdings({asset: of_asset for asset, of_asset in amounts.items() if of_asset >= 0}, unread, absent)


def _isolated(account: IsolatedAccount) -> Holdings:
    """The isolated accounts, by pair. One that is switched off and empty is none. One without a name that can be
    written is left out, but may be that of any pair.

    Raises ExchangeError if one is listed twice with different figures, or does not hold its two assets.
    """
    rows: dict[str, IsolatedPair] = {}
    absent = Absent.NONE
    for row in account.assets:
        symbol = name(row.symbol)
        if symbol is None:
            absent = Absent.NOT_READ
        elif rows.setdefault(symbol, row) != row:
            raise contradictory_answer(f"{symbol} is listed twice, with different figures")
    pairs = {}
    for symbol, row in rows.items():
        sides = _holdings([row.base_asset, row.quote_asset], _free)
        if sides.unread or sides.absent is not Absent.NONE or "".join(sides.assets) != symbol:
            raise contradictory_answer(f"the account of {symbol} does not hold its two assets")
        if row.enabled or any(sides.assets.values()):
            pairs[symbol] = sides.assets
    return Holdings(absent=absent, pairs=pairs)


def _prices(balances: list[AssetBalance]) -> Prices:
    """BTC for one of each asset, from what the exchange says that all of it is worth. An asset of which any figure is
    missing or negative, or that is listed twice, has no price.
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
