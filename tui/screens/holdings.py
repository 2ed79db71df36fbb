"""The holdings on the whole terminal, for terminals without room next to the form."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Label

from tui.domain.balances import Balances
from tui.screens.closing import DismissesItself
from tui.widgets.at_once import at_once
from tui.widgets.holdings_table import HoldingsTable
from tui.widgets.key_bar import KeyBar


class HoldingsScreen(DismissesItself, Screen[HoldingsTable.HoldingChosen | None]):
    """Its result is the cell that the person wants to move from, or None."""

    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [
            Binding("escape,f6,ctrl+n", "close", "Close", key_display="Esc or F6"),
            Binding("f5,ctrl+l", "read", "Reload", key_display="F5"),
        ]
    )

    def __init__(self, balances: Balances, *, place: str, read: Callable[[], object]) -> None:
        """Takes the balances, the place and profile, and what reads the wallets again."""
        super().__init__()
        self._table = HoldingsTable()
        self._table.show_balances(balances)
        self._place = place
        self._read = read

    def compose(self) -> ComposeResult:
        """One table."""
        yield Label(f"Holdings   {self._place}", classes="title", markup=False)
        yield self._table
        yield KeyBar()

    def show_balances(self, balances: Balances) -> None:
        """Show new balances."""
        self._table.show_balances(balances)

    def on_holdings_table_holding_chosen(self, message: HoldingsTable.HoldingChosen) -> None:
        """Go back to the form with it."""
        message.stop()
        self.dismiss(message)

    def action_read(self) -> None:
        """Read the wallets again."""
        self._read()

    def action_close(self) -> None:
        """Go back to where it was opened."""
        self.dismiss(None)
