"""The demo exchange, called as the app's demo calls it: in-process, over ASGI."""

import hashlib
import hmac
import itertools
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import one_in
from tui.demo.exchange import DemoExchange
from tui.demo.fault_specs import set_fault
from tui.demo.faults import TRANSFER_PATH, ConnectionCut, Cut, Fault, Reply
from tui.demo.history import DAY_MS, Lag
from tui.demo.keys import demo_key
from tui.demo.requests import Permissions
from tui.demo.routes import ENDPOINTS, Access
from tui.domain.amounts import plain
from tui.domain.credentials import KeyKind
from tui.domain.wallets import Wallet, transfer_type


class Caller:
    """A client of the demo exchange, with a clock that the test turns."""

    def __init__(self) -> None:
        self.now_ms = 1_700_000_000_000
        self.exchange = DemoExchange(now_ms=lambda: self.now_ms, tran_id=13526853623)
        self.key = demo_key()
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.exchange), base_url="http://demo")

    async def ask(self, method: str, path: str, **parameters: object) -> httpx.Response:
        """Sends a signed request; all parameters in the query."""
        payload = urlencode({**parameters, "timestamp": self.now_ms}, doseq=True)
        signature = hmac.new(self.key.secret.reveal().encode(), payload.encode(), hashlib.sha256).hexdigest()
        return await self.http.request(
            method, f"{path}?{payload}&signature={signature}", headers={"X-MBX-APIKEY": self.key.api_key.reveal()}
        )

    async def transfer(self, move: str = "MAIN_FUNDING", asset: str = "USDT", amount: str = "1", **symbols: str) -> Any:
        """Asks for a transfer; gives the answer's JSON."""
        answer = await self.ask("POST", TRANSFER_PATH, type=move, asset=asset, amount=amount, **symbols)
        return answer.json()

    async def history(self, move: str = "MAIN_FUNDING", **parameters: object) -> Any:
        """Asks for the history; gives the answer's JSON."""
        return (await self.ask("GET", TRANSFER_PATH, type=move, **parameters)).json()


@pytest.fixture
def caller() -> Caller:
    return Caller()


async def test_transfer_gives_a_tran_id_and_moves_the_money(caller: Caller) -> None:
    assert await caller.transfer(amount="100") == {"tranId": 13526853623}
    assert await caller.transfer(amount="0.5") == {"tranId": 13526853624}
    assert caller.exchange.ledger.balance(Wallet.SPOT, "USDT").free == Decimal("1149.5")
    assert caller.exchange.ledger.balance(Wallet.FUNDING, "USDT").free == Decimal("180.5")
    assert [sent["amount"] for sent in caller.exchange.requests] == ["100", "0.5"]


@pytest.mark.parametrize(
    ("source", "destination"), itertools.product(Wallet, Wallet), ids=lambda wallet: wallet.exchange_id
)
async def test_every_pair_of_wallets_is_as_the_table_says(caller: Caller, source: Wallet, destination: Wallet) -> None:
    move = transfer_type(source, destination)
    if move is None:
        answer = await caller.transfer(f"{source.exchange_id}_{destination.exchange_id}")
        assert answer["code"] == -9000
        return
    symbols = {"fromSymbol": "BTCUSDT"} if move.needs_from_pair else {}
    symbols |= {"toSymbol": "ETHUSDT"} if move.needs_to_pair else {}
    asset = "BTC" if source is Wallet.CM else "USDT"
    assert "tranId" in await caller.transfer(move.name, asset, "0.001", **symbols)
    for name in ("fromSymbol", "toSymbol"):
        changed = {key: value for key, value in symbols.items() if key != name}
        wanted = -1102 if name in symbols else -1104
        if name not in symbols:
            changed[name] = "BTCUSDT"
        assert (await caller.transfer(move.name, asset, "0.001", **changed))["code"] == wanted
    assert len(caller.exchange.ledger.transfers) == 1


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"type": "MAIN_FUNDING "}, -1100),
        ({"type": ""}, -1102),
        ({"type": "SPOT_MOON"}, -9000),
        ({"asset": ""}, -1102),
        ({"asset": "usdt"}, -1100),
        ({"asset": "ＵＳＤＴ"}, -1100),
        ({"amount": ""}, -1102),
        ({"amount": "0"}, -1130),
        ({"amount": "0.000"}, -1130),
        ({"amount": "-1"}, -1100),
        ({"amount": "1e3"}, -1100),
        ({"amount": "1e-05"}, -1100),
        ({"amount": "NaN"}, -1100),
        ({"amount": "1,5"}, -1100),
        ({"amount": ".5"}, -1100),
        ({"amount": "١"}, -1100),
        ({"amount": "0.123456789"}, -1100),
        ({"amount": "1" + "0" * 20}, -1100),
        ({"amount": "1250.00000001"}, -5013),
        ({"moon": "1"}, -1104),
    ],
)
async def test_malformed_transfer_is_refused(caller: Caller, changed: dict[str, str], code: int) -> None:
    parameters = {"type": "MAIN_FUNDING", "asset": "USDT", "amount": "1", **changed}
    answer = await caller.ask("POST", TRANSFER_PATH, **parameters)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert caller.exchange.ledger.transfers == []


