"""What the wallets hold, from the exchange's glance at all of them and its call for the isolated pairs."""

import asyncio

from tui.domain.balances import Assets, Balances, Holdings
from tui.domain.wallets import Wallet
from tui.exchange.client import BinanceClient
from tui.exchange.errors import ExchangeError, RateLimited, Refused
from tui.exchange.payloads import AssetBalance

_NAMES = {
    "Spot": Wallet.SPOT,
    "Funding": Wallet.FUNDING,
    "Cross Margin": Wallet.CROSS,
    "USDⓈ-M Futures": Wallet.UM,
    "COIN-M Futures": Wallet.CM,
    "Options": Wallet.OPTIONS,
}
"""The glance's names. Isolated Margin is in it without its pairs and Portfolio Margin is not: they have own calls."""


async def read_balances(client: BinanceClient) -> Balances:
    """All wallets' free amounts. A call that fails leaves its wallets with a problem, and the others right."""
    glance, isolated, portfolio = await asyncio.gather(_glance(client), _isolated(client), _portfolio(client))
    return {**glance, Wallet.ISOLATED: isolated, Wallet.PORTFOLIO: portfolio}


async def _glance(client: BinanceClient) -> Balances:
    try:
        answer = await client.wallet_balances()
    except ExchangeError as error:
        return {wallet: Holdings(problem=str(error)) for wallet in _NAMES.values()}
    balances = {wallet: Holdings(is_open=False) for wallet in _NAMES.values()}
    for row in answer:
        if wallet := _NAMES.get(row.wallet_name):
            balances[wallet] = Holdings(_assets(row.asset_balances or []), is_open=row.activate)
    return balances


async def _isolated(client: BinanceClient) -> Holdings:
    try:
        account = await client.isolated_account()
    except ExchangeError as error:
        return Holdings(problem=str(error))
    pairs = {pair.symbol: _assets([pair.base_asset, pair.quote_asset]) for pair in account.assets if pair.enabled}
    return Holdings(pairs=pairs, is_open=bool(pairs))


async def _portfolio(client: BinanceClient) -> Holdings:
    try:
        balances = await client.portfolio_balances()
    except RateLimited as error:
        return Holdings(problem=str(error))
    except Refused:
        return Holdings(is_open=False)  # the exchange refuses this call to whoever never opened the wallet
    except ExchangeError as error:
        return Holdings(problem=str(error))
    return Holdings({balance.asset: balance.cross_margin_free for balance in balances if balance.cross_margin_free})


def _assets(balances: list[AssetBalance]) -> Assets:
    return {balance.asset: balance.free for balance in balances if balance.free}
