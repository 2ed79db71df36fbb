"""Gathering without a screen: which accounts give what, what is left out and why, and the plan that comes of it."""

from decimal import Decimal

from tui.domain.balances import Absent, Account, Balances, Figure, Holdings, Pair, Restriction
from tui.domain.form import Problem
from tui.domain.gathering import Contribution, Gathering
from tui.domain.plan import gather
from tui.domain.rules import Keep, Origin, Rules
from tui.domain.transfer import Field
from tui.domain.wallets import Wallet
from tui.structs import replace

NOW_MS = 5000.0
SPOT, FUNDING, CROSS, UM, CM = (
    Account(wallet) for wallet in (Wallet.SPOT, Wallet.FUNDING, Wallet.CROSS, Wallet.UM, Wallet.CM)
)
BTCUSDT, ETHUSDT = (Account(Wallet.ISOLATED, pair) for pair in ("BTCUSDT", "ETHUSDT"))


def _holds(amount: str, *, is_transferable: bool = True) -> Holdings:
    return Holdings({"USDT": Decimal(amount)}, is_transferable=is_transferable, read_ms=NOW_MS)


def _balances(**changed: Holdings) -> Balances:
    wallets = {
        **{wallet: Holdings(read_ms=NOW_MS) for wallet in Wallet},
        Wallet.SPOT: _holds("40.00"),
        Wallet.CROSS: _holds("20", is_transferable=False),
        Wallet.ISOLATED: Holdings(
            pairs={"BTCUSDT": {"USDT": Decimal(5)}, "ETHUSDT": {"USDT": Decimal(0)}}, read_ms=NOW_MS
        ),
        Wallet.UM: _holds("7.5"),
        Wallet.CM: Holdings({"BTC": Decimal(1)}, absent=Absent.NOT_LISTED, is_transferable=True, read_ms=NOW_MS),
    }
    pairs = {name: Pair(name, name[:3], "USDT") for name in ("BTCUSDT", "ETHUSDT")}
    return Balances({**wallets, **{Wallet[name]: holdings for name, holdings in changed.items()}}, pairs=pairs)


def _gathering(destination: Account = FUNDING, balances: Balances | None = None, asset: str = "USDT") -> Gathering:
    return Gathering(asset, destination, _balances() if balances is None else balances, NOW_MS)


def _answered(gathering: Gathering, *figures: tuple[Account, str]) -> Gathering:
    """After the exchange has said how much of some can be moved; of the others it has not answered."""
    balances, answered = gathering.balances, frozenset(gathering.inquiries)
    for account, amount in figures:
        exact = Figure(Decimal(amount), NOW_MS, is_transferable=True)
        balances = balances.with_figure(account, gathering.asset, exact)
    return replace(gathering, balances=balances, answered=answered)


def _by_account(gathering: Gathering) -> dict[Account, Contribution]:
    return {each.account: each for each in gathering.contributions}


def test_every_account_that_has_the_asset_or_may_have_it_is_listed_but_the_destination() -> None:
    assert list(_by_account(_gathering())) == [SPOT, CROSS, BTCUSDT, UM, CM]
    assert list(_by_account(_gathering(SPOT))) == [CROSS, BTCUSDT, UM, CM]
    assert list(_by_account(_gathering(BTCUSDT))) == [SPOT, CROSS, UM, CM]
    assert list(_by_account(_gathering(ETHUSDT))) == [SPOT, CROSS, BTCUSDT, UM, CM]
    closed = _balances(UM=Holdings(is_open=False, absent=Absent.NOT_LISTED, read_ms=NOW_MS))
    assert UM not in _by_account(_gathering(balances=closed))


def test_a_margin_account_gives_what_the_exchange_says_can_be_moved_and_nothing_before() -> None:
    gathering = _gathering()
    assert [inquiry.account for inquiry in gathering.inquiries] == [CROSS, BTCUSDT]
    assert _by_account(gathering)[CROSS].is_awaited
    assert gathering.obstacle == Problem(Field.AMOUNT, "The exchange is still being asked about Cross Margin")
    gathering = _answered(gathering, (CROSS, "12.25"), (BTCUSDT, "5"))
    assert not gathering.inquiries
    assert gathering.obstacle is None
    amounts = {SPOT: "40.00", CROSS: "12.25", BTCUSDT: "5", UM: "7.5"}
    assert gathering.plan == gather(FUNDING, "USDT", {account: Decimal(text) for account, text in amounts.items()})


def test_an_amount_that_is_not_known_is_left_out_unless_it_is_typed() -> None:
    gathering = _answered(_gathering())
    rows = _by_account(gathering)
    assert all(rows[account].amount is None for account in (CROSS, BTCUSDT, CM))
    assert not any(rows[account].is_wrong for account in rows)
    assert gathering.obstacle is None
    assert gathering.plan.ends == ((SPOT, UM), FUNDING)
    gathering = replace(gathering, typed={CROSS: "3"})
    assert gathering.plan.ends == ((SPOT, CROSS, UM), FUNDING)


