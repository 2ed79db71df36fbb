"""What a person types as an amount, and what goes on the wire."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.amounts import AmountError, aligned, grouped, left_behind, parse_amount, plain

WIRE = re.compile(r"(0|[1-9][0-9]{0,19})(\.[0-9]{1,8})?")


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("1", "1"),
        ("12.5", "12.5"),
        ("0.00000001", "0.00000001"),
        (" 7 ", "7"),
        ("1.10", "1.10"),
        (".5", "0.5"),
        ("5.", "5"),
        ("99999999999999999999.99999999", "99999999999999999999.99999999"),
        ("１００", "100"),
        ("１２．５", "12.5"),
        ("1。5", "1.5"),
        ("1｡5", "1.5"),
        ("1,250.00", "1250.00"),
        ("1,250,000", "1250000"),
        ("１，２５０．５", "1250.5"),
        ("999,999,999.", "999999999"),
    ],
)
def test_what_is_typed_is_what_is_sent_in_plain_digits(typed: str, sent: str) -> None:
    assert plain(parse_amount(typed)) == sent


REFUSED = (
    "|  |0|0.0|-1|+1|−1|1,5|1，5|1e3|1E-8|NaN|inf|1.2.3|.|1 000|1_000|0x10|½|²|①|٣|一|1\u200b0|"
    "1.123456789|123456789012345678901|$5|5 USDT|1,000"
    "|0,000.00|1,00.5|12,34,567|1,0000.5|,100.5|1,000.00.0|1.000,00|1,250.5,1"
)


@pytest.mark.parametrize("typed", REFUSED.split("|"))
def test_anything_else_is_refused_with_a_reason(typed: str) -> None:
    with pytest.raises(AmountError) as refused:
        parse_amount(typed)
    assert len(str(refused.value)) > 10


def test_what_may_be_thousands_or_decimals_is_refused_with_both_ways_to_write_it() -> None:
    with pytest.raises(AmountError, match=r"Write 1250 or 1\.25: 1,250 may be either"):
        parse_amount("1,250")


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("05", "Write 5 or 0.5: 05 may be either"),
        ("007", "Write 7 or 0.07: 007 may be either"),
        ("０5", "Write 5 or 0.5: 05 may be either"),
        ("00.5", "Write 0.5: no zeros in front"),
        ("012.5", "Write 12.5: no zeros in front"),
        ("00", "The amount must be more than 0"),
    ],
)
def test_leading_zeros_are_refused_for_a_point_may_be_missing(typed: str, reason: str) -> None:
    with pytest.raises(AmountError, match=f"^{re.escape(reason)}$"):
        parse_amount(typed)


@given(st.decimals("0.00000001", "99999999999999999999", places=8))
def test_an_amount_as_it_is_shown_is_understood_as_that_or_refused(amount: Decimal) -> None:
    try:
        assert parse_amount(grouped(amount)) == amount
    except AmountError:
        assert grouped(amount).count(",") == 1
        assert "." not in grouped(amount)


@pytest.mark.parametrize("letter", "mthqb")
def test_a_letter_behind_an_amount_is_told_where_it_counts(letter: str) -> None:
    with pytest.raises(AmountError, match=f"^{letter} counts in an empty field"):
        parse_amount(f"12{letter}")


@pytest.mark.parametrize(
    ("typed", "left"),
    [("all but 50", " 50"), ("All But 1,5", " 1,5"), (" all but", ""), ("50", None), ("all bu 5", None)],
)
def test_all_but_so_much_is_told_apart_from_an_amount(typed: str, left: str | None) -> None:
    assert left_behind(typed) == left


def test_dots_stand_in_one_column() -> None:
    assert aligned([Decimal("1250.00"), Decimal("0.5"), Decimal(12)]) == ["1,250.00", "    0.5 ", "   12   "]
    assert aligned([]) == []


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
