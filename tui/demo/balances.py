"""Every wallet's balances from one ledger, in the shape of the exchange's answers.

Each public function answers one endpoint. Amounts are texts in plain decimals, as the exchange writes them.
"""

from collections.abc import Collection
from decimal import Decimal

from tui.demo.errors import Code, RequestRefused
from tui.demo.ledger import ZERO, Funds, Ledger
from tui.demo.person import BTC_QUOTES, PRICES_IN_BTC
from tui.demo.requests import Parameters
from tui.domain.amounts import plain
from tui.domain.balances import Pair
from tui.domain.wallets import Wallet

Row = dict[str, object]

_MOST_SYMBOLS = 5
_MOST_PAIRS = 10
"""How many isolated pairs the demo's person can enable."""

_GLANCE_NAMES = {Wallet.UM: "USDⓈ-M Futures"}
"""The exchange's names, if they are not ours."""

_OTHER_WALLETS = ("Earn", "Trading Bots", "Copy Trading")
"""Wallets without transfers, which the demo's person never opened."""


def glance(ledger: Ledger, parameters: Parameters) -> list[Row]:
    """`GET /sapi/v1/asset/wallet/balance`: all wallets but Portfolio Margin, valued in BTC."""
    detailed = (parameters.optional("needBalanceDetail", r"(?i:true|false)") or "").lower() == "true"
    rows: list[Row] = []
    for wallet in Wallet:
        if wallet is Wallet.PORTFOLIO:
            continue
        held = _whole_wallet(ledger, wallet)
        value = sum((_in_btc(asset, holding.total) for asset, holding in held.items()), ZERO)
        row: Row = {
            "activate": wallet not in ledger.closed,
            "balance": _plain8(value),
            "walletName": _GLANCE_NAMES.get(wallet, wallet.english),
        }
        if detailed:
            row["assetBalances"] = [
                {"asset": asset, "assetName": asset, **_free_and_locked(asset, holding)}
                for asset, holding in held.items()
            ]
        rows.append(row)
    inactive: Row = {"assetBalances": []} if detailed else {}
    rows.extend({"activate": False, "balance": "0", "walletName": name} | inactive for name in _OTHER_WALLETS)
    return rows


def account(ledger: Ledger, parameters: Parameters) -> Row:
    """`GET /api/v3/account`: Spot and its permissions, which trading programs ask for first."""
    only_held = parameters.optional("omitZeroBalances", "true|false") == "true"
    return {
        "makerCommission": 10,
        "takerCommission": 10,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {
            "maker": "0.00100000",
            "taker": "0.00100000",
            "buyer": "0.00000000",
            "seller": "0.00000000",
        },
        "canTrade": True,
        "canWithdraw": True,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": 0,
        "accountType": "SPOT",
        "balances": [
            {"asset": asset, "free": plain(holding.free), "locked": plain(holding.locked)}
            for asset, holding in ledger.assets(Wallet.SPOT).items()
            if holding.total or not only_held
        ],
        "permissions": ["SPOT"],
        "uid": 354937868,
    }


def spot(ledger: Ledger, parameters: Parameters) -> list[Row]:
    """`POST /sapi/v3/asset/getUserAsset`: the assets in Spot that are not at zero."""
    return [
        {"asset": asset, **_free_and_locked(asset, holding), "ipoable": "0"}
        for asset, holding in _chosen(ledger, Wallet.SPOT, parameters)
        if holding.total
    ]


def funding(ledger: Ledger, parameters: Parameters) -> list[Row]:
    """`POST /sapi/v1/asset/get-funding-asset`: the assets in Funding that are not at zero."""
    return [
        {"asset": asset, **_free_and_locked(asset, holding)}
        for asset, holding in _chosen(ledger, Wallet.FUNDING, parameters)
        if holding.total
    ]


def cross(ledger: Ledger, _: Parameters) -> Row:
    """`GET /sapi/v1/margin/account`."""
    ledger.require_open(Wallet.CROSS)
    held = ledger.assets(Wallet.CROSS)
    return {
        "created": True,
        "borrowEnabled": True,
        "tradeEnabled": True,
        "transferInEnabled": True,
        "transferOutEnabled": True,
        "accountType": "MARGIN_1",
        "marginLevel": _margin_level(held.items()),
        "collateralMarginLevel": _margin_level(held.items()),
        **_totals_in_btc(held.items()),
        "userAssets": [{"asset": asset, **_lent(holding)} for asset, holding in held.items()],
    }


