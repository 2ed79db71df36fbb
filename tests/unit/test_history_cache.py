"""What was read of the history is kept in a file that is read as strictly as an answer, and counts only whole."""

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tui import history
from tui.domain.records import HistoryQuery, HistoryRow, RecordStatus, UnreadableRow
from tui.domain.wallets import TransferType
from tui.history import CacheError, HistoryCache
from tui.structs import replace

NOW_MS = 1_795_521_600_000
MONTH_MS = 30 * 24 * 60 * 60 * 1000
STREAM = HistoryQuery(TransferType.MAIN_FUNDING)
OTHER = HistoryQuery(TransferType.ISOLATEDMARGIN_ISOLATEDMARGIN, "BTCUSDT", "ETHUSDT")
RECORD = HistoryRow("USDT", Decimal("12.5"), "MAIN_FUNDING", RecordStatus.CONFIRMED, 7, NOW_MS - 5)
ODD = UnreadableRow('{"tranId": "x"}', asset="USDT")
EMPTY: tuple[dict[HistoryQuery, object], dict[HistoryQuery, int]] = ({}, {})

OpenCache = Callable[[], HistoryCache]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite3"


@pytest.fixture
def open_cache(path: Path) -> Iterator[OpenCache]:
    with contextlib.ExitStack() as opened:
        yield lambda: opened.enter_context(contextlib.closing(HistoryCache("https://demo.invalid", "print", path)))


@pytest.fixture
def filled(open_cache: OpenCache) -> HistoryCache:
    cache = open_cache()
    cache.replace(STREAM, [RECORD, ODD], start_ms=NOW_MS - MONTH_MS, until_ms=NOW_MS, is_all=True)
    cache.replace(OTHER, [replace(RECORD, type="X", from_symbol="BTCUSDT")], start_ms=0, until_ms=NOW_MS, is_all=True)
    records, untils = cache.read()
    assert records[STREAM] == [RECORD, ODD] or records[STREAM] == [ODD, RECORD]
    assert untils == {STREAM: NOW_MS, OTHER: NOW_MS}
    return cache


_BAD = [
    ("records", "timestamp_ms", "soon"),
    ("records", "timestamp_ms", 0),
    ("records", "timestamp_ms", 1_800_000_000),
    ("records", "timestamp_ms", 253_402_300_800_000),
    ("records", "timestamp_ms", 2**63 - 1),
    ("records", "timestamp_ms", 1.5e12 + 0.5),
    ("records", "timestamp_ms", b"\0"),
    ("records", "amount", "NaN"),
    ("records", "amount", "sNaN"),
    ("records", "amount", "Infinity"),
    ("records", "amount", "1e999999"),
    ("records", "amount", "1e-999999"),
    ("records", "amount", "0"),
    ("records", "amount", "-1"),
    ("records", "amount", "9" * 100),
    ("records", "amount", b"12.5"),
    ("records", "amount", ""),
    ("records", "tran_id", -1),
    ("records", "tran_id", 0),
    ("records", "tran_id", "x"),
    ("records", "tran_id", 1.5),
    ("records", "status", "S" * 10**6),
    ("records", "status", ""),
    ("records", "status", "a\x1b[2J"),
    ("records", "status", b"\xff\xfe"),
    ("records", "asset", "USDT\n"),
    ("records", "asset", 5.5),
    ("records", "type", "T" * 61),
    ("records", "from_symbol", "\u202eX"),
    ("records", "text", "t" * 301),
    ("records", "text", b"{}"),
    ("records", "key", "another"),
    ("records", "key", b"\0"),
    ("records", "stream", "MAIN_MOON"),
    ("records", "stream", "MAIN_FUNDING BTCUSDT"),
    ("records", "stream", "ISOLATEDMARGIN_ISOLATEDMARGIN BTCUSDT"),
    ("records", "stream", b"MAIN_FUNDING"),
    ("records", "stream", ""),
    ("streams", "stream", "MAIN_MOON"),
    ("streams", "stream", b"\0"),
    ("streams", "until_ms", "later"),
    ("streams", "until_ms", -1),
    ("streams", "until_ms", 2**63 - 1),
    ("streams", "until_ms", 4_102_444_800_000),
    ("streams", "until_ms", b""),
]


@pytest.mark.parametrize(("table", "column", "value"), _BAD, ids=range(len(_BAD)))
def test_one_bad_value_has_the_file_made_anew(
    open_cache: OpenCache, filled: HistoryCache, path: Path, table: str, column: str, value: object
) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        which = "AND tran_id = 7" if table == "records" else ""
        changed = connection.execute(
            f"UPDATE {table} SET {column} = ? WHERE stream = 'MAIN_FUNDING' {which}",
            (value,),
        )
        assert changed.rowcount == 1
    _is_empty_and_good(open_cache(), filled)


