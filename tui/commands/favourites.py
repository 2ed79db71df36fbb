"""`shunter favourites`: the favourites, with their moves."""

import argparse
import sys

from tui.commands import listing
from tui.commands.arguments import add_format
from tui.domain.amounts import amount_shown
from tui.domain.favourite import MAX, Part, written_down
from tui.domain.text import printable
from tui.language import _
from tui.words.exports import Value
from tui.words.wallets import via

FIELDS = ("name", "from", "to", "from_pair", "to_pair", "via", "types", "asset", "amount", "profile")

_HEADINGS = (_("NAME"), _("MOVE"), _("AMOUNT"), _("ASSET"), _("PROFILE"))
_RIGHT = (_("AMOUNT"),)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `shunter favourites`."""
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Print the favourites and return the exit status, which is 1 if part of the file cannot be used."""
    from tui.favourites import FavouritesError, favourites, favourites_path

    try:
        content = favourites()
    except FavouritesError as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    for mistake in content.mistakes:
        print(printable(_("{path}, {mistake}").format(path=favourites_path(), mistake=mistake)), file=sys.stderr)
    rows: list[tuple[Value, ...]] = []
    cells = []
    for favourite in content.usable:
        parts, types = written_down(favourite), favourite.draft.route
        middle = types[0].destination.value if len(types) > 1 else None
        pairs = parts.get(Part.FROM_PAIR), parts.get(Part.TO_PAIR)
        rows.append(
            (
                favourite.name,
                parts[Part.SOURCE],
                parts[Part.DESTINATION],
                *pairs,
                middle,
                ", ".join(move.name for move in types),
                parts[Part.ASSET],
                parts.get(Part.AMOUNT),
                favourite.profile or None,
            )
        )
        source, destination = favourite.draft.ends
        move = f"{source.short_label} -> {destination.short_label} {via(types)}".rstrip()
        texts = (favourite.name, move, _shown(parts.get(Part.AMOUNT, "")), parts[Part.ASSET], favourite.profile)
        cells.append([printable(text) for text in texts])
    empty = _("There are no favourites in {path}.").format(path=favourites_path())
    listing.print_rows(
        args, FIELDS, rows, otherwise=lambda: listing.print_table(_HEADINGS, cells, right=_RIGHT, empty=empty)
    )
    return 1 if content.mistakes else 0


def _shown(amount: str) -> str:
    """Return an amount as a person reads it."""
    return _("max") if amount == MAX else amount_shown(amount)
