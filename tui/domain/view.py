"""What a list shows, and in which order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Any

from tui.domain.entries import Entry, select
from tui.domain.hosts import in_short, place_name
from tui.domain.outcome import recorded_outcome
from tui.domain.search import ANY, Search
from tui.domain.text import printable
from tui.domain.wallets import TransferType

_MOST_OF_PLACE = 24


class Column(StrEnum):
    """What a list shows of an entry, from left to right."""

    TIME = "Time"
    MOVE = "Move"
    AMOUNT = "Amount"
    OUTCOME = "Outcome"
    HOST = "Host"
    MADE = "Made"
    PROFILE = "Profile"
    TRAN_ID = "tranId"
    PAIRS = "Pairs"


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose records those are that no row of the journal has."""

    profile: str
    """By whose key they were read."""
    host: str
    """The base URL of their exchange."""


@dataclass(frozen=True, slots=True)
class View:
    """What is looked for, and what it is sorted by."""

    search: Search = ANY
    column: Column = Column.TIME
    is_reversed: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """What a view has."""

    entries: list[Entry]
    columns: tuple[Column, ...]
    """All but those that say nothing new: the host and the profile if each entry has those that the heading states,
    the pairs if none has any.
    """


def listed(entries: Iterable[Entry], view: View, whose: Whose) -> Listed:
    """What a view has of entries that come newest first. Entries that are equal in what they are sorted by stay so."""
    all_of_them = list(entries)
    left_out = {
        *([Column.HOST] if all(host_of(entry, whose) == whose.host for entry in all_of_them) else []),
        *([Column.PROFILE] if all(profile_of(entry, whose) == whose.profile for entry in all_of_them) else []),
        *([] if any(entry.pairs for entry in all_of_them) else [Column.PAIRS]),
    }
    found = all_of_them
    if view.search != ANY:
        found = select(found, view.search, profile=whose.profile, host=whose.host)
    if view.column is not Column.TIME:
        found = sorted(found, key=partial(_KEYS[view.column], whose=whose), reverse=view.is_reversed)
    elif view.is_reversed:
        found = found[::-1]
    return Listed(found, tuple(column for column in Column if column not in left_out))


def host_of(entry: Entry, whose: Whose) -> str:
    """The base URL of the exchange where it was made."""
    return entry.transfer.host if entry.transfer else whose.host


def profile_of(entry: Entry, whose: Whose) -> str:
    """The profile that it counts as of: that of its row in the journal, or the one by whose key it was read."""
    return entry.transfer.profile if entry.transfer else whose.profile


def made_elsewhere(host: str, profile: str, whose: Whose) -> str:
    """What a person should know who makes a transfer again that another place or profile has made; empty for one of
    their own.
    """
    if (host, profile) == (whose.host, whose.profile):
        return ""
    place, own_place = (in_short(printable(place_name(of_one)), _MOST_OF_PLACE) for of_one in (host, whose.host))
    return (
        f"Filled from a transfer at {place} as {printable(profile)}. "
        f"It would be sent to {own_place} as {printable(whose.profile)}."
    )


def outcome_word(entry: Entry) -> str:
    """How it ended, in a word: the journal's before the exchange's. A status that is not known stays as it came."""
    if entry.transfer:
        return entry.transfer.outcome.words
    status = (entry.record.status if entry.record else None) or "?"
    return _STATUS_WORDS.get(status, status)


_STATUS_WORDS = {"CONFIRMED": "done", "FAILED": "failed", "PENDING": "pending"}


def outcome_style(entry: Entry) -> str:
    """The outcome whose looks it has; empty where that is not known here."""
    if entry.transfer:
        return entry.transfer.outcome.value
    outcome = recorded_outcome(entry.record.status) if entry.record else None
    return outcome.value if outcome else ""


def _move_key(entry: Entry, *, whose: Whose) -> tuple[int, str]:
    place = _PLACES.get(entry.type or "", -1)  # in the order of the wallets, and before them what is not known
    return place, entry.type or ""


def _amount_key(entry: Entry, *, whose: Whose) -> tuple[str, Decimal]:
    """Amounts compare within an asset; the largest comes first."""
    return entry.asset or "", -(entry.amount or Decimal(0))


_PLACES = {move.name: place for place, move in enumerate(TransferType)}

_KEYS: dict[Column, Callable[..., Any]] = {
    Column.MOVE: _move_key,
    Column.AMOUNT: _amount_key,
    Column.OUTCOME: lambda entry, *, whose: outcome_word(entry),
    Column.HOST: lambda entry, *, whose: host_of(entry, whose),
    Column.MADE: lambda entry, *, whose: entry.origin.value,
    Column.PROFILE: lambda entry, *, whose: profile_of(entry, whose),
    Column.TRAN_ID: lambda entry, *, whose: entry.tran_id or 0,
    Column.PAIRS: lambda entry, *, whose: entry.pairs,
}
