"""What a person can do without a key or a keyring: the name of each way, and whether it is available."""

from dataclasses import dataclass

from textual.message import Message

from tui import keys

START_BUS = "start D-Bus; it asks for a passphrase to keep keys"
SESSION_KEY = "type a key for this session only: it is kept nowhere"
ALL_THE_SAME = "use this keyring all the same"
"""What is offered if there is no keyring, or no safe one."""


@dataclass
class CannotOpen(Message):
    """Something that making transfers takes is missing."""

    words: str
    problem: keys.KeyStoreError | None = None
    keyring: str = ""
    """The keyring that would hold the first key."""
    needs_passphrase: bool = False
    """Whether only a passphrase is missing, and the person is waiting to be asked for it."""


class SessionKeyAsked(Message):
    """The person wants to type a session key, or has to type it again."""


class SessionBusChosen(Message):
    """The person wants a D-Bus session to reach a keyring."""


def is_way_on(action: str, problem: keys.KeyStoreError | None) -> bool:
    """Whether an action is available, given the problem with the keyring, if any."""
    if action in list(keys.Remedy):
        return problem is not None and action in problem.remedies
    return action != "session_key" or problem is not None
