"""What a person's wallets hold, kept up to date: every reading gives a new `Balances`.

Each wallet is read separately: none waits for another, or hides it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Set
from typing import TypeVar, assert_never

from tui.clock import ticks_ms
from tui.domain.amounts import EXACT
from tui.domain.balances import USUAL_CURRENCY, Account, Balances, Figure, Holdings, Rate
from tui.domain.evidence import Ambiguous, Flaw
from tui.domain.openness import PairLimit
from tui.domain.risk import Risk
from tui.domain.wallets import Wallet
from tui.exchange.balances import futures_stock, isolated_pairs, price, prices, wallet_source
from tui.exchange.client import BinanceClient
from tui.exchange.errors import ExchangeError, OutcomeUnknown, Refused
from tui.exchange.payloads import (
    CM_ACCOUNT,
    ISOLATED_LIMIT,
    ISOLATED_PAIRS,
    UM_ACCOUNT,
    WALLET_BALANCES,
    ReadCall,
    WalletBalance,
    margin_transferable,
    portfolio_transferable,
    ticker_price,
)
from tui.exchange.risk import risk_source
from tui.journal import JournalError
from tui.structs import replace

_PATIENCE_S = 10
"""How long one call may take."""

_NO_SUCH_PAIR = -1121

_Answer = TypeVar("_Answer")
_Glance = asyncio.Task[list[WalletBalance]]


class BalanceReader:
    """Reads the balances at one host, and keeps them. A wallet that cannot be read says so in its `problem`; nothing
    here raises.
    """

    def __init__(
        self,
        client: BinanceClient,
        *,
        patience_s: float = _PATIENCE_S,
        open_elsewhere: Callable[[], Awaitable[frozenset[Wallet]]] | None = None,
    ) -> None:
        """`open_elsewhere` gives the wallets in open transfers of other Shunters, or raises JournalError."""
        self.balances = Balances()
        """The balances as they were last read."""
        self.currency = USUAL_CURRENCY
        """What the person wants assets valued in."""
        self._is_dear = False
        """Whether the exchange has the price of the currency in BTC, not that of a BTC in the currency."""
        self._client = client
        self._patience_s = patience_s
        self._open_elsewhere = open_elsewhere
        self._own_open: Set[Wallet] = frozenset()
        self._elsewhere: frozenset[Wallet] = frozenset()
        """The wallets in open transfers of other Shunters, as the journal last said."""

    @property
    def wait_s(self) -> int:
        """How long the exchange asks for a pause (429, 418); until then, nothing is read."""
        return self._client.wait_s

    async def read_all(self) -> AsyncIterator[Balances]:
        """Read every wallet, and the isolated pairs until they are known; give the balances as they come. The
        exchange's time is measured alongside, if it is not known.
        """
        if self.wait_s:
            return
        await self._check_elsewhere()
        clock = asyncio.create_task(self._client.known_clock())  # calls that need it fail, and say why
        glance = asyncio.create_task(self._glance())
        rate = asyncio.create_task(self.read_rate())
        pairs = None if self.balances.pairs else asyncio.create_task(self._read_pairs())
        try:
            async for balances in self._read_each(Wallet, glance):
                yield balances
            await asyncio.wait([clock])
            if pairs:
                await pairs
                yield self.balances
            if await rate | await self._check_elsewhere():
                yield self.balances
        finally:
            await _stop([clock, glance, rate, *([pairs] if pairs else [])])

    async def read_wallets(self, wallets: Iterable[Wallet]) -> AsyncIterator[Balances]:
        """Read some wallets, by their own calls alone; give the balances as they come."""
        if self.wait_s:
            return
        await self._check_elsewhere()
        async for balances in self._read_each(wallets, None):
            yield balances
        if await self._check_elsewhere():
            yield self.balances

    async def read_transferable(self, account: Account, asset: str) -> Balances:
        """Ask what can be moved of one asset out of one margin account, or what its margin is in a futures wallet, and
        give the balances with the answer.

        Other accounts' own lists say that already.
        """
        asked_ms = ticks_ms()
        match account.wallet:
            case Wallet.CROSS | Wallet.ISOLATED:
                call = margin_transferable(asset, account.pair)
            case Wallet.PORTFOLIO:
                call = portfolio_transferable(asset)
            case Wallet.UM | Wallet.CM:
                return await self._read_stock(account, asset)
            case Wallet.SPOT | Wallet.FUNDING | Wallet.OPTIONS:
                return self.balances
            case _:
                assert_never(account.wallet)
        try:
            answer = await self._ask(call)
        except ExchangeError:
            return self.balances
        if answer.amount >= 0:
            figure = Figure(answer.amount, asked_ms, is_transferable=True)
            self.balances = self.balances.with_figure(account, asset, figure)
        return self.balances

    async def _read_stock(self, account: Account, asset: str) -> Balances:
        """Ask why less of an asset can be moved out of a futures wallet than is there."""
        asked_ms = ticks_ms()
        with contextlib.suppress(ExchangeError):
            answer = await self._ask(UM_ACCOUNT if account.wallet is Wallet.UM else CM_ACCOUNT)
            if stock := futures_stock(answer, asset):
                self.balances = self.balances.with_stock(account, asset, stock, asked_ms)
        return self.balances

    async def read_pair_limit(self) -> PairLimit | None:
        """Ask how many isolated pairs are enabled, and how many can be; None if the exchange does not say."""
        asked_ms = ticks_ms()
        try:
            limit = await self._ask(ISOLATED_LIMIT)
        except ExchangeError:
            return None
        return PairLimit(limit.enabled_account, limit.max_account, asked_ms)

    async def read_risk(self, account: Account, asset: str) -> Risk:
        """Ask what the exchange says of the risk of an account that an asset is to leave. It changes no balance."""
        asked_ms, source = ticks_ms(), risk_source(account, asset)
        if source is None:
            return Risk(asked_ms)
        try:
            return Risk(asked_ms, source.figures(await self._ask(source.call)))
        except ExchangeError:
            return Risk(asked_ms)

    async def freshen(self, ends: tuple[Account, Account], asset: str) -> Balances:
        """Read again, of a source and a destination, what is older than a minute or in doubt; give the balances."""
        await self._check_elsewhere()
        now_ms = ticks_ms()
        stale = {end.wallet for end in ends if not self.balances.is_fresh(end.wallet, now_ms)}
        if stale:
            async for _ in self.read_wallets(stale):
                pass
        figure = self.balances.figure(ends[0], asset)
        if figure is None or not figure.is_transferable or not figure.is_fresh(ticks_ms()):
            await self.read_transferable(ends[0], asset)
        return self.balances

    def doubt(self, changed: Iterable[Wallet], still_open: Set[Wallet]) -> None:
        """Doubt wallets that a transfer of this Shunter has changed or may have changed: earlier readings do not count;
        nor do later ones, while a transfer of a wallet is open.
        """
        self._own_open = still_open
        self.balances = self.balances.doubted(changed, still_open | self._elsewhere, ticks_ms())

    async def _check_elsewhere(self) -> bool:
        """Doubt the wallets that other Shunters are moving funds out of or into. Return whether those have changed.

        After such a transfer has ended, what was read until now does not count: the next reading does. If the journal
        cannot be read, no doubt is added or taken back.
        """
        try:
            elsewhere = await self._open_elsewhere() if self._open_elsewhere else frozenset[Wallet]()
        except JournalError:
            return False
        changed = elsewhere ^ self._elsewhere
        self._elsewhere = elsewhere
        if changed:
            self.doubt(changed, self._own_open)
        return bool(changed)

    async def _read_each(self, wallets: Iterable[Wallet], glance: _Glance | None) -> AsyncIterator[Balances]:
        readings = [asyncio.create_task(self._read(wallet, glance)) for wallet in wallets]
        try:
            waiting = set(readings)
            while waiting:
                # Wallets that come together are yielded together, and drawn once.
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for wallet, holdings in (reading.result() for reading in done):
                    self.balances = self.balances.with_holdings(wallet, holdings)
                yield self.balances
        finally:
            await _stop(readings)

    async def _read(self, wallet: Wallet, glance: _Glance | None) -> tuple[Wallet, Holdings]:
        """Return one wallet from whatever source answers."""
        asked_ms = ticks_ms()
        source = wallet_source(wallet)

        async def at_a_glance() -> Holdings | None:
            return source.at_a_glance(await asyncio.shield(glance)) if glance and source.glance_name else None

        holdings = await at_a_glance() if source.is_glance_enough else None
        if holdings is None:
            try:
                holdings = source.holdings(await self._ask(source.call))
            except ExchangeError as error:
                holdings = await at_a_glance() or source.unread(error)
        return wallet, holdings if holdings.problem else replace(holdings, read_ms=asked_ms)

    async def _glance(self) -> list[WalletBalance]:
        """Return what the glance says of the wallets; nothing if it could not be had."""
        asked_ms = ticks_ms()
        try:
            rows = await self._ask(WALLET_BALANCES)
        except ExchangeError:
            return []
        self.balances = replace(self.balances, prices=prices(rows), priced_ms=asked_ms)
        return rows

    async def freshen_worth(self, asset: str, since_ms: float) -> None:
        """Ask again for the prices that the worth of an asset rests on, if they were read before a moment."""
        if not self.balances.is_valued(asset, since_ms):
            await asyncio.gather(self._glance(), self.read_rate())

    async def read_rate(self) -> bool:
        """Ask what a BTC costs in `currency`; whether the worth has changed. Without an answer, the last price stays,
        with its time; that in another currency does not.
        """
        currency, before = self.currency, self.balances.rate
        known = None if currency == "BTC" else await self._rate(currency)
        if currency != self.currency:  # chosen meanwhile
            return False
        if known is None and before and before.currency == currency:
            return False
        self.balances = replace(self.balances, rate=known)
        return known != before

    async def _rate(self, currency: str) -> Rate | None:
        """Return what a BTC costs. Some currencies have a price in BTC instead: ask for that if there is no other."""
        asked_ms = ticks_ms()
        for is_dear in (self._is_dear, not self._is_dear):
            symbol = f"{currency}BTC" if is_dear else f"BTC{currency}"
            try:
                known = price(await self._ask(ticker_price(symbol)), symbol)
            except ExchangeError as error:
                if isinstance(error, Refused) and error.code == _NO_SUCH_PAIR:
                    continue
                return None
            self._is_dear = is_dear
            if known is None:
                return None
            return Rate(EXACT.divide(1, known) if is_dear else known, asked_ms, currency)
        return None

    async def _read_pairs(self) -> None:
        try:
            known, are_all = isolated_pairs(await self._ask(ISOLATED_PAIRS))
        except ExchangeError:
            known, are_all = {}, False
        self.balances = replace(self.balances, pairs=known, has_all_pairs=are_all)

    async def _ask(self, call: ReadCall[_Answer]) -> _Answer:
        try:
            async with asyncio.timeout(self._patience_s):
                return await self._client.read(call)
        except TimeoutError:
            pass
        raise OutcomeUnknown(Ambiguous(Flaw.TOO_LATE, detail=f"{self._patience_s:g} s"))


async def _stop(tasks: Iterable[asyncio.Task[object]]) -> None:
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
