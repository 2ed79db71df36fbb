"""How an unknown outcome is settled: from the exchange's own history, never by a guess.

One record that matches (`matching`) is the answer. That there is none can not be proved: it only becomes more likely.
So "not executed" is a judgement: after several whole reads of the history without any trace, the last no sooner than
five minutes after the sending by every clock. It stays watched (`watch`). Whatever was ever seen and could be it, is
near but no match, cannot be read, or was sent with another key, perhaps of another account, is for the person to
decide.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from tui import clock as machine_clock
from tui.clock import ClockReading, ticks_ms
from tui.desk.matching import Candidates, Others, could_have, is_contested, sift, span_ms, window_end_ms
from tui.domain.evidence import MatchingRecord, NoRecord, named_tran_ids
from tui.domain.outcome import Outcome, recorded_outcome
from tui.domain.records import HistoryRow, RecordStatus, Row, UnreadableRow, identity
from tui.domain.transfer import Transfer
from tui.exchange.client import BinanceClient
from tui.exchange.errors import ExchangeError, RateLimited
from tui.exchange.history import read_history
from tui.exchange.records import HISTORY_REACH_MS
from tui.journal import Journal, JournalError, TranIdTaken
from tui.journal.store import Sighting
from tui.words import settling as words
from tui.words.settling import Doubt


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the history is read while an outcome is unknown, and when no trace is enough; seconds."""

    first_s: float = 1
    longest_s: float = 60
    judge_after_s: float = 300
    """After the sending: no read before that counts as the last of those without a trace."""
    judge_reads: int = 3
    """So many whole reads in a row without a trace, at the least."""
    judge_gap_s: float = 20
    """Between two reads that count."""
    watch_s: tuple[float, ...] = (30 * 60, 2 * 60 * 60)
    """How long after a judgement it is looked at again."""
    retry_s: float = 5
    """Between two tries to write down what the journal did not take."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the settling of one transfer stands."""

    transfer: Transfer
    note: str
    doubt: Doubt | None = None
    """Why the person has to decide; None while the program goes on by itself."""
    candidates: tuple[HistoryRow, ...] = ()
    """Records that could be this transfer, for the person to choose from."""
    unreadable: tuple[UnreadableRow, ...] = ()
    """Records that could be this transfer, and that cannot be read."""


@dataclass(frozen=True, slots=True)
class NoTrace:
    """A whole read of the history has nothing that could be the transfer, and never had."""

    as_of_ms: int
    """When it began, in the exchange's time."""
    waited_ms: int
    """How long after the sending that was, at the least."""
    is_window_over: bool
    explained: tuple[int, ...] = ()
    """The tranIds of records that were sighted once, and that turned out not to be the transfer."""


Look = Transfer | Progress | NoTrace
"""What one look at the history gives: how the transfer ended, what stands in the way of telling, or no trace."""


class TimeOpen:
    """How long a transfer has been open, by the clock that says the least.

    The exchange's clock may jump, and so may this machine's. The monotonic clock cannot, but it says nothing of the
    time before this program began: for a transfer of an earlier one it starts at the first reading.
    """

    def __init__(self, transfer: Transfer, sent_ticks_ms: float | None = None) -> None:
        self._transfer = transfer
        self._since_ticks_ms = ticks_ms() if sent_ticks_ms is None else sent_ticks_ms
        self._is_ours = sent_ticks_ms is not None

    def ms(self, clock: ClockReading) -> int:
        """Return for how long, at the least; milliseconds."""
        exchange_ms = clock.at_least_ms() - self._transfer.timestamp_ms
        return min(self.known_ms(), self._machine_ms(), exchange_ms)

    def known_ms(self) -> int:
        """Return for how long by the monotonic clock alone, which cannot have jumped; milliseconds."""
        return int(ticks_ms() - self._since_ticks_ms)

    def is_over(self) -> bool:
        """Whether a record of the request, were it executed now, would be late."""
        return self.known_ms() > window_end_ms(self._transfer) - self._transfer.timestamp_ms

    def is_longer_than(self, reach_ms: int, clock: ClockReading) -> bool:
        """Whether it has surely been longer than that. Of what another session sent, only the exchange can say."""
        by_exchange = clock.at_least_ms() - self._transfer.timestamp_ms > reach_ms
        return by_exchange and (not self._is_ours or self.known_ms() > reach_ms)

    def span_ms(self, clock: ClockReading) -> tuple[int, int]:
        """Return from when to when its record could lie. By as much as the exchange's clock has moved since against
        this machine's, the span is longer: either may have been wrong when the transfer was sent.
        """
        elapsed_ms = self.known_ms() if self._is_ours else self._machine_ms()
        moved_ms = clock.now_ms() - elapsed_ms - self._transfer.timestamp_ms
        moved_ms = max(-HISTORY_REACH_MS, min(moved_ms, HISTORY_REACH_MS))
        start_ms, end_ms = span_ms(self._transfer)
        return start_ms + min(moved_ms, 0), end_ms + max(moved_ms, 0)

    def _machine_ms(self) -> int:
        return machine_clock.wall_ms() - self._transfer.confirmed_ms


