"""The exchange's history of all types, six months back: read beside everything else, newest first, and kept.

The exchange answers one type a call, of Isolated Margin one pair, a hundred records a page. So every type's first page
is asked for at once, and the newest hundred of all are known after the slowest of these.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import chain, permutations

from tui.domain.hosts import exchange_of
from tui.domain.past import PENDING
from tui.domain.records import HistoryRow, Row, identity
from tui.domain.search import Search
from tui.domain.text import name
from tui.domain.wallets import TransferType, Wallet
from tui.exchange.calls import ISOLATED_ACCOUNT
from tui.exchange.client import BinanceClient
from tui.exchange.errors import ExchangeError, HistoryNotWhole
from tui.exchange.pacing import Paced
from tui.exchange.records import HISTORY_REACH_MS
from tui.history import CacheError, HistoryCache, Stream
from tui.journal import Journal

OVERLAP_MS = timedelta(days=1) // timedelta(milliseconds=1)
"""So much of what was read is read again. How late a record may come, or change, the exchange says nowhere; a day is as
long as a judgement is watched. Of what was pending, it is read again from there on.
"""

_AHEAD_MS = 10_000
"""How far behind the exchange's this machine's clock can be: requests of an older one are refused."""

_MOST_PAGES = 1000
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


class PastReader:
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
    ) -> None:
        """Takes where to keep what is read, pairs to ask for beside those of the account, and the types to read."""
        self.unread: dict[Stream, str] = {}
        """The questions that were not answered to the end, and why. What came of them is there."""
        self.whole: set[Stream] = set()
        """The questions that were answered to the end: what has no record among these has none."""
        self.notes: list[str] = []
        """What else is not in it, in words."""
        self._client = client
        self._cache = self._opened = cache
        self._moves = tuple(moves)
        self._pairs = dict.fromkeys(pairs)
        self._kept: dict[Stream, dict[Hashable, Row]] = {}
        self._until_ms: dict[Stream, int] = {}
        self._asked: set[Stream] = set()
        self._answered = 0
        self._changed = asyncio.Event()
        self._calls = Paced(client, waits=self._changed.set)

    @property
    def records(self) -> list[Row]:
        """All that is known, in no order; a record that came for two questions is there twice."""
        return list(chain.from_iterable(rows.values() for rows in self._kept.values()))

    @property
    def missing(self) -> list[str]:
        """What is not in it, and why; a line each. The exchange's words may be among them."""
        return [*self.notes, *(f"{stream} could not be read: {why}" for stream, why in self.unread.items())]

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
            kept, self._until_ms = await asyncio.to_thread(self._cache.read)
        except CacheError as error:
            self._give_up_cache(error)
            return
        self._kept = {stream: {identity(row): row for row in rows} for stream, rows in kept.items()}
        for stream in self._until_ms:
            self._pairs.update({pair: None for pair in (stream.from_symbol, stream.to_symbol) if pair})

    async def _read_all(self) -> None:
        async with asyncio.TaskGroup() as group:
            account = group.create_task(self._isolated_pairs())
            self._begin(group, (Stream(move) for move in self._moves if not _needs_pair(move)))
            self._begin(group, self._of_pairs())
            self._pairs.update(await account)
            self._begin(group, self._of_pairs())
        if any(map(_needs_pair, self._moves)):
            self.notes.append(self._asked_pairs())
        self._changed.set()

    def _begin(self, group: asyncio.TaskGroup, streams: Iterable[Stream]) -> None:
        for stream in streams:
            if stream not in self._asked:
                self._asked.add(stream)
                group.create_task(self._read_stream(stream))

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

    def _of_pairs(self) -> list[Stream]:
        pairs = list(self._pairs)
        streams = []
        for move in filter(_needs_pair, self._moves):
            if move.needs_from_pair and move.needs_to_pair:
                streams += [Stream(move, *two) for two in permutations(pairs[:_MOST_PAIRS], 2)]
            elif move.needs_from_pair:
                streams += [Stream(move, from_symbol=pair) for pair in pairs]
            else:
                streams += [Stream(move, to_symbol=pair) for pair in pairs]
        return streams

    def _asked_pairs(self) -> str:
        pairs = ", ".join(self._pairs) or "no pair"
        words = (
            f"Isolated Margin was asked for {pairs}: what the account or the journal has. "
            "What was moved for any other pair is not here."
        )
        if len(self._pairs) > _MOST_PAIRS:
            words += f" Between two pairs, only for the first {_MOST_PAIRS}."
        return words

    async def _read_stream(self, stream: Stream) -> None:
        try:
            await self._read_whole(stream)
        except ExchangeError as error:
            self.unread[stream] = str(error)
        self._answered += 1
        self._changed.set()

    async def _read_whole(self, stream: Stream) -> None:
        """Read a question to the end, twice if it does not come whole. Raises ExchangeError."""
        now_ms = self._client.now_ms()
        start_ms = self._start_ms(stream, now_ms)
        for is_last in (False, True):
            found, total = await self._read_pages(stream, start_ms, now_ms + _AHEAD_MS)
            if len(found) == total:
                break
            if is_last:
                raise HistoryNotWhole(f"the exchange speaks of {total} records, and {len(found)} came")
        is_all = start_ms <= now_ms - HISTORY_REACH_MS
        kept = self._kept.get(stream, {})
        earlier = {
            key: row for key, row in kept.items() if (not is_all if row.timestamp is None else row.timestamp < start_ms)
        }
        self._kept[stream] = earlier | found
        self.whole.add(stream)
        rows = list(found.values())
        await self._keep(lambda cache: cache.replace(stream, rows, start_ms=start_ms, until_ms=now_ms, is_all=is_all))

    async def _read_pages(self, stream: Stream, start_ms: int, end_ms: int) -> tuple[dict[Hashable, Row], int]:
        """Page by page, until there are as many as the exchange speaks of, or nothing new comes: these, and how many
        it speaks of. What comes is known at once.
        """
        found: dict[Hashable, Row] = {}
        for page in range(1, _MOST_PAGES + 1):
            answer = await self._calls.ask(
                partial(
                    self._client.transfer_history,
                    stream.move,
                    start_ms=start_ms,
                    end_ms=end_ms,
                    from_symbol=stream.from_symbol,
                    to_symbol=stream.to_symbol,
                    page=page,
                )
            )
            came = {identity(row): row for row in (_of_pair(row, stream) for row in answer.rows)}
            is_end = came.keys() <= found.keys()
            found |= came
            self._kept.setdefault(stream, {}).update(came)
            self._changed.set()
            if is_end or len(found) >= answer.total:
                break
            await self._keep(partial(_add, stream, list(came.values())))
        return found, answer.total

    async def _keep(self, keep: Callable[[HistoryCache], None]) -> None:
        if self._cache is not None:
            try:
                await asyncio.to_thread(keep, self._cache)
            except CacheError as error:
                self._give_up_cache(error)

    def _give_up_cache(self, error: CacheError) -> None:
        if self._cache is not None:
            self.notes.append(str(error))
        self._cache = None

    def _start_ms(self, stream: Stream, now_ms: int) -> int:
        """From when on a question is asked: of what was read whole, the last day, and from what was pending on."""
        reach_ms = now_ms - HISTORY_REACH_MS
        if self._until_ms.get(stream, sys.maxsize) > now_ms + _AHEAD_MS:  # never, or until a time that has not come
            return reach_ms
        again_ms = min(self._until_ms[stream], now_ms) - OVERLAP_MS
        pending = [
            row.timestamp for row in self._kept.get(stream, {}).values() if row.status == PENDING and row.timestamp
        ]
        return max(reach_ms, min([again_ms, *pending]))


