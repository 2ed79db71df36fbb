"""How an unknown outcome is settled: from the exchange's own history, never by a guess.

One record that matches (`matching`) is the answer. That there is none can not be proved: it only becomes likelier.
So "not executed" is a judgement: after several whole reads of the history without any trace, the last no sooner than
five minutes after the sending. It stays watched (`watch`). Whatever is near but no match, cannot be read, or was sent
with another key, perhaps of another account, is for the person to decide.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from tui.desk.matching import Sifted, is_contested, sift, span_ms, window_end_ms, without_rivals
from tui.domain.moments import in_zone
from tui.domain.records import HistoryRow, Row, UnreadableRow, outcome_of
from tui.domain.transfer import Evidence, Finding, Outcome, Transfer
from tui.exchange.client import BinanceClient
from tui.exchange.errors import ExchangeError, NotSent, RateLimited, Refused
from tui.exchange.history import read_history
from tui.exchange.records import HISTORY_REACH_MS
from tui.journal import Journal, JournalError, TranIdTaken


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


class Doubt(Enum):
    """Why the program cannot tell how a transfer ended, and the person has to."""

    SEVERAL = auto()
    """Several records could be it, or several transfers could claim one."""
    NEAR = auto()
    """A record is near, but no match."""
    UNREADABLE = auto()
    """A record that could be it cannot be read."""
    OUT_OF_REACH = auto()
    """The history could not be read whole for a while."""
    TOO_OLD = auto()
    """The history does not go back so far."""
    OTHER_KEY = auto()
    """It was sent with another key, perhaps of another account, whose history would be another one."""


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
    """A whole read of the history has nothing that could be the transfer."""

    after_sending_ms: int
    """How long after the sending it was asked for, in the exchange's time, at the least."""
    is_window_over: bool


Look = Transfer | Progress | NoTrace
"""What one look at the history gives: how the transfer ended, what stands in the way of telling, or no trace."""


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
        """Whether one more read without a trace is enough for a judgement; where not, plans the next."""
        waited_s = trace.after_sending_ms / 1000
        self.reads += trace.is_window_over
        if self.reads >= self.pace.judge_reads and waited_s >= self.pace.judge_after_s:
            return True
        if trace.is_window_over:
            self.pause_s = max(self.pause_s, self.pace.judge_gap_s)
        if waited_s < self.pace.judge_after_s:
            self.pause_s = min(self.pause_s, self.pace.judge_after_s - waited_s)
        return False


async def settle(
    transfer: Transfer,
    client: BinanceClient,
    journal: Journal,
    *,
    pace: Pace,
    report: Callable[[Progress], None],
) -> Transfer:
    """Read the history until it tells how a transfer ended, and write that down. Gives the settled transfer.

    Goes on for as long as the transfer is open, through every failure; cancel it to stop.
    """
    looking = _Looking(pace, pace.first_s)
    while True:
        await asyncio.sleep(max(looking.pause_s, client.wait_s))
        if client.wait_s:  # the exchange has meanwhile asked another call to wait
            continue
        looking.pause_s = min(looking.pause_s * 2, pace.longest_s)
        try:
            look = await look_for(transfer, client, journal)
            if isinstance(look, Transfer):
                return look
            if isinstance(look, NoTrace) and looking.is_enough(look):
                return await asyncio.to_thread(journal.record, transfer.id, _not_executed())
        except TranIdTaken:
            looking.pause_s = pace.first_s  # another transfer took the record between our look and our claim
        except Exception as error:  # noqa: BLE001 - what fails in one settling ends neither the app nor the others
            looking.failures += 1
            report(_failed(transfer, client, error, looking))
        else:
            looking.failures = 0
            if isinstance(look, NoTrace):
                report(_no_trace(transfer, looking.pause_s))
            else:
                looking.reads = 0
                report(look)


async def look_for(transfer: Transfer, client: BinanceClient, journal: Journal) -> Look:
    """Read the history once, whole, and write down what it tells of an open transfer. Raises ExchangeError,
    JournalError.
    """
    now = await asyncio.to_thread(journal.transfer, transfer.id)
    if not now.outcome.is_open:  # another Shunter has settled it
        return now
    clock = client.clock or await client.sync_clock()
    now_ms = clock.at_least_ms()  # asked before the read, so that the read is after it
    if now_ms - transfer.timestamp_ms > HISTORY_REACH_MS:
        return Progress(transfer, "older than the exchange's history: decide", Doubt.TOO_OLD)
    start_ms, end_ms = span_ms(transfer)
    rows = await read_history(
        client,
        transfer.request.type,
        start_ms=start_ms,
        end_ms=end_ms,
        from_symbol=transfer.request.from_symbol,
        to_symbol=transfer.request.to_symbol,
    )
    rivals = await asyncio.to_thread(journal.rivals, transfer)
    sifted = without_rivals(transfer, await sift_by_journal(transfer, rows, journal), rivals)
    is_window_over = now_ms > window_end_ms(transfer)
    found = (*sifted.matches, *sifted.near)
    if any(row.status == "PENDING" for row in found):  # nobody can say yet how that one ends, not the person either
        return Progress(transfer, "the exchange is still working on it")
    if not is_same_key(transfer, client):  # perhaps another account's, whose history proves nothing
        words = f"sent with {transfer.profile} ...{transfer.key_tail}: choose that key (F4), or decide"
        return Progress(transfer, words, Doubt.OTHER_KEY if is_window_over else None, found, sifted.unreadable)
    if sifted.is_empty:
        return NoTrace(now_ms - transfer.timestamp_ms, is_window_over)
    if (
        len(found) == 1
        and sifted.matches
        and not sifted.unreadable
        and not is_contested(transfer, found[0], rows, rivals)
    ):
        if finding := finding_of(found[0]):
            return await asyncio.to_thread(journal.record, transfer.id, finding)
        return Progress(transfer, f"the exchange says {found[0].status}: decide", Doubt.NEAR, found)
    return _doubtful(transfer, sifted, is_window_over=is_window_over)


