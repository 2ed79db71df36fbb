"""Sentences about plans: their purpose, how far they are, why they stopped, and where they have left the amounts."""

from collections.abc import Sequence
from decimal import Decimal
from typing import assert_never

from tui.domain.amounts import grouped, quantity
from tui.domain.balances import Account, Figure
from tui.domain.layout import sentences
from tui.domain.moments import time_of_day
from tui.domain.openness import Closure, Unopened
from tui.domain.plan import Plan, Purpose
from tui.domain.plan_state import Cause, Hindrance, Obstruction, Phase, Place, PlanState, StoredPlan
from tui.domain.transfer import Basis, Transfer
from tui.domain.wallets import HUB
from tui.language import N_, _, ngettext
from tui.words import guards, outcomes
from tui.words.answers import without_chinese_stop
from tui.words.openness import not_open
from tui.words.wallets import marks_of

NOT_ALL_SEEN = N_("Not sent: you have not seen all steps yet. Up and Down scroll.")

_ACCORDING_TO = {
    Basis.HISTORY: N_("According to the exchange's history, {statement}"),
    Basis.PERSON: N_("According to your decision, {statement}"),
}
"""Who says where an amount is, if not the exchange's answers. The statement is a sentence that begins with it."""


def purpose(plan: Plan) -> str:
    """Return what a plan is for: 0.017 BTC from COIN-M Futures to USD-M Futures, via Spot."""
    sources, destination = plan.ends
    ends = {plan.steps[leg[-1]].request.ends[1] for leg in plan.legs}
    is_back, has_hub = plan.purpose is Purpose.BACK, any(len(leg) > 1 for leg in plan.legs)
    text = _("{amount} from {source} to {destination}")
    if is_back and has_hub:
        text = _("{amount} back from {source} to {destination}, via {hub}")
    elif is_back:
        text = _("{amount} back from {source} to {destination}")
    elif has_hub:
        text = _("{amount} from {source} to {destination}, via {hub}")
    return text.format(
        amount=quantity(plan.total, plan.asset),
        source=sources[0].label if len(set(sources)) == 1 else _accounts(len(set(sources))),
        destination=destination.label if len(ends) == 1 else _accounts(len(ends)),
        hub=HUB.label,
    )


def _accounts(count: int) -> str:
    return ngettext("{count} account", "{count} accounts", count).format(count=count)


def step_name(stored: StoredPlan, number: int) -> str:
    """Return the name of a step, counted from 0: Step 1 of 2."""
    return _("Step {number} of {count}").format(number=number + 1, count=len(stored.plan.steps))


def _step_within(stored: StoredPlan, number: int) -> str:
    """Return the name of a step within a sentence."""
    return _("step {number} of {count}").format(number=number + 1, count=len(stored.plan.steps))


def whereabouts(stored: StoredPlan) -> list[str]:
    """Return a sentence for each amount: where the plan has moved it, as far as that is known.

    It says nothing about what others do with the amount: the balances show that.
    """
    return [_where(stored.plan, place, leg) for place, leg in zip(stored.places, stored.plan.legs, strict=True)]


def _where(plan: Plan, place: Place, leg: Sequence[int]) -> str:
    amount = quantity(place.amount, plan.asset)
    source, destination = plan.steps[leg[0]].request.ends[0], plan.steps[leg[-1]].request.ends[1]
    if place.other and place.account == source:
        text = _("It is not known whether {amount} was moved from {account} to {other}.")
        return text.format(amount=amount, account=place.account.label, other=place.other.label)
    if place.other:
        text = _("{amount} was moved to {account}. It is not known whether it was moved on to {other}.")
    elif place.account == source:
        text = _("{amount} was not moved out of {account}.")
    elif place.account == destination:
        text = _("{amount} was moved to {account}.")
    else:
        text = _("{amount} was moved to {account}, and no further.")
    other = place.other.label if place.other else ""
    statement = text.format(amount=amount, account=place.account.label, other=other)
    if place.basis not in _ACCORDING_TO:
        return statement
    return _(_ACCORDING_TO[place.basis]).format(statement=statement)


def progress(state: PlanState) -> str:
    """Return what a plan that is carried out does now."""
    name = step_name(state.stored, state.number)
    match state.phase:
        case Phase.CHECKING:
            return _("{step}: not sent yet. Shunter checks it first").format(step=name)
        case Phase.SENDING:
            return _("{step}: sending. Waiting for the exchange's answer").format(step=name)
        case Phase.SETTLING:
            text = _("{step}: its outcome is not known. Shunter looks for it in the exchange's history")
            return text.format(step=name)
        case Phase.ARRIVING:
            return _arriving(state)
        case Phase.STOPPED:
            return stopped(state)
        case Phase.DONE:
            return _("All steps are done.")
        case _:
            assert_never(state.phase)


def _arriving(state: PlanState) -> str:
    """Return what a step waits for."""
    arrival = state.arrival
    text = _("{step}: it waits for {amount}")
    if arrival and arrival.figure:
        text = _("{step}: it waits for {amount} in {account}, which shows {movable} as movable")
    elif arrival:
        text = _("{step}: it waits for {amount} in {account}, which cannot be read: {problem}")
    return _with_arrival(text, state)


