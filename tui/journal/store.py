"""Transfers on disk, in SQLite: everything that may be read and written."""

import contextlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from tui.domain.amounts import exact_sum
from tui.domain.balances import Account
from tui.domain.evidence import Evidence, NeverLeft, Obstacle, Outcome, SenderGone
from tui.domain.plan_state import StoredPlan
from tui.domain.records import Row, identity
from tui.domain.rules import legs_of
from tui.domain.search import ANY, Search, facts_of, haystack, is_found, moves, outcome_text, words
from tui.domain.transfer import Sending, Transfer, TransferRequest
from tui.domain.wallets import PAIR_UNFILTERED
from tui.files import state_folder
from tui.journal import evidence as codec
from tui.journal import limits, plans, rows
from tui.journal.file import (
    Conditions,
    DayLimit,
    JournalError,
    JournalFile,
    PlanTaken,
    RepeatUnconfirmed,
    Stamp,
    is_same_file,
    unchanged,
)
from tui.journal.memory import Memory, Snapshot, snapshots_of
from tui.journal.rows import Written, as_it_stands, as_written, read_before, transfer_of
from tui.structs import Struct

REPEAT_WINDOW_MS = 5 * 60 * 1000
"""So soon after an identical transfer that was done, or turned out to be, another one may be a mistake."""

WATCH_MS = 24 * 60 * 60 * 1000
"""For so long, a judged transfer is watched, and a repeat of it needs a confirmation."""

_PAGE = 500
_LAST_ID = 2**63 - 1

_Read = TypeVar("_Read")

_RIVALS_MS = 24 * 60 * 60 * 1000
"""Two done transfers that are further apart are no rivals. There are few open or judged ones."""


class Sighting(Struct):
    """A record that could be an open transfer, as it was last seen."""

    record: str
    """Its `identity`, as text. Older Shunters wrote down how it came if any part of it could not be read."""
    tran_id: int | None
    status: str
    recorded_ms: int | None
    """The record's own time, if it can be read."""


def journal_path() -> Path:
    """Return where the person's journal is. Raises FolderRefused."""
    return state_folder() / "journal.sqlite3"


def recorded_assets() -> list[str]:
    """Return the assets in the person's journal, A to Z. Writes nothing, whatever the file's version.

    Raises JournalError and FolderRefused.
    """
    with unchanged(journal_path()) as connection:
        return [row[0] for row in connection.execute("SELECT DISTINCT asset FROM transfers ORDER BY asset")]


