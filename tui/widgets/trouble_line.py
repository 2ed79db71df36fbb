"""What keeps things from working, as long as it does: below the line at the top, and gone with its cause."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from textual.widgets import Label

from tui.domain.text import printable
from tui.domain.wallets import Wallet


def now() -> datetime:
    """The time in the person's time zone."""
    return datetime.now().astimezone()


class TroubleLine(Label):
    """Says what is wrong for longer than a moment, and since when. It takes no line while nothing is."""

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self.display = False
        self._missing = ""
        self._unread: Mapping[str, Sequence[Wallet]] = {}
        self._since: datetime | None = None

    def show_key(self, missing_permission: str) -> None:
        """Say what the key lacks to transfer at all; nothing where it lacks nothing."""
        self._missing = missing_permission
        self._show()

    def show_unread(self, wallets: Mapping[str, Sequence[Wallet]]) -> None:
        """Say which wallets cannot be read, by what stands in the way."""
        self._unread = wallets
        self._since = (self._since or now()) if wallets else None
        self._show()

    def _show(self) -> None:
        lines = [f"No transfer can be sent: {self._missing}."] if self._missing else []
        lines += [f"{_unread_words(wallets)}: {printable(problem)}" for problem, wallets in self._unread.items()]
        if self._since:
            lines[-1] += f" Since {self._since:%H:%M}; tried again by itself, F5 tries now."
        if lines != str(self.content).split("\n"):
            self.update("\n".join(lines))
        self.display = bool(lines)


def _unread_words(wallets: Sequence[Wallet]) -> str:
    if len(wallets) == len(Wallet):
        return "No wallet can be read"
    return f"Not read: {', '.join(wallet.label for wallet in wallets)}"
