"""An exchange of the judge's own, written from BINANCE.md and from malice: it shares no line with the demo exchange.

It knows what it executed. What it answers is another matter.
"""

import asyncio
import hashlib
import hmac
import json
import socket
import struct
import threading
from contextlib import suppress
from decimal import Decimal
from random import Random
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.types import Receive, Scope, Send

from tests.bench.judge_clock import Clock
from tests.bench.judge_faults import SPOILT, Answer, Cut, Lot, draw, spoil_read
from tests.bench.judge_ledger import ASSET, PAIR, ROUTES, Arrival, Ledger, Record

API_KEY = "demo" * 16
SECRET = "thisisnotasecret" * 4

TRANSFER = "/sapi/v1/asset/transfer"
_FIRST_TRAN_ID = 13_526_853_623
_HOLD_S = 25
_SPOILT_READS, _SPOILT_LATER_PAGES, _SPOILT_BALANCES = 0.2, 0.03, 0.03

_UNSIGNED = {"/api/v3/time", "/sapi/v1/margin/isolated/allPairs", "/sapi/v1/system/status"}


class Refusal(Exception):
    """An answer of the exchange that says no, as documented."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


class JudgeExchange:
    """The ASGI app."""

    def __init__(self, clock: Clock, seed: int) -> None:
        self.ledger = Ledger()
        self.clock = clock
        self.is_calm = False
        self.page_cap = 100
        self.lots: dict[str, Lot] = {}
        """What is to befall an amount; drawn where it is not here."""
        self._seed = seed
        self._random = Random(seed)
        self._holds: dict[str, threading.Event] = {}
        self._next_tran_id = _FIRST_TRAN_ID

    def hold(self, amount: str) -> threading.Event:
        """Keep the answer to this amount back, until whoever asked is gone; tells when the request is there."""
        return self._holds.setdefault(amount, threading.Event())

    def new_run(self) -> None:
        """Start the server again: no old record, and tranIds from the first on."""
        self.ledger.new_run(self.clock.now_ms())
        self._next_tran_id = _FIRST_TRAN_ID

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        answer = await self._answer(scope, body, receive)
        if isinstance(answer, Cut):
            await _cut(answer, scope, receive, send)
        else:
            await _send(answer, send)

    async def _answer(self, scope: Scope, body: bytes, receive: Receive) -> Answer | Cut:
        method, path = scope["method"], scope["path"]
        query = scope["query_string"].decode("latin-1")
        try:
            parameters = self._checked(scope, path, query, body.decode("latin-1"))
            if path == TRANSFER and method == "POST":
                return await self._transfer(parameters, receive)
            if path == TRANSFER:
                return self._history(parameters)
            return self._other(path)
        except Refusal as refusal:
            return _json(400, {"code": refusal.code, "msg": str(refusal)})

    def _checked(self, scope: Scope, path: str, query: str, body: str) -> dict[str, str]:
        """The parameters, once key, signature and timestamp are right."""
        if path in _UNSIGNED:
            return {}
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if headers.get("x-mbx-apikey") != API_KEY:
            raise Refusal(-2015, "Invalid API-key, IP, or permissions for action.")
        payload, _, signature = (query + body).rpartition("&signature=")
        right = hmac.new(SECRET.encode(), payload.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(unquote(signature), right):
            raise Refusal(-1022, "Signature for this request is not valid.")
        parameters = dict(parse_qsl(payload, keep_blank_values=True))
        now_ms, stretch = self.clock.now_ms(), max(1.0, self.clock.pace)
        age_ms = now_ms - int(parameters.get("timestamp", "0"))
        if not -1000 * stretch < age_ms <= int(parameters.get("recvWindow", "5000")) * stretch:
            raise Refusal(-1021, "Timestamp for this request is outside of the recvWindow.")
        return parameters

    # Transfers

    async def _transfer(self, parameters: dict[str, str], receive: Receive) -> Answer | Cut:
        move, amount = parameters.get("type", ""), parameters.get("amount", "")
        if move not in ROUTES or parameters.get("asset") != ASSET:
            raise Refusal(-1102, "Mandatory parameter was not sent, was empty/null, or malformed.")
        if ("isolated" in ROUTES[move]) != (parameters.get("toSymbol") == PAIR):
            raise Refusal(-1121, "Invalid symbol.")
        arrived = self.ledger.arrivals.setdefault(amount, [])
        lot = self.lots.get(amount) or draw(Random(f"{self._seed}/{amount}/{len(arrived)}"), is_calm=self.is_calm)
        now_ms = self.clock.now_ms()
        record = self._execute(move, amount, now_ms, lot) if lot.executes else None
        if not self.is_calm and self._random.random() < 0.1:
            self._execute_elsewhere(move, now_ms)
        arrived.append(Arrival(amount, now_ms, lot.what, record))
        if held := self._holds.get(amount):
            held.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(_HOLD_S):
                    while (await receive())["type"] != "http.disconnect":
                        pass
        await asyncio.sleep(lot.answers_after_s / self.clock.pace)
        if lot.answer is not None:
            return lot.answer
        assert record
        return _json(200, {"tranId": record.tran_id})

    def _execute(self, move: str, amount: str, now_ms: int, lot: Lot) -> Record:
        done_ms = now_ms + lot.late_ms
        if lot.fails:
            statuses: tuple[tuple[int, str], ...] = ((done_ms, "FAILED"),)
            if lot.confirmed_after_all_ms is not None:
                statuses += ((done_ms + lot.confirmed_after_all_ms, "CONFIRMED"),)
        elif lot.pending_ms:
            statuses = ((done_ms, "PENDING"), (done_ms + lot.pending_ms, "CONFIRMED"))
        else:
            statuses = ((done_ms, "CONFIRMED"),)
        return self._record(move, Decimal(amount), statuses, lot, amount)

    def _execute_elsewhere(self, move: str, now_ms: int) -> None:
        """What the person moved on the exchange's own site: other amounts, in the same history."""
        random = self._random
        amount = Decimal(random.randint(100_000_000, 999_999_999)).scaleb(-8)
        spoilt = random.choice(SPOILT) if random.random() < 0.05 else {}
        lot = Lot("elsewhere", spoilt=spoilt, lag_ms=random.choice([0, 20_000]))
        self._record(move, amount, ((now_ms + random.randint(0, 3000), "CONFIRMED"),), lot, "")

    def _record(
        self, move: str, amount: Decimal, statuses: tuple[tuple[int, str], ...], lot: Lot, sent_as: str
    ) -> Record:
        tran_id = self._next_tran_id
        self._next_tran_id += 1
        told_ms = statuses[0][0] + lot.shift_ms
        told = amount if lot.decimals is None else round(amount, lot.decimals)
        row: dict[str, object] = {
            "asset": ASSET,
            "amount": f"{told.normalize() if lot.decimals is None else told:f}",
            "type": move,
            "tranId": tran_id,
            "timestamp": told_ms,
        }
        record = Record(
            tran_id=tran_id,
            move=move,
            amount=amount,
            told=row | lot.spoilt,
            told_ms=told_ms,
            visible_ms=statuses[0][0] + lot.lag_ms,
            statuses=statuses,
            sent_as=sent_as,
            is_readable=not lot.spoilt,
        )
        self.ledger.records.append(record)
        return record

    # Reading

    def _history(self, parameters: dict[str, str]) -> Answer | Cut:
        now_ms = self.clock.now_ms()
        move = parameters.get("type", "")
        if move not in ROUTES:
            raise Refusal(-1102, "Mandatory parameter 'type' was not sent, was empty/null, or malformed.")
        if "isolated" in ROUTES[move] and parameters.get("toSymbol") != PAIR:
            raise Refusal(-1121, "Invalid symbol.")
        until_ms = int(parameters.get("endTime", now_ms))
        since_ms = int(parameters.get("startTime", until_ms - 7 * 86_400_000))
        page, size = int(parameters.get("current", "1")), min(int(parameters.get("size", "10")), 100, self.page_cap)
        if page < 1 or size < 1 or since_ms > until_ms:
            raise Refusal(-1102, "Illegal parameter.")
        found = [
            record
            for record in self.ledger.records
            if record.move == move and since_ms <= record.told_ms <= until_ms and record.visible_ms <= now_ms
        ]
        found.sort(key=lambda record: (record.told_ms, record.tran_id), reverse=True)
        skipped = (page - 1) * size
        random = self._random
        is_spoilt = not self.is_calm and random.random() < (_SPOILT_READS if page == 1 else _SPOILT_LATER_PAGES)
        if is_spoilt and page > 1 and random.random() < 0.5:
            skipped += random.choice([-1, 1])  # one row twice, or one not at all
            is_spoilt = False
        rows = [record.told | {"status": record.status(now_ms)} for record in found[skipped : skipped + size]]
        spoilt = spoil_read(random, len(found), rows) if is_spoilt else None
        if isinstance(spoilt, (Answer, Cut)):
            return spoilt
        return _json(200, spoilt or {"total": len(found), "rows": rows})

    def _other(self, path: str) -> Answer | Cut:
        if path == "/api/v3/time":
            return _json(200, {"serverTime": self.clock.now_ms()})
        if not self.is_calm and path != "/sapi/v1/account/apiRestrictions" and self._random.random() < _SPOILT_BALANCES:
            return Answer(502, b"<html>")
        now_ms = self.clock.now_ms()
        holds = {wallet: f"{self.ledger.holds(wallet, now_ms):f}" for wallet in ("spot", "funding", "um", "isolated")}
        answer = _READINGS.get(path)
        if answer is None:
            raise Refusal(-1002, "You are not authorized to execute this request.")
        return _json(200, answer(holds))


