"""A journal of an older Shunter: copied first, kept word for word, never judged, and closed to older Shunters."""

import contextlib
import os
import sqlite3
import stat
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.evidence import SENT_MS, accepted, ambiguous, matching_record, no_record
from tui import clock
from tui.domain.evidence import Basis, Legacy, Outcome, SenderGone
from tui.domain.transfer import Sending, TransferRequest
from tui.domain.wallets import TransferType
from tui.journal import Journal, JournalError
from tui.journal import file as file_module
from tui.journal.schema import MIGRATIONS
from tui.words import outcomes

HOST = "https://api.binance.com"
REQUEST = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal("100.50"))

_OLD_COLUMNS = (
    "id, sender, profile, key_tail, key_print, host, type, asset, amount, from_symbol, to_symbol, sent_at_ms, "
    "timestamp_ms, recv_window_ms, outcome, tran_id, code, message, settled_at_ms, evidence, needs_notice"
)
_ADVICE = "You have insufficient balance.\nMore than there is: try less."
ROWS: tuple[tuple[str, int | None, int | None, str, str], ...] = (
    ("sending", None, None, "", "answer"),
    ("done", 42, None, "", "answer"),
    ("done", 43, None, "The exchange's history has it.", "history"),
    ("done", None, None, "Decided by hand: it was executed.", "person"),
    ("rejected", None, -5002, _ADVICE, "answer"),
    ("rejected", 44, None, "The exchange's history says FAILED: nothing moved.", "history"),
    ("not_sent", None, None, "Could not reach the exchange: nothing answers at its address.", "answer"),
    ("unknown", None, -1007, "Timeout waiting for response from backend server.", "answer"),
    ("not_executed", None, -1007, "No record by 14:26:27, which is looked at again for a day.", "history"),
    ("not_executed", None, None, "Decided by hand: no record of the history is this transfer.", "person"),
)
"""Of every outcome, as an older Shunter wrote them: outcome, tranId, code, sentence, and what it rests on."""


def build_version_2(path: Path) -> None:
    """Write a journal with the statements that an older Shunter had."""
    path.parent.mkdir(mode=0o700)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        for statement in (statement for step in MIGRATIONS[:2] for statement in step):
            connection.execute(statement)
        for number, (outcome, tran_id, code, message, evidence) in enumerate(ROWS, start=1):
            connection.execute(
                f"INSERT INTO transfers ({_OLD_COLUMNS}) VALUES ({', '.join('?' * 21)})",
                (
                    *(number, "gone", "main", "demo", "print", HOST, "MAIN_FUNDING", "USDT", "100.50", None, None),
                    *(SENT_MS + number, SENT_MS + number, 5000, outcome, tran_id, code, message),
                    *(None if outcome in ("sending", "unknown") else clock.wall_ms(), evidence, outcome == "done"),
                ),
            )
            connection.execute(
                "INSERT INTO changes (transfer_id, at_ms, outcome, tran_id, code, message) VALUES (?, ?, ?, ?, ?, ?)",
                (number, SENT_MS, outcome, tran_id, code, message),
            )
        connection.execute("PRAGMA user_version = 2")
    path.chmod(0o600)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "state" / "journal.sqlite3"
    build_version_2(made)
    return made


