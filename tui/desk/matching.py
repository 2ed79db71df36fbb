"""What a record of the exchange's history says about a transfer: whether it is it, and how it ended.

A record is a match when type, asset, amount and pairs are equal and its time lies where the exchange can have executed
the transfer. What is near but not equal is no match, and never absence either: it is for the person to look at. So is
whatever else comes back for our question with our asset and amount: only another asset, another amount or another
transfer explains a record. A record belongs to the transfer that holds its tranId, unless another one matches it
better.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from enum import IntEnum

from tui.domain.amounts import EXACT
from tui.domain.evidence import named_tran_ids
from tui.domain.records import HistoryRow, Row, UnreadableRow
from tui.domain.transfer import Transfer, TransferRequest
from tui.domain.wallets import PAIR_UNFILTERED

_SLACK_MS = 3000
"""How far behind its window a record's time may lie: the exchange's clocks are not one clock."""

_LEGACY_ERROR_MS = 4000
"""How wrong a timestamp may be whose error was not kept."""

_EXECUTION_MS = 10_000
"""The exchange's own time-out between taking a request in and giving up on it: BINANCE.md, "Signing"."""

_NEAR_BEFORE_MS = 10 * 60 * 1000
_NEAR_AFTER_MS = 60 * 60 * 1000
"""How far off in time a record can still be what became of a transfer."""

_JUST_ABOVE = Decimal("1.01")

_APART_MS = 60 * 1000
"""So far apart, two times are surely in this order: more than the exchange's time-out and all that clocks are off."""


class Fit(IntEnum):
    """How well a record fits a transfer."""

    NONE = 0
    NEAR = 1
    MATCH = 2


@dataclass(frozen=True, slots=True)
class Candidates:
    """What a whole read of the history has on one transfer."""

    matches: tuple[HistoryRow, ...] = ()
    """Records that are it, as far as a record can tell, and that are no other transfer's."""
    near: tuple[HistoryRow, ...] = ()
    """Records that could be it: near, or held by another transfer that they do not fit."""
    unreadable: tuple[UnreadableRow, ...] = ()
    """Records that cannot be read where it matters, and could be it."""

    @property
    def is_empty(self) -> bool:
        """Whether there is no trace of it."""
        return not (self.matches or self.near or self.unreadable)


def sift(
    transfer: Transfer, rows: Iterable[Row], holders: Mapping[int, Sequence[Transfer]], declined: frozenset[int]
) -> Candidates:
    """What these records have on a transfer. `holders` are the other transfers with a record's tranId; `declined` the
    tranIds that a person said are not it.
    """
    matches: list[HistoryRow] = []
    near: list[HistoryRow] = []
    unreadable: list[UnreadableRow] = []
    for row in rows:
        if isinstance(row, UnreadableRow):
            if row.tran_id not in declined and could_be(transfer, row):
                unreadable.append(row)
            continue
        others = holders.get(row.tran_id, ())
        own_fit = fit_of_answer(transfer, row)
        if own_fit is Fit.NONE or row.tran_id in declined or any(fit(other, row) >= own_fit for other in others):
            continue
        is_free = not others or row.tran_id in named_tran_ids(transfer.answer)
        (matches if own_fit is Fit.MATCH and is_free else near).append(row)
    return Candidates(tuple(matches), tuple(near), tuple(unreadable))


def without_rivals(transfer: Transfer, sifted: Candidates, rivals: Sequence[Transfer]) -> Candidates:
    """The same, without what was executed well before the transfer was sent, and matches another open one that asks
    for the same.
    """
    near = tuple(
        row
        for row in sifted.near
        if not (_is_before(row, transfer) and any(fit(rival, row) is Fit.MATCH for rival in rivals))
    )
    return replace(sifted, near=near)


def is_contested(transfer: Transfer, record: HistoryRow, rows: Iterable[Row], rivals: Iterable[Transfer]) -> bool:
    """Whether a match could be that of another open transfer that asks for the same.

    It could not, where it was executed well before that one was sent; nor where that one was sent well before, and has
    a match of its own. Sent within a minute of each other, two that are alike cannot be told apart: the times of
    records are not exact.
    """
    others = [row for row in rows if isinstance(row, HistoryRow) and row.tran_id != record.tran_id]
    return any(
        fit_of_answer(rival, record) is not Fit.NONE
        and not _is_before(record, rival)
        and not (
            rival.timestamp_ms < transfer.timestamp_ms - _APART_MS
            and any(fit(rival, other) is Fit.MATCH for other in others)
        )
        for rival in rivals
    )


