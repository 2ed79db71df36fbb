"""A cache of the exchange's history, next to the journal, in a file that may be deleted at any time.

The desk uses it to save calls, and to keep records that the exchange drops after six months. No outcome depends on it.
Records are stored in SQLite, by account and by the question that returned them.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import TypeGuard

from tui.domain.amounts import EXACT, AmountError, read_amount
from tui.domain.moments import EARLIEST_MS, LATEST_MS
from tui.domain.records import (
    END_OF_TIMESTAMPS_MS,
    LEAST_TIMESTAMP_MS,
    MOST_IN_TEXT,
    MOST_IN_WORD,
    MOST_TRAN_ID,
    HistoryQuery,
    HistoryRow,
    Row,
    UnreadableRow,
    status_from,
)
from tui.domain.text import name, printable
from tui.domain.wallets import TransferType
from tui.files import NotRegular, require_regular_database, state_folder, transaction
from tui.language import _

_VERSION = 2
"""Earlier versions added pairs that no record named, and wrote spans by a clock that could be wrong."""
_BUSY_TIMEOUT_S = 5.0

_TABLES = (
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
)

_READ = "stream, key, text, asset, amount, type, status, tran_id, timestamp_ms, from_symbol, to_symbol"

_MOST_BYTES = 64 * 1024
"""The limit for one row. Real ones have a few hundred bytes."""

_MOST_RECORDS = 1_000_000
"""The limit for an account: a hundred a day for 27 years."""

_DAMAGE = frozenset(
    {
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_TOOBIG,
        sqlite3.SQLITE_ERROR,  # a table or a column is missing
        sqlite3.SQLITE_CONSTRAINT,
        sqlite3.SQLITE_MISMATCH,
    }
)


class CacheError(Exception):
    """Raised when the cache cannot be read or written. The next reading asks for the records again."""


def cache_path() -> Path:
    """Return the path of the person's cache. Raises FolderRefused."""
    return state_folder() / "history.sqlite3"


def recorded_assets() -> set[str]:
    """Return the assets in the person's cache, of every account. Writes nothing. Raises CacheError, FolderRefused."""
    path = cache_path()
    with _errors(path):
        require_regular_database(path)
        if not path.exists():
            return set()
        with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
            return {asset for (asset,) in connection.execute("SELECT DISTINCT asset FROM records")}


class HistoryCache:
    """One account's records. Any number of threads and processes may use one file at once; every method blocks.

    Every method raises CacheError if the file cannot be read or written. A damaged file, or one of another version, is
    replaced with an empty one: the exchange still has the last six months.
    """

    def __init__(self, host: str, key_print: str, path: Path | None = None) -> None:
        """Open the cache for the account of a key at a host, in the person's own file unless a path is given."""
        self._account = f"{host} {key_print}"
        self._path = path or cache_path()
        self._lock = threading.Lock()
        with _errors(self._path):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._connection = _open(self._path)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def read(self) -> tuple[dict[HistoryQuery, list[Row]], dict[HistoryQuery, int]]:
        """Return the records of each question, and up to which time of the exchange each was read completely.

        Both come from one transaction. If anything in the file is damaged, both are empty.
        """
        with _errors(self._path), self._lock:
            try:
                with transaction(self._connection, "BEGIN") as connection:
                    return _records(connection, self._account), _untils(connection, self._account)
            except sqlite3.Error as error:
                if not _is_damage(error):
                    raise
                self._connection = _emptied(self._path, self._connection)
                return {}, {}

    def add(self, query: HistoryQuery, rows: Iterable[Row]) -> None:
        """Add records of a question. The question may have others."""
        with self._changing() as connection:
            self._insert(connection, query, rows)

    def replace(self, query: HistoryQuery, rows: Iterable[Row], *, start_ms: int, until_ms: int, is_all: bool) -> None:
        """Replace the records of a question from `start_ms` on with these, which are complete up to `until_ms`.

        `is_all` says that the question has no other records. Otherwise it counts as read up to `until_ms` only if the
        earlier records are still in the file: another Shunter may have emptied it in the meantime.
        """
        with self._changing() as connection:
            key = (self._account, str(query))
            before = connection.execute("SELECT until_ms FROM streams WHERE account = ? AND stream = ?", key).fetchone()
            connection.execute(
                "DELETE FROM records WHERE account = ? AND stream = ? AND (timestamp_ms >= ? OR (? AND timestamp_ms IS "
                "NULL))",
                (*key, start_ms, is_all),
            )
            self._insert(connection, query, rows)
            if is_all or (before is not None and _is_whole(before[0]) and before[0] >= start_ms):
                connection.execute("INSERT OR REPLACE INTO streams VALUES (?, ?, ?)", (*key, until_ms))

    def _insert(self, connection: sqlite3.Connection, query: HistoryQuery, rows: Iterable[Row]) -> None:
        connection.executemany(
            f"INSERT OR REPLACE INTO records VALUES ({', '.join('?' * 12)})",  # noqa: S608 - only placeholders
            [(self._account, str(query), *_columns(row)) for row in rows],
        )

    @contextlib.contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with _errors(self._path), self._lock, transaction(self._connection) as connection:
            yield connection


