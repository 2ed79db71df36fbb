"""What keeps Shunter from working, below the line at the top; it goes away with its cause."""

from collections.abc import Mapping, Sequence

from textual.widgets import Label

from tui.clock import ticks_ms
from tui.domain.wallets import Wallet
from tui.words.wallets import unread


class TroubleLine(Label):
    """Shows what is wrong for longer than a moment, and since when. While nothing is wrong, it takes no line."""

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self.display = False
        self._missing = ""
        self._unread: Mapping[str, Sequence[Wallet]] = {}
        self._since_ms: float | None = None

    def show_key(self, missing_permission: str) -> None:
        """Show which permission to transfer the key lacks; empty if it lacks none."""
        self._missing = missing_permission
        self._show()

    def show_unread(self, wallets: Mapping[str, Sequence[Wallet]]) -> None:
        """Show which wallets cannot be read, by the reason."""
        self._unread = wallets
        self._since_ms = (self._since_ms or ticks_ms()) if wallets else None
        self._show()

    def _show(self) -> None:
        lines = [f"No transfer can be sent: {self._missing}."] if self._missing else []
        lines += unread(self._unread, self._since_ms)
        text = "\n".join(lines)
        if text != str(self.content):
            self.update(text)
        self.display = bool(lines)
