"""What keeps a desk from sending. The desk asks at every send, so nothing that a screen forgets goes past it."""

import asyncio
from collections.abc import Callable
from decimal import Decimal

from tui.clock import ticks_ms
from tui.desk.balances import BalanceReader
from tui.domain.plan import Plan
from tui.domain.rules import (
    NONE_PASSING,
    MostPerDay,
    RetypeFrom,
    Rules,
    Violation,
    amount_to_retype,
    legs_of,
    violations,
)
from tui.domain.transfer import TransferRequest
from tui.journal import Conditions, DayIsFull, DayLimit, Journal
from tui.structs import Struct
from tui.words import guards

_PRICES_MS = 10 * 60_000
"""Older prices say nothing of what an amount is worth: a price can double in a day."""

ReadRules = Callable[[], Rules]
"""Reads the person's rules as they are now. Raises Forbidden, and ReadOnly if the profile is read-only."""


class Forbidden(Exception):
    """Raised, with the reason, if a desk may not send something. Nothing was sent."""


class ReadOnly(Forbidden):
    """Raised, with the reason, if the profile is read-only now: another Shunter may have made it so."""


class Permit(Struct):
    """The rules that allow something to be sent, and what must still hold when it is written to the journal."""

    sending: TransferRequest | Plan
    rules: Rules
    conditions: Conditions
    to_retype: Decimal | None = None
    """The amount that the person must have typed again; None if no rule wants that."""

    def refused(self, full: DayIsFull) -> Forbidden:
        """Return the exception for a day's limit that the journal says is exceeded."""
        leg = next(leg for leg in legs_of(self.sending) if leg.asset == full.limit.asset)
        limits = self.rules.per_day(full.limit.asset)
        rule = next(
            each for each in limits if (each.amount, each.origin.profile) == (full.limit.amount, full.limit.profile)
        )
        return Forbidden(guards.broken(Violation(rule, leg, full.left)))


def day_limit(rule: MostPerDay) -> DayLimit:
    """Return what a limit of a day demands of the journal."""
    return DayLimit(rule.asset, rule.amount, rule.origin.profile)


async def permit(
    sending: TransferRequest | Plan,
    rules: Rules,
    balance_reader: BalanceReader,
    journal: Journal,
    host: str,
    *,
    retyped: Decimal | None = None,
    succeeds: str = "",
) -> Permit:
    """Check a transfer or a plan against the person's rules. Read a source again if a rule keeps something there.

    `host` is where it would be sent. `retyped` is the amount that the person has typed again, and `succeeds` the
    identity of the stopped plan that this one replaces. Raises Forbidden, JournalError.
    """
    leaving = [leg for leg in legs_of(sending) if leg.is_new and rules.kept(leg.source, leg.asset)]
    asked_ms, quiet_since, passing = ticks_ms(), None, NONE_PASSING
    if leaving:
        quiet_since = await asyncio.to_thread(journal.last_change)
        async for _ in balance_reader.read_wallets({leg.source.wallet for leg in leaving}):
            pass
        # After the balances: an amount that a plan moves in meanwhile is not taken for one that stays.
        passing = await asyncio.to_thread(journal.passing, host, but=succeeds)
    for broken in violations(rules, sending, balance_reader.balances, asked_ms, passing):
        raise Forbidden(guards.broken(broken))
    priced_since_ms = ticks_ms() - _PRICES_MS
    if any(isinstance(rule, RetypeFrom) for rule in rules.rules):
        await balance_reader.freshen_worth(sending.asset, priced_since_ms)
    wanted = amount_to_retype(rules, sending, balance_reader.balances, priced_since_ms)
    if wanted and retyped != wanted[1]:
        raise Forbidden(guards.broken(Violation(wanted[0], legs_of(sending)[0])))
    assets = {leg.asset for leg in legs_of(sending) if leg.is_new}
    limits = [rule for asset in sorted(assets) for rule in rules.per_day(asset)]
    return Permit(
        sending,
        rules,
        Conditions(
            tuple(map(day_limit, limits)),
            quiet_since,
            frozenset((leg.source.wallet, leg.asset) for leg in leaving),
        ),
        wanted[1] if wanted else None,
    )


async def permit_step(
    plan: Plan, number: int, rules: Rules, balance_reader: BalanceReader, journal: Journal, host: str
) -> Permit:
    """Check again, right before a step of a plan is sent, that what must stay in an account stays: others may have
    moved something out of it since the plan was checked as a whole. Raises Forbidden, JournalError.
    """
    request = plan.steps[number].request
    starts = [leg for numbers, leg in zip(plan.legs, legs_of(plan), strict=True) if numbers[0] == number and leg.is_new]
    kept = Rules(tuple(rule for leg in starts for rule in rules.kept(leg.source, leg.asset)))
    return await permit(request, kept, balance_reader, journal, host)
