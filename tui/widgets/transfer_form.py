"""The form of a transfer: two wallet lists, pairs exactly when the move needs them, asset and amount."""

from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid
from textual.message import Message
from textual.widget import Widget

from tui.clock import ticks_ms
from tui.domain.balances import Account, Balances
from tui.domain.form import FormState, Inquiry
from tui.domain.holdings import asset_choices, pair_choices
from tui.domain.openness import PairLimit
from tui.domain.plan import Plan, parse_draft
from tui.domain.rules import Rules
from tui.domain.transfer import (
    BOTH_ENDS,
    MOST_IN_ASSET,
    MOST_IN_PAIR,
    Draft,
    Field,
    TransferRequest,
)
from tui.domain.wallets import Wallet
from tui.language import _
from tui.widgets.amount_field import AmountField
from tui.widgets.completing_input import CompletingInput
from tui.widgets.form_field import symbol_field
from tui.widgets.late_messages import DropsLateMessages
from tui.widgets.messages import fields
from tui.widgets.move_line import MoveLine
from tui.widgets.wallet_list import WalletList
from tui.widgets.wallet_pair import WalletPair
from tui.words.openness import not_open
from tui.words.reasons import why_less
from tui.words.wallets import hint

_PAIRS = (Field.FROM_PAIR, Field.TO_PAIR)


