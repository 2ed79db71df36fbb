"""Which Shunters are alive: each one that sends transfers holds a lock on a file of its own.

The kernel drops the lock with the process, however that ends, and with the machine. A process id would not do: it
is reused, and means nothing to another host that shares the folder.
"""

import contextlib
import fcntl
import os
from pathlib import Path
from uuid import uuid4

from tui.files import NotRegular, regular_descriptor


class Sender:
    """One that may be sending: `id` is living until `release` or the end of the process. Raises OSError."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        while True:
            self.id = uuid4().hex
            self._path = folder / f"{self.id}.lock"
            self._fd = regular_descriptor(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
            if _try_lock(self._fd, fcntl.LOCK_EX) and self._path.exists():
                return
            os.close(self._fd)  # another Shunter took it for a dead one's before it was locked

    def release(self) -> None:
        """From here on the id is a dead one's."""
        with contextlib.suppress(OSError):
            self._path.unlink()
        os.close(self._fd)


def living_senders(folder: Path) -> frozenset[str]:
    """The ids that a process holds now. Removes the files of those that no one holds. Raises OSError."""
    return frozenset(path.stem for path in folder.glob("*.lock") if _is_held(path))


def _is_held(path: Path) -> bool:
    try:
        fd = regular_descriptor(path, os.O_RDONLY)
    except (FileNotFoundError, NotRegular):
        return False  # no Shunter holds a pipe or a folder
    try:
        if not _try_lock(fd, fcntl.LOCK_SH):
            return True
        with contextlib.suppress(OSError):  # a folder that can only be read is no reason to fail
            path.unlink()
        return False
    finally:
        os.close(fd)


def _try_lock(fd: int, kind: int) -> bool:
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