@dataclass(slots=True)
class _Looking:
    """How the looking for one transfer goes."""

    pace: Pace
    pause_s: float
    """Until the next look."""
    reads: int = 0
    """Whole reads, after the window and apart enough to count, that had no trace."""
    failures: int = 0
    """Looks in a row that failed."""

    def is_enough(self, trace: NoTrace) -> bool:
        """Whether one more read without a trace is enough for a judgement; if not, plans the next."""
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
    """Read the history until it tells how a transfer ended, and write that down. Gives the settled transfer.

    Goes on for as long as the transfer is open, through every failure; cancel it to stop. `sent_ticks_ms` is when it
    was sent, on the monotonic clock, if this program did that.
    """
    looking = _Looking(pace, pace.first_s)
    waiting = TimeOpen(transfer, sent_ticks_ms)
    while True:
        await asyncio.sleep(min(max(looking.pause_s, client.wait_s), pace.longest_s))
        if client.wait_s:
            report(_paused(transfer, client, waiting, pace))
            continue
        looking.pause_s = min(looking.pause_s * 2, pace.longest_s)
        try:
            look = await look_for(transfer, client, journal, waiting)
            if isinstance(look, Transfer):
                return look
            if isinstance(look, NoTrace) and looking.is_enough(look):
                judgement = NoRecord(looking.reads, look.as_of_ms, look.waited_ms)
                judged = await asyncio.to_thread(
                    journal.record, transfer, judgement, despite=look.explained, at_ms=look.as_of_ms
                )
                if not judged.outcome.is_open:
                    return judged
                looking.reads = 0  # another Shunter has sighted a record of it meanwhile
        except TranIdTaken:
            looking.pause_s = pace.first_s  # another transfer took the record between our look and our claim
        except Exception as error:  # noqa: BLE001 - what fails in one settling ends neither the app nor the others
            looking.failures += 1
            report(_failed(transfer, client, error, looking, waiting))
        else:
            looking.failures = 0
            if isinstance(look, NoTrace):
                report(Progress(transfer, words.no_record(look.as_of_ms, timedelta(seconds=looking.pause_s))))
            else:
                looking.reads = 0
                report(look)


async def look_for(
    transfer: Transfer, client: BinanceClient, journal: Journal, waiting: TimeOpen | None = None
) -> Look:
    """Read the history once, whole, and write down what it tells of an open transfer. Raises ExchangeError,
    JournalError.
    """
    now = await asyncio.to_thread(journal.transfer, transfer)
    if not now.outcome.is_open:  # another Shunter has settled it
        return now
    transfer = now
    clock = await client.known_clock()
    waiting = waiting or TimeOpen(transfer)
    if waiting.is_longer_than(HISTORY_REACH_MS, clock):
        clock = await client.sync_clock()  # one wrong time is no reason not to look
        if waiting.is_longer_than(HISTORY_REACH_MS, clock):
            return Progress(transfer, words.note(Doubt.TOO_OLD), Doubt.TOO_OLD)
    # Asked before the read, so that the read is after it.
    now_ms, waited_ms, is_window_over = clock.at_least_ms(), waiting.ms(clock), waiting.is_over()
    sighted = await asyncio.to_thread(journal.unexplained, transfer)
    rows = await read_around(transfer, client, waiting.span_ms(clock), (sighting.recorded_ms for sighting in sighted))
    others = await others_by_journal(transfer, rows, journal)
    sifted = sift(transfer, rows, others)
    seen = (*sifted.matches, *sifted.near)
    # Nobody can say yet how that one ends. What is only near may be another's, and stuck.
    is_pending = bool(sifted.matches) and all(row.status == RecordStatus.PENDING for row in sifted.matches)
    if not is_same_key(transfer, client):  # perhaps another account's, whose history proves nothing
        doubt = Doubt.OTHER_KEY if is_window_over and not is_pending else None
        note = words.other_key(transfer, is_asked=doubt is not None)
        return Progress(transfer, note, doubt, seen, sifted.unreadable)
    await asyncio.to_thread(journal.sight, transfer, (*seen, *sifted.unreadable), at_ms=now_ms)
    if is_pending:
        return Progress(transfer, words.PENDING)
    if sifted.is_empty:
        shown = {str(identity(row)) for row in rows}
        gone = [sighting for sighting in sighted if str(sighting.tran_id or sighting.record) not in shown]
        if doubt := _why_no_absence(transfer, rows, gone):
            return _asked(transfer, doubt, is_asked=is_window_over, statuses=[sighting.status for sighting in gone])
        explained = tuple(sighting.tran_id for sighting in sighted if sighting.tran_id)
        return NoTrace(now_ms, waited_ms, is_window_over, explained)
    if (
        len(seen) == 1
        and sifted.matches
        and not sifted.unreadable
        and not is_contested(transfer, seen[0], rows, others)
    ):
        record = seen[0]
        if evidence := matching_record(transfer, record):
            despite = [holder.id for holder in others.held(transfer, record)] if evidence.is_named else []
            return await asyncio.to_thread(journal.record, transfer, evidence, despite=despite, at_ms=clock.now_ms())
        return Progress(transfer, words.undecided_status(record.status), Doubt.STATUS, seen)
    return _doubtful(transfer, sifted, is_window_over=is_window_over)