def test_wallet_that_cannot_be_read_is_listed_and_one_that_is_being_read_is_awaited() -> None:
    gathering = _answered(_gathering(balances=_balances(UM=Holdings(problem="cut off"), CM=Holdings())))
    rows = _by_account(gathering)
    assert (rows[UM].amount, rows[UM].is_awaited, rows[CM].is_awaited) == (None, False, True)
    assert gathering.obstacle == Problem(Field.AMOUNT, "The exchange is still being asked about COIN-M Futures")
    assert replace(gathering, left_out=frozenset({CM})).obstacle is None


def test_accounts_are_left_out_and_amounts_changed_to_the_last_digit() -> None:
    gathering = replace(
        _answered(_gathering()),
        left_out=frozenset({UM}),
        typed={SPOT: "all but 0.00000001"},
    )
    assert [(step.request.ends[0], step.request.amount) for step in gathering.plan.steps] == [
        (SPOT, Decimal("39.99999999"))
    ]


def test_more_than_there_is_prevents_the_review_until_it_is_changed_or_left_out() -> None:
    gathering = replace(_answered(_gathering()), typed={UM: "8"})
    assert _by_account(gathering)[UM].is_wrong
    assert gathering.obstacle == Problem(Field.AMOUNT, "USD-M Futures: Only 7.5 USDT can be moved")
    assert replace(gathering, left_out=frozenset({UM})).obstacle is None
    old = replace(gathering, now_ms=NOW_MS + 61_000)
    assert old.obstacle is None
    assert _by_account(old)[UM].amount == 8


def test_dust_that_cannot_be_sent_stays() -> None:
    gathering = _answered(_gathering(balances=_balances(UM=_holds("7.123456789123"), SPOT=_holds("0.000000001"))))
    rows = _by_account(gathering)
    assert str(rows[UM].amount) == "7.12345678"
    assert rows[SPOT].problem == Problem(Field.AMOUNT, "0.000000001 USDT is too little to move")
    assert gathering.plan.total == Decimal("7.12345678")


def test_pair_of_the_destination_is_needed_and_has_to_take_the_asset() -> None:
    missing = _answered(_gathering(Account(Wallet.ISOLATED, "")))
    assert missing.obstacle == Problem(Field.TO_PAIR, "Enter the isolated pair, like BTCUSDT")
    wrong = _gathering(ETHUSDT, asset="BTC")
    assert wrong.obstacle == Problem(Field.TO_PAIR, "It takes ETH and USDT, not BTC")
    plan = _answered(_gathering(ETHUSDT)).plan
    assert {step.request.to_symbol for step in plan.steps if step.request.ends[1] == ETHUSDT} == {"ETHUSDT"}


def test_nothing_to_gather_says_so() -> None:
    alone = _balances(CROSS=_holds("0"), UM=_holds("0"), ISOLATED=Holdings(read_ms=NOW_MS), CM=_holds("0"))
    gathering = _gathering(SPOT, alone)
    assert gathering.contributions == []
    assert gathering.obstacle == Problem(Field.AMOUNT, "There is no USDT to gather")
    everything = replace(_answered(_gathering()), left_out=frozenset(_by_account(_gathering())))
    assert everything.obstacle == Problem(Field.AMOUNT, "There is no USDT to gather")


def test_gathering_into_a_wallet_of_two_moves_takes_each_amount_through_spot() -> None:
    balances = _balances(CM=_holds("1"), CROSS=_holds("0"), ISOLATED=Holdings(read_ms=NOW_MS))
    plan = _gathering(UM, balances).plan
    assert [step.request.type.name for step in plan.steps] == ["MAIN_UMFUTURE", "CMFUTURE_MAIN", "MAIN_UMFUTURE"]
    assert plan.total == Decimal("41.00")


def test_a_bar_of_the_exchange_is_a_warning_at_its_account() -> None:
    um = replace(_holds("7.5"), restrictions=frozenset({Restriction.TRANSFERS_OUT}))
    gathering = _answered(_gathering(balances=_balances(UM=um)))
    row = _by_account(gathering)[UM]
    assert (row.amount, row.problem) == (
        Decimal("7.5"),
        Problem(Field.AMOUNT, "The exchange bars transfers out of USD-M Futures", is_certain=False),
    )
    assert gathering.obstacle is None


def test_what_the_rules_keep_is_not_gathered() -> None:
    origin = Origin("rules.toml", 3)
    kept = Keep(Wallet.SPOT, "USDT", Decimal(30), origin), Keep(Wallet.UM, "USDT", Decimal(10), origin)
    gathered = _by_account(replace(_answered(_gathering()), rules=Rules(kept)))
    assert gathered[SPOT].amount == 10
    assert gathered[UM].amount is None
    problem = gathered[UM].problem
    assert problem
    assert problem.words == "rules.toml, line 3: 10 USDT must stay in USD-M Futures. 0.0 USDT would stay free"