def isolated(ledger: Ledger, parameters: Parameters) -> Row:
    """`GET /sapi/v1/margin/isolated/account`: the accounts asked for, or all of them and their sum."""
    ledger.require_open(Wallet.ISOLATED)
    opened = {pair.symbol: pair for pair in (*ledger.isolated_pairs(), *ledger.disabled)}
    if not parameters.has("symbols"):
        held = [row for pair in opened.values() for row in ledger.assets(Wallet.ISOLATED, pair.symbol).items()]
        return {"assets": [_isolated_row(ledger, pair) for pair in opened.values()], **_totals_in_btc(held)}
    symbols = parameters.symbols("symbols")
    if len(symbols) > _MOST_SYMBOLS:
        raise RequestRefused(Code.BAD_PARAMETER, "symbols")
    if not all(symbol in ledger.pairs for symbol in symbols):
        raise RequestRefused(Code.BAD_SYMBOL)
    return {"assets": [_isolated_row(ledger, opened[symbol]) for symbol in symbols if symbol in opened]}


def isolated_limit(ledger: Ledger, _: Parameters) -> Row:
    """`GET /sapi/v1/margin/isolated/accountLimit`."""
    return {"enabledAccount": len(ledger.isolated_pairs()), "maxAccount": _MOST_PAIRS}


def isolated_pairs(ledger: Ledger, _: Parameters) -> list[Row]:
    """`GET /sapi/v1/margin/isolated/allPairs`."""
    return [
        {
            "base": pair.base,
            "quote": pair.quote,
            "symbol": pair.symbol,
            "isMarginTrade": True,
            "isBuyAllowed": True,
            "isSellAllowed": True,
        }
        for pair in ledger.pairs.values()
    ]


def max_transferable(ledger: Ledger, parameters: Parameters) -> Row:
    """`GET /sapi/v1/margin/maxTransferable`: for Cross Margin, or the isolated account of isolatedSymbol."""
    asset = parameters.asset()
    if not parameters.has("isolatedSymbol"):
        return {"amount": plain(ledger.balance(Wallet.CROSS, asset).transferable)}
    symbol = parameters.symbol("isolatedSymbol")
    account = ledger.isolated_account(symbol, asset)
    return {"amount": plain(ledger.balance(Wallet.ISOLATED, asset, account.pair).transferable)}


def um_futures(ledger: Ledger, _: Parameters) -> list[Row]:
    """`GET /fapi/v3/balance`. What is held back is profit of open positions: to trade with, not to withdraw."""
    return [
        {
            **_futures_row(asset, holding),
            "maxWithdrawAmount": plain(holding.transferable),
            "marginAvailable": True,
        }
        for asset, holding in ledger.assets(Wallet.UM).items()
    ]


def um_account(ledger: Ledger, _: Parameters) -> Row:
    """`GET /fapi/v3/account`, without positions and totals."""
    return {"assets": [_margined_row(asset, holding) for asset, holding in ledger.assets(Wallet.UM).items()]}


def cm_account(ledger: Ledger, _: Parameters) -> Row:
    """`GET /dapi/v1/account`, without positions."""
    return {"assets": [_margined_row(asset, holding) for asset, holding in ledger.assets(Wallet.CM).items()]}


def cm_futures(ledger: Ledger, _: Parameters) -> list[Row]:
    """`GET /dapi/v1/balance`."""
    return [
        {**_futures_row(asset, holding), "withdrawAvailable": plain(holding.transferable)}
        for asset, holding in ledger.assets(Wallet.CM).items()
    ]


