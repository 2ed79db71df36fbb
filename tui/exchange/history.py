"""The exchange's history of transfers, page by page: whole or not at all, for a record may be in the part not read."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable

from tui.domain.records import HistoryQuery, Row, identity
from tui.exchange.client import BinanceClient
from tui.exchange.errors import HistoryNotWhole
from tui.exchange.records import HISTORY_PAGE_SIZE, HistoryPage

MAX_PAGES = 20
PAUSE_S = 0.2
"""Between two pages: a long history is no reason to press the exchange."""


async def read_history(client: BinanceClient, query: HistoryQuery, *, start_ms: int, end_ms: int) -> tuple[Row, ...]:
    """Return every record that answers a question in a span of the exchange's time, newest first.

    See `Pages` for when it is whole. Raises HistoryNotWhole, or another ExchangeError.
    """

    async def ask(number: int) -> HistoryPage:
        if number > 1:
            await asyncio.sleep(PAUSE_S)
        return await client.transfer_history(query, start_ms=start_ms, end_ms=end_ms, page=number)

    async def take(page: HistoryPage, pages: "Pages") -> None:
        if page.total > MAX_PAGES * HISTORY_PAGE_SIZE:
            raise HistoryNotWhole(f"its {page.total} records are too many to read")
        if pages.problem:
            raise HistoryNotWhole(pages.problem)

    return tuple((await read_pages(ask, take, most=MAX_PAGES)).rows)


async def read_pages(
    ask: Callable[[int], Awaitable[HistoryPage]], take: Callable[[HistoryPage, "Pages"], Awaitable[None]], *, most: int
) -> "Pages":
    """Ask for one page after the other until all have come, or one brings nothing new; each is given to `take`.

    Raises HistoryNotWhole after `most` pages.
    """
    pages = Pages()
    for number in range(1, most + 1):
        page = await ask(number)
        pages.add(page)
        await take(page, pages)
        if pages.is_over:
            return pages
    raise HistoryNotWhole(f"its {page.total} records do not fit on {most} pages")


class Pages:
    """The pages of one question as they come, and whether they are whole.

    They are whole if each gives the same total, and as many different records came. A record that is on one page twice
    may count twice in the total: then one more page must bring nothing new. A record on two pages never counts twice:
    the pages may have moved against each other, and a record between them may be missing. The exchange does not
    document that one tranId can come as two different records; then no page is relied on.
    """

    def __init__(self) -> None:
        self.problem = ""
        """Why they can no longer be whole; empty while they may be."""
        self.is_over = False
        """Whether there is nothing more to ask for."""
        self._rows: dict[Hashable, Row] = {}
        self._repeats = 0
        """How many rows came twice on one page."""
        self._total: int | None = None

    @property
    def rows(self) -> list[Row]:
        """Each record that came, once."""
        return list(self._rows.values())

    def add(self, page: HistoryPage) -> None:
        """Take the next page."""
        if self._total not in (None, page.total):
            self._note(f"first it had {self._total} records, then {page.total}")
        self._total = page.total
        new: dict[Hashable, Row] = {}
        for row in page.rows:
            key = identity(row)
            before = new.get(key) or self._rows.get(key)
            if before is None:
                new[key] = row
            elif before != row:
                self._note(f"tranId {row.tran_id} came as two different records")
            elif key in new:
                self._repeats += 1
        self._rows |= new
        count = len(self._rows)
        if count > page.total:
            self._note(f"it speaks of {page.total} records, and more came")
        self.is_over = count == page.total or not new
        if self.is_over and page.total not in (count, count + self._repeats):
            self._note(f"it speaks of {page.total} records, and only {count} came")

    def _note(self, problem: str) -> None:
        self.problem = self.problem or problem
