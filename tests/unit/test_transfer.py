"""A transfer that cannot be asked for cannot be made."""

from decimal import Decimal

import pytest

from tui.domain.transfer import Draft, Field, InvalidTransfer, TransferRequest, as_written, parse_transfers
from tui.domain.wallets import TransferType, Wallet

ONE = Decimal(1)


@pytest.mark.parametrize("move", TransferType, ids=lambda move: move.name)
def test_a_move_takes_exactly_the_pairs_that_it_needs(move: TransferType) -> None:
    from_symbol = "BTCUSDT" if move.needs_from_pair else None
    to_symbol = "ETHUSDT" if move.needs_to_pair else None
    assert TransferRequest(move, "USDT", ONE, from_symbol, to_symbol)
    with pytest.raises(InvalidTransfer) as refused:
        TransferRequest(move, "USDT", ONE, None if from_symbol else "BTCUSDT", to_symbol)
    assert set(refused.value.problems) == {Field.FROM_PAIR}
    with pytest.raises(InvalidTransfer) as refused:
        TransferRequest(move, "USDT", ONE, from_symbol, None if to_symbol else "ETHUSDT")
    assert set(refused.value.problems) == {Field.TO_PAIR}


def test_isolated_to_isolated_needs_two_different_pairs() -> None:
    with pytest.raises(InvalidTransfer, match="must differ"):
        TransferRequest(TransferType.ISOLATEDMARGIN_ISOLATEDMARGIN, "USDT", ONE, "BTCUSDT", "BTCUSDT")


@pytest.mark.parametrize("asset", ["币安人生", "Ω", "ß", "1000SATS", "ТОН", "ไทย"[0], "人" * 20])
def test_an_asset_may_be_of_any_script(asset: str) -> None:
    assert TransferRequest(TransferType.MAIN_FUNDING, asset, ONE).asset == asset
    isolated = TransferRequest(TransferType.MAIN_ISOLATED_MARGIN, asset, ONE, to_symbol=f"{asset}USDT")
    assert isolated.to_symbol == f"{asset}USDT"


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("usdt", "USDT"),
        ("ｕｓｄＴ１", "USDT1"),
        ("币安人生usdt", "币安人生USDT"),
        ("straße", "STRAßE"),  # upper() makes two letters of one
        ("ıi", "ıI"),  # and one letter of these two
        ("ω", "ω"),
        ("e\u0301", "é"),
    ],
)
def test_ascii_letters_get_capitals_and_no_other_letter_changes(typed: str, written: str) -> None:
    assert as_written(typed) == written
    assert parse_transfers(Draft(asset=f" {typed}\t", amount="1"))[0].asset == written


@pytest.mark.parametrize(
    "asset",
    ["", "usdt", "US DT", "USDT\n", "ＵＳＤＴ", "USD-T", "[red]", "A" * 21, "人" * 21, "币\u202e", "e\u0301", "²", "ﬁ"],
)
def test_an_asset_has_letters_and_digits_only(asset: str) -> None:
    with pytest.raises(InvalidTransfer) as refused:
        TransferRequest(TransferType.MAIN_FUNDING, asset, ONE)
    assert set(refused.value.problems) == {Field.ASSET}


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity", "1E-9", "1E+20"])
def test_an_amount_is_positive_and_fits_the_exchange(amount: str) -> None:
    with pytest.raises(InvalidTransfer) as refused:
        TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(amount))
    assert set(refused.value.problems) == {Field.AMOUNT}


def test_every_field_that_is_wrong_is_told_at_once() -> None:
    draft = Draft(Wallet.ISOLATED, Wallet.ISOLATED, asset="", amount="1,5", from_pair="", to_pair="?")
    with pytest.raises(InvalidTransfer) as refused:
        parse_transfers(draft)
    assert set(refused.value.problems) == {Field.ASSET, Field.AMOUNT, Field.FROM_PAIR, Field.TO_PAIR}


def test_a_route_that_does_not_exist_is_refused_with_the_ones_that_do() -> None:
    with pytest.raises(InvalidTransfer, match="Portfolio Margin reaches: Spot"):
        parse_transfers(Draft(Wallet.PORTFOLIO, Wallet.PORTFOLIO, asset="USDT", amount="1"))


def test_pairs_left_from_another_move_are_left_aside() -> None:
    draft = Draft(Wallet.SPOT, Wallet.FUNDING, asset="usdt", amount="1", from_pair="BTCUSDT", to_pair="ETHUSDT")
    assert parse_transfers(draft) == (TransferRequest(TransferType.MAIN_FUNDING, "USDT", ONE),)
