"""A page of sections, each with a title and lines."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, Static

from tui.domain.text import printable
from tui.screens.closing import DismissesItself
from tui.widgets.ask_line import AskLine
from tui.words.differences import Section

_SCROLLS = {"j": "down", "k": "up", "g": "home", "G": "end"}
"""Letters, as in every list; the arrow keys scroll too."""


class ReportScreen(DismissesItself, ModalScreen[None]):
    """Shows a summary and the sections below it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "Close"),
        *(Binding(key, f"scroll({where!r})", show=False) for key, where in _SCROLLS.items()),
    ]

    def __init__(self, title: str, summary: str, sections: Sequence[Section]) -> None:
        super().__init__()
        self._title = title
        self._summary = summary
        self._sections = sections

    def compose(self) -> ComposeResult:
        """Show one page."""
        with Vertical(classes="dialog -page"):
            yield Label(self._title, classes="title", markup=False)
            yield Label(printable(self._summary), classes="meaning", markup=False)
            with VerticalScroll():
                yield Static(Content("\n\n").join(map(_content, self._sections)), id="findings")
            yield AskLine("Down, Up  scroll        Esc or q  close")

    async def action_scroll(self, where: str) -> None:
        """Scroll as a key of the scrolled part does."""
        await self.query_one(VerticalScroll).run_action(f"scroll_{where}")


def _content(section: Section) -> Content:
    title = [Content(printable(section.title)).stylize("bold")] if section.title else []
    return Content("\n").join([*title, *(Content(printable(line)) for line in section.lines)])
