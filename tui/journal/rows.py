"""A transfer as a row of the journal: read, written, changed and claimed, each within a transaction of the file's."""

import sqlite3
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from tui.domain.amounts import plain
from tui.domain.moments import utc
from tui.domain.transfer import Evidence, Finding, Outcome, Sending, Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.journal import clock
from tui.journal.errors import TranIdTaken


class Written(NamedTuple):
    """A row as it is written down, in the order in which it is printed for programs."""

    id: int
    sent_at_ms: int
    profile: str
    host: str
    type: str
    asset: str
    amount: str
    from_symbol: str | None
    to_symbol: str | None
    outcome: str
    tran_id: int | None
    code: int | None
    message: str
    settled_at_ms: int | None
    evidence: str


COLUMNS = f"{', '.join(Written._fields)}, sender, key_tail, key_print, timestamp_ms, recv_window_ms, needs_notice"
"""All columns, those of `Written` first and in their order."""

OPEN = "outcome IN ('sending', 'unknown')"
JUDGED = "outcome IN ('not_executed', 'rejected') AND evidence != 'answer'"
SAME = "host = ? AND type = ? AND asset = ? AND from_symbol IS ? AND to_symbol IS ?"
"""Asks for the same, but for the amount, which is compared as a number, and so not by SQLite. See `same`."""

SENDER_GONE = "Shunter ended before the answer came"
"""The message of a transfer whose sender died."""

_CONFUSED_MS = 60 * 60 * 1000


def same(request: TransferRequest, host: str) -> tuple[str | None, ...]:
    """The parameters of `SAME`."""
    return host, request.type.name, request.asset, request.from_symbol, request.to_symbol


def find(connection: sqlite3.Connection, transfer_id: int) -> sqlite3.Row | None:
    """The row of a transfer, if it is there."""
    row: sqlite3.Row | None = connection.execute("SELECT * FROM transfers WHERE id = ?", (transfer_id,)).fetchone()
    return row


def get(connection: sqlite3.Connection, transfer_id: int) -> sqlite3.Row:
    """The row of a transfer that was written. Raises sqlite3.DataError."""
    if row := find(connection, transfer_id):
        return row
    raise sqlite3.DataError(f"transfer {transfer_id} is missing")


def transfer_of(row: sqlite3.Row) -> Transfer:
    """The transfer that a row holds. Raises sqlite3.DataError where it cannot be read."""
    try:
        return Transfer(
            id=row["id"],
            request=TransferRequest(
                TransferType[row["type"]], row["asset"], Decimal(row["amount"]), row["from_symbol"], row["to_symbol"]
            ),
            profile=row["profile"],
            key_tail=row["key_tail"],
            host=row["host"],
            sent_at=utc(row["sent_at_ms"]),
            timestamp_ms=row["timestamp_ms"],
            recv_window_ms=row["recv_window_ms"],
            outcome=Outcome(row["outcome"]),
            tran_id=row["tran_id"],
            code=row["code"],
            message=row["message"],
            settled_at=None if row["settled_at_ms"] is None else utc(row["settled_at_ms"]),
            key_print=row["key_print"],
            evidence=Evidence(row["evidence"]),
            needs_notice=bool(row["needs_notice"]),
        )
    except (LookupError, ValueError, TypeError, ArithmeticError) as error:
        raise sqlite3.DataError(f"transfer {row['id']} cannot be read") from error


def as_it_stands(row: sqlite3.Row, orphans: frozenset[int]) -> Transfer:
    """The transfer that a row holds: one whose sender died is unknown, also where that is not written yet."""
    transfer = transfer_of(row)
    return replace(transfer, outcome=Outcome.UNKNOWN, message=SENDER_GONE) if transfer.id in orphans else transfer


def as_written(row: sqlite3.Row, *, is_orphan: bool = False) -> Written:
    """What a row of `COLUMNS` says."""
    written = Written._make(row[: len(Written._fields)])
    return written._replace(outcome=Outcome.UNKNOWN, message=SENDER_GONE) if is_orphan else written


