"""The form without a screen: its fields, what is wrong, whether it may be reviewed, what Max gives."""

from decimal import Decimal

import pytest

from tui.domain.balances import FRESH_MS, Account, Balances, Figure, Holdings, Pair, Restriction
from tui.domain.form import FormState, Inquiry, Problem, too_much
from tui.domain.plan import parse_draft, via
from tui.domain.rules import Keep, MostPerDay, Origin, Rules
from tui.domain.transfer import Draft, Field, InvalidTransfer, TransferRequest
from tui.domain.wallets import TransferType, Wallet
from tui.structs import replace
from tui.words.wallets import hint

NOW_MS = 5000.0
LATER_MS = NOW_MS + FRESH_MS
CROSS = Draft(Wallet.CROSS, Wallet.SPOT, "USDT", "30")
ISOLATED = Draft(Wallet.ISOLATED, Wallet.SPOT, "USDT", "1", from_pair="BTCUSDT")
USDT = Draft(asset="USDT", amount="30")


def _balances() -> Balances:
    """What is read at once: of Spot it says how much can be moved, of the others what is free."""
    wallets = {
        **dict.fromkeys(Wallet, Holdings()),
        Wallet.SPOT: Holdings({"USDT": Decimal("40.00"), "BNB": Decimal(0)}, is_transferable=True, read_ms=NOW_MS),
        Wallet.CROSS: Holdings({"USDT": Decimal(20)}, read_ms=NOW_MS),
        Wallet.ISOLATED: Holdings(pairs={"BTCUSDT": {"USDT": Decimal(5)}}, read_ms=NOW_MS),
    }
    return Balances(wallets, pairs={name: Pair(name, name[:3], "USDT") for name in ("BTCUSDT", "ETHUSDT")})


def _form(draft: Draft, balances: Balances | None = None, now_ms: float = NOW_MS) -> FormState:
    return FormState(draft, _balances() if balances is None else balances, now_ms)


@pytest.mark.parametrize("move", TransferType, ids=lambda move: move.name)
def test_pair_fields_are_shown_exactly_where_the_move_needs_them(move: TransferType) -> None:
    fields = _form(Draft(move.source, move.destination)).fields
    assert fields[-2:] == (Field.ASSET, Field.AMOUNT)
    assert (Field.FROM_PAIR in fields, Field.TO_PAIR in fields) == (move.needs_from_pair, move.needs_to_pair)


def test_a_form_between_wallets_without_a_move_says_which_moves_there_are() -> None:
    with pytest.raises(InvalidTransfer, match="Portfolio Margin reaches: Spot"):
        _ = _form(Draft(Wallet.PORTFOLIO, Wallet.PORTFOLIO)).problems


def test_what_is_entered_well_may_be_reviewed() -> None:
    form = _form(USDT)
    assert not form.problems
    assert form.obstacle is None


def test_everything_that_is_wrong_is_known_at_once_and_its_first_field_is_the_obstacle() -> None:
    form = _form(Draft(Wallet.ISOLATED, Wallet.ISOLATED, "", "1,5", "BTCUSDT", "NOPEUSDT"))
    assert list(form.problems) == [Field.TO_PAIR, Field.ASSET, Field.AMOUNT]
    assert "dot" in form.problems[Field.AMOUNT].words
    assert form.problems[Field.TO_PAIR].words == "The exchange has no such isolated pair"
    assert form.obstacle == Problem(Field.TO_PAIR, "The exchange has no such isolated pair")


_ORDER = [Field.SOURCE, Field.FROM_PAIR, Field.DESTINATION, Field.TO_PAIR, Field.ASSET, Field.AMOUNT]


@pytest.mark.parametrize("move", TransferType, ids=lambda move: move.name)
def test_a_person_goes_on_in_one_order_each_pair_behind_its_wallet(move: TransferType) -> None:
    form = _form(Draft(move.source, move.destination, "USDT", "1", "BTCUSDT", "ETHUSDT"))
    order = [Field.SOURCE]
    while order[-1] is not Field.AMOUNT:
        order.append(form.field_after(order[-1]))
    pairs = (Field.FROM_PAIR, Field.TO_PAIR)
    assert order == [field for field in _ORDER if field in form.fields or field not in pairs]


