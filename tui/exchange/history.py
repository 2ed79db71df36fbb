"""The exchange's history of transfers, whole or not at all: what is not in a part of it may be in the rest."""

import asyncio

from tui.domain.records import HistoryRow, Row
from tui.domain.wallets import TransferType
from tui.exchange.client import BinanceClient
from tui.exchange.errors import HistoryNotWhole
from tui.exchange.payloads import HistoryPage
from tui.exchange.records import HISTORY_PAGE_SIZE

MAX_PAGES = 20
PAUSE_S = 0.2
"""Between two pages: a long history is no reason to press the exchange."""


async def read_history(
    client: BinanceClient,
    move: TransferType,
    *,
    start_ms: int,
    end_ms: int,
    from_symbol: str | None = None,
    to_symbol: str | None = None,
) -> tuple[Row, ...]:
    """Every record of one type in a span of the exchange's time, newest first.

    It is whole when each page says the same total and all pages together have just so many different rows. The
    exchange may put fewer rows on a page than it was asked for. Raises HistoryNotWhole, or another ExchangeError.
    """
    rows: dict[int | str, Row] = {}
    total = None
    for page in range(1, MAX_PAGES + 1):
        if page > 1:
            await asyncio.sleep(PAUSE_S)
        answer = await client.transfer_history(
            move, start_ms=start_ms, end_ms=end_ms, from_symbol=from_symbol, to_symbol=to_symbol, page=page
        )
        _add(answer, rows, total)
        total = answer.total
        if len(rows) == total:
            return tuple(rows.values())
        if not answer.rows:
            raise HistoryNotWhole(f"it speaks of {total} records, and only {len(rows)} came")
    raise HistoryNotWhole(f"its {total} records do not fit on {MAX_PAGES} pages")


def _add(page: HistoryPage, rows: dict[int | str, Row], total: int | None) -> None:
    """Add a page to those before it, which had a `total`. Raises HistoryNotWhole where they do not fit together."""
    if total is not None and page.total != total:
        raise HistoryNotWhole(f"first it had {total} records, then {page.total}")
    if page.total > MAX_PAGES * HISTORY_PAGE_SIZE:
        raise HistoryNotWhole(f"its {page.total} records are too many to read")
    for row in page.rows:
        key = _identity(row)
        if key in rows:
            raise HistoryNotWhole("a record came twice")
        rows[key] = row
    if len(rows) > page.total:
        raise HistoryNotWhole(f"it speaks of {page.total} records, and more came")


def _identity(row: Row) -> int | str:
    if isinstance(row, HistoryRow):
        return row.tran_id
    return row.text if row.tran_id is None else row.tran_id
