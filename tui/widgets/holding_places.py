"""Where one asset is: every wallet and pair, in a fixed order."""

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import var

from tui.clock import ticks_ms
from tui.domain.amounts import aligned, exact_sum
from tui.domain.balances import Absent, Account, Balances
from tui.domain.holdings import Holding, accounts, all_holdings
from tui.language import _, pgettext
from tui.widgets.at_once import at_once
from tui.widgets.messages import fields
from tui.widgets.number_pane import NumberColumn, NumberGrid, NumberPane, number_column
from tui.widgets.pane import shortened
from tui.words.wallets import Place, places, restrictions, worth_shown

_WIDEST_NAME = 18
_WIDEST_ASSET = 10
_NO_ASSET = _("WALLETS")
_IN_USE = pgettext("amount", "in use")
_NOT_SAID = "?"
"""In place of what is in use, if the exchange's list does not say it."""


class HoldingPlaces(NumberPane):
    """Shows what each account holds of an asset. Rows stay where they are from asset to asset."""

    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [
            Binding("up,k", "step(-1)", _("Wallet above"), show=False),
            Binding("down,j", "step(1)", _("Wallet below"), show=False),
            Binding("pageup", "page(-1)", _("Page up"), show=False),
            Binding("pagedown", "page(1)", _("Page down"), show=False),
            Binding("home,g", "step(-100000)", _("First wallet"), show=False),
            Binding("end,G", "step(100000)", _("Last wallet"), show=False),
            Binding(
                "enter",
                "choose",
                _("Move from here"),
                key_display="Enter",
                tooltip=_("in Holdings: move from a wallet"),
            ),
            Binding("left,shift+tab,tab", "screen.to_assets", _("Assets"), key_display="Left"),
        ]
    )

    @fields
    class HoldingChosen(Message):
        """Posted when the person wants to move an asset out of an account."""

        source: Account
        asset: str

    marked: var[int] = var(0, init=False)
    """The row that is marked."""

    def __init__(self, *, id: str = "places", is_beside: bool = False) -> None:  # noqa: A002 - Textual's name
        super().__init__(_NO_ASSET, id=id, is_beside=is_beside)
        self._asset = ""
        self._places: list[Place] = []
        self._total: Holding | None = None
        self._balances = Balances()
        self._widths: Sequence[int] = ()

    @property
    def place(self) -> Place:
        """The account that is marked, and what it holds."""
        return self._places[self._row]

    @property
    def rows_at_most(self) -> int:
        """How many lines it takes to show every row, whatever the asset."""
        return 3 + self._count

    @property
    def bars(self) -> list[str]:
        """What the exchange bars the marked account from."""
        return restrictions(self._balances, self.place.account.wallet)

    def show_balances(self, balances: Balances, asset: str) -> None:
        """Show what the accounts hold of an asset; of none, how many assets they hold."""
        marked = self.place.account if self._places else None
        now_ms = ticks_ms()
        if balances is not self._balances and not self._is_beside:
            self._widths = _widest(balances, now_ms)
        self._balances, self._asset = balances, asset
        self._total = next((row for row in all_holdings(balances, asset) if asset and row.asset == asset), None)
        self._places = places(balances, asset, now_ms)
        self._grids = self._made(_columns(balances, asset, self._total, now_ms))
        self._count = len(self._places)
        self.mark(next((row for row, place in enumerate(self._places) if place.account == marked), 0))

    def enter(self) -> None:
        """Mark the account that holds most, unless the marked one holds any."""
        amounts = [place.amount or 0 for place in self._places]
        if not amounts[self._row]:
            self.mark(amounts.index(max(amounts)))

    def clicked(self, row: int) -> None:
        """Mark the clicked account; a second click moves from there."""
        if row == self._row and self.has_focus:
            self.action_choose()
        self.screen.set_focus(self)
        self.mark(row)

    def action_choose(self) -> None:
        """Move from the marked account, if it holds anything."""
        if self.place.amount:
            self.post_message(self.HoldingChosen(self.place.account, self._asset))
        else:
            self.app.bell()

    def mark(self, row: int) -> None:
        """Mark an account, and tell who watches."""
        super().mark(row)
        self.marked = self._row

    def _is_marked(self, row: int) -> bool:
        return not self._is_beside and super()._is_marked(row)

    def _made(self, columns: list[NumberColumn]) -> list[NumberGrid]:
        """Return the ways to show the columns, as wide as any asset needs them: from asset to asset, nothing moves."""
        title = _("{asset} IN").format(asset=shortened(self._asset, _WIDEST_ASSET)) if self._asset else _NO_ASSET
        widths = self._widths or [0] * len(columns)
        grouped, plain, in_use, worth = (column.at_least(width) for column, width in zip(columns, widths, strict=True))
        sums = [pgettext("sum", "all")] if self._total else []
        names = [shortened(_name(place.account), _WIDEST_NAME) for place in self._places] + sums
        short = [shortened(place.account.shortest_label, _WIDEST_NAME) for place in self._places] + sums
        muted = frozenset(row for row, place in enumerate(self._places) if not place.amount and not place.in_use)
        ways: list[tuple[list[str], list[NumberColumn]]] = [
            *([] if self._is_beside else [(names, [grouped, in_use, worth])]),
            (names, [grouped, worth]),
            (names, [grouped]),
            (short, [grouped]),
            (short, [plain]),
            (short, []),
        ]
        return [NumberGrid(title, of_rows, shown, muted) for of_rows, shown in ways]

    def _lines_below(self, grid: NumberGrid) -> list[str]:
        if self._is_beside and not grid.columns:
            return [_("F6 shows the amounts")]
        if not self._asset or self._total is None or len(grid.columns) > 1:
            return []
        worth, unit = self._total.worth, self._balances.unit
        if worth is None:
            return [_("worth not known")]
        return [_("worth {worth} {unit}").format(worth=f"{worth_shown(worth, self._balances):,f}", unit=unit)]


