"""Gathers one asset from every account that has it into one."""

import asyncio
from collections.abc import Callable
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.screen import Screen

from tui.clock import ticks_ms
from tui.desk.balances import BalanceReader
from tui.domain.balances import Account, Balances
from tui.domain.form import FormState, Inquiry, Problem
from tui.domain.gathering import Gathering
from tui.domain.holdings import pair_choices
from tui.domain.plan import Plan
from tui.domain.rules import Rules
from tui.domain.transfer import MOST_IN_PAIR, Draft, Field
from tui.domain.wallets import Wallet
from tui.language import _
from tui.screens.closing import DismissesItself
from tui.screens.fitting import Fitting
from tui.screens.following import FollowsBalances
from tui.structs import replace
from tui.widgets.amount_field import AmountField
from tui.widgets.at_once import at_once
from tui.widgets.completing_input import CompletingInput
from tui.widgets.form_field import symbol_field
from tui.widgets.gather_list import GatherList
from tui.widgets.key_bar import KeyBar
from tui.widgets.message_line import MessageLine
from tui.widgets.pane import TALL
from tui.widgets.status_bar import Status, StatusBar
from tui.widgets.wallet_list import WalletList
from tui.words.wallets import hint, total_worth

_AT_ONCE = 4
"""Questions to the exchange: each weighs much, and a person may have many pairs."""


