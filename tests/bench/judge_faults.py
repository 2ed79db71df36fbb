"""The faults of a request for a transfer at the judge's exchange: drawn from BINANCE.md, and from malice.

Nothing here lies in a way that nobody could notice: what is answered with exactly a tranId was executed, and what is
refused as documented was not. Everything else may have been executed, or not.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from random import Random


class Cut(Enum):
    """How a connection ends instead of an answer."""

    CLOSE = auto()
    RESET = auto()
    MID_HEAD = auto()
    MID_BODY = auto()


OWN, OTHER = b"@OWN@", b"@OTHER@"
"""In a body: the tranId of what was executed, or one that there is not; and one that another transfer has."""


@dataclass(frozen=True)
class Answer:
    """An answer in place of the honest one."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    behind: "Answer | None" = None
    """What is written with it, behind its end."""
    later: "Answer | None" = None
    """What is written after its end, so much later, unasked."""
    later_s: float = 0
    at_next: "Answer | None" = None
    """What is written as soon as the next request on its connection begins."""
    closes: bool = False


@dataclass(frozen=True)
class Lot:
    """The fault of a request for a transfer."""

    what: str
    executes: bool = True
    answer: Answer | Cut | None = None
    """None is the honest one."""
    late_ms: int = 0
    """How long after the request it is executed."""
    answers_after_s: float = 0
    code: int | None = None
    """The code of a refusal as it is documented: nothing moved."""
    # Of the record, where there is one:
    lag_ms: int = 0
    shift_ms: int = 0
    """How far off its time is, by which the history is searched too."""
    told_shift_ms: int = 0
    """How far off the time is that it bears; it is found where it belongs."""
    decimals: int | None = None
    """To how many decimals the history rounds the amount."""
    pending_ms: int | None = 0
    """For how long it is PENDING first; None is for ever."""
    fails: bool = False
    confirmed_after_all_ms: int | None = None
    """How long after FAILED it becomes CONFIRMED."""
    reversed_ms: int | None = None
    """How long after CONFIRMED it becomes FAILED: it came back."""
    gone_ms: tuple[int, int] | None = None
    """Since and until how long after its first sight the history has it no more."""
    spoilt: dict[str, object] = field(default_factory=dict)
    """Fields of the row that cannot be read."""
    odd: dict[str, object] = field(default_factory=dict)
    """Fields of the row that can be read, and say what they should not."""
    # Beside it:
    arrival_ms: int = 0
    """How long after it was debited it is credited."""
    elsewhere_ms: int | None = None
    """How long after it, or before, the same was made elsewhere."""
    jump_ms: int = 0
    """How far the exchange's clock jumps once the request is there."""
    jump_lasts_ms: int = 0


