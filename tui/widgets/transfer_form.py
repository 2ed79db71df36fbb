"""The form of a transfer: two wallet lists, asset, amount, and pairs exactly when the move needs them."""

from decimal import Decimal
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Button, Input, Label

from tui.domain.amounts import grouped
from tui.domain.balances import NOT_READ, Balances
from tui.domain.transfer import Draft, Field, InvalidTransfer, TransferRequest, parse_transfer
from tui.domain.wallets import TransferType, Wallet, destinations, transfer_type
from tui.widgets.field_input import FieldInput, symbol_text
from tui.widgets.form_field import FormField
from tui.widgets.wallet_list import WalletList


class TransferForm(Widget):
    """Where a person says what to move. It lets only moves be chosen that exist."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "review", "Review", show=False),
    ]

    class ReviewAsked(Message):
        """The person wants to review a transfer that is valid in form."""

        def __init__(self, request: TransferRequest) -> None:
            super().__init__()
            self.request = request

    def __init__(self, draft: Draft, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._draft = draft
        self._balances: Balances = NOT_READ
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
            yield FormField(Field.ASSET, "Asset", _symbol_input(draft.asset, "USDT", 20))
            yield FormField(Field.AMOUNT, "Amount", FieldInput(draft.amount, placeholder="0.00", max_length=60))
        with Horizontal(id="pairs"):
            yield FormField(Field.FROM_PAIR, "From pair", _symbol_input(draft.from_pair, "BTCUSDT", 40))
            yield FormField(Field.TO_PAIR, "To pair", _symbol_input(draft.to_pair, "ETHUSDT", 40))
        with Horizontal(id="move-line"):
            yield Label("", id="move", markup=False)
            yield Button("Review", id="review", variant="primary", compact=True)

    def on_mount(self) -> None:
        """Bring everything in line with what the form was filled with."""
        self._follow_wallets()
        for which, text in ((Field.ASSET, self._draft.asset), (Field.AMOUNT, self._draft.amount)):
            if text:
                self._shown_problems.add(which)
        self._follow_text()

    @property
    def source(self) -> Wallet:
        """The chosen source."""
        return self.query_one("#from", WalletList).chosen

    @property
    def destination(self) -> Wallet:
        """The chosen destination."""
        return self.query_one("#to", WalletList).chosen

    def show_balances(self, balances: Balances) -> None:
        """Show what the wallets hold."""
        self._balances = balances
        self._follow_text()

    def clear_amount(self) -> None:
        """Empty the amount, so that what was just sent is not sent again by a slip."""
        self._shown_problems.clear()
        self._field(Field.AMOUNT).entry.value = ""

    def action_swap(self) -> None:
        """Turn the move round, pairs included."""
        source, destination = self.source, self.destination
        if transfer_type(destination, source) is None:
            self.app.bell()
            return
        pairs = self._field(Field.FROM_PAIR).entry, self._field(Field.TO_PAIR).entry
        pairs[0].value, pairs[1].value = pairs[1].value, pairs[0].value
        self.query_one("#from", WalletList).choose(destination)
        self._allow_destinations()
        self.query_one("#to", WalletList).choose(source)

    def action_review(self) -> None:
        """Ask for the review of what is entered, or say everything that is wrong with it."""
        self._shown_problems = set(Field)
        try:
            request = self._parse()
        except InvalidTransfer as invalid:
            self._show_problems(invalid)
            first = next(which for which in Field if which in invalid.problems)
            self._field(first).entry.focus()
        else:
            self.post_message(self.ReviewAsked(request))

    @on(WalletList.Chosen)
    def _wallet_chosen(self) -> None:
        self._follow_wallets()
        self._follow_text()

    @on(Input.Changed)
    def _text_changed(self, event: Input.Changed) -> None:
        event.stop()
        for form_field in self.query(FormField):
            if form_field.entry is event.input and event.value:
                self._shown_problems.add(Field(form_field.which))
        self._follow_text()

    @on(FieldInput.Dropped)
    def _text_dropped(self, event: FieldInput.Dropped) -> None:
        event.stop()
        for form_field in self.query(FormField):
            if form_field.entry is event.entry:
                form_field.show_problem("Letters and digits only; the rest was left out")

    @on(Input.Submitted)
    @on(Button.Pressed, "#review")
    def _review_pressed(self, event: Message) -> None:
        event.stop()
        self.action_review()

    def _field(self, which: Field) -> FormField:
        return self.query_one(f"#field-{which}", FormField)

    def _move(self) -> TransferType:
        move = transfer_type(self.source, self.destination)
        if move is None:  # the lists let no such pair be chosen
            raise InvalidTransfer({Field.DESTINATION: "choose a destination"})
        return move

    def _allow_destinations(self) -> None:
        self.query_one("#to", WalletList).allow(destinations(self.source))

    def _follow_wallets(self) -> None:
        """Dim what the source cannot reach, and show the pair fields that the move needs."""
        self._allow_destinations()
        move = self._move()
        self._field(Field.FROM_PAIR).set_class(not move.needs_from_pair, "-unneeded")
        self._field(Field.TO_PAIR).set_class(not move.needs_to_pair, "-unneeded")
        self.query_one("#pairs").display = move.needs_from_pair or move.needs_to_pair
        for which in (Field.FROM_PAIR, Field.TO_PAIR):
            entry = self._field(which).entry
            entry.disabled = self._field(which).has_class("-unneeded")

    def _follow_text(self) -> None:
        """Bring figures, hints, problems and the move's line in step with what is typed."""
        asset = self._field(Field.ASSET).text
        for wallet_list in self.query(WalletList):
            wallet_list.show_balances(self._balances, asset)
        self._field(Field.AMOUNT).show_hint(self._available_hint(asset))
        self._field(Field.FROM_PAIR).show_hint(self._pairs_hint())
        self._field(Field.TO_PAIR).show_hint(self._pairs_hint())
        self._show_move()
        try:
            self._parse()
        except InvalidTransfer as invalid:
            self._show_problems(invalid)
        else:
            self._show_problems(None)

    def _parse(self) -> TransferRequest:
        return parse_transfer(
            Draft(
                self.source,
                self.destination,
                asset=self._field(Field.ASSET).text,
                amount=self._field(Field.AMOUNT).text,
                from_pair=self._field(Field.FROM_PAIR).text,
                to_pair=self._field(Field.TO_PAIR).text,
            )
        )

    def _show_problems(self, invalid: InvalidTransfer | None) -> None:
        """Say what is wrong where it was entered; of a field nobody has been in yet, nothing."""
        problems = invalid.problems if invalid else {}
        for form_field in self.query(FormField):
            which = Field(form_field.which)
            form_field.show_problem(problems.get(which, "") if which in self._shown_problems else "")

    def _available(self, asset: str) -> Decimal | None:
        pair = self._field(Field.FROM_PAIR).text if self.source is Wallet.ISOLATED else None
        if not asset or pair == "":
            return None
        return self._balances[self.source].free(asset, pair)

    def _available_hint(self, asset: str) -> str:
        available = self._available(asset)
        return "" if available is None else f"of {grouped(available)} {asset} free"

    def _pairs_hint(self) -> str:
        pairs = self._balances[Wallet.ISOLATED].pairs
        return f"You hold: {', '.join(list(pairs)[:4])}" if pairs else ""

    def _show_move(self) -> None:
        move = self._move()
        from_pair = self._field(Field.FROM_PAIR).text if move.needs_from_pair else ""
        to_pair = self._field(Field.TO_PAIR).text if move.needs_to_pair else ""
        source = f"{move.source.short_label} {from_pair}".rstrip()
        destination = f"{move.destination.short_label} {to_pair}".rstrip()
        self.query_one("#move", Label).update(f"{move.name}   {source} -> {destination}")


def _symbol_input(text: str, placeholder: str, max_length: int) -> FieldInput:
    return FieldInput(text, clean=symbol_text, placeholder=placeholder, max_length=max_length)
