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

_world_s = time.monotonic
"""This machine's own; `judge_program` puts a scaled one into its place."""


class Clock:
    """The shared time. One process changes its pace; any may read it."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(_COUNT.pack(1) + _SEGMENT.pack(_world_s(), time.time(), 1.0) + bytes(_SIZE))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 0)
        self._began_s = _SEGMENT.unpack_from(self._map, _COUNT.size)[1]

    @property
    def pace(self) -> float:
        """Seconds of this clock in one of the world."""
        return self._segment()[2]

    def now_s(self) -> float:
        """Seconds since 1970."""
        world_s, began_s, pace = self._segment()
        return began_s + (_world_s() - world_s) * pace

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
        _SEGMENT.pack_into(self._map, _COUNT.size + count * _SEGMENT.size, _world_s(), self.now_s(), pace)
        _COUNT.pack_into(self._map, 0, count + 1)

    def _segment(self) -> tuple[float, float, float]:
        count = _COUNT.unpack_from(self._map)[0]
        return _SEGMENT.unpack_from(self._map, _COUNT.size + (count - 1) * _SEGMENT.size)