_NEVER_MS = 10**12
_HTML = b"<html><body>Bad gateway</body></html>"
_BARE = (400, 401, 404, 405, 407, 408, 409, 413, 421, 425, 460, 499)
_UNDOCUMENTED = (
    *(-1000, -1001, -1004, -1006, -1007, -1010, -1016, -1099000, -3000, -3001, -3004, -3006, -3044, -3045, -4000),
    *(-5000, -5004, -5012, -6000, -7001, -21003, -777777, 31337, 1, 200, 2**40, -(2**70)),
    *(100001001, 100001002, 100001003, -100001003),
)
_GARBAGE = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b"true",
    b"<html>",
    b"\xff\xfe{",
    b'{"tranId":null}',
    b'{"code":0,"msg":"success"}',
    b'{"code":-1007,"msg":"Timeout waiting for response from backend server."}',
    b'{"status":1,"msg":"system_maintenance"}',
    b'{"success":true}',
    b'"@OWN@"',
    b"@OWN@",
    b"[" * 3000,
)
_NO_TRAN_ID = (
    *(b'{"tranId":"@OWN@"}', b'{"tranId":@OWN@.0}', b'{"tranId":@OWN@e0}', b'{"tranId":[@OWN@]}'),
    *(b'{"tranId":0}', b'{"tranId":-@OWN@}', b'{"tranId":true}', b'{"tranId":1e30}', b'{"tranId":"x"}'),
    *(b'{"tranId":36893488147419103232}', b'{"tranID":@OWN@}', b'{"tranid":@OWN@}', b'{"TranId":@OWN@}'),
    *(b'{"tranId":{"tranId":@OWN@}}', b'[{"tranId":@OWN@}]', b'{"data":{"tranId":@OWN@}}', b'{"id":@OWN@}'),
)
"""What is close to a tranId and none."""
_YES_AND_MORE = (
    *(b'{"tranId":@OWN@,"code":-5013,"msg":"Asset transfer failed: insufficient balance"}',),
    *(b'{"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow.","tranId":@OWN@}',),
    *(b'{"tranId":@OWN@,"code":0}', b'{"tranId":@OWN@,"code":"-3020"}', b'{"tranId":@OWN@,"code":null}'),
    *(b'{"tranId":@OWN@,"status":"FAILED"}', b'{"tranId":@OWN@,"status":"PENDING"}', b'{"status":"","tranId":@OWN@}'),
    *(b'{"tranId":@OWN@,"success":false}', b'{"success":"false","tranId":@OWN@}', b'{"tranId":@OWN@,"error":"no"}'),
    *(
        b'{"tranId":@OWN@,"tranId":71526853624}',
        b'{"tranId":71526853624,"tranId":@OWN@}',
        b'{"tranId":0,"tranId":@OWN@}',
    ),
    *(b'{"tranId":@OWN@,"tranId":null}', b'{"tranId":null,"tranId":@OWN@}', b'{"tranId":@OWN@,"tranIds":[1,2]}'),
    *(b'{"tranId":@OWN@,"msg":null}', b'{"tranId":@OWN@,"msg":"failed"}', b'{"tranId":@OWN@,"result":"REJECTED"}'),
    *(b'{"tranId":@OWN@}x', b'{"tranId":@OWN@}{"code":-5013}', b'[{"tranId":@OWN@},{"code":-1}]'),
)
_DEFINITE = (
    (400, -1002, "You are not authorized to execute this request."),
    (400, -1003, "Too many requests."),
    (400, -1015, "Too many new orders."),
    (400, -1020, "This operation is not supported."),
    (400, -1021, "Timestamp for this request is outside of the recvWindow."),
    (400, -1022, "Signature for this request is not valid."),
    (400, -1099, "Not found, authenticated, or authorized."),
    (400, -1100, "Illegal characters found in a parameter."),
    (400, -1102, "A mandatory parameter was not sent."),
    (400, -1121, "Invalid symbol."),
    (400, -1130, "Invalid data sent for a parameter."),
    (401, -2008, "Invalid Api-Key ID."),
    (401, -2014, "API-key format invalid."),
    (401, -2015, "Invalid API-key, IP, or permissions for action."),
    (400, -3003, "Margin account does not exist."),
    (400, -3020, "Transfer out amount exceeds max amount."),
    (400, -3021, "Margin account are not allowed to trade this trading pair."),
    (400, -3041, "Balance is not enough"),
    (400, -5002, "You have insufficient balance."),
    (400, -5013, "Asset transfer failed: insufficient balance"),
    (400, -9000, "user have no avaliable amount"),
    (400, -11001, "Isolated margin account does not exist."),
    (503, -1008, "Server is currently overloaded with other requests. Please try again in a few minutes."),
    (503, -1001, "Service Unavailable."),
    (503, -1001, "Internal error; unable to process your request. Please try again."),
)
_DEFINITE_OF_TRANSFERS = (
    *(-3002, -3005, -3009, -3017, -3018, -3019, -3022, -3023, -3026, -3027, -3028, -3043),
    *(-5001, -5003, -5007, -5011, -21001, -21002),
)
_WRAPPED = (
    *("USER_OUT_OF_TRANSFER_FLOAT", "", "success", "accepted, amount is on its way", "system busy", "null"),
    *("user has no open order", "the available amount was moved", "user have an avaliable amount"),
)
"""Words of -9000 that no list has."""

