"""A thousand transfers by the real program through random faults, killed (SIGKILL) and started again at random.

    python -m tests.bench.soak_program [--transfers 1000] [--seed 1]

Three Shunters share one journal and one keyring, each in a pseudo-terminal, and are used as a person does: amount,
review, `y`, result. The exchange that they talk to misbehaves. All are killed over and over: before the `y`, right
after it, while the transfer is in flight, at its result, while starting. At the end one last start settles what is
open. Then journal and ledger must tell the same of every single confirmation; else it exits with 1.

What a person confirms can be told apart by the amount as typed, for all of them differ. Some differ in zeros at the
end alone: to the program and in the history these are identical transfers, so that it warns of them, and asks the
person when a record may be of either. The person here knows the ledger, and decides rightly.
"""

import argparse
import itertools
import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, auto
from random import Random
from typing import Any
from urllib.parse import parse_qs

from starlette.types import Message, Receive, Scope, Send

from tests.bench.real_program import SHUNTER, add_key, home, opened
from tests.terminal.conftest import Environment, Pty
from tests.waiting import LIMIT_S
from tui.demo.exchange import DemoExchange
from tui.demo.faults import TRANSFER_PATH, Answer, Cut, Fault, Gate
from tui.demo.history import Lag
from tui.demo.serving import served
from tui.domain.amounts import plain
from tui.domain.transfer import Outcome

_PROGRAMS = 3
_SETTLED_WITHIN_S = 300
_JUDGED_AFTER_MS = 300_000
_SHOWN = 10
_LOOKS_EVERY_S = 3
"""A look starts `shunter journal`, and has the program open every row that is left."""

_ASKS_AGAIN = "d  allow"
_READS_S = 1.0
_REVIEW, _QUIT, _ESCAPE, _ENTER = "\x12", "\x11", "\x1b", "\r"
_END_OF_LINE, _DELETE_LINE = "\x05", "\x15"
_DOWN, _FIRST, _FIRST_ROW, _BACK_TAB = "\x1b[B", "\x1b[H", "\x1b[1;5H", "\x1b[Z"
_EMPTY_AMOUNT = r"Amount +e\.g\."
_UNCOVERED_FORM = r"Asset +USDT +Amount"
_AGAIN = "press it again"
_NOT_DECIDED = "Not decided"
_NO_DIALOG = r"\A(?!(?s:.*)Esc or q  )"
"""Where the form may be out of sight, above a long list."""

_DOUBTFUL = (
    *Cut,
    Answer(500),
    Answer(502, b"<html>"),
    Answer(504, b'{"code":-1007,"msg":"Timeout waiting for response from backend server."}'),
    Answer(400, b'{"code":-1006,"msg":"An unexpected response was received from the message bus."}'),
    Answer(503, b'{"code":-1000,"msg":"Unknown error, please check your request or try again later."}'),
    Answer(200),
    Answer(200, b"<html>"),
    Answer(200, b'{"tranId":null}'),
    Answer(302, headers={"location": "/"}),
)
_REFUSALS = (
    Answer(400),
    Answer(400, b'{"code":-5002,"msg":"You have insufficient balance."}'),
    Answer(400, b'{"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow."}'),
    Answer(403, b"<html>"),
    Answer(418),
    Answer(429, headers={"retry-after": "1"}),
    Answer(503, b'{"code":-1008,"msg":"Server is currently overloaded with other requests."}'),
)


# What is going to happen


class Kill(Enum):
    """When the program is killed."""

    STARTING = auto()
    BEFORE_Y = auto()
    AFTER_Y = auto()
    IN_FLIGHT = auto()
    AT_RESULT = auto()


@dataclass(frozen=True)
class Plan:
    """One transfer, and what befalls it."""

    amount: str
    """As it is typed; no two are the same."""
    fault: Fault | None
    kill: Kill | None
    kill_after_s: float
    """Since the start of the program, or since the `y`."""
    gate: Gate | None
    """Where the request is held until the program is dead."""
    gate_opens_after_s: float


