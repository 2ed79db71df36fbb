"""An exchange of the judge's own, written from BINANCE.md and from malice: it shares no line with the demo exchange.

It knows what it executed. What it answers is another matter.
"""

import asyncio
import hashlib
import hmac
import json
import re
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any
from urllib.parse import parse_qsl, unquote

from tests.bench import judge_reads as reads
from tests.bench.judge_clock import Clock, SkippingClock
from tests.bench.judge_faults import OTHER, OWN, SPOILT, Answer, Cut, Lot, draw
from tests.bench.judge_ledger import ASSET, PAIRS, ROUTES, Arrival, Ledger, Record, ends
from tests.bench.judge_server import Request

API_KEY = "demo" * 16
SECRET = "thisisnotasecret" * 4

TRANSFER = "/sapi/v1/asset/transfer"
_FIRST_TRAN_ID = 13_526_853_623
_NEVER_EXECUTED = 71_526_853_623
_HOLD_S = 25
_SPOILT_READS, _SPOILT_LATER_PAGES = 0.2, 0.03
_SPOILT = {
    "/api/v3/time": 0.06,
    "/sapi/v1/asset/wallet/balance": 0.25,
    "/sapi/v1/account/apiRestrictions": 0.3,
    "/sapi/v3/asset/getUserAsset": 0.08,
    "/sapi/v1/asset/get-funding-asset": 0.08,
    "/fapi/v3/balance": 0.08,
}
_UNAVAILABLE = 0.03
_PAIR_FILTERED = ("MARGIN_ISOLATEDMARGIN", "ISOLATEDMARGIN_MARGIN", "ISOLATEDMARGIN_ISOLATEDMARGIN")

_UNSIGNED = {"/api/v3/time", "/api/v3/ticker/price", "/sapi/v1/margin/isolated/allPairs", "/sapi/v1/system/status"}


