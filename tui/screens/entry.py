"""One entry in full: both sides of it, and where they differ."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Label

from tui.domain.entries import Entry, mismatches
from tui.domain.transfer import Transfer
from tui.domain.view import Whose
from tui.screens.closing import DismissesItself
from tui.widgets.ask_line import AskLine
from tui.widgets.clipboard import copy_text, copy_tran_id
from tui.widgets.entry_facts import entry_facts, entry_meaning, entry_text, entry_title, title_style
from tui.words.outcomes import Watch


class EntryScreen(DismissesItself, ModalScreen[None]):
    """Shows one entry."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy_tran_id", "Copy tranId"),
        Binding("C", "copy_all", "Copy all"),
        Binding("escape,enter,q", "close", "Close"),
    ]

    def __init__(self, entry: Entry, whose: Whose, watch_over: Callable[[Transfer], Watch]) -> None:
        super().__init__()
        self._watch_over = watch_over
        self._entry = entry
        self._whose = whose

    def compose(self) -> ComposeResult:
        """The outcome first, then every fact."""
        entry = self._entry
        with VerticalScroll(classes="dialog"):
            yield Label(entry_title(entry), classes=f"title -{title_style(entry)}", markup=False)
            watch = self._watch_over(entry.transfer) if entry.transfer else Watch.UNKNOWN
            yield Label(entry_meaning(entry, self._whose, watch), classes="meaning", markup=False)
            with Grid(classes="facts"):
                for name, value in entry_facts(entry, self._whose):
                    yield Label(name, classes="fact-name")
                    yield Label(value, classes="fact-value", markup=False)
            copy = "c  copy the tranId        " if entry.tran_id is not None else ""
            yield AskLine(f"{copy}C  copy all        Esc or q  close")

    def show(self, transfer: Transfer) -> None:
        """Say how it stands now, where this is what is shown."""
        before = self._entry.transfer
        if before and before.identity == transfer.identity and before != transfer:
            record = self._entry.record
            self._entry = Entry(record, transfer, mismatches(transfer, record) if record else ())
            self.refresh(recompose=True)

    def action_copy_tran_id(self) -> None:
        """Put the tranId into the clipboard of the person's own terminal."""
        copy_tran_id(self._entry, self)

    def action_copy_all(self) -> None:
        """Put all of it there."""
        copy_text(entry_text(self._entry, self._whose), entry_title(self._entry), self)

    def action_close(self) -> None:
        """Back to where it was opened."""
        self.dismiss()
