"""Reads, writes, changes and claims rows of the journal, each within a transaction of the file."""

import sqlite3
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple, get_type_hints
from uuid import uuid4

from tui import clock
from tui.domain.amounts import plain
from tui.domain.evidence import (
    Accepted,
    Answer,
    Basis,
    Clash,
    Evidence,
    Legacy,
    MatchingRecord,
    NoRecord,
    Outcome,
    Reason,
    Reopened,
    SenderGone,
    basis_of,
    code_from,
    outcome_from,
    tran_id_from,
)
from tui.domain.moments import is_moment, ms_of, utc
from tui.domain.transfer import PlanStep, Sending, Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.journal import evidence as codec
from tui.journal.file import TranIdTaken
from tui.language import _
from tui.structs import replace
from tui.words.outcomes import SENDER_GONE


class Written(NamedTuple):
    """A row as the file has it, with its columns in the order in which they are printed for programs."""

    id: int
    sent_at_ms: int
    """By the exchange's clock."""
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
    """Of the exchange's first answer."""
    message: str
    settled_at_ms: int | None
    evidence: str
    plan: str | None
    """The identity of the plan that it is a step of."""
    step: int | None
    """From 1."""
    steps: int | None
    """How many steps the plan has."""


_WRITTEN = (
    "id, timestamp_ms, profile, host, type, asset, amount, from_symbol, to_symbol, outcome, tran_id, code, message, "
    "settled_at_ms, evidence, plan, step, steps"
)
COLUMNS = (
    f"{_WRITTEN}, identity, sender, key_tail, key_print, sent_at_ms, recv_window_ms, clock_error_ms, needs_notice, "
    "kind, details, answer_kind, answer_details, revision"
)
"""All columns; those of `Written` first, in their order."""
NAMES = tuple(COLUMNS.split(", "))
_EVIDENCE = slice(NAMES.index("kind"), NAMES.index("kind") + 4)
_CONFIRMED_MS = NAMES.index("sent_at_ms")

OPEN = "outcome IN ('sending', 'unknown')"
JUDGED = "outcome IN ('not_executed', 'rejected') AND evidence != 'answer'"
SAME = "host = ? AND type = ? AND asset = ? AND from_symbol IS ? AND to_symbol IS ?"
"""Matches the same request but for the amount, which is compared as a number, and so not by SQLite. See `same`."""

_OUTCOMES, _BASES = frozenset(Outcome), frozenset(Basis)
_YES, _DONE, _ANSWER = Accepted.__name__, Outcome.DONE.value, Basis.ANSWER.value

_CONFUSED_MS = 60 * 60 * 1000
_ROUNDED_APART = 2
"""Amounts that differ by less can have had the same record, whose amount may be rounded to a whole number."""


def same(request: TransferRequest, host: str) -> tuple[str | None, ...]:
    """Return the parameters of `SAME`."""
    return host, request.type.name, request.asset, request.from_symbol, request.to_symbol


def find(connection: sqlite3.Connection, identity: str) -> sqlite3.Row | None:
    """Return the row of a transfer, or None."""
    row: sqlite3.Row | None = connection.execute(
        f"SELECT {COLUMNS} FROM transfers WHERE identity = ?",  # noqa: S608 - a constant
        (identity,),
    ).fetchone()
    return row


def get(connection: sqlite3.Connection, identity: str) -> sqlite3.Row:
    """Return the row of a transfer that was written. Raises sqlite3.DataError."""
    if row := find(connection, identity):
        return row
    raise sqlite3.DataError(_("a transfer is missing"))


def transfer_of(row: sqlite3.Row) -> Transfer:
    """Return the transfer in a row. Raises sqlite3.DataError if it cannot be read."""
    try:
        evidence = codec.of_row(row)
        answer = codec.answer_from(row["answer_kind"], row["answer_details"])
        searched = row["outcome"], row["tran_id"], row["evidence"], row["code"]
        has_moments = _has_moments(row["timestamp_ms"], row["sent_at_ms"], row["settled_at_ms"])
        is_sound = has_moments and searched == _columns(evidence, answer)
        transfer = Transfer(
            id=row["id"],
            identity=row["identity"],
            request=TransferRequest(
                TransferType[row["type"]], row["asset"], Decimal(row["amount"]), row["from_symbol"], row["to_symbol"]
            ),
            profile=row["profile"],
            key_tail=row["key_tail"],
            host=row["host"],
            confirmed_ms=row["sent_at_ms"],
            timestamp_ms=row["timestamp_ms"],
            recv_window_ms=row["recv_window_ms"],
            clock_error_ms=row["clock_error_ms"],
            evidence=evidence,
            answer=answer,
            settled_at=None if row["settled_at_ms"] is None else utc(row["settled_at_ms"]),
            key_print=row["key_print"],
            plan_step=PlanStep(row["plan"], row["step"], row["steps"]) if row["plan"] is not None else None,
            needs_notice=bool(row["needs_notice"]),
        )
    except (LookupError, ValueError, TypeError, ArithmeticError) as error:
        raise _unreadable(row) from error
    if not is_sound:
        raise _unreadable(row)
    return transfer


