"""What befalls requests at the judge's exchange: drawn from BINANCE.md, and from malice."""

import json
from dataclasses import dataclass, field
from enum import Enum, auto
from random import Random


class Cut(Enum):
    """How a connection ends instead of an answer."""

    CLOSE = auto()
    RESET = auto()
    MID_HEAD = auto()
    MID_BODY = auto()


@dataclass(frozen=True)
class Answer:
    """An answer in place of the honest one."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Lot:
    """What befalls a request for a transfer."""

    what: str
    executes: bool = True
    answer: Answer | Cut | None = None
    """None is the honest one."""
    late_ms: int = 0
    """How long after the request it is executed."""
    answers_after_s: float = 0
    # Of the record, where there is one:
    lag_ms: int = 0
    shift_ms: int = 0
    decimals: int | None = None
    """To how many decimals the history rounds the amount."""
    pending_ms: int = 0
    fails: bool = False
    confirmed_after_all_ms: int | None = None
    """How long after FAILED it becomes CONFIRMED."""
    spoilt: dict[str, object] = field(default_factory=dict)
    """Fields of the row that cannot be read."""


_HTML = b"<html><body>Bad gateway</body></html>"
_BARE = (400, 401, 404, 407, 408, 409, 413, 421, 425, 460, 499)
_UNKNOWN_CODES = (-1000, -1001, -1006, -3000, -3044, -5012, -777777, 31337, 0, 2**40, -(2**70))
_GARBAGE = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b"<html>",
    b"\xff\xfe{",
    b'{"tranId":null}',
    b'{"tranId":"x"}',
    b'{"tranId":0}',
    b'{"tranId":-5}',
    b'{"tranId":1e30}',
    b'{"code":0,"msg":"success"}',
    b'{"code":-1007,"msg":"Timeout waiting for response from backend server."}',
    b'{"status":1,"msg":"system_maintenance"}',
    b"[" * 3000,
)
_DEFINITE = (
    (400, -1002, "You are not authorized to execute this request."),
    (400, -1003, "Too many requests."),
    (400, -1015, "Too many new orders."),
    (400, -1020, "This operation is not supported."),
    (400, -1021, "Timestamp for this request is outside of the recvWindow."),
    (400, -1022, "Signature for this request is not valid."),
    (400, -1100, "Illegal characters found in a parameter."),
    (400, -1102, "A mandatory parameter was not sent."),
    (400, -1121, "Invalid symbol."),
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


def draw(random: Random, *, is_calm: bool = False) -> Lot:
    """What befalls one transfer."""
    if is_calm:
        return Lot("calm")
    whats = [_honest, _cut, _bare, _code, _late, _garbage, _server_error, _refusal]
    answer = random.choices(whats, weights=[28, 16, 12, 16, 6, 6, 6, 12])[0](random)
    return answer if not answer.executes else _with_record(answer, random)


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
    status, code = random.choice([400, 400, 400, 401, 403, 408, 409, 500, 503, 504]), random.choice(_UNKNOWN_CODES)
    if random.random() < 0.2:
        text = random.choice(["-1007", "-2015", "-1102", "-5012", "-5013"])
        return Lot(f"{status} with code as a text", _executes(random), Answer(status, _error(text, "what")))
    if status == 408:
        code = random.choice([*_UNKNOWN_CODES, -1007])
    return Lot(f"{status} with {code}", _executes(random), Answer(status, _error(code, "Unknown error.")))


def _late(random: Random) -> Lot:
    answer = Answer(random.choice([400, 408, 504]), _error(-1007, "Timeout waiting for response from backend server."))
    late_ms = random.randint(0, 15_000)
    return Lot("-1007, executed late", _executes(random), answer, late_ms, answers_after_s=random.uniform(0, 1))


def _garbage(random: Random) -> Lot:
    return Lot("200 with garbage", _executes(random), Answer(200, random.choice(_GARBAGE)))


def _server_error(random: Random) -> Lot:
    status = random.choice([500, 501, 502, 503, 504, 520, 302, 204])
    body = b"" if status == 204 else random.choice([b"", _HTML, _error(-1001, "Internal error.")])
    return Lot(f"{status}", _executes(random), Answer(status, body))


def _refusal(random: Random) -> Lot:
    kind = random.random()
    if kind < 0.12:
        return Lot("403 firewall", executes=False, answer=Answer(403, _HTML))
    if kind < 0.25:
        status = random.choice([418, 429])
        body = random.choice([b"", _error(-1003, "Too many requests."), _HTML])
        return Lot(f"{status}", executes=False, answer=Answer(status, body, {"retry-after": "1"}))
    status, code, words = random.choice(_DEFINITE)
    return Lot(f"refused {code}", executes=False, answer=Answer(status, _error(code, words)))


def _with_record(lot: Lot, random: Random) -> Lot:
    """The same, with what is odd about its record."""
    is_known = lot.answer is None
    fails = not is_known and random.random() < 0.05
    return Lot(
        lot.what,
        lot.executes,
        lot.answer,
        lot.late_ms,
        lot.answers_after_s,
        lag_ms=random.choice([0, 0, random.randint(0, 30_000), random.randint(30_000, 240_000 - lot.late_ms)]),
        shift_ms=random.randint(-5000, 9000) if random.random() < 0.25 else random.randint(0, 300),
        decimals=2 if random.random() < 0.05 else None,
        pending_ms=random.randint(1000, 60_000) if not is_known and random.random() < 0.15 else 0,
        fails=fails,
        confirmed_after_all_ms=random.randint(10_000, 900_000) if fails and random.random() < 0.3 else None,
        spoilt=random.choice(SPOILT) if random.random() < 0.03 else {},
    )


def spoil_read(random: Random, total: int, rows: list[dict[str, object]]) -> Answer | Cut | dict[str, object] | None:
    """What one read of the history gives instead of the truth; None is the truth."""
    spoils = [
        *Cut,
        Answer(200, b"{}"),
        Answer(200, b'{"total":1}'),
        Answer(200, _json({"total": max(total, 1), "rows": []})),
        Answer(200, b'{"rows":[]}'),
        Answer(200, b"[]"),
        Answer(200, b"null"),
        Answer(200, b""),
        Answer(200, b"<html>"),
        Answer(200, b'{"total":"0","rows":null}'),
        Answer(200, b'{"total":0,"rows":{}}'),
        Answer(200, b'{"total":-1,"rows":[]}'),
        Answer(200, b'{"code":-1007,"msg":"Timeout waiting for response from backend server."}'),
        Answer(200, b'{"status":1,"msg":"System maintenance"}'),
        Answer(400, b'{"code":-1007,"msg":"Timeout"}'),
        Answer(404, b""),
        Answer(429, b"", {"retry-after": "1"}),
        Answer(500, b""),
        Answer(502, b"<html>"),
        Answer(503, b'{"code":-1001,"msg":"Service Unavailable."}'),
        {"total": total + random.randint(1, 3), "rows": rows},
    ]
    if rows:
        spoils += [
            {"total": total, "rows": rows[:-1]},
            {"total": total + 1, "rows": [*rows, rows[0]]},
            {"total": total, "rows": [*rows[:-1], None]},
        ]
    spoiled: Answer | Cut | dict[str, object] | None = random.choice(spoils)
    return spoiled


def _error(code: object, words: str) -> bytes:
    return _json({"code": code, "msg": words})


def _json(what: object) -> bytes:
    return json.dumps(what).encode()
