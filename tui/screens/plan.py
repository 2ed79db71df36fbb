"""What became of a plan: every step, where the amounts are, and how to go on."""

from collections.abc import Mapping
from enum import Enum, auto
from time import monotonic
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from tui.domain.balances import Account, Balances
from tui.domain.layout import padded
from tui.domain.moments import in_full
from tui.domain.plan import Plan, others, rest, way_back
from tui.domain.plan_state import Phase, PlanState
from tui.language import _
from tui.screens.closing import DismissesItself
from tui.screens.following import FollowsBalances
from tui.widgets.ask_line import AskLine
from tui.widgets.asking_dialog import AskingDialog, titled
from tui.widgets.clipboard import copy_text
from tui.widgets.facts import Facts
from tui.widgets.key_bar import KeyBar
from tui.widgets.plan_facts import state_facts

_UNSEEN_S = 1.0
"""A person who types on while it comes up has not read it yet."""


class Choice(Enum):
    """What the person does about a plan."""

    REST = auto()
    OTHERS = auto()
    """The rest without the amount whose step stopped the plan."""
    BACK = auto()
    LEAVE = auto()
    """The rest is not carried out."""
    LATER = auto()
    """It comes up again once the outcome of its unknown step is known."""


class PlanScreen(FollowsBalances, DismissesItself, ModalScreen[Choice]):
    """Shows a plan that is over, and offers what can be done about the rest."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "choose('REST')", _("Review the rest")),
        Binding("s", "choose('OTHERS')", _("Review the rest without it")),
        Binding("b", "choose('BACK')", _("Review the way back")),
        Binding("C", "copy_all", _("Copy all")),
        Binding("escape,q", "close", _("Close"), key_display="Esc"),
        Binding("enter", "close_finished", _("Close"), show=False),
    ]

    def __init__(
        self,
        state: PlanState,
        balances: Balances,
        since_ms: Mapping[Account, float],
        *,
        comes_by_itself: bool = False,
    ) -> None:
        """`since_ms` says from when on a reading of an account counts; the caller keeps it current."""
        super().__init__()
        self.state = state
        self._balances = balances
        self._since_ms = since_ms
        self._comes_by_itself = comes_by_itself
        self._unseen_until_s = monotonic() + _UNSEEN_S

    @property
    def is_done(self) -> bool:
        """Whether every step is done."""
        return self.state.phase is Phase.DONE

    def compose(self) -> ComposeResult:
        """Every step, what that means for the amounts, and the keys."""
        with AskingDialog():
            at = in_full(self.state.stored.confirmed_ms)
            title, style = (_("PLAN DONE"), "done") if self.is_done else (_("PLAN STOPPED"), "unknown")
            yield from titled(title, _("confirmed {time}").format(time=at), style=style)
            yield Facts(state_facts(self.state, self._balances, self._since_ms))
            yield AskLine(self._ask)
        yield KeyBar()

    def plan_for(self, choice: Choice) -> Plan | None:
        """Return the plan that a choice leads to, if there is one and no outcome is open."""
        stored = self.state.stored
        makers = {Choice.REST: rest, Choice.OTHERS: others, Choice.BACK: way_back}
        return makers[choice](stored.plan, stored.done) if choice in makers and self._may_go_on else None

    @property
    def _may_go_on(self) -> bool:
        """Whether there is a rest to decide on, and no outcome is open."""
        return not self.state.stored.is_open and not self.is_done

    @property
    def _ask(self) -> str:
        if self.is_done:
            return _("Enter  Close     C  Copy all")
        if self.state.stored.is_open:
            return _("Esc  Close: it comes up again once the outcome is known     C  Copy all")
        keys = {
            Choice.REST: _("r  Review the rest"),
            Choice.OTHERS: _("s  Without step {number}").format(number=self.state.stored.done + 1),
            Choice.BACK: _("b  Review the way back"),
        }
        return "     ".join(
            [*(text for choice, text in keys.items() if self.plan_for(choice)), _("Esc  Leave the rest")]
        )

    def drops(self, event: events.Key | events.Paste) -> bool:
        """Whether a key comes too soon after it came up: any key if that was by itself. Esc may have been pressed to
        stop the plan, or to leave a review, and would leave the rest.
        """
        is_leaving = isinstance(event, events.Key) and event.key in ("escape", "q") and self._may_go_on
        is_unseen = event.time < self._unseen_until_s and (self._comes_by_itself or is_leaving)
        if is_unseen:
            self._unseen_until_s = event.time + _UNSEEN_S
        return is_unseen

    def show(self, state: PlanState) -> None:
        """Show the plan as it is now."""
        if state != self.state:
            self.state = state
            self.refresh(recompose=True)

    def show_balances(self, balances: Balances) -> None:
        """Show what the accounts hold now."""
        self._balances = balances
        self.call_later(self._update)

    def _update(self) -> None:
        for facts in self.query(Facts):
            facts.show(state_facts(self.state, self._balances, self._since_ms))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what there is."""
        if action == "choose":
            return self.plan_for(Choice[str(parameters[0])]) is not None
        return action != "close_finished" or self.is_done

    def action_choose(self, choice: str) -> None:
        """Review the rest, all or some of it, or the way back."""
        self.dismiss(Choice[choice])

    def action_close(self) -> None:
        """Close; unless its outcome is still open, this leaves the rest."""
        self.dismiss(Choice.LATER if self.state.stored.is_open else Choice.LEAVE)

    def action_close_finished(self) -> None:
        """Close it, as nothing is left to decide."""
        self.action_close()

    def action_copy_all(self) -> None:
        """Put all facts into the clipboard of the person's own terminal."""
        facts = self.query_one(Facts).facts
        copy_text("\n".join(f"{padded(fact.name, 10)}{fact.value}".rstrip() for fact in facts), _("The plan"), self)
