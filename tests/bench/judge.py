"""Thousands of transfers of the real program, judged by an exchange of its own that knows what it executed.

    python -m tests.bench.judge [--transfers 2000] [--seed 1] [--batch 120] [--persons 8]

Some Shunters share a journal and a keyring, each in a pseudo-terminal, and are used by persons who also do what they
should not. The exchange (`judge_exchange`) is written from BINANCE.md and from malice. Batch by batch: sending, with
kills, at the world's pace; then an hour forty times as fast, for there is nothing but waiting in it. All the while
every picture on every screen, and the journal, is held against the ledger. What is open after an hour is a failure
too, unless the program asked the person, who knows the ledger and decides rightly.
"""

import argparse
import itertools
import json
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, auto
from pathlib import Path
from random import Random
from re import DOTALL, Match, search
from re import escape as literally
from typing import Any

import pexpect
import pyte

from tests.bench import judge_words as words
from tests.bench.judge_clock import Clock, SkippingClock
from tests.bench.judge_commands import Commands, Contradiction, judge_agreement, judge_history, judge_reconcile
from tests.bench.judge_exchange import JudgeExchange
from tests.bench.judge_faults import Lot
from tests.bench.judge_ledger import PAIR, SECOND_PAIR, Record, ends
from tests.bench.judge_program import WALL_OFFSET, stacks
from tests.bench.judge_reads import blackout
from tests.bench.judge_server import served
from tests.bench.judge_words import AlikeClaim, Claim, Figure, NeverSo, Said
from tests.bench.real_program import PROFILE, SHUNTER, add_key, home
from tests.terminal.conftest import Environment, Pty
from tests.waiting import LIMIT_S, wait_for

_PACE = 60.0
_DECIDERS = 4
_HOUR_S = 3600
_ASKED_AFTER_S = (600, 3000)
"""When the person looks whether there is something to decide, since the last transfer."""
_FRESH_MS = 62_000
"""How old a figure without a mark may be: a minute, and the time that it takes to mark it."""
_DOUBT_SEEN_MS = 1000
"""How long after an unknown outcome figures may still stand as they were."""
_SLOWED_MS = 3000
"""How long after the hour that went by fast figures may still stand as they were."""
_PASSES, _PASS_S = 8, 6
"""How often, and how long after, the person looks again at what a read that failed left open."""
_PRESSED_AGAIN_S = 8
_READS_S = 1.0
_REOPENED_S = 900
"""How long a transfer may be open that is unknown again."""
_ALL_STAY = 0.25
_SHOWN = 5

_REVIEW, _QUIT, _ESCAPE, _ENTER, _HISTORY, _REFRESH = "\x12", "\x11", "\x1b", "\r", "\x14", "\x0c"
_END_OF_LINE, _DELETE_LINE = "\x05", "\x15"
_DOWN, _FIRST, _FIRST_ROW, _TO_LIST = "\x1b[B", "\x1b[H", "\x1b[1;5H", "\x0fs"

_ISOLATED = ("--from", "spot", "--to", "isolated", "--to-pair")
_FORMS = (
    ("MAIN_FUNDING", None, ("--from", "spot", "--to", "funding"), (44, 96)),
    ("MAIN_UMFUTURE", None, ("--from", "spot", "--to", "um"), (24, 80)),
    ("MAIN_ISOLATED_MARGIN", PAIR, (*_ISOLATED, PAIR), (44, 96)),
    ("FUNDING_MAIN", None, ("--from", "funding", "--to", "spot"), (50, 190)),
    ("MAIN_ISOLATED_MARGIN", SECOND_PAIR, (*_ISOLATED, SECOND_PAIR), (44, 96)),
    ("MAIN_FUNDING", None, ("--from", "spot", "--to", "funding"), (30, 100)),
    ("MAIN_UMFUTURE", None, ("--from", "spot", "--to", "um"), (44, 96)),
    ("FUNDING_MAIN", None, ("--from", "funding", "--to", "spot"), (24, 80)),
)
"""The move that each person makes, with its pair, and the size of their terminal."""
_TAKES_TWINS = {2: 4, 4: 2}
"""Who makes the same again with another pair."""

_WALL_OFFSETS_S = (-4 * 3600, 5 * 86400, -3 * 86400, 2 * 3600)
_WRONG_CLOCKS = 0.12
_COMMANDS = (0, *_WALL_OFFSETS_S[:2])
_IN_ALL = 7_120_000
_IN_ALL_WITHIN = 5_000
"""How far off a total may be by transfers between two readings."""
_RESTORED_AFTER_S = 15
_TOO_EARLY_MS = 299_000
_SEEN = 2
"""How often the history has to have shown something for it to be known: one answer may have met no living program."""


# The judge


@dataclass(frozen=True)
class Violation:
    """A promise broken."""

    kind: str
    amount: str
    what: str
    at_s: float
    picture: str = ""


