"""The exchange's calls that only read, each with its answer: BINANCE.md, "Balances" and "Keys"."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from tui.exchange.decoding import decode_once
from tui.exchange.payloads import (
    CmBalances,
    CrossAccount,
    Glance,
    HeldAssets,
    IsolatedAccount,
    IsolatedPairRow,
    KeyRestrictions,
    OptionsAccount,
    PortfolioBalances,
    TransferableAmount,
    UmBalances,
)

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