def plan(number: int, seed: int) -> Plan:
    """What befalls the n-th transfer; the same for the same seed."""
    random = Random(f"{seed}/{number}")
    kill = random.choice(list(Kill)) if _is_rough(number) and random.random() < 0.3 else None
    gate = Gate() if kill is Kill.IN_FLIGHT else None
    return Plan(
        amount=_amount(number),
        fault=_held(gate, random) if gate else _fault(random),
        kill=kill,
        kill_after_s=random.uniform(0, 1.5 if kill is Kill.STARTING else 0.1),
        gate=gate,
        gate_opens_after_s=random.uniform(0, 6),
    )


def _is_rough(number: int) -> bool:
    """In between there is a while of calm, long enough for a running program to settle something."""
    return number % 100 < 60


def _amount(number: int) -> str:
    """Three of ten are identical but for the zeros at their end."""
    alike = max(0, number % 10 - 7)
    return plain(Decimal((number - alike) * 10 + 1).scaleb(-5)) + "0" * alike  # none is another one, rounded


def _held(gate: Gate, random: Random) -> Fault:
    return random.choice(
        [Fault(before=gate), Fault(after=gate), Fault(before=gate, executes=False, answer=Answer(500))]
    )


def _fault(random: Random) -> Fault | None:
    match random.randrange(12):
        case 0 | 1:
            return Fault(answer=random.choice(_DOUBTFUL))
        case 2:
            return Fault(answer=random.choice(_DOUBTFUL), executes=False)
        case 3:
            return Fault(answer=random.choice(_REFUSALS), executes=False)
        case 4:
            return Fault(before=random.uniform(0, 2))
        case 5:
            return Fault(after=random.uniform(0, 2))
        case 6 if random.random() < 0.05:
            return Fault(after=22)  # longer than the program waits
        case _:
            return None


