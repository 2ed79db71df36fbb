"""The exchange's calls that only read, and what is sent and comes back, typed: BINANCE.md, "Balances" and "Keys".

An answer's JSON is decoded into these types, or not at all. Texts and amounts of an answer are `ServerText` and
`Amount`: each is checked before it is shown or used.
"""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from tui.domain.amounts import AmountError, plain, read_amount
from tui.domain.moments import EARLIEST_MS, LATEST_MS, YEAR_10000_MS
from tui.domain.records import END_OF_TIMESTAMPS_MS, LEAST_TIMESTAMP_MS, MOST_TRAN_ID, HistoryQuery
from tui.domain.text import ServerText
from tui.domain.transfer import TransferRequest

_Answer = TypeVar("_Answer")


class Amount(Decimal):
    """An amount that a server wrote: a number that can be shown and calculated with."""


class Estimate:
    """A figure that decides nothing. If it cannot be read, `amount` is None, never 0, and the rest of the answer
    counts.

    It is no dataclass, because msgspec would look for an object in the answer.
    """

    __slots__ = ("amount",)

    def __init__(self, amount: Decimal | None = None) -> None:
        self.amount = amount

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Estimate) and self.amount == other.amount

    def __hash__(self) -> int:
        return hash(self.amount)


class Never:
    """A field that a documented answer never has. Any value makes the answer unreadable."""


def decode(body: bytes | msgspec.Raw, kind: type[_Answer]) -> _Answer:
    """Return an answer that is exactly as documented. Raises ValueError for any other, however odd."""
    with contextlib.suppress(Exception):  # whatever a decoder may raise one day, the answer cannot be read
        return msgspec.json.decode(body, type=kind, dec_hook=_read)
    raise ValueError("not what is documented")


def decode_once(body: bytes, kind: type[_Answer]) -> _Answer:
    """Return an answer in which, in addition, no object names a field twice: neither of two values would be the answer.

    Raises ValueError.
    """
    with contextlib.suppress(Exception):  # as above: bytes that are no text, numbers of a million digits, ...
        json.loads(body, object_pairs_hook=_named_once)
        return decode(body, kind)
    raise ValueError("not what is documented")


def _named_once(fields: list[tuple[str, object]]) -> None:
    if len(dict(fields)) != len(fields):
        raise ValueError("a field is named twice")


def _read(kind: type, written: object) -> object:
    if kind is Estimate:
        try:
            return Estimate(read_amount(written) if isinstance(written, str) else None)
        except AmountError:
            return Estimate()
    if kind is Never:
        raise ValueError("an error, or what says that there is none")
    if not isinstance(written, str):
        raise TypeError("not a text")
    return Amount(read_amount(written)) if kind is Amount else ServerText(written)


TranId = Annotated[int, msgspec.Meta(gt=0, le=MOST_TRAN_ID)]


Milliseconds = Annotated[int, msgspec.Meta(ge=LEAST_TIMESTAMP_MS, lt=END_OF_TIMESTAMPS_MS)]
"""A time that cannot be one in seconds, from the year 2001 on."""

_NOT_EMPTY = msgspec.Meta(min_length=1)


