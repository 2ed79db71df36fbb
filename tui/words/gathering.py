"""What a person reads about the accounts that an asset is gathered from."""

from tui.domain.amounts import EXACT, quantity
from tui.domain.gathering import Contribution, Gathering
from tui.domain.wallets import route
from tui.language import _
from tui.words.wallets import Place, via


def note(contribution: Contribution, gathering: Gathering, place: Place) -> str:
    """Return why an account gives nothing; else how its amount gets there, what stays, and what may not be true."""
    if contribution.is_left_out:
        return _("left out")
    if contribution.is_awaited:
        return _("asking...") if contribution.figure else _("reading...")
    problem = contribution.problem.words if contribution.problem else ""
    if contribution.amount is None:
        return place.text or problem
    way = via(route(contribution.account.wallet, gathering.destination.wallet))
    return _(", ").join(filter(None, (way, _dust(contribution, gathering.asset), problem, place.doubt.strip())))


def _dust(contribution: Contribution, asset: str) -> str:
    """Return what stays of all that is there, since it has more decimals than can be sent; empty if nothing does."""
    if contribution.is_typed or contribution.figure is None or contribution.amount is None:
        return ""
    rest = EXACT.subtract(contribution.figure.amount, contribution.amount)
    return _("{amount} stays").format(amount=quantity(rest.normalize(EXACT), asset)) if rest else ""
