"""The draft that makes an earlier transfer again, or its reverse. It fills the form, and sends nothing."""

from tui.domain.amounts import plain
from tui.domain.entries import Entry
from tui.domain.text import printable
from tui.domain.transfer import BOTH_ENDS, Draft, route_problem
from tui.domain.wallets import TransferType


def again(entry: Entry) -> Draft:
    """Return the draft of the same transfer. Raises ValueError, with the reason, if it cannot be made."""
    move = TransferType.__members__.get(entry.type or "")
    if move is None:
        raise ValueError(f"Shunter knows no move {printable(entry.type or '?')}: it cannot be made here")
    if entry.asset is None or entry.amount is None:
        raise ValueError("What was moved cannot be read: it cannot be made again")
    from_symbol, to_symbol = entry.symbols
    if not entry.pairs and len(entry.asked) == 1:
        from_symbol, to_symbol = entry.asked[0]
    return Draft(
        move.source,
        move.destination,
        entry.asset,
        plain(entry.amount),
        from_symbol or "" if move.needs_from_pair else "",
        to_symbol or "" if move.needs_to_pair else "",
        BOTH_ENDS,
    )


def reverse(draft: Draft) -> Draft:
    """Return the draft of the way back. Raises ValueError if the exchange has no such move."""
    if problem := route_problem(draft.destination, draft.source):
        raise ValueError(problem)
    return Draft(
        draft.destination,
        draft.source,
        draft.asset,
        draft.amount,
        draft.to_pair,
        draft.from_pair,
        BOTH_ENDS,
        takes_all=draft.takes_all,
    )
