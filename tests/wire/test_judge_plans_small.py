"""Plans before a judge that knows what was executed. Programs end at any moment; tests/bench has the long run."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import LIMIT_S


@pytest.mark.parametrize("seed", [1, 5])
def test_nothing_is_doubled_forgotten_or_said_falsely_of_plans(seed: int, tmp_path: Path) -> None:
    """In a process of its own, because its clock skips what nobody does anything in."""
    command = [sys.executable, "-m", "tests.bench.judge_plans", "--plans", "12", "--persons", "2", "--seed", f"{seed}"]
    folder = Path(__file__).parents[2]
    done = subprocess.run(
        command,
        cwd=folder,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=False,
        capture_output=True,
        text=True,
        timeout=6 * LIMIT_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^[1-9]\d* ends of a program", done.stdout, re.MULTILINE)
    assert "0 promises broken" in done.stdout
