"""The exchange's own SDK as a client of the demo exchange: what it sends is what the real one takes."""

import asyncio
import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from binance_common.configuration import ConfigurationRestAPI
from binance_common.errors import BadRequestError
from binance_sdk_wallet.rest_api import WalletRestAPI
from binance_sdk_wallet.rest_api.models import UserUniversalTransferTypeEnum

from tests.wire.conftest import DemoServer
from tui.demo.keys import demo_key, new_key
from tui.desk.history_reader import HistoryReader
from tui.domain.amounts import plain
from tui.domain.credentials import ApiKey, KeyKind
from tui.domain.records import HistoryRow
from tui.domain.transfer import TransferRequest
from tui.domain.wallets import TransferType, Wallet
from tui.exchange.client import BinanceClient
from tui.exchange.payloads import HISTORY_REACH_MS

_OF_A_SIGNED_CALL = {"timestamp", "signature", "recvWindow"}


@pytest.fixture(params=KeyKind, ids=str)
def key(request: pytest.FixtureRequest, server: DemoServer) -> ApiKey:
    if request.param is KeyKind.HMAC:
        return demo_key()
    key, public_pem = new_key(request.param)
    server.exchange.add_key(key.kind, key.api_key.reveal(), public_pem)
    return key


@pytest.fixture
def sdk(server: DemoServer, key: ApiKey) -> WalletRestAPI:
    configuration = ConfigurationRestAPI(api_key=key.api_key.reveal(), base_path=server.base_url, timeout=20_000)
    if key.kind is KeyKind.HMAC:
        configuration.api_secret = key.secret.reveal()
    else:
        configuration.private_key = key.secret.reveal()
    return WalletRestAPI(configuration)


def _meaning(sent: dict[str, str]) -> dict[str, object]:
    """A transfer's parameters without the signed call's own, the amount as a number: the SDK makes a float of it."""
    return {
        name: Decimal(value) if name == "amount" else value
        for name, value in sent.items()
        if name not in _OF_A_SIGNED_CALL
    }


def test_sdk_transfers_and_reads_the_history(sdk: WalletRestAPI, server: DemoServer) -> None:
    tran_id = (
        sdk.user_universal_transfer(type=UserUniversalTransferTypeEnum.MAIN_FUNDING, asset="USDT", amount=12.5)
        .data()
        .tran_id
    )
    assert server.exchange.ledger.balance(Wallet.FUNDING, "USDT").free == Decimal("92.5")
    history = sdk.query_user_universal_transfer_history(type="MAIN_FUNDING").data()
    assert history.total == 1
    assert history.rows is not None
    row = history.rows[0]
    assert (row.tran_id, row.asset, row.amount, row.status) == (tran_id, "USDT", "12.5", "CONFIRMED")


@pytest.mark.parametrize(
    ("move", "symbols"),
    [
        (TransferType.MAIN_FUNDING, {}),
        (TransferType.ISOLATEDMARGIN_MARGIN, {"from_symbol": "BTCUSDT"}),
        (TransferType.MARGIN_ISOLATEDMARGIN, {"to_symbol": "ETHUSDT"}),
        (TransferType.ISOLATEDMARGIN_ISOLATEDMARGIN, {"from_symbol": "BTCUSDT", "to_symbol": "ETHUSDT"}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
async def test_our_client_sends_the_same_parameters(
    sdk: WalletRestAPI, key: ApiKey, server: DemoServer, move: TransferType, symbols: dict[str, Any]
) -> None:
    sdk.user_universal_transfer(type=UserUniversalTransferTypeEnum[move.name], asset="USDT", amount=1.25, **symbols)
    async with BinanceClient(server.base_url, key) as client:
        await client.transfer(
            TransferRequest(move, "USDT", Decimal("1.25"), **symbols), timestamp_ms=server.exchange.server_ms()
        )
    theirs, ours = server.exchange.requests
    assert _meaning(ours) == _meaning(theirs)
    assert ours["amount"] == "1.25"
    assert len(server.exchange.ledger.transfers) == 2


def test_sdk_understands_a_refusal(sdk: WalletRestAPI) -> None:
    with pytest.raises(BadRequestError, match="insufficient balance"):
        sdk.user_universal_transfer(type=UserUniversalTransferTypeEnum.MAIN_FUNDING, asset="USDT", amount=10**6)


def _data(answer: Any) -> Any:
    """What was answered; the SDK's types say one record where it is a list of them, and that any may be missing."""
    return answer.data()


def test_sdk_reads_the_balances(sdk: WalletRestAPI, server: DemoServer) -> None:
    spot = {row.asset: row.free for row in _data(sdk.user_asset())}
    funding = {row.asset: row.free for row in _data(sdk.funding_wallet())}
    assert spot["USDT"] == "1250.00"
    assert funding["USDT"] == "80.00"
    glance = {row.wallet_name: row for row in _data(sdk.query_user_wallet_balance(need_balance_detail=True))}
    assert glance["Spot"].activate is True
    assert {row.asset: row.free for row in glance["Spot"].asset_balances} == spot
    assert _data(sdk.system_status()).status == 0
    assert _data(sdk.get_api_key_permission()).permits_universal_transfer is True


async def test_sdk_reads_the_history_that_shunter_shows_from_simulate() -> None:
    with simulated() as url:
        async with BinanceClient(url, demo_key()) as client:
            reader = HistoryReader(client)
            async for _ in reader.read():
                pass
        theirs = await asyncio.to_thread(_all_of_the_history, url)
    ours = {
        (one.tran_id, one.type, one.asset, plain(one.amount), one.status, one.timestamp)
        for one in reader.records
        if isinstance(one, HistoryRow)
    }
    assert len(reader.records) == len(ours) > 400
    assert theirs == ours


def _all_of_the_history(url: str) -> set[tuple[object, ...]]:
    """What the SDK reads of every type, six months back, of each pair that the account has."""
    key = demo_key()
    sdk = WalletRestAPI(
        ConfigurationRestAPI(
            api_key=key.api_key.reveal(), api_secret=key.secret.reveal(), base_path=url, timeout=20_000
        )
    )
    start_ms = time.time_ns() // 1_000_000 - HISTORY_REACH_MS
    pairs = ("BTCUSDT", "ETHUSDT")
    found: set[tuple[object, ...]] = set()
    for move in TransferType:
        for ends in itertools.product(
            pairs if move.needs_from_pair else (None,), pairs if move.needs_to_pair else (None,)
        ):
            symbols: Any = dict(zip(("from_symbol", "to_symbol"), ends, strict=True))  # the SDK takes them for types
            for page in itertools.count(1):
                answer: Any = sdk.query_user_universal_transfer_history(
                    type=move.name, start_time=start_ms, current=page, size=20, **symbols
                ).data()
                found |= {
                    (row.tran_id, row.type, row.asset, row.amount, row.status, row.timestamp) for row in answer.rows
                }
                if page * 20 >= answer.total:
                    break
    return found


@contextmanager
def simulated() -> Iterator[str]:
    """`shunter simulate` as a process; gives its base URL."""
    command = [sys.executable, "-m", "tui", "simulate", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().split()[3]
        finally:
            process.terminate()
