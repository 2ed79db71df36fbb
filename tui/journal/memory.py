"""What this session knows of the journal's transfers. An older copy of the file cannot remove any of it.

While Shunter runs, a person or a program that synchronises folders may restore an older copy. So each use of the
journal compares the file with every row that this session wrote or read, and writes again what is missing:

- A missing row is written as it was known.
- The exchange's own yes or no, and that nothing left, are never revised: a row that contradicts one comes from an older
  copy, whatever its revision.
- Any other row with a higher revision than ours is newer, from another Shunter, and stays.
- With the same revision or a lower one, a row comes from an older copy if it is open, if this session saw it in that
  state before, or if its revision is lower than all that this session saw. Otherwise another Shunter has settled it on
  the copy, and it stays.
- The first answer, sighted records and declined records are only added, never removed.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import msgspec

from tui.domain.evidence import Accepted, NeverLeft, Outcome, Reason, Refusal, Reopened
from tui.journal import rows
from tui.journal.file import TranIdTaken
from tui.structs import Struct

_AT_ONCE = 500
_CERTAIN = frozenset(kind.__name__ for kind in (Accepted, Refusal, NeverLeft))
_OPEN = frozenset({Outcome.SENDING, Outcome.UNKNOWN})
_ANSWER = ("answer_kind", "answer_details", "code")

_State = tuple[object, ...]
_Brief = tuple[int, str, str, str, str]
"""Revision, evidence, sighted and declined records: if they are equal, the file has the row as it is known."""
_Value = TypeVar("_Value")


class Snapshot(Struct):
    """A row as the file has it, with its sightings and declined records."""

    row: sqlite3.Row
    sightings: dict[str, tuple[int | None, str, int, int | None]]
    """By record: its tranId, its status, when it was last seen, and its time."""
    declined: frozenset[int]


class _KnownRow(msgspec.Struct):
    """The newest known version of a row, and the states before it."""

    newest: Snapshot
    brief: _Brief
    first_revision: int
    states: set[_State]


class Memory:
    """The rows that this session wrote or read, by identity."""

    def __init__(self) -> None:
        self._known: dict[str, _KnownRow] = {}

    def keep(self, snapshots: Iterable[Snapshot]) -> None:
        """Remember rows as they are on the disk."""
        for snapshot in snapshots:
            row = snapshot.row
            brief = _brief(snapshot)
            known = self._known.setdefault(row["identity"], _KnownRow(snapshot, brief, row["revision"], set()))
            known.states.add(_state(row))
            if row["revision"] >= known.newest.row["revision"]:
                known.newest, known.brief = snapshot, brief

    def behind(self, connection: sqlite3.Connection) -> list[str]:
        """Return the identities of the transfers of which the file has less than is known, in order."""
        all_known = self._known.copy()
        there: dict[str, _Brief] = {}
        for some in _batches(list(all_known)):
            there.update(_briefs(connection, some))
        doubtful = [identity for identity, known in all_known.items() if there.get(identity) != known.brief]
        if not doubtful:
            return []
        rows_there = {snapshot.row["identity"]: snapshot for snapshot in _by_identity(connection, doubtful)}
        return [identity for identity in doubtful if _lacks_something(rows_there.get(identity), all_known[identity])]

    def mend(self, connection: sqlite3.Connection) -> list[str]:
        """Write what the file lacks, within a transaction. Return the identities of the transfers."""
        behind = self.behind(connection)
        for identity in behind:
            self._mend(connection, identity, self._known[identity])
        return behind

    def _mend(self, connection: sqlite3.Connection, identity: str, known: _KnownRow) -> None:
        ours, there = known.newest, rows.find(connection, identity)
        if there is None:
            rows.insert_again(connection, ours.row)
        elif not _stands(there, known):
            rows.overwrite(connection, there, {name: ours.row[name] for name in rows.NAMES if name != "id"})
        elif there["answer_kind"] is None and ours.row["answer_kind"] is not None:
            rows.overwrite(connection, there, {name: ours.row[name] for name in _ANSWER})
        row = rows.get(connection, identity)
        connection.executemany(
            "INSERT OR IGNORE INTO sightings VALUES (?, ?, ?, ?, ?, ?)",
            [(row["id"], record, *values) for record, values in ours.sightings.items()],
        )
        connection.executemany(
            "INSERT OR IGNORE INTO declined VALUES (?, ?)", [(row["id"], tran_id) for tran_id in ours.declined]
        )
        if _state(row) != (there and _state(there)):
            rows.add_change(connection, row["id"], rows.transfer_of(row).evidence)
            self._claim_again(connection, row)

    def _claim_again(self, connection: sqlite3.Connection, row: sqlite3.Row) -> None:
        """Claim the tranId of a row that was missing: another transfer may have got it meanwhile."""
        held = "SELECT id, identity FROM transfers WHERE host = ? AND tran_id = ? AND identity != ?"
        others = connection.execute(held, (row["host"], row["tran_id"], row["identity"])).fetchall()
        before = {other["id"] for other in others if self._had(other["identity"], row["tran_id"])}
        if len(before) == len(others):
            return
        evidence = rows.transfer_of(row).evidence
        try:
            standing = rows.claim(connection, row, evidence, frozenset(before))
        except TranIdTaken:
            standing = Reopened(Reason.TRAN_ID_LOST, Outcome(row["outcome"]), tran_id=row["tran_id"])
        rows.change(connection, row, standing, notice=True)

    def _had(self, identity: str, tran_id: int) -> bool:
        known = self._known.get(identity)
        return known is not None and known.newest.row["tran_id"] == tran_id


def snapshots_of(connection: sqlite3.Connection, table_rows: Sequence[sqlite3.Row]) -> list[Snapshot]:
    """Return rows with the sightings and declined records of each."""
    sightings: dict[int, dict[str, tuple[int | None, str, int, int | None]]] = {row["id"]: {} for row in table_rows}
    declined: dict[int, set[int]] = {row["id"]: set() for row in table_rows}
    for ids in _batches(list(sightings)):
        marks = rows.marks(len(ids))
        for id_, record, *values in connection.execute(
            "SELECT transfer_id, record, tran_id, status, seen_ms, recorded_ms FROM sightings "  # noqa: S608 - marks
            f"WHERE transfer_id IN ({marks})",
            ids,
        ):
            sightings[id_][record] = (values[0], values[1], values[2], values[3])
        for id_, tran_id in connection.execute(
            f"SELECT transfer_id, tran_id FROM declined WHERE transfer_id IN ({marks})",  # noqa: S608 - marks
            ids,
        ):
            declined[id_].add(tran_id)
    return [Snapshot(row, sightings[row["id"]], frozenset(declined[row["id"]])) for row in table_rows]


def _brief(snapshot: Snapshot) -> _Brief:
    row = snapshot.row
    return row["revision"], row["kind"], row["details"], _listed(snapshot.sightings), _listed(snapshot.declined)


def _listed(values: Iterable[str] | Iterable[int]) -> str:
    """Return values as SQLite's `json_group_array` writes them."""
    return json.dumps(sorted(values), ensure_ascii=False, separators=(",", ":"))


