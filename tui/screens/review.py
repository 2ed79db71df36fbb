"""The review of what is to be sent, and the only place that sends a single transfer."""

import asyncio
import contextlib
from abc import abstractmethod
from collections.abc import Sequence
from decimal import Decimal
from enum import Enum, auto
from functools import cached_property, partial
from time import monotonic
from typing import ClassVar, TypeVar

from rich.cells import cell_len
from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Label

from tui.clock import ticks_ms
from tui.desk.desk import Desk
from tui.desk.guards import Forbidden
from tui.domain.amounts import AmountError, parse_amount, quantity
from tui.domain.balances import Account, Balances
from tui.domain.form import Problem, too_much
from tui.domain.layout import labelled
from tui.domain.plan import Plan
from tui.domain.risk import Risk, has_risk
from tui.domain.text import half_width
from tui.domain.transfer import Outcome, Transfer, TransferRequest
from tui.exchange.errors import ExchangeError
from tui.journal import JournalError, RepeatUnconfirmed
from tui.language import _, pgettext
from tui.screens.closing import DismissesItself
from tui.screens.fitting import TOO_SMALL, Fitting
from tui.structs import replace
from tui.terminal.question import Question
from tui.widgets.ask_line import AskLine, say_in
from tui.widgets.asking_dialog import AskingDialog, end_facts
from tui.widgets.facts import Fact, Facts
from tui.widgets.key_bar import KeyBar
from tui.widgets.status_bar import Status
from tui.words import answers, outcomes, transfers, wallets
from tui.words.risk import risk_now

_WARM_PAUSE_S = 2
"""Less than `TRUSTED_S` of the connection."""

_WARM_S = 5 * 60

_MOST_OF_PLACE = 50
"""Characters: one line in the narrowest terminal."""


class Stage(Enum):
    """What the review waits for."""

    PREPARING = auto()
    """The connection, the clock, and the search for repeats."""
    REPEAT = auto()
    """The person's `d`: a second identical transfer is meant."""
    PAUSED = auto()
    """The person's `w`: it is sent although the exchange asks for a pause."""
    RETYPE = auto()
    """The amount, typed again: a rule of the person wants that."""
    READY = auto()
    """The person's `y`."""
    FAILED = auto()
    """The person's `y` to prepare again: nothing was sent."""
    SENDING = auto()
    """The exchange's answer."""
    ANSWERED = auto()
    """The end of what is over the review: the answer has come."""
    BLOCKED = auto()
    """Nothing: it cannot be sent."""


_SENT = (Stage.SENDING, Stage.ANSWERED)
"""There is no way back, and nothing left to prepare."""

_ASK = {
    Stage.PREPARING: _("Connecting...     Esc  Back"),
    Stage.REPEAT: _("d  Allow a second one; y then sends it     Esc  Back"),
    Stage.PAUSED: _("w  Send it all the same; y then sends it     Esc  Back"),
    Stage.FAILED: _("y  Try again     Esc  Back"),
    Stage.SENDING: _("Sending. Waiting for the exchange's answer..."),
    Stage.ANSWERED: _("Answered. The result comes once nothing is over this."),
    Stage.BLOCKED: _("Esc  Back"),
}
"""What can be pressed in every stage but READY."""

_MOST_IN_ASK = 40
"""Columns of the amount that can be sent: one line in the narrowest terminal."""

_MOST_RETYPED = 36
"""Characters of the amount that is typed again: more than an amount has, also with commas."""

_SEPARATORS = ".,．。｡，"
"""Between the digits of an amount, also as Chinese and Japanese input methods type them."""

_ANSWERS = {"y": "send", "d": "allow_repeat", "w": "disregard_pause"}
"""The keys that answer finally, and the action of each."""


_Result = TypeVar("_Result")


