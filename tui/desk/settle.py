"""How an unknown outcome is settled: from the exchange's own history, never by a guess.

One matching record (`matching`) settles it. A missing record proves nothing; it only makes execution less likely. So
"not executed" is a judgement. It takes several complete readings of the history without a trace, the last at least five
minutes after the transfer was sent, by every clock. The person decides if a record that could be it is gone, is only
near, or cannot be read, and if the transfer was sent with another key, which may belong to another account.

A judgement is watched for a day. Shunter reads the history again at every start, and half an hour and two hours after
the judgement or the start. A record that appears corrects the judgement, and a notice stays until the person has seen
it.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from itertools import chain

import msgspec

from tui import clock as machine_clock
from tui.clock import ClockReading, ticks_ms
from tui.desk.matching import Candidates, Others, could_have, is_contested, sift, span_ms, window_end_ms
from tui.domain.evidence import (
    Basis,
    Evidence,
    MatchingRecord,
    NoRecord,
    Outcome,
    Reason,
    Reopened,
    named_tran_ids,
    recorded_outcome,
)
from tui.domain.records import HistoryQuery, HistoryRow, RecordStatus, Row, UnreadableRow, identity, is_final
from tui.domain.transfer import Transfer
from tui.exchange.client import BinanceClient
from tui.exchange.errors import ExchangeError, RateLimited
from tui.exchange.history import read_history
from tui.exchange.payloads import HISTORY_REACH_MS
from tui.journal import Journal, JournalError, TranIdTaken
from tui.journal.store import Sighting
from tui.language import _
from tui.structs import Struct, replace
from tui.words import settling as sentences
from tui.words.settling import Doubt


class Pace(Struct):
    """How often the history is read while an outcome is unknown, and when to judge it not executed; in seconds."""

    first_s: float = 1
    longest_s: float = 60
    judge_after_s: float = 300
    """The last reading without a trace begins at least this long after the transfer was sent."""
    judge_reads: int = 3
    """The least number of complete readings in a row without a trace."""
    judge_gap_s: float = 20
    """The least pause between two readings that count."""
    watch_s: tuple[float, ...] = (30 * 60, 2 * 60 * 60)
    """How long after a judgement, or a start, the judgement is checked again."""
    retry_s: float = 5
    """The pause between two attempts to write an answer to the journal."""


class Progress(Struct):
    """The state of settling one transfer."""

    transfer: Transfer
    note: str
    doubt: Doubt | None = None
    """Why the person has to decide; None while Shunter can continue alone."""
    candidates: tuple[HistoryRow, ...] = ()
    """Records that could be this transfer, from which the person chooses."""
    unreadable: tuple[UnreadableRow, ...] = ()
    """Records that could be this transfer and cannot be read."""


class NoTrace(Struct):
    """A complete reading has no record that could be the transfer, and every earlier sighting is explained."""

    as_of_ms: int
    """When the reading began, in the exchange's time."""
    waited_ms: int
    """How long after the sending that was, at least."""
    is_window_over: bool
    explained: tuple[int, ...] = ()
    """The tranIds of records that were sighted and turned out not to be the transfer."""


ReadingResult = Transfer | Progress | NoTrace
"""The result of one reading: the settled transfer, why it cannot be settled yet, or no trace."""


