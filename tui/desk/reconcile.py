"""The journal against the exchange's record: where the two say different things of what moved.

They agree only on a row that is done and whose own record, the one with its tranId, is CONFIRMED and equal to it. That
a row which says no has moved after all is known from such a record only, too. A record that could be a row, and that
no row is known to have, is a possible match.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto

from tui.desk.origins import Questions, is_match, joined
from tui.desk.past import PastReader
from tui.desk.settle import is_same_key
from tui.domain.differences import Comparison as Comparison
from tui.domain.differences import Difference as Difference
from tui.domain.differences import Kind as Kind
from tui.domain.hosts import exchange_of
from tui.domain.outcome import Basis, Outcome
from tui.domain.past import Entry, Origin
from tui.domain.records import HistoryRow, RecordStatus, Row, identity
from tui.domain.search import Search
from tui.domain.transfer import Transfer
from tui.domain.wallets import TransferType
from tui.exchange.client import BinanceClient
from tui.history import Stream
from tui.journal import Journal

_SETTLES_WITHIN_MS = 60 * 60 * 1000
"""How late a record may come, the exchange says nowhere: for an hour its absence says nothing."""

_REPEATED_WITHIN_MS = 24 * 60 * 60 * 1000
"""So soon after a transfer, one that asks for the same may be a repeat of it."""

_SPARE_MS = 24 * 60 * 60 * 1000
"""So much before the records, rows of the journal are taken in: the first records may be theirs."""

_Question = tuple[TransferType, str | None, str | None]


class _Tally(Enum):
    """What a row that does not differ counts as."""

    AGREE = auto()
    UNMOVED = auto()
    BY_WORD = auto()
    PENDING = auto()
    OPEN = auto()
    LEFT_OUT = auto()


@dataclass(frozen=True, slots=True)
class _Comparing:
    """What a row is compared by."""

    covered_ms: tuple[int, int]
    unread: Collection[_Question]
    questions: Questions
    possible: Mapping[str, Sequence[Row]]
    """The records that a row could be, by its identity."""
    confirmed: Mapping[tuple[object, ...], Sequence[Transfer]]
    """The rows that agree with their record, by what they ask for."""

    def is_comparable(self, row: Transfer) -> bool:
        """Whether the absence of a record says something about a row."""
        return self.covered_ms[0] <= row.timestamp_ms and self.is_old(row) and _question(row) not in self.unread

    def is_old(self, row: Transfer) -> bool:
        """Whether a record would have come, and have become final."""
        return row.timestamp_ms <= self.covered_ms[1] - _SETTLES_WITHIN_MS


def compare(
    rows: Sequence[Transfer],
    others: Iterable[Transfer],
    records: Iterable[Row],
    *,
    host: str,
    covered_ms: tuple[int, int],
    unread: Collection[_Question] = (),
    questions: Questions | None = None,
    declined: Callable[[Transfer], Collection[int]] = lambda _: (),
    sighted: Mapping[int, Collection[str]] | None = None,
) -> Comparison:
    """Compare the journal's rows of one key with the records of its account.

    `others` are the journal's other rows to that host: what is theirs was made here as well. `covered_ms` is from when
    to when, in the exchange's time, the records are whole; `unread` names types and pairs whose records are not.
    `questions`, `declined` and `sighted` are those of `origins.joined`.
    """
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
        _compared(entry.transfer, entry, comparing)
        for entry in entries
        if entry.transfer and entry.transfer.identity in own
    ]
    differences = [verdict for verdict in compared if isinstance(verdict, Difference)]
    tally = Counter(verdict for verdict in compared if not isinstance(verdict, Difference))
    named = {identity(found.record) for found in differences if found.record}
    return Comparison(
        tuple(sorted(differences, key=lambda found: found.transfer.id if found.transfer else 0)),
        tuple(Difference(Kind.ELSEWHERE, None, one.record) for one in entries if one.origin is Origin.ELSEWHERE),
        agree=tally[_Tally.AGREE],
        unmoved=tally[_Tally.UNMOVED],
        by_word=tally[_Tally.BY_WORD],
        pending=tally[_Tally.PENDING],
        open=tally[_Tally.OPEN],
        left_out=tally[_Tally.LEFT_OUT],
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


def _confirmed(entries: Iterable[Entry]) -> Mapping[tuple[object, ...], Sequence[Transfer]]:
    confirmed: defaultdict[tuple[object, ...], list[Transfer]] = defaultdict(list)
    for entry in entries:
        if (row := entry.transfer) and row.outcome is Outcome.DONE and _is_confirmed(entry):
            confirmed[_asks_for(row)].append(row)
    return confirmed


def _compared(row: Transfer, entry: Entry, comparing: _Comparing) -> Difference | _Tally:
    if entry.record is None:
        return _without_record(row, comparing)
    return _with_record(row, entry.record, entry, comparing)


def _with_record(row: Transfer, record: Row, entry: Entry, comparing: _Comparing) -> Difference | _Tally:
    """Compare a row with the record that has its tranId."""
    is_other = any(mismatch.what != "outcome" for mismatch in entry.mismatches)
    if is_other or not isinstance(record, HistoryRow):
        return Difference(Kind.OTHER_RECORD, row, record, entry.mismatches)
    is_done = row.outcome is Outcome.DONE
    match record.status:
        case RecordStatus.CONFIRMED if is_done:
            return _Tally.AGREE
        case RecordStatus.CONFIRMED:
            repeat = _repeat(row, comparing)
            return Difference(Kind.EXECUTED_AFTER_ALL, row, record, entry.mismatches, repeat=repeat)
        case RecordStatus.FAILED if is_done:
            return Difference(Kind.FAILED_AFTER_ALL, row, record, entry.mismatches)
        case RecordStatus.FAILED:
            return _Tally.UNMOVED
        case RecordStatus.PENDING if is_done and not comparing.is_old(row):
            return _Tally.PENDING
        case RecordStatus.PENDING:
            return Difference(Kind.PENDING, row, record, entry.mismatches)
        case _:
            return Difference(Kind.OTHER_RECORD, row, record, entry.mismatches)


def _without_record(row: Transfer, comparing: _Comparing) -> Difference | _Tally:
    """Compare a row that no record has the tranId of, or that has none."""
    if row.outcome.is_open:
        return _possible_match(Kind.UNSETTLED, row, comparing) or _Tally.OPEN
    if row.outcome is not Outcome.DONE:
        otherwise = _possible_match(Kind.POSSIBLE, row, comparing, but=RecordStatus.FAILED)
        return otherwise or (_Tally.UNMOVED if comparing.is_comparable(row) else _Tally.LEFT_OUT)
    if row.basis is Basis.PERSON and row.tran_id is None:
        return _possible_match(Kind.POSSIBLE, row, comparing, only=RecordStatus.FAILED) or _Tally.BY_WORD
    may_be_there = any(record.tran_id is None for record in comparing.possible.get(row.identity, ()))
    is_missing = comparing.is_comparable(row) and not may_be_there
    return Difference(Kind.NO_RECORD, row, None) if is_missing else _Tally.LEFT_OUT


def _possible_match(
    kind: Kind,
    row: Transfer,
    comparing: _Comparing,
    *,
    but: RecordStatus | None = None,
    only: RecordStatus | None = None,
) -> Difference | None:
    """The record nearest in time that could be a row, and says something else than it."""
    records = [
        record
        for record in comparing.possible.get(row.identity, ())
        if record.status != but and only in (None, record.status)
    ]
    if not records:
        return None
    nearest = min(records, key=lambda record: abs((record.timestamp or 0) - row.timestamp_ms))
    return Difference(kind, row, nearest, is_match=is_match(row, nearest, comparing.questions))


def _repeat(row: Transfer, comparing: _Comparing) -> Transfer | None:
    """A transfer that asks for the same, sent soon after, and that its CONFIRMED record bears out."""
    return next(
        (
            other
            for other in comparing.confirmed.get(_asks_for(row), ())
            if 0 <= other.timestamp_ms - row.timestamp_ms <= _REPEATED_WITHIN_MS
        ),
        None,
    )


def _is_confirmed(entry: Entry) -> bool:
    record = entry.record
    return isinstance(record, HistoryRow) and not entry.mismatches and record.status == RecordStatus.CONFIRMED


def _asks_for(row: Transfer) -> tuple[object, ...]:
    request = row.request
    amount: Decimal = request.amount
    return request.type, request.asset, amount, request.from_symbol, request.to_symbol


def _question(row: Transfer) -> _Question:
    """What the exchange is to be asked, to be told of a row."""
    request = row.request
    return request.type, request.from_symbol, request.to_symbol


def reconcile(past: PastReader, client: BinanceClient, journal: Journal) -> Comparison:
    """Compare what a reader has read with all that the journal has of the client's key in that time. Blocks. Raises
    JournalError.
    """
    host = exchange_of(client.base_url)
    start_ms, end_ms = past.covered_ms or (0, 0)
    rows = list(journal.transfers(Search(host=host, since_ms=max(0, start_ms - _SPARE_MS))))
    own = [row for row in rows if row.timestamp_ms >= start_ms and is_same_key(row, client)]
    identities = {row.identity for row in own}
    return compare(
        own,
        [row for row in rows if row.identity not in identities],
        [record for record in past.records if record.timestamp is None or record.timestamp >= start_ms],
        host=host,
        covered_ms=(start_ms, end_ms),
        unread={question for question in map(_question, own) if Stream(*question) not in past.whole},
        questions=past.questions,
        declined=journal.declined,
        sighted=journal.sighted(host),
    )