def query(path: Path, statement: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


def _sending() -> Sending:
    return Sending(REQUEST, "main", "demo", "print", HOST, SENT_MS, 20, 5000)


# What the rows say


def test_every_row_says_what_it_said_word_for_word(path: Path) -> None:
    before = query(path, f"SELECT {_OLD_COLUMNS} FROM transfers ORDER BY id")
    with contextlib.closing(Journal.open(path)) as journal:
        transfers = list(journal.transfers())
        printed = list(journal.written())
    assert query(path, f"SELECT {_OLD_COLUMNS} FROM transfers ORDER BY id") == before
    for (outcome, tran_id, code, sentence, basis), transfer, row in zip(ROWS, transfers, printed, strict=True):
        if outcome == "sending":  # its Shunter is gone
            assert transfer.evidence == SenderGone()
            continue
        assert transfer.evidence == Legacy(Outcome(outcome), Basis(basis), sentence, tran_id, code)
        assert (transfer.outcome, transfer.basis, transfer.tran_id, transfer.code) == (outcome, basis, tran_id, code)
        assert transfer.is_legacy
        assert outcomes.message(transfer.evidence) == row.message == sentence
        assert (row.outcome, row.code, row.evidence) == (outcome, code, basis)
        assert transfer.needs_notice is (outcome == "done")
        assert transfer.clock_error_ms is None
    identities = {transfer.identity for transfer in transfers}
    assert len(identities) == len(ROWS)
    assert all(len(identity) == 32 for identity in identities)


def test_what_a_legacy_row_means_is_said_as_what_was_recorded(path: Path) -> None:
    with contextlib.closing(Journal.open(path)) as journal:
        for transfer in journal.transfers():
            if not transfer.outcome.is_open:
                meaning = outcomes.meaning(transfer.evidence)
                assert meaning.startswith(f"An older Shunter recorded it as {transfer.outcome.words}, without")


def test_first_words_of_an_open_row_stay_whatever_is_found_out(path: Path) -> None:
    with contextlib.closing(Journal.open(path)) as journal:
        (unknown,) = [row for row in journal.transfers() if row.outcome is Outcome.UNKNOWN and row.code == -1007]
        done = journal.record(unknown, matching_record(77))
        assert (done.outcome, done.tran_id, done.code, done.is_legacy) == (Outcome.DONE, 77, -1007, True)
        assert done.answer == unknown.evidence
        (row,) = [row for row in journal.written() if row.id == done.id]
        assert (row.code, row.outcome) == (-1007, "done")
        assert "matching record" in row.message


def test_orphan_of_an_older_shunter_is_unknown_and_its_history_kept(path: Path) -> None:
    with contextlib.closing(Journal.open(path)) as journal:
        transfers = journal.open_transfers(HOST)
        assert [(transfer.id, transfer.outcome) for transfer in transfers] == [
            (1, Outcome.UNKNOWN),
            (8, Outcome.UNKNOWN),
        ]
    changes = query(path, "SELECT outcome, message, kind FROM changes WHERE transfer_id = 1 ORDER BY rowid")
    assert changes == [("sending", "", "Legacy"), ("unknown", "", "SenderGone")]


def test_judgements_of_an_older_shunter_are_still_watched_and_asked_about(path: Path) -> None:
    with contextlib.closing(Journal.open(path)) as journal:
        judged = journal.judged(HOST, now_ms=clock.wall_ms())
        assert [transfer.id for transfer in judged] == [6, 9, 10]
        repeated = {transfer.id for transfer in journal.similar(REQUEST, host=HOST, now_ms=clock.wall_ms())}
        assert repeated == {1, 3, 4, 6, 8, 9, 10}  # 3 and 4 have just turned out to be done
        done = journal.revise(judged[1], matching_record(99, corrects=Outcome.NOT_EXECUTED), notice=True)
        assert (done.outcome, done.tran_id, done.code) == (Outcome.DONE, 99, -1007)


# The copy


def test_file_is_copied_before_it_is_migrated(path: Path) -> None:
    before = query(path, "SELECT * FROM transfers"), query(path, "SELECT * FROM sqlite_master")
    Journal.open(path).close()
    copy = path.with_name("journal.sqlite3.version-2")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert (query(copy, "SELECT * FROM transfers"), query(copy, "SELECT * FROM sqlite_master")) == before
    assert query(copy, "PRAGMA user_version") == [(2,)]
    assert query(copy, "PRAGMA integrity_check") == [("ok",)]
    assert {file.name for file in path.parent.iterdir()} == {path.name, f"{path.name}-journal", copy.name}


def test_copy_is_for_its_owner_only_whatever_the_umask(path: Path) -> None:
    umask = os.umask(0)
    try:
        Journal.open(path).close()
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.with_name("journal.sqlite3.version-2").stat().st_mode) == 0o600


def test_reading_migrates_with_a_copy_too(path: Path) -> None:
    reading = Journal.open_to_read(path)
    assert reading
    with contextlib.closing(reading):
        assert len(list(reading.transfers())) == len(ROWS)
    assert path.with_name("journal.sqlite3.version-2").exists()


