"""All of the transfer under the cursor of a list, beside the list where the terminal is wide enough."""

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Label, Static

from tui.domain.amounts import grouped
from tui.domain.transfer import Transfer
from tui.widgets.transfer_facts import OUTCOME_WORDS, facts, meaning

_NAME_COLUMNS = 10


class TransferDetail(VerticalScroll):
    """What the screen of one transfer shows, without a key press. Of no transfer, it shows nothing."""

    COMPONENT_CLASSES = {"transfer-detail--name", "transfer-detail--value"}  # noqa: RUF012 - as Textual declares it

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes="-empty", can_focus=False)
        self._shown: tuple[Transfer, str] | None = None
        self._is_drawn = False

    def compose(self) -> ComposeResult:
        """Outcome, meaning, facts."""
        yield Label("", classes="title", markup=False)
        yield Label("", classes="meaning", markup=False)
        yield Static("", id="detail-facts")

    def show(self, transfer: Transfer, note: str = "") -> None:
        """Show this one; the note says how its settling goes."""
        if self._shown == (transfer, note):
            return
        self._shown, self._is_drawn = (transfer, note), False
        self.remove_class("-empty")
        if self.size:
            self._draw()

    def on_mount(self) -> None:
        """Draw it anew in another theme."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw(anew=True))

    def on_resize(self) -> None:
        """Draw what was to be shown while there was no room."""
        self._draw()

    def _draw(self, *, anew: bool = False) -> None:
        if self._shown is None or (self._is_drawn and not anew):
            return
        self._is_drawn = True
        transfer, note = self._shown
        title = self.query_one(".title", Label)
        title.set_classes(f"title -{transfer.outcome}")
        request = transfer.request
        title.update(f"{grouped(request.amount)} {request.asset} {OUTCOME_WORDS[transfer.outcome]}")
        self.query_one(".meaning", Label).update(meaning(transfer))
        self.query_one("#detail-facts", Static).update(self._table(transfer, note))

    def _table(self, transfer: Transfer, note: str) -> Table:
        name_style = self.get_component_rich_style("transfer-detail--name")
        value_style = self.get_component_rich_style("transfer-detail--value", partial=True)
        table = Table.grid(expand=True)
        table.add_column(width=_NAME_COLUMNS)
        table.add_column(ratio=1)
        for name, value in facts(transfer, note):
            table.add_row(Text(name, name_style), Text(value, value_style))
        return table
