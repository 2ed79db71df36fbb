"""What the wallets hold, from the exchange's calls: BINANCE.md, "Balances".

One call shows most wallets at a glance, with what is free. The wallets' own calls know more, and cost more
permissions. Each wallet is read by itself, so that none waits for, or hides, another.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from tui.domain.balances import Account, Assets, Figure, Holdings, Pair, Prices
from tui.domain.evidence import Ambiguous, Flaw, Obstacle
from tui.domain.text import ServerText, name
from tui.domain.wallets import Wallet
from tui.exchange import calls
from tui.exchange.calls import Call
from tui.exchange.client import BinanceClient
from tui.exchange.clock import ticks_ms
from tui.exchange.errors import ClockRefused, ExchangeError, NotSent, OutcomeUnknown
from tui.exchange.payloads import AssetBalance, WalletBalance

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

_GLANCE_SUFFICES = {Wallet.SPOT, Wallet.FUNDING, Wallet.CROSS}
"""Their own calls say no more than the glance does."""

_FREE_IS_MOVABLE = {Wallet.SPOT, Wallet.FUNDING}

_NOT_ABOUT_THE_WALLET = {*range(-1130, -999), -2008, -2014, -2015}
"""Codes about the exchange's health, the request or the key. Any other means that there is no such wallet to show."""

_Answer = TypeVar("_Answer")
_Glance = asyncio.Task[list[WalletBalance] | None]


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
        return Figure(answer.amount, asked_ms, is_transferable=True)

    async def isolated_pairs(self) -> dict[str, Pair]:
        """Every isolated pair of the exchange, by symbol; empty where the exchange does not tell."""
        try:
            rows = await self._ask(calls.ISOLATED_PAIRS)
        except ExchangeError:
            return {}
        pairs = (Pair(*names) for row in rows if (names := _names(row.symbol, row.base, row.quote)))
        return {pair.symbol: pair for pair in pairs}

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
            return await _at_a_glance(wallet, glance) or _unread(error)

    async def _own(self, wallet: Wallet) -> Holdings:
        match wallet:
            case Wallet.SPOT:
                assets = _free(await self._ask(calls.SPOT_ASSETS))
            case Wallet.FUNDING:
                assets = _free(await self._ask(calls.FUNDING_ASSETS))
            case Wallet.CROSS:
                assets = _free((await self._ask(calls.CROSS_ACCOUNT)).user_assets)
            case Wallet.ISOLATED:
                account = await self._ask(calls.ISOLATED_ACCOUNT)
                accounts = [row for row in account.assets if row.enabled]
                pairs = {
                    pair: _free([row.base_asset, row.quote_asset]) for row in accounts if (pair := name(row.symbol))
                }
                return Holdings(pairs=pairs, is_open=bool(accounts))
            case Wallet.UM:
                assets = _held((row.asset, row.max_withdraw_amount) for row in await self._ask(calls.UM_BALANCES))
            case Wallet.CM:
                assets = _held((row.asset, row.withdraw_available) for row in await self._ask(calls.CM_BALANCES))
            case Wallet.OPTIONS:
                account_rows = (await self._ask(calls.OPTIONS_ACCOUNT)).asset
                assets = _held((row.asset, row.available) for row in account_rows)
            case Wallet.PORTFOLIO:
                rows = await self._ask(calls.PORTFOLIO_BALANCES)
                assets = _held((row.asset, row.cross_margin_free) for row in rows)
        is_transferable = wallet not in (Wallet.CROSS, Wallet.PORTFOLIO)
        return Holdings(assets, is_transferable=is_transferable)

    async def _glance(self) -> list[WalletBalance] | None:
        """What every wallet is worth; None where the exchange does not tell. Of an error that a task ends with, each
        who awaits it would hold what holds the key.
        """
        try:
            rows = await self._ask(calls.WALLET_BALANCES)
        except ExchangeError:
            return None
        self.prices = _prices(balance for row in rows for balance in row.asset_balances or ())
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
    """What the glance says of a wallet; None where there is no glance, or it failed."""
    if glance is None or (rows := await asyncio.shield(glance)) is None:
        return None
    glance_name = ServerText(_GLANCE_NAMES[wallet])
    row = next((row for row in rows if row.wallet_name == glance_name), None)
    return Holdings(
        _free(row.asset_balances or []) if row else {},
        is_open=row is not None and row.activate,
        is_transferable=wallet in _FREE_IS_MOVABLE,
    )


def _unread(error: ExchangeError) -> Holdings:
    is_about_wallet = error.code is not None and error.code not in _NOT_ABOUT_THE_WALLET
    return Holdings(is_open=False) if is_about_wallet else Holdings(problem=str(error))


def _free(balances: Iterable[AssetBalance]) -> Assets:
    return _held((balance.asset, balance.free) for balance in balances)


def _held(amounts: Iterable[tuple[ServerText, Decimal]]) -> Assets:
    """What there is, by name. What has no name that can be written is left out: it cannot be asked for either."""
    return {asset: amount for text, amount in amounts if amount > 0 and (asset := name(text))}


def _prices(balances: Iterable[AssetBalance]) -> Prices:
    """BTC for one of each asset, from what the exchange says that all of it is worth."""
    prices = {}
    for balance in balances:
        total = balance.free + balance.locked + balance.freeze + balance.withdrawing
        if total > 0 and balance.btc_valuation > 0 and (asset := name(balance.asset)):
            prices[asset] = balance.btc_valuation / total
    return prices


def _names(*texts: ServerText) -> tuple[str, ...] | None:
    names = tuple(filter(None, map(name, texts)))
    return names if len(names) == len(texts) else None
