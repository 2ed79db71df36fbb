"""The plans that the judge's persons make, with the faults of each."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum, auto
from random import Random

from tests.bench.judge_faults import FAMILIES, Answer, Cut, Lot, draw, error
from tests.bench.judge_ledger import PAIRS
from tests.bench.judge_plan_exchange import FOREIGN_PAIR, UNOPENED_PAIR, without_company
from tui.domain.balances import Account
from tui.domain.plan import Plan, gather, via
from tui.domain.wallets import Wallet, route

_MOMENTS_OF_A_STEP = 14


class End(Enum):
    """How the program ends that carries out a plan."""

    KILL = auto()
    HANG_UP = auto()
    LOCK = auto()
    STOP = auto()
    """The person stops the plan; the program stays."""
    KEY = auto()
    """The person chooses another key, and comes back."""


class Twist(Enum):
    """What happens beside a step."""

    NONE = auto()
    ARRIVES_LATE = auto()
    NEVER_ARRIVES = auto()
    SHRINKS = auto()
    """Something else takes all that its source holds, just before."""
    NOT_TAKEN = auto()
    NOT_OPENED = auto()
    FOREIGN = auto()
    """The pair does not take the asset."""
    TOO_LARGE = auto()
    NOT_PERMITTED = auto()
    NOT_PERMITTED_AT_ALL = auto()
    PAUSE_429 = auto()
    PAUSE_418 = auto()
    READS_PAUSE = auto()
    LAGS = auto()
    ASKS = auto()
    """The record of an unknown step is odd: the person is asked, soon."""
    REPEATED = auto()
    """Another Shunter sends the same after the review."""


@dataclass(frozen=True)
class Case:
    """A plan with its fault."""

    plan: Plan
    step: int
    """The step with the fault, from 0."""
    what: str
    lot: Lot | None
    twist: Twist
    end: End | None
    at: int
    """The number of the moment at which the program ends."""


_LOTS = {
    Twist.TOO_LARGE: (400, -3020, "Transfer out amount exceeds max amount."),
    Twist.NOT_PERMITTED: (401, -2015, "Invalid API-key, IP, or permissions for action."),
    Twist.PAUSE_429: (429, -1003, "Too many requests."),
    Twist.PAUSE_418: (418, -1003, "Way too many requests; IP banned."),
}


def _lot(what: str | Twist, random: Random) -> Lot | None:
    match what:
        case str():
            return without_company(draw(random, family=what))
        case Twist.ARRIVES_LATE:
            return Lot("arrives late", arrival_ms=random.choice([1500, 8000, 25_000, 50_000]))
        case Twist.NEVER_ARRIVES:
            return Lot("arrives very late", arrival_ms=random.choice([75_000, 600_000, 10**9]))
        case Twist.ASKS:
            return Lot("odd record", answer=Cut.CLOSE, odd=random.choice([{"status": "SUCCESS"}, {"asset": "usdt"}]))
        case Twist.REPEATED:
            return Lot("answered slowly", answers_after_s=4)
        case Twist.LAGS:
            lost: list[Answer | Cut] = [Cut.CLOSE, Answer(504)]
            return Lot(
                "history lags",
                answer=random.choice(lost),
                lag_ms=random.choice([20_000, 100_000, 150_000, 200_000, 260_000]),
            )
        case Twist() if what in _LOTS:
            status, code, words = _LOTS[what]
            headers = {"retry-after": f"{random.choice([1, 30, 120])}"} if status in (418, 429) else {}
            return Lot(what.name.lower(), executes=False, answer=Answer(status, error(code, words), headers), code=code)
    return None


def cases(random: Random, numbers: Iterator[int]) -> Iterator[Case]:
    """Every fault at every step, for plans of both kinds, with an end at any moment."""
    faults: list[str | Twist] = [*(family for family in FAMILIES if family != "honest"), *Twist]
    turn = 0
    while True:
        order = faults.copy()
        random.shuffle(order)
        for what in order:
            turn += 1
            plan = gathering(random, numbers) if turn % 3 == 0 else by_way(random, numbers, what)
            step = random.randrange(len(plan.steps))
            if what in (Twist.LAGS, Twist.REPEATED, Twist.ASKS):
                step = random.randrange(len(plan.steps) - 1)
            if what in (Twist.ARRIVES_LATE, Twist.NEVER_ARRIVES):
                ahead = [n - 1 for n, one in enumerate(plan.steps) if one.carries_on]
                step = random.choice(ahead or [step])
            if what in (Twist.NOT_OPENED, Twist.FOREIGN, Twist.NOT_TAKEN):
                step = len(plan.steps) - 1
            is_ended = random.random() < 0.65
            yield Case(
                plan,
                step,
                what if isinstance(what, str) else what.name.lower(),
                _lot(what, random),
                what if isinstance(what, Twist) else Twist.NONE,
                random.choice([End.KILL, End.KILL, *End]) if is_ended else None,
                random.randint(1, _MOMENTS_OF_A_STEP * len(plan.steps)),
            )


def account(wallet: Wallet, random: Random) -> Account:
    """An account of a wallet."""
    return Account(wallet, random.choice(PAIRS) if wallet is Wallet.ISOLATED else None)


def by_way(random: Random, numbers: Iterator[int], what: str | Twist) -> Plan:
    """A plan of two steps, through Spot."""
    pairs = [(one, other) for one in Wallet for other in Wallet if len(route(one, other)) == 2]
    source, destination = random.choice(pairs)
    if what in (Twist.NOT_OPENED, Twist.FOREIGN):
        source = random.choice([one for one, other in pairs if other is Wallet.ISOLATED])
        pair = UNOPENED_PAIR if what is Twist.NOT_OPENED else FOREIGN_PAIR
        return via(account(source, random), Account(Wallet.ISOLATED, pair), "USDT", amount(random, numbers))
    return via(account(source, random), account(destination, random), "USDT", amount(random, numbers))


def gathering(random: Random, numbers: Iterator[int]) -> Plan:
    """A plan that brings together what is in several accounts."""
    everywhere = [Account(wallet) for wallet in Wallet if wallet is not Wallet.ISOLATED]
    everywhere += [Account(Wallet.ISOLATED, pair) for pair in PAIRS]
    destination = random.choice(everywhere)
    sources = [one for one in everywhere if one != destination and route(one.wallet, destination.wallet)]
    chosen = random.sample(sources, random.choice([2, 2, 3, 4]))
    same = amount(random, numbers)
    is_same = random.random() < 0.15
    return gather(destination, "USDT", {one: same if is_same else amount(random, numbers) for one in chosen})


def amount(random: Random, numbers: Iterator[int]) -> Decimal:
    """An amount that nothing else has."""
    return random.randint(1, 40) + Decimal(next(numbers)).scaleb(-6)


def later_case(case: Case, plan: Plan, random: Random) -> Case:
    """Return the faults of the rest of a plan, or of the way back: mostly none."""
    end = random.choice(list(End)) if random.random() < 0.25 else None
    lot = without_company(draw(random)) if random.random() < 0.3 else None
    return replace(
        case,
        plan=plan,
        step=random.randrange(len(plan.steps)),
        what="later",
        lot=lot,
        twist=Twist.NONE,
        end=end,
        at=random.randint(1, _MOMENTS_OF_A_STEP * len(plan.steps)),
    )
