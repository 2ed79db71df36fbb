"""The judge's exchange for plans: all 33 types and every wallet of one person.

It executes only what a wallet holds, and knows each request, each reading that it answered, and each moment.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from typing import Any

from tests.bench import judge_reads as reads
from tests.bench.judge_clock import SkippingClock
from tests.bench.judge_exchange import TRANSFER, JudgeExchange, Refusal, statuses_of
from tests.bench.judge_faults import Answer, Cut, Lot, as_json, error
from tests.bench.judge_ledger import ASSET, ROUTES, Ledger, Record
from tests.bench.judge_server import Request

WALLETS = ("spot", "funding", "cross", "um", "cm", "options", "pm")
OPEN_PAIRS = ("BTCUSDT", "ETHUSDT", "ETHBTC")
UNOPENED_PAIR, FOREIGN_PAIR = "BNBUSDT", "ETHBTC"
"""A pair without an account, and one whose account does not take the asset."""
OTHER_KEY, OTHER_SECRET = "otherkey" * 8, "anothersecret000" * 4

_PAIRS = {"BTCUSDT": ("BTC", "USDT"), "ETHUSDT": ("ETH", "USDT"), "ETHBTC": ("ETH", "BTC"), "BNBUSDT": ("BNB", "USDT")}
_HIDDEN_READS = 0.08
_HEEDED_MS = 1000
"""How long a request that was under way may still come after the answer that asks for a pause."""


@dataclass(frozen=True)
class Key:
    """What a request for a transfer asks for."""

    move: str
    amount: Decimal
    from_pair: str | None = None
    to_pair: str | None = None

    @property
    def ends(self) -> tuple[str, str]:
        """The accounts that it moves from and to; an isolated one is named by its pair."""
        source, destination = ROUTES[self.move]
        return self.from_pair or source, self.to_pair or destination


@dataclass(eq=False)
class Sent:
    """A request for a transfer that reached the exchange."""

    key: Key
    at_ms: int
    lot: Lot
    program: str = ""
    """Which program sent it."""
    record: Record | None = None
    refusal: str = ""
    timestamp_ms: int = 0
    """The exchange's time, as the request has it; it is at most a few seconds off."""

    def moved(self, at_ms: int) -> bool:
        """Whether it has moved its amount by then."""
        return self.record is not None and self.record.moved_ms is not None and self.record.moved_ms <= at_ms

    @property
    def moves(self) -> bool:
        """Whether it has moved it, or will."""
        return self.record is not None and self.record.moved_ms is not None

    def __str__(self) -> str:
        fate = f"refused: {self.refusal}" if self.refusal else "not executed"
        if self.record:
            fate = ", ".join(f"{status} +{since_ms - self.at_ms}" for since_ms, status in self.record.statuses)
            fate += f", visible +{self.record.visible_ms - self.at_ms}, tranId {self.record.tran_id}"
        return f"{self.key.move} {self.key.amount} at {self.at_ms}, {self.lot.what}: {fate}"


@dataclass
class PlanLedger(Ledger):
    """The books of all accounts, which begin empty."""

    changes: list[tuple[int, str, Decimal]] = field(default_factory=list)
    """What else came into an account, or went out of it: when, where, how much."""

    def __post_init__(self) -> None:
        self._base = dict.fromkeys((*WALLETS, *OPEN_PAIRS), Decimal())

    def holds(self, wallet: str, at_ms: int) -> Decimal:
        """What an account held at a moment."""
        others = sum(
            (amount for since_ms, one, amount in self.changes if one == wallet and since_ms <= at_ms), Decimal()
        )
        return super().holds(wallet, at_ms) + others


