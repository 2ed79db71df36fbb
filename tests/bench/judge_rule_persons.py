"""Persons with rules before the judge, without terminals: see `judge_rules`."""

import asyncio
import itertools
import os
from collections.abc import Iterator
from contextlib import suppress
from contextvars import Context, ContextVar
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.bench.judge_clock import SkippingClock, world_s
from tests.bench.judge_desks import SkippingLoop
from tests.bench.judge_exchange import API_KEY, SECRET
from tests.bench.judge_faults import Lot, draw
from tests.bench.judge_plan_cases import Twist, account, amount, by_way, gathering
from tests.bench.judge_plan_exchange import OPEN_PAIRS, WALLETS, Key, PlanExchange, without_company
from tests.bench.judge_plan_persons import Program, Report, Run, counted
from tests.bench.judge_rule_truth import Operation, RuleJudge, Version, half, random_version, spoilt
from tests.bench.judge_server import base_url, listen, serve
from tui import rules
from tui.clock import ticks_ms
from tui.desk.guards import Forbidden
from tui.desk.plans import PlanRun
from tui.domain.credentials import ApiKey, KeyKind, Secret
from tui.domain.plan import Plan, others, rest, way_back
from tui.domain.plan_state import PlanState
from tui.domain.rules import Rules
from tui.domain.transfer import TransferRequest
from tui.domain.wallets import TransferType, Wallet
from tui.exchange.errors import ExchangeError
from tui.journal import JournalError
from tui.words import guards

_KEY = ApiKey(KeyKind.HMAC, Secret(API_KEY), Secret(SECRET))
_PROFILES = ("main", "main", "other")
"""Of the programs that run at once."""
_OPERATIONS = 14
"""How many each person confirms with one journal."""
_WALL_OFFSETS_S = (0, 0, -4 * 3600, 5 * 86400, -3 * 86400, 2 * 3600)
_OUT_OF_SPOT = [move for move in TransferType if move.source is Wallet.SPOT]
"""What several persons send at once, out of the wallet that plans pass through."""
_DAY_MS = 86_400_000
_WAITS_S = 900


