"""Transfers on disk, in SQLite."""

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from platformdirs import user_state_path

from tui.domain.amounts import plain
from tui.domain.transfer import Evidence, Finding, Outcome, Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.journal.errors import JournalError, RepeatUnconfirmed, TranIdTaken, in_words, name_of
from tui.journal.schema import MIGRATIONS
from tui.journal.senders import Sender, living_senders

BUSY_TIMEOUT_S = 5.0
"""How long a call waits for another Shunter's write, which takes milliseconds."""

SENDER_GONE = "Shunter ended before the answer came"
"""The message of a transfer whose sender died."""

REPEAT_WINDOW_MS = 5 * 60 * 1000
"""So soon after an identical transfer that was done, another one may be a slip of the hand."""

WATCH_MS = 24 * 60 * 60 * 1000
"""For so long a judged transfer is looked for again, and a repeat of it is asked about."""

_CONFUSED_MS = 60 * 60 * 1000
_PAGE = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_SAME = "host = ? AND type = ? AND asset = ? AND from_symbol IS ? AND to_symbol IS ?"
_JUDGED = "outcome IN ('not_executed', 'rejected') AND evidence != 'answer'"


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
        file = path or journal_path()
        with in_words(file):
            _make_folder(file.parent)
            if path is None:
                file.parent.chmod(0o700)
            journal = cls(_connect(file, mode="rwc"), file)
            with journal._closed_on_error():
                file.chmod(0o600)  # SQLite gives its rollback file the same mode
                journal._migrate()
        return journal

    @classmethod
    def open_to_read(cls, path: Path | None = None) -> "Journal | None":
        """The journal that is there, by default the person's own, or None: reading makes no files."""
        file = path or journal_path()
        with in_words(file):
            try:
                file.stat()
            except FileNotFoundError:
                return None
            journal = cls(_connect(file, mode="rw"), file)
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

    def check(self) -> None:
        """See that table and indexes tell the same: by an index page of another day, an open transfer is not found.

        Reads the whole file, 0.4 s for 100,000 transfers, and holds up no other call.
        """
        if self._path is None:
            return
        with self._errors(), contextlib.closing(_connect(self._path, mode="rw")) as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if found != "ok":
                raise sqlite3.DatabaseError(found.splitlines()[-1])

    def begin(
        self,
        request: TransferRequest,
        *,
        profile: str,
        key_tail: str,
        key_print: str,
        host: str,
        timestamp_ms: int,
        recv_window_ms: int,
        meant: frozenset[int] = frozenset(),
    ) -> Transfer:
        """Write down that a transfer is about to be sent; it is on the disk when this returns.

        When this raises, nothing may be sent. It must then not be taken for a transfer that was. Raises
        RepeatUnconfirmed where the request repeats others than those that are `meant`: asking and writing are one step,
        so that of two Shunters with the same request, one is always asked.
        """
        transfer_id = 0
        try:
            with self._transaction():
                repeated = self._similar(request, host, timestamp_ms)
                if not {transfer.id for transfer in repeated} <= meant:
                    raise RepeatUnconfirmed(repeated)
                now_ms = _now_ms()
                self._connection.execute(
                    """
                    INSERT INTO transfers (sender, profile, key_tail, key_print, host, type, asset, amount, from_symbol,
                        to_symbol, sent_at_ms, timestamp_ms, recv_window_ms, outcome, message)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')
                    """,
                    (
                        self._hold_sender(),
                        profile,
                        key_tail,
                        key_print,
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
                self._add_change(transfer_id, now_ms, Finding(Outcome.SENDING))
                transfer = _transfer(self._row(transfer_id))
        except JournalError:
            if transfer_id:
                self._disown(transfer_id)
            raise
        return transfer

    def record(
        self, transfer_id: int, finding: Finding, *, despite: Iterable[int] = (), declined: Iterable[int] = ()
    ) -> Transfer:
        """Write down how a transfer stands now; on the disk when this returns. Returns it as the journal has it.

        Only an open transfer changes. A final one stays as it is: another Shunter may have settled it first.

        The exchange's answer is certain: who else got its tranId by the history or from a person got it wrongly, and is
        unknown again, with a notice. Without an answer, raises TranIdTaken, and changes nothing, when a transfer to the
        same host has the tranId that is not among those `despite` which it is recorded.
        `declined` are the tranIds of records that a person said are not this transfer.
        """
        with self._transaction():
            if _transfer(self._row(transfer_id)).outcome.is_open:
                self._claim(transfer_id, finding, frozenset(despite))
                self._change(transfer_id, finding)
                self._connection.executemany(
                    "INSERT OR IGNORE INTO declined VALUES (?, ?)", [(transfer_id, tran_id) for tran_id in declined]
                )
            return _transfer(self._row(transfer_id))

    def revise(self, transfer_id: int, finding: Finding, *, notice: bool) -> Transfer:
        """Put a judgement right, perhaps with a notice that stays until the person has seen it. One that is no
        judgement any more stays as it is: another Shunter was first. Raises TranIdTaken.
        """
        with self._transaction():
            if _transfer(self._row(transfer_id)).is_judged:
                self._claim(transfer_id, finding, frozenset())
                self._change(transfer_id, finding, notice=notice)
            return _transfer(self._row(transfer_id))

    def noticed(self, transfer_id: int) -> None:
        """The person has seen that what was said of a transfer before was wrong."""
        with self._transaction():
            self._connection.execute("UPDATE transfers SET needs_notice = 0 WHERE id = ?", (transfer_id,))

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
                        self._change(orphan, Finding(Outcome.UNKNOWN, SENDER_GONE))
                rows = self._connection.execute(statement, (host,)).fetchall()
        return [transfer for transfer in map(_transfer, rows) if transfer.outcome is Outcome.UNKNOWN]

    def similar(self, request: TransferRequest, *, host: str, now_ms: int) -> list[Transfer]:
        """The transfers that the request would repeat, oldest first: open ones, those judged not executed within a day,
        and those done in the last minutes. Of any profile, for two keys may be of one account.

        `now_ms` is the exchange's time: who sets this machine's clock forward does not make the question disappear.
        """
        with self._errors(), self._lock:
            return self._similar(request, host, now_ms)

    def rivals(self, transfer: Transfer) -> list[Transfer]:
        """The other open transfers to the same host that ask for the same, of any profile too."""
        found = self._read(
            f"SELECT * FROM open_transfers WHERE {_SAME} AND id != ?",  # noqa: S608 - a constant
            (*_same(transfer.request, transfer.host), transfer.id),
        )
        return [rival for rival in found if rival.request.amount == transfer.request.amount]

    def holders(self, host: str, tran_id: int) -> list[Transfer]:
        """The transfers to this host that have this tranId: mostly one, or none."""
        return self._read("SELECT * FROM transfers WHERE host = ? AND tran_id = ?", (host, tran_id))

    def judged(self, host: str) -> list[Transfer]:
        """The transfers to a host that were judged within a day: they are looked for again."""
        since_ms = _now_ms() - WATCH_MS
        return self._read(
            f"SELECT * FROM transfers WHERE host = ? AND {_JUDGED} AND settled_at_ms >= ?",  # noqa: S608 - a constant
            (host, since_ms),
        )

    def notices(self, host: str) -> list[Transfer]:
        """The transfers to a host of which something false was said before, and the person has not seen that yet."""
        return self._read("SELECT * FROM transfers WHERE host = ? AND needs_notice", (host,))

    def declined(self, transfer_id: int) -> frozenset[int]:
        """The tranIds of the records that a person said are not this transfer."""
        with self._errors(), self._lock:
            rows = self._connection.execute("SELECT tran_id FROM declined WHERE transfer_id = ?", (transfer_id,))
            return frozenset(row["tran_id"] for row in rows)

    def close(self) -> None:
        """Let go of the file. A transfer begun here that is still `sending` is `unknown` from now on."""
        with self._lock:
            self._connection.close()
            if self._sender:
                self._sender.release()
                self._sender = None

    def _similar(self, request: TransferRequest, host: str, now_ms: int) -> list[Transfer]:
        same = _same(request, host)
        found = self._as_they_stand(
            # Each part has an index of its own; in SQL, the order would have the whole table read.
            f"""
            SELECT * FROM transfers WHERE outcome IN ('sending', 'unknown') AND {_SAME}
            UNION ALL
            SELECT * FROM transfers WHERE {_JUDGED} AND {_SAME} AND (settled_at_ms >= ? OR timestamp_ms >= ?)
            UNION ALL
            SELECT * FROM transfers WHERE outcome = ? AND {_SAME} AND timestamp_ms >= ?
            """,  # noqa: S608 - constants
            (*same, *same, _now_ms() - WATCH_MS, now_ms - WATCH_MS, Outcome.DONE, *same, now_ms - REPEAT_WINDOW_MS),
        )
        repeated = [transfer for transfer in found if transfer.request.amount == request.amount]  # 1.0 is 1
        return sorted(repeated, key=lambda transfer: transfer.id)

    def _claim(self, transfer_id: int, finding: Finding, despite: frozenset[int]) -> None:
        """Within a transaction: see that no other transfer wrongly has the tranId of a finding. Raises TranIdTaken."""
        if finding.tran_id is None:
            return
        host = self._row(transfer_id)["host"]
        holders = self._connection.execute(
            "SELECT * FROM transfers WHERE host = ? AND tran_id = ? AND id != ?", (host, finding.tran_id, transfer_id)
        ).fetchall()
        if finding.evidence is not Evidence.ANSWER and not despite.issuperset(holder["id"] for holder in holders):
            raise TranIdTaken
        for holder in holders:
            if holder["evidence"] != Evidence.ANSWER and _could_be_confused(holder, self._row(transfer_id)):
                words = f"It was taken for tranId {finding.tran_id}, which is another transfer's. Shunter looks again."
                self._change(holder["id"], Finding(Outcome.UNKNOWN, words), notice=True)

    def _change(self, transfer_id: int, finding: Finding, *, notice: bool = False) -> None:
        """Within a transaction: the row's new state and the entry in its history, if it is a new one."""
        row = self._row(transfer_id)
        # A server can send half of a surrogate pair.
        finding = replace(finding, message=finding.message.encode(errors="replace").decode())
        outcome, tran_id, code, message = finding.outcome, finding.tran_id, finding.code, finding.message
        if (row["outcome"], row["tran_id"], row["code"], row["message"]) == (outcome, tran_id, code, message):
            return
        now_ms = _now_ms()
        self._connection.execute(
            """
            UPDATE transfers SET outcome = ?, tran_id = ?, code = ?, message = ?, evidence = ?, settled_at_ms = ?,
                needs_notice = needs_notice OR ?
            WHERE id = ?
            """,
            (
                outcome,
                tran_id,
                code,
                message,
                finding.evidence,
                None if outcome.is_open else now_ms,
                notice,
                transfer_id,
            ),
        )
        self._add_change(transfer_id, now_ms, finding)

    def _add_change(self, transfer_id: int, at_ms: int, finding: Finding) -> None:
        self._connection.execute(
            "INSERT INTO changes (transfer_id, at_ms, outcome, tran_id, code, message) VALUES (?, ?, ?, ?, ?, ?)",
            (transfer_id, at_ms, finding.outcome, finding.tran_id, finding.code, finding.message),
        )

    def _disown(self, transfer_id: int) -> None:
        """Where a disk fails late in a commit, the row can be there all the same: it was never sent, so say that."""
        with contextlib.suppress(JournalError), self._transaction():
            row = self._connection.execute("SELECT * FROM transfers WHERE id = ?", (transfer_id,)).fetchone()
            # The id may be another Shunter's by now.
            if row and self._sender and row["sender"] == self._sender.id:
                self._change(transfer_id, Finding(Outcome.NOT_SENT, "The journal could not be written"))

    def _read(self, statement: str, parameters: Sequence[object]) -> list[Transfer]:
        with self._errors(), self._lock:
            return self._as_they_stand(statement, parameters)

    def _as_they_stand(self, statement: str, parameters: Sequence[object]) -> list[Transfer]:
        """Transfers: one whose sender died is unknown, also where that is not written yet."""
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
                raise JournalError(f"{name_of(self._path)} was written by a newer Shunter. Update this one to use it.")
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
        return in_words(self._path)


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


def _same(request: TransferRequest, host: str) -> tuple[str | None, ...]:
    """The parameters of `_SAME`. The amount is compared as a number, and so not by SQLite."""
    return host, request.type.name, request.asset, request.from_symbol, request.to_symbol


def _could_be_confused(one: sqlite3.Row, other: sqlite3.Row) -> bool:
    """Whether one record can have passed for both. Else a server to rehearse with was started again, and gave out its
    tranId once more: then both are right.
    """
    is_same = all(one[name] == other[name] for name in ("type", "asset", "from_symbol", "to_symbol"))
    is_about_then = abs(one["timestamp_ms"] - other["timestamp_ms"]) <= _CONFUSED_MS
    return is_same and is_about_then and Decimal(one["amount"]) == Decimal(other["amount"])


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
            key_print=row["key_print"],
            evidence=Evidence(row["evidence"]),
            needs_notice=bool(row["needs_notice"]),
        )
    except (LookupError, ValueError, TypeError, ArithmeticError) as error:
        raise sqlite3.DataError(f"transfer {row['id']} cannot be read") from error


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _utc(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)