class TimeOpen:
    """How long a transfer has been open, by the clock that shows the shortest time.

    The exchange's clock may jump, and so may this machine's. The monotonic clock cannot, but it does not know the time
    before this session: for a transfer of an earlier session, it starts at the first reading.
    """

    def __init__(self, transfer: Transfer, sent_ticks_ms: float | None = None) -> None:
        self._transfer = transfer
        self._since_ticks_ms = ticks_ms() if sent_ticks_ms is None else sent_ticks_ms
        self._is_ours = sent_ticks_ms is not None

    def ms(self, clock: ClockReading) -> int:
        """Return for how long at least, in milliseconds, by all clocks."""
        exchange_ms = clock.at_least_ms() - self._transfer.timestamp_ms
        return min(self.known_ms(), self._machine_ms(), exchange_ms)

    def known_ms(self) -> int:
        """Return for how long at least, in milliseconds, by the monotonic clock alone, which cannot jump."""
        return int(ticks_ms() - self._since_ticks_ms)

    def is_over(self) -> bool:
        """Whether the time in which a record can match the transfer (`window_end_ms`) is over."""
        return self.known_ms() > window_end_ms(self._transfer) - self._transfer.timestamp_ms

    def is_longer_than(self, reach_ms: int, clock: ClockReading) -> bool:
        """Whether it has certainly been longer. For one of an earlier session, only the exchange's clock counts."""
        by_exchange = clock.at_least_ms() - self._transfer.timestamp_ms > reach_ms
        return by_exchange and (not self._is_ours or self.known_ms() > reach_ms)

    def span_ms(self, clock: ClockReading) -> tuple[int, int]:
        """Return the span of time in which its record can be. If the exchange's clock has moved relative to this
        machine's, the span is longer by as much: either clock may have been wrong when the transfer was sent.
        """
        elapsed_ms = self.known_ms() if self._is_ours else self._machine_ms()
        moved_ms = clock.now_ms() - elapsed_ms - self._transfer.timestamp_ms
        moved_ms = max(-HISTORY_REACH_MS, min(moved_ms, HISTORY_REACH_MS))
        start_ms, end_ms = span_ms(self._transfer)
        return start_ms + min(moved_ms, 0), end_ms + max(moved_ms, 0)

    def _machine_ms(self) -> int:
        return machine_clock.wall_ms() - self._transfer.confirmed_ms


class _Search(msgspec.Struct):
    """The state of the search for one transfer."""

    pace: Pace
    pause_s: float
    """The pause until the next reading."""
    reads: int = 0
    """Complete readings without a trace, after the window and far enough apart to count."""
    failures: int = 0
    """Readings in a row that failed."""

    def is_enough(self, trace: NoTrace) -> bool:
        """Count a reading without a trace. Return whether it completes a judgement; if not, plan the next reading."""
        waited_s = trace.waited_ms / 1000
        self.reads += trace.is_window_over
        if self.reads >= self.pace.judge_reads and waited_s >= self.pace.judge_after_s:
            return True
        if trace.is_window_over:
            self.pause_s = max(self.pause_s, self.pace.judge_gap_s)
        if waited_s < self.pace.judge_after_s:
            self.pause_s = min(self.pause_s, max(self.pace.judge_after_s - waited_s, self.pace.first_s))
        return False


async def settle(
    transfer: Transfer,
    client: BinanceClient,
    journal: Journal,
    *,
    pace: Pace,
    report: Callable[[Progress], None],
    sent_ticks_ms: float | None = None,
) -> Transfer:
    """Read the history until it settles a transfer, write that to the journal, and return the settled transfer.

    This goes on while the transfer is open, through every failure; cancel it to stop. `sent_ticks_ms` is when the
    transfer was sent, on the monotonic clock, if this session sent it.
    """
    search = _Search(pace, pace.first_s)
    waiting = TimeOpen(transfer, sent_ticks_ms)
    while True:
        await asyncio.sleep(min(max(search.pause_s, client.wait_s), pace.longest_s))
        if client.wait_s:
            report(_paused(transfer, client, waiting, pace))
            continue
        search.pause_s = min(search.pause_s * 2, pace.longest_s)
        try:
            result = await look_for(transfer, client, journal, waiting)
            if isinstance(result, Transfer):
                return result
            if isinstance(result, NoTrace) and search.is_enough(result):
                judgement = NoRecord(search.reads, result.as_of_ms, result.waited_ms)
                judged = await asyncio.to_thread(
                    journal.record, transfer, judgement, despite=result.explained, at_ms=result.as_of_ms
                )
                if not judged.outcome.is_open:
                    return judged
                search.reads = 0  # another Shunter has sighted a record of it in the meantime
        except TranIdTaken:
            search.pause_s = pace.first_s  # another transfer was settled with this record after we read it
        except Exception as error:  # noqa: BLE001 - a failure ends neither the app nor the others
            search.failures += 1
            report(_failed(transfer, client, error, search, waiting))
        else:
            search.failures = 0
            if isinstance(result, NoTrace):
                report(Progress(transfer, sentences.no_record(result.as_of_ms, timedelta(seconds=search.pause_s))))
            else:
                search.reads = 0
                report(result)