class Judge:
    """Holds every word against the ledger."""

    def __init__(self, exchange: JudgeExchange, clock: Clock | SkippingClock) -> None:
        self.exchange = exchange
        self.clock = clock
        self.ledger = exchange.ledger
        self.broken: dict[tuple[str, str], Violation] = {}
        """The first of each kind, for each amount."""
        self.counts: Counter[str] = Counter()
        self.confirmed: Counter[str] = Counter()
        """How often `y` was pressed where it sends, by amount."""
        self.not_sent_now: Counter[str] = Counter()
        self.answered: set[str] = set()
        """Amounts of which a screen said how they ended."""
        self.decided: set[str] = set()
        """Amounts of which the person has said how they ended."""
        self.unwritten: set[str] = set()
        """Amounts whose rows an older copy of the journal does not have."""
        self.reverted: set[str] = set()
        """Amounts that an older copy of the journal says are open: what the exchange answered may be lost."""
        self.asked_with: dict[str, str] = {}
        """What the person saw on opening an open transfer last, by amount."""
        self.sent_offset_s: dict[str, float] = {}
        """How far off the machine's clock was where an amount was sent from."""
        self.offsets_s: list[float] = []
        """How far off it is where programs wait for the end of what is open."""
        self.reopened_s: dict[str, float] = {}
        """When a notice, or the journal, said that an amount is unknown again."""
        self._settled: set[str] = set()
        """Amounts whose outcome was final when the journal was read last."""
        self.pictures = 0
        self.forgotten: set[str] = set()
        """Amounts that were open when the server began anew without them: it says itself that they never were."""
        self._denied: dict[str, str] = {}
        """What was said not to have moved, and in which words."""
        self._lock = threading.Lock()
        self._pace_lock = threading.Lock()
        self._wanted_pace = 1.0
        self._held_up = 0

    def breaks(self, kind: str, amount: str, what: str, picture: str = "") -> None:
        """Note a broken promise."""
        if amount in self.forgotten and not kind.startswith("doubled"):
            return
        with self._lock:
            self.broken.setdefault((kind, amount), Violation(kind, amount, what, self.clock.now_s(), picture))

    def look(self, terminal: "Terminal", screen: str) -> None:
        """Judge one picture."""
        self.pictures += 1
        for claim in words.read(screen):
            match claim:
                case Claim():
                    self.judge(claim, screen)
                case AlikeClaim():
                    self._judge_alike(claim, screen)
                case Figure():
                    self._judge_figure(claim, terminal, screen)
                case NeverSo():
                    self.counts["claims: what is never so"] += 1
                    self.breaks(claim.kind, f"{terminal.move} {terminal.number}", claim.words, screen)

    def look_at(self, claims: Iterable[Claim | AlikeClaim | Figure | NeverSo], text: str) -> None:
        """Judge what is told without a screen."""
        self.pictures += 1
        for claim in claims:
            if isinstance(claim, Claim):
                self.judge(claim, text)
            elif isinstance(claim, AlikeClaim):
                self._judge_alike(claim, text)

    def note(self, contradictions: Iterable[Contradiction], wall_offset_s: float) -> None:
        """Note what a command said that is not so."""
        self.counts["commands"] += 1
        clock = f"; the clock was off by {wall_offset_s} s" if wall_offset_s else ""
        for found in contradictions:
            self.breaks(found.kind, found.amount, f"{found.words}{clock}; {self.truth(found.amount)}")

    def judge(self, claim: Claim, picture: str = "") -> None:  # noqa: C901 - a case for each claim
        """Judge what is said of one transfer."""
        if claim.words == words.REOPENED and self.clock.now_s() - self.reopened_s.get(claim.amount, 0) > _HOUR_S:
            self.reopened_s[claim.amount] = self.clock.now_s()
        self.counts[f"claims: {claim.said.name}"] += 1
        moves = self.ledger.moves(claim.amount)
        told = f"{claim.words!r}; {self.truth(claim.amount)}"
        now_ms = self.clock.now_ms() + 20
        match claim.said:
            case Said.MOVED:
                self._judge_done(claim, moves, told, picture)
            case Said.MOVED_FOR_SURE:
                if claim.amount not in self.decided and not any(
                    record.moved_ms is not None and record.moved_ms <= now_ms for record in moves
                ):
                    self.breaks("said for sure that it moved, had not", claim.amount, told, picture)
            case Said.NOT_MOVED_FOR_SURE:
                if moves:
                    self.breaks("said for sure that nothing moved, moved", claim.amount, told, picture)
            case Said.NOT_MOVED:
                self._denied.setdefault(claim.amount, "rejected or not sent")
                if any(self._denies_falsely(record, now_ms) for record in moves):
                    self.breaks("said rejected or not sent, moved", claim.amount, told, picture)
            case Said.JUDGED:
                self._judge_judgement(claim, moves, told, picture)
            case Said.NOT_SENT_NOW:
                if len(self.ledger.arrivals.get(claim.amount, ())) >= self.confirmed[claim.amount]:
                    self.breaks("said nothing was sent, was sent", claim.amount, told, picture)

    def _judge_done(self, claim: Claim, moves: list[Record], told: str, picture: str) -> None:
        """Where the same was made elsewhere, it cannot be told from its own record: that is no falsehood."""
        now_ms = self.clock.now_ms() + 20
        candidates = [*moves, *self.ledger.identical(claim.amount, self.unwritten)]
        if not any(record.moved_ms is not None and record.moved_ms <= now_ms for record in candidates):
            self.breaks("said done, had not moved", claim.amount, told + self._twins(claim.amount), picture)
        elif claim.tran_id and claim.tran_id not in {record.tran_id for record in candidates}:
            self.breaks("said done, with another's tranId", claim.amount, told, picture)
        elif claim.tran_id and claim.tran_id not in {record.tran_id for record in moves}:
            self.counts["done by a record that cannot be told from its own"] += 1

    def _twins(self, amount: str) -> str:
        """What there is to know of identical ones."""
        twins = [one for one in list(self.ledger.arrivals) if one != amount and Decimal(one) == Decimal(amount)]
        return "".join(f"; its twin {one}{' (lost)' * (one in self.unwritten)}: {self.truth(one)}" for one in twins)

    def _denies_falsely(self, record: Record, now_ms: int) -> bool:
        has_come_back = record.reversed_ms is not None and record.reversed_ms <= now_ms
        return not record.says_failed_first and not has_come_back

    def _judge_judgement(self, claim: Claim, moves: list[Record], told: str, picture: str) -> None:
        """A judgement is false where the history had it, and too early before five minutes."""
        if claim.amount in self.decided:
            return
        now_ms = self.clock.now_ms()
        if any(self._denies_falsely(record, now_ms) and not self._may_be_judged(record) for record in moves):
            self._denied.setdefault(claim.amount, "not executed")
            self.breaks("said not executed, moved", claim.amount, told, picture)
        arrivals = self.ledger.arrivals.get(claim.amount)
        if arrivals and now_ms - arrivals[-1].at_ms < _TOO_EARLY_MS:
            self.breaks("said not executed within five minutes", claim.amount, told, picture)
        for record in self.ledger.executions(claim.amount):
            if record.gone_ms and self.exchange.shown[record.tran_id] >= _SEEN:
                self.breaks("said not executed, though it was seen", claim.amount, told, picture)

    def _may_be_judged(self, record: Record) -> bool:
        """Whether nobody could know better."""
        is_gone = record.gone_ms is not None and self.exchange.shown[record.tran_id] < _SEEN
        return record.may_be_judged or is_gone

    def _judge_alike(self, claim: AlikeClaim, picture: str) -> None:
        """What the review says of an earlier transfer that is identical to the program. A record that says FAILED first
        is no proof against what the review says of it.
        """
        alike = [amount for amount in list(self.confirmed) if Decimal(amount) == Decimal(claim.amount)]
        ledger, now_ms = self.ledger, self.clock.now_ms()
        has_moved = [
            any(self._denies_falsely(record, now_ms) for record in ledger.moves(one)) or bool(ledger.alike(one))
            for one in alike
            if one != claim.amount
        ]
        any_moved = any(ledger.moves(one) or ledger.alike(one) for one in alike if one != claim.amount)
        is_true = {Said.MOVED: any_moved, Said.NOT_MOVED: not all(has_moved), Said.JUDGED: not all(has_moved)}
        if not is_true.get(claim.said, True):
            self.breaks("said of an identical one what is not so", claim.amount, claim.words, picture)

    def _judge_figure(self, figure: Figure, terminal: "Terminal", picture: str) -> None:
        """A figure without a mark has to be what was there within the last minute, and since the last doubt."""
        now_ms = self.clock.now_ms()
        if self.clock.pace != 1 or now_ms - self.slow_since_ms < _SLOWED_MS:
            return  # a moment of drawing would be many seconds old
        source, destination = ends(terminal.move, terminal.pair)
        wallet = {"source": source, "destination": destination}.get(figure.wallet, figure.wallet)
        if wallet == "isolated":
            wallet = terminal.pair or wallet
        if wallet == "at least":
            if figure.amount > _IN_ALL + _IN_ALL_WITHIN:
                self.breaks("more than there is", f"{terminal.number} {figure.amount}", figure.words, picture)
            return
        if wallet == "all":
            self.counts["totals"] += 1
            if abs(figure.amount - _IN_ALL) > _IN_ALL_WITHIN:
                self.breaks("a total that was not so", f"{terminal.number} {figure.amount}", figure.words, picture)
            return
        since_ms = now_ms - _FRESH_MS
        kind = "a figure that was not so, without a mark"
        if terminal.doubt_ms and wallet in (source, destination) and now_ms - terminal.doubt_ms > _DOUBT_SEEN_MS:
            if terminal.doubt_ms > since_ms:
                kind = "a figure from before an unknown outcome, without a mark"
            since_ms = max(since_ms, terminal.doubt_ms)
        self.counts["figures"] += 1
        held = self.ledger.held_between(wallet, since_ms - 20, now_ms)
        if figure.amount not in held:
            told = f"{wallet}: {figure.words!r}; it held {sorted(held)[:3]}..."
            self.breaks(kind, f"{terminal.move} {terminal.number} {terminal.doubt_ms}", told, picture)

    slow_since_ms = 0
    """Since when the clock has gone at the world's pace."""

    def go(self, pace: float) -> None:
        """Let the clock go at another pace, as soon as nothing needs the world's."""
        with self._pace_lock:
            self._wanted_pace = pace
            self._set_pace()

    @contextmanager
    def at_the_worlds_pace(self) -> Iterator[None]:
        """For what waits for the keyring, which is in no hurry: the program's limit would be over at once."""
        with self._pace_lock:
            self._held_up += 1
            self._set_pace()
        try:
            yield
        finally:
            with self._pace_lock:
                self._held_up -= 1
                self._set_pace()

    def _set_pace(self) -> None:
        pace = 1.0 if self._held_up else self._wanted_pace
        if pace != self.clock.pace:
            self.clock.go(pace)
            self.slow_since_ms = self.clock.now_ms() if pace == 1 else 0

    def truth(self, amount: str) -> str:
        """What there is to know of an amount."""
        told = []
        for arrival in self.ledger.arrivals.get(amount, ()):
            record = arrival.record
            fate = "not executed"
            if record:
                statuses = ", ".join(f"{status} +{since - arrival.at_ms}" for since, status in record.statuses)
                fate = (
                    f"tranId {record.tran_id}, {statuses}, visible +{record.visible_ms - arrival.at_ms}, "
                    f"time {record.told_ms - arrival.at_ms:+}, told {record.told}"
                )
            told.append(f"arrived {_clock_time(arrival.at_ms)}, {arrival.what}: {fate}")
        told += [f"alike elsewhere: {one.told}, {one.statuses}" for one in self.ledger.alike(amount)]
        return "; ".join(told) or "never arrived"

    def judge_rows(self, rows: list[dict[str, Any]]) -> None:
        """Judge what the journal says."""
        by_id = {row["id"]: row for row in rows}
        self.exchange.known_tran_ids = [
            row["tran_id"]
            for row in rows
            if row["outcome"] == "done" and row["tran_id"] in {one.tran_id for one in self.ledger.moves(row["amount"])}
        ]
        for row in rows:
            self._note_reopened(row)
            said = words.KIND_OF[row["outcome"].replace("_", " ")]
            self.judge(Claim(said, row["amount"], f"journal: {row['outcome']} ({row['message']})", row["tran_id"]))
            if (clash := words.IS_ALREADY.search(row["message"])) and int(clash[1]) in self._own_tran_ids(row):
                holder = by_id.get(int(clash[2]), {})
                if holder.get("tran_id") == int(clash[1]):
                    self.breaks("said that its own tranId is already another's", row["amount"], row["message"])

    def _note_reopened(self, row: dict[str, Any]) -> None:
        """Note that a final outcome is open again: a watch may reopen it more than once in an hour."""
        if row["outcome"] not in words.OPEN_IN_JOURNAL:
            self._settled.add(row["amount"])
        elif row["amount"] in self._settled:
            self._settled.remove(row["amount"])
            self.reopened_s[row["amount"]] = self.clock.now_s()

    def _own_tran_ids(self, row: dict[str, Any]) -> set[int]:
        return {record.tran_id for record in self.ledger.executions(row["amount"])}

    def restored(self, confirmed: set[str], rows: list[dict[str, Any]]) -> None:
        """Note what an older copy of the journal, put back, does not know."""
        self.judge_rows(rows)
        self.unwritten |= confirmed - {row["amount"] for row in rows}
        self.reverted |= {row["amount"] for row in rows if row["outcome"] in words.OPEN_IN_JOURNAL}

    def judge_end(self, rows: list[dict[str, Any]]) -> None:
        """Judge what the journal says once everything has to be settled."""
        self.judge_rows(rows)
        written = Counter(row["amount"] for row in rows)
        for amount in self.ledger.arrivals.keys() | self.confirmed.keys() | written.keys():
            self._judge_counts(amount, written[amount])
        for row in rows:
            self._judge_outcome(row, self.ledger.moves(row["amount"]))

    def _is_over_by_every_clock(self, amount: str) -> bool:
        """Whether an hour has passed since the sending by the clock of the machine too, which may have been put right,
        or wrong, meanwhile.
        """
        arrivals = self.ledger.arrivals.get(amount, ())
        sent_s = arrivals[-1].at_ms / 1000 if arrivals else self.clock.now_s() - _HOUR_S
        if self.clock.now_s() - self.reopened_s.get(amount, 0.0) < _REOPENED_S:
            return False
        put_on_s = min(self.offsets_s, default=0.0) - self.sent_offset_s.get(amount, 0.0)
        return self.clock.now_s() - sent_s + put_on_s >= _HOUR_S

    def _judge_counts(self, amount: str, written: int) -> None:
        arrived = len(self.ledger.arrivals.get(amount, ()))
        confirmed, truth = self.confirmed[amount], self.truth(amount)
        if arrived > confirmed:
            self.breaks("doubled: sent more often than confirmed", amount, truth)
        if amount in self.unwritten:
            return
        if arrived > written:
            self.breaks("lost: sent, and not in the journal", amount, truth)
        if written > confirmed - self.not_sent_now[amount]:
            self.breaks("in the journal more often than it was confirmed", amount, truth)
        if amount in self.answered and not written:
            self.breaks("lost: its end was on the screen, and is not in the journal", amount, truth)

    def _judge_outcome(self, row: dict[str, Any], moves: list[Record]) -> None:
        amount, outcome = row["amount"], row["outcome"]
        truth = f"{outcome} ({row['message']}); {self.truth(amount)}"
        if outcome in words.OPEN_IN_JOURNAL and not self._is_over_by_every_clock(amount):
            self.counts["open, and not an hour old by its machine's clock"] += 1
        elif outcome in words.OPEN_IN_JOURNAL:
            asked_with = self.asked_with.get(amount, "")
            self.breaks("unsettled after an hour", amount, f"{truth}; {asked_with[:200]}", asked_with)
        elif any(self._denies_falsely(record, self.clock.now_ms()) for record in moves) and outcome != "done":
            self.breaks("lost: moved, and the journal says otherwise at the end", amount, truth)
        elif outcome == "done" and not row["tran_id"] and words.BY_HAND not in row["message"]:
            self.breaks("done without a tranId", amount, truth)
        arrivals = self.ledger.arrivals.get(amount, ())
        is_known = amount in self.answered - self.reverted - self.unwritten
        if is_known and len(arrivals) == 1 and (code := arrivals[0].code):
            if outcome != words.REJECTED_IN_JOURNAL:
                self.breaks("a documented refusal was not taken for one", f"{code}", truth)
            elif row["code"] != code:
                self.breaks("the code of a refusal was lost", f"{code}", truth)
        denied = f"said {self._denied.get(amount)}, moved"
        is_new = amount in self._denied and (denied, amount) not in self.broken
        if is_new and any(self._denies_falsely(record, self.clock.now_ms()) for record in moves):
            self.breaks(f"{denied} later", amount, truth)


