"""The exchange's calls that only read, and what is sent and comes back, typed: BINANCE.md, "Balances" and "Keys".

An answer's JSON is decoded into these types, or not at all. Texts and amounts of an answer are `ServerText` and
`Amount`: each is checked before it is shown or used.
"""

import contextlib
import json
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from tui.domain.amounts import AmountError, plain, read_amount
from tui.domain.moments import EARLIEST_MS, LATEST_MS, YEAR_10000_MS
from tui.domain.records import (
    END_OF_TIMESTAMPS_MS,
    LEAST_TIMESTAMP_MS,
    MOST_IN_TEXT,
    MOST_IN_WORD,
    MOST_TRAN_ID,
    HistoryQuery,
    HistoryRow,
    Row,
    UnreadableRow,
    status_from,
)
from tui.domain.text import ServerText, printable
from tui.domain.transfer import TransferRequest
from tui.structs import Struct, field

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


class Remark:
    """A word of the exchange that decides nothing. If it is none of the documented ones, `word` is empty."""

    __slots__ = ("word",)

    def __init__(self, word: str = "") -> None:
        self.word = word

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Remark) and self.word == other.word

    def __hash__(self) -> int:
        return hash(self.word)


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
    if kind is Remark:
        return Remark(written) if isinstance(written, str) and written in _REMARKS else Remark()
    if kind is Never:
        raise ValueError("an error, or what says that there is none")
    if not isinstance(written, str):
        raise TypeError("not a text")
    return Amount(read_amount(written)) if kind is Amount else ServerText(written)


_REMARKS = frozenset(
    {
        *("EXCESSIVE", "NORMAL", "MARGIN_CALL", "PRE_LIQUIDATION", "FORCE_LIQUIDATION"),
        *("SUPPLY_MARGIN", "REDUCE_ONLY", "ACTIVE_LIQUIDATION", "BANKRUPTED"),
    }
)
"""The words for a pair's margin level and for the state of Portfolio Margin, as they are documented."""

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

    The other figures only give a price, and reasons why less can be moved: if one is missing, there is no price and no
    reason. Margin accounts have `locked` and what is owed, other accounts all but that.
    """

    free: Amount
    locked: Estimate = Estimate()
    freeze: Estimate = Estimate()
    withdrawing: Estimate = Estimate()
    borrowed: Estimate = Estimate()
    interest: Estimate = Estimate()
    btc_valuation: Estimate = Estimate()
    """The worth of the first four together in BTC."""


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
    margin_level: Estimate = Estimate()
    margin_level_status: Remark = Remark()
    liquidate_price: Estimate = Estimate()
    """These three are shown as its risk, and decide nothing."""


class IsolatedAccount(Payload, frozen=True, kw_only=True):
    """All isolated margin accounts of a person; none if the list is empty."""

    assets: list[IsolatedPair]


class IsolatedLimit(Payload, frozen=True, rename="camel", kw_only=True):
    """How many isolated accounts are enabled, and how many can be."""

    enabled_account: Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
    max_account: Annotated[int, msgspec.Meta(ge=0, lt=2**31)]


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
    margin_level: Estimate = Estimate()
    """Shown as its risk; decides nothing."""


class UmBalance(AssetRow, frozen=True, rename="camel", kw_only=True):
    """An asset in the USD-M Futures wallet."""

    max_withdraw_amount: Amount
    balance: Estimate = Estimate()
    """What is there, without profit that is not realised yet."""


class CmBalance(AssetRow, frozen=True, rename="camel", kw_only=True):
    """An asset in the COIN-M Futures wallet."""

    withdraw_available: Amount
    balance: Estimate = Estimate()
    """What is there, without profit that is not realised yet."""


class FuturesAsset(AssetRow, frozen=True, rename="camel", kw_only=True):
    """An asset in the account of a futures wallet. Its figures give reasons and risk: they decide nothing."""

    wallet_balance: Estimate = Estimate()
    initial_margin: Estimate = Estimate()
    unrealized_profit: Estimate = Estimate()
    maint_margin: Estimate = Estimate()
    margin_balance: Estimate = Estimate()


class FuturesAccount(Payload, frozen=True, kw_only=True):
    """The account of a futures wallet: more about its assets than their list says."""

    assets: list[FuturesAsset]


class OptionsBalance(AssetRow, frozen=True, rename="camel", kw_only=True):
    """An asset in the Options wallet. All but `available` are reasons why less can be moved."""

    available: Amount
    margin_balance: Estimate = Estimate()
    initial_margin: Estimate = Estimate()
    unrealized_pnl: Estimate = msgspec.field(default=Estimate(), name="unrealizedPNL")


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
    cross_margin_locked: Estimate = Estimate()
    cross_margin_borrowed: Estimate = Estimate()
    cross_margin_interest: Estimate = Estimate()
    """These three are reasons why less can be moved."""


class PortfolioAccount(Payload, frozen=True, rename="camel", kw_only=True):
    """How Portfolio Margin as a whole is. It decides nothing."""

    uni_mmr: Estimate = msgspec.field(default=Estimate(), name="uniMMR")
    account_status: Remark = Remark()


class TickerPrice(Payload, frozen=True):
    """What one of a pair's base costs in its quote."""

    symbol: ServerText
    price: Amount