async def test_parameter_that_comes_twice_is_refused(caller: Caller) -> None:
    answer = await caller.ask("POST", TRANSFER_PATH, type="MAIN_FUNDING", asset="USDT", amount=["1", "2"])
    assert answer.json()["code"] == -1101


async def test_isolated_to_the_same_isolated_is_refused(caller: Caller) -> None:
    answer = await caller.transfer("ISOLATEDMARGIN_ISOLATEDMARGIN", fromSymbol="BTCUSDT", toSymbol="BTCUSDT")
    assert answer["code"] == -1130
    assert "toSymbol" in answer["msg"]


async def test_key_without_universal_transfer_is_refused(caller: Caller) -> None:
    caller.exchange.add_key(
        KeyKind.HMAC,
        caller.key.api_key.reveal(),
        caller.key.secret.reveal(),
        Permissions(permits_universal_transfer=False),
    )
    assert (await caller.transfer())["code"] == -1002
    restrictions = (await caller.ask("GET", "/sapi/v1/account/apiRestrictions")).json()
    assert restrictions["permitsUniversalTransfer"] is False


async def test_form_without_its_content_type_is_not_read(caller: Caller) -> None:
    payload = f"type=MAIN_FUNDING&asset=USDT&amount=1&timestamp={caller.now_ms}"
    signature = hmac.new(caller.key.secret.reveal().encode(), payload.encode(), hashlib.sha256).hexdigest()
    for content_type, wanted in (("application/json", -1102), ("application/x-www-form-urlencoded", None)):
        answer = await caller.http.post(
            TRANSFER_PATH,
            content=f"{payload}&signature={signature}",
            headers={"X-MBX-APIKEY": caller.key.api_key.reveal(), "Content-Type": content_type},
        )
        assert answer.json().get("code") == wanted


async def test_history_is_newest_first_in_pages_of_one_type(caller: Caller) -> None:
    for amount in range(1, 26):
        caller.now_ms += 1000
        await caller.transfer(amount=f"{amount}.50")
    await caller.transfer("FUNDING_MAIN", amount="1")
    first = await caller.history()
    assert first["total"] == 25
    assert first["rows"][0] == {
        "asset": "USDT",
        "amount": "25.5",
        "type": "MAIN_FUNDING",
        "status": "CONFIRMED",
        "tranId": 13526853623 + 24,
        "timestamp": caller.now_ms,
    }
    assert [row["amount"] for row in first["rows"]] == [f"{amount}.5" for amount in range(25, 15, -1)]
    last = await caller.history(current=3, size=12)
    assert [row["amount"] for row in last["rows"]] == ["1.5"]
    assert (await caller.history(current=4, size=12))["rows"] == []


async def test_history_between_two_times_includes_both(caller: Caller) -> None:
    start_ms = caller.now_ms
    for _ in range(5):
        await caller.transfer()
        caller.now_ms += 1000
    found = await caller.history(startTime=start_ms + 1000, endTime=start_ms + 3000)
    assert [row["timestamp"] - start_ms for row in found["rows"]] == [3000, 2000, 1000]


