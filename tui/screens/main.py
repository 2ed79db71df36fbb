"""The main screen: the form of a transfer, and the session's transfers."""

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Label

from tui.desk import Desk
from tui.domain.balances import Balances
from tui.domain.transfer import Draft, Transfer
from tui.journal import JournalError
from tui.screens.decide import DecideScreen, Decision
from tui.screens.history import HistoryScreen
from tui.screens.result import ResultScreen
from tui.screens.review import Review, ReviewScreen
from tui.settle import Progress
from tui.widgets.status_bar import Status, StatusBar
from tui.widgets.transfer_form import TransferForm
from tui.widgets.transfer_table import TransferTable

_TOO_SMALL = "This terminal is too small for Shunter. Make it 60 columns by 16 rows or more; 80 by 24 shows everything."


class MainScreen(Screen[None]):
    """Where transfers are made. It is told of every change by the desk, through `transfer_changed`."""

    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-narrow"), (110, "-wide")]  # noqa: RUF012 - as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-low"), (16, "-high")]  # noqa: RUF012
    AUTO_FOCUS = "#from"

    BINDINGS: ClassVar[list[BindingType]] = [
        # Tab has priority: keys that arrive in one packet, as they do on a slow line, then go to the field that each
        # was meant for. No other key has it, so that what was typed before a key is in its field when the key acts.
        Binding("tab", "app.focus_next", "Next field", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", "Previous field", show=False, priority=True),
        Binding("f1,ctrl+g", "app.help", "Help", key_display="F1"),
        Binding("f2,ctrl+r", "review", "Review", key_display="F2"),
        Binding("f3,ctrl+t", "history", "History", key_display="F3"),
        Binding("f4,ctrl+k", "app.keys", "Keys", key_display="F4"),
        Binding("f5,ctrl+l", "refresh_balances", "Refresh", key_display="F5"),
        Binding("ctrl+x", "swap", "Swap", key_display="^X"),
        Binding("ctrl+q", "app.quit", "Quit", key_display="^Q"),
    ]

    class BalancesRead(Message):
        """The wallets were read."""

        def __init__(self, balances: Balances) -> None:
            super().__init__()
            self.balances = balances

    class NotDecided(Message):
        """The journal did not take the person's decision on an unknown transfer."""

        def __init__(self, words: str) -> None:
            super().__init__()
            self.words = words

    def __init__(self, desk: Desk, status: Status, draft: Draft) -> None:
        super().__init__()
        self.desk = desk
        self._status = status
        self._draft = draft
        self._session_ids: set[int] = set()
        self._progress: dict[int, Progress] = {}
        """Where the settling of each unknown transfer stands, by its id."""

    def compose(self) -> ComposeResult:
        """Status, form, session, keys."""
        yield StatusBar(self._status)
        yield Label(_TOO_SMALL, id="too-small")
        with VerticalScroll(id="body", can_focus=False):
            yield TransferForm(self._draft, id="form")
            with Vertical(id="session"):
                yield Label("Session", classes="title", id="session-title")
                yield Label("No transfers yet", id="session-empty")
                yield TransferTable(id="transfers")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Read the wallets."""
        self.query_one(TransferTable).display = False
        self.read_balances()

    def action_review(self) -> None:
        """Review what is entered."""
        self.query_one(TransferForm).action_review()

    def action_swap(self) -> None:
        """Turn the move round."""
        self.query_one(TransferForm).action_swap()

    def action_history(self) -> None:
        """Show the transfers of all sessions."""
        self.app.push_screen(HistoryScreen(self.desk))

    def action_refresh_balances(self) -> None:
        """Read the wallets again."""
        self.read_balances()

    def transfer_changed(self, transfer: Transfer) -> None:
        """Show a transfer as it stands now."""
        self._session_ids.add(transfer.id)
        if not transfer.outcome.is_open:
            self._progress.pop(transfer.id, None)
        table = self.query_one(TransferTable)
        table.display = True
        self.query_one("#session-empty").display = False
        table.show(transfer)
        self.query_one("#session-title", Label).update(f"Session - {len(self._session_ids)}")
        self._show_exchange_state()
        if not transfer.outcome.is_open:
            self.read_balances()

    def show_earlier(self, transfers: list[Transfer]) -> None:
        """Show transfers of earlier sessions whose outcome is still open."""
        for transfer in transfers:
            self.transfer_changed(transfer)

    def settling_progressed(self, progress: Progress) -> None:
        """Show how the settling of an unknown transfer goes."""
        self._progress[progress.transfer.id] = progress
        self.query_one(TransferTable).show(progress.transfer, note=progress.note)

    @work(exclusive=True, group="balances")
    async def read_balances(self) -> None:
        """Read the wallets, saying so while it lasts."""
        self.query_one(StatusBar).show(waiting_for="reading wallets...")
        self.post_message(self.BalancesRead(await self.desk.balances()))

    def on_main_screen_balances_read(self, message: BalancesRead) -> None:
        """Show what was read, and what could not be."""
        self.query_one(StatusBar).show(waiting_for="")
        self.query_one(TransferForm).show_balances(message.balances)
        self._show_exchange_state()
        problems = {holdings.problem for holdings in message.balances.values() if holdings.problem}
        for problem in problems:
            self.notify(problem, title="Wallets not read", severity="warning", markup=False)

    def on_transfer_form_review_asked(self, message: TransferForm.ReviewAsked) -> None:
        """Show the review of a transfer that is valid in form."""
        status = self.query_one(StatusBar).status
        self.app.push_screen(ReviewScreen(self.desk, Review(message.request, status)), self._reviewed)

    def on_transfer_table_opened(self, message: TransferTable.Opened) -> None:
        """Show all of one transfer, or let the person decide on one that the program cannot settle."""
        progress = self._progress.get(message.transfer.id)
        if progress and progress.needs_person:
            self.app.push_screen(DecideScreen(progress), self._decided)
        else:
            self.app.push_screen(ResultScreen(message.transfer))

    def on_transfer_table_tran_id_copied(self, message: TransferTable.TranIdCopied) -> None:
        """Put a tranId into the clipboard of the person's own terminal."""
        self.app.copy_to_clipboard(str(message.tran_id))
        self.notify(f"tranId {message.tran_id} copied")

    @work
    async def settle_by_hand(self, decision: Decision) -> None:
        """Write the person's decision down."""
        try:
            await self.desk.choose(decision.transfer, decision.tran_id)
        except JournalError as error:
            self.post_message(self.NotDecided(str(error)))

    def on_main_screen_not_decided(self, message: NotDecided) -> None:
        """Say why a decision was not taken."""
        self.notify(message.words, title="Not decided", severity="error", markup=False)

    def _decided(self, decision: Decision | None) -> None:
        if decision:
            self.settle_by_hand(decision)

    def _reviewed(self, transfer: Transfer | None) -> None:
        if transfer is None:
            return
        if transfer.outcome.is_open or transfer.tran_id is not None:
            self.query_one(TransferForm).clear_amount()
        self.app.push_screen(ResultScreen(transfer))

    def _show_exchange_state(self) -> None:
        clock = self.desk.client.clock
        self.query_one(StatusBar).show(
            clock_offset_ms=clock.offset_ms if clock else None, weight=self.desk.client.uid_weight
        )
