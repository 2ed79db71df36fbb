"""Plans on the main screen: their review, what became of them, and what earlier sessions left of theirs."""

import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tui.clock import ticks_ms
from tui.desk.desk import Desk
from tui.domain.balances import Account
from tui.domain.plan import Plan
from tui.domain.plan_state import PlanState, state_of
from tui.domain.transfer import Transfer
from tui.journal import JournalError
from tui.screens.notice import alert
from tui.screens.plan import Choice, PlanScreen
from tui.screens.plan_review import PlanReviewScreen
from tui.widgets.session_list import SessionList
from tui.words import plans as words

if TYPE_CHECKING:
    from tui.screens.main import MainScreen


class Plans:
    """Opens the screens of plans, one after the other. Nothing is sent without a review and its own `y`."""

    def __init__(self, main: "MainScreen", desk: Desk) -> None:
        self._main = main
        self._desk = desk
        self._waiting: list[PlanState] = []
        """Plans that the person has to hear of, as soon as nothing lies over the form."""
        self._later: dict[str, PlanState] = {}
        """Plans with an unknown step that the person has seen, by identity."""
        self._earlier: set[str] = set()
        """The plans of earlier sessions, by identity."""
        self._review: PlanReviewScreen | None = None
        self._shown: PlanScreen | None = None
        self._stopped: PlanState | None = None
        """The plan whose rest, or way back, is being reviewed."""
        self._since_ms: dict[Account, float] = {}
        """From when on readings of an account count: since the last step that may have changed it."""

    def review(self, plan: Plan, *, of: PlanState | None = None) -> None:
        """Review a plan; `of` is the stopped one in whose place it comes."""
        self._stopped = of
        self._review = self._main.review = PlanReviewScreen(
            self._desk,
            plan,
            self._main.status,
            last_key_ms=lambda: self._main.app.last_key_ms,  # type: ignore[attr-defined]
            succeeds=of.stored.identity if of else "",
        )
        self._main.app.push_screen(self._review, self._reviewed)

    def expect(self, states: Iterable[PlanState]) -> None:
        """Tell the person of the plans of earlier sessions."""
        self._waiting += states
        self._earlier.update(state.stored.identity for state in self._waiting)
        self.show_next()

    def update(self, transfer: Transfer) -> None:
        """Follow a transfer that may be a step of a plan. If the plan waited for its outcome, tell the person."""
        if transfer.plan_step is None:
            return
        self._since_ms.update(dict.fromkeys(transfer.request.ends, ticks_ms()))
        if self._shown:
            self._shown.show(self._followed(self._shown.state, transfer))
        if state := self._later.get(transfer.plan_step.plan):
            self._later[state.stored.identity] = followed = self._followed(state, transfer)
            if not followed.stored.is_open:
                self._waiting.append(self._later.pop(state.stored.identity))
                self.show_next()
        self._waiting = [self._followed(state, transfer) for state in self._waiting]

    def _followed(self, state: PlanState, transfer: Transfer) -> PlanState:
        """Return the state of a plan with a transfer as it is now."""
        stored = state.stored.with_transfer(transfer)
        if stored == state.stored:
            return state
        return state_of(stored, stopped=None if stored.identity in self._earlier else state)

    def show_next(self) -> None:
        """Show a plan that waits, if nothing lies over the form and the key is there."""
        is_free = self._main.app.screen is self._main and not self._shown
        if self._waiting and is_free and not self._desk.client.is_locked:
            self._show(self._waiting.pop(0), comes_by_itself=True)

    def stop(self) -> bool:
        """Stop a plan that is being carried out before its next step; whether there is one that was not stopped yet."""
        return bool(self._review and self._review.stop())

    def _show(self, state: PlanState, *, comes_by_itself: bool = False) -> None:
        if comes_by_itself:
            alert(self._main.app, words.stopped(state) or words.progress(state))
        balances = self._desk.balance_reader.balances
        self._shown = PlanScreen(state, balances, self._since_ms, comes_by_itself=comes_by_itself)
        self._main.app.push_screen(self._shown, self._closed)

    def _reviewed(self, state: PlanState | None) -> None:
        self._review = None
        if state:
            for transfer in filter(None, state.stored.transfers):  # settled while something lay over the review
                state = self._followed(state, self._main.query_one(SessionList).newest(transfer))
            self._main.plan_ended(state)
            self._show(state)
        elif self._stopped:
            self._show(self._stopped)  # its rest was not sent: the choice is still to be made
        else:
            self._main.review_over()

    def _closed(self, choice: Choice | None) -> None:
        shown, self._shown = self._shown, None
        if shown is None:
            return
        state = shown.state
        if choice and (plan := shown.plan_for(choice)):
            self.review(plan, of=state)
            return
        if choice is Choice.LEAVE:
            self._main.run_worker(self._leave(state))
        else:
            self._later[state.stored.identity] = state
        self._stopped = None
        self._main.review_over()
        self._main.call_later(self.show_next)

    async def _leave(self, state: PlanState) -> None:
        """Write to the journal that the rest is left. If that fails, the next start offers it again."""
        with contextlib.suppress(JournalError):
            await self._desk.leave_plan(state.stored)
