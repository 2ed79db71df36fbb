"""Decides when a screen's wallets are read: at its start, after a transfer, when asked, and after the exchange asked to
wait. A wallet that could not be read is tried again and again.
"""

import asyncio
from collections.abc import AsyncIterable

from textual import work
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget

from tui.desk.balances import BalanceReader
from tui.domain.balances import FRESH_MS, Account, Balances
from tui.domain.openness import PairLimit
from tui.domain.transfer import Transfer
from tui.domain.wallets import Wallet
from tui.language import _
from tui.widgets.messages import fields

_SETTLED_S = 0.15
"""Typing, or moving through a list, does not cause a call at every step."""

_AGAIN_S = (5, 10, 20, 40, 60)
"""After how long a wallet that could not be read is tried again, attempt by attempt."""


class BalanceRefresher(Widget):
    """Has a `BalanceReader` read when it is time. Shows nothing: it posts messages, which end with the screen."""

    @fields
    class Read(Message):
        """A wallet was read, or what was read has grown old."""

        balances: Balances

    @fields
    class TransferableRead(Read):
        """The exchange was asked what can be moved of an asset out of an account."""

        account: Account
        asset: str

    @fields
    class PairLimitRead(Message):
        """The exchange was asked how many isolated pairs can be enabled."""

        limit: PairLimit

    @fields
    class Waiting(Message):
        """A reading began or ended, or the exchange asks to wait."""

        text: str
        """What is waited for now; empty if nothing is."""

    @fields
    class Unread(Message):
        """Some wallets could not be read, and are tried again; or none, if all were read."""

        wallets: dict[str, list[Wallet]]
        """By the problem."""

    def __init__(self, reader: BalanceReader) -> None:
        super().__init__()
        self.display = False
        self._reader = reader
        self._next: Timer | None = None
        """The next reading, or the moment at which the newest one is old."""
        self._again: Timer | None = None
        """The next attempt at wallets that could not be read."""
        self._failures = 0
        """How many readings in a row could not read every wallet."""

    @work(exclusive=True, group="all")
    async def read_all(self) -> None:
        """Read all wallets, saying so while it lasts."""
        self.post_message(self.Waiting(_("reading wallets...")))
        await self._show_each(self._reader.read_all())

    @work(exclusive=True, group="currency")
    async def value_in(self, currency: str) -> None:
        """Value assets in another currency, or say that the exchange has no price of it."""
        self._reader.currency = currency
        await self._reader.read_rate()
        unit = self._reader.balances.unit
        self.post_message(self.Read(self._reader.balances))
        if unit != currency:
            message = _("The exchange gave no price of a BTC in {currency}. Until it does, worth is in {unit}.")
            message = message.format(currency=currency, unit=unit)
            self.app.notify(message, title=_("Currency"), severity="warning", markup=False)

    @work(group="touched")
    async def read_touched(self, transfer: Transfer) -> None:
        """Read the two wallets of a transfer."""
        move = transfer.request.type
        await self._show_each(self._reader.read_wallets({move.source, move.destination}))

    @work(exclusive=True, group="again")
    async def read_again(self) -> None:
        """Try the wallets that could not be read. The screen shows the result, not the attempt."""
        unread = [wallet for wallets in self._reader.balances.troubles().values() for wallet in wallets]
        await self._show_each(self._reader.read_wallets(unread))

    @work(exclusive=True, group="transferable")
    async def read_transferable(self, account: Account, asset: str) -> None:
        """Ask what can be moved of an asset out of an account, once the person has settled on it."""
        await asyncio.sleep(_SETTLED_S)
        balances = await self._reader.read_transferable(account, asset)
        self.post_message(self.TransferableRead(balances, account, asset))

    @work(exclusive=True, group="limit")
    async def read_pair_limit(self) -> None:
        """Ask how many isolated pairs can be enabled, once the person has settled on one."""
        await asyncio.sleep(_SETTLED_S)
        if limit := await self._reader.read_pair_limit():
            self.post_message(self.PairLimitRead(limit))

    async def _show_each(self, readings: AsyncIterable[Balances]) -> None:
        """Post the balances after each wallet, then plan what is next."""
        async for balances in readings:
            self.post_message(self.Read(balances))
        self._end()

    def _end(self) -> None:
        """Post which wallets could not be read, and plan what is next: another attempt at these, the moment when the
        balances are old, or a reading as soon as the exchange can be asked again.
        """
        for timer in (self._next, self._again):
            if timer:
                timer.stop()
        wallets = self._reader.balances.troubles()
        self._failures = self._failures + 1 if wallets else 0
        if wait_s := self._reader.wait_s:
            self._next = self.set_timer(wait_s, self.read_all)
            self.post_message(self.Waiting(_("too many requests: wallets in {seconds} s").format(seconds=wait_s)))
        else:
            self._next = self.set_timer(FRESH_MS / 1000 + 1, self._show_again)
            self.post_message(self.Waiting(""))
            if wallets:
                self._again = self.set_timer(_AGAIN_S[min(self._failures, len(_AGAIN_S)) - 1], self.read_again)
        self.post_message(self.Unread(wallets))

    def _show_again(self) -> None:
        self.post_message(self.Read(self._reader.balances))
