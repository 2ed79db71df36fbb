"""A person's rules before a judge that knows what was executed. tests/bench has the long run."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import LIMIT_S


@pytest.mark.parametrize("seed", [4])
def test_nothing_goes_past_a_rule(seed: int, tmp_path: Path) -> None:
    """In a process of its own, because its clock skips what nobody does anything in."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.judge_rules", "--transfers", "40", "--seed", f"{seed}"],
        cwd=Path(__file__).parents[2],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=False,
        capture_output=True,
        text=True,
        timeout=6 * LIMIT_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^[1-9]\d* ends of a program", done.stdout, re.MULTILINE)
    assert re.search(r"[1-9]\d* forbidden: most_per_day", done.stdout)
    assert "0 promises broken" in done.stdout