@contextlib.contextmanager
def _errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        reason = error.strerror if isinstance(error, NotRegular) else error
        problem = _("The history cannot be cached in {path} ({reason}). You can delete the cache.")
        raise CacheError(problem.format(path=path, reason=reason)) from error


def _open(path: Path) -> sqlite3.Connection:
    """Return a connection to a file with our schema; a damaged file is replaced."""
    require_regular_database(path)
    try:
        connection = _connect(path)
    except sqlite3.Error as error:
        if not _is_damage(error):
            raise
        path.unlink()
        return _connect(path)
    return connection


def _emptied(path: Path, connection: sqlite3.Connection) -> sqlite3.Connection:
    """Return a connection to the emptied file. It is emptied in place, so that no other Shunter uses a deleted one."""
    try:
        with transaction(connection):
            _make(connection)
    except sqlite3.Error as error:
        if not _is_damage(error):
            raise
        connection.close()
        path.unlink()
        return _connect(path)
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    try:
        path.chmod(0o600)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
        # A span must not reach the disk before its records. Whatever a power failure loses is read again.
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA trusted_schema = OFF")
        with transaction(connection):
            if not _is_ours(connection):
                _make(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _is_ours(connection: sqlite3.Connection) -> bool:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = connection.execute("SELECT sql FROM sqlite_master ORDER BY name LIMIT ?", (len(_TABLES) + 1,)).fetchall()
    return version == _VERSION and [str(table["sql"]).strip() for table in tables] == [
        table.strip() for table in _TABLES
    ]


def _make(connection: sqlite3.Connection) -> None:
    """Remove everything in the file, and create the tables."""
    for item in connection.execute(
        "SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%'"
    ).fetchall():
        name = item["name"].replace('"', '""')
        connection.execute(f'DROP {item["type"]} IF EXISTS "{name}"')
    for table in _TABLES:
        connection.execute(table)
    connection.execute(f"PRAGMA user_version = {_VERSION}")


def _is_damage(error: sqlite3.Error) -> bool:
    """Whether the file's content is wrong. An error without a code means a value that cannot be read."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is None or code & 0xFF in _DAMAGE


def _records(connection: sqlite3.Connection, account: str) -> dict[HistoryQuery, list[Row]]:
    records: dict[HistoryQuery, list[Row]] = {}
    parse_query = lru_cache(maxsize=None)(_query)
    for stored in _bounded(connection, f"SELECT {_READ} FROM records WHERE account = ?", account):  # noqa: S608 - a constant
        records.setdefault(parse_query(stored["stream"]), []).append(_row(stored))
    return records


def _untils(connection: sqlite3.Connection, account: str) -> dict[HistoryQuery, int]:
    untils: dict[HistoryQuery, int] = {}
    for stored in _bounded(connection, "SELECT stream, until_ms FROM streams WHERE account = ?", account):
        until_ms = _number(stored["until_ms"], EARLIEST_MS, LATEST_MS)
        if until_ms is None:
            raise sqlite3.DataError("a span has no end")
        untils[_query(stored["stream"])] = until_ms
    return untils


def _bounded(connection: sqlite3.Connection, statement: str, account: str) -> Iterator[sqlite3.Row]:
    with contextlib.closing(connection.execute(statement, (account,))) as cursor:
        for number, stored in enumerate(cursor):
            if number >= _MOST_RECORDS:
                raise sqlite3.DataError("there are too many rows")
            yield stored


def _columns(row: Row) -> tuple[str | int | None, ...]:
    """Return a record's columns, from `key` on. The key is made of everything but the status."""
    amount = None if row.amount is None else str(row.amount)
    if isinstance(row, UnreadableRow):
        return row.text, row.text, row.asset, amount, row.type, row.status, row.tran_id, row.timestamp, None, None
    ends = row.from_symbol, row.to_symbol
    key = "\n".join(
        str(part) for part in (row.tran_id, row.type, row.asset, row.amount.normalize(EXACT), row.timestamp, *ends)
    )
    return key, None, row.asset, amount, row.type, row.status, row.tran_id, row.timestamp, *ends


def _row(stored: sqlite3.Row) -> Row:
    """Return the record in a row. Raises sqlite3.DataError if the exchange could not have sent it: see
    `exchange/payloads.py`.
    """
    kind, asset, written, from_symbol, to_symbol = (
        _word(stored[name]) for name in ("type", "asset", "status", "from_symbol", "to_symbol")
    )
    status = status_from(written) if written else None
    amount = _amount(stored["amount"])
    tran_id = _number(stored["tran_id"], 1, MOST_TRAN_ID + 1)
    timestamp = _number(stored["timestamp_ms"], LEAST_TIMESTAMP_MS, END_OF_TIMESTAMPS_MS)
    row: Row | None = None
    if stored["text"] is not None:
        text = _text(stored["text"], MOST_IN_TEXT)
        row = UnreadableRow(text, kind, asset, amount, status, tran_id, timestamp)
    elif kind and asset and status and amount and tran_id and timestamp:
        row = HistoryRow(asset, amount, kind, status, tran_id, timestamp, from_symbol, to_symbol)
    if row is None or _columns(row)[0] != stored["key"]:
        raise sqlite3.DataError("a record does not match its key")
    return row


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int)


