"""One transfer in full: how it ended, and what to do about it."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid
from textual.screen import ModalScreen
from textual.widgets import Label

from tui.domain.amounts import grouped
from tui.domain.balances import Account, Balances
from tui.domain.text import printable
from tui.domain.transfer import Transfer
from tui.widgets.ask_line import AskLine
from tui.widgets.asking_dialog import AskingDialog
from tui.widgets.clipboard import copy_tran_id
from tui.widgets.transfer_facts import OUTCOME_WORDS, facts, meaning

_END_IDS = ("source-now", "destination-now")


class ResultScreen(ModalScreen[None]):
    """Shows one transfer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy_tran_id", "Copy tranId"),
        Binding("escape,enter,q", "close", "Close"),
    ]

    def __init__(
        self,
        transfer: Transfer,
        balances: Balances | None = None,
        since_ms: float | None = None,
        *,
        note: str = "",
    ) -> None:
        """Takes what the wallets hold too, where the outcome became final a moment ago, at `since_ms`; and how the
        settling goes.
        """
        super().__init__()
        self._note = note
        self.transfer = transfer
        self._balances = balances
        self._since_ms = since_ms

    def compose(self) -> ComposeResult:
        """The outcome first, then every fact."""
        transfer = self.transfer
        with AskingDialog():
            yield Label(f"Transfer {OUTCOME_WORDS[transfer.outcome]}", classes=f"title -{transfer.outcome}")
            yield Label(meaning(transfer), classes="meaning", markup=False)
            with Grid(classes="facts"):
                for name, value in facts(transfer, self._note):
                    yield Label(name, classes="fact-name")
                    yield Label(value, classes="fact-value", id=f"fact-{name.lower().replace(' ', '-')}", markup=False)
                if self._balances and self._since_ms is not None:
                    for end in _END_IDS:
                        yield Label("", classes="fact-name")
                        yield Label("", classes="fact-value", id=end, markup=False)
            copy = "c  copy the tranId        " if transfer.tran_id else ""
            yield AskLine(f"{copy}Esc or q  close")

    def on_mount(self) -> None:
        """Show the balances as far as they are known."""
        if self._balances:
            self.show_balances(self._balances)

    def show_balances(self, balances: Balances) -> None:
        """Show what source and destination hold now, once the exchange has said so."""
        self._balances = balances
        if self._since_ms is None or not self.query(f"#{_END_IDS[0]}"):
            return
        request = self.transfer.request
        for id_, end in zip(_END_IDS, request.ends, strict=True):
            words = f"{end.label} now: {_now(balances, end, request.asset, self._since_ms)}"
            self.query_one(f"#{id_}", Label).update(words)

    def show_note(self, note: str) -> None:
        """Say how the settling goes."""
        for fact in self.query("#fact-settling").results(Label):
            fact.update(printable(note))

    def action_copy_tran_id(self) -> None:
        """Put the tranId into the clipboard of the person's own terminal."""
        copy_tran_id(self.transfer, self)

    def action_close(self) -> None:
        """Back to where it was opened."""
        self.dismiss()


def _now(balances: Balances, end: Account, asset: str, since_ms: float) -> str:
    figure = balances.held(end, asset)  # as the review does: what can be moved may be less
    if figure and figure.read_ms >= since_ms:
        return f"{grouped(figure.amount)} {asset}{'' if figure.is_transferable else ' free'}"
    return "not known" if balances.wallets[end.wallet].problem else "reading..."
