"""The form of a transfer: two wallet lists, asset, amount, and pairs exactly when the move needs them."""

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Button, Label

from tui.domain.amounts import plain
from tui.domain.balances import Account, Balances
from tui.domain.choices import asset_choices, pair_choices
from tui.domain.form import FormState, Inquiry, Problem
from tui.domain.transfer import MOST_IN_ASSET, MOST_IN_PAIR, Draft, Field, TransferRequest, parse_transfer
from tui.domain.wallets import Wallet, destinations, transfer_type
from tui.exchange.clock import ticks_ms
from tui.widgets.amount_input import AmountInput
from tui.widgets.completing_input import CompletingInput
from tui.widgets.field_input import FieldInput, symbol_text
from tui.widgets.form_field import FormField
from tui.widgets.wallet_list import WalletList

_PAIRS = (Field.FROM_PAIR, Field.TO_PAIR)


class TransferForm(Widget):
    """Where a person says what to move. It lets only moves be chosen that exist.

    It shows what `FormState` says of what is entered, and decides nothing itself.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "review", "Review", show=False, priority=True),
    ]

    class TransferableWanted(Message):
        """The form wants to know what can be moved of an asset out of an account."""

        def __init__(self, account: Account, asset: str) -> None:
            super().__init__()
            self.account = account
            self.asset = asset

    def __init__(self, draft: Draft, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._draft = draft
        self._balances = Balances()
        self._offered: dict[Field, tuple[object, ...]] = {}
        """What the choices of each completing field were made of: making them anew at each key would be felt."""
        self._asked: Inquiry | None = None
        """What was asked for last."""
        self._is_asking = False
        self._share_asked: int | None = 100 if draft.takes_all else None
        """The part of what is available that is to be filled in as soon as it is known."""
        self._shown_problems: set[Field] = set()

    def compose(self) -> ComposeResult:
        """The source's column on the left, the destination's on the right."""
        draft = self._draft
        with Horizontal(id="wallets"):
            with Vertical(classes="column"):
                yield Label("From", classes="title")
                yield WalletList(draft.source, id="from")
            with Vertical(classes="column"):
                yield Label("To", classes="title")
                yield WalletList(draft.destination, id="to")
        with Horizontal(id="what"):
            yield FormField(Field.ASSET, "Asset", _symbol_input(draft.asset, "e.g. USDT", MOST_IN_ASSET))
            yield FormField(Field.AMOUNT, "Amount", AmountInput(draft.amount, ask_share=self._share_wanted))
        with Horizontal(id="pairs"):
            yield FormField(Field.FROM_PAIR, "From pair", _symbol_input(draft.from_pair, "e.g. BTCUSDT", MOST_IN_PAIR))
            yield FormField(Field.TO_PAIR, "To pair", _symbol_input(draft.to_pair, "e.g. ETHUSDT", MOST_IN_PAIR))
        with Horizontal(id="move-line"):
            yield Label("", id="move", markup=False)
            yield Button("Review", id="review", variant="primary", compact=True, action="screen.review")

    def on_mount(self) -> None:
        """Bring everything in line with what the form was filled with."""
        # At once, not by message: the next key of the same packet may be for what this one brings.
        for wallet_list in self.query(WalletList):
            self.watch(wallet_list, "highlighted", self._follow_wallets, init=False)
        for form_field in self.query(FormField):
            self.watch(form_field.entry, "value", partial(self._text_changed, Field(form_field.which)), init=False)
        for which, text in ((Field.ASSET, self._draft.asset), (Field.AMOUNT, self._draft.amount)):
            if text:
                self._shown_problems.add(which)
        self._follow_wallets()

    @property
    def source(self) -> Wallet:
        """The chosen source."""
        return self.query_one("#from", WalletList).chosen

    @property
    def destination(self) -> Wallet:
        """The chosen destination."""
        return self.query_one("#to", WalletList).chosen

    @property
    def draft(self) -> Draft:
        """What is entered, as it was typed."""
        texts = (self._field(which).text for which in (Field.ASSET, Field.AMOUNT, *_PAIRS))
        return Draft(self.source, self.destination, *texts)

    def show_balances(self, balances: Balances) -> None:
        """Show what the wallets hold."""
        self._balances = balances
        self._follow_text()
        self._fill_share()

    def transferable_read(self, balances: Balances) -> None:
        """Show the answer to `TransferableWanted`; a Max that waited for it takes what is known now."""
        self._is_asking = False
        self.show_balances(balances)

    def clear_amount(self) -> None:
        """Empty the amount, so that what was just sent is not sent again by a slip."""
        self._shown_problems.clear()
        self._field(Field.AMOUNT).entry.value = ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enter in a wallet list, and over a chosen suggestion, is theirs."""
        focused = self.screen.focused
        is_theirs = isinstance(focused, WalletList) or (isinstance(focused, CompletingInput) and focused.is_choosing)
        return action != "review" or not is_theirs

    async def action_review(self) -> None:
        """Review what is entered."""
        await self.run_action("screen.review")

    def action_swap(self) -> None:
        """Turn the move round, pairs included."""
        source, destination = self.source, self.destination
        if transfer_type(destination, source) is None:
            self.app.bell()
            return
        pairs = [self._field(which).entry for which in _PAIRS]
        follows = next(
            (other for entry, other in zip(pairs, pairs[::-1], strict=True) if entry is self.screen.focused), None
        )
        if follows:
            self.screen.set_focus(None)  # a field that is about to go would give it up some time later
        pairs[0].value, pairs[1].value = pairs[1].value, pairs[0].value
        self.query_one("#from", WalletList).choose(destination)
        self.query_one("#to", WalletList).choose(source)
        if follows:
            self.screen.set_focus(follows)

    def request(self) -> TransferRequest | None:
        """What is entered; where it is no transfer, None, and everything that is wrong with it is said."""
        self._shown_problems = set(Field)
        state = self._state()
        self._show_problems(state)
        if obstacle := state.obstacle:
            self.screen.set_focus(self._field(obstacle.field).entry)
            return None
        return parse_transfer(state.draft)

    def _text_changed(self, which: Field, value: str) -> None:
        self._share_asked = None
        if value:
            self._shown_problems.add(which)
        self._follow_text()

    def _share_wanted(self, percent: int) -> None:
        self._share_asked = percent
        self._fill_share()

    @on(FieldInput.Dropped)
    def _text_dropped(self, event: FieldInput.Dropped) -> None:
        event.stop()
        for form_field in self.query(FormField):
            if form_field.entry is event.entry:
                form_field.show_problem("Letters and digits only; the rest was left out")

    def _field(self, which: Field) -> FormField:
        return self.query_one(f"#field-{which}", FormField)

    def _state(self) -> FormState:
        return FormState(self.draft, self._balances, ticks_ms())

    def _follow_wallets(self) -> None:
        """Dim what the source cannot reach, show the move and the pair fields that it needs."""
        self.query_one("#to", WalletList).allow(destinations(self.source))
        state = self._state()
        for which in _PAIRS:
            self._field(which).visible = which in state.fields
            self._field(which).entry.disabled = which not in state.fields
        self.query_one("#pairs").display = state.needs_pairs
        move = state.move
        self.query_one("#move", Label).update(f"{move.name}   {move.source.label} -> {move.destination.label}")
        self._follow_text()

    def _follow_text(self) -> None:
        """Bring figures, choices, hints and problems in step with what is typed."""
        state = self._state()
        for name, end in zip(("#from", "#to"), state.ends, strict=True):
            wallets = self.query_one(name, WalletList)
            wallets.show_balances(self._balances, state.known_asset, end.pair or "", state.now_ms)
        self._offer_choices(state)
        for form_field in self.query(FormField):
            form_field.show_hint(state.hint(Field(form_field.which)))
        self._show_problems(state)
        self._ask_for_figure(state)

    def _offer_choices(self, state: FormState) -> None:
        """Let the completing fields complete to what fits the rest."""
        source, destination = state.ends
        asset = state.draft.asset
        limits = tuple(end.pair if end.pair in self._balances.pairs else None for end in (source, destination))
        made_of = (self._balances, source.wallet, *limits)
        if self._offered.get(Field.ASSET) != made_of:
            self._offered[Field.ASSET] = made_of
            self._field(Field.ASSET).offer(asset_choices(self._balances, source, destination))
        made_of = (self._balances, asset)
        if state.needs_pairs and self._offered.get(Field.TO_PAIR) != made_of:
            self._offered[Field.TO_PAIR] = made_of
            choices = pair_choices(self._balances, asset)
            for which in _PAIRS:
                self._field(which).offer(choices)

    def _show_problems(self, state: FormState) -> None:
        """Say what is wrong where it was entered; of a field nobody has been in yet, nothing."""
        problems = state.problems
        for form_field in self.query(FormField):
            which = Field(form_field.which)
            is_said = which in problems and which in self._shown_problems
            form_field.show_problem(problems[which].words if is_said else "")

    def _ask_for_figure(self, state: FormState) -> None:
        """Ask how much can be moved, once for each choice and each reading of its wallet."""
        inquiry = state.inquiry
        if inquiry and inquiry != self._asked:
            self._asked = inquiry
            self._is_asking = True
            self.post_message(self.TransferableWanted(inquiry.account, inquiry.asset))

    def _fill_share(self) -> None:
        """Fill in the part of what can be moved that was asked for, as soon as it is known."""
        if self._share_asked is None:
            return
        part = self._state().part(self._share_asked, is_asked=self._is_asking)
        if part is None:
            return
        self._share_asked = None
        if isinstance(part, Problem):
            self.app.bell()
            self._field(part.field).show_problem(part.words)
        else:
            entry = self._field(Field.AMOUNT).entry
            entry.value = plain(part)
            entry.cursor_position = len(entry.value)


def _symbol_input(text: str, placeholder: str, max_length: int) -> CompletingInput:
    return CompletingInput(text, clean=symbol_text, placeholder=placeholder, max_length=max_length)
