"""Reads wallets for a screen: at its start, after a transfer, when asked, and when the exchange has asked to wait."""

import asyncio
from dataclasses import dataclass

from textual import work
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget

from tui.desk.balances import BalanceReadings
from tui.domain.balances import FRESH_MS, Account, Balances
from tui.domain.transfer import Transfer

_SETTLED_S = 0.15
"""Who types or walks through a list is not asked after at every step."""


class BalanceReader(Widget):
    """Shows nothing itself: what it reads comes as messages, which are dropped once the screen is gone."""

    @dataclass
    class Read(Message):
        """A wallet was read, or what was read has grown old."""

        balances: Balances

    class TransferableRead(Read):
        """The exchange was asked what can be moved."""

    @dataclass
    class Waiting(Message):
        """A reading began or ended, or the exchange asks to wait."""

        words: str
        """What is waited for now; empty where nothing is."""

    def __init__(self, readings: BalanceReadings) -> None:
        super().__init__()
        self.display = False
        self._readings = readings
        self._next: Timer | None = None
        """What is to come after the newest reading."""

    @work(exclusive=True, group="all")
    async def read_all(self) -> None:
        """Read all wallets, saying so while it lasts."""
        self.post_message(self.Waiting("reading wallets..."))
        async for balances in self._readings.read_all():
            self.post_message(self.Read(balances))
        self._end()

    @work(group="touched")
    async def read_touched(self, transfer: Transfer) -> None:
        """Read the two wallets of a transfer."""
        move = transfer.request.type
        async for balances in self._readings.read_wallets({move.source, move.destination}):
            self.post_message(self.Read(balances))
        self._end()

    @work(exclusive=True, group="transferable")
    async def read_transferable(self, account: Account, asset: str) -> None:
        """Ask what can be moved of an asset out of an account, once the person has settled on it."""
        await asyncio.sleep(_SETTLED_S)
        self.post_message(self.TransferableRead(await self._readings.read_transferable(account, asset)))

    def _end(self) -> None:
        """Say what could not be read and why; and see to it that what was read is shown to grow old, or is read as soon
        as the exchange can be asked again.
        """
        if self._next:
            self._next.stop()
        if wait_s := self._readings.wait_s:
            self._next = self.set_timer(wait_s, self.read_all)
            self.post_message(self.Waiting(f"too many requests: wallets in {wait_s} s"))
        else:
            self._next = self.set_timer(FRESH_MS / 1000 + 1, self._show_again)
            self.post_message(self.Waiting(""))
        wallets: dict[str, list[str]] = {}
        for wallet, holdings in self._readings.balances.wallets.items():
            if holdings.problem:
                wallets.setdefault(holdings.problem, []).append(wallet.label)
        for problem, labels in wallets.items():
            self.notify(problem, title=f"Not read: {', '.join(labels)}", severity="warning", markup=False)

    def _show_again(self) -> None:
        self.post_message(self.Read(self._readings.balances))
