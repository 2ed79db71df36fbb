"""Records on disk, in SQLite: by account, and by the question that they answered."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from tui.domain.records import HistoryRow, Row, UnreadableRow
from tui.domain.wallets import TransferType
from tui.files import state_folder

_VERSION = 1
_BUSY_TIMEOUT_S = 5.0

_SCHEMA = (
    """
    CREATE TABLE records (
        account TEXT NOT NULL,
        stream TEXT NOT NULL,
        key TEXT NOT NULL,
        text TEXT,
        asset TEXT,
        amount TEXT,
        type TEXT,
        status TEXT,
        tran_id INTEGER,
        timestamp_ms INTEGER,
        from_symbol TEXT,
        to_symbol TEXT,
        PRIMARY KEY (account, stream, key)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE streams (
        account TEXT NOT NULL,
        stream TEXT NOT NULL,
        until_ms INTEGER NOT NULL,
        PRIMARY KEY (account, stream)
    ) WITHOUT ROWID
    """,
    f"PRAGMA user_version = {_VERSION}",
)


class CacheError(Exception):
    """What was read before cannot be used, or what is read now cannot be kept: it is asked for again next time."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One question to the exchange's history: a type, and the pairs of the isolated accounts that take part."""

    move: TransferType
    from_symbol: str | None = None
    to_symbol: str | None = None

    def __str__(self) -> str:
        pairs = " -> ".join(pair for pair in (self.from_symbol, self.to_symbol) if pair)
        return f"{self.move.name} {pairs}".rstrip()


def cache_path() -> Path:
    """Where a person's cache is. Raises FolderRefused."""
    return state_folder() / "history.sqlite3"


class HistoryCache:
    """One account's records. Any number of threads and processes may use one file at once; every method blocks.

    Every method raises CacheError when the file is not in order. One that is damaged, or of another version, is made
    anew: there is nothing in it that the exchange does not have, for six months.
    """

    def __init__(self, host: str, key_print: str, path: Path | None = None) -> None:
        """The cache of the account that a key opens at a host; in the person's own file unless a path is given."""
        self._account = f"{host} {key_print}"
        self._path = path or cache_path()
        self._lock = threading.Lock()
        with self._errors():
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                self._connection = _connect(self._path)
            except sqlite3.DatabaseError as error:
                code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
                if code & 0xFF not in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
                    raise
                self._path.unlink()
                self._connection = _connect(self._path)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def read(self) -> tuple[dict[Stream, list[Row]], dict[Stream, int]]:
        """The records of each question, and until when, in the exchange's time, it was read whole."""
        with self._errors(), self._lock:
            kept = self._connection.execute("SELECT * FROM records WHERE account = ?", (self._account,)).fetchall()
            whole = self._connection.execute("SELECT * FROM streams WHERE account = ?", (self._account,)).fetchall()
            records: dict[Stream, list[Row]] = {}
            for found in kept:
                if stream := _stream(found["stream"]):
                    records.setdefault(stream, []).append(_row(found))
        untils = ((_stream(found["stream"]), found["until_ms"]) for found in whole)
        return records, {stream: until_ms for stream, until_ms in untils if stream}

    def add(self, stream: Stream, rows: Iterable[Row]) -> None:
        """Keep some records of a question, of which there may be more."""
        with self._changing() as connection:
            self._insert(connection, stream, rows)

    def replace(self, stream: Stream, rows: Iterable[Row], *, start_ms: int, until_ms: int, is_all: bool) -> None:
        """Keep what a question has from one moment on, read whole until another, in the place of what was kept of that
        time; `is_all` where that is all that it has.
        """
        with self._changing() as connection:
            of_stream = (self._account, str(stream))
            connection.execute(
                "DELETE FROM records WHERE account = ? AND stream = ? AND (timestamp_ms >= ? OR (? AND timestamp_ms IS "
                "NULL))",
                (*of_stream, start_ms, is_all),
            )
            self._insert(connection, stream, rows)
            connection.execute("INSERT OR REPLACE INTO streams VALUES (?, ?, ?)", (*of_stream, until_ms))

    def _insert(self, connection: sqlite3.Connection, stream: Stream, rows: Iterable[Row]) -> None:
        connection.executemany(
            f"INSERT OR REPLACE INTO records VALUES ({', '.join('?' * 12)})",  # noqa: S608 - marks
            [(self._account, str(stream), *_columns(row)) for row in rows],
        )

    @contextlib.contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with self._errors(), self._lock, self._connection as connection:
            yield connection

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise CacheError(
                f"What is read of the history cannot be kept in {self._path} ({error}). It may be deleted."
            ) from error


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    try:
        path.chmod(0o600)
        connection.execute("PRAGMA synchronous = OFF")  # what is lost with the power is asked for again
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            if connection.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
                for table in ("records", "streams"):
                    connection.execute(f"DROP TABLE IF EXISTS {table}")
                for statement in _SCHEMA:
                    connection.execute(statement)
    except BaseException:
        connection.close()
        raise
    return connection


def _columns(row: Row) -> tuple[str | int | None, ...]:
    """A record's columns, from `key` on. All of a record but its status tells it from others."""
    amount = None if row.amount is None else str(row.amount)
    if isinstance(row, UnreadableRow):
        return row.text, row.text, row.asset, amount, row.type, row.status, row.tran_id, row.timestamp, None, None
    ends = row.from_symbol, row.to_symbol
    key = "\n".join(
        str(part) for part in (row.tran_id, row.type, row.asset, row.amount.normalize(), row.timestamp, *ends)
    )
    return key, None, row.asset, amount, row.type, row.status, row.tran_id, row.timestamp, *ends


def _row(kept: sqlite3.Row) -> Row:
    """Raises sqlite3.DataError for what this program does not write."""
    try:
        amount = None if kept["amount"] is None else Decimal(kept["amount"])
    except (InvalidOperation, TypeError):
        raise sqlite3.DataError("a record cannot be read") from None
    told = (kept["asset"], amount, kept["type"], kept["status"], kept["tran_id"], kept["timestamp_ms"])
    if kept["text"] is not None:
        asset, _, kind, status, tran_id, timestamp = told
        return UnreadableRow(kept["text"], kind, asset, amount, status, tran_id, timestamp)
    if None in told or amount is None:
        raise sqlite3.DataError("a record cannot be read")
    return HistoryRow(kept["asset"], amount, *told[2:], kept["from_symbol"], kept["to_symbol"])


def _stream(text: str) -> Stream | None:
    """The question that was written as `Stream` shows itself; None for one that is asked no more."""
    name, _, pairs = text.partition(" ")
    move = TransferType.__members__.get(name)
    if move is None:
        return None
    first, _, second = pairs.partition(" -> ")
    if move.needs_from_pair:
        return Stream(move, first, second or None)
    return Stream(move, None, first or None)
