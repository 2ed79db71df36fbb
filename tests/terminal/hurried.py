"""`python -m tests.terminal.hurried` is `shunter`, whose judgements take a second instead of five minutes.

No clock can be set for them: the monotonic one counts too. What the five minutes are, tests/wire/test_judging.py keeps.
"""

import sys
from functools import partial

from tui import cli
from tui.desk import desk, settle
from tui.desk.settle import Pace

if __name__ == "__main__":
    setattr(desk, "Pace", partial(Pace, judge_after_s=1, judge_gap_s=0.2))  # noqa: B010 - mypy knows it as a class
    setattr(settle, "window_end_ms", lambda transfer: transfer.timestamp_ms)  # noqa: B010
    sys.exit(cli.main())
