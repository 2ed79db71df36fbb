"""Reads the exchange's history of all types, six months back, newest first, and keeps it.

A call answers one type, for Isolated Margin one pair, with a hundred records a page. So the first page of every type is
asked for at once, and the newest hundred of all are known after the slowest answer. The span to ask for, and until when
a question counts as read, follow from the exchange's own time: it is measured first.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Hashable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from itertools import chain, permutations

from tui.clock import ClockReading, ticks_ms
from tui.domain.hosts import exchange_of
from tui.domain.layout import sentences
from tui.domain.records import HistoryQuery, Reading, Row, identity, is_final, one_each
from tui.domain.search import Search
from tui.domain.text import name
from tui.domain.wallets import TransferType, Wallet
from tui.exchange.client import BinanceClient
from tui.exchange.errors import ExchangeError, HistoryNotWhole
from tui.exchange.history import Paced, Pages, read_pages
from tui.exchange.payloads import HISTORY_REACH_MS, ISOLATED_ACCOUNT, HistoryPage
from tui.history import CacheError, HistoryCache
from tui.journal import Journal
from tui.language import _
from tui.structs import Struct

OVERLAP_MS = timedelta(days=1) // timedelta(milliseconds=1)
"""The last part of what was read that is read again. The exchange does not say how late a record may come or change; a
judgement is watched for a day, too. If a record was not final, everything from its time on is read again.
"""

_SLACK_MS = 3000
"""How far a record's time may be ahead of the exchange's time: the exchange has more than one clock."""

_STEADY_MS = 60_000
"""The exchange's time must not move by more while a question is read."""

_MOST_PAGES = 1000
_MOST_TRIES = 3
_MOST_PAIRS = 30
"""For so many pairs, each is asked for with each other: Isolated Margin to Isolated Margin then takes 870 calls."""


class _Span(Struct):
    """The span that a question asks for, in the exchange's time as it was last measured."""

    start_ms: int
    end_ms: int
    now_ms: int
    """The exchange's time when it was asked, or a little earlier."""
    ticks_ms: float
    """The same moment on the monotonic clock."""

    @property
    def is_all(self) -> bool:
        """Whether it goes back as far as the exchange's history."""
        return self.start_ms <= self.now_ms - HISTORY_REACH_MS

    def moved_ms(self, clock: ClockReading) -> int:
        """Return by how much the exchange's time has jumped since the question was asked."""
        return clock.at_least_ms() - round(ticks_ms() - self.ticks_ms) - self.now_ms