def _briefs(connection: sqlite3.Connection, identities: Sequence[str]) -> dict[str, _Brief]:
    briefs = connection.execute(
        f"""
        SELECT identity, revision, kind, details,
            (SELECT json_group_array(record) FROM sightings WHERE transfer_id = id),
            (SELECT json_group_array(tran_id) FROM declined WHERE transfer_id = id)
        FROM transfers WHERE identity IN ({rows.marks(len(identities))})
        """,  # noqa: S608 - marks
        identities,
    )
    briefs.row_factory = None
    return {identity: tuple(brief) for identity, *brief in briefs}


def _by_identity(connection: sqlite3.Connection, identities: Sequence[str]) -> Iterator[Snapshot]:
    for some in _batches(identities):
        table_rows = connection.execute(
            f"SELECT {rows.COLUMNS} FROM transfers WHERE identity IN ({rows.marks(len(some))})",  # noqa: S608 - marks
            some,
        ).fetchall()
        yield from snapshots_of(connection, table_rows)


def _batches(values: Sequence[_Value]) -> Iterator[Sequence[_Value]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]


def _lacks_something(there: Snapshot | None, known: _KnownRow) -> bool:
    ours = known.newest
    return (
        there is None
        or not _stands(there.row, known)
        or (there.row["answer_kind"] is None and ours.row["answer_kind"] is not None)
        or not ours.sightings.keys() <= there.sightings.keys()
        or not ours.declined <= there.declined
    )


def _stands(there: sqlite3.Row, known: _KnownRow) -> bool:
    """Whether a row of the file stays as it is: the rules at the top."""
    ours = known.newest.row
    revision: int = there["revision"]
    is_newer: bool = revision > ours["revision"]
    if _state(there) == _state(ours):
        return is_newer or revision == ours["revision"]
    if there["kind"] in _CERTAIN or ours["kind"] in _CERTAIN:
        return there["kind"] in _CERTAIN
    was_seen = _state(there) in known.states or revision < known.first_revision
    return is_newer or not (was_seen or there["outcome"] in _OPEN)


def _state(row: sqlite3.Row) -> _State:
    return row["outcome"], row["kind"], row["details"]
