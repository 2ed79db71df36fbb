"""A page of findings: what each is, and below it what there is to say of it."""

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Finding:
    """One of them; its texts may be an exchange's."""

    title: str
    """Empty where the lines speak for themselves."""
    lines: Sequence[str] = ()


class ReportScreen(DismissesItself, ModalScreen[None]):
    """Shows findings, and what they come to above them."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q", "close", "Close")]

    def __init__(self, title: str, summary: str, findings: Sequence[Finding]) -> None:
        super().__init__()
        self._title = title
        self._summary = summary
        self._findings = findings

    def compose(self) -> ComposeResult:
        """One page."""
        with Vertical(classes="dialog -page"):
            yield Label(self._title, classes="title", markup=False)
            yield Label(printable(self._summary), classes="meaning", markup=False)
            with VerticalScroll():
                yield Static(Content("\n\n").join(map(_content, self._findings)), id="findings")
            yield AskLine("Down, Up  scroll        Esc or q  close")

    def action_close(self) -> None:
        """Back to where it was opened."""
        self.dismiss()


def _content(finding: Finding) -> Content:
    title = [Content(printable(finding.title)).stylize("bold")] if finding.title else []
    return Content("\n").join([*title, *(Content(printable(line)) for line in finding.lines)])
