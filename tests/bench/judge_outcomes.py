"""The judge without terminals: thousands of transfers in minutes, for what is decided below the screens.

    python -m tests.bench.judge_outcomes [--transfers 2000] [--seed 1] [--batch 250] [--desks 5] [--chinese]

Desks over one journal send over real HTTP to the same exchange with the same faults, in one process, whose clock skips
what nobody does anything in. Each outcome, notice and question is put into the words that the screens would show, and
these are judged as a screen is; so is the journal, and what the commands print. What only a terminal has, `judge` has:
keys, pictures, balances, programs that are killed.
"""

import argparse
import faulthandler
import signal
import sys
from contextvars import ContextVar

from tests.bench.judge_clock import SkippingClock
from tests.bench.judge_program import replace_clocks

WALL_OFFSET_S: ContextVar[float] = ContextVar("WALL_OFFSET_S", default=0)
"""How far off the clock of a desk's machine is."""


def main() -> int:
    """Run it and say how it went; 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transfers", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", type=int, default=250)
    parser.add_argument("--desks", type=int, default=5)
    parser.add_argument("--chinese", action="store_true", help="judge the words in Chinese, of the commands too")
    given = parser.parse_args()
    faulthandler.register(signal.SIGUSR1)
    clock = SkippingClock()
    replace_clocks(clock, WALL_OFFSET_S.get)
    # After the clocks: some of the product takes them over by name as it is loaded.
    if given.chinese:
        from tests.bench.judge_words import read_chinese
        from tui import language

        language.choose(language.CHINESE)
        read_chinese()
    from tests.bench.judge_desks import judged

    report = judged(
        clock, WALL_OFFSET_S, transfers=given.transfers, seed=given.seed, batch=given.batch, desks=given.desks
    )
    print(report)
    return int(bool(report.broken))


if __name__ == "__main__":
    sys.exit(main())
