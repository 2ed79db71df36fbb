"""The review of a plan, and the only place that begins one. It stays open until the plan is over."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from time import monotonic
from typing import ClassVar

from textual import work

from tui.clock import ticks_ms
from tui.desk.desk import Desk
from tui.desk.foresight import foresee
from tui.desk.guards import Forbidden
from tui.desk.plans import PlanRun
from tui.domain.amounts import quantity
from tui.domain.balances import Balances
from tui.domain.form import Problem
from tui.domain.plan import Plan
from tui.domain.plan_state import Obstruction, Phase, PlanState
from tui.domain.transfer import Transfer, TransferRequest
from tui.exchange.errors import ExchangeError
from tui.journal import JournalError, RepeatUnconfirmed
from tui.language import _, ngettext
from tui.screens.review import Reviewing, Stage
from tui.structs import replace
from tui.widgets.ask_line import AskLine
from tui.widgets.asking_dialog import AskingDialog
from tui.widgets.facts import Fact, Facts
from tui.widgets.plan_facts import review_facts
from tui.widgets.status_bar import Status
from tui.words import plans as words


class PlanReviewScreen(Reviewing[PlanState]):
    """Shows every step of a plan, and carries it out on `y`. Its result is the state at the end."""

    TITLE_OF_STRIP: ClassVar[str] = _("REVIEW OF A PLAN")

    def __init__(
        self, desk: Desk, plan: Plan, status: Status, *, last_key_ms: Callable[[], float] = ticks_ms, succeeds: str = ""
    ) -> None:
        """`last_key_ms` returns when the person last pressed a key, by `ticks_ms`. `succeeds` is the identity of a
        stopped plan in whose place this one comes.
        """
        super().__init__(desk, [step.request for step in plan.steps], status)
        self._plan = plan
        self._last_key_ms = last_key_ms
        self._succeeds = succeeds
        self._obstructions: list[Obstruction] = []
        self._run: PlanRun | None = None
        self._is_stopping = False
        self._balances: Balances | None = None
        """The balances when it was confirmed: its steps change them."""
        self._seen: set[int] = set()
        """The lines of the steps that have been in sight: many steps need scrolling."""

    def on_mount(self) -> None:
        """Note which steps come into sight. Textual calls the handler of the base as well, which prepares."""
        dialog = self.query_one(AskingDialog)
        self.watch(dialog, "is_settled", self._forget_seen, init=False)
        self.watch(dialog, "scroll_y", self._note_seen, init=False)

    def _forget_seen(self) -> None:
        """Begin anew: lines come and go by themselves, or are broken elsewhere."""
        self._seen.clear()

    def _go(self, stage: Stage, warning: str | None = None) -> None:
        if stage is Stage.FAILED:  # what is confirmed next begins anew
            self._is_stopping, self._balances = False, None
        super()._go(stage, warning)
        self.query_one(AskingDialog).settle()

    def _note_seen(self) -> None:
        """Note what is in sight. While the dialog scrolls, that is what was in sight until now."""
        if self._stage is not Stage.READY or not self.query_one(AskingDialog).is_settled:
            return
        facts = self.find_widget(self.query_one(Facts))
        top, shown = facts.region.y, facts.visible_region
        self._seen.update(range(shown.y - top, shown.bottom - top))

    def _shows_all(self) -> bool:
        """Whether every step has been in sight; if not, show how to see the others."""
        if self.has_class("-tiny") or self.has_class("-low"):
            return False
        self._note_seen()
        is_all = self._seen.issuperset(range(self.query_one(Facts).size.height))
        if not is_all:
            self.query_one(AskLine).say(_(words.NOT_ALL_SEEN))
        return is_all

    @property
    def is_sending(self) -> bool:
        """Whether a step is being sent, or comes at once. While an outcome is being settled, the app may be locked."""
        phase = self._run.state.phase if self._run else None
        return self._stage is Stage.SENDING and phase is not Phase.SETTLING

    def action_back(self) -> None:
        """Go back without sending; once it has begun, stop before the next step."""
        super().action_back()
        self.stop()

    def stop(self) -> bool:
        """Stop before the next step, if it is being carried out; whether it is, and was not stopped before."""
        if self._stage is not Stage.SENDING or self._is_stopping:
            return False
        self._is_stopping = True
        if self._run:
            self._run.stop()
        self._count()
        return True

    @work
    async def send(self) -> None:
        """Write the plan down, and begin it."""
        self._balances = self._desk.balance_reader.balances
        try:
            run = await self._desk.carry_out(
                self._plan,
                meant=self._meant,
                report=lambda state: self.post_call(self._progress, state),
                last_key_ms=self._last_key_ms,
                succeeds=self._succeeds,
                retyped=self.retyped,
            )
        except RepeatUnconfirmed:
            self.post_call(self._prepare_again)
        except (ExchangeError, JournalError, Forbidden) as error:
            self.post_call(self._fail, error)
        else:
            self._run = run  # now: its first step is sent as soon as this awaits anything
            if self._is_stopping:
                run.stop()
            self.post_call(self._progress, run.state)

    def _progress(self, state: PlanState) -> None:
        """Show how far it is; close once it is over."""
        if self._stage is not Stage.SENDING:
            return
        if state.is_over:
            self._go(Stage.ANSWERED)
            self.dismiss(state)
            return
        self._sent_s = monotonic()
        self.query_one(Facts).show(self._facts(self._desk.balance_reader.balances))
        self._count()

    def _count(self) -> None:
        if self._stage is not Stage.SENDING:
            return
        waited_s = round(monotonic() - self._sent_s)
        doing = words.progress(self._run.state) if self._run else _("Writing the plan to the journal")
        waiting = _("{doing}. {seconds} s").format(doing=doing, seconds=waited_s)
        stop = _("It stops before the next step.") if self._is_stopping else _("Esc  Stop before the next step")
        self.query_one(AskLine).ask(f"{waiting}\n{stop}")

    @property
    def _total(self) -> Decimal:
        return self._plan.total

    @property
    def _sending(self) -> Plan:
        return self._plan

    async def _look_ahead(self) -> None:
        """Find out what is in the way of the last step."""
        self._obstructions = await foresee(self._desk, self._plan)

    def _prepared(self, repeats: list[Transfer], looks: dict[str, str]) -> None:
        certain = [found for found in self._obstructions if found.is_certain]
        if certain:
            self._go(Stage.BLOCKED, "\n".join(map(words.obstruction, certain)))
            return
        super()._prepared(repeats, looks)
        if self._stage is not Stage.REPEAT and self._obstructions:
            self._warn("\n".join(map(words.obstruction, self._obstructions)))

    @property
    def _outgoing(self) -> Sequence[TransferRequest]:
        return [self._plan.steps[leg[0]].request for leg in self._plan.legs]

    def _excess(self, request: TransferRequest, balances: Balances) -> Problem | None:
        problem = super()._excess(request, balances)
        if problem is None:
            return None
        said, number = problem.words, self._requests.index(request) + 1
        if said[1:2].islower():  # a word, no asset
            said = said[:1].lower() + said[1:]
        return replace(problem, words=_("Step {number}: {problem}").format(number=number, problem=said))

    @property
    def _ask_to_send(self) -> str:
        count = len(self._plan.steps)
        ask = ngettext(
            "y  Send {amount} in {count} step     Esc  Back", "y  Send {amount} in {count} steps     Esc  Back", count
        )
        return ask.format(amount=quantity(self._plan.total, self._plan.asset), count=count)

    def _facts(self, balances: Balances) -> list[Fact]:
        """Return every step, with the balances before and after it."""
        facts = review_facts(self._plan, self._balances or balances, self._run.stored if self._run else None)
        return facts if self._balances else [*facts, *self._risk_facts]
