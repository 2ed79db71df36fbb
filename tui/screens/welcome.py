"""The screen shown when no transfer is possible yet: what is missing, and what can be done."""

from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Label

from tui.language import _
from tui.screens.closing import if_good
from tui.screens.ways_on import CannotOpen, OffersWays, is_way_on, ways_on
from tui.widgets.at_once import at_once
from tui.widgets.key_bar import KeyBar

_KEY_HINT = _(
    'Create a key on the exchange\'s page "API Management". It needs the permission "Permits Universal Transfer", and '
    "none to trade or withdraw. Shunter keeps it in the system's keyring."
)


class WelcomeScreen(OffersWays, Screen[None]):
    """Says what is missing and what the person can do."""

    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [
            Binding("ctrl+q", "app.quit", _("Quit"), key_display="^Q", tooltip=_("quit")),
            Binding("f1,ctrl+g", "app.help", _("Help"), key_display="F1", tooltip=_("this page, and the manual")),
            Binding("f4,ctrl+k", "app.keys", _("Keys"), key_display="F4", tooltip=_("key profiles")),
            # Not in the footer, which has no room for all of them: the page lists them.
            Binding("u", "unlock", _("Unlock"), show=False),
            Binding("b", "start_bus", _("Start D-Bus"), show=False),
            Binding("p", "accept_plain_text", _("Plain text"), show=False),
            Binding("s", "session_key", _("Key for this session"), show=False),
            Binding("d", "demo", _("Demo"), show=False),
            Binding("r", "retry", _("Try again"), show=False),
        ]
    )

    class DemoChosen(Message):
        """Posted when the person wants the demo."""

    class RetryChosen(Message):
        """Posted when the person wants to try once more."""

    def __init__(self, missing: CannotOpen) -> None:
        super().__init__()
        self._missing = missing
        self.problem = missing.problem
        self.takes_keys = True
        self.asks_secret = False
        """Whether the screen that it leads to asks for a secret."""

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="page"):
            keyring = self._missing.keyring
            yield Label("SHUNTER", classes="title")
            yield Label(self._missing.words, id="problem", markup=False)
            ways = ways_on(self.problem, "unlock", "start_bus", "accept_plain_text", "session_key", "retry", "demo")
            ways.insert(len(ways) if self.problem else 0, ("F4", _("add, choose or remove a key")))
            ways.append(("^Q", _("quit")))
            width = max(len(key) for key, _way in ways)
            lines = [Content(f"{key:<{width}}  {text}").stylize("bold", 0, len(key)) for key, text in ways]
            yield Label(Content("\n").join(lines), id="ways")
            yield Label(_KEY_HINT, id="key-hint", markup=False)
            yield Label(_("Keyring: {keyring}").format(keyring=keyring) if keyring else "", id="keyring", markup=False)
        yield KeyBar()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Whether the action leads anywhere now."""
        return is_way_on(action, self.problem)

    def action_unlock(self) -> None:
        """Ask for the passphrase."""
        from tui.screens.unlock import UnlockScreen

        self.app.push_screen(UnlockScreen(), partial(if_good, self.go_on))

    def action_session_key(self) -> None:
        """Ask for a key that is kept nowhere."""
        self.asks_secret |= self.takes_keys
        super().action_session_key()

    def action_demo(self) -> None:
        """Go to the demo."""
        self.lead_to(self.DemoChosen())

    def action_retry(self) -> None:
        """Try once more."""
        self.lead_to(self.RetryChosen())

    go_on = action_retry

    def on_screen_resume(self) -> None:
        """Let the person choose again."""
        self.choose_again()

    def choose_again(self) -> None:
        """Take keys as choices again: the last choice led nowhere."""
        super().choose_again()
        self.asks_secret = False