class HistoryReader:
    """Reads one account's history. `unread` says what went wrong with a question; the others are read all the same.

    `records` is what is known at any time. Iterate over `read` to bring it up to date; leave the loop to stop.
    """

    def __init__(
        self,
        client: BinanceClient,
        cache: HistoryCache | None = None,
        *,
        pairs: Iterable[str] = (),
        moves: Iterable[TransferType] = TransferType,
        is_afresh: bool = False,
    ) -> None:
        """`pairs` are asked for in addition to those of the account, and `moves` are the types to read.

        `is_afresh` reads everything again: only the pairs are taken from the cache.
        """
        self.unread: dict[HistoryQuery, str] = {}
        """The questions that were not answered to the end, and why. Records that came for them are there."""
        self.whole: set[HistoryQuery] = set()
        """The questions that were answered to the end: all their records are there."""
        self.covered_ms: tuple[int, int] | None = None
        """The span, in the exchange's time, in which that holds; None before the first of them."""
        self.notes: list[str] = []
        """Sentences about what else is missing."""
        self._client = client
        self._cache = self._opened = cache
        self._moves = tuple(moves)
        self._pairs = dict.fromkeys(pairs)
        self._is_afresh = is_afresh
        self._kept: dict[HistoryQuery, dict[Hashable, Row]] = {}
        """The records of each question from earlier readings."""
        self._came: dict[HistoryQuery, list[Row]] = {}
        """The records of each question from this reading."""
        self._until_ms: dict[HistoryQuery, int] = {}
        self._asked: set[HistoryQuery] = set()
        self._answered = 0
        self._changed = asyncio.Event()
        self._calls = Paced(client, waits=self._changed.set)

    @property
    def records(self) -> list[Row]:
        """Each known record once, in no order, exactly as the exchange has it."""
        kept = {identity(row): row for rows in self._kept.values() for row in rows.values()}
        came = {identity(row): row for row in one_each(chain.from_iterable(self._came.values()))}
        return list((kept | came).values())

    @property
    def questions(self) -> Mapping[Hashable, frozenset[HistoryQuery]]:
        """The questions that gave each record, by the record's identity."""
        questions: defaultdict[Hashable, set[HistoryQuery]] = defaultdict(set)
        for query, rows in self._kept.items():
            for key in rows:
                questions[key].add(query)
        for query, came in self._came.items():
            for row in came:
                questions[identity(row)].add(query)
        return {key: frozenset(queries) for key, queries in questions.items()}

    @property
    def missing(self) -> list[str]:
        """What is missing, and why; one line each. They may include texts of the exchange."""
        reasons = set(self.unread.values())
        if len(reasons) == 1 and 1 < len(self._asked) == len(self.unread):
            nothing = _("Nothing of the exchange's history could be read: {why}")
            return [*self.notes, nothing.format(why=reasons.pop())]
        unread = _("{query} could not be read: {why}")
        return [*self.notes, *(unread.format(query=query, why=why) for query, why in self.unread.items())]

    async def read(self) -> AsyncGenerator[Reading, None]:
        """Bring the records up to date. Yield the progress whenever it changes, first with the kept records."""
        await self._take_kept()
        yield Reading(1, 0)
        reading = asyncio.create_task(self._read_all())
        reading.add_done_callback(lambda _: self._changed.set())
        try:
            while not reading.done() or self._changed.is_set():
                await self._changed.wait()
                self._changed.clear()
                is_over = reading.done()
                yield Reading(len(self._asked) + (not is_over), self._answered, self._client.wait_s)
            await reading
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    def close(self) -> None:
        """Close the cache. Blocks."""
        if self._opened is not None:
            self._opened.close()

    async def _take_kept(self) -> None:
        if self._cache is None:
            return
        try:
            kept, until_ms = await asyncio.to_thread(self._cache.read)
        except CacheError as error:
            self._stop_keeping(error)
            return
        for query in until_ms:
            self._pairs.update({pair: None for pair in (query.from_symbol, query.to_symbol) if pair})
        if not self._is_afresh:
            self._until_ms = until_ms
            self._kept = {query: {identity(row): row for row in one_each(rows)} for query, rows in kept.items()}

    async def _read_all(self) -> None:
        try:
            await self._calls.ask(self._client.sync_clock)
        except ExchangeError as error:
            self._give_up(_("The exchange's time could not be measured. {why}").format(why=error))
            return
        async with asyncio.TaskGroup() as group:
            account = group.create_task(self._isolated_pairs())
            self._begin(group)
            self._pairs.update(await account)
            self._begin(group)
        if any(move.needs_pair for move in self._moves):
            self.notes.append(self._asked_pairs())
        self._changed.set()

    def _give_up(self, why: str) -> None:
        """Give up every question for one reason."""
        self._asked.update(self._queries())
        self.unread = dict.fromkeys(self._asked, why)
        self._answered = len(self._asked)
        self._changed.set()

    def _begin(self, group: asyncio.TaskGroup) -> None:
        """Begin to read the questions that were not asked yet."""
        for query in self._queries():
            if query not in self._asked:
                self._asked.add(query)
                group.create_task(self._read_query(query))

    async def _isolated_pairs(self) -> dict[str, None]:
        """Return the pairs of the account."""
        if not any(move.needs_pair for move in self._moves):
            return {}
        try:
            account = await self._calls.ask(partial(self._client.read, ISOLATED_ACCOUNT))
        except ExchangeError as error:
            self.notes.append(_("Which isolated accounts there are could not be read: {why}").format(why=error))
            return {}
        return {pair: None for row in account.assets if (pair := name(row.symbol))}

    def _queries(self) -> list[HistoryQuery]:
        """Return the questions to ask, as far as the pairs are known; those without a pair first."""
        pairs = list(self._pairs)
        queries = [HistoryQuery(move) for move in self._moves if not move.needs_pair]
        for move in self._moves:
            if move.needs_from_pair and move.needs_to_pair:
                queries += [HistoryQuery(move, *two) for two in permutations(pairs[:_MOST_PAIRS], 2)]
            elif move.needs_from_pair:
                queries += [HistoryQuery(move, from_symbol=pair) for pair in pairs]
            elif move.needs_to_pair:
                queries += [HistoryQuery(move, to_symbol=pair) for pair in pairs]
        return queries

    def _asked_pairs(self) -> str:
        note = _(
            "Isolated Margin was asked for {pairs}: what the account or the journal has. "
            "What was moved for any other pair is not here."
        ).format(pairs=_(", ").join(self._pairs) or _("no pair"))
        if len(self._pairs) > _MOST_PAIRS:
            between = _("Between two pairs, only for the first {count}.").format(count=_MOST_PAIRS)
            return sentences(note, between)
        return note

    async def _read_query(self, query: HistoryQuery) -> None:
        try:
            await self._read_whole(query)
        except ExchangeError as error:
            self.unread[query] = str(error)
        self._answered += 1
        self._changed.set()

    async def _read_whole(self, query: HistoryQuery) -> None:
        """Read a question to the end; again, if it arrives incomplete or the exchange's time jumps meanwhile. Raises
        ExchangeError.
        """
        problem = ""
        for _attempt in range(_MOST_TRIES):
            span = self._span(query, await self._clock())
            pages = await self._read_pages(query, span)
            moved_ms = span.moved_ms(await self._clock())
            is_steady = abs(moved_ms) <= _STEADY_MS
            if is_steady and not pages.problem:
                await self._take(query, span, pages.rows, until_ms=span.now_ms + min(moved_ms, 0))
                return
            problem = pages.problem if is_steady else _("the exchange's time moved meanwhile")
        raise HistoryNotWhole(problem)

    async def _take(self, query: HistoryQuery, span: _Span, rows: list[Row], *, until_ms: int) -> None:
        """Replace the records of a span with those that were just read, and write them to the cache."""
        kept = self._kept.get(query, {})
        self._kept[query] = {key: row for key, row in kept.items() if _is_before(row, span)}
        self._came[query] = rows
        self.whole.add(query)
        reach_ms = span.now_ms - HISTORY_REACH_MS
        start_ms, end_ms = self.covered_ms or (reach_ms, until_ms)
        self.covered_ms = max(start_ms, reach_ms), min(end_ms, until_ms)
        await self._keep(
            lambda cache: cache.replace(query, rows, start_ms=span.start_ms, until_ms=until_ms, is_all=span.is_all)
        )

    async def _read_pages(self, query: HistoryQuery, span: _Span) -> Pages:
        """Read page by page. Each page is known at once."""

        async def ask(number: int) -> HistoryPage:
            page = partial(
                self._client.transfer_history, query, start_ms=span.start_ms, end_ms=span.end_ms, page=number
            )
            return await self._calls.ask(page)

        async def take(page: HistoryPage, pages: Pages) -> None:
            self._came.setdefault(query, []).extend(page.rows)
            self._changed.set()
            if not pages.is_over:
                await self._keep(lambda cache: cache.add(query, page.rows))

        return await read_pages(ask, take, most=_MOST_PAGES)

    async def _keep(self, keep: Callable[[HistoryCache], None]) -> None:
        """Write to the cache. A write that has begun ends before this does, even if this is cancelled."""
        if self._cache is None:
            return
        writing = asyncio.create_task(asyncio.to_thread(keep, self._cache))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            if not writing.cancelled():
                writing.exception()
            raise
        except CacheError as error:
            self._stop_keeping(error)

    def _stop_keeping(self, error: CacheError) -> None:
        if self._cache is not None:
            self.notes.append(str(error))
        self._cache = None

    async def _clock(self) -> ClockReading:
        """Return the exchange's time as last measured; a call that was refused for its timestamp has
        measured it again.
        """
        if clock := self._client.clock:
            return clock
        return await self._calls.ask(self._client.known_clock)

    def _span(self, query: HistoryQuery, clock: ClockReading) -> _Span:
        """Return the span to ask for: after a whole read, only its last day, or from the first record on that was not
        final.
        """
        now_ms, latest_ms = clock.at_least_ms(), clock.now_ms() + clock.error_ms()
        start_ms = now_ms - HISTORY_REACH_MS
        until_ms = self._until_ms.get(query)
        if until_ms is not None and until_ms <= latest_ms:  # if not, a wrong clock wrote it
            open_ms = [
                row.timestamp
                for row in self._kept.get(query, {}).values()
                if row.timestamp and not is_final(row.status)
            ]
            start_ms = max(start_ms, min([until_ms - OVERLAP_MS, *open_ms]))
        return _Span(start_ms, latest_ms + _SLACK_MS, now_ms, ticks_ms())