def _glance(holds: dict[str, str]) -> Any:
    names = {"Spot": holds["spot"], "Funding": holds["funding"], "USDⓈ-M Futures": holds["um"]}
    others = ("Cross Margin", "Isolated Margin", "COIN-M Futures", "Options", "Earn")
    return [
        {"activate": True, "balance": "1", "walletName": name, "assetBalances": [_asset(free)]}
        for name, free in names.items()
    ] + [{"activate": False, "balance": "0", "walletName": name, "assetBalances": []} for name in others]


def _asset(free: str) -> dict[str, str]:
    return {
        "asset": ASSET,
        "assetName": "TetherUS",
        "free": free,
        "locked": "0",
        "freeze": "0",
        "withdrawing": "0",
        "ipoable": "0",
        "btcValuation": "0",
    }


_NOTHING_LENT = {"borrowed": "0", "interest": "0", "locked": "0", "netAsset": "0"}

_READINGS: dict[str, Any] = {
    "/sapi/v1/system/status": lambda _: {"status": 0, "msg": "normal"},
    "/sapi/v1/account/apiRestrictions": lambda _: {
        "ipRestrict": True,
        "createTime": 1_500_000_000_000,
        "enableReading": True,
        "enableWithdrawals": False,
        "enableInternalTransfer": True,
        "enableMargin": True,
        "enableFutures": True,
        "permitsUniversalTransfer": True,
        "enableVanillaOptions": True,
        "enableSpotAndMarginTrading": True,
        "enablePortfolioMarginTrading": False,
    },
    "/sapi/v1/asset/wallet/balance": _glance,
    "/sapi/v3/asset/getUserAsset": lambda holds: [_asset(holds["spot"])],
    "/sapi/v1/asset/get-funding-asset": lambda holds: [_asset(holds["funding"])],
    "/fapi/v3/balance": lambda holds: [{"asset": ASSET, "maxWithdrawAmount": holds["um"], "balance": holds["um"]}],
    "/dapi/v1/balance": lambda _: [],
    "/papi/v1/balance": lambda _: [],
    "/eapi/v1/marginAccount": lambda _: {"asset": []},
    "/sapi/v1/margin/account": lambda _: {"userAssets": []},
    "/sapi/v1/margin/isolated/account": lambda holds: {
        "assets": [
            {
                "symbol": PAIR,
                "enabled": True,
                "isolatedCreated": True,
                "baseAsset": {"asset": "BTC", "free": "1", **_NOTHING_LENT},
                "quoteAsset": {"asset": ASSET, "free": holds["isolated"], **_NOTHING_LENT},
            }
        ]
    },
    "/sapi/v1/margin/isolated/allPairs": lambda _: [
        {"base": "BTC", "quote": ASSET, "symbol": PAIR, "isMarginTrade": True, "isBuyAllowed": True}
    ],
    "/sapi/v1/margin/maxTransferable": lambda holds: {"amount": holds["isolated"]},
}


def _json(status: int, what: object) -> Answer:
    return Answer(status, json.dumps(what).encode())


async def _send(answer: Answer, send: Send) -> None:
    headers = {"content-type": "application/json", "content-length": str(len(answer.body)), **answer.headers}
    if answer.status in (204, 304):
        del headers["content-length"]
    await send(_start(answer.status, headers))
    await send({"type": "http.response.body", "body": answer.body})


async def _cut(cut: Cut, scope: Scope, receive: Receive, send: Send) -> None:
    transport = scope["state"]["transport"]
    if cut is Cut.MID_BODY:
        await send(_start(200, {"content-length": "24", "content-type": "application/json"}))
        await send({"type": "http.response.body", "body": b'{"tranId":13526', "more_body": True})
    elif cut is Cut.MID_HEAD:
        transport.write(b"HTTP/1.1 200 OK\r\ncontent-ty")
    elif cut is Cut.RESET:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.close()
    while (await receive())["type"] != "http.disconnect":
        pass


def _start(status: int, headers: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "http.response.start",
        "status": status,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
