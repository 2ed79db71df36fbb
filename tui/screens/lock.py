"""The screen that covers an idle app, which has dropped its key."""

from collections.abc import Awaitable, Callable
from functools import partial

from textual import events, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Label

from tui import keys
from tui.domain.credentials import ApiKey
from tui.language import _
from tui.screens.closing import DismissesItself, if_good
from tui.screens.ways_on import SessionKeyAsked, is_way_on
from tui.widgets.ask_line import AskLine
from tui.widgets.messages import fields

_LOCKED = _("Locked: no key was pressed for a while, so Shunter has dropped the API key.")
_ASK = _("any key  Fetch it from the keyring     ^Q  Quit")
_ASK_SESSION = _("any key  Enter it again: it was for this session only     ^Q  Quit")
_ASK_REPLACED = _("any key  Try again     ^Q  Quit: F4 adds a key after the next start")
_ASK_UNLOCK = _("u  Unlock the keyring     any other key  Try again     ^Q  Quit")

FetchKey = Callable[[Callable[[keys.KeyStoreError], object]], Awaitable[ApiKey]]
"""Returns the key from the keyring. Calls its argument if the keyring is slow. Raises KeyStoreError."""


class LockScreen(DismissesItself, Screen[None]):
    """Covers everything until the key is back."""

    @fields
    class KeyFetched(Message):
        """Posted when the keyring has returned the key."""

        key: ApiKey

    def __init__(self, fetch_key: FetchKey | None) -> None:
        """`fetch_key` returns the key from the keyring; None for a session key, which the person types again."""
        super().__init__()
        self._fetch_key = fetch_key
        self._is_waking = False
        self._problem: keys.KeyStoreError | None = None

    def compose(self) -> ComposeResult:
        """Show nothing of the app."""
        with VerticalScroll(classes="page", can_focus=False):
            yield Label(_("SHUNTER, LOCKED"), classes="title")
            yield Label(_LOCKED, id="problem", markup=False)
            yield AskLine(_ASK if self._fetch_key else _ASK_SESSION, id="lock-ask")

    def on_screen_resume(self) -> None:
        """Let the next key press ask again if the person left without typing the key."""
        if self._fetch_key is None:
            self._is_waking = False

    def on_key(self, event: events.Key) -> None:
        """Wake the app. `u` unlocks the keyring if that is known to be locked."""
        event.stop()
        event.prevent_default()
        if self.app.screen is not self:
            return  # it was typed after the key that opened the screen over this one
        if event.key == "u" and is_way_on("unlock", self._problem):
            from tui.screens.unlock import UnlockScreen

            self.app.push_screen(UnlockScreen(), partial(if_good, self._wake))
        else:
            self._wake()

    @work(exclusive=True)
    async def fetch(self, fetch_key: FetchKey) -> None:
        """Fetch the key from the keyring."""
        try:
            key = await fetch_key(partial(self.post_call, self._show_problem))
        except keys.KeyStoreError as error:
            self.post_call(self._show_problem, error)
        else:
            self.post_message(self.KeyFetched(key))

    def _show_problem(self, problem: keys.KeyStoreError) -> None:
        """Show why there is no key yet."""
        self._problem = problem
        self._is_waking = False
        ask = _ASK
        if is_way_on("unlock", problem):
            ask = _ASK_UNLOCK
        elif isinstance(problem, keys.ProfileMissing | keys.ProfileDamaged):  # under the cover no key can be replaced
            ask = _ASK_REPLACED
        self._say(str(problem), ask)

    def wake_when_seen(self) -> None:
        """Fetch the key again once no screen covers this one: it came while the person typed a secret."""
        self._is_waking = False
        self.defers(self._wake)

    def _wake(self) -> None:
        if self._is_waking:
            return
        self._is_waking = True
        if self._fetch_key:
            self._say(_("Fetching the key from the keyring..."), _("^Q  Quit"))
            self.fetch(self._fetch_key)
        else:
            self.post_message(SessionKeyAsked())

    def _say(self, message: str, ask: str) -> None:
        self.query_one("#problem", Label).update(message)
        self.query_one(AskLine).ask(ask)
