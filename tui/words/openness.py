"""What is not open for this account, and what opens it, in words."""

from typing import assert_never

from tui.domain.openness import Closure, PairLimit, Unopened
from tui.domain.wallets import Wallet

_PERMISSIONS = {
    Wallet.UM: "futures",
    Wallet.CM: "futures",
    Wallet.OPTIONS: "options",
    Wallet.PORTFOLIO: "Portfolio Margin",
}
"""What the permissions of a key are for."""


def not_open(each: Unopened, limit: PairLimit | None) -> str:
    """Return what is not open, and what opens it, in one line of the narrowest terminal."""
    account = each.account
    match each.closure:
        case Closure.WALLET:
            return f"{account.wallet.label} is not open: open it on the exchange."
        case Closure.NO_ACCOUNT:
            return f"No {account.pair} account: {_opened('open', limit)}."
        case Closure.DISABLED:
            return f"{account.pair} is disabled: {_opened('enable', limit)}."
        case Closure.NOT_LISTED:
            return f"{account.label} lists no {each.asset}: it may not take it."
        case Closure.KEY:
            return f"The key lacks the permission for {_PERMISSIONS.get(account.wallet, account.label)}."
        case Closure.NO_ACCESS:
            return f"{account.label} is not open, or needs a newer key."
        case _:
            assert_never(each.closure)


def _opened(verb: str, limit: PairLimit | None) -> str:
    """Return what opens the isolated account of a pair, with the exchange's limit if it was read."""
    if limit is None:
        return f"{verb} it on the exchange"
    count = f"{limit.enabled} of {limit.most}"
    return (
        f"{count} are enabled, disable one" if limit.enabled >= limit.most else f"{verb} it on the exchange ({count})"
    )
