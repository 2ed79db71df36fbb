"""What a person types as an amount, and what goes on the wire."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.amounts import AmountError, grouped, parse_amount, plain

WIRE = re.compile(r"(0|[1-9][0-9]{0,19})(\.[0-9]{1,8})?")


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("1", "1"),
        ("12.5", "12.5"),
        ("0.00000001", "0.00000001"),
        (" 7 ", "7"),
        ("1.10", "1.10"),
        ("007", "7"),
        (".5", "0.5"),
        ("5.", "5"),
        ("99999999999999999999.99999999", "99999999999999999999.99999999"),
        ("１００", "100"),
        ("１２．５", "12.5"),
        ("1。5", "1.5"),
        ("1｡5", "1.5"),
    ],
)
def test_what_is_typed_is_what_is_sent_in_plain_digits(typed: str, sent: str) -> None:
    assert plain(parse_amount(typed)) == sent


REFUSED = (
    "|  |0|0.0|-1|+1|−1|1,5|1，5|1,000.00|1e3|1E-8|NaN|inf|1.2.3|.|1 000|1_000|0x10|½|²|①|٣|一|1\u200b0|"
    "1.123456789|123456789012345678901|$5|5 USDT"
)


@pytest.mark.parametrize("typed", REFUSED.split("|"))
def test_anything_else_is_refused_with_a_reason(typed: str) -> None:
    with pytest.raises(AmountError) as refused:
        parse_amount(typed)
    assert len(str(refused.value)) > 10


@given(st.integers(1, 10**28 - 1))
def test_every_amount_survives_the_way_to_the_wire_exactly(units: int) -> None:
    integer, decimals = divmod(units, 10**8)
    typed = f"{integer}.{decimals:08d}"
    assert plain(parse_amount(typed)) == typed


@given(st.one_of(st.text(max_size=12), st.text("0123456789.,eE+-_ ０１．。", max_size=12)))
def test_whatever_is_typed_is_refused_or_plain_decimal_notation(typed: str) -> None:
    try:
        amount = parse_amount(typed)
    except AmountError:
        return
    assert WIRE.fullmatch(plain(amount))
    assert amount > 0


def test_no_figure_is_ever_shown_with_an_exponent() -> None:
    assert plain(Decimal("1E-8")) == "0.00000001"
    assert grouped(Decimal("1E+4")) == "10,000"
