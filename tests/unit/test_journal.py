import contextlib
import fcntl
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tui import journal as journal_module
from tui.domain.transfer import Outcome, Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.journal import MIGRATIONS, SENDER_GONE, Journal, JournalError, TranIdTaken, journal_path

HOST = "https://api.binance.com"
REQUEST = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal("100.50"))
PAIRS = TransferRequest(TransferType.ISOLATEDMARGIN_ISOLATEDMARGIN, "USDT", Decimal("0.00000001"), "BTCUSDT", "ETHUSDT")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.sqlite3"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with contextlib.closing(Journal.open(path)) as opened:
        yield opened


@pytest.fixture
def other(journal: Journal, path: Path) -> Iterator[Journal]:
    """Another Shunter's, of the same file."""
    with contextlib.closing(Journal.open(path)) as opened:
        yield opened


def begin(journal: Journal, request: TransferRequest = REQUEST, *, profile: str = "main", host: str = HOST) -> Transfer:
    return journal.begin(
        request, profile=profile, key_tail="demo", host=host, timestamp_ms=1_700_000_000_123, recv_window_ms=5000
    )


def open_ids(journal: Journal, host: str = HOST) -> list[int]:
    return [transfer.id for transfer in journal.open_transfers(host)]


def query(path: Path, statement: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


def fill(path: Path, count: int) -> None:
    """Add finished transfers, quickly."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            """
            INSERT INTO transfers (sender, profile, key_tail, host, type, asset, amount, sent_at_ms, timestamp_ms,
                recv_window_ms, outcome, tran_id, message, settled_at_ms)
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
            SELECT 'gone', 'main', 'demo', ?, 'MAIN_FUNDING', 'USDT', '100.50', i, i, 5000, 'done', 1000000000 + i,
                '', i FROM n
            """,
            (count, HOST),
        )


# What is written down


def test_everything_that_was_sent_is_in_the_row(journal: Journal, other: Journal) -> None:
    before = datetime.now(UTC)
    first, second = begin(journal), begin(journal, PAIRS, profile="zweites 帳戶", host="http://127.0.0.1:8080")
    assert second.request == PAIRS
    assert (second.profile, second.host) == ("zweites 帳戶", "http://127.0.0.1:8080")
    assert second.key_tail == "demo"
    assert (second.timestamp_ms, second.recv_window_ms) == (1_700_000_000_123, 5000)
    assert second.outcome is Outcome.SENDING
    assert timedelta(0) <= second.sent_at - before + timedelta(milliseconds=1) < timedelta(seconds=60)
    assert [first, second] == list(other.transfers())


def test_amount_keeps_its_digits(journal: Journal, path: Path) -> None:
    amount = Decimal("12345678901234567890.12345678")
    begin(journal, TransferRequest(TransferType.MAIN_FUNDING, "USDT", amount))
    begin(journal, TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal("1E+3")))
    assert query(path, "SELECT amount, typeof(amount) FROM transfers") == [(f"{amount}", "text"), ("1000", "text")]
    assert next(journal.transfers()).request.amount == amount


def test_every_change_of_outcome_is_kept_with_code_and_message(journal: Journal, path: Path) -> None:
    transfer = begin(journal)
    journal.record(
        transfer.id, Outcome.UNKNOWN, code=-1007, message="Timeout waiting for response from backend server."
    )
    journal.record(
        transfer.id, Outcome.UNKNOWN, code=-1007, message="Timeout waiting for response from backend server."
    )
    done = journal.record(transfer.id, Outcome.DONE, tran_id=13526853623)
    assert (done.outcome, done.tran_id, done.code, done.message) == (Outcome.DONE, 13526853623, None, "")
    assert done.settled_at is not None
    assert done.settled_at >= done.sent_at
    assert query(path, "SELECT transfer_id, outcome, tran_id, code, message FROM changes ORDER BY rowid") == [
        (transfer.id, "sending", None, None, ""),
        (transfer.id, "unknown", None, -1007, "Timeout waiting for response from backend server."),
        (transfer.id, "done", 13526853623, None, ""),
    ]
    times = [row[0] for row in query(path, "SELECT at_ms FROM changes ORDER BY rowid")]
    assert times == sorted(times, key=int)  # type: ignore[arg-type]


def test_unknown_is_not_settled(journal: Journal) -> None:
    assert journal.record(begin(journal).id, Outcome.UNKNOWN, message="timed out").settled_at is None


@pytest.mark.parametrize("final", [outcome for outcome in Outcome if not outcome.is_open])
def test_final_outcome_stays(journal: Journal, other: Journal, final: Outcome) -> None:
    settled = journal.record(begin(journal).id, final, code=-1, message="first")
    for late in Outcome:
        assert other.record(settled.id, late, tran_id=7, code=-2, message="second") == settled
    assert list(journal.transfers()) == [settled]


def test_half_a_character_from_the_exchange_is_written_down(journal: Journal) -> None:
    assert journal.record(begin(journal).id, Outcome.REJECTED, message="bad \ud83d").message == "bad ?"


def test_tran_id_belongs_to_one_transfer_of_a_host(journal: Journal) -> None:
    journal.record(begin(journal).id, Outcome.DONE, tran_id=42)
    second = begin(journal)
    with pytest.raises(TranIdTaken):
        journal.record(second.id, Outcome.DONE, tran_id=42)
    assert list(journal.transfers())[1] == second
    elsewhere = begin(journal, host="https://api1.binance.com")
    assert journal.record(elsewhere.id, Outcome.DONE, tran_id=42).outcome is Outcome.DONE
    assert journal.holds_tran_id(HOST, 42)
    assert not journal.holds_tran_id(HOST, 43)
    assert not journal.holds_tran_id("https://api2.binance.com", 42)


def test_record_of_a_transfer_that_is_not_there_is_an_error(journal: Journal) -> None:
    with pytest.raises(JournalError, match="transfer 7 is missing"):
        journal.record(7, Outcome.DONE)


# Who is sending


def test_transfer_being_sent_is_left_to_its_sender(journal: Journal, other: Journal) -> None:
    begin(journal)
    assert open_ids(journal) == open_ids(other) == []
    assert next(other.transfers()).outcome is Outcome.SENDING


def test_transfer_whose_sender_ended_is_unknown_on_disk(journal: Journal, other: Journal, path: Path) -> None:
    transfer = begin(journal)
    journal.close()
    assert [(seen.outcome, seen.message) for seen in other.transfers()] == [(Outcome.UNKNOWN, SENDER_GONE)]
    assert query(path, "SELECT outcome FROM transfers") == [("sending",)]
    assert open_ids(other) == [transfer.id]
    assert query(path, "SELECT outcome, message FROM transfers") == [("unknown", SENDER_GONE)]
    assert query(path, "SELECT outcome FROM changes ORDER BY rowid") == [("sending",), ("unknown",)]


def test_dead_senders_leave_no_files(journal: Journal, other: Journal, path: Path) -> None:
    begin(journal)
    stale = path.parent / "senders" / "0123456789abcdef.lock"
    stale.touch()
    open_ids(other)
    assert not stale.exists()
    journal.close()
    assert list(stale.parent.iterdir()) == []


def test_open_transfers_are_those_of_one_host(journal: Journal, other: Journal) -> None:
    mine = [begin(journal).id for _ in range(3)]
    journal.record(mine[1], Outcome.UNKNOWN, message="timed out")
    journal.record(begin(journal).id, Outcome.REJECTED)
    elsewhere = begin(journal, host="http://127.0.0.1:1").id
    assert open_ids(other) == [mine[1]]
    journal.close()
    assert open_ids(other) == mine
    assert [transfer.message for transfer in other.open_transfers(HOST)][1] == "timed out"
    assert open_ids(other, "http://127.0.0.1:1") == [elsewhere]


def test_what_a_sender_wrote_last_is_not_overwritten_by_its_end(
    journal: Journal, other: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer = begin(journal)

    def ends_meanwhile(folder: Path) -> frozenset[str]:
        journal.record(transfer.id, Outcome.UNKNOWN, code=-1007, message="its own words")
        return frozenset()

    monkeypatch.setattr(journal_module, "living_senders", ends_meanwhile)
    (seen,) = other.open_transfers(HOST)
    assert (seen.code, seen.message) == (-1007, "its own words")


def test_sender_that_was_swept_before_it_was_locked_takes_another_file(
    journal: Journal, other: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = fcntl.flock
    swept: list[Path] = []

    def sweep_then_lock(fd: int, kind: int) -> None:
        if not swept:
            swept.extend((path.parent / "senders").iterdir())
            swept[0].unlink()
        lock(fd, kind)

    monkeypatch.setattr(fcntl, "flock", sweep_then_lock)
    begin(journal)
    assert swept
    assert open_ids(other) == []


# The double-send guard


def test_similar_finds_what_would_be_repeated(journal: Journal) -> None:
    sending, unknown, done = begin(journal), begin(journal), begin(journal)
    journal.record(unknown.id, Outcome.UNKNOWN)
    journal.record(done.id, Outcome.DONE, tran_id=1)
    for final in (Outcome.REJECTED, Outcome.NOT_SENT, Outcome.NOT_EXECUTED):
        journal.record(begin(journal).id, final)
    ids = [sending.id, unknown.id, done.id]

    def similar(request: TransferRequest, since: datetime) -> list[int]:
        return [found.id for found in journal.similar(request, host=HOST, since=since)]

    assert similar(REQUEST, done.sent_at) == ids
    assert similar(TransferRequest(REQUEST.type, "USDT", Decimal("100.5000")), done.sent_at) == ids
    assert similar(REQUEST, done.sent_at + timedelta(milliseconds=1)) == ids[:2]
    for different in (
        TransferRequest(REQUEST.type, "USDT", Decimal("100.51")),
        TransferRequest(REQUEST.type, "USDC", REQUEST.amount),
        TransferRequest(TransferType.FUNDING_MAIN, "USDT", REQUEST.amount),
    ):
        assert similar(different, done.sent_at) == []
    assert journal.similar(REQUEST, host="http://127.0.0.1:1", since=done.sent_at) == []


def test_similar_tells_pairs_apart(journal: Journal) -> None:
    transfer = begin(journal, PAIRS)
    swapped = TransferRequest(PAIRS.type, PAIRS.asset, PAIRS.amount, PAIRS.to_symbol, PAIRS.from_symbol)
    assert journal.similar(PAIRS, host=HOST, since=transfer.sent_at) == [transfer]
    assert journal.similar(swapped, host=HOST, since=transfer.sent_at) == []


# The file


def test_only_the_owner_can_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "made" / "on the way"))
    folder = journal_path().parent
    folder.mkdir(parents=True, mode=0o755)
    umask = os.umask(0)
    try:
        with contextlib.closing(Journal.open()) as journal:
            begin(journal)
            modes = {file: stat.S_IMODE(file.stat().st_mode) for file in (folder, *folder.rglob("*"))}
    finally:
        os.umask(umask)
    assert {file.name for file in modes} >= {"shunter", "journal.sqlite3", "journal.sqlite3-journal", "senders"}
    assert {file: oct(mode) for file, mode in modes.items()} == {
        file: oct(0o700 if file.is_dir() else 0o600) for file in modes
    }


def test_demo_transfers_never_touch_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with contextlib.closing(Journal.in_memory()) as journal:
        transfer = begin(journal)
        assert open_ids(journal) == []
        journal.record(transfer.id, Outcome.UNKNOWN)
        assert open_ids(journal) == [transfer.id]
        assert journal.record(transfer.id, Outcome.DONE, tran_id=1) == next(journal.transfers())
    assert list(tmp_path.iterdir()) == []


def test_threads_share_a_journal(journal: Journal) -> None:
    together = threading.Barrier(8)

    def work(number: int) -> int:
        together.wait()
        transfer = begin(journal)
        return journal.record(transfer.id, Outcome.DONE, tran_id=number).id

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(work, range(40)))
    assert sorted(ids) == list(range(1, 41))
    assert {transfer.tran_id for transfer in journal.transfers()} == set(range(40))


def test_reader_holds_nothing_while_it_reads(
    journal: Journal, other: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(path, 1200)
    reading = journal.transfers()
    next(reading)
    begin(journal)
    begin(other)
    assert len(list(reading)) == 1201


def test_long_journal_is_read_in_little_memory(journal: Journal, path: Path) -> None:
    fill(path, 6000)
    tracemalloc.start()
    try:
        assert sum(1 for _ in journal.transfers()) == 6000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_no_question_reads_the_whole_journal(journal: Journal, path: Path) -> None:
    asked: list[str] = []
    journal._connection.set_trace_callback(asked.append)
    begin(journal)
    open_ids(journal)
    journal.similar(REQUEST, host=HOST, since=datetime.now(UTC))
    journal.holds_tran_id(HOST, 5)
    journal._connection.set_trace_callback(None)
    questions = [statement for statement in asked if "FROM" in statement]
    assert len(questions) >= 4
    for statement in questions:
        plan = [str(row[3]) for row in query(path, f"EXPLAIN QUERY PLAN {statement}")]
        assert not [step for step in plan if step.startswith("SCAN") and "CONSTANT" not in step], statement


def test_import_is_light() -> None:
    heavy = {"textual", "httpx", "keyring", "rich", "msgspec", "asyncio"}
    code = f"import sys, tui.commands.journal; print(*sys.modules.keys() & {heavy})"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "\n"


# The schema


def test_newer_journal_asks_for_an_update_and_stays_as_it_is(journal: Journal, path: Path) -> None:
    begin(journal)
    journal.close()
    query(path, f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = path.read_bytes()
    for opening in (Journal.open, Journal.open_to_read):
        with pytest.raises(JournalError, match="Update this one"):
            opening(path)
    assert path.read_bytes() == before


def test_migration_keeps_the_transfers(journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settled = journal.record(begin(journal).id, Outcome.DONE, tran_id=1)
    journal.close()
    steps = (
        ("ALTER TABLE transfers ADD COLUMN note TEXT NOT NULL DEFAULT ''",),
        ("CREATE TABLE notes (n INTEGER)", "INSERT INTO notes SELECT count(*) FROM transfers"),
    )
    monkeypatch.setattr(journal_module, "MIGRATIONS", MIGRATIONS + steps)
    with contextlib.closing(Journal.open(path)) as migrated:
        assert list(migrated.transfers()) == [settled]
        assert begin(migrated).id == settled.id + 1
    assert query(path, "SELECT n FROM notes") == [(1,)]
    assert query(path, "PRAGMA user_version") == [(len(MIGRATIONS) + 2,)]
    with contextlib.closing(Journal.open(path)) as again:
        assert len(list(again.transfers())) == 2


def test_migration_that_fails_changes_nothing(journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(journal)
    journal.close()
    before = query(path, "SELECT * FROM sqlite_master"), query(path, "SELECT * FROM transfers")
    steps = (("CREATE TABLE notes (n INTEGER)",), ("INSERT INTO nowhere VALUES (1)",))
    monkeypatch.setattr(journal_module, "MIGRATIONS", MIGRATIONS + steps)
    with pytest.raises(JournalError):
        Journal.open(path)
    assert (query(path, "SELECT * FROM sqlite_master"), query(path, "SELECT * FROM transfers")) == before
    assert query(path, "PRAGMA user_version") == [(len(MIGRATIONS),)]


# What can be wrong with the file; a full and a read-only disk are in tests/terminal/test_journal_processes.py


def test_damaged_header_is_said_and_the_file_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a journal" * 1000)
    for opening in (Journal.open, Journal.open_to_read):
        with pytest.raises(JournalError, match="damaged") as raised:
            opening(path)
        assert str(path) in str(raised.value)
    assert path.read_bytes() == b"not a journal" * 1000


def test_damaged_page_stops_a_transfer_before_it_is_sent(journal: Journal, path: Path) -> None:
    fill(path, 500)
    journal.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)
    with contextlib.closing(Journal.open(path)) as damaged:
        for use in (lambda: begin(damaged), lambda: list(damaged.transfers()), lambda: open_ids(damaged)):
            with pytest.raises(JournalError, match="damaged"):
                use()
    assert path.read_bytes() == content


def test_row_that_makes_no_sense_is_said(journal: Journal, path: Path) -> None:
    begin(journal)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE transfers SET type = 'MAIN_MOON'")
    with pytest.raises(JournalError, match="transfer 1 cannot be read"):
        list(journal.transfers())


def test_folder_with_the_journals_name_is_said(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(JournalError, match="folder has the journal's name"):
        Journal.open(path)


def test_file_with_the_folders_name_is_said(path: Path) -> None:
    path.parent.write_text("in the way")
    with pytest.raises(JournalError, match="cannot be opened"):
        Journal.open(path)
    assert path.parent.read_text() == "in the way"


def test_lock_that_is_kept_stops_a_transfer_before_it_is_sent(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "BUSY_TIMEOUT_S", 0.01)
    with contextlib.closing(Journal.open(path)) as journal, contextlib.closing(sqlite3.connect(path)) as keeper:
        keeper.execute("BEGIN EXCLUSIVE")
        with pytest.raises(JournalError, match="locked"):
            begin(journal)
        with pytest.raises(JournalError, match="locked"):
            Journal.open(path)
        keeper.rollback()
        assert begin(journal).id == 1


def test_write_of_another_shunter_is_waited_for(path: Path) -> None:
    with contextlib.closing(Journal.open(path)) as journal, ThreadPoolExecutor(1) as pool:
        with contextlib.closing(sqlite3.connect(path)) as keeper:
            keeper.execute("BEGIN IMMEDIATE")
            begun = pool.submit(begin, journal)
            with pytest.raises(TimeoutError):
                begun.result(timeout=0.05)
            keeper.rollback()
        assert begun.result().id == 1


class _FailsAfterCommit(sqlite3.Connection):
    """A disk that fails when all of a commit is written and only the last word on it is missing."""

    fails = False

    def execute(self, statement: str, *parameters: object) -> sqlite3.Cursor:
        cursor = super().execute(statement, *parameters)  # type: ignore[arg-type]
        if self.fails and statement == "COMMIT":
            self.fails = False
            raise sqlite3.OperationalError("disk I/O error")
        return cursor


def test_begin_that_failed_is_never_taken_for_a_sent_transfer(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **kwargs: connect(*args, factory=_FailsAfterCommit, **kwargs))
    with contextlib.closing(Journal.open(path)) as journal:
        monkeypatch.setattr(journal._connection, "fails", True)
        with pytest.raises(JournalError):
            begin(journal)
        assert [transfer.outcome for transfer in journal.transfers()] == [Outcome.NOT_SENT]


def test_reading_makes_no_files(path: Path) -> None:
    assert Journal.open_to_read(path) is None
    assert not path.parent.exists()


def test_closed_journal_says_so(journal: Journal) -> None:
    journal.close()
    with pytest.raises(JournalError, match="closed"):
        begin(journal)
