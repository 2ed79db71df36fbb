"""The screen for when no transfer can be made yet: it says what is missing, and offers the ways on that there are."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Label

from tui import keys
from tui.screens.plain_text import PlainTextScreen
from tui.screens.unlock import UnlockScreen
from tui.screens.ways_on import (
    ALL_THE_SAME,
    SESSION_KEY,
    START_BUS,
    CannotOpen,
    SessionBusChosen,
    SessionKeyAsked,
    is_way_on,
)
from tui.widgets.at_once import at_once
from tui.widgets.key_bar import KeyBar
from tui.widgets.late_messages import DropsLateMessages

_KEY_HINT = """\
A key is made on the exchange's page "API Management". It needs the
permission "Permits Universal Transfer", and nothing that trades or
withdraws. Shunter keeps it in the system's keyring."""


class WelcomeScreen(DropsLateMessages, Screen[None]):
    """Says what is missing and what can be done."""

    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [
            Binding("ctrl+q", "app.quit", "Quit", key_display="^Q", tooltip="quit"),
            Binding("f1,ctrl+g", "app.help", "Help", key_display="F1", tooltip="this page"),
            Binding("f4,ctrl+k", "app.keys", "Keys", key_display="F4", tooltip="key profiles"),
            # Not in the footer, which has no room for all of them: the page lists them.
            Binding("u", "unlock", "Unlock", show=False),
            Binding("b", "start_bus", "Start D-Bus", show=False),
            Binding("p", "accept_plain_text", "Plain text", show=False),
            Binding("s", "session_key", "Key for this session", show=False),
            Binding("d", "demo", "Demo", show=False),
            Binding("r", "retry", "Try again", show=False),
        ]
    )

    class DemoChosen(Message):
        """The person wants the demo."""

    class RetryChosen(Message):
        """The person wants to try once more."""

    def __init__(self, missing: CannotOpen) -> None:
        super().__init__()
        self._words = missing.words
        self._problem = missing.problem
        self._keyring = missing.keyring
        self.takes_keys = True
        """Whether a key is a choice here: once one was made, what is typed is for what it leads to."""
        self.asks_secret = False
        """Whether that is a secret."""

    def compose(self) -> ComposeResult:
        """The problem first."""
        with VerticalScroll(classes="page"):
            yield Label("Shunter", classes="title")
            yield Label(self._words, id="problem", markup=False)
            yield Label("\n".join(f"{key:<4}{words}" for key, words in self._ways()), id="ways", markup=False)
            yield Label(_KEY_HINT, id="key-hint", markup=False)
            yield Label(f"Keyring: {self._keyring}" if self._keyring else "", id="keyring", markup=False)
        yield KeyBar()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A way that leads nowhere now is not offered."""
        return is_way_on(action, self._problem)

    def action_unlock(self) -> None:
        """Ask for the passphrase."""
        self.app.push_screen(UnlockScreen(), self._went_on)

    def action_start_bus(self) -> None:
        """Start a D-Bus session."""
        self._choose(SessionBusChosen())

    def action_accept_plain_text(self) -> None:
        """Ask for the words that accept a keyring which is not safe."""
        if self._problem:
            self.app.push_screen(PlainTextScreen(self._problem.keyring), self._went_on)

    def action_session_key(self) -> None:
        """Ask for a key that is kept nowhere."""
        self.asks_secret = True
        self._choose(SessionKeyAsked())

    def action_demo(self) -> None:
        """Go to the demo."""
        self._choose(self.DemoChosen())

    def action_retry(self) -> None:
        """Try once more."""
        self._choose(self.RetryChosen())

    def _went_on(self, good: bool | None) -> None:
        if good:
            self._choose(self.RetryChosen())

    def on_screen_resume(self) -> None:
        """Let the person choose again."""
        self.choose_again()

    def choose_again(self) -> None:
        """Take keys for choices: the last choice led nowhere."""
        self.takes_keys, self.asks_secret = True, False

    def _choose(self, choice: Message) -> None:
        self.takes_keys = False
        self.post_message(choice)

    def _ways(self) -> list[tuple[str, str]]:
        is_new = self._problem is not None and self._problem.state is keys.KeyringState.NEW
        unlock = "make the login keyring, with a passphrase" if is_new else "unlock the keyring with its passphrase"
        ways = {
            "unlock": ("u", unlock),
            "start_bus": ("b", START_BUS),
            "accept_plain_text": ("p", ALL_THE_SAME),
            "session_key": ("s", SESSION_KEY),
            "retry": ("r", "try again"),
            "demo": ("d", "try everything on the demo exchange: no key, no real funds"),
        }
        offered = [way for action, way in ways.items() if self.check_action(action, ())]
        return [*offered, ("F4", "add, choose or remove a key"), ("^Q", "quit")]
