"""The journal on screen: the transfers of all sessions."""

from dataclasses import dataclass
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Label

from tui.desk.desk import Desk
from tui.domain.transfer import Transfer
from tui.journal import JournalError
from tui.screens.result import ResultScreen
from tui.widgets.key_bar import KeyBar
from tui.widgets.transfer_detail import TransferDetail
from tui.widgets.transfer_table import TransferTable

_MOST_ROWS = 500
_TIME = "%Y-%m-%d %H:%M"


class HistoryScreen(Screen[None]):
    """Lists the newest transfers of the journal."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 - as Textual declares it
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "Copy tranId"),
        Binding("escape,f3,ctrl+t,q", "close", "Close", key_display="Esc or q"),
    ]

    @dataclass
    class Read(Message):
        """The journal was read, or could not be."""

        transfers: list[Transfer]
        problem: str = ""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk

    def compose(self) -> ComposeResult:
        """One table, and beside it what is under its cursor."""
        yield Label("History", classes="title")
        yield Label("Reading the journal...", id="history-said", markup=False)
        with Horizontal(id="history-columns"):
            yield TransferTable(id="history")
            yield TransferDetail(id="history-detail")
        yield KeyBar()

    def on_mount(self) -> None:
        """Read the journal."""
        self.read_journal()

    @work(exclusive=True)
    async def read_journal(self) -> None:
        """Read the newest transfers."""
        try:
            self.post_message(self.Read(await self._desk.recent(_MOST_ROWS)))
        except JournalError as error:
            self.post_message(self.Read([], str(error)))

    def on_history_screen_read(self, message: Read) -> None:
        """Show them, the cursor on the newest."""
        table = self.query_one(TransferTable)
        for transfer in message.transfers:
            table.show(transfer, _TIME)
        count = len(message.transfers)
        words = f"Transfers: {count}" if count < _MOST_ROWS else f"The newest {count}; `shunter journal` prints all"
        self.query_one("#history-said", Label).update(message.problem or words)
        table.focus()

    def on_data_table_row_highlighted(self) -> None:
        """Show all of the marked one beside the list, where there is room."""
        if transfer := self.query_one(TransferTable).marked:
            self.query_one(TransferDetail).show(transfer)

    def on_transfer_table_opened(self, message: TransferTable.Opened) -> None:
        """Show all of one transfer."""
        self.app.push_screen(ResultScreen(message.transfer))

    def action_copy(self) -> None:
        """Copy the tranId under the cursor."""
        self.query_one(TransferTable).action_copy_tran_id()

    def action_close(self) -> None:
        """Back to the main screen."""
        self.dismiss()
