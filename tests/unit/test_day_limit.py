"""The limit of a day in the journal: processes that write at once, and are killed, never exceed it."""

import contextlib
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from tests.evidence import SENT_MS
from tests.unit.test_journal_plans import sending_of, stored
from tests.waiting import LIMIT_S
from tui.domain.amounts import exact_sum
from tui.journal import Conditions, DayIsFull, DayLimit, Journal
from tui.structs import replace

LIMIT = Decimal(30)
SENDER = """
import itertools, sys
from decimal import Decimal
from pathlib import Path
from tests.unit.test_day_limit import begin
from tui.journal import DayIsFull, Journal

journal = Journal.open(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
try:
    for number in itertools.count(1):
        begin(journal, Decimal(1) + Decimal(sys.argv[2]).scaleb(-4) + Decimal(number).scaleb(-8))
except DayIsFull:
    print("full")
"""


def begin(journal: Journal, amount: Decimal) -> None:
    sending = replace(sending_of(stored(), 0), plan_step=None)
    request = replace(sending.request, amount=amount)
    journal.begin(replace(sending, request=request), conditions=Conditions((DayLimit("BTC", LIMIT),)))


def test_processes_at_once_never_exceed_the_day(tmp_path: Path) -> None:
    path, random = tmp_path / "state" / "journal.sqlite3", Random(3)
    Journal.open(path).close()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SENDER, str(path), f"{number}"],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(1, 6)
    ]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes[:3]:
        time.sleep(random.uniform(0, 0.05))  # any moment will do
        process.kill()
    for process in processes:
        process.communicate(timeout=LIMIT_S)
    with contextlib.closing(Journal.open(path)) as journal:
        written = exact_sum(transfer.request.amount for transfer in journal.transfers())
        assert LIMIT - 2 < written <= LIMIT
        with pytest.raises(DayIsFull):
            begin(journal, LIMIT - written + 1)
        tomorrow = SENT_MS + 24 * 60 * 60 * 1000
        assert journal.left_of_day([DayLimit("BTC", LIMIT)], host=stored().host, now_ms=tomorrow) == [LIMIT]
