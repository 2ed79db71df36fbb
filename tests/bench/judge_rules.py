"""The judge of rules: nothing goes past a person's rules, whichever way it is sent.

    python -m tests.bench.judge_rules [--transfers 500] [--seed 1]

Three persons at once, two profiles, one journal, and a file of rules that changes all the time: also half-written,
wrong and removed. They send single transfers and plans, go on with stopped plans, and go back. Their programs end at
any moment, the clocks of their machines and of the exchange are wrong, and midnight (UTC) comes. Each request that
reaches the exchange is judged by the file as it stood, by the exchange's books and by its time (`judge_rule_truth`).
"""

import argparse
import faulthandler
import signal
import sys
from contextvars import ContextVar

from tests.bench.judge_clock import SkippingClock
from tests.bench.judge_program import replace_clocks

WALL_OFFSET_S: ContextVar[float] = ContextVar("WALL_OFFSET_S", default=0)
"""How far off the clock of a person's machine is."""


def main() -> int:
    """Run it and say how it went; 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transfers", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    faulthandler.register(signal.SIGUSR1)
    clock = SkippingClock()
    replace_clocks(clock, WALL_OFFSET_S.get)
    # After the clocks: some of the product takes them over by name as it is loaded.
    from tests.bench.judge_rule_persons import judged

    report = judged(clock, WALL_OFFSET_S, transfers=given.transfers, seed=given.seed)
    print(report)
    return int(bool(report.broken))


if __name__ == "__main__":
    sys.exit(main())
