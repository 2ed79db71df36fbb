"""Plans: which exist, what they move, and where they leave an amount."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence import evidence_for, transfer
from tests.unit.test_wallets import ROWS, WITH_FROM_SYMBOL, WITH_TO_SYMBOL
from tui.domain.balances import Account
from tui.domain.plan import Plan, Purpose, Step, gather, others, rest, via, way_back
from tui.domain.plan_state import Place, places
from tui.domain.transfer import Basis, InvalidTransfer, Outcome, TransferRequest
from tui.domain.wallets import TransferType, Wallet, route
from tui.structs import replace

TYPES = {(source, destination): name for name, source, destination in ROWS}
"""The exchange's own page."""
AMOUNT = Decimal("0.017")

wallets = st.sampled_from(Wallet)
pairs = st.sampled_from(["BTCUSDT", "ETHUSDT"])
amounts = st.decimals(min_value="0.00000001", max_value="99999999", places=8)


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    wallet = draw(wallets)
    return Account(wallet, draw(pairs) if wallet is Wallet.ISOLATED else None)


@given(accounts(), accounts(), amounts)
def test_plan_exists_exactly_if_one_or_two_types_lead_there(
    source: Account, destination: Account, amount: Decimal
) -> None:
    one = (source.wallet.value, destination.wallet.value) in TYPES
    two = any(
        (source.wallet.value, between) in TYPES and (between, destination.wallet.value) in TYPES
        for between in ("spot", "funding", "cross", "um", "cm", "options", "pm")
    )
    exists = source != destination and (one or (two and source.wallet is not destination.wallet))
    if not exists:
        with pytest.raises(InvalidTransfer):
            via(source, destination, "BTC", amount)
        return
    plan = via(source, destination, "BTC", amount)
    requests = [step.request for step in plan.steps]
    assert len(requests) == (1 if one else 2)
    assert {request.type.name for request in requests} <= set(TYPES.values())
    assert (requests[0].ends[0], requests[-1].ends[1]) == (source, destination)
    for request in requests:
        assert (request.from_symbol is not None) == (request.type.name in WITH_FROM_SYMBOL)
        assert (request.to_symbol is not None) == (request.type.name in WITH_TO_SYMBOL)
        assert (request.asset, request.amount) == ("BTC", amount)
    assert [step.carries_on for step in plan.steps] == [False, True][: len(requests)]
    assert plan.total == amount


def test_24_of_the_56_ordered_pairs_of_wallets_take_two_moves() -> None:
    lengths = [len(route(one, other)) for one in Wallet for other in Wallet if one is not other]
    assert (lengths.count(1), lengths.count(2), lengths.count(0)) == (32, 24, 0)
    assert [wallet for wallet in Wallet if route(wallet, wallet)] == [Wallet.ISOLATED]


@given(st.dictionaries(accounts(), amounts, min_size=1, max_size=6), accounts())
def test_gathering_moves_each_amount_from_its_account_to_the_one(
    held: dict[Account, Decimal], destination: Account
) -> None:
    held.pop(destination, None)
    if not held or any(not route(source.wallet, destination.wallet) for source in held):
        return
    plan = gather(destination, "USDT", held)
    legs = [[plan.steps[number].request for number in leg] for leg in plan.legs]
    assert {leg[0].ends[0]: leg[0].amount for leg in legs} == held
    assert {leg[-1].ends[1] for leg in legs} == {destination}
    assert plan.total == sum(held.values())
    assert plan.ends == (tuple(held), destination)


def test_rest_of_a_rest_still_knows_the_whole_way_back() -> None:
    left = rest(PLAN, 1)
    assert left
    assert ([step.carries_on for step in left.steps], left.legs, left.earlier) == ([True], ((0,),), PLAN.steps[:1])
    back = way_back(left, 0)
    assert back
    assert [step.request.ends for step in back.steps] == [(BETWEEN, SOURCE)]
    whole = way_back(left, 1)
    assert whole
    assert [step.request.ends for step in whole.steps] == [(END, BETWEEN), (BETWEEN, SOURCE)]
    assert [step.carries_on for step in whole.steps] == [False, True]