class Seat:
    """A person with a program of their own on the journal that all share."""

    def __init__(self, run: "RuleRun", number: int, wall_offset: ContextVar[float]) -> None:
        self.run: Run = run
        self.rules_run = run
        self.url, self.path = run.url, run.path
        self.profile = _PROFILES[number]
        self.read_rules = self._read_rules
        self._random = Random(f"{run.seed}/{run.episode}/{number}")
        self._wall_offset = wall_offset
        self._program: Program | None = None
        self._ends_at: tuple[bool, int] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    def _read_rules(self) -> Rules:
        try:
            return rules.rules(self.profile, lambda: ["main", "other"])
        except rules.RulesError as error:
            raise Forbidden(str(error)) from None

    def tick(self, program: Program | None, moment: str) -> None:
        """End the program if this is the moment."""
        if program is None or program is not self._program or self._ends_at is None or program.is_dead:
            return
        is_kill, left = self._ends_at
        self._ends_at = (is_kill, left - 1) if left else None
        if left:
            return
        self.run.ends["kill" if is_kill else "hang up"] += 1
        self.run.moments[moment] += 1
        program.is_dead = True
        if is_kill:
            program.journal._file._is_closed = True
        end = program.kill() if is_kill else program.close()
        self._program = None
        self._ending = asyncio.get_running_loop().create_task(end, context=Context())
        self._changed.set()

    def something_happens(self, moment: str) -> None:
        """The exchange does something for anybody."""
        self.tick(self._program, moment)

    async def use(self) -> None:
        """Confirm one thing after the other."""
        for _ in range(_OPERATIONS):
            await asyncio.sleep(self._random.choice([0, 0.3, 3, 60]))
            try:
                program = self._program or await self._open()
                await self._operate(program, is_at_once=self._random.random() < 0.5)
            except (JournalError, ExchangeError) as error:
                self.run.counts[f"not done: {type(error).__name__}"] += 1
            except asyncio.CancelledError:
                if self._program is not None:
                    raise
            if self._ending:
                await self._ending
                self._ending = None
            if self._program and self._random.random() < 0.1:
                await self._close()
        if self._program:
            await self._close()

    async def _close(self) -> None:
        if self._program:
            await self._program.close()
            self._program = None

    async def _open(self) -> Program:
        program = self._program = Program(self, _KEY)
        program._context.run(self._wall_offset.set, self._random.choice(_WALL_OFFSETS_S))
        self._ends_at = None
        with suppress(JournalError, ExchangeError):
            await program.do(program.desk.open_transfers())
        with suppress(ExchangeError):
            await program.do(program.desk.balance_reader.read_rate())
        return program

    async def _operate(self, program: Program, *, is_at_once: bool) -> None:
        desk, random = program.desk, self._random
        begun = await program.do(desk.open_plans())
        state = random.choice(begun) if begun else None
        before = self.rules_run.operation(state.stored.identity) if state else None
        if state and before and random.random() < 0.5:
            plan = random.choice([rest, others, way_back, way_back])(state.stored.plan, state.stored.done)
            if plan is None or random.random() < 0.2:
                await program.do(desk.leave_plan(state.stored))
                before.is_closed = True
                self.run.counts["left"] += 1
                return
            sending: Plan | TransferRequest = plan
        else:
            sending, state, before = self._new(is_at_once=is_at_once), None, None
        steps = sending.steps if isinstance(sending, Plan) else ()
        requests = [step.request for step in steps] if isinstance(sending, Plan) else [sending]
        repeats = [one for request in requests for one in await program.do(desk.repeats(request))]
        keys = [_key(request) for request in requests]
        self._prepare(keys)
        total = sending.total if isinstance(sending, Plan) else sending.amount
        retyped = random.choice([total, total, total, None, None, total + 1])
        if random.random() < 0.25:
            self._ends_at = random.random() < 0.7, random.randint(0, 14 * len(keys))
        others_wait_s = -self.run.clock.now_s() % 30
        await asyncio.sleep(others_wait_s if is_at_once else random.choice([0, 1, 10]))
        operation = self.rules_run.judge.confirm(
            Operation(
                program.name,
                self.profile,
                keys,
                [step.carries_on for step in steps] or [False],
                self.rules_run.judge.now_ms(),
                retyped,
                [(_key(step.request), step.carries_on) for step in sending.earlier]
                if isinstance(sending, Plan)
                else [],
                before,
            )
        )
        meant = frozenset(one.identity for one in repeats)
        self.run.counts["confirmed: " + (sending.purpose if isinstance(sending, Plan) else "single")] += 1
        try:
            if isinstance(sending, TransferRequest):
                await program.do(desk.submit(sending, meant=meant, retyped=retyped))
            else:
                succeeds = state.stored.identity if state else ""
                await self._carry_out(program, sending, operation, meant, succeeds)
        except Forbidden as error:
            self._judge_refusal(operation, str(error))
        finally:  # a plan of which nobody knows whether it was begun leaves its amounts to the one before
            operation.is_closed = not (operation.identity or any(operation.sent))

    def _new(self, *, is_at_once: bool) -> Plan | TransferRequest:
        random, numbers = self._random, self.rules_run.numbers
        kind = max(random.random(), random.random()) if is_at_once else random.random()
        if kind < 0.3:
            return by_way(random, numbers, Twist.NONE)
        if kind < 0.45:
            return gathering(random, numbers)
        while True:
            move = random.choice(_OUT_OF_SPOT if is_at_once else list(TransferType))
            source, destination = account(move.source, random), account(move.destination, random)
            if source != destination:
                break
        return TransferRequest(
            move,
            "USDT",
            amount(random, numbers),
            source.pair if move.needs_from_pair else None,
            destination.pair if move.needs_to_pair else None,
        )

    def _prepare(self, keys: list[Key]) -> None:
        """Draw the faults of the requests."""
        for key in keys:
            if self._random.random() < 0.25:
                lot = without_company(draw(self._random))
                jump = self._random.random() < 0.03
                self.rules_run.exchange.lots_of[key] = [
                    replace(
                        lot,
                        fails=False,
                        confirmed_after_all_ms=None,
                        jump_ms=self._random.choice([-_DAY_MS, _DAY_MS, 400_000]) if jump else 0,
                        jump_lasts_ms=self._random.choice([60_000, 300_000]),
                    )
                ]
            elif self._random.random() < 0.2:
                self.rules_run.exchange.lots_of[key] = [
                    Lot("slow", answers_after_s=2, arrival_ms=self._random.choice([0, 0, 8000]))
                ]

    async def _carry_out(
        self, program: Program, plan: Plan, operation: Operation, meant: frozenset[str], succeeds: str
    ) -> None:
        self._changed = changed = asyncio.Event()
        run: PlanRun | None = None
        is_over = False

        def report(state: PlanState) -> None:
            nonlocal is_over
            is_over = is_over or state.is_over
            changed.set()
            self.tick(program, f"it says {state.phase.name.lower()}")

        run = await program.do(
            program.desk.carry_out(
                plan,
                meant=meant,
                report=report,
                last_key_ms=ticks_ms,
                succeeds=succeeds,
                retyped=operation.retyped,
            )
        )
        operation.identity = run.stored.identity
        if operation.succeeds:
            operation.succeeds.is_closed = True
        for patience_s in (self._random.choice([0.1, 1, 20, _WAITS_S]), 3 * _WAITS_S):
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    while not (is_over or program.is_dead):
                        changed.clear()
                        await changed.wait()
            run.stop()
        if run.state.detail == guards.CHANGED and not self.rules_run.judge.may_have_changed(operation):
            self.rules_run.judge.breaks("said that the file has changed, has not", f"{operation.keys}")
        if is_over:
            cause = run.state.cause
            self.run.counts[f"plans that ended: {cause.name.lower() if cause else 'done'}"] += 1

    def _judge_refusal(self, operation: Operation, words: str) -> None:
        judge = self.rules_run.judge
        self.run.counts["forbidden: " + _rule_in(words)] += 1
        if any(operation.sent):
            judge.breaks("said that nothing was sent, was", words)
        if not judge.may_be_refused(operation):
            judge.breaks("refused though no rule is in the way", words)


