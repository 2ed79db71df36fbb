"""Discards output that nobody can receive: pipes whose readers have left, files on a full disk."""

import errno
import os
import select
import sys

_UNWRITABLE = frozenset({errno.EBADF, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC})


def leave_closed_pipes() -> bool:
    """Discard further output to pipes whose readers have left, as `head` does. Return whether there are any.

    Otherwise Python would fail at exit, when it flushes once more.
    """
    poll = select.poll()
    files = [stream.fileno() for stream in (sys.stdout, sys.stderr)]
    for file in files:
        poll.register(file, 0)
    closed = [file for file, events in poll.poll(0) if events & (select.POLLERR | select.POLLHUP)]
    for file in closed:
        _discard(file)
    return bool(closed)


def lose_unwritable(error: Exception) -> bool:
    """If `error` says that output could not be written, discard that output. Return whether it says so."""
    if not (isinstance(error, OSError) and error.filename is None and error.errno in _UNWRITABLE):
        return False
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _discard(stream.fileno())
    return True


def _discard(file: int) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, file)
    os.close(null)
