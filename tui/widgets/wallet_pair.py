"""The two lists of wallets: only moves that exist can be chosen."""

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Grid
from textual.message import Message
from textual.reactive import var

from tui.domain.form import FormState
from tui.domain.transfer import BOTH_ENDS, Field, route_problem
from tui.domain.wallets import TransferType, Wallet, destinations, transfer_type
from tui.widgets.form_field import FormField
from tui.widgets.late_messages import DropsLateMessages
from tui.widgets.wallet_list import WalletList

_ENDS = Field.SOURCE, Field.DESTINATION


class WalletPair(DropsLateMessages, Grid):
    """Source and destination, each above its pair. What the source cannot reach cannot be chosen."""

    @dataclass
    class Noted(Message):
        """Posted with the reason when a wallet is not the intended one; with an empty text, once it is."""

        text: str

    move: var[TransferType | None] = var(None, init=False)
    """The chosen move. It changes at once: the next key of the packet may be for a field that it shows."""

    def __init__(
        self, source: Wallet, destination: Wallet, chosen: frozenset[Field], pairs: tuple[FormField, FormField]
    ) -> None:
        """Takes the fields of the two pairs, which are below their wallets and shown when the form says so."""
        super().__init__()
        self._pairs = pairs
        self._start = source, destination
        self.chosen = chosen
        """Which of the two the person has chosen; the others are defaults."""

    def compose(self) -> ComposeResult:
        """The source on the left, the destination on the right, and the pairs below."""
        for title, which, wallet in zip(("FROM", "TO"), _ENDS, self._start, strict=True):
            yield WalletList(title, wallet, id=which)
        yield from self._pairs

    def on_mount(self) -> None:
        """Follow the lists."""
        for which in _ENDS:
            self.watch(self.list_of(which), "chosen", self._chosen_anew, init=False)
        self._follow()

    @property
    def source(self) -> Wallet:
        """The chosen source."""
        return self.list_of(Field.SOURCE).chosen

    @property
    def destination(self) -> Wallet:
        """The chosen destination."""
        return self.list_of(Field.DESTINATION).chosen

    def list_of(self, which: Field) -> WalletList:
        """The list of sources or of destinations."""
        return self.query_one(f"#{which}", WalletList)

    def choose(self, source: Wallet, destination: Wallet | None = None) -> None:
        """Choose a source, and a destination that it reaches; without one, that stays where it can."""
        self.list_of(Field.SOURCE).chosen = source
        if destination:
            self.list_of(Field.DESTINATION).chosen = destination

    def swap(self) -> bool:
        """Swap the two; if that is no move, show why."""
        source, destination = self.source, self.destination
        if transfer_type(destination, source) is None:
            self._note(route_problem(destination, source))
            return False
        self.choose(destination, source)
        return True

    def show_balances(self, state: FormState) -> None:
        """Show how much of the asset each wallet holds."""
        for which, end in zip(_ENDS, state.ends, strict=True):
            self.list_of(which).show_balances(state.balances, state.known_asset, end.pair or "", state.now_ms)

    def on_wallet_list_out_of_reach(self, event: WalletList.OutOfReach) -> None:
        """Show why a wallet cannot be chosen."""
        event.stop()
        self._note(route_problem(self.source, event.wallet))

    def _chosen_anew(self) -> None:
        self.chosen = BOTH_ENDS
        self._follow()

    def _follow(self) -> None:
        """Dim what the source cannot reach."""
        source, before = self.source, self.destination
        self.list_of(Field.DESTINATION).allow(destinations(source))
        self._note(_replaced(source, before, self.destination) if self.destination is not before else "")
        self.move = transfer_type(source, self.destination)

    def _note(self, text: str) -> None:
        """Show why a wallet is not the intended one, and ring."""
        self.post_message(self.Noted(text))
        if text:
            self.app.bell()


def _replaced(source: Wallet, before: Wallet, now: Wallet) -> str:
    why = "" if source is before else f" The exchange moves nothing from {source.label} to {before.label}."
    return f"To is {now.label} now.{why}"
