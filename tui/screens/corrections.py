"""What was said falsely of a transfer is put right before the person, one transfer after the other."""

import contextlib
from typing import Any

from textual.screen import Screen

from tui.desk.desk import Desk
from tui.domain.transfer import Transfer
from tui.journal import JournalError
from tui.screens.closing import StaysOpen
from tui.screens.notice import NoticeScreen


class Corrections:
    """Shows a notice over whatever is on the screen, but not while the app is locked or a secret is being typed."""

    def __init__(self, screen: Screen[Any], desk: Desk) -> None:
        self._screen = screen
        self._desk = desk
        self._unseen: dict[str, Transfer] = {}
        """Transfers of which something false was said, and the person has not seen that, by id."""
        self._shown: NoticeScreen | None = None
        """Tells of one of them, while it is on the screen."""

    def tell(self, transfer: Transfer) -> None:
        """Tell of one, now or as soon as that can be."""
        self._unseen[transfer.identity] = transfer
        self.tell_next()

    def follow(self, transfer: Transfer) -> None:
        """Tell of a transfer as it stands now, where the person has not seen that of it yet."""
        if transfer.identity in self._unseen:
            self._unseen[transfer.identity] = transfer
            if self._shown and self._shown.transfer.identity == transfer.identity:
                self._shown.show(transfer)

    def tell_next(self) -> None:
        """Tell of one that the person has not seen yet, if there is any."""
        # The rest of a secret would be typed into the notice.
        is_asking = isinstance(self._screen.app.screen, StaysOpen)
        if self._unseen and not self._shown and not self._desk.client.is_locked and not is_asking:
            self._shown = NoticeScreen(next(iter(self._unseen.values())))
            self._screen.app.push_screen(self._shown, self._seen)

    def _seen(self, transfer: Transfer | None) -> None:
        self._shown = None
        if transfer:
            self._unseen.pop(transfer.identity, None)
            self._screen.run_worker(self._write_down(transfer))
            self._screen.call_later(self.tell_next)

    async def _write_down(self, transfer: Transfer) -> None:
        """Where that fails, the next start tells again."""
        with contextlib.suppress(JournalError):
            await self._desk.notice_seen(transfer)
