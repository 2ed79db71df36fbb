"""What a person's wallets hold, kept up to date: every reading gives a new `Balances`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Set
from dataclasses import replace

from tui.domain.balances import Account, Balances, Holdings
from tui.domain.wallets import Wallet
from tui.exchange.balances import PATIENCE_S, Reader
from tui.exchange.client import BinanceClient
from tui.exchange.clock import ticks_ms
from tui.journal import JournalError


async def _nowhere() -> frozenset[Wallet]:
    return frozenset()


class BalanceReadings:
    """The balances at one host. A wallet that cannot be read says so in its `problem`; nothing here raises."""

    def __init__(
        self,
        client: BinanceClient,
        *,
        patience_s: float = PATIENCE_S,
        open_elsewhere: Callable[[], Awaitable[frozenset[Wallet]]] = _nowhere,
    ) -> None:
        """Takes what gives the wallets in open transfers of other Shunters, or raises JournalError."""
        self.balances = Balances()
        """As they were read last."""
        self._client = client
        self._reader = Reader(client, patience_s=patience_s)
        self._open_elsewhere = open_elsewhere
        self._own_open: Set[Wallet] = frozenset()
        self._elsewhere: frozenset[Wallet] = frozenset()
        """Wallets in open transfers of other Shunters, as the journal said last."""

    @property
    def wait_s(self) -> int:
        """For how long the exchange asks to be left alone (429, 418); until then nothing is read. Mostly 0."""
        return self._client.wait_s

    def close(self) -> None:
        """Stop every reading."""
        self._reader.close()

    async def read_all(self) -> AsyncIterator[Balances]:
        """Read every wallet, and the isolated pairs until they are known; give the balances as they come."""
        if self.wait_s:
            return
        await self._look_elsewhere()
        pairs = None if self.balances.pairs else asyncio.create_task(self._reader.isolated_pairs())
        try:
            async for read in self._reader.all_wallets():
                yield self._take(read)
            if pairs:
                known, are_all = await pairs
                self.balances = replace(self.balances, pairs=known, has_all_pairs=are_all)
                yield self.balances
            if await self._look_elsewhere():
                yield self.balances
        finally:
            if pairs:
                pairs.cancel()

    async def read_wallets(self, wallets: Iterable[Wallet]) -> AsyncIterator[Balances]:
        """Read some wallets; give the balances as they come."""
        if self.wait_s:
            return
        await self._look_elsewhere()
        async for read in self._reader.wallets(wallets):
            yield self._take(read)
        if await self._look_elsewhere():
            yield self.balances

    async def read_transferable(self, account: Account, asset: str) -> Balances:
        """Ask what can be moved of one asset out of one account, and give the balances with the answer."""
        if figure := await self._reader.transferable(account, asset):
            self.balances = self.balances.with_figure(account, asset, figure)
        return self.balances

    async def freshen(self, ends: tuple[Account, Account], asset: str) -> Balances:
        """Read again, of a source and a destination, what is older than a minute or in doubt; give the balances."""
        await self._look_elsewhere()
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
        """A transfer of this Shunter has changed wallets, or may have: what was read before does not count, nor, while
        one is open, what is read until it is settled.
        """
        self._own_open = still_open
        self.balances = self.balances.doubted(changed, still_open | self._elsewhere, ticks_ms())

    async def _look_elsewhere(self) -> bool:
        """Doubt the wallets that other Shunters are moving funds out of or into; whether those are others than before.

        Where such a transfer has ended, what was read until now does not count: the next reading does. If the journal
        cannot be read, nothing is known anew, and no doubt is taken back.
        """
        try:
            elsewhere = await self._open_elsewhere()
        except JournalError:
            return False
        changed = elsewhere ^ self._elsewhere
        self._elsewhere = elsewhere
        if changed:
            self.doubt(changed, self._own_open)
        return bool(changed)

    def _take(self, read: dict[Wallet, Holdings]) -> Balances:
        for wallet, holdings in read.items():
            self.balances = self.balances.with_holdings(wallet, holdings)
        if self.balances.prices is not self._reader.prices:
            self.balances = replace(self.balances, prices=self._reader.prices)
        return self.balances
