"""The entries of a list: each record of the exchange and each row of the journal, exactly once.

Only the tranId joins a record and a row; `desk.matching` says which others could be one and the same. Here is also how
a record and a row differ, and the draft that makes a transfer again.
"""

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from tui.domain.amounts import plain
from tui.domain.balances import Absent
from tui.domain.evidence import recorded_outcome
from tui.domain.records import HistoryRow, RecordStatus, Row, one_each
from tui.domain.search import Facts, Search, facts_of, haystack, is_found
from tui.domain.text import printable
from tui.domain.transfer import BOTH_ENDS, Draft, Outcome, Transfer, route_problem
from tui.domain.wallets import TransferType
from tui.language import N_, _
from tui.structs import Struct


class Origin(StrEnum):
    """Where a transfer was made, as far as that is known."""

    HERE = N_("here")
    """In the journal, and the exchange has the same record."""
    DIFFERS = N_("differs")
    """In the journal, and the exchange's record with its tranId says something else."""
    POSSIBLE = N_("perhaps here")
    """A record that could be a row of the journal whose record is not known."""
    ELSEWHERE = N_("elsewhere")
    """A record that no row of the journal could be: made with the exchange's own app or page, or with another program
    or journal.
    """
    NOT_COMPARED = N_("not compared")
    """A record; the journal could not be read, or there is none."""
    JOURNAL = N_("journal")
    """In the journal alone: it has no tranId, or no record that was read has it."""

    @property
    def label(self) -> str:
        """What a person reads."""
        return _(self.value)


class Fact(StrEnum):
    """What a row of the journal and a record can say differently."""

    TYPE = N_("type")
    ASSET = N_("asset")
    AMOUNT = N_("amount")
    SOURCE_PAIR = N_("source pair")
    DESTINATION_PAIR = N_("destination pair")
    OUTCOME = N_("outcome")

    @property
    def label(self) -> str:
        """What a person reads."""
        return _(self.value)


class Mismatch(Struct):
    """A fact that a row of the journal and a record say differently."""

    fact: Fact
    journal: str | Decimal | None
    """The row's value: of an outcome, an `Outcome`."""
    exchange: str | Decimal | None

    def __str__(self) -> str:
        return _("{fact}: {ours} in the journal, {theirs} at the exchange").format(
            fact=self.fact.label, ours=_text(self.journal), theirs=_text(self.exchange)
        )


class Entry(Struct):
    """A record, a row of the journal, or both if they are one transfer."""

    record: Row | None
    transfer: Transfer | None
    mismatches: tuple[Mismatch, ...] = ()
    possible: tuple[Transfer, ...] = ()
    """The rows of the journal that a record without a row could be."""
    asked: tuple[tuple[str | None, str | None], ...] = ()
    """The pairs that the exchange was asked for when it gave the record, if its type's history demands a pair. The
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
        """When it took place: by the record, else by the journal. None if that cannot be read."""
        if self.record is not None and self.record.timestamp is not None:
            return self.record.timestamp
        return self.transfer.timestamp_ms if self.transfer else None

    @property
    def tran_id(self) -> int | None:
        """Its tranId; None if it has none, or none that can be read."""
        ends = (self.record, self.transfer)
        return next((end.tran_id for end in ends if end is not None and end.tran_id is not None), None)

    @property
    def type(self) -> str | None:
        """The exchange's name of its type. This, and all that follows, is the record's, else the journal's; None if it
        cannot be read.
        """
        own = self.transfer.request.type.name if self.transfer else None
        return self.record.type or own if self.record else own

    @property
    def asset(self) -> str | None:
        """What was moved."""
        own = self.transfer.request.asset if self.transfer else None
        return self.record.asset or own if self.record else own

    @property
    def amount(self) -> Decimal | None:
        """How much of it was moved."""
        own = self.transfer.request.amount if self.transfer else None
        return self.record.amount if self.record and self.record.amount is not None else own

    @property
    def symbols(self) -> tuple[str | None, str | None]:
        """The pairs of the isolated accounts that took part: the source's and the destination's."""
        request = self.transfer.request if self.transfer else None
        own = (request.from_symbol, request.to_symbol) if request else (None, None)
        if not isinstance(self.record, HistoryRow):
            return own
        return self.record.from_symbol or own[0], self.record.to_symbol or own[1]

    @property
    def asked_pairs(self) -> str:
        """The pairs that it was asked for, as text; empty if its type's history demands none."""
        return _(" or ").join(" -> ".join(filter(None, pairs)) for pairs in self.asked)

    @property
    def pairs(self) -> str:
        """Its pairs as text: BTCUSDT -> ETHUSDT; empty if it has none."""
        return " -> ".join(pair for pair in self.symbols if pair)


class DifferenceKind(StrEnum):
    """How a row of the journal and a record differ."""

    EXECUTED_AFTER_ALL = N_("executed after all")
    """The journal says that nothing moved; the record with its tranId says CONFIRMED."""
    POSSIBLE = N_("possible match")
    """The journal says how it ended; a record that could be it says otherwise, or cannot be read."""
    NO_RECORD = N_("no record")
    """The journal says that it is done; no record has its tranId."""
    FAILED_AFTER_ALL = N_("failed after all")
    """The journal says that it is done; its record says FAILED."""
    OTHER_RECORD = N_("other record")
    """The record with its tranId is another transfer, cannot be read, or has an unknown status."""
    PENDING = N_("not settled yet")
    """The journal says how it ended; the record with its tranId still says PENDING."""
    UNSETTLED = N_("unsettled")
    """The journal does not know how it ended; a record could be it."""
    ELSEWHERE = N_("made elsewhere")
    """No row of the journal can be the record: made with the exchange's own app or page, or with another program."""

    @property
    def label(self) -> str:
        """What a person reads."""
        return _(self.value)


