"""Sentences about what keeps anything from being sent: an option, a profile, a key, a person's rules."""

from decimal import Decimal
from typing import assert_never

from tui.domain.amounts import quantity
from tui.domain.rules import Allow, Keep, Most, MostPerDay, RetypeFrom, Violation
from tui.language import N_

_ZERO = Decimal(0)

BY_OPTION = N_("Shunter was started with --read-only.")


def by_profile(name: str) -> str:
    """Return that a profile is read-only, and how to change that."""
    return f"The profile {name} is read-only: F4, then o, changes that."


def by_key(missing_permission: str) -> str:
    """Return that the key lacks the permission, and what to do."""
    remedy = choose_again(missing_permission)
    return f"{remedy[:1].upper()}{remedy[1:]}"


def choose_again(missing_permission: str) -> str:
    """Return what the key lacks, and what to do then, to go on within a sentence."""
    return f"{missing_permission}, then choose the key again (F4)."


def nothing_is_sent(reason: str) -> str:
    """Return that nothing can be sent, and why."""
    return f"READ ONLY: nothing can be sent. {reason}"


CHANGED = N_("rules.toml has changed since the plan was confirmed.")
NOT_QUIET = N_("Another transfer has changed the balance since it was read for the rules. Try again.")


def broken(violation: Violation) -> str:
    """Return which rule something would break, where the rule is written, and what it would allow."""
    rule, leg = violation.rule, violation.leg
    place = f"{rule.origin.file}, line {rule.origin.line}"
    match rule:
        case Allow():
            return (
                f"{place}: {leg.source.wallet.label} -> {leg.destination.wallet.label} is not among the allowed moves."
            )
        case Most():
            return f"{place}: at most {quantity(rule.amount, rule.asset)} in one transfer."
        case MostPerDay():
            most, left = (quantity(each, rule.asset) for each in (rule.amount, max(violation.left or _ZERO, _ZERO)))
            return f"{place}: at most {most} in one UTC day. By this journal alone, {left} is left today."
        case Keep():
            must = f"{place}: {quantity(rule.amount, rule.asset)} must stay in {leg.source.label}"
            if violation.left is None:
                return f"{must}. What would stay is not known."
            return f"{must}. {quantity(max(violation.left, _ZERO), rule.asset)} would stay free."
        case RetypeFrom():
            return f"{place}: from a worth of {quantity(rule.worth, rule.unit)} on, type the amount again."
        case _:
            assert_never(rule)