def _is_before(row: HistoryRow, transfer: Transfer) -> bool:
    return row.timestamp < transfer.timestamp_ms - _APART_MS


def fit(transfer: Transfer, row: HistoryRow) -> Fit:
    """How well a record fits a transfer, wherever it was found."""
    start_ms, end_ms = span_ms(transfer)
    if row.type != transfer.request.type.name or not start_ms <= row.timestamp <= end_ms:
        return Fit.NONE
    return fit_of_answer(transfer, row)


def fit_of_answer(transfer: Transfer, row: HistoryRow) -> Fit:
    """How well a record fits a transfer, if it came in answer to the question about just that transfer.

    Whatever has its asset and its amount is near at least: it came for a reason.
    """
    request = transfer.request
    if not _is_like(row.asset, request.asset) or not _is_about(row.amount, request.amount):
        return Fit.NONE
    is_match = (
        row.type == request.type.name
        and row.asset == request.asset
        and row.amount == request.amount
        and _has_pairs(row, request)
        and window_start_ms(transfer) <= row.timestamp <= window_end_ms(transfer)
    )
    return Fit.MATCH if is_match else Fit.NEAR


def _has_pairs(row: HistoryRow, request: TransferRequest) -> bool:
    """Whether a record is surely of the pairs of a request. A record need not name them: but then only the types whose
    history demands a pair can tell.
    """
    named, asked = (row.from_symbol or None, row.to_symbol or None), (request.from_symbol, request.to_symbol)
    if request.type in PAIR_UNFILTERED:
        return named == asked
    return all(name in (None, symbol) for name, symbol in zip(named, asked, strict=True))


def _is_like(name: str | None, asked: str) -> bool:
    """Whether two names differ in nothing but letter case, blanks, and forms that look the same."""
    return name is None or _plain_name(name) == _plain_name(asked)


def _plain_name(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def _is_about(amount: Decimal | None, asked: Decimal) -> bool:
    return amount is None or amount == asked or _rounds_alike(asked, amount)


def could_be(transfer: Transfer, row: UnreadableRow) -> bool:
    """Whether a record that cannot be read could be a transfer: unless its asset or its amount says otherwise."""
    return _is_like(row.asset, transfer.request.asset) and _is_about(row.amount, transfer.request.amount)


def span_ms(transfer: Transfer) -> tuple[int, int]:
    """From when to when, in the exchange's time, a record could lie that has to do with a transfer."""
    return transfer.timestamp_ms - _NEAR_BEFORE_MS, transfer.timestamp_ms + _NEAR_AFTER_MS


def window_start_ms(transfer: Transfer) -> int:
    """The earliest time of a match: the sending, as exactly as the exchange's time was known."""
    error_ms = _LEGACY_ERROR_MS if transfer.clock_error_ms is None else transfer.clock_error_ms
    return transfer.timestamp_ms - error_ms


def window_end_ms(transfer: Transfer) -> int:
    """The latest time of a match. The exchange names none: later ones are near."""
    return transfer.timestamp_ms + transfer.recv_window_ms + _EXECUTION_MS + _SLACK_MS


def _rounds_alike(asked: Decimal, recorded: Decimal) -> bool:
    """Whether a record's amount can be the one asked for, with fewer decimals: cut off or rounded, or rounded up by so
    little that it is no other amount.
    """
    exponent = recorded.as_tuple().exponent
    unit = Decimal(1).scaleb(min(exponent, 0) if isinstance(exponent, int) else 0)
    is_just_above = asked < recorded < asked * _JUST_ABOVE and EXACT.subtract(recorded, asked) < unit
    rounded = [asked.quantize(unit, rounding, EXACT) for rounding in (ROUND_DOWN, ROUND_HALF_UP)]
    return is_just_above or recorded in rounded