def _unreadable(row: sqlite3.Row) -> sqlite3.DataError:
    return sqlite3.DataError(_("transfer {id} cannot be read").format(id=row["id"]))


@lru_cache(maxsize=1024)
def read_before(row: sqlite3.Row) -> Transfer:
    """Return the transfer in a row like `transfer_of`, at once if the same row was read a moment ago."""
    return transfer_of(row)


def as_it_stands(transfer: Transfer, orphans: frozenset[int]) -> Transfer:
    """Return a transfer; if its sender died, it is unknown, even if that is not written yet."""
    if transfer.id not in orphans:
        return transfer
    answer = transfer.evidence if transfer.is_legacy else transfer.answer
    return replace(transfer, evidence=SenderGone(), answer=answer)


def as_written(row: sqlite3.Row, *, is_orphan: bool = False) -> Written:
    """Return a row of `COLUMNS` as `Written`. Raises sqlite3.DataError if it cannot be read."""
    written = Written._make(row[: len(Written._fields)])
    kind, details, answer_kind, answer_details = row[_EVIDENCE]
    try:
        is_sound = (
            _are_columns(tuple(map(type, written)))
            and _has_moments(written.sent_at_ms, row[_CONFIRMED_MS], written.settled_at_ms)
            and _is_consistent(written, kind, details, answer_kind, answer_details)
        )
        is_plain = is_orphan or kind == codec.LEGACY
        message = written.message if is_plain else codec.message_of(kind, details)
    except (TypeError, ValueError) as error:
        raise _unreadable(row) from error
    if not is_sound:
        raise _unreadable(row)
    if is_orphan:
        return written._replace(outcome=Outcome.UNKNOWN, message=_(SENDER_GONE))
    return written if message == written.message else written._replace(message=message)


def _is_consistent(written: Written, kind: str, details: str, answer_kind: str | None, answer_details: str) -> bool:
    """Whether the searched columns agree with the evidence. A plain yes, of which a journal has many, is recognised
    without decoding it.
    """
    columns = written.outcome, written.tran_id, written.evidence, written.code
    if kind == _YES and f'"fields":{{"tranId":{written.tran_id}}}' in details:
        return columns == (_DONE, written.tran_id, _ANSWER, None)
    if kind == codec.LEGACY:
        return written.outcome in _OUTCOMES and written.evidence in _BASES
    return columns == _follows(kind, details, answer_kind, answer_details)


def _has_moments(sent_ms: int, confirmed_ms: int, settled_ms: int | None) -> bool:
    return is_moment(sent_ms) and is_moment(confirmed_ms) and (settled_ms is None or is_moment(settled_ms))


_Columns = tuple[Outcome, int | None, Basis, int | None]


@lru_cache(maxsize=1024)
def _follows(kind: str, details: str, answer_kind: str | None, answer_details: str) -> _Columns:
    return _columns(codec.read(kind, details), codec.answer_from(answer_kind, answer_details))


def _columns(evidence: Evidence, answer: Evidence | None) -> _Columns:
    """Return the columns that are searched: outcome, tranId, basis and code."""
    return outcome_from(evidence), tran_id_from(evidence), basis_of(evidence), code_from(answer or evidence)


@lru_cache
def _are_columns(kinds: tuple[type, ...]) -> bool:
    """Whether values of these types can be the columns of `Written`."""
    return all(issubclass(kind, known) for kind, known in zip(kinds, get_type_hints(Written).values(), strict=True))


def add(connection: sqlite3.Connection, sending: Sending, sender: str) -> str:
    """Write down a transfer that is about to be sent, and which Shunter sends it. Return its identity."""
    transfer = Transfer(
        id=0,
        identity=uuid4().hex,
        request=sending.request,
        profile=sending.profile,
        key_tail=sending.key_tail,
        key_print=sending.key_print,
        host=sending.host,
        confirmed_ms=clock.wall_ms(),
        timestamp_ms=sending.timestamp_ms,
        recv_window_ms=sending.recv_window_ms,
        clock_error_ms=sending.clock_error_ms,
        plan_step=sending.plan_step,
    )
    _insert(connection, transfer, sender, None)
    return transfer.identity


