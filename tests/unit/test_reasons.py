"""Why less can be moved than is there: each reason, from answers as the exchange documents them."""

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tui.clock import ticks_ms
from tui.demo.exchange import DemoExchange
from tui.demo.keys import demo_key
from tui.desk.balances import BalanceReader
from tui.domain.balances import FRESH_MS, Account, Balances, Figure, Holdings
from tui.domain.form import FormState
from tui.domain.transfer import Draft
from tui.domain.wallets import Wallet
from tui.exchange.balances import futures_stock, wallet_source
from tui.exchange.client import BinanceClient
from tui.exchange.payloads import CM_ACCOUNT, UM_ACCOUNT
from tui.structs import replace
from tui.words.reasons import why_less

NOW_MS = 5000.0

SPOT = [
    {
        "asset": "AVAX",
        "free": "1",
        "locked": "0.50",
        "freeze": "0",
        "withdrawing": "0",
        "ipoable": "0",
        "btcValuation": "0",
    }
]
CROSS = {
    "created": True,
    "borrowEnabled": True,
    "marginLevel": "11.64405625",
    "totalAssetOfBtc": "6.82728457",
    "tradeEnabled": True,
    "transferInEnabled": True,
    "transferOutEnabled": True,
    "accountType": "MARGIN_1",
    "userAssets": [
        {
            "asset": "BTC",
            "borrowed": "0.00000000",
            "free": "0.00499500",
            "interest": "0.00000000",
            "locked": "0.00000000",
            "netAsset": "0.00499500",
        },
        {
            "asset": "USDT",
            "borrowed": "50.00000000",
            "free": "60.00000000",
            "interest": "0.00312847",
            "locked": "20.00000000",
            "netAsset": "29.99687153",
        },
    ],
}
ISOLATED = {
    "assets": [
        {
            "baseAsset": {
                "asset": "BTC",
                "borrowEnabled": True,
                "borrowed": "0.00000000",
                "free": "0.50000000",
                "interest": "0.00000000",
                "locked": "0.10000000",
                "netAsset": "0.60000000",
                "netAssetOfBtc": "0.60000000",
                "repayEnabled": True,
                "totalAsset": "0.60000000",
            },
            "quoteAsset": {
                "asset": "USDT",
                "borrowEnabled": True,
                "borrowed": "0.00000000",
                "free": "0.00000000",
                "interest": "0.00000000",
                "locked": "0.00000000",
                "netAsset": "0.00000000",
                "netAssetOfBtc": "0.00000000",
                "repayEnabled": True,
                "totalAsset": "0.00000000",
            },
            "symbol": "BTCUSDT",
            "isolatedCreated": True,
            "enabled": True,
            "marginLevel": "0.00000000",
            "marginLevelStatus": "EXCESSIVE",
            "marginRatio": "0.00000000",
            "indexPrice": "10000.00000000",
            "liquidatePrice": "1000.00000000",
            "liquidateRate": "1.00000000",
            "tradeEnabled": True,
        }
    ]
}
UM = [
    {
        "accountAlias": "SgsR",
        "asset": "USDT",
        "balance": "100.00000000",
        "crossWalletBalance": "100.00000000",
        "crossUnPnl": "3.00000000",
        "availableBalance": "101.20000000",
        "maxWithdrawAmount": "98.20000000",
        "marginAvailable": True,
        "updateTime": 1617939110373,
    }
]
CM = [
    {
        "accountAlias": "SgsR",
        "asset": "BTC",
        "balance": "0.00250000",
        "withdrawAvailable": "0.00200000",
        "crossWalletBalance": "0.00241969",
        "crossUnPnl": "0.00000000",
        "availableBalance": "0.00241969",
        "updateTime": 1592468353979,
    }
]
UM_ASSET = {
    "asset": "USDT",
    "walletBalance": "100.00000000",
    "unrealizedProfit": "3.00000000",
    "marginBalance": "103.00000000",
    "maintMargin": "0.90000000",
    "initialMargin": "1.80000000",
    "positionInitialMargin": "1.80000000",
    "openOrderInitialMargin": "0.00000000",
    "crossWalletBalance": "100.00000000",
    "crossUnPnl": "3.00000000",
    "availableBalance": "101.20000000",
    "maxWithdrawAmount": "98.20000000",
    "updateTime": 1625474304765,
}
OPTIONS = {
    "asset": [
        {
            "asset": "USDT",
            "marginBalance": "10099.448",
            "equity": "10094.44662",
            "available": "8725.92524",
            "initialMargin": "1084.52138",
            "maintMargin": "151.00138",
            "unrealizedPNL": "-5.00138",
            "lpProfit": "-5.00138",
        }
    ],
    "greek": [],
    "time": 1592449455993,
    "canTrade": True,
    "canDeposit": True,
    "canWithdraw": True,
    "reduceOnly": False,
    "tradeGroupId": -1,
}
PORTFOLIO = [
    {
        "asset": "USDT",
        "totalWalletBalance": "110.00000000",
        "crossMarginAsset": "110.00000000",
        "crossMarginBorrowed": "10.00000000",
        "crossMarginFree": "100.00000000",
        "crossMarginInterest": "0.72469206",
        "crossMarginLocked": "10.00000000",
        "umWalletBalance": "0.00000000",
        "umUnrealizedPNL": "23.72469206",
        "cmWalletBalance": "23.72469206",
        "cmUnrealizedPNL": "",
        "updateTime": 1617939110373,
        "negativeBalance": "0",
    }
]


