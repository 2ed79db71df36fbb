"""What was moved once, as the next transfer."""

from decimal import Decimal

import pytest

from tui.domain.entries import Entry, again, reverse
from tui.domain.records import HistoryRow, RecordStatus, UnreadableRow
from tui.domain.transfer import Draft, parse_transfers
from tui.domain.wallets import TransferType, Wallet
from tui.structs import replace

RECORD = HistoryRow(
    "USDT", Decimal("1250.50"), "MAIN_ISOLATED_MARGIN", RecordStatus.CONFIRMED, 7, 1_795_521_600_000, None, "BTCUSDT"
)


def test_same_again_is_what_was_moved_to_the_last_digit() -> None:
    draft = again(Entry(RECORD, None))
    assert draft == Draft(Wallet.SPOT, Wallet.ISOLATED, "USDT", "1250.50", "", "BTCUSDT")
    assert parse_transfers(draft)[0].amount == Decimal("1250.50")


def test_reverse_takes_from_where_it_went() -> None:
    back = reverse(again(Entry(RECORD, None)))
    assert back == Draft(Wallet.ISOLATED, Wallet.SPOT, "USDT", "1250.50", "BTCUSDT", "")


@pytest.mark.parametrize("move", TransferType)
def test_reverse_of_the_reverse_is_the_move_itself(move: TransferType) -> None:
    draft = again(Entry(replace(RECORD, type=move.name, from_symbol="ETHUSDT"), None))
    assert draft.route == (move,)
    assert reverse(reverse(draft)) == draft


def test_reverse_that_is_no_move_says_what_is_in_reach() -> None:
    with pytest.raises(ValueError, match=r"from Options to Portfolio Margin\. Options reaches: Spot"):
        reverse(Draft(Wallet.PORTFOLIO, Wallet.OPTIONS))


def test_pairs_that_the_move_does_not_take_are_left_aside() -> None:
    assert again(Entry(replace(RECORD, type="MAIN_FUNDING"), None)).to_pair == ""


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (replace(RECORD, type="MAIN_MOON\x1b"), r"Shunter knows no move MAIN_MOON\?: it cannot"),
        (UnreadableRow("{}", "MAIN_FUNDING", "USDT"), "cannot be read"),
        (UnreadableRow("{}"), r"knows no move \?"),
    ],
)
def test_what_cannot_be_made_again_says_why(record: HistoryRow | UnreadableRow, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        again(Entry(record, None))
