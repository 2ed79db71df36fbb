"""A transfer: what is asked of the exchange, and how it ended."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from tui.domain.amounts import MAX_DECIMALS, MAX_INTEGER_DIGITS, AmountError, parse_amount
from tui.domain.balances import Account, ends
from tui.domain.evidence import (
    Awaiting,
    Evidence,
    Legacy,
    basis_of,
    code_from,
    outcome_from,
    tran_id_from,
)
from tui.domain.evidence import Basis as Basis
from tui.domain.evidence import Outcome as Outcome
from tui.domain.layout import labelled
from tui.domain.records import HistoryQuery
from tui.domain.text import is_name
from tui.domain.wallets import TransferType, Wallet, destinations, route, transfer_type
from tui.language import _
from tui.structs import Struct

MOST_IN_ASSET, MOST_IN_PAIR = 20, 40
"""The most letters and digits that a name has."""

_AS_WRITTEN = {code + offset: chr(code).upper() for code in range(ord("!"), ord("~") + 1) for offset in (0, 0xFEE0)}
"""Capitals for ASCII letters, and ASCII for what is full-width, by code point."""


class Field(StrEnum):
    """A field of the form."""

    SOURCE = "from"
    DESTINATION = "to"
    ASSET = "asset"
    AMOUNT = "amount"
    FROM_PAIR = "from-pair"
    TO_PAIR = "to-pair"


BOTH_ENDS = frozenset({Field.SOURCE, Field.DESTINATION})


class InvalidTransfer(ValueError):
    """Raised when a transfer is not valid. `problems` says for each wrong field what would be right."""

    def __init__(self, problems: Mapping[Field, str]) -> None:
        super().__init__(_("; ").join(labelled(field, problem) for field, problem in problems.items()))
        self.problems = dict(problems)


class TransferRequest(Struct):
    """One valid transfer, ready to be sent. It cannot be made invalid: raises InvalidTransfer."""

    type: TransferType
    asset: str
    amount: Decimal
    from_symbol: str | None = None
    """The pair of the source's isolated account; None unless the type needs it."""
    to_symbol: str | None = None
    """The pair of the destination's isolated account; None unless the type needs it."""

    def __post_init__(self) -> None:
        problems = {
            Field.ASSET: asset_problem(self.asset),
            Field.AMOUNT: _amount_problem(self.amount),
            Field.FROM_PAIR: pair_problem(self.from_symbol or "") if self.type.needs_from_pair else "",
            Field.TO_PAIR: pair_problem(self.to_symbol or "") if self.type.needs_to_pair else "",
        } | given_pair_problems((self.type,), self.from_symbol, self.to_symbol)
        if wrong := {field: problem for field, problem in problems.items() if problem}:
            raise InvalidTransfer(wrong)

    @property
    def ends(self) -> tuple[Account, Account]:
        """Source and destination."""
        return ends(self.type, self.from_symbol, self.to_symbol)

    @property
    def query(self) -> HistoryQuery:
        """The question to the exchange's history that its record answers."""
        return HistoryQuery(self.type, self.from_symbol, self.to_symbol)

    @property
    def pairs(self) -> str:
        """Its pairs as text: BTCUSDT -> ETHUSDT; empty if it has none."""
        return " -> ".join(pair for pair in (self.from_symbol, self.to_symbol) if pair)