class ServerTime(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """The exchange's time, in milliseconds. An impossible time is no answer, nor is an answer that says more."""

    server_time: Annotated[int, msgspec.Meta(ge=EARLIEST_MS, lt=LATEST_MS)]


class Payload(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """An answer, or a row of one, as the exchange documents it.

    Its fields have no defaults. If one is missing, the answer is not read: a missing field never means zero, no, or
    nothing. The few fields that may be missing say why that is harmless.

    Other fields are ignored, because the exchange adds some without notice, and they do not change what the documented
    ones mean. The exceptions are these: each says that something went wrong, or may have.
    """

    code: Never | UnsetType = UNSET
    msg: Never | UnsetType = UNSET
    message: Never | UnsetType = UNSET
    error: Never | UnsetType = UNSET
    status: Never | UnsetType = UNSET
    success: Never | UnsetType = UNSET


class KeyRestrictions(Payload, frozen=True, rename="camel", kw_only=True):
    """What an API key may do. None means that the exchange did not say.

    Flags may be missing, because the exchange has added some over the years. A missing flag is neither yes nor no. If
    all are missing, it is another answer.
    """

    ip_restrict: bool | None = None
    enable_reading: bool | None = None
    enable_withdrawals: bool | None = None
    enable_internal_transfer: bool | None = None
    enable_margin: bool | None = None
    enable_futures: bool | None = None
    permits_universal_transfer: bool | None = None
    enable_vanilla_options: bool | None = None
    enable_spot_and_margin_trading: bool | None = None
    enable_portfolio_margin_trading: bool | None = None
    enable_fix_api_trade: bool | None = None
    trading_authority_expiration_time: Annotated[int, msgspec.Meta(ge=0, lt=YEAR_10000_MS)] | None = None
    """When its permissions end, in milliseconds. The exchange leaves this out for a key that is bound to IP addresses.
    """

    def __post_init__(self) -> None:
        """Raises ValueError if no flag is there."""
        if not any(isinstance(getattr(self, field), bool) for field in self.__struct_fields__):
            raise ValueError("no permission is named")


class AssetRow(Payload, frozen=True, rename="camel", kw_only=True):
    """A row of a list of assets."""

    asset: ServerText


class AssetBalance(AssetRow, frozen=True, rename="camel", kw_only=True):
    """An asset in a wallet. `free` is not locked in orders; in margin and futures, less may be transferable.

    The other figures only give a price: if one is missing, there is no price. Margin accounts do not have them.
    """

    free: Amount
    locked: Estimate = Estimate()
    freeze: Estimate = Estimate()
    withdrawing: Estimate = Estimate()
    btc_valuation: Estimate = Estimate()
    """The worth of all four together in BTC."""


class WalletBalance(Payload, frozen=True, rename="camel", kw_only=True):
    """A wallet in the glance at all wallets, under the exchange's name for it."""

    wallet_name: ServerText
    activate: bool
    balance: Estimate = Estimate()
    """The worth of the whole wallet. An empty list is believed only if this is there and zero."""
    asset_balances: list[AssetBalance] | None = None
    """Its contents. If they are missing, the wallet is not read at a glance, unless it was never opened."""


class IsolatedPair(Payload, frozen=True, rename="camel", kw_only=True):
    """The isolated margin account of one pair."""

    symbol: ServerText
    base_asset: AssetBalance
    quote_asset: AssetBalance
    enabled: bool


class IsolatedAccount(Payload, frozen=True, kw_only=True):
    """All isolated margin accounts of a person; none if the list is empty."""

    assets: list[IsolatedPair]


class IsolatedPairRow(Payload, frozen=True, kw_only=True):
    """A pair of the exchange that has isolated margin accounts."""

    symbol: ServerText
    base: ServerText
    quote: ServerText


class CrossAccount(Payload, frozen=True, rename="camel", kw_only=True):
    """The Cross Margin wallet, with every asset that it takes."""

    user_assets: Annotated[list[AssetBalance], _NOT_EMPTY]
    transfer_in_enabled: bool | None = None
    transfer_out_enabled: bool | None = None
    """These two may be missing: then the exchange does not say that it bars anything."""


class UmBalance(AssetRow, frozen=True, rename="camel", kw_only=True):
    """An asset in the USD-M Futures wallet."""

    max_withdraw_amount: Amount


class CmBalance(AssetRow, frozen=True, rename="camel", kw_only=True):
    """An asset in the COIN-M Futures wallet."""

    withdraw_available: Amount


class OptionsBalance(AssetRow, frozen=True, kw_only=True):
    """An asset in the Options wallet."""

    available: Amount


class OptionsAccount(Payload, frozen=True, rename="camel", kw_only=True):
    """The Options wallet, with every asset that it takes."""

    asset: Annotated[list[OptionsBalance], _NOT_EMPTY]
    can_deposit: bool | None = None
    can_withdraw: bool | None = None
    reduce_only: bool | None = None
    """These three may be missing: then the exchange does not say that it bars anything."""


class TransferableAmount(Payload, frozen=True, kw_only=True):
    """How much of an asset can be moved out."""

    amount: Amount


class PortfolioBalance(AssetRow, frozen=True, rename="camel", kw_only=True):
    """An asset in the Portfolio Margin wallet."""

    cross_margin_free: Amount


Glance = Annotated[list[WalletBalance], _NOT_EMPTY]
"""Everybody has wallets, so there is no empty glance."""

HeldAssets = list[AssetBalance]
"""Spot's and Funding's own list. It leaves out assets at zero, so an empty list is an empty wallet."""

UmBalances = Annotated[list[UmBalance], _NOT_EMPTY]
CmBalances = Annotated[list[CmBalance], _NOT_EMPTY]
PortfolioBalances = Annotated[list[PortfolioBalance], _NOT_EMPTY]
"""These have a row for every asset, also at zero. An empty list is not documented."""


_Answer_co = TypeVar("_Answer_co", covariant=True)


@dataclass(frozen=True, slots=True)
class ReadCall(Generic[_Answer_co]):
    """One request that changes nothing."""

    path: str
    answer: type[_Answer_co]
    """The documented answer."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"
    is_signed: bool = True
    """If not, the key is shown, and signs nothing."""

    def read(self, body: bytes) -> _Answer_co:
        """Return an answer. Raises ValueError if it is not as documented."""
        return decode_once(body, self.answer)


KEY_RESTRICTIONS = ReadCall("/sapi/v1/account/apiRestrictions", KeyRestrictions)
"""What the key may do."""

WALLET_BALANCES = ReadCall("/sapi/v1/asset/wallet/balance", Glance, {"needBalanceDetail": "true"})
"""All wallets at a glance, with the assets in each."""

SPOT_ASSETS = ReadCall("/sapi/v3/asset/getUserAsset", HeldAssets, method="POST")
FUNDING_ASSETS = ReadCall("/sapi/v1/asset/get-funding-asset", HeldAssets, method="POST")
CROSS_ACCOUNT = ReadCall("/sapi/v1/margin/account", CrossAccount)
ISOLATED_ACCOUNT = ReadCall("/sapi/v1/margin/isolated/account", IsolatedAccount)
"""The isolated margin accounts, one a pair."""
UM_BALANCES = ReadCall("/fapi/v3/balance", UmBalances)
CM_BALANCES = ReadCall("/dapi/v1/balance", CmBalances)
OPTIONS_ACCOUNT = ReadCall("/eapi/v1/marginAccount", OptionsAccount)
PORTFOLIO_BALANCES = ReadCall("/papi/v1/balance", PortfolioBalances)

ISOLATED_PAIRS = ReadCall("/sapi/v1/margin/isolated/allPairs", list[IsolatedPairRow], is_signed=False)
"""Every pair of the exchange that has isolated margin accounts."""


def margin_transferable(asset: str, symbol: str | None = None) -> ReadCall[TransferableAmount]:
    """How much of an asset can be moved out of Cross Margin, or out of the isolated account of a pair."""
    parameters = {"asset": asset, **({"isolatedSymbol": symbol} if symbol else {})}
    return ReadCall("/sapi/v1/margin/maxTransferable", TransferableAmount, parameters)


def portfolio_transferable(asset: str) -> ReadCall[TransferableAmount]:
    """How much of an asset can be moved out of Portfolio Margin."""
    return ReadCall("/papi/v1/margin/maxWithdraw", TransferableAmount, {"asset": asset})


def transfer_parameters(request: TransferRequest) -> dict[str, str]:
    """Return the parameters of a transfer, in the exchange's words and order."""
    return {
        "type": request.type.name,
        "asset": request.asset,
        "amount": plain(request.amount),
        **symbol_parameters(request),
    }


def symbol_parameters(asked: TransferRequest | HistoryQuery) -> dict[str, str]:
    """Return the pairs of the isolated accounts as parameters, for a transfer or its history."""
    pairs = {"fromSymbol": asked.from_symbol, "toSymbol": asked.to_symbol}
    return {name: symbol for name, symbol in pairs.items() if symbol}
