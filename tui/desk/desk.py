"""The one way to submit a transfer: write it to the journal, send it once, read the answer, settle it if unknown.

A transfer is in the journal before its first byte can leave. Its outcome is written there before it is shown. If
the journal cannot be written, the outcome is shown with that problem, and Shunter keeps trying to write it.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from tui.clock import ticks_ms
from tui.desk.balances import BalanceReader
from tui.desk.guards import Forbidden, Permit, ReadOnly, ReadRules, day_limit, permit, permit_step
from tui.desk.matching import explains, span_ms
from tui.desk.plans import PlanRun
from tui.desk.settle import NoTrace, Pace, Progress, is_same_key, look_at, look_for, read_around, settle, watch
from tui.domain.evidence import (
    Accepted,
    Ambiguous,
    Answer,
    Flaw,
    MatchingRecord,
    Outcome,
    PersonsRecord,
    PersonsWord,
)
from tui.domain.hosts import exchange_of
from tui.domain.moments import ms_of
from tui.domain.plan import Plan
from tui.domain.plan_state import PlanState, StoredPlan, state_of
from tui.domain.records import AnyStatus, HistoryRow, RecordStatus, is_final
from tui.domain.rules import MostPerDay, Rules
from tui.domain.text import printable
from tui.domain.transfer import PlanStep, Sending, Transfer, TransferRequest
from tui.domain.wallets import Wallet
from tui.exchange.client import BinanceClient
from tui.exchange.errors import ExchangeError, OutcomeUnknown
from tui.journal import DayIsFull, Journal, JournalError, NotQuiet, TranIdTaken
from tui.journal.limits import DAY_MS
from tui.journal.store import WATCH_MS
from tui.language import _
from tui.structs import Struct, replace
from tui.words import guards, outcomes, settling
from tui.words.outcomes import Watch
from tui.words.transfers import not_written

if TYPE_CHECKING:
    from tui.desk.browse import HistoryBrowser

_CLOCK_MAX_AGE_MS = 60_000


class Word(Enum):
    """The person's decision on a transfer without a record."""

    EXECUTED = auto()
    NOT_EXECUTED = auto()


class Decision(Struct):
    """How a person settled an unknown transfer."""

    transfer: Transfer
    choice: HistoryRow | Word
    """Its record, or how it ended if no record shows it."""
    declined: tuple[int, ...] = ()
    """The tranIds of records that, as the person says, belong to other transfers."""


class Undecidable(Exception):
    """Raised, with the reason, when a record cannot show how a transfer ended."""


