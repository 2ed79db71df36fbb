"""How far a plan is: what became of its steps, where they have left the amounts, and what is in the way of it."""

from collections.abc import Sequence
from decimal import Decimal
from enum import Enum, auto

from tui.domain.balances import Account, Figure
from tui.domain.openness import Closure
from tui.domain.plan import Plan
from tui.domain.transfer import Basis, Outcome, PlanStep, Transfer
from tui.structs import Struct, replace


class Place(Struct):
    """Where a plan has left an amount, by the outcomes of its steps."""

    amount: Decimal
    account: Account
    other: Account | None = None
    """Where it may be instead, if the outcome of a step is not known."""
    basis: Basis = Basis.ANSWER
    """The source of the outcomes that say so."""


def places(plan: Plan, transfers: Sequence[Transfer | None]) -> list[Place]:
    """Return where each amount of a plan is. `transfers` has the transfer of each step, or None if it was not begun."""
    return [_place(plan, leg, transfers) for leg in plan.legs]


def _place(plan: Plan, leg: Sequence[int], transfers: Sequence[Transfer | None]) -> Place:
    request = plan.steps[leg[0]].request
    place = Place(request.amount, request.ends[0])
    for number in leg:
        transfer, end = transfers[number], plan.steps[number].request.ends[1]
        if transfer is None:
            break
        if transfer.outcome.is_open:
            return replace(place, other=end)
        if transfer.basis is not Basis.ANSWER:
            place = replace(place, basis=transfer.basis)
        if transfer.outcome is not Outcome.DONE:
            break
        place = replace(place, account=end)
    return place


class StoredPlan(Struct):
    """A plan that the person confirmed, with what became of its steps."""

    identity: str
    """A random name."""
    plan: Plan
    profile: str
    key_tail: str
    """The end of the API key that it was confirmed with, for a person to recognise it by."""
    key_print: str
    """Identifies that key, and so the account."""
    host: str
    """The base URL of the exchange."""
    confirmed_ms: int
    """When it was confirmed, in the exchange's time."""
    transfers: tuple[Transfer | None, ...]
    """The transfer of each step; None for a step that was not begun."""

    @property
    def done(self) -> int:
        """How many steps at its beginning are done."""
        return done_steps(self.transfers)

    @property
    def is_done(self) -> bool:
        """Whether all steps are done."""
        return self.done == len(self.plan.steps)

    @property
    def is_open(self) -> bool:
        """Whether the outcome of a step is not known."""
        return any(transfer and transfer.outcome.is_open for transfer in self.transfers)

    @property
    def places(self) -> list[Place]:
        """Where it has left each amount."""
        return places(self.plan, self.transfers)

    def step(self, number: int) -> PlanStep:
        """Return which step the one with this number is, counted from 0."""
        return PlanStep(self.identity, number + 1, len(self.plan.steps))

    def with_transfer(self, transfer: Transfer) -> "StoredPlan":
        """Return it with one of its transfers as it is now."""
        if transfer.plan_step is None or transfer.plan_step.plan != self.identity:
            return self
        transfers = list(self.transfers)
        transfers[transfer.plan_step.number - 1] = transfer
        return replace(self, transfers=tuple(transfers))


def done_steps(transfers: Sequence[Transfer | None]) -> int:
    """Return how many steps at the beginning of a plan are done."""
    done = 0
    for transfer in transfers:
        if transfer is None or transfer.outcome is not Outcome.DONE:
            break
        done += 1
    return done


class Phase(Enum):
    """What a plan does now."""

    CHECKING = auto()
    """Nothing of a step has been sent yet: whether it may be is looked at once more."""
    SENDING = auto()
    SETTLING = auto()
    """The outcome of a step is unknown; the settling finds it out."""
    ARRIVING = auto()
    """A step is done; its amount does not show in the wallet between yet."""
    STOPPED = auto()
    DONE = auto()


class Cause(Enum):
    """Why a plan stopped."""

    REFUSED = auto()
    """A step moved nothing: its transfer says why."""
    UNKNOWN = auto()
    """The outcome of a step is not known."""
    DECIDED = auto()
    """The person decided how a step ended."""
    LATE = auto()
    """A step that was unknown is done, but the person may not be there any more."""
    NOT_ARRIVED = auto()
    """The amount of a step does not show in the wallet between."""
    REPEAT = auto()
    """Somebody made an identical transfer since the review."""
    LEFT = auto()
    """The person stopped it."""
    LOCKED = auto()
    """The app was locked."""
    CHANGED = auto()
    """The outcome of an earlier step no longer holds."""
    FAILED = auto()
    """A step could not be sent."""
    ENDED = auto()
    """Shunter ended."""


class Arrival(Struct):
    """What the wallet between showed when it was last read."""

    account: Account
    figure: Figure | None = None
    problem: str = ""
    """Why it could not be read."""


class PlanState(Struct):
    """How far a plan is."""

    stored: StoredPlan
    phase: Phase
    number: int
    """The step that it is at, from 0."""
    cause: Cause | None = None
    """Why it stopped; None unless it did."""
    detail: str = ""
    """The text of what failed."""
    arrival: Arrival | None = None
    """What the next step waits for, or waited for in vain."""

    @property
    def is_over(self) -> bool:
        """Whether it sends nothing more."""
        return self.phase in (Phase.STOPPED, Phase.DONE)


def state_of(stored: StoredPlan, *, stopped: PlanState | None = None) -> PlanState:
    """Return the state of a plan that nobody carries out, by the outcomes of its steps. `stopped` is its state before,
    if it stopped while Shunter runs.
    """
    state = _state_of(stored)
    if stopped is None or state.cause is not Cause.ENDED:
        return state
    if state.number == stopped.number:
        return replace(stopped, stored=stored)
    return PlanState(stored, Phase.STOPPED, state.number - 1, Cause.LATE)


def _state_of(stored: StoredPlan) -> PlanState:
    number = stored.done
    if stored.is_done:
        return PlanState(stored, Phase.DONE, number - 1)
    transfer = stored.transfers[number]
    if transfer is None:
        cause = Cause.ENDED
        if number and _basis(stored, number - 1) is Basis.PERSON:
            cause = Cause.DECIDED
    elif transfer.outcome.is_open:
        cause = Cause.UNKNOWN
    else:
        cause = Cause.DECIDED if transfer.basis is Basis.PERSON else Cause.REFUSED
    return PlanState(stored, Phase.STOPPED, number, cause)


def _basis(stored: StoredPlan, number: int) -> Basis | None:
    transfer = stored.transfers[number]
    return transfer.basis if transfer else None


class Hindrance(Enum):
    """What is in the way of a plan, other than what is not open."""

    PERMISSION = auto()
    """The key may not transfer."""
    NOT_TAKEN = auto()
    """The pair does not take the asset."""
    BARRED = auto()
    """The exchange bars transfers into the wallet."""
    KEY_NOT_READ = auto()
    """The exchange did not say what the key may do."""
    NOT_READ = auto()
    """The wallet could not be read."""


class Obstruction(Struct):
    """One thing in the way of a plan."""

    hindrance: Hindrance | Closure
    account: Account
    """Where the plan ends."""
    asset: str
    detail: str = ""
    """The text of what failed, or why the asset is not taken."""
    is_certain: bool = True
    """False if the plan may reach its end all the same."""
