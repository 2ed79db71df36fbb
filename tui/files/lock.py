"""A lock beside a file, for who changes it."""

import fcntl
import os
import time
from pathlib import Path

from tui.files.regular import regular_descriptor

_POLL_S = 0.05


def open_lock(path: Path) -> int:
    """The open lock of a file, to be taken and closed by the caller; its folder is made. Raises NotRegular, OSError."""
    lock = path.with_suffix(".lock")
    lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return regular_descriptor(lock, os.O_RDWR | os.O_CREAT)


def take_lock(lock: int, *, limit_s: float) -> bool:
    """Whether the lock could be had in time. Raises OSError where the folder takes no locks."""
    deadline = time.monotonic() + limit_s
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_S)
        else:
            return True