class Journal:
    """Transfers on disk. Any number of processes and threads may use one file at once; every method blocks.

    Every method raises JournalError if the file, its folder or its disk is not in order. The file is never recreated or
    overwritten to avoid that. A sound file that is older than what this session knows is completed: see
    `journal.memory`.
    """

    def __init__(self, file: JournalFile) -> None:
        self._file = file
        self._memory = Memory()
        self._complete: tuple[Stamp | None, int] | None = None
        """The stamp of the file and its last change when it had all that this session knows. A copy that is restored
        within a tick of the file system's clock still has another last change.
        """
        self._plans: dict[str, StoredPlan] = {}
        """The plans that this session has written, as they were then: an older copy of the file may lack them."""
        self._closed_plans: set[str] = set()

    @classmethod
    def open(cls, path: Path | None = None) -> "Journal":
        """Return the journal to write to, by default the person's own; made if there is none."""
        return cls(JournalFile.to_write(path or journal_path(), is_own=path is None))

    @classmethod
    def open_to_read(cls, path: Path | None = None) -> "Journal | None":
        """Return the journal at a path, by default the person's own, or None: reading makes no files."""
        file = JournalFile.to_read(path or journal_path())
        return cls(file) if file else None

    @classmethod
    def in_memory(cls) -> "Journal":
        """Return a journal that is never on disk and ends with the program: for the demo exchange."""
        file = JournalFile(None)
        file.migrate()
        return cls(file)

    @property
    def is_on_disk(self) -> bool:
        """Whether it remains after the program ends."""
        return self._file.path is not None

    def check(self) -> None:
        """Check that the file is whole: see `JournalFile.check`."""
        self._file.check()

    def begin(
        self, sending: Sending, *, meant: frozenset[str] = frozenset(), conditions: Conditions | None = None
    ) -> Transfer:
        """Write down that a transfer is about to be sent; it is on the disk when this returns.

        If this raises, the transfer must not be sent, and never counts as sent. Raises RepeatUnconfirmed if the request
        repeats transfers other than those that are `meant`, and PlanTaken if it is a step of a plan that this Shunter
        does not carry out, or that has the step already. Raises DayIsFull, NotQuiet unless the `conditions` hold.
        Checking and writing are one step: of two Shunters with the same request, one always has to ask.
        """
        identity = ""
        try:
            with self._writing() as connection:
                repeated = self._similar(connection, sending.request, sending.host, sending.timestamp_ms)
                if not {transfer.identity for transfer in repeated} <= meant:
                    raise RepeatUnconfirmed(repeated)
                if step := sending.plan_step:
                    self._require_own(connection, step.plan)
                    if plans.is_begun(connection, step.plan, step.number):
                        raise PlanTaken
                amounts = {sending.request.asset: sending.request.amount}
                limits.require(connection, conditions, sending.host, sending.timestamp_ms, amounts)
                identity = rows.add(connection, sending, self._file.hold_sender())
                transfer = transfer_of(rows.get(connection, identity))
        except JournalError:
            if identity:
                self._disown(identity)
            raise
        return transfer

    def last_change(self) -> int:
        """Return the number of the journal's last change, for `Conditions`."""
        return self._reading(_last_change)

    def left_of_day(self, day_limits: Iterable[DayLimit], *, host: str, now_ms: int) -> list[Decimal]:
        """Return what is left of each limit on the UTC day of a moment, by the exchange's time."""
        all_limits = list(day_limits)
        return self._reading(lambda connection: [limits.left(connection, limit, host, now_ms) for limit in all_limits])

    def passing(self, host: str, *, but: str = "") -> Mapping[tuple[Account, str], Decimal]:
        """Return the amounts that plans which are not closed have moved into an account at a host and have still to
        move on, by account and asset. Those of one plan can be left out.
        """
        with self._writing() as connection:
            return limits.passing(connection, host, but)

    def begin_plan(self, stored: StoredPlan, *, succeeds: str = "", conditions: Conditions | None = None) -> None:
        """Write down a plan that the person has confirmed; all its steps are on the disk when this returns.

        `succeeds` is the identity of a stopped plan that it takes the place of, which is closed. Raises PlanTaken if
        that one is closed already, or if another Shunter carries it out; and DayIsFull, NotQuiet unless the
        `conditions` hold.
        """
        is_put = False
        try:
            with self._writing() as connection:
                if succeeds:
                    self._require_own(connection, succeeds, or_of_the_dead=True)
                    plans.close(connection, [succeeds])
                new = exact_sum(leg.amount for leg in legs_of(stored.plan) if leg.is_new)
                limits.require(connection, conditions, stored.host, stored.confirmed_ms, {stored.plan.asset: new})
                plans.put(connection, stored, self._file.hold_sender())
                is_put = True
        except JournalError:
            if is_put:  # if a disk fails late in a commit, the plan can be there all the same
                with contextlib.suppress(JournalError), self._writing() as connection:
                    plans.disown(connection, stored.identity, succeeds)
            raise
        self._plans[stored.identity] = stored
        if succeeds:
            self._closed_plans.add(succeeds)

    def close_plan(self, identity: str) -> None:
        """Note that a plan is finished, or that the person leaves the rest of it."""
        with self._writing() as connection:
            plans.close(connection, [identity])
        self._closed_plans.add(identity)

    def open_plans(self, host: str, key_print: str) -> list[StoredPlan]:
        """Return the plans with this key at a host that are not closed and that no other Shunter carries out, oldest
        first.
        """
        with self._writing() as connection:
            others = self._file.living_senders() - {self._file.hold_sender()}
            open_rows = [row for row in plans.still_open(connection, host, key_print) if row["sender"] not in others]
            statement = f"SELECT {rows.COLUMNS} FROM transfers WHERE plan = ? ORDER BY id"  # noqa: S608 - constants
            return [
                plans.stored_plan(connection, row, self._selected(connection, statement, [row["identity"]]))
                for row in open_rows
            ]

    def _mend_plans(self, connection: sqlite3.Connection) -> None:
        """Write again what an older copy of the file lacks of this session's plans."""
        for stored in self._plans.values():
            plans.put(connection, stored, self._file.hold_sender())
        plans.close(connection, self._closed_plans)

    def _require_own(self, connection: sqlite3.Connection, plan: str, *, or_of_the_dead: bool = False) -> None:
        """Raise PlanTaken unless a plan is open, and this Shunter carries it out or, if allowed, no living one does."""
        row, own = plans.find(connection, plan), self._file.hold_sender()
        if row is None or row["is_closed"]:
            raise PlanTaken
        is_of_the_dead = or_of_the_dead and row["sender"] not in self._file.living_senders()
        if row["sender"] != own and not is_of_the_dead:
            raise PlanTaken

    def record(
        self,
        transfer: Transfer,
        evidence: Evidence,
        *,
        despite: Iterable[int] = (),
        declined: Iterable[int] = (),
        at_ms: int | None = None,
    ) -> Transfer:
        """Write down what is known of a transfer now; it is on the disk when this returns. Return it as the journal has
        it.

        Only an open transfer changes. A final one stays as it is: another Shunter may have settled it first.
        `rows.claim` decides which transfer gets the tranId; if it raises TranIdTaken, nothing changes. `declined` are
        the tranIds of records that the person said are not this transfer. `at_ms` is the exchange's time. If an older
        copy replaced the file and does not have the transfer, it is written again. A transfer for which another Shunter
        has sighted a record meanwhile is not judged: it stays open.
        """
        with self._writing(transfer) as connection:
            row = self._row(connection, transfer)
            if transfer_of(row).outcome.is_open:
                standing = rows.claim(connection, row, evidence, frozenset(despite))
                rows.change(connection, row, standing, at_ms=at_ms)
                connection.executemany(
                    "INSERT OR IGNORE INTO declined VALUES (?, ?)", [(row["id"], tran_id) for tran_id in declined]
                )
            return transfer_of(rows.get(connection, transfer.identity))

    def revise(self, transfer: Transfer, evidence: Evidence, *, notice: bool, at_ms: int | None = None) -> Transfer:
        """Correct a judgement, perhaps with a notice that stays until the person has seen it. If it is no longer a
        judgement, it stays as it is: another Shunter was first. Raises TranIdTaken.
        """
        with self._writing() as connection:
            row = self._row(connection, transfer)
            if transfer_of(row).is_judged:
                standing = rows.claim(connection, row, evidence, frozenset())
                rows.change(connection, row, standing, at_ms=at_ms, notice=notice)
            return transfer_of(rows.get(connection, transfer.identity))

    def sight(self, transfer: Transfer, records: Iterable[Row], *, at_ms: int) -> None:
        """Write down that these records could be an open transfer. If they are gone later, it is never judged."""
        with self._writing(transfer) as connection:
            transfer_id = self._row(connection, transfer)["id"]
            connection.executemany(
                "INSERT OR REPLACE INTO sightings VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (transfer_id, str(identity(record)), record.tran_id, record.status or "", at_ms, record.timestamp)
                    for record in records
                ],
            )

    def unexplained(self, transfer: Transfer) -> tuple[Sighting, ...]:
        """Return the sighted records that could be this transfer: no other transfer has them, and the person did not
        decline them.
        """

        def read(connection: sqlite3.Connection) -> list[sqlite3.Row]:
            row = rows.find(connection, transfer.identity)
            return rows.unexplained(connection, row) if row else []

        return tuple(
            Sighting(sighting["record"], sighting["tran_id"], sighting["status"], sighting["recorded_ms"])
            for sighting in self._reading(read)
        )

    def sighted(self, host: str) -> Mapping[int, Collection[str]]:
        """Return, by the tranId of each sighted record, the identities of the transfers to this host
        that it could be.
        """
        sightings = self._rows(
            "SELECT identity, sightings.tran_id FROM sightings JOIN transfers ON id = transfer_id "
            "WHERE host = ? AND sightings.tran_id IS NOT NULL",
            (host,),
        )
        identities: defaultdict[int, set[str]] = defaultdict(set)
        for sighting in sightings:
            identities[sighting["tran_id"]].add(sighting["identity"])
        return identities

    def noticed(self, transfer: Transfer) -> None:
        """Note that the person has seen the correction of a transfer."""
        with self._writing(transfer) as connection:
            row = self._row(connection, transfer)
            connection.execute(
                "UPDATE transfers SET needs_notice = 0, revision = revision + 1 WHERE identity = ?", (row["identity"],)
            )

    def transfer(self, transfer: Transfer) -> Transfer:
        """Return one transfer as it is now. If the file no longer has it, it is written again."""

        def read(connection: sqlite3.Connection) -> sqlite3.Row | None:
            row = rows.find(connection, transfer.identity)
            self._memory.keep(self._snapshots(connection, [transfer.identity]))
            return row

        row = self._reading(read)
        if row is None:
            with self._writing(transfer) as connection:
                row = self._row(connection, transfer)
        return transfer_of(row)

    def _reading(self, read: Callable[[sqlite3.Connection], _Read]) -> _Read:
        """Return what is read from the file, after it has all that this session knows: read again if an older copy came
        between any two statements.
        """
        while True:
            is_behind, results = False, []
            with self._file.reading() as (connection, stamp):
                try:
                    state = stamp, _last_change(connection)
                    is_behind = state != self._complete and bool(self._memory.behind(connection))
                    if not is_behind:
                        self._complete = state
                        results = [read(connection)]
                except sqlite3.Error:  # half of one file and half of another cannot be read
                    if self._file.stamp() == stamp:
                        raise
                is_whole = self._file.stamp() == stamp
            if results and is_whole:
                return results[0]
            if is_behind:
                with self._writing():
                    pass  # it writes what is missing

    @contextlib.contextmanager
    def _writing(self, *transfers: Transfer) -> Iterator[sqlite3.Connection]:
        """A connection for writing to the file, after it has all that this session knows. What is written of
        `transfers`, and of all whose outcome changes, is remembered.
        """
        with self._file.transaction() as (connection, opened):
            before = _last_change(connection)
            is_complete = (self._file.stamp(), before) == self._complete
            touched = {transfer.identity for transfer in transfers}
            touched.update([] if is_complete else self._memory.mend(connection))
            self._mend_plans(connection)
            yield connection
            changed = "SELECT identity FROM transfers WHERE id IN (SELECT transfer_id FROM changes WHERE rowid > ?)"
            touched.update(row["identity"] for row in connection.execute(changed, (before,)))
            learnt = self._snapshots(connection, touched)
            after = _last_change(connection)
        self._memory.keep(learnt)
        stamp = self._file.stamp()
        self._complete = (stamp, after) if is_same_file(opened, stamp) else None  # if not, another has come since

    def _snapshots(self, connection: sqlite3.Connection, identities: Iterable[str]) -> list[Snapshot]:
        found = [row for identity in identities if (row := rows.find(connection, identity))]
        return self._snapshots_of(connection, found)

    def _snapshots_of(self, connection: sqlite3.Connection, table_rows: Sequence[sqlite3.Row]) -> list[Snapshot]:
        """Return the snapshots to remember: none if no other copy can replace the file."""
        return snapshots_of(connection, table_rows) if self.is_on_disk else []

    def _row(self, connection: sqlite3.Connection, transfer: Transfer) -> sqlite3.Row:
        return rows.put_back(connection, transfer, self._file.hold_sender())

    def transfers(self, search: Search = ANY, *, newest_first: bool = False) -> Iterator[Transfer]:
        """Yield the transfers that match a search, oldest first. They are read in pages, and nothing is
        locked between.
        """

        def read(row: sqlite3.Row, orphans: frozenset[int]) -> Transfer | None:
            transfer = as_it_stands(transfer_of(row), orphans)
            is_certain = row["outcome"] != Outcome.SENDING
            return transfer if is_certain or is_found(search, facts_of(transfer)) else None

        return self._page_by_page(search, read, newest_first=newest_first)

    def newest(self, host: str, asset: str, count: int) -> list[Transfer]:
        """Return the newest transfers of an asset to a host, newest first. They are not remembered: this is for a
        glance, at one asset after the other.
        """
        statement = (  # its index is read from the newest row on, until there are enough
            f"SELECT {rows.COLUMNS} FROM transfers WHERE host = ? AND asset = ? "  # noqa: S608 - constants
            "ORDER BY timestamp_ms DESC, id DESC LIMIT ?"
        )
        return self._reading(lambda connection: self._selected(connection, statement, (host, asset, count)))

    def written(self, search: Search = ANY) -> Iterator[Written]:
        """Yield the same as `Written`, in a fifth of the time: for output that calculates nothing."""
        sending = Outcome.SENDING.value

        def read(row: sqlite3.Row, orphans: frozenset[int]) -> Written | None:
            if row["outcome"] != sending:
                return as_written(row)
            if not is_found(search, facts_of(as_it_stands(transfer_of(row), orphans))):
                return None
            return as_written(row, is_orphan=row["id"] in orphans)

        return self._page_by_page(search, read)

    def _page_by_page(
        self, search: Search, read: Callable[[sqlite3.Row, frozenset[int]], _Read | None], *, newest_first: bool = False
    ) -> Iterator[_Read]:
        """Yield what `read` makes of the rows that may match, and of the ids of those whose sender is gone. Each
        page is read on a connection of its own.
        """
        condition, parameters = _where(search)
        order, beyond = ("DESC", "<") if newest_first else ("ASC", ">")
        statement = (
            f"SELECT {rows.COLUMNS} FROM transfers WHERE id {beyond} ? AND {condition} ORDER BY id {order} LIMIT ?"  # noqa: S608
        )
        last = _LAST_ID if newest_first else 0

        def read_page(connection: sqlite3.Connection) -> tuple[list[sqlite3.Row], list[_Read | None]]:
            connection.create_function("haystack", -1, _row_haystack, deterministic=True)
            page = connection.execute(statement, (last, *parameters, _PAGE)).fetchall()
            orphans = self._file.orphans(page)
            return page, [read(row, orphans) for row in page]

        while True:
            page, results = self._reading(read_page)
            if not page:
                return
            yield from (result for result in results if result is not None)
            last = page[-1]["id"]

    def open_transfers(self, host: str) -> list[Transfer]:
        """Return the transfers to a host that are open and that no living process is sending, oldest first.

        A transfer that a process left `sending` when it ended becomes `unknown` here, on the disk.
        """
        statement = f"SELECT {rows.COLUMNS} FROM transfers WHERE {rows.OPEN} AND host = ? ORDER BY id"  # noqa: S608 - constants

        def read(connection: sqlite3.Connection) -> list[sqlite3.Row]:
            open_rows = connection.execute(statement, (host,)).fetchall()
            self._memory.keep(self._snapshots_of(connection, open_rows))
            return open_rows

        open_rows = self._reading(read)
        if orphans := self._file.orphans(open_rows):
            with self._writing() as connection:
                for orphan in (row["identity"] for row in open_rows if row["id"] in orphans):
                    # Its sender or another Shunter may have changed it since it was read.
                    row = rows.get(connection, orphan)
                    if row["outcome"] == Outcome.SENDING:
                        rows.change(connection, row, SenderGone())
                open_rows = connection.execute(statement, (host,)).fetchall()
        return [transfer for transfer in map(transfer_of, open_rows) if transfer.outcome is Outcome.UNKNOWN]

    def all_open(self, host: str) -> list[Transfer]:
        """Return all transfers to a host that are open now, oldest first, whoever is sending or settling them."""
        return self._select(f"{rows.OPEN} AND host = ? ORDER BY id", (host,))

    def similar(self, request: TransferRequest, *, host: str, now_ms: int) -> list[Transfer]:
        """Return the transfers that a request would repeat, oldest first: open ones, those judged not executed within a
        day, and those that were done, or turned out to be, in the last minutes; of any profile, because two keys may be
        of one account.

        `now_ms` is the exchange's time: setting this machine's clock forward does not avoid the question.
        """
        return self._reading(lambda connection: self._similar(connection, request, host, now_ms, keep=True))

    def rivals(self, transfer: Transfer) -> list[Transfer]:
        """Return the other transfers to the same host whose records answer the same question, and whose tranId is not
        known: open ones, judged ones, and those done by the person's decision; of any profile and amount. For types
        whose records name no pair, those of any pair count.
        """
        request = transfer.request
        if request.type in PAIR_UNFILTERED:
            same = "host = ? AND type = ? AND asset = ?"
            parameters: tuple[str | None, ...] = (transfer.host, request.type.name, request.asset)
        else:
            same, parameters = rows.SAME, rows.same(request, transfer.host)
        parameters = (*parameters, transfer.identity)
        return self._read(
            f"""
            SELECT {rows.COLUMNS} FROM transfers WHERE {rows.OPEN} AND {same} AND identity != ?
            UNION ALL
            SELECT {rows.COLUMNS} FROM transfers WHERE {rows.JUDGED} AND tran_id IS NULL AND {same} AND identity != ?
            UNION ALL
            SELECT {rows.COLUMNS} FROM transfers
                WHERE outcome = ? AND tran_id IS NULL AND {same} AND identity != ? AND timestamp_ms BETWEEN ? AND ?
            """,  # noqa: S608 - constants
            (
                *parameters,
                *parameters,
                *(Outcome.DONE, *parameters, transfer.timestamp_ms - _RIVALS_MS, transfer.timestamp_ms + _RIVALS_MS),
            ),
        )

    def holders(self, host: str, tran_id: int) -> list[Transfer]:
        """Return the transfers to this host that have this tranId: mostly one, or none."""
        return self.holders_by(host, [tran_id])[tran_id]

    def holders_by(self, host: str, tran_ids: Iterable[int]) -> dict[int, list[Transfer]]:
        """Return what `holders` does, for each of these tranIds."""
        holders: dict[int, list[Transfer]] = {tran_id: [] for tran_id in tran_ids}
        condition = "host = ? AND tran_id IN (SELECT value FROM json_each(?))"
        for transfer in self._select(condition, (host, json.dumps(list(holders)))):
            if transfer.tran_id is not None:
                holders[transfer.tran_id].append(transfer)
        return holders

    def judged(self, host: str, *, now_ms: int) -> list[Transfer]:
        """Return the transfers to a host that were judged within a day, by the exchange's time: these are watched."""
        return self._read(
            f"SELECT {rows.COLUMNS} FROM transfers WHERE host = ? AND {rows.JUDGED} AND settled_at_ms >= ?",  # noqa: S608 - constants
            (host, now_ms - WATCH_MS),
        )

    def notices(self, host: str) -> list[Transfer]:
        """Return the transfers to a host that were corrected, if the person has not seen that yet."""
        return self._select("host = ? AND needs_notice", (host,))

    def declined(self, host: str) -> Mapping[str, Collection[int]]:
        """Return, by the identity of each transfer to this host, the tranIds of the records that the person said are
        not that transfer. It has no others.
        """
        rows_declined = self._rows(
            "SELECT identity, declined.tran_id FROM declined CROSS JOIN transfers ON id = transfer_id "
            "WHERE host = ?",  # CROSS: few records are declined, and a host may have very many transfers
            (host,),
        )
        declined: defaultdict[str, set[int]] = defaultdict(set)
        for row in rows_declined:
            declined[row["identity"]].add(row["tran_id"])
        return declined

    def close(self) -> None:
        """Close the file, after writing all that this session knows, if possible. A transfer begun here that is still
        `sending` is `unknown` from now on.
        """
        with contextlib.suppress(JournalError):
            self.last_change()
        self._file.close()

    def _similar(
        self, connection: sqlite3.Connection, request: TransferRequest, host: str, now_ms: int, *, keep: bool = False
    ) -> list[Transfer]:
        same = rows.same(request, host)
        similar = self._selected(
            connection,
            # Each part has an index of its own; ORDER BY in SQL would read the whole table.
            f"""
            SELECT {rows.COLUMNS} FROM transfers WHERE {rows.OPEN} AND {rows.SAME}
            UNION ALL
            SELECT {rows.COLUMNS} FROM transfers
                WHERE {rows.JUDGED} AND {rows.SAME} AND (settled_at_ms >= ? OR timestamp_ms >= ?)
            UNION ALL
            SELECT {rows.COLUMNS} FROM transfers
                WHERE outcome = ? AND {rows.SAME}
                    AND (timestamp_ms >= ? OR evidence != 'answer' AND settled_at_ms >= ?)
            """,  # noqa: S608 - constants
            (
                *same,
                *(*same, now_ms - WATCH_MS, now_ms - WATCH_MS),
                *(Outcome.DONE, *same, now_ms - REPEAT_WINDOW_MS, now_ms - REPEAT_WINDOW_MS),
            ),
            keep=keep,
        )
        repeated = [transfer for transfer in similar if transfer.request.amount == request.amount]  # 1.0 is 1
        return sorted(repeated, key=lambda transfer: transfer.id)

    def _disown(self, identity: str) -> None:
        """Write down that a transfer was never sent: if a disk fails late in a commit, its row can be there all the
        same.
        """
        with contextlib.suppress(JournalError), self._writing() as connection:
            if row := rows.find(connection, identity):
                rows.change(connection, row, NeverLeft(Obstacle.JOURNAL))

    def _select(self, condition: str, parameters: Sequence[object]) -> list[Transfer]:
        return self._read(f"SELECT {rows.COLUMNS} FROM transfers WHERE {condition}", parameters)  # noqa: S608 - constants

    def _read(self, statement: str, parameters: Sequence[object]) -> list[Transfer]:
        return self._reading(lambda connection: self._selected(connection, statement, parameters, keep=True))

    def _rows(self, statement: str, parameters: Sequence[object]) -> list[sqlite3.Row]:
        return self._reading(lambda connection: connection.execute(statement, parameters).fetchall())

    def _selected(
        self, connection: sqlite3.Connection, statement: str, parameters: Sequence[object], *, keep: bool = False
    ) -> list[Transfer]:
        """Return the transfers in some rows. `keep` remembers them; what is not committed yet must not be."""
        table_rows = connection.execute(statement, parameters).fetchall()
        orphans = self._file.orphans(table_rows)
        transfers = [as_it_stands(read_before(row), orphans) for row in table_rows]
        if keep:
            self._memory.keep(self._snapshots_of(connection, table_rows))
        return transfers


