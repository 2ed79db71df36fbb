"""How an unknown outcome is settled: from the exchange's own history, never by a guess.

A record is a match when type, asset, amount and pairs are equal, its time lies between the sending and the end of
the request's window, and no other transfer of the journal holds its tranId. One match is the answer. None, in two
full reads after the window is over, is the answer too: nothing was executed, and never will be. Anything else is for
the person to decide, and so is what another key sent: that key may be another account's.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from tui.domain.transfer import Outcome, Transfer
from tui.exchange.client import BinanceClient
from tui.exchange.errors import ExchangeError, RateLimited, unreadable_answer
from tui.exchange.history import read_history
from tui.exchange.payloads import HistoryRow
from tui.journal import Journal, JournalError, TranIdTaken

SLACK_MS = 3000
"""How far outside its window a record's time may lie: the exchange's clocks are not one clock."""

_AHEAD_MS = 1000
"""How far ahead of the exchange's time a timestamp may be: such a request is executed before its own timestamp."""

_HISTORY_REACH_MS = timedelta(days=180) // timedelta(milliseconds=1)
"""The exchange's history goes back six months."""

NOT_EXECUTED_WORDS = "Its time window is over and the exchange's history has no record of it."


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the history is read while an outcome is unknown; seconds."""

    first_s: float = 1
    longest_s: float = 60
    between_empty_reads_s: float = 20
    """Between the two full reads without a match that prove that nothing was executed."""


class Doubt(Enum):
    """Why the program cannot tell how a transfer ended, and the person has to."""

    SEVERAL = auto()
    """Several records could be it, or several transfers could claim one."""
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


async def settle(
    transfer: Transfer,
    client: BinanceClient,
    journal: Journal,
    *,
    pace: Pace,
    report: Callable[[Progress], None],
) -> Transfer:
    """Read the history until it tells how a transfer ended, and write that down. Gives the settled transfer.

    It goes on through every failure, with longer and longer pauses; cancel it to stop.
    """
    pause_s = pace.first_s
    empty_reads = 0
    while True:
        await asyncio.sleep(max(pause_s, client.wait_s))
        if client.wait_s:  # the exchange has meanwhile asked another call to wait
            continue
        pause_s = min(pause_s * 2, pace.longest_s)
        try:
            finding = await _look(transfer, client, journal)
            if isinstance(finding, Transfer):
                return finding
            if finding is not None:
                empty_reads = 0
                report(finding)
                continue
            empty_reads += 1
            if empty_reads == 2:
                return await asyncio.to_thread(
                    journal.record, transfer.id, Outcome.NOT_EXECUTED, message=NOT_EXECUTED_WORDS
                )
            pause_s = pace.between_empty_reads_s
            report(Progress(transfer, "no record; reading once more to be sure"))
        except RateLimited:
            report(Progress(transfer, f"the exchange asks to wait {client.wait_s} s"))
        except ExchangeError as error:
            report(Progress(transfer, f"the history is out of reach: {error}"))
        except TranIdTaken:
            pause_s = pace.first_s  # another transfer took the record between our look and our claim: look again
        except JournalError as error:
            report(Progress(transfer, str(error)))


async def _look(transfer: Transfer, client: BinanceClient, journal: Journal) -> Transfer | Progress | None:
    """One full read of the history: the settled transfer, why it cannot be settled yet, or None for a read without a
    match after the window was over.
    """
    now = await asyncio.to_thread(journal.transfer, transfer.id)
    if not now.outcome.is_open:  # another Shunter has settled it
        return now
    clock = client.clock or await client.sync_clock()
    now_ms = clock.at_least_ms()  # asked before the read, so that the read is after it
    if now_ms - transfer.timestamp_ms > _HISTORY_REACH_MS:
        return Progress(transfer, "older than the exchange's history: decide", Doubt.TOO_OLD)
    window_is_over = now_ms > _window_end_ms(transfer)
    records = [row for row in await _read_history(transfer, client) if is_match(transfer, row)]
    free = [row for row in records if not await _is_held(row, transfer, journal)]
    if any(row.status == "PENDING" for row in free):  # nobody can say yet how that one ends, not the person either
        return Progress(transfer, "the exchange is still working on it")
    if transfer.key_tail != client.key_tail:  # perhaps another account's, whose history proves nothing
        words = f"sent with {transfer.profile} ...{transfer.key_tail}: choose that key (F4), or decide"
        return Progress(transfer, words, Doubt.OTHER_KEY if window_is_over else None, tuple(free))
    if not free:
        return None if window_is_over else Progress(transfer, "no record yet; it may still be executed")
    if len(free) > 1 or await _has_rivals(transfer, journal):
        return Progress(transfer, "not certain which record it is: decide", Doubt.SEVERAL, tuple(free))
    return await _take(transfer, free[0], journal) or Progress(transfer, "the exchange is still working on it")


def is_match(transfer: Transfer, row: HistoryRow) -> bool:
    """Whether a record of the history can be this transfer. Records need not carry pairs: the query filters by them."""
    request = transfer.request
    return (
        row.type == request.type.name
        and row.asset == request.asset
        and row.amount == request.amount
        and row.from_symbol in (None, "", request.from_symbol)
        and row.to_symbol in (None, "", request.to_symbol)
        and _window_start_ms(transfer) <= row.timestamp <= _window_end_ms(transfer)
    )


def _window_start_ms(transfer: Transfer) -> int:
    return transfer.timestamp_ms - _AHEAD_MS - SLACK_MS


def _window_end_ms(transfer: Transfer) -> int:
    return transfer.timestamp_ms + transfer.recv_window_ms + SLACK_MS


async def _read_history(transfer: Transfer, client: BinanceClient) -> list[HistoryRow]:
    """Every record of the transfer's type in its window."""
    rows = await read_history(
        client,
        transfer.request.type,
        start_ms=_window_start_ms(transfer),
        end_ms=_window_end_ms(transfer),
        from_symbol=transfer.request.from_symbol,
        to_symbol=transfer.request.to_symbol,
    )
    records = [row for row in rows if isinstance(row, HistoryRow)]
    if len(records) < len(rows):
        raise unreadable_answer("a record of the history is not what the exchange documents")
    return records


async def _is_held(row: HistoryRow, transfer: Transfer, journal: Journal) -> bool:
    return await asyncio.to_thread(journal.holds_tran_id, transfer.host, row.tran_id)


async def _has_rivals(transfer: Transfer, journal: Journal) -> bool:
    """Whether another open transfer, alike in all that a record shows, could claim the same record."""
    return any(
        _window_start_ms(other) <= _window_end_ms(transfer) and _window_start_ms(transfer) <= _window_end_ms(other)
        for other in await asyncio.to_thread(journal.rivals, transfer)
    )


async def _take(transfer: Transfer, row: HistoryRow, journal: Journal) -> Transfer | None:
    """Settle a transfer by its record; None while the exchange has not finished with it."""
    match row.status:
        case "CONFIRMED":
            outcome, words = Outcome.DONE, "Found in the exchange's history."
        case "FAILED":
            outcome, words = Outcome.REJECTED, "The exchange's history says FAILED: nothing moved."
        case _:
            return None
    return await asyncio.to_thread(journal.record, transfer.id, outcome, tran_id=row.tran_id, message=words)
