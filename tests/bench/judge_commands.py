"""What `shunter reconcile` and `shunter history` say, against the ledger."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.judge_exchange import JudgeExchange
from tests.bench.judge_ledger import Record
from tests.bench.judge_program import WALL_OFFSET
from tests.bench.judge_words import (
    AGREE,
    DIFFERS_ELSEWHERE,
    DIFFERS_FAILED,
    DIFFERS_NO_RECORD,
    IT_MOVED,
    MADE_ELSEWHERE,
    MADE_HERE,
    NOT_MOVED_IN_JOURNAL,
)
from tests.bench.real_program import PROFILE
from tests.terminal.conftest import Environment

_LIMIT_S = 300

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Contradiction:
    """What a command said, and the ledger does not bear out."""

    kind: str
    amount: str
    words: str


@dataclass(frozen=True)
class Printed:
    """What a command printed, and the exchange's time before and after."""

    text: str
    errors: str
    status: int
    since_ms: int
    until_ms: int

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Its JSON."""
        rows: list[dict[str, Any]] = json.loads(self.text or "[]")
        return rows

    @property
    def is_whole(self) -> bool:
        """Whether it says that nothing is missing."""
        return not self.errors and self.status in (0, 1)


class Commands:
    """Runs them at the judge's exchange."""

    def __init__(self, exchange: JudgeExchange, environment: Environment, clock_path: Path) -> None:
        self._exchange = exchange
        self._environment = environment
        self._clock_path = clock_path

    def run(self, *command: str, wall_offset_s: float = 0) -> Printed:
        """Run one, on a machine whose clock is so far off."""
        since_ms = self._exchange.clock.now_ms()
        ran = subprocess.run(
            [sys.executable, "-m", "tests.bench.judge_program", str(self._clock_path), *command, "--profile", PROFILE],
            env={**self._environment, WALL_OFFSET: str(wall_offset_s)},
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
        )
        return Printed(ran.stdout, ran.stderr.strip(), ran.returncode, since_ms, self._exchange.clock.now_ms())


def _shown(exchange: JudgeExchange, printed: Printed) -> dict[int, Record]:
    """What the history had all the while, by tranId as it tells it."""
    return {
        record.told["tranId"]: record
        for record in exchange.ledger.records
        if isinstance(record.told["tranId"], int)
        and record.is_shown(printed.since_ms)
        and record.is_shown(printed.until_ms)
        and record.told_ms < printed.since_ms
    }


def _statuses(record: Record, printed: Printed) -> set[str]:
    return {record.status(printed.since_ms), record.status(printed.until_ms)}


def judge_reconcile(
    exchange: JudgeExchange, printed: Printed, journal: Mapping[int, Row], unwritten: set[str]
) -> Iterator[Contradiction]:
    """What `reconcile --json` says that is not so, and what it leaves out."""
    ledger, shown = exchange.ledger, _shown(exchange, printed)
    named = set()
    for told in printed.rows:
        row = journal.get(told["journal_id"], {})
        amount = row.get("amount") or told["amount"] or "?"
        named.add(told["journal_id"])
        own = ledger.executions(amount)
        kind, words = told["kind"], json.dumps(told)
        if kind == DIFFERS_ELSEWHERE:
            record = shown.get(told["tran_id"])
            if record and record.sent_as and record.sent_as not in unwritten:
                yield Contradiction("reconcile: made elsewhere, was made here", record.sent_as, words)
        elif kind == DIFFERS_NO_RECORD and row.get("tran_id") in {record.tran_id for record in own} & shown.keys():
            yield Contradiction("reconcile: no record, there is one", amount, words)
        elif kind == DIFFERS_FAILED and not any("FAILED" in _statuses(record, printed) for record in own):
            yield Contradiction("reconcile: failed, did not", amount, words)
        if IT_MOVED in (told["advice"] or "") and not _has_moved(exchange, row, amount, printed):
            yield Contradiction("reconcile: it moved, did not", amount, words)
    if printed.is_whole:
        for row_id, row in journal.items():
            if row_id not in named and (words := _left_out(exchange, row, shown, printed)):
                yield Contradiction(f"reconcile: says nothing of what differs: {words}", row["amount"], printed.text)