def test_an_amount_from_which_a_key_may_be_missing_is_not_reviewed() -> None:
    form = replace(_form(USDT), doubt="A key was not understood")
    assert form.obstacle == Problem(Field.AMOUNT, "A key was not understood")


def test_what_is_wrong_with_a_pair_by_itself_is_said_before_what_does_not_fit_it() -> None:
    form = _form(Draft(Wallet.ISOLATED, Wallet.ISOLATED, "BNB", "1", "BTCUSDT", "BTCUSDT"))
    assert form.problems[Field.FROM_PAIR].words == "It takes BTC and USDT, not BNB"
    assert form.problems[Field.TO_PAIR].words == "The two pairs must differ"


def test_pairs_left_from_another_move_are_no_obstacle() -> None:
    assert _form(replace(USDT, from_pair="?", to_pair="NOPEUSDT")).obstacle is None


def test_more_than_there_is_by_a_fresh_figure_may_not_be_reviewed() -> None:
    form = _form(replace(USDT, amount="40.00000001"), now_ms=LATER_MS)
    assert form.obstacle == Problem(Field.AMOUNT, "Only 40.00 USDT can be moved", is_certain=True)
    assert _form(replace(USDT, amount="40"), now_ms=LATER_MS).obstacle is None


@pytest.mark.parametrize("doubt", ["old", "not read again", "a transfer may have changed it"])
def test_more_than_there_was_is_said_and_may_be_reviewed(doubt: str) -> None:
    balances, now_ms = _balances(), NOW_MS
    if doubt == "old":
        now_ms = LATER_MS + 1
    elif doubt == "not read again":
        balances = balances.with_holdings(Wallet.SPOT, Holdings(problem="cut off"))
    else:
        balances = balances.doubted([Wallet.SPOT], [], NOW_MS + 1)
    form = _form(replace(USDT, amount="41"), balances, now_ms)
    assert form.problems == {Field.AMOUNT: Problem(Field.AMOUNT, "Only 40.00 USDT can be moved", is_certain=False)}
    assert form.obstacle is None


@pytest.mark.parametrize("amount", ["", "0", "1,5", "1e3", "-1"])
def test_a_bad_amount_may_not_be_reviewed_however_old_the_figures_are(amount: str) -> None:
    obstacle = _form(replace(USDT, amount=amount), now_ms=LATER_MS + 1).obstacle
    assert obstacle
    assert obstacle.field is Field.AMOUNT


def test_doubt_about_the_amount_hides_no_other_obstacle() -> None:
    form = _form(replace(ISOLATED, amount="6", from_pair="BTCUSD"), now_ms=LATER_MS + 1)
    assert form.obstacle == Problem(Field.FROM_PAIR, "The exchange has no such isolated pair")


def test_more_than_there_is_names_what_there_is() -> None:
    figure = Figure(Decimal("1250.00"), NOW_MS, is_transferable=True)
    spot = Account(Wallet.SPOT)
    excess = too_much(Decimal("1250.00000001"), "USDT", spot, figure, NOW_MS)
    assert excess == Problem(Field.AMOUNT, "Only 1,250.00 USDT can be moved")
    assert too_much(Decimal(1250), "USDT", spot, figure, NOW_MS) is None
    free = too_much(Decimal(2000), "USDT", spot, replace(figure, is_transferable=False), NOW_MS)
    assert free == Problem(Field.AMOUNT, "Only 1,250.00 USDT is free")


def test_nothing_is_too_much_of_a_wallet_that_was_never_read() -> None:
    assert too_much(Decimal(10), "USDT", Account(Wallet.SPOT), None, NOW_MS) is None
    assert _form(USDT, Balances()).obstacle is None


@pytest.mark.parametrize(("percent", "amount"), [(100, "40.00"), (75, "30"), (50, "20"), (25, "10")])
def test_max_and_parts_are_those_of_what_can_be_moved(percent: int, amount: str) -> None:
    part = _form(replace(USDT, amount="")).part(percent, is_asked=False)
    assert str(part) == amount


