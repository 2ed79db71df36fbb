"""The exchange's history of all types, six months back: read beside everything else, newest first, and kept.

The exchange answers one type a call, of Isolated Margin one pair, a hundred records a page. So every type's first page
is asked for at once, and the newest hundred of all are known after the slowest of these. What span to ask for, and
until when something was read, follows from the exchange's own time: it is measured before anything else.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import chain, permutations

from tui.clock import ClockReading, ticks_ms
from tui.domain.hosts import exchange_of
from tui.domain.outcome import recorded_outcome
from tui.domain.records import HistoryQuery, Row, identity, one_each
from tui.domain.search import Search
from tui.domain.text import name
from tui.domain.wallets import TransferType, Wallet
from tui.exchange.calls import ISOLATED_ACCOUNT
from tui.exchange.client import BinanceClient
from tui.exchange.errors import ExchangeError, HistoryNotWhole
from tui.exchange.history import Pages, read_pages
from tui.exchange.pacing import Paced
from tui.exchange.records import HISTORY_REACH_MS, HistoryPage
from tui.history import CacheError, HistoryCache
from tui.journal import Journal

OVERLAP_MS = timedelta(days=1) // timedelta(milliseconds=1)
"""So much of what was read is read again. How late a record may come, or change, the exchange says nowhere; a day is as
long as a judgement is watched. Of what said nothing final, it is read again from there on.
"""

_SLACK_MS = 3000
"""How far ahead of the exchange's time the time of a record may be: the exchange's clocks are not one clock."""

_STEADY_MS = 60_000
"""By more than this, the exchange's time may not move while a question is read."""

_MOST_PAGES = 1000
_MOST_TRIES = 3
_MOST_PAIRS = 30
"""Among so many, each pair is asked for with each: Isolated Margin to Isolated Margin takes 870 calls then."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How far the history has been read."""

    asked: int
    """Questions so far: one a type, and of Isolated Margin one a pair."""
    answered: int
    """Of these, answered to the end or given up."""
    wait_s: int = 0
    """For how long the exchange asks to be left alone; it goes on by itself then."""

    @property
    def is_over(self) -> bool:
        """Whether all is read that will be."""
        return self.answered == self.asked


@dataclass(frozen=True, slots=True)
class _Span:
    """What a question is asked for, in the exchange's time as it was measured last."""

    start_ms: int
    end_ms: int
    now_ms: int
    """The exchange's time when it was asked; no later."""
    ticks_ms: float
    """The same moment on the monotonic clock."""

    @property
    def is_all(self) -> bool:
        """Whether it goes back as far as the exchange's history."""
        return self.start_ms <= self.now_ms - HISTORY_REACH_MS

    def moved_ms(self, clock: ClockReading) -> int:
        """By how much the exchange's time has moved since it was asked, beside going by."""
        return clock.at_least_ms() - round(ticks_ms() - self.ticks_ms) - self.now_ms