def _clock_time(at_ms: int) -> str:
    return time.strftime("%H:%M:%S", time.gmtime(at_ms / 1000)) + f".{at_ms % 1000:03}"


# The persons


class Terminal(Pty):
    """The real program in a pseudo-terminal, whose every picture is judged."""

    def __init__(
        self, judge: Judge, environment: Environment, clock_path: Path, number: int, wall_offset_s: float = 0
    ) -> None:
        form: tuple[str, ...]
        self.pair: str | None
        self.move, self.pair, form, self._size = _FORMS[number]
        self.number = number
        self.doubt_ms = 0
        """Since when an unknown outcome is on the screen."""
        self._judge = judge
        self._shown = ""
        self._lines = [""] * self._size[0]
        self.written = self._unshown = b""
        self._screen = pyte.Screen(self._size[1], self._size[0])
        self._stream = pyte.ByteStream(self._screen)
        command = [sys.executable, "-m", "tests.bench.judge_program", str(clock_path), "--profile", PROFILE]
        command += [*form, "--asset", "USDT"]
        self._process = pexpect.spawn(
            command[0],
            command[1:],
            env={**environment, WALL_OFFSET: str(wall_offset_s)},
            dimensions=self._size,
        )
        self._process.delaybeforesend = None
        self.pid = self._process.pid

    def screen(self) -> str:
        """What stands on the screen, judged."""
        self._read()
        self.written = b""
        if self._screen.dirty:
            self._show_dirty_lines()
            shown = "\n".join(self._lines)
            if shown != self._shown:
                self._shown = shown
                self._judge.look(self, shown)
        return self._shown

    def _show_dirty_lines(self) -> None:
        """Draw what changed alone: `Screen.display` draws all, for every key."""
        screen, columns = self._screen, range(self._screen.columns)
        for row in screen.dirty:
            self._lines[row] = "".join(screen.buffer[row][column].data for column in columns)
        screen.dirty.clear()


