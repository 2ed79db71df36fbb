"""The table of moves, against the exchange's own page, written out here a second time on purpose."""

import pytest

from tui.domain.wallets import TransferType, Wallet, destinations, parse_wallet, transfer_type

SEED = """
MAIN_UMFUTURE spot um | MAIN_CMFUTURE spot cm | MAIN_MARGIN spot cross | UMFUTURE_MAIN um spot
UMFUTURE_MARGIN um cross | CMFUTURE_MAIN cm spot | MARGIN_MAIN cross spot | MARGIN_UMFUTURE cross um
MARGIN_CMFUTURE cross cm | CMFUTURE_MARGIN cm cross | ISOLATEDMARGIN_MARGIN isolated cross
MARGIN_ISOLATEDMARGIN cross isolated | ISOLATEDMARGIN_ISOLATEDMARGIN isolated isolated | MAIN_FUNDING spot funding
FUNDING_MAIN funding spot | FUNDING_UMFUTURE funding um | UMFUTURE_FUNDING um funding | MARGIN_FUNDING cross funding
FUNDING_MARGIN funding cross | FUNDING_CMFUTURE funding cm | CMFUTURE_FUNDING cm funding | MAIN_OPTION spot options
OPTION_MAIN options spot | UMFUTURE_OPTION um options | OPTION_UMFUTURE options um | MARGIN_OPTION cross options
OPTION_MARGIN options cross | FUNDING_OPTION funding options | OPTION_FUNDING options funding
MAIN_PORTFOLIO_MARGIN spot pm | PORTFOLIO_MARGIN_MAIN pm spot | MAIN_ISOLATED_MARGIN spot isolated
ISOLATED_MARGIN_MAIN isolated spot
"""
ROWS = [tuple(row.split()) for line in SEED.strip().splitlines() for row in line.split(" | ")]
WITH_FROM_SYMBOL = {"ISOLATEDMARGIN_MARGIN", "ISOLATEDMARGIN_ISOLATEDMARGIN", "ISOLATED_MARGIN_MAIN"}
WITH_TO_SYMBOL = {"MARGIN_ISOLATEDMARGIN", "ISOLATEDMARGIN_ISOLATEDMARGIN", "MAIN_ISOLATED_MARGIN"}


def test_the_moves_are_exactly_the_seeds_33() -> None:
    assert len(ROWS) == 33
    assert {(move.name, move.source.value, move.destination.value) for move in TransferType} == set(ROWS)


def test_pairs_are_needed_exactly_where_an_isolated_account_takes_part() -> None:
    assert {move.name for move in TransferType if move.needs_from_pair} == WITH_FROM_SYMBOL
    assert {move.name for move in TransferType if move.needs_to_pair} == WITH_TO_SYMBOL


def test_every_move_can_be_turned_round() -> None:
    assert all(transfer_type(move.destination, move.source) for move in TransferType)


@pytest.mark.parametrize("wallet", Wallet)
def test_every_wallet_reaches_some_wallet(wallet: Wallet) -> None:
    assert destinations(wallet)


@pytest.mark.parametrize("wallet", Wallet)
def test_a_wallet_goes_by_its_name_and_its_id_in_any_case(wallet: Wallet) -> None:
    for word in (
        wallet.value,
        wallet.value.upper(),
        wallet.exchange_id,
        wallet.exchange_id.lower(),
        f" {wallet.value} ",
    ):
        assert parse_wallet(word) is wallet


def test_both_ids_of_isolated_margin_are_known() -> None:
    assert parse_wallet("ISOLATED_MARGIN") is parse_wallet("ISOLATEDMARGIN") is Wallet.ISOLATED


def test_an_unknown_wallet_is_refused_with_the_valid_names() -> None:
    with pytest.raises(ValueError, match="spot, funding, cross, isolated, um, cm, options, pm"):
        parse_wallet("savings")