class Refusal(Exception):
    """An answer of the exchange that says no, as documented."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


class JudgeExchange:
    """What answers each request."""

    def __init__(self, clock: Clock | SkippingClock, seed: int) -> None:
        self.ledger = Ledger()
        self.clock = clock
        self.secrets = {API_KEY: SECRET}
        """The secrets of the keys that it knows."""
        self.is_calm = False
        self.page_cap = 100
        self.filters_by_pair = True
        """Whether the history between Spot and isolated accounts is that of the pair that was asked for."""
        self.names_pairs = False
        self.lots: dict[str, Lot] = {}
        """The fault of each amount; drawn for an amount that is not here."""
        self.known_tran_ids: Sequence[int] = ()
        """What the journal has of other transfers: tranIds that are theirs."""
        self.shown: Counter[int] = Counter()
        """How often the history has shown a record."""
        self.blackout: tuple[int, int, Answer] | None = None
        """Since and until when every question for the history has the same answer."""
        self._jumps: list[tuple[int, int, int]] = []
        """Since and until when the exchange's own clock is so far off."""
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

    def now_ms(self) -> int:
        """The time, as this exchange has it."""
        now_ms = self.clock.now_ms()
        return now_ms + sum(by_ms for since, until, by_ms in list(self._jumps) if since <= now_ms < until)

    async def __call__(self, request: Request) -> Answer | Cut:
        """Answer one request."""
        try:
            parameters = self._checked(request)
            if request.path == TRANSFER and request.method == "POST":
                return await self._transfer(parameters, request)
            if request.path == TRANSFER:
                return self._history(parameters)
            return self._other(request.path, parameters)
        except Refusal as refusal:
            return _json(400, {"code": refusal.code, "msg": str(refusal)})

    def _checked(self, request: Request) -> dict[str, str]:
        """The parameters, once key, signature and timestamp are right."""
        if request.path in _UNSIGNED:
            return {}
        secret = self.secrets.get(request.headers.get("x-mbx-apikey", ""))
        if secret is None:
            raise Refusal(-2015, "Invalid API-key, IP, or permissions for action.")
        payload, _, signature = (request.query + request.body).rpartition("&signature=")
        right = hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(unquote(signature), right):
            raise Refusal(-1022, "Signature for this request is not valid.")
        parameters = dict(parse_qsl(payload, keep_blank_values=True))
        stretch = max(1.0, self.clock.pace)
        age_ms = self.now_ms() - int(parameters.get("timestamp", "0"))
        if not -1000 * stretch < age_ms <= int(parameters.get("recvWindow", "5000")) * stretch:
            raise Refusal(-1021, "Timestamp for this request is outside of the recvWindow.")
        return parameters

    # Transfers

    async def _transfer(self, parameters: dict[str, str], request: Request) -> Answer | Cut:
        move, amount = parameters.get("type", ""), parameters.get("amount", "")
        if move not in ROUTES or parameters.get("asset") != ASSET:
            raise Refusal(-1102, "Mandatory parameter was not sent, was empty/null, or malformed.")
        pair = parameters.get("toSymbol" if ROUTES[move][1] == "isolated" else "fromSymbol")
        if ("isolated" in ROUTES[move]) != (pair in PAIRS):
            raise Refusal(-1121, "Invalid symbol.")
        arrived = self.ledger.arrivals.setdefault(amount, [])
        lot = self.lots.get(amount) or draw(Random(f"{self._seed}/{amount}/{len(arrived)}"), is_calm=self.is_calm)
        now_ms = self.clock.now_ms()
        record = self._execute(move, pair, amount, now_ms, lot) if lot.executes else None
        alike = None if lot.elsewhere_ms is None else self._execute_alike(move, pair, amount, now_ms, lot.elsewhere_ms)
        if not self.is_calm and self._random.random() < 0.1:
            self._execute_elsewhere(move, pair, now_ms)
        arrived.append(Arrival(amount, now_ms, lot.what, record, lot.code, alike))
        if lot.jump_ms and not any(since <= now_ms < until for since, until, _ in self._jumps):
            self._jumps.append((now_ms, now_ms + lot.jump_lasts_ms, lot.jump_ms))
        if held := self._holds.get(amount):
            held.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(_HOLD_S):
                    await request.gone()
            return Cut.CLOSE
        await asyncio.sleep(lot.answers_after_s / self.clock.pace)
        if lot.answer is None:
            assert record
            return _json(200, {"tranId": record.tran_id})
        return self._filled(lot.answer, record) if isinstance(lot.answer, Answer) else lot.answer

    def _filled(self, answer: Answer, record: Record | None) -> Answer | Cut:
        """An answer with its tranIds; there is none where no other transfer has one yet."""
        parts = [answer, answer.behind] if answer.behind else [answer]
        if any(OTHER in part.body for part in parts) and not self.known_tran_ids:
            return Cut.CLOSE
        other = self._random.choice(self.known_tran_ids) if self.known_tran_ids else 0
        own = record.tran_id if record else _NEVER_EXECUTED + self._random.randint(0, 10**6)
        filled = [
            replace(part, body=part.body.replace(OWN, b"%d" % own).replace(OTHER, b"%d" % other)) for part in parts
        ]
        return replace(filled[0], behind=filled[1] if answer.behind else None)

    def _execute(self, move: str, pair: str | None, amount: str, now_ms: int, lot: Lot) -> Record:
        return self._record(move, pair, Decimal(amount), statuses_of(lot, now_ms), lot, amount, now_ms)

    def _execute_elsewhere(self, move: str, pair: str | None, now_ms: int) -> None:
        """What the person moved on the exchange's own site: other amounts, in the same history."""
        random = self._random
        amount = Decimal(random.randint(100_000_000, 999_999_999)).scaleb(-8)
        spoilt = random.choice(SPOILT) if random.random() < 0.05 else {}
        lot = Lot("elsewhere", spoilt=spoilt, lag_ms=random.choice([0, 20_000]))
        self._record(move, pair, amount, ((now_ms + random.randint(0, 3000), "CONFIRMED"),), lot, "", now_ms)

    def _execute_alike(self, move: str, pair: str | None, amount: str, now_ms: int, after_ms: int) -> Record:
        """The same, made on the exchange's own site a few seconds before or after."""
        lot = Lot("elsewhere", shift_ms=min(after_ms, 0))
        statuses = ((now_ms + max(after_ms, 0), "CONFIRMED"),)
        return self._record(move, pair, Decimal(amount), statuses, lot, "", now_ms)

    def _record(
        self,
        move: str,
        pair: str | None,
        amount: Decimal,
        statuses: tuple[tuple[int, str], ...],
        lot: Lot,
        sent_as: str,
        arrived_ms: int,
    ) -> Record:
        symbols = {"toSymbol" if ROUTES[move][1] == "isolated" else "fromSymbol": pair} if pair else {}
        return self._book(move, symbols, ends(move, pair), amount, statuses, lot, sent_as, arrived_ms)

    def _book(
        self,
        move: str,
        symbols: Mapping[str, str],
        accounts: tuple[str, str],
        amount: Decimal,
        statuses: tuple[tuple[int, str], ...],
        lot: Lot,
        sent_as: str,
        arrived_ms: int,
    ) -> Record:
        tran_id = self._next_tran_id
        self._next_tran_id += 1
        told_ms = statuses[0][0] + lot.shift_ms + self.now_ms() - self.clock.now_ms()
        told = amount if lot.decimals is None else round(amount, lot.decimals)
        row: dict[str, object] = {
            "asset": ASSET,
            "amount": f"{told.normalize() if lot.decimals is None else told:f}",
            "type": move,
            "tranId": tran_id,
            "timestamp": told_ms + lot.told_shift_ms,
        }
        if self.names_pairs:
            row |= symbols
        odd = {**lot.odd, "type": move.lower()} if lot.odd.get("type") == "lower" else lot.odd
        visible_ms = statuses[0][0] + lot.lag_ms
        record = Record(
            tran_id=tran_id,
            move=move,
            amount=amount,
            told=row | lot.spoilt | odd,
            told_ms=told_ms,
            visible_ms=visible_ms,
            statuses=statuses,
            ends=accounts,
            arrived_ms=arrived_ms,
            sent_as=sent_as,
            is_readable=not (lot.spoilt or lot.odd or lot.told_shift_ms or lot.decimals),
            gone_ms=(visible_ms + lot.gone_ms[0], visible_ms + lot.gone_ms[1]) if lot.gone_ms else None,
            arrival_ms=lot.arrival_ms,
        )
        self.ledger.records.append(record)
        return record

    # Reading

    def _history(self, parameters: dict[str, str]) -> Answer | Cut:
        now_ms, exchange_ms = self.clock.now_ms(), self.now_ms()
        move = parameters.get("type", "")
        if not re.fullmatch("[A-Z]+(_[A-Z]+)+", move):
            raise Refusal(-1102, "Mandatory parameter 'type' was not sent, was empty/null, or malformed.")
        until_ms = int(parameters.get("endTime", exchange_ms))
        since_ms = int(parameters.get("startTime", until_ms - 7 * 86_400_000))
        page, size = int(parameters.get("current", "1")), min(int(parameters.get("size", "10")), 100, self.page_cap)
        if page < 1 or size < 1 or since_ms > until_ms:
            raise Refusal(-1102, "Illegal parameter.")
        if self.blackout and self.blackout[0] <= now_ms < self.blackout[1]:
            return self.blackout[2]
        found = [
            record
            for record in self.ledger.records
            if record.move == move
            and since_ms <= record.told_ms <= until_ms
            and record.is_shown(now_ms)
            and self._is_of_pair(record, parameters)
        ]
        found.sort(key=lambda record: (record.told_ms, record.tran_id), reverse=True)
        skipped = (page - 1) * size
        random = self._random
        is_spoilt = not self.is_calm and random.random() < (_SPOILT_READS if page == 1 else _SPOILT_LATER_PAGES)
        if is_spoilt and page > 1 and random.random() < 0.5:
            skipped += random.choice([-1, 1])  # one row twice, or one not at all
            is_spoilt = False
        shown = found[skipped : skipped + size]
        rows = [{"status": record.status(now_ms)} | record.told for record in shown]
        spoilt = reads.spoil_history(random, len(found), rows) if is_spoilt else None
        if isinstance(spoilt, (Answer, Cut)):
            return spoilt
        self.shown.update(record.tran_id for record in shown)
        return _json(200, spoilt or {"total": len(found), "rows": rows})

    def _is_of_pair(self, record: Record, parameters: dict[str, str]) -> bool:
        asked = parameters.get("toSymbol") or parameters.get("fromSymbol")
        is_filtered = self.filters_by_pair or record.move in _PAIR_FILTERED
        return asked is None or not is_filtered or "isolated" not in ROUTES[record.move] or asked in record.ends

    def _other(self, path: str, parameters: dict[str, str]) -> Answer | Cut:
        random = self._random
        is_spoilt = not self.is_calm and random.random() < _SPOILT.get(path, 0)
        if path == "/api/v3/time":
            honest = _json(200, {"serverTime": self.now_ms()})
            return reads.unasked(random, honest, self.now_ms()) if is_spoilt else honest
        now_ms = self.clock.now_ms()
        reading = _READINGS.get(path)
        if reading is None:
            raise Refusal(-1002, "You are not authorized to execute this request.")
        wallets = ("spot", "funding", "um", *PAIRS)
        holds = {wallet: f"{self.ledger.holds(wallet, now_ms):f}" for wallet in wallets}
        answer = reading({**holds, "asked": holds[parameters.get("isolatedSymbol", PAIRS[0])]})
        if is_spoilt and path == "/sapi/v1/asset/wallet/balance":
            return reads.spoil_glance(random, answer)
        if is_spoilt and path == "/sapi/v1/account/apiRestrictions":
            return reads.spoil_restrictions(random, answer)
        if is_spoilt:
            return reads.spoil_wallet(random, answer)
        if not self.is_calm and path != "/sapi/v1/account/apiRestrictions" and random.random() < _UNAVAILABLE:
            return Answer(502, b"<html>")
        return _json(200, answer)


