"""What can be wrong with the journal.

JournalError            the journal cannot be read or written: no journal, no transfer
├── TranIdTaken         another transfer to the same host already has this tranId
└── RepeatUnconfirmed   transfers are alike that the person has not been asked about
"""

import contextlib
import errno
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from tui.domain.transfer import Transfer
from tui.files import NotRegular


class JournalError(Exception):
    """Raised when the journal cannot be read or written; says what is wrong, where, and what to do."""


class TranIdTaken(JournalError):
    """Raised when another transfer to the same host already has this tranId."""

    def __init__(self) -> None:
        super().__init__("Another transfer in the journal already has this tranId")


class RepeatUnconfirmed(JournalError):
    """Raised when a request repeats transfers that the person was not asked about. Nothing was written."""

    def __init__(self, transfers: Sequence[Transfer]) -> None:
        super().__init__("An identical transfer has been made meanwhile")
        self.transfers = list(transfers)


@contextlib.contextmanager
def in_words(path: Path | None) -> Iterator[None]:
    """Turn errors of SQLite and the system into a JournalError, with a text for a person."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise _journal_error(error, path) from error


def _journal_error(error: sqlite3.Error | OSError, path: Path | None) -> JournalError:
    if isinstance(error, NotRegular):
        return JournalError(f"{name_of(path)} cannot be opened: {error.strerror}, then try again.")
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)  # without a code, a row cannot be read
        problem, remedy = _SQLITE_PROBLEMS.get(code & 0xFF, _FAILING)
    else:
        problem, remedy = _SYSTEM_PROBLEMS.get(error.errno or 0, _FAILING)
    return JournalError(f"{name_of(path)}: {problem} ({error}). {remedy}")


def name_of(path: Path | None) -> str:
    """Return what the journal is called in messages."""
    return f"The journal {path}" if path else "The journal in memory"


_FULL = "the disk is full", "Free some space, then try again."
_FORBIDDEN = "it cannot be opened or written", "Make the file and its folder yours and writable, then try again."
_GONE = "the file is gone", "Put it back, then try again."
_DAMAGED = (
    "the file is damaged",
    "Restore it from a backup, or move it aside to start a new one; keep it, for it says what was sent.",
)
_LOCKED = "another program keeps it locked", "Close that program, then try again."
_FAILING = "the disk refuses it", "Check the disk and your quota on it, then try again."

_SQLITE_PROBLEMS = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _FORBIDDEN,
    sqlite3.SQLITE_CANTOPEN: _FORBIDDEN,
    sqlite3.SQLITE_PERM: _FORBIDDEN,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_ERROR: _DAMAGED,  # a table is missing
    sqlite3.SQLITE_BUSY: _LOCKED,
}
_SYSTEM_PROBLEMS = {
    errno.ENOENT: _GONE,
    errno.ENOSPC: _FULL,
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EROFS: _FORBIDDEN,
    errno.ENOTDIR: _FORBIDDEN,
    errno.EEXIST: _FORBIDDEN,
}
