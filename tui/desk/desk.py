"""The one way to submit a transfer: write it down, send it once, read the answer, settle what stays unknown.

A transfer is in the journal before its first byte can leave, and its outcome is there before anyone is told.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING

from tui.clock import ticks_ms
from tui.desk.balances import BalanceReader
from tui.desk.matching import explains, span_ms
from tui.desk.settle import NoTrace, Pace, Progress, is_same_key, look_for, read_around, settle
from tui.desk.watch import look_at, watch
from tui.domain.evidence import Accepted, Ambiguous, Answer, Flaw, MatchingRecord, PersonsRecord, PersonsWord
from tui.domain.hosts import exchange_of
from tui.domain.moments import ms_of
from tui.domain.outcome import Outcome, recorded_outcome
from tui.domain.records import HistoryRow, RecordStatus
from tui.domain.text import printable
from tui.domain.transfer import Sending, Transfer, TransferRequest
from tui.domain.wallets import Wallet
from tui.exchange.client import BinanceClient
from tui.exchange.errors import ExchangeError, OutcomeUnknown
from tui.journal import Journal, JournalError, TranIdTaken
from tui.journal.store import WATCH_MS
from tui.words import outcomes, settling
from tui.words.outcomes import Watch
from tui.words.transfers import not_written

if TYPE_CHECKING:
    from tui.desk.browse import HistoryBrowser

_CLOCK_MAX_AGE_MS = 60_000


class Word(Enum):
    """What a person says of a transfer that no record shows."""

    EXECUTED = auto()
    NOT_EXECUTED = auto()


@dataclass(frozen=True, slots=True)
class Decision:
    """How a person settled an unknown transfer."""

    transfer: Transfer
    choice: HistoryRow | Word
    """The record that it is, or how it ended if it is none of them."""
    declined: tuple[int, ...] = ()
    """The tranIds of the records that it is not."""


class Undecidable(Exception):
    """A record that says nothing final decides nothing; says what it says."""


class Desk:
    """One person's desk at one host: submits, follows and settles transfers.

    `on_change` is called, in the event loop, with every transfer that changed, after the journal has it.
    `on_progress` is called with every step in the settling of an unknown one. `on_notice` is called with every transfer
    of which something false was said before, until `notice_seen`. What they raise disturbs no transfer.
    """

    def __init__(
        self,
        client: BinanceClient,
        journal: Journal,
        *,
        profile: str,
        on_change: Callable[[Transfer], object] = lambda _: None,
        on_progress: Callable[[Progress], object] = lambda _: None,
        on_notice: Callable[[Transfer], object] = lambda _: None,
        pace: Pace | None = None,
    ) -> None:
        self.client = client
        self.balance_reader = BalanceReader(client, open_elsewhere=self._open_elsewhere)
        """What the person's wallets hold."""
        self.profile = profile
        self._exchange = exchange_of(client.base_url)
        self.on_change = on_change
        self.on_progress = on_progress
        self.on_notice = on_notice
        self._journal = journal
        self._pace = pace or Pace()
        self._in_flight: set[asyncio.Task[Transfer]] = set()
        self._sent_ticks_ms: dict[str, float] = {}
        """When each transfer of this session was sent, on the monotonic clock, by identity."""
        self._settling: dict[str, asyncio.Task[None]] = {}
        self._unwritten: dict[str, asyncio.Task[None]] = {}
        """Answers that could not be written to the journal, by transfer, and that are tried again."""
        self._watching: asyncio.Task[None] | None = None
        self._judged = asyncio.Event()
        self._checking: asyncio.Task[None] | None = None
        self._open: dict[str, Transfer] = {}
        self._own: set[str] = set()
        """The transfers that this desk has told of."""

    @property
    def in_flight(self) -> int:
        """How many transfers wait for their answer."""
        return len(self._in_flight)

    @property
    def open_count(self) -> int:
        """How many transfers are unknown, or wait for their answer."""
        return len(self._open)

    async def prepare(self) -> None:
        """See that the connection is alive and the exchange's time is known, so that sending waits for neither.

        While the exchange asks to be left alone, it is not asked for a time that is known. Raises ExchangeError.
        """
        if self.client.wait_s and self.client.clock:
            return
        if not self.client.is_warm:
            try:
                await self.warm()
            except OutcomeUnknown:  # perhaps the line is slow: now with the time that it needs
                await self.client.sync_clock()
        if self.client.clock is None or self.client.clock.age_ms() > _CLOCK_MAX_AGE_MS:
            await self.client.sync_clock()

    async def repeats(self, request: TransferRequest) -> list[Transfer]:
        """Identical transfers that are open, were judged not executed within a day, or were done in the last minutes.

        Raises JournalError, and ExchangeError where the exchange's time could not be had.
        """
        clock = await self.client.known_clock()
        return await asyncio.to_thread(self._journal.similar, request, host=self._exchange, now_ms=clock.now_ms())

    async def look_again(self, transfers: Sequence[Transfer]) -> dict[str, str]:
        """Look in the exchange's history for transfers that are open or judged, now: what it says of each, in words, by
        identity. What it settles is told as ever.
        """
        words: dict[str, str] = {}
        for transfer in transfers:
            try:
                words[transfer.identity] = await self._newest(transfer)
            except (ExchangeError, JournalError) as error:
                words[transfer.identity] = settling.looked(settling.out_of_reach(str(error)))
        return words

    async def warm(self) -> None:
        """Keep the connection alive: a transfer sent now need not wait for a new one. Raises ExchangeError."""
        await self.client.warm()

    async def submit(self, request: TransferRequest, *, meant: frozenset[str] = frozenset()) -> Transfer:
        """Send a transfer, once, and say how it ended as far as that is known.

        Once it is sent, cancelling the caller does not cancel it. `meant` are the transfers that the person knows it
        repeats. Nothing was sent when this raises one of these: NotSent or another ExchangeError when the exchange's
        time could not be had, RepeatUnconfirmed when it repeats another one too, JournalError when the journal cannot
        take it.
        """
        await self.prepare()
        await self._check_journal()
        sending = asyncio.create_task(self._send(request, meant))
        self._in_flight.add(sending)
        sending.add_done_callback(self._in_flight.discard)
        return await asyncio.shield(sending)

    async def finish(self) -> None:
        """Wait until no transfer is in flight."""
        while self._in_flight:
            await asyncio.wait(self._in_flight)

    async def open_transfers(self) -> list[Transfer]:
        """Transfers of earlier sessions whose outcome is open, of any profile of this exchange; their settling begins,
        and the watch over what was judged. Raises JournalError.
        """
        await self._check_journal()
        transfers = await asyncio.to_thread(self._journal.open_transfers, self._exchange)
        for transfer in transfers:
            self._keep_open(transfer)
            self._settle_in_background(transfer)
        await self._tell_notices()
        if self._watching is None:
            self._watching = asyncio.create_task(
                watch(
                    self.client,
                    self._journal,
                    self._exchange,
                    pace=self._pace,
                    judged=self._judged,
                    revised=self._revised,
                )
            )
        return transfers

    async def choose(self, decision: Decision) -> Transfer:
        """Take the person's word for an unknown transfer.

        A record is read again: what it says now counts. Raises Undecidable for one that is neither CONFIRMED nor
        FAILED, is gone or cannot be read, TranIdTaken for one that is another transfer's, and JournalError.
        """
        transfer, choice = decision.transfer, decision.choice
        despite: tuple[int, ...] = ()
        evidence: PersonsWord | PersonsRecord
        if isinstance(choice, Word):
            evidence = PersonsWord(choice is Word.EXECUTED)
        else:
            despite = await self._despite(transfer, choice)
            choice = await self._read_again(transfer, choice)
            evidence = PersonsRecord(choice.tran_id, RecordStatus(choice.status), choice.timestamp)
        at_ms = self._exchange_ms()
        settled = await asyncio.to_thread(
            self._journal.record, transfer, evidence, despite=despite, declined=decision.declined, at_ms=at_ms
        )
        if task := self._settling.get(transfer.identity):
            task.cancel()
        self._tell(settled)
        await self._tell_notices()
        return settled

    async def _despite(self, transfer: Transfer, record: HistoryRow) -> tuple[int, ...]:
        """The other transfers that have the tranId of a record that a person chooses, and that it does not belong to.
        Raises Undecidable, TranIdTaken, JournalError.
        """
        if recorded_outcome(record.status) is None:
            raise Undecidable(f"The exchange says {printable(record.status)} of it: that decides nothing yet")
        holders = await asyncio.to_thread(self._journal.holders, self._exchange, record.tran_id)
        others = [holder for holder in holders if holder.identity != transfer.identity]
        if any(explains(holder, record, transfer) for holder in others):
            raise TranIdTaken
        return tuple(holder.id for holder in others)

    async def _read_again(self, transfer: Transfer, record: HistoryRow) -> HistoryRow:
        """A record as the history has it now. Raises Undecidable."""
        try:
            rows = await read_around(transfer, self.client, span_ms(transfer), [record.timestamp])
        except ExchangeError as error:
            raise Undecidable(f"The history cannot be read just now: {error}") from None
        now = next((row for row in rows if row.tran_id == record.tran_id), None)
        if now is None:
            raise Undecidable("The history does not show this record any more")
        if not isinstance(now, HistoryRow) or (now.asset, now.amount) != (record.asset, record.amount):
            raise Undecidable("The record is not what it was when you were asked")
        if recorded_outcome(now.status) is None:
            raise Undecidable(f"The exchange says {printable(now.status)} of it: that decides nothing yet")
        return now

    async def notice_seen(self, transfer: Transfer) -> None:
        """The person has seen that what was said of a transfer before was wrong. Raises JournalError."""
        await asyncio.to_thread(self._journal.noticed, transfer)

    def browse(self) -> "HistoryBrowser":
        """All of the journal, and the exchange's history as it is read."""
        from tui.desk.browse import HistoryBrowser  # late: nobody waits for it at the start

        return HistoryBrowser(self.client, self._journal)

    async def close(self) -> None:
        """Stop everything, and tell nobody any more. What is still in flight is left to the journal."""
        self.on_change = self.on_notice = lambda _: None
        self.on_progress = lambda _: None
        tasks = [*self._in_flight, *self._settling.values(), *self._unwritten.values()]
        tasks += [self._watching] if self._watching else []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.balance_reader.close()
        await self.client.aclose()
        self._journal.close()

    async def _check_journal(self) -> None:
        """Once, and beside the opening of the app: it takes a while in a long journal. Raises JournalError."""
        if self._checking is None or (self._checking.done() and self._checking.exception()):
            self._checking = asyncio.create_task(asyncio.to_thread(self._journal.check))
        await asyncio.shield(self._checking)

    async def _send(self, request: TransferRequest, meant: frozenset[str]) -> Transfer:
        clock = await self.client.known_clock()
        timestamp_ms = clock.now_ms()
        sending = Sending(
            request,
            profile=self.profile,
            key_tail=self.client.key_tail,
            key_print=self.client.key_print,
            host=self._exchange,
            timestamp_ms=timestamp_ms,
            clock_error_ms=clock.error_ms(),
            recv_window_ms=self.client.recv_window_ms,
        )
        transfer = await asyncio.to_thread(self._journal.begin, sending, meant=meant)
        self._tell(transfer)
        self._sent_ticks_ms[transfer.identity] = ticks_ms()
        try:
            answer: Answer = await self.client.transfer(request, timestamp_ms)
        except ExchangeError as error:
            answer = error.evidence
        except Exception:
            await self._answered(transfer, Ambiguous(Flaw.OWN_FAILURE))
            raise
        return await self._answered(transfer, answer)

    async def _answered(self, sent: Transfer, answer: Answer) -> Transfer:
        """Write down what came of a transfer, and tell of it, also if it cannot be written to the journal just now."""
        try:
            transfer = await asyncio.to_thread(self._journal.record, sent, answer, at_ms=self._exchange_ms())
        except Exception as error:  # noqa: BLE001 - whatever it is, the answer is kept
            problem = str(error) if isinstance(error, JournalError) else not_written(error)
            transfer = replace(sent, evidence=answer, answer=answer, unwritten=problem)
            self._unwritten[sent.identity] = task = asyncio.create_task(self._write_when_possible(sent, answer))
            task.add_done_callback(lambda _: self._unwritten.pop(sent.identity, None))
        await self._tell_answered(transfer, answer)
        return transfer

    async def _tell_answered(self, transfer: Transfer, answer: Answer) -> None:
        self._tell(transfer)
        if isinstance(answer, Accepted):  # its tranId may have been another's
            await self._tell_notices()
        if transfer.outcome is Outcome.UNKNOWN:
            self._settle_in_background(transfer)

    async def _write_when_possible(self, sent: Transfer, answer: Answer) -> None:
        """What the exchange said is written as soon as the journal takes it again; without that, it would have to be
        found out anew.
        """
        while True:
            await asyncio.sleep(self._pace.retry_s)
            try:
                transfer = await asyncio.to_thread(self._journal.record, sent, answer, at_ms=self._exchange_ms())
            except Exception:  # noqa: BLE001, S112 - as above
                continue
            await self._tell_answered(transfer, answer)
            return

    def watch_over(self, transfer: Transfer) -> Watch:
        """Who keeps looking for a transfer that was judged."""
        if not is_same_key(transfer, self.client):
            return Watch.OTHER_KEY
        now_ms, settled_at = self._exchange_ms(), transfer.settled_at
        if now_ms is None or settled_at is None:
            return Watch.UNKNOWN
        return Watch.KEPT if ms_of(settled_at) >= now_ms - WATCH_MS else Watch.OVER

    def _exchange_ms(self) -> int | None:
        """The exchange's time; None if it is not known."""
        return self.client.clock.now_ms() if self.client.clock else None

    async def _newest(self, transfer: Transfer) -> str:
        if transfer.is_judged and is_same_key(transfer, self.client):
            await look_at([transfer], self.client, self._journal, self._revised)
            transfer = await asyncio.to_thread(self._journal.transfer, transfer)
        if transfer.outcome is not Outcome.UNKNOWN:
            return outcomes.reason(transfer.evidence)
        match await look_for(transfer, self.client, self._journal):
            case Transfer() as settled:
                self._tell(settled)
                return outcomes.reason(settled.evidence) or outcomes.meaning(settled.evidence)
            case Progress(note=note):
                return settling.looked(note)
            case NoTrace():
                return settling.looked(None)

    def _settle_in_background(self, transfer: Transfer) -> None:
        if transfer.identity not in self._settling:
            self._settling[transfer.identity] = task = asyncio.create_task(self._settle(transfer))
            task.add_done_callback(lambda _: self._settling.pop(transfer.identity, None))

    async def _settle(self, transfer: Transfer) -> None:
        sent_ticks_ms = self._sent_ticks_ms.get(transfer.identity)
        settled = await settle(
            transfer,
            self.client,
            self._journal,
            pace=self._pace,
            report=self._tell_progress,
            sent_ticks_ms=sent_ticks_ms,
        )
        self._tell(settled)
        if isinstance(settled.evidence, MatchingRecord) and settled.evidence.is_named:  # it may have been another's
            await self._tell_notices()

    async def _revised(self, transfer: Transfer) -> None:
        """A judgement was put right: tell of it, and settle it anew where it is open again."""
        self._tell(transfer)
        if transfer.outcome is Outcome.UNKNOWN:
            self._settle_in_background(transfer)
        await self._tell_notices()

    async def _tell_notices(self) -> None:
        """Tell of every transfer of which something false was said. One that is open again, is settled again."""
        try:
            transfers = await asyncio.to_thread(self._journal.notices, self._exchange)
        except JournalError:
            return  # the next start tells
        for transfer in transfers:
            if transfer.outcome is Outcome.UNKNOWN:
                self._tell(transfer)
                self._settle_in_background(transfer)
            asyncio.get_running_loop().call_soon(self.on_notice, transfer)

    def _tell(self, transfer: Transfer) -> None:
        """Called from the loop and not from here: a listener that fails must not keep a transfer from being settled."""
        self._keep_open(transfer)
        if transfer.is_judged:
            self._judged.set()
        asyncio.get_running_loop().call_soon(lambda: self.on_change(transfer))

    def _keep_open(self, transfer: Transfer) -> None:
        """What a transfer may have changed or may still change is not to be relied on."""
        self._own.add(transfer.identity)
        if transfer.outcome.is_open:
            self._open[transfer.identity] = transfer
        else:
            self._open.pop(transfer.identity, None)
        move = transfer.request.type
        self.balance_reader.doubt(
            {move.source, move.destination},
            {
                wallet
                for other in self._open.values()
                for wallet in (other.request.type.source, other.request.type.destination)
            },
        )

    async def _open_elsewhere(self) -> frozenset[Wallet]:
        """The wallets in open transfers of other Shunters, by the journal that they share. Raises JournalError."""
        transfers = await asyncio.to_thread(self._journal.all_open, self._exchange)
        others = [transfer.request.type for transfer in transfers if transfer.identity not in self._own]
        return frozenset(wallet for move in others for wallet in (move.source, move.destination))

    def _tell_progress(self, progress: Progress) -> None:
        asyncio.get_running_loop().call_soon(lambda: self.on_progress(progress))