Glance = Annotated[list[WalletBalance], _NOT_EMPTY]
"""Everybody has wallets, so there is no empty glance."""

HeldAssets = list[AssetBalance]
"""Spot's and Funding's own list. It leaves out assets at zero, so an empty list is an empty wallet."""

UmBalances = Annotated[list[UmBalance], _NOT_EMPTY]
CmBalances = Annotated[list[CmBalance], _NOT_EMPTY]
PortfolioBalances = Annotated[list[PortfolioBalance], _NOT_EMPTY]
"""These have a row for every asset, also at zero. An empty list is not documented."""


_Answer_co = TypeVar("_Answer_co", covariant=True)


class ReadCall(Struct, Generic[_Answer_co]):
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
ISOLATED_LIMIT = ReadCall("/sapi/v1/margin/isolated/accountLimit", IsolatedLimit)
UM_BALANCES = ReadCall("/fapi/v3/balance", UmBalances)
CM_BALANCES = ReadCall("/dapi/v1/balance", CmBalances)
UM_ACCOUNT = ReadCall("/fapi/v3/account", FuturesAccount)
CM_ACCOUNT = ReadCall("/dapi/v1/account", FuturesAccount)
"""Asked for one asset's margin only: the lists of balances do not have it."""
OPTIONS_ACCOUNT = ReadCall("/eapi/v1/marginAccount", OptionsAccount)
PORTFOLIO_ACCOUNT = ReadCall("/papi/v1/account", PortfolioAccount)
PORTFOLIO_BALANCES = ReadCall("/papi/v1/balance", PortfolioBalances)

ISOLATED_PAIRS = ReadCall("/sapi/v1/margin/isolated/allPairs", list[IsolatedPairRow], is_signed=False)
"""Every pair of the exchange that has isolated margin accounts."""


def isolated_account(symbol: str) -> ReadCall[IsolatedAccount]:
    """The isolated margin account of one pair."""
    return ReadCall(ISOLATED_ACCOUNT.path, IsolatedAccount, {"symbols": symbol})


def ticker_price(symbol: str) -> ReadCall[TickerPrice]:
    """What the first asset of a pair costs in the second."""
    return ReadCall("/api/v3/ticker/price", TickerPrice, {"symbol": symbol}, is_signed=False)


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


HISTORY_PAGE_SIZE = 100
"""The most rows on one page of the exchange."""

HISTORY_REACH_MS = timedelta(days=180) // timedelta(milliseconds=1)
"""The exchange's history goes back six months. The span of one call is not limited."""

_MAX_PAGE_BYTES = 1024 * 1024

