"""The endpoints of the demo exchange: the weight of each, who may call it, and its answer."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from typing import Final

from tui.demo import balances, weights
from tui.demo.errors import Code, RequestRefused
from tui.demo.faults import TRANSFER_PATH
from tui.demo.history import History, parse_type
from tui.demo.ledger import Ledger
from tui.demo.requests import Parameters, Registration
from tui.demo.weights import Limit
from tui.domain.amounts import MAX_DECIMALS, MAX_INTEGER_DIGITS
from tui.domain.transfer import Field, InvalidTransfer, TransferRequest


class Access(Enum):
    """What a caller must send."""

    OPEN = auto()
    KEY = auto()
    """The header with the API key."""
    SIGNED = auto()
    """The header, a timestamp and a signature."""


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A permitted request, as its endpoint sees it."""

    parameters: Parameters
    key: Registration | None
    ledger: Ledger
    history: History
    now_ms: int
    transfers_fail: bool


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path."""

    method: str
    path: str
    answer: Callable[[ApiCall], object]
    """Returns the content of the JSON answer. Raises RequestRefused."""
    limit: Limit = weights.SAPI_IP
    weight: int = 1
    access: Access = Access.SIGNED


def _transfer(call: ApiCall) -> object:
    if call.key is None or not call.key.permissions.permits_universal_transfer:
        raise RequestRefused(Code.UNAUTHORIZED)
    executed = call.ledger.transfer(parse_request(call.parameters), call.now_ms, fails=call.transfers_fail)
    return {"tranId": executed.tran_id}


def parse_request(parameters: Parameters) -> TransferRequest:
    """Return the transfer that a request asks for, with exactly its type's parameters. Raises RequestRefused."""
    move = parse_type(parameters)
    asset = parameters.asset()
    amount = parameters.text("amount", _AMOUNT_PATTERN)
    from_symbol = parameters.symbol("fromSymbol") if move.needs_from_pair else None
    to_symbol = parameters.symbol("toSymbol") if move.needs_to_pair else None
    parameters.check_all_read()
    try:
        return TransferRequest(move, asset, Decimal(amount), from_symbol, to_symbol)
    except InvalidTransfer as invalid:
        wrong = next(iter(invalid.problems))
        raise RequestRefused(Code.BAD_PARAMETER, _WIRE_NAMES.get(wrong, wrong)) from None


_WIRE_NAMES: Final = {Field.FROM_PAIR: "fromSymbol", Field.TO_PAIR: "toSymbol"}
_AMOUNT_PATTERN: Final = rf"[0-9]{{1,{MAX_INTEGER_DIGITS}}}(\.[0-9]{{1,{MAX_DECIMALS}}})?"


def _from_ledger(answer: Callable[[Ledger, Parameters], object]) -> Callable[[ApiCall], object]:
    return lambda call: answer(call.ledger, call.parameters)


BALANCES: Final = (
    Endpoint("GET", "/api/v3/account", _from_ledger(balances.account), weights.API_IP, 20),
    Endpoint("GET", "/sapi/v1/asset/wallet/balance", _from_ledger(balances.glance), weight=60),
    Endpoint("POST", "/sapi/v3/asset/getUserAsset", _from_ledger(balances.spot), weight=5),
    Endpoint("POST", "/sapi/v1/asset/get-funding-asset", _from_ledger(balances.funding)),
    Endpoint("GET", "/sapi/v1/margin/account", _from_ledger(balances.cross), weight=10),
    Endpoint("GET", "/sapi/v1/margin/maxTransferable", _from_ledger(balances.max_transferable), weight=50),
    Endpoint("GET", "/sapi/v1/margin/isolated/account", _from_ledger(balances.isolated), weight=10),
    Endpoint(
        "GET",
        "/sapi/v1/margin/isolated/allPairs",
        _from_ledger(balances.isolated_pairs),
        weight=10,
        access=Access.KEY,
    ),
    Endpoint("GET", "/fapi/v3/balance", _from_ledger(balances.um_futures), weights.FAPI_IP, 5),
    Endpoint("GET", "/dapi/v1/balance", _from_ledger(balances.cm_futures), weights.DAPI_IP),
    Endpoint("GET", "/eapi/v1/marginAccount", _from_ledger(balances.options), weights.EAPI_IP, 3),
    Endpoint("GET", "/papi/v1/balance", _from_ledger(balances.portfolio), weights.PAPI_IP, 20),
    Endpoint("GET", "/papi/v1/margin/maxWithdraw", _from_ledger(balances.portfolio_max_withdraw), weights.PAPI_IP, 5),
)
"""The endpoints of wallets, their assets and pairs."""

ENDPOINTS: Final = (
    Endpoint("GET", "/api/v3/ping", lambda _: {}, weights.API_IP, access=Access.OPEN),
    Endpoint("GET", "/api/v3/time", lambda call: {"serverTime": call.now_ms}, weights.API_IP, access=Access.OPEN),
    Endpoint("GET", "/sapi/v1/system/status", lambda _: {"status": 0, "msg": "normal"}, access=Access.OPEN),
    Endpoint("GET", "/sapi/v1/account/apiRestrictions", lambda call: call.key and call.key.permissions),
    Endpoint("POST", TRANSFER_PATH, _transfer, weights.SAPI_UID, 900),
    Endpoint("GET", TRANSFER_PATH, lambda call: call.history.page(call.parameters, call.now_ms)),
    *BALANCES,
)
