"""The entries of a list: each record of the exchange and each row of the journal, exactly once.

Only the tranId joins a record and a row; `desk.matching` says which others could be one and the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tui.domain.amounts import plain
from tui.domain.outcome import recorded_outcome
from tui.domain.records import HistoryRow, RecordStatus, Row, one_each
from tui.domain.search import Facts, Search, facts_of, haystack, is_found
from tui.domain.transfer import Outcome, Transfer


class Origin(StrEnum):
    """Where a transfer was made, as far as that is known."""

    HERE = "here"
    """Of the journal, and the exchange has the same on record."""
    DIFFERS = "differs"
    """Of the journal, and the exchange has something else on record under its tranId."""
    POSSIBLE = "perhaps here"
    """On the exchange's record, and it could be a row of the journal that no record is known of."""
    ELSEWHERE = "elsewhere"
    """On the exchange's record alone, and no row of the journal could be it: made with the exchange's own app or page,
    or with another program or journal.
    """
    NOT_COMPARED = "not compared"
    """On the exchange's record; the journal could not be read, or there is none."""
    JOURNAL = "journal"
    """In the journal alone: it never got a tranId, or no record that was read has it."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that a row of the journal and a record say differently, each in its own words."""

    what: str
    journal: str
    exchange: str

    def __str__(self) -> str:
        return f"{self.what}: {self.journal} in the journal, {self.exchange} at the exchange"


@dataclass(frozen=True, slots=True)
class Entry:
    """A record, a row of the journal, or both if they are one transfer."""

    record: Row | None
    transfer: Transfer | None
    mismatches: tuple[Mismatch, ...] = ()
    possible: tuple[Transfer, ...] = ()
    """The rows of the journal that a record without a row could be."""
    asked: tuple[tuple[str | None, str | None], ...] = ()
    """The pairs that the exchange was asked for when it gave the record, if the history of its type demands a pair. The
    record itself need not name them.
    """
    is_compared: bool = True
    """Whether all of the journal is known."""

    @property
    def origin(self) -> Origin:
        """Where it was made."""
        if self.record is None:
            return Origin.JOURNAL
        if self.transfer is None:
            if self.possible:
                return Origin.POSSIBLE
            return Origin.ELSEWHERE if self.is_compared else Origin.NOT_COMPARED
        return Origin.DIFFERS if self.mismatches else Origin.HERE

    @property
    def at_ms(self) -> int | None:
        """When it took place, by the exchange's record before the journal; None where that cannot be read."""
        if self.record is not None and self.record.timestamp is not None:
            return self.record.timestamp
        return self.transfer.timestamp_ms if self.transfer else None

    @property
    def tran_id(self) -> int | None:
        """What the exchange calls it; None where it has no number, or none that can be read."""
        ends = (self.record, self.transfer)
        return next((end.tran_id for end in ends if end is not None and end.tran_id is not None), None)

    @property
    def type(self) -> str | None:
        """The exchange's name of the move, by its record before the journal, as all that follows; None where it cannot
        be read.
        """
        own = self.transfer.request.type.name if self.transfer else None
        return self.record.type or own if self.record else own

    @property
    def asset(self) -> str | None:
        """What was moved; None where it cannot be read."""
        own = self.transfer.request.asset if self.transfer else None
        return self.record.asset or own if self.record else own

    @property
    def amount(self) -> Decimal | None:
        """How much of it; None where it cannot be read."""
        own = self.transfer.request.amount if self.transfer else None
        return self.record.amount if self.record and self.record.amount is not None else own

    @property
    def symbols(self) -> tuple[str | None, str | None]:
        """The pairs of the isolated accounts that took part: the source's, the destination's."""
        request = self.transfer.request if self.transfer else None
        own = (request.from_symbol, request.to_symbol) if request else (None, None)
        if not isinstance(self.record, HistoryRow):
            return own
        return self.record.from_symbol or own[0], self.record.to_symbol or own[1]

    @property
    def asked_pairs(self) -> str:
        """The pairs that it was asked for, in words; empty if its type's history demands none."""
        return " or ".join(" -> ".join(filter(None, pairs)) for pairs in self.asked)

    @property
    def pairs(self) -> str:
        """Its pairs, in words: BTCUSDT -> ETHUSDT; empty where it has none."""
        return " -> ".join(pair for pair in self.symbols if pair)