async def look_for(
    transfer: Transfer, client: BinanceClient, journal: Journal, waiting: TimeOpen | None = None
) -> ReadingResult:
    """Read the history once, completely, and write to the journal what it says about an open transfer. Raises
    ExchangeError, JournalError.
    """
    transfer = await asyncio.to_thread(journal.transfer, transfer)
    if not transfer.outcome.is_open:  # another Shunter has settled it
        return transfer
    clock = await client.known_clock()
    waiting = waiting or TimeOpen(transfer)
    if waiting.is_longer_than(HISTORY_REACH_MS, clock):
        clock = await client.sync_clock()  # a single wrong time is no reason to give up
        if waiting.is_longer_than(HISTORY_REACH_MS, clock):
            return Progress(transfer, sentences.note(Doubt.TOO_OLD), Doubt.TOO_OLD)
    # Measured before the reading, so that the reading is later than they say.
    now_ms, waited_ms, is_window_over = clock.at_least_ms(), waiting.ms(clock), waiting.is_over()
    sighted = await asyncio.to_thread(journal.unexplained, transfer)
    rows = await read_around(transfer, client, waiting.span_ms(clock), (sighting.recorded_ms for sighting in sighted))
    others = await others_by_journal(transfer, rows, journal)
    candidates = sift(transfer, rows, others)
    seen = (*candidates.matches, *candidates.near)
    # A match that is PENDING will end. A near record may be another transfer's, and may stay PENDING.
    is_pending = bool(candidates.matches) and all(row.status == RecordStatus.PENDING for row in candidates.matches)
    if not is_same_key(transfer, client):  # if the account is another one, this history says nothing about the transfer
        doubt = Doubt.OTHER_KEY if is_window_over and not is_pending else None
        note = sentences.other_key(transfer, is_asked=doubt is not None)
        return Progress(transfer, note, doubt, seen, candidates.unreadable)
    await asyncio.to_thread(journal.sight, transfer, (*seen, *candidates.unreadable), at_ms=now_ms)
    if is_pending:
        return Progress(transfer, _(sentences.PENDING))
    if candidates.is_empty:
        shown = {str(identity(row)) for row in rows}
        gone = [sighting for sighting in sighted if str(sighting.tran_id or sighting.record) not in shown]
        if doubt := _why_absence_means_nothing(transfer, rows, gone):
            return _asked(transfer, doubt, is_asked=is_window_over, statuses=[sighting.status for sighting in gone])
        explained = tuple(sighting.tran_id for sighting in sighted if sighting.tran_id)
        return NoTrace(now_ms, waited_ms, is_window_over, explained)
    if (
        len(seen) == 1
        and candidates.matches
        and not candidates.unreadable
        and not is_contested(transfer, seen[0], rows, others)
    ):
        record = seen[0]
        if evidence := matching_record(transfer, record):
            despite = [holder.id for holder in others.held(transfer, record)] if evidence.is_named else []
            return await asyncio.to_thread(journal.record, transfer, evidence, despite=despite, at_ms=clock.now_ms())
        return Progress(transfer, sentences.undecided_status(record.status), Doubt.STATUS, seen)
    return _doubtful(transfer, candidates, is_window_over=is_window_over)


async def read_around(
    transfer: Transfer, client: BinanceClient, span: tuple[int, int], recorded_ms: Iterable[int | None]
) -> tuple[Row, ...]:
    """Read the history of a transfer's type and pairs completely, in a span that includes the times of its sightings.
    Raises ExchangeError.
    """
    times = [*span, *(at_ms for at_ms in recorded_ms if at_ms is not None)]
    return await read_history(client, transfer.request.query, start_ms=min(times), end_ms=max(times))


def _why_absence_means_nothing(transfer: Transfer, rows: tuple[Row, ...], gone: Sequence[Sighting]) -> Doubt | None:
    """Return why a reading without a trace means nothing: a record was sighted before, the exchange has named a tranId,
    or the row is older than evidence. None if it makes execution less likely.
    """
    if gone:
        return Doubt.GONE
    if named := named_tran_ids(transfer.answer):
        return Doubt.CLASH if any(row.tran_id in named for row in rows) else Doubt.NAMED
    return Doubt.LEGACY if transfer.is_legacy else None


