"""The accounts that an asset is gathered from, each with what it gives."""

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.reactive import var

from tui.domain.amounts import exact_sum
from tui.domain.balances import Account
from tui.domain.gathering import Contribution, Gathering
from tui.domain.layout import padded, width_of
from tui.language import _, pgettext
from tui.widgets.at_once import at_once
from tui.widgets.number_pane import NumberColumn, NumberGrid, NumberPane, number_column
from tui.widgets.pane import shortened
from tui.words.gathering import note
from tui.words.wallets import places

_WIDEST_NAME = 18
_SHORT_NOTE = 18


class GatherList(NumberPane):
    """Shows what each account gives. An account that gives nothing has no mark in its brackets, and says why."""

    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [
            Binding("up,k", "step(-1)", _("Account above"), show=False),
            Binding("down,j", "step(1)", _("Account below"), show=False),
            Binding("pageup", "page(-1)", _("Page up"), show=False),
            Binding("pagedown", "page(1)", _("Page down"), show=False),
            Binding("home,g", "step(-100000)", _("First account"), show=False),
            Binding("end,G", "step(100000)", _("Last account"), show=False),
            Binding("enter", "screen.review", _("Review"), key_display="Enter"),
            Binding(
                "space",
                "screen.leave_out",
                _("Leave out"),
                key_display="Space",
                tooltip=_("in Gather: leave an account out, or take it in again"),
            ),
            Binding(
                "a", "screen.amend('')", _("Amount"), tooltip=_("in Gather: change an amount; a digit begins a new one")
            ),
            *(Binding(str(digit), f"screen.amend('{digit}')", _("Amount"), show=False) for digit in range(10)),
            Binding("full_stop", "screen.amend('.')", _("Amount"), show=False),
            Binding("left", "screen.to_destination", _("Destination"), key_display="Left"),
        ]
    )

    marked: var[int] = var(0, init=False)
    """The row that is marked."""

    def __init__(self, *, id: str = "sources") -> None:  # noqa: A002 - Textual's name
        super().__init__(_("FROM"), id=id)
        self.contributions: list[Contribution] = []
        self._notes: list[str] = []

    @property
    def contribution(self) -> Contribution | None:
        """The account that is marked, and what it gives; None if there is no account."""
        return self.contributions[self._row] if self.contributions else None

    @property
    def note(self) -> str:
        """The whole note of the marked account."""
        return self._notes[self._row] if self._notes else ""

    def show(self, gathering: Gathering) -> None:
        """Show what is gathered. The marked account stays marked."""
        marked = self.contribution.account if self.contribution else None
        by_account = {place.account: place for place in places(gathering.balances, gathering.asset, gathering.now_ms)}
        self.contributions = gathering.contributions
        here = [by_account[each.account] for each in self.contributions]
        self._notes = [note(each, gathering, place) for each, place in zip(self.contributions, here, strict=True)]
        self._grids = self._made(_("{asset} FROM").format(asset=gathering.asset))
        self._count = len(self.contributions)
        self.mark(next((row for row, each in enumerate(self.contributions) if each.account == marked), 0))

    def mark_account(self, account: Account) -> None:
        """Mark an account."""
        self.mark(next(row for row, each in enumerate(self.contributions) if each.account == account))

    def clicked(self, row: int) -> None:
        """Mark the clicked account; a second click leaves it out, or takes it in again."""
        if row == self._row and self.has_focus:
            self.app.call_later(self.screen.run_action, "leave_out")
        self.screen.set_focus(self)
        self.mark(row)

    def mark(self, row: int) -> None:
        """Mark an account, and tell who watches."""
        super().mark(row)
        self.marked = self._row

    def _made(self, title: str) -> list[NumberGrid]:
        """Return the ways to show the accounts, the one that shows most first."""
        given = [None if each.is_left_out else each.amount for each in self.contributions]
        names = [
            f"[{'x' if amount else ' '}] {shortened(_name(each.account), _WIDEST_NAME)}"
            for each, amount in zip(self.contributions, given, strict=True)
        ]
        held: list[Decimal | str] = ["" if each.figure is None else each.figure.amount for each in self.contributions]
        total = exact_sum(amount for amount in given if amount)
        available = number_column(_("available"), [*held, ""])
        moved = number_column(_("gathered"), [*(amount or "" for amount in given), total])
        notes, short = (
            _note_column([shortened(text, width) for text in self._notes])
            for width in (self.content_size.width or _SHORT_NOTE, _SHORT_NOTE)
        )
        muted = frozenset(row for row, amount in enumerate(given) if not amount)
        ways = [[available, moved, notes], [available, moved, short], [moved, short], [moved], []]
        return [
            NumberGrid(shortened(title, _WIDEST_NAME), [*names, pgettext("sum", "all")], columns, muted)
            for columns in ways
        ]

    def _lines_below(self, grid: NumberGrid) -> list[str]:
        return [] if self.contributions else [_("No other account has any")]


def _name(account: Account) -> str:
    return account.short_label if account.pair else account.wallet.label


def _note_column(notes: Sequence[str]) -> NumberColumn:
    """Return a column of words that begin below each other."""
    width = max(map(width_of, notes), default=0)
    return NumberColumn("", [padded(text, width) for text in (*notes, "")], frozenset(range(len(notes))))
