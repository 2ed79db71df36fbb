"""The line at the top: the place, the key in use, and the state of the connection."""

from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Label

from tui.domain.hosts import DEMO, LIVE, in_short
from tui.language import _
from tui.structs import Struct, replace
from tui.widgets.late_messages import DropsLateMessages
from tui.widgets.late_styles import LateStyles

_MOST_WEIGHT = 180_000
"""Of an account's requests in a minute: BINANCE.md, "Limits and answers". It is shown from half of it."""


_NOT_SAFE = _("PLAIN TEXT"), _("session key")
"""How the keyring's name begins if the key is not kept, or not kept safely."""

_MOST_OF_PLACE = 32
"""Characters. A host may have 253."""


class Status(Struct):
    """What the status bar says."""

    place: str
    """LIVE, DEMO, or the host of another base URL."""
    profile: str = ""
    key_tail: str = ""
    keyring: str = ""
    clock_offset_ms: int | None = None
    weight: int = 0
    read_only: str = ""
    """Why nothing can be sent; empty if something can."""
    worth: str = ""
    """What everything is worth, and since when; empty while it is not known."""
    waiting_for: str = ""
    """What the app is waiting for."""

    @property
    def whose(self) -> str:
        """The profile, and the end of its key."""
        return f"{self.profile} ...{self.key_tail}" if self.key_tail else self.profile

    @property
    def place_class(self) -> str:
        """The style of the place: only LIVE and DEMO look like LIVE and DEMO."""
        return {LIVE: "-live", DEMO: "-demo"}.get(self.place, "")

    @property
    def short_place(self) -> str:
        """The place, shortened for a line with more in it."""
        return self.place_in(_MOST_OF_PLACE)

    def place_in(self, most: int) -> str:
        """The place as a person calls it, in at most so many characters."""
        return in_short(_(self.place) if self.place in (LIVE, DEMO) else self.place, most)


class StatusBar(DropsLateMessages, Horizontal):
    """The line at the top. It always shows the place: nobody should take LIVE for DEMO."""

    def __init__(self, status: Status) -> None:
        super().__init__()
        self.status = status

    def compose(self) -> ComposeResult:
        """The place first: it matters most."""
        yield Label("Shunter", id="brand")
        yield Label(f" {self.status.short_place} ", id="place", classes=self.status.place_class, markup=False)
        yield _State(self)

    def show(self, **changes: object) -> None:
        """Change parts of the status."""
        self.status = replace(self.status, **changes)  # type: ignore[arg-type]
        self.query_one(_State).refresh()


class _State(LateStyles, Widget):
    """The key, what the app waits for, and the connection's state: one text, so that no change needs a layout."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"status-bar--waiting", "status-bar--state", "status-bar--read-only"}

    def __init__(self, bar: StatusBar) -> None:
        super().__init__()
        self._bar = bar

    def render(self) -> Content:
        """Draw what the app waits for in full, and the state at the right, as far as there is room."""
        status, width = self._bar.status, self.content_size.width
        waiting = Content.styled(status.waiting_for, self.get_visual_style("status-bar--waiting"))
        mark = Content.styled(_(" READ ONLY "), self.get_visual_style("status-bar--read-only"))
        left = (mark if status.read_only else Content("")) + Content(f" {status.whose} ") + waiting
        room = width - left.cell_length - 2
        state = Content.styled(_state(status, room), self.get_visual_style("status-bar--state"))
        gap = Content(" " * max(1, 1 + room - state.cell_length))
        return Content.assemble(left, gap, state).truncate(width)


def _state(status: Status, room: int) -> str:
    """Return the state as far as there is room, the worth last. Each part is whole or not there: the first to stay is
    that the key is not in a safe keyring.
    """
    keyring = _("keyring: {keyring}").format(keyring=status.keyring) if status.keyring else ""
    offset_s = (status.clock_offset_ms or 0) / 1000
    clock = weight = ""
    if abs(offset_s) >= 1:
        clock = _("this clock is {seconds} s slow") if offset_s > 0 else _("this clock is {seconds} s fast")
        clock = clock.format(seconds=f"{abs(offset_s):.0f}")
    if status.weight >= _MOST_WEIGHT // 2:
        weight = _("weight {weight} of {most}").format(weight=f"{status.weight:,}", most=f"{_MOST_WEIGHT:,}")
    first, last = (keyring, "") if status.keyring.startswith(_NOT_SAFE) else ("", keyring)
    words = [part for part in (first, status.worth, weight, last, clock) if part]
    while len(words) > bool(first) and cell_len("  ".join(words)) > room:
        words.pop()
    return "  ".join(sorted(words, key=lambda part: part == status.worth))  # at the right, where it stays
