"""A keyring in memory, in whatever state a test puts it."""

import threading

from keyring.backend import KeyringBackend


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
