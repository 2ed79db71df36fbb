"""Where the exchange's records were made: here, perhaps here, or elsewhere.

A record belongs to the row of the journal that has its tranId. If no row has it, the record may belong to a row whose
tranId is not known: one that agrees in type, asset, amount, pairs and time (`matching`), or one for which the record
was sighted while the row was being settled. It may also belong to a row that was settled with another record, by the
history or by the person, if it fits that row as well, or was made at about the same time.

It cannot belong to a row that the exchange refused, that never left, or that the exchange answered with another tranId.
A record was made elsewhere only if it cannot belong to any row.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping

from tui.desk.matching import Fit, fit, is_about_then, is_another, span_ms
from tui.domain.entries import Entry, merge
from tui.domain.evidence import Accepted, Basis, NeverLeft, Refusal, named_tran_ids
from tui.domain.records import HistoryQuery, Row, UnreadableRow, identity
from tui.domain.transfer import Transfer
from tui.domain.wallets import PAIR_UNFILTERED, TransferType
from tui.structs import replace

Questions = Mapping[Hashable, frozenset[HistoryQuery]]
"""The questions that returned each record, by the record's identity."""


def joined(
    records: Iterable[Row],
    transfers: Iterable[Transfer],
    host: str,
    *,
    questions: Questions | None = None,
    declined: Mapping[str, Collection[int]] | None = None,
    sighted: Mapping[int, Collection[str]] | None = None,
    is_compared: bool = True,
) -> list[Entry]:
    """Return records of the exchange at `host` and rows of the journal as entries, each once, newest first.

    `declined` maps a row's identity to the tranIds that, as the person says, are not that row's. `sighted` maps a
    record's tranId to the identities of the rows for which it was sighted. `is_compared` says whether `transfers` are
    all rows of the journal.
    """
    questions = questions or {}
    entries = merge(records, transfers, host)
    rows = _Rows(entries, questions, declined or {}, sighted or {})

    def with_origin(entry: Entry) -> Entry:
        if entry.record is None:
            return entry
        queries = questions.get(identity(entry.record), frozenset())
        possible = () if entry.transfer else rows.possible(entry.record, queries, host)
        return replace(entry, possible=possible, asked=_asked(queries), is_compared=is_compared)

    return [with_origin(entry) for entry in entries]


def likeness(transfer: Transfer, record: Row, queries: Collection[HistoryQuery] = ()) -> Fit:
    """Return how well a record fits a row. `queries` are the questions that returned the record."""
    if isinstance(transfer.evidence, Refusal | NeverLeft):
        return Fit.NONE
    if record.tran_id is not None and isinstance(transfer.evidence, Accepted):
        return Fit.NONE  # the exchange accepted it under another tranId
    if record.tran_id is not None and record.tran_id in named_tran_ids(transfer.answer):
        return Fit.NEAR
    request = transfer.request
    asked = [query for query in queries if query.type is request.type]
    is_typed = record.type == request.type.name
    if not is_typed and not asked and (queries or record.type in TransferType.__members__):
        return Fit.NONE
    pairs = {(query.from_symbol, query.to_symbol) for query in asked}
    # The exchange filters by the pair in the question, so that pair counts as the record's.
    is_filtered = request.type not in PAIR_UNFILTERED
    if asked and is_filtered and (request.from_symbol, request.to_symbol) not in pairs:
        return Fit.NONE
    if isinstance(record, UnreadableRow):
        start_ms, end_ms = span_ms(transfer)
        is_in_span = record.timestamp is None or start_ms <= record.timestamp <= end_ms
        return Fit.NEAR if is_in_span and not is_another(transfer, record) else Fit.NONE
    own_fit = fit(transfer, replace(record, type=request.type.name))
    return own_fit if is_typed and len(pairs) <= 1 else min(own_fit, Fit.NEAR)


def _asked(queries: Iterable[HistoryQuery]) -> tuple[tuple[str | None, str | None], ...]:
    """Return the pairs in the questions that returned a record, if its type's history needs a pair."""
    pairs = {
        (query.from_symbol, query.to_symbol)
        for query in queries
        if query.type not in PAIR_UNFILTERED and (query.from_symbol or query.to_symbol)
    }
    return tuple(sorted(pairs, key=str))


class _Rows:
    """Rows of the journal that could belong to a record other than their own, indexed by time."""

    def __init__(
        self,
        entries: Iterable[Entry],
        questions: Questions,
        declined: Mapping[str, Collection[int]],
        sighted: Mapping[int, Collection[str]],
    ) -> None:
        self._declined = declined
        self._sighted = sighted
        self._fit_of_own: dict[str, Fit] = {}
        transfers = []
        for entry in entries:
            row, record = entry.transfer, entry.record
            if row and record and row.basis is not Basis.ANSWER and row.tran_id not in named_tran_ids(row.answer):
                own_fit = likeness(row, record, questions.get(identity(record), frozenset()))
                self._fit_of_own[row.identity] = max(own_fit, Fit.NEAR)
            if row and (record is None or row.identity in self._fit_of_own):
                transfers.append(row)
        self._rows: defaultdict[str, list[Transfer]] = defaultdict(list)
        for transfer in sorted(transfers, key=lambda transfer: transfer.timestamp_ms):
            self._rows[transfer.host].append(transfer)
        self._times = {host: [row.timestamp_ms for row in rows] for host, rows in self._rows.items()}
        self._named: defaultdict[int, list[Transfer]] = defaultdict(list)
        by_identity = {row.identity: row for rows in self._rows.values() for row in rows}
        for row in by_identity.values():
            for tran_id in named_tran_ids(row.answer):
                self._named[tran_id].append(row)
        for tran_id, identities in sighted.items():
            self._named[tran_id] += [by_identity[identity] for identity in identities if identity in by_identity]

    def possible(self, record: Row, queries: Collection[HistoryQuery], host: str) -> tuple[Transfer, ...]:
        """Return the rows that a record could belong to: those that it fits best, the nearest in time first."""
        fits: defaultdict[Fit, list[Transfer]] = defaultdict(list)
        for row in self._candidates(record, host):
            row_fit = likeness(row, record, queries)
            if row_fit is Fit.NONE and row.identity in self._sighted.get(record.tran_id or 0, ()):
                row_fit = Fit.NEAR
            if row_fit is Fit.NONE:
                continue
            if row_fit < self._fit_of_own.get(row.identity, Fit.NEAR) and not is_about_then(row, record):
                continue
            if record.tran_id is None or record.tran_id not in self._declined.get(row.identity, ()):
                fits[row_fit].append(row)
        best = fits.get(Fit.MATCH) or fits.get(Fit.NEAR) or []
        return tuple(sorted(best, key=lambda row: abs(row.timestamp_ms - (record.timestamp or 0))))

    def _candidates(self, record: Row, host: str) -> list[Transfer]:
        rows = self._rows.get(host, [])
        named = [row for row in self._named.get(record.tran_id or 0, ()) if row.host == host]
        if record.timestamp is None or not rows:
            return rows
        before_ms, after_ms = (edge_ms - rows[0].timestamp_ms for edge_ms in span_ms(rows[0]))
        times = self._times[host]
        first = bisect_left(times, record.timestamp - after_ms)
        last = bisect_right(times, record.timestamp - before_ms)
        nearby = rows[first:last]
        return [*nearby, *(row for row in named if row not in nearby)]
