"""All of the transfer under the cursor of a list, beside the list where the terminal is wide enough."""

from collections.abc import Callable
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Label, Static

from tui.domain.amounts import grouped
from tui.domain.entries import Entry
from tui.domain.transfer import Transfer
from tui.domain.view import Whose
from tui.widgets.entry_facts import entry_facts, entry_meaning, entry_title, title_style
from tui.widgets.late_messages import DropsLateMessages
from tui.words.outcomes import Watch, meaning
from tui.words.transfers import facts

_NAME_COLUMNS = 10


@dataclass(frozen=True, slots=True)
class Told:
    """What is shown of one."""

    outcome: str
    """Whose looks its title has; empty where that is not known."""
    title: str
    meaning: str
    facts: list[tuple[str, str]]


class TransferDetail(DropsLateMessages, VerticalScroll):
    """What the screen of one transfer shows, without a key press. Of no transfer, it shows nothing."""

    COMPONENT_CLASSES = {"transfer-detail--name", "transfer-detail--value"}  # noqa: RUF012 - as Textual declares it

    def __init__(self, *, id: str, watch_over: Callable[[Transfer], Watch]) -> None:  # noqa: A002 - Textual's name
        """Takes what knows who keeps looking for a judged transfer."""
        super().__init__(id=id, classes="-empty", can_focus=False)
        self._watch_over = watch_over
        self._told: Told | None = None
        self._is_drawn = False

    def compose(self) -> ComposeResult:
        """Outcome, meaning, facts."""
        yield Label("", classes="title", markup=False)
        yield Label("", classes="meaning", markup=False)
        yield Static("", id="detail-facts")

    def show(self, transfer: Transfer, note: str = "") -> None:
        """Show this one; the note says how its settling goes."""
        title = f"{grouped(transfer.request.amount)} {transfer.request.asset} {transfer.outcome.words}"
        says = meaning(transfer.evidence, self._watch_over(transfer))
        self._tell(Told(transfer.outcome.value, title, says, facts(transfer, note)))

    def show_entry(self, entry: Entry | None, whose: Whose) -> None:
        """Show an entry; or none."""
        if entry is None:
            self._told = None
            self.add_class("-empty")
            return
        watch = self._watch_over(entry.transfer) if entry.transfer else Watch.UNKNOWN
        texts = entry_title(entry), entry_meaning(entry, whose, watch), entry_facts(entry, whose)
        self._tell(Told(title_style(entry), *texts))

    def _tell(self, told: Told) -> None:
        if self._told == told:
            return
        self._told, self._is_drawn = told, False
        self.remove_class("-empty")
        if self.size:
            self._draw()

    def on_mount(self) -> None:
        """Draw it anew in another theme."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw(anew=True))

    def on_unmount(self) -> None:
        """Let go of what the app keeps of this: it lives longer."""
        self.app.theme_changed_signal.unsubscribe(self)

    def on_resize(self) -> None:
        """Draw what was to be shown while there was no room."""
        self._draw()

    def _draw(self, *, anew: bool = False) -> None:
        if self._told is None or (self._is_drawn and not anew):
            return
        self._is_drawn = True
        told = self._told
        title = self.query_one(".title", Label)
        title.set_classes(f"title -{told.outcome}")
        title.update(told.title)
        self.query_one(".meaning", Label).update(told.meaning)
        self.query_one("#detail-facts", Static).update(self._table(told.facts))

    def _table(self, found: list[tuple[str, str]]) -> Table:
        name_style = self.get_component_rich_style("transfer-detail--name")
        value_style = self.get_component_rich_style("transfer-detail--value", partial=True)
        table = Table.grid(expand=True)
        table.add_column(width=_NAME_COLUMNS)
        table.add_column(ratio=1)
        for name, value in found:
            table.add_row(Text(name, name_style), Text(value, value_style))
        return table