def test_max_waits_while_the_exchange_is_asked_and_never_takes_what_is_only_free() -> None:
    form = _form(CROSS)
    assert form.part(100, is_asked=True) is None
    assert form.part(100, is_asked=False) == Problem(Field.AMOUNT, "What can be moved is not known: type it")
    exact = Figure(Decimal(15), NOW_MS, is_transferable=True)
    form = _form(CROSS, _balances().with_figure(Account(Wallet.CROSS), "USDT", exact))
    assert form.part(100, is_asked=False) == Decimal(15)


def test_of_nothing_it_is_said_that_there_is_nothing() -> None:
    nothing = Problem(Field.AMOUNT, "No BNB to move in Spot")
    assert _form(Draft(asset="BNB")).part(100, is_asked=False) == nothing
    assert _form(Draft(asset="BNB", amount="1")).obstacle == nothing


def test_a_missing_pair_is_told_at_the_pair_and_not_at_the_amount() -> None:
    form = _form(replace(ISOLATED, from_pair="", amount=""))
    assert form.part(100, is_asked=False) == Problem(Field.FROM_PAIR, "Enter the pair first")
    form = _form(replace(ISOLATED, from_pair="ETHUSDT"))
    assert form.problems == {Field.FROM_PAIR: Problem(Field.FROM_PAIR, "You have no ETHUSDT account")}
    later = _form(replace(ISOLATED, from_pair="ETHUSDT"), now_ms=LATER_MS + 1)
    assert later.problems == {Field.FROM_PAIR: Problem(Field.FROM_PAIR, "You have no ETHUSDT account", False)}
    disabled = replace(form.balances.wallets[Wallet.ISOLATED], disabled=frozenset({"ETHUSDT"}))
    wallets = {**form.balances.wallets, Wallet.ISOLATED: disabled}
    known = replace(form, balances=replace(form.balances, wallets=wallets))
    assert known.problems[Field.FROM_PAIR].words == "Your ETHUSDT account is disabled"
    assert later.obstacle is None


@pytest.mark.parametrize(
    "draft",
    [Draft(), Draft(Wallet.UM, Wallet.SPOT, "USDT")],
    ids=["no asset", "not read"],
)
def test_max_waits_until_the_asset_is_entered_and_the_wallet_is_read(draft: Draft) -> None:
    assert _form(draft).part(100, is_asked=False) is None


def test_the_exchange_is_asked_where_only_what_is_free_is_known() -> None:
    assert _form(CROSS).inquiry == Inquiry(Account(Wallet.CROSS), "USDT", NOW_MS)
    assert _form(ISOLATED).inquiry == Inquiry(Account(Wallet.ISOLATED, "BTCUSDT"), "USDT", NOW_MS)
    assert _form(USDT).inquiry is None
    assert _form(replace(CROSS, asset="BNB")).inquiry is None


def test_the_amount_hints_at_what_there_is_and_how_far_it_can_be_relied_on() -> None:
    assert hint(_form(USDT), Field.AMOUNT) == "of 40.00 USDT"
    assert hint(_form(CROSS), Field.AMOUNT) == "of 20 USDT free"
    assert hint(_form(USDT, now_ms=LATER_MS + 1), Field.AMOUNT) == "of 40.00 USDT (old; F5 reloads)"
    doubted = _balances().doubted([Wallet.SPOT], [], NOW_MS + 1)
    assert hint(_form(USDT, doubted), Field.AMOUNT) == "of 40.00 USDT (may change)"
    unread = Balances().with_holdings(Wallet.SPOT, Holdings(problem="cut off"))
    assert hint(_form(USDT, unread), Field.AMOUNT) == "Spot could not be read"
    assert hint(_form(replace(USDT, asset="US")), Field.AMOUNT) == ""


def test_a_pair_hints_at_the_accounts_that_there_are() -> None:
    assert hint(_form(replace(ISOLATED, from_pair="")), Field.FROM_PAIR) == "You hold: BTCUSDT"
    assert hint(_form(replace(ISOLATED, from_pair="ETHUSDT")), Field.FROM_PAIR) == "You have no ETHUSDT account yet"
    assert hint(_form(ISOLATED), Field.ASSET) == ""
    assert hint(_form(replace(USDT, from_pair="ETHUSDT")), Field.FROM_PAIR) == ""  # it is not asked for


