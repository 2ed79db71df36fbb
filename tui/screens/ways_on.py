"""What a person can do if there is no key yet, or no keyring: the choices, and which of them are possible."""

from functools import partial
from typing import Any

from textual.message import Message
from textual.screen import Screen

from tui import keys
from tui.language import _
from tui.screens.closing import LeadsOn, if_good
from tui.widgets.messages import fields

_WAYS = {
    "unlock": ("u", _("unlock the keyring with its passphrase")),
    "start_bus": ("b", _("start D-Bus; it asks for a passphrase to keep keys")),
    "accept_plain_text": ("p", _("use this keyring anyway")),
    "session_key": ("s", _("type a key for this session only; it is kept nowhere")),
    "retry": ("r", _("try again")),
    "demo": ("d", _("try everything on the demo exchange: no key, no real funds")),
}
_NEW_KEYRING = ("u", _("make the login keyring, with a passphrase"))


@fields
class CannotOpen(Message):
    """Posted when something is missing that a transfer needs."""

    words: str
    problem: keys.KeyStoreError | None = None
    keyring: str = ""
    """The keyring for a first key."""
    needs_passphrase: bool = False
    """Whether only a passphrase is missing, and the person expects to be asked for it."""


class SessionKeyAsked(Message):
    """Posted when the person wants to type a key for this session only, or has to type it again."""


class SessionBusChosen(Message):
    """Posted when the person wants a D-Bus session, to reach a keyring through."""


class OffersWays(LeadsOn):
    """Has the actions that lead on if there is no keyring. The screen's `go_on` is called once there is one."""

    problem: keys.KeyStoreError | None = None
    """What is wrong with the keyring, if anything is."""

    def action_session_key(self) -> None:
        """Ask for a key that is kept nowhere."""
        self.lead_to(SessionKeyAsked())  # type: ignore[misc]

    def action_start_bus(self) -> None:
        """Start a D-Bus session."""
        self.lead_to(SessionBusChosen())  # type: ignore[misc]

    def action_accept_plain_text(self: Screen[Any]) -> None:  # type: ignore[misc]
        """Ask for the words that accept an unsafe keyring."""
        from tui.screens.unlock import PlainTextScreen  # late, like all that few people open: the start need not wait

        if self.problem:  # type: ignore[attr-defined]
            self.app.push_screen(PlainTextScreen(self.problem.keyring), partial(if_good, self.go_on))  # type: ignore[attr-defined]


def ways_on(problem: keys.KeyStoreError | None, *actions: str) -> list[tuple[str, str]]:
    """Return the key and the text of each possible action."""
    is_new = problem is not None and problem.state is keys.KeyringState.NEW
    ways = _WAYS | ({"unlock": _NEW_KEYRING} if is_new else {})
    return [ways[action] for action in actions if is_way_on(action, problem)]


def is_way_on(action: str, problem: keys.KeyStoreError | None) -> bool:
    """Whether an action is possible. `problem` is what is wrong with the keyring, if anything is."""
    if action in list(keys.Remedy):
        return problem is not None and action in problem.remedies
    return action != "session_key" or problem is not None