def _last_change(connection: sqlite3.Connection) -> int:
    """Return the number of the last row in `changes`."""
    last: int = connection.execute("SELECT coalesce(max(rowid), 0) FROM changes").fetchone()[0]
    return last


_HAYSTACK = (
    "haystack(kind, details, message, outcome, type, asset, amount, from_symbol, to_symbol, profile, key_tail, host, "
    "tran_id, code)"
)
"""The columns of `domain.search.facts_of`, after those that the message and the outcome's name are made from."""


def _row_haystack(kind: str, details: str, sentence: str, outcome: str, move: str, *columns: str | int | None) -> str:
    message = sentence
    if kind != codec.LEGACY:
        with contextlib.suppress(ValueError):  # the row is refused when it is read
            message = codec.message_of(kind, details)
    return haystack(move, *columns, outcome_text(outcome), message)


def _where(search: Search) -> tuple[str, list[object]]:
    """Return a search as SQL, with its parameters: it looks through 100,000 rows without making a transfer of each.

    It also lets through a row that is `sending` if only its outcome or its text says otherwise: SQL cannot tell whether
    its sender is alive.
    """
    terms = ["1"]
    parameters: list[object] = []

    def add(term: str, *values: object) -> None:
        terms.append(term)
        parameters.extend(values)

    for column, wanted in (("host", search.host), ("profile", search.profile), ("asset", search.asset)):
        if wanted:
            add(f"{column} = ?", wanted)
    if search.since_ms is not None:
        add("timestamp_ms >= ?", search.since_ms)
    if search.until_ms is not None:
        add("timestamp_ms < ?", search.until_ms)
    if (kinds := moves(search)) is not None:
        add(f"type IN ({rows.marks(len(kinds))})", *sorted(kinds))
    if search.outcomes:
        add(
            f"(outcome = ? OR outcome IN ({rows.marks(len(search.outcomes))}))",
            Outcome.SENDING,
            *sorted(search.outcomes),
        )
    if wanted_words := words(search.text):
        matches = " AND ".join([f"instr({_HAYSTACK}, ?)"] * len(wanted_words))
        add(f"(outcome = ? OR ({matches}))", Outcome.SENDING, *wanted_words)
    return " AND ".join(terms), parameters