async def test_history_reaches_back_seven_days_unless_told(caller: Caller) -> None:
    executed_ms = caller.now_ms
    await caller.transfer()
    caller.now_ms += 8 * DAY_MS
    assert (await caller.history())["total"] == 0
    assert (await caller.history(startTime=executed_ms))["total"] == 1
    caller.now_ms += 190 * DAY_MS
    assert (await caller.history(startTime=executed_ms))["total"] == 0


async def test_history_of_isolated_moves_is_by_pair(caller: Caller) -> None:
    await caller.transfer("ISOLATED_MARGIN_MAIN", fromSymbol="BTCUSDT")
    assert (await caller.history("ISOLATED_MARGIN_MAIN"))["code"] == -1102
    assert (await caller.history("ISOLATED_MARGIN_MAIN", fromSymbol="ETHUSDT"))["total"] == 0
    assert (await caller.history("ISOLATED_MARGIN_MAIN", fromSymbol="BTCUSDT"))["total"] == 1


@pytest.mark.parametrize("parameters", [{"size": 101}, {"size": 0}, {"current": 0}, {"startTime": 2, "endTime": 1}])
async def test_history_refuses_what_it_cannot_page(caller: Caller, parameters: dict[str, int]) -> None:
    assert (await caller.history("MAIN_FUNDING", **parameters))["code"] == -1130


async def test_history_lags_by_readings_and_by_seconds(caller: Caller) -> None:
    caller.exchange.history.hidden = Lag(reads=2)
    await caller.transfer()
    assert [(await caller.history())["total"] for _ in range(3)] == [0, 0, 1]
    caller.exchange.history.hidden = Lag(seconds=5)
    await caller.transfer("FUNDING_MAIN")
    caller.now_ms += 4999
    assert (await caller.history("FUNDING_MAIN"))["total"] == 0
    caller.now_ms += 1
    assert (await caller.history("FUNDING_MAIN"))["total"] == 1


@pytest.mark.parametrize(("fails", "final"), [(False, "CONFIRMED"), (True, "FAILED")])
async def test_transfer_can_be_pending_first(caller: Caller, fails: bool, final: str) -> None:
    caller.exchange.history.pending = Lag(reads=1)
    caller.exchange.history.fails = fails
    assert "tranId" in await caller.transfer(amount="100")
    assert [(await caller.history())["rows"][0]["status"] for _ in range(2)] == ["PENDING", final]
    moved = Decimal(0) if fails else Decimal(100)
    assert caller.exchange.ledger.balance(Wallet.FUNDING, "USDT").free == 80 + moved


@pytest.mark.parametrize("nth", ["", "@1"])
async def test_amount_can_arrive_after_it_left(caller: Caller, nth: str) -> None:
    async def held() -> list[object]:
        answers = [
            await caller.ask("POST", path)
            for path in ("/sapi/v3/asset/getUserAsset", "/sapi/v1/asset/get-funding-asset")
        ]
        return [row["free"] for answer in answers for row in answer.json() if row["asset"] == "USDT"]

    set_fault(caller.exchange, f"arrival=5s{nth}")
    await caller.transfer(amount="100")
    assert await held() == ["1150.00", "80.00"]
    assert (await caller.transfer("FUNDING_MAIN", amount="80.01"))["code"] == -5013
    caller.now_ms += 4999
    assert await held() == ["1150.00", "80.00"]
    caller.now_ms += 1
    assert await held() == ["1150.00", "180.00"]
    await caller.transfer("FUNDING_MAIN", amount="180")
    assert await held() == (["1330.00"] if nth else ["1150.00"])