async def open_past(
    client: BinanceClient, journal: Journal | None, *, keeps: bool, moves: Iterable[TransferType] = TransferType
) -> PastReader:
    """A reader of the history of the client's account, which asks for the journal's pairs as well.

    `keeps` is whether what is read is kept beside the person's own journal. Raises JournalError.
    """
    host = exchange_of(client.base_url)
    found = await asyncio.to_thread(_pairs_of, journal, host) if journal else {}
    try:
        cache = await asyncio.to_thread(HistoryCache, host, client.key_print) if keeps else None
    except CacheError as error:
        reader = PastReader(client, pairs=found, moves=moves)
        reader.notes.append(str(error))
        return reader
    return PastReader(client, cache, pairs=found, moves=moves)


def _pairs_of(journal: Journal, host: str) -> dict[str, None]:
    isolated = journal.written(Search(wallet=Wallet.ISOLATED, host=host))
    return {pair: None for row in isolated for pair in (row.from_symbol, row.to_symbol) if pair}


def _add(stream: Stream, rows: list[Row], cache: HistoryCache) -> None:
    cache.add(stream, rows)


def _needs_pair(move: TransferType) -> bool:
    return move.needs_from_pair or move.needs_to_pair


def _of_pair(row: Row, stream: Stream) -> Row:
    """A record with the pairs that were asked for: the exchange need not repeat them."""
    if isinstance(row, HistoryRow) and row.type == stream.move.name:
        return replace(
            row, from_symbol=row.from_symbol or stream.from_symbol, to_symbol=row.to_symbol or stream.to_symbol
        )
    return row
