"""What there is to say of one entry: where it was made, what both sides say, and where they differ."""

from tui.domain.amounts import grouped
from tui.domain.balances import ends as ends_of
from tui.domain.entries import Entry
from tui.domain.records import HistoryRow, Row
from tui.domain.text import printable
from tui.domain.transfer import Outcome
from tui.domain.view import Whose, host_of, outcome_style, outcome_word, profile_of
from tui.domain.wallets import TransferType
from tui.widgets.entry_cells import local, place
from tui.words.differences import meaning, possible_rows
from tui.words.outcomes import Watch
from tui.words.transfers import facts


def entry_title(entry: Entry) -> str:
    """What it is, and how it ended where that is told by both sides alike."""
    amount = "?" if entry.amount is None else grouped(entry.amount)
    return printable(f"{amount} {entry.asset or '?'} {'differs' if entry.mismatches else outcome_word(entry)}")


def title_style(entry: Entry) -> str:
    """The outcome whose looks the title has; empty where that is not known."""
    return Outcome.UNKNOWN.value if entry.mismatches else outcome_style(entry)


def entry_meaning(entry: Entry, whose: Whose, watch: Watch = Watch.UNKNOWN) -> str:
    """What is to be known of it, in a sentence or two."""
    return printable(meaning(entry, whose.host, watch))


def entry_facts(entry: Entry, whose: Whose) -> list[tuple[str, str]]:
    """Every fact with its name: of the journal's row, and what the exchange's record says beside or instead."""
    record, transfer = entry.record, entry.transfer
    found = [("Differs", printable(str(mismatch))) for mismatch in entry.mismatches]
    if transfer is not None:
        found += facts(transfer)
        found += _beside(record) if record is not None else []
    elif record is not None:
        found += _of_record(entry, record)
    found += [
        ("Made", entry.origin.value),
        ("Perhaps", printable(possible_rows(entry))),
        ("Profile", printable(profile_of(entry, whose))),
        ("Host", place(host_of(entry, whose))),
    ]
    return [fact for fact in found if fact[1]]


def entry_text(entry: Entry, whose: Whose) -> str:
    """All of it as text, a fact a line."""
    return "\n".join(f"{name}: {value}" for name, value in entry_facts(entry, whose))


def _beside(record: Row) -> list[tuple[str, str]]:
    """What a record says of a row of the journal."""
    if not isinstance(record, HistoryRow):
        return [("Came as", record.text)]
    said = f"{record.type} {grouped(record.amount)} {record.asset}, {record.status}, {local(record.timestamp)}"
    return [("On record", printable(said))]


def _of_record(entry: Entry, record: Row) -> list[tuple[str, str]]:
    move = TransferType.__members__.get(record.type or "")
    ends = [end.wide_label for end in ends_of(move, *entry.symbols)] if move else []
    amount = "?" if record.amount is None else grouped(record.amount)
    found = [
        ("tranId", "" if record.tran_id is None else str(record.tran_id)),
        *zip(("From", "To"), ends, strict=False),
        ("Pairs", "" if move else entry.pairs),
        ("Asked for", "" if entry.pairs else entry.asked_pairs),
        ("Amount", f"{amount} {record.asset or '?'}"),
        ("Type", record.type or ""),
        ("Status", record.status or ""),
        ("Recorded", local(record.timestamp)),
        ("Came as", "" if isinstance(record, HistoryRow) else record.text),
    ]
    return [(name, printable(value)) for name, value in found]