async def read_around(
    transfer: Transfer, client: BinanceClient, span: tuple[int, int], recorded_ms: Iterable[int | None]
) -> tuple[Row, ...]:
    """Read the history of a transfer's type and pairs, whole, in a span that also holds what was seen of it before.
    Raises ExchangeError.
    """
    times = [*span, *(at_ms for at_ms in recorded_ms if at_ms is not None)]
    return await read_history(client, transfer.request.query, start_ms=min(times), end_ms=max(times))


def _why_no_absence(transfer: Transfer, rows: tuple[Row, ...], gone: Sequence[Sighting]) -> Doubt | None:
    """Why the absence of every record means nothing: the transfer was sighted before, the exchange has named its
    tranId, or it was recorded before evidence was kept. None if it means something.
    """
    if gone:
        return Doubt.GONE
    if named := named_tran_ids(transfer.answer):
        return Doubt.CLASH if any(row.tran_id in named for row in rows) else Doubt.NAMED
    return Doubt.LEGACY if transfer.is_legacy else None


async def others_by_journal(transfer: Transfer, rows: tuple[Row, ...], journal: Journal) -> Others:
    """Return all that the journal knows of whose these records could be. Raises JournalError."""

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
            journal.declined_by((transfer, *rivals)),
        )

    return await asyncio.to_thread(ask)


def matching_record(transfer: Transfer, record: HistoryRow, corrects: Outcome | None = None) -> MatchingRecord | None:
    """The evidence that a record is of a transfer that it matches; None if it says nothing final."""
    if recorded_outcome(record.status) is None:
        return None
    is_named = record.tran_id in named_tran_ids(transfer.answer)
    return MatchingRecord(record.tran_id, RecordStatus(record.status), record.timestamp, is_named, corrects)


def is_same_key(transfer: Transfer, client: BinanceClient) -> bool:
    """Whether a transfer was surely sent with the client's key. The end of a key tells only long keys apart."""
    if transfer.key_print:
        return transfer.key_print == client.key_print
    return bool(transfer.key_tail) and transfer.key_tail == client.key_tail


def _doubtful(transfer: Transfer, sifted: Candidates, *, is_window_over: bool) -> Progress:
    """What the person is asked; while the window lasts, not yet: the match may still come."""
    if sifted.unreadable:
        doubt = Doubt.UNREADABLE
    elif sifted.matches:
        doubt = Doubt.SEVERAL
    else:
        doubt = Doubt.NEAR
    candidates = (*sifted.matches, *sifted.near)
    asked = _asked(transfer, doubt, is_asked=is_window_over or doubt is not Doubt.NEAR)
    return replace(asked, candidates=candidates, unreadable=sifted.unreadable)


def _asked(transfer: Transfer, doubt: Doubt, *, is_asked: bool, statuses: Sequence[str] = ()) -> Progress:
    """What stands in the way of telling; the person is asked about it once nothing else can come."""
    return Progress(transfer, words.note(doubt, statuses, is_asked=is_asked), doubt if is_asked else None)


def _failed(
    transfer: Transfer, client: BinanceClient, error: Exception, looking: _Looking, waiting: TimeOpen
) -> Progress:
    """What to say of a look that failed. If that goes on for long, the person may decide."""
    match error:
        case RateLimited():
            return _paused(transfer, client, waiting, looking.pace)
        case ExchangeError():
            is_long = _is_long(waiting, looking.pace) and looking.failures >= looking.pace.judge_reads
            return Progress(transfer, words.out_of_reach(str(error)), Doubt.OUT_OF_REACH if is_long else None)
        case JournalError():
            return Progress(transfer, str(error))
        case _:
            return Progress(transfer, words.own_failure(type(error).__name__))


def _paused(transfer: Transfer, client: BinanceClient, waiting: TimeOpen, pace: Pace) -> Progress:
    """The exchange asks to be left alone. If it asks for long, the person may decide."""
    is_long = _is_long(waiting, pace) and client.wait_s > pace.judge_after_s
    return Progress(transfer, words.paused(client.wait_s), Doubt.OUT_OF_REACH if is_long else None)


def _is_long(waiting: TimeOpen, pace: Pace) -> bool:
    return waiting.known_ms() > pace.judge_after_s * 1000
