"""Persons who make plans at desks before the judge, without terminals: see `judge_plans`."""

import asyncio
import itertools
import os
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Protocol, TypeVar

from tests.bench.judge_clock import SkippingClock, world_s
from tests.bench.judge_desks import SkippingLoop
from tests.bench.judge_exchange import API_KEY, SECRET
from tests.bench.judge_plan_cases import Case, End, Twist, cases, later_case
from tests.bench.judge_plan_exchange import OTHER_KEY, OTHER_SECRET, UNOPENED_PAIR, Key, PlanExchange, Sent
from tests.bench.judge_plan_truth import Broken, Confirmation, PlanJudge
from tests.bench.judge_server import base_url, listen, serve
from tui.clock import ticks_ms
from tui.desk.desk import Decision, Desk, Undecidable
from tui.desk.foresight import foresee
from tui.desk.guards import ReadRules
from tui.desk.plans import PlanRun
from tui.desk.settle import Progress
from tui.domain.credentials import ApiKey, KeyKind, Secret
from tui.domain.evidence import recorded_outcome
from tui.domain.plan import Plan, Step, others, rest, way_back
from tui.domain.plan_state import Phase, PlanState
from tui.domain.rules import Rules
from tui.domain.transfer import Outcome, Transfer
from tui.exchange.client import BinanceClient
from tui.exchange.errors import ExchangeError
from tui.journal import Journal, JournalError, PlanTaken
from tui.screens import decide
from tui.structs import replace
from tui.words import plans as words
from tui.words.settling import Doubt

_INCARNATION: ContextVar[int] = ContextVar("_INCARNATION", default=0)
"""Which start of a program a task belongs to; 0 is none."""

_KEY = ApiKey(KeyKind.HMAC, Secret(API_KEY), Secret(SECRET))
_OTHER = ApiKey(KeyKind.HMAC, Secret(OTHER_KEY), Secret(OTHER_SECRET))
_HOUR_S = 3600
_LOOKS_AGAIN_S = 13
_ROUNDS = 5
"""How often a person goes on with what is left of a plan."""

_Result = TypeVar("_Result")


class Tasks:
    """The tasks of each start of a program, so that it can be killed as a whole."""

    def __init__(self) -> None:
        self._tasks: dict[int, set[asyncio.Task[Any]]] = {}
        self._numbers = itertools.count(1)

    def new(self) -> tuple[int, Context]:
        """A start: its number, and the context in which all that it does has to run."""
        number, context = next(self._numbers), copy_context()
        context.run(_INCARNATION.set, number)
        return number, context

    def make(
        self, loop: asyncio.AbstractEventLoop, coroutine: Any, context: Context | None = None
    ) -> asyncio.Task[Any]:
        """The loop's factory of tasks."""
        task = asyncio.Task(coroutine, loop=loop, context=context)
        number = context.get(_INCARNATION, 0) if context is not None else _INCARNATION.get()
        if number:
            tasks = self._tasks.setdefault(number, set())
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        return task

    def end(self, number: int) -> list[asyncio.Task[Any]]:
        """Cancel all tasks of a start at once."""
        tasks = list(self._tasks.get(number, ()))
        for task in tasks:
            task.cancel()
        return tasks


class User(Protocol):
    """Who starts a program."""

    run: "Run"
    url: str
    path: Path
    profile: str
    read_rules: ReadRules

    def tick(self, program: "Program | None", moment: str) -> None:
        """Called at each moment at which the program may end."""


