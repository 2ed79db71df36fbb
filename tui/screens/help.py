"""The help: every key, on one page, as the bindings say it."""

from collections.abc import Iterable
from itertools import groupby
from typing import ClassVar

from rich.cells import set_cell_size
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Label

from tui.screens.main import MainScreen
from tui.screens.review import ReviewScreen
from tui.widgets.amount_input import AmountInput
from tui.widgets.completing_input import CompletingInput
from tui.widgets.transfer_table import TransferTable
from tui.widgets.wallet_list import WalletList

_ABOVE = "Choose a wallet on each side, an asset and an amount, then review and send."
_BELOW = """\
An outcome "unknown" means that the exchange's answer did not come, and the
transfer may have been made. Shunter looks for it in the exchange's history,
and asks you where that leaves doubt. Do not send it again before."""

_WIDGETS = (WalletList, CompletingInput, AmountInput, MainScreen, ReviewScreen, TransferTable)
"""Whose keys are told, before the app's own. What a binding does is its tooltip; one without is not told."""

_KEY_COLUMNS = 20
_NAMES = {"escape": "Esc"}


class HelpScreen(ModalScreen[None]):
    """Shows the keys."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q,f1,ctrl+g", "close", "Close")]

    def compose(self) -> ComposeResult:
        """One page."""
        with VerticalScroll(classes="dialog -page"):
            yield Label("Help", classes="title")
            yield Label(
                "\n".join((_ABOVE, "", *help_lines(told_bindings(self.app.BINDINGS)), "", _BELOW)), markup=False
            )
            yield Label("Esc  close", classes="ask")

    def action_close(self) -> None:
        """Back to where it was opened."""
        self.dismiss()


def told_bindings(of_app: Iterable[BindingType]) -> list[Binding]:
    """Every binding that the page tells of, in its order."""
    bindings = (*(binding for widget in _WIDGETS for binding in widget.BINDINGS), *of_app)
    return [binding for binding in bindings if isinstance(binding, Binding) and binding.tooltip]


def help_lines(bindings: Iterable[Binding]) -> list[str]:
    """A line for each thing to do; neighbours that do the same share one."""
    return [
        set_cell_size(_keys([binding.key for binding in same]), _KEY_COLUMNS) + words
        for words, same in groupby(bindings, lambda binding: binding.tooltip)
    ]


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