async def sift_by_journal(transfer: Transfer, rows: tuple[Row, ...], journal: Journal) -> Sifted:
    """What these records have on a transfer, by all that the journal knows of them. Raises JournalError."""

    def holders_and_declined() -> tuple[dict[int, list[Transfer]], frozenset[int]]:
        tran_ids = {row.tran_id for row in rows if isinstance(row, HistoryRow)}
        holders = {tran_id: journal.holders(transfer.host, tran_id) for tran_id in tran_ids}
        others = {tran_id: [held for held in held_by if held.id != transfer.id] for tran_id, held_by in holders.items()}
        return others, journal.declined(transfer.id)

    holders, declined = await asyncio.to_thread(holders_and_declined)
    return sift(transfer, rows, holders, declined)


def finding_of(row: HistoryRow, evidence: Evidence = Evidence.HISTORY) -> Finding | None:
    """What a record says of a transfer that it is; None where that is nothing final."""
    by = "Found in the exchange's history." if evidence is Evidence.HISTORY else "Decided by hand."
    match outcome_of(row.status):
        case Outcome.DONE:
            return Finding(Outcome.DONE, by, row.tran_id, evidence=evidence)
        case Outcome.REJECTED:
            return Finding(Outcome.REJECTED, f"{by} The history says FAILED.", row.tran_id, evidence=evidence)
        case _:
            return None


def failure_of(error: ExchangeError) -> Finding:
    """What an error says of the transfer that it came of."""
    match error:
        case NotSent():
            outcome = Outcome.NOT_SENT
        case Refused():
            outcome = Outcome.REJECTED
        case _:
            outcome = Outcome.UNKNOWN
    return Finding(outcome, f"{error.message}\n{error.advice}".strip(), code=error.code)


def is_same_key(transfer: Transfer, client: BinanceClient) -> bool:
    """Whether a transfer was surely sent with the client's key. The end of a key tells only long keys apart."""
    if transfer.key_print:
        return transfer.key_print == client.key_print
    return bool(transfer.key_tail) and transfer.key_tail == client.key_tail


def _not_executed() -> Finding:
    words = f"No record in the exchange's history by {_clock(datetime.now(UTC))}, which is looked at again for a day."
    return Finding(Outcome.NOT_EXECUTED, words, evidence=Evidence.HISTORY)


def _doubtful(transfer: Transfer, sifted: Sifted, *, is_window_over: bool) -> Progress:
    """What the person is asked; while the window lasts, not yet: the match may still come."""
    if sifted.unreadable:
        note, doubt = "a record that could be it cannot be read: decide", Doubt.UNREADABLE
    elif sifted.matches:
        note, doubt = "not certain which record it is: decide", Doubt.SEVERAL
    else:
        note, doubt = "a record is near, but not equal: decide", Doubt.NEAR
    is_asked = is_window_over or doubt is not Doubt.NEAR
    return Progress(transfer, note, doubt if is_asked else None, (*sifted.matches, *sifted.near), sifted.unreadable)


def _no_trace(transfer: Transfer, pause_s: float) -> Progress:
    now = datetime.now(UTC)
    again_at = now + timedelta(seconds=pause_s)
    return Progress(transfer, f"no record in the history by {_clock(now)}; next look at {_clock(again_at)}")


def _failed(transfer: Transfer, client: BinanceClient, error: Exception, looking: _Looking) -> Progress:
    """What to say of a look that failed. Where that goes on, and the sending is long ago, the person may decide."""
    match error:
        case RateLimited():
            return Progress(transfer, f"the exchange asks to wait {client.wait_s} s")
        case ExchangeError():
            pace, clock = looking.pace, client.clock
            is_old = clock is not None and clock.now_ms() - transfer.timestamp_ms > pace.judge_after_s * 1000
            is_long = is_old and looking.failures >= pace.judge_reads
            doubt = Doubt.OUT_OF_REACH if is_long else None
            return Progress(transfer, f"the history is out of reach: {error}", doubt)
        case JournalError():
            return Progress(transfer, str(error))
        case _:
            return Progress(transfer, f"Shunter itself failed to look ({type(error).__name__}), and tries again")


def _clock(moment: datetime) -> str:
    return in_zone(moment).strftime("%H:%M:%S")
