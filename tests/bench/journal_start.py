"""Whether the program starts as fast with a journal of 100,000 transfers as with an empty one.

    python -m tests.bench.journal_start [--rows 100000] [--rounds 10]

In turns, with either journal: the real program in a pseudo-terminal until the wallets are on its first screen, and
`shunter journal --json` until it has printed its first line.
"""

import argparse
import sqlite3
import statistics
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from tests.bench.real_program import PROFILE, SHUNTER, add_key, home, opened
from tests.terminal.conftest import Environment
from tui.demo.exchange import DemoExchange
from tui.demo.serving import served
from tui.journal import Journal

_MOST_TIMES_SLOWER = 1.1
_MINUTE_MS = 60_000
_COLUMNS = (
    "id, sender, profile, key_tail, host, type, asset, amount, from_symbol, to_symbol, sent_at_ms, timestamp_ms, "
    "recv_window_ms, outcome, tran_id, code, message, settled_at_ms"
)
_INSERT = f"INSERT INTO transfers ({_COLUMNS}) VALUES ({', '.join('?' * 18)})"
_REJECTED = ("rejected", None, -5002, "You have insufficient balance.")


def fill(path: Path, rows: int, base_url: str) -> None:
    """Make a journal with one transfer a minute until now, one in ten of them rejected; all in one transaction."""
    Journal.open(path).close()
    first_ms = time.time_ns() // 1_000_000 - (rows + 1) * _MINUTE_MS
    ends = [_REJECTED if n % 10 == 0 else ("done", 10**9 + n, None, "") for n in range(rows)]
    with closing(sqlite3.connect(path)) as database, database:
        for n, end in enumerate(ends):
            at_ms = first_ms + n * _MINUTE_MS
            row = (n + 1, "gone", PROFILE, "demo", base_url, "MAIN_FUNDING", "USDT", f"0.{n + 1:06}", None, None)
            database.execute(_INSERT, (*row, at_ms, at_ms, 5000, *end, at_ms + 100))
            for change in (("sending", None, None, ""), end):
                database.execute("INSERT INTO changes VALUES (?, ?, ?, ?, ?, ?)", (n + 1, at_ms, *change))


def app_start_ms(environment: Environment) -> float:
    """Until the wallets are on the first screen."""
    started_s = time.perf_counter()
    terminal = opened(environment, "--asset", "USDT")
    terminal.find(r"Spot +1,250\.00 USDT")
    took_ms = (time.perf_counter() - started_s) * 1000
    terminal.kill()
    return took_ms


def first_line_ms(environment: Environment) -> float:
    """Until `shunter journal --json | head -1` is over."""
    started_s = time.perf_counter()
    with subprocess.Popen([*SHUNTER, "journal", "--json"], env=environment, stdout=subprocess.PIPE) as listing:
        assert listing.stdout
        assert listing.stdout.readline().startswith(b"[")
        listing.stdout.close()
    return (time.perf_counter() - started_s) * 1000


def main() -> int:
    """Measure, and say so; 1 where the long journal makes anything slower."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=10)
    given = parser.parse_args()
    is_slower = False
    with served(DemoExchange()) as base_url, home() as environment:
        add_key(environment, base_url)
        empty, full = ({**environment, "XDG_STATE_HOME": f"{environment['HOME']}/{name}"} for name in ("empty", "full"))
        Journal.open(Path(empty["XDG_STATE_HOME"], "shunter/journal.sqlite3")).close()
        fill(Path(full["XDG_STATE_HOME"], "shunter/journal.sqlite3"), given.rows, base_url)
        for name, start_ms in (("the app", app_start_ms), ("shunter journal --json | head -1", first_line_ms)):
            took = [(start_ms(empty), start_ms(full)) for _ in range(given.rounds + 1)]
            empty_ms, full_ms = (
                statistics.median(times) for times in zip(*took[1:], strict=True)
            )  # the first warms up
            print(
                f"{name}: {empty_ms:.0f} ms with an empty journal, {full_ms:.0f} ms with {given.rows:,} rows; "
                f"ratio {full_ms / empty_ms:.2f}, median of {given.rounds}"
            )
            is_slower |= full_ms > _MOST_TIMES_SLOWER * empty_ms
    return int(is_slower)


if __name__ == "__main__":
    sys.exit(main())