class GatherScreen(FollowsBalances, DismissesItself, Fitting, Screen[None]):
    """Asks where an asset is to go, and shows what each account gives. It shows what `Gathering` says, and decides
    nothing itself.
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-low"), (22, "-high"), (TALL, "-tall")]  # noqa: RUF012
    AUTO_FOCUS = "WalletList"
    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [
            Binding(
                "f2,ctrl+r", "review", _("Review"), key_display="F2", tooltip=_("in Gather: review every transfer")
            ),
            Binding("enter", "enter", show=False),
            Binding("tab", "move_focus(1)", show=False),
            Binding("shift+tab", "move_focus(-1)", show=False),
            Binding("f5,ctrl+l", "read", _("Reload"), key_display="F5"),
            Binding("f1,ctrl+g", "app.help", _("Help"), key_display="F1"),
            Binding("escape", "leave", _("Close"), key_display="Esc"),
        ]
    )

    def __init__(
        self,
        reader: BalanceReader,
        asset: str,
        status: Status,
        *,
        rules: Callable[[], Rules],
        read: Callable[[], object],
        review: Callable[[Plan], object],
    ) -> None:
        """`rules` returns the person's rules as they were last read, `read` reads them and the wallets again, and
        `review` reviews the plan.
        """
        super().__init__()
        self._reader = reader
        self._status = status
        self._rules = rules
        self._read = read
        self._review = review
        self._gathering = Gathering(asset, Account(Wallet.SPOT), reader.balances, ticks_ms(), rules=rules())
        self._asked: set[Inquiry] = set()
        self._waiting_for: object = None
        """What is to be reviewed as soon as the exchange has answered; None if nothing is."""
        self._few = asyncio.Semaphore(_AT_ONCE)
        self._offered: Balances | None = None
        """What the choices of the pair were made from."""
        self._amended: Account | None = None
        """The account whose amount is being typed."""
        self._amount = AmountField(Draft(), self._amended_form)
        self._pair = symbol_field(Field.TO_PAIR, _("Pair"), "", _("e.g. BTCUSDT"), MOST_IN_PAIR)

    def compose(self) -> ComposeResult:
        """The destination, the accounts, and the fields that are needed at times."""
        yield StatusBar(self._status)
        with Container(id="gather"):
            with Container(id="gather-into"):
                yield WalletList(_("INTO"), Wallet.SPOT, id="to")
                with Vertical():
                    yield self._pair
                    yield self._amount
            yield GatherList()
        yield MessageLine()
        yield KeyBar()

    def on_mount(self) -> None:
        """Follow what is chosen and typed at once: the next key of the same packet may depend on it."""
        self.watch(self._to, "chosen", self._follow, init=False)
        self.watch(self._pair.entry, "value", self._follow, init=False)
        self.watch(self._amount.amount, "value", self._amount_typed, init=False)
        self.watch(self._amount.amount, "has_lost", self._amount_typed, init=False)
        self.watch(self._list, "marked", self._mark_moved, init=False)
        self.watch(self, "focused", self._focus_moved, init=False)
        self._show_amount(False)
        self._follow()
        self.call_after_refresh(self._show_balances)

    def show_balances(self, _balances: Balances) -> None:
        """Show what the wallets hold by now."""
        self._show_balances()

    def _show_balances(self) -> None:
        balances = self._reader.balances
        self._gathering = replace(self._gathering, balances=balances, rules=self._rules())
        if self.is_mounted:
            self.query_one(StatusBar).show(worth=total_worth(balances))
            self._follow()
            if self._waits and self.app.screen is self:
                self.action_review()

    @property
    def _intent(self) -> object:
        """What the person has chosen and typed so far."""
        gathering = self._gathering
        return gathering.destination, gathering.typed, gathering.left_out, self.focused

    @property
    def _waits(self) -> bool:
        """Whether the review was asked for too early, and nothing was changed since."""
        return self._waiting_for == self._intent

    @property
    def _to(self) -> WalletList:
        return self.query_one(WalletList)

    @property
    def _list(self) -> GatherList:
        return self.query_one(GatherList)

    def _follow(self) -> None:
        """Show everything that follows from what is chosen, typed and known."""
        is_isolated = self._to.chosen is Wallet.ISOLATED
        destination = Account(self._to.chosen, self._pair.text if is_isolated else None)
        self._gathering = replace(self._gathering, destination=destination, now_ms=ticks_ms())
        self._pair.visible = is_isolated
        self._pair.entry.disabled = not is_isolated
        gathering = self._gathering
        balances, asset = gathering.balances, gathering.asset
        if balances is not self._offered:  # at each key it would be slow
            self._offered = balances
            self._pair.offer(pair_choices(balances, asset))
        pair = next((each.words for each in gathering.general_problems if each.field is Field.TO_PAIR), "")
        self._pair.show_problem(pair if self._pair.text else "")
        self._to.show_balances(balances, asset, destination.pair or "", gathering.now_ms)
        self._list.show(gathering)
        for inquiry in gathering.inquiries:
            if inquiry not in self._asked:
                self._asked.add(inquiry)
                self.ask(inquiry)
        self._amount.is_asking = any(inquiry.account == self._amended for inquiry in gathering.inquiries)
        self._amount.fill()
        self._say()

    @work(group="transferable")
    async def ask(self, inquiry: Inquiry) -> None:
        """Ask the exchange how much can be moved out of an account."""
        async with self._few:
            await self._reader.read_transferable(inquiry.account, inquiry.asset)
        self.post_call(self._answered, inquiry)

    def _answered(self, inquiry: Inquiry) -> None:
        self._gathering = replace(self._gathering, answered=self._gathering.answered | {inquiry})
        self._show_balances()

    def _say(self, problem: str = "") -> None:
        """Show what may not be true, what prevents the review, and what the keys do."""
        gathering, message, marked = self._gathering, self.query_one(MessageLine), self._list.contribution
        doubts = [each.words for each in gathering.general_problems if not each.is_certain]
        message.show("warning", "\n".join(doubts))
        waiting = ""
        if self._waits and gathering.obstacle:
            waiting = _("{problem}. The review follows.").format(problem=gathering.obstacle.words)
        message.show("problem", problem or waiting)
        if self._amended:
            text = _("{account}: Enter keeps the amount, Esc leaves it. Empty is all.")
            text = text.format(account=self._amended.short_label)
        elif self.focused is not self._list or marked is None:
            text = _("Choose where {asset} goes: a digit, or an arrow and Enter.").format(asset=gathering.asset)
        else:
            if self._list.note:
                text = _("{account}: {note}.")
            elif marked.amount:
                text = _("{account}: Space leaves it out, a digit changes the amount.")
            else:
                text = _("{account}: a digit enters an amount.")
            text = text.format(account=marked.account.short_label, note=self._list.note)
        message.show("hint", text)

    def _mark_moved(self) -> None:
        self._say()

    def _focus_moved(self) -> None:
        """Forget a typed amount that was not kept, and say what the keys do now."""
        if self._amended and self.focused not in (None, self._amount.amount):
            self._show_amount(False)
        self._say()

    def action_move_focus(self, step: int) -> None:
        """Go from part to part, and from the pair on with the suggestion."""
        if step > 0 and isinstance(self.focused, CompletingInput):
            self.focused.accept_suggestion()
        pairs = [self._pair.entry] if self._pair.visible else []
        stops = [self._to, *pairs, self._list]
        at = stops.index(self.focused) if self.focused in stops else -1
        self.set_focus(stops[(at + step) % len(stops)])

    def action_go_on(self) -> None:
        """Go on from a chosen destination."""
        self.action_move_focus(1)

    def action_to_destination(self) -> None:
        """Go back to the destination."""
        self.set_focus(self._to)

    def action_leave_out(self) -> None:
        """Leave the marked account out, or take it in again."""
        if marked := self._list.contribution:
            self._gathering = replace(self._gathering, left_out=self._gathering.left_out ^ {marked.account})
            self._follow()

    def action_amend(self, text: str) -> None:
        """Let the person type what the marked account gives. What they have begun to type is in the field."""
        marked = self._list.contribution
        if marked is None or marked.account == Account(Wallet.ISOLATED):
            self.app.bell()
            return
        self._amended = marked.account
        self._show_amount(True)
        self.set_focus(self._amount.amount)
        self._amount.amount.fill(text or self._gathering.typed.get(marked.account, ""))
        if text:
            self._amount.amount.cursor_position = len(text)
        self._follow()

    def action_enter(self) -> None:
        """Keep the amount that is typed, or go on from the pair."""
        if self._amended:
            self._keep_amount()
        else:
            self.action_go_on()

    def action_review(self) -> None:
        """Review every transfer, if nothing is in the way."""
        if self._amended and not self._keep_amount():
            return
        self._follow()
        obstacle = self._gathering.obstacle
        if obstacle is None:
            self._waiting_for = None
            self._review(self._gathering.plan)
            return
        self._waiting_for = self._intent if self._gathering.is_awaited else None
        if self._waits:
            self._say()
            return
        self.app.bell()
        if obstacle.field is Field.TO_PAIR:
            self._pair.show_problem(obstacle.words)
            self.set_focus(self._pair.entry)
        elif wrong := [each for each in self._gathering.contributions if each.is_wrong and not each.is_left_out]:
            self._list.mark_account(wrong[0].account)
        self._say(obstacle.words)

    def action_read(self) -> None:
        """Read the wallets again."""
        self._read()

    def action_leave(self) -> None:
        """Leave an amount as it was; else go back to where it was opened."""
        if self._amended:
            self.set_focus(self._list)
        else:
            self.dismiss(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the keys of an open list of suggestions, and Enter in the other lists, to these."""
        focused = self.focused
        if action == "leave":
            return not (isinstance(focused, CompletingInput) and focused.suggestions.choices)
        is_choosing = isinstance(focused, CompletingInput) and focused.is_choosing
        return action != "enter" or not (is_choosing or isinstance(focused, WalletList | GatherList))

    def _show_amount(self, is_shown: bool) -> None:
        if not is_shown:
            self._amended = None
        self._amount.visible = is_shown
        self._amount.amount.disabled = not is_shown

    def _amended_form(self) -> FormState:
        """Return the state of the form of the account whose amount is being typed."""
        account = self._amended or Account(Wallet.FUNDING)
        typed = replace(self._gathering, typed={account: self._amount.text})
        return replace(typed.form(account), doubt=self._amount.doubt)

    def _amount_typed(self) -> None:
        self._amount.forget()
        if self._amended:
            state = self._amended_form()
            problem = state.problems.get(Field.AMOUNT)
            words = problem.words if problem and self._amount.text else ""
            self._amount.show(problem=words, hint=hint(state, Field.AMOUNT))

    def _keep_amount(self) -> bool:
        """Keep the amount that is typed, or all if none is; whether it was kept."""
        account, text = self._amended, self._amount.text
        if account is None:
            return True
        problem: Problem | None = self._amended_form().problems.get(Field.AMOUNT) if text else None
        if problem and problem.is_certain:
            self._amount.show_problem(problem.words)
            self._amount.amount.warn()
            self.app.bell()
            return False
        others = {other: typed for other, typed in self._gathering.typed.items() if other != account}
        typed = {**others, account: text} if text else others
        self._gathering = replace(self._gathering, typed=typed, left_out=self._gathering.left_out - {account})
        self.set_focus(self._list)
        self._follow()
        return True
