"""Whether a record of the exchange's history is a certain transfer, or could be another one.

A record is a match if type, asset, amount and pairs are equal, and the exchange can have executed the transfer at its
time. A record that is near but not equal is no match, and does not count as absence either: the person decides. The
person also decides on any other record that answers our question with our asset and amount.

For a transfer, a record is explained by another amount, by another asset together with another time, by the person who
declined it, or by another transfer that has its tranId (`explains`). A record that is not explained for several
transfers is contested, unless each of the others has a record that is surely its own (`is_contested`).
"""

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from enum import IntEnum
from functools import lru_cache

from tui.domain.amounts import EXACT
from tui.domain.evidence import Basis, named_tran_ids
from tui.domain.records import HistoryRow, Row, UnreadableRow
from tui.domain.transfer import Transfer, TransferRequest
from tui.domain.wallets import PAIR_UNFILTERED
from tui.structs import Struct, field

_SLACK_MS = 3000
"""How far a record's time may be outside its window: the exchange has more than one clock."""

_LEGACY_ERROR_MS = 4000
"""The largest error of a timestamp whose error was not kept."""

_EXECUTION_MS = 10_000
"""The exchange's own time-out between receiving a request and giving up: BINANCE.md, "Signing"."""

_NEAR_BEFORE_MS = 10 * 60 * 1000
_NEAR_AFTER_MS = 60 * 60 * 1000
"""How far from a transfer, in time, its record can still be."""

_JUST_ABOVE = Decimal("1.01")

_APART_MS = 60 * 1000
"""Two times that differ by more are surely in this order: it exceeds the exchange's time-out and all clock errors."""


class Fit(IntEnum):
    """How well a record fits a transfer."""

    NONE = 0
    NEAR = 1
    MATCH = 2


class Candidates(Struct):
    """The records of a whole read that could be one transfer."""

    matches: tuple[HistoryRow, ...] = ()
    """Records that equal it, and that belong to no other transfer."""
    near: tuple[HistoryRow, ...] = ()
    """Records that could be it: near, or held by another transfer that they do not fit."""
    unreadable: tuple[UnreadableRow, ...] = ()
    """Records that could be it, and cannot be read where it matters."""

    @property
    def is_empty(self) -> bool:
        """Whether there is no trace of it."""
        return not (self.matches or self.near or self.unreadable)


class Others(Struct):
    """The other transfers to which the records of a read could belong, by the journal."""

    holders: Mapping[int, Sequence[Transfer]] = field(default_factory=dict)
    """The transfers that have a record's tranId."""
    rivals: Sequence[Transfer] = ()
    """The other transfers that ask for about the same, and whose tranId is not known."""
    declined: Mapping[str, Collection[int]] = field(default_factory=dict)
    """The tranIds that the person said are not a transfer, by the transfer's identity."""

    def fit(self, transfer: Transfer, row: HistoryRow) -> Fit:
        """Return how well a record fits a transfer; `NONE` if the record is explained for it."""
        own_fit = fit_of_answer(transfer, row)
        is_explained = row.tran_id in self.declined.get(transfer.identity, ()) or any(
            explains(holder, row, transfer) for holder in self.held(transfer, row)
        )
        return Fit.NONE if is_explained else own_fit

    def held(self, transfer: Transfer, row: HistoryRow) -> list[Transfer]:
        """Return the other transfers that have a record's tranId."""
        holders = self.holders.get(row.tran_id, ())
        return [holder for holder in holders if holder.identity != transfer.identity]


def explains(holder: Transfer, row: HistoryRow, transfer: Transfer) -> bool:
    """Whether a record belongs to `holder`, the transfer that has its tranId, and so not to `transfer`.

    The exchange's own yes counts more than the record's content; an answer that named the tranId counts more than the
    history or the person's decision. Otherwise the record belongs to the transfer that it fits better. A yes does not
    explain a record of another amount or another time: then a rehearsal server was restarted, and reuses tranIds.
    """
    holder_fit = fit_of_answer(holder, row)
    if holder.basis is Basis.ANSWER:
        is_near = abs(row.timestamp - holder.timestamp_ms) <= _NEAR_BEFORE_MS
        if holder_fit is not Fit.NONE and is_near:
            return True
    elif is_named(transfer, row) and not is_named(holder, row):
        return False
    return holder_fit is not Fit.NONE and holder_fit >= fit_of_answer(transfer, row)


def is_named(transfer: Transfer, row: HistoryRow) -> bool:
    """Whether the exchange's answer named a record's tranId without being a plain yes."""
    return row.tran_id in named_tran_ids(transfer.answer)


def sift(transfer: Transfer, rows: Iterable[Row], others: Others) -> Candidates:
    """Return the records that could be a transfer."""
    matches: list[HistoryRow] = []
    near: list[HistoryRow] = []
    unreadable: list[UnreadableRow] = []
    declined = others.declined.get(transfer.identity, ())
    for row in rows:
        if isinstance(row, UnreadableRow):
            if row.tran_id not in declined and not is_another(transfer, row):
                unreadable.append(row)
            continue
        own_fit = others.fit(transfer, row)
        if own_fit is Fit.MATCH and (is_named(transfer, row) or not others.held(transfer, row)):
            matches.append(row)
        elif own_fit is not Fit.NONE and not _is_earlier_rivals(transfer, row, others):
            near.append(row)
    return Candidates(tuple(matches), tuple(near), tuple(unreadable))


def _is_earlier_rivals(transfer: Transfer, row: HistoryRow, others: Others) -> bool:
    """Whether a record was executed well before the transfer was sent, and matches another one."""
    return _is_before(row, transfer) and any(others.fit(rival, row) is Fit.MATCH for rival in others.rivals)