async def others_by_journal(transfer: Transfer, rows: tuple[Row, ...], journal: Journal) -> Others:
    """Return what the journal knows about other transfers to which the records could belong. Raises JournalError."""

    def ask() -> Others:
        tran_ids = {row.tran_id for row in rows if row.tran_id is not None}
        records = [row for row in rows if isinstance(row, HistoryRow)]
        rivals = [
            rival
            for rival in journal.rivals(transfer)
            if any(could_have(rival, record, Others()) for record in records)
        ]
        return Others(
            journal.holders_by(transfer.host, tran_ids),
            rivals,
            journal.declined(transfer.host),
        )

    return await asyncio.to_thread(ask)


def matching_record(transfer: Transfer, record: HistoryRow, corrects: Outcome | None = None) -> MatchingRecord | None:
    """Return a matching record as evidence; None if its status is not final."""
    if not is_final(record.status):
        return None
    is_named = record.tran_id in named_tran_ids(transfer.answer)
    return MatchingRecord(record.tran_id, record.status, record.timestamp, is_named, corrects)


def is_same_key(transfer: Transfer, client: BinanceClient) -> bool:
    """Whether a transfer was sent with the client's key. Without a fingerprint, compare the end of the key."""
    if transfer.key_print:
        return transfer.key_print == client.key_print
    return bool(transfer.key_tail) and transfer.key_tail == client.key_tail


def _doubtful(transfer: Transfer, candidates: Candidates, *, is_window_over: bool) -> Progress:
    """Return what to ask the person. A near record alone is asked about only after the window: a match may appear."""
    if candidates.unreadable:
        doubt = Doubt.UNREADABLE
    elif candidates.matches:
        doubt = Doubt.SEVERAL
    else:
        doubt = Doubt.NEAR
    asked = _asked(transfer, doubt, is_asked=is_window_over or doubt is not Doubt.NEAR)
    return replace(asked, candidates=(*candidates.matches, *candidates.near), unreadable=candidates.unreadable)


def _asked(transfer: Transfer, doubt: Doubt, *, is_asked: bool, statuses: Sequence[str] = ()) -> Progress:
    """Return why a transfer cannot be settled, and with `is_asked`, that the person has to decide."""
    return Progress(transfer, sentences.note(doubt, statuses, is_asked=is_asked), doubt if is_asked else None)


def _failed(
    transfer: Transfer, client: BinanceClient, error: Exception, search: _Search, waiting: TimeOpen
) -> Progress:
    """Return why a reading failed. If readings fail for long, the person may decide."""
    match error:
        case RateLimited():
            return _paused(transfer, client, waiting, search.pace)
        case ExchangeError():
            is_long = _is_long(waiting, search.pace) and search.failures >= search.pace.judge_reads
            return Progress(transfer, sentences.out_of_reach(str(error)), Doubt.OUT_OF_REACH if is_long else None)
        case JournalError():
            return Progress(transfer, str(error))
        case _:
            return Progress(transfer, sentences.own_failure(type(error).__name__))


def _paused(transfer: Transfer, client: BinanceClient, waiting: TimeOpen, pace: Pace) -> Progress:
    """Return that the exchange asks for a pause. If the pause is long, the person may decide."""
    is_long = _is_long(waiting, pace) and client.wait_s > pace.judge_after_s
    return Progress(transfer, sentences.paused(client.wait_s), Doubt.OUT_OF_REACH if is_long else None)


def _is_long(waiting: TimeOpen, pace: Pace) -> bool:
    return waiting.known_ms() > pace.judge_after_s * 1000


_LONGEST_SLEEP_S = 60.0
"""A timer of the event loop stops while the machine is suspended."""

_RETRY_S = 10 * 60.0

Revised = Callable[[Transfer], Awaitable[None]]


async def watch(
    client: BinanceClient, journal: Journal, host: str, *, pace: Pace, judged: asyncio.Event, revised: Revised
) -> None:
    """Check every judgement of the last day now, and then each when it is due, until this is cancelled.

    `judged` is set when there is a new judgement. `revised` is called with every transfer whose judgement was
    corrected.
    """
    plan: dict[tuple[str, object], list[float]] = {}
    """When each judgement is due, by `ticks_ms`, so that a wrong time of the exchange delays none."""
    is_first = True
    while True:
        judged.clear()
        try:
            clock = await client.known_clock()
            judgements = await asyncio.to_thread(partial(journal.judged, host, now_ms=clock.now_ms()))
            transfers = [transfer for transfer in judgements if is_same_key(transfer, client)]
            now_ms = ticks_ms()
            for transfer in transfers:
                after_s = (0, *pace.watch_s) if is_first else pace.watch_s
                plan.setdefault(_key(transfer), [now_ms + after * 1000 for after in after_s])
            is_first = False
            if any(min(plan[_key(transfer)], default=now_ms + 1) <= now_ms for transfer in transfers):
                await look_at(transfers, client, journal, revised)
                for transfer in transfers:
                    plan[_key(transfer)] = [due_ms for due_ms in plan[_key(transfer)] if due_ms > now_ms]
            wait_s = _LONGEST_SLEEP_S if transfers else None
        except Exception:  # noqa: BLE001 - whatever failed is tried again
            wait_s = max(_RETRY_S, client.wait_s)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s and min(wait_s, pace.watch_s[0] / 3)):
                await judged.wait()


