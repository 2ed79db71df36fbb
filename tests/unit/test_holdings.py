"""All holdings at a glance: what is where, what it is worth, and how a figure looks where there is little room."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.amounts import exact_sum
from tui.domain.balances import Balances, Holdings
from tui.domain.holdings import all_holdings, brief, pair_of
from tui.domain.wallets import Wallet

AMOUNTS = st.decimals("0.000000000000000001", "99999999999999999999", places=18)


def _balances() -> Balances:
    wallets = {
        **dict.fromkeys(Wallet, Holdings()),
        Wallet.SPOT: Holdings({"USDT": Decimal(40), "SHIB": Decimal(9_000_000), "NEW": Decimal(1)}, read_ms=1),
        Wallet.ISOLATED: Holdings(
            pairs={"BTCUSDT": {"USDT": Decimal(5), "BTC": Decimal("0.1")}, "ETHUSDT": {"USDT": Decimal(7)}}, read_ms=1
        ),
    }
    return Balances(wallets, prices={"USDT": Decimal("0.00001"), "BTC": Decimal(1), "SHIB": Decimal("1E-10")})


def test_every_asset_is_there_once_the_dearest_first_what_has_no_price_last() -> None:
    rows = all_holdings(_balances())
    assert [row.asset for row in rows] == ["BTC", "SHIB", "USDT", "NEW"]
    usdt = rows[2]
    assert usdt.amounts == {Wallet.SPOT: Decimal(40), Wallet.ISOLATED: Decimal(12)}
    assert (usdt.total, usdt.worth) == (Decimal(52), Decimal("0.00052"))
    assert rows[3].worth is None


def test_what_was_typed_leaves_the_assets_that_have_it_in_their_name() -> None:
    assert [row.asset for row in all_holdings(_balances(), "S")] == ["SHIB", "USDT"]
    assert all_holdings(_balances(), "XYZ") == []


@pytest.mark.parametrize(("asset", "pair"), [("BTC", "BTCUSDT"), ("USDT", ""), ("NEW", "")])
def test_the_pair_is_known_where_only_one_holds_the_asset(asset: str, pair: str) -> None:
    assert pair_of(_balances(), asset) == pair


@given(AMOUNTS, st.integers(8, 30))
def test_a_figure_fits_its_column_and_is_exact_or_cut_and_says_so(amount: Decimal, width: int) -> None:
    text = brief(amount, width)
    assert len(text) <= width
    figure = text.rstrip("~")
    scale = {"K": 3, "M": 6, "B": 9, "T": 12, "Q": 15}.get(figure[-1], 0)
    shown = Decimal(figure.rstrip("KMBTQ").replace(",", "")).scaleb(scale)
    unit = Decimal(1).scaleb(scale - len(figure.rstrip("KMBTQ").partition(".")[2]))
    if text.endswith("~"):
        assert shown < amount < shown + unit
    else:
        assert shown == amount


@pytest.mark.parametrize(
    ("amount", "text"),
    [("1250.00", "1,250.00"), ("0.80240000", "0.802400"), ("0.05321004", "0.05321~"), ("123456789", "123.45M~")],
)
def test_zeros_that_say_nothing_go_before_a_figure_is_called_cut(amount: str, text: str) -> None:
    assert brief(Decimal(amount), 8) == text


@given(st.lists(AMOUNTS, max_size=8))
def test_totals_are_exact_to_the_last_digit(amounts: list[Decimal]) -> None:
    assert Fraction(exact_sum(amounts)) == sum(map(Fraction, amounts))