class Kill(Enum):
    """When the program ends."""

    STARTING = auto()
    BEFORE_Y = auto()
    AFTER_Y = auto()
    IN_FLIGHT = auto()
    AT_RESULT = auto()


@dataclass(frozen=True)
class Plan:
    """One transfer, and what the person does."""

    amount: str
    kill: Kill | None = None
    how: str = ""
    kill_after_s: float = 0
    types_ahead: bool = False
    presses_twice: bool = False
    looks_at_history: bool = False
    repeats: bool = False


def plan(number: int, seed: int, *, twins: int = 0) -> Plan:
    """What the person does with the n-th amount, or with its n-th twin, which differs in zeros at the end alone."""
    random = Random(f"{seed}/{number}/{twins}")
    kill = random.choice(list(Kill)) if random.random() < 0.13 else None
    return Plan(
        amount=_amount(number) + "0" * twins,
        kill=kill,
        how=random.choice(["SIGKILL", "SIGKILL", "SIGHUP", "quit", "quit twice"]),
        kill_after_s=random.uniform(0, 1.5 if kill is Kill.STARTING else 0.1),
        types_ahead=random.random() < 0.1,
        presses_twice=random.random() < 0.15,
        looks_at_history=random.random() < 0.06,
        repeats=random.random() < 0.4 and twins < 3,
    )


def _amount(number: int) -> str:
    """Far enough apart that few are the same when they are rounded."""
    return f"{Decimal(100_000 + 137 * number).scaleb(-4)}"


@dataclass
class Diary:
    """What happened at the terminals."""

    kills: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    alarms: list[str] = field(default_factory=list)
    decided: dict[str, str] = field(default_factory=dict)
    """What was chosen, by amount."""