def statuses_of(lot: Lot, now_ms: int) -> tuple[tuple[int, str], ...]:
    """Since when what arrives now will have which status."""
    done_ms = now_ms + lot.late_ms
    if lot.fails:
        statuses: tuple[tuple[int, str], ...] = ((done_ms, "FAILED"),)
        if lot.confirmed_after_all_ms is not None:
            statuses += ((done_ms + lot.confirmed_after_all_ms, "CONFIRMED"),)
    elif lot.pending_ms is None:
        statuses = ((done_ms, "PENDING"),)
    elif lot.pending_ms:
        statuses = ((done_ms, "PENDING"), (done_ms + lot.pending_ms, "CONFIRMED"))
    else:
        statuses = ((done_ms, "CONFIRMED"),)
    if lot.reversed_ms is not None:
        statuses += ((statuses[-1][0] + lot.reversed_ms, "FAILED"),)
    return statuses


def _glance(holds: dict[str, str]) -> Any:
    names = {"Spot": holds["spot"], "Funding": holds["funding"], "USDⓈ-M Futures": holds["um"]}
    isolated = [_asset(f"{sum((Decimal(holds[pair]) for pair in PAIRS), Decimal()):f}")]
    others = ("Cross Margin", "COIN-M Futures", "Options", "Earn")
    return [
        *(
            {"activate": True, "balance": "1", "walletName": name, "assetBalances": [_asset(free)]}
            for name, free in names.items()
        ),
        {"activate": True, "balance": "1", "walletName": "Isolated Margin", "assetBalances": isolated},
        *({"activate": False, "balance": "0", "walletName": name, "assetBalances": []} for name in others),
    ]


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
                "symbol": pair,
                "enabled": True,
                "isolatedCreated": True,
                "baseAsset": {"asset": pair.removesuffix(ASSET), "free": "1", **_NOTHING_LENT},
                "quoteAsset": {"asset": ASSET, "free": holds[pair], **_NOTHING_LENT},
            }
            for pair in PAIRS
        ]
    },
    "/sapi/v1/margin/isolated/allPairs": lambda _: [
        {
            "base": pair.removesuffix(ASSET),
            "quote": ASSET,
            "symbol": pair,
            "isMarginTrade": True,
            "isBuyAllowed": True,
            "isSellAllowed": True,
        }
        for pair in PAIRS
    ],
    "/api/v3/ticker/price": lambda _: {"symbol": "BTCUSDT", "price": "94000.00000000"},
    "/sapi/v1/margin/maxTransferable": lambda holds: {"amount": holds["asked"]},
}


def _json(status: int, what: object) -> Answer:
    return Answer(status, json.dumps(what).encode())