async def test_weight_is_told_and_its_limit_kept(caller: Caller) -> None:
    for count in range(1, 201):
        answer = await caller.ask("POST", TRANSFER_PATH, type="MAIN_FUNDING", asset="USDT", amount="1")
        assert answer.headers["X-SAPI-USED-UID-WEIGHT-1M"] == str(900 * count)
    over = await caller.ask("POST", TRANSFER_PATH, type="MAIN_FUNDING", asset="USDT", amount="1")
    assert (over.status_code, over.json()["code"]) == (429, -1003)
    assert 1 <= int(over.headers["Retry-After"]) <= 60
    assert len(caller.exchange.ledger.transfers) == 200
    assert (await caller.history())["total"] == 200
    caller.now_ms += int(over.headers["Retry-After"]) * 1000
    assert "tranId" in await caller.transfer()


async def test_each_endpoint_on_sapi_is_counted_alone(caller: Caller) -> None:
    for path, weight in (("/sapi/v1/margin/account", "10"), ("/sapi/v1/account/apiRestrictions", "1")):
        assert (await caller.ask("GET", path)).headers["X-SAPI-USED-IP-WEIGHT-1M"] == weight


async def test_weight_on_api_has_its_own_header(caller: Caller) -> None:
    answer = await caller.http.get("/api/v3/time")
    assert answer.json() == {"serverTime": caller.now_ms}
    assert answer.headers["X-MBX-USED-WEIGHT-1M"] == "1"


async def test_programs_that_ask_first_whether_anyone_is_there_are_answered(caller: Caller) -> None:
    """python-binance and others begin with these two."""
    answer = await caller.http.get("/api/v3/ping")
    assert (answer.status_code, answer.json()) == (200, {})
    account = (await caller.ask("GET", "/api/v3/account")).json()
    assert account["canTrade"] is True
    assert account["permissions"] == ["SPOT"]
    assert {"asset": "USDT", "free": "1250.00", "locked": "150.00"} in account["balances"]
    await caller.transfer(asset="SOL", amount="12.40")
    for omit, held in (("true", False), ("false", True)):
        balances = (await caller.ask("GET", "/api/v3/account", omitZeroBalances=omit)).json()["balances"]
        assert any(row["asset"] == "SOL" for row in balances) is held


async def test_more_than_there_is_is_refused_in_the_exchanges_words(caller: Caller) -> None:
    assert await caller.transfer(amount="1250.01") == {
        "code": -5013,
        "msg": "Asset transfer failed: insufficient balance",
    }
    assert (await caller.transfer("MARGIN_MAIN", "USDC", "15.01"))["code"] == -3020
    assert (await caller.transfer("MARGIN_MAIN", "USDC", "60.01"))["code"] == -3041


async def test_clock_can_be_off(caller: Caller) -> None:
    caller.exchange.clock_offset_ms = 5001
    assert (await caller.http.get("/api/v3/time")).json()["serverTime"] == caller.now_ms + 5001
    assert (await caller.transfer())["code"] == -1021
    caller.exchange.clock_offset_ms = -1000
    assert (await caller.transfer())["code"] == -1021
    assert caller.exchange.ledger.transfers == []


async def test_what_each_wallet_calls_transferable_is_what_the_ledger_lets_go(caller: Caller) -> None:
    async def get(path: str, **parameters: object) -> Any:
        return (await caller.ask("GET", path, **parameters)).json()

    async def post(path: str) -> Any:
        return (await caller.ask("POST", path)).json()

    ledger = caller.exchange.ledger
    transferable = {
        Wallet.SPOT: {row["asset"]: row["free"] for row in await post("/sapi/v3/asset/getUserAsset")},
        Wallet.FUNDING: {row["asset"]: row["free"] for row in await post("/sapi/v1/asset/get-funding-asset")},
        Wallet.UM: {row["asset"]: row["maxWithdrawAmount"] for row in await get("/fapi/v3/balance")},
        Wallet.CM: {row["asset"]: row["withdrawAvailable"] for row in await get("/dapi/v1/balance")},
        Wallet.OPTIONS: {row["asset"]: row["available"] for row in (await get("/eapi/v1/marginAccount"))["asset"]},
    }
    for wallet, path, held in (
        (Wallet.CROSS, "/sapi/v1/margin/maxTransferable", (await get("/sapi/v1/margin/account"))["userAssets"]),
        (Wallet.PORTFOLIO, "/papi/v1/margin/maxWithdraw", await get("/papi/v1/balance")),
    ):
        assets = [row["asset"] for row in held]
        transferable[wallet] = {asset: (await get(path, asset=asset))["amount"] for asset in assets}
    for wallet, amounts in transferable.items():
        assert {asset: Decimal(amount) for asset, amount in amounts.items()} == {
            asset: holding.transferable for asset, holding in ledger.assets(wallet).items()
        }
    accounts = (await get("/sapi/v1/margin/isolated/account"))["assets"]
    for account in (each for each in accounts if each["enabled"]):
        for side in ("baseAsset", "quoteAsset"):
            asset = account[side]["asset"]
            most = await get("/sapi/v1/margin/maxTransferable", asset=asset, isolatedSymbol=account["symbol"])
            assert Decimal(most["amount"]) == ledger.balance(Wallet.ISOLATED, asset, account["symbol"]).transferable


