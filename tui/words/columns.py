"""The columns of lists of entries, and which entries a list shows in which order."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from tui import clock
from tui.domain import moments
from tui.domain.amounts import quantity
from tui.domain.entries import Entry, Origin, select
from tui.domain.search import ANY, Search
from tui.domain.text import printable
from tui.domain.wallets import TransferType
from tui.language import N_, _
from tui.structs import Struct
from tui.words.entries import InUse, host_of, move, outcome_mark, outcome_word, place, profile_of, step_mark

_RECENT_MS = 183 * 24 * 60 * 60 * 1000
"""An older entry shows its year instead of its time, as `ls -l` does."""

_TYPE_ORDER = {kind.name: number for number, kind in enumerate(TransferType)}


class Column(Struct):
    """A column of a list of entries."""

    name: str
    """Marked: it is translated where it is shown."""
    text: Callable[[Entry, InUse], str]
    """What it shows of an entry; nothing in it commands a terminal."""
    key: Callable[[Entry, InUse], Any]
    """What it sorts by."""
    widest: int = 20
    """Terminal columns. A longer text is cut and ends in `~`; Enter shows the full value."""
    narrowest: int | None = None
    """How far it may be cut before it goes out of sight; None if it may not."""
    usual: Callable[[InUse], str] | None = None
    """The key of every entry for which the column says nothing new: it is left out if all have that."""
    is_largest_first: bool = False
    short: Callable[[Entry, InUse], str] | None = None
    """What it shows if the list has too little room; None if it has no short form."""
    is_extra: bool = False
    """Whether it is shown only where there is room to spare."""

    def shown(self, entry: Entry, in_use: InUse, *, is_short: bool) -> str:
        """Return what it shows of an entry."""
        return (self.short if is_short and self.short else self.text)(entry, in_use)


def _time(entry: Entry, _in_use: InUse) -> str:
    if entry.at_ms is None:
        return "?"
    try:
        moment = moments.local(entry.at_ms)
    except OverflowError:
        return "?"
    is_recent = abs(clock.wall_ms() - entry.at_ms) < _RECENT_MS
    return moment.strftime("%m-%d %H:%M" if is_recent else "%Y-%m-%d")


TIME = Column(N_("time"), _time, lambda entry, _in_use: -(entry.at_ms or 0), is_largest_first=True)
MOVE = Column(
    N_("move"),
    lambda entry, _in_use: f"{move(entry)} {step_mark(entry)}".rstrip(),
    lambda entry, _in_use: (_TYPE_ORDER.get(entry.type or "", -1), entry.type or ""),
    widest=44,
    short=lambda entry, _in_use: f"{move(entry, is_short=True)} {step_mark(entry)}".rstrip(),
)
AMOUNT = Column(
    N_("amount"),
    lambda entry, _in_use: quantity(entry.amount, entry.asset),
    lambda entry, _in_use: (entry.asset or "", -(entry.amount or Decimal(0))),  # amounts compare within an asset
    is_largest_first=True,
)
OUTCOME = Column(
    N_("outcome"),
    lambda entry, _in_use: printable(outcome_mark(entry)),
    lambda entry, _in_use: outcome_word(entry),
    widest=16,
)
HOST = Column(
    N_("host"),
    lambda entry, in_use: place(host_of(entry, in_use)),
    host_of,
    widest=24,
    narrowest=4,  # LIVE, DEMO: an entry of another place must not pass for one of this
    usual=lambda in_use: in_use.host,
)
_SHORT_ORIGINS = {
    Origin.HERE: N_("here"),
    Origin.DIFFERS: N_("diff"),
    Origin.POSSIBLE: N_("maybe"),
    Origin.NOT_COMPARED: "?",
}
MADE = Column(
    N_("made"),
    lambda entry, _in_use: "" if entry.origin is Origin.ELSEWHERE else entry.origin.label,  # as most are
    lambda entry, _in_use: entry.origin.value,
    usual=lambda _in_use: Origin.ELSEWHERE.value,
    short=lambda entry, _in_use: _(_SHORT_ORIGINS.get(entry.origin, "")),
)
PROFILE = Column(
    N_("profile"),
    lambda entry, in_use: printable(profile_of(entry, in_use)),
    profile_of,
    widest=16,
    usual=lambda in_use: in_use.profile,
)
TRAN_ID = Column(
    "tranId",
    lambda entry, _in_use: "-" if entry.tran_id is None else str(entry.tran_id),
    lambda entry, _in_use: entry.tran_id or 0,
)
TYPE = Column(N_("type"), lambda entry, _in_use: printable(entry.type or "?"), MOVE.key, widest=40, is_extra=True)
COLUMNS = (TIME, MOVE, AMOUNT, OUTCOME, HOST, TRAN_ID, MADE, PROFILE, TYPE)
"""The columns of the history, from left to right."""


class View(Struct):
    """Which entries a list shows, and in which order."""

    search: Search = ANY
    column: Column = TIME
    is_reversed: bool = False


class Listed(Struct):
    """The entries that a view shows, and its columns."""

    entries: list[Entry]
    columns: tuple[Column, ...]


def listed(entries: Iterable[Entry], view: View, in_use: InUse) -> Listed:
    """Return what a view shows of entries that come newest first. Equal entries stay newest first."""
    everything = list(entries)
    shown = everything
    if view.search != ANY:
        shown = select(shown, view.search, profile=in_use.profile, host=in_use.host)
    if view.column is not TIME:
        shown = sorted(shown, key=lambda entry: view.column.key(entry, in_use), reverse=view.is_reversed)
    elif view.is_reversed:
        shown = shown[::-1]
    return Listed(shown, telling(COLUMNS, everything, in_use))


def telling(columns: Iterable[Column], entries: list[Entry], in_use: InUse) -> tuple[Column, ...]:
    """Return the columns that say something new about entries: Host and Profile if any has another than that in use,
    and Made if any was made here.
    """
    return tuple(
        column
        for column in columns
        if column.usual is None or any(column.key(entry, in_use) != column.usual(in_use) for entry in entries)
    )