class Misbehaving:
    """The demo exchange with the planned fault for each transfer, and random ones in its history, lag and clock."""

    def __init__(self, seed: int) -> None:
        self.exchange = DemoExchange()
        self.exchange.weights.enforced = False  # a person does not send so many in a minute
        self._planned: dict[str, Fault] = {}
        self._random = Random(seed)
        self._is_calm = False

    def expect(self, coming: Plan) -> None:
        """Let the fault of a transfer lie in wait for it."""
        if coming.fault:
            self._planned[coming.amount] = coming.fault

    def calm_down(self) -> None:
        """No more faults, and enough of the exchange's time gone by for a judgement that something was not executed."""
        self._is_calm = True
        self.exchange.clock_offset_ms += _JUDGED_AFTER_MS
        self.exchange.history.hidden = self.exchange.history.pending = Lag()

    def executed(self) -> dict[str, int]:
        """The tranId of each amount that moved."""
        return {plain(transfer.request.amount): transfer.tran_id for transfer in self.exchange.ledger.transfers}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, with its fault."""
        body = b""
        more = scope["type"] == "http"
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        unread: list[Message] = [{"type": "http.request", "body": body}]

        async def replayed() -> Message:
            return unread.pop() if unread else await receive()

        # The exchange takes its fault before it waits for anything, so no other request gets this one's.
        self.exchange.faults[:] = filter(None, [self._fault(scope, body)])
        await self.exchange(scope, replayed, send)

    def _fault(self, scope: Scope, body: bytes) -> Fault | None:
        if self._is_calm or scope.get("path") != TRANSFER_PATH:
            return None
        random = self._random
        if scope["method"] == "GET":
            instead = random.choice([*_DOUBTFUL, Answer(429, headers={"retry-after": "1"})])
            return Fault(method="GET", answer=instead) if random.random() < 0.1 else None
        if random.random() < 0.1:
            self.exchange.history.hidden = Lag(seconds=random.choice([0, 1, 5, 12]))
            self.exchange.history.pending = Lag(seconds=random.choice([0, 0, 3]))
            self.exchange.clock_offset_ms = random.choice([-1000, 0, 1000])
        return self._planned.pop(parse_qs(body.decode())["amount"][0], None)


# The person


@dataclass
class Diary:
    """What the persons did and saw."""

    confirmed: Counter[str] = field(default_factory=Counter)
    """How often `y` was pressed where it sends, by amount."""
    results: dict[str, tuple[str, int | None]] = field(default_factory=dict)
    """What a result screen said: outcome and tranId, by amount."""
    kills: list[Kill] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    """Amounts of which the program warned that they repeat another."""
    decided: list[str] = field(default_factory=list)
    """Amounts that the program asked the person about."""


class Person:
    """Someone at a terminal."""

    def __init__(self, environment: Environment, app: Misbehaving, diary: Diary) -> None:
        self._environment = environment
        self._app = app
        self._diary = diary
        self._terminal: Pty | None = None
        self._amount_is_kept = False
        """Whether the form still has the amount of the last transfer, as it has where nothing moved."""
        self._late: list[threading.Timer] = []

    def make(self, coming: Plan) -> None:
        """Make one transfer, as far as the plan lets it come."""
        if coming.kill is Kill.STARTING:
            self.leave()
            self._terminal = opened(self._environment)
            time.sleep(coming.kill_after_s)
            self._kill(coming.kill)
        self._app.expect(coming)
        terminal = self._terminal or self._start()
        if self._amount_is_kept:
            terminal.type(_END_OF_LINE + _DELETE_LINE)
            terminal.find(_EMPTY_AMOUNT)
        terminal.type(coming.amount + _REVIEW)
        asked = terminal.find(rf"Amount +{re.escape(coming.amount)} USDT(?s:.*)(y  send|y  try|d  allow)")[1]
        if asked == "d  allow":
            self._diary.warned.append(coming.amount)
            terminal.type("d")
            terminal.find("y  send")
        if coming.kill is Kill.BEFORE_Y:
            self._kill(coming.kill)
            return
        self._diary.confirmed[coming.amount] += 1
        terminal.type("y")
        if coming.kill in (Kill.AFTER_Y, Kill.IN_FLIGHT):
            self._kill_unanswered(terminal, coming)
        else:
            self._read_result(terminal, coming)

    def _start(self) -> Pty:
        terminal = self._terminal = opened(self._environment, "--asset", "USDT")
        terminal.find(r"of [0-9.,]+ USDT")
        terminal.type("\x0fm")  # go to the amount
        self._amount_is_kept = False
        return terminal

    def _mean_it(self, terminal: Pty, coming: Plan) -> None:
        """Another program sent a twin while the review was open: say once more that this one is meant."""
        self._diary.warned.append(coming.amount)
        terminal.type("d")
        terminal.find("y  send")
        terminal.type("y")

    def _kill_unanswered(self, terminal: Pty, coming: Plan) -> None:
        assert coming.kill
        if coming.gate is None:
            time.sleep(coming.kill_after_s)
            self._kill(coming.kill)
            return
        deadline = time.monotonic() + LIMIT_S
        while not coming.gate.reached.wait(0.05):
            assert time.monotonic() < deadline, f"{coming.amount} was never sent"
            if _ASKS_AGAIN in terminal.screen():
                self._mean_it(terminal, coming)
        self._kill(coming.kill)
        late = threading.Timer(coming.gate_opens_after_s, coming.gate.open)
        late.start()
        self._late.append(late)

    def _read_result(self, terminal: Pty, coming: Plan) -> None:
        ends = r"Transfer (done|rejected|not sent|unknown) (?s:.*)Esc or q +close|Nothing was sent|refused it:"
        while (done := terminal.find(f"{ends}|{_ASKS_AGAIN}"))[0] == _ASKS_AGAIN:
            self._mean_it(terminal, coming)
        self._amount_is_kept = done[1] not in ("done", "unknown")
        if done[1]:
            tran_id = re.search(r"tranId +([0-9]+)", done[0])
            self._diary.results[coming.amount] = (done[1].replace(" ", "_"), int(tran_id[1]) if tran_id else None)
        if coming.kill is Kill.AT_RESULT:
            self._kill(coming.kill)
        else:
            terminal.type(_ESCAPE)
            terminal.find(_UNCOVERED_FORM)

    def _kill(self, kill: Kill) -> None:
        assert self._terminal
        self._terminal.signal(signal.SIGKILL)
        self._terminal.wait_for_end()
        self._terminal = None
        self._diary.kills.append(kill)

    def leave(self) -> None:
        """Quit the program, and wait until nothing happens late any more."""
        if self._terminal:
            self._terminal.type(_QUIT)
            time.sleep(_READS_S)
            self._terminal.type(_QUIT)  # of an unknown transfer it asks once
            assert self._terminal.wait_for_end() == 0, self._terminal.screen()
            self._terminal = None
        for late in self._late:
            late.join()

    def settle(self) -> None:
        """Start once more, and wait until nothing is open; decide where the program asks."""
        listed = [row["id"] for row in journal(self._environment) if Outcome(row["outcome"]).is_open]
        terminal = self._start()
        if listed:
            terminal.find("Earlier, outcome open")
        terminal.type(_BACK_TAB * 4)  # before the first field stands the last list: that of the earlier transfers
        deadline = time.monotonic() + _SETTLED_WITHIN_S
        while left := [row for row in journal(self._environment) if Outcome(row["outcome"]).is_open]:
            assert time.monotonic() < deadline, f"still open: {left}"
            time.sleep(_LOOKS_EVERY_S)
            for row in left:
                self._decide(terminal, listed.index(row["id"]), row["amount"])
        self.leave()

    def _decide(self, terminal: Pty, place: int, amount: str) -> None:
        """Open a row of the list. Where the program asks, choose what the ledger says."""
        terminal.type(_FIRST_ROW + _DOWN * place + _ENTER)
        shown = terminal.find(rf"{re.escape(amount)} USDT(?s:.*)(Esc or q  close|leave it open)")
        records = [int(tran_id) for tran_id in re.findall(r"tranId ([0-9]+)", shown[0])]
        executed = self._app.executed().get(amount)
        if shown[1] == "Esc or q  close" or executed not in (None, *records):
            terminal.type(_ESCAPE)
        else:
            self._diary.decided.append(amount)
            none_of_these = len(records)
            choice = records.index(executed) if executed else none_of_these
            terminal.type(_FIRST + _DOWN * choice)
            time.sleep(_READS_S)
            terminal.type(_ENTER)  # by itself: a key of a burst decides nothing
            if _AGAIN in terminal.find(rf"{_NO_DIALOG}|{_AGAIN}|{_NOT_DECIDED}")[0]:
                time.sleep(_READS_S)
                terminal.type(_ENTER)
            if _NOT_DECIDED in terminal.find(rf"{_NO_DIALOG}|{_NOT_DECIDED}")[0]:  # the record went to another one
                terminal.type(_ESCAPE)
        terminal.find(_NO_DIALOG)


def journal(environment: Environment) -> list[dict[str, Any]]:
    """What `shunter journal` tells."""
    told = subprocess.run([*SHUNTER, "journal", "--json"], env=environment, stdout=subprocess.PIPE, check=True)
    rows: list[dict[str, Any]] = json.loads(told.stdout)
    return rows


# The soak


@dataclass
class Report:
    """How it went."""

    figures: list[str]
    kills: int
    broken: dict[str, list[object]]
    """What broke each promise."""


def soak(environment: Environment, *, transfers: int, seed: int) -> Report:
    """Run it with a person's unlocked keyring, until so many transfers are confirmed and all is settled."""
    app, diary = Misbehaving(seed), Diary()
    numbers = itertools.count(1)

    def plans() -> Iterator[Plan]:
        while diary.confirmed.total() < transfers:
            yield plan(next(numbers), seed)

    def use() -> None:
        person = Person(environment, app, diary)
        for coming in plans():
            person.make(coming)
        person.leave()

    started = time.monotonic()
    with served(app) as base_url:
        add_key(environment, base_url)
        with ThreadPoolExecutor(_PROGRAMS) as persons:
            for used in [persons.submit(use) for _ in range(_PROGRAMS)]:
                used.result()
        app.calm_down()
        made = time.monotonic()
        Person(environment, app, diary).settle()
        rows = journal(environment)
    outcomes = Counter(row["outcome"] for row in rows)
    kinds = Counter(kill.name.lower() for kill in diary.kills)
    figures = [
        f"{diary.confirmed.total()} transfers confirmed, {len(rows)} rows, {len(app.exchange.requests)} requests on "
        f"the wire, {len(app.exchange.ledger.transfers)} executed",
        f"{len(diary.kills)} kills and restarts: " + ", ".join(f"{count} {kind}" for kind, count in kinds.items()),
        "outcomes: " + ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()),
        f"{len(diary.warned)} warnings of a repeated transfer, {len(diary.decided)} decisions left to the person",
        f"{made - started:.0f} s, and {time.monotonic() - made:.0f} s until all was settled",
    ]
    return Report(figures, len(diary.kills), broken_promises(rows, app, diary))


