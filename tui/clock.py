"""The three clocks: this machine's own (`wall_ms`), one that only moves forward (`ticks_ms`), and the exchange's.

The exchange's time is measured, and then advances with the monotonic clock, which no person and no NTP step can set. So
a request's timestamp stays right when the machine's own clock is wrong or jumps.
"""

import time
from datetime import datetime

from tui.domain.moments import local
from tui.structs import Struct

_DRIFT = 1000
"""A clock that gains or loses one part in so many is broken."""


def wall_ms() -> int:
    """Return this machine's time: milliseconds since 1970. It stamps the journal's rows, and decides nothing alone."""
    return time.time_ns() // 1_000_000


def ticks_ms() -> float:
    """Return milliseconds on a clock that only moves forward, through a suspended machine too if the system has one."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME) * 1000
    return time.monotonic() * 1000


def asleep_ms() -> float:
    """Return for how long this machine has been suspended since it was started; 0 if the system does not tell."""
    return ticks_ms() - time.monotonic() * 1000


def time_of(moment_ms: float) -> datetime:
    """Return when a moment of `ticks_ms` was, by this machine's clock and in its time zone."""
    return local(time.time_ns() // 1_000_000 - round(ticks_ms() - moment_ms))


class ClockReading(Struct):
    """One measurement of the exchange's time."""

    server_ms: int
    """The exchange's time, taken to be that of the middle of the round trip."""
    ticks_ms: float
    """The middle of the round trip on the monotonic clock."""
    round_trip_ms: int
    offset_ms: int
    """The exchange's time minus that of this machine's clock."""

    def now_ms(self) -> int:
        """Return the exchange's time now."""
        return self.server_ms + self.age_ms()

    def at_least_ms(self) -> int:
        """Return the exchange's time now, if it was measured at the end of the round trip: it is no earlier."""
        return self.now_ms() - (self.round_trip_ms + 1) // 2

    def error_ms(self) -> int:
        """Return by how much `now_ms` can differ from the exchange's time: half the round trip, and a clock's drift."""
        return self.round_trip_ms // 2 + 2 + self.age_ms() // _DRIFT

    def age_ms(self) -> int:
        """Return how long ago this was measured."""
        return round(ticks_ms() - self.ticks_ms)


def reading(server_ms: int, *, asked_ms: float, answered_ms: float) -> ClockReading:
    """Return the measurement that an answer with the exchange's time makes, with the ticks before and after it."""
    middle_ms = (asked_ms + answered_ms) / 2
    wall_at_middle_ms = time.time() * 1000 - (ticks_ms() - middle_ms)
    return ClockReading(
        server_ms=server_ms,
        ticks_ms=middle_ms,
        round_trip_ms=round(answered_ms - asked_ms),
        offset_ms=round(server_ms - wall_at_middle_ms),
    )
