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
from tui.domain.transfer import Outcome, Transfer
from tui.screens.closing import DismissesItself
from tui.widgets.ask_line import AskLine
from tui.widgets.asking_dialog import AskingDialog
from tui.widgets.clipboard import copy_tran_id
from tui.words.outcomes import Watch, meaning
from tui.words.transfers import facts

_END_IDS = ("source-now", "destination-now")


class ResultScreen(DismissesItself, ModalScreen[None]):
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
        watch: Watch = Watch.UNKNOWN,
    ) -> None:
        """Takes what the wallets hold too, if the outcome became final a moment ago, at `since_ms`; how the settling
        goes; and who keeps looking for it if it was judged.
        """
        self._watch = watch
        super().__init__()
        self._note = note
        self.transfer = transfer
        self._balances = balances
        self._since_ms = since_ms

    def compose(self) -> ComposeResult:
        """The outcome first, then every fact."""
        transfer = self.transfer
        with AskingDialog():
            yield Label(f"Transfer {transfer.outcome.words}", classes=f"title -{transfer.outcome}")
            yield Label(meaning(transfer.evidence, self._watch), classes="meaning", markup=False)
            with Grid(classes="facts"):
                for name, value in facts(transfer, self._note):
                    yield Label(name, classes="fact-name")
                    yield Label(value, classes="fact-value", id=f"fact-{name.lower().replace(' ', '-')}", markup=False)
                for id_, words in zip(_END_IDS, self._ends_now(), strict=False):
                    yield Label("", classes="fact-name")
                    yield Label(words, classes="fact-value", id=id_, markup=False)
            copy = "c  copy the tranId        " if transfer.tran_id else ""
            yield AskLine(f"{copy}Esc or q  close")

    def show(self, transfer: Transfer, balances: Balances, since_ms: float | None, watch: Watch) -> None:
        """Say how it ended, or that it is unknown again: in the same dialog, which the person may be about to close.

        That it is being sent comes late, where anything else is known, and changes nothing.
        """
        if transfer == self.transfer or transfer.outcome is Outcome.SENDING:
            return
        self.transfer, self._note, self._balances, self._since_ms = transfer, "", balances, since_ms
        self._watch = watch
        self.refresh(recompose=True)

    def show_balances(self, balances: Balances) -> None:
        """Show what source and destination hold now, once the exchange has said so."""
        self._balances = balances
        self.call_later(self._tell)

    def _ends_now(self) -> list[str]:
        """What to say of source and destination; nothing where the outcome became final long ago, or has not."""
        balances, since_ms, request = self._balances, self._since_ms, self.transfer.request
        if balances is None or since_ms is None:
            return []
        return [f"{end.label} now: {_now(balances, end, request.asset, since_ms)}" for end in request.ends]

    def show_note(self, note: str) -> None:
        """Say how the settling goes."""
        self._note = note
        self.call_later(self._tell)

    def _tell(self) -> None:
        """Say what came meanwhile. Called in the screen's own turn: while it is being made, no label is in place."""
        settling = ("fact-settling", printable(self._note) or "...")
        for id_, words in (settling, *zip(_END_IDS, self._ends_now(), strict=False)):
            for fact in self.query(f"#{id_}").results(Label):
                fact.update(words)

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
    holdings = balances.wallets[end.wallet]
    is_read = holdings.read_ms is not None and holdings.read_ms >= since_ms  # and says nothing of this asset
    return "not known" if holdings.problem or is_read else "reading..."
