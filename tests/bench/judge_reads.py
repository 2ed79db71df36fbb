"""The faults of readings at the judge's exchange: of its time, the history, the wallets, the key's permissions."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from tests.bench.judge_faults import Answer, Cut, as_json, error

_FAKE = 71_526_853_623
_HTML = b"<html><body>Bad gateway</body></html>"
_SAYS_NO = error(-1000, "An unknown error occurred while processing the request.")

Row = dict[str, object]
Spoilt = Answer | Cut | Row


def unasked(random: Random, honest: Answer, now_ms: int) -> Answer:
    """The answer to a question for the time, with another one that nobody asked for."""
    second = random.choice(
        [
            *(Answer(200, b'{"tranId":%d}' % (_FAKE + random.randint(0, 10**6))),) * 2,
            *(Answer(400, error(-5013, "Asset transfer failed: insufficient balance")),) * 2,
            Answer(403, _HTML),
            Answer(200, b'{"total":0,"rows":[]}'),
            Answer(200, as_json({"serverTime": now_ms - 3_600_000})),
        ]
    )
    kind = random.random()
    if kind < 0.5:
        return replace(honest, behind=second)
    if kind < 0.75:
        return replace(honest, later=second, later_s=random.uniform(0.02, 1.5))
    return replace(honest, at_next=second)


_BLACKOUTS: tuple[bytes, ...] = (
    b'{"code":-1000,"msg":"An unknown error occurred.","total":0,"rows":[]}',
    b'{"total":0,"rows":[],"success":false}',
    b'{"total":0,"rows":[],"status":1,"msg":"system maintenance"}',
    b'{"rows":[]}',
    b'{"total":0,"rows":null}',
    b'{"total":null,"rows":[]}',
    b'{"total":"0","rows":[]}',
    b'{"total":0,"rows":[],"total":3}',
    b'{"total":3,"rows":[]}',
    b'{"total":0,"rows":[{}]}',
    b'{"total":0,"rows":[null]}',
    b'{"code":"-1000","total":0,"rows":[]}',
    b'{"total":0,"Rows":[{"tranId":1}],"rows":[]}',
    b'{"code":0,"msg":"success","data":{"total":0,"rows":[]}}',
    b"[]",
    b"{}",
    b"null",
    b"",
)
"""What says nothing of what is missing, however often it is answered."""


def blackout(random: Random) -> Answer:
    """What every question for the history is answered with for a while."""
    return Answer(200, random.choice(_BLACKOUTS))


def spoil_history(random: Random, total: int, rows: list[Row]) -> Spoilt | None:
    """What one read of the history gives instead of the truth; None is the truth."""
    spoils: list[Spoilt] = [
        *Cut,
        *(Answer(200, body) for body in _BLACKOUTS),
        Answer(200, b'{"total":1}'),
        Answer(200, as_json({"total": max(total, 1), "rows": []})),
        Answer(200, b"<html>"),
        Answer(200, b'{"total":"0","rows":null}'),
        Answer(200, b'{"total":0,"rows":{}}'),
        Answer(200, b'{"total":-1,"rows":[]}'),
        Answer(200, b'{"code":-1007,"msg":"Timeout waiting for response from backend server."}'),
        Answer(200, b'{"status":1,"msg":"System maintenance"}'),
        Answer(400, b'{"code":-1007,"msg":"Timeout"}'),
        Answer(400, b'{"total":0,"rows":[]}'),
        Answer(404, b""),
        Answer(429, b"", {"retry-after": "1"}),
        Answer(500, b""),
        Answer(502, b"<html>"),
        Answer(503, b'{"code":-1001,"msg":"Service Unavailable."}'),
        {"total": total + random.randint(1, 3), "rows": rows},
        {"total": total, "rows": rows, "code": -1000},
    ]
    if rows:
        spoils += [
            {"total": total, "rows": rows[:-1]},
            {"total": total + 1, "rows": [*rows, rows[0]]},
            {"total": total, "rows": [*rows[:-1], None]},
            {"total": len(rows) - 1, "rows": rows[:-1], "code": -1003},
        ]
    return random.choice(spoils)


_ERRORS: tuple[Answer, ...] = (
    Answer(200, _SAYS_NO),
    Answer(200, error(-2015, "Invalid API-key, IP, or permissions for action.")),
    Answer(200, b'{"status":1,"msg":"system maintenance"}'),
    Answer(200, b"{}"),
    Answer(200, b"null"),
    Answer(200, b""),
    Answer(502, _HTML),
    Answer(400, _SAYS_NO),
)


def spoil_glance(random: Random, wallets: list[dict[str, Any]]) -> Answer:
    """The answer with all wallets, with something missing or twice in it."""
    bare = [{name: value for name, value in wallet.items() if name != "assetBalances"} for wallet in wallets]
    first = wallets[0]
    asset = first["assetBalances"][0]
    without_free = {name: value for name, value in asset.items() if name != "free"}
    spoils: Sequence[Callable[[], object]] = (
        lambda: bare,
        lambda: [bare[0], *wallets[1:]],
        lambda: _all_but(wallets, "Spot"),
        lambda: _all_but(wallets, "Funding"),
        lambda: _all_but(wallets, random.choice(["USDⓈ-M Futures", "Isolated Margin", "Spot"])),
        list,
        lambda: [{**first, "assetBalances": None}, *wallets[1:]],
        lambda: [{**first, "assetBalances": [asset, {**asset, "free": "1"}]}, *wallets[1:]],
        lambda: [{**first, "assetBalances": [{**asset, "free": "1"}, asset]}, *wallets[1:]],
        lambda: [{**first, "assetBalances": [without_free]}, *wallets[1:]],
        lambda: [{**first, "assetBalances": [{**asset, "free": None}]}, *wallets[1:]],
        lambda: [{**first, "assetBalances": [{**asset, "free": ""}]}, *wallets[1:]],
        lambda: [*wallets, {**first, "assetBalances": [{**asset, "free": "7"}]}],
        lambda: [{**first, "activate": False, "assetBalances": []}, *wallets],
        lambda: [{name: value for name, value in first.items() if name != "activate"}, *wallets[1:]],
        lambda: [{**first, "walletName": "spot"}, *wallets[1:]],
        lambda: {"code": -1000, "msg": "An unknown error occurred."},
    )
    return random.choice([*(Answer(200, as_json(spoil())) for spoil in spoils), *_ERRORS])


def _all_but(wallets: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [wallet for wallet in wallets if wallet["walletName"] != name]


def spoil_wallet(random: Random, answer: Any) -> Answer:
    """One wallet's answer, with something missing or twice in it."""
    if not isinstance(answer, list) or not answer:
        return random.choice(_ERRORS)
    first = answer[0]
    amounts = [name for name in first if name not in ("asset", "assetName")]
    missing = {name: value for name, value in first.items() if name not in ("free", "maxWithdrawAmount")}
    spoils: list[object] = [
        [first, {**first, **dict.fromkeys(amounts, "1")}],
        [{**first, **dict.fromkeys(amounts, "1")}, first],
        [missing],
        [{**first, **dict.fromkeys(amounts)}],
        [{**first, "asset": None}],
        [{name: value for name, value in first.items() if name != "asset"}],
        {"code": -1000, "msg": "An unknown error occurred.", "data": []},
    ]
    return random.choice([*(Answer(200, as_json(spoil)) for spoil in spoils), *_ERRORS])


def spoil_restrictions(random: Random, answer: dict[str, object]) -> Answer:
    """What the key may do, with the answer that counts missing, or in another form."""
    name = "permitsUniversalTransfer"
    bare = {field: value for field, value in answer.items() if field != name}
    spoils: list[object] = [bare, {**bare, name: None}, {**bare, name: "true"}, {**bare, name: 1}, {"data": answer}]
    return random.choice([*(Answer(200, as_json(spoil)) for spoil in spoils), *_ERRORS])