def _number(value: object, least: int, end: int) -> int | None:
    if value is None:
        return None
    if _is_whole(value) and least <= value < end:
        return value
    raise sqlite3.DataError("a number is out of range")


def _amount(value: object) -> Decimal | None:
    if value is None:
        return None
    with contextlib.suppress(AmountError):
        if isinstance(value, str) and (amount := read_amount(value)) > 0:
            return amount
    raise sqlite3.DataError("an amount cannot be read")


def _word(value: object) -> str | None:
    return None if value is None else _text(value, MOST_IN_WORD)


def _text(value: object, most: int) -> str:
    if isinstance(value, str) and 0 < len(value) <= most and printable(value) == value:
        return value
    raise sqlite3.DataError("a text cannot be read")


def _query(value: object) -> HistoryQuery:
    """Parse the text of a `HistoryQuery`. Raises sqlite3.DataError."""
    text = value if isinstance(value, str) else ""
    kind, _blank, pairs = text.partition(" ")
    move = TransferType.__members__.get(kind)
    if move is not None:
        first, _arrow, second = pairs.partition(" -> ")
        ends = (first, second or None) if move.needs_from_pair else (None, first or None)
        query = HistoryQuery(move, *ends)
        needs = move.needs_from_pair, move.needs_to_pair
        if str(query) == text and all(_is_pair(pair, needed=need) for pair, need in zip(ends, needs, strict=True)):
            return query
    raise sqlite3.DataError("not a question that Shunter asks")


def _is_pair(pair: str | None, *, needed: bool) -> bool:
    return name(pair) == pair if needed and pair else not needed and pair is None
