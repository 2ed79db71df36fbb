"""The holdings: every asset, and where it is. They fill the terminal, whatever its size."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from tui.clock import ticks_ms
from tui.domain.balances import Balances
from tui.domain.transfer import Transfer
from tui.language import _, ngettext
from tui.screens.closing import DismissesItself
from tui.screens.fitting import Fitting
from tui.screens.following import FollowsBalances
from tui.screens.panes import HoldingPanes
from tui.widgets.at_once import at_once
from tui.widgets.holding_places import HoldingPlaces
from tui.widgets.holdings_table import MORE_NOT_READ, HoldingsTable
from tui.widgets.key_bar import KeyBar
from tui.widgets.last_moves import LastMoves, Read
from tui.widgets.message_line import MessageLine
from tui.widgets.pane import TALL
from tui.widgets.status_bar import Status, StatusBar
from tui.words.entries import InUse
from tui.words.wallets import WALLETS, holdings_doubt, total_worth


class HoldingsScreen(FollowsBalances, DismissesItself, Fitting, Screen[HoldingPlaces.HoldingChosen | None]):
    """Its result is the account that the person wants to move an asset from, or None."""

    VERTICAL_BREAKPOINTS = [(0, "-low"), (TALL, "-tall")]  # noqa: RUF012 - as Textual declares it
    AUTO_FOCUS = "HoldingsTable"
    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [
            Binding(
                "plus",
                "gather",
                _("Gather"),
                key_display="+",
                tooltip=_("in Holdings: gather an asset from every wallet into one"),
            ),
            Binding("f5,ctrl+l", "read", _("Reload"), key_display="F5"),
            Binding("f1,ctrl+g", "app.help", _("Help"), key_display="F1"),
            Binding("escape", "leave", _("Close"), key_display="Esc"),
            Binding("f6,ctrl+n", "close", show=False),
        ]
    )

    def __init__(
        self,
        balances: Balances,
        *,
        status: Status,
        asset: str,
        read: Callable[[], object],
        gather: Callable[[str], object],
        in_use: InUse,
        last_moves: Read,
    ) -> None:
        """Takes the balances, what the first line says, the asset to begin with, what reads the wallets again, what
        gathers an asset, and what returns its newest transfers.
        """
        super().__init__()
        self._balances = balances
        self._status = status
        self._table = HoldingsTable()
        self._places = HoldingPlaces()
        self._moves = LastMoves(in_use, last_moves)
        self._read = read
        self._gather = gather
        self._table.show_balances(balances, asset)
        self._places.show_balances(balances, self._table.chosen)

    def compose(self) -> ComposeResult:
        """The two lists, and the last moves."""
        yield StatusBar(self._status)
        yield HoldingPanes(self._table, self._places, self._moves)
        yield MessageLine()
        yield KeyBar()

    def on_mount(self) -> None:
        """Follow the marked asset at once: the next key of the same packet may be for its wallets."""
        self.watch(self._table, "chosen", self._follow, init=False)
        self.watch(self._table, "search", self._follow, init=False)
        self.watch(self._places, "marked", self._say, init=False)
        self._follow()
        self.call_after_refresh(self.show_balances, self._balances)

    def show_balances(self, balances: Balances) -> None:
        """Show new balances."""
        self._balances = balances
        self._table.show_balances(balances)
        self._follow()
        if self.is_mounted:
            self.query_one(StatusBar).show(worth=total_worth(balances))
            self.query_one(HoldingPanes).refresh(layout=True)

    def show_transfer(self, transfer: Transfer) -> None:
        """Show a transfer that has changed, if it is one of the marked asset."""
        if transfer.request.asset == self._table.chosen:
            self._moves.read_again()

    def _follow(self) -> None:
        self._places.show_balances(self._balances, self._table.chosen)
        self._moves.follow(self._table.chosen)
        self._say()

    def on_descendant_focus(self) -> None:
        """Say what the keys do there."""
        self._say()

    def _say(self) -> None:
        """Show what may not be true of the figures, and what the keys do."""
        if not self.is_mounted:
            return
        table, message = self._table, self.query_one(MessageLine)
        doubt = holdings_doubt(self._balances, ticks_ms())
        more = MORE_NOT_READ if any(not row.is_whole for row in table.rows) else ""
        if doubt and not any(self._balances.is_doubtful(wallet) for wallet in WALLETS):
            doubt = _("{doubt}, F5 reloads").format(doubt=doubt)
        notes = _("; ").join(filter(None, (more, doubt)))
        message.show("warning", _("{notes}.").format(notes=f"{notes[:1].upper()}{notes[1:]}") if notes else "")
        count = ngettext("{count} asset", "{count} assets", len(table.rows)).format(count=len(table.rows))
        if self._places.has_focus:
            place = self._places.place
            title = _(", ").join([place.account.label, *self._places.bars])
            text = (
                _("{title}. Enter moves from here, Left goes back to the assets.")
                if place.amount
                else _("{title}. Left goes back to the assets.")
            ).format(title=title)
        elif table.search is not None:
            search = f"{table.search}{'_' if table.is_finding else ''}"
            text = _("/{search}  {count}. Enter goes to the wallets, Esc shows all assets.")
            text = text.format(search=search, count=count)
        else:
            text = _("{count}. Right goes to the wallets, / looks for an asset.").format(count=count)
        message.show("hint", text)

    def action_to_places(self) -> None:
        """Go to the wallets of the marked asset."""
        self._table.end_search()
        self._places.enter()
        self._go_to(self._places)

    def action_to_assets(self) -> None:
        """Go back to the assets."""
        self._go_to(self._table)

    def _go_to(self, pane: HoldingsTable | HoldingPlaces) -> None:
        self.set_focus(pane)
        self.query_one(HoldingPanes).refresh(layout=True)  # there may be room for one of the two only

    def on_holding_places_holding_chosen(self, message: HoldingPlaces.HoldingChosen) -> None:
        """Go back to the form with it."""
        message.stop()
        self.dismiss(message)

    def action_gather(self) -> None:
        """Gather the marked asset."""
        if self._table.chosen:
            self._gather(self._table.chosen)
        else:
            self.app.bell()

    def action_read(self) -> None:
        """Read the wallets again, and what other Shunters have sent."""
        self._read()
        self._moves.read_again()

    def action_leave(self) -> None:
        """End the search, if there is one; else go back."""
        if self._table.has_focus and self._table.search is not None:
            self._table.show_all()
        else:
            self.action_close()

    def action_close(self) -> None:
        """Go back to where it was opened."""
        self.dismiss(None)
