"""Judgements stay watched: what was taken for not executed is looked for again, half an hour and two hours later, and
at each start for a day. A record that appears then puts the judgement right, with a notice that stays until the person
has seen it.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from tui.desk.matching import is_contested, span_ms
from tui.desk.settle import Pace, is_same_key, matching_record, sift_by_journal
from tui.domain.evidence import Evidence, Reason, Reopened
from tui.domain.moments import ms_of
from tui.domain.outcome import Basis, Outcome, recorded_outcome
from tui.domain.records import HistoryRow, Row, UnreadableRow
from tui.domain.transfer import Transfer
from tui.exchange.client import BinanceClient
from tui.exchange.history import read_history
from tui.journal import Journal, TranIdTaken

_LONGEST_SLEEP_S = 60.0
"""A timer of the event loop stands still while the machine is suspended."""

_RETRY_S = 10 * 60.0

Revised = Callable[[Transfer], Awaitable[None]]


async def watch(
    client: BinanceClient, journal: Journal, host: str, *, pace: Pace, judged: asyncio.Event, revised: Revised
) -> None:
    """Look at once at every judgement of the last day, then at each when it is due; for ever. `judged` is set when
    there is a new one. `revised` is told of every judgement that was put right. Cancel it to stop.
    """
    looked_ms: int | None = None
    """When all were looked at last, in the exchange's time, like the judgements' own; None before the first time."""
    while True:
        judged.clear()
        try:
            clock = client.clock or await client.sync_clock()
            now_ms = clock.now_ms()
            judgements = await asyncio.to_thread(partial(journal.judged, host, now_ms=now_ms))
            transfers = [transfer for transfer in judgements if is_same_key(transfer, client)]
            if looked_ms is None or any(_is_due(transfer, looked_ms, now_ms, pace) for transfer in transfers):
                await look_at(transfers, client, journal, revised)
                looked_ms = now_ms
            wait_s = _LONGEST_SLEEP_S if transfers else None
        except Exception:  # noqa: BLE001 - whatever fails here is tried again, and ends nothing else
            wait_s = max(_RETRY_S, client.wait_s)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s and min(wait_s, pace.watch_s[0] / 3)):
                await judged.wait()


async def look_at(transfers: Sequence[Transfer], client: BinanceClient, journal: Journal, revised: Revised) -> None:
    """Look for judged transfers again, in one read for all of a type. Raises ExchangeError, JournalError."""
    if transfers and client.clock is None:
        await client.sync_clock()
    alike: defaultdict[tuple[object, ...], list[Transfer]] = defaultdict(list)
    for transfer in transfers:
        request = transfer.request
        alike[request.type, request.from_symbol, request.to_symbol].append(transfer)
    for group in alike.values():
        rows = await _read(group, client)
        garbled = {row.text for row in rows if isinstance(row, UnreadableRow)}
        if garbled:  # it takes a judgement back only where it was no accident: where it comes twice
            again = await _read(group, client)
            rows = tuple(row for row in again if isinstance(row, HistoryRow) or row.text in garbled)
        for transfer in group:
            if (put_right := await _revise(transfer, rows, client, journal)) is not None:
                await revised(put_right)


async def _read(alike: Sequence[Transfer], client: BinanceClient) -> tuple[Row, ...]:
    """What the history has around transfers of one type and pairs."""
    request = alike[0].request
    return await read_history(
        client,
        request.type,
        start_ms=min(span_ms(transfer)[0] for transfer in alike),
        end_ms=max(span_ms(transfer)[1] for transfer in alike),
        from_symbol=request.from_symbol,
        to_symbol=request.to_symbol,
    )


async def _revise(
    transfer: Transfer, rows: tuple[Row, ...], client: BinanceClient, journal: Journal
) -> Transfer | None:
    """Correct a judgement if these records say otherwise: the transfer as it stands then."""
    sifted = await sift_by_journal(transfer, rows, journal)
    rivals = await asyncio.to_thread(journal.rivals, transfer)
    matches = [row for row in sifted.matches if row.tran_id != transfer.tran_id or not _agrees(transfer, row)]
    is_alone = len(matches) == 1 and not sifted.near and not sifted.unreadable
    evidence: Evidence | None = None
    if is_alone and not is_contested(transfer, matches[0], rows, rivals):
        changed = Reopened(Reason.RECORD_CHANGED, transfer.outcome, matches[0].status)
        evidence = matching_record(transfer, matches[0], transfer.outcome) or changed
    elif matches or (transfer.basis is not Basis.PERSON and (sifted.near or sifted.unreadable)):
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


def _agrees(transfer: Transfer, record: HistoryRow) -> bool:
    return recorded_outcome(record.status) is transfer.outcome


def _is_due(transfer: Transfer, looked_ms: int, now_ms: int, pace: Pace) -> bool:
    """Whether a moment has passed, since it was looked at last, at which it should be."""
    settled_ms = ms_of(transfer.settled_at) if transfer.settled_at else now_ms
    return any(looked_ms < settled_ms + after_s * 1000 <= now_ms for after_s in pace.watch_s)
