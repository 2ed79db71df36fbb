"""The journal: every transfer is in it, on disk, before the first byte of its request can leave.

JournalError        the journal cannot be read or written: no journal, no transfer
└── TranIdTaken     another transfer to the same host already has this tranId
"""

import contextlib
import errno
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from platformdirs import user_state_path

from tui.domain.amounts import plain
from tui.domain.transfer import Outcome, Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.senders import Sender, living_senders

BUSY_TIMEOUT_S = 5.0
"""How long a call waits for another Shunter's write, which takes milliseconds."""

SENDER_GONE = "Shunter ended before the answer came"
"""The message of a transfer whose sender died."""

_PAGE = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE transfers (
            id INTEGER PRIMARY KEY,
            sender TEXT NOT NULL,
            profile TEXT NOT NULL,
            key_tail TEXT NOT NULL,
            host TEXT NOT NULL,
            type TEXT NOT NULL,
            asset TEXT NOT NULL,
            amount TEXT NOT NULL,
            from_symbol TEXT,
            to_symbol TEXT,
            sent_at_ms INTEGER NOT NULL,
            timestamp_ms INTEGER NOT NULL,
            recv_window_ms INTEGER NOT NULL,
            outcome TEXT NOT NULL,
            tran_id INTEGER,
            code INTEGER,
            message TEXT NOT NULL,
            settled_at_ms INTEGER
        )
        """,
        """
        CREATE TABLE changes (
            transfer_id INTEGER NOT NULL REFERENCES transfers (id),
            at_ms INTEGER NOT NULL,
            outcome TEXT NOT NULL,
            tran_id INTEGER,
            code INTEGER,
            message TEXT NOT NULL
        )
        """,
        "CREATE UNIQUE INDEX transfers_tran_id ON transfers (host, tran_id) WHERE tran_id IS NOT NULL",
        "CREATE INDEX transfers_sent ON transfers (host, sent_at_ms)",
        "CREATE INDEX transfers_open ON transfers (host) WHERE outcome IN ('sending', 'unknown')",
        "CREATE VIEW open_transfers AS SELECT * FROM transfers WHERE outcome IN ('sending', 'unknown')",
    ),
)
"""Step N takes a journal from schema version N to N + 1. A step that was released never changes."""


class JournalError(Exception):
    """The journal cannot be read or written; says what is wrong, where, and what to do."""


class TranIdTaken(JournalError):
    """Another transfer to the same host already has this tranId."""


def journal_path() -> Path:
    """Where a person's journal is."""
    return user_state_path("shunter") / "journal.sqlite3"


