"""A dialog that ends with a question."""

from collections.abc import Iterable, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.reactive import var
from textual.widgets import Label

from tui.domain.text import printable
from tui.domain.transfer import TransferRequest
from tui.language import _
from tui.widgets.facts import Fact, Facts
from tui.widgets.pane import TALL
from tui.words.entries import Description
from tui.words.wallets import EndFigures, end_lines

_BELOW_LISTS, _BELOW_LISTS_TALL = 10, 12
"""The row below the lists of wallets."""
_WIDE = 120
"""Columns from which a dialog leaves the lines at the bottom to the screen below it."""


class Dialog(VerticalScroll, can_focus=False):
    """Lies below the lists of wallets, and grows over them if it has to.

    It reaches down to the keys; where panes are next to the form, to the end of the pane at the left.
    """

    def __init__(self) -> None:
        super().__init__(classes="dialog")

    def on_mount(self) -> None:
        """Take its place."""
        self._reach_down()

    def on_resize(self) -> None:
        """Follow the size of the terminal."""
        self._reach_down()

    def _reach_down(self) -> None:
        width, height = self.app.size
        has_keys = bool(self.screen.query("KeyBar"))
        bottom = height - has_keys
        if width >= _WIDE:
            panes = [pane for screen in self.app.screen_stack for pane in screen.query("#transfers, #detail")]
            ends = [pane.region.bottom for pane in panes if pane.region and not pane.region.x]
            bottom = min(ends, default=bottom)
        self.styles.margin = (0, 0, max(height - has_keys - bottom, 0), 0)
        self.styles.min_height = max(bottom - (_BELOW_LISTS_TALL if height >= TALL else _BELOW_LISTS), 1)


class AskingDialog(Dialog, can_focus=False):
    """Keeps its end visible, which shows the keys that answer.

    If it does not fit, it loses its margins first; then it scrolls, with the arrow keys too, and its start is hidden,
    or what is above the keys.
    """

    is_settled = var(False)
    """Whether it shows the part that stays in sight, so that from now on only the person scrolls it."""

    def __init__(self, *, keeps_start: bool = False) -> None:
        """Takes which part stays in sight, besides the keys."""
        super().__init__()
        self._keeps_start = keeps_start

    def on_mount(self) -> None:
        """Follow the size of the content."""
        self.watch(self, "virtual_size", self.settle, init=False)

    def on_resize(self) -> None:
        """Keep its end visible."""
        self.settle()

    def settle(self) -> None:
        """Show the part that stays in sight, as soon as the layout is known."""
        self.is_settled = False
        self.call_after_refresh(self._keep_end_visible)

    def _keep_end_visible(self) -> None:
        overflows = self.max_scroll_y > 0
        if overflows and not self.has_class("-dense"):
            self.add_class("-dense")
            self.settle()
            return
        self.can_focus = overflows
        if overflows:
            self.focus(scroll_visible=False)
            if not self._keeps_start:
                self.scroll_end(animate=False, immediate=True)
        self.is_settled = True


def described(description: Description, facts: Iterable[Fact], at: str = "") -> ComposeResult:
    """Compose what a dialog shows of an entry: how it ended, and the facts. `at` is when it was sent."""
    yield from titled(description.headline, at, style=description.style)
    yield Facts(facts)


def titled(title: str, right: str = "", *, style: str = "") -> ComposeResult:
    """Compose the strip of a dialog. With the style of an outcome, the title is a badge in its colour."""
    with Horizontal(classes="strip"):
        yield Label(f" {title} ", classes=f"title -{style}" if style else "title", markup=False)
        yield Label(right, classes="strip-right", markup=False)


def described_facts(description: Description, ends: Sequence[Fact] = ()) -> list[Fact]:
    """Return the facts of a description: amount and both ends on a band, the meaning below it, then the others."""
    shown = dict(description.facts)
    band = [Fact(name, shown[name], is_in_band=True) for name in (_("Amount"), _("From"), _("To")) if name in shown]
    if ends:
        band[1:] = ends
    named = {fact.name for fact in band}
    rest = [Fact(name, value) for name, value in description.facts if name not in named]
    return [*band, Fact("", ""), Fact("", description.meaning, "sentence"), *rest]


def end_facts(
    request: TransferRequest, figures: Sequence[EndFigures], heads: tuple[str, str], *, is_short: bool = False
) -> list[Fact]:
    """Return both ends of a transfer with what they hold at two times, below the heads of these."""
    lines = end_lines(request.ends, figures, printable(request.asset), heads, is_short=is_short)
    looks = "muted", "strong", "strong"
    return [
        Fact(name, line, look, narrow, is_in_band=True)
        for name, (line, narrow), look in zip(("", _("From"), _("To")), lines, looks, strict=True)
    ]
