"""What is in the way of a plan: what the exchange lets know about its last step before the first one leaves."""

from collections.abc import Iterator

from tui.clock import ticks_ms
from tui.desk.desk import Desk
from tui.desk.keycheck import examine
from tui.domain.balances import Absent, Account, Balances, Restriction, pair_mismatch
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
        *await _of_the_key(desk),
        *_of_the_account(desk.balance_reader.balances, destination, plan.asset, asked_ms),
    ]
    return [
        Obstruction(hindrance, destination, plan.asset, detail, is_certain=is_certain)
        for hindrance, detail, is_certain in found
    ]


_Found = tuple[Hindrance, str, bool]


async def _of_the_key(desk: Desk) -> list[_Found]:
    try:
        report = await examine(desk.client)
    except ExchangeError as error:
        return [(Hindrance.KEY_NOT_READ, str(error), False)]
    if report.missing_permission:
        return [(Hindrance.PERMISSION, report.missing_permission, True)]
    is_said = report.restrictions.permits_universal_transfer is not None
    return [] if is_said else [(Hindrance.KEY_NOT_READ, "", False)]


def _of_the_account(balances: Balances, destination: Account, asset: str, asked_ms: float) -> Iterator[_Found]:
    """Yield what is in the way of an asset that is to come into an account."""
    holdings, pair = balances.wallets[destination.wallet], destination.pair
    if not holdings.is_open and not holdings.problem:
        yield Hindrance.NOT_OPEN, "", True
        return
    if holdings.problem or (holdings.read_ms or 0) < asked_ms:
        yield Hindrance.NOT_READ, holdings.problem, False
        return
    if pair and pair not in holdings.pairs:
        yield Hindrance.DISABLED if pair in holdings.disabled else Hindrance.NO_ACCOUNT, "", holdings.is_whole
    if pair and (text := pair_mismatch(pair, asset, balances.pairs, are_all=balances.has_all_pairs)):
        yield Hindrance.NOT_TAKEN, text, bool(balances.pairs)
    if not pair and holdings.without(asset) is Absent.NOT_LISTED:
        yield Hindrance.NOT_TAKEN, "", False
    if Restriction.TRANSFERS_IN in holdings.restrictions:
        yield Hindrance.BARRED, "", False
