"""The cover over an idle app, which has let go of its key."""

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Label

from tui import keys
from tui.screens.unlock import UnlockScreen

_LOCKED = "Locked: nobody has pressed a key for a while, so Shunter has let go of the API key."
_ASK = "Any key fetches it from the keyring.   ^Q  quit"
_ASK_SESSION = "It was for this session only. Any key asks for it again.   ^Q  quit"
_ASK_UNLOCK = "u  unlock the keyring   Any other key tries again.   ^Q  quit"


class LockScreen(Screen[None]):
    """Covers everything until the key is back."""

    class WakeAsked(Message):
        """The person is back."""

    def __init__(self, *, for_session: bool) -> None:
        super().__init__()
        self._for_session = for_session
        self._is_waking = False
        self._problem: keys.KeyStoreError | None = None

    def compose(self) -> ComposeResult:
        """Nothing of what is below."""
        with VerticalScroll(classes="page", can_focus=False):
            yield Label("Shunter", classes="title")
            yield Label(_LOCKED, id="problem", markup=False)
            yield Label(_ASK_SESSION if self._for_session else _ASK, id="lock-ask", markup=False)

    def on_key(self, event: events.Key) -> None:
        """Any key wakes the app, and does nothing else; but for `u` where the keyring is known to be locked."""
        event.stop()
        event.prevent_default()
        if event.key == "u" and self._can_unlock():
            self.app.push_screen(UnlockScreen(), self._unlocked)
        else:
            self._wake()

    def show_problem(self, problem: keys.KeyStoreError) -> None:
        """Say why the key did not come back."""
        self._problem = problem
        self._is_waking = False
        self._say(str(problem), _ASK_UNLOCK if self._can_unlock() else _ASK)

    def rest(self) -> None:
        """Wait for a key press again."""
        self._is_waking = False

    def _can_unlock(self) -> bool:
        return isinstance(self._problem, keys.KeyringLocked) and keys.can_unlock()

    def _wake(self) -> None:
        if not self._is_waking:
            self._is_waking = True
            if not self._for_session:
                self._say("Fetching the key from the keyring...", "^Q  quit")
            self.post_message(self.WakeAsked())

    def _unlocked(self, good: bool | None) -> None:
        if good:
            self._wake()

    def _say(self, words: str, ask: str) -> None:
        self.query_one("#problem", Label).update(words)
        self.query_one("#lock-ask", Label).update(ask)