class Journal:
    """Transfers on disk. Any number of processes and threads may use one file at once; every method blocks.

    Every method raises JournalError when the file, its folder or its disk is not in order. Nothing is ever recreated
    or overwritten to get around that.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path | None) -> None:
        self._connection = connection
        self._path = path
        self._lock = threading.Lock()
        self._sender: Sender | None = None

    @classmethod
    def open(cls, path: Path | None = None) -> "Journal":
        """The journal to write to, by default the person's own; made if there is none."""
        place = path or journal_path()
        with _errors(place):
            _make_folder(place.parent)
            if path is None:
                place.parent.chmod(0o700)
            journal = cls(_connect(place, mode="rwc"), place)
            with journal._closed_on_error():
                place.chmod(0o600)  # SQLite gives its rollback file the same mode
                journal._migrate()
        return journal

    @classmethod
    def open_to_read(cls, path: Path | None = None) -> "Journal | None":
        """The journal that is there, by default the person's own, or None: reading makes no files."""
        place = path or journal_path()
        with _errors(place):
            try:
                place.stat()
            except FileNotFoundError:
                return None
            journal = cls(_connect(place, mode="rw"), place)
            with journal._closed_on_error():
                if journal._value("PRAGMA user_version") != len(MIGRATIONS):
                    journal._migrate()
        return journal

    @classmethod
    def in_memory(cls) -> "Journal":
        """A journal that never touches the disk and ends with the program: for the demo exchange."""
        journal = cls(_connect(None), None)
        journal._migrate()
        return journal

    def begin(
        self,
        request: TransferRequest,
        *,
        profile: str,
        key_tail: str,
        host: str,
        timestamp_ms: int,
        recv_window_ms: int,
    ) -> Transfer:
        """Write down that a transfer is about to be sent; it is on the disk when this returns.

        When this raises, nothing may be sent. It must then not be taken for a transfer that was.
        """
        transfer_id = 0
        try:
            with self._transaction():
                now_ms = _now_ms()
                self._connection.execute(
                    """
                    INSERT INTO transfers (sender, profile, key_tail, host, type, asset, amount, from_symbol,
                        to_symbol, sent_at_ms, timestamp_ms, recv_window_ms, outcome, message)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')
                    """,
                    (
                        self._hold_sender(),
                        profile,
                        key_tail,
                        host,
                        request.type.name,
                        request.asset,
                        plain(request.amount),
                        request.from_symbol,
                        request.to_symbol,
                        now_ms,
                        timestamp_ms,
                        recv_window_ms,
                        Outcome.SENDING,
                    ),
                )
                transfer_id = self._value("SELECT last_insert_rowid()")
                self._add_change(transfer_id, now_ms, Outcome.SENDING, None, None, "")
                transfer = _transfer(self._row(transfer_id))
        except JournalError:
            if transfer_id:
                self._disown(transfer_id)
            raise
        return transfer

    def record(
        self,
        transfer_id: int,
        outcome: Outcome,
        *,
        tran_id: int | None = None,
        code: int | None = None,
        message: str = "",
    ) -> Transfer:
        """Write down how a transfer stands now; on the disk when this returns. Returns it as the journal has it.

        Only an open transfer changes. A final one stays as it is: another Shunter may have settled it first.
        Raises TranIdTaken, and changes nothing, when another transfer to the same host has the tranId.
        """
        with self._transaction():
            if _transfer(self._row(transfer_id)).outcome.is_open:
                self._change(transfer_id, outcome, tran_id, code, message)
            return _transfer(self._row(transfer_id))

    def transfer(self, transfer_id: int) -> Transfer:
        """How one transfer stands now."""
        with self._errors(), self._lock:
            return _transfer(self._row(transfer_id))

    def transfers(self) -> Iterator[Transfer]:
        """Every transfer ever begun, oldest first. Reads on as they are taken, and locks nothing in between."""
        last = 0
        while page := self._read("SELECT * FROM transfers WHERE id > ? ORDER BY id LIMIT ?", (last, _PAGE)):
            yield from page
            last = page[-1].id

    def recent(self, count: int) -> list[Transfer]:
        """The newest transfers, oldest first."""
        return self._read("SELECT * FROM transfers ORDER BY id DESC LIMIT ?", (count,))[::-1]

    def open_transfers(self, host: str) -> list[Transfer]:
        """The transfers to a host, oldest first, that are open and that no living process is sending.

        What a process left behind as `sending` when it ended becomes `unknown` here, on the disk.
        """
        statement = "SELECT * FROM open_transfers WHERE host = ? ORDER BY id"
        with self._errors(), self._lock:
            rows = self._connection.execute(statement, (host,)).fetchall()
            orphans = self._orphans(rows)
        if orphans:
            with self._transaction():
                for orphan in orphans:
                    # It may have been written to since it was read, by its sender or another Shunter.
                    if self._row(orphan)["outcome"] == Outcome.SENDING:
                        self._change(orphan, Outcome.UNKNOWN, None, None, SENDER_GONE)
                rows = self._connection.execute(statement, (host,)).fetchall()
        return [transfer for transfer in map(_transfer, rows) if transfer.outcome is Outcome.UNKNOWN]

    def similar(self, request: TransferRequest, *, host: str, since: datetime) -> list[Transfer]:
        """The transfers that the request would repeat, oldest first: open ones, and done ones sent `since`. Of any
        profile, for two keys may be of one account.
        """
        same = (host, request.type.name, request.asset, request.from_symbol, request.to_symbol)
        found = self._read(
            """
            SELECT * FROM open_transfers
            WHERE host = ? AND type = ? AND asset = ? AND from_symbol IS ? AND to_symbol IS ?
            UNION ALL
            SELECT * FROM transfers
            WHERE host = ? AND type = ? AND asset = ? AND from_symbol IS ? AND to_symbol IS ?
                AND outcome = ? AND sent_at_ms >= ?
            """,
            (*same, *same, Outcome.DONE, _ms(since)),
        )
        repeated = [transfer for transfer in found if transfer.request.amount == request.amount]  # 1.0 is 1
        return sorted(repeated, key=lambda transfer: transfer.id)  # in SQL, it would read the whole table for the order

    def rivals(self, transfer: Transfer) -> list[Transfer]:
        """The other open transfers to the same host that ask for the same, of any profile too."""
        request = transfer.request
        found = self._read(
            """
            SELECT * FROM open_transfers
            WHERE host = ? AND type = ? AND asset = ? AND from_symbol IS ? AND to_symbol IS ? AND id != ?
            """,
            (transfer.host, request.type.name, request.asset, request.from_symbol, request.to_symbol, transfer.id),
        )
        return [rival for rival in found if rival.request.amount == request.amount]

    def holds_tran_id(self, host: str, tran_id: int) -> bool:
        """Whether a transfer to this host has this tranId."""
        return bool(self._read("SELECT * FROM transfers WHERE host = ? AND tran_id = ?", (host, tran_id)))

    def close(self) -> None:
        """Let go of the file. A transfer begun here that is still `sending` is `unknown` from now on."""
        with self._lock:
            self._connection.close()
            if self._sender:
                self._sender.release()
                self._sender = None

    def _change(self, transfer_id: int, outcome: Outcome, tran_id: int | None, code: int | None, message: str) -> None:
        """Within a transaction: the row's new state and the entry in its history, if it is a new one."""
        message = message.encode(errors="replace").decode()  # a server can send half of a surrogate pair
        row = self._row(transfer_id)
        if (row["outcome"], row["tran_id"], row["code"], row["message"]) == (outcome, tran_id, code, message):
            return
        now_ms = _now_ms()
        self._connection.execute(
            "UPDATE transfers SET outcome = ?, tran_id = ?, code = ?, message = ?, settled_at_ms = ? WHERE id = ?",
            (outcome, tran_id, code, message, None if outcome.is_open else now_ms, transfer_id),
        )
        self._add_change(transfer_id, now_ms, outcome, tran_id, code, message)

    def _add_change(
        self, transfer_id: int, at_ms: int, outcome: Outcome, tran_id: int | None, code: int | None, message: str
    ) -> None:
        self._connection.execute(
            "INSERT INTO changes (transfer_id, at_ms, outcome, tran_id, code, message) VALUES (?, ?, ?, ?, ?, ?)",
            (transfer_id, at_ms, outcome, tran_id, code, message),
        )

    def _disown(self, transfer_id: int) -> None:
        """Where a disk fails late in a commit, the row can be there all the same: it was never sent, so say that."""
        with contextlib.suppress(JournalError), self._transaction():
            row = self._connection.execute("SELECT * FROM transfers WHERE id = ?", (transfer_id,)).fetchone()
            # The id may be another Shunter's by now.
            if row and self._sender and row["sender"] == self._sender.id:
                self._change(transfer_id, Outcome.NOT_SENT, None, None, "The journal could not be written")

    def _read(self, statement: str, parameters: Sequence[object]) -> list[Transfer]:
        """Transfers as they stand: one whose sender died is unknown, also where that is not written yet."""
        with self._errors(), self._lock:
            rows = self._connection.execute(statement, parameters).fetchall()
            orphans = self._orphans(rows)
            return [
                replace(_transfer(row), outcome=Outcome.UNKNOWN, message=SENDER_GONE)
                if row["id"] in orphans
                else _transfer(row)
                for row in rows
            ]

    def _row(self, transfer_id: int) -> sqlite3.Row:
        row: sqlite3.Row | None = self._connection.execute(
            "SELECT * FROM transfers WHERE id = ?", (transfer_id,)
        ).fetchone()
        if row is None:
            raise sqlite3.DataError(f"transfer {transfer_id} is missing")
        return row

    def _orphans(self, rows: Sequence[sqlite3.Row]) -> frozenset[int]:
        """The transfers that were `sending` when they were read, and whose sender is gone."""
        sending = [row for row in rows if row["outcome"] == Outcome.SENDING]
        if self._path is None or not sending:
            return frozenset()
        living = living_senders(_senders_folder(self._path))
        return frozenset(row["id"] for row in sending if row["sender"] not in living)

    def _hold_sender(self) -> str:
        """This journal's sender id, under which it counts as alive."""
        if self._path is None:
            return "memory"
        if self._sender is None:
            self._sender = Sender(_senders_folder(self._path))
        return self._sender.id

    def _value(self, statement: str) -> int:
        value: int = self._connection.execute(statement).fetchone()[0]
        return value

    def _migrate(self) -> None:
        """Bring the schema up to date; all steps or none. Also finds out whether the file can be written."""
        with self._transaction():
            version = self._value("PRAGMA user_version")
            if version > len(MIGRATIONS):
                raise JournalError(f"{_name(self._path)} was written by a newer Shunter. Update this one to use it.")
            if version < len(MIGRATIONS):
                for statement in (statement for step in MIGRATIONS[version:] for statement in step):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._errors(), self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    with contextlib.suppress(sqlite3.Error):
                        self._connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise

    def _errors(self) -> contextlib.AbstractContextManager[None]:
        return _errors(self._path)


