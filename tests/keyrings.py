"""A keyring in memory, in whatever state a test puts it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from keyring.backend import KeyringBackend

from tui.keys import KeyringState, KeyStoreError


class FakeKeyring(KeyringBackend):
    """Keeps what it is given, and raises or waits as told."""

    priority: float = 5

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.entries: dict[tuple[str, str], str] = {}
        self.error: Exception | None = None
        self.hangs = False
        self.asked: list[str] = []
        """The users of the entries that were asked for."""
        self.released = threading.Event()
        """Ends the waiting."""

    @property
    def names(self) -> list[str]:
        """The users of the entries, which are the names of the profiles."""
        return [username for _, username in self.entries]

    def get_password(self, service: str, username: str) -> str | None:
        """The entry, if there is one."""
        self.asked.append(username)
        if self.hangs:
            self.released.wait()
        if self.error:
            raise self.error from self.error.__cause__
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep an entry."""
        if self.error:
            raise self.error
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Forget an entry."""
        del self.entries[service, username]


@contextmanager
def keyring_is(*states: KeyringState, match: str | None = None) -> Iterator[pytest.ExceptionInfo[KeyStoreError]]:
    """Expect KeyStoreError for one of these states of the keyring."""
    with pytest.raises(KeyStoreError, match=match) as caught:
        yield caught
    assert caught.value.state in states
