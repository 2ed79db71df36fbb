"""The journal's file: whole transactions on the file that is at its path now, and errors with a text for a person.

JournalError            the journal cannot be read or written: no journal, no transfer
├── TranIdTaken         another transfer to the same host already has this tranId
└── RepeatUnconfirmed   transfers are alike that the person has not been asked about

Every use has a connection of its own. SQLite considers the pages that a connection has read current while sixteen bytes
of the file's header are unchanged. An older copy that was restored in place, and written to as often as ours, has the
same bytes. A file that was replaced under its name is another file, and only the path leads to it.
"""

import contextlib
import errno
import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, Self
from uuid import uuid4

from tui.domain.transfer import Outcome, Transfer
from tui.domain.wallets import Wallet
from tui.files import NotRegular, regular_descriptor, require_regular_database, transaction
from tui.journal.schema import MIGRATIONS, NEWER
from tui.language import N_, _
from tui.structs import Struct


class JournalError(Exception):
    """Raised when the journal cannot be read or written; says what is wrong, where, and what to do."""


class TranIdTaken(JournalError):
    """Raised when another transfer to the same host already has this tranId."""

    def __init__(self) -> None:
        super().__init__(_("Another transfer in the journal already has this tranId"))


class PlanTaken(JournalError):
    """Raised when a step of a plan must not be sent, or its rest not be made a plan of its own. Nothing was written."""

    def __init__(self) -> None:
        super().__init__(_("This plan is closed, or another Shunter carries it out"))


class DayIsFull(JournalError):
    """Raised when a transfer or a plan would exceed what may be moved in a day. Nothing was written."""

    def __init__(self, limit: "DayLimit", left: Decimal) -> None:
        super().__init__(_("It exceeds what may be moved in a day"))
        self.limit = limit
        self.left = left


class NotQuiet(JournalError):
    """Raised when another transfer has changed a balance since it was read. Nothing was written."""

    def __init__(self) -> None:
        super().__init__(_("Another transfer has changed the balance since it was read"))


class DayLimit(Struct):
    """How much of an asset may be moved in one UTC day, by all transfers to a host or by those of one profile."""

    asset: str
    amount: Decimal
    profile: str = ""


class Conditions(Struct):
    """What must hold in the journal at the moment when something is written down to be sent."""

    limits: tuple[DayLimit, ...] = ()
    quiet_since: int | None = None
    """The journal's last change when balances were read: no transfer out of `quiet` may have changed since."""
    quiet: frozenset[tuple[Wallet, str]] = frozenset()
    """Wallets and assets."""


class RepeatUnconfirmed(JournalError):
    """Raised when a request repeats transfers that the person was not asked about. Nothing was written."""

    def __init__(self, transfers: Sequence[Transfer]) -> None:
        super().__init__(_("An identical transfer has been made meanwhile"))
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
        unopened = _("{journal} cannot be opened: {reason}, then try again.")
        return JournalError(unopened.format(journal=name_of(path), reason=error.strerror))
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)  # without a code, a row cannot be read
        problem, remedy = _SQLITE_PROBLEMS.get(code & 0xFF, _FAILING)
    else:
        problem, remedy = _SYSTEM_PROBLEMS.get(error.errno or 0, _FAILING)
    reason = _(NEWER) if str(error) == NEWER else error
    return JournalError(
        _("{journal}: {problem} ({reason}). {remedy}").format(
            journal=name_of(path), problem=_(problem), reason=reason, remedy=_(remedy)
        )
    )


def name_of(path: Path | None) -> str:
    """Return what the journal is called in messages."""
    return _("The journal {path}").format(path=path) if path else _("The journal in memory")


_FULL = N_("the disk is full"), N_("Free some space, then try again.")
_FORBIDDEN = (
    N_("it cannot be opened or written"),
    N_("Make the file and its folder yours and writable, then try again."),
)
_GONE = N_("the file is gone"), N_("Put it back, then try again.")
_DAMAGED = (
    N_("the file is damaged"),
    N_("Restore it from a backup, or move it aside to start a new one; keep it, for it says what was sent."),
)
_LOCKED = N_("another program keeps it locked"), N_("Close that program, then try again.")
_FAILING = N_("the disk refuses it"), N_("Check the disk and your quota on it, then try again.")

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


BUSY_TIMEOUT_S = 5.0
"""How long a call waits for another Shunter's write, which takes milliseconds."""


class Stamp(NamedTuple):
    """What differs after anybody has written to the file or replaced it.

    It is read without opening the file: to close any descriptor of it would release the locks that SQLite holds.
    """

    inode: int
    size: int
    modified_ns: int
    changed_ns: int
    """A restored copy can bring its own time of modification, but not this."""


