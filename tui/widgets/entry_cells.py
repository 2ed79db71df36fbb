"""An entry as a line of a list: what stands in its columns, and how wide these have to be."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len, set_cell_size

from tui import clock
from tui.domain import moments
from tui.domain.amounts import grouped
from tui.domain.entries import Entry
from tui.domain.hosts import in_short, place_name
from tui.domain.text import printable
from tui.domain.view import Column, Whose, host_of, outcome_word, profile_of
from tui.domain.wallets import TransferType

_RECENT_MS = 183 * 24 * 60 * 60 * 1000
"""What is older shows its year in the place of its time, as `ls -l` has it."""

_WIDEST = {Column.MOVE: 36, Column.OUTCOME: 14, Column.HOST: 24, Column.PROFILE: 16, Column.PAIRS: 28}
"""Longer texts are cut, with a `~`; Enter shows them in full."""

_WIDEST_ASSET = 10

_LEAST_OF_HOST = 10
"""Characters. It is cut further than others before it goes out of sight: what is of another place must not pass for one
of this.
"""


@dataclass(frozen=True, slots=True)
class Cells:
    """What stands in the columns of one entry."""

    texts: dict[Column, str]
    """All but the amount."""
    whole: str
    """The amount up to its dot."""
    decimals: str
    """The rest of it, with the dot."""
    asset: str


def cells(entry: Entry, whose: Whose) -> Cells:
    """The texts of an entry; nothing in them commands a terminal."""
    move = TransferType.__members__.get(entry.type or "")
    name = f"{move.source.short_label} -> {move.destination.short_label}" if move else printable(entry.type or "?")
    whole, dot, decimals = ("?", "", "") if entry.amount is None else grouped(entry.amount).partition(".")
    return Cells(
        {
            Column.TIME: _time(entry.at_ms),
            Column.MOVE: name,
            Column.OUTCOME: printable(outcome_word(entry)),
            Column.HOST: place(host_of(entry, whose)),
            Column.MADE: entry.origin.value,
            Column.PROFILE: printable(profile_of(entry, whose)),
            Column.TRAN_ID: "-" if entry.tran_id is None else str(entry.tran_id),
            Column.PAIRS: printable(entry.pairs),
        },
        whole,
        dot + decimals,
        printable(entry.asset or "?"),
    )


def place(host: str) -> str:
    """What a person calls an exchange: LIVE, DEMO, or a host."""
    return printable(place_name(host))


def local(at_ms: int | None) -> str:
    """A moment in full, of this machine's zone; "?" where it is not known."""
    return "?" if at_ms is None else moments.shown(at_ms, "%Y-%m-%d %H:%M:%S %z")


def _time(at_ms: int | None) -> str:
    if at_ms is None:
        return "?"
    try:
        moment = moments.local(at_ms)
    except OverflowError:
        return "?"
    return moment.strftime("%m-%d %H:%M" if abs(clock.wall_ms() - at_ms) < _RECENT_MS else "%Y-%m-%d")


@dataclass(slots=True)
class Widths:
    """How many columns of a terminal each column of a list takes; they only grow, so that nothing jumps about."""

    columns: dict[Column, int] = field(default_factory=lambda: dict.fromkeys(Column, 0))
    whole: int = 0
    decimals: int = 0
    asset: int = 0

    def take(self, found: Cells) -> None:
        """Make room for an entry."""
        for column, text in found.texts.items():
            width = min(cell_len(text), _WIDEST.get(column, 20))
            self.columns[column] = max(self.columns[column], width)
        self.whole = max(self.whole, len(found.whole))
        self.decimals = max(self.decimals, len(found.decimals))
        self.asset = max(self.asset, min(cell_len(found.asset), _WIDEST_ASSET))
        self.columns[Column.AMOUNT] = self.whole + self.decimals + 1 + self.asset

    def cell(self, found: Cells, column: Column, width: int) -> str:
        """What stands in a column of a line, that wide; the dots of all amounts stand in one column."""
        if column is Column.HOST:
            return cut(in_short(found.texts[column], width), width)
        if column is not Column.AMOUNT:
            return cut(found.texts[column], width)
        amount = found.whole.rjust(self.whole) + found.decimals.ljust(self.decimals)
        return cut(f"{amount} {cut(found.asset, self.asset)}", width)


def cut(text: str, width: int) -> str:
    """A text as wide as that: filled up with blanks, or cut with a `~`."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return f"{set_cell_size(text, max(width - 1, 0))}~"[: max(width, 0)]


def in_sight(columns: Sequence[tuple[Column, int]], first: int, width: int) -> tuple[list[tuple[Column, int]], int]:
    """The columns that there is room for, those that always stay before those from `first` on, and how many more there
    are to the right.
    """
    found = list(columns[:STAYING])
    room = width - 1 - sum(taken + 1 for _, taken in found)
    rest = columns[STAYING + first :]
    for column, taken in rest:
        least = min(taken, _LEAST_OF_HOST) if column is Column.HOST else taken
        if least > room and len(found) > STAYING:
            break
        found.append((column, min(taken, max(room, 1))))
        room -= taken + 1
    return found, len(rest) - (len(found) - STAYING)


STAYING = 3
"""Time, move and amount are always in sight."""
