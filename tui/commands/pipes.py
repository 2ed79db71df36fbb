"""Standard output and error that accept no more: pipes whose readers left early, files on a full disk."""

import errno
import os
import select
import sys

_UNWRITABLE = frozenset({errno.EBADF, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC})


def leave_closed_pipes() -> bool:
    """Discard further output to pipes that nobody reads any more, like `| head`. Returns whether there are any.

    Python flushes once more at exit, and would fail then.
    """
    poll = select.poll()
    files = [stream.fileno() for stream in (sys.stdout, sys.stderr)]
    for file in files:
        poll.register(file, 0)
    closed = [file for file, happened in poll.poll(0) if happened & (select.POLLERR | select.POLLHUP)]
    for file in closed:
        _lose(file)
    return bool(closed)


def lose_unwritable(error: Exception) -> bool:
    """Discard the output that standard output or error did not accept. Returns whether the error was about that."""
    if not (isinstance(error, OSError) and error.filename is None and error.errno in _UNWRITABLE):
        return False
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _lose(stream.fileno())
    return True


def _lose(file: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, file)
    os.close(nowhere)
