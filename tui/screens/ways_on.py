"""The ways on where there is no key yet, or no keyring: what each is called, whether it is there, what it asks for."""

from dataclasses import dataclass

from textual.message import Message

from tui import keys

START_BUS = "start D-Bus; it asks for a passphrase to keep keys"
SESSION_KEY = "type a key for this session only: it is kept nowhere"
ALL_THE_SAME = "use this keyring all the same"
"""What is offered where there is no keyring, or none that is safe."""


@dataclass
class CannotOpen(Message):
    """Something that it takes to make transfers is missing."""

    words: str
    problem: keys.KeyStoreError | None = None
    keyring: str = ""
    """The one that would keep a first key."""
    needs_passphrase: bool = False
    """Whether nothing but a passphrase is missing, and the person waits for being asked for it."""


class SessionKeyAsked(Message):
    """The person wants to type a key that is for this session only, or has to type it again."""


class SessionBusChosen(Message):
    """The person wants a D-Bus session, to reach a keyring through."""


def is_way_on(action: str, problem: keys.KeyStoreError | None) -> bool:
    """Whether an action leads anywhere, with what is the matter with the keyring; None where nothing is."""
    if action in list(keys.Remedy):
        return problem is not None and action in problem.remedies
    return action != "session_key" or problem is not None