async def open_history(
    client: BinanceClient,
    journal: Journal | None,
    *,
    keeps: bool,
    moves: Iterable[TransferType] = TransferType,
    is_afresh: bool = False,
) -> HistoryReader:
    """Return a reader of the history of the client's account, which also asks for the journal's pairs.

    `keeps` says whether the records are kept next to the person's own journal, and `is_afresh` whether everything is
    read again. Raises JournalError.
    """
    host = exchange_of(client.base_url)
    pairs = await asyncio.to_thread(_journal_pairs, journal, host) if journal else {}
    try:
        cache = await asyncio.to_thread(HistoryCache, host, client.key_print) if keeps else None
    except CacheError as error:
        reader = HistoryReader(client, pairs=pairs, moves=moves, is_afresh=is_afresh)
        reader.notes.append(str(error))
        return reader
    return HistoryReader(client, cache, pairs=pairs, moves=moves, is_afresh=is_afresh)


def _journal_pairs(journal: Journal, host: str) -> dict[str, None]:
    isolated = journal.written(Search(wallet=Wallet.ISOLATED, host=host))
    return {pair: None for row in isolated for pair in (row.from_symbol, row.to_symbol) if pair}


def _is_before(row: Row, span: _Span) -> bool:
    """Whether a record is before a span: reading the span again does not include it."""
    return not span.is_all if row.timestamp is None else row.timestamp < span.start_ms
