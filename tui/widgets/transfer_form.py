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

from tui.domain.amounts import AmountError, grouped, parse_amount, plain
from tui.domain.balances import Balances, Figure, Place, ends, pair_mismatch, share, too_much
from tui.domain.choices import asset_choices, pair_choices
from tui.domain.transfer import (
    MOST_IN_ASSET,
    MOST_IN_PAIR,
    Draft,
    Field,
    InvalidTransfer,
    TransferRequest,
    parse_transfer,
)
from tui.domain.wallets import TransferType, Wallet, destinations, transfer_type
from tui.exchange.clock import ticks_ms
from tui.widgets.amount_input import AmountInput
from tui.widgets.completing_input import CompletingInput
from tui.widgets.field_input import FieldInput, symbol_text
from tui.widgets.form_field import FormField
from tui.widgets.wallet_list import WalletList


class TransferForm(Widget):
    """Where a person says what to move. It lets only moves be chosen that exist."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "review", "Review", show=False, priority=True),
    ]

    class MovableWanted(Message):
        """The form wants to know what can be moved of an asset out of a place."""

        def __init__(self, place: Place, asset: str) -> None:
            super().__init__()
            self.place = place
            self.asset = asset

    def __init__(self, draft: Draft, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._draft = draft
        self._balances = Balances()
        self._move_words = ""
        self._offered: dict[Field, tuple[object, ...]] = {}
        """What the choices of each completing field were made of: making them anew at each key would be felt."""
        self._wanted: tuple[Place, str, float | None] | None = None
        """What was asked for last, and how old the wallet's reading was."""
        self._is_asking = False
        self._share_asked: int | None = None
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
            self.watch(wallet_list, "highlighted", self._follow, init=False)
        for form_field in self.query(FormField):
            self.watch(form_field.entry, "value", partial(self._text_changed, Field(form_field.which)), init=False)
        for which, text in ((Field.ASSET, self._draft.asset), (Field.AMOUNT, self._draft.amount)):
            if text:
                self._shown_problems.add(which)
        self._follow()

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
        texts = (self._field(which).text for which in (Field.ASSET, Field.AMOUNT, Field.FROM_PAIR, Field.TO_PAIR))
        return Draft(self.source, self.destination, *texts)

    def show_balances(self, balances: Balances) -> None:
        """Show what the wallets hold."""
        self._balances = balances
        self._follow_text()
        self._fill_share()

    def show_ages(self) -> None:
        """Show which figures have grown old."""
        self._follow_text()

    def movable_read(self, balances: Balances) -> None:
        """Show the answer to `MovableWanted`; a Max that waited for it takes what is known now."""
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
        pairs = [self._field(which).entry for which in (Field.FROM_PAIR, Field.TO_PAIR)]
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
        problems = self._problems()
        self._show_problems(problems)
        if Field.AMOUNT in problems and self._is_only_doubted(problems[Field.AMOUNT]):
            del problems[Field.AMOUNT]
        if problems:
            self.screen.set_focus(self._field(next(which for which in Field if which in problems)).entry)
            return None
        return self._parse()

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

    def _move(self) -> TransferType:
        move = transfer_type(self.source, self.destination)
        if move is None:  # the lists let no such pair be chosen
            raise InvalidTransfer({Field.DESTINATION: "choose a destination"})
        return move

    def _follow(self) -> None:
        self._follow_wallets()
        self._follow_text()

    def _follow_wallets(self) -> None:
        """Dim what the source cannot reach, and show the pair fields that the move needs."""
        self.query_one("#to", WalletList).allow(destinations(self.source))
        move = self._move()
        for which, is_needed in ((Field.FROM_PAIR, move.needs_from_pair), (Field.TO_PAIR, move.needs_to_pair)):
            self._field(which).visible = is_needed
            self._field(which).entry.disabled = not is_needed
        self.query_one("#pairs").display = move.needs_from_pair or move.needs_to_pair

    def _follow_text(self) -> None:
        """Bring figures, choices, hints, problems and the move's line in step with what is typed."""
        asset = self._field(Field.ASSET).text
        source, destination = self._ends()
        now_ms = ticks_ms()
        shown = asset if self._balances.knows(asset) else ""
        self.query_one("#from", WalletList).show_balances(self._balances, shown, source.pair or "", now_ms)
        self.query_one("#to", WalletList).show_balances(self._balances, shown, destination.pair or "", now_ms)
        self._offer_choices()
        for which, end in ((Field.FROM_PAIR, source), (Field.TO_PAIR, destination)):
            self._field(which).show_hint(self._pair_hint(end.pair or ""))
        self._field(Field.AMOUNT).show_hint(self._available_hint())
        self._show_move()
        self._show_problems(self._problems())
        self._want_movable()

    def _offer_choices(self) -> None:
        """Let the completing fields complete to what fits the rest."""
        source, destination = self._ends()
        asset = self._field(Field.ASSET).text
        limits = tuple(end.pair if end.pair in self._balances.pairs else None for end in (source, destination))
        made_of = (self._balances, source.wallet, *limits)
        if self._offered.get(Field.ASSET) != made_of:
            self._offered[Field.ASSET] = made_of
            self._field(Field.ASSET).offer(asset_choices(self._balances, source, destination))
        move = self._move()
        made_of = (self._balances, asset)
        if (move.needs_from_pair or move.needs_to_pair) and self._offered.get(Field.TO_PAIR) != made_of:
            self._offered[Field.TO_PAIR] = made_of
            choices = pair_choices(self._balances, asset)
            self._field(Field.FROM_PAIR).offer(choices)
            self._field(Field.TO_PAIR).offer(choices)

    def _parse(self) -> TransferRequest:
        return parse_transfer(self.draft)

    def _problems(self) -> dict[Field, str]:
        """Everything that is wrong with what is entered, in itself and with what the wallets hold."""
        problems: dict[Field, str] = {}
        asset = self._field(Field.ASSET).text
        source, destination = self._ends()
        for which, end in ((Field.FROM_PAIR, source), (Field.TO_PAIR, destination)):
            if mismatch := pair_mismatch(end.pair or "", asset, self._balances.pairs):
                problems[which] = mismatch
        if excess := self._excess():
            problems[Field.AMOUNT] = excess
        try:
            self._parse()
        except InvalidTransfer as invalid:
            problems |= invalid.problems
        return problems

    def _show_problems(self, problems: dict[Field, str]) -> None:
        """Say what is wrong where it was entered; of a field nobody has been in yet, nothing."""
        for form_field in self.query(FormField):
            which = Field(form_field.which)
            form_field.show_problem(problems.get(which, "") if which in self._shown_problems else "")

    def _is_only_doubted(self, problem: str) -> bool:
        """Whether a problem of the amount rests on a figure that may be wrong by now. The review reads it again."""
        figure = self._figure()
        return figure is not None and not figure.is_fresh(ticks_ms()) and problem == self._excess()

    def _excess(self) -> str | None:
        """Why the amount is more than there is, by what is known; None also for what is no amount."""
        try:
            amount = parse_amount(self._field(Field.AMOUNT).text)
        except AmountError:
            return None
        return too_much(amount, self._field(Field.ASSET).text, self._figure())

    def _ends(self) -> tuple[Place, Place]:
        return ends(self._move(), self._field(Field.FROM_PAIR).text, self._field(Field.TO_PAIR).text)

    def _figure(self) -> Figure | None:
        """What is known to be available of the asset in the source."""
        source, asset = self._ends()[0], self._field(Field.ASSET).text
        return self._balances.figure(source, asset) if asset and source.pair != "" else None

    def _available_hint(self) -> str:
        figure = self._figure()
        if figure is None:
            return self._balances.wallets[self.source].problem and "What is there could not be read"
        asset = self._field(Field.ASSET).text
        if not self._balances.knows(asset):
            return ""
        free = "" if figure.is_movable else " free"
        doubt = "" if figure.is_fresh(ticks_ms()) else " (may change)" if figure.is_doubtful else " (old; F5 reads)"
        return f"of {grouped(figure.amount)} {asset}{free}{doubt}"

    def _want_movable(self) -> None:
        """Ask for the exact figure, once for each choice and each reading of its wallet."""
        source, asset = self._ends()[0], self._field(Field.ASSET).text
        figure = self._figure()
        wanted = (source, asset, self._balances.wallets[source.wallet].read_ms)
        if figure and figure.amount and not figure.is_movable and wanted != self._wanted:
            self._wanted = wanted
            self._is_asking = True
            self.post_message(self.MovableWanted(source, asset))

    def _fill_share(self) -> None:
        """Fill in the part of what is available that was asked for, or wait for the exact figure while it is read."""
        figure = self._figure()
        is_exact = figure is not None and (figure.is_movable or not figure.amount)
        if self._share_asked is None or figure is None or (self._is_asking and not is_exact):
            return
        amount = share(figure.amount, self._share_asked)
        self._share_asked = None
        if not is_exact:
            self.app.bell()
            self._field(Field.AMOUNT).show_problem("What can be moved is not known: type it")
        elif amount:
            entry = self._field(Field.AMOUNT).entry
            entry.value = plain(amount)
            entry.cursor_position = len(entry.value)
        else:
            self.app.bell()
            self._field(Field.AMOUNT).show_problem("There is nothing to move")

    def _pair_hint(self, pair: str) -> str:
        """Which accounts there are; the exchange knows far more pairs than a person has accounts for."""
        isolated = self._balances.wallets[Wallet.ISOLATED]
        if isolated.read_ms is not None and pair in self._balances.pairs and pair not in isolated.pairs:
            return f"You have no {pair} account yet"
        return f"You hold: {', '.join(list(isolated.pairs)[:3])}" if isolated.pairs else ""

    def _show_move(self) -> None:
        move = self._move()
        words = f"{move.name}   {move.source.label} -> {move.destination.label}"
        if words != self._move_words:
            self._move_words = words
            self.query_one("#move", Label).update(words)


def _symbol_input(text: str, placeholder: str, max_length: int) -> CompletingInput:
    return CompletingInput(text, clean=symbol_text, placeholder=placeholder, max_length=max_length)
