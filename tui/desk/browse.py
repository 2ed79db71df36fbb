"""The journal at once, and the exchange's history merged into it as it is read."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Hashable, Iterable
from contextlib import aclosing, closing
from itertools import islice, takewhile

from tui.clock import ticks_ms
from tui.desk.history_reader import HistoryReader, open_history
from tui.desk.origins import Questions, joined
from tui.desk.reconcile import reconcile
from tui.domain.entries import Comparison, Entry
from tui.domain.hosts import exchange_of
from tui.domain.records import Reach, Reading, Row, identity
from tui.domain.transfer import Transfer
from tui.exchange.client import BinanceClient
from tui.journal import Journal, JournalError
from tui.language import _

_PAGE = 500
"""Rows of the journal that are read at once: more than a screen shows. Then other work has its turn."""

_LATE_MS = 60 * 60 * 1000
"""A record can be so much later than its row. It is shown only after all rows to which it could belong were read."""

_PAUSE_S = 0.25
_SHARE = 4
"""Merging takes a fifth of the time at most, however long the history is."""


class HistoryBrowser:
    """One account's history and the whole journal. `entries` is what is known at any time, newest first; iterate over
    `follow` to be notified when that changes.
    """

    def __init__(self, client: BinanceClient, journal: Journal) -> None:
        self.host = exchange_of(client.base_url)
        self.entries: list[Entry] = []
        self.reading: Reading | None = None
        """How far the exchange's history was read when `entries` were merged; None before the first answer."""
        self.reach = Reach.STOPPED
        """How far that was, and whether more may come."""
        self.is_taking = True
        """Whether more of the journal comes."""
        self.journal_problem = ""
        """Why rows of the journal are missing, if any are."""
        self._client = client
        self._journal = journal
        self._rows: dict[str, Transfer] = {}
        self._put: set[str] = set()
        """The rows from `put` since the whole journal was last read."""
        self._whole_from_ms = sys.maxsize
        """From when on every row of the journal is there; 0 if all are."""
        self._newest_id = 0
        """The newest row of the journal that was read."""
        self._earlier: dict[Hashable, Row] = {}
        """The records of earlier readings, by identity."""
        self._earlier_questions: Questions = {}
        self._reader: HistoryReader | None = None
        self._reading: Reading | None = None
        self._changed = asyncio.Event()
        self._taking: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[None] | None = None

    @property
    def is_asking(self) -> bool:
        """Whether the exchange's history is being read now."""
        return self._asking is not None and not self._asking.done()

    @property
    def record_count(self) -> int:
        """How many entries have a record."""
        return sum(entry.record is not None for entry in self.entries)

    @property
    def missing(self) -> list[str]:
        """What is missing, and why; one line each. They may include texts of the exchange."""
        lines = [self.journal_problem] if self.journal_problem else []
        if self.reading and self.reach is Reach.STOPPED:
            stopped = _("Stopped when {answered} of {asked} questions were answered.")
            lines.append(stopped.format(answered=self.reading.answered, asked=self.reading.asked))
        if self._reader:
            lines += self._reader.missing
        return lines

    @property
    def unread_count(self) -> int:
        """How many questions to the exchange were given up."""
        return len(self._reader.unread) if self._reader else 0

    async def follow(self) -> AsyncGenerator[None, None]:
        """Read the journal and the exchange's history. Yield whenever `entries` has changed, without an end; leave the
        loop to stop everything.
        """
        self._taking = self._started(self._take_rows())
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                began_ms = ticks_ms()
                await self._merge()
                yield
                if self._asking is None:
                    self.ask()
                if self.is_asking:
                    await asyncio.sleep(max(_PAUSE_S, _SHARE * (ticks_ms() - began_ms) / 1000))
        finally:
            self._taking.cancel()
            self.stop()

    def ask(self) -> None:
        """Read what is new at the exchange, and what other Shunters wrote, unless that is under way."""
        if not self.is_asking:
            self._changed.set()
            self._asking = self._started(self._ask())
            if self._taking and self._taking.done():
                self._taking = self._started(self._take_rows())

    def stop(self) -> None:
        """Stop reading the exchange's history; its records so far stay."""
        if self._asking:
            self._asking.cancel()

    def put(self, transfer: Transfer) -> None:
        """Take a row of the journal as it is now."""
        self._rows[transfer.identity] = transfer
        self._put.add(transfer.identity)
        self._changed.set()

    async def compare(self, follow: Callable[[Reading], object] = lambda _: None) -> Comparison:
        """Compare the journal of the client's key with the exchange's history, which is read again as a whole. `follow`
        is called with the progress. Cancel this to stop. Raises JournalError.
        """
        reader = await open_history(self._client, self._journal, keeps=self._journal.is_on_disk, is_afresh=True)
        reading = None
        with closing(reader):
            async with aclosing(reader.read()) as readings:
                async for reading in readings:
                    follow(reading)
        self._use(reader)
        self._reading = reading
        self._changed.set()
        return await asyncio.to_thread(reconcile, reader, self._client, self._journal)

    async def _take_rows(self) -> None:
        rows, is_again = self._journal.transfers(newest_first=True), self._whole_from_ms == 0
        self._put = set()
        try:
            while True:
                began_ms = ticks_ms()
                page = await asyncio.to_thread(lambda: list(islice(rows, _PAGE)))
                if not page:
                    break
                self._take(page)
                if not is_again:
                    is_first = self._whole_from_ms == sys.maxsize
                    self._whole_from_ms = page[-1].timestamp_ms + _LATE_MS
                    if is_first:
                        self._changed.set()
                await asyncio.sleep((ticks_ms() - began_ms) / 1000)
        except JournalError as error:
            self.journal_problem = str(error)
        self._whole_from_ms = 0

    async def _take_new(self) -> None:
        """Read the rows that other Shunters have begun since."""
        newest_first = self._journal.transfers(newest_first=True)
        new = takewhile(lambda row: row.id > self._newest_id or row.identity not in self._rows, newest_first)
        try:
            self._take(await asyncio.to_thread(lambda: list(new)))
        except JournalError as error:
            self.journal_problem = str(error)

    def _take(self, rows: Iterable[Transfer]) -> None:
        for row in rows:
            self._newest_id = max(self._newest_id, row.id)
            known = self._rows.get(row.identity)
            if row.identity not in self._put and not (known and known.unwritten):  # a row from `put` is newer
                self._rows[row.identity] = row

    async def _ask(self) -> None:
        try:
            reader = await open_history(self._client, self._journal, keeps=self._journal.is_on_disk)
        except JournalError as error:
            self.journal_problem = str(error)
            reader = HistoryReader(self._client)
        self._use(reader)
        with closing(reader):
            async with aclosing(reader.read()) as readings:
                async for self._reading in readings:
                    self._changed.set()

    def _use(self, reader: HistoryReader) -> None:
        """Show the records of a new reader in addition to those of the earlier ones."""
        if self._reader:
            self._earlier |= {identity(record): record for record in self._reader.records}
            self._earlier_questions = {**self._earlier_questions, **self._reader.questions}
        self._reading, self._reader = None, reader

    async def _merge(self) -> None:
        # A record older than the rows that were read would look as if it was made elsewhere.
        from_ms = self._whole_from_ms
        earlier = self._earlier
        read = {identity(record): record for record in self._reader.records} if self._reader else {}
        records = [
            record
            for record in (earlier | read).values()
            if not from_ms or (record.timestamp is not None and record.timestamp >= from_ms)
        ]
        questions = {**self._earlier_questions, **(self._reader.questions if self._reader else {})}
        reading, reach = self._reading, Reach.STOPPED
        if self.is_asking or self._asking is None:
            reach = Reach.READING
        elif reading and reading.is_over:
            reach = Reach.WHOLE
        if records:  # its row was written before the exchange had it
            await self._take_new()
        rows = list(self._rows.values())
        self.entries = await asyncio.to_thread(self._joined, records, rows, questions)
        self.reading, self.reach, self.is_taking = reading, reach, from_ms > 0

    def _joined(self, records: list[Row], rows: list[Transfer], questions: Questions) -> list[Entry]:
        try:
            declined, sighted = self._journal.declined(self.host), self._journal.sighted(self.host)
        except JournalError as error:
            self.journal_problem = str(error)
            declined, sighted = {}, {}
        return joined(
            records,
            rows,
            self.host,
            questions=questions,
            declined=declined,
            sighted=sighted,
            is_compared=not self.journal_problem,
        )

    def _started(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        task.add_done_callback(lambda _: self._changed.set())
        return task