def broken_promises(rows: list[dict[str, Any]], app: Misbehaving, diary: Diary) -> dict[str, list[object]]:
    """What broke each promise, by the journal, the exchange's books, and what persons did and saw."""
    ledger = [(plain(transfer.request.amount), transfer.tran_id) for transfer in app.exchange.ledger.transfers]
    executed = Counter(amount for amount, _ in ledger)
    on_the_wire = Counter(sent["amount"] for sent in app.exchange.requests)
    written = Counter(row["amount"] for row in rows)
    claimed = Counter((row["amount"], row["tran_id"]) for row in rows if row["tran_id"] is not None)
    ends = {row["amount"]: (row["outcome"], row["tran_id"]) for row in rows}
    alike = Counter(Decimal(amount) for amount in diary.confirmed)
    return {
        "rows still open": [row for row in rows if Outcome(row["outcome"]).is_open],
        "executed, but not in exactly one row, its own": [moved for moved in ledger if claimed[moved] != 1],
        "in a row, but not in the ledger": [*(claimed.keys() - set(ledger))],
        "executed, but its row says that nothing moved": [
            row for row in rows if row["amount"] in executed and row["outcome"] != Outcome.DONE
        ],
        "done, but without a tranId": [row for row in rows if row["outcome"] == Outcome.DONE and not row["tran_id"]],
        "executed more often than confirmed": [*(executed - diary.confirmed)],
        "sent more often than written down": [*(on_the_wire - written)],
        "written down more often than confirmed": [*(written - diary.confirmed)],
        "final on a screen, but not so in the journal": [
            (amount, shown)
            for amount, shown in diary.results.items()
            if shown[0] != Outcome.UNKNOWN and ends.get(amount) != shown
        ],
        "unknown on a screen, but not in the journal": [*(diary.results.keys() - ends.keys())],
        "asked about, though no other is like it": [amount for amount in diary.decided if alike[Decimal(amount)] < 2],
    }


def main() -> int:
    """Run it and say how it went; 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transfers", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with home() as environment:
        report = soak(environment, transfers=given.transfers, seed=given.seed)
    print(*report.figures, sep="\n")
    for promise, broken_by in report.broken.items():
        print(f"{len(broken_by):6} {promise}", *broken_by[:_SHOWN])
    return int(any(report.broken.values()))


if __name__ == "__main__":
    sys.exit(main())
