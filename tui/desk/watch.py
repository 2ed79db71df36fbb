"""Judgements stay watched: what was taken for not executed is looked for again, half an hour and two hours later, and
at each start for a day. A record that appears then puts the judgement right, with a notice that stays until the person
has seen it.
"""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence

from tui.desk.matching import span_ms
from tui.desk.settle import Pace, finding_of, is_same_key, sift_by_journal
from tui.domain.records import HistoryRow, Row, UnreadableRow, outcome_of
from tui.domain.transfer import Evidence, Finding, Outcome, Transfer
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
    looked_s: float | None = None
    """When all were looked at last, on the wall clock, like the judgements' own time; None before the first time."""
    while True:
        judged.clear()
        try:
            transfers = [one for one in await asyncio.to_thread(journal.judged, host) if is_same_key(one, client)]
            asked_s = time.time()
            if looked_s is None or any(_is_due(transfer, looked_s, asked_s, pace) for transfer in transfers):
                await look_at(transfers, client, journal, revised)
                looked_s = asked_s
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
            if (put_right := await _revise(transfer, rows, journal)) is not None:
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


async def _revise(transfer: Transfer, rows: tuple[Row, ...], journal: Journal) -> Transfer | None:
    """Put a judgement right where these records say otherwise: the transfer as it stands then."""
    sifted = await sift_by_journal(transfer, rows, journal)
    matches = [row for row in sifted.matches if row.tran_id != transfer.tran_id or not _agrees(transfer, row.status)]
    finding: Finding | None = None
    if len(matches) == 1 and not sifted.near and not sifted.unreadable:
        finding = finding_of(matches[0]) or _reopened(f"The exchange's history has it now, as {matches[0].status}.")
    elif matches or (transfer.evidence is not Evidence.PERSON and (sifted.near or sifted.unreadable)):
        finding = _reopened("Records that could be it are in the exchange's history now.")
    if finding is None:
        return None
    is_bad_news = finding.outcome is not Outcome.REJECTED
    try:
        now = await asyncio.to_thread(journal.revise, transfer.id, _said_before(finding, transfer), notice=is_bad_news)
    except TranIdTaken:  # another transfer was settled with it meanwhile
        return None
    return now if now.outcome is not transfer.outcome else None


def _agrees(transfer: Transfer, status: str) -> bool:
    return outcome_of(status) is transfer.outcome


def _reopened(words: str) -> Finding:
    return Finding(Outcome.UNKNOWN, words, evidence=Evidence.HISTORY)


def _said_before(finding: Finding, transfer: Transfer) -> Finding:
    words = f"{finding.message} Before, it was taken for {transfer.outcome.words}."
    return Finding(finding.outcome, words, finding.tran_id, evidence=finding.evidence)


def _is_due(transfer: Transfer, looked_s: float, now_s: float, pace: Pace) -> bool:
    """Whether a moment has passed, since it was looked at last, at which it should be."""
    settled_s = transfer.settled_at.timestamp() if transfer.settled_at else now_s
    return any(looked_s < settled_s + after_s <= now_s for after_s in pace.watch_s)
