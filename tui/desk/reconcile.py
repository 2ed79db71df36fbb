"""The journal against the exchange's record: where the two say different things of what moved, and what to do then.

What counts is whether money moved. A row that says no, with a record that is its own and did not fail, differs; one
that says yes, without a record, or with one that failed, differs. What a person wants to be woken for is just that.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tui.desk.matching import Fit, fit
from tui.desk.past import PastReader
from tui.desk.settle import is_same_key
from tui.domain.amounts import grouped
from tui.domain.hosts import exchange_of
from tui.domain.moments import in_full, ms_of
from tui.domain.outcome import Basis, recorded_outcome
from tui.domain.past import PENDING, Entry, Mismatch, merge
from tui.domain.records import HistoryRow, Row
from tui.domain.search import Search
from tui.domain.text import printable
from tui.domain.transfer import Outcome, Transfer
from tui.domain.wallets import TransferType
from tui.exchange.client import BinanceClient
from tui.exchange.records import HISTORY_REACH_MS
from tui.history import Stream
from tui.journal import Journal

_SETTLES_WITHIN_MS = 60 * 60 * 1000
"""How late a record may come, the exchange says nowhere: for an hour its absence says nothing."""

_Question = tuple[TransferType, str | None, str | None]

_MOVED_NOTHING = (Outcome.REJECTED, Outcome.NOT_SENT, Outcome.NOT_EXECUTED)


class Kind(StrEnum):
    """What is found where the journal and the record are held side by side."""

    EXECUTED_AFTER_ALL = "executed after all"
    """The journal says that nothing moved; a record says that it did."""
    NO_RECORD = "no record"
    """The journal says that it is done; no record has its tranId."""
    FAILED_AFTER_ALL = "failed after all"
    """The journal says that it is done; its record says that nothing moved."""
    OTHER_RECORD = "other record"
    """The record with its tranId is of something else, or says something that Shunter does not know."""
    UNSETTLED = "unsettled"
    """The journal does not know how it ended; a record tells."""
    ELSEWHERE = "made elsewhere"
    """A record that no row of the journal has: made with the exchange's own app or page, or with another program."""