SPOILT: tuple[dict[str, object], ...] = (
    {"tranId": "13526853623x"},
    {"tranId": 0},
    {"tranId": 2**70},
    {"tranId": None},
    {"amount": None},
    {"amount": "NaN"},
    {"amount": "1E+999999999"},
)
"""What makes a row of the history unreadable."""

_Draw = Callable[[Random], Lot]


def draw(random: Random, *, is_calm: bool = False, family: str = "") -> Lot:
    """Return the fault of one transfer, of a family or of any."""
    if is_calm:
        return Lot("calm")
    whats = FAMILIES
    fault = whats[family][0] if family else random.choices(*zip(*whats.values(), strict=True))[0]
    lot = fault(random)
    lot = _with_record(lot, random) if lot.executes else lot
    return _with_company(lot, random)


def _honest(random: Random) -> Lot:
    return Lot("honest", answers_after_s=random.choice([0, 0, 0, random.uniform(0, 2)]))


def _executes(random: Random) -> bool:
    return random.random() < 0.55


def _cut(random: Random) -> Lot:
    cut = random.choice(list(Cut))
    return Lot(f"cut {cut.name}", _executes(random), cut, answers_after_s=random.choice([0, random.uniform(0, 1)]))


def _bare(random: Random) -> Lot:
    status = random.choice(_BARE)
    body = random.choice([b"", _HTML, b'{"error":"x"}', b'{"msg":"no"}', b'{"code":"abc"}', b'{"code":null}'])
    return Lot(f"{status} without a code", _executes(random), Answer(status, body))


def _code(random: Random) -> Lot:
    status = random.choice([400, 400, 400, 401, 403, 408, 409, 500, 503, 504])
    if random.random() < 0.2:
        text = random.choice(["-1007", "-2015", "-1102", "-5012", "-5013"])
        return Lot(f"{status} with code as a text", _executes(random), Answer(status, error(text, "what")))
    code = random.choice(_UNDOCUMENTED)
    if code == -1001:
        status = 400
    return Lot(f"{status} with {code}", _executes(random), Answer(status, error(code, "Unknown error.")))


def _late(random: Random) -> Lot:
    answer = Answer(random.choice([400, 408, 504]), error(-1007, "Timeout waiting for response from backend server."))
    late_ms = random.randint(0, 15_000)
    return Lot("-1007, executed late", _executes(random), answer, late_ms, answers_after_s=random.uniform(0, 1))


def _garbage(random: Random) -> Lot:
    return Lot("200 with garbage", _executes(random), Answer(200, random.choice(_GARBAGE)))


def _server_error(random: Random) -> Lot:
    status = random.choice([500, 501, 502, 503, 504, 520, 302, 204])
    body = b"" if status == 204 else random.choice([b"", _HTML, error(-1001, "Internal error.")])
    return Lot(f"{status}", _executes(random), Answer(status, body))


def _refusal(random: Random) -> Lot:
    """A no as it is documented: nothing moved."""
    kind = random.random()
    if kind < 0.1:
        return Lot("403 firewall", executes=False, answer=Answer(403, random.choice([_HTML, b""])))
    if kind < 0.2:
        status = random.choice([418, 429])
        body = random.choice([b"", error(-1003, "Too many requests."), _HTML])
        return Lot(f"{status}", executes=False, answer=Answer(status, body, {"retry-after": "1"}))
    status, code, words = random.choice(_DEFINITE)
    if kind < 0.6:
        status, code, words = 400, random.choice(_DEFINITE_OF_TRANSFERS), "It cannot be transferred."
    return Lot(f"refused {code}", executes=False, answer=Answer(status, error(code, words)), code=code)


