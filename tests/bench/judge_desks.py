"""Desks before the judge, without terminals: see `judge_outcomes`."""

import asyncio
import itertools
import os
import selectors
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from contextvars import Context, ContextVar, copy_context
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from tests.bench import judge_words as words
from tests.bench.judge import Diary, Judge, Kill, Plan, Report, journal, plan, report_of
from tests.bench.judge_clock import SkippingClock, begin, world_s
from tests.bench.judge_commands import Commands, judge_agreement, judge_history, judge_reconcile
from tests.bench.judge_exchange import JudgeExchange
from tests.bench.judge_ledger import ASSET, PAIR, SECOND_PAIR
from tests.bench.judge_reads import blackout
from tests.bench.judge_server import base_url, listen, serve
from tests.bench.judge_texts import dialog_text, end_text, notice_text, question_text, review_text
from tests.bench.real_program import PROFILE, add_key, home
from tests.terminal.conftest import Environment
from tui.demo.keys import demo_key
from tui.desk.desk import Decision, Desk, Undecidable
from tui.desk.settle import Progress
from tui.domain.evidence import Reopened, recorded_outcome
from tui.domain.transfer import Outcome, Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.exchange.client import BinanceClient
from tui.exchange.errors import ExchangeError
from tui.journal import Journal, JournalError, RepeatUnconfirmed, journal_path
from tui.screens import decide
from tui.words.outcomes import Watch
from tui.words.settling import Doubt

_MOVES = (
    (TransferType.MAIN_FUNDING, None),
    (TransferType.MAIN_ISOLATED_MARGIN, PAIR),
    (TransferType.MAIN_ISOLATED_MARGIN, SECOND_PAIR),
    (TransferType.FUNDING_MAIN, None),
    (TransferType.MAIN_UMFUTURE, None),
)
_TAKES_TWINS = {1: 2, 2: 1}
_HOUR_S = 3600
_DECIDES_AFTER_S = (30, 600, 1500, 2400, 3000, 3300)
_LOOKS, _LOOKS_AGAIN_S = 4, 13
"""How often the person looks whether it asks: a read that fails takes the question away until the next."""
_PASSES = 8
"""How often the person looks once more at the end."""
_SETTLES_S = 0.0005
"""How long of the world's time loopback may need to hand over what was written."""
_WALL_OFFSETS_S = (-4 * 3600, 5 * 86400, -3 * 86400, 2 * 3600)
_WRONG_CLOCKS = 0.15
_ARRIVES_S = 3
_DWELLS_S = (0.2, 0.5, 2.5, 4, 9)


class Skipping(selectors.DefaultSelector):
    """Waits for what is under way, and skips the time until the next timer where nothing is."""

    def __init__(self, clock: SkippingClock) -> None:
        super().__init__()
        self._clock = clock
        self.working = 0
        """How many threads work for the loop."""

    def select(self, timeout: float | None = None) -> Any:
        """What is ready."""
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self.working:
            return super().select(timeout if timeout is None else min(timeout, 0.05))
        ready = super().select(_SETTLES_S)
        if not ready and timeout is not None:
            self._clock.skip(max(0, timeout - _SETTLES_S))
        return ready


class SkippingLoop(asyncio.SelectorEventLoop):
    """A loop on the skipping clock."""

    def __init__(self, clock: SkippingClock) -> None:
        self._skipping = Skipping(clock)
        super().__init__(self._skipping)

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        """No time is skipped while a thread works."""
        self._skipping.working += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._is_done)
        return future

    def _is_done(self, _: object) -> None:
        self._skipping.working -= 1


