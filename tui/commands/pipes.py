"""Standard output and error as pipes, whose readers may leave early."""

import os
import select
import sys


def leave_closed_pipes() -> bool:
    """Lose whatever else is said to those that read standard output or error no more, as `head` when it has seen
    enough; whether there are any. Python flushes once more as it ends, and would fail then.
    """
    poll = select.poll()
    files = [stream.fileno() for stream in (sys.stdout, sys.stderr)]
    for file in files:
        poll.register(file, 0)
    closed = [file for file, happened in poll.poll(0) if happened & (select.POLLERR | select.POLLHUP)]
    for file in closed:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, file)
        os.close(nowhere)
    return bool(closed)