def _refusal_out_of_place(random: Random) -> Lot:
    """The code of a refusal under a status where no refusal is documented: it may have been executed."""
    status = random.choice([200, 200, 404, 408, 409, 500, 500, 501, 502, 502, 504, 520, 522])
    _, code, words = random.choice([*_DEFINITE[:-3], *((400, -1021, "Timestamp for this request is outside."),) * 8])
    if random.random() < 0.15:
        code, words = random.choice(_DEFINITE_OF_TRANSFERS), "It cannot be transferred."
    return Lot("a refusal's code out of place", _executes(random), Answer(status, error(code, words)))


def _yes_and_more(random: Random) -> Lot:
    return Lot("200 with a tranId and more", _executes(random), Answer(200, random.choice(_YES_AND_MORE)))


def _almost_a_tran_id(random: Random) -> Lot:
    return Lot("200 with no tranId", _executes(random), Answer(200, random.choice(_NO_TRAN_ID)))


def _no_with_tran_id(random: Random) -> Lot:
    status, code, words = random.choice(_DEFINITE[:-3])
    status = random.choice([status, 400, 400, 403, 429, 418, 401, 503])
    head = random.choice([b'{"code":%d,"msg":"%b","tranId":@OWN@}', b'{"tranId":@OWN@,"code":%d,"msg":"%b"}'])
    body = random.choice([head % (code, words.encode()), head % (code, words.encode()), b'{"tranId":@OWN@}'])
    headers = {"retry-after": "1"} if status in (418, 429) else {}
    return Lot(f"{status} with a tranId", _executes(random), Answer(status, body, headers))


def _odd_403(random: Random) -> Lot:
    body = random.choice(
        [
            *(
                b'{"code":"-5013","msg":"no"}',
                b'{"Code":-2015,"msg":"no"}',
                b'{"error":{"code":-1007,"msg":"Timeout"}}',
            ),
            *(b'{"data":{"tranId":@OWN@}}', b'[{"code":-1007}]', b'{"errorCode":-1006}', b'{"success":true}', b"{}"),
            *(b'<html>tranId 1: {"tranId":@OWN@}</html>', b'<html>{"code":-1007,"msg":"Timeout"}</html>'),
            *(b"OK", b"null", b"@OWN@", b'{"message":"Forbidden"}', b'{"code":-1007.0}', b'{"code":[-5013]}'),
        ]
    )
    return Lot("403 with something odd", _executes(random), Answer(403, body))


def _wrapped(random: Random) -> Lot:
    return Lot("-9000", _executes(random), Answer(400, error(-9000, random.choice(_WRAPPED))))


def _yes_out_of_place(random: Random) -> Lot:
    status = random.choice([201, 202, 203, 206, 207, 302, 307, 404, 500, 502, 503])
    return Lot(f"{status} with a tranId", _executes(random), Answer(status, b'{"tranId":@OWN@}'))


def _of_another(random: Random) -> Lot:
    return Lot("another's tranId", _executes(random), Answer(200, b'{"tranId":@OTHER@}'))


def _two_answers(random: Random) -> Lot:
    """Two whole answers, of which at most one can be right."""
    yes, no = b'{"tranId":@OWN@}', error(-5013, "Asset transfer failed: insufficient balance")
    first, second = random.choice([(yes, no), (no, yes), (yes, b'{"tranId":@OTHER@}'), (yes, yes)])
    status, status_behind = (400 if body == no else 200 for body in (first, second))
    answer = Answer(status, first, behind=Answer(status_behind, second))
    return Lot("two answers", _executes(random), answer)


def _odd_row(random: Random) -> dict[str, object]:
    return random.choice(
        [
            {"type": "lower"},
            {"type": "lower"},
            {"type": random.choice(["SPOT_FUNDING", "MAIN_MARGIN", "MAIN_FUNDING ", "UNIVERSAL", ""])},
            {"asset": "usdt"},
            {"asset": random.choice(["Usdt", "TetherUS", "USDT ", "USD"])},
            {"fromSymbol": random.choice(["BTCUSDT", "BNBUSDT", "", "btcusdt"])},
            {"toSymbol": random.choice(["BNBUSDT", "XRPUSDT", "", "btcusdt"])},
            {"status": random.choice(["confirmed", "SUCCESS", "", "Confirmed", "PROCESS"])},
        ]
    )