def _rule_in(words: str) -> str:
    parts = {
        "is not among the allowed": "allow",
        "in one transfer": "most",
        "in one UTC day": "most_per_day",
        "must stay": "keep",
        "type the amount again": "retype_from",
        "rules.toml": "the file",
    }
    parts |= {guards.NOT_QUIET: "keep, not quiet", "": words}
    return next(rule for part, rule in parts.items() if part in words)


def _key(request: TransferRequest) -> Key:
    return Key(request.type.name, request.amount, request.from_symbol, request.to_symbol)


class RuleRun(Run):
    """Everything that a run needs, and its episodes: each has a journal and an exchange of its own."""

    def __init__(self, clock: SkippingClock, wall_offset: ContextVar[float], seed: int, folder: Path) -> None:
        super().__init__(clock, seed, folder)
        self.episode = 0
        self.numbers = itertools.count(1)
        self.judges: list[RuleJudge] = []
        self.url = ""
        self.path = folder
        self.exchange: PlanExchange
        self.judge: RuleJudge
        self._wall_offset = wall_offset
        self._random = Random(seed)
        self._edits_now = asyncio.Event()

    def operation(self, identity: str) -> Operation | None:
        """The operation of a plan in the journal; the name of one whose program ended at once is not known."""
        return next((one for one in self.judge.operations if one.identity == identity), None)

    async def run(self, transfers: int, persons: int = len(_PROFILES)) -> None:
        """All of it."""
        asyncio.get_running_loop().set_task_factory(self.tasks.make)
        while sum(len(judge.sendings) for judge in self.judges) < transfers:
            self.episode += 1
            await self._episode(persons)

    async def _episode(self, persons: int) -> None:
        random = self._random
        self.exchange = exchange = PlanExchange(self.clock, f"{self.seed}/{self.episode}")
        self.judge = RuleJudge(exchange)
        self.judges.append(self.judge)
        self.path = self.folder / f"journal-{self.episode}.sqlite3"
        to_midnight_ms = random.randint(30_000, 600_000) + random.randint(-40, 40) * _DAY_MS
        exchange._jumps.append((0, 2**62, -self.clock.now_ms() % _DAY_MS - to_midnight_ms))
        for wallet in (*WALLETS, *OPEN_PAIRS):
            exchange.grant(wallet, Decimal(400))
        listening = listen()
        server = await serve(exchange, listening)
        self.url = base_url(listening)
        rules.rules_path().parent.mkdir(parents=True, exist_ok=True)
        await self._put(random_version(random, self.judge.known), is_at_once=True)
        seats = [Seat(self, number, self._wall_offset) for number in range(persons)]

        def on_event(name: str) -> None:
            if name == "executed" and random.random() < 0.1:
                self._edits_now.set()
            for seat in seats:
                seat.something_happens(f"the exchange {name}")

        exchange.on_event = on_event
        editing = asyncio.get_running_loop().create_task(self._edit(), context=Context())
        await asyncio.gather(*(seat.use() for seat in seats))
        editing.cancel()
        server.close()

    async def _edit(self) -> None:
        """Change the file now and then, as an editor does."""
        random = self._random
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(random.choice([1, 5, 30, 60, 120])):
                    await self._edits_now.wait()
            self._edits_now.clear()
            version = random_version(random, self.judge.known)
            kind = random.random()
            if kind < 0.12:
                version = spoilt(version, random)
            if kind > 0.9:
                self.judge.stands(Version(b""))
                rules.rules_path().unlink(missing_ok=True)
                self.judge.stands(Version(b""))
                self.counts["file: removed"] += 1
            else:
                await self._put(version, is_at_once=random.random() < 0.6)

    async def _put(self, version: Version, *, is_at_once: bool) -> None:
        path = rules.rules_path()
        self.counts["file: " + ("wrong" if version.sections is None else "right")] += 1
        if is_at_once:
            self.judge.stands(version)
            new = path.with_suffix(".new")
            new.write_bytes(version.content)
            new.replace(path)
            return
        self.counts["file: written in its place"] += 1
        for part, content in _parts(version):
            self.judge.stands(part)
            path.write_bytes(content)
            await asyncio.sleep(self._random.choice([0, 0.01, 0.5, 4]))