class Person:
    """Someone at a terminal, who makes one kind of move."""

    def __init__(self, judge: Judge, diary: Diary, environment: Environment, clock_path: Path, number: int) -> None:
        self.judge = judge
        self.diary = diary
        self.terminal: Terminal | None = None
        self._random = Random(number)
        self._environment = environment
        self._clock_path = clock_path
        self.offset_s = 0.0
        """How far off the clock of their machine is."""
        self.number = number
        self.twins: deque[str] = deque()
        """Amounts that somebody else has made with another pair, and left unknown."""

    def _open(self) -> Terminal:
        """Start the program; the clock of the machine may be another one then."""
        is_wrong = not self.judge.exchange.is_calm and self._random.random() < _WRONG_CLOCKS
        self.offset_s = self._random.choice(_WALL_OFFSETS_S) if is_wrong else 0
        return Terminal(self.judge, self._environment, self._clock_path, self.number, self.offset_s)

    def see(self, pattern: str, *, pressing: str = "", where: str = "") -> Match[str]:
        """What matches on the screen, as soon as it does. An alarm that is in the way is read and closed. A key that
        has not done anything where it is asked for is pressed again, as a person would.
        """
        terminal = self.terminal
        assert terminal
        pressed_s = time.monotonic()
        deadline = pressed_s + LIMIT_S
        while not (found := search(pattern, screen := terminal.screen(), DOTALL)) or self._is_alarmed(screen):
            self._close_alarm(screen)
            self._leave_question(screen)
            if pressing and time.monotonic() > pressed_s + _PRESSED_AGAIN_S and search(where, screen):
                terminal.type(pressing)
                pressed_s = time.monotonic()
            assert time.monotonic() < deadline, f"no {pattern} on the screen:\n{screen}"
        return found

    def _is_alarmed(self, screen: str) -> bool:
        return bool(search(words.ALARM_IS_SHOWN, screen))

    def _close_alarm(self, screen: str) -> None:
        """Read an alarm, and say so a while later: who types on has not read it."""
        assert self.terminal
        if not self._is_alarmed(screen):
            self._alarm_s = 0.0
        elif not self._alarm_s:
            self._alarm_s = time.monotonic()
            self.diary.alarms.append(words.dialog_amount(screen))
        elif time.monotonic() > self._alarm_s + 1.3:
            self._alarm_s = time.monotonic()
            self.terminal.type(_ENTER)

    def _leave_question(self, screen: str) -> None:
        """Leave a question open that came up by itself: it is answered from the list. At first it takes no keys."""
        assert self.terminal
        if not words.asks_to_decide(screen):
            self._question_s = time.monotonic()
        elif time.monotonic() > self._question_s + 2.5:
            self._question_s = time.monotonic()
            self.terminal.type(_ESCAPE)

    _question_s = 0.0
    """Since when a question has been on the screen."""
    _alarm_s = 0.0
    """Since when an alarm has been on the screen; 0 where there is none."""

    def start(self) -> Terminal:
        """Open the program and go to the amount."""
        terminal = self.terminal = self._open()
        self.see(words.FORM_IS_SHOWN)
        terminal.type("\x0fm")  # go to the amount
        return terminal

    def make(self, coming: Plan) -> bool:
        """Make one transfer, as far as the plan lets it come; whether its outcome was left unknown on the screen."""
        if coming.kill is Kill.STARTING:
            self.leave()
            self.terminal = self._open()
            self.watch_for(coming.kill_after_s)
            self._end("SIGKILL", coming.kill)
        terminal = self.terminal or self.start()
        while self.see(f"{words.FORM_IS_READY}|{words.FORM_COULD_NOT_READ}")[0].endswith("not read"):
            terminal.type(_REFRESH)
            self.watch_for(1)
        terminal.type(_END_OF_LINE + _DELETE_LINE)
        self.see(words.AMOUNT_IS_EMPTY)
        terminal.type(coming.amount + _REVIEW + ("y" if coming.types_ahead else ""))
        was_asked = self._come_to_send(coming)
        if self.terminal is None:
            return False
        if coming.kill is Kill.BEFORE_Y:
            self._end(coming.how, coming.kill)
            return False
        self._expect_question(coming, was_asked=was_asked)
        arrived = self.judge.exchange.hold(coming.amount) if coming.kill is Kill.IN_FLIGHT else None
        self.judge.confirmed[coming.amount] += 1
        self.judge.sent_offset_s[coming.amount] = self.offset_s
        terminal.type("yy" if coming.presses_twice else "y")
        if arrived:
            self._await_arrival(arrived, coming)
            self._end(coming.how, Kill.IN_FLIGHT)
            return True
        if coming.kill is Kill.AFTER_Y:
            self.watch_for(coming.kill_after_s)
            self._end(coming.how, coming.kill)
            return True
        return self._read_result(coming)

    def _come_to_send(self, coming: Plan) -> bool:
        """Answer the review until `y` sends; whether it asked if a second identical one is meant."""
        was_asked = False
        asks = rf"Amount +{literally(coming.amount)} USDT.*{words.REVIEW_ASKS}"
        terminal = self.terminal
        assert terminal
        retyping = (
            _END_OF_LINE + _DELETE_LINE + coming.amount + _REVIEW
        )  # an alarm may have come up over the form, and taken the keys
        while (asked := self.see(asks, pressing=retyping, where=words.AMOUNT_IS_EMPTY)[1]) != words.MAY_SEND:
            if search(words.REFUSES, terminal.screen()):  # which is false, and told as that
                self.leave()
                return False
            assert asked in ("y  Try", words.ASKS_AGAIN), terminal.screen()
            was_asked |= asked == words.ASKS_AGAIN
            terminal.type(key := "y" if asked == "y  Try" else "d")
            self.see(rf"\A(?!.*{asked})", pressing=key, where=asked)
        self.diary.asked["repeat" if was_asked else "nothing"] += 1
        return was_asked

    def _expect_question(self, coming: Plan, *, was_asked: bool) -> None:
        """The twin of a transfer that this person saw end as unknown a moment ago has to be asked about."""
        twin = coming.amount[:-1]
        if was_asked or twin in self.judge.unwritten or not self._saw_unknown(twin):
            return
        if all(record.statuses[0][1] != "FAILED" for record in self.judge.ledger.executions(twin)):
            self.judge.breaks("a repeat was not asked about", coming.amount, self.judge.truth(twin))

    def _saw_unknown(self, amount: str) -> bool:
        return self._unknown == amount

    _unknown = ""
    """The amount whose outcome was last seen to be unknown."""

    def _await_arrival(self, arrived: threading.Event, coming: Plan) -> None:
        assert self.terminal
        pressed_s = time.monotonic()
        deadline = pressed_s + LIMIT_S
        while not arrived.is_set():
            screen = self.terminal.screen()
            if words.MAY_SEND in screen and time.monotonic() > pressed_s + _PRESSED_AGAIN_S:
                self.terminal.type("y")
                pressed_s = time.monotonic()
            assert time.monotonic() < deadline, f"{coming.amount} was never sent:\n{screen}"
            if words.ASKS_AGAIN in screen:
                self._mean_it()
            if search(words.RESULT, screen):
                return  # it was refused before it was one, for its time

    def _mean_it(self) -> None:
        """Another program sent a twin while the review was open."""
        assert self.terminal
        self.terminal.type("d")
        self.see(words.MAY_SEND, pressing="d", where=words.ASKS_AGAIN)
        self.terminal.type("y")

    def _read_result(self, coming: Plan) -> bool:
        terminal = self.terminal
        assert terminal
        ends = f"{words.RESULT}|{words.REVIEW_ENDS}|{words.ASKS_AGAIN}"
        while (done := self.see(ends, pressing="y", where=words.MAY_SEND))[0] == words.ASKS_AGAIN:
            self._mean_it()
        if done[0].startswith("Nothing was sent"):
            self.judge.not_sent_now[coming.amount] += 1
        elif done[1]:
            self.judge.answered.add(coming.amount)
        is_unknown = done[1] == "UNKNOWN"
        if is_unknown:
            terminal.doubt_ms = self.judge.clock.now_ms()
            self._unknown = coming.amount
        if coming.kill is Kill.AT_RESULT:
            self._end(coming.how, coming.kill)
            return is_unknown
        terminal.type(_ESCAPE)
        self.see(words.FORM_IS_UNCOVERED, pressing=_ESCAPE, where=words.DIALOG_IS_OPEN)
        if coming.looks_at_history:
            terminal.type(_HISTORY)
            self.see(words.HISTORY_IS_OPEN)
            terminal.type(_ESCAPE)
            self.see(words.FORM_IS_UNCOVERED, pressing=_ESCAPE, where=words.HISTORY_IS_OPEN)
        return is_unknown

    def _end(self, how: str, kill: Kill) -> None:
        """End the program in some way."""
        terminal = self.terminal
        assert terminal
        self.diary.kills[f"{kill.name.lower()} by {how}"] += 1
        if how == "SIGKILL":
            terminal.signal(signal.SIGKILL)
        elif how == "SIGHUP":
            terminal.hang_up()
            self.terminal = None
            return
        else:
            terminal.type(_QUIT)
            self.watch_for(0.3 if how == "quit twice" or kill is Kill.IN_FLIGHT else _READS_S)
            with suppress(OSError):  # it has quit
                terminal.type(_QUIT)
        terminal.wait_for_end()
        self.terminal = None

    def watch_for(self, seconds: float) -> None:
        """Look at the screen for a while."""
        deadline = time.monotonic() + seconds
        while self.terminal and time.monotonic() < deadline:
            self.terminal.screen()

    def leave(self) -> None:
        """Quit the program."""
        if terminal := self.terminal:
            terminal.type(_ESCAPE + _QUIT)
            self.watch_for(_READS_S)
            with suppress(OSError):  # it has quit
                terminal.type(_QUIT)  # about a transfer that is unknown, it asks once
            try:
                terminal.wait_for_end()
            except AssertionError:
                self.judge.breaks("the program did not quit", str(terminal.number), "", terminal.screen())
                terminal.kill()
            self.terminal = None

    def watch(self, over: threading.Event, random: Random) -> None:
        """Look at the screen until something is over; the program may be killed and started again meanwhile."""
        dies_at_s = time.monotonic() + random.uniform(2, 200)
        terminal = self.terminal or self._start_slowly()
        while not over.is_set():
            self._close_alarm(terminal.screen())
            if time.monotonic() > dies_at_s:
                terminal.signal(signal.SIGKILL)
                terminal.wait_for_end()
                self.diary.kills["waiting by SIGKILL"] += 1
                terminal = self._start_slowly()
                dies_at_s = time.monotonic() + random.uniform(20, 400)

    def _start_slowly(self) -> Terminal:
        with self.judge.at_the_worlds_pace():
            return self.start()

    def decide_open_ones(self, places: list[int]) -> None:
        """Start once more, open the rows at these places of the list of those that are open, and decide where the
        program asks.
        """
        terminal = self.start()
        self.see(words.EARLIER)
        self.watch_for(8)  # the reads that tell the program that it has to ask
        for _ in range(_PASSES):
            places = [place for place in places if not self._settle_by_hand(terminal, place)]
            if not places:
                break
            self.watch_for(_PASS_S)
        self.leave()

    def _settle_by_hand(self, terminal: Terminal, place: int) -> bool:
        """Open one row of the list and decide, if the program asks; whether there is nothing more to do about it."""
        self.see(words.NO_DIALOG)  # a notice would take the keys
        terminal.type(going := _TO_LIST + _FIRST_ROW + _DOWN * place + _ENTER)
        self.see(words.DIALOG_IS_OPEN, pressing=going, where=words.NO_DIALOG)
        screen = terminal.screen()
        is_asked = words.asks_to_decide(screen)
        self.judge.asked_with[words.dialog_amount(screen)] = screen
        goes_on = bool(search(words.GOES_ON_BY_ITSELF, screen))
        if not (is_asked and not goes_on and self._decide(terminal, screen)):
            terminal.type(_ESCAPE)
        self.see(words.NO_DIALOG, pressing=_ESCAPE, where=words.DIALOG_IS_OPEN)
        return not search(words.IS_UNKNOWN, screen)  # of what was decided, the next look tells

    def _decide(self, terminal: Terminal, screen: str) -> bool:
        """Choose what the ledger says; whether there was something to choose."""
        amount = words.dialog_amount(screen)
        offered = words.options(screen)
        choice = self._choice(offered, self.judge.ledger.executions(amount))
        if choice is None:
            return False
        self.diary.decided[amount] = offered[choice][0]
        self.judge.decided.add(amount)
        terminal.type(_FIRST + _DOWN * choice)
        self.watch_for(0.2)  # an answer is a key by itself
        terminal.type(_ENTER)
        return True

    def _choice(self, offered: list[tuple[str, int | None]], executions: list[Record]) -> int | None:
        """What the ledger says, as far as it is offered; None where it is not, or cannot be told yet."""
        now_ms = self.judge.clock.now_ms()
        record = executions[0] if executions else None
        if record is None or (record.moved_ms is None and ("record", record.tran_id) not in offered):
            wanted: tuple[str, int | None] = ("not executed", None)
        elif record.moved_ms is not None and record.moved_ms > now_ms:
            return None
        elif ("record", record.tran_id) in offered:
            wanted = ("record", record.tran_id)
        else:
            wanted = ("executed", None)
        return offered.index(wanted) if wanted in offered else None


