"""The help: every key on one page, made from the bindings."""

from collections.abc import Iterable
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Label, Static

from tui.screens.closing import DismissesItself
from tui.screens.history import HistoryScreen
from tui.screens.main import MainScreen
from tui.screens.review import ReviewScreen
from tui.widgets.amount_input import AmountInput
from tui.widgets.ask_line import AskLine
from tui.widgets.completing_input import CompletingInput
from tui.widgets.entry_table import EntryTable
from tui.widgets.holdings_table import HoldingsTable
from tui.widgets.wallet_list import WalletList
from tui.words.outcomes import WHAT_UNKNOWN_MEANS

_ABOVE = "Choose a wallet on each side, an asset and an amount, then review and send."
_CUT = "A ~ marks text that is cut off. The full text is below a table, or opens with Enter in a list."

_WIDGETS = (
    WalletList,
    CompletingInput,
    AmountInput,
    MainScreen,
    ReviewScreen,
    HoldingsTable,
    EntryTable,
    HistoryScreen,
)
"""The widgets and screens whose keys are explained, before the app's own. A binding without a tooltip is left out."""

_KEY_COLUMNS = 22
_NAMES = {"escape": "Esc", "slash": "/"}


class HelpScreen(DismissesItself, ModalScreen[None]):
    """Shows the keys."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q,f1,ctrl+g", "close", "Close")]

    def compose(self) -> ComposeResult:
        """Show one page."""
        with Vertical(classes="dialog -page"):
            yield Label("Help", classes="title")
            with VerticalScroll():
                yield Label(WHAT_UNKNOWN_MEANS, id="help-unknown", markup=False)
                yield Label(_ABOVE, markup=False)
                yield Static(_table(help_lines(explained_bindings(self.app.BINDINGS))), id="help-keys")
                yield Label(_CUT, markup=False)
            yield AskLine("Down, Up  scroll        Esc or q  close")

    def action_close(self) -> None:
        """Close the help."""
        self.dismiss()


def explained_bindings(app_bindings: Iterable[BindingType]) -> list[Binding]:
    """Return every binding on the page, in its order."""
    bindings = (*(binding for widget in _WIDGETS for binding in widget.BINDINGS), *app_bindings)
    return [binding for binding in bindings if isinstance(binding, Binding) and binding.tooltip]


def help_lines(bindings: Iterable[Binding]) -> list[tuple[str, str]]:
    """Return keys and what they do. Keys that do the same share a line, in the place of the first."""
    keys: dict[str, dict[str, None]] = {}
    for binding in bindings:
        keys.setdefault(binding.tooltip, {})[binding.key] = None
    return [(_keys(list(same)), effect) for effect, same in keys.items()]


def _table(lines: Iterable[tuple[str, str]]) -> Table:
    """Return the lines in two columns, the second as wide as possible."""
    table = Table.grid(expand=True)
    table.add_column(width=_KEY_COLUMNS)
    table.add_column()
    for keys, effect in lines:
        table.add_row(Text(keys), Text(effect))
    return table


def _keys(keys: list[str]) -> str:
    """Join alternatives for one key with "or", keys with a comma, and a row of digits with "to"."""
    digits = [key for key in keys if key.isdecimal()]
    names = [" or ".join(map(key_name, key.split(","))) for key in keys if key not in digits]
    return ", ".join([*names, *([f"{digits[0]} to {digits[-1]}"] if digits else [])])


def key_name(key: str) -> str:
    """Return the name of a key as a person knows it: "Ctrl+R" for "ctrl+r"; a single letter stays as it is."""
    if len(key) == 1:
        return key
    return "+".join(_NAMES.get(part, part.capitalize()) for part in key.split("+"))
