"""This machine's time, by which the journal's rows are stamped; the exchange's own comes with each request."""

import time


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000
