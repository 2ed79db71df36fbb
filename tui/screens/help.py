"""The help: every key, on one page."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Label

_HELP = """\
Choose a wallet on each side, an asset and an amount, then review and send.

Tab / Shift+Tab     from field to field
Up / Down, 1 to 8   choose a wallet in a list; dimmed ones cannot be reached
Down / Up           in Asset and Pair: put a suggestion into the field; Esc undoes
m, t, h, q          in Amount: all (Max), 75, 50, 25 % of what can be moved
F2 or Ctrl+R        review (Enter in a field does it too)
y                   send, on the review screen only
F3 or Ctrl+T        all transfers of the journal
F4 or Ctrl+K        key profiles
F5 or Ctrl+L        read the wallets again
Ctrl+X              swap source and destination
Enter / c           in the list of transfers: all of one / copy its tranId
Ctrl+P              every action by name
F1 or Ctrl+G        this page
Ctrl+Q              quit

An outcome "unknown" means that the exchange's answer did not come, and the
transfer may have been made. Shunter reads the exchange's history until it
knows. Do not send it again before."""


class HelpScreen(ModalScreen[None]):
    """Shows the keys."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q,f1,ctrl+g", "close", "Close")]

    def compose(self) -> ComposeResult:
        """One page."""
        with VerticalScroll(classes="dialog -page"):
            yield Label("Help", classes="title")
            yield Label(_HELP, markup=False)
            yield Label("Esc  close", classes="ask")

    def action_close(self) -> None:
        """Back to where it was opened."""
        self.dismiss()