def is_same_file(before: Stamp | None, after: Stamp | None) -> bool:
    """Whether two stamps are of one file, rewritten or not; in memory there is no other."""
    return before is None or after is None or before.inode == after.inode


class Opened(NamedTuple):
    """A connection to the file, and the stamp that the file had then; None in memory."""

    connection: sqlite3.Connection
    stamp: Stamp | None


class JournalFile:
    """A journal's file, or one in memory. Any number of processes and threads may use one at once.

    Everything here raises JournalError when the file, its folder or its disk is not in order.
    """

    def __init__(self, path: Path | None, *, mode: str = "rwc") -> None:
        """Open the file; without a path, one in memory that ends with the program. `mode` is SQLite's."""
        self.path = path.absolute() if path else None
        self._lock = threading.Lock()
        self._sender: Sender | None = None
        self._is_closed = False
        with self._errors():
            connection = _connect(path, mode)
        self._in_memory = connection if path is None else None
        if path:
            connection.close()

    @classmethod
    def to_write(cls, path: Path, *, is_own: bool) -> Self:
        """Return the file at the path; made, with its folder, if there is none. Its own folder is for
        its owner only.
        """
        with in_words(path):
            _make_folder(path.parent)
            if is_own:
                path.parent.chmod(0o700)
            file = cls(path)
            with file._closed_on_error():
                path.chmod(0o600)  # SQLite gives its rollback file the same mode
                file.migrate()
        return file

    @classmethod
    def to_read(cls, path: Path) -> Self | None:
        """Return the file at the path, or None: reading makes no files."""
        with in_words(path):
            try:
                path.stat()
            except FileNotFoundError:
                return None
            file = cls(path, mode="rw")
            with file._closed_on_error(), file.reading():
                pass
        return file

    def check(self) -> None:
        """Check that table and indexes agree: with an older page in an index, an open transfer would not be found.

        This reads the whole file, in 0.4 s for 100,000 transfers, and delays no other call.
        """
        if self.path is None:
            return
        with self._errors(), contextlib.closing(_connect(self.path, "rw")) as connection:
            result = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if result != "ok":
                raise sqlite3.DatabaseError(result.splitlines()[-1])

    def migrate(self) -> None:
        """Make the tables of a new file, or bring an older one up to date. This also shows whether it
        can be written.
        """
        with self._connected() as (connection, _stamp), transaction(connection):
            self._bring_up(connection, is_new=True)

    def stamp(self) -> Stamp | None:
        """Return the stamp of the file as it is now; None in memory."""
        if self.path is None:
            return None
        with self._errors():
            state = self.path.stat()
        return Stamp(state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Opened]:
        """The current file, for reading. No other thread reads or writes meanwhile, and no other Shunter writes. If the
        file has another stamp afterwards, some other program has replaced it, and what was read may be of either file.
        """
        with self._connected() as (connection, before):
            if _version(connection) != len(MIGRATIONS):
                with transaction(connection):
                    self._bring_up(connection)
            with transaction(connection, "BEGIN"):
                _version(connection)  # takes the lock
                stamp = self.stamp()
                yield Opened(connection, stamp if is_same_file(before, stamp) else before)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Opened]:
        """The current file, for writing. When this ends, all changes are on the disk, or none."""
        with self._connected() as opened, transaction(opened.connection):
            self._bring_up(opened.connection)
            yield opened

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Opened]:
        with self._errors(), self._lock:
            if self._is_closed:
                raise JournalError(_("{journal} is closed.").format(journal=name_of(self.path)))
            if self._in_memory:
                yield Opened(self._in_memory, None)
            else:
                stamp = self.stamp()  # raises that it is gone; SQLite would only say that it cannot be opened
                with contextlib.closing(_connect(self.path, "rw")) as connection:
                    yield Opened(connection, stamp)

    def _bring_up(self, connection: sqlite3.Connection, *, is_new: bool = False) -> None:
        """Bring the schema up to date, within a transaction, after copying the file. An older copy can replace the file
        at any time. Raises JournalError for a newer one.
        """
        version = _version(connection)
        if version > len(MIGRATIONS):
            problem = _("{journal} was written by a newer Shunter. Update this one to use it.")
            raise JournalError(problem.format(journal=name_of(self.path)))
        if version == 0 and not is_new:
            problem = _("{journal} was emptied. Restore it from a backup, then try again.")
            raise JournalError(problem.format(journal=name_of(self.path)))
        if version < len(MIGRATIONS):
            if version and self.path:
                _copy(self.path, version)
            for statement in (statement for step in MIGRATIONS[version:] for statement in step):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    def hold_sender(self) -> str:
        """Return this Shunter's sender id, which shows others that it is alive."""
        if self.path is None:
            return "memory"
        if self._sender is None:
            self._sender = Sender(_senders_folder(self.path))
        return self._sender.id

    def living_senders(self) -> frozenset[str]:
        """Return the sender ids of all Shunters that are alive and use this file."""
        if self.path is None:
            return frozenset({self.hold_sender()})
        return living_senders(_senders_folder(self.path))

    def orphans(self, rows: Sequence[sqlite3.Row]) -> frozenset[int]:
        """Return the ids of the rows that were `sending` when they were read, and whose sender is gone."""
        sending = [row for row in rows if row["outcome"] == Outcome.SENDING]
        if self.path is None or not sending:
            return frozenset()
        with self._errors():
            living = self.living_senders()
        return frozenset(row["id"] for row in sending if row["sender"] not in living)

    def close(self) -> None:
        """Close the file, and release the sender id."""
        with self._lock:
            self._is_closed = True
            if self._in_memory:
                self._in_memory.close()
            if self._sender:
                self._sender.release()
                self._sender = None

    @contextlib.contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise

    def _errors(self) -> contextlib.AbstractContextManager[None]:
        return in_words(self.path)