def _columns(balances: Balances, asset: str, total: Holding | None, now_ms: float) -> list[NumberColumn]:
    """Return what the accounts and all together hold of an asset: with separators, without them, what is in use
    besides, and the worth of what is free.
    """
    here, sums, unit = places(balances, asset, now_ms), [total] if total else [], balances.unit
    cells = [place.text if place.amount is None else place.amount for place in here] + [each.total for each in sums]
    notes = [place.doubt for place in here] + ["" if each.is_whole else "+" for each in sums]
    worths = [place.amount and balances.worth(asset, place.amount) for place in here] + [each.worth for each in sums]
    used: list[Decimal | str] = [
        "" if place.amount is None else _NOT_SAID if place.in_use is None else place.in_use for place in here
    ]
    if total:
        known = [amount for amount in used if isinstance(amount, Decimal)]
        is_known = total.is_whole and _NOT_SAID not in used
        used.append(exact_sum(known) if is_known else _NOT_SAID)
    head, head_in_use = (_("free"), _IN_USE) if asset else ("", "")
    return [
        *(number_column(head, cells, is_grouped=is_grouped, notes=notes) for is_grouped in (True, False)),
        number_column(head_in_use, [each or "" for each in used]),
        number_column(unit if asset else "", [worth_shown(each, balances) if each else "" for each in worths]),
    ]


def _widest(balances: Balances, now_ms: float) -> list[int]:
    """Return how wide each of the columns is for the asset that needs most."""
    contents = [
        balances.wallets[account.wallet].pairs.get(account.pair or "", balances.wallets[account.wallet].assets)
        for account in accounts(balances)
    ]
    stocks: dict[str, list[Decimal]] = {}
    for holdings in balances.wallets.values():
        for (_pair, asset), stock in holdings.stocks.items():
            if in_use := stock.in_use:
                stocks.setdefault(asset, []).append(in_use)
    rows = all_holdings(balances)
    note = max(cell_len(place.doubt) for place in places(balances, "", now_ms)) or any(not row.is_whole for row in rows)
    widths = [0, 0, cell_len(_IN_USE), 0]
    for row in rows:
        amounts = [assets[row.asset] for assets in contents if row.asset in assets] + [row.total]
        worths = [worth_shown(balances.worth(row.asset, amount) or Decimal(0), balances) for amount in amounts]
        used = stocks.get(row.asset, [Decimal(0)])
        needed = [
            aligned(amounts),
            aligned(amounts, is_grouped=False),
            aligned([*used, exact_sum(used)]),
            aligned(worths),
        ]
        widths = [max(width, cell_len(texts[0])) for width, texts in zip(widths, needed, strict=True)]
    least = cell_len(Absent.NOT_LISTED.label)
    return [max(widths[0], least) + note, max(widths[1], least) + note, *widths[2:]]


def _name(account: Account) -> str:
    return account.short_label if account.pair else account.wallet.label