def _connect(path: Path | None, mode: str = "rwc") -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}" if path else ":memory:",
        uri=path is not None,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.row_factory = sqlite3.Row
    try:
        # A rollback file and not a write-ahead log, whose shared memory does not work on the network folders that some
        # homes are; the log's fewer fsyncs are worth little at one transfer at a time. TRUNCATE and not DELETE: at FULL
        # SQLite then syncs the end of the rollback file, which is what makes a commit durable. It syncs the folder
        # before the first commit, so that both files' names are durable as well.
        connection.execute("PRAGMA journal_mode = TRUNCATE")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")  # on macOS a plain fsync leaves the data in the drive's cache
    except BaseException:
        connection.close()
        raise
    return connection


def _make_folder(folder: Path) -> None:
    """The folder, for its owner only, its name on the disk as well."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    fd = os.open(folder.parent, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _senders_folder(path: Path) -> Path:
    return path.parent / "senders"


def _transfer(row: sqlite3.Row) -> Transfer:
    try:
        return Transfer(
            id=row["id"],
            request=TransferRequest(
                TransferType[row["type"]], row["asset"], Decimal(row["amount"]), row["from_symbol"], row["to_symbol"]
            ),
            profile=row["profile"],
            key_tail=row["key_tail"],
            host=row["host"],
            sent_at=_utc(row["sent_at_ms"]),
            timestamp_ms=row["timestamp_ms"],
            recv_window_ms=row["recv_window_ms"],
            outcome=Outcome(row["outcome"]),
            tran_id=row["tran_id"],
            code=row["code"],
            message=row["message"],
            settled_at=None if row["settled_at_ms"] is None else _utc(row["settled_at_ms"]),
        )
    except (LookupError, ValueError, TypeError, ArithmeticError) as error:
        raise sqlite3.DataError(f"transfer {row['id']} cannot be read") from error


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _ms(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _utc(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)


@contextlib.contextmanager
def _errors(path: Path | None) -> Iterator[None]:
    """Turns what SQLite and the system report into words for a person."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise _journal_error(error, path) from error


def _journal_error(error: sqlite3.Error | OSError, path: Path | None) -> JournalError:
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)  # without a code: a row that cannot be read
        if code == sqlite3.SQLITE_CONSTRAINT_UNIQUE:
            return TranIdTaken("Another transfer in the journal already has this tranId")
        problem, remedy = _SQLITE_PROBLEMS.get(code & 0xFF, _FAILING)
    else:
        problem, remedy = _SYSTEM_PROBLEMS.get(error.errno or 0, _FAILING)
    if path and path.is_dir():
        problem, remedy = "a folder has the journal's name", "Move that folder aside, then try again."
    return JournalError(f"{_name(path)}: {problem} ({error}). {remedy}")


def _name(path: Path | None) -> str:
    return f"The journal {path}" if path else "The journal in memory"


_FULL = "the disk is full", "Free some space, then try again."
_FORBIDDEN = "it cannot be opened or written", "Make the file and its folder yours and writable, then try again."
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
    errno.ENOSPC: _FULL,
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EROFS: _FORBIDDEN,
    errno.ENOTDIR: _FORBIDDEN,
    errno.EEXIST: _FORBIDDEN,
}
