"""The endpoints of the demo exchange: what each costs, who may call it, and what answers."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from typing import Final

from tui.demo import balances, weights
from tui.demo.auth import Registration
from tui.demo.errors import Code, Refused
from tui.demo.faults import TRANSFER_PATH
from tui.demo.history import History, parse_type
from tui.demo.ledger import Ledger
from tui.demo.parameters import Parameters
from tui.demo.weights import Limit
from tui.domain.amounts import MAX_DECIMALS, MAX_INTEGER_DIGITS
from tui.domain.transfer import Field, InvalidTransfer, TransferRequest


class Access(Enum):
    """What a caller has to show."""

    OPEN = auto()
    KEY = auto()
    """The API key's header."""
    SIGNED = auto()
    """The header, a timestamp and a signature."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request that got through, as its endpoint sees it."""

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
    answer: Callable[[Call], object]
    """Gives what the answer's JSON holds. Raises Refused."""
    limit: Limit = weights.SAPI_IP
    weight: int = 1
    access: Access = Access.SIGNED


def _transfer(call: Call) -> object:
    if call.key is None or not call.key.permissions.permits_universal_transfer:
        raise Refused(Code.UNAUTHORIZED)
    executed = call.ledger.transfer(parse_request(call.parameters), call.now_ms, fails=call.transfers_fail)
    return {"tranId": executed.tran_id}


def parse_request(parameters: Parameters) -> TransferRequest:
    """The transfer that a request asks for: exactly the parameters that its type takes. Raises Refused."""
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
        raise Refused(Code.BAD_PARAMETER, _WIRE_NAMES.get(wrong, wrong)) from None


_WIRE_NAMES: Final = {Field.FROM_PAIR: "fromSymbol", Field.TO_PAIR: "toSymbol"}
_AMOUNT_PATTERN: Final = rf"[0-9]{{1,{MAX_INTEGER_DIGITS}}}(\.[0-9]{{1,{MAX_DECIMALS}}})?"


def _history(call: Call) -> object:
    return call.history.page(call.parameters, call.now_ms)


def _time(call: Call) -> object:
    return {"serverTime": call.now_ms}


def _status(_: Call) -> object:
    return {"status": 0, "msg": "normal"}


def _restrictions(call: Call) -> object:
    return call.key.permissions if call.key else None


def _from_ledger(answer: Callable[[Ledger, Parameters], object]) -> Callable[[Call], object]:
    return lambda call: answer(call.ledger, call.parameters)


def _pong(_: Call) -> object:
    return {}


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
"""All that tells of wallets, their assets and pairs."""

ENDPOINTS: Final = (
    Endpoint("GET", "/api/v3/ping", _pong, weights.API_IP, access=Access.OPEN),
    Endpoint("GET", "/api/v3/time", _time, weights.API_IP, access=Access.OPEN),
    Endpoint("GET", "/sapi/v1/system/status", _status, access=Access.OPEN),
    Endpoint("GET", "/sapi/v1/account/apiRestrictions", _restrictions),
    Endpoint("POST", TRANSFER_PATH, _transfer, weights.SAPI_UID, 900),
    Endpoint("GET", TRANSFER_PATH, _history),
    *BALANCES,
)
