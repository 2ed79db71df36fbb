"""The journal compared with the exchange's records: where the two differ about what moved.

They agree only on a row that is done and whose own record, the one with its tranId, is CONFIRMED and equal to it. Only
such a record shows that a row which says no has moved after all. A record that could be a row, and that belongs to no
row, is a possible match.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import Enum, auto

from tui.desk.history_reader import HistoryReader
from tui.desk.matching import Fit
from tui.desk.origins import Questions, joined, likeness
from tui.desk.settle import is_same_key
from tui.domain.entries import Comparison, Difference, DifferenceKind, Entry, Fact, Origin
from tui.domain.evidence import Basis, Outcome
from tui.domain.hosts import exchange_of
from tui.domain.records import HistoryQuery, HistoryRow, RecordStatus, Row, UnreadableRow, identity
from tui.domain.search import Search
from tui.domain.transfer import Transfer, TransferRequest
from tui.exchange.client import BinanceClient
from tui.journal import Journal
from tui.structs import Struct

_SETTLES_WITHIN_MS = 60 * 60 * 1000
"""The exchange does not say how late a record may come: for an hour, its absence means nothing."""

_REPEATED_WITHIN_MS = 24 * 60 * 60 * 1000
"""Within this time, a transfer that asks for the same may be a repeat."""


class _Tally(Enum):
    """How a row counts that does not differ."""

    AGREE = auto()
    UNMOVED = auto()
    BY_WORD = auto()
    PENDING = auto()
    OPEN = auto()
    LEFT_OUT = auto()


class _Comparing(Struct):
    """What a row is compared with."""

    covered_ms: tuple[int, int]
    unread: Collection[HistoryQuery]
    questions: Questions
    possible: Mapping[str, Sequence[Row]]
    """The records that could be a row, by the row's identity."""
    confirmed: Mapping[TransferRequest, Sequence[Transfer]]
    """The rows that agree with their record, by their request."""

    def is_comparable(self, row: Transfer) -> bool:
        """Whether the absence of a record means something for a row."""
        return self.covered_ms[0] <= row.timestamp_ms and self.is_old(row) and row.request.query not in self.unread

    def is_old(self, row: Transfer) -> bool:
        """Whether its record would be there and final by now."""
        return row.timestamp_ms <= self.covered_ms[1] - _SETTLES_WITHIN_MS


def compare(
    rows: Sequence[Transfer],
    others: Iterable[Transfer],
    records: Iterable[Row],
    *,
    host: str,
    covered_ms: tuple[int, int],
    unread: Collection[HistoryQuery] = (),
    questions: Questions | None = None,
    declined: Mapping[str, Collection[int]] | None = None,
    sighted: Mapping[int, Collection[str]] | None = None,
) -> Comparison:
    """Compare the journal's rows of one key with the records of its account.

    `others` are the journal's other rows to that host: their records were made here as well. Those that are not older
    than the records were sent with another key. The records are whole within `covered_ms`, in the exchange's time, but
    for the questions in `unread`. `questions`, `declined` and `sighted` are those of `origins.joined`.
    """
    others = list(others)
    entries = joined(
        records,
        (*rows, *others),
        host,
        questions=questions,
        declined=declined,
        sighted=sighted,
    )
    own = {row.identity for row in rows}
    comparing = _Comparing(covered_ms, unread, questions or {}, _possible(entries), _confirmed(entries))
    compared = [
        _with_record(entry.transfer, entry.record, entry, comparing)
        if entry.record
        else _without_record(entry.transfer, comparing)
        for entry in entries
        if entry.transfer and entry.transfer.identity in own
    ]
    differences = [result for result in compared if isinstance(result, Difference)]
    tally = Counter(result for result in compared if not isinstance(result, Difference))
    named = {identity(difference.record) for difference in differences if difference.record}
    return Comparison(
        tuple(sorted(differences, key=lambda difference: difference.transfer.id if difference.transfer else 0)),
        tuple(
            Difference(DifferenceKind.ELSEWHERE, None, one.record) for one in entries if one.origin is Origin.ELSEWHERE
        ),
        agree=tally[_Tally.AGREE],
        unmoved=tally[_Tally.UNMOVED],
        by_word=tally[_Tally.BY_WORD],
        pending=tally[_Tally.PENDING],
        open=tally[_Tally.OPEN],
        left_out=tally[_Tally.LEFT_OUT],
        other_key=sum(row.timestamp_ms >= covered_ms[0] for row in others),
        perhaps=sum(
            one.origin is Origin.POSSIBLE and one.record is not None and identity(one.record) not in named
            for one in entries
        ),
    )


def _possible(entries: Iterable[Entry]) -> Mapping[str, Sequence[Row]]:
    possible: defaultdict[str, list[Row]] = defaultdict(list)
    for entry in entries:
        for row in entry.possible:
            if entry.record is not None:
                possible[row.identity].append(entry.record)
    return possible