class HistoryReader:
    """Reads one account's history. What goes wrong with a question is told in `unread`, and ends no other.

    `records` is what is known at any time; iterate over `read` to have it brought up to date, and leave that to stop.
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
        """Takes where to keep what is read, pairs to ask for beside those of the account, and the types to read.

        `is_afresh` asks for all of it again: of what was kept, only the pairs are taken.
        """
        self.unread: dict[HistoryQuery, str] = {}
        """The questions that were not answered to the end, and why. What came of them is there."""
        self.whole: set[HistoryQuery] = set()
        """The questions that were answered to the end: what has no record among these has none."""
        self.covered_ms: tuple[int, int] | None = None
        """From when to when, in the exchange's time, that holds; None before the first of them."""
        self.notes: list[str] = []
        """What else is not in it, in words."""
        self._client = client
        self._cache = self._opened = cache
        self._moves = tuple(moves)
        self._pairs = dict.fromkeys(pairs)
        self._is_afresh = is_afresh
        self._kept: dict[HistoryQuery, dict[Hashable, Row]] = {}
        """What earlier readings had of each question."""
        self._came: dict[HistoryQuery, list[Row]] = {}
        """What this one has."""
        self._until_ms: dict[HistoryQuery, int] = {}
        self._asked: set[HistoryQuery] = set()
        self._answered = 0
        self._changed = asyncio.Event()
        self._calls = Paced(client, waits=self._changed.set)

    @property
    def records(self) -> list[Row]:
        """Each record that is known, once, in no order. Nothing is added to what the exchange said of it."""
        kept = {identity(row): row for rows in self._kept.values() for row in rows.values()}
        came = {identity(row): row for row in one_each(chain.from_iterable(self._came.values()))}
        return list((kept | came).values())

    @property
    def questions(self) -> Mapping[Hashable, frozenset[HistoryQuery]]:
        """The questions that each record came for, by what it goes by."""
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
        """What is not in it, and why; a line each. The exchange's words may be among them."""
        reasons = set(self.unread.values())
        if len(reasons) == 1 and 1 < len(self._asked) == len(self.unread):
            return [*self.notes, f"Nothing of the exchange's history could be read: {reasons.pop()}"]
        return [*self.notes, *(f"{query} could not be read: {why}" for query, why in self.unread.items())]

    async def read(self) -> AsyncGenerator[Reading, None]:
        """Bring the records up to date; tells how far it is whenever that changes, first with what was kept."""
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
        """Let go of the file of what is kept; blocks."""
        if self._opened is not None:
            self._opened.close()

    async def _take_kept(self) -> None:
        if self._cache is None:
            return
        try:
            kept, until_ms = await asyncio.to_thread(self._cache.read)
        except CacheError as error:
            self._give_up_cache(error)
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
            self._give_up(f"The exchange's time could not be measured. {error}")
            return
        async with asyncio.TaskGroup() as group:
            account = group.create_task(self._isolated_pairs())
            self._begin(group, self._without_pairs())
            self._begin(group, self._of_pairs())
            self._pairs.update(await account)
            self._begin(group, self._of_pairs())
        if any(map(_needs_pair, self._moves)):
            self.notes.append(self._asked_pairs())
        self._changed.set()

    def _give_up(self, why: str) -> None:
        """Ask nothing: say of each question that it was not read."""
        self._asked.update((*self._without_pairs(), *self._of_pairs()))
        self.unread = dict.fromkeys(self._asked, why)
        self._answered = len(self._asked)
        self._changed.set()

    def _without_pairs(self) -> list[HistoryQuery]:
        return [HistoryQuery(move) for move in self._moves if not _needs_pair(move)]

    def _begin(self, group: asyncio.TaskGroup, queries: Iterable[HistoryQuery]) -> None:
        for query in queries:
            if query not in self._asked:
                self._asked.add(query)
                group.create_task(self._read_query(query))

    async def _isolated_pairs(self) -> dict[str, None]:
        """The pairs that the account has."""
        if not any(map(_needs_pair, self._moves)):
            return {}
        try:
            account = await self._calls.ask(partial(self._client.read, ISOLATED_ACCOUNT))
        except ExchangeError as error:
            self.notes.append(f"Which isolated accounts there are could not be read: {error}")
            return {}
        return {pair: None for row in account.assets if (pair := name(row.symbol))}

    def _of_pairs(self) -> list[HistoryQuery]:
        pairs = list(self._pairs)
        queries = []
        for move in filter(_needs_pair, self._moves):
            if move.needs_from_pair and move.needs_to_pair:
                queries += [HistoryQuery(move, *two) for two in permutations(pairs[:_MOST_PAIRS], 2)]
            elif move.needs_from_pair:
                queries += [HistoryQuery(move, from_symbol=pair) for pair in pairs]
            else:
                queries += [HistoryQuery(move, to_symbol=pair) for pair in pairs]
        return queries

    def _asked_pairs(self) -> str:
        pairs = ", ".join(self._pairs) or "no pair"
        words = (
            f"Isolated Margin was asked for {pairs}: what the account or the journal has. "
            "What was moved for any other pair is not here."
        )
        if len(self._pairs) > _MOST_PAIRS:
            words += f" Between two pairs, only for the first {_MOST_PAIRS}."
        return words

    async def _read_query(self, query: HistoryQuery) -> None:
        try:
            await self._read_whole(query)
        except ExchangeError as error:
            self.unread[query] = str(error)
        self._answered += 1
        self._changed.set()

    async def _read_whole(self, query: HistoryQuery) -> None:
        """Read a question to the end, anew if it does not come whole or the exchange's time moves meanwhile. Raises
        ExchangeError.
        """
        problem = ""
        for _ in range(_MOST_TRIES):
            span = self._span(query, await self._clock())
            pages = await self._read_pages(query, span)
            moved_ms = span.moved_ms(await self._clock())
            is_steady = abs(moved_ms) <= _STEADY_MS
            if is_steady and not pages.problem:
                await self._take(query, span, pages.rows, until_ms=span.now_ms + min(moved_ms, 0))
                return
            problem = pages.problem if is_steady else "the exchange's time moved meanwhile"
        raise HistoryNotWhole(problem)

    async def _take(self, query: HistoryQuery, span: _Span, rows: list[Row], *, until_ms: int) -> None:
        """Put what came whole into the place of what was known of its span, and keep it."""
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
        """Read page by page. What comes is known at once."""

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
        """Keep what came. A write that has begun ends before this does: who leaves does not leave it behind."""
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
            self._give_up_cache(error)

    def _give_up_cache(self, error: CacheError) -> None:
        if self._cache is not None:
            self.notes.append(str(error))
        self._cache = None

    async def _clock(self) -> ClockReading:
        """The exchange's time as it was measured last: a call that it refused for its time has it measured anew."""
        if clock := self._client.clock:
            return clock
        return await self._calls.ask(self._client.known_clock)

    def _span(self, query: HistoryQuery, clock: ClockReading) -> _Span:
        """What a question is asked for: of what was read whole, the last day, and from what said nothing final on."""
        now_ms, latest_ms = clock.at_least_ms(), clock.now_ms() + clock.error_ms()
        start_ms = now_ms - HISTORY_REACH_MS
        until_ms = self._until_ms.get(query)
        if until_ms is not None and until_ms <= latest_ms:  # else it was written by a clock that was wrong
            open_ms = [
                row.timestamp
                for row in self._kept.get(query, {}).values()
                if recorded_outcome(row.status) is None and row.timestamp
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
    """A reader of the history of the client's account, which asks for the journal's pairs as well.

    `keeps` is whether what is read is kept beside the person's own journal, `is_afresh` whether all of it is asked for
    again. Raises JournalError.
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


def _needs_pair(move: TransferType) -> bool:
    return move.needs_from_pair or move.needs_to_pair


def _is_before(row: Row, span: _Span) -> bool:
    """Whether a record lies before a span, so that reading the span again says nothing of it."""
    return not span.is_all if row.timestamp is None else row.timestamp < span.start_ms
