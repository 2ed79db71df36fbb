"""The line at the top: where one is, as whom, and how things stand."""

from dataclasses import dataclass, replace

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Label

_MOST_WEIGHT = 180_000
"""Of an account's requests in a minute: BINANCE.md, "Limits and answers". It is shown from half of it on."""


@dataclass(frozen=True, slots=True)
class Status:
    """What the status bar says."""

    place: str
    """LIVE, DEMO, or the host of another base URL."""
    profile: str = ""
    key_tail: str = ""
    keyring: str = ""
    clock_offset_ms: int | None = None
    weight: int = 0
    missing_permission: str = ""
    """What the key lacks to transfer at all."""
    waiting_for: str = ""
    """What the app waits for just now."""


class StatusBar(Horizontal):
    """The line at the top. The place is always plain: nobody should take LIVE for DEMO."""

    def __init__(self, status: Status) -> None:
        super().__init__()
        self.status = status

    def compose(self) -> ComposeResult:
        """Account first: it matters most."""
        yield Label("Shunter", id="brand")
        yield Label("", id="place", markup=False)
        yield Label("", id="who", markup=False)
        yield Label("", id="waiting", markup=False)
        yield Label("", id="state", markup=False)

    def on_mount(self) -> None:
        """Show the status it was made with."""
        self.show()

    def show(self, **changes: object) -> None:
        """Change parts of the status."""
        self.status = status = replace(self.status, **changes)  # type: ignore[arg-type]
        place = self.query_one("#place", Label)
        place.update(f" {status.place} ")
        place.set_class(status.place == "LIVE", "-live")
        tail = f" ...{status.key_tail}" if status.key_tail else ""
        self.query_one("#who", Label).update(f"{status.profile}{tail}")
        self.query_one("#waiting", Label).update(status.waiting_for)
        others = f" Shunter  {status.place}  {status.profile}{tail}  {status.waiting_for}  "
        self.query_one("#state", Label).update(_state(status, self.size.width - cell_len(others)))

    def on_resize(self) -> None:
        """Show what there is room for now."""
        self.show()


def _state(status: Status, room: int) -> str:
    """How things stand, as far as there is room: the weight is the first to go, then the clock."""
    keyring = f"keyring: {status.keyring}" if status.keyring else ""
    clock = "" if status.clock_offset_ms is None else f"clock {status.clock_offset_ms:+d} ms"
    weight = f"weight {status.weight:,} of {_MOST_WEIGHT:,}" if status.weight >= _MOST_WEIGHT // 2 else ""
    words = [part for part in (keyring, clock, weight) if part]
    while len(words) > 1 and cell_len("  ".join(words)) > room:
        words.pop()
    return "  ".join(words)