class Difference(Struct):
    """One difference between the journal and the records."""

    kind: DifferenceKind
    transfer: Transfer | None
    record: Row | None
    mismatches: tuple[Mismatch, ...] = ()
    is_match: bool = True
    """Whether a record that could be the transfer equals it in all that it says."""
    repeat: Transfer | None = None
    """A later transfer that asks for the same and has a CONFIRMED record, if this one was executed after all."""


class Comparison(Struct):
    """The result of a comparison. Each row of the journal is counted once."""

    differences: tuple[Difference, ...]
    """What a person should check, in the order of the journal."""
    elsewhere: tuple[Difference, ...]
    """What was made elsewhere: for information, because most accounts are used in other ways as well."""
    agree: int
    """Rows that are done, and whose record with the same tranId is CONFIRMED and equal."""
    unmoved: int = 0
    """Rows that say nothing moved, without a record that says otherwise."""
    by_word: int = 0
    """Rows that are done by the person's decision alone: there is nothing to compare."""
    pending: int = 0
    """Rows of the last hour that are done, and whose record is still PENDING."""
    open: int = 0
    """Rows whose outcome is not known yet, without a record: there is nothing to compare."""
    left_out: int = 0
    """Rows that cannot be compared: sent within the last hour, or older than the history, or of a type not read."""
    other_key: int = 0
    """Rows that another key sent to this exchange: they may be of another account."""
    perhaps: int = 0
    """Further records that could be a row of the journal."""


def merge(records: Iterable[Row], transfers: Iterable[Transfer], host: str) -> list[Entry]:
    """Return the records of the exchange at `host` and rows of the journal, of any host, as entries: the newest first,
    and before them those whose time cannot be read. One tranId is one record (`one_each`).
    """
    alone = dict(enumerate(one_each(records)))
    rows = list(transfers)
    by_tran_id = {record.tran_id: number for number, record in alone.items() if record.tran_id is not None}
    entries = []
    # If several rows have a tranId, its record belongs to the row that it fits best.
    couples = sorted(
        (len(differing := mismatches(row, alone[number])), place, number, differing)
        for place, row in enumerate(rows)
        if row.host == host and row.tran_id is not None and (number := by_tran_id.get(row.tran_id, -1)) >= 0
    )
    taken: set[int] = set()
    for _count, place, number, differing in couples:
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
    """Return what a row of the journal and a record say differently. What cannot be read of a record says nothing, and
    a record that is PENDING says nothing of the outcome.
    """
    request = transfer.request
    facts: list[tuple[Fact, str | Decimal | None, str | Decimal | None]] = [
        (Fact.TYPE, request.type.name, record.type),
        (Fact.ASSET, request.asset, record.asset),
        (Fact.AMOUNT, request.amount, record.amount),
    ]
    if isinstance(record, HistoryRow):  # a record need not name its pairs
        facts += [(Fact.SOURCE_PAIR, request.from_symbol, record.from_symbol or request.from_symbol)]
        facts += [(Fact.DESTINATION_PAIR, request.to_symbol, record.to_symbol or request.to_symbol)]
    differing = [Mismatch(fact, here, there) for fact, here, there in facts if there is not None and there != here]
    if record.status not in (None, RecordStatus.PENDING) and recorded_outcome(record.status) is not transfer.outcome:
        differing.append(Mismatch(Fact.OUTCOME, transfer.outcome, record.status))
    return tuple(differing)


def _text(value: str | Decimal | None) -> str:
    if value is None:
        return Absent.NONE.label
    if isinstance(value, Outcome):
        return value.words
    return plain(value) if isinstance(value, Decimal) else str(value)


def select(entries: Iterable[Entry], search: Search, *, profile: str, host: str) -> list[Entry]:
    """Return the entries that match a search. One made elsewhere counts for the profile whose key read it."""
    return [entry for entry in entries if is_found(search, entry_facts(entry, profile=profile, host=host))]


def entry_facts(entry: Entry, *, profile: str, host: str) -> Facts:
    """Return what a search compares with: all that the record and the row say."""
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
        entry.origin.label,
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


def again(entry: Entry) -> Draft:
    """Return the draft of the same transfer. Raises ValueError, with the reason, if it cannot be made."""
    move = TransferType.__members__.get(entry.type or "")
    if move is None:
        unknown = printable(entry.type or "?")
        raise ValueError(_("Shunter knows no move {type}: it cannot be made here").format(type=unknown))
    if entry.asset is None or entry.amount is None:
        raise ValueError(_("What was moved cannot be read: it cannot be made again"))
    from_symbol, to_symbol = entry.symbols
    if not entry.pairs and len(entry.asked) == 1:
        from_symbol, to_symbol = entry.asked[0]
    return Draft(
        move.source,
        move.destination,
        entry.asset,
        plain(entry.amount),
        from_symbol or "" if move.needs_from_pair else "",
        to_symbol or "" if move.needs_to_pair else "",
        BOTH_ENDS,
    )


def reverse(draft: Draft) -> Draft:
    """Return the draft of the way back. Raises ValueError if the exchange has no such move."""
    if problem := route_problem(draft.destination, draft.source):
        raise ValueError(problem)
    return Draft(
        draft.destination,
        draft.source,
        draft.asset,
        draft.amount,
        draft.to_pair,
        draft.from_pair,
        BOTH_ENDS,
        takes_all=draft.takes_all,
    )
