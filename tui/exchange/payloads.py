"""What is sent to the exchange and what comes back, typed.

A text or an amount of an answer is `ServerText` or `Amount`, so that none is shown or reckoned with unread.
"""

from dataclasses import dataclass
from typing import Annotated

import msgspec

from tui.domain.amounts import plain
from tui.domain.moments import EARLIEST_MS, LATEST_MS, YEAR_10000_MS
from tui.domain.records import END_OF_TIMESTAMPS_MS, LEAST_TIMESTAMP_MS, MOST_TRAN_ID, Row
from tui.domain.text import ServerText
from tui.domain.transfer import TransferRequest
from tui.exchange.decoding import Amount, Estimate

TranId = Annotated[int, msgspec.Meta(gt=0, le=MOST_TRAN_ID)]


Milliseconds = Annotated[int, msgspec.Meta(ge=LEAST_TIMESTAMP_MS, lt=END_OF_TIMESTAMPS_MS)]
"""A time that cannot be one in seconds, from the year 2001 on."""


class TransferAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """The answer to a transfer."""

    tran_id: TranId


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """One page of the exchange's history."""

    total: int
    """How many records there are on all pages together."""
    rows: tuple[Row, ...]


class ServerTime(msgspec.Struct, frozen=True, rename="camel"):
    """The exchange's time, in milliseconds. One that cannot be the time is no answer."""

    server_time: Annotated[int, msgspec.Meta(ge=EARLIEST_MS, lt=LATEST_MS)]


class KeyRestrictions(msgspec.Struct, frozen=True, rename="camel"):
    """What an API key may do."""

    ip_restrict: bool = False
    enable_reading: bool = False
    enable_withdrawals: bool = False
    enable_internal_transfer: bool = False
    enable_margin: bool = False
    enable_futures: bool = False
    permits_universal_transfer: bool = False
    enable_vanilla_options: bool = False
    enable_spot_and_margin_trading: bool = False
    enable_portfolio_margin_trading: bool = False
    enable_fix_api_trade: bool = False
    trading_authority_expiration_time: Annotated[int, msgspec.Meta(ge=0, lt=YEAR_10000_MS)] | None = None
    """When what the key may do ends, in milliseconds; left out for a key that is bound to IP addresses."""


class AssetBalance(msgspec.Struct, frozen=True, rename="camel"):
    """An asset in a wallet. `free` is not locked in orders; under margin and futures, less may be transferable."""

    asset: ServerText
    free: Amount = Amount(0)
    locked: Estimate = Estimate(0)
    freeze: Estimate = Estimate(0)
    withdrawing: Estimate = Estimate(0)
    btc_valuation: Estimate = Estimate(0)
    """What all four together are worth in BTC."""


class WalletBalance(msgspec.Struct, frozen=True, rename="camel"):
    """A wallet of the glance at all wallets, by the exchange's name for it."""

    wallet_name: ServerText
    activate: bool = False
    asset_balances: list[AssetBalance] | None = None


class IsolatedPair(msgspec.Struct, frozen=True, rename="camel"):
    """The isolated margin account of one pair."""

    symbol: ServerText
    base_asset: AssetBalance
    quote_asset: AssetBalance
    enabled: bool = True


class IsolatedAccount(msgspec.Struct, frozen=True):
    """All isolated margin accounts of a person."""

    assets: list[IsolatedPair] = []


class IsolatedPairRow(msgspec.Struct, frozen=True):
    """A pair of the exchange that has isolated margin accounts."""

    symbol: ServerText
    base: ServerText
    quote: ServerText


class CrossAccount(msgspec.Struct, frozen=True, rename="camel"):
    """The Cross Margin wallet."""

    user_assets: list[AssetBalance] = []


class UmBalance(msgspec.Struct, frozen=True, rename="camel"):
    """An asset in the USD-M Futures wallet."""

    asset: ServerText
    max_withdraw_amount: Amount


class CmBalance(msgspec.Struct, frozen=True, rename="camel"):
    """An asset in the COIN-M Futures wallet."""

    asset: ServerText
    withdraw_available: Amount


class OptionsBalance(msgspec.Struct, frozen=True):
    """An asset in the Options wallet."""

    asset: ServerText
    available: Amount


class OptionsAccount(msgspec.Struct, frozen=True):
    """The Options wallet."""

    asset: list[OptionsBalance] = []


class TransferableAmount(msgspec.Struct, frozen=True):
    """How much of an asset can be moved out."""

    amount: Amount


class PortfolioBalance(msgspec.Struct, frozen=True, rename="camel"):
    """An asset in the Portfolio Margin wallet."""

    asset: ServerText
    cross_margin_free: Amount = Amount(0)


def transfer_parameters(request: TransferRequest) -> dict[str, str]:
    """The parameters of a transfer, in the exchange's words and order."""
    return {
        "type": request.type.name,
        "asset": request.asset,
        "amount": plain(request.amount),
        **symbol_parameters(request.from_symbol, request.to_symbol),
    }


def symbol_parameters(from_symbol: str | None, to_symbol: str | None) -> dict[str, str]:
    """The pairs of the isolated accounts that take part, as the transfer and its history want them."""
    pairs = {"fromSymbol": from_symbol, "toSymbol": to_symbol}
    return {name: symbol for name, symbol in pairs.items() if symbol}
