"""This machine's time, by which the journal's rows are stamped; the exchange's own comes with each request."""

import time
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def utc(ms: int) -> datetime:
    """The moment so many milliseconds after 1970, also before it."""
    return _EPOCH + timedelta(milliseconds=ms)
