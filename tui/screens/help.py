"""The help: the keys of the screen below it first, then all others, made from the bindings."""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Label, Static

from tui.language import _
from tui.screens.closing import DismissesItself
from tui.screens.gather import GatherScreen
from tui.screens.history import HistoryScreen
from tui.screens.holdings import HoldingsScreen
from tui.screens.main import MainScreen
from tui.screens.manual import ManualScreen
from tui.screens.review import ReviewScreen
from tui.widgets.amount_input import AmountInput
from tui.widgets.ask_line import AskLine
from tui.widgets.completing_input import CompletingInput
from tui.widgets.entry_table import EntryTable
from tui.widgets.gather_list import GatherList
from tui.widgets.holding_places import HoldingPlaces
from tui.widgets.holdings_table import HoldingsTable
from tui.widgets.wallet_list import WalletList
from tui.words.outcomes import WHAT_UNKNOWN_MEANS

_ABOVE = _("Choose a wallet on each side, an asset and an amount, then review and send.")

_Explained = tuple[type[Screen[Any]] | None, str, tuple[type[Any], ...]]
_GROUPS: tuple[_Explained, ...] = (
    (MainScreen, _("The form"), (WalletList, CompletingInput, AmountInput, MainScreen)),
    (ReviewScreen, _("The review"), (ReviewScreen,)),
    (HoldingsScreen, _("Holdings"), (HoldingsTable, HoldingPlaces, HoldingsScreen)),
    (GatherScreen, _("Gather"), (GatherList, GatherScreen)),
    (HistoryScreen, _("The history"), (HistoryScreen,)),
    (None, _("Lists of transfers"), (EntryTable,)),
)
"""The groups of keys: the screen that each belongs to, its name, and the classes whose bindings it has. A binding
without a tooltip is left out.
"""
_EVERYWHERE = _("Everywhere")

_KEY_COLUMNS = 22
_SAME = {"ctrl+underscore"}
"""Keys that a terminal reports for another one: for Ctrl+/."""
_NAMES = {"escape": "Esc", "slash": "/", "plus": "+", "question_mark": "?"}


class HelpScreen(DismissesItself, ModalScreen[None]):
    """Shows the keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,f1,ctrl+g,question_mark", "close", _("Close")),
        Binding("m", "manual", _("Manual")),
    ]

    def compose(self) -> ComposeResult:
        """Show one page."""
        with Vertical(classes="dialog -page"):
            yield Label(_("HELP"), classes="title")
            with VerticalScroll():
                yield Label(_ABOVE, markup=False)
                for name, bindings in help_groups(self.app.BINDINGS, _below(self)):
                    yield Label(name.upper(), classes="title help-group", markup=False)
                    yield Static(_table(help_lines(bindings)))
                yield Label(_("OUTCOMES"), classes="title help-group")
                yield Label(_(WHAT_UNKNOWN_MEANS), markup=False)
            yield AskLine(_("m  manual        Down, Up  scroll        Esc or q  close"))

    def action_close(self) -> None:
        """Close the help."""
        self.dismiss()

    def action_manual(self) -> None:
        """Show the pages of the manual."""
        self.app.push_screen(ManualScreen())


def _below(screen: Screen[Any]) -> type[Screen[Any]]:
    """Return the class of the screen below the help."""
    return next((type(other) for other in reversed(screen.app.screen_stack) if other is not screen), Screen)


def help_groups(
    app_bindings: Iterable[BindingType], below: type[Screen[Any]] | None = None
) -> Iterator[tuple[str, list[Binding]]]:
    """Yield the groups of keys, each with its name: that of the screen below the help first."""
    for _screen, name, owners in sorted(_GROUPS, key=lambda group: group[0] is not below):
        yield name, [binding for owner in owners for binding in _explained(owner.BINDINGS)]
    yield _EVERYWHERE, list(_explained(app_bindings))


def _explained(bindings: Iterable[BindingType]) -> Iterator[Binding]:
    return (binding for binding in bindings if isinstance(binding, Binding) and binding.tooltip)


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
    table.add_column(ratio=1)
    for keys, effect in lines:
        table.add_row(Text(keys, "bold"), Text(effect))
    return table


def _keys(keys: list[str]) -> str:
    """Join alternatives for one key with "or", keys with a comma, and a row of digits with "to"."""
    digits = [key for key in keys if key.isdecimal()]
    names = [_(" or ").join(key_names(key)) for key in keys if key not in digits]
    if digits:
        names.append(_("{first} to {last}").format(first=digits[0], last=digits[-1]))
    return _(", ").join(names)


def key_names(keys: str) -> list[str]:
    """Return the names of the keys of a binding."""
    return [key_name(key) for key in keys.split(",") if key not in _SAME]


def key_name(key: str) -> str:
    """Return the name of a key as a person knows it: "Ctrl+R" for "ctrl+r"; a single letter stays as it is."""
    if len(key) == 1:
        return key
    return "+".join(_NAMES.get(part, part.capitalize()) for part in key.split("+"))
