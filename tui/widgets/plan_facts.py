"""The facts of a plan in a dialog: each step with its two ends, on a band."""

from collections.abc import Mapping
from decimal import Decimal

from rich.cells import cell_len

from tui.clock import ticks_ms
from tui.domain.amounts import exact_sum, quantity
from tui.domain.balances import Account, Balances
from tui.domain.layout import padded
from tui.domain.plan import Plan, Step
from tui.domain.plan_state import PlanState, StoredPlan
from tui.domain.text import printable
from tui.language import _
from tui.widgets.facts import Fact
from tui.words import plans as words


def review_facts(plan: Plan, balances: Balances, stored: StoredPlan | None) -> list[Fact]:
    """Return every step of a plan, with its type and the balances before and after it. `stored` is the plan once it is
    being carried out: its steps then have outcomes in place of the types.
    """
    held: dict[Account, Decimal | None] = {}
    facts = [Fact(_("Plan"), words.purpose(plan), is_in_band=True)]
    for number, step in enumerate(plan.steps):
        request = step.request
        transfer = stored.transfers[number] if stored else None
        facts.append(_step(number, step, transfer.outcome.words if transfer else ""))
        changes = []
        for end, change in zip(request.ends, (-request.amount, request.amount), strict=True):
            if end not in held:
                figure = balances.held(end, request.asset)
                held[end] = figure.amount if figure else None
            before = held[end]
            held[end] = None if before is None else exact_sum([before, change])
            changes.append((end, before, held[end]))
        line, is_short = words.changes(changes)
        facts.append(Fact("", line, "warning" if is_short else "muted", is_in_band=True))
    if len(plan.legs) > 1:
        facts.append(Fact(_("Sum"), quantity(plan.total, plan.asset), is_in_band=True))
    return facts


def state_facts(state: PlanState, balances: Balances, since_ms: Mapping[Account, float]) -> list[Fact]:
    """Return what became of every step, why the plan stopped, and where the amounts are, by its transfers and by the
    balances that were read since `since_ms`.
    """
    stored = state.stored
    facts = [Fact(_("Plan"), words.purpose(stored.plan), is_in_band=True)]
    for number, step in enumerate(stored.plan.steps):
        facts.append(_step(number, step, ""))
        facts.append(Fact("", printable(words.ended(stored.transfers[number])), "muted", is_in_band=True))
    facts.append(Fact("", ""))
    sentences = [words.stopped(state), *words.whereabouts(stored)]
    facts += [Fact("", printable(sentence), "sentence") for sentence in dict.fromkeys(sentences) if sentence]
    return [*facts, Fact("", ""), _now(stored, balances, since_ms)]


def _now(stored: StoredPlan, balances: Balances, since_ms: Mapping[Account, float]) -> Fact:
    asset = stored.plan.asset
    accounts = list(dict.fromkeys(end for step in stored.plan.steps for end in step.request.ends))
    columns = max(cell_len(account.label) for account in accounts)
    lines = [
        f"{padded(account.label, columns)}   "
        + words.now(balances.held(account, asset), asset, since_ms.get(account, 0.0), ticks_ms())
        for account in accounts
    ]
    return Fact(_("Now"), "\n".join(lines), "text")


def _step(number: int, step: Step, outcome: str) -> Fact:
    request = step.request
    amount = quantity(request.amount, request.asset)
    source, destination = request.ends
    ending = f"   {outcome or request.type.name}"
    return Fact(
        _("Step {number}").format(number=number + 1),
        f"{amount}   {source.label} -> {destination.label}{ending}",
        narrow=f"{amount}   {source.short_label} -> {destination.short_label}{ending}",
        is_in_band=True,
    )
