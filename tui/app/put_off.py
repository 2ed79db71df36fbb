"""What came of an opening while the person was in the middle of a transfer: it waits for the end of that."""

from dataclasses import dataclass

from textual.message import Message

from tui.app.opening import Opened
from tui.screens.keys import KeysScreen
from tui.screens.ways_on import CannotOpen, SessionKeyAsked


@dataclass
class DeskReady(Message):
    """Everything it takes to make transfers is there."""

    opened: Opened

    async def let_go(self) -> None:
        """Close what was opened for nothing."""
        await self.opened.desk.close()


class PutOff:
    """Keeps the newest."""

    def __init__(self) -> None:
        self.message: CannotOpen | DeskReady | None = None

    async def put(self, message: CannotOpen | DeskReady | None) -> None:
        """Keep one in the place of the one before."""
        before, self.message = self.message, message
        if isinstance(before, DeskReady):
            await before.let_go()

    def forget(self) -> DeskReady | None:
        """Keep nothing: something else is opened. Gives what is to be let go of."""
        before, self.message = self.message, None
        return before if isinstance(before, DeskReady) else None

    def drop_key(self) -> None:
        """Let go of the key that was opened: the app is locked."""
        if isinstance(self.message, DeskReady):
            self.message.opened.desk.client.drop_key()

    async def take(self) -> Message | None:
        """What is to be gone on with; where the key was let go of meanwhile, that it is to be opened once more."""
        message = self.message
        if isinstance(message, DeskReady) and message.opened.desk.client.is_locked:
            profile = message.opened.profile
            await self.put(None)
            return KeysScreen.Chosen(profile) if profile else SessionKeyAsked()
        self.message = None
        return message