class Draft(Struct, eq=False):
    """What is typed in the form: two wallets, and text as the person typed it. Equal drafts may differ in origin."""

    source: Wallet = Wallet.SPOT
    destination: Wallet = Wallet.FUNDING
    asset: str = ""
    amount: str = ""
    from_pair: str = ""
    to_pair: str = ""
    chosen: frozenset[Field] = frozenset()
    """Which of its wallets the person has chosen; the others are defaults."""
    takes_all: bool = False
    """Whether the amount becomes all that can be moved, as soon as that is known."""
    origin: str = ""
    """Where it was filled from, as text, if that is another place or profile."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Draft) and self._typed == other._typed

    def __hash__(self) -> int:
        return hash(self._typed)

    @property
    def _typed(self) -> tuple[object, ...]:
        wallets = (self.source, self.destination)
        return (*wallets, self.from_pair, self.to_pair, self.asset, self.amount, self.takes_all)

    @property
    def ends(self) -> tuple[Account, Account]:
        """Source and destination; a pair that is not entered yet is empty."""
        return (
            Account(self.source, self.from_pair if self.source is Wallet.ISOLATED else None),
            Account(self.destination, self.to_pair if self.destination is Wallet.ISOLATED else None),
        )

    @property
    def route(self) -> tuple[TransferType, ...]:
        """The types that lead from source to destination: one, or two through Spot.

        Raises InvalidTransfer if none do.
        """
        types = route(self.source, self.destination)
        if not types:
            raise InvalidTransfer({Field.DESTINATION: route_problem(self.source, self.destination)})
        return types


def parse_transfers(draft: Draft) -> tuple[TransferRequest, ...]:
    """Return the requests that a person typed, one for each type of the route; pairs that it does not need are ignored.

    Raises InvalidTransfer with every field that is wrong, not just the first.
    """
    problems: dict[Field, str] = {}
    amount = Decimal(1)
    try:
        amount = parse_amount(draft.amount)
    except AmountError as error:
        problems[Field.AMOUNT] = str(error)
    asset, from_pair, to_pair = (as_written(text.strip()) for text in (draft.asset, draft.from_pair, draft.to_pair))
    requests = []
    for move in draft.route:
        try:
            from_symbol = from_pair if move.needs_from_pair else None
            to_symbol = to_pair if move.needs_to_pair else None
            requests.append(TransferRequest(move, asset, amount, from_symbol, to_symbol))
        except InvalidTransfer as invalid:
            problems |= invalid.problems
    if problems:
        raise InvalidTransfer(problems)
    return tuple(requests)


def route_problem(source: Wallet, destination: Wallet) -> str:
    """Return why no type leads from one wallet to another, and where types lead; empty if one does."""
    if transfer_type(source, destination):
        return ""
    reachable = _(", ").join(wallet.label for wallet in destinations(source))
    return _("The exchange moves nothing from {source} to {destination}. {source} reaches: {wallets}").format(
        source=source.label, destination=destination.label, wallets=reachable
    )


def given_pair_problems(types: Sequence[TransferType], from_pair: str | None, to_pair: str | None) -> dict[Field, str]:
    """Return what is wrong with the pairs that are given for the types of a route; one may still be missing."""
    problems = {}
    first, last = types[0], types[-1]
    if from_pair is not None and not first.needs_from_pair:
        problems[Field.FROM_PAIR] = _no_pair(first.source)
    if to_pair is not None and not last.needs_to_pair:
        problems[Field.TO_PAIR] = _no_pair(last.destination)
    elif from_pair and from_pair == to_pair:
        problems[Field.TO_PAIR] = _("The two pairs must differ")
    return problems


def _no_pair(wallet: Wallet) -> str:
    return _("This move takes no pair for {wallet}").format(wallet=wallet.label)


def as_written(typed: str) -> str:
    """Return an asset or a pair as the exchange writes it: usdt, full-width or not, is USDT.

    Letters of other scripts stay: in some of them, the capital is another letter, or two.
    """
    return unicodedata.normalize("NFC", typed).translate(_AS_WRITTEN)


def parse_asset(text: str) -> str:
    """Return the asset that a person typed, as the exchange writes it. Raises ValueError."""
    return _parsed(text, asset_problem)


def parse_pair(text: str) -> str:
    """Return the isolated pair that a person typed, as the exchange writes it. Raises ValueError."""
    return _parsed(text, pair_problem)


def _parsed(text: str, problem_of: Callable[[str], str]) -> str:
    name = as_written(text.strip())
    if problem := problem_of(name):
        raise ValueError(problem)
    return name


def asset_problem(asset: str) -> str:
    """Return what is wrong with an asset's name; empty if nothing. It may be of any script, as the exchange's are."""
    return _name_problem(asset, "USDT", MOST_IN_ASSET) if asset else _("Enter an asset, like USDT")


def pair_problem(pair: str) -> str:
    """Return what is wrong with the symbol of an isolated pair; empty if nothing."""
    return _name_problem(pair, "BTCUSDT", MOST_IN_PAIR) if pair else _("Enter the isolated pair, like BTCUSDT")


def _name_problem(name: str, example: str, most: int) -> str:
    if not _is_written(name):
        return _("Letters and digits only, like {example}").format(example=example)
    if len(name) <= most:
        return ""
    return _("At most {most} letters and digits, like {example}").format(most=most, example=example)


@lru_cache(maxsize=4096)
def _is_written(name: str) -> bool:
    """Whether a text is a name as the exchange writes it."""
    return is_name(name) and name == as_written(name)


def _amount_problem(amount: Decimal) -> str:
    if not amount.is_finite() or amount <= 0:
        return _("The amount must be more than 0")
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent > MAX_DECIMALS or amount.adjusted() >= MAX_INTEGER_DIGITS:
        problem = _("At most {most_digits} digits and {most_decimals} decimals")
        return problem.format(most_digits=MAX_INTEGER_DIGITS, most_decimals=MAX_DECIMALS)
    return ""


class PlanStep(Struct):
    """Which step of which plan a transfer is."""

    plan: str
    """The plan's identity."""
    number: int
    """From 1."""
    count: int
    """How many steps the plan has."""