def options(ledger: Ledger, _: Parameters) -> Row:
    """`GET /eapi/v1/marginAccount`."""
    ledger.require_open(Wallet.OPTIONS)
    return {
        "asset": [
            {
                "asset": asset,
                "marginBalance": plain(holding.total),
                "equity": plain(holding.total),
                "available": plain(holding.transferable),
                "initialMargin": plain(holding.locked),
                "maintMargin": plain(holding.locked / 2),
                "unrealizedPNL": "0",
                "adjustedEquity": plain(holding.total),
            }
            for asset, holding in ledger.assets(Wallet.OPTIONS).items()
        ],
        "greek": [],
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "reduceOnly": False,
        "tradeGroupId": -1,
    }


def portfolio(ledger: Ledger, parameters: Parameters) -> list[Row] | Row:
    """`GET /papi/v1/balance`: all assets, or a single row for the one asked for."""
    if Wallet.PORTFOLIO in ledger.closed:
        raise RequestRefused(Code.BAD_KEY)  # although the key is good
    if parameters.has("asset"):
        asked = parameters.asset()
        return _portfolio_row(asked, ledger.balance(Wallet.PORTFOLIO, asked))
    return [_portfolio_row(asset, holding) for asset, holding in ledger.assets(Wallet.PORTFOLIO).items()]


def portfolio_account(ledger: Ledger, _: Parameters) -> Row:
    """`GET /papi/v1/account`. Its figures are invented, in the exchange's shape."""
    held = ledger.assets(Wallet.PORTFOLIO).items()
    equity = sum((_in_btc(asset, holding.net) for asset, holding in held), ZERO) / PRICES_IN_BTC["USDT"]
    return {
        "uniMMR": "5.31680000",
        "accountEquity": _plain8(equity),
        "actualEquity": _plain8(equity),
        "accountInitialMargin": "0",
        "accountMaintMargin": "0",
        "accountStatus": "NORMAL",
        "virtualMaxWithdrawAmount": _plain8(equity),
        "totalAvailableBalance": "",
        "totalMarginOpenLoss": "",
        "updateTime": 0,
    }


def portfolio_max_withdraw(ledger: Ledger, parameters: Parameters) -> Row:
    """`GET /papi/v1/margin/maxWithdraw`."""
    asset = parameters.asset()
    return {"amount": plain(ledger.balance(Wallet.PORTFOLIO, asset).transferable)}


def ticker_price(_: Ledger, parameters: Parameters) -> list[Row] | Row:
    """`GET /api/v3/ticker/price`: every price that the demo has, or that of one pair."""
    prices = {f"BTC{quote}": 1 / PRICES_IN_BTC[quote] for quote in BTC_QUOTES}
    prices |= {f"{base}BTC": price for base, price in PRICES_IN_BTC.items() if base not in ("BTC", *BTC_QUOTES)}
    rows: list[Row] = [{"symbol": symbol, "price": _plain8(price)} for symbol, price in prices.items()]
    if not parameters.has("symbol"):
        return rows
    asked = parameters.symbol("symbol")
    row = next((row for row in rows if row["symbol"] == asked), None)
    if row is None:
        raise RequestRefused(Code.BAD_SYMBOL)
    return row


def _chosen(ledger: Ledger, wallet: Wallet, parameters: Parameters) -> list[tuple[str, Funds]]:
    asked = parameters.asset() if parameters.has("asset") else None
    return [(asset, holding) for asset, holding in ledger.assets(wallet).items() if asked in (None, asset)]


def _whole_wallet(ledger: Ledger, wallet: Wallet) -> dict[str, Funds]:
    if wallet is not Wallet.ISOLATED:
        return ledger.assets(wallet)
    held: dict[str, Funds] = {}
    for pair in ledger.isolated_pairs():
        for asset, holding in ledger.assets(wallet, pair.symbol).items():
            held[asset] = held.get(asset, Funds()) + holding
    return held


def _free_and_locked(asset: str, holding: Funds) -> Row:
    return {
        "free": plain(holding.free),
        "locked": plain(holding.locked),
        "freeze": plain(holding.frozen),
        "withdrawing": plain(holding.withdrawing),
        "btcValuation": _plain8(_in_btc(asset, holding.total)),
    }


def _lent(holding: Funds) -> Row:
    return {
        "borrowed": plain(holding.borrowed),
        "free": plain(holding.free),
        "interest": plain(holding.interest),
        "locked": plain(holding.locked),
        "netAsset": plain(holding.net),
    }