def merge(records: Iterable[Row], transfers: Iterable[Transfer], host: str) -> list[Entry]:
    """Records of the exchange at `host` beside rows of the journal, of whatever host; the newest first, and before them
    what has no time that can be read. One tranId is one record (`one_each`).
    """
    alone = dict(enumerate(one_each(records)))
    rows = list(transfers)
    by_tran_id = {record.tran_id: number for number, record in alone.items() if record.tran_id is not None}
    entries = []
    # A tranId that several rows have belongs to the one that it fits best.
    couples = sorted(
        (len(differing := mismatches(row, alone[number])), place, number, differing)
        for place, row in enumerate(rows)
        if row.host == host and row.tran_id is not None and (number := by_tran_id.get(row.tran_id, -1)) >= 0
    )
    taken: set[int] = set()
    for _, place, number, differing in couples:
        if number in alone:
            taken.add(place)
            entries.append(Entry(alone.pop(number), rows[place], differing))
    entries += [Entry(record, None) for record in alone.values()]
    entries += [Entry(None, row) for place, row in enumerate(rows) if place not in taken]
    return sorted(entries, key=_newest_first)


def _newest_first(entry: Entry) -> tuple[bool, int, int]:
    at_ms = entry.at_ms
    return at_ms is not None, -(at_ms or 0), -(entry.transfer.id if entry.transfer else 0)


def mismatches(transfer: Transfer, record: Row) -> tuple[Mismatch, ...]:
    """What a row of the journal and a record say differently. What cannot be read of a record says nothing; nor does
    one that is pending say how it ends.
    """
    request = transfer.request
    told: list[tuple[str, object, object]] = [
        ("type", request.type.name, record.type),
        ("asset", request.asset, record.asset),
        ("amount", request.amount, record.amount),
    ]
    if isinstance(record, HistoryRow):  # which need not carry pairs
        told += [("source pair", request.from_symbol, record.from_symbol or request.from_symbol)]
        told += [("destination pair", request.to_symbol, record.to_symbol or request.to_symbol)]
    found = [
        Mismatch(what, _words(here), _words(there)) for what, here, there in told if there is not None and there != here
    ]
    if record.status not in (None, RecordStatus.PENDING) and recorded_outcome(record.status) is not transfer.outcome:
        found.append(Mismatch("outcome", transfer.outcome.words, record.status))
    return tuple(found)


def _words(said: object) -> str:
    if said is None:
        return "none"
    return plain(said) if isinstance(said, Decimal) else str(said)


def select(entries: Iterable[Entry], search: Search, *, profile: str, host: str) -> list[Entry]:
    """The entries that are looked for. What was made elsewhere counts as of the profile by whose key it was read."""
    return [entry for entry in entries if is_found(search, entry_facts(entry, profile=profile, host=host))]


def entry_facts(entry: Entry, *, profile: str, host: str) -> Facts:
    """What a search looks at in an entry: all that either side says."""
    own = facts_of(entry.transfer) if entry.transfer else None
    record = entry.record
    if record is None:
        assert own is not None  # noqa: S101 - an entry has one of the two
        return own
    outcomes = own.outcomes if own else frozenset()
    if record.status is not None and outcomes is not None:
        outcomes |= {recorded_outcome(record.status) or Outcome.UNKNOWN}
    amount = None if record.amount is None else plain(record.amount)
    pairs = (record.from_symbol, record.to_symbol) if isinstance(record, HistoryRow) else (record.text,)
    text = haystack(
        record.type,
        record.asset,
        amount,
        record.status,
        record.tran_id,
        *pairs,
        entry.asked_pairs,
        entry.origin.value,
        profile,
        host,
    )
    return Facts(
        entry.at_ms,
        record.type,
        record.asset,
        outcomes or None,
        own.profile if own else profile,
        host,
        f"{text} {own.text if own else ''}",
    )
