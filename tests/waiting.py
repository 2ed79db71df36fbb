"""Waiting for a condition, never for a time."""

import time
from collections.abc import Callable

LIMIT_S = 60
"""Nothing takes that long, on a busy machine either: it ends a test that hangs."""


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until something is so; fail when it never is."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.03)