_WHAT_TO_DO = {
    Kind.EXECUTED_AFTER_ALL: "It moved: do not send it again. If it was sent again, move one of the two back.",
    Kind.NO_RECORD: "Look at what both wallets hold. If it did not arrive, ask the exchange, with the tranId.",
    Kind.FAILED_AFTER_ALL: "Nothing moved: look at what both wallets hold, and send it again if it is still meant.",
    Kind.OTHER_RECORD: "Look at it on the exchange's own page; what it says there counts.",
    Kind.UNSETTLED: "Open Shunter with this key: it finds out, or asks. Do not send it again.",
    Kind.ELSEWHERE: "If it was not you: take the key away on the exchange's page, and see who else has it.",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that the journal and the record say differently."""

    kind: Kind
    transfer: Transfer | None
    record: Row | None
    mismatches: tuple[Mismatch, ...] = ()

    @property
    def advice(self) -> str:
        """What to do about it."""
        return _WHAT_TO_DO[self.kind]

    @property
    def words(self) -> str:
        """What either side says. The exchange's words are among these, made printable."""
        said = []
        if (transfer := self.transfer) is not None:
            source, destination = transfer.request.ends
            said.append(
                f"transfer {transfer.id} of {in_full(ms_of(transfer.sent_at))}, "
                f"{grouped(transfer.request.amount)} {transfer.request.asset}, {source.label} to {destination.label}, "
                f"is {transfer.outcome.words}"
                + (f" with tranId {transfer.tran_id}" if transfer.tran_id is not None else "")
            )
        if (record := self.record) is not None:
            at = "an unknown time" if record.timestamp is None else in_full(record.timestamp)
            amount = "?" if record.amount is None else grouped(record.amount)
            said.append(
                f"the exchange has tranId {record.tran_id} of {at}: "
                f"{record.type} {amount} {record.asset}, {record.status}"
            )
        return printable("; ".join(said))


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of it."""

    differences: tuple[Difference, ...]
    """What needs someone to look at it; in the order of the journal."""
    elsewhere: tuple[Difference, ...]
    """What was made elsewhere. An account is mostly used in other ways as well, so it is for information."""
    agree: int
    """Rows of the journal that the record bears out."""
    open: int = 0
    """Rows whose outcome is not known yet, without a record: there is nothing to compare."""
    left_out: int = 0
    """Rows that cannot be compared: sent within the last hour, or older than the history, or of a type not read."""

    @property
    def besides(self) -> list[str]:
        """What does not differ, but is to be known, a sentence each."""
        found = []
        if self.open:
            found.append(f"{self.open} not settled yet: open Shunter with this key, and it finds out.")
        if self.left_out:
            found.append(f"{self.left_out} not compared: sent within the last hour, or of what could not be read.")
        return found


def compare(
    rows: Sequence[Transfer],
    others: Iterable[Transfer],
    records: Iterable[Row],
    *,
    host: str,
    covered_ms: tuple[int, int],
    unread: Collection[_Question] = (),
    declined: Mapping[int, Collection[int]] | None = None,
) -> Comparison:
    """Compare the journal's rows of one key with the records of its account.

    `others` are the journal's other rows to that host: what is theirs was made here as well. `covered_ms` is from when
    to when, in the exchange's time, the records are whole; `unread` names types and pairs whose records are not.
    `declined` are, by row, the tranIds that a person has said are not it.
    """
    own = {row.id for row in rows}
    entries = merge(records, (*rows, *others), host)
    free = [entry.record for entry in entries if entry.transfer is None and isinstance(entry.record, HistoryRow)]
    alone = [
        entry.transfer for entry in entries if entry.record is None and entry.transfer and entry.transfer.id in own
    ]
    told = _told(alone, free, declined or {})
    differences = [found for entry in entries if entry.transfer and entry.transfer.id in own and (found := _of(entry))]
    differences += [found for row, record in told.values() if (found := _of_told(row, record))]
    still_open = left_out = 0
    for row in (row for row in alone if row.id not in told):
        if row.outcome.is_open:
            still_open += 1
        elif not _is_comparable(row, covered_ms, unread):
            left_out += 1
        elif row.outcome is Outcome.DONE and not _is_by_word_alone(row):
            differences.append(Difference(Kind.NO_RECORD, row, None))
    claimed = {id(record) for _, record in told.values()}
    elsewhere = [
        Difference(Kind.ELSEWHERE, None, entry.record)
        for entry in entries
        if entry.transfer is None and entry.record is not None and id(entry.record) not in claimed
    ]
    return Comparison(
        tuple(sorted(differences, key=lambda found: found.transfer.id if found.transfer else 0)),
        tuple(elsewhere),
        len(rows) - len(differences) - still_open - left_out,
        still_open,
        left_out,
    )


def _of(entry: Entry) -> Difference | None:
    """What a row and the record with its tranId say differently; None where nothing that counts."""
    if not entry.mismatches or entry.record is None or entry.transfer is None:
        return None
    status = entry.record.status or PENDING
    is_other = [mismatch for mismatch in entry.mismatches if mismatch.what != "outcome"]
    if is_other or recorded_outcome(status) is None:
        kind = Kind.OTHER_RECORD
    elif entry.transfer.outcome.is_open:
        kind = Kind.UNSETTLED
    elif recorded_outcome(status) is Outcome.REJECTED:
        if entry.transfer.outcome in _MOVED_NOTHING:
            return None
        kind = Kind.FAILED_AFTER_ALL
    else:
        kind = Kind.EXECUTED_AFTER_ALL
    return Difference(kind, entry.transfer, entry.record, entry.mismatches)


def _told(
    rows: Iterable[Transfer], records: Sequence[HistoryRow], declined: Mapping[int, Collection[int]]
) -> dict[int, tuple[Transfer, HistoryRow]]:
    """The rows that have no tranId, and that match a record which nobody has: each record is one row's, of several the
    nearest's in time.
    """
    by_id = {row.id: row for row in rows if row.tran_id is None}
    alike: defaultdict[tuple[str, str, Decimal], list[int]] = defaultdict(list)
    for number, record in enumerate(records):
        alike[record.type, record.asset, record.amount].append(number)
    couples = sorted(
        (abs(records[number].timestamp - row.timestamp_ms), row.id, number)
        for row in by_id.values()
        for number in alike.get((row.request.type.name, row.request.asset, row.request.amount), ())
        if fit(row, records[number]) is Fit.MATCH and records[number].tran_id not in declined.get(row.id, ())
    )
    found: dict[int, tuple[Transfer, HistoryRow]] = {}
    taken: set[int] = set()
    for _, row_id, number in couples:
        if row_id not in found and number not in taken:
            taken.add(number)
            found[row_id] = by_id[row_id], records[number]
    return found


def _of_told(row: Transfer, record: HistoryRow) -> Difference | None:
    has_failed = recorded_outcome(record.status) is Outcome.REJECTED
    if row.outcome.is_open:
        return Difference(Kind.UNSETTLED, row, record)
    if row.outcome is Outcome.DONE:
        return Difference(Kind.FAILED_AFTER_ALL, row, record) if has_failed else None
    return None if has_failed else Difference(Kind.EXECUTED_AFTER_ALL, row, record)


def _is_by_word_alone(row: Transfer) -> bool:
    """Whether a person has said that it is done, though there is no record: that need not be said every night."""
    return row.basis is Basis.PERSON and row.tran_id is None


def _is_comparable(row: Transfer, covered_ms: tuple[int, int], unread: Collection[_Question]) -> bool:
    start_ms, end_ms = covered_ms
    is_covered = start_ms <= row.timestamp_ms <= end_ms - _SETTLES_WITHIN_MS
    return is_covered and _question(row) not in unread


def _question(row: Transfer) -> _Question:
    """What the exchange is to be asked, to be told of a row."""
    request = row.request
    return request.type, request.from_symbol, request.to_symbol


def reconcile(past: PastReader, client: BinanceClient, journal: Journal | None) -> Comparison:
    """Compare what a reader has read with all that the journal has of the client's key in that time. Blocks. Raises
    JournalError.
    """
    host = exchange_of(client.base_url)
    now_ms = client.now_ms()
    start_ms = now_ms - HISTORY_REACH_MS
    in_reach = list(journal.transfers(Search(host=host, since_ms=start_ms))) if journal else []
    own = [row for row in in_reach if is_same_key(row, client)]
    ids = {row.id for row in own}
    return compare(
        own,
        [row for row in in_reach if row.id not in ids],
        [record for record in past.records if record.timestamp is None or record.timestamp >= start_ms],
        host=host,
        covered_ms=(start_ms, now_ms),
        unread={question for question in map(_question, own) if Stream(*question) not in past.whole},
        declined={row.id: journal.declined(row) for row in own if journal and row.tran_id is None},
    )
