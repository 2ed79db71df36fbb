"""What is not open for this account, and what opens it, in words."""

from typing import assert_never

from tui.domain.balances import Account
from tui.domain.openness import Closure, PairLimit, Unopened
from tui.domain.wallets import Wallet
from tui.language import N_, _, pgettext

_OPENS_PAIR = {
    Closure.NO_ACCOUNT: (
        N_("No {pair} account: open it on the exchange."),
        N_("No {pair} account: open it on the exchange ({enabled} of {most})."),
        N_("No {pair} account: {enabled} of {most} are enabled, disable one."),
    ),
    Closure.DISABLED: (
        N_("{pair} is disabled: enable it on the exchange."),
        N_("{pair} is disabled: enable it on the exchange ({enabled} of {most})."),
        N_("{pair} is disabled: {enabled} of {most} are enabled, disable one."),
    ),
}
"""What opens an isolated account: if the exchange's limit was not read, below that limit, and at it."""


def not_open(each: Unopened, limit: PairLimit | None = None) -> str:
    """Return what is not open, and what opens it, in one line of the narrowest terminal."""
    account = each.account
    match each.closure:
        case Closure.WALLET:
            return _("{account} is not open: open it on the exchange.").format(account=account.wallet.label)
        case Closure.NO_ACCOUNT | Closure.DISABLED:
            return _pair_not_open(each, limit)
        case Closure.NOT_LISTED:
            return _("{account} lists no {asset}: it may not take it.").format(account=account.label, asset=each.asset)
        case Closure.KEY:
            return _("The key lacks the permission for {permission}.").format(permission=_permission(account))
        case Closure.NO_ACCESS:
            return _("{account} is not open, or needs a newer key.").format(account=account.label)
        case _:
            assert_never(each.closure)


def _permission(account: Account) -> str:
    """Return what the permission of a key for an account is called."""
    match account.wallet:
        case Wallet.UM | Wallet.CM:
            return pgettext("permission", "futures")
        case Wallet.OPTIONS:
            return pgettext("permission", "options")
        case Wallet.PORTFOLIO:
            return pgettext("permission", "Portfolio Margin")
        case _:
            return account.label


def _pair_not_open(each: Unopened, limit: PairLimit | None) -> str:
    """Return what opens an isolated account, with the exchange's limit if it was read."""
    unlimited, below, reached = _OPENS_PAIR[each.closure]
    if limit is None:
        return _(unlimited).format(pair=each.account.pair)
    text = reached if limit.enabled >= limit.most else below
    return _(text).format(pair=each.account.pair, enabled=limit.enabled, most=limit.most)