def _has_moved(exchange: JudgeExchange, row: Row, amount: str, printed: Printed) -> bool:
    own = exchange.ledger.executions(amount)
    if any("CONFIRMED" in _statuses(record, printed) for record in own):
        return True
    return row.get("outcome") == "not_executed" and bool(exchange.ledger.alike(amount))


def _left_out(exchange: JudgeExchange, row: Row, shown: Mapping[int, Record], printed: Printed) -> str:
    own = [record for record in exchange.ledger.executions(row["amount"]) if record.is_readable]
    for record in own:
        statuses = _statuses(record, printed)
        is_shown = record.tran_id in shown
        if row["outcome"] == "done" and row["tran_id"] == record.tran_id:
            if is_shown and statuses == {"FAILED"}:
                return "done, and the record says FAILED"
            if not record.is_shown(printed.since_ms) and not record.is_shown(printed.until_ms):
                return "done, and there is no record"
        if row["outcome"] in NOT_MOVED_IN_JOURNAL and is_shown and statuses == {"CONFIRMED"}:
            return f"{row['outcome']}, and the record says CONFIRMED"
    return ""


def judge_agreement(exchange: JudgeExchange, printed: Printed, journal: Mapping[int, Row]) -> Iterator[Contradiction]:
    """How many `reconcile` says agree: no more than do."""
    count = AGREE.search(printed.text)
    if not count:
        return
    shown = _shown(exchange, printed)
    agreeing = [row for row in journal.values() if _agrees(exchange, row, shown, printed)]
    if int(count[1].replace(",", "")) > len(agreeing):
        yield Contradiction("reconcile: more agree than do", f"{count[1]} of {len(agreeing)}", printed.text[-600:])


def _agrees(exchange: JudgeExchange, row: Row, shown: Mapping[int, Record], printed: Printed) -> bool:
    own = exchange.ledger.executions(row["amount"])
    alike = exchange.ledger.alike(row["amount"])
    if row["outcome"] == "done":
        return any(
            record.tran_id == row["tran_id"]
            and record.is_shown(printed.until_ms)
            and "CONFIRMED" in _statuses(record, printed)
            for record in (*own, *alike)
        )
    return row["outcome"] in NOT_MOVED_IN_JOURNAL and not any(
        record.tran_id in shown and _statuses(record, printed) == {"CONFIRMED"} for record in own
    )


def judge_history(
    exchange: JudgeExchange, printed: Printed, journal: Mapping[int, Row], unwritten: set[str]
) -> Iterator[Contradiction]:
    """What `history --json` says that is not so, and what it leaves out."""
    shown = _shown(exchange, printed)
    alike = {record.tran_id for row in journal.values() for record in exchange.ledger.alike(row["amount"])}
    seen: set[int] = set()
    for told in printed.rows:
        tran_id, words = told["tran_id"], json.dumps(told)
        record = shown.get(tran_id)
        if record is None:
            continue
        amount = record.sent_as or str(record.amount)
        if tran_id in seen:
            yield Contradiction("history: one record twice", amount, words)
        seen.add(tran_id)
        if told["made"] == MADE_ELSEWHERE and record.sent_as and record.sent_as not in unwritten:
            yield Contradiction("history: made elsewhere, was made here", amount, words)
        if told["made"] in MADE_HERE and not record.sent_as and tran_id not in alike:
            yield Contradiction("history: made here, was made elsewhere", amount, words)
        pairs = {told["from_symbol"], told["to_symbol"]} - {None, ""}
        if record.is_readable and not pairs <= set(record.ends):
            yield Contradiction("history: names another pair", amount, words)
    if printed.is_whole and printed.status == 0:
        for tran_id in shown.keys() - seen:
            record = shown[tran_id]
            yield Contradiction("history: a record is missing", record.sent_as or str(record.amount), f"{record}")
