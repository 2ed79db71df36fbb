"""Whether F3 opens as fast over a journal of 100,000 transfers as over one of ten, and stays quick.

    python -m tests.bench.history_screen [--rows 100000] [--rounds 5]

In turns, with either journal, the real program in a pseudo-terminal: from F3 until the newest transfer is on the
screen, when it is opened again; the slowest of some key presses while everything is still being read; until all of it
is there; and from the last letter of a filter until the list has what was looked for.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

from tests.bench.journal_start import fill
from tests.bench.real_program import add_key, home, opened
from tests.terminal.conftest import Environment, Pty
from tui.demo.exchange import DemoExchange
from tui.demo.serving import served

_FEW = 10
_MOST_LATER_MS = 150
_PRESSES = 10
_NAMES = ("opened", "key", "all there", "found")


def _ms_until(terminal: Pty, keys: str, pattern: str) -> float:
    began_s = time.perf_counter()
    terminal.type(keys)
    terminal.find(pattern)
    return (time.perf_counter() - began_s) * 1000


def measured(environment: Environment, rows: int) -> dict[str, float]:
    """How long each thing takes, in milliseconds."""
    terminal = opened(environment, "--asset", "USDT")
    try:
        terminal.find(r"Spot +1,250\.00 USDT")
        newest = rf"\n>.{{11}} Spot -> Funding +0\.{rows:06} USDT"
        all_of_it = rf"{rows:,} transfers; 0 records of the exchange"
        all_ms = _ms_until(terminal, "\x14", all_of_it)
        _ms_until(terminal, "q", "Amount ")
        opened_ms = _ms_until(terminal, "\x14", newest)
        pressed_ms = [
            _ms_until(terminal, "\x1b[B", rf"\n>.{{11}} Spot -> Funding +0\.{rows - press:06} USDT")
            for press in range(1, min(_PRESSES, rows))
        ]
        terminal.find(all_of_it)
        found_ms = _ms_until(terminal, "/0.000003", r"filtered: 1 of ")
        return dict(zip(_NAMES, (opened_ms, max(pressed_ms), all_ms, found_ms), strict=True))
    finally:
        terminal.kill()


def main() -> int:
    """Measure and print; the exit status is 1 where the long journal opens later than a person would notice."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    counts = _FEW, args.rows
    times: dict[int, list[dict[str, float]]] = {count: [] for count in counts}
    with served(DemoExchange()) as base_url, home() as environment:
        add_key(environment, base_url)
        homes = {count: environment | {"XDG_STATE_HOME": f"{environment['HOME']}/{count}"} for count in counts}
        for count, own in homes.items():
            fill(Path(own["XDG_STATE_HOME"], "shunter/journal.sqlite3"), count, base_url)
        for _ in range(args.rounds):
            for count in counts:
                times[count].append(measured(homes[count], count))
    medians = {
        count: {name: statistics.median(one[name] for one in found) for name in _NAMES}
        for count, found in times.items()
    }
    for count, found in medians.items():
        print(f"{count:>7,} rows: " + "; ".join(f"{name} {found[name]:.0f} ms" for name in _NAMES))
    later_ms = medians[args.rows]["opened"] - medians[_FEW]["opened"]
    return int(later_ms > _MOST_LATER_MS)


if __name__ == "__main__":
    sys.exit(main())
