"""The endpoints of the demo exchange: the answer of each, who may call it, and its weight, which is limited."""

from collections.abc import Callable
from decimal import Decimal
from enum import Enum, auto
from typing import Final

from tui.demo import balances
from tui.demo.errors import Code, RequestRefused
from tui.demo.faults import TRANSFER_PATH
from tui.demo.history import History, pairs_for, parse_type
from tui.demo.ledger import Ledger
from tui.demo.requests import Parameters, Registration
from tui.domain.amounts import MAX_DECIMALS, MAX_INTEGER_DIGITS
from tui.domain.transfer import Field, InvalidTransfer, TransferRequest
from tui.structs import Struct

_MINUTE_MS = 60_000


class Limit(Struct):
    """A count of weights, by the exchange's minute."""

    header: str
    """The header that shows the count in an answer."""
    per_minute: int
    per_endpoint: bool = False
    """Whether each endpoint is counted alone; otherwise all under the same first word of the path."""


SAPI_IP: Final = Limit("X-SAPI-USED-IP-WEIGHT-1M", 12_000, per_endpoint=True)
SAPI_UID: Final = Limit("X-SAPI-USED-UID-WEIGHT-1M", 180_000, per_endpoint=True)
API_IP: Final = Limit("X-MBX-USED-WEIGHT-1M", 6000)
FAPI_IP: Final = Limit("X-MBX-USED-WEIGHT-1M", 2400)
DAPI_IP: Final = Limit("X-MBX-USED-WEIGHT-1M", 2400)
EAPI_IP: Final = Limit("X-MBX-USED-WEIGHT-1M", 400)
PAPI_IP: Final = Limit("X-MBX-USED-WEIGHT-1M", 6000)


class Weights:
    """The counts of the current minute."""

    def __init__(self) -> None:
        self.enforced = True
        """Whether too much is refused. A long test may make more transfers than the exchange accepts."""
        self._minute = 0
        self._used: dict[tuple[Limit, str], int] = {}

    def spend(self, limit: Limit, method: str, path: str, weight: int, now_ms: int) -> dict[str, str]:
        """Count a request and return the header with the count. Raises RequestRefused."""
        minute = now_ms // _MINUTE_MS
        if minute != self._minute:
            self._minute, self._used = minute, {}
        counted = (limit, f"{method} {path}" if limit.per_endpoint else path.split("/")[1])
        used = self._used.get(counted, 0) + weight
        self._used[counted] = used
        header = {limit.header: str(used)}
        if self.enforced and used > limit.per_minute:
            seconds = -(-((minute + 1) * _MINUTE_MS - now_ms) // 1000)
            headers = header | {"Retry-After": str(seconds)}
            raise RequestRefused(Code.TOO_MUCH_WEIGHT, str(limit.per_minute), headers=headers)
        return header


class Access(Enum):
    """What a caller must send."""

    OPEN = auto()
    KEY = auto()
    """The header with the API key."""
    SIGNED = auto()
    """The header, a timestamp and a signature."""


class ApiCall(Struct):
    """A permitted request, as its endpoint sees it."""

    parameters: Parameters
    key: Registration | None
    ledger: Ledger
    history: History
    now_ms: int
    number: int = 0
    """The number of a transfer request, from 1."""


class Endpoint(Struct):
    """One method of one path."""

    method: str
    path: str
    answer: Callable[[ApiCall], object]
    """Returns the content of the JSON answer. Raises RequestRefused."""
    limit: Limit = SAPI_IP
    weight: int = 1
    access: Access = Access.SIGNED


def _transfer(call: ApiCall) -> object:
    if call.key is None or not call.key.permissions.permits_universal_transfer:
        raise RequestRefused(Code.UNAUTHORIZED)
    flaws = call.history.flaws(call.number)
    executed = call.ledger.transfer(
        parse_request(call.parameters),
        call.now_ms,
        number=call.number,
        fails=flaws.fails,
        arrives_after_ms=round(flaws.arrival_s * 1000),
    )
    return {"tranId": executed.tran_id}


def parse_request(parameters: Parameters) -> TransferRequest:
    """Return the transfer that a request asks for, with exactly its type's parameters. Raises RequestRefused."""
    move = parse_type(parameters)
    asset = parameters.asset()
    amount = parameters.text("amount", _AMOUNT_PATTERN)
    from_symbol, to_symbol = pairs_for(move, parameters)
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
    Endpoint("GET", "/api/v3/account", _from_ledger(balances.account), API_IP, 20),
    Endpoint("GET", "/api/v3/ticker/price", _from_ledger(balances.ticker_price), API_IP, 2, Access.OPEN),
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
    Endpoint("GET", "/sapi/v1/margin/isolated/accountLimit", _from_ledger(balances.isolated_limit)),
    Endpoint("GET", "/fapi/v3/balance", _from_ledger(balances.um_futures), FAPI_IP, 5),
    Endpoint("GET", "/dapi/v1/balance", _from_ledger(balances.cm_futures), DAPI_IP),
    Endpoint("GET", "/fapi/v3/account", _from_ledger(balances.um_account), FAPI_IP, 5),
    Endpoint("GET", "/dapi/v1/account", _from_ledger(balances.cm_account), DAPI_IP, 5),
    Endpoint("GET", "/eapi/v1/marginAccount", _from_ledger(balances.options), EAPI_IP, 3),
    Endpoint("GET", "/papi/v1/balance", _from_ledger(balances.portfolio), PAPI_IP, 20),
    Endpoint("GET", "/papi/v1/account", _from_ledger(balances.portfolio_account), PAPI_IP, 20),
    Endpoint("GET", "/papi/v1/margin/maxWithdraw", _from_ledger(balances.portfolio_max_withdraw), PAPI_IP, 5),
)
"""The endpoints of wallets, their assets and pairs."""

ENDPOINTS: Final = (
    Endpoint("GET", "/api/v3/ping", lambda _: {}, API_IP, access=Access.OPEN),
    Endpoint("GET", "/api/v3/time", lambda call: {"serverTime": call.now_ms}, API_IP, access=Access.OPEN),
    Endpoint("GET", "/sapi/v1/system/status", lambda _: {"status": 0, "msg": "normal"}, access=Access.OPEN),
    Endpoint("GET", "/sapi/v1/account/apiRestrictions", lambda call: call.key and call.key.permissions),
    Endpoint("POST", TRANSFER_PATH, _transfer, SAPI_UID, 900),
    Endpoint("GET", TRANSFER_PATH, lambda call: call.history.page(call.parameters, call.now_ms)),
    *BALANCES,
)
