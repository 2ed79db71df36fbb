"""What is offered while an asset or a pair is typed."""

from decimal import Decimal

from tui.domain.balances import Account, Balances, Holdings, Pair
from tui.domain.holdings import Choice, asset_choices, matching, pair_choices
from tui.domain.wallets import Wallet

PAIRS = {base + quote: Pair(base + quote, base, quote) for base in ("BTC", "ETH", "SOL") for quote in ("USDT", "USDC")}
SPOT, FUNDING = Account(Wallet.SPOT), Account(Wallet.FUNDING)


def _amounts(**amounts: int) -> dict[str, Decimal]:
    return {asset: Decimal(amount) for asset, amount in amounts.items()}


def _balances() -> Balances:
    return Balances(
        {
            **dict.fromkeys(Wallet, Holdings()),
            Wallet.SPOT: Holdings(_amounts(BNB=2, USDT=100), read_ms=1),
            Wallet.FUNDING: Holdings(_amounts(DOGE=7), read_ms=1),
            Wallet.ISOLATED: Holdings(pairs={"ETHUSDC": _amounts(ETH=1)}, read_ms=1),
        },
        pairs=PAIRS,
    )


def _values(choices: list[Choice]) -> list[str]:
    return [choice.value for choice in choices]


def test_assets_held_in_the_source_come_first_by_amount_then_all_others_by_name() -> None:
    choices = asset_choices(_balances(), SPOT, FUNDING)
    assert _values(choices) == ["USDT", "BNB", "BTC", "DOGE", "ETH", "SOL", "USDC"]
    assert choices[0] == Choice("USDT", "100")


def test_an_isolated_account_leaves_its_base_and_quote_only() -> None:
    assert _values(asset_choices(_balances(), SPOT, Account(Wallet.ISOLATED, "SOLUSDT"))) == ["USDT", "SOL"]


def test_two_isolated_accounts_leave_what_both_take() -> None:
    ends = Account(Wallet.ISOLATED, "SOLUSDT"), Account(Wallet.ISOLATED, "SOLUSDC")
    assert _values(asset_choices(_balances(), *ends)) == ["SOL"]


def test_pairs_that_are_held_come_first() -> None:
    choices = pair_choices(_balances(), "")
    assert choices[0] == Choice("ETHUSDC", "1 ETH")
    assert set(_values(choices)) == set(PAIRS)


def test_only_pairs_that_take_the_asset_are_offered() -> None:
    assert _values(pair_choices(_balances(), "SOL")) == ["SOLUSDC", "SOLUSDT"]
    assert _values(pair_choices(_balances(), "USDC")) == ["ETHUSDC", "BTCUSDC", "SOLUSDC"]


def test_while_the_asset_is_none_yet_every_pair_is_offered() -> None:
    assert set(_values(pair_choices(_balances(), "XYZ"))) == set(PAIRS)


def test_assets_are_offered_by_what_they_are_worth_not_by_how_many_there_are() -> None:
    spot = {"SHIB": Decimal(1_500_000), "BTC": Decimal("0.5"), "USDT": Decimal(1250), "NEW": Decimal(3)}
    wallets = {**dict.fromkeys(Wallet, Holdings()), Wallet.SPOT: Holdings(spot, read_ms=1)}
    prices = {"SHIB": Decimal("1E-10"), "BTC": Decimal(1), "USDT": Decimal("0.000015")}
    choices = asset_choices(Balances(wallets, prices=prices), SPOT, FUNDING)
    assert _values(choices) == ["BTC", "USDT", "SHIB", "NEW"]
    assert [choice.note for choice in choices] == ["        0.5", "    1,250", "1,500,000", "        3"]


def test_the_very_text_comes_first_then_beginnings_then_insides() -> None:
    choices = [Choice(value) for value in ("WBTC", "BTCB", "BTC", "ETH")]
    assert _values(matching(choices, "BTC")) == ["BTC", "BTCB", "WBTC"]
    assert matching(choices, "") == choices


def test_names_that_no_transfer_can_have_are_not_offered() -> None:
    spot = {name: Decimal(1) for name in ("币安人生", "USDT", "\x1b]52;c;eA==\x07", "usd t", "A" * 21)}
    wallets = {**dict.fromkeys(Wallet, Holdings()), Wallet.SPOT: Holdings(spot, read_ms=1)}
    pairs = {symbol: Pair(symbol, "USDT", "USDT") for symbol in ("币安人生USDT", "X\x9bUSDT")}
    balances = Balances(wallets, pairs=pairs)
    assert _values(asset_choices(balances, SPOT, FUNDING)) == ["USDT", "币安人生"]
    assert _values(pair_choices(balances, "")) == ["币安人生USDT"]