def _key(transfer: Transfer) -> tuple[str, object]:
    """Return what identifies a judgement. A transfer can be judged more than once."""
    return transfer.identity, transfer.settled_at


async def look_at(transfers: Sequence[Transfer], client: BinanceClient, journal: Journal, revised: Revised) -> None:
    """Look for judged transfers again, with one reading for all that share type and pairs. If a reading fails, the
    others are still made; the first ExchangeError or JournalError is raised at the end.
    """
    if transfers:
        await client.known_clock()
    alike: defaultdict[HistoryQuery, list[Transfer]] = defaultdict(list)
    for transfer in transfers:
        alike[transfer.request.query].append(transfer)
    failures: list[Exception] = []
    for group in alike.values():
        try:
            await _look_at_alike(group, client, journal, revised)
        except (ExchangeError, JournalError) as error:
            failures.append(error)
    if failures:
        raise failures[0]


async def _look_at_alike(group: Sequence[Transfer], client: BinanceClient, journal: Journal, revised: Revised) -> None:
    rows = await _read(group, client)
    garbled = {row.text for row in rows if isinstance(row, UnreadableRow)}
    if garbled:  # an unreadable record reopens a judgement only if it is read twice: once may be an accident
        second_rows = await _read(group, client)
        rows = tuple(row for row in second_rows if isinstance(row, HistoryRow) or row.text in garbled)
    for transfer in group:
        if (corrected := await _revise(transfer, rows, client, journal)) is not None:
            await revised(corrected)


async def _read(alike: Sequence[Transfer], client: BinanceClient) -> tuple[Row, ...]:
    """Read the history around transfers of one type and pairs."""
    return await read_around(alike[0], client, span_ms(alike[0]), chain.from_iterable(map(span_ms, alike)))


async def _revise(
    transfer: Transfer, rows: tuple[Row, ...], client: BinanceClient, journal: Journal
) -> Transfer | None:
    """Correct a judgement if these records contradict it. Return the corrected transfer; None if nothing changed."""
    others = await others_by_journal(transfer, rows, journal)
    candidates = sift(transfer, rows, others)
    if transfer.basis is Basis.PERSON:  # the person has seen unreadable records, which have no tranId to decline
        seen = {sighting.record for sighting in await asyncio.to_thread(journal.unexplained, transfer)}
        unreadable = tuple(row for row in candidates.unreadable if row.tran_id is not None or row.text not in seen)
        candidates = replace(candidates, unreadable=unreadable)
    matches = [
        row
        for row in candidates.matches
        if row.tran_id != transfer.tran_id or recorded_outcome(row.status) is not transfer.outcome
    ]
    is_alone = len(matches) == 1 and not candidates.near and not candidates.unreadable
    evidence: Evidence | None = None
    if is_alone and not is_contested(transfer, matches[0], rows, others):
        changed = Reopened(Reason.RECORD_CHANGED, transfer.outcome, matches[0].status)
        evidence = matching_record(transfer, matches[0], transfer.outcome) or changed
    elif matches or candidates.near or candidates.unreadable:
        evidence = Reopened(Reason.RECORDS_APPEARED, transfer.outcome)
    if evidence is None:
        return None
    needs_notice = not (is_alone and recorded_outcome(matches[0].status) is Outcome.REJECTED)
    at_ms = client.clock.now_ms() if client.clock else None
    try:
        corrected = await asyncio.to_thread(journal.revise, transfer, evidence, notice=needs_notice, at_ms=at_ms)
    except TranIdTaken:  # another transfer was settled with this record in the meantime
        return None
    return corrected if corrected.outcome is not transfer.outcome else None
