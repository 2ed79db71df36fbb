"""A lock beside a file, for who changes it."""

import os
from pathlib import Path


def open_lock(path: Path) -> int:
    """The open lock of a file, to be locked and closed by the caller; its folder is made. Raises OSError."""
    lock = path.with_suffix(".lock")
    lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
