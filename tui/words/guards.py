"""Sentences about what keeps anything from being sent: an option, a profile, a key, a person's rules."""

from decimal import Decimal
from typing import assert_never

from tui.domain.amounts import quantity
from tui.domain.balances import Account
from tui.domain.rules import Allow, Keep, Most, MostPerDay, RetypeFrom, Violation
from tui.language import N_, _

_ZERO = Decimal(0)

BY_OPTION = N_("Shunter was started with --read-only.")


def by_profile(name: str) -> str:
    """Return that a profile is read-only, and how to change that."""
    return _("The profile {name} is read-only: F4, then o, changes that.").format(name=name)


def by_key(missing_permission: str) -> str:
    """Return that the key lacks the permission, and what to do."""
    remedy = choose_again(missing_permission)
    return f"{remedy[:1].upper()}{remedy[1:]}"


def choose_again(missing_permission: str) -> str:
    """Return what the key lacks, and what to do then, to go on within a sentence."""
    return _("{problem}, then choose the key again (F4).").format(problem=missing_permission)


def nothing_is_sent(reason: str) -> str:
    """Return that nothing can be sent, and why."""
    return _("READ ONLY: nothing can be sent. {reason}").format(reason=reason)


CHANGED = N_("rules.toml has changed since the plan was confirmed.")
NOT_QUIET = N_("Another transfer has changed the balance since it was read for the rules. Try again.")


def broken(violation: Violation) -> str:
    """Return which rule something would break, where the rule is written, and what it would allow."""
    rule, leg = violation.rule, violation.leg
    place = _("{file}, line {line}").format(file=rule.origin.file, line=rule.origin.line)
    match rule:
        case Allow():
            return _("{place}: {source} -> {destination} is not among the allowed moves.").format(
                place=place, source=leg.source.wallet.label, destination=leg.destination.wallet.label
            )
        case Most():
            most = quantity(rule.amount, rule.asset)
            return _("{place}: at most {amount} in one transfer.").format(place=place, amount=most)
        case MostPerDay():
            most, left = (quantity(each, rule.asset) for each in (rule.amount, max(violation.left or _ZERO, _ZERO)))
            return _("{place}: at most {amount} in one UTC day. By this journal alone, {rest} is left today.").format(
                place=place, amount=most, rest=left
            )
        case Keep():
            return _kept(rule, place, leg.source, violation.left)
        case RetypeFrom():
            worth = quantity(rule.worth, rule.unit)
            return _("{place}: from a worth of {worth} on, type the amount again.").format(place=place, worth=worth)
        case _:
            assert_never(rule)


def _kept(rule: Keep, place: str, source: Account, left: Decimal | None) -> str:
    """Return what must stay, and how much of it would stay, if that is known."""
    kept = quantity(rule.amount, rule.asset)
    if left is None:
        return _("{place}: {amount} must stay in {account}. What would stay is not known.").format(
            place=place, amount=kept, account=source.label
        )
    return _("{place}: {amount} must stay in {account}. {rest} would stay free.").format(
        place=place, amount=kept, account=source.label, rest=quantity(max(left, _ZERO), rule.asset)
    )
