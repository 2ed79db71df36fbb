"""All of the entry under the cursor of a list, next to the list if the terminal is wide enough."""

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Label, Static

from tui.widgets.late_messages import DropsLateMessages
from tui.words.entries import Description

_NAME_COLUMNS = 10


class TransferDetail(DropsLateMessages, VerticalScroll):
    """Shows a description without a key press; without one, it shows nothing."""

    COMPONENT_CLASSES = {"transfer-detail--name", "transfer-detail--value"}  # noqa: RUF012 - as Textual declares it

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes="-empty", can_focus=False)
        self._description: Description | None = None
        self._is_drawn = False

    def compose(self) -> ComposeResult:
        """Title, meaning, facts."""
        yield Label("", classes="title", markup=False)
        yield Label("", classes="meaning", markup=False)
        yield Static("", id="detail-facts")

    def show(self, description: Description | None) -> None:
        """Show a description, or nothing."""
        if description == self._description:
            return
        self._description, self._is_drawn = description, False
        self.set_class(description is None, "-empty")
        if self.size:
            self._draw()

    def on_mount(self) -> None:
        """Draw it again in another theme."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw(again=True))

    def on_unmount(self) -> None:
        """Let the app, which lives longer, forget this widget."""
        self.app.theme_changed_signal.unsubscribe(self)

    def on_resize(self) -> None:
        """Draw what came while there was no room."""
        self._draw()

    def _draw(self, *, again: bool = False) -> None:
        description = self._description
        if description is None or (self._is_drawn and not again):
            return
        self._is_drawn = True
        title = self.query_one(".title", Label)
        title.set_classes(f"title -{description.style}")
        title.update(description.title)
        self.query_one(".meaning", Label).update(description.meaning)
        table = Table.grid(expand=True)
        table.add_column(width=_NAME_COLUMNS)
        table.add_column(ratio=1)
        name_style = self.get_component_rich_style("transfer-detail--name")
        value_style = self.get_component_rich_style("transfer-detail--value", partial=True)
        for name, value in description.facts:
            table.add_row(Text(name, name_style), Text(value, value_style))
        self.query_one("#detail-facts", Static).update(table)