def _with_record(lot: Lot, random: Random) -> Lot:
    """The same, with what is odd about its record."""
    is_known = lot.answer is None
    fails = not is_known and random.random() < 0.05
    lot = replace(
        lot,
        lag_ms=random.choice([0, 0, random.randint(0, 30_000), random.randint(30_000, 240_000 - lot.late_ms)]),
        shift_ms=random.randint(-5000, 9000) if random.random() < 0.2 else random.randint(0, 300),
        decimals=2 if random.random() < 0.04 else None,
        pending_ms=random.randint(1000, 60_000) if not is_known and random.random() < 0.15 else 0,
        fails=fails,
        confirmed_after_all_ms=random.randint(10_000, 900_000) if fails and random.random() < 0.3 else None,
        spoilt=random.choice(SPOILT) if random.random() < 0.03 else {},
    )
    if random.random() < (0.04 if is_known else 0.02) and not fails:
        lot = replace(lot, reversed_ms=random.randint(60_000, 1_500_000))
    if is_known or fails or lot.spoilt:
        return lot
    kind = random.random()
    if kind < 0.10:
        return replace(lot, odd=_odd_row(random))
    if kind < 0.14:
        return replace(lot, shift_ms=0, told_shift_ms=random.choice([-660_000, -660_000, -3000, -3_600_000, 700_000]))
    if kind < 0.18:
        return _seen_and_gone(replace(lot, lag_ms=random.randint(0, 5000)), random)
    if kind < 0.22:
        return replace(lot, lag_ms=random.randint(320_000, 700_000))
    return lot


def _seen_and_gone(lot: Lot, random: Random) -> Lot:
    """PENDING is seen, then nothing for longer than a judgement takes; it is CONFIRMED after that, or never shown."""
    since_ms = random.randint(15_000, 60_000)
    comes_back_ms = since_ms + 330_000
    if random.random() < 0.6:
        return replace(lot, gone_ms=(since_ms, comes_back_ms), pending_ms=comes_back_ms)
    return replace(lot, gone_ms=(since_ms, _NEVER_MS), pending_ms=random.choice([None, since_ms + 60_000]))


def _with_company(lot: Lot, random: Random) -> Lot:
    """The same, with what happens beside it."""
    if lot.answer is None:
        return lot
    if random.random() < 0.04:
        return replace(lot, elsewhere_ms=-3000)
    if random.random() < 0.03 and (not lot.executes or lot.lag_ms == 0):
        return replace(lot, elsewhere_ms=random.choice([800, 3000]))
    if random.random() < 0.005:
        return replace(lot, jump_ms=400_000, jump_lasts_ms=random.choice([60_000, 200_000]))
    return lot


FAMILIES: dict[str, tuple[_Draw, int]] = {
    "honest": (_honest, 24),
    "cut": (_cut, 12),
    "bare status": (_bare, 7),
    "undocumented code": (_code, 9),
    "late": (_late, 5),
    "garbage": (_garbage, 4),
    "server error": (_server_error, 5),
    "refusal": (_refusal, 12),
    "refusal out of place": (_refusal_out_of_place, 8),
    "yes and more": (_yes_and_more, 7),
    "almost a tranId": (_almost_a_tran_id, 4),
    "no with a tranId": (_no_with_tran_id, 5),
    "odd 403": (_odd_403, 4),
    "wrapped": (_wrapped, 3),
    "yes out of place": (_yes_out_of_place, 3),
    "another's tranId": (_of_another, 4),
    "two answers": (_two_answers, 4),
}
"""The faults of transfers by name, and how often each comes."""


def error(code: object, words: str) -> bytes:
    return as_json({"code": code, "msg": words})


def as_json(what: object) -> bytes:
    return json.dumps(what).encode()