class Reviewing(DismissesItself, Fitting, ModalScreen[_Result | None]):
    """Shows requests and sends them on `y`, once. Its result is None if nothing was sent."""

    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (60, "-narrow")]  # noqa: RUF012 - as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-low"), (16, "-dense"), (22, "-high")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "send", _("Send"), show=False, tooltip=_("send, on the review screen only")),
        Binding("d", "allow_repeat", _("Send another"), show=False),
        Binding("w", "disregard_pause", _("Send all the same"), show=False),
        Binding("enter", "take_retyped", _("Go on"), show=False),
        Binding("escape,q", "back", _("Back"), key_display="Esc"),
    ]

    TITLE_OF_STRIP: ClassVar[str] = _("REVIEW")

    def __init__(self, desk: Desk, requests: Sequence[TransferRequest], status: Status) -> None:
        """`status` says where the requests would go, and with which key."""
        super().__init__()
        self._desk = desk
        self._requests = tuple(requests)
        self._status = status
        self._stage = Stage.PREPARING
        self._question = Question(self, doing=pgettext("doing", "sending"), say=partial(say_in, self))
        self._succeeds = ""
        """The identity of the stopped plan in whose place a plan comes."""
        self._meant: frozenset[str] = frozenset()
        """Identical transfers in spite of which the person has confirmed this one."""
        self._repeats: frozenset[str] = frozenset()
        """Identical transfers that the person was warned of."""
        self._disregards_pause = False
        """Whether the person sends it although the exchange asks for a pause."""
        self.before: dict[Account, Decimal] = {}
        """What each end held when it was sent, as far as that was known for sure."""
        self._to_retype: Decimal | None = None
        """The amount that has to be typed again; None if no rule wants that."""
        self._retyping = ""
        """What is typed of it."""
        self.retyped: Decimal | None = None
        """The amount, once it was typed again."""
        self._has_room = True
        """Whether there is room for the risk."""
        self._sent_s = 0.0
        self._counting: Timer | None = None

    def compose(self) -> ComposeResult:
        """Every fact, the place, and what the person can press."""
        status = self._status
        place = status.place_in(_MOST_OF_PLACE)
        yield Label(TOO_SMALL, id="too-small")
        with AskingDialog():
            with Horizontal(classes="strip"):
                yield Label(f" {self.TITLE_OF_STRIP} ", classes="title")
                yield Label(_("key {key}").format(key=status.whose), classes="strip-right", markup=False)
                yield Label(f" {place} ", id="review-place", classes=status.place_class, markup=False)
            yield Facts(self._facts(self._desk.balance_reader.balances))
            yield Label("", id="review-warning", markup=False)
            yield AskLine(_ASK[self._stage], final=tuple(_ANSWERS), id="review-ask")
        yield KeyBar()

    @property
    def holds_notices(self) -> bool:
        """Whether notices wait: all that it asks about has to stay in sight."""
        return self._stage not in _SENT

    @property
    def is_sending(self) -> bool:
        """Whether something is being sent."""
        return self._stage is Stage.SENDING

    def on_mount(self) -> None:
        """Prepare everything that sending would wait for, if something can be sent."""
        self.watch(self.query_one(AskingDialog), "virtual_size", self._follow_room, init=False)
        self.prepare()
        self.keep_warm()
        self.freshen()
        self.read_risks()

    def on_key(self, event: events.Key) -> None:
        """Take an answer, if a person gave it; or a character of the amount."""
        if self._stage is Stage.RETYPE:
            self._retype(event)
            return
        if action := _ANSWERS.get(event.key):
            self._question.answer(event, getattr(self, f"action_{action}"))
        elif (letter := half_width(event.character or "")) != event.character and letter in self.query_one(
            AskLine
        ).keys:
            full_width = _("{key} is full-width. Switch the input method, then press {letter}.")
            say_in(self, full_width.format(key=event.character, letter=letter))

    def on_paste(self, event: events.Paste) -> None:
        """Say that a pasted amount does not count: a rule wants it typed."""
        if self._stage is Stage.RETYPE:
            event.stop()
            self.query_one(AskLine).say(_("Type the amount: pasted text does not count."))

    def on_ask_line_answer_clicked(self, message: AskLine.AnswerClicked) -> None:
        """Take a clicked answer."""
        if action := _ANSWERS.get(message.key):
            self._question.click(getattr(self, f"action_{action}"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keep the answers from the command palette: only a key or a click on an answer is known to be a person's."""
        return action not in _ANSWERS.values() and (action != "take_retyped" or self._stage is Stage.RETYPE)

    def action_back(self) -> None:
        """Go back without sending, unless it is being sent."""
        if self._stage not in _SENT:
            self.dismiss(None)

    def action_allow_repeat(self) -> None:
        """Allow a second identical transfer."""
        if self._stage is Stage.REPEAT and self._shows_all():
            self._meant = self._repeats
            self._let_send()

    def action_disregard_pause(self) -> None:
        """Allow sending although the exchange asks for a pause."""
        if self._stage is Stage.PAUSED and self._shows_all():
            self._disregards_pause = True
            self._let_send()

    def action_send(self) -> None:
        """Send, once: a second press does nothing. If nothing was sent, prepare again."""
        if self._stage is Stage.READY and self._shows_all():
            if self._desk.client.wait_s and not self._disregards_pause:  # since the review was ready
                self._let_send()
                return
            self.before = self._held()
            self._go(Stage.SENDING)
            self.send()
        elif self._stage is Stage.FAILED:
            self._prepare_again()

    def _shows_all(self) -> bool:
        """Whether all facts are in sight; if not, show how to see them."""
        if self.has_class("-tiny") or self.has_class("-low"):
            return False
        facts = [self.find_widget(fact) for fact in self.query("Facts, .strip > *")]
        is_all = all(fact.visible_region == fact.region for fact in facts)
        if not is_all:
            self.query_one(AskLine).say(_(outcomes.OUT_OF_SIGHT))
        return is_all

    @work(exclusive=True, group="prepare")
    async def prepare(self) -> None:
        """Connect, measure the clock, and look for identical transfers and how they ended."""
        try:
            permit = await self._desk.require_allowed(self._sending, retyped=self._total, succeeds=self._succeeds)
            self._to_retype = permit.to_retype
            await self._desk.prepare()
            await self._look_ahead()
            repeats = await self._all_repeats()
            doubtful = [repeat for repeat in repeats if repeat.outcome is not Outcome.DONE]
            looks = await self._desk.look_again(doubtful)
            if doubtful:  # they may be settled by now
                repeats = await self._all_repeats()
        except Forbidden as error:
            self.post_call(self._go, Stage.BLOCKED, str(error))
        except (ExchangeError, JournalError) as error:
            self.post_call(self._fail, error)
        else:
            self.post_call(self._prepared, repeats, looks)

    @property
    def _total(self) -> Decimal:
        """The whole amount."""
        return self._requests[0].amount

    @property
    def _sending(self) -> TransferRequest | Plan:
        return self._requests[0]

    async def _look_ahead(self) -> None:
        """Find out more before it may be sent."""

    async def _all_repeats(self) -> list[Transfer]:
        repeats = [repeat for request in self._requests for repeat in await self._desk.repeats(request)]
        return list({repeat.identity: repeat for repeat in repeats}.values())

    @work(group="warm")
    async def keep_warm(self) -> None:
        """Keep the connection alive for a while, so that a late `y` waits for nothing."""
        for _beat in range(_WARM_S // _WARM_PAUSE_S):
            await asyncio.sleep(_WARM_PAUSE_S)
            if self._stage not in (*_SENT, Stage.BLOCKED):
                with contextlib.suppress(ExchangeError):
                    await self._desk.warm()

    @work
    async def freshen(self) -> None:
        """Read the wallets again if their balances are old. Sending does not wait for it."""
        for request in self._requests:
            balances = await self._desk.balance_reader.freshen(request.ends, request.asset)
            self.post_call(self.show_fresh, balances)

    @cached_property
    def _risks(self) -> dict[Account, Risk | None]:
        """What the exchange says of the risk of each source that has one; None while it is being asked."""
        sources = [request.ends[0] for request in self._outgoing]
        return {source: None for source in sources if has_risk(source.wallet)}

    @work
    async def read_risks(self) -> None:
        """Ask the exchange for the risk of each source. Sending does not wait for it."""
        for account in self._risks:
            risk = await self._desk.balance_reader.read_risk(account, self._requests[0].asset)
            self.post_call(self._show_risk, account, risk)

    def on_resize(self) -> None:
        """Begin anew with everything."""
        if not self._has_room:
            self._has_room = True
            self.query_one(Facts).show(self._facts(self._desk.balance_reader.balances))
        self._follow_room()

    def _follow_room(self) -> None:
        self.call_after_refresh(self._make_room)

    def _make_room(self) -> None:
        """Leave the risk out if not all fits: everything that would be sent has to be in sight."""
        dialog = self.query_one(AskingDialog)
        if self._has_room and dialog.has_class("-dense") and dialog.max_scroll_y:
            self._has_room = False
            self.query_one(Facts).show(self._facts(self._desk.balance_reader.balances))

    def _show_risk(self, account: Account, risk: Risk) -> None:
        self._risks[account] = risk
        if self._stage not in _SENT:
            self.query_one(Facts).show(self._facts(self._desk.balance_reader.balances))

    @property
    def _risk_facts(self) -> list[Fact]:
        """What the exchange says of the risk of each source, as it was when the review opened."""
        asset, is_one = self._requests[0].asset, len(self._risks) == 1
        if not self._has_room:
            return []
        texts = {account.short_label: risk_now(risk, asset) for account, risk in self._risks.items()}
        return [
            Fact(_("Risk now"), text if is_one else labelled(account, text), "text") for account, text in texts.items()
        ]

    @abstractmethod
    def send(self) -> object:
        """Hand the requests to the desk."""

    def _prepare_again(self, warning: str = "") -> None:
        self._go(Stage.PREPARING, warning)
        self.prepare()

    def _prepared(self, repeats: list[Transfer], looks: dict[str, str]) -> None:
        """Let it be sent, or first ask about a second identical transfer.

        `looks` is what the exchange's history says now about those that are not done, by identity.
        """
        if self._stage is Stage.BLOCKED:
            return
        self._repeats = frozenset(repeat.identity for repeat in repeats)
        if self._repeats <= self._meant:
            self._let_send()
        else:
            self._go(Stage.REPEAT, transfers.repeats(repeats, looks))

    def _retype(self, event: events.Key) -> None:
        """Take a key of the amount that is typed again."""
        if event.key == "backspace":
            self._retyping = self._retyping[:-1]
        elif event.character and (event.character.isdecimal() or event.character in _SEPARATORS):
            self._retyping = (self._retyping + event.character)[:_MOST_RETYPED]
        else:
            return
        event.stop()
        self.query_one(AskLine).ask(self._ask_to_retype)

    def action_take_retyped(self) -> None:
        """Go on if the amount was typed again; if it is another one, begin anew."""
        typed, self._retyping = self._retyping, ""
        try:
            self.retyped = parse_amount(typed)
        except AmountError:
            self.retyped = None
        if self.retyped == self._to_retype:
            self._let_send()
            return
        self.query_one(AskLine).ask(self._ask_to_retype)
        if typed:
            self.query_one(AskLine).say(_("{typed} is another amount.").format(typed=typed))

    @property
    def _ask_to_retype(self) -> str:
        amount = quantity(self._total, self._requests[0].asset)
        asked = _("Type the amount again, {amount}: {typed}").format(amount=amount, typed=f"{self._retyping}_")
        return f"{asked}\n" + _("Enter  Go on     Esc  Back")

    def _let_send(self) -> None:
        """Let it be sent, or first ask about the pause that the exchange asks for, or for the amount again."""
        wait_s = self._desk.client.wait_s
        if wait_s and not self._disregards_pause:
            self._go(Stage.PAUSED, answers.paused(wait_s))
        elif self._to_retype is not None and self.retyped != self._to_retype:
            self._go(Stage.RETYPE)
        else:
            self._go(Stage.READY)

    def show_fresh(self, balances: Balances) -> None:
        """Show the wallets before and after, and do not send more than a fresh balance allows."""
        if self._stage in _SENT:
            return
        self.query_one(Facts).show(self._facts(balances))
        excesses = [(request, excess) for request in self._outgoing if (excess := self._excess(request, balances))]
        for request, excess in sorted(excesses, key=lambda pair: not pair[1].is_certain)[:1]:
            if excess.is_certain:
                figure = balances.figure(request.ends[0], request.asset)
                has_less = figure and figure.amount
                said = (
                    _("{problem}.\nGo back and enter less.")
                    if has_less
                    else _("{problem}.\nGo back and choose another asset or wallet.")
                )
                self._go(Stage.BLOCKED, said.format(problem=excess.words))
            else:
                said = _("{problem}, when it was last read. The exchange may refuse it.")
                self._warn(said.format(problem=excess.words))

    def _fail(self, error: ExchangeError | JournalError | Forbidden) -> None:
        """Show why nothing was sent. The person may try again, or go back to the filled form."""
        if self._stage is not Stage.BLOCKED:
            reason = error.lines if isinstance(error, ExchangeError) else str(error)
            self._go(Stage.FAILED, outcomes.nothing_sent(reason))

    @property
    def _outgoing(self) -> Sequence[TransferRequest]:
        """The requests whose sources have to hold the amount from the start."""
        return self._requests

    def _excess(self, request: TransferRequest, balances: Balances) -> Problem | None:
        """Return what is wrong with an amount, if the source is known to have less."""
        source = request.ends[0]
        return too_much(request.amount, request.asset, source, balances.figure(source, request.asset), ticks_ms())

    @abstractmethod
    def _facts(self, balances: Balances) -> list[Fact]:
        """Return all that would be sent, with the balances before and after."""

    def _held(self) -> dict[Account, Decimal]:
        balances = self._desk.balance_reader.balances
        ends = {end: request.asset for request in self._requests for end in request.ends}
        figures = {end: balances.held(end, asset) for end, asset in ends.items()}
        return {end: figure.amount for end, figure in figures.items() if figure and figure.is_fresh(ticks_ms())}

    def _go(self, stage: Stage, warning: str | None = None) -> None:
        """Enter a stage, and show it; without a new warning, the old one stays."""
        self._stage = stage
        if self._counting:
            self._counting.stop()
        if stage is Stage.SENDING:
            self._sent_s = monotonic()
            self._counting = self.set_interval(1, self._count)
        asked = self._ask_to_retype if stage is Stage.RETYPE else _ASK.get(stage) or self._ask_to_send
        self.query_one(AskLine).ask(asked)
        self._question.ask()
        self.app._refresh_notifications()
        if warning is not None:
            self._warn(warning)

    @property
    @abstractmethod
    def _ask_to_send(self) -> str:
        """The keys that can be pressed in the stage READY."""

    def _count(self) -> None:
        """Show how long it takes."""
        waited_s = round(monotonic() - self._sent_s)
        said = _("{doing} {seconds} s").format(doing=_ASK[Stage.SENDING], seconds=waited_s)
        self.query_one(AskLine).ask(said)

    def _warn(self, text: str) -> None:
        self.query_one("#review-warning", Label).update(text)


class ReviewScreen(Reviewing[Transfer]):
    """Reviews a single transfer, and sends it. Its result is the transfer."""

    def __init__(self, desk: Desk, request: TransferRequest, status: Status) -> None:
        """`status` says where the request would go, and with which key."""
        super().__init__(desk, [request], status)
        self._request = request

    @work
    async def send(self) -> None:
        """Hand the request to the desk."""
        try:
            transfer = await self._desk.submit(self._request, meant=self._meant, retyped=self.retyped)
        except RepeatUnconfirmed:  # one more since the review was opened: preparing again asks about it
            self.post_call(self._prepare_again)
        except (ExchangeError, JournalError, Forbidden) as error:
            self.post_call(self._fail, error)
        else:
            self.post_call(self._submitted, transfer)

    @property
    def _ask_to_send(self) -> str:
        amount = quantity(self._request.amount, self._request.asset)
        if cell_len(amount) > _MOST_IN_ASK:
            return _("y  Send it a second time     Esc  Back") if self._meant else _("y  Send it     Esc  Back")
        ask = _("y  Send {amount} a second time     Esc  Back") if self._meant else _("y  Send {amount}     Esc  Back")
        return ask.format(amount=amount)

    def _submitted(self, transfer: Transfer) -> None:
        """Close with the transfer; if only the clock was wrong, prepare again."""
        if refused := outcomes.clock_refused(transfer.evidence):
            self._prepare_again(refused)
        else:
            self._go(Stage.ANSWERED)
            self.dismiss(transfer)

    def _facts(self, balances: Balances) -> list[Fact]:
        """Return all that would be sent, with both wallets before and after; if there is not enough, only before."""
        request, is_possible = self._request, self._excess(self._request, balances) is None
        bars = balances.bars(*request.ends)
        figures = []
        for end, change in zip(request.ends, (-request.amount, request.amount), strict=True):
            held = balances.held(end, request.asset)
            each = wallets.before_after(held, change, now_ms=ticks_ms(), is_possible=is_possible)
            limit = wallets.limit(balances, end, request.asset) if change < 0 else ""
            figures.append(replace(each, note=f"{limit} {wallets.bar(bars.get(end))}".strip()))
        amount = Fact(_("Amount"), quantity(request.amount, request.asset), is_in_band=True)
        ends = end_facts(request, figures, (_("now"), _("after")))
        return [amount, *ends, Fact("", ""), Fact(_("Type"), request.type.name, "text"), *self._risk_facts]
