"""A clock for several processes that runs faster than the world while nothing but waiting is tested.

The file holds the segments of a line: since when, in this machine's monotonic time, which time has been, and how fast
it has gone since. A process that maps the file reads every change at once.
"""

import mmap
import struct
import time
from pathlib import Path

EPOCH_S = 1_000_000.0
"""What the scaled monotonic clock starts at."""

_COUNT = struct.Struct("<Q")
_SEGMENT = struct.Struct("<ddd")
_SIZE = 1 << 16

world_s = time.monotonic
"""This machine's own; `judge_program` puts a scaled one into its place."""


def begin(path: Path, now_s: float) -> None:
    """Make the file of a clock that goes at the world's pace from a time on."""
    path.write_bytes(_COUNT.pack(1) + _SEGMENT.pack(world_s(), now_s, 1.0) + bytes(_SIZE))


class SkippingClock:
    """A clock that goes at the world's pace, and skips what nobody does anything in."""

    pace = 1.0

    def __init__(self) -> None:
        self._began_s = self._ahead_s = time.time() - world_s()

    def skip(self, seconds: float) -> None:
        """Go ahead so far at once."""
        self._ahead_s += seconds

    def now_s(self) -> float:
        """Seconds since 1970."""
        return world_s() + self._ahead_s

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return int(self.now_s() * 1000)

    def monotonic_s(self) -> float:
        """The same on a clock that begins elsewhere."""
        return self.now_s() - self._began_s

    def go(self, pace: float) -> None:
        """It has one pace."""


class Clock:
    """The shared time. One process changes its pace; any may read it."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            begin(path, time.time())
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 0)
        self._began_s = _SEGMENT.unpack_from(self._map, _COUNT.size)[1]

    @property
    def pace(self) -> float:
        """Seconds of this clock in one of the world."""
        return self._segment()[2]

    def now_s(self) -> float:
        """Seconds since 1970."""
        since_s, began_s, pace = self._segment()
        return began_s + (world_s() - since_s) * pace

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return int(self.now_s() * 1000)

    def monotonic_s(self) -> float:
        """The same on a clock that begins elsewhere."""
        return float(self.now_s() - self._began_s + EPOCH_S)

    def go(self, pace: float) -> None:
        """Run so fast from here on."""
        count = _COUNT.unpack_from(self._map)[0]
        # The count last: who reads it finds the segment whole.
        _SEGMENT.pack_into(self._map, _COUNT.size + count * _SEGMENT.size, world_s(), self.now_s(), pace)
        _COUNT.pack_into(self._map, 0, count + 1)

    def _segment(self) -> tuple[float, float, float]:
        count = _COUNT.unpack_from(self._map)[0]
        return _SEGMENT.unpack_from(self._map, _COUNT.size + (count - 1) * _SEGMENT.size)