class TransferForm(DropsLateMessages, Widget):
    """Lets a person say what to move. Only what one or two moves lead to can be chosen.

    It shows what `FormState` says about the input, and decides nothing itself.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "review", _("Review"), show=False, priority=True),
    ]

    @fields
    class TransferableWanted(Message):
        """Posted when the form needs to know how much of an asset can be moved out of an account."""

        account: Account
        asset: str

    @fields
    class PairLimitWanted(Message):
        """Posted when the form needs to know how many isolated pairs can be enabled."""

    @fields
    class Noted(Message):
        """Posted with what the fields have no room for: by the kind of message a text, empty where there is none, and
        briefer ones.
        """

        texts: dict[str, tuple[str, ...]]

    def __init__(self, draft: Draft, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._draft = draft
        pairs = (
            symbol_field(Field.FROM_PAIR, _("Pair"), draft.from_pair, _("e.g. BTCUSDT"), MOST_IN_PAIR),
            symbol_field(Field.TO_PAIR, _("Pair"), draft.to_pair, _("e.g. ETHUSDT"), MOST_IN_PAIR),
        )
        asset = symbol_field(Field.ASSET, _("Asset"), draft.asset, _("e.g. USDT"), MOST_IN_ASSET)
        self._wallets = WalletPair(draft.source, draft.destination, draft.chosen, pairs)
        self._amount = AmountField(draft, self._state)
        self._move = MoveLine()
        self._fields = {Field(field.which): field for field in (*pairs, asset, self._amount)}
        self._origin = ""
        """Where the form was filled from, if that is another place or profile."""
        self._wallet_note = ""
        """Why a wallet is not the intended one."""
        self._noted: dict[str, tuple[str, ...]] = {}
        self._balances = Balances()
        self.rules = Rules()
        """The person's rules, as they were last read."""
        self._lacking: frozenset[Wallet] = frozenset()
        self._pair_limit: PairLimit | None = None
        self._limit_asked_ms: float | None = None
        """Which reading of the isolated accounts the limit was asked for."""
        self._offered: dict[Field, tuple[object, ...]] = {}
        """What the choices of each completing field were made from: to make them at each key would be slow."""
        self._asked: Inquiry | None = None
        """The last question to the exchange."""
        self._shown_problems: set[Field] = set()
        self._emptied = ""
        """Why the amount that a person entered was removed; empty once there is another."""

    def compose(self) -> ComposeResult:
        """The wallets with their pairs, what is moved, and the move."""
        yield self._wallets
        with Grid(id="what"):
            yield self._fields[Field.ASSET]
            yield self._amount
        yield self._move

    def on_mount(self) -> None:
        """Show everything that follows from the draft."""
        # At once, not by message: the next key of the same packet may be for a field that this one shows.
        self.watch(self._wallets, "route", self._follow_move, init=False)
        for which, form_field in self._fields.items():
            self.watch(form_field.entry, "value", partial(self._text_changed, which), init=False)
        self.watch(self._amount.amount, "has_lost", self._follow_doubt, init=False)
        for which, text in ((Field.ASSET, self._draft.asset), (Field.AMOUNT, self._draft.amount)):
            if text:
                self._shown_problems.add(which)
        self._follow_move()
        self._show_origin(self._draft.origin)
        if self._draft.takes_all:
            self._amount.begin(self._draft)
        self.go_to(self._state().first_empty)

    @property
    def draft(self) -> Draft:
        """What is in the form, as typed."""
        asset, amount, from_pair, to_pair = (self._fields[which].text for which in (Field.ASSET, Field.AMOUNT, *_PAIRS))
        wallets = self._wallets
        return Draft(wallets.source, wallets.destination, asset, amount, from_pair, to_pair, wallets.chosen)

    def go_to(self, which: Field) -> None:
        """Focus a field."""
        self.screen.set_focus(self._wallets.list_of(which) if which in BOTH_ENDS else self._fields[which].entry)

    def go_on(self) -> None:
        """Go from a wallet to the next field, whose text is selected: typing replaces it."""
        is_source = self.screen.focused is self._wallets.list_of(Field.SOURCE)
        if not is_source:
            self._wallets.chosen = BOTH_ENDS
        self.go_to(self._state().field_after(Field.SOURCE if is_source else Field.DESTINATION))

    def show_balances(self, balances: Balances) -> None:
        """Show what the wallets hold."""
        self._balances = balances
        self._follow_text()
        self._amount.fill()

    def show_rules(self, rules: Rules) -> None:
        """Show what the person's rules forbid."""
        if rules != self.rules:
            self.rules = rules
            self._follow_text()

    def show_lacking(self, lacking: frozenset[Wallet]) -> None:
        """Show which wallets the key lacks a permission for."""
        if lacking != self._lacking:
            self._lacking = lacking
            self._follow_text()

    def show_pair_limit(self, limit: PairLimit) -> None:
        """Show the answer to `PairLimitWanted`."""
        self._pair_limit = limit
        self._show_note()

    def transferable_read(self, balances: Balances, account: Account, asset: str) -> None:
        """Show the answer to `TransferableWanted`, and fill in a Max that waited for it."""
        if self._asked and (self._asked.account, self._asked.asset) == (account, asset):
            self._amount.is_asking = False
        self.show_balances(balances)

    def move_from(self, source: Account, asset: str) -> None:
        """Fill in an asset and where it is moved from, and go to the destination."""
        self._wallets.choose(source.wallet)
        before = self.draft
        self._fields[Field.ASSET].entry.value = asset
        if asset != before.asset and before.amount:
            self._amount.amount.value = ""  # it was meant for another asset
            said = _("Emptied: {amount} was of {asset}").format(amount=before.amount, asset=before.asset)
            self._emptied = said if before.asset else ""
            self._shown_problems.discard(Field.AMOUNT)
            self._follow_text()
        if source.pair:
            self._fields[Field.FROM_PAIR].entry.value = source.pair
        self.go_to(Field.DESTINATION)

    def fill(self, draft: Draft) -> None:
        """Fill the form with a draft, show its problems, and focus the first empty field, else the amount."""
        self._wallets.choose(draft.source, draft.destination)
        texts = {Field.ASSET: draft.asset, Field.FROM_PAIR: draft.from_pair, Field.TO_PAIR: draft.to_pair}
        for which, text in texts.items():
            self._fields[which].entry.value = text
        self._shown_problems.update(which for which, text in (*texts.items(), (Field.AMOUNT, draft.amount)) if text)
        self._amount.begin(draft)
        self._show_origin(draft.origin)
        self._follow_text()
        self._wallets.chosen = BOTH_ENDS
        self.go_to(self._state().first_empty)

    def clear_amount(self) -> None:
        """Empty the amount, so that the transfer that was just sent is not sent again by mistake."""
        self._shown_problems.clear()
        self._wallet_note = ""
        self._show_origin("")
        self._amount.amount.value = ""
        self.go_to(Field.AMOUNT)

    def on_descendant_focus(self) -> None:
        """Show the hint of the field."""
        self._show_note()

    def on_wallet_pair_noted(self, event: WalletPair.Noted) -> None:
        """Show why a wallet is not the intended one."""
        event.stop()
        self._wallet_note = event.text
        self._show_note()

    def _show_origin(self, text: str) -> None:
        self._origin = text
        self._show_note()

    def _show_note(self, state: FormState | None = None) -> None:
        """Post what the fields have no room for: the first problem that is cut, a hint of the field that has the focus
        or why no more can be moved, and what is about no field.
        """
        state = state or self._state()
        unseen = [form_field for which in state.fields if (form_field := self._fields[which]).unseen]
        problems = [form_field.unseen for form_field in unseen if form_field.problem]
        hints = [form_field.unseen for form_field in unseen if form_field.entry.has_focus]
        emptied = self._emptied if self._amount.unseen == self._emptied else ""
        problem, hint_text = tuple(problems[:1]), tuple(hints) if not problems and not emptied else ()
        closed = [not_open(each, self._pair_limit) for each in state.unopened]
        if (reasons := why_less(state)) and self._amount.entry.has_focus and not emptied and state.rest is None:
            excess = state.excess
            if problem and excess and problem[0] == excess.words:
                problem = reasons  # which say so too
            elif not problem:
                hint_text = reasons
        texts = {
            "problem": problem or ("",),
            "warning": ("\n".join(filter(None, (self._wallet_note, self._origin, emptied, *closed))),),
            "hint": hint_text or ("",),
        }
        if texts != self._noted:
            self._noted = texts
            self.post_message(self.Noted(texts))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave Enter to a wallet list, and to a chosen suggestion."""
        focused = self.screen.focused
        is_theirs = isinstance(focused, WalletList) or (isinstance(focused, CompletingInput) and focused.is_choosing)
        return action != "review" or not is_theirs

    async def action_review(self) -> None:
        """Review what is entered."""
        await self.run_action("screen.review")

    def action_swap(self) -> None:
        """Swap source and destination, with their pairs."""
        pairs = [self._fields[which].entry for which in _PAIRS]
        follows = next(
            (other for entry, other in zip(pairs, pairs[::-1], strict=True) if entry is self.screen.focused), None
        )
        if follows:
            self.screen.set_focus(None)  # a field that is about to be hidden would lose the focus later
        self._wallets.swap()
        pairs[0].value, pairs[1].value = pairs[1].value, pairs[0].value
        if follows:
            self.screen.set_focus(follows)

    def request(self) -> TransferRequest | Plan | None:
        """Return what is to be reviewed, a plan if it takes two moves; if the input is not valid, show everything that
        is wrong with it, and return None.
        """
        self._shown_problems = set(Field)
        state = self._state()
        self._show_notes(state)
        if obstacle := state.obstacle:
            self.go_to(obstacle.field)
            self._amount.amount.warn()
            return None
        return parse_draft(state.calculated.draft)

    def _text_changed(self, which: Field, value: str) -> None:
        self._amount.forget()
        if which is Field.AMOUNT:
            self._emptied = ""
        if value:
            self._shown_problems.add(which)
        self._follow_text()

    def _follow_doubt(self) -> None:
        self._shown_problems.add(Field.AMOUNT)
        self._follow_text()

    def _state(self) -> FormState:
        return FormState(
            self.draft,
            self._balances,
            ticks_ms(),
            self._amount.doubt,
            self.rules,
            self._lacking,
            self._pair_limit,
        )

    def _follow_move(self) -> None:
        """Show the move and the pair fields that it needs."""
        state = self._state()
        for which in _PAIRS:
            self._fields[which].visible = which in state.fields
            self._fields[which].entry.disabled = which not in state.fields
        self._wallets.set_class(state.has_pairs, "-has-pairs")
        self._follow_text()

    def _follow_text(self) -> None:
        """Update figures, choices, hints and problems to what is typed."""
        if emptied := self._amount.follow():
            self._emptied = emptied
            self._shown_problems.discard(Field.AMOUNT)
        state = self._state()
        self._wallets.show_balances(state)
        self._offer_choices(state)
        self._show_notes(state)
        self._move.show(state)
        self._ask_for_figure(state)

    def _offer_choices(self, state: FormState) -> None:
        """Offer what fits the rest of the form in the completing fields."""
        source, destination = state.ends
        asset = state.draft.asset
        limits = tuple(end.pair if end.pair in self._balances.pairs else None for end in (source, destination))
        made_of = (self._balances, source.wallet, *limits)
        if self._offered.get(Field.ASSET) != made_of:
            self._offered[Field.ASSET] = made_of
            self._fields[Field.ASSET].offer(asset_choices(self._balances, source, destination))
        made_of = (self._balances, asset)
        if state.has_pairs and self._offered.get(Field.TO_PAIR) != made_of:
            self._offered[Field.TO_PAIR] = made_of
            choices = pair_choices(self._balances, asset)
            for which in _PAIRS:
                self._fields[which].offer(choices)

    def _show_notes(self, state: FormState) -> None:
        """Show hints and problems at their fields, but no problem at a field that nobody has typed in yet."""
        problems = state.problems
        for which in state.fields:
            is_said = which in problems and which in self._shown_problems
            hint_text = (which is Field.AMOUNT and self._emptied) or hint(state, which)
            self._fields[which].show(problem=problems[which].words if is_said else "", hint=hint_text)
        self._show_note(state)

    def _ask_for_figure(self, state: FormState) -> None:
        """Ask how much can be moved, why it is less, and how many pairs can be enabled: once for each input and each
        reading of the wallet.
        """
        isolated_ms = self._balances.wallets[Wallet.ISOLATED].read_ms
        if state.wants_limit and isolated_ms != self._limit_asked_ms:
            self._limit_asked_ms = isolated_ms
            self.post_message(self.PairLimitWanted())
        inquiry = state.inquiry or state.reason_inquiry
        if inquiry and inquiry != self._asked:
            self._asked = inquiry
            self._amount.is_asking = True
            self.post_message(self.TransferableWanted(inquiry.account, inquiry.asset))