def marks(count: int) -> str:
    """Return the placeholders for `count` parameters."""
    return ", ".join("?" * count)


def put_back(connection: sqlite3.Connection, transfer: Transfer, sender: str) -> sqlite3.Row:
    """Return the row of a transfer. If an older copy replaced the file and does not have it, write it again as it was
    known.
    """
    row = find(connection, transfer.identity)
    if row is None:
        _insert(connection, transfer, sender, transfer.id if is_free(connection, transfer.id) else None)
        row = get(connection, transfer.identity)
    return row


def is_free(connection: sqlite3.Connection, transfer_id: int) -> bool:
    """Whether no transfer in the file has this number."""
    return connection.execute("SELECT 1 FROM transfers WHERE id = ?", (transfer_id,)).fetchone() is None


def _insert(connection: sqlite3.Connection, transfer: Transfer, sender: str, id_: int | None) -> None:
    request, evidence, step = transfer.request, transfer.evidence, transfer.plan_step
    answer_kind, answer_details = codec.written(transfer.answer) if transfer.answer else (None, None)
    columns = {
        "id": id_,
        "identity": transfer.identity,
        "sender": sender,
        "profile": transfer.profile,
        "key_tail": transfer.key_tail,
        "key_print": transfer.key_print,
        "host": transfer.host,
        "type": request.type.name,
        "asset": request.asset,
        "amount": plain(request.amount),
        "from_symbol": request.from_symbol,
        "to_symbol": request.to_symbol,
        "sent_at_ms": transfer.confirmed_ms,
        "timestamp_ms": transfer.timestamp_ms,
        "recv_window_ms": transfer.recv_window_ms,
        "clock_error_ms": transfer.clock_error_ms,
        "needs_notice": transfer.needs_notice,
        "answer_kind": answer_kind,
        "answer_details": answer_details,
        "settled_at_ms": None if transfer.settled_at is None else ms_of(transfer.settled_at),
        "code": transfer.code,
        **({"plan": step.plan, "step": step.number, "steps": step.count} if step else {}),
        **_outcome_columns(evidence),
    }
    add_change(connection, _insert_columns(connection, columns), evidence)


def _insert_columns(connection: sqlite3.Connection, columns: dict[str, object]) -> int:
    cursor = connection.execute(
        f"INSERT INTO transfers ({', '.join(columns)}) VALUES ({marks(len(columns))})",  # noqa: S608 - names
        tuple(columns.values()),
    )
    assert cursor.lastrowid is not None  # noqa: S101 - an INSERT gives one
    return cursor.lastrowid


def insert_again(connection: sqlite3.Connection, row: sqlite3.Row) -> None:
    """Write a row that was in the file before, under its number if that is free."""
    columns = dict(zip(NAMES, row, strict=True))
    _insert_columns(connection, columns if is_free(connection, row["id"]) else columns | {"id": None})


def overwrite(connection: sqlite3.Connection, row: sqlite3.Row, columns: dict[str, object]) -> None:
    """Write columns of a row again, with a higher revision."""
    revision = max(row["revision"] + 1, int(str(columns.get("revision", 0))))
    columns = columns | {"revision": revision}
    connection.execute(
        f"UPDATE transfers SET {', '.join(f'{name} = ?' for name in columns)} WHERE id = ?",  # noqa: S608 - names
        (*columns.values(), row["id"]),
    )


def change(
    connection: sqlite3.Connection,
    row: sqlite3.Row,
    evidence: Evidence,
    *,
    at_ms: int | None = None,
    notice: bool = False,
) -> None:
    """Write a row's new evidence, and add it to the row's changes, if it differs. `at_ms` is the exchange's time, if it
    is known: a judgement is made and watched by it.
    """
    kind, details = codec.written(evidence)
    if row["kind"] != codec.LEGACY and (row["kind"], row["details"]) == (kind, details):
        return
    now_ms = clock.wall_ms() if at_ms is None else at_ms
    columns = {
        **_outcome_columns(evidence),
        "settled_at_ms": None if outcome_from(evidence).is_open else now_ms,
        "needs_notice": bool(row["needs_notice"]) or notice,
    }
    if row["answer_kind"] is None:
        # What an older Shunter wrote first is kept word for word, also if it only says `sending`.
        legacy = codec.of_row(row) if row["kind"] == codec.LEGACY else None
        if first := evidence if isinstance(evidence, Answer | Clash) else legacy:
            columns["answer_kind"], columns["answer_details"] = codec.written(first)
            columns["code"] = code_from(first)
    connection.execute(
        f"UPDATE transfers SET {', '.join(f'{name} = ?' for name in columns)}, revision = revision + 1 "  # noqa: S608
        "WHERE identity = ?",
        (*columns.values(), row["identity"]),
    )
    add_change(connection, row["id"], evidence, now_ms)


