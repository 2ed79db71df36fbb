"""Which characters share a cell, how many cells they take, and whether terminals agree on that."""

import re
from enum import Enum, auto
from functools import lru_cache
from unicodedata import category, east_asian_width

from rich.cells import cell_len, get_character_cell_size

_SINGLE = re.compile(r"[\x20-\x7e\xa0-\xac\xae-\u02ff\u0370-\u0482\u2500-\u25fc\u2800-\u28ff]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_JOINER, _EMOJI = "\u200d", "\ufe0f"


class Width(Enum):
    """What is known about the number of cells that a character takes."""

    SURE = auto()
    """Every terminal gives it as many cells as Textual does."""
    AMBIGUOUS = auto()
    """One cell, or two in a terminal that is set up for East Asia."""
    UNSURE = auto()
    """It depends on the terminal and its age."""


def is_single(text: str) -> bool:
    """Whether each character of a text is known to take one cell."""
    return _SINGLE.fullmatch(text) is not None


@lru_cache(1 << 12)
def cells(text: str) -> tuple[str, ...]:
    """Return the cells of a text as Textual counts them; a wide character is followed by empty cells.

    Control characters are left out: no widget draws with them. What would combine with a character before the text is
    left out too.
    """
    clusters: list[str] = []
    for character in _CONTROL.sub("", text):
        is_part = character == _EMOJI or get_character_cell_size(character) == 0
        if clusters and (is_part or clusters[-1].endswith(_JOINER)):
            clusters[-1] += character
        elif not is_part:
            clusters.append(character)
    return tuple(cell for cluster in clusters for cell in (cluster, *[""] * (cell_len(cluster) - 1)))


@lru_cache(1 << 12)
def width(cell: str) -> Width:
    """Return what is known about the width of the text in a cell."""
    if len(cell) > 1:
        return Width.UNSURE
    eastern, is_wide = east_asian_width(cell), get_character_cell_size(cell) == 2
    if is_wide:
        # Emoji were narrow once.
        is_letter = eastern in ("W", "F") and not "\u2300" <= cell <= "\u2bff" and cell < "\U0001f000"
        return Width.SURE if is_letter else Width.UNSURE
    if eastern == "A":
        return Width.AMBIGUOUS
    return Width.SURE if eastern in ("N", "Na", "H") and category(cell)[0] in "LNPSZ" else Width.UNSURE


def overrun(cell: str) -> int:
    """Return the number of cells beyond its own that it may take, in a terminal that joins less than Textual does."""
    if len(cell) < 2:
        return 0
    return max(0, sum(2 for character in cell if get_character_cell_size(character)) - cell_len(cell))
