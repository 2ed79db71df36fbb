"""Plans: several transfers that are reviewed and confirmed together.

A plan takes an amount to a wallet that no single type reaches, by two types through Spot, or gathers one asset from
several accounts. It is made from the table of types alone, without I/O. Each of its steps is one transfer.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from tui.domain.amounts import exact_sum
from tui.domain.balances import Account
from tui.domain.transfer import Draft, Field, InvalidTransfer, TransferRequest, parse_transfers, route_problem
from tui.domain.wallets import route, transfer_type
from tui.structs import Struct


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


class Step(Struct):
    """One transfer of a plan."""

    request: TransferRequest
    carries_on: bool = False
    """Whether it moves on the amount of the step before. It is then sent only after that has arrived."""

    def is_after(self, before: "Step") -> bool:
        """Whether it can come after another step: it moves the same asset and, if it carries on, the same amount from
        where the other has moved it.
        """
        ours, theirs = self.request, before.request
        fits = (ours.ends[0], ours.amount) == (theirs.ends[1], theirs.amount)
        return ours.asset == theirs.asset and (fits or not self.carries_on)


class Plan(Struct):
    """Transfers that are confirmed together, in their order. Raises ValueError for a list that is no plan."""

    purpose: Purpose
    steps: tuple[Step, ...]
    earlier: tuple[Step, ...] = ()
    """The steps that stopped plans have done before this one, which goes on from there."""

    def __post_init__(self) -> None:
        every = (*self.earlier, *self.steps)
        if not self.steps or every[0].carries_on:
            raise ValueError("a plan has a first step")
        if not all(step.is_after(before) for before, step in pairwise(every)):
            raise ValueError(
                "a step moves the same asset, and carries on from where the one before ends, with its amount"
            )

    @property
    def asset(self) -> str:
        """The asset that it moves."""
        return self.steps[0].request.asset

    @property
    def legs(self) -> tuple[tuple[int, ...], ...]:
        """The numbers of the steps, from 0, that each move one amount along."""
        legs: list[tuple[int, ...]] = []
        for number, step in enumerate(self.steps):
            if step.carries_on and legs:
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


def via(source: Account, destination: Account, asset: str, amount: Decimal) -> Plan:
    """Return the plan that takes an amount from one account to another. Raises InvalidTransfer."""
    return Plan(Purpose.VIA, tuple(_leg(source, destination, asset, amount)))


def parse_draft(draft: Draft) -> TransferRequest | Plan:
    """Return what a person typed: one transfer, or a plan of two.

    Raises InvalidTransfer with every field that is wrong.
    """
    first, *others = parse_transfers(draft)
    return Plan(Purpose.VIA, (Step(first), *(Step(other, carries_on=True) for other in others))) if others else first


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
    if done == len(plan.steps):
        return None
    return Plan(Purpose.REST, plan.steps[done:], (*plan.earlier, *plan.steps[:done]))


def others(plan: Plan, done: int) -> Plan | None:
    """Return the plan for what is left without the amount whose step comes after the first `done` ones; None if nothing
    else is left.
    """
    later = [number for leg in plan.legs if leg[0] > done for number in leg]
    return Plan(Purpose.REST, plan.steps[later[0] :], (*plan.earlier, *plan.steps[:done])) if later else None


def way_back(plan: Plan, done: int) -> Plan | None:
    """Return the plan that undoes the first `done` steps and those of earlier plans, the last one first; None if there
    are none.
    """
    forward = (*plan.earlier, *plan.steps[:done])
    steps: list[Step] = []
    for number, step in reversed(list(enumerate(forward))):
        request = step.request
        move = transfer_type(request.type.destination, request.type.source)
        if move is None:
            return None
        undone = TransferRequest(move, request.asset, request.amount, request.to_symbol, request.from_symbol)
        carries_on = number + 1 < len(forward) and forward[number + 1].carries_on
        steps.append(Step(undone, carries_on=carries_on))
    return Plan(Purpose.BACK, tuple(steps)) if steps else None
