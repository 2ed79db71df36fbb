"""Where one asset is: every wallet and pair, in a fixed order."""

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import var

from tui.clock import ticks_ms
from tui.domain.balances import Account, Balances
from tui.domain.holdings import Holding, all_holdings
from tui.widgets.at_once import at_once
from tui.widgets.number_pane import NumberGrid, NumberPane, number_column
from tui.widgets.pane import shortened
from tui.words.wallets import Place, places, restrictions, worth_shown

_WIDEST_NAME = 18
_WIDEST_ASSET = 10
_NO_ASSET = "WALLETS"


class HoldingPlaces(NumberPane):
    """Shows what each account holds of an asset. Rows stay where they are from asset to asset."""

    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [
            Binding("up,k", "step(-1)", "Wallet above", show=False),
            Binding("down,j", "step(1)", "Wallet below", show=False),
            Binding("pageup", "page(-1)", "Page up", show=False),
            Binding("pagedown", "page(1)", "Page down", show=False),
            Binding("home,g", "step(-100000)", "First wallet", show=False),
            Binding("end,G", "step(100000)", "Last wallet", show=False),
            Binding(
                "enter", "choose", "Move from here", key_display="Enter", tooltip="in Holdings: move from a wallet"
            ),
            Binding("left,shift+tab,tab", "screen.to_assets", "Assets", key_display="Left"),
        ]
    )

    @dataclass
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
        self._widest: list[int] = []
        self._widest_in: Balances | None = None

    @property
    def place(self) -> Place:
        """The account that is marked, and what it holds."""
        return self._places[self._row]

    @property
    def bars(self) -> list[str]:
        """What the exchange bars the marked account from."""
        return restrictions(self._balances, self.place.account.wallet)

    def show_balances(self, balances: Balances, asset: str) -> None:
        """Show what the accounts hold of an asset; of none, how many assets they hold."""
        marked = self.place.account if self._places else None
        now_ms = ticks_ms()
        self._balances, self._asset = balances, asset
        self._total = next((row for row in all_holdings(balances, asset) if asset and row.asset == asset), None)
        self._places = places(balances, asset, now_ms)
        self._grids = _grids(balances, asset, self._total, now_ms)
        self._count = len(self._places)
        self.mark(next((row for row, place in enumerate(self._places) if place.account == marked), 0))

    def widest(self) -> list[int]:
        """Return how wide each grid is for the asset that needs most: moving through the assets moves nothing."""
        if self._widest_in is not self._balances:
            self._widest_in, now_ms = self._balances, ticks_ms()
            every = [_grids(self._balances, row.asset, row, now_ms) for row in all_holdings(self._balances)]
            every.append([*self._grids])
            self._widest = [max(grid.width for grid in same) for same in zip(*every, strict=True)]
        return self._widest

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

    def _lines_below(self, grid: NumberGrid) -> list[str]:
        if not self._asset or self._total is None or len(grid.columns) > 1:
            return []
        worth, unit = self._total.worth, self._balances.unit
        return [f"worth {'not known' if worth is None else f'{worth_shown(worth, unit):,f} {unit}'}"]


def _grids(balances: Balances, asset: str, total: Holding | None, now_ms: float) -> list[NumberGrid]:
    """Return the ways to show where an asset is, and how much of it there is in all."""
    title = f"{shortened(asset, _WIDEST_ASSET)} IN" if asset else _NO_ASSET
    here, sums = places(balances, asset, now_ms), [total] if total else []
    cells = [place.text if place.amount is None else place.amount for place in here] + [each.total for each in sums]
    notes = [place.doubt for place in here] + ["" if each.is_whole else "+" for each in sums]
    worths = [place.amount and balances.worth(asset, place.amount) for place in here] + [each.worth for each in sums]
    unit = balances.unit
    worth = number_column(unit if asset else "", [worth_shown(each, unit) if each else "" for each in worths])
    amount, plain = (
        number_column("free" if asset else "", cells, is_grouped=is_grouped, notes=notes)
        for is_grouped in (True, False)
    )
    all_of_it = ["all"] * len(sums)
    names = [shortened(_name(place.account), _WIDEST_NAME) for place in here] + all_of_it
    short = [shortened(_short_name(place.account), _WIDEST_NAME) for place in here] + all_of_it
    muted = frozenset(row for row, place in enumerate(here) if not place.amount)
    return [
        NumberGrid(title, of_rows, columns, muted)
        for of_rows, columns in ((names, [amount, worth]), (names, [amount]), (short, [amount]), (short, [plain]))
    ]


def _name(account: Account) -> str:
    return account.short_label if account.pair else account.wallet.label


def _short_name(account: Account) -> str:
    return f"Iso {account.pair}" if account.pair else account.wallet.short_label