def _balances(wallet: Wallet, answer: Any) -> Balances:
    source = wallet_source(wallet)
    holdings = source.holdings(source.call.read(json.dumps(answer).encode()))
    return Balances().with_holdings(wallet, replace(holdings, read_ms=NOW_MS))


def _asked(balances: Balances, account: Account, asset: str, most: str) -> Balances:
    return balances.with_figure(account, asset, Figure(Decimal(most), NOW_MS, is_transferable=True))


def _why(balances: Balances, wallet: Wallet, asset: str, pair: str = "", now_ms: float = NOW_MS) -> str:
    destination = Wallet.FUNDING if wallet is Wallet.SPOT else Wallet.SPOT
    texts = why_less(FormState(Draft(wallet, destination, asset, "", from_pair=pair), balances, now_ms))
    return texts[0] if texts else ""


@pytest.mark.parametrize("wallet", [Wallet.SPOT, Wallet.FUNDING])
@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ({}, "1 of 1.50 AVAX can be moved: 0.50 is locked."),
        ({"locked": "0", "freeze": "2.5"}, "1 of 3.5 AVAX can be moved: 2.5 is frozen."),
        ({"locked": "0", "withdrawing": "3"}, "1 of 4 AVAX can be moved: 3 is being withdrawn."),
        ({"freeze": "2.5", "free": "0"}, "0 of 3.00 AVAX can be moved: 0.50 is locked, 2.5 is frozen."),
        ({"locked": "0"}, ""),
    ],
)
def test_what_keeps_an_asset_in_spot_or_funding_is_named(wallet: Wallet, figures: dict[str, str], words: str) -> None:
    assert _why(_balances(wallet, [SPOT[0] | figures]), wallet, "AVAX") == words


@pytest.mark.parametrize("name", ["locked", "freeze", "withdrawing"])
@pytest.mark.parametrize("odd", [None, "", "-1", "NaN", 1.5])
def test_a_missing_or_odd_figure_gives_no_reason_and_hides_no_balance(name: str, odd: object) -> None:
    row = {**SPOT[0], name: odd}
    if odd is None:
        del row[name]
    balances = _balances(Wallet.SPOT, [row])
    assert _why(balances, Wallet.SPOT, "AVAX") == ""
    figure = balances.figure(Account(Wallet.SPOT), "AVAX")
    assert figure is not None
    assert figure.amount == 1


def test_debts_of_cross_margin_are_named_but_no_sum_is_made_up() -> None:
    balances = _balances(Wallet.CROSS, CROSS)
    assert _why(balances, Wallet.CROSS, "USDT") == ""  # until the exchange says how much can be moved
    assert _why(_asked(balances, Account(Wallet.CROSS), "USDT", "15"), Wallet.CROSS, "USDT") == (
        "15 of 80.00000000 USDT can be moved. The exchange names: locked 20.00000000, borrowed 50.00000000, "
        "interest 0.00312847."
    )


def test_what_the_exchange_gives_no_reason_for_has_none() -> None:
    balances = _asked(_balances(Wallet.CROSS, CROSS), Account(Wallet.CROSS), "BTC", "0.002")
    assert _why(balances, Wallet.CROSS, "BTC") == "0.002 of 0.00499500 BTC can be moved; the exchange names no reason."