_DOCUMENTED = frozenset({"asset", "amount", "type", "status", "tranId", "timestamp"})
_PAIRS = frozenset({"fromSymbol", "toSymbol"})
"""Not documented in a record, but parameters of the call: a record may name them, and need not."""

_AMBIGUOUS = object()
"""An object that has a name twice."""


class HistoryPage(Struct):
    """One page of the exchange's history."""

    total: int
    """How many records there are on all pages together."""
    rows: tuple[Row, ...]


class _Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A page before its rows are read. One with more fields may not be a page at all."""

    total: Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
    rows: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    """The exchange leaves it out if there is nothing."""


def history_page(body: bytes) -> HistoryPage:
    """Return one page of the history. Raises ValueError for anything but a page as it is documented."""
    if len(body) > _MAX_PAGE_BYTES:
        raise ValueError("it is too long")
    page = decode(body, _Page)
    is_row_clear = _clear_rows(body)
    if page.rows is msgspec.UNSET:
        if page.total:
            raise ValueError("it has no rows")
        return HistoryPage(0, ())
    if len(page.rows) > HISTORY_PAGE_SIZE:
        raise ValueError("it has more rows than a page")
    rows = zip(page.rows, is_row_clear, strict=True)
    return HistoryPage(page.total, tuple(_row(bytes(raw), is_clear=is_clear) for raw, is_clear in rows))


def _clear_rows(body: bytes) -> list[bool]:
    """Return, for each row of a page, whether it names each field once. Raises ValueError if the page itself does not:
    a decoder would take one of two values and drop the other.
    """
    try:
        text = body.decode("utf-8", "replace")
        page = json.loads(text, object_pairs_hook=_unambiguous, parse_int=str, parse_float=str)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if page is _AMBIGUOUS:
        raise ValueError("it has a name twice")
    return [row is not _AMBIGUOUS for row in page.get("rows") or ()]


def _unambiguous(pairs: list[tuple[str, Any]]) -> Any:
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else _AMBIGUOUS


def _row(raw: bytes, *, is_clear: bool) -> Row:
    fields: dict[str, msgspec.Raw] = (_field(raw, dict[str, msgspec.Raw]) or {}) if is_clear else {}
    kind, asset, written = (_word(fields.get(name)) for name in ("type", "asset", "status"))
    status = status_from(written) if written else None
    amount = _field(fields.get("amount"), Amount)
    if amount is not None and amount <= 0:
        amount = None
    tran_id, timestamp = _field(fields.get("tranId"), TranId), _field(fields.get("timestamp"), Milliseconds)
    is_closed = _DOCUMENTED <= fields.keys() <= _DOCUMENTED | _PAIRS
    if is_closed and kind and asset and status and amount and tran_id and timestamp:
        pairs = {name: fields[name] for name in _PAIRS if _is_given(fields.get(name))}
        symbols = {name: _word(symbol) for name, symbol in pairs.items()}
        if None not in symbols.values():
            ends = symbols.get("fromSymbol"), symbols.get("toSymbol")
            return HistoryRow(asset, amount, kind, status, tran_id, timestamp, *ends)
    text = printable(raw[: 4 * MOST_IN_TEXT].decode("utf-8", "replace"))[:MOST_IN_TEXT]
    return UnreadableRow(text, kind, asset, amount, status, tran_id, timestamp)


def _is_given(symbol: msgspec.Raw | None) -> bool:
    return symbol is not None and bytes(symbol) not in (b"null", b'""')


def _word(raw: msgspec.Raw | None) -> str | None:
    text = _field(raw, ServerText)
    word = printable(text) if text else ""
    return word if 0 < len(word) <= MOST_IN_WORD else None


def _field(raw: bytes | msgspec.Raw | None, kind: Any) -> Any:
    """Return one field; None if it is missing or not of that type."""
    try:
        return None if raw is None else decode(raw, kind)
    except ValueError:
        return None