def test_others_of_a_gather_leave_out_the_amount_that_stopped_it() -> None:
    spot, um, options = Account(Wallet.SPOT), Account(Wallet.UM), Account(Wallet.OPTIONS)
    plan = gather(Account(Wallet.CM), "BTC", {spot: AMOUNT, um: AMOUNT, options: AMOUNT})
    assert plan.legs == ((0,), (1, 2), (3, 4))
    assert others(plan, 0) == Plan(Purpose.REST, plan.steps[1:])
    for done in (1, 2):
        assert others(plan, done) == Plan(Purpose.REST, plan.steps[3:], plan.steps[:done])
    assert others(plan, 3) is None
    assert others(PLAN, 0) is None


def test_nothing_to_gather_is_no_plan() -> None:
    with pytest.raises(ValueError, match="first step"):
        gather(Account(Wallet.SPOT), "USDT", {})


@given(st.dictionaries(accounts(), amounts, min_size=1, max_size=4), st.data())
def test_way_back_undoes_exactly_the_steps_that_are_done(held: dict[Account, Decimal], data: st.DataObject) -> None:
    held.pop(Account(Wallet.CM), None)
    if not held:
        return
    plan = gather(Account(Wallet.CM), "USDT", held)
    done = data.draw(st.integers(0, len(plan.steps)))
    balance: dict[Account, Decimal] = {}

    def carry_out(steps: tuple[Step, ...]) -> None:
        for step in steps:
            source, destination = step.request.ends
            balance[source] = balance.get(source, Decimal(0)) - step.request.amount
            balance[destination] = balance.get(destination, Decimal(0)) + step.request.amount

    carry_out(plan.steps[:done])
    back, left = way_back(plan, done), rest(plan, done)
    assert (left.steps[0].request if left else None) == (plan.steps[done].request if left else None)
    assert (back is None, left is None) == (done == 0, done == len(plan.steps))
    if back:
        carry_out(back.steps)
    assert not any(balance.values())


PLAN = via(Account(Wallet.CM), Account(Wallet.UM), "BTC", AMOUNT)
SOURCE, BETWEEN, END = Account(Wallet.CM), Account(Wallet.SPOT), Account(Wallet.UM)


@pytest.mark.parametrize(
    ("outcomes", "place"),
    [
        ([], Place(AMOUNT, SOURCE)),
        ([Outcome.SENDING], Place(AMOUNT, SOURCE, BETWEEN)),
        ([Outcome.UNKNOWN], Place(AMOUNT, SOURCE, BETWEEN)),
        ([Outcome.REJECTED], Place(AMOUNT, SOURCE)),
        ([Outcome.NOT_SENT], Place(AMOUNT, SOURCE)),
        ([Outcome.NOT_EXECUTED], Place(AMOUNT, SOURCE, basis=Basis.HISTORY)),
        ([Outcome.DONE], Place(AMOUNT, BETWEEN)),
        ([Outcome.DONE, Outcome.UNKNOWN], Place(AMOUNT, BETWEEN, END)),
        ([Outcome.DONE, Outcome.REJECTED], Place(AMOUNT, BETWEEN)),
        ([Outcome.DONE, Outcome.DONE], Place(AMOUNT, END)),
    ],
)
def test_place_of_an_amount_follows_from_the_outcomes(outcomes: list[Outcome], place: Place) -> None:
    steps = [transfer(evidence=evidence_for(outcome)) for outcome in outcomes]
    assert places(PLAN, [*steps, *[None] * (2 - len(steps))]) == [place]


@pytest.mark.parametrize(
    "steps",
    [
        (),
        (Step(TransferRequest(TransferType.MAIN_UMFUTURE, "BTC", AMOUNT), carries_on=True),),
        (PLAN.steps[0], replace(PLAN.steps[1], request=replace(PLAN.steps[1].request, amount=Decimal(1)))),
        (PLAN.steps[0], replace(PLAN.steps[1], request=replace(PLAN.steps[1].request, asset="ETH"))),
        (PLAN.steps[0], replace(PLAN.steps[0], carries_on=True)),
    ],
    ids=["nothing", "carried on first", "another amount", "another asset", "from elsewhere"],
)
def test_list_that_is_no_plan_is_refused(steps: tuple[Step, ...]) -> None:
    with pytest.raises(ValueError, match=r"step|plan"):
        Plan(Purpose.VIA, steps)
