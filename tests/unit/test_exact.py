"""What is calculated with amounts is exact to the last digit, though Python's own context rounds to 28."""

from decimal import Decimal

from tui.domain.balances import Account, Balances, Figure, Holdings, share
from tui.domain.form import FormState
from tui.domain.holdings import asset_choices
from tui.domain.transfer import Draft
from tui.domain.wallets import Wallet
from tui.words.wallets import before_after, end_lines

LONG = Decimal("12345678901.123456789012345678")
LONGEST = Decimal("12345678901234567890.123456789012345678")


def test_the_review_says_what_is_there_afterwards() -> None:
    figure = Figure(LONG, 1, is_transferable=True)
    figures = [before_after(figure, Decimal(change), now_ms=1, is_possible=True) for change in (-1, 1)]
    _, (wide, narrow), _ = end_lines([Account(Wallet.SPOT), Account(Wallet.FUNDING)], figures, "PEPE", ("now", "after"))
    assert wide.endswith("12,345,678,901.123456789012345678  ->  12,345,678,900.123456789012345678 PEPE")
    assert narrow == "Spot\n12,345,678,901.123456789012345678 -> 12,345,678,900.123456789012345678 PEPE"


def test_a_share_is_cut_off_and_never_rounded_up() -> None:
    assert share(LONGEST, 50) == Decimal("6172839450617283945.06172839")
    assert share(LONGEST, 100) == Decimal("12345678901234567890.12345678")


def test_all_but_so_much_leaves_so_much() -> None:
    balances = Balances().with_holdings(Wallet.SPOT, Holdings({"PEPE": LONGEST}, is_transferable=True, read_ms=1))
    draft = Draft(asset="PEPE", amount="all but 0.00000001")
    form = FormState(draft, balances, now_ms=2)
    assert form.rest == Decimal("12345678901234567890.12345677")


def test_the_pairs_of_isolated_margin_are_summed() -> None:
    pairs = {"PEPEUSDT": {"PEPE": LONGEST}, "PEPEUSDC": {"PEPE": Decimal("1E-18")}}
    balances = Balances().with_holdings(Wallet.ISOLATED, Holdings(pairs=pairs, read_ms=1))
    choice = asset_choices(balances, Account(Wallet.ISOLATED), Account(Wallet.SPOT))[0]
    assert "12,345,678,901,234,567,890.123456789012345679" in f"{choice}"
