"""What the wallets hold, as it comes from the exchange, on the screen of a transfer."""

from tui.desk.desk import Desk
from tui.screens.entry import EntryScreen
from tui.screens.fields import HasFields
from tui.screens.holdings import HoldingsScreen
from tui.widgets.balance_refresher import BalanceRefresher
from tui.widgets.holdings_table import HoldingsTable
from tui.widgets.status_bar import StatusBar
from tui.widgets.transfer_form import TransferForm
from tui.widgets.trouble_line import TroubleLine


class HasBalances(HasFields):
    """Has a reader of balances, and brings what it reads to the form, the holdings, and the lines at the top."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    def action_refresh_balances(self) -> None:
        """Read the wallets again."""
        self.query_one(BalanceRefresher).read_all()

    def on_balance_refresher_read(self, message: BalanceRefresher.Read) -> None:
        """Show what was read."""
        self.query_one(TransferForm).show_balances(message.balances)
        self.query_one(HoldingsTable).show_balances(message.balances)
        for screen in self.app.screen_stack:  # something may lie over it
            if isinstance(screen, EntryScreen | HoldingsScreen):
                screen.show_balances(message.balances)

    def on_balance_refresher_transferable_read(self, message: BalanceRefresher.TransferableRead) -> None:
        """Show what can be moved."""
        self.query_one(TransferForm).transferable_read(message.balances, message.account, message.asset)

    def on_balance_refresher_waiting(self, message: BalanceRefresher.Waiting) -> None:
        """Say what is waited for, and what the exchange said beside."""
        self.show_exchange_state()
        self.query_one(StatusBar).show(waiting_for=message.words)

    def on_balance_refresher_unread(self, message: BalanceRefresher.Unread) -> None:
        """Say what cannot be read, as long as it cannot."""
        self.query_one(TroubleLine).show_unread(message.wallets)

    def on_transfer_form_transferable_wanted(self, message: TransferForm.TransferableWanted) -> None:
        """Ask the exchange."""
        self.query_one(BalanceRefresher).read_transferable(message.account, message.asset)

    def show_exchange_state(self) -> None:
        """Show the exchange's clock, and what of its limit is used."""
        clock = self.desk.client.clock
        self.query_one(StatusBar).show(
            clock_offset_ms=clock.offset_ms if clock else None, weight=self.desk.client.uid_weight
        )
