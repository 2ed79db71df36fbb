"""Shunter as it is, on a clock that runs at the pace of the judge: `python -m tests.bench.judge_program CLOCK ...`.

Everything that tells the time or waits in the event loop is scaled before the first line of the product is loaded.
What waits in threads keeps the world's pace: to the program it merely seems slow.
"""

import ctypes
import datetime
import faulthandler
import gc
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from tests.bench.judge_clock import Clock

_LOOK_S = 0.05
"""Seconds of the world after which whoever waits looks whether the pace has changed."""


WALL_OFFSET = "JUDGE_WALL_OFFSET_S"
"""In the environment: how far off this machine's own clock is."""


class Time(Protocol):
    """What tells the time."""

    def now_s(self) -> float:
        """Seconds since 1970."""

    def monotonic_s(self) -> float:
        """The same on a clock that begins elsewhere."""


def replace_clocks(clock: Time, wall_offset_s: Callable[[], float]) -> None:
    """Put a clock into the place of this process's own. What tells the time of day may be off."""
    world = {name: getattr(time, name) for name in ("clock_gettime", "localtime", "gmtime", "strftime")}
    elapsed = {time.CLOCK_MONOTONIC, time.CLOCK_BOOTTIME}

    def wall_s() -> float:
        return clock.now_s() + wall_offset_s()

    def clock_gettime(which: int) -> float:
        if which == time.CLOCK_REALTIME:
            return wall_s()
        return clock.monotonic_s() if which in elapsed else world["clock_gettime"](which)

    def now(cls: type[datetime.datetime], tz: datetime.tzinfo | None = None) -> datetime.datetime:
        return cls.fromtimestamp(wall_s(), tz)

    scaled: dict[str, Any] = {
        "time": wall_s,
        "time_ns": lambda: int(wall_s() * 1e9),
        "monotonic": clock.monotonic_s,
        "monotonic_ns": lambda: int(clock.monotonic_s() * 1e9),
        "perf_counter": clock.monotonic_s,
        "perf_counter_ns": lambda: int(clock.monotonic_s() * 1e9),
        "clock_gettime": clock_gettime,
        "clock_gettime_ns": lambda which: int(clock_gettime(which) * 1e9),
        "localtime": lambda seconds=None: world["localtime"](wall_s() if seconds is None else seconds),
        "gmtime": lambda seconds=None: world["gmtime"](wall_s() if seconds is None else seconds),
        "strftime": lambda shape, moment=None: world["strftime"](shape, moment or time.localtime()),
    }
    for name, function in scaled.items():
        setattr(time, name, function)
    # Not by a subclass: typed decoders know the class itself. A type of C lets go of its methods only like this.
    gc.get_referents(datetime.datetime.__dict__)[0]["now"] = classmethod(now)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(datetime.datetime))


def scale_waits(clock: Clock) -> None:
    """Have event loops wait by the clock."""
    select = selectors.DefaultSelector.select

    def scaled_select(self: selectors.DefaultSelector, timeout: float | None = None) -> Any:
        ends_s = None if timeout is None else clock.monotonic_s() + timeout
        while True:
            left_s = _LOOK_S if ends_s is None else (ends_s - clock.monotonic_s()) / clock.pace
            ready = select(self, max(0.0, min(left_s, _LOOK_S)))
            if ready or left_s <= 0:
                return ready

    selectors.DefaultSelector.select = scaled_select  # type: ignore[method-assign]


def stacks(clock_path: Path, pid: int) -> Path:
    """Where a program writes what each of its threads does."""
    return clock_path.with_name(f"stacks-{pid}")


def main() -> int:
    """Run Shunter with what stands behind the clock's file on the command line. On SIGUSR1 it tells where it stands."""
    faulthandler.register(signal.SIGUSR1, file=stacks(Path(sys.argv[1]), os.getpid()).open("w"))
    clock, wall_offset_s = Clock(Path(sys.argv[1])), float(os.environ.get(WALL_OFFSET, "0"))
    replace_clocks(clock, lambda: wall_offset_s)
    scale_waits(clock)
    from tui.__main__ import main as shunter

    del sys.argv[1]
    return shunter()


if __name__ == "__main__":
    sys.exit(main())
