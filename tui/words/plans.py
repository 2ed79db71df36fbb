"""Sentences about plans: their purpose, how far they are, why they stopped, and where they have left the amounts."""

from collections.abc import Sequence
from decimal import Decimal
from typing import assert_never

from tui.domain.amounts import grouped, quantity
from tui.domain.balances import Account, Figure
from tui.domain.moments import time_of_day
from tui.domain.plan import Plan, Purpose
from tui.domain.plan_state import Cause, Hindrance, Obstruction, Phase, Place, PlanState, StoredPlan
from tui.domain.transfer import Basis, Transfer
from tui.domain.wallets import HUB
from tui.language import N_
from tui.words import guards, outcomes
from tui.words.wallets import marks_of

NOT_ALL_SEEN = N_("Not sent: you have not seen all steps yet. Up and Down scroll.")

_ACCORDING_TO = {
    Basis.ANSWER: "",
    Basis.HISTORY: "According to the exchange's history, ",
    Basis.PERSON: "According to your decision, ",
}


def purpose(plan: Plan) -> str:
    """Return what a plan is for: 0.017 BTC from COIN-M Futures to USD-M Futures, via Spot."""
    sources, destination = plan.ends
    ends = {plan.steps[leg[-1]].request.ends[1] for leg in plan.legs}
    source = sources[0].label if len(set(sources)) == 1 else f"{len(set(sources))} accounts"
    target = destination.label if len(ends) == 1 else f"{len(ends)} accounts"
    back = "back " if plan.purpose is Purpose.BACK else ""
    way = f", via {HUB.label}" if any(len(leg) > 1 for leg in plan.legs) else ""
    return f"{quantity(plan.total, plan.asset)} {back}from {source} to {target}{way}"


def step_name(stored: StoredPlan, number: int) -> str:
    """Return the name of a step, counted from 0: Step 1 of 2."""
    return f"Step {number + 1} of {len(stored.plan.steps)}"


def whereabouts(stored: StoredPlan) -> list[str]:
    """Return a sentence for each amount: where the plan has moved it, as far as that is known.

    It says nothing about what others do with the amount: the balances show that.
    """
    return [_where(stored.plan, place, leg) for place, leg in zip(stored.places, stored.plan.legs, strict=True)]


def _where(plan: Plan, place: Place, leg: Sequence[int]) -> str:
    amount = quantity(place.amount, plan.asset)
    source, destination = plan.steps[leg[0]].request.ends[0], plan.steps[leg[-1]].request.ends[1]
    by, at = _ACCORDING_TO[place.basis], place.account.label
    if place.other and place.account == source:
        return f"It is not known whether {amount} was moved from {at} to {place.other.label}."
    if place.other:
        return f"{by}{amount} was moved to {at}. It is not known whether it was moved on to {place.other.label}."
    if place.account == source:
        return f"{by}{amount} was not moved out of {at}."
    return f"{by}{amount} was moved to {at}{'.' if place.account == destination else ', and no further.'}"


def progress(state: PlanState) -> str:
    """Return what a plan that is carried out does now."""
    name, asset = step_name(state.stored, state.number), state.stored.plan.asset
    match state.phase:
        case Phase.SENDING:
            return f"{name}: sending. Waiting for the exchange's answer"
        case Phase.SETTLING:
            return f"{name}: its outcome is not known. Shunter looks for it in the exchange's history"
        case Phase.ARRIVING:
            return f"{name}: {_arrival(state, asset)}"
        case Phase.STOPPED:
            return stopped(state)
        case Phase.DONE:
            return "All steps are done."
        case _:
            assert_never(state.phase)


def _arrival(state: PlanState, asset: str) -> str:
    arrival = state.arrival
    needed = quantity(state.stored.plan.steps[state.number].request.amount, asset)
    if arrival is None:
        return f"it waits for {needed}"
    waits = f"it waits for {needed} in {arrival.account.label}"
    if arrival.figure is None:
        return f"{waits}, which cannot be read: {arrival.problem or 'no answer'}"
    return f"{waits}, which shows {quantity(arrival.figure.amount, asset)} as movable"