async def test_free_is_not_always_transferable(caller: Caller) -> None:
    held = caller.exchange.ledger
    assert any(holding.free > holding.transferable for holding in held.assets(Wallet.CROSS).values())
    assert any(holding.free > holding.transferable for holding in held.assets(Wallet.ISOLATED, "BTCUSDT").values())
    assert any(holding.free > holding.transferable for holding in held.assets(Wallet.UM).values())
    assert any(holding.free > holding.transferable for holding in held.assets(Wallet.PORTFOLIO).values())


async def test_balances_follow_a_transfer(caller: Caller) -> None:
    await caller.transfer("MAIN_UMFUTURE", amount="50")
    rows = (await caller.ask("GET", "/fapi/v3/balance")).json()
    assert next(row["maxWithdrawAmount"] for row in rows if row["asset"] == "USDT") == "350.00"
    glance = (await caller.ask("GET", "/sapi/v1/asset/wallet/balance", needBalanceDetail="true")).json()
    details = {row["walletName"]: {each["asset"]: each["free"] for each in row["assetBalances"]} for row in glance}
    assert details["Spot"]["USDT"] == "1200.00"
    assert details["USDⓈ-M Futures"]["USDT"] == plain(caller.exchange.ledger.balance(Wallet.UM, "USDT").free)


async def test_glance_without_detail_has_no_assets(caller: Caller) -> None:
    glance = (await caller.ask("GET", "/sapi/v1/asset/wallet/balance")).json()
    assert all(set(row) == {"activate", "balance", "walletName"} for row in glance)
    assert [row["walletName"] for row in glance if row["activate"]] == [
        "Spot",
        "Funding",
        "Cross Margin",
        "Isolated Margin",
        "USDⓈ-M Futures",
        "COIN-M Futures",
        "Options",
    ]


@pytest.mark.parametrize("symbols", ["BTCUSDT", "BTCUSDT,ETHUSDT", "BTCUSDT,BNBUSDT"])
async def test_isolated_account_of_some_pairs(caller: Caller, symbols: str) -> None:
    answer = (await caller.ask("GET", "/sapi/v1/margin/isolated/account", symbols=symbols)).json()
    wanted = [symbol for symbol in symbols.split(",") if symbol != "BNBUSDT"]
    assert [row["symbol"] for row in answer["assets"]] == wanted


@pytest.mark.parametrize(("symbols", "code"), [("NOSUCHPAIR", -1121), (",".join(["BTCUSDT"] * 6), -1130), ("a", -1100)])
async def test_isolated_account_refuses_odd_symbols(caller: Caller, symbols: str, code: int) -> None:
    answer = await caller.ask("GET", "/sapi/v1/margin/isolated/account", symbols=symbols)
    assert answer.json()["code"] == code


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
async def test_nobody_gets_past_without_what_the_endpoint_demands(caller: Caller, endpoint: Any) -> None:
    without_key = await caller.http.request(endpoint.method, endpoint.path)
    unsigned = await caller.http.request(
        endpoint.method, endpoint.path, headers={"X-MBX-APIKEY": caller.key.api_key.reveal()}
    )
    assert (without_key.status_code == 200) is (endpoint.access is Access.OPEN)
    assert (unsigned.status_code == 200) is (endpoint.access is not Access.SIGNED)