def add(connection: sqlite3.Connection, sending: Sending, sender: str) -> int:
    """Write down a transfer that is about to be sent, and which Shunter sends it. Gives its id."""
    request, now_ms = sending.request, clock.now_ms()
    cursor = connection.execute(
        """
        INSERT INTO transfers (sender, profile, key_tail, key_print, host, type, asset, amount, from_symbol,
            to_symbol, sent_at_ms, timestamp_ms, recv_window_ms, outcome, message)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')
        """,
        (
            sender,
            sending.profile,
            sending.key_tail,
            sending.key_print,
            sending.host,
            request.type.name,
            request.asset,
            plain(request.amount),
            request.from_symbol,
            request.to_symbol,
            now_ms,
            sending.timestamp_ms,
            sending.recv_window_ms,
            Outcome.SENDING,
        ),
    )
    assert cursor.lastrowid is not None  # noqa: S101 - an INSERT gives one
    _add_change(connection, cursor.lastrowid, now_ms, Finding(Outcome.SENDING))
    return cursor.lastrowid


def change(connection: sqlite3.Connection, transfer_id: int, finding: Finding, *, notice: bool = False) -> None:
    """The row's new state and the entry in its history, if it is a new one."""
    row = get(connection, transfer_id)
    # A server can send half of a surrogate pair.
    finding = replace(finding, message=finding.message.encode(errors="replace").decode())
    outcome, tran_id, code, message = finding.outcome, finding.tran_id, finding.code, finding.message
    if (row["outcome"], row["tran_id"], row["code"], row["message"]) == (outcome, tran_id, code, message):
        return
    now_ms = clock.now_ms()
    settled_at_ms = None if outcome.is_open else now_ms
    connection.execute(
        """
        UPDATE transfers SET outcome = ?, tran_id = ?, code = ?, message = ?, evidence = ?, settled_at_ms = ?,
            needs_notice = needs_notice OR ?
        WHERE id = ?
        """,
        (outcome, tran_id, code, message, finding.evidence, settled_at_ms, notice, transfer_id),
    )
    _add_change(connection, transfer_id, now_ms, finding)


def claim(connection: sqlite3.Connection, transfer_id: int, finding: Finding, despite: frozenset[int]) -> None:
    """See that no other transfer wrongly has the tranId of a finding.

    The exchange's answer is certain: who else got its tranId by the history or from a person got it wrongly, and is
    unknown again, with a notice. Without an answer, raises TranIdTaken when a transfer to the same host has the tranId
    that is not among those `despite` which it is recorded.
    """
    if finding.tran_id is None:
        return
    claiming = get(connection, transfer_id)
    holders = connection.execute(
        "SELECT * FROM transfers WHERE host = ? AND tran_id = ? AND id != ?",
        (claiming["host"], finding.tran_id, transfer_id),
    ).fetchall()
    if finding.evidence is not Evidence.ANSWER and not despite.issuperset(holder["id"] for holder in holders):
        raise TranIdTaken
    for holder in holders:
        if holder["evidence"] != Evidence.ANSWER and _could_be_confused(holder, claiming):
            words = f"It was taken for tranId {finding.tran_id}, which is another transfer's. Shunter looks again."
            change(connection, holder["id"], Finding(Outcome.UNKNOWN, words), notice=True)


def _could_be_confused(one: sqlite3.Row, other: sqlite3.Row) -> bool:
    """Whether one record can have passed for both. Else a server to rehearse with was started again, and gave out its
    tranId once more: then both are right.
    """
    is_same = all(one[name] == other[name] for name in ("type", "asset", "from_symbol", "to_symbol"))
    is_about_then = abs(one["timestamp_ms"] - other["timestamp_ms"]) <= _CONFUSED_MS
    return is_same and is_about_then and Decimal(one["amount"]) == Decimal(other["amount"])


def _add_change(connection: sqlite3.Connection, transfer_id: int, at_ms: int, finding: Finding) -> None:
    connection.execute(
        "INSERT INTO changes (transfer_id, at_ms, outcome, tran_id, code, message) VALUES (?, ?, ?, ?, ?, ?)",
        (transfer_id, at_ms, finding.outcome, finding.tran_id, finding.code, finding.message),
    )