class Desk:
    """One person's desk at one host: submits, follows and settles transfers.

    These are called in the event loop: `on_change` with every transfer that has changed, `on_progress` with every step
    in settling an unknown one, and `on_notice` with every transfer about which Shunter showed something false, until
    `notice_seen` is called. An exception in one of them affects no transfer.
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
        read_only: str = "",
        read_rules: ReadRules = Rules,
    ) -> None:
        """`read_only` says why nothing may be sent with the profile as it is now; empty if something may."""
        self.client = client
        self._read_rules = read_rules
        self.session_read_only = ""
        """Why nothing may be sent in this session, whatever the profile says; empty if something may."""
        self._profile_read_only = read_only
        self.balance_reader = BalanceReader(client, open_elsewhere=self._open_elsewhere)
        """Reads the person's wallets."""
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
        """The retries of answers that could not be written to the journal, by the transfer's identity."""
        self._plans: dict[str, tuple[PlanRun, asyncio.Task[PlanState]]] = {}
        """The plans of this session, by identity."""
        self._watching: asyncio.Task[None] | None = None
        self._judged = asyncio.Event()
        self._checking: asyncio.Task[None] | None = None
        self._open: dict[str, Transfer] = {}
        self._own: set[str] = set()
        """The identities of the transfers that this desk has reported."""

    @property
    def read_only(self) -> str:
        """Why nothing may be sent, as it was last known; empty if something may."""
        return self.session_read_only or self._profile_read_only

    @property
    def in_flight(self) -> int:
        """How many transfers wait for their answer."""
        return len(self._in_flight)

    @property
    def open_count(self) -> int:
        """How many transfers are unknown, or wait for their answer."""
        return len(self._open)

    async def prepare(self) -> None:
        """Open a connection and measure the exchange's time; sending then waits for neither. Raises ExchangeError.

        While the exchange asks for a pause, a known time is not measured again.
        """
        if self.client.wait_s and self.client.clock:
            return
        if not self.client.is_warm:
            try:
                await self.warm()
            except OutcomeUnknown:  # the line may be slow: try again with a longer timeout
                await self.client.sync_clock()
        if self.client.clock is None or self.client.clock.age_ms() > _CLOCK_MAX_AGE_MS:
            await self.client.sync_clock()

    async def repeats(self, request: TransferRequest) -> list[Transfer]:
        """Return identical transfers that are open, were judged not executed in the last day, or were done, or turned
        out to be, in the last few minutes. Raises JournalError, and ExchangeError if the exchange's time cannot be
        measured.
        """
        clock = await self.client.known_clock()
        return await asyncio.to_thread(self._journal.similar, request, host=self._exchange, now_ms=clock.now_ms())

    async def look_again(self, transfers: Sequence[Transfer]) -> dict[str, str]:
        """Look for open or judged transfers in the exchange's history now. Return a sentence for each, by identity.
        What this settles is reported as usual.
        """
        sentences: dict[str, str] = {}
        for transfer in transfers:
            try:
                sentences[transfer.identity] = await self._newest(transfer)
            except (ExchangeError, JournalError) as error:
                sentences[transfer.identity] = settling.read_sentence(settling.out_of_reach(str(error)))
        return sentences

    async def warm(self) -> None:
        """Keep a connection ready for the next transfer. Raises ExchangeError."""
        await self.client.warm()

    async def submit(
        self,
        request: TransferRequest,
        *,
        meant: frozenset[str] = frozenset(),
        plan_step: PlanStep | None = None,
        retyped: Decimal | None = None,
        permitted: Permit | None = None,
    ) -> Transfer:
        """Send a transfer once. Return it with its outcome, which may be unknown.

        Cancelling the caller does not cancel a transfer that is being sent. `meant` are the identities of the earlier
        transfers that the person has agreed to repeat. `retyped` is the amount that the person has typed again, which a
        rule may want. `plan_step` says which step of a plan it is; it comes with what `permitted` it, as the plan was
        checked as a whole.

        Nothing was sent if this raises Forbidden, ExchangeError (the exchange's time cannot be measured),
        RepeatUnconfirmed (the transfer repeats one that is not in `meant`) or another JournalError (it cannot be
        written to the journal, or the step is not this desk's to send).
        """
        self._require_sending()
        await self.prepare()
        await self._check_journal()
        # Last, because the rest may take a while: the rules count as they are now.
        permitted = permitted or await self.require_allowed(request, retyped=retyped)
        sending = asyncio.create_task(self._send(request, meant, plan_step, permitted))
        self._in_flight.add(sending)
        sending.add_done_callback(self._in_flight.discard)
        return await asyncio.shield(sending)

    async def carry_out(
        self,
        plan: Plan,
        *,
        meant: frozenset[str],
        report: Callable[[PlanState], object],
        last_key_ms: Callable[[], float],
        succeeds: str = "",
        retyped: Decimal | None = None,
    ) -> PlanRun:
        """Write down a plan that the person has confirmed, and start to send its steps. `report` is called with every
        state, and `last_key_ms` returns when the person last pressed a key, by `ticks_ms`. `succeeds` is the identity
        of the stopped plan in whose place this one comes.

        Nothing was sent if this raises Forbidden, ExchangeError (the exchange's time cannot be measured) or
        JournalError.
        """
        self._require_sending()
        await self.prepare()
        await self._check_journal()
        permitted = await self.require_allowed(plan, retyped=retyped, succeeds=succeeds)
        stored = StoredPlan(
            identity=uuid4().hex,
            plan=plan,
            profile=self.profile,
            key_tail=self.client.key_tail,
            key_print=self.client.key_print,
            host=self._exchange,
            confirmed_ms=(await self.client.known_clock()).now_ms(),
            transfers=(None,) * len(plan.steps),
        )
        with _as_forbidden(permitted):
            await asyncio.to_thread(
                self._journal.begin_plan, stored, succeeds=succeeds, conditions=permitted.conditions
            )
        run = PlanRun(
            stored,
            submit=self.submit,
            journal=self._journal,
            client=self.client,
            balance_reader=self.balance_reader,
            permit=partial(self._permit_step, plan, permitted.rules),
            meant=meant,
            report=report,
            last_key_ms=last_key_ms,
        )
        self._plans[stored.identity] = run, asyncio.create_task(run.run())
        return run

    async def rules(self) -> Rules:
        """Return the person's rules as they are now. Raises Forbidden if they cannot be understood, or if the profile
        is read-only now: another Shunter may have switched that on or off.
        """
        try:
            rules = await asyncio.to_thread(self._read_rules)
        except ReadOnly as reason:
            self._profile_read_only = str(reason)
        else:
            self._profile_read_only = ""
            return rules
        raise ReadOnly(guards.nothing_is_sent(self.read_only))

    async def with_day(self, rules: Rules) -> Rules:
        """Return rules with what is left of the day by the journal as it is now, if that can be known."""
        limits = [rule for rule in rules.rules if isinstance(rule, MostPerDay)]
        if not limits:
            return rules
        try:
            now_ms = (await self.client.known_clock()).now_ms()
            left = await asyncio.to_thread(
                self._journal.left_of_day, list(map(day_limit, limits)), host=self._exchange, now_ms=now_ms
            )
        except (ExchangeError, JournalError):
            return rules
        day_ends_ms = ticks_ms() + DAY_MS - now_ms % DAY_MS
        return replace(rules, left_today=tuple(zip(limits, left, strict=True)), day_ends_ms=day_ends_ms)

    async def require_allowed(
        self, sending: TransferRequest | Plan, *, retyped: Decimal | None = None, succeeds: str = ""
    ) -> Permit:
        """Check that something may be sent, by the person's rules as they are now. `retyped` is the amount that the
        person has typed again, and `succeeds` the identity of the stopped plan in whose place a plan comes. Raises
        Forbidden, JournalError.
        """
        self._require_sending()
        rules = await self.rules()
        if not succeeds:  # what the stopped plan has still to send counts until this one takes its place
            rules = await self.with_day(rules)
        return await permit(
            sending,
            rules,
            self.balance_reader,
            self._journal,
            self._exchange,
            retyped=retyped,
            succeeds=succeeds,
        )

    async def _permit_step(self, plan: Plan, confirmed: Rules, number: int) -> Permit:
        """Check that a step of a plan may be sent, which was checked as a whole by the rules when it was `confirmed`:
        they are the same, and what must stay in the step's source stays. Raises Forbidden, JournalError.
        """
        rules = await self.rules()
        if rules.digest != confirmed.digest:
            raise Forbidden(_(guards.CHANGED))
        return await permit_step(plan, number, rules, self.balance_reader, self._journal, self._exchange)

    def _require_sending(self) -> None:
        if self.session_read_only:
            raise Forbidden(guards.nothing_is_sent(self.session_read_only))

    async def open_plans(self) -> list[PlanState]:
        """Return the plans of earlier sessions with this key, and those that stopped in this one, of which the person
        has not decided on the rest; oldest first. Raises JournalError.
        """
        stored = await asyncio.to_thread(self._journal.open_plans, self._exchange, self.client.key_print)
        running = {identity for identity, (_, task) in self._plans.items() if not task.done()}
        return [state_of(plan) for plan in stored if plan.identity not in running]

    async def leave_plan(self, stored: StoredPlan) -> None:
        """Note that the person leaves the rest of a plan. Raises JournalError."""
        await asyncio.to_thread(self._journal.close_plan, stored.identity)

    async def finish(self) -> None:
        """Wait until no transfer is in flight."""
        while self._in_flight:
            await asyncio.wait(self._in_flight)

    async def open_transfers(self) -> list[Transfer]:
        """Return the open transfers of earlier sessions, of any profile at this exchange. Start to settle them, and to
        watch judgements. Raises JournalError.
        """
        await self._check_journal()
        transfers = await asyncio.to_thread(self._journal.open_transfers, self._exchange)
        for transfer in transfers:
            self._keep_open(transfer)
            self._settle_in_background(transfer)
        await self._report_notices()
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
        """Settle an unknown transfer by the person's decision.

        A chosen record is read again, and its present status decides. Raises Undecidable if the record is neither
        CONFIRMED nor FAILED, has changed, is gone or cannot be read; TranIdTaken if it belongs to another transfer; and
        JournalError.
        """
        transfer, choice = decision.transfer, decision.choice
        despite: tuple[int, ...] = ()
        evidence: PersonsWord | PersonsRecord
        if isinstance(choice, Word):
            evidence = PersonsWord(choice is Word.EXECUTED)
        else:
            despite = await self._despite(transfer, choice)
            record = await self._read_again(transfer, choice)
            evidence = PersonsRecord(record.tran_id, _final(record.status), record.timestamp)
        at_ms = self._exchange_ms()
        settled = await asyncio.to_thread(
            self._journal.record, transfer, evidence, despite=despite, declined=decision.declined, at_ms=at_ms
        )
        if task := self._settling.get(transfer.identity):
            task.cancel()
        self._report(settled)
        await self._report_notices()
        return settled

    async def _despite(self, transfer: Transfer, record: HistoryRow) -> tuple[int, ...]:
        """Return the ids of other transfers with the chosen record's tranId, if the record does not belong to them.
        Raises Undecidable, TranIdTaken, JournalError.
        """
        _final(record.status)
        holders = await asyncio.to_thread(self._journal.holders, self._exchange, record.tran_id)
        others = [holder for holder in holders if holder.identity != transfer.identity]
        if any(explains(holder, record, transfer) for holder in others):
            raise TranIdTaken
        return tuple(holder.id for holder in others)

    async def _read_again(self, transfer: Transfer, record: HistoryRow) -> HistoryRow:
        """Read a record again, and return it as it is now. Raises Undecidable."""
        try:
            rows = await read_around(transfer, self.client, span_ms(transfer), [record.timestamp])
        except ExchangeError as error:
            raise Undecidable(_("The history cannot be read just now: {why}").format(why=error)) from None
        current = next((row for row in rows if row.tran_id == record.tran_id), None)
        if current is None:
            raise Undecidable(_("The history no longer has this record"))
        if not isinstance(current, HistoryRow) or (current.asset, current.amount) != (record.asset, record.amount):
            raise Undecidable(_("The record has changed since you were asked"))
        return current

    async def notice_seen(self, transfer: Transfer) -> None:
        """Record that the person has seen the correction of a transfer. Raises JournalError."""
        await asyncio.to_thread(self._journal.noticed, transfer)

    async def last_moves(self, asset: str, count: int) -> list[Transfer]:
        """Return the newest transfers of an asset in the journal, of any profile at this exchange, newest first. Raises
        JournalError.
        """
        return await asyncio.to_thread(self._journal.newest, self._exchange, asset, count)

    def browse(self) -> "HistoryBrowser":
        """Return the whole journal, and the exchange's history as it is read."""
        from tui.desk.browse import HistoryBrowser  # late, to start faster

        return HistoryBrowser(self.client, self._journal)

    async def close(self) -> None:
        """Stop everything, and report nothing more. Transfers that are still in flight are in the journal."""
        self.on_change = self.on_notice = lambda _: None
        self.on_progress = lambda _: None
        plans = [task for _, task in self._plans.values()]
        tasks = [*plans, *self._in_flight, *self._settling.values(), *self._unwritten.values()]
        tasks += [self._watching] if self._watching else []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.client.aclose()
        self._journal.close()

    async def _check_journal(self) -> None:
        """Check the journal once, in the background, because a long one takes a while. Raises JournalError."""
        if self._checking is None or (self._checking.done() and self._checking.exception()):
            self._checking = asyncio.create_task(asyncio.to_thread(self._journal.check))
        await asyncio.shield(self._checking)

    async def _send(
        self, request: TransferRequest, meant: frozenset[str], plan_step: PlanStep | None, permitted: Permit
    ) -> Transfer:
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
            plan_step=plan_step,
        )
        with _as_forbidden(permitted):
            transfer = await asyncio.to_thread(
                self._journal.begin, sending, meant=meant, conditions=permitted.conditions
            )
        self._report(transfer)
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
        """Write the answer to a transfer to the journal. Report the answer even if it cannot be written now."""
        try:
            transfer = await asyncio.to_thread(self._journal.record, sent, answer, at_ms=self._exchange_ms())
        except Exception as error:  # noqa: BLE001 - the answer is kept in any case
            problem = str(error) if isinstance(error, JournalError) else not_written(error)
            transfer = replace(sent, evidence=answer, answer=answer, unwritten=problem)
            self._unwritten[sent.identity] = task = asyncio.create_task(self._write_when_possible(sent, answer))
            task.add_done_callback(lambda _: self._unwritten.pop(sent.identity, None))
        await self._report_answered(transfer, answer)
        return transfer

    async def _report_answered(self, transfer: Transfer, answer: Answer) -> None:
        self._report(transfer)
        if isinstance(answer, Accepted):  # another transfer may have been settled with this tranId
            await self._report_notices()
        if transfer.outcome is Outcome.UNKNOWN:
            self._settle_in_background(transfer)

    async def _write_when_possible(self, sent: Transfer, answer: Answer) -> None:
        """Keep trying to write an answer to the journal. If it is lost, the outcome has to be settled."""
        while True:
            await asyncio.sleep(self._pace.retry_s)
            try:
                transfer = await asyncio.to_thread(self._journal.record, sent, answer, at_ms=self._exchange_ms())
            except Exception:  # noqa: BLE001, S112 - as above
                continue
            await self._report_answered(transfer, answer)
            return

    def watch_over(self, transfer: Transfer) -> Watch:
        """Return whether a judged transfer is still watched, and by whom."""
        if not is_same_key(transfer, self.client):
            return Watch.OTHER_KEY
        now_ms, settled_at = self._exchange_ms(), transfer.settled_at
        if now_ms is None or settled_at is None:
            return Watch.UNKNOWN
        return Watch.KEPT if ms_of(settled_at) >= now_ms - WATCH_MS else Watch.OVER

    def _exchange_ms(self) -> int | None:
        """Return the exchange's time; None if it is not known."""
        return self.client.clock.now_ms() if self.client.clock else None

    async def _newest(self, transfer: Transfer) -> str:
        if transfer.is_judged and is_same_key(transfer, self.client):
            await look_at([transfer], self.client, self._journal, self._revised)
            transfer = await asyncio.to_thread(self._journal.transfer, transfer)
        if transfer.outcome is not Outcome.UNKNOWN:
            return outcomes.reason(transfer.evidence)
        match await look_for(transfer, self.client, self._journal):
            case Transfer() as settled:
                self._report(settled)
                return outcomes.reason(settled.evidence) or outcomes.meaning(settled.evidence)
            case Progress(note=note):
                return settling.read_sentence(note)
            case NoTrace():
                return settling.read_sentence(None)

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
            report=self._report_progress,
            sent_ticks_ms=sent_ticks_ms,
        )
        self._report(settled)
        # Another transfer may have been settled with a tranId that the answer to this one named.
        if isinstance(settled.evidence, MatchingRecord) and settled.evidence.is_named:
            await self._report_notices()

    async def _revised(self, transfer: Transfer) -> None:
        """Report a corrected judgement, and settle the transfer again if it is open."""
        self._report(transfer)
        if transfer.outcome is Outcome.UNKNOWN:
            self._settle_in_background(transfer)
        await self._report_notices()

    async def _report_notices(self) -> None:
        """Report every transfer about which Shunter showed something false. Settle again those that are open again."""
        try:
            transfers = await asyncio.to_thread(self._journal.notices, self._exchange)
        except JournalError:
            return  # the next start reports them
        for transfer in transfers:
            if transfer.outcome is Outcome.UNKNOWN:
                self._report(transfer)
                self._settle_in_background(transfer)
            asyncio.get_running_loop().call_soon(self.on_notice, transfer)

    def _report(self, transfer: Transfer) -> None:
        """Report a transfer from the event loop: a listener that fails must not keep it from being settled."""
        self._keep_open(transfer)
        if transfer.is_judged:
            self._judged.set()
        for run, _task in self._plans.values():
            run.follow(transfer)
        asyncio.get_running_loop().call_soon(lambda: self.on_change(transfer))

    def _keep_open(self, transfer: Transfer) -> None:
        """Remember whether a transfer is open. Doubt the balances that it may have changed, or may still change."""
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
        """Return the wallets in open transfers that other Shunters wrote to the shared journal. Raises JournalError."""
        transfers = await asyncio.to_thread(self._journal.all_open, self._exchange)
        others = [transfer.request.type for transfer in transfers if transfer.identity not in self._own]
        return frozenset(wallet for move in others for wallet in (move.source, move.destination))

    def _report_progress(self, progress: Progress) -> None:
        asyncio.get_running_loop().call_soon(lambda: self.on_progress(progress))


@contextlib.contextmanager
def _as_forbidden(permitted: Permit) -> Iterator[None]:
    """Raise Forbidden, with the rule, if a condition of the rules does not hold in the journal."""
    try:
        yield
    except DayIsFull as full:
        raise permitted.refused(full) from None
    except NotQuiet:
        raise Forbidden(_(guards.NOT_QUIET)) from None


def _final(status: AnyStatus) -> RecordStatus:
    """Return a status that says how a transfer ended. Raises Undecidable for any other."""
    if not is_final(status):
        problem = _("The record's status is {status}, which does not say how it ended")
        raise Undecidable(problem.format(status=printable(status)))
    return status
