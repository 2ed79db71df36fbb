"""What the review says of a transfer: the facts, what the wallets hold before and after, and what it would repeat."""

from decimal import Decimal

from tui.clock import ticks_ms
from tui.domain.amounts import exact_sum, grouped
from tui.domain.balances import Account, Balances, Figure, Restriction
from tui.domain.transfer import TransferRequest
from tui.widgets.status_bar import Status


def review_facts(request: TransferRequest, status: Status) -> list[tuple[str, str]]:
    """What would be sent, and as whom."""
    source, destination = request.ends
    return [
        ("From", source.wide_label),
        ("To", destination.wide_label),
        ("Amount", f"{grouped(request.amount)} {request.asset}"),
        ("Type", request.type.name),
        ("Profile", status.whose),
    ]


def limit_words(balances: Balances, source: Account, asset: str) -> str:
    """How much of what is free can be moved, where the exchange has said that of the same reading."""
    held, best = balances.held(source, asset), balances.figure(source, asset)
    if held is None or best is None or held.is_exact or not best.is_transferable:
        return ""
    return f"; at most {grouped(best.amount)} can be moved"


def bar_words(bar: Restriction | None) -> str:
    """What the exchange bars an end of the transfer from; empty if nothing."""
    if bar is None:
        return ""
    way = "out of it" if bar is Restriction.NO_WAY_OUT else "into it"
    return f"\nThe exchange says: no transfers {way} now."


def before_after(figure: Figure | None, change: Decimal, asset: str, *, is_possible: bool) -> str:
    """What an account holds before and after; of a transfer that is not possible, what it holds."""
    if figure is None:
        return "its balance is not known"
    doubt = " (a transfer may change it)" if figure.is_doubtful else "" if figure.is_fresh(ticks_ms()) else " (old)"
    free = "" if figure.is_transferable else " free"
    after = exact_sum([figure.amount, change])
    if after < 0:
        return f"{grouped(figure.amount)} {asset}{free}{doubt}: not enough"
    if not is_possible:
        return f"holds {grouped(figure.amount)} {asset}{free}{doubt}"
    return f"{grouped(figure.amount)} -> {grouped(after)} {asset}{free}{doubt}"
