"""The exchange's records of transfers, read one by one: a row that is not as documented hides no other, and stays."""

from decimal import Decimal
from typing import Annotated, Any

import msgspec

from tui.domain.amounts import AmountError, read_amount
from tui.domain.text import printable
from tui.exchange.payloads import HistoryPage, HistoryRow, Milliseconds, TranId, UnreadableRow

_MAX_TEXT = 300
_MAX_WORD = 60
"""Of a name or a status. What is longer is neither."""


class _Page(msgspec.Struct, frozen=True):
    """A page before its rows are read."""

    total: Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
    rows: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    """Where there is nothing, the exchange leaves it out."""
    code: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    msg: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    status: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    """An answer that has one of these speaks of an error, whatever else it has."""


def history_page(body: bytes) -> HistoryPage:
    """One page of the history. Raises msgspec.DecodeError for anything but a page as it is documented."""
    page = msgspec.json.decode(body, type=_Page)
    if not page.code is page.msg is page.status is msgspec.UNSET:
        raise msgspec.ValidationError("it speaks of an error")
    if page.rows is msgspec.UNSET:
        if page.total:
            raise msgspec.ValidationError("it has no rows")
        return HistoryPage(0, ())
    return HistoryPage(page.total, tuple(_row(bytes(raw)) for raw in page.rows))


def _row(raw: bytes) -> HistoryRow | UnreadableRow:
    fields: dict[str, msgspec.Raw] = _read(raw, dict[str, msgspec.Raw]) or {}
    kind, asset, status = (_word(fields, name) for name in ("type", "asset", "status"))
    amount, tran_id = _amount(fields), _read(fields.get("tranId"), TranId)
    timestamp = _read(fields.get("timestamp"), Milliseconds)
    if kind and asset and status and amount and tran_id and timestamp:
        symbols = [_word(fields, name) if _is_given(fields, name) else "" for name in ("fromSymbol", "toSymbol")]
        if None not in symbols:
            return HistoryRow(asset, amount, kind, status, tran_id, timestamp, *(symbol or None for symbol in symbols))
    text = printable(raw[: 4 * _MAX_TEXT].decode("utf-8", "replace"))[:_MAX_TEXT]
    return UnreadableRow(text, kind, asset, amount, status, tran_id, timestamp)


def _is_given(fields: dict[str, msgspec.Raw], name: str) -> bool:
    return bytes(fields.get(name, b"null")) not in (b"null", b'""')


def _word(fields: dict[str, msgspec.Raw], name: str) -> str | None:
    word = _read(fields.get(name), Annotated[str, msgspec.Meta(min_length=1, max_length=_MAX_WORD)])
    return None if word is None else printable(word)


def _amount(fields: dict[str, msgspec.Raw]) -> Decimal | None:
    """The amount where it is more than 0."""
    written = _read(fields.get("amount"), str)
    try:
        amount = read_amount(written or "")
    except AmountError:
        return None
    return amount if amount > 0 else None


def _read(raw: bytes | msgspec.Raw | None, kind: Any) -> Any:
    """One field, or None where it is not there or is nothing of that kind."""
    try:
        return None if raw is None else msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