class PlanExchange(JudgeExchange):
    """What answers each request of one person's programs."""

    def __init__(self, clock: SkippingClock, seed: str) -> None:
        super().__init__(clock, 0)
        self._random = Random(seed)
        self.ledger: PlanLedger = PlanLedger()
        self.secrets[OTHER_KEY] = OTHER_SECRET
        self.sent: list[Sent] = []
        self.lots_of: dict[Key, list[Lot]] = {}
        """The faults of the coming requests, the next one first; without one, a request has none."""
        self.takes_not: set[str] = set()
        """The accounts that do not take the asset."""
        self.is_permitted = True
        self.on_sent: Callable[[Sent], object] = lambda _: None
        """Called with each request for a transfer, before anything happens to it."""
        self.on_event: Callable[[str], object] = lambda _: None
        """Called with each moment at which a program may end."""
        self.spot_shown: list[tuple[int, Decimal]] = []
        """What the list of Spot showed, and when."""
        self.asked_in_pause: list[str] = []
        self._pause: tuple[int, int] | None = None
        """Until when it asks for a pause, and the status that says so."""
        self._told_ms: dict[str, int] = {}
        """When it said so to each program."""
        self._pauses_next: tuple[int, int] | None = None

    def grant(self, account: str, amount: Decimal) -> None:
        """Let something else come into an account."""
        self.ledger.changes.append((self.clock.now_ms(), account, amount))

    def empty(self, account: str) -> None:
        """Let something else take all that an account holds."""
        self.grant(account, -self.ledger.holds(account, self.clock.now_ms()))

    def pause_next(self, status: int, seconds: int) -> None:
        """Ask for a pause at the next reading."""
        self._pauses_next = status, seconds

    async def __call__(self, request: Request) -> Answer | Cut:
        """Answer one request."""
        is_transfer = request.path == TRANSFER and request.method == "POST"
        if not is_transfer and (answer := self._pausing(request)):
            return answer
        return await super().__call__(request)

    def _pausing(self, request: Request) -> Answer | None:
        now_ms = self.clock.now_ms()
        if self._pauses_next:
            status, seconds = self._pauses_next
            self._pause, self._pauses_next = (now_ms + seconds * 1000, status), None
            self._told_ms.clear()
        if self._pause is None or now_ms >= self._pause[0]:
            return None
        until_ms, status = self._pause
        told_ms = self._told_ms.setdefault(request.headers.get("user-agent", ""), now_ms)
        if now_ms - told_ms > _HEEDED_MS:
            self.asked_in_pause.append(f"{request.method} {request.path} {now_ms - told_ms} ms after the {status}")
        left_s = -(-(until_ms - now_ms) // 1000)
        return Answer(status, error(-1003, "Too many requests."), {"retry-after": f"{left_s}"})

    async def _transfer(self, parameters: dict[str, str], request: Request) -> Answer | Cut:
        key = self._key(parameters)
        lots = self.lots_of.get(key)
        lot = lots.pop(0) if lots else Lot("honest")
        now_ms = self.clock.now_ms()
        sent = Sent(key, now_ms, lot, request.headers.get("user-agent", ""))
        sent.timestamp_ms = int(parameters["timestamp"])
        self.sent.append(sent)
        self.on_sent(sent)
        self.on_event("arrives")
        sent.refusal = self._own_refusal(key, now_ms)
        if sent.refusal:
            code, _, words = sent.refusal.partition(" ")
            self.on_event("refused")
            return Answer(400, error(int(code), words))
        if lot.executes:
            symbols = {"fromSymbol": key.from_pair, "toSymbol": key.to_pair}
            named = {name: pair for name, pair in symbols.items() if pair}
            statuses = statuses_of(lot, now_ms)
            sent.record = self._book(key.move, named, key.ends, key.amount, statuses, lot, f"{key.amount}", now_ms)
            self.on_event("executed")
        if lot.jump_ms:
            self._jumps.append((now_ms, now_ms + lot.jump_lasts_ms, lot.jump_ms))
        await asyncio.sleep(lot.answers_after_s)
        self.on_event("answers")
        if lot.answer is None:
            assert sent.record
            return Answer(200, b'{"tranId":%d}' % sent.record.tran_id)
        return self._filled(lot.answer, sent.record) if isinstance(lot.answer, Answer) else lot.answer

    def _key(self, parameters: dict[str, str]) -> Key:
        move = parameters.get("type", "")
        if move not in ROUTES or parameters.get("asset") != ASSET:
            raise Refusal(-1102, "Mandatory parameter was not sent, was empty/null, or malformed.")
        key = Key(move, Decimal(parameters["amount"]), parameters.get("fromSymbol"), parameters.get("toSymbol"))
        for wallet, pair in zip(ROUTES[move], (key.from_pair, key.to_pair), strict=True):
            if (wallet == "isolated") != (pair in _PAIRS):
                raise Refusal(-1121, "Invalid symbol.")
        return key

    def _own_refusal(self, key: Key, now_ms: int) -> str:
        """Why nobody could execute it, in documented words."""
        source, destination = key.ends
        for account in (source, destination):
            if account in _PAIRS and account not in OPEN_PAIRS:
                return "-11001 Isolated margin account does not exist."
            if account == FOREIGN_PAIR:
                return "-3027 Not a valid margin asset."
        if destination in self.takes_not:
            return "-3043 Transferring in not allowed."
        if self.ledger.holds(source, now_ms) < key.amount:
            return "-5013 Asset transfer failed: insufficient balance"
        return ""

    def _is_of_pair(self, record: Record, parameters: dict[str, str]) -> bool:
        asked = {parameters.get("toSymbol"), parameters.get("fromSymbol")} - {None}
        is_filtered = self.filters_by_pair or record.move not in ("MAIN_ISOLATED_MARGIN", "ISOLATED_MARGIN_MAIN")
        return not is_filtered or asked <= set(record.ends)

    def _other(self, path: str, parameters: dict[str, str]) -> Answer | Cut:
        now_ms = self.clock.now_ms()
        is_spoilt = not self.is_calm and self._random.random() < _HIDDEN_READS
        if path == "/api/v3/time":
            honest = Answer(200, as_json({"serverTime": self.now_ms()}))
            return reads.unasked(self._random, honest, self.now_ms()) if is_spoilt else honest
        holds = {account: f"{self.ledger.holds(account, now_ms):f}" for account in (*WALLETS, *OPEN_PAIRS)}
        with suppress(KeyError):
            answer = self._answers(holds, parameters)[path]()
            if is_spoilt:
                return reads.spoil_wallet(self._random, answer)
            if path == "/sapi/v3/asset/getUserAsset":
                self.spot_shown.append((now_ms, Decimal(holds["spot"])))
            return Answer(200, as_json(answer))
        return super()._other(path, parameters)

    def _answers(self, holds: Mapping[str, str], parameters: dict[str, str]) -> dict[str, Callable[[], Any]]:
        def row(account: str, *names: str) -> dict[str, str]:
            asset = "BNB" if account in self.takes_not else ASSET
            return {"asset": asset, **dict.fromkeys(names, "0" if asset != ASSET else holds[account])}

        def rows(account: str, *names: str) -> list[dict[str, str]]:
            return [row(account, *names)]

        def lent(account: str) -> dict[str, str]:
            return {**row(account, "free"), "borrowed": "0", "interest": "0", "locked": "0", "netAsset": "0"}

        return {
            "/sapi/v1/asset/wallet/balance": lambda: list(self._glance(holds)),
            "/sapi/v3/asset/getUserAsset": lambda: [{**row("spot", "free"), **_NOT_FREE}],
            "/sapi/v1/asset/get-funding-asset": lambda: [{**row("funding", "free"), **_NOT_FREE}],
            "/sapi/v1/margin/account": lambda: {"userAssets": [lent("cross")], "transferInEnabled": True},
            "/sapi/v1/margin/isolated/account": lambda: {"assets": [_isolated(pair, holds) for pair in OPEN_PAIRS]},
            "/sapi/v1/margin/isolated/allPairs": lambda: [_pair(pair) for pair in _PAIRS],
            "/sapi/v1/margin/maxTransferable": lambda: {"amount": holds[parameters.get("isolatedSymbol", "cross")]},
            "/fapi/v3/balance": lambda: rows("um", "maxWithdrawAmount", "balance"),
            "/dapi/v1/balance": lambda: rows("cm", "withdrawAvailable", "balance"),
            "/eapi/v1/marginAccount": lambda: {"asset": rows("options", "available")},
            "/papi/v1/balance": lambda: rows("pm", "crossMarginFree"),
            "/papi/v1/margin/maxWithdraw": lambda: {"amount": holds["pm"]},
            "/sapi/v1/account/apiRestrictions": lambda: {**_MAY, "permitsUniversalTransfer": self.is_permitted},
        }

    def _glance(self, holds: Mapping[str, str]) -> Iterator[dict[str, object]]:
        names = {"spot": "Spot", "funding": "Funding", "cross": "Cross Margin", "um": "USDⓈ-M Futures"}
        for account, name in {**names, "cm": "COIN-M Futures", "options": "Options"}.items():
            assets = [{"asset": ASSET, "assetName": "TetherUS", "free": holds[account], **_NOT_FREE}]
            yield {"activate": True, "balance": "1", "walletName": name, "assetBalances": assets}


_NOT_FREE = {"locked": "0", "freeze": "0", "withdrawing": "0", "ipoable": "0", "btcValuation": "0"}
_MAY = {
    "ipRestrict": True,
    "createTime": 1_500_000_000_000,
    "enableReading": True,
    "enableWithdrawals": False,
    "enableInternalTransfer": True,
    "enableMargin": True,
    "enableFutures": True,
    "enableVanillaOptions": True,
    "enableSpotAndMarginTrading": True,
    "enablePortfolioMarginTrading": True,
}


def _isolated(pair: str, holds: Mapping[str, str]) -> dict[str, object]:
    def side(asset: str) -> dict[str, str]:
        free = holds[pair] if asset == ASSET else "1"
        return {"asset": asset, "free": free, "borrowed": "0", "interest": "0", "locked": "0", "netAsset": "0"}

    base, quote = _PAIRS[pair]
    return {
        "symbol": pair,
        "enabled": True,
        "isolatedCreated": True,
        "baseAsset": side(base),
        "quoteAsset": side(quote),
    }


def _pair(pair: str) -> dict[str, object]:
    base, quote = _PAIRS[pair]
    allowed = {"isMarginTrade": True, "isBuyAllowed": True, "isSellAllowed": True}
    return {"symbol": pair, "base": base, "quote": quote, **allowed}


def without_company(lot: Lot) -> Lot:
    """A lot, without what happens elsewhere, and without what comes back long after the exchange's own yes."""
    return replace(lot, elsewhere_ms=None, reversed_ms=None)
