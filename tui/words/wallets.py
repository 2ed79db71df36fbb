"""What wallets and their accounts hold, in words."""

from decimal import Decimal

from tui.domain.amounts import exact_sum, grouped, quantity
from tui.domain.balances import Account, Balances, Figure, Restriction


def balance_now(balances: Balances, account: Account, asset: str, since_ms: float) -> str:
    """Return what an account holds after a transfer, if it was read since then."""
    figure = balances.held(account, asset)  # as in the review: less may be transferable
    holdings = balances.wallets[account.wallet]
    if figure and figure.read_ms >= since_ms:
        text = f"{quantity(figure.amount, asset)}{'' if figure.is_transferable else ' free'}"
    elif holdings.problem or (holdings.read_ms is not None and holdings.read_ms >= since_ms):
        text = "not known"  # it could not be read, or was read and does not list the asset
    else:
        text = "reading..."
    return f"{account.label} now: {text}"


def before_after(figure: Figure | None, change: Decimal, asset: str, *, now_ms: float, is_possible: bool) -> str:
    """Return what an account holds before and after a transfer; only what it holds if the transfer is not possible."""
    if figure is None:
        return "its balance is not known"
    doubt = " (a transfer may change it)" if figure.is_doubtful else "" if figure.is_fresh(now_ms) else " (old)"
    free = "" if figure.is_transferable else " free"
    after = exact_sum([figure.amount, change])
    if after < 0:
        return f"{quantity(figure.amount, asset)}{free}{doubt}: not enough"
    if not is_possible:
        return f"holds {quantity(figure.amount, asset)}{free}{doubt}"
    return f"{grouped(figure.amount)} -> {quantity(after, asset)}{free}{doubt}"


def limit(balances: Balances, source: Account, asset: str) -> str:
    """Return how much of a free balance can be moved, if the exchange has said so about the same reading."""
    held, best = balances.held(source, asset), balances.figure(source, asset)
    if held is None or best is None or held.is_exact or not best.is_transferable:
        return ""
    return f"; at most {grouped(best.amount)} can be moved"


def bar(restriction: Restriction | None) -> str:
    """Return what the exchange bars an end of a transfer from; empty if nothing."""
    if restriction is None:
        return ""
    way = "out of it" if restriction is Restriction.NO_WAY_OUT else "into it"
    return f"\nThe exchange says: no transfers {way} now."