def _parts(version: Version) -> Iterator[tuple[Version, bytes]]:
    """What stands in a file's place while it is written where it is."""
    yield Version(b"", None), b""
    if version.sections is not None:
        part = half(version)
        yield part, part.content
    yield version, version.content


def judged(clock: SkippingClock, wall_offset: ContextVar[float], *, transfers: int, seed: int) -> Report:
    """Run it."""
    began_s = world_s()
    with TemporaryDirectory(prefix=".shunter-bench-", dir=Path.home()) as folder:
        os.environ.update(dict.fromkeys(("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"), folder))
        run = RuleRun(clock, wall_offset, seed, Path(folder))
        with asyncio.Runner(loop_factory=lambda: SkippingLoop(clock)) as runner:
            runner.run(run.run(transfers))
    sendings = [one for judge in run.judges for one in judge.sendings]
    executed = sum(one.sent.record is not None for one in sendings)
    figures = [
        f"{len(sendings)} transfers sent, {executed} executed, in {run.episode} journals",
        counted(run.counts),
        f"{run.ends.total()} ends of a program: {counted(run.ends)}; when: {counted(run.moments)}",
        f"at most {max(judge.longest_ms for judge in run.judges) / 1000:.1f} s from a confirmation to its arrival",
        f"{world_s() - began_s:.0f} s",
    ]
    return Report(figures, [one for judge in run.judges for one in judge.broken])
