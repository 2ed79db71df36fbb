"""The real program before a judge that knows what was executed; tests/bench has the long one."""

import re
import subprocess
import sys
from typing import Any

import pytest

from tests.bench.judge import judged
from tests.bench.judge_faults import Answer, Cut, Lot

_HOURS = 6 / 60
"""Long enough for a judgement, which comes five minutes after the sending."""

_KILLED_SEED = 1
"""Among its first eight transfers, programs are ended before the `y`, in flight and while starting."""

_LOTS = (
    Lot("409 without a code", answer=Answer(409), lag_ms=240_000),
    Lot("-1007, executed late", answer=Answer(400, b'{"code":-1007,"msg":"Timeout"}'), late_ms=15_000, lag_ms=20_000),
    Lot("not executed", executes=False, answer=Cut.RESET),
    Lot("200 with garbage", answer=Answer(200, b"{}"), pending_ms=30_000),
)


def test_nothing_false_is_said_of_a_transfer_that_the_exchange_executed_late_or_shows_late(gnome_keyring: Any) -> None:
    report = judged(gnome_keyring.environment, transfers=4, seed=1, persons=1, hours=_HOURS, lots=_LOTS)
    assert not report.broken, str(report)
    assert report.outcomes == {"done": 3, "not_executed": 1}


def test_nothing_is_lost_or_doubled_when_the_program_is_killed(gnome_keyring: Any) -> None:
    report = judged(gnome_keyring.environment, transfers=8, seed=_KILLED_SEED, persons=2, hours=_HOURS)
    # On a busy machine a person may give up. Everything that is said until then is judged.
    assert not [one for one in report.broken if one.kind != "a person could not go on"], str(report)
    assert report.kills


@pytest.mark.long
@pytest.mark.usefixtures("gnome_keyring")  # or it is skipped
def test_nothing_false_is_said_in_chinese() -> None:
    few = ["--transfers", "15", "--batch", "15", "--seed", "1"]
    command = [sys.executable, "-m", "tests.bench.judge_outcomes", "--chinese", *few]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert (ran.returncode, ran.stdout.strip().endswith("\n0 promises broken")) == (0, True), ran.stdout + ran.stderr
    claims = {said: int(count) for count, said in re.findall(r"([0-9]+) claims: ([A-Z_]+)", ran.stdout)}
    assert {"MOVED", "NOT_MOVED", "JUDGED", "OPEN", "MOVED_FOR_SURE"} <= claims.keys(), "words that it cannot read"
