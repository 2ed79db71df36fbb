"""What is not open for this account is said with what opens it, from answers as the exchange documents them."""

import json
from typing import Any

import httpx
import pytest

from tests.unit.test_reasons import ISOLATED, UM
from tui.clock import ClockReading, ticks_ms
from tui.demo.exchange import DemoExchange
from tui.demo.keys import demo_key
from tui.demo.person import beginner_ledger
from tui.desk.balances import BalanceReader
from tui.desk.keycheck import KeyCheck
from tui.domain.balances import Balances, Holdings, Pair
from tui.domain.form import FormState
from tui.domain.openness import PairLimit
from tui.domain.transfer import Draft
from tui.domain.wallets import Wallet
from tui.exchange.balances import wallet_source
from tui.exchange.client import BinanceClient
from tui.exchange.errors import error_of_answer
from tui.exchange.payloads import ISOLATED_LIMIT, KEY_RESTRICTIONS, WALLET_BALANCES
from tui.structs import replace
from tui.words.openness import not_open

NOW_MS = 5000.0
PAIRS = {symbol: Pair(symbol, symbol[:3], "USDT") for symbol in ("BTCUSDT", "ETHUSDT")}
TO_PAIR = Draft(Wallet.SPOT, Wallet.ISOLATED, "USDT", "1", to_pair="ETHUSDT")
BARRED = b'{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}'


def _with(wallet: Wallet, holdings: Holdings, known: Balances | None = None) -> Balances:
    balances = known or Balances(pairs=PAIRS)
    return balances.with_holdings(wallet, holdings if holdings.problem else replace(holdings, read_ms=NOW_MS))


def _read(wallet: Wallet, answer: Any) -> Holdings:
    source = wallet_source(wallet)
    return source.holdings(source.call.read(json.dumps(answer).encode()))


def _refused(wallet: Wallet, status: int, body: bytes) -> Holdings:
    return wallet_source(wallet).unread(error_of_answer(status, httpx.Headers(), body))


def _says(balances: Balances, draft: Draft, limit: PairLimit | None = None, *lacking: Wallet) -> list[str]:
    form = FormState(draft, balances, NOW_MS, lacking=frozenset(lacking), pair_limit=limit)
    return [not_open(each, limit) for each in form.unopened]


@pytest.mark.parametrize(
    ("wallet", "body"),
    [
        (Wallet.CROSS, b'{"code":-3003,"msg":"Margin account does not exist."}'),
        (Wallet.ISOLATED, b'{"code":-11001,"msg":"Isolated margin account does not exist."}'),
        (Wallet.PORTFOLIO, b'{"code":-21001,"msg":"Request ID is not a Portfolio Margin Account."}'),
    ],
)
def test_a_wallet_that_was_never_opened_says_so_at_either_end(wallet: Wallet, body: bytes) -> None:
    balances = _with(wallet, _refused(wallet, 400, body))
    words = [f"{wallet.label} is not open: open it on the exchange."]
    assert _says(balances, Draft(Wallet.SPOT, wallet, "USDT")) == words
    assert _says(balances, Draft(wallet, Wallet.SPOT, "USDT")) == words


def test_an_inactive_wallet_of_the_glance_says_so() -> None:
    row = {"activate": False, "balance": "0", "walletName": "Options", "assetBalances": []}
    glance = WALLET_BALANCES.read(json.dumps([row]).encode())
    holdings = wallet_source(Wallet.OPTIONS).at_a_glance(glance)
    assert holdings
    assert _says(_with(Wallet.OPTIONS, holdings), Draft(Wallet.SPOT, Wallet.OPTIONS)) == [
        "Options is not open: open it on the exchange."
    ]


def test_a_pair_without_an_account_says_what_opens_it_and_the_limit() -> None:
    balances = _with(Wallet.ISOLATED, _read(Wallet.ISOLATED, ISOLATED))
    assert FormState(TO_PAIR, balances, NOW_MS).wants_limit
    assert _says(balances, TO_PAIR) == ["No ETHUSDT account: open it on the exchange."]
    answer = ISOLATED_LIMIT.read(b'{"enabledAccount": 5, "maxAccount": 20}')
    limit = PairLimit(answer.enabled_account, answer.max_account, NOW_MS)
    assert not FormState(TO_PAIR, balances, NOW_MS, pair_limit=limit).wants_limit
    assert _says(balances, TO_PAIR, limit) == ["No ETHUSDT account: open it on the exchange (5 of 20)."]
    assert _says(balances, TO_PAIR, PairLimit(20, 20, NOW_MS)) == [
        "No ETHUSDT account: 20 of 20 are enabled, disable one."
    ]
    assert FormState(TO_PAIR, balances, NOW_MS).obstacle is None  # the exchange decides
    assert not FormState(replace(TO_PAIR, to_pair="BTCUSDT"), balances, NOW_MS).unopened
    assert not FormState(replace(TO_PAIR, to_pair="ETHUSD"), balances, NOW_MS).unopened  # still being typed


@pytest.mark.parametrize(
    "answer",
    [
        b'{"enabledAccount": 5}',
        b'{"enabledAccount": "5", "maxAccount": 20}',
        b'{"enabledAccount": -1, "maxAccount": 20}',
    ],
)
def test_an_odd_limit_is_none(answer: bytes) -> None:
    with pytest.raises(ValueError, match="documented"):
        ISOLATED_LIMIT.read(answer)