@contextlib.contextmanager
def unchanged(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a journal of any version that cannot write. Raises JournalError."""
    with in_words(path), contextlib.closing(_connect(path, "ro")) as connection:
        yield connection


def _connect(path: Path | None, mode: str) -> sqlite3.Connection:
    if path:
        require_regular_database(path)
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}" if path else ":memory:",
        uri=path is not None,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.row_factory = sqlite3.Row
    try:
        # A rollback file and not a write-ahead log: its shared memory does not work on network folders, as some homes
        # are, and its fewer fsyncs gain little with one transfer at a time. TRUNCATE and not DELETE: at FULL, SQLite
        # then syncs the end of the rollback file, which makes a commit durable. It syncs the folder before the first
        # commit, so both files' names are durable as well.
        connection.execute("PRAGMA journal_mode = TRUNCATE")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")  # on macOS, a plain fsync leaves the data in the drive's cache
    except BaseException:
        connection.close()
        raise
    return connection


def _copy(path: Path, version: int) -> None:
    """Copy a journal before it is migrated. The caller's transaction prevents other writes meanwhile."""
    target = path.with_name(f"{path.name}.version-{version}")
    unfinished = target.with_name(f"{target.name}.{uuid4().hex}")
    try:
        unfinished.touch(mode=0o600, exist_ok=False)
        with contextlib.closing(_connect(path, "ro")) as source, contextlib.closing(_connect(unfinished, "rw")) as copy:
            copy.execute("PRAGMA journal_mode = DELETE")  # its rollback file would keep the unfinished name
            source.backup(copy)
        if target.exists():  # a copy of an earlier journal: it is kept as well
            target = unfinished.rename(target.with_name(f"{target.name}-{uuid4().hex[:8]}"))
        else:
            unfinished.rename(target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _make_folder(folder: Path) -> None:
    """Make a folder for its owner only, with its name synced to the disk."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """Sync the names in a folder to the disk."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _senders_folder(path: Path) -> Path:
    return path.parent / "senders"


class Sender:
    """A Shunter that may be sending: it holds a lock on a file of its own. Its `id` lives until `release` or the end of
    the process. Raises OSError.

    The kernel drops the lock with the process, however that ends, and with the machine. A process id would not do: the
    system reuses it, and it means nothing to another host that shares the folder.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        while True:
            self.id = uuid4().hex
            self._path = folder / f"{self.id}.lock"
            self._fd = regular_descriptor(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
            if _try_lock(self._fd, fcntl.LOCK_EX) and self._path.exists():
                return
            os.close(self._fd)  # another Shunter removed it as a dead one's before it was locked

    def release(self) -> None:
        """End the life of the id."""
        with contextlib.suppress(OSError):
            self._path.unlink()
        os.close(self._fd)


def living_senders(folder: Path) -> frozenset[str]:
    """Return the ids that a process holds now, and remove the files of the others. Raises OSError."""
    return frozenset(path.stem for path in folder.glob("*.lock") if _is_held(path))


def _is_held(path: Path) -> bool:
    try:
        fd = regular_descriptor(path, os.O_RDONLY)
    except (FileNotFoundError, NotRegular):
        return False  # a pipe or a folder is no Shunter's
    try:
        if not _try_lock(fd, fcntl.LOCK_SH):
            return True
        with contextlib.suppress(OSError):  # the folder may be read-only
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
