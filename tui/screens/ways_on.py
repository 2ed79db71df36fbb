"""What a person can do if there is no key yet, or no keyring: the choices, and which of them are possible."""

from dataclasses import dataclass

from textual.message import Message

from tui import keys

_WAYS = {
    "unlock": ("u", "unlock the keyring with its passphrase"),
    "start_bus": ("b", "start D-Bus; it asks for a passphrase to keep keys"),
    "accept_plain_text": ("p", "use this keyring anyway"),
    "session_key": ("s", "type a key for this session only; it is kept nowhere"),
    "retry": ("r", "try again"),
    "demo": ("d", "try everything on the demo exchange: no key, no real funds"),
}
_NEW_KEYRING = ("u", "make the login keyring, with a passphrase")


@dataclass
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