def test_a_disabled_pair_says_so_at_either_end_even_if_it_holds_something() -> None:
    row = ISOLATED["assets"][0] | {"enabled": False}
    balances = _with(Wallet.ISOLATED, _read(Wallet.ISOLATED, {"assets": [row]}))
    words = ["BTCUSDT is disabled: enable it on the exchange."]
    assert _says(balances, replace(TO_PAIR, to_pair="BTCUSDT")) == words
    assert _says(balances, Draft(Wallet.ISOLATED, Wallet.SPOT, "USDT", from_pair="BTCUSDT")) == words


def test_of_isolated_accounts_that_were_not_read_as_a_whole_nothing_is_said() -> None:
    odd = {"assets": [ISOLATED["assets"][0] | {"symbol": "\u202e"}]}
    assert _says(_with(Wallet.ISOLATED, Holdings(problem="It could not be read.")), TO_PAIR) == []
    assert _says(Balances(pairs=PAIRS), TO_PAIR) == []
    try:
        balances = _with(Wallet.ISOLATED, _read(Wallet.ISOLATED, odd))
    except Exception:  # noqa: BLE001 - then it is not read at all
        return
    assert _says(balances, TO_PAIR) == []


def test_an_asset_that_a_wallet_does_not_list_says_so() -> None:
    balances = _with(Wallet.UM, _read(Wallet.UM, UM))
    balances = _with(Wallet.SPOT, Holdings({"DOGE": NOW_MS}, is_transferable=True), balances)  # type: ignore[dict-item]
    assert _says(balances, Draft(Wallet.SPOT, Wallet.UM, "DOGE")) == [
        "USD-M Futures lists no DOGE: it may not take it."
    ]
    assert _says(balances, Draft(Wallet.SPOT, Wallet.UM, "USDT")) == []


def test_a_permission_that_the_key_lacks_is_named_only_if_the_exchange_says_so() -> None:
    balances = _with(Wallet.OPTIONS, _refused(Wallet.OPTIONS, 401, BARRED))
    draft = Draft(Wallet.SPOT, Wallet.OPTIONS)
    assert _says(balances, draft, None, Wallet.OPTIONS) == ["The key lacks the permission for options."]
    assert _says(balances, draft) == []
    for body, lacking in [
        (b'{"enableVanillaOptions":false,"enablePortfolioMarginTrading":false}', {Wallet.OPTIONS, Wallet.PORTFOLIO}),
        (b'{"enableFutures":false,"enableVanillaOptions":true}', {Wallet.UM, Wallet.CM}),
        (b'{"enableReading":true}', set()),
    ]:
        clock = ClockReading(1, 1.0, round_trip_ms=1, offset_ms=0)
        assert KeyCheck(KEY_RESTRICTIONS.read(body), clock, 5000).lacking == lacking


def test_portfolio_margin_that_refuses_a_good_key_is_not_open_or_the_key_is_older() -> None:
    balances = _with(Wallet.PORTFOLIO, _refused(Wallet.PORTFOLIO, 401, BARRED))
    draft = Draft(Wallet.SPOT, Wallet.PORTFOLIO)
    assert _says(balances, draft) == []  # no other wallet was read: the key may be bad
    balances = _with(Wallet.SPOT, Holdings(), balances)
    assert _says(balances, draft) == ["Portfolio Margin is not open, or needs a newer key."]


async def test_the_demo_accounts_show_each() -> None:
    said = {}
    for person, exchange in (("full", DemoExchange()), ("beginner", DemoExchange(ledger=beginner_ledger()))):
        transport = httpx.ASGITransport(exchange)
        async with BinanceClient("https://demo.invalid", demo_key(), transport=transport) as client:
            reader = BalanceReader(client)
            async for _ in reader.read_all():
                pass
            limit = await reader.read_pair_limit()
        for wallet, pair in [(wallet, "XRPUSDT") for wallet in Wallet] + [(Wallet.ISOLATED, "SOLUSDT")]:
            source = Wallet.FUNDING if wallet is Wallet.SPOT else Wallet.SPOT
            form = FormState(Draft(source, wallet, "USDT", to_pair=pair), reader.balances, ticks_ms())
            said[person, wallet, pair] = " ".join(not_open(each, limit) for each in form.unopened)
    xrp = {(person, wallet): text for (person, wallet, pair), text in said.items() if pair == "XRPUSDT" and text}
    assert said["beginner", Wallet.ISOLATED, "SOLUSDT"] == "SOLUSDT is disabled: enable it on the exchange (0 of 10)."
    first = "is not open: open it on the exchange."
    assert xrp == {
        ("full", Wallet.ISOLATED): "No XRPUSDT account: open it on the exchange (2 of 10).",
        ("full", Wallet.CM): "COIN-M Futures lists no USDT: it may not take it.",
        ("beginner", Wallet.CROSS): f"Cross Margin {first}",
        ("beginner", Wallet.ISOLATED): "No XRPUSDT account: open it on the exchange (0 of 10).",
        ("beginner", Wallet.CM): "COIN-M Futures lists no USDT: it may not take it.",
        ("beginner", Wallet.OPTIONS): f"Options {first}",
        ("beginner", Wallet.PORTFOLIO): ("Portfolio Margin is not open, or needs a newer key."),
    }
