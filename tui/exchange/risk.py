"""Where the exchange says how an account's risk is, and what the answer means: BINANCE.md, "Risk"."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from tui.domain.balances import Account
from tui.domain.risk import Gauge
from tui.domain.text import ServerText
from tui.domain.wallets import Wallet
from tui.exchange.balances import futures_asset
from tui.exchange.payloads import (
    CM_ACCOUNT,
    CROSS_ACCOUNT,
    PORTFOLIO_ACCOUNT,
    UM_ACCOUNT,
    CrossAccount,
    Estimate,
    FuturesAccount,
    IsolatedAccount,
    PortfolioAccount,
    ReadCall,
    Remark,
    isolated_account,
)
from tui.structs import Struct

_Figures = Mapping[Gauge, Decimal | str]


class RiskSource(Struct):
    """Where the risk of one account is read."""

    call: ReadCall[Any]
    figures: Callable[[Any], _Figures]
    """What an answer says. A figure that is missing or odd is left out."""


def risk_source(account: Account, asset: str) -> RiskSource | None:
    """Return where the risk of moving an asset out of an account is read; None if the exchange names none."""
    match account.wallet:
        case Wallet.CROSS:
            return RiskSource(CROSS_ACCOUNT, _cross)
        case Wallet.ISOLATED:
            symbol = account.pair or ""
            return RiskSource(isolated_account(symbol), lambda answer: _isolated(answer, symbol))
        case Wallet.UM:
            return RiskSource(UM_ACCOUNT, lambda answer: _futures(answer, asset))
        case Wallet.CM:
            return RiskSource(CM_ACCOUNT, lambda answer: _futures(answer, asset))
        case Wallet.PORTFOLIO:
            return RiskSource(PORTFOLIO_ACCOUNT, _portfolio)
        case Wallet.SPOT | Wallet.FUNDING | Wallet.OPTIONS:
            return None


def _cross(answer: CrossAccount) -> _Figures:
    return _known({Gauge.MARGIN_LEVEL: answer.margin_level})


def _isolated(answer: IsolatedAccount, symbol: str) -> _Figures:
    rows = [row for row in answer.assets if row.symbol == ServerText(symbol)]
    if len(rows) != 1:
        return {}
    row = rows[0]
    level, price = {Gauge.MARGIN_LEVEL: row.margin_level}, {Gauge.LIQUIDATION_PRICE: row.liquidate_price}
    return {**_known(level), **_status(row.margin_level_status), **_known(price)}


def _futures(answer: FuturesAccount, asset: str) -> _Figures:
    row = futures_asset(answer, asset)
    return _known({Gauge.MAINTENANCE: row.maint_margin, Gauge.MARGIN_BALANCE: row.margin_balance}) if row else {}


def _portfolio(answer: PortfolioAccount) -> _Figures:
    return {**_known({Gauge.UNI_MMR: answer.uni_mmr}), **_status(answer.account_status)}


def _known(figures: Mapping[Gauge, Estimate]) -> dict[Gauge, Decimal | str]:
    return {gauge: each.amount for gauge, each in figures.items() if each.amount is not None}


def _status(status: Remark) -> dict[Gauge, Decimal | str]:
    return {Gauge.STATUS: status.word} if status.word else {}
