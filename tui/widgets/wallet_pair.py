"""The two lists of wallets: only what one or two moves lead to can be chosen."""

from textual.app import ComposeResult
from textual.containers import Grid
from textual.message import Message
from textual.reactive import var

from tui.domain.form import FormState
from tui.domain.transfer import BOTH_ENDS, Field, route_problem
from tui.domain.wallets import TransferType, Wallet, destinations, route
from tui.language import _
from tui.widgets.form_field import FormField
from tui.widgets.late_messages import DropsLateMessages
from tui.widgets.messages import fields
from tui.widgets.wallet_list import WalletList
from tui.words.wallets import via

_ENDS = Field.SOURCE, Field.DESTINATION


class WalletPair(DropsLateMessages, Grid):
    """Source and destination, each above its pair. What the source cannot reach cannot be chosen.

    A destination that takes two moves is marked. Only choosing it leads there: after another source is chosen, the
    destination is one that a single move leads to.
    """

    @fields
    class Noted(Message):
        """Posted with the reason when a wallet is not the intended one; with an empty text, once it is."""

        text: str

    route: var[tuple[TransferType, ...]] = var((), init=False)
    """The types of the chosen move. They change at once: the next key of the packet may be for a field that they show.
    """

    def __init__(
        self, source: Wallet, destination: Wallet, chosen: frozenset[Field], pairs: tuple[FormField, FormField]
    ) -> None:
        """Takes the fields of the two pairs, which are below their wallets and shown when the form says so."""
        super().__init__()
        self._pairs = pairs
        ends = zip((_("FROM"), _("TO")), _ENDS, (source, destination), strict=True)
        self._lists = {which: WalletList(title, wallet, id=which) for title, which, wallet in ends}
        self.chosen = chosen
        """Which of the two the person has chosen; the others are defaults."""
        self._noted = ""
        self._meant: Wallet | None = None
        """The destination that is chosen together with a source."""

    def compose(self) -> ComposeResult:
        """The source on the left, the destination on the right, and the pairs below."""
        yield from self._lists.values()
        yield from self._pairs

    def on_mount(self) -> None:
        """Follow the lists."""
        self.watch(self.list_of(Field.SOURCE), "chosen", self._source_chosen, init=False)
        self.watch(self.list_of(Field.DESTINATION), "chosen", self._destination_chosen, init=False)
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
        return self._lists[which]

    def choose(self, source: Wallet, destination: Wallet | None = None) -> None:
        """Choose a source, and a destination that it reaches; without one, that stays where it can."""
        self._meant = destination
        self.list_of(Field.SOURCE).chosen = source
        self._meant = None
        if destination:
            self.list_of(Field.DESTINATION).chosen = destination

    def swap(self) -> None:
        """Swap the two: what leads there leads back."""
        self.choose(self.destination, self.source)

    def show_balances(self, state: FormState) -> None:
        """Show how much of the asset each wallet holds."""
        for which, end in zip(_ENDS, state.ends, strict=True):
            self.list_of(which).show_balances(state.balances, state.known_asset, end.pair or "", state.now_ms)

    def on_wallet_list_out_of_reach(self, event: WalletList.OutOfReach) -> None:
        """Show why a wallet cannot be chosen."""
        event.stop()
        self._note(route_problem(self.source, event.wallet))

    def _source_chosen(self) -> None:
        """Keep the destination if one move leads there, else take the first one that one move leads to."""
        direct, before = destinations(self.source), self.destination
        now = self._meant or (before if before in direct else direct[0])
        if now is before:
            self._destination_chosen()
            return
        self.list_of(Field.DESTINATION).chosen = now
        if not self._meant:
            self._note(_replaced(self.source, before, now))

    def _destination_chosen(self) -> None:
        self.chosen = BOTH_ENDS
        self._note("")
        self._follow()

    def _follow(self) -> None:
        """Dim what the source cannot reach, and mark what takes two moves."""
        routes = {wallet: route(self.source, wallet) for wallet in Wallet}
        self.list_of(Field.DESTINATION).allow({wallet: via(types) for wallet, types in routes.items() if types})
        self.route = routes[self.destination]

    def _note(self, text: str) -> None:
        """Show why a wallet is not the intended one, and ring."""
        if text or self._noted:
            self.post_message(self.Noted(text))
        self._noted = text
        if text:
            self.app.bell()


def _replaced(source: Wallet, before: Wallet, now: Wallet) -> str:
    if source is before:
        return _("To is {wallet} now.").format(wallet=now.label)
    said = _("To is {wallet} now. {source} reaches {before} only {via}.")
    return said.format(wallet=now.label, source=source.label, before=before.label, via=via(route(source, before)))
