"""What is in the way of a plan: what the exchange lets know about its last step before the first one leaves."""

from collections.abc import Iterator

from tui.clock import ticks_ms
from tui.desk.desk import Desk
from tui.desk.keycheck import examine
from tui.domain.balances import Account, Balances, Restriction, pair_mismatch
from tui.domain.openness import Closure, unopened_destination
from tui.domain.plan import Plan
from tui.domain.plan_state import Hindrance, Obstruction
from tui.exchange.errors import ExchangeError


async def foresee(desk: Desk, plan: Plan) -> list[Obstruction]:
    """Find out what is in the way of the last step, before the first one leaves. What cannot be read is not certain."""
    destination = plan.ends[1]
    asked_ms = ticks_ms()
    async for _ in desk.balance_reader.read_wallets([destination.wallet]):
        pass
    found = [
        *await _at_key(desk),
        *_at_destination(desk.balance_reader.balances, destination, plan.asset, asked_ms),
    ]
    return [
        Obstruction(hindrance, destination, plan.asset, detail, is_certain=is_certain)
        for hindrance, detail, is_certain in found
    ]


_Found = tuple[Hindrance | Closure, str, bool]


async def _at_key(desk: Desk) -> list[_Found]:
    try:
        report = await examine(desk.client)
    except ExchangeError as error:
        return [(Hindrance.KEY_NOT_READ, str(error), False)]
    if report.missing_permission:
        return [(Hindrance.PERMISSION, report.missing_permission, True)]
    is_said = report.restrictions.permits_universal_transfer is not None
    return [] if is_said else [(Hindrance.KEY_NOT_READ, "", False)]


def _at_destination(balances: Balances, destination: Account, asset: str, asked_ms: float) -> Iterator[_Found]:
    """Yield what is in the way of an asset that is to come into an account."""
    holdings, pair = balances.wallets[destination.wallet], destination.pair
    if holdings.problem or (holdings.read_ms or 0) < asked_ms:
        yield Hindrance.NOT_READ, holdings.problem, False
        return
    is_there = pair in holdings.pairs  # and may take something, even if it is disabled
    closures = [each.closure for each in unopened_destination(balances, destination, asset)]
    for closure in closures:
        yield closure, "", closure is not Closure.NOT_LISTED and not is_there
    if pair and not is_there and not closures:
        yield Hindrance.NOT_READ, "", False  # a row that cannot be read may be its own
    if pair and (text := pair_mismatch(pair, asset, balances.pairs, are_all=balances.has_all_pairs)):
        yield Hindrance.NOT_TAKEN, text, bool(balances.pairs)
    if Restriction.TRANSFERS_IN in holdings.restrictions:
        yield Hindrance.BARRED, "", False