def _not_arrived(state: PlanState) -> str:
    """Return what a step waited for in vain."""
    arrival = state.arrival
    text = _("{step} was not sent: it waited for {amount}.")
    if arrival and arrival.figure:
        text = _("{step} was not sent: it waited for {amount} in {account}, which shows {movable} as movable.")
    elif arrival:
        text = _("{step} was not sent: it waited for {amount} in {account}, which cannot be read: {problem}.")
    return _with_arrival(text, state)


def _with_arrival(text: str, state: PlanState) -> str:
    """Return a text with what a step needs, and what the wallet between showed."""
    asset, arrival = state.stored.plan.asset, state.arrival
    return text.format(
        step=step_name(state.stored, state.number),
        amount=quantity(state.stored.plan.steps[state.number].request.amount, asset),
        account=arrival.account.label if arrival else "",
        movable=quantity(arrival.figure.amount, asset) if arrival and arrival.figure else "",
        problem=without_chinese_stop(arrival.problem if arrival else "") or _("no answer"),
    )


def stopped(state: PlanState) -> str:  # noqa: C901 - a case for each cause
    """Return why a plan stopped; empty if it did not."""
    stored, cause = state.stored, state.cause
    name, within = step_name(stored, state.number), _step_within(stored, state.number)
    match cause:
        case None:
            return ""
        case Cause.REFUSED:
            return _ended(name, stored.transfers[state.number])
        case Cause.UNKNOWN:
            text = _("The outcome of {step} is not known. Shunter keeps looking for it, and sends nothing more.")
            return text.format(step=within)
        case Cause.DECIDED:
            decided = _step_within(stored, _decided(stored))
            return _("You decided how {step} ended. Nothing more was sent.").format(step=decided)
        case Cause.LATE:
            return _(
                "{step} is done, but that took a while to find out. Nothing more is sent until you have reviewed the "
                "rest."
            ).format(step=name)
        case Cause.NOT_ARRIVED:
            return _not_arrived(state)
        case Cause.REPEAT:
            text = _("{step} was not sent: an identical transfer was made since you reviewed the plan.")
            return text.format(step=name)
        case Cause.LEFT:
            return _("You stopped the plan before {step}.").format(step=within)
        case Cause.LOCKED:
            return _("Shunter was locked before {step}.").format(step=within)
        case Cause.CHANGED:
            return _("{step} was not sent: the outcome of an earlier step no longer holds.").format(step=name)
        case Cause.FAILED:
            return sentences(_not_sent(name), state.detail)
        case Cause.ENDED:
            return _("Shunter ended before {step}.").format(step=within)
        case _:
            assert_never(cause)


def _not_sent(name: str) -> str:
    return _("{step} was not sent.").format(step=name)


def _decided(stored: StoredPlan) -> int:
    """Return the number of the first step that the person decided on."""
    return next(
        (n for n, transfer in enumerate(stored.transfers) if transfer and transfer.basis is Basis.PERSON), stored.done
    )


def _ended(name: str, transfer: Transfer | None) -> str:
    if transfer is None:
        return _not_sent(name)
    outcome = _("{step}: {outcome}.").format(step=name, outcome=transfer.outcome.words)
    return sentences(outcome, outcomes.reason(transfer.evidence))


def obstruction(found: Obstruction) -> str:
    """Return what is in the way of a plan, in a sentence."""
    place, asset = found.account.label, found.asset
    match found.hindrance:
        case Hindrance.PERMISSION:
            return _("It cannot be sent: {problem}").format(problem=guards.choose_again(found.detail))
        case Closure():
            return not_open(Unopened(found.account, found.hindrance, asset))
        case Hindrance.NOT_TAKEN:
            return _("{account}: {problem}.").format(account=place, problem=found.detail)
        case Hindrance.BARRED:
            return _("The exchange bars transfers into {account}.").format(account=place)
        case Hindrance.KEY_NOT_READ:
            text = _("The exchange did not say what the key may do.")
            return sentences(text, found.detail)
        case Hindrance.NOT_READ:
            text = _("{account} could not be read: whether it takes {asset} is not known.")
            return sentences(text.format(account=place, asset=asset), found.detail)
        case _:
            assert_never(found.hindrance)


def changes(ends: Sequence[tuple[Account, Decimal | None, Decimal | None]]) -> tuple[str, bool]:
    """Return what accounts hold before and after a step, and whether one would hold too little for it."""
    texts, is_short = [], False
    for account, before, after in ends:
        if before is None or after is None:
            texts.append(_("{account} not known").format(account=account.short_label))
        elif after < 0:
            is_short = True
            text = _("{account} {amount}: not enough")
            texts.append(text.format(account=account.short_label, amount=grouped(before)))
        else:
            texts.append(f"{account.short_label} {grouped(before)} -> {grouped(after)}")
    return "   ".join(texts), is_short


def ended(transfer: Transfer | None) -> str:
    """Return how a step ended, with its tranId."""
    if transfer is None:
        return _("not sent")
    tran_id = f"tranId {transfer.tran_id}" if transfer.tran_id is not None else ""
    return "   ".join(filter(None, (transfer.outcome.words, tran_id, time_of_day(transfer.timestamp_ms))))


def now(figure: Figure | None, asset: str, since_ms: float, now_ms: float) -> str:
    """Return what an account holds now, if it was read since a moment."""
    if figure is None:
        return _("not known")
    if figure.read_ms < since_ms:
        return _("reading...")
    return f"{quantity(figure.amount, asset)}{marks_of(figure, now_ms)}"