def test_new_file_and_one_that_is_up_to_date_are_not_copied(tmp_path: Path) -> None:
    new = tmp_path / "new" / "journal.sqlite3"
    for _ in range(2):
        Journal.open(new).close()
    assert not [file for file in new.parent.iterdir() if "version" in file.name]
    with contextlib.closing(Journal.in_memory()) as journal:
        assert not journal.is_on_disk


def test_copy_of_an_earlier_journal_is_kept_as_well(path: Path) -> None:
    earlier = path.with_name("journal.sqlite3.version-2")
    earlier.write_bytes(b"of another day")
    Journal.open(path).close()
    assert earlier.read_bytes() == b"of another day"
    (copy,) = path.parent.glob("journal.sqlite3.version-2-*")
    assert len(query(copy, "SELECT id FROM transfers")) == len(ROWS)


def test_without_a_copy_nothing_is_migrated(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = path.read_bytes()
    monkeypatch.setattr(file_module, "_copy", fails)
    with pytest.raises(JournalError, match="disk is full"):
        Journal.open(path)
    assert path.read_bytes() == before
    assert query(path, "PRAGMA user_version") == [(2,)]


# Other versions at the same time

_OLD_STATEMENTS: dict[str, str] = {
    "begin": f"INSERT INTO transfers ({_OLD_COLUMNS}) VALUES (NULL, 'alive', 'main', 'demo', 'print', '{HOST}', "
    "'MAIN_FUNDING', 'USDT', '1', NULL, NULL, 1, 1, 5000, 'sending', NULL, NULL, '', NULL, 'answer', 0)",
    "record": "UPDATE transfers SET outcome = 'done', tran_id = 1, code = NULL, message = '', settled_at_ms = 1, "
    "evidence = 'answer', needs_notice = 0 WHERE id = 8",
    "judge": "UPDATE transfers SET outcome = 'not_executed', message = 'No record.', evidence = 'history' WHERE id = 8",
    "orphan": "UPDATE transfers SET outcome = 'unknown', message = 'gone' WHERE outcome = 'sending'",
    "notice": "UPDATE transfers SET needs_notice = 0 WHERE id = 2",
}
"""What a Shunter that was started before the migration writes."""


@pytest.mark.parametrize("statement", _OLD_STATEMENTS.values(), ids=_OLD_STATEMENTS)
def test_older_shunter_that_is_still_running_cannot_write_any_more(path: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as older:
        older.execute("SELECT * FROM transfers").fetchall()
        Journal.open(path).close()
        before = query(path, "SELECT * FROM transfers"), query(path, "SELECT * FROM changes")
        with pytest.raises(sqlite3.IntegrityError, match="newer Shunter"):
            older.execute(statement)
    assert (query(path, "SELECT * FROM transfers"), query(path, "SELECT * FROM changes")) == before


def test_older_shunter_cannot_open_it_any_more(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Journal.open(path).close()
    monkeypatch.setattr(file_module, "MIGRATIONS", MIGRATIONS[:2])
    before = path.read_bytes()
    for opening in (Journal.open, Journal.open_to_read):
        with pytest.raises(JournalError, match="Update this one"):
            opening(path)
    assert path.read_bytes() == before


def test_no_write_reaches_a_file_that_a_newer_shunter_has_migrated(path: Path) -> None:
    with contextlib.closing(Journal.open(path)) as journal:
        unknown = journal.open_transfers(HOST)[-1]
        query(path, f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
        before = query(path, "SELECT * FROM transfers"), query(path, "SELECT * FROM changes")
        writes: list[Callable[[], object]] = [
            lambda: journal.begin(_sending()),
            lambda: journal.record(unknown, accepted(7)),
            lambda: journal.record(unknown, ambiguous()),
            lambda: journal.revise(unknown, no_record(), notice=True),
            lambda: journal.noticed(unknown),
            lambda: journal.sight(unknown, [], at_ms=SENT_MS),
        ]
        for write in writes:
            with pytest.raises(JournalError, match="Update this one"):
                write()
    assert (query(path, "SELECT * FROM transfers"), query(path, "SELECT * FROM changes")) == before
    assert query(path, "SELECT * FROM sightings") == []