class Sending(Struct):
    """A transfer that is about to be sent: the request, the key, the exchange, and the time there."""

    request: TransferRequest
    profile: str
    key_tail: str
    """The end of the API key that signs it, for a person to recognise it by."""
    key_print: str
    """Identifies the key that signs, and so the account."""
    host: str
    """The base URL of the exchange that it goes to."""
    timestamp_ms: int
    """The request's own timestamp, in the exchange's time."""
    clock_error_ms: int
    """By how much the timestamp can differ from the exchange's time, as measured."""
    recv_window_ms: int
    """How long after its timestamp the exchange still accepts it."""
    plan_step: PlanStep | None = None
    """Which step of a plan it is; None for a single transfer."""


class Transfer(Struct):
    """A transfer that the person confirmed, and what is known about it: a row of the journal."""

    id: int
    """Its number in the journal. Another file may use the number again, but never the identity."""
    identity: str
    """A random name that every write checks."""
    request: TransferRequest
    profile: str
    key_tail: str
    """The end of the API key that signed it, for a person to recognise it by."""
    host: str
    """The base URL of the exchange that it went to."""
    timestamp_ms: int
    """The request's own timestamp, in the exchange's time."""
    recv_window_ms: int
    """How long after its timestamp the exchange still accepts it."""
    confirmed_ms: int
    """When it was confirmed, by this machine's clock."""
    clock_error_ms: int | None = None
    """By how much the timestamp can differ from the exchange's time; None in rows of old journals."""
    evidence: Evidence = Awaiting()
    """What its outcome rests on."""
    answer: Evidence | None = None
    """The answer to sending it, which stays whatever is found out later; None before there is one."""
    settled_at: datetime | None = None
    """When the outcome became final; UTC. None while it is open."""
    key_print: str = ""
    """Identifies the key that signed, and so the account; empty in rows of old journals."""
    plan_step: PlanStep | None = None
    """Which step of a plan it is; None for a single transfer."""
    needs_notice: bool = False
    """Whether Shunter showed a wrong outcome before, and the person has not seen the correction."""
    unwritten: str = ""
    """Why what is known about it is not in the journal yet; empty if it is."""

    @property
    def outcome(self) -> Outcome:
        """Its outcome."""
        return outcome_from(self.evidence)

    @property
    def basis(self) -> Basis:
        """What the outcome rests on."""
        return basis_of(self.evidence)

    @property
    def tran_id(self) -> int | None:
        """Its tranId, if it has one."""
        return tran_id_from(self.evidence)

    @property
    def code(self) -> int | None:
        """The exchange's error code in its first answer, if it had one."""
        return code_from(self.answer or self.evidence)

    @property
    def is_judged(self) -> bool:
        """Whether it counts as not executed without an answer of the exchange that says so: Shunter watches it."""
        return self.outcome in (Outcome.NOT_EXECUTED, Outcome.REJECTED) and self.basis is not Basis.ANSWER

    @property
    def is_legacy(self) -> bool:
        """Whether it was recorded before evidence was kept."""
        return isinstance(self.answer or self.evidence, Legacy)