@pytest.mark.parametrize("path", ["/", "/nope", "/api/v3/time/", "/sapi/v1/asset/transfer/x", "/%00%ff"])
async def test_unknown_path_is_a_json_error(caller: Caller, path: str) -> None:
    answer = await caller.http.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == -9000


_BYTES = st.binary(max_size=200) | st.sampled_from([b"a=1&a=2", b"&" * 100, b"%", b"%ff", b"=", b"x=1&" * 60])


@one_in(3)
@given(
    endpoint=st.sampled_from(ENDPOINTS),
    query=_BYTES,
    body=_BYTES,
    key=st.sampled_from([b"", b"\xff", demo_key().api_key.reveal().encode()]),
    content_type=st.sampled_from([b"application/x-www-form-urlencoded", b"text/plain", b"\xff"]),
    signed=st.booleans(),
)
async def test_whatever_comes_the_answer_is_json(
    caller: Caller, endpoint: Any, query: bytes, body: bytes, key: bytes, content_type: bytes, signed: bool
) -> None:
    if signed:
        body += b"&timestamp=%d" % caller.now_ms
        digest = hmac.new(caller.key.secret.reveal().encode(), query + body, hashlib.sha256).hexdigest()
        body += b"&signature=" + digest.encode()
    status = 0
    answer = b""

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status, answer
        status = message.get("status", status)
        answer += message.get("body", b"")

    scope = {
        "type": "http",
        "method": endpoint.method,
        "path": endpoint.path,
        "raw_path": endpoint.path.encode(),
        "query_string": query,
        "headers": [(b"x-mbx-apikey", key), (b"content-type", content_type)],
    }
    await caller.exchange(scope, receive, send)
    content = httpx.Response(status, content=answer).json()
    assert status in (200, 400, 401, 429)
    if status != 200:
        assert set(content) == {"code", "msg"}


async def test_body_beyond_the_limit_is_refused(caller: Caller) -> None:
    answer = await caller.http.post(
        TRANSFER_PATH, content=b"x" * 200_000, headers={"X-MBX-APIKEY": caller.key.api_key.reveal()}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, -9000)


async def test_fault_strikes_the_request_that_it_is_for(caller: Caller) -> None:
    caller.exchange.faults.append(Fault(answer=Reply(503, b"Service Unavailable."), executes=False, skip=1))
    answers = [await caller.ask("POST", TRANSFER_PATH, type="MAIN_FUNDING", asset="USDT", amount="1") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 503, 200]
    assert answers[1].text == "Service Unavailable."
    assert len(caller.exchange.ledger.transfers) == 2
    assert len(caller.exchange.requests) == 3
    assert caller.exchange.faults == []


async def test_faults_strike_in_turn_and_for_ever_if_told(caller: Caller) -> None:
    caller.exchange.faults += [Fault(answer=Reply(418)), Fault(answer=Reply(503), times=None)]
    answers = [await caller.ask("POST", TRANSFER_PATH, type="MAIN_FUNDING", asset="USDT", amount="1") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [418, 503, 503]


async def test_fault_of_another_path_leaves_transfers_alone(caller: Caller) -> None:
    caller.exchange.faults.append(Fault(method="GET", path="/fapi/v3/balance", answer=Reply(502), executes=False))
    assert "tranId" in await caller.transfer()
    assert (await caller.ask("GET", "/fapi/v3/balance")).status_code == 502


@pytest.mark.parametrize("cut", Cut)
@pytest.mark.parametrize("executes", [True, False])
async def test_cut_in_process_is_an_error_of_its_own(caller: Caller, cut: Cut, executes: bool) -> None:
    caller.exchange.faults.append(Fault(answer=cut, executes=executes))
    with pytest.raises(ConnectionCut):
        await caller.transfer()
    assert len(caller.exchange.ledger.transfers) == executes


def test_fault_that_neither_executes_nor_answers_cannot_be() -> None:
    with pytest.raises(ValueError, match="needs another answer"):
        Fault(executes=False)
