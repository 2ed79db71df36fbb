"""Watches judgements: for a day, Shunter looks for each transfer that was judged, at every start, and half an hour and
two hours after that or after the judgement. A record that appears corrects the judgement, with a notice that stays
until the person has seen it.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial

from tui.clock import ticks_ms
from tui.desk.matching import is_contested, sift, span_ms
from tui.desk.settle import Pace, is_same_key, matching_record, others_by_journal
from tui.domain.evidence import Basis, Evidence, Outcome, Reason, Reopened, recorded_outcome
from tui.domain.records import HistoryQuery, HistoryRow, Row, UnreadableRow
from tui.domain.transfer import Transfer
from tui.exchange.client import BinanceClient
from tui.exchange.errors import ExchangeError
from tui.exchange.history import read_history
from tui.journal import Journal, JournalError, TranIdTaken

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
    """When each judgement is due, by `ticks_ms`: a wrong time of the exchange does not delay it."""
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
        except Exception:  # noqa: BLE001 - tried again, whatever failed
            wait_s = max(_RETRY_S, client.wait_s)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s and min(wait_s, pace.watch_s[0] / 3)):
                await judged.wait()


def _key(transfer: Transfer) -> tuple[str, object]:
    """Return what identifies a judgement: a transfer may be judged again."""
    return transfer.identity, transfer.settled_at


async def look_at(transfers: Sequence[Transfer], client: BinanceClient, journal: Journal, revised: Revised) -> None:
    """Look for judged transfers again, with one read for all of a type. A failure for one type does not affect others;
    the first ExchangeError or JournalError is raised at the end.
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
    if garbled:  # it takes a judgement back only if it comes twice, and so is no accident
        again = await _read(group, client)
        rows = tuple(row for row in again if isinstance(row, HistoryRow) or row.text in garbled)
    for transfer in group:
        if (corrected := await _revise(transfer, rows, client, journal)) is not None:
            await revised(corrected)


async def _read(alike: Sequence[Transfer], client: BinanceClient) -> tuple[Row, ...]:
    """Read the history around transfers of one type and pairs."""
    spans = [span_ms(transfer) for transfer in alike]
    start_ms, end_ms = min(start_ms for start_ms, _ in spans), max(end_ms for _, end_ms in spans)
    return await read_history(client, alike[0].request.query, start_ms=start_ms, end_ms=end_ms)


async def _revise(
    transfer: Transfer, rows: tuple[Row, ...], client: BinanceClient, journal: Journal
) -> Transfer | None:
    """Correct a judgement if these records contradict it. Return the transfer as it is then; None if it
    did not change.
    """
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
    is_bad_news = not (is_alone and recorded_outcome(matches[0].status) is Outcome.REJECTED)
    at_ms = client.clock.now_ms() if client.clock else None
    try:
        now = await asyncio.to_thread(journal.revise, transfer, evidence, notice=is_bad_news, at_ms=at_ms)
    except TranIdTaken:  # another transfer was settled with it meanwhile
        return None
    return now if now.outcome is not transfer.outcome else None
