"""Why less can be moved than is there, in words."""

from tui.domain.amounts import grouped, quantity
from tui.domain.form import FormState
from tui.domain.reasons import Shortfall
from tui.language import _


def why_less(state: FormState) -> tuple[str, ...]:
    """Return how much of what is there can be moved, and why it is less, as far as the exchange says it, from the
    longest text to the shortest; empty if all of it can be moved, or if that is not known now.
    """
    less = state.shortfall
    return () if less is None else shortfall_texts(less, state.draft.asset)


def shortfall_texts(less: Shortfall, asset: str) -> tuple[str, ...]:
    """Return how much can be moved, and why it is less, from the longest text to the shortest."""
    short = _("{movable} of {total} can be moved.")
    texts: tuple[str, ...]
    reasons: list[str] = []
    if not less.is_known:
        texts = (short,)
    elif not less.ties:
        texts = (
            _("{movable} of {total} can be moved; the exchange names no reason."),
            _("{movable} of {total} can be moved: no reason is named."),
        )
    elif less.is_sum:
        texts = _("{movable} of {total} can be moved: {reasons}."), _("{movable} of {total}: {reasons}")
        reasons = [
            _("{amount} is {tie}").format(amount=grouped(part), tie=tie.label) for tie, part in less.ties.items()
        ]
    else:
        texts = (
            _("{movable} of {total} can be moved. The exchange names: {reasons}."),
            _("{movable} of {total}; {reasons}"),
            short,
        )
        reasons = [f"{tie.label} {grouped(figure)}" for tie, figure in less.ties.items()]
    total, named = quantity(less.total, asset), _(", ").join(reasons)
    return tuple(text.format(movable=grouped(less.movable), total=total, reasons=named) for text in texts)
