"""Reads wallets for a screen: at its start, after a transfer, when asked, when the exchange has asked to wait, and
what could not be read, again and again.
"""

import asyncio
from dataclasses import dataclass

from textual import work
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget

from tui.desk.balances import BalanceReadings
from tui.domain.balances import FRESH_MS, Account, Balances
from tui.domain.transfer import Transfer
from tui.domain.wallets import Wallet

_SETTLED_S = 0.15
"""Who types or walks through a list is not asked after at every step."""

_AGAIN_S = (5, 10, 20, 40, 60)
"""After how long what could not be read is tried again, time after time."""


class BalanceReader(Widget):
    """Shows nothing itself: what it reads comes as messages, which are dropped once the screen is gone."""

    @dataclass
    class Read(Message):
        """A wallet was read, or what was read has grown old."""

        balances: Balances

    @dataclass
    class TransferableRead(Read):
        """The exchange was asked what can be moved of an asset out of an account."""

        account: Account
        asset: str

    @dataclass
    class Waiting(Message):
        """A reading began or ended, or the exchange asks to wait."""

        words: str
        """What is waited for now; empty where nothing is."""

    @dataclass
    class Unread(Message):
        """What could not be read, and is tried again by itself; nothing where all was."""

        wallets: dict[str, list[Wallet]]
        """By what stood in the way."""

    def __init__(self, readings: BalanceReadings) -> None:
        super().__init__()
        self.display = False
        self._readings = readings
        self._next: Timer | None = None
        """What is to come after the newest reading."""
        self._again: Timer | None = None
        """When what could not be read is tried again."""
        self._failures = 0
        """How many times in a row something could not be read."""

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

    @work(exclusive=True, group="again")
    async def read_again(self) -> None:
        """Try what could not be read; the person is told of no attempt, only of what comes of it."""
        unread = [wallet for wallets in self._readings.balances.troubles().values() for wallet in wallets]
        async for balances in self._readings.read_wallets(unread):
            self.post_message(self.Read(balances))
        self._end()

    @work(exclusive=True, group="transferable")
    async def read_transferable(self, account: Account, asset: str) -> None:
        """Ask what can be moved of an asset out of an account, once the person has settled on it."""
        await asyncio.sleep(_SETTLED_S)
        balances = await self._readings.read_transferable(account, asset)
        self.post_message(self.TransferableRead(balances, account, asset))

    def _end(self) -> None:
        """Say what could not be read and why; and see to it that it is tried again, and that what was read is shown to
        grow old, or is read as soon as the exchange can be asked again.
        """
        for timer in (self._next, self._again):
            if timer:
                timer.stop()
        wallets = self._readings.balances.troubles()
        self._failures = self._failures + 1 if wallets else 0
        if wait_s := self._readings.wait_s:
            self._next = self.set_timer(wait_s, self.read_all)
            self.post_message(self.Waiting(f"too many requests: wallets in {wait_s} s"))
        else:
            self._next = self.set_timer(FRESH_MS / 1000 + 1, self._show_again)
            self.post_message(self.Waiting(""))
            if wallets:
                self._again = self.set_timer(_AGAIN_S[min(self._failures, len(_AGAIN_S)) - 1], self.read_again)
        self.post_message(self.Unread(wallets))

    def _show_again(self) -> None:
        self.post_message(self.Read(self._readings.balances))