def test_all_but_so_much_is_what_can_be_moved_less_that() -> None:
    form = _form(replace(USDT, amount="all but 10"))
    assert form.rest == Decimal("30.00")
    assert hint(form, Field.AMOUNT) == "= 30.00 USDT"
    assert form.obstacle is None
    assert form.calculated.draft == replace(USDT, amount="30.00")
    assert hint(_form(form.draft, now_ms=LATER_MS + 1), Field.AMOUNT) == "= 30.00 USDT (old; F5 reloads)"


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        (replace(USDT, amount="all but "), "Enter what should stay, like: all but 50"),
        (replace(USDT, amount="all but 1,5"), "Write 1234.5 with a dot, and no commas"),
        (replace(USDT, amount="all but 40"), "Only 40.00 USDT is there"),
        (replace(USDT, amount="all but 41"), "Only 40.00 USDT is there"),
        (replace(CROSS, amount="all but 5"), "What can be moved is not known: type it"),
        (
            Draft(asset="USDT", source=Wallet.UM, destination=Wallet.SPOT, amount="all but 5"),
            "What can be moved is not",
        ),
    ],
)
def test_all_but_so_much_that_comes_to_nothing_is_said_and_stays_as_typed(draft: Draft, words: str) -> None:
    form = _form(draft)
    assert form.obstacle is not None
    assert form.obstacle.field is Field.AMOUNT
    assert form.obstacle.words.startswith(words)
    assert form.calculated.draft == draft


BOTH = frozenset({Field.SOURCE, Field.DESTINATION})


@pytest.mark.parametrize(
    ("draft", "first"),
    [
        (Draft(), Field.SOURCE),
        (Draft(chosen=frozenset({Field.SOURCE})), Field.DESTINATION),
        (Draft(chosen=BOTH), Field.ASSET),
        (Draft(asset="USDT", chosen=BOTH), Field.AMOUNT),
        (Draft(Wallet.SPOT, Wallet.ISOLATED, "USDT", "1", chosen=BOTH), Field.TO_PAIR),
        (Draft(asset="USDT", amount="1", chosen=BOTH), Field.AMOUNT),
    ],
)
def test_a_person_goes_on_at_the_first_field_that_is_empty(draft: Draft, first: Field) -> None:
    assert _form(draft).first_empty is first


@pytest.mark.parametrize(("asset", "is_earning"), [("LDUSDT", True), ("LDO", False), ("LDBTC", True), ("LD", False)])
def test_simple_earn_position_is_said_to_be_one(asset: str, is_earning: bool) -> None:
    problem = _form(Draft(asset=asset, amount="1")).problems.get(Field.ASSET)
    assert (problem is not None and "Simple Earn" in problem.words) is is_earning
    assert problem is None or not problem.is_certain


TWO_MOVES = Draft(Wallet.UM, Wallet.ISOLATED, "USDT", "5", to_pair="BTCUSDT")


@pytest.mark.parametrize(
    ("draft", "fields"),
    [
        (Draft(Wallet.UM, Wallet.CM), set()),
        (Draft(Wallet.UM, Wallet.ISOLATED), {Field.TO_PAIR}),
        (Draft(Wallet.ISOLATED, Wallet.UM), {Field.FROM_PAIR}),
    ],
)
def test_two_moves_ask_for_the_pairs_of_their_ends(draft: Draft, fields: set[Field]) -> None:
    form = _form(draft)
    assert set(form.fields) == fields | {Field.ASSET, Field.AMOUNT}
    assert set(form.problems) == set(form.fields)
    assert form.ends == (Account(draft.source, form.ends[0].pair), Account(draft.destination, form.ends[1].pair))


def test_two_moves_have_the_figures_of_their_source_and_the_limits_of_their_destination() -> None:
    um = Holdings({"USDT": Decimal(8)}, is_transferable=True, read_ms=NOW_MS)
    balances = _balances().with_holdings(Wallet.UM, um)
    assert not _form(TWO_MOVES, balances).problems
    assert _form(replace(TWO_MOVES, amount=""), balances).part(100, is_asked=False) == Decimal(8)
    assert _form(replace(TWO_MOVES, amount="all but 3"), balances).calculated.draft.amount == "5"
    excess = _form(replace(TWO_MOVES, amount="9"), balances).obstacle
    assert excess == Problem(Field.AMOUNT, "Only 8 USDT can be moved")
    mismatch = _form(replace(TWO_MOVES, asset="BNB"), balances).problems[Field.TO_PAIR]
    assert mismatch.words == "It takes BTC and USDT, not BNB"