def stopped(state: PlanState) -> str:  # noqa: C901 - a case for each cause
    """Return why a plan stopped; empty if it did not."""
    stored, cause = state.stored, state.cause
    name = step_name(stored, state.number)
    transfer = stored.transfers[state.number]
    match cause:
        case None:
            return ""
        case Cause.REFUSED:
            return _ended(name, transfer)
        case Cause.UNKNOWN:
            return f"The outcome of {name.lower()} is not known. Shunter keeps looking for it, and sends nothing more."
        case Cause.DECIDED:
            return f"You decided how {step_name(stored, _decided(stored)).lower()} ended. Nothing more was sent."
        case Cause.LATE:
            return (
                f"{name} is done, but that took a while to find out. Nothing more is sent until you have reviewed the "
                "rest."
            )
        case Cause.NOT_ARRIVED:
            return f"{name} was not sent: {_arrival(state, stored.plan.asset).replace('it waits', 'it waited')}."
        case Cause.REPEAT:
            return f"{name} was not sent: an identical transfer was made since you reviewed the plan."
        case Cause.LEFT:
            return f"You stopped the plan before {name.lower()}."
        case Cause.LOCKED:
            return f"Shunter was locked before {name.lower()}."
        case Cause.CHANGED:
            return f"{name} was not sent: the outcome of an earlier step no longer holds."
        case Cause.FAILED:
            return f"{name} was not sent. {state.detail}"
        case Cause.ENDED:
            return f"Shunter ended before {name.lower()}."
        case _:
            assert_never(cause)


def _decided(stored: StoredPlan) -> int:
    """Return the number of the first step that the person decided on."""
    return next(
        (n for n, transfer in enumerate(stored.transfers) if transfer and transfer.basis is Basis.PERSON), stored.done
    )


def _ended(name: str, transfer: Transfer | None) -> str:
    if transfer is None:
        return f"{name} was not sent."
    return f"{name}: {transfer.outcome.words}. {outcomes.reason(transfer.evidence)}".rstrip()


def obstruction(found: Obstruction) -> str:
    """Return what is in the way of a plan, in a sentence."""
    place, asset = found.account.label, found.asset
    match found.hindrance:
        case Hindrance.PERMISSION:
            return f"It cannot be sent: {guards.choose_again(found.detail)}"
        case Hindrance.NOT_OPEN:
            return f"{place} is not open: open it on the exchange first."
        case Hindrance.NO_ACCOUNT:
            return f"You have no {place} account: open it on the exchange first."
        case Hindrance.DISABLED:
            return f"Your {place} account is disabled: enable it on the exchange first."
        case Hindrance.NOT_TAKEN:
            return f"{place}: {found.detail}." if found.detail else f"{place} lists no {asset}: it may not take it."
        case Hindrance.BARRED:
            return f"The exchange bars transfers into {place}."
        case Hindrance.KEY_NOT_READ:
            return f"The exchange did not say what the key may do. {found.detail}".rstrip()
        case Hindrance.NOT_READ:
            return f"{place} could not be read: whether it takes {asset} is not known. {found.detail}".rstrip()
        case _:
            assert_never(found.hindrance)


def changes(ends: Sequence[tuple[Account, Decimal | None, Decimal | None]]) -> tuple[str, bool]:
    """Return what accounts hold before and after a step, and whether one would hold too little for it."""
    texts, is_short = [], False
    for account, before, after in ends:
        if before is None or after is None:
            texts.append(f"{account.short_label} not known")
        elif after < 0:
            is_short = True
            texts.append(f"{account.short_label} {grouped(before)}: not enough")
        else:
            texts.append(f"{account.short_label} {grouped(before)} -> {grouped(after)}")
    return "   ".join(texts), is_short


def ended(transfer: Transfer | None) -> str:
    """Return how a step ended, with its tranId."""
    if transfer is None:
        return "not sent"
    tran_id = f"tranId {transfer.tran_id}" if transfer.tran_id is not None else ""
    return "   ".join(filter(None, (transfer.outcome.words, tran_id, time_of_day(transfer.timestamp_ms))))


def now(figure: Figure | None, asset: str, since_ms: float, now_ms: float) -> str:
    """Return what an account holds now, if it was read since a moment."""
    if figure is None:
        return "not known"
    if figure.read_ms < since_ms:
        return "reading..."
    return f"{quantity(figure.amount, asset)}{marks_of(figure, now_ms)}"
