"""Whether a journal of 100,000 transfers is printed in at most 2 s and 60 MB, and its first line at once.

    python -m tests.bench.take_away [--rows 100000] [--rounds 5]

The real program, into a pipe: whole, and until its first line has come.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.journal_start import fill
from tests.bench.real_program import SHUNTER, home
from tests.terminal.conftest import Environment

_MOST_S, _MOST_MB, _FIRST_LINE_S = 2.0, 60.0, 0.5
_FORMATS = ("--csv", "--json")


def whole(environment: Environment, *arguments: str) -> tuple[float, float, float, int]:
    """Seconds, seconds of it on a processor, megabytes and lines of a run that is read to its end."""
    started_s, lines, most_kb = time.perf_counter(), 0, 0
    with subprocess.Popen([*SHUNTER, "journal", *arguments], env=environment, stdout=subprocess.PIPE) as printing:
        assert printing.stdout
        memory = Path(f"/proc/{printing.pid}/status")
        # What the system counts for a child that has ended includes what it was forked from.
        while part := os.read(printing.stdout.fileno(), 65536):
            lines += part.count(b"\n")
            most_kb = max([most_kb, *map(int, re.findall(r"VmHWM:\s+(\d+)", memory.read_text()))])
        _, status, used = os.wait4(printing.pid, 0)
        printing.returncode = os.waitstatus_to_exitcode(status)
    assert printing.returncode == 0
    return time.perf_counter() - started_s, used.ru_utime + used.ru_stime, most_kb / 1024, lines


def first_line(environment: Environment, *arguments: str) -> float:
    """Seconds of a run that is left after its first line, as `head -1` does."""
    started_s = time.perf_counter()
    with subprocess.Popen([*SHUNTER, "journal", *arguments], env=environment, stdout=subprocess.PIPE) as printing:
        assert printing.stdout
        assert printing.stdout.readline()
        printing.stdout.close()
    assert printing.returncode == 0
    return time.perf_counter() - started_s


def main() -> int:
    """Measure, and say so; 1 where it takes too long, or too much."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    is_bad = False
    with home() as environment:
        environment = {**environment, "XDG_STATE_HOME": f"{environment['HOME']}/state"}
        fill(Path(environment["XDG_STATE_HOME"], "shunter/journal.sqlite3"), given.rows, "https://api.binance.com")
        for arguments in (*((form,) for form in _FORMATS), ("--csv", "--outcome", "rejected"), ()):
            runs = [whole(environment, *arguments) for _ in range(given.rounds)]
            took_s, cpu_s, used_mb, lines = (statistics.median(numbers) for numbers in zip(*runs, strict=True))
            first_s = statistics.median(first_line(environment, *arguments) for _ in range(given.rounds))
            print(
                f"shunter {' '.join(('journal', *arguments))}: {took_s:.2f} s ({cpu_s:.2f} s of a processor), "
                f"{used_mb:.0f} MB, {lines:,.0f} lines; the first line in {first_s * 1000:.0f} ms"
            )
            is_bad |= used_mb > _MOST_MB or first_s > _FIRST_LINE_S
            is_bad |= took_s > _MOST_S and arguments == ("--csv",)
    return int(is_bad)


if __name__ == "__main__":
    sys.exit(main())
