"""What keeps things from working, as long as it does: below the line at the top, and gone with its cause."""

from collections.abc import Mapping, Sequence

from textual.widgets import Label

from tui.clock import ticks_ms, time_of
from tui.domain.text import printable
from tui.domain.wallets import Wallet


class TroubleLine(Label):
    """Says what is wrong for longer than a moment, and since when. It takes no line while nothing is."""

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self.display = False
        self._missing = ""
        self._unread: Mapping[str, Sequence[Wallet]] = {}
        self._since_ms: float | None = None

    def show_key(self, missing_permission: str) -> None:
        """Say what the key lacks to transfer at all; nothing where it lacks nothing."""
        self._missing = missing_permission
        self._show()

    def show_unread(self, wallets: Mapping[str, Sequence[Wallet]]) -> None:
        """Say which wallets cannot be read, by what stands in the way."""
        self._unread = wallets
        self._since_ms = (self._since_ms or ticks_ms()) if wallets else None
        self._show()

    def _show(self) -> None:
        lines = [f"No transfer can be sent: {self._missing}."] if self._missing else []
        lines += [f"{_unread_words(wallets)}: {printable(problem)}" for problem, wallets in self._unread.items()]
        if self._since_ms:
            lines[-1] += f" Since {time_of(self._since_ms):%H:%M}; tried again by itself, F5 tries now."
        words = "\n".join(lines)
        if words != str(self.content):
            self.update(words)
        self.display = bool(lines)


def _unread_words(wallets: Sequence[Wallet]) -> str:
    if len(wallets) == len(Wallet):
        return "No wallet can be read"
    return f"Not read: {', '.join(wallet.label for wallet in wallets)}"
