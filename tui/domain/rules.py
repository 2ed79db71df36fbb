"""A person's rules: what a desk may send, by the wallets, by the amount, and by what must stay behind."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import inf

from tui.domain.amounts import EXACT, exact_sum
from tui.domain.balances import Account, Balances
from tui.domain.plan import Plan, Purpose, Step
from tui.domain.transfer import TransferRequest
from tui.domain.wallets import Wallet
from tui.structs import Struct, replace


class Origin(Struct):
    """Where a rule is written."""

    file: str
    line: int
    profile: str = ""
    """The profile that it is for; empty if it is for all."""


class Allow(Struct):
    """Only these moves may be made. A plan counts by its two ends."""

    moves: frozenset[tuple[Wallet, Wallet]]
    origin: Origin


class Most(Struct):
    """At most so much of an asset in one transfer."""

    asset: str
    amount: Decimal
    origin: Origin


class MostPerDay(Struct):
    """At most so much of an asset in one UTC day, by the exchange's time. Only this journal counts."""

    asset: str
    amount: Decimal
    origin: Origin


class Keep(Struct):
    """So much of an asset must stay in each account of a wallet."""

    wallet: Wallet
    asset: str
    amount: Decimal
    origin: Origin


class RetypeFrom(Struct):
    """From this worth on, the amount must be typed again in the review. An unknown worth counts as more."""

    worth: Decimal
    unit: str
    origin: Origin


Rule = Allow | Most | MostPerDay | Keep | RetypeFrom


class Rules(Struct):
    """All rules for one profile."""

    rules: tuple[Rule, ...] = ()
    digest: str = ""
    """Identifies the content of the file; empty if there is none."""
    left_today: tuple[tuple[MostPerDay, Decimal], ...] = ()
    """What was left of the day, for each limit, when the journal was last read: for the form. The journal checks it at
    each send.
    """
    day_ends_ms: float = inf
    """When that day ends, on a monotonic clock."""

    def at(self, now_ms: float) -> "Rules":
        """Return these as they are at a moment: of another day than that of `left_today`, nothing is known."""
        return self if now_ms < self.day_ends_ms else replace(self, left_today=(), day_ends_ms=inf)

    def per_day(self, asset: str) -> tuple[MostPerDay, ...]:
        """Return the limits of a day for an asset."""
        return tuple(rule for rule in self.rules if isinstance(rule, MostPerDay) and rule.asset == asset)

    def kept(self, account: Account, asset: str) -> tuple[Keep, ...]:
        """Return what must stay in an account."""
        kept = (rule for rule in self.rules if isinstance(rule, Keep))
        return tuple(rule for rule in kept if (rule.wallet, rule.asset) == (account.wallet, asset))

    def movable(self, account: Account, asset: str, amount: Decimal, held: Decimal) -> Decimal:
        """Return how much of what can be moved the rules let one transfer move. `held` is what the account's own list
        says is there: a loan can keep more of it than a rule does.
        """
        most = [rule.amount for rule in self.rules if isinstance(rule, Most) and rule.asset == asset]
        most += [left for rule, left in self.left_today if rule.asset == asset]
        kept = max((rule.amount for rule in self.kept(account, asset)), default=Decimal(0))
        return max(min([amount, EXACT.subtract(held, kept), *most]), Decimal(0))


NO_RULES = Rules()
NONE_PASSING: Mapping[tuple[Account, str], Decimal] = {}


class Leg(Struct):
    """One amount on its way: what the rules look at."""

    source: Account
    destination: Account
    asset: str
    amount: Decimal
    is_new: bool = True
    """Whether it leaves its source now. False if a stopped plan has moved it out already."""


def legs_of(sending: TransferRequest | Plan) -> list[Leg]:
    """Return the amounts that a transfer or a plan moves, each from where it starts to where it ends."""
    if isinstance(sending, TransferRequest):
        return [Leg(*sending.ends, sending.asset, sending.amount)]
    legs = []
    for numbers in sending.legs:
        first, last = sending.steps[numbers[0]], sending.steps[numbers[-1]]
        source = _start(first, sending.earlier) if first.carries_on else first.request.ends[0]
        is_new = not first.carries_on or sending.purpose is Purpose.BACK
        legs.append(Leg(source, last.request.ends[1], sending.asset, first.request.amount, is_new))
    return legs


def _start(step: Step, earlier: tuple[Step, ...]) -> Account:
    """Return where the amount of a step started that carries on from the last of the earlier steps."""
    for before in reversed(earlier):
        step = before
        if not before.carries_on:
            break
    return step.request.ends[0]


class Violation(Struct):
    """A rule that something would break."""

    rule: Rule
    leg: Leg
    left: Decimal | None = None
    """For `Keep`: what would stay; None if that is not known. For `MostPerDay`: what is left of the day."""


def amount_to_retype(
    rules: Rules, sending: TransferRequest | Plan, balances: Balances, since_ms: float
) -> tuple[RetypeFrom, Decimal] | None:
    """Return the amount that must be typed again, and the rule that wants it; None if none does. A worth counts as
    known if its prices were read since `since_ms`.
    """
    total = sending.amount if isinstance(sending, TransferRequest) else sending.total
    for rule in rules.rules:
        if isinstance(rule, RetypeFrom):
            is_known = rule.unit == balances.unit and balances.is_valued(sending.asset, since_ms)
            worth = balances.worth(sending.asset, total) if is_known else None
            if worth is None or worth >= rule.worth:
                return rule, total
    return None


def violations(
    rules: Rules,
    sending: TransferRequest | Plan,
    balances: Balances,
    since_ms: float,
    passing: Mapping[tuple[Account, str], Decimal] = NONE_PASSING,
) -> Iterator[Violation]:
    """Yield every rule that sending would break, but for amounts that must be typed again. The limit of a day counts if
    it is known what is left of it: the journal checks it in any case. Balances count if they were read since `since_ms`
    and no open transfer may change them. `passing` are the amounts that plans have still to move out of an account, by
    account and asset: they do not stay.
    """
    legs = legs_of(sending)
    for rule in rules.rules:
        for leg in legs:
            if isinstance(rule, Allow) and (leg.source.wallet, leg.destination.wallet) not in rule.moves:
                yield Violation(rule, leg)
            if isinstance(rule, Most) and leg.asset == rule.asset and leg.amount > rule.amount:
                yield Violation(rule, leg)
    new = [leg for leg in legs if leg.is_new]
    for limit, left_today in rules.left_today:
        if new and limit.asset == new[0].asset and exact_sum(leg.amount for leg in new) > left_today:
            yield Violation(limit, new[0], left_today)
    yield from _too_little_kept(rules, new, balances, since_ms, passing)


def _too_little_kept(
    rules: Rules,
    new: list[Leg],
    balances: Balances,
    since_ms: float,
    passing: Mapping[tuple[Account, str], Decimal],
) -> Iterator[Violation]:
    leaving: defaultdict[tuple[Account, str], Decimal] = defaultdict(Decimal, passing)
    for leg in new:
        place = leg.source, leg.asset
        leaving[place] = EXACT.add(leaving[place], leg.amount)
        for rule in rules.kept(*place):
            figure = balances.held(*place)
            is_known = figure and not figure.problem and not figure.is_doubtful and figure.read_ms >= since_ms
            left = EXACT.subtract(figure.amount, leaving[place]) if figure and is_known else None
            if left is None or left < rule.amount:
                yield Violation(rule, leg, left)