def _confirmed(entries: Iterable[Entry]) -> Mapping[TransferRequest, Sequence[Transfer]]:
    confirmed: defaultdict[TransferRequest, list[Transfer]] = defaultdict(list)
    for entry in entries:
        row, record = entry.transfer, entry.record
        is_equal = isinstance(record, HistoryRow) and not entry.mismatches
        if row and row.outcome is Outcome.DONE and record and is_equal and record.status == RecordStatus.CONFIRMED:
            confirmed[row.request].append(row)
    return confirmed


def _with_record(row: Transfer, record: Row, entry: Entry, comparing: _Comparing) -> Difference | _Tally:
    """Compare a row with the record that has its tranId."""
    is_other = any(mismatch.fact is not Fact.OUTCOME for mismatch in entry.mismatches)
    if is_other or not isinstance(record, HistoryRow):
        return Difference(DifferenceKind.OTHER_RECORD, row, record, entry.mismatches)
    is_done = row.outcome is Outcome.DONE
    match record.status:
        case RecordStatus.CONFIRMED if is_done:
            return _Tally.AGREE
        case RecordStatus.CONFIRMED:
            repeat = _repeat(row, comparing)
            return Difference(DifferenceKind.EXECUTED_AFTER_ALL, row, record, entry.mismatches, repeat=repeat)
        case RecordStatus.FAILED if is_done:
            return Difference(DifferenceKind.FAILED_AFTER_ALL, row, record, entry.mismatches)
        case RecordStatus.FAILED:
            return _Tally.UNMOVED
        case RecordStatus.PENDING if is_done and not comparing.is_old(row):
            return _Tally.PENDING
        case RecordStatus.PENDING:
            return Difference(DifferenceKind.PENDING, row, record, entry.mismatches)
        case _:
            return Difference(DifferenceKind.OTHER_RECORD, row, record, entry.mismatches)


def _without_record(row: Transfer, comparing: _Comparing) -> Difference | _Tally:
    """Compare a row that has no tranId, or whose tranId no record has."""
    if row.outcome.is_open:
        return _possible_match(DifferenceKind.UNSETTLED, row, comparing) or _Tally.OPEN
    if row.outcome is not Outcome.DONE:
        otherwise = _possible_match(DifferenceKind.POSSIBLE, row, comparing, but=RecordStatus.FAILED)
        return otherwise or (_Tally.UNMOVED if comparing.is_comparable(row) else _Tally.LEFT_OUT)
    if row.basis is Basis.PERSON and row.tran_id is None:
        return _possible_match(DifferenceKind.POSSIBLE, row, comparing, only=RecordStatus.FAILED) or _Tally.BY_WORD
    if unreadable := _possible_match(DifferenceKind.POSSIBLE, row, comparing, is_readable=False):
        return unreadable
    return Difference(DifferenceKind.NO_RECORD, row, None) if comparing.is_comparable(row) else _Tally.LEFT_OUT


def _possible_match(
    kind: DifferenceKind,
    row: Transfer,
    comparing: _Comparing,
    *,
    but: RecordStatus | None = None,
    only: RecordStatus | None = None,
    is_readable: bool = True,
) -> Difference | None:
    """Return the difference with the record nearest in time that could be a row and says something else.

    If `is_readable` is False, only records count that cannot be read.
    """
    records = [
        record
        for record in comparing.possible.get(row.identity, ())
        if (but is None or record.status != but)
        and only in (None, record.status)
        and (is_readable or isinstance(record, UnreadableRow))
    ]
    if not records:
        return None
    nearest = min(records, key=lambda record: abs((record.timestamp or 0) - row.timestamp_ms))
    fit = likeness(row, nearest, comparing.questions.get(identity(nearest), frozenset()))
    return Difference(kind, row, nearest, is_match=fit is Fit.MATCH)


def _repeat(row: Transfer, comparing: _Comparing) -> Transfer | None:
    """Return a transfer that asks for the same, was sent soon after, and has a CONFIRMED record."""
    return next(
        (
            other
            for other in comparing.confirmed.get(row.request, ())
            if 0 <= other.timestamp_ms - row.timestamp_ms <= _REPEATED_WITHIN_MS
        ),
        None,
    )


def reconcile(reader: HistoryReader, client: BinanceClient, journal: Journal) -> Comparison:
    """Compare the history that was read with the journal's rows of the client's key. Blocks. Raises JournalError.

    A row from another time counts if a record has its tranId: it may have been written under a wrong clock.
    """
    host = exchange_of(client.base_url)
    start_ms, end_ms = reader.covered_ms or (0, 0)
    rows = list(journal.transfers(Search(host=host)))
    records = [record for record in reader.records if record.timestamp is None or record.timestamp >= start_ms]
    tran_ids = {record.tran_id for record in records if record.tran_id is not None}
    own = [
        row for row in rows if is_same_key(row, client) and (row.timestamp_ms >= start_ms or row.tran_id in tran_ids)
    ]
    identities = {row.identity for row in own}
    return compare(
        own,
        [row for row in rows if row.identity not in identities],
        records,
        host=host,
        covered_ms=(start_ms, end_ms),
        unread={row.request.query for row in own} - reader.whole,
        questions=reader.questions,
        declined=journal.declined(host),
        sighted=journal.sighted(host),
    )