@pytest.mark.parametrize(
    ("wallet", "bar", "words"),
    [
        (Wallet.UM, Restriction.TRANSFERS_OUT, "out of USD-M Futures"),
        (Wallet.SPOT, Restriction.TRANSFERS_IN, "into Spot"),
        (Wallet.SPOT, Restriction.TRANSFERS_OUT, "out of Spot"),
        (Wallet.ISOLATED, Restriction.TRANSFERS_IN, "into Isolated Margin"),
    ],
)
def test_a_bar_of_either_move_is_said(wallet: Wallet, bar: Restriction, words: str) -> None:
    balances = _balances()
    barred = replace(balances.wallets[wallet], restrictions=frozenset({bar}))
    problems = _form(TWO_MOVES, replace(balances, wallets={**balances.wallets, wallet: barred})).problems
    problem = Problem(Field.AMOUNT, f"The exchange bars transfers {words}", is_certain=False)
    assert problems == {Field.AMOUNT: problem}


def test_what_is_typed_becomes_one_transfer_or_a_plan_of_two() -> None:
    single = parse_draft(USDT)
    assert single == TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(30))
    plan = parse_draft(replace(TWO_MOVES, asset=" usdt", to_pair="btcusdt "))
    assert plan == via(Account(Wallet.UM), Account(Wallet.ISOLATED, "BTCUSDT"), "USDT", Decimal(5))


def test_every_field_that_is_wrong_is_known_of_two_moves_too() -> None:
    with pytest.raises(InvalidTransfer) as refused:
        parse_draft(Draft(Wallet.UM, Wallet.ISOLATED, "", "1,5", to_pair="?"))
    assert set(refused.value.problems) == {Field.ASSET, Field.AMOUNT, Field.TO_PAIR}


@pytest.mark.parametrize(
    ("kept", "part"),
    [
        ("100", Decimal(50)),  # the loan keeps more than the rule does
        ("460", Decimal(40)),
        ("500", "rules.toml, line 3: 500 USDT must stay in Cross Margin. 450 USDT would stay free"),
        ("499.999999999", "rules.toml, line 3: 499.999999999 USDT must stay in Cross Margin. 450 USDT would stay free"),
    ],
)
def test_what_a_rule_keeps_counts_from_what_is_there_and_not_from_what_a_loan_lets_go(
    kept: str, part: Decimal | str
) -> None:
    cross = Account(Wallet.CROSS)
    balances = Balances().with_holdings(Wallet.CROSS, Holdings({"USDT": Decimal(500)}, read_ms=1))
    balances = balances.with_figure(cross, "USDT", Figure(Decimal(50), 1, is_transferable=True))
    rules = Rules((Keep(Wallet.CROSS, "USDT", Decimal(kept), Origin("rules.toml", 3)),))
    state = FormState(Draft(Wallet.CROSS, Wallet.SPOT, "USDT"), balances, 1, rules=rules)
    filled = state.part(100, is_asked=False)
    assert (filled.words if isinstance(filled, Problem) else filled) == part


def test_what_was_left_of_yesterday_is_not_said_of_today() -> None:
    limit = MostPerDay("USDT", Decimal(100), Origin("rules.toml", 3))
    rules = Rules((limit,), left_today=((limit, Decimal(10)),), day_ends_ms=NOW_MS + 1)
    draft = Draft(asset="USDT", amount="11")
    today = FormState(draft, _balances(), NOW_MS, rules=rules)
    assert today.part(100, is_asked=False) == 10
    assert "10 USDT is left today" in today.problems[Field.AMOUNT].words
    tomorrow = replace(today, now_ms=NOW_MS + 1)
    assert tomorrow.part(100, is_asked=False) == 40
    assert tomorrow.problems == {}