def _isolated_row(ledger: Ledger, pair: Pair) -> Row:
    """Return the account of a pair. A liquidation price is invented: the demo has no prices that change."""

    def side(asset: str) -> Row:
        holding = ledger.balance(Wallet.ISOLATED, asset, pair.symbol)
        return {
            "asset": asset,
            "borrowEnabled": True,
            "repayEnabled": True,
            **_lent(holding),
            "netAssetOfBtc": _plain8(_in_btc(asset, holding.net)),
            "totalAsset": plain(holding.total),
        }

    held = ledger.assets(Wallet.ISOLATED, pair.symbol)
    return {
        "baseAsset": side(pair.base),
        "quoteAsset": side(pair.quote),
        "symbol": pair.symbol,
        "isolatedCreated": True,
        "enabled": pair not in ledger.disabled,
        "marginLevel": _margin_level(held.items()),
        "marginLevelStatus": "EXCESSIVE",
        "marginRatio": "10",
        "indexPrice": _plain8(_in_btc(pair.base, Decimal(1)) / (_in_btc(pair.quote, Decimal(1)) or 1)),
        "liquidatePrice": "21034.50000000" if any(holding.borrowed for holding in held.values()) else "0",
        "liquidateRate": "0",
        "tradeEnabled": True,
    }


def _futures_row(asset: str, holding: Funds) -> Row:
    wallet_balance = plain(holding.total - holding.held_back)
    return {
        "accountAlias": "SgsR",
        "asset": asset,
        "balance": wallet_balance,
        "crossWalletBalance": wallet_balance,
        "crossUnPnl": plain(holding.held_back),
        "availableBalance": plain(holding.free),
        "updateTime": 0,
    }


def _margined_row(asset: str, holding: Funds) -> Row:
    wallet_balance = plain(holding.total - holding.held_back)
    return {
        "asset": asset,
        "walletBalance": wallet_balance,
        "unrealizedProfit": plain(holding.held_back),
        "marginBalance": plain(holding.total),
        "maintMargin": plain(holding.locked / 2),
        "initialMargin": plain(holding.locked),
        "positionInitialMargin": plain(holding.locked),
        "openOrderInitialMargin": "0",
        "crossWalletBalance": wallet_balance,
        "crossUnPnl": plain(holding.held_back),
        "availableBalance": plain(holding.free),
        "maxWithdrawAmount": plain(holding.transferable),
        "updateTime": 0,
    }


def _portfolio_row(asset: str, holding: Funds) -> Row:
    return {
        "asset": asset,
        "totalWalletBalance": plain(holding.total),
        "crossMarginAsset": plain(holding.total),
        "crossMarginBorrowed": plain(holding.borrowed),
        "crossMarginFree": plain(holding.free),
        "crossMarginInterest": plain(holding.interest),
        "crossMarginLocked": plain(holding.locked),
        "umWalletBalance": "0",
        "umUnrealizedPNL": "0",
        "cmWalletBalance": "0",
        "cmUnrealizedPNL": "0",
        "updateTime": 0,
        "negativeBalance": "0",
    }


def _totals_in_btc(held: Collection[tuple[str, Funds]]) -> Row:
    assets = sum((_in_btc(asset, holding.total) for asset, holding in held), ZERO)
    net = sum((_in_btc(asset, holding.net) for asset, holding in held), ZERO)
    return {
        "totalAssetOfBtc": _plain8(assets),
        "totalLiabilityOfBtc": _plain8(assets - net),
        "totalNetAssetOfBtc": _plain8(net),
    }


def _margin_level(held: Collection[tuple[str, Funds]]) -> str:
    """Return assets divided by debts; 999 without debts, as the exchange writes it."""
    assets = sum((_in_btc(asset, holding.total) for asset, holding in held), ZERO)
    owed = sum((_in_btc(asset, holding.total - holding.net) for asset, holding in held), ZERO)
    return _plain8(min(Decimal(999), assets / owed)) if owed else "999"


def _in_btc(asset: str, amount: Decimal) -> Decimal:
    return amount * PRICES_IN_BTC.get(asset, ZERO)


def _plain8(value: Decimal) -> str:
    return plain(value.quantize(Decimal("1.00000000")))
