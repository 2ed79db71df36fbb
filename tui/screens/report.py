"""A page of sections, each with a title and lines."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, Static

from tui.domain.text import printable
from tui.language import _
from tui.screens.closing import DismissesItself
from tui.widgets.asking_dialog import titled
from tui.widgets.key_bar import KeyBar
from tui.words.differences import Section

_OTHER_SCROLLS = {"k": "up", "g": "home", "G": "end"}
"""Letters, as in every list. The scrolled part itself has the arrow keys."""


class ReportScreen(DismissesItself, ModalScreen[None]):
    """Shows a summary and the sections below it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", _("Close"), key_display="Enter"),
        Binding("j", "scroll('down')", _("Scroll"), key_display="Down Up"),
        *(Binding(key, f"scroll({where!r})", show=False) for key, where in _OTHER_SCROLLS.items()),
    ]

    def __init__(self, title: str, summary: str, sections: Sequence[Section]) -> None:
        super().__init__()
        self._title = title
        self._summary = summary
        self._sections = sections

    def compose(self) -> ComposeResult:
        """Show one page."""
        with VerticalScroll(classes="dialog"):
            yield from titled(self._title)
            yield Label(printable(self._summary), classes="meaning", markup=False)
            yield Static(Content("\n\n").join(map(_content, self._sections)), id="findings")
        yield KeyBar()

    async def action_scroll(self, where: str) -> None:
        """Scroll as a key of the scrolled part does."""
        await self.query_one(VerticalScroll).run_action(f"scroll_{where}")


def _content(section: Section) -> Content:
    title = [Content(printable(section.title)).stylize("bold")] if section.title else []
    return Content("\n").join([*title, *(Content(printable(line)) for line in section.lines)])