class Seat:
    """A person at a desk."""

    def __init__(self, run: "Run", number: int) -> None:
        self.number = number
        self.move: TransferType
        self.pair: str | None
        self.move, self.pair = _MOVES[number]
        self.desk: Desk | None = None
        self.context: Context = copy_context()
        self.twins: list[str] = []
        self._run = run
        self._judge = run.judge
        self._random = Random(f"{run.seed}/{number}")
        self._doubts: dict[str, Progress] = {}
        self._open: set[str] = set()
        """The identities of transfers whose end is still to be told."""
        self._unknown = ""
        self.offset_s = 0
        """How far off the clock of their machine is."""

    async def open(self) -> Desk:
        """Start, with what is open from before."""
        is_wrong = self._random.random() < _WRONG_CLOCKS
        self.offset_s = self._random.choice(_WALL_OFFSETS_S) if is_wrong else 0
        self._run.wall_offset.set(self.offset_s)
        self._doubts.clear()
        self._open.clear()
        self.desk = Desk(
            BinanceClient(self._run.base_url, demo_key()),
            await asyncio.to_thread(Journal.open),
            profile=PROFILE,
            on_change=self._show,
            on_progress=self._on_progress,
            on_notice=self._on_notice,
        )
        with suppress(JournalError):
            await self.desk.open_transfers()
        return self.desk

    async def leave(self) -> None:
        """Quit, whatever is under way."""
        if self.desk:
            await self.desk.close()
            self.desk = None

    def _show(self, transfer: Transfer) -> None:
        watch = self.desk.watch_over(transfer) if self.desk else Watch.UNKNOWN
        self._look(dialog_text(transfer, watch=watch))
        if isinstance(transfer.evidence, Reopened):  # also if it was judged after the journal was read last
            self._judge.reopened_s[f"{transfer.request.amount}"] = self._judge.clock.now_s()
        if transfer.outcome is Outcome.UNKNOWN:
            self._open.add(transfer.identity)
        elif transfer.identity in self._open and not transfer.outcome.is_open:
            self._open.discard(transfer.identity)
            self._look(end_text(transfer))

    def _look(self, screen: str) -> None:
        self._judge.look_at(words.read(screen), screen)

    def _on_progress(self, progress: Progress) -> None:
        self._doubts[progress.transfer.identity] = progress
        self._judge.asked_with[f"{progress.transfer.request.amount}"] = f"{progress.doubt} {progress.note}"
        self._look(dialog_text(progress.transfer, progress.note))
        if progress.doubt:
            self._look(question_text(progress))

    def _on_notice(self, transfer: Transfer) -> None:
        self._run.diary.alarms.append(f"{transfer.request.amount}")
        self._look(notice_text(transfer))
        if self.desk:
            self._run.spawn(self._see(self.desk, transfer))

    async def _see(self, desk: Desk, transfer: Transfer) -> None:
        await asyncio.sleep(self._random.uniform(1, 20))
        with suppress(JournalError):
            await desk.notice_seen(transfer)

    async def make(self, coming: Plan) -> bool:
        """Make one transfer; whether its outcome was left unknown."""
        desk = self.desk or await self.open()
        is_from = self.move.needs_from_pair
        request = TransferRequest(
            self.move, ASSET, Decimal(coming.amount), self.pair if is_from else None, None if is_from else self.pair
        )
        repeats = await self._review(desk, request)
        if repeats is None:
            return False
        self._expect_question(coming.amount, repeats)
        if coming.kill is Kill.BEFORE_Y:
            await self._end(coming)
            return False
        arrived = self._judge.exchange.hold(coming.amount) if coming.kill is Kill.IN_FLIGHT else None
        self._judge.confirmed[coming.amount] += 1
        self._judge.sent_offset_s[coming.amount] = self.offset_s
        sending = asyncio.create_task(self._send(desk, request, repeats))
        if coming.kill in (Kill.IN_FLIGHT, Kill.AFTER_Y):
            if arrived:
                await asyncio.to_thread(arrived.wait, _ARRIVES_S)
            await asyncio.sleep(coming.kill_after_s)
            if not sending.done():
                await self._end(coming)
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
                return True
        transfer = await sending
        if transfer is None:
            self._judge.not_sent_now[coming.amount] += 1
            return False
        self._judge.answered.add(coming.amount)
        if transfer.outcome is Outcome.UNKNOWN:
            self._unknown = coming.amount
        if coming.kill is Kill.AT_RESULT:
            await self._end(coming)
        return transfer.outcome is Outcome.UNKNOWN

    async def _end(self, coming: Plan) -> None:
        self._run.diary.kills[f"{coming.kill.name.lower() if coming.kill else ''} by leaving"] += 1
        await self.leave()

    async def _review(self, desk: Desk, request: TransferRequest) -> list[Transfer] | None:
        """What the review does before `y`; the identical transfers that it asks about."""
        for _ in range(20):
            try:
                await desk.prepare()
                repeats = await desk.repeats(request)
                doubtful = [repeat for repeat in repeats if repeat.outcome is not Outcome.DONE]
                looks = await desk.look_again(doubtful)
                repeats = await desk.repeats(request)
            except ExchangeError:
                await asyncio.sleep(2)
                continue
            except JournalError:
                await self.leave()
                return None
            if repeats:
                self._look(review_text(request, repeats, looks))
            left_s = self._random.choice(_DWELLS_S)
            while left_s > 0:
                await asyncio.sleep(min(2, left_s))
                left_s -= 2
                with suppress(ExchangeError):
                    await desk.warm()
            return repeats
        self._judge.breaks("a person could not go on", f"{request.amount}", "reviewing")
        return None

    def _expect_question(self, amount: str, repeats: list[Transfer]) -> None:
        twin = amount[:-1]
        self._run.diary.asked["repeat" if repeats else "nothing"] += 1
        if repeats or twin != self._unknown or twin in self._judge.unwritten:
            return
        if all(record.statuses[0][1] != "FAILED" for record in self._judge.ledger.executions(twin)):
            self._judge.breaks("a repeat was not asked about", amount, self._judge.truth(twin))

    async def _send(self, desk: Desk, request: TransferRequest, repeats: list[Transfer]) -> Transfer | None:
        """Confirm, and once more where somebody else sent the same meanwhile; None where nothing was sent."""
        meant = frozenset(repeat.identity for repeat in repeats)
        while True:
            try:
                return await desk.submit(request, meant=meant)
            except RepeatUnconfirmed:
                with suppress(ExchangeError, JournalError):
                    meant |= {repeat.identity for repeat in await desk.repeats(request)}
                await asyncio.sleep(0.1)
            except ExchangeError:
                return None
            except JournalError:
                await self.leave()
                return None

    async def decide(self, amounts: dict[int, str]) -> None:
        """Decide what the program asks about, as the ledger has it."""
        for progress in list(self._doubts.values()):
            transfer = progress.transfer
            amount = amounts.get(transfer.id, "")
            if progress.doubt in (None, Doubt.OUT_OF_REACH) or Decimal(amount or 0) != transfer.request.amount:
                continue
            if not self.desk or (decision := self._decision(progress, amount)) is None:
                continue
            self._judge.decided.add(amount)
            with suppress(Undecidable, JournalError):
                await self.desk.choose(decision)
                self._run.diary.decided[amount] = type(decision.choice).__name__

    def _decision(self, progress: Progress, amount: str) -> Decision | None:
        """The line of the dialog that is so, as far as it can be chosen; None where that cannot be told yet."""
        executions = self._judge.ledger.executions(amount)
        record = executions[0] if executions else None
        candidates, choices = progress.candidates, [decision for _, decision in decide._choices(progress)]
        own = [place for place, row in enumerate(candidates) if record and row.tran_id == record.tran_id]
        if own and recorded_outcome(candidates[own[0]].status):
            return choices[own[0]]
        if record is None or record.moved_ms is None:
            return choices[len(candidates)]
        if record.moved_ms > self._judge.clock.now_ms():
            return None
        return choices[len(candidates) + 1]


