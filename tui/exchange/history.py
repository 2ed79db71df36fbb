"""Reads the exchange's history, page by page: whole or not at all, for a record may be in the part not read.

`Paced` makes many reads at once, within the exchange's limits: BINANCE.md, "Limits and answers".
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from typing import TypeVar

from tui.clock import ticks_ms
from tui.domain.evidence import Obstacle
from tui.domain.records import HistoryQuery, Row, identity
from tui.exchange.client import BinanceClient
from tui.exchange.errors import HistoryNotWhole, NotSent, OutcomeUnknown, RateLimited
from tui.exchange.payloads import HISTORY_PAGE_SIZE, HistoryPage
from tui.language import _

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
            raise HistoryNotWhole(_("its {count} records are too many to read").format(count=page.total))
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
    problem = _("its {count} records do not fit on {most} pages")
    raise HistoryNotWhole(problem.format(count=page.total, most=most))


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
            problem = _("first it had {before} records, then {after}")
            self._note(problem.format(before=self._total, after=page.total))
        self._total = page.total
        new: dict[Hashable, Row] = {}
        for row in page.rows:
            key = identity(row)
            before = new.get(key) or self._rows.get(key)
            if before is None:
                new[key] = row
            elif before != row:
                self._note(_("tranId {tran_id} came as two different records").format(tran_id=row.tran_id))
            elif key in new:
                self._repeats += 1
        self._rows |= new
        count = len(self._rows)
        if count > page.total:
            self._note(_("it announces {total} records, but more came").format(total=page.total))
        self.is_over = count == page.total or not new
        if self.is_over and page.total not in (count, count + self._repeats):
            problem = _("it announces {total} records, but only {count} came")
            self._note(problem.format(total=page.total, count=count))

    def _note(self, problem: str) -> None:
        self.problem = self.problem or problem


_AT_ONCE = 50
"""Calls under way, each with a connection."""

_PER_MINUTE = 6000
"""Calls in a minute. For calls that weigh 1, this is half of the limit of one address. The rest is for settling, and
for other programs.
"""
_MINUTE_MS = 60_000

_LONGEST_WAIT_S = 5 * 60
"""The exchange asks for more only after it was pressed (418). Then no call is made."""

_TRIES = 3
_MOST_LIMITED = 10
_PAUSE_S = 0.5

_Answer = TypeVar("_Answer")


class Paced:
    """Reads with one client, and tries again if that may help. A read changes nothing, so this is safe."""

    def __init__(self, client: BinanceClient, *, waits: Callable[[], object], per_minute: int = _PER_MINUTE) -> None:
        """`waits` is called when the exchange asks for a pause; the client's `wait_s` says how long."""
        self._client = client
        self._waits = waits
        self._per_minute = per_minute
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._calls_ms: deque[float] = deque()

    async def ask(self, call: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """Return the answer to a call. Raises ExchangeError."""
        failures = limited = 0
        while True:
            try:
                async with self._at_once:
                    await self._turn()
                    return await call()
            except RateLimited:  # it is tried again when the exchange allows it
                limited += 1
                if limited == _MOST_LIMITED:
                    raise
                await asyncio.sleep(0 if self._client.wait_s else _PAUSE_S)
            except OutcomeUnknown:
                failures += 1
                if failures == _TRIES:
                    raise
                await asyncio.sleep(failures * _PAUSE_S)

    async def _turn(self) -> None:
        """Wait until another call may go out. Raises NotSent if that is too long."""
        while wait_s := self._client.wait_s:
            if wait_s > _LONGEST_WAIT_S:
                raise NotSent(Obstacle.PAUSED, detail=f"{wait_s} s")
            self._waits()
            await asyncio.sleep(wait_s)
        while self._calls_ms and ticks_ms() - self._calls_ms[0] >= _MINUTE_MS:
            self._calls_ms.popleft()
        if len(self._calls_ms) >= self._per_minute:
            # Its place in the minute is taken now, before another call counts.
            free_ms = self._calls_ms[-self._per_minute] + _MINUTE_MS
            self._calls_ms.append(free_ms)
            await asyncio.sleep((free_ms - ticks_ms()) / 1000)
        else:
            self._calls_ms.append(ticks_ms())
