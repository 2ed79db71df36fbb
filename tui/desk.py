"""The one way to submit a transfer: write it down, send it once, read the answer, settle what stays unknown.

A transfer is in the journal before its first byte can leave, and its outcome is there before anyone is told.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tui.domain.hosts import exchange_of
from tui.domain.transfer import Outcome, Transfer, TransferRequest
from tui.exchange.client import BinanceClient
from tui.exchange.errors import ExchangeError, NotSent, Refused
from tui.exchange.payloads import HistoryRow
from tui.journal import Journal, JournalError, TranIdTaken
from tui.settle import Pace, Progress, settle
from tui.treasury import Treasury

REPEAT_WINDOW = timedelta(minutes=1)
"""Within this long of an identical transfer, another one may be a slip of the hand."""

_CLOCK_MAX_AGE_MS = 60_000


class Desk:
    """One person's desk at one host: submits, follows and settles transfers.

    `on_change` is called, in the event loop, with every transfer that changed, after the journal has it.
    `on_progress` is called with every step in the settling of an unknown one. What they raise disturbs no transfer.
    """

    def __init__(
        self,
        client: BinanceClient,
        journal: Journal,
        *,
        profile: str,
        on_change: Callable[[Transfer], None] = lambda _: None,
        on_progress: Callable[[Progress], None] = lambda _: None,
        pace: Pace | None = None,
    ) -> None:
        self.client = client
        self.treasury = Treasury(client)
        """What the person's wallets hold."""
        self.profile = profile
        self._exchange = exchange_of(client.base_url)
        self.on_change = on_change
        self.on_progress = on_progress
        self._journal = journal
        self._pace = pace or Pace()
        self._in_flight: set[asyncio.Task[Transfer]] = set()
        self._settling: dict[int, asyncio.Task[None]] = {}

    @property
    def in_flight(self) -> int:
        """How many transfers wait for their answer."""
        return len(self._in_flight)

    async def prepare(self) -> None:
        """Open the connection and measure the exchange's time, so that sending waits for neither.

        Raises ExchangeError.
        """
        if self.client.clock is None or self.client.clock.age_ms() > _CLOCK_MAX_AGE_MS:
            await self.client.sync_clock()

    async def repeats(self, request: TransferRequest) -> list[Transfer]:
        """Identical transfers that are still open, or that were sent a moment ago. Raises JournalError."""
        since = datetime.now(UTC) - REPEAT_WINDOW
        return await asyncio.to_thread(self._journal.similar, request, host=self._exchange, since=since)

    async def submit(self, request: TransferRequest) -> Transfer:
        """Send a transfer, once, and say how it ended as far as that is known.

        Once it is sent, cancelling the caller does not cancel it. Raises NotSent or another ExchangeError when the
        exchange's time could not be had, and JournalError when the journal cannot take it: nothing was sent then.
        """
        await self.prepare()
        sending = asyncio.create_task(self._send(request))
        self._in_flight.add(sending)
        sending.add_done_callback(self._in_flight.discard)
        return await asyncio.shield(sending)

    async def finish(self) -> None:
        """Wait until no transfer is in flight."""
        while self._in_flight:
            await asyncio.wait(self._in_flight)

    async def _send(self, request: TransferRequest) -> Transfer:
        clock = self.client.clock or await self.client.sync_clock()
        timestamp_ms = clock.now_ms()
        transfer = await asyncio.to_thread(
            self._journal.begin,
            request,
            profile=self.profile,
            key_tail=self.client.key_tail,
            host=self._exchange,
            timestamp_ms=timestamp_ms,
            recv_window_ms=self.client.recv_window_ms,
        )
        self._tell(transfer)
        try:
            tran_id = await self.client.transfer(request, timestamp_ms)
        except ExchangeError as error:
            return self._answered(await self._record_failure(transfer, error))
        except Exception:
            words = "Shunter itself failed while it was being sent."
            self._answered(await self._record(transfer, Outcome.UNKNOWN, message=words))
            raise
        return self._answered(await self._record(transfer, Outcome.DONE, tran_id=tran_id))

    def _answered(self, transfer: Transfer) -> Transfer:
        self._tell(transfer)
        if transfer.outcome is Outcome.UNKNOWN:
            self._settle_in_background(transfer)
        return transfer

    async def _record_failure(self, transfer: Transfer, error: ExchangeError) -> Transfer:
        match error:
            case NotSent():
                outcome = Outcome.NOT_SENT
            case Refused():
                outcome = Outcome.REJECTED
            case _:
                outcome = Outcome.UNKNOWN
        words = f"{error.message} {error.advice}".strip()
        return await self._record(transfer, outcome, code=error.code, message=words)

    async def _record(
        self,
        transfer: Transfer,
        outcome: Outcome,
        *,
        tran_id: int | None = None,
        code: int | None = None,
        message: str = "",
    ) -> Transfer:
        """Write an outcome down. What the exchange said counts, even where the journal cannot take it any more."""
        try:
            return await asyncio.to_thread(
                self._journal.record, transfer.id, outcome, tran_id=tran_id, code=code, message=message
            )
        except TranIdTaken:
            # This answer is sure. The other transfer has its tranId from the history or by hand, and so wrongly.
            words = f"Executed as tranId {tran_id}, which another transfer in the journal has, wrongly: check that one."
            return await self._record(transfer, outcome, message=words)
        except JournalError as error:
            words = f"{message} The journal did not take this: {error}".strip()
            return replace(transfer, outcome=outcome, tran_id=tran_id, code=code, message=words)

    async def open_transfers(self) -> list[Transfer]:
        """Transfers of earlier sessions whose outcome is open, of any profile of this exchange; their settling begins.

        Raises JournalError.
        """
        transfers = await asyncio.to_thread(self._journal.open_transfers, self._exchange)
        for transfer in transfers:
            self._settle_in_background(transfer)
        return transfers

    async def choose(self, transfer: Transfer, record: HistoryRow | None) -> Transfer:
        """Take the person's word for an unknown transfer: this record is it, or with None, none is.

        Raises JournalError, also when another transfer holds that tranId.
        """
        if record is None:
            outcome, words = Outcome.NOT_EXECUTED, "Decided by hand: no record of the history is this transfer."
        elif record.status == "FAILED":
            outcome, words = Outcome.REJECTED, "Decided by hand: a record that says FAILED, so nothing moved."
        else:
            outcome, words = Outcome.DONE, "Decided by hand, from several records of the history."
        tran_id = record.tran_id if record else None
        settled = await asyncio.to_thread(self._journal.record, transfer.id, outcome, tran_id=tran_id, message=words)
        if task := self._settling.get(transfer.id):
            task.cancel()
        self._tell(settled)
        return settled

    async def recent(self, count: int) -> list[Transfer]:
        """The newest transfers of the journal, of any session, profile and host; oldest first. Raises JournalError."""
        return await asyncio.to_thread(self._journal.recent, count)

    async def close(self) -> None:
        """Stop everything, and tell nobody any more. What is still in flight is left to the journal."""
        self.on_change = lambda _: None
        self.on_progress = lambda _: None
        tasks = (*self._in_flight, *self._settling.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.treasury.close()
        await self.client.aclose()
        self._journal.close()

    def _settle_in_background(self, transfer: Transfer) -> None:
        if transfer.id not in self._settling:
            self._settling[transfer.id] = task = asyncio.create_task(self._settle(transfer))
            task.add_done_callback(lambda _: self._settling.pop(transfer.id, None))

    async def _settle(self, transfer: Transfer) -> None:
        self._tell(await settle(transfer, self.client, self._journal, pace=self._pace, report=self._tell_progress))

    def _tell(self, transfer: Transfer) -> None:
        """Called from the loop and not from here: a listener that fails must not keep a transfer from being settled."""
        asyncio.get_running_loop().call_soon(lambda: self.on_change(transfer))

    def _tell_progress(self, progress: Progress) -> None:
        asyncio.get_running_loop().call_soon(lambda: self.on_progress(progress))