# The run


@dataclass
class Report:
    """How it went."""

    figures: list[str]
    outcomes: dict[str, int]
    kills: Counter[str]
    broken: list[Violation]

    def __str__(self) -> str:
        told = [*self.figures]
        for kind, count in Counter(violation.kind for violation in self.broken).most_common():
            of_kind = [violation for violation in self.broken if violation.kind == kind]
            told.append(f"\n{count:6} {kind}")
            told += [f"       {_clock_time(int(one.at_s * 1000))} {one.amount}: {one.what}" for one in of_kind[:_SHOWN]]
            told.append(next((one.picture for one in of_kind if one.picture), ""))
        return "\n".join([*told, f"\n{len(self.broken)} promises broken"])


def journal(environment: Environment) -> list[dict[str, Any]]:
    """What `shunter journal` tells."""
    told = subprocess.run([*SHUNTER, "journal", "--json"], env=environment, stdout=subprocess.PIPE, check=True)
    rows: list[dict[str, Any]] = json.loads(told.stdout)
    return rows


class Run:
    """Everything that a run needs, and its phases."""

    def __init__(self, environment: Environment, *, seed: int, persons: int, lots: Mapping[str, Lot]) -> None:
        self._environment = environment
        self._seed = seed
        self._clock_path = Path(environment["HOME"]) / "judge-clock"
        self.clock = Clock(self._clock_path)
        self.exchange = JudgeExchange(self.clock, seed)
        self.judge = Judge(self.exchange, self.clock)
        self.diary = Diary()
        self._numbers = itertools.count(1)
        self.phases: defaultdict[str, float] = defaultdict(float)
        """How many of the world's seconds each phase took."""
        self._phase_s = time.monotonic()
        self.persons = [self._person(number) for number in range(persons)]
        self._random = Random(seed)
        self._is_calm = self.exchange.is_calm = bool(lots)
        self.exchange.lots = dict(lots)
        self._commands = Commands(self.exchange, environment, self._clock_path)

    def _person(self, number: int) -> Person:
        return Person(self.judge, self.diary, self._environment, self._clock_path, number)

    def journal(self) -> list[dict[str, Any]]:
        """What `shunter journal` tells."""
        return journal(self._environment)

    def batch(self, size: int, hours: float) -> None:
        """Make so many transfers, and let an hour pass, or more."""
        self.exchange.page_cap = self._random.choice([100, 100, 10])
        self.exchange.filters_by_pair = self._random.random() < 0.3
        self.exchange.names_pairs = self._random.random() < 0.4
        until = self.judge.confirmed.total() + size
        with self._journal_watched(), self._journal_restored(until - size // 2):
            with ThreadPoolExecutor(len(self.persons)) as threads:
                for used in [threads.submit(self._use, person, until) for person in self.persons]:
                    used.result()
            made_s = self.clock.now_s()
            if not self._is_calm and self._random.random() < 0.4:
                now_ms = self.clock.now_ms()
                self.exchange.blackout = now_ms + 20_000, now_ms + 800_000, blackout(self._random)
            self._tell("sent")
            for after_s in _ASKED_AFTER_S:
                if after_s < hours * _HOUR_S:
                    self.let_pass(made_s + after_s)
                    self._tell("waited")
                    self._ask_person()
                    self._tell("decided")
            self.let_pass(made_s + hours * _HOUR_S + 60)
            self._tell("waited")
        for person in self.persons:
            person.leave()
        self.judge.judge_end(rows := journal(self._environment))
        if not self._is_calm:
            self._judge_commands({row["id"]: row for row in rows})

        self._tell("judged")

    def _tell(self, phase: str) -> None:
        """Count the world's seconds that each phase takes."""
        now_s = time.monotonic()
        self.phases[phase] += now_s - self._phase_s
        self._phase_s = now_s

    def _judge_commands(self, rows: Mapping[int, dict[str, Any]]) -> None:
        """What the commands say of it all, on a machine whose clock is wrong first: what that leaves behind counts."""
        exchange, unwritten, run = self.exchange, self.judge.unwritten, self._commands.run
        for wall_offset_s in (self._random.choice(_WALL_OFFSETS_S), 0):
            printed = run("history", "--json", wall_offset_s=wall_offset_s)
            self.judge.note(judge_history(exchange, printed, rows, unwritten), wall_offset_s)
            printed = run("reconcile", "--json", wall_offset_s=wall_offset_s)
            self.judge.note(judge_reconcile(exchange, printed, rows, unwritten), wall_offset_s)
        self.judge.note(judge_agreement(exchange, run("reconcile"), rows, unwritten), 0)

    def _use(self, person: Person, until: int) -> None:
        while self.judge.confirmed.total() < until:
            if person.twins:
                amount = person.twins.popleft()
                with self._stuck_is_broken(person, amount):
                    person.make(Plan(amount))
                continue
            number = next(self._numbers)
            if _amount(number).endswith("00"):  # its amount would be that of others, rounded
                continue
            for twins in itertools.count():
                coming = plan(number, self._seed, twins=twins)
                if self._is_calm:
                    coming = Plan(coming.amount)
                with self._stuck_is_broken(person, coming.amount):
                    if person.make(coming) and coming.repeats:
                        self._pass_on(person, coming.amount)
                        continue
                break

    def _pass_on(self, person: Person, amount: str) -> None:
        """Have somebody else make the same with another pair."""
        other = _TAKES_TWINS.get(person.number)
        if other is not None and other < len(self.persons) and not self._is_calm and not amount.endswith("0"):
            self.persons[other].twins.append(f"{amount}0000")

    @contextmanager
    def _stuck_is_broken(self, person: Person, amount: str) -> Iterator[None]:
        """Who cannot go on says what was on the screen, and begins anew."""
        try:
            yield
        except (AssertionError, pexpect.ExceptionPexpect, OSError) as stuck:
            standing = self._where_it_stands(person.terminal) if person.terminal else ""
            self.judge.breaks("a person could not go on", amount, repr(stuck)[:100], f"{stuck}\n{standing}")
            if person.terminal:
                person.terminal.kill()
                person.terminal = None

    def _where_it_stands(self, terminal: Terminal) -> str:
        """What each thread of a program does just now."""
        written = stacks(self._clock_path, terminal.pid)
        with suppress(OSError, AssertionError):
            terminal.signal(signal.SIGUSR1)
            wait_for(lambda: written.stat().st_size)
            return written.read_text()
        return ""

    def let_pass(self, until_s: float) -> None:
        """Let time pass quickly. Mostly all programs end before, and one is started, which settles what they sent."""
        over = threading.Event()
        staying = self.persons if self._random.random() < _ALL_STAY else [self._random.choice(self.persons)]
        if staying != self.persons:
            for person in self.persons:
                person.leave()
        with ThreadPoolExecutor(len(staying)) as threads:
            watching = [threads.submit(self._watch, person, over, Random(self._random.random())) for person in staying]
            self.judge.go(_PACE)
            try:
                while self.clock.now_s() < until_s:
                    time.sleep(0.05)
            finally:
                self.judge.go(1)
                over.set()
            for watched in watching:
                watched.result()
            self.judge.offsets_s = [person.offset_s for person in staying]

    def begin_anew(self) -> None:
        """Start the server again, without its books, as a rehearsal server is; its tranIds begin anew as well."""
        open_rows = [row["amount"] for row in journal(self._environment) if row["outcome"] in words.OPEN_IN_JOURNAL]
        self.judge.forgotten.update(open_rows)
        self.exchange.new_run()

    def _watch(self, person: Person, over: threading.Event, random: Random) -> None:
        while not over.is_set():
            with self._stuck_is_broken(person, "waiting"):
                person.watch(over, random)

    def _ask_person(self) -> None:
        rows = [row for row in journal(self._environment) if row["outcome"] in words.OPEN_IN_JOURNAL]
        shares = [list(range(len(rows)))[first::_DECIDERS] for first in range(_DECIDERS)]
        with ThreadPoolExecutor(_DECIDERS) as threads:
            for deciding in [threads.submit(self._decide, share) for share in shares if share]:
                deciding.result()

    def _decide(self, places: list[int]) -> None:
        person = self._person(0)
        with self._stuck_is_broken(person, "deciding"):
            person.decide_open_ones(places)

    @contextmanager
    def _journal_watched(self) -> Iterator[None]:
        over = threading.Event()

        def watch() -> None:
            while not over.wait(15):
                self.judge.judge_rows(journal(self._environment))

        with ThreadPoolExecutor(1) as thread:
            watching = thread.submit(watch)
            try:
                yield
            finally:
                over.set()
            watching.result()

    @contextmanager
    def _journal_restored(self, once_confirmed: int) -> Iterator[None]:
        """Put an older copy of the journal into its place, while transfers are open."""
        over = threading.Event()

        def restore() -> None:
            while self.judge.confirmed.total() < once_confirmed:
                if over.wait(0.2):
                    return
            path = next(Path(self._environment["HOME"]).rglob("journal.sqlite3"))
            with closing(sqlite3.connect(path)) as live, closing(sqlite3.connect(":memory:")) as copy:
                live.backup(copy)
                if over.wait(_RESTORED_AFTER_S):
                    return
                copy.backup(live)
            confirmed = set(self.judge.confirmed)
            self.judge.restored(confirmed, journal(self._environment))
            self.diary.asked["restored"] += 1

        if self._is_calm:
            yield
            return
        with ThreadPoolExecutor(1) as thread:
            restoring = thread.submit(restore)
            try:
                yield
            finally:
                over.set()
            restoring.result()


@contextmanager
def judging(environment: Environment, *, seed: int, persons: int, lots: Mapping[str, Lot]) -> Iterator[Run]:
    """A run over the exchange, with its key in the person's unlocked keyring. It is calm, but for the lots."""
    settings = Path(environment["HOME"]) / ".config/shunter/settings.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text('{"idle_lock_minutes": 0}')
    run = Run(environment, seed=seed, persons=persons, lots=lots)
    with served(run.exchange) as base_url:
        is_calm = run.exchange.is_calm
        run.exchange.is_calm = True  # until the key is there: its check can be spoilt too
        add_key(environment, base_url)
        run.exchange.is_calm = is_calm
        yield run


def judged(
    environment: Environment,
    *,
    transfers: int,
    seed: int,
    batch: int = 120,
    persons: int = 3,
    hours: float = 1,
    lots: Sequence[Lot] = (),
    progress: bool = False,
    restarts: bool = False,
) -> Report:
    """Run it with a person's unlocked keyring. With `lots`, these befall the first transfers, the persons do nothing
    that they should not, and no read fails.
    """
    began_s = time.monotonic()
    by_amount = {_amount(number): lot for number, lot in enumerate(lots, 1)}
    with judging(environment, seed=seed, persons=persons, lots=by_amount) as run:
        judge = run.judge
        while (left := transfers - judge.confirmed.total()) > 0:
            told = set(judge.broken)
            run.batch(min(batch, left), hours=hours)
            if progress:
                print(f"{time.monotonic() - began_s:5.0f} s: {judge.confirmed.total()} transfers")
                for one in [judge.broken[key] for key in judge.broken.keys() - told]:
                    print(f"       {one.kind} {one.amount}: {one.what}\n{one.picture}")
                sys.stdout.flush()
            if restarts:
                run.begin_anew()
    return report_of(run.judge, run.diary, journal(environment), time.monotonic() - began_s, run.phases)


def report_of(
    judge: Judge, diary: Diary, rows: Sequence[Mapping[str, Any]], took_s: float, phases: Mapping[str, float]
) -> Report:
    """How a run went."""
    arrivals = [arrival for many in judge.ledger.arrivals.values() for arrival in many]
    moved = [arrival for arrival in arrivals if arrival.record and arrival.record.moved_ms is not None]
    outcomes = Counter(row["outcome"] for row in rows)
    figures = [
        f"{judge.confirmed.total()} transfers confirmed, {len(arrivals)} arrived, {len(moved)} moved; "
        f"{judge.ledger.run + 1} runs of the server",
        "what befell them: " + _counted(Counter(arrival.what for arrival in arrivals)),
        "outcomes in the journal: " + _counted(outcomes),
        f"{diary.kills.total()} ends of a program: " + _counted(diary.kills),
        f"{diary.asked['repeat']} repeats asked about, {len(diary.decided)} decisions by the person "
        f"({_counted(Counter(diary.decided.values()))}), {len(diary.alarms)} alarms",
        f"{judge.pictures} pictures judged; " + _counted(judge.counts),
        f"{took_s:.0f} s, {took_s / max(1, judge.confirmed.total()):.2f} s a transfer: "
        + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in phases.items()),
    ]
    return Report(figures, dict(outcomes), diary.kills, list(judge.broken.values()))


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counter.most_common())


def main() -> int:
    """Run it and say how it went; 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transfers", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=120)
    parser.add_argument("--persons", type=int, default=len(_FORMS))
    parser.add_argument("--restarts", action="store_true", help="start the exchange anew between batches")
    given = parser.parse_args()
    with home() as environment:
        report = judged(
            environment,
            transfers=given.transfers,
            seed=given.seed,
            batch=given.batch,
            persons=given.persons,
            progress=True,
            restarts=given.restarts,
        )
    print(report)
    return int(bool(report.broken))


if __name__ == "__main__":
    sys.exit(main())