@pytest.mark.parametrize("column", ["asset", "amount", "type", "status", "tran_id", "timestamp_ms"])
def test_record_that_lacks_a_field_has_the_file_made_anew(
    open_cache: OpenCache, filled: HistoryCache, path: Path, column: str
) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE records SET {column} = NULL WHERE tran_id = 7")
    _is_empty_and_good(open_cache(), filled)


def test_text_that_is_not_utf8_has_the_file_made_anew(open_cache: OpenCache, filled: HistoryCache, path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE records SET status = CAST(X'FFFE' AS TEXT)")
    _is_empty_and_good(open_cache(), filled)


_SHAPES = [
    "DROP TABLE streams",
    "ALTER TABLE records DROP COLUMN asset",
    "ALTER TABLE records ADD COLUMN more TEXT",
    "DROP TABLE streams; CREATE VIEW streams AS SELECT 1 AS account, 2 AS stream, 3 AS until_ms",
    "CREATE VIEW more AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n",
    "CREATE TRIGGER more AFTER INSERT ON records BEGIN DELETE FROM records; END",
    "PRAGMA user_version = 9",
    'CREATE TABLE "a""b" (x)',
]


@pytest.mark.parametrize("statements", _SHAPES, ids=range(len(_SHAPES)))
def test_another_shape_has_the_file_made_anew(
    open_cache: OpenCache, filled: HistoryCache, path: Path, statements: str
) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(statements)
    _is_empty_and_good(open_cache(), filled)


def test_more_records_than_there_can_be_are_not_read(
    open_cache: OpenCache, filled: HistoryCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "_MOST_RECORDS", 1)
    assert open_cache().read() == EMPTY


def _is_empty_and_good(cache: HistoryCache, before: HistoryCache) -> None:
    """A file that was made anew serves who had it open before, too."""
    assert cache.read() == EMPTY
    assert cache.read() == EMPTY
    before.replace(STREAM, [RECORD], start_ms=0, until_ms=NOW_MS, is_all=True)
    assert cache.read() == ({STREAM: [RECORD]}, {STREAM: NOW_MS})


def test_amounts_that_differ_in_the_last_digit_are_two_records(open_cache: OpenCache) -> None:
    cache = open_cache()
    long = [replace(RECORD, amount=Decimal(f"12345678901234567890.00000000000000000{digit}")) for digit in (1, 2)]
    cache.replace(STREAM, long, start_ms=0, until_ms=NOW_MS, is_all=True)
    assert len(cache.read()[0][STREAM]) == 2


@pytest.mark.parametrize("name", ["history.sqlite3", "history.sqlite3-journal"])
def test_what_is_no_file_is_named_and_left_alone(open_cache: OpenCache, path: Path, name: str) -> None:
    pipe = path.with_name(name)
    os.mkfifo(pipe)
    with pytest.raises(CacheError, match=rf"cached in {path} \({name} is a named pipe, not a file. Move it away"):
        open_cache()
    assert pipe.is_fifo()


def test_records_and_spans_are_read_as_of_one_moment(open_cache: OpenCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that was left goes on writing in its thread: it must not come between the two."""
    reading = open_cache()
    monkeypatch.setattr(history, "_BUSY_TIMEOUT_S", 0)
    writing = open_cache()
    came: list[str] = []

    def come_between(statement: str) -> None:
        if "FROM streams" in statement and not came:
            came.append(statement)
            with contextlib.suppress(CacheError):  # it has to wait until that is read
                writing.replace(STREAM, [RECORD], start_ms=0, until_ms=NOW_MS, is_all=True)

    reading._connection.set_trace_callback(come_between)
    records, untils = reading.read()
    assert came
    assert records.keys() == untils.keys()


def test_span_counts_only_where_what_was_read_before_it_is_kept(
    open_cache: OpenCache, filled: HistoryCache, path: Path
) -> None:
    """Another Shunter found the file damaged, and made it anew, after this one had read what was kept."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE records SET amount = 'NaN'")
    assert open_cache().read() == EMPTY
    new = replace(RECORD, tran_id=8, timestamp=NOW_MS + 5)
    filled.replace(STREAM, [new], start_ms=NOW_MS, until_ms=NOW_MS + 10, is_all=False)
    assert open_cache().read() == ({STREAM: [new]}, {})


def test_span_that_joins_what_was_read_before_counts(open_cache: OpenCache, filled: HistoryCache) -> None:
    filled.replace(STREAM, [], start_ms=NOW_MS, until_ms=NOW_MS + 10, is_all=False)
    assert open_cache().read()[1][STREAM] == NOW_MS + 10
    filled.replace(STREAM, [], start_ms=NOW_MS + 11, until_ms=NOW_MS + 20, is_all=False)
    assert open_cache().read()[1][STREAM] == NOW_MS + 10


def test_what_is_written_after_it_was_closed_is_told_and_nothing_else(filled: HistoryCache) -> None:
    filled.close()
    failed: list[BaseException] = []

    def write() -> None:
        try:
            filled.add(STREAM, [RECORD])
        except CacheError as error:
            failed.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    thread.join()
    assert len(failed) == 1
