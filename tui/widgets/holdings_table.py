"""A table of assets and wallets, with one cell chosen."""

from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from tui.clock import ticks_ms
from tui.domain.balances import Absent, Account, Balances
from tui.domain.holdings import Holding, all_holdings, brief, pair_of
from tui.domain.text import is_name
from tui.domain.transfer import as_written
from tui.domain.wallets import Wallet
from tui.widgets.at_once import at_once
from tui.words.wallets import holding_detail, holdings_summary

_ASSET_COLUMNS = 8
_CELL_COLUMNS = 9
_NOTES = 6
"""Lines besides the assets: the summary, the names, what is out of sight, and three about the chosen cell."""
_MORE = "+"
"""Follows a total if a wallet that may hold more was not read."""


_ARROWS_HELP = "in Holdings: choose a cell; letters look for an asset, Enter moves from there"


class HoldingsTable(Widget, can_focus=True):
    """Shows assets by worth, with a column for each wallet. A figure that does not fit is cut and ends in `~`; the
    lines below the table show the chosen one in full.

    Only the lines in sight are made.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"holdings--chosen", "holdings--note"}

    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [
            Binding("up", "step(-1, 0)", "Asset before", show=False, tooltip=_ARROWS_HELP),
            Binding("down", "step(1, 0)", "Next asset", show=False, tooltip=_ARROWS_HELP),
            Binding("left", "step(0, -1)", "Wallet before", show=False, tooltip=_ARROWS_HELP),
            Binding("right", "step(0, 1)", "Next wallet", show=False, tooltip=_ARROWS_HELP),
            Binding("pageup", "page(-1)", "Page up", show=False),
            Binding("pagedown", "page(1)", "Page down", show=False),
            Binding("home", "step(-100000, 0)", "First asset", show=False),
            Binding("end", "step(100000, 0)", "Last asset", show=False),
            Binding("backspace", "erase", "Erase", show=False),
            Binding("ctrl+u", "erase_all", "Erase all", show=False),
            Binding("enter", "choose", "Move from here", key_display="Enter"),
        ]
    )

    @dataclass
    class HoldingChosen(Message):
        """Posted when the person wants to move an asset out of an account."""

        source: Account
        asset: str

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._balances = Balances()
        self._rows: list[Holding] = []
        self._wallets: tuple[Wallet, ...] = tuple(Wallet)
        self._typed = ""
        self._row = self._column = 0
        """The chosen cell."""
        self._top = self._left = 0
        """The first ones in sight."""

    def show_balances(self, balances: Balances) -> None:
        """Show the balances; the chosen asset and wallet stay chosen, wherever they are now."""
        self._balances = balances
        if self.size:
            self._show()

    def _show(self) -> None:
        asset = self._rows[self._row].asset if self._rows and self._row else ""  # the first stays the first
        balances, wallet = self._balances, self._wallets[self._column]
        self._wallets = tuple(wallet for wallet in Wallet if _has_column(balances, wallet)) or tuple(Wallet)
        if wallet in self._wallets:
            self._column = self._wallets.index(wallet)
        self._find()
        self._row = next((index for index, row in enumerate(self._rows) if row.asset == asset), 0)
        self._follow()

    def post_message(self, message: Message) -> bool:
        """Handle a letter or a click now: as a message it would wait while later keys act or rows change."""
        match message:
            case events.Key(character=str(text), is_printable=True):
                if is_name(text):
                    self._type(self._typed + as_written(text))
                return True
            case events.Paste():
                self._type(self._typed + "".join(filter(is_name, as_written(message.text))))
                return True
            case events.Click():
                self._click(message)
                return True
        return super().post_message(message)

    def render(self) -> Content:
        """Draw a summary, a line for each asset in sight, and all of the chosen cell."""
        width, height = self.content_size
        shown = self._wallets[self._left :][: self._columns(width)]
        rows = enumerate(self._rows[self._top :][: max(height - _NOTES, 0)], self._top)
        assets = [self._asset_line(row, shown, is_chosen=index == self._row) for index, row in rows]
        summary = holdings_summary(self._balances, self._rows, self._typed, ticks_ms())
        heading = _line(self._beside(len(shown)), ["Total", *(wallet.short_label for wallet in shown)])
        lines = [Content(summary).stylize("bold"), heading, *assets]
        hidden = self._out_of_sight(len(shown), [line.plain for line in assets])
        if self._rows:
            detail = [hidden, *holding_detail(self._balances, self._rows[self._row], self._wallets[self._column])]
        else:
            detail = [hidden, "", "", " Nothing"]
        lines += [Content("")] * (height - len(lines) - len(detail))
        lines += [Content(words).stylize(self.get_visual_style("holdings--note")) for words in detail]
        return Content("\n").join(
            line if line.cell_length <= width else line.truncate(width) for line in lines[:height]
        )

    def on_resize(self) -> None:
        """Show what was read while there was no room, and keep the chosen cell in sight."""
        self._show()

    def _click(self, event: events.Click) -> None:
        """Choose the clicked cell; a second click moves from there."""
        row = self._top + event.y - 2
        column = self._left + (event.x - _ASSET_COLUMNS) // _CELL_COLUMNS - 1
        if not (0 <= row < len(self._rows) and self._left <= column < len(self._wallets)):
            return
        is_again = (row, column) == (self._row, self._column)
        self._row, self._column = row, column
        self._follow()
        if is_again:
            self.action_choose()

    def on_mouse_scroll_down(self) -> None:
        """Go down the list."""
        self.action_step(1, 0)

    def on_mouse_scroll_up(self) -> None:
        """Go up the list."""
        self.action_step(-1, 0)

    def action_step(self, rows: int, columns: int) -> None:
        """Choose a cell near this one."""
        self._row += rows
        self._column += columns
        self._follow()

    def action_page(self, pages: int) -> None:
        """Go up or down by what is in sight."""
        self.action_step(pages * max(self.content_size.height - _NOTES, 1), 0)

    def action_erase(self) -> None:
        """Remove the last typed letter."""
        self._type(self._typed[:-1])

    def action_erase_all(self) -> None:
        """Show every asset again."""
        self._type("")

    def action_choose(self) -> None:
        """Move from the chosen cell, if it holds anything."""
        if not self._rows or not self._amount:
            self.app.bell()
            return
        asset, wallet = self._rows[self._row].asset, self._wallets[self._column]
        pair = pair_of(self._balances, asset) if wallet is Wallet.ISOLATED else None
        self.post_message(self.HoldingChosen(Account(wallet, pair), asset))

    def _type(self, typed: str) -> None:
        self._typed = typed
        self._row = 0
        self._find()
        self._follow()

    def _find(self) -> None:
        self._rows = all_holdings(self._balances, self._typed)

    def _follow(self) -> None:
        """Keep the chosen cell within the list, and in sight."""
        width, height = self.content_size
        self._row = min(max(self._row, 0), max(len(self._rows) - 1, 0))
        self._column = min(max(self._column, 0), len(self._wallets) - 1)
        room = max(height - _NOTES, 1)
        self._top = min(max(self._top, self._row - room + 1, 0), self._row)
        self._left = min(max(self._left, self._column - self._columns(width) + 1, 0), self._column)
        self.refresh()

    def _columns(self, width: int) -> int:
        """Return for how many wallets there is room next to the asset and its total."""
        return max((width - _ASSET_COLUMNS) // _CELL_COLUMNS - 1, 1)

    @property
    def _amount(self) -> object:
        return self._rows[self._row].amounts.get(self._wallets[self._column])

    def _beside(self, shown: int) -> str:
        """Return how many wallets are out of sight to the left and to the right."""
        left, right = self._left, len(self._wallets) - self._left - shown
        if left and right:
            return f"<{left} {right}>"
        return f"<{left} more" if left else f"{right} more>" if right else ""

    def _out_of_sight(self, shown: int, lines: list[str]) -> str:
        """Return what the marks in the lines mean, and which keys show more wallets."""
        left, right = self._left > 0, len(self._wallets) - self._left > shown
        keys = ", ".join(key for key, leads in (("Left", left), ("Right", right)) if leads)
        hidden = len(self._wallets) - shown
        words = [
            *(["~ cut off"] if any("~" in line for line in lines) else []),
            *([f"{_MORE} more not read"] if any(_MORE in line for line in lines) else []),
            *([f"{keys}: {hidden} more wallet{'s' * (hidden != 1)}"] if keys else []),
        ]
        return f" {'; '.join(words)}" if words else ""

    def _asset_line(self, row: Holding, shown: tuple[Wallet, ...], *, is_chosen: bool) -> Content:
        chosen = self._wallets[self._column] if is_chosen else None
        more = "" if row.is_whole else _MORE
        total = brief(row.total, _CELL_COLUMNS - 1 - len(more)) + more
        line = _line(row.asset, [total], marker=">" if is_chosen else " ")
        for wallet in shown:
            amount = row.amounts.get(wallet)
            is_unread = self._balances.wallets[wallet].without(row.asset) is Absent.NOT_READ
            text = brief(amount, _CELL_COLUMNS - 1) if amount else "?" if is_unread else ""
            cell = Content((">" if wallet is chosen else " ") + text.rjust(_CELL_COLUMNS - 1))
            line += cell.stylize(self.get_visual_style("holdings--chosen")) if wallet is chosen else cell
        return line


def _line(asset: str, cells: list[str], *, marker: str = " ") -> Content:
    return Content(set_cell_size(f"{marker}{asset}", _ASSET_COLUMNS) + "".join(map(_cell, cells)))


def _cell(text: str) -> str:
    return " " * max(_CELL_COLUMNS - cell_len(text), 0) + text


def _has_column(balances: Balances, wallet: Wallet) -> bool:
    holdings = balances.wallets[wallet]
    return any(holdings.assets.values()) or bool(holdings.pairs) or not holdings.is_whole