def is_contested(transfer: Transfer, record: HistoryRow, rows: Iterable[Row], others: Others) -> bool:
    """Whether a match could belong to another transfer.

    It could not, if the other has a match of its own that could be no third one's. Two equal transfers sent within a
    minute cannot be told apart: the times of records are not exact.
    """
    rest = [row for row in rows if isinstance(row, HistoryRow) and row.tran_id != record.tran_id]
    rivals = [rival for rival in others.rivals if could_have(rival, record, others)]
    return any(
        not any(
            others.fit(rival, row) is Fit.MATCH
            and not any(could_have(third, row, others) for third in (transfer, *others.rivals) if third is not rival)
            for row in rest
        )
        for rival in rivals
    )


def could_have(transfer: Transfer, row: HistoryRow, others: Others) -> bool:
    """Whether a record could belong to a transfer other than the one it was read for."""
    if others.fit(transfer, row) is Fit.NONE:
        return False
    start_ms, end_ms = span_ms(transfer)
    return is_named(transfer, row) or (start_ms <= row.timestamp <= end_ms and not _is_before(row, transfer))


def _is_before(row: HistoryRow, transfer: Transfer) -> bool:
    return _latest_ms(row) < transfer.timestamp_ms - _APART_MS


def _latest_ms(row: HistoryRow) -> int:
    """Return the latest moment that a record's time can mean: all samples of the exchange are in whole seconds."""
    return row.timestamp if row.timestamp % 1000 else row.timestamp + 999


def fit(transfer: Transfer, row: HistoryRow) -> Fit:
    """Return how well a record of any question fits a transfer."""
    start_ms, end_ms = span_ms(transfer)
    if row.type != transfer.request.type.name or not start_ms <= row.timestamp <= end_ms:
        return Fit.NONE
    return fit_of_answer(transfer, row)


def fit_of_answer(transfer: Transfer, row: HistoryRow) -> Fit:
    """Return how well a record fits a transfer, if it answers the question about that transfer.

    A record with its asset and amount is at least near: it came for a reason. So is a record with its amount and time:
    the asset's name may be written in another way.
    """
    request = transfer.request
    if is_another(transfer, row):
        return Fit.NONE
    is_match = (
        row.type == request.type.name
        and row.asset == request.asset
        and row.amount == request.amount
        and _has_pairs(row, request)
        and window_start_ms(transfer) <= _latest_ms(row)
        and row.timestamp <= window_end_ms(transfer)
    )
    return Fit.MATCH if is_match else Fit.NEAR


def _has_pairs(row: HistoryRow, request: TransferRequest) -> bool:
    """Whether a record surely has the pairs of a request. If it does not name them, only the types whose history
    demands a pair can tell.
    """
    named, asked = (row.from_symbol or None, row.to_symbol or None), (request.from_symbol, request.to_symbol)
    if request.type in PAIR_UNFILTERED:
        return named == asked
    return all(name in (None, symbol) for name, symbol in zip(named, asked, strict=True))


def is_another(transfer: Transfer, row: Row) -> bool:
    """Whether a record belongs to another transfer, by its amount or its asset. What cannot be read does not say so."""
    request = transfer.request
    if row.amount not in (None, request.amount) and not _rounds_alike(request.amount, row.amount):
        return True
    if row.asset is None or _plain_name(row.asset) == _plain_name(request.asset):
        return False
    return row.amount != request.amount or not is_about_then(transfer, row)


def is_about_then(transfer: Transfer, row: Row) -> bool:
    """Whether a record's time is that of a transfer, or differs by so little that the clocks can explain it."""
    start_ms, end_ms = window_start_ms(transfer) - _APART_MS, window_end_ms(transfer) + _APART_MS
    return row.timestamp is not None and start_ms <= row.timestamp <= end_ms


@lru_cache(maxsize=1024)
def _plain_name(name: str) -> str:
    """Return a name without letter case, blanks, and forms that look the same."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def span_ms(transfer: Transfer) -> tuple[int, int]:
    """Return the span, in the exchange's time, in which a record could concern a transfer."""
    return transfer.timestamp_ms - _NEAR_BEFORE_MS, transfer.timestamp_ms + _NEAR_AFTER_MS


def window_start_ms(transfer: Transfer) -> int:
    """Return the earliest time of a match: when it was sent, less the error of the clock."""
    error_ms = _LEGACY_ERROR_MS if transfer.clock_error_ms is None else transfer.clock_error_ms
    return transfer.timestamp_ms - error_ms


def window_end_ms(transfer: Transfer) -> int:
    """Return the latest time of a match. The exchange documents none: later records are near."""
    return transfer.timestamp_ms + transfer.recv_window_ms + _EXECUTION_MS + _SLACK_MS


def _rounds_alike(asked: Decimal, recorded: Decimal) -> bool:
    """Whether a record's amount can be the one asked for with fewer decimals: cut or rounded, or rounded up by so
    little that it is no other amount.
    """
    exponent = recorded.as_tuple().exponent
    unit = Decimal(1).scaleb(min(exponent, 0) if isinstance(exponent, int) else 0)
    if EXACT.subtract(recorded, asked).copy_abs() >= unit:
        return False  # as most are: the rest takes longer
    is_just_above = asked < recorded < asked * _JUST_ABOVE
    rounded = [asked.quantize(unit, rounding, EXACT) for rounding in (ROUND_DOWN, ROUND_HALF_UP)]
    return is_just_above or recorded in rounded