def test_orders_of_an_isolated_pair_are_the_reason_if_they_are_the_difference() -> None:
    balances = _asked(_balances(Wallet.ISOLATED, ISOLATED), Account(Wallet.ISOLATED, "BTCUSDT"), "BTC", "0.5")
    assert _why(balances, Wallet.ISOLATED, "BTC", "BTCUSDT") == (
        "0.5 of 0.60000000 BTC can be moved: 0.10000000 is locked."
    )


@pytest.mark.parametrize(
    ("wallet", "rows", "row", "words"),
    [
        (Wallet.UM, UM, UM_ASSET, "98.20000000 of 100.00000000 USDT can be moved: 1.80000000 is margin in use."),
        (
            Wallet.UM,
            UM,
            UM_ASSET | {"initialMargin": "1.20000000"},
            "98.20000000 of 100.00000000 USDT can be moved. The exchange names: margin in use 1.20000000, "
            "unrealized profit 3.00000000.",
        ),
        (
            Wallet.CM,
            CM,
            UM_ASSET | {"asset": "BTC", "walletBalance": "0.00250000", "initialMargin": "0.00050000"},
            "0.00200000 of 0.00250000 BTC can be moved: 0.00050000 is margin in use.",
        ),
    ],
)
def test_margin_of_futures_is_the_reason(wallet: Wallet, rows: Any, row: dict[str, Any], words: str) -> None:
    balances, asset = _balances(wallet, rows), row["asset"]
    form = FormState(Draft(wallet, Wallet.SPOT, asset), balances, NOW_MS)
    assert why_less(form) == (words[: words.index("can be moved")] + "can be moved.",)
    assert form.reason_inquiry
    assert form.inquiry is None  # what can be moved is known: nothing waits for the reason
    call = UM_ACCOUNT if wallet is Wallet.UM else CM_ACCOUNT
    stock = futures_stock(call.read(json.dumps({"assets": [row], "positions": []}).encode()), asset)
    assert stock
    asked = balances.with_stock(Account(wallet), asset, stock, NOW_MS)
    assert _why(asked, wallet, asset) == words
    assert not FormState(Draft(wallet, Wallet.SPOT, asset), asked, NOW_MS).reason_inquiry
    newer = asked.with_holdings(wallet, replace(asked.wallets[wallet], read_ms=NOW_MS + 1))
    assert _why(newer, wallet, asset) != words  # the answer is older than the balance


def test_an_account_without_the_asset_or_with_it_twice_gives_no_reason() -> None:
    for rows in ([], [UM_ASSET, UM_ASSET | {"initialMargin": "1"}], [UM_ASSET | {"initialMargin": "-1"}]):
        assert futures_stock(UM_ACCOUNT.read(json.dumps({"assets": rows}).encode()), "USDT") is None


def test_options_name_their_margin() -> None:
    assert _why(_balances(Wallet.OPTIONS, OPTIONS), Wallet.OPTIONS, "USDT") == (
        "8,725.92524 of 10,099.448 USDT can be moved. The exchange names: margin in use 1,084.52138, "
        "unrealized profit -5.00138."
    )


def test_portfolio_margin_names_orders_and_debts() -> None:
    balances = _asked(_balances(Wallet.PORTFOLIO, PORTFOLIO), Account(Wallet.PORTFOLIO), "USDT", "60")
    assert _why(balances, Wallet.PORTFOLIO, "USDT") == (
        "60 of 110.00000000 USDT can be moved. The exchange names: locked 10.00000000, borrowed 10.00000000, "
        "interest 0.72469206."
    )


def test_nothing_is_said_of_a_balance_that_may_have_changed() -> None:
    balances = _balances(Wallet.SPOT, SPOT)
    assert _why(balances, Wallet.SPOT, "AVAX", now_ms=NOW_MS + FRESH_MS + 1) == ""
    doubted = balances.doubted([Wallet.SPOT], [], NOW_MS + 1)
    assert _why(doubted, Wallet.SPOT, "AVAX") == ""


