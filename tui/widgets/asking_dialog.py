"""A dialog that ends with a question."""

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.containers import Grid, VerticalScroll
from textual.widgets import Label

from tui.words.entries import Description


class AskingDialog(VerticalScroll, can_focus=False):
    """Keeps its end visible, which shows the keys that answer.

    If it does not fit, it loses its margins first; then it scrolls, with the arrow keys too, and its start is hidden.
    """

    def __init__(self) -> None:
        super().__init__(classes="dialog")

    def on_mount(self) -> None:
        """Follow the size of the content."""
        self.watch(self, "virtual_size", self._adjust, init=False)

    def on_resize(self) -> None:
        """Follow the size of the terminal."""
        self._adjust()

    def _adjust(self) -> None:
        self.call_after_refresh(self._keep_end_visible)

    def _keep_end_visible(self) -> None:
        overflows = self.max_scroll_y > 0
        if overflows and not self.has_class("-dense"):
            self.add_class("-dense")
            self._adjust()
            return
        self.can_focus = overflows
        if overflows:
            self.focus(scroll_visible=False)
            self.scroll_end(animate=False, immediate=True)


def described(description: Description, more: Iterable[tuple[str, str]] = ()) -> ComposeResult:
    """Compose a description: title, meaning, facts. `more` are ids and texts of lines below the facts."""
    yield Label(description.title, classes=f"title -{description.style}", markup=False)
    yield Label(description.meaning, classes="meaning", markup=False)
    with Grid(classes="facts"):
        for name, value in description.facts:
            yield Label(name, classes="fact-name")
            id_ = None if name == "Differs" else f"fact-{name.lower().replace(' ', '-')}"  # there may be several
            yield Label(value, classes="fact-value", id=id_, markup=False)
        for id_, text in more:
            yield Label("", classes="fact-name")
            yield Label(text, classes="fact-value", id=id_, markup=False)
