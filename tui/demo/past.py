"""What the demo's person did before the demo began: transfers of all types, over six months.

Each follows from its day alone, so that whoever asks again, of another exchange or on another day, is told the same.
"""

import hashlib
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from tui.demo.ledger import Executed
from tui.domain.transfer import TransferRequest
from tui.domain.wallets import TransferType, Wallet

SEVERAL: Final = 520
"""Nearly three a day."""

_DAYS: Final = 178
_DAY_MS: Final = 24 * 60 * 60 * 1000
_QUIET_MS: Final = 3 * 60 * 60 * 1000
"""For so long before the demo began nothing happened: no record of the past is near a transfer of today."""

_EPOCH_MS: Final = 1_577_836_800_000
"""2020-01-01. From then, tenths of milliseconds make numbers like the exchange's own."""

_FAILED_ONE_IN: Final = 40

_MOVES: Final = tuple(TransferType)
_PAIRS: Final = (("BTC", "USDT"), ("ETH", "USDT"), ("BTC", "USDT"), ("SOL", "USDT"))
"""The person has closed the last one's account since."""

_STEP: Final = {
    "USDT": Decimal("0.25"),
    "USDC": Decimal("0.1"),
    "BTC": Decimal("0.00001"),
    "ETH": Decimal("0.0001"),
    "BNB": Decimal("0.001"),
    "SOL": Decimal("0.01"),
}
"""What an amount is a multiple of."""

_ASSETS: Final = {
    Wallet.SPOT: ("USDT", "BTC", "ETH", "BNB", "USDC"),
    Wallet.FUNDING: ("USDT", "USDC", "BNB"),
    Wallet.CROSS: ("USDT", "BTC", "USDC"),
    Wallet.UM: ("USDT", "USDC", "BNB"),
    Wallet.CM: ("BTC", "ETH"),
    Wallet.OPTIONS: ("USDT",),
    Wallet.PORTFOLIO: ("USDT", "BTC"),
}
"""What a wallet is mostly used for."""


def tran_id_at(time_ms: int) -> int:
    """The first of ten tranIds of a moment; later ones are larger."""
    return (time_ms - _EPOCH_MS) * 10


def past(count: int, begins_ms: int) -> list[Executed]:
    """So many transfers before a moment, oldest first, none of them older than six months."""
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
    """One of them; it takes place within a span of time."""
    chance = _chances(number)
    # Through all types in turn, from another one each time.
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
    asset = _one_of([asset for asset in assets[0] if all(asset in others for others in assets)], next(chance))
    return TransferRequest(
        move,
        asset,
        _STEP[asset] * (1 + next(chance) * 3 + next(chance)),
        "".join(source) if move.needs_from_pair else None,
        "".join(destination) if move.needs_to_pair else None,
    )


def _one_of(assets: Sequence[str], chance: int) -> str:
    """The exchange takes any asset where the two wallets have none in common that is used much."""
    return assets[chance % len(assets)] if assets else "USDT"


def _chances(number: int) -> Iterator[int]:
    """Numbers below 256 that follow from another one."""
    return iter(hashlib.sha256(str(number).encode()).digest())
