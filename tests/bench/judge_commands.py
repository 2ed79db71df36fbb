"""What `shunter reconcile` and `shunter history` say, against the ledger."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from tests.bench import judge_words as says
from tests.bench.judge_exchange import JudgeExchange
from tests.bench.judge_ledger import Record
from tests.bench.judge_program import WALL_OFFSET
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
    shown = _shown(exchange, printed)
    named = set()
    for told in printed.rows:
        row = journal.get(told["journal_id"], {})
        amount = row.get("amount") or told["amount"] or "?"
        named.add(told["journal_id"])
        for false in _false_of_difference(exchange, told, journal, shown, printed, unwritten):
            record = shown.get(told["tran_id"])
            whose = record.sent_as if record and record.sent_as and not row else amount
            yield Contradiction(f"reconcile: {false}", whose, json.dumps(told))
    if printed.is_whole:
        for row_id, row in journal.items():
            if row_id not in named and (words := _left_out(exchange, row, shown, printed)):
                yield Contradiction(f"reconcile: says nothing of what differs: {words}", row["amount"], printed.text)


def _false_of_difference(  # noqa: C901 - a case for each kind
    exchange: JudgeExchange,
    told: Row,
    journal: Mapping[int, Row],
    shown: Mapping[int, Record],
    printed: Printed,
    unwritten: set[str],
) -> Iterator[str]:
    row = journal.get(told["journal_id"], {})
    own = exchange.ledger.executions(row.get("amount", ""))
    record = shown.get(told["tran_id"])
    match told["kind"]:
        case says.DIFFERS_ELSEWHERE:
            if record and record.sent_as and record.sent_as not in unwritten:
                yield "made elsewhere, was made here"
        case says.DIFFERS_NO_RECORD:
            if row.get("tran_id") in {one.tran_id for one in own} & shown.keys():
                yield "no record, there is one"
        case says.DIFFERS_FAILED:
            if not any("FAILED" in _statuses(one, printed) for one in own):
                yield "failed, did not"
        case says.DIFFERS_OTHER:
            if record in own and record.is_readable and _statuses(record, printed) <= set(says.FINAL):
                yield "another record, is its own"
        case says.DIFFERS_PENDING:
            if record and "PENDING" not in _statuses(record, printed):
                yield "pending, is not"
        case says.DIFFERS_EXECUTED:
            if not _is_borne_out(own, told["tran_id"], printed):
                yield "executed after all, has no record that says so"
    advice = told["advice"] or ""
    if says.IT_MOVED in advice and not _is_borne_out(own, told["tran_id"], printed):
        yield "it moved, has no record of its own that says so"
    if (so_did := says.SO_DID.search(advice)) and not _agrees(
        exchange, journal.get(int(so_did[1]), {}), printed, unwritten
    ):
        yield "so did another one, did not"


def _is_borne_out(records: Iterable[Record], tran_id: int | None, printed: Printed) -> bool:
    """Whether one of these has that tranId and said CONFIRMED."""
    return any(record.tran_id == tran_id and "CONFIRMED" in _statuses(record, printed) for record in records)


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
        if row["outcome"] in says.NOT_MOVED_IN_JOURNAL and is_shown and statuses == {"CONFIRMED"}:
            return f"{row['outcome']}, and the record says CONFIRMED"
    return ""


def judge_agreement(
    exchange: JudgeExchange, printed: Printed, journal: Mapping[int, Row], unwritten: set[str]
) -> Iterator[Contradiction]:
    """How many rows `reconcile` counts as what: no more than there are, and each row once."""
    if not (found := says.AGREE.search(printed.text)):
        if printed.text:
            yield Contradiction("reconcile: does not count what agrees", "", printed.text)
        return
    agree, differ = _number(found[1]), _number(found[2])
    shown, rows = _shown(exchange, printed), list(journal.values())
    counted = {
        "agree": (agree, sum(_agrees(exchange, row, printed, unwritten) for row in rows)),
        "unmoved": (_count(says.UNMOVED, printed), sum(_is_unmoved(exchange, row, shown, printed) for row in rows)),
        "done by word": (_count(says.BY_WORD, printed), sum(_is_done(row) and not row["tran_id"] for row in rows)),
        "pending": (_count(says.STILL_PENDING, printed), sum(_is_pending(exchange, row, printed) for row in rows)),
        "open": (
            _count(says.STILL_OPEN, printed),
            sum(row["outcome"] in says.OPEN_IN_JOURNAL for row in rows),
        ),
    }
    for name, (count, most) in counted.items():
        if count > most:
            yield Contradiction(f"reconcile: more {name} than are", f"{count} of {most}", printed.text[-600:])
    total = differ + _count(says.LEFT_OUT, printed) + sum(count for count, _ in counted.values())
    if total != len(rows):
        yield Contradiction("reconcile: not each row counted once", f"{total} of {len(rows)}", printed.text[-600:])


def _number(digits: str) -> int:
    return int(digits.replace(",", ""))


def _count(pattern: re.Pattern[str], printed: Printed) -> int:
    found = pattern.search(printed.text)
    return _number(found[1]) if found else 0


def _is_done(row: Row) -> bool:
    return row.get("outcome") == says.DONE_IN_JOURNAL


def _agrees(exchange: JudgeExchange, row: Row, printed: Printed, unwritten: set[str]) -> bool:
    """Whether it is done, and its own record said CONFIRMED; what cannot be told from it counts where the row has its
    tranId.
    """
    if not _is_done(row):
        return False
    records = (*exchange.ledger.executions(row["amount"]), *exchange.ledger.identical(row["amount"], unwritten))
    return any(
        record.tran_id == row["tran_id"]
        and _says_the_same(row, record)
        and record.is_shown(printed.until_ms)
        and "CONFIRMED" in _statuses(record, printed)
        for record in records
    )


def _says_the_same(row: Row, record: Record) -> bool:
    """Whether a record says of itself what a row asks for."""
    told = record.told
    pairs = [(row[name], told.get(field)) for name, field in (("from_symbol", "fromSymbol"), ("to_symbol", "toSymbol"))]
    return (
        (told["type"], told["asset"]) == (row["type"], row["asset"])
        and _is_amount(told["amount"], Decimal(row["amount"]))
        and all(not said or said == asked for asked, said in pairs)
    )


def _is_amount(said: object, amount: Decimal) -> bool:
    try:
        return Decimal(str(said)) == amount
    except InvalidOperation:
        return False


def _is_pending(exchange: JudgeExchange, row: Row, printed: Printed) -> bool:
    own = exchange.ledger.executions(row["amount"])
    return _is_done(row) and any("PENDING" in _statuses(record, printed) for record in own)


def _is_unmoved(exchange: JudgeExchange, row: Row, shown: Mapping[int, Record], printed: Printed) -> bool:
    """Whether it is said not to have moved, and no record of its own said CONFIRMED all the while."""
    own = exchange.ledger.executions(row["amount"])
    return row["outcome"] in says.NOT_MOVED_IN_JOURNAL and not any(
        record.tran_id in shown and _statuses(record, printed) == {"CONFIRMED"} for record in own
    )


def judge_history(
    exchange: JudgeExchange, printed: Printed, journal: Mapping[int, Row], unwritten: set[str]
) -> Iterator[Contradiction]:
    """What `history --json` says that is not so, and what it leaves out."""
    shown = _shown(exchange, printed)
    alike = {record.tran_id for row in journal.values() for record in exchange.ledger.alike(row["amount"])}
    in_journal = {row["tran_id"] for row in journal.values()} - {None}
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
        if told["made"] == says.MADE_ELSEWHERE and record.sent_as and record.sent_as not in unwritten:
            yield Contradiction("history: made elsewhere, was made here", amount, words)
        if told["made"] in says.MADE_HERE and not record.sent_as and tran_id not in alike:
            yield Contradiction("history: made here, was made elsewhere", amount, words)
        if told["made"] in (says.MADE_ELSEWHERE, says.MADE_PERHAPS_HERE) and tran_id in in_journal:
            yield Contradiction(f"history: {told['made']}, and the journal has its tranId", amount, words)
        pairs = {told["from_symbol"], told["to_symbol"]} - {None, ""}
        if record.is_readable and not pairs <= set(record.ends):
            yield Contradiction("history: names another pair", amount, words)
    if printed.is_whole and printed.status == 0:
        for tran_id in shown.keys() - seen:
            record = shown[tran_id]
            yield Contradiction("history: a record is missing", record.sent_as or str(record.amount), f"{record}")