class Program:
    """One start of a program: a desk on the person's journal."""

    def __init__(self, person: User, key: ApiKey) -> None:
        self._person = person
        self._number, self._context = person.run.tasks.new()
        self.is_dead = False
        self.doubts: dict[str, Progress] = {}
        self.journal = Journal.open(person.path)
        self._watch_journal()
        self.client = BinanceClient(person.url, key)
        self.name = self.client._connection.http.headers["user-agent"] = f"program {self._number}"
        self.desk = Desk(
            self.client,
            self.journal,
            profile=person.profile,
            read_rules=person.read_rules,
            on_progress=self._on_progress,
            on_notice=self._on_notice,
        )

    def _watch_journal(self) -> None:
        """A program can end before and after each of its writes."""
        loop, file = asyncio.get_running_loop(), self.journal._file
        write = file.transaction

        @contextmanager
        def transaction() -> Iterator[Any]:
            loop.call_soon_threadsafe(self._person.tick, self, "writes")
            with write() as connection:
                yield connection
            loop.call_soon_threadsafe(self._person.tick, self, "has written")

        file.transaction = transaction  # type: ignore[method-assign]

    def _on_progress(self, progress: Progress) -> None:
        if not self.is_dead:
            self.doubts[progress.transfer.identity] = progress

    def _on_notice(self, transfer: Transfer) -> None:
        self._person.run.counts["notices"] += 1

    async def do(self, coroutine: Coroutine[Any, Any, _Result]) -> _Result:
        """Do something as this program does it: it ends with the program, with CancelledError."""
        if self.is_dead:
            coroutine.close()
            raise asyncio.CancelledError
        return await asyncio.get_running_loop().create_task(coroutine, context=self._context)

    async def kill(self) -> None:
        """End at once: nothing more is written, sent or said."""
        self.is_dead = True
        self.journal._file._is_closed = True
        await asyncio.gather(*self._person.run.tasks.end(self._number), return_exceptions=True)
        await self.client.aclose()
        self.journal.close()

    async def close(self) -> None:
        """End in an orderly way, with whatever is under way."""
        self.is_dead = True
        await self.desk.close()
        await asyncio.gather(*self._person.run.tasks.end(self._number), return_exceptions=True)


class Ended(Exception):
    """Raised when the program has ended under the person's hands."""


