"""The list of assets, with what they are worth; and in which wallets, where there is room for that."""

from decimal import Decimal
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import var

from tui.clock import ticks_ms
from tui.domain.balances import Absent, Balances
from tui.domain.holdings import Holding, all_holdings
from tui.domain.text import is_name
from tui.domain.transfer import as_written
from tui.domain.wallets import Wallet
from tui.language import _
from tui.widgets.at_once import at_once
from tui.widgets.number_pane import NumberColumn, NumberGrid, NumberPane, number_column
from tui.widgets.pane import shortened
from tui.words.wallets import holdings_doubt, is_all_read, worth_shown

_WIDEST_NAME = 12
_MORE = "+"
"""Follows a total if a wallet that may hold more was not read."""
MORE_NOT_READ = _("+ more not read")
_TITLE = _("HOLDINGS")


_ARROWS_HELP = _("in Holdings: choose an asset; Right goes to its wallets")


class HoldingsTable(NumberPane):
    """Shows every asset, the dearest first. Next to a form, it marks the form's asset and takes no keys."""

    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [
            Binding("up", "step(-1)", _("Asset before"), show=False, tooltip=_ARROWS_HELP),
            Binding("down", "step(1)", _("Next asset"), show=False, tooltip=_ARROWS_HELP),
            Binding("k", "step(-1, True)", _("Asset before"), show=False),
            Binding("j", "step(1, True)", _("Next asset"), show=False),
            Binding("pageup", "page(-1)", _("Page up"), show=False),
            Binding("pagedown", "page(1)", _("Page down"), show=False),
            Binding("home", "step(-100000)", _("First asset"), show=False),
            Binding("end", "step(100000)", _("Last asset"), show=False),
            Binding("g", "step(-100000, True)", _("First asset"), show=False),
            Binding("G", "step(100000, True)", _("Last asset"), show=False),
            Binding("backspace", "erase", _("Erase"), show=False),
            Binding("ctrl+u", "erase_all", _("Erase all"), show=False),
            Binding("enter,right,tab", "screen.to_places", _("Wallets"), key_display="Enter"),
            Binding(
                "slash", "find", _("Find"), key_display="/", tooltip=_("in holdings: look for an asset by its name")
            ),
        ]
    )

    chosen: var[str] = var("", init=False)
    """The asset that is marked; empty if there is none."""
    search: var[str | None] = var(None, init=False)
    """What is looked for; None if nothing is."""

    def __init__(self, *, id: str = "holdings", is_beside: bool = False) -> None:  # noqa: A002 - Textual's name
        super().__init__(_TITLE, id=id, is_beside=is_beside)
        self.balances = Balances()
        self.rows: list[Holding] = []
        self._shown_search: str | None = None
        """What the rows were last chosen by."""
        self.is_finding = False
        """Whether letters go into `search`."""

    def show_balances(self, balances: Balances, asset: str | None = None) -> None:
        """Show the balances, and mark an asset; if none is given, the marked one stays marked wherever it is now. The
        first stays the first.
        """
        keeps_first = asset is None and not self._row and not self._is_beside
        wanted = asset if asset is not None else "" if keeps_first else self.chosen
        if balances is not self.balances or self._shown_search != self.search:
            self.balances, self._shown_search = balances, self.search
            self._build(all_holdings(balances))
        row = next((index for index, row in enumerate(self.rows) if row.asset == wanted), 0)
        self._marks = not self._is_beside or any(row.asset == wanted for row in self.rows)
        self.mark(row)

    def mark(self, row: int) -> None:
        """Mark an asset, and tell who watches."""
        super().mark(row)
        self.chosen = self.rows[self._row].asset if self.rows else ""

    def _is_marked(self, row: int) -> bool:
        return self._marks and super()._is_marked(row)

    _marks = True
    """Whether a row is marked. Next to a form whose asset is not held, none is."""

    def _build(self, all_rows: list[Holding]) -> None:
        """Make the columns of all rows, and show those that are looked for: no search moves a column."""
        unit = self.balances.unit
        names = [shortened(row.asset, _WIDEST_NAME) for row in all_rows]
        widest = max(map(cell_len, names), default=0)
        is_whole = all(row.is_whole for row in all_rows)
        notes = [] if is_whole else [" " if row.is_whole else _MORE for row in all_rows]
        totals = [row.total for row in all_rows]
        worth = number_column(
            unit, ["" if row.worth is None else worth_shown(row.worth, self.balances) for row in all_rows]
        )
        free, plain = (
            number_column(_("free"), totals, is_grouped=is_grouped, notes=notes) for is_grouped in (True, False)
        )
        wallets = [self._wallet_column(wallet, all_rows) for wallet in Wallet]
        ways = [[free, worth, *wallets], [free, worth], [plain, worth], [worth], []]
        kept = [index for index, row in enumerate(all_rows) if (self.search or "") in row.asset]
        self.rows = [all_rows[index] for index in kept]
        shown = [set_cell_size(names[index], widest) for index in kept]
        self._grids = [NumberGrid(_TITLE, shown, [column.of(kept) for column in columns]) for columns in ways]
        self._count = len(kept)

    def _wallet_column(self, wallet: Wallet, rows: list[Holding]) -> NumberColumn:
        holdings = self.balances.wallets[wallet]

        def cell(row: Holding) -> Decimal | str:
            amount = row.amounts.get(wallet)
            if amount is not None:
                return amount
            return Absent.NOT_READ.label if holdings.without(row.asset) is Absent.NOT_READ else ""

        return number_column(wallet.short_label, [cell(row) for row in rows])

    def _lines_below(self, grid: NumberGrid) -> list[str]:
        if not self.rows:
            if self.search:
                return [_('No asset has "{text}" in its name').format(text=self.search)]
            return [_("No assets") if is_all_read(self.balances) else _("No assets read yet")]
        if not self._is_beside:
            return []
        doubt = holdings_doubt(self.balances, ticks_ms(), is_short=True)
        more = MORE_NOT_READ if any(not row.is_whole for row in self.rows) else ""
        return [text for text in (_(", ").join(filter(None, (more, doubt))),) if text]

    def post_message(self, message: Message) -> bool:
        """Take a letter at once: as a message it would wait while later keys act or rows change."""
        match message:
            case events.Key(character=str(text), is_printable=True) if self.is_finding:
                self._find(as_written(text))
                return True
            case events.Paste() if self.is_finding:
                self._find(as_written(message.text))
                return True
        return super().post_message(message)

    def clicked(self, row: int) -> None:
        """Mark the clicked asset; a second click goes to its wallets."""
        if row == self._row:
            self.app.call_later(self.screen.run_action, "to_places")
        self.mark(row)

    def on_blur(self) -> None:
        """End the search; what it has found stays."""
        self.end_search()

    def end_search(self) -> None:
        """Let letters be keys again."""
        self.is_finding = False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave letters to the search while there is one."""
        if action in ("erase", "erase_all", "find"):
            return self.is_finding is not (action == "find")
        return not (self.is_finding and any(parameter is True for parameter in parameters))

    def action_find(self) -> None:
        """Let letters look for an asset."""
        self.is_finding = True
        self._search("")

    def show_all(self) -> None:
        """Show every asset again."""
        self.is_finding = False
        self._search(None)

    def action_erase(self) -> None:
        """Remove the last typed letter."""
        self._search((self.search or "")[:-1])

    def action_erase_all(self) -> None:
        """Remove all typed letters."""
        self._search("")

    def _find(self, text: str) -> None:
        self._search((self.search or "") + "".join(filter(is_name, text)))

    def _search(self, typed: str | None) -> None:
        asset = self.chosen if not typed else None
        if typed:
            self._row = 0
        self.search = typed
        self.show_balances(self.balances, asset)
