"""Plans: several transfers that are reviewed and confirmed together.

A plan takes an amount to a wallet that no single type reaches, by two types through Spot, or gathers one asset from
several accounts. It is made from the table of types alone, without I/O. Each of its steps is one transfer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from tui.domain.amounts import exact_sum
from tui.domain.balances import Account
from tui.domain.transfer import (
    Basis,
    Field,
    InvalidTransfer,
    Outcome,
    PlanStep,
    Transfer,
    TransferRequest,
    route_problem,
)
from tui.domain.wallets import TransferType, Wallet, transfer_type

HUB = Wallet.SPOT
"""The wallet between two moves. Each other wallet has a type out of it and one into it."""


class Purpose(StrEnum):
    """Why a plan was made."""

    VIA = "via"
    """To reach a wallet that no single type reaches."""
    GATHER = "gather"
    """To bring one asset from several accounts into one."""
    REST = "rest"
    """To carry out the steps that a stopped plan left."""
    BACK = "back"
    """To undo the steps that a stopped plan carried out."""


@dataclass(frozen=True, slots=True)
class Step:
    """One transfer of a plan."""

    request: TransferRequest
    carries_on: bool = False
    """Whether it moves on the amount of the step before. It is then sent only after that has arrived."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Transfers that are confirmed together, in their order. Raises ValueError for a list that is no plan."""

    purpose: Purpose
    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if not self.steps or self.steps[0].carries_on:
            raise ValueError("a plan has a first step")
        for before, step in zip(self.steps, self.steps[1:], strict=False):
            if step.request.asset != before.request.asset:
                raise ValueError("a plan moves one asset")
            is_same_amount = step.request.amount == before.request.amount
            if step.carries_on and (step.request.ends[0] != before.request.ends[1] or not is_same_amount):
                raise ValueError("a step carries on what the step before has moved")

    @property
    def asset(self) -> str:
        """The asset that it moves."""
        return self.steps[0].request.asset

    @property
    def legs(self) -> tuple[tuple[int, ...], ...]:
        """The numbers of the steps, from 0, that each move one amount along."""
        legs: list[tuple[int, ...]] = []
        for number, step in enumerate(self.steps):
            if step.carries_on:
                legs[-1] += (number,)
            else:
                legs.append((number,))
        return tuple(legs)

    @property
    def total(self) -> Decimal:
        """The sum of what it moves; an amount that two steps move along counts once."""
        return exact_sum(self.steps[leg[0]].request.amount for leg in self.legs)

    @property
    def ends(self) -> tuple[tuple[Account, ...], Account]:
        """The accounts that it moves from, and the one that it moves to."""
        sources = tuple(self.steps[leg[0]].request.ends[0] for leg in self.legs)
        return sources, self.steps[-1].request.ends[1]


def route(source: Wallet, destination: Wallet) -> tuple[TransferType, ...]:
    """Return the types that lead from one wallet to another: one, or two through Spot, or none."""
    if direct := transfer_type(source, destination):
        return (direct,)
    first, second = transfer_type(source, HUB), transfer_type(HUB, destination)
    return (first, second) if first and second and source is not destination else ()


def via(source: Account, destination: Account, asset: str, amount: Decimal) -> Plan:
    """Return the plan that takes an amount from one account to another. Raises InvalidTransfer."""
    return Plan(Purpose.VIA, tuple(_leg(source, destination, asset, amount)))


def gather(destination: Account, asset: str, amounts: Mapping[Account, Decimal]) -> Plan:
    """Return the plan that brings amounts of one asset from several accounts into one. Raises InvalidTransfer, and
    ValueError if there is nothing to gather.
    """
    steps = [step for source, amount in amounts.items() for step in _leg(source, destination, asset, amount)]
    return Plan(Purpose.GATHER, tuple(steps))


def _leg(source: Account, destination: Account, asset: str, amount: Decimal) -> Iterator[Step]:
    types = route(source.wallet, destination.wallet)
    if not types or source == destination:
        raise InvalidTransfer({Field.DESTINATION: route_problem(source.wallet, destination.wallet)})
    for move in types:
        from_symbol = source.pair if move.needs_from_pair else None
        to_symbol = destination.pair if move.needs_to_pair else None
        request = TransferRequest(move, asset, amount, from_symbol, to_symbol)
        yield Step(request, carries_on=move is not types[0])


def rest(plan: Plan, done: int) -> Plan | None:
    """Return the plan for the steps that are left after the first `done` ones; None if none is left."""
    steps = plan.steps[done:]
    if not steps:
        return None
    return Plan(Purpose.REST, (replace(steps[0], carries_on=False), *steps[1:]))


def way_back(plan: Plan, done: int) -> Plan | None:
    """Return the plan that undoes the first `done` steps, the last one first; None if none is done."""
    steps: list[Step] = []
    for number in reversed(range(done)):
        request = plan.steps[number].request
        move = transfer_type(request.type.destination, request.type.source)
        if move is None:
            return None
        undone = TransferRequest(move, request.asset, request.amount, request.to_symbol, request.from_symbol)
        steps.append(Step(undone, carries_on=number + 1 < done and plan.steps[number + 1].carries_on))
    return Plan(Purpose.BACK, tuple(steps)) if steps else None


@dataclass(frozen=True, slots=True)
class Place:
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


@dataclass(frozen=True, slots=True)
class StoredPlan:
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