@pytest.mark.parametrize("change", ["transfer", "failed reading", "age"])
def test_nothing_is_said_of_a_total_that_is_older_than_what_can_be_moved(change: str) -> None:
    balances, cross = _balances(Wallet.CROSS, CROSS), Account(Wallet.CROSS)
    now_ms = NOW_MS + (FRESH_MS + 1 if change == "age" else 2)
    if change == "transfer":
        balances = balances.doubted([Wallet.CROSS], [], NOW_MS + 1)
    elif change == "failed reading":
        balances = balances.with_holdings(Wallet.CROSS, Holdings(problem="HTTP 503"))
    asked = balances.with_figure(cross, "USDT", Figure(Decimal(5), now_ms, is_transferable=True))
    figure = asked.figure(cross, "USDT")
    assert figure
    assert figure.is_fresh(now_ms)
    assert _why(asked, Wallet.CROSS, "USDT", now_ms=now_ms) == ""


@pytest.mark.parametrize(
    ("wallet", "answer", "asset", "pair", "in_use"),
    [
        (Wallet.SPOT, SPOT, "AVAX", None, "0.50"),
        (Wallet.FUNDING, [SPOT[0] | {"freeze": "2.5", "withdrawing": "3"}], "AVAX", None, "6.00"),
        (Wallet.SPOT, [SPOT[0] | {"locked": "0"}], "AVAX", None, "0"),
        (Wallet.SPOT, [SPOT[0] | {"locked": "NaN"}], "AVAX", None, None),
        (Wallet.SPOT, SPOT, "BTC", None, None),
        (Wallet.CROSS, CROSS, "USDT", None, "20"),  # a debt is no part of what is there
        (Wallet.ISOLATED, ISOLATED, "BTC", "BTCUSDT", "0.1"),
        (Wallet.UM, UM, "USDT", None, None),  # the list has no reasons
        (Wallet.UM, [UM[0] | {"maxWithdrawAmount": "100"}], "USDT", None, "0"),
        (Wallet.OPTIONS, OPTIONS, "USDT", None, "1084.52138"),
        (Wallet.PORTFOLIO, PORTFOLIO, "USDT", None, "10"),
    ],
)
def test_what_is_in_use_is_what_the_list_names_as_a_part_of_what_is_there(
    wallet: Wallet, answer: Any, asset: str, pair: str | None, in_use: str | None
) -> None:
    known = _balances(wallet, answer).wallets[wallet].in_use(asset, pair)
    assert known == (None if in_use is None else Decimal(in_use))


DEMO = {
    (Wallet.SPOT, "USDT", ""): "1,250.00 of 1,400.00 USDT can be moved: 150.00 is locked.",
    (Wallet.SPOT, "FDUSD", ""): "42.00000001 of 50.50000001 FDUSD can be moved: 8.5 is frozen.",
    (Wallet.SPOT, "DOT", ""): "33.3333 of 45.3333 DOT can be moved: 12 is being withdrawn.",
    (Wallet.CROSS, "BTC", ""): "0.0075 of 0.02 BTC can be moved; the exchange names no reason.",
    (Wallet.CROSS, "USDC", ""): (
        "15.00 of 80.00 USDC can be moved. The exchange names: locked 20.00, borrowed 50.00, interest 0.00312847."
    ),
    (Wallet.ISOLATED, "ETH", "ETHUSDT"): "0.50000000 of 0.60000000 ETH can be moved: 0.1 is locked.",
    (Wallet.UM, "USDT", ""): "300.00 of 345.50 USDT can be moved: 45.50 is margin in use.",
    (Wallet.CM, "BTC", ""): "0.01700000 of 0.02000000 BTC can be moved: 0.00300000 is margin in use.",
    (Wallet.OPTIONS, "USDT", ""): "60.00 of 75.00 USDT can be moved: 15.00 is margin in use.",
    (Wallet.PORTFOLIO, "USDT", ""): "60.00 of 100.00 USDT can be moved; the exchange names no reason.",
    (Wallet.SPOT, "SOL", ""): "",
}


async def test_the_demo_account_shows_each_reason() -> None:
    transport = httpx.ASGITransport(DemoExchange())
    async with BinanceClient("https://demo.invalid", demo_key(), transport=transport) as client:
        reader = BalanceReader(client)
        async for _ in reader.read_all():
            pass
        for (wallet, asset, pair), words in DEMO.items():
            await reader.read_transferable(Account(wallet, pair or None), asset)
            assert _why(reader.balances, wallet, asset, pair, ticks_ms()) == words
