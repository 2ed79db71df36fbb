"""Figures of what the wallets hold: which one counts, and what it lets a person do."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.amounts import parse_amount, plain
from tui.domain.balances import FRESH_MS, Account, Balances, Figure, Holdings, Pair, pair_mismatch, share
from tui.domain.wallets import Wallet

PAIRS = {"BTCUSDT": Pair("BTCUSDT", "BTC", "USDT"), "ETHBTC": Pair("ETHBTC", "ETH", "BTC")}


def test_figures_grow_old_after_a_minute() -> None:
    figure = Figure(Decimal(1), read_ms=1000, is_transferable=True)
    assert figure.is_fresh(1000 + FRESH_MS)
    assert not figure.is_fresh(1001 + FRESH_MS)


def test_a_failed_reading_keeps_what_was_known_and_makes_it_doubtful() -> None:
    known = Holdings({"USDT": Decimal(5)}, read_ms=1000)
    balances = Balances().with_holdings(Wallet.SPOT, known).with_holdings(Wallet.SPOT, Holdings(problem="cut off"))
    figure = balances.figure(Account(Wallet.SPOT), "USDT")
    assert figure == Figure(Decimal(5), 1000, is_transferable=False, problem="cut off")
    assert not figure.is_fresh(1000)


def test_an_answer_overtaken_by_a_later_question_counts_for_nothing() -> None:
    newer, older = Holdings({"USDT": Decimal(1)}, read_ms=2000), Holdings({"USDT": Decimal(9)}, read_ms=1000)
    balances = Balances().with_holdings(Wallet.SPOT, newer).with_holdings(Wallet.SPOT, older)
    assert balances.wallets[Wallet.SPOT] is newer


def test_a_word_on_what_can_be_moved_that_was_overtaken_counts_for_nothing() -> None:
    cross = Account(Wallet.CROSS)
    newer, older = Figure(Decimal(0), 2000, is_transferable=True), Figure(Decimal(50), 1000, is_transferable=True)
    balances = Balances().with_figure(cross, "USDT", newer).with_figure(cross, "USDT", older)
    assert balances.figure(cross, "USDT") == newer
    assert balances.with_figure(cross, "BTC", older).figure(cross, "BTC") == older


def test_what_can_be_moved_counts_rather_than_what_is_free_until_the_wallet_is_read_anew() -> None:
    place, transferable = Account(Wallet.CROSS), Figure(Decimal(3), 1500, is_transferable=True)
    balances = Balances().with_holdings(Wallet.CROSS, Holdings({"USDT": Decimal(5)}, read_ms=1000))
    balances = balances.with_figure(place, "USDT", transferable)
    assert balances.figure(place, "USDT") == transferable
    balances = balances.with_holdings(Wallet.CROSS, Holdings({"USDT": Decimal(4)}, read_ms=2000))
    assert balances.figure(place, "USDT") == Figure(Decimal(4), 2000, is_transferable=False)


def test_nothing_is_said_of_a_wallet_that_was_never_read() -> None:
    assert Balances().figure(Account(Wallet.SPOT), "USDT") is None


def test_an_isolated_account_is_named_with_its_pair() -> None:
    account = Account(Wallet.ISOLATED, "BTCUSDT")
    assert (account.label, account.wide_label) == ("Isolated Margin BTCUSDT", "Isolated Margin  BTCUSDT")
    assert Account(Wallet.SPOT).label == Account(Wallet.SPOT).wide_label == "Spot"


@pytest.mark.parametrize(
    ("symbol", "asset", "fits"),
    [
        ("BTCUSDT", "BTC", True),
        ("BTCUSDT", "USDT", True),
        ("BTCUSDT", "ETH", False),
        ("BTCUSDT", "", True),
        ("", "ETH", True),
        ("NOPEUSDT", "USDT", False),
    ],
)
def test_a_pair_takes_its_base_and_quote_only(symbol: str, asset: str, *, fits: bool) -> None:
    assert (pair_mismatch(symbol, asset, PAIRS) == "") is fits


def test_pairs_that_are_not_known_are_judged_by_their_name() -> None:
    assert pair_mismatch("BTCUSDT", "USDT", {}) == ""
    assert pair_mismatch("BTCUSDT", "ETH", {}) != ""


@given(st.decimals(min_value=Decimal("1e-8"), max_value=Decimal(10) ** 15, places=8))
def test_max_is_the_figure_to_the_last_digit(available: Decimal) -> None:
    assert parse_amount(plain(share(available, 100))) == available


@given(st.decimals(min_value=0, max_value=Decimal(10) ** 9, places=8), st.sampled_from([25, 50, 75]))
def test_a_part_is_rounded_down_to_what_can_be_sent(available: Decimal, percent: int) -> None:
    part, exact = share(available, percent), available * percent / 100
    assert part <= exact < part + Decimal("1e-8")
    assert not part or parse_amount(plain(part)) == part


def test_max_drops_digits_that_cannot_be_sent() -> None:
    assert plain(share(Decimal("1.1234567899"), 100)) == "1.12345678"


def test_what_a_transfer_may_have_changed_counts_once_it_is_read_anew() -> None:
    place = Account(Wallet.SPOT)
    balances = Balances().with_holdings(Wallet.SPOT, Holdings({"USDT": Decimal(5)}, is_transferable=True, read_ms=1000))
    doubted = balances.doubted([Wallet.SPOT, Wallet.FUNDING], [], 1500)
    figure = doubted.figure(place, "USDT")
    assert figure
    assert (figure.is_doubtful, figure.is_fresh(1600), doubted.is_fresh(Wallet.SPOT, 1600)) == (True, False, False)
    reread = doubted.with_holdings(Wallet.SPOT, Holdings({"USDT": Decimal(4)}, is_transferable=True, read_ms=1500))
    figure = reread.figure(place, "USDT")
    assert figure
    assert (figure.is_doubtful, figure.is_fresh(1600), reread.is_fresh(Wallet.SPOT, 1600)) == (False, True, True)


def test_no_reading_counts_while_a_transfer_is_open() -> None:
    doubted = Balances().doubted([Wallet.SPOT], {Wallet.SPOT}, 1500)
    reread = doubted.with_holdings(Wallet.SPOT, Holdings({"USDT": Decimal(4)}, is_transferable=True, read_ms=9000))
    assert not reread.is_fresh(Wallet.SPOT, 9001)
    settled = reread.doubted([Wallet.SPOT], [], 9500)
    assert not settled.is_fresh(Wallet.SPOT, 9501)
