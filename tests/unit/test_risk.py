"""What the exchange says of an account's risk, from answers as it documents them."""

import copy
import json
from typing import Any

import httpx
import pytest

from tests.unit.test_reasons import CROSS, ISOLATED, UM_ASSET
from tui.clock import ticks_ms
from tui.demo.exchange import DemoExchange
from tui.demo.keys import demo_key
from tui.desk.balances import BalanceReader
from tui.domain.balances import Account
from tui.domain.evidence import Obstacle
from tui.domain.risk import Risk, has_risk
from tui.domain.wallets import Wallet
from tui.exchange.client import BinanceClient
from tui.exchange.errors import NotSent
from tui.exchange.risk import risk_source
from tui.words.risk import risk_now

UM = {"totalMaintMargin": "0.00000000", "assets": [UM_ASSET], "positions": []}
PORTFOLIO = {
    "uniMMR": "5167.92171923",
    "accountEquity": "122607.35137903",
    "actualEquity": "73.47428058",
    "accountInitialMargin": "23.72469206",
    "accountMaintMargin": "23.72469206",
    "accountStatus": "NORMAL",
    "virtualMaxWithdrawAmount": "1627523.32459208",
    "totalAvailableBalance": "",
    "totalMarginOpenLoss": "",
    "updateTime": 1657707212154,
}
PAIR = Account(Wallet.ISOLATED, "BTCUSDT")


def _says(account: Account, answer: Any, asset: str = "USDT") -> str:
    source = risk_source(account, asset)
    assert source
    said = risk_now(Risk(ticks_ms(), source.figures(source.call.read(json.dumps(answer).encode()))), asset)
    return said.rpartition(" at ")[0] if " at " in said else said


def _changed(answer: Any, **fields: Any) -> Any:
    answer = copy.deepcopy(answer)
    row = answer["assets"][0] if "assets" in answer else answer
    for name, value in fields.items():
        row[name] = value
        if value is None:
            del row[name]
    return answer


@pytest.mark.parametrize(
    ("account", "answer", "words"),
    [
        (Account(Wallet.CROSS), CROSS, "margin level 11.64405625"),
        (PAIR, ISOLATED, "margin level 0.00000000, status EXCESSIVE, liquidation price 1,000.00000000"),
        (Account(Wallet.UM), UM, "maintenance margin 0.90000000, margin balance 103.00000000 USDT"),
        (Account(Wallet.CM), UM, "maintenance margin 0.90000000, margin balance 103.00000000 USDT"),
        (Account(Wallet.PORTFOLIO), PORTFOLIO, "uniMMR 5,167.92171923, status NORMAL"),
    ],
)
def test_the_risk_is_what_the_exchange_says(account: Account, answer: Any, words: str) -> None:
    assert _says(account, answer) == words


@pytest.mark.parametrize("odd", [None, "", "high", 3.5, True, [], {}])
def test_a_missing_or_odd_figure_is_left_out_and_the_rest_counts(odd: Any) -> None:
    assert _says(PAIR, _changed(ISOLATED, marginLevel=odd)) == "status EXCESSIVE, liquidation price 1,000.00000000"
    assert _says(PAIR, _changed(ISOLATED, marginLevelStatus=odd, liquidatePrice=odd)) == "margin level 0.00000000"
    assert _says(Account(Wallet.PORTFOLIO), _changed(PORTFOLIO, uniMMR=odd, accountStatus="<odd>")) == "not known"
    assert _says(Account(Wallet.CROSS), _changed(CROSS, marginLevel=odd)) == "not known"


def test_nothing_is_said_of_another_pair_or_asset() -> None:
    assert _says(PAIR, _changed(ISOLATED, symbol="ETHUSDT")) == "not known"
    assert _says(PAIR, {"assets": []}) == "not known"
    assert _says(PAIR, {"assets": ISOLATED["assets"] * 2}) == "not known"
    assert _says(Account(Wallet.UM), UM, "BTC") == "not known"


def test_until_the_exchange_answers_it_is_being_asked() -> None:
    assert risk_now(None, "USDT") == "asking the exchange..."
    assert risk_now(Risk(0.0), "USDT") == "not known"


@pytest.mark.parametrize("wallet", Wallet)
def test_every_wallet_has_a_source_of_its_risk_or_none(wallet: Wallet) -> None:
    assert (risk_source(Account(wallet), "USDT") is not None) is has_risk(wallet)


async def test_the_demo_account_shows_each() -> None:
    transport = httpx.ASGITransport(DemoExchange())
    async with BinanceClient("https://demo.invalid", demo_key(), transport=transport) as client:
        reader, said = BalanceReader(client), {}
        for account in (*(Account(wallet) for wallet in Wallet if wallet is not Wallet.ISOLATED), PAIR):
            asset = "BTC" if account.wallet is Wallet.CM else "USDT"
            said[account.wallet] = risk_now(await reader.read_risk(account, asset), asset).rpartition(" at ")[0]
    assert said[Wallet.CROSS].startswith("margin level 43.9")
    assert said[Wallet.ISOLATED] == ("margin level 23.71149200, status EXCESSIVE, liquidation price 21,034.50000000")
    assert said[Wallet.UM] == "maintenance margin 22.75, margin balance 357.80 USDT"
    assert said[Wallet.CM] == "maintenance margin 0.00150000, margin balance 0.02053100 BTC"
    assert said[Wallet.PORTFOLIO] == "uniMMR 5.31680000, status NORMAL"
    assert said[Wallet.SPOT] == ""


async def test_a_failed_reading_says_nothing_and_changes_no_balance(monkeypatch: pytest.MonkeyPatch) -> None:
    transport = httpx.ASGITransport(DemoExchange())
    async with BinanceClient("https://demo.invalid", demo_key(), transport=transport) as client:
        reader = BalanceReader(client)
        before = reader.balances

        async def fails(_: object) -> object:
            raise NotSent(Obstacle.PAUSED)

        monkeypatch.setattr(reader, "_ask", fails)
        assert not (await reader.read_risk(Account(Wallet.CROSS), "USDT")).figures
        assert reader.balances is before