class Run:
    """Everything that a run needs, and its phases."""

    def __init__(
        self, clock: SkippingClock, wall_offset: ContextVar[float], seed: int, environment: Environment
    ) -> None:
        self.clock = clock
        self.wall_offset = wall_offset
        self.seed = seed
        self.exchange = JudgeExchange(clock, seed)
        self.judge = Judge(self.exchange, clock)
        self.diary = Diary()
        self.base_url = ""
        self._environment = environment
        self._clock_path = Path(environment["HOME"]) / "judge-clock"
        self._commands = Commands(self.exchange, environment, self._clock_path)
        self._random = Random(seed)
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, coroutine: Any) -> None:
        """Do something beside."""
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def run(self, *, transfers: int, batch: int, desks: int) -> None:
        """All of it."""
        listening = listen()
        self.base_url = base_url(listening)
        server = await serve(self.exchange, listening)
        begin(self._clock_path, self.clock.now_s())
        await asyncio.to_thread(add_key, self._environment, self.base_url)
        seats = [Seat(self, number) for number in range(desks)]
        began_s = time.monotonic()
        while (left := transfers - self.judge.confirmed.total()) > 0:
            told = set(self.judge.broken)
            await self._batch(seats, min(left, batch))
            print(f"{self.judge.confirmed.total()} transfers, {(time.monotonic() - began_s) / 3600:.1f} h on the clock")
            for one in [self.judge.broken[key] for key in self.judge.broken.keys() - told]:
                print(f"       {one.kind} {one.amount}: {one.what}\n{one.picture}")
            sys.stdout.flush()
        server.close()

    async def _batch(self, seats: list[Seat], size: int) -> None:
        self.exchange.page_cap = self._random.choice([100, 100, 10])
        self.exchange.filters_by_pair = self._random.random() < 0.3
        self.exchange.names_pairs = self._random.random() < 0.4
        until = self.judge.confirmed.total() + size
        restoring = asyncio.create_task(self._restore(until - size // 2))
        using = [asyncio.create_task(self._use(seats, seat, until), context=copy_context()) for seat in seats]
        await asyncio.gather(*using)
        await restoring
        made_s = self.clock.now_s()
        if self._random.random() < 0.4:
            now_ms = self.clock.now_ms()
            self.exchange.blackout = now_ms + 20_000, now_ms + 800_000, blackout(self._random)
        stays = self._random.choice(seats)
        for seat in seats:
            await seat.leave()
            seat.twins.clear()
        await asyncio.create_task(self._open(stays), context=copy_context())
        self.judge.offsets_s = [stays.offset_s]
        for after_s in _DECIDES_AFTER_S:
            await asyncio.sleep(max(0, made_s + after_s - self.clock.now_s()))
            for _ in range(_LOOKS):
                await stays.decide(await self._open_rows())
                await asyncio.sleep(_LOOKS_AGAIN_S)
        await asyncio.sleep(max(0, made_s + _HOUR_S + 60 - self.clock.now_s()))
        for _ in range(_PASSES):  # what a watch has opened again since the last look is asked about now
            if not (rows_open := await self._open_rows()):
                break
            await stays.decide(rows_open)
            await asyncio.sleep(_LOOKS_AGAIN_S)
        await stays.leave()
        rows = await asyncio.to_thread(journal, self._environment)
        self.judge.judge_end(rows)
        await self._judge_commands({row["id"]: row for row in rows})

    async def _open(self, seat: Seat) -> None:
        await seat.open()

    async def _open_rows(self) -> dict[int, str]:
        rows = await asyncio.to_thread(journal, self._environment)
        self.judge.judge_rows(rows)
        return {row["id"]: row["amount"] for row in rows if row["outcome"] in words.OPEN_IN_JOURNAL}

    async def _use(self, seats: list[Seat], seat: Seat, until: int) -> None:
        random = Random(f"{self.seed}/{seat.number}/{until}")
        while self.judge.confirmed.total() < until:
            for coming in self._coming(seat):
                if not await seat.make(coming) or not coming.repeats:
                    break
                other = _TAKES_TWINS.get(seat.number)
                if other is not None and other < len(seats) and not coming.amount.endswith("0"):
                    seats[other].twins.append(f"{coming.amount}0000")
            await asyncio.sleep(random.choice([0, 1, 5]))
            if random.random() < 0.05:
                await self._open_rows()

    def _coming(self, seat: Seat) -> Iterator[Plan]:
        if seat.twins:
            yield Plan(seat.twins.pop())
            return
        number = next(self._numbers)
        for twins in itertools.count():
            coming = plan(number, self.seed, twins=twins)
            if coming.amount.endswith("00") and not twins:
                return
            yield coming

    async def _restore(self, once_confirmed: int) -> None:
        """Put an older copy of the journal into its place, while transfers are open."""
        while self.judge.confirmed.total() < once_confirmed:  # noqa: ASYNC110 - nobody tells of each
            await asyncio.sleep(1)
        path = journal_path()
        with closing(sqlite3.connect(":memory:", check_same_thread=False)) as copy:
            await asyncio.to_thread(_copy, path, copy, is_back=False)
            await asyncio.sleep(15)
            await asyncio.to_thread(_copy, path, copy, is_back=True)
        confirmed = set(self.judge.confirmed)
        self.judge.restored(confirmed, await asyncio.to_thread(journal, self._environment))

    async def _judge_commands(self, rows: dict[int, dict[str, Any]]) -> None:
        exchange, unwritten = self.exchange, self.judge.unwritten
        begin(self._clock_path, self.clock.now_s())
        for offset_s in (self._random.choice(_WALL_OFFSETS_S), 0):
            printed = await asyncio.to_thread(self._commands.run, "history", "--json", wall_offset_s=offset_s)
            self.judge.note(judge_history(exchange, printed, rows, unwritten), offset_s)
            printed = await asyncio.to_thread(self._commands.run, "reconcile", "--json", wall_offset_s=offset_s)
            self.judge.note(judge_reconcile(exchange, printed, rows, unwritten), offset_s)
        printed = await asyncio.to_thread(self._commands.run, "reconcile")
        self.judge.note(judge_agreement(exchange, printed, rows, unwritten), 0)


def _copy(path: Path, copy: sqlite3.Connection, *, is_back: bool) -> None:
    with closing(sqlite3.connect(path, timeout=30)) as live:
        if is_back:
            copy.backup(live)
        else:
            live.backup(copy)


def judged(
    clock: SkippingClock, wall_offset: ContextVar[float], *, transfers: int, seed: int, batch: int, desks: int
) -> Report:
    """Run it with a person's unlocked keyring, which the commands need."""
    began_s = world_s()
    with home() as environment:
        os.environ.update(environment)
        run = Run(clock, wall_offset, seed, environment)
        with asyncio.Runner(loop_factory=lambda: SkippingLoop(clock)) as runner:
            runner.run(run.run(transfers=transfers, batch=batch, desks=desks))
        return report_of(run.judge, run.diary, journal(environment), world_s() - began_s, {})
