"""Why less can be moved than is there, in words."""

from tui.domain.amounts import grouped, quantity
from tui.domain.form import FormState
from tui.domain.reasons import Shortfall


def why_less(state: FormState) -> tuple[str, ...]:
    """Return how much of what is there can be moved, and why it is less, as far as the exchange says it, from the
    longest text to the shortest; empty if all of it can be moved, or if that is not known now.
    """
    less = state.shortfall
    return () if less is None else shortfall_texts(less, state.draft.asset)


def shortfall_texts(less: Shortfall, asset: str) -> tuple[str, ...]:
    """Return how much can be moved, and why it is less, from the longest text to the shortest."""
    amount = f"{grouped(less.movable)} of {quantity(less.total, asset)}"
    if not less.is_known:
        return (f"{amount} can be moved.",)
    if not less.ties:
        return f"{amount} can be moved; the exchange names no reason.", f"{amount} can be moved: no reason is named."
    if less.is_sum:
        parts = [f"{grouped(part)} is {tie.label}" for tie, part in less.ties.items()]
        return f"{amount} can be moved: {', '.join(parts)}.", f"{amount}: {', '.join(parts)}"
    named = ", ".join(f"{tie.label} {grouped(figure)}" for tie, figure in less.ties.items())
    return f"{amount} can be moved. The exchange names: {named}.", f"{amount}; {named}", f"{amount} can be moved."
