"""`python -m tests.terminal.hurried` is `shunter`, with less time between two reads of the history that count.

The pace of production is kept by the small soak, once for all.
"""

import sys
from functools import partial

from tui import cli
from tui.desk import desk
from tui.desk.settle import Pace

if __name__ == "__main__":
    setattr(desk, "Pace", partial(Pace, judge_gap_s=0.2))  # noqa: B010 - mypy knows it as a class
    sys.exit(cli.main())
