"""Open only regular files: a person, or an unpacked archive, can put anything under a file's name."""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


class NotRegular(OSError):
    """Raised when a folder, a pipe, a socket or a device has a file's name. It was not opened."""

    def __init__(self, path: Path, mode: int) -> None:
        kind = _KINDS.get(stat.S_IFMT(mode), "something else")
        super().__init__(errno.EINVAL, f"{path.name} is {kind}, not a file. Move it away")


class TooLarge(OSError):
    """Raised when a file is larger than anyone would write."""

    def __init__(self, path: Path, most_bytes: int) -> None:
        super().__init__(errno.EFBIG, f"{path.name} has more than {most_bytes:,} bytes. Correct it, or move it away")


def require_regular(path: Path) -> None:
    """Raise NotRegular unless a regular file, a link to one, or nothing has the name. Raises OSError."""
    with suppress(FileNotFoundError):
        _check(path, path.stat())


def read_regular(path: Path, most_bytes: int) -> bytes:
    """Return the content of a regular file. Never waits, and never reads more than `most_bytes`.

    Raises NotRegular, TooLarge, and OSError.
    """
    descriptor = regular_descriptor(path, os.O_RDONLY)
    try:
        if os.fstat(descriptor).st_size > most_bytes:
            raise TooLarge(path, most_bytes)
        content = b""
        while part := os.read(descriptor, most_bytes + 1 - len(content)):
            content += part
            if len(content) > most_bytes:  # it grew, or its size was not known
                raise TooLarge(path, most_bytes)
        return content
    finally:
        os.close(descriptor)


def regular_descriptor(path: Path, flags: int) -> int:
    """Return an open descriptor of a regular file. If `flags` create it, it is for its owner only.

    Raises NotRegular, OSError.
    """
    require_regular(path)  # first: opening a pipe or a device may have an effect
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, 0o600)
    try:
        _check(path, os.fstat(descriptor))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _check(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise NotRegular(path, status.st_mode)


def require_regular_database(path: Path) -> None:
    """Raise NotRegular unless what SQLite opens under this name are regular files, as far as they are there.

    SQLite follows links, and looks for its rollback file and its log next to their target.
    """
    require_regular(path)
    real = Path(os.path.realpath(path))
    for ending in ("-journal", "-wal", "-shm"):
        require_regular(real.with_name(real.name + ending))
