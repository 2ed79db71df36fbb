"""The help: every key, on one page, as the bindings say it."""

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

_ABOVE = "Choose a wallet on each side, an asset and an amount, then review and send."
_UNKNOWN = (
    'An outcome "unknown" means that the exchange\'s answer did not come, and the transfer may have been made. Shunter '
    "looks for it in the exchange's history, and asks you where that leaves doubt. Do not send it again before."
)
_CUT = "A ~ ends what is cut for want of room. All of it is told below a table, or by Enter in a list."

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
"""Whose keys are told, before the app's own. What a binding does is its tooltip; one without is not told."""

_KEY_COLUMNS = 22
_NAMES = {"escape": "Esc", "slash": "/"}


class HelpScreen(DismissesItself, ModalScreen[None]):
    """Shows the keys."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q,f1,ctrl+g", "close", "Close")]

    def compose(self) -> ComposeResult:
        """One page."""
        with Vertical(classes="dialog -page"):
            yield Label("Help", classes="title")
            with VerticalScroll():
                yield Label(_UNKNOWN, id="help-unknown", markup=False)
                yield Label(_ABOVE, markup=False)
                yield Static(_table(help_lines(told_bindings(self.app.BINDINGS))), id="help-keys")
                yield Label(_CUT, markup=False)
            yield AskLine("Down, Up  scroll        Esc or q  close")

    def action_close(self) -> None:
        """Back to where it was opened."""
        self.dismiss()


def told_bindings(of_app: Iterable[BindingType]) -> list[Binding]:
    """Every binding that the page tells of, in its order."""
    bindings = (*(binding for widget in _WIDGETS for binding in widget.BINDINGS), *of_app)
    return [binding for binding in bindings if isinstance(binding, Binding) and binding.tooltip]


def help_lines(bindings: Iterable[Binding]) -> list[tuple[str, str]]:
    """Keys and what they do; those that do the same are told together, where the first of them is."""
    keys: dict[str, dict[str, None]] = {}
    for binding in bindings:
        keys.setdefault(binding.tooltip, {})[binding.key] = None
    return [(_keys(list(same)), words) for words, same in keys.items()]


def _table(lines: Iterable[tuple[str, str]]) -> Table:
    """The lines in two columns, of which the second is as wide as there is room."""
    table = Table.grid(expand=True)
    table.add_column(width=_KEY_COLUMNS)
    table.add_column()
    for keys, words in lines:
        table.add_row(Text(keys), Text(words))
    return table


def _keys(keys: list[str]) -> str:
    """Ways to press one thing stand with "or", things with a comma, and a row of digits is drawn together."""
    digits = [key for key in keys if key.isdecimal()]
    names = [" or ".join(map(key_name, key.split(","))) for key in keys if key not in digits]
    return ", ".join([*names, *([f"{digits[0]} to {digits[-1]}"] if digits else [])])


def key_name(key: str) -> str:
    """How a person knows a key: "Ctrl+R" for "ctrl+r"; a letter by itself stays as it is typed."""
    if len(key) == 1:
        return key
    return "+".join(_NAMES.get(part, part.capitalize()) for part in key.split("+"))