def _outcome_columns(evidence: Evidence) -> dict[str, object]:
    """Return the columns for evidence. `outcome`, `tran_id` and `evidence` are there for searches."""
    is_legacy = isinstance(evidence, Legacy)
    kind, details = (codec.LEGACY, "") if is_legacy else codec.written(evidence)
    return {
        "kind": kind,
        "details": details,
        "outcome": outcome_from(evidence),
        "tran_id": tran_id_from(evidence),
        "evidence": basis_of(evidence),
        "message": evidence.sentence if isinstance(evidence, Legacy) else "",
    }


def claim(
    connection: sqlite3.Connection, claiming: sqlite3.Row, evidence: Evidence, despite: frozenset[int]
) -> Evidence:
    """Return the evidence that holds, considering other transfers to the same host and the sightings of this one.

    A yes with a tranId that another transfer has becomes a Clash. If the other has it by the history or by the person's
    decision, and the two could be confused, the other is unknown again, with a notice. Other evidence raises
    TranIdTaken if a transfer has the tranId whose id is not in `despite`; the tranId is then taken from those that
    could be confused. NoRecord changes nothing if another Shunter has sighted the transfer a moment ago; `despite` are
    then the tranIds of sightings that turned out to be other records.
    """
    if isinstance(evidence, NoRecord):
        is_sighted = any(sighting["tran_id"] not in despite for sighting in unexplained(connection, claiming))
        return codec.of_row(claiming) if is_sighted else evidence
    tran_id = tran_id_from(evidence)
    if tran_id is None:
        return evidence
    holders = connection.execute(
        f"SELECT {COLUMNS} FROM transfers WHERE host = ? AND tran_id = ? AND identity != ? ORDER BY id",  # noqa: S608
        (claiming["host"], tran_id, claiming["identity"]),
    ).fetchall()
    if not isinstance(evidence, Accepted) and not despite.issuperset(holder["id"] for holder in holders):
        raise TranIdTaken
    for holder in holders:
        if holder["evidence"] != Basis.ANSWER and _could_be_confused(holder, claiming):
            lost = Reopened(Reason.TRAN_ID_LOST, Outcome(holder["outcome"]), tran_id=tran_id)
            change(connection, holder, lost, notice=True)
    if holders and isinstance(evidence, Accepted):
        return Clash(evidence.answer, holders[0]["id"])
    return evidence


def unexplained(connection: sqlite3.Connection, row: sqlite3.Row) -> list[sqlite3.Row]:
    """Return the sightings of a transfer that no other transfer has, and that the person did not decline."""
    return connection.execute(
        """
        SELECT record, tran_id, status, recorded_ms FROM sightings WHERE transfer_id = :id AND NOT EXISTS (
            SELECT 1 FROM transfers WHERE host = :host AND tran_id = sightings.tran_id AND id != :id
        ) AND NOT EXISTS (
            SELECT 1 FROM declined WHERE transfer_id = :id AND tran_id = sightings.tran_id
        )
        """,
        {"id": row["id"], "host": row["host"]},
    ).fetchall()


def _could_be_confused(one: sqlite3.Row, other: sqlite3.Row) -> bool:
    """Whether one record can have been taken for `one` and be that of `other`. If not, the answer is wrong, or a
    rehearsal server was restarted, and reuses its tranIds. A record that matched has exactly the amount of `one`.
    """
    if one["kind"] == MatchingRecord.__name__ and Decimal(one["amount"]) != Decimal(other["amount"]):
        return False
    is_same = all(one[name] == other[name] for name in ("type", "asset", "from_symbol", "to_symbol"))
    is_about_then = abs(one["timestamp_ms"] - other["timestamp_ms"]) <= _CONFUSED_MS
    return is_same and is_about_then and abs(Decimal(one["amount"]) - Decimal(other["amount"])) < _ROUNDED_APART


def add_change(connection: sqlite3.Connection, transfer_id: int, evidence: Evidence, at_ms: int | None = None) -> None:
    """Add the evidence to a row's changes."""
    kind, details = codec.written(evidence)
    connection.execute(
        "INSERT INTO changes (transfer_id, at_ms, outcome, tran_id, code, message, kind, details) "
        "VALUES (?, ?, ?, ?, ?, '', ?, ?)",
        (
            transfer_id,
            clock.wall_ms() if at_ms is None else at_ms,
            outcome_from(evidence),
            tran_id_from(evidence),
            code_from(evidence),
            kind,
            details,
        ),
    )