class Person:
    """Someone with wallets, who makes plans."""

    def __init__(self, run: "Run", number: int, url: str, exchange: PlanExchange) -> None:
        self.run = run
        self.url = url
        self.profile = "main"
        self.read_rules: ReadRules = Rules
        self.path = run.folder / f"journal-{number}.sqlite3"
        self._exchange = exchange
        self.judge = PlanJudge(exchange)
        self._random = Random(f"{run.seed}/{number}")
        self._program: Program | None = None
        self._plan_run: PlanRun | None = None
        self._confirmation: Confirmation | None = None
        self._ends: tuple[End, int] | None = None
        self._moment = 0
        self._ending: asyncio.Task[None] | None = None
        self._rival: asyncio.Task[Confirmation | None] | None = None
        self._changed = asyncio.Event()
        self._by_identity: dict[str, Confirmation] = {}
        exchange.on_event = lambda name: self.tick(self._program, f"the exchange {name}")

    # Programs

    async def open(self, key: ApiKey = _KEY) -> Program:
        """Start the program if it does not run; judge what it offers."""
        if self._program is None:
            self._program = Program(self, key)
            order = [self._program.desk.open_transfers, self._look_at_offers]
            if self._random.random() < 0.5:
                order.reverse()
            for look in order:
                await self._patiently(look)
        return self._program

    async def _patiently(self, look: Callable[[], Coroutine[Any, Any, object]]) -> None:
        assert self._program
        with suppress(JournalError):
            await self._program.do(look())

    async def offers(self) -> list[tuple[Confirmation, PlanState]]:
        """What the program offers to go on with; each is judged."""
        program = await self.open()
        found = []
        for state in await program.do(program.desk.open_plans()):
            one = self._confirmation_of(state)
            if one is None:
                self.judge.breaks("offered what nobody confirmed", None, words.purpose(state.stored.plan))
                continue
            found.append((one, state))
            one.identity = state.stored.identity
            one.is_over = True
            self._say(one, state)
        self.judge.judge_offers([one for one, _ in found])
        return found

    async def _look_at_offers(self) -> None:
        await self.offers()

    def _confirmation_of(self, state: PlanState) -> Confirmation | None:
        known = self._by_identity.get(state.stored.identity)
        if known is None:
            nameless = [one for one in self.judge.confirmed if not one.identity and one.plan == state.stored.plan]
            known = self._by_identity[state.stored.identity] = nameless[-1] if nameless else None  # type: ignore[assignment]
        return known

    def _say(self, confirmation: Confirmation, state: PlanState) -> None:
        self.judge.read_state(confirmation, words.progress(state), words.whereabouts(state.stored))

    # The end of a program

    def tick(self, program: Program | None, moment: str) -> None:
        """A moment has come at which the program may end."""
        if program is not self._program or program is None or self._ends is None or program.is_dead:
            return
        self._moment += 1
        end, at = self._ends
        if self._moment < at:
            return
        self._ends = None
        self.run.ends[f"{end.name.lower().replace('_', ' ')}"] += 1
        self.run.moments[moment] += 1
        program.is_dead = end in (End.KILL, End.HANG_UP, End.KEY)
        if end is End.KILL:
            program.journal._file._is_closed = True
        self._ending = asyncio.get_running_loop().create_task(self._end(program, end), context=Context())

    async def _end(self, program: Program, end: End) -> None:
        match end:
            case End.KILL:
                await program.kill()
            case End.HANG_UP | End.KEY:
                await program.close()
            case End.LOCK:
                program.client.drop_key()
            case End.STOP:
                if self._plan_run and self._confirmation:
                    state = self._plan_run.state
                    is_begun = state.phase in (Phase.SENDING, Phase.SETTLING)
                    self._confirmation.last_step = state.number if is_begun else state.number - 1
                    self._plan_run.stop()
        if program.is_dead:
            self._program = None
            if self._confirmation:
                self._confirmation.ended_ms = self._exchange.clock.now_ms()
            if end is End.KEY:
                await self._use_another_key()
        self._changed.set()

    async def _use_another_key(self) -> None:
        """The plans of a key are not offered to another one."""
        other = self._program = Program(self, _OTHER)
        with suppress(JournalError):
            if await other.do(other.desk.open_plans()):
                self.judge.breaks("offered a plan to another key", self._confirmation, "")
            await other.do(other.desk.open_transfers())
        await asyncio.sleep(self._random.choice([0, 5, 400]))
        await other.close()
        self._program = None

    # Plans

    async def make(self, case: Case) -> None:
        """Make a plan, and what follows from it."""
        self._exchange.empty("spot")
        least = min(step.request.amount for step in case.plan.steps)
        self._exchange.grant("spot", self._random.choice([Decimal(), least / 2, least - Decimal("0.000001")]))
        self._exchange.filters_by_pair, self._exchange.names_pairs = self._chance(0.3), self._chance(0.4)
        succeeds: tuple[Confirmation, PlanState] | None = None
        for _ in range(_ROUNDS):
            # Only a tranId that the journal has can be noticed as another's.
            done = [row.tran_id for row in self._rows() if row.outcome is Outcome.DONE and row.tran_id]
            executed = {sent.record.tran_id for sent in self._exchange.sent if sent.record}
            self._exchange.known_tran_ids = [tran_id for tran_id in done if tran_id in executed][-20:]
            self._prepare(case)
            with suppress(Ended):
                await self._review_and_send(case, succeeds)
            self._clear()
            if self._rival:
                await self._rival
                self._rival = None
            left = await self._left()
            if left is None:
                break
            plan = self._way_on(*left)
            if plan is None:
                await self._leave(left)
                break
            succeeds, case = left, later_case(case, plan, self._random)
        else:
            if left := await self._left():
                await self._leave(left)
        if self._program and self._chance(0.3):
            await self._program.close()
            self._program = None

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _prepare(self, case: Case) -> None:
        """Put into the wallets what the plan takes out of them, and prepare its faults."""
        for leg in case.plan.legs:
            request = case.plan.steps[leg[0]].request
            source = request.ends[0].pair or request.ends[0].wallet.value
            missing = request.amount - self._exchange.ledger.holds(source, self._exchange.clock.now_ms())
            if case.what != "later" and missing + request.amount > 0:
                self._exchange.grant(source, request.amount)
        keys = _keys_of(case.plan)
        if case.lot:
            self._exchange.lots_of[keys[case.step]] = [case.lot]
        destination = case.plan.steps[-1].request.ends[1]
        if case.twist is Twist.NOT_TAKEN and destination.wallet.value not in ("spot", "isolated"):
            self._exchange.takes_not = {destination.wallet.value}
        self._exchange.is_permitted = case.twist is not Twist.NOT_PERMITTED_AT_ALL

    def _clear(self) -> None:
        """The next plan meets what is its own."""
        self._exchange.lots_of.clear()
        self._exchange.takes_not = set()
        self._exchange.is_permitted = True
        self._ends = None

    async def _review_and_send(self, case: Case, succeeds: tuple[Confirmation, PlanState] | None) -> None:
        program = await self.open()
        try:
            meant = await self._review(program, case)
            if meant is None:
                return
            await asyncio.sleep(self._random.choice([0.2, 1, 5]))
            await self._carry_out(program, case, meant, succeeds)
        except (JournalError, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and not program.is_dead:
                raise
            raise Ended from None
        finally:
            if self._ending:
                await self._ending
                self._ending = None

    async def _review(self, program: Program, case: Case) -> frozenset[str] | None:
        """What the review does before `y`: the identities of what the person agrees to repeat; None if they do not."""
        desk = program.desk
        for _ in range(20):
            try:
                obstructions = await program.do(foresee(desk, case.plan))
                self._judge_obstructions(case, [one.hindrance.name for one in obstructions if one.is_certain])
                for one in obstructions:
                    words.obstruction(one)
                repeats = [one for step in case.plan.steps for one in await program.do(desk.repeats(step.request))]
            except ExchangeError:
                await asyncio.sleep(max(2, desk.client.wait_s))
                continue
            has_moved = any(sent.moves for sent in self._exchange.sent if sent.key in _keys_of(case.plan))
            if has_moved:
                self.run.counts["not repeated by the person"] += 1
                return None
            return frozenset(one.identity for one in repeats)
        self.judge.breaks("a person could not go on", None, words.purpose(case.plan))
        return None

    def _judge_obstructions(self, case: Case, certain: list[str]) -> None:
        account = case.plan.steps[-1].request.ends[1]
        is_so = {
            "PERMISSION": not self._exchange.is_permitted,
            "NO_ACCOUNT": account.pair == UNOPENED_PAIR,
            "NOT_TAKEN": account.pair == "ETHBTC" or account.wallet.value in self._exchange.takes_not,
        }
        for name in certain:
            self.run.counts[f"foreseen: {name.lower()}"] += 1
            if not is_so.get(name):
                self.judge.breaks("said for sure that something is in the way, is not", None, name)

    async def _carry_out(
        self, program: Program, case: Case, meant: frozenset[str], succeeds: tuple[Confirmation, PlanState] | None
    ) -> None:
        is_gone, pressed_ms = self._chance(0.3), ticks_ms()  # whoever is gone presses nothing more
        key_ms = self._exchange.clock.now_ms() if is_gone else 2**62
        confirmation = self._confirmation = self.judge.confirm(case.plan, program.name, key_ms)
        confirmation.succeeds = succeeds[0] if succeeds else None
        self._moment, self._ends = 0, (case.end, case.at) if case.end else None
        self._plan_run, self._changed = None, asyncio.Event()
        self._begin_beside(case)
        if succeeds and self._chance(0.25):
            self._rival = asyncio.create_task(self._contend(case, meant, succeeds[1].stored.identity))

        def report(state: PlanState) -> None:
            if not program.is_dead:
                self._say(confirmation, state)
                confirmation.is_over = confirmation.is_over or state.is_over
                self._changed.set()
                self.tick(program, f"it says {state.phase.name.lower()}")

        try:
            self._plan_run = await program.do(
                program.desk.carry_out(
                    case.plan,
                    meant=meant,
                    report=report,
                    last_key_ms=lambda: pressed_ms if is_gone else ticks_ms(),
                    succeeds=succeeds[1].stored.identity if succeeds else "",
                )
            )
        except (ExchangeError, JournalError) as error:
            if program.is_dead:
                raise
            await self._judge_not_begun(confirmation, error, succeeds)
            return
        confirmation.identity = self._plan_run.stored.identity
        self._by_identity[confirmation.identity] = confirmation
        if succeeds:
            succeeds[0].is_closed = True
        await self._until_over(program, confirmation)

    def _begin_beside(self, case: Case) -> None:
        """Begin what happens beside the plan."""
        match case.twist:
            case Twist.READS_PAUSE:
                self._exchange.pause_next(self._random.choice([429, 418]), self._random.choice([5, 40, 90]))
            case Twist.REPEATED:
                self.run.spawn(self._repeat(case))
            case Twist.SHRINKS:
                self._shrink_at(case)

    async def _contend(self, case: Case, meant: frozenset[str], succeeds: str) -> Confirmation | None:
        """Another Shunter goes on with the same plan at the same time; the confirmation of its person if it did."""
        rival = Program(self, _KEY)
        one = self.judge.confirm(case.plan, rival.name)

        def report(state: PlanState) -> None:
            if not rival.is_dead:
                self._say(one, state)
                one.is_over = one.is_over or state.is_over

        begun: PlanRun | None = None
        with suppress(JournalError, ExchangeError):
            begun = await rival.do(
                rival.desk.carry_out(case.plan, meant=meant, report=report, last_key_ms=ticks_ms, succeeds=succeeds)
            )
        if begun:
            self.run.counts["taken over by another Shunter"] += 1
            one.identity = begun.stored.identity
            self._by_identity[one.identity] = one
            self._by_identity[succeeds].is_closed = True
            until_s = time.monotonic() + self._random.choice([1, 60, _HOUR_S])
            while not one.is_over and time.monotonic() < until_s:  # noqa: ASYNC110 - nobody tells of it
                await asyncio.sleep(1)
            one.is_closed = begun.state.phase is Phase.DONE
        await rival.close()
        one.ended_ms = self._exchange.clock.now_ms()
        if not begun:
            self.judge.confirmed.remove(one)
        return one if begun else None

    async def _judge_not_begun(
        self, confirmation: Confirmation, error: Exception, succeeds: tuple[Confirmation, PlanState] | None
    ) -> None:
        if self._rival:
            await self._rival
        confirmation.is_over, confirmation.ended_ms = True, self._exchange.clock.now_ms()
        if any(confirmation.sent):
            self.judge.breaks("said that nothing was sent, was", confirmation, f"{error!r}")
        if isinstance(error, PlanTaken) and not succeeds:
            self.judge.breaks("said that a new plan is taken", confirmation, f"{error!r}")

    async def _until_over(self, program: Program, confirmation: Confirmation) -> None:
        """Wait until the plan is over, or the program has ended; the person decides what is asked."""
        until_s = time.monotonic() + _HOUR_S + 600
        while not (confirmation.is_over or program.is_dead):
            self._changed.clear()
            try:
                async with asyncio.timeout(_LOOKS_AGAIN_S):
                    await self._changed.wait()
            except TimeoutError:
                await self._decide(program)
            if time.monotonic() > until_s:
                self.judge.breaks("a plan did not come to an end in an hour", confirmation, "")
                return
        self.run.counts["plans that came to an end in one go"] += all(confirmation.sent) and not program.is_dead
        if self._plan_run and not program.is_dead and self._plan_run.state.phase is Phase.DONE:
            confirmation.is_closed = True
        if program.client.is_locked:
            await asyncio.sleep(self._random.choice([1, 200]))
            program.client.give_key(_KEY)

    def _shrink_at(self, case: Case) -> None:
        """Something else takes what the source of a step holds, as soon as the step before is executed."""
        source = _keys_of(case.plan)[case.step].ends[0]
        if case.step == 0 or not case.plan.steps[case.step].carries_on:
            self._exchange.empty(source)
            return
        before, tick = _keys_of(case.plan)[case.step - 1], self._exchange.on_event

        def on_event(name: str) -> None:
            if name == "answers" and self._exchange.sent[-1].key == before:
                self._exchange.empty(source)
                self._exchange.on_event = tick
            tick(name)

        self._exchange.on_event = on_event

    async def _repeat(self, case: Case) -> None:
        """Another Shunter with the same journal sends what the next step is, which its person confirms there."""
        other, program = Program(self, _KEY), self._program
        request = case.plan.steps[case.step + 1].request
        one = self.judge.confirm(Plan(case.plan.purpose, (_alone(case.plan, case.step + 1),)), other.name)
        one.is_closed = True
        try:
            self._exchange.grant(one.keys[0].ends[0], request.amount)
            if await other.do(other.desk.open_plans()) and program and not program.is_dead:
                self.judge.breaks("offered what another Shunter carries out", self._confirmation, "")
            await other.do(other.desk.submit(request))
        except (JournalError, ExchangeError):
            self.judge.confirmed.remove(one)
        finally:
            await other.close()

    # What is left

    async def _left(self) -> tuple[Confirmation, PlanState] | None:
        """What is offered of a plan, once its outcome is known; the person decides what only they can."""
        until_s = time.monotonic() + _HOUR_S + 600
        if self._chance(0.3) and self._program:  # they quit, and come back
            await self._program.close()
            if self._confirmation:
                self._confirmation.ended_ms = self._exchange.clock.now_ms()
            self._program = None
        while True:
            try:
                offers = await self.offers()
            except JournalError:
                offers = []
            if not any(state.stored.is_open for _, state in offers):
                break
            assert self._program
            await self._decide(self._program)
            await asyncio.sleep(_LOOKS_AGAIN_S)
            if time.monotonic() > until_s:
                self.judge.breaks("still open after an hour", offers[0][0], "")
                break
        if len(offers) > 1:
            self.judge.breaks("offered more than one", offers[0][0], f"{[one.name for one, _ in offers]}")
        return offers[-1] if offers else None

    def _way_on(self, confirmation: Confirmation, state: PlanState) -> Plan | None:
        """The rest, all of it or without the amount that stopped it, the way back, or nothing more."""
        plan, done = state.stored.plan, state.stored.done
        self.run.counts["left"] += 1
        ways = {"rest": rest(plan, done), "others": others(plan, done), "back": way_back(plan, done), "leave": None}
        way = self._random.choice(["rest", *ways])
        on = ways[way]
        if way != "back" and on and any(sent.moves for sent in self._exchange.sent if sent.key in _keys_of(on)):
            # It is said that a step moved nothing, and the person sees on the exchange that it did.
            self.run.counts["the person knows better"] += 1
            return None
        self.run.counts[way if on else "leave"] += 1
        return on

    async def _leave(self, left: tuple[Confirmation, PlanState]) -> None:
        program = await self.open()
        with suppress(JournalError):
            await program.do(program.desk.leave_plan(left[1].stored))
            left[0].is_closed = True

    async def _decide(self, program: Program) -> None:
        """Decide what the program asks about, as the books have it."""
        for progress in list(program.doubts.values()):
            if progress.doubt in (None, Doubt.OUT_OF_REACH, Doubt.OTHER_KEY) or program.is_dead:
                continue
            if decision := self._decision(progress):
                with suppress(Undecidable, JournalError, ExchangeError):
                    await program.do(program.desk.choose(decision))
                    if sent := self._sent_of(progress.transfer):
                        self.judge.decided.append(sent)
                    self.run.counts["decisions"] += 1
            program.doubts.pop(progress.transfer.identity, None)

    def _decision(self, progress: Progress) -> Decision | None:
        sent = self._sent_of(progress.transfer)
        candidates, choices = progress.candidates, [decision for _, decision in decide._choices(progress)]
        own = [n for n, row in enumerate(candidates) if sent and sent.record and row.tran_id == sent.record.tran_id]
        if own and recorded_outcome(candidates[own[0]].status):
            return choices[own[0]]
        if sent is None or not sent.moves:
            return choices[len(candidates)]
        return choices[len(candidates) + 1] if sent.moved(self._exchange.clock.now_ms()) else None

    def _sent_of(self, transfer: Transfer) -> Sent | None:
        step = transfer.plan_step
        one = self._by_identity.get(step.plan) if step else None
        if step and one:
            return one.sent[step.number - 1]
        same = [sent for sent in self._exchange.sent if sent.key.amount == transfer.request.amount]
        return next((sent for sent in same if sent.key.move == transfer.request.type.name), None)

    async def finish(self) -> None:
        """Judge the journal at the end, and that nothing is offered any more."""
        offers = await self.offers()
        for one, _ in offers:
            self.judge.breaks("offered again what was decided", one, "at the end")
        if self._program:
            await self._program.close()
        self._judge_journal()
        for asked in self._exchange.asked_in_pause:
            self.judge.breaks("asked while it was told to pause", None, asked)

    def _rows(self) -> list[Transfer]:
        journal = Journal.open(self.path)
        try:
            return list(journal.transfers())
        finally:
            journal.close()

    def _judge_journal(self) -> None:
        rows = self._rows()
        written = Counter((row.plan_step.plan, row.plan_step.number) for row in rows if row.plan_step)
        for one in self.judge.confirmed:
            for number, sent in enumerate(one.sent, start=1):
                count = written[one.identity, number]
                if count > 1 or (sent and one.identity and not count):
                    self.judge.breaks("a step is not in the journal exactly once", one, f"step {number}: {count}")
        for row in rows:
            sent = self._sent_of(row)
            self.run.outcomes[row.outcome.value] += 1
            if row.outcome is Outcome.DONE and not (sent and sent.moves):
                self.judge.breaks("the journal has as done what did not move", None, f"{row}: {sent}")
            is_denied = row.outcome in (Outcome.REJECTED, Outcome.NOT_SENT)
            if is_denied and sent and sent.record and sent.moves and not self.judge._misleads(sent.record):
                self.judge.breaks("the journal has as refused what moved", None, f"{row}: {sent}")


def _alone(plan: Plan, number: int) -> Step:
    return replace(plan.steps[number], carries_on=False)


def _keys_of(plan: Plan) -> list[Key]:
    requests = [step.request for step in plan.steps]
    return [Key(one.type.name, one.amount, one.from_symbol, one.to_symbol) for one in requests]


@dataclass(frozen=True)
class Report:
    """How it went."""

    figures: list[str]
    broken: list[Broken]

    def __str__(self) -> str:
        kinds = Counter(one.kind for one in self.broken)
        lines = [*self.figures]
        for kind, count in kinds.most_common():
            lines.append(f"\n{count:6} {kind}")
            lines += [f"     {one.plan}: {one.what}" for one in [one for one in self.broken if one.kind == kind][:4]]
        return "\n".join([*lines, f"\n{len(self.broken)} promises broken"])


class Run:
    """Everything that a run needs."""

    def __init__(self, clock: SkippingClock, seed: int, folder: Path) -> None:
        self.clock = clock
        self.seed = seed
        self.folder = folder
        self.tasks = Tasks()
        self.counts: Counter[str] = Counter()
        self.ends: Counter[str] = Counter()
        self.moments: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.persons: list[Person] = []
        self._beside: set[asyncio.Task[None]] = set()

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Do something beside."""
        task = asyncio.get_running_loop().create_task(coroutine, context=Context())
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def run(self, plans: int, persons: int) -> None:
        """All of it."""
        asyncio.get_running_loop().set_task_factory(self.tasks.make)
        servers = []
        for number in range(persons):
            exchange = PlanExchange(self.clock, f"{self.seed}/{number}")
            listening = listen()
            servers.append(await serve(exchange, listening))
            self.persons.append(Person(self, number, base_url(listening), exchange))
        numbers = itertools.count(1)
        coming = itertools.islice(cases(Random(self.seed), numbers), plans)
        await asyncio.gather(*(self._use(person, coming) for person in self.persons))
        for server in servers:
            server.close()

    async def _use(self, person: Person, coming: Iterator[Case]) -> None:
        for case in coming:
            self.faults[f"{case.plan.purpose} {case.what}"] += 1
            await person.make(case)
        if self._beside:
            await asyncio.wait(self._beside)
        await person.finish()


def judged(clock: SkippingClock, *, plans: int, seed: int, persons: int) -> Report:
    """Run it."""
    began_s = world_s()
    with TemporaryDirectory(prefix=".shunter-bench-", dir=Path.home()) as folder:
        os.environ.update(dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"), folder))
        run = Run(clock, seed, Path(folder))
        with asyncio.Runner(loop_factory=lambda: SkippingLoop(clock)) as runner:
            runner.run(run.run(plans, persons))
    judges = [person.judge for person in run.persons]
    confirmed = [one for judge in judges for one in judge.confirmed]
    counts = sum((judge.counts for judge in judges), run.counts)
    took_s = world_s() - began_s
    figures = [
        f"{plans} plans, {len(confirmed)} confirmations of {sum(len(one.keys) for one in confirmed)} steps",
        f"their faults: {counted(run.faults)}",
        f"{run.ends.total()} ends of a program: {counted(run.ends)}; when: {counted(run.moments)}",
        f"{counted(counts)}",
        f"outcomes in the journals: {counted(run.outcomes)}",
        f"{took_s:.0f} s, {took_s / max(1, plans):.2f} s a plan",
    ]
    return Report(figures, [one for judge in judges for one in judge.broken])


def counted(counter: Counter[str]) -> str:
    """Return counts in words, the most frequent first."""
    return ", ".join(f"{count} {name}" for name, count in counter.most_common())
