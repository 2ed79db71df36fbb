"""The exchange's own SDKs read, from `shunter simulate`'s exchange, the balances that the app shows."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.wire.conftest import DemoServer
from tui.demo.keys import demo_key
from tui.desk.balances import BalanceReader
from tui.domain.balances import Account, Assets, Balances
from tui.domain.wallets import Wallet
from tui.exchange.client import BinanceClient

if TYPE_CHECKING:  # each takes half a second, which all who collect the tests would wait for
    from binance_common.configuration import ConfigurationRestAPI


@pytest.fixture
def configuration(server: DemoServer) -> ConfigurationRestAPI:
    from binance_common.configuration import ConfigurationRestAPI

    key = demo_key()
    return ConfigurationRestAPI(
        api_key=key.api_key.reveal(), api_secret=key.secret.reveal(), base_path=server.base_url, timeout=20_000
    )


async def _shown(server: DemoServer, *asked: tuple[Account, str]) -> Balances:
    async with BinanceClient(server.base_url, demo_key()) as client:
        readings = BalanceReader(client)
        async for _ in readings.read_all():
            pass
        for place, asset in asked:
            await readings.read_transferable(place, asset)
        return readings.balances


def _data(answer: Any) -> Any:
    """What was answered; the SDK's types say one record where it is a list of them, and that any may be missing."""
    return answer.data()


def _held(rows: Any) -> Assets:
    return {row.asset: Decimal(row.free) for row in rows if Decimal(row.free)}


async def test_the_wallet_sdk_reads_what_the_app_shows(server: DemoServer, configuration: ConfigurationRestAPI) -> None:
    from binance_sdk_wallet.rest_api import WalletRestAPI

    shown, sdk = await _shown(server), WalletRestAPI(configuration)
    assert _held(_data(sdk.user_asset())) == shown.wallets[Wallet.SPOT].assets
    assert _held(_data(sdk.funding_wallet())) == shown.wallets[Wallet.FUNDING].assets
    glance = {row.wallet_name: row for row in _data(sdk.query_user_wallet_balance(need_balance_detail=True))}
    for name, wallet in (("Spot", Wallet.SPOT), ("Funding", Wallet.FUNDING), ("Cross Margin", Wallet.CROSS)):
        assert _held(glance[name].asset_balances) == shown.wallets[wallet].assets


async def test_the_margin_sdk_reads_what_the_app_shows(server: DemoServer, configuration: ConfigurationRestAPI) -> None:
    from binance_sdk_margin_trading.rest_api import MarginTradingRestAPI

    cross, isolated = (Account(Wallet.CROSS), "USDC"), (Account(Wallet.ISOLATED, "BTCUSDT"), "USDT")
    shown, sdk = await _shown(server, cross, isolated), MarginTradingRestAPI(configuration)
    assert _held(_data(sdk.query_cross_margin_account_details()).user_assets) == shown.wallets[Wallet.CROSS].assets
    accounts = _data(sdk.query_isolated_margin_account_info()).assets
    theirs = {each.symbol: _held([each.base_asset, each.quote_asset]) for each in accounts if each.enabled}
    assert theirs == shown.wallets[Wallet.ISOLATED].pairs
    assert {each.symbol for each in accounts if not each.enabled} == shown.wallets[Wallet.ISOLATED].disabled
    figure = shown.figure(*cross)
    assert figure is not None
    assert Decimal(_data(sdk.query_max_transfer_out_amount(asset="USDC")).amount) == figure.amount
    figure = shown.figure(*isolated)
    assert figure is not None
    amount = _data(sdk.query_max_transfer_out_amount(asset="USDT", isolated_symbol="BTCUSDT")).amount
    assert Decimal(amount) == figure.amount
    symbols = {pair.symbol for pair in _data(sdk.get_all_isolated_margin_symbol())}
    assert symbols == set(shown.pairs)
