"""The judge of plans: several moves that are confirmed once, without terminals.

    python -m tests.bench.judge_plans [--plans 500] [--seed 1] [--persons 5]

Each person has a journal and an exchange (`judge_plan_exchange`), which knows what it executed. Each plan meets one of
the faults at one of its steps, and the program that carries it out may end at any moment: killed, hung up, locked,
stopped, or left for another key. What is sent, each sentence about a plan, and what the next start offers are judged
by the exchange's books (`judge_plan_truth`). The persons then carry out the rest, go back, or leave it, as they like.
"""

import argparse
import faulthandler
import signal
import sys

from tests.bench.judge_clock import SkippingClock
from tests.bench.judge_program import replace_clocks


def main() -> int:
    """Run it and say how it went; 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plans", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--persons", type=int, default=5)
    given = parser.parse_args()
    faulthandler.register(signal.SIGUSR1)
    clock = SkippingClock()
    replace_clocks(clock, lambda: 0)
    # After the clocks: some of the product takes them over by name as it is loaded.
    from tests.bench.judge_plan_persons import judged

    report = judged(clock, plans=given.plans, seed=given.seed, persons=given.persons)
    print(report)
    return int(bool(report.broken))


if __name__ == "__main__":
    sys.exit(main())
