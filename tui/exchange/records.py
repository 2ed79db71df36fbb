"""Reads the exchange's records one by one. A row that is not as documented stays, and does not hide the others."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

import msgspec

from tui.domain.records import MOST_IN_TEXT, MOST_IN_WORD, HistoryRow, Row, UnreadableRow, status_from
from tui.domain.text import ServerText, printable
from tui.exchange.payloads import Amount, Milliseconds, TranId, decode

HISTORY_PAGE_SIZE = 100
"""The most rows on one page of the exchange."""

HISTORY_REACH_MS = timedelta(days=180) // timedelta(milliseconds=1)
"""The exchange's history goes back six months. The span of one call is not limited."""

_MAX_PAGE_BYTES = 1024 * 1024

_DOCUMENTED = frozenset({"asset", "amount", "type", "status", "tranId", "timestamp"})
_PAIRS = frozenset({"fromSymbol", "toSymbol"})
"""Not documented in a record, but parameters of the call: a record may name them, and need not."""

_AMBIGUOUS = object()
"""An object that has a name twice."""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """One page of the exchange's history."""

    total: int
    """How many records there are on all pages together."""
    rows: tuple[Row, ...]


class _Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A page before its rows are read. One with more fields may not be a page at all."""

    total: Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
    rows: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    """The exchange leaves it out if there is nothing."""


def history_page(body: bytes) -> HistoryPage:
    """Return one page of the history. Raises ValueError for anything but a page as it is documented."""
    if len(body) > _MAX_PAGE_BYTES:
        raise ValueError("it is too long")
    page = decode(body, _Page)
    is_row_clear = _clear_rows(body)
    if page.rows is msgspec.UNSET:
        if page.total:
            raise ValueError("it has no rows")
        return HistoryPage(0, ())
    if len(page.rows) > HISTORY_PAGE_SIZE:
        raise ValueError("it has more rows than a page")
    rows = zip(page.rows, is_row_clear, strict=True)
    return HistoryPage(page.total, tuple(_row(bytes(raw), is_clear=is_clear) for raw, is_clear in rows))


def _clear_rows(body: bytes) -> list[bool]:
    """Return, for each row of a page, whether it names each field once. Raises ValueError if the page itself does not:
    a decoder would take one of two values and drop the other.
    """
    try:
        text = body.decode("utf-8", "replace")
        page = json.loads(text, object_pairs_hook=_unambiguous, parse_int=str, parse_float=str)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if page is _AMBIGUOUS:
        raise ValueError("it has a name twice")
    return [row is not _AMBIGUOUS for row in page.get("rows") or ()]


def _unambiguous(pairs: list[tuple[str, Any]]) -> Any:
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else _AMBIGUOUS


def _row(raw: bytes, *, is_clear: bool) -> Row:
    fields: dict[str, msgspec.Raw] = (_field(raw, dict[str, msgspec.Raw]) or {}) if is_clear else {}
    kind, asset, written = (_word(fields.get(name)) for name in ("type", "asset", "status"))
    status = status_from(written) if written else None
    amount = _field(fields.get("amount"), Amount)
    if amount is not None and amount <= 0:
        amount = None
    tran_id, timestamp = _field(fields.get("tranId"), TranId), _field(fields.get("timestamp"), Milliseconds)
    is_closed = _DOCUMENTED <= fields.keys() <= _DOCUMENTED | _PAIRS
    if is_closed and kind and asset and status and amount and tran_id and timestamp:
        pairs = {name: fields[name] for name in _PAIRS if _is_given(fields.get(name))}
        symbols = {name: _word(symbol) for name, symbol in pairs.items()}
        if None not in symbols.values():
            ends = symbols.get("fromSymbol"), symbols.get("toSymbol")
            return HistoryRow(asset, amount, kind, status, tran_id, timestamp, *ends)
    text = printable(raw[: 4 * MOST_IN_TEXT].decode("utf-8", "replace"))[:MOST_IN_TEXT]
    return UnreadableRow(text, kind, asset, amount, status, tran_id, timestamp)


def _is_given(symbol: msgspec.Raw | None) -> bool:
    return symbol is not None and bytes(symbol) not in (b"null", b'""')


def _word(raw: msgspec.Raw | None) -> str | None:
    text = _field(raw, ServerText)
    word = printable(text) if text else ""
    return word if 0 < len(word) <= MOST_IN_WORD else None


def _field(raw: bytes | msgspec.Raw | None, kind: Any) -> Any:
    """Return one field; None if it is missing or not of that type."""
    try:
        return None if raw is None else decode(raw, kind)
    except ValueError:
        return None
