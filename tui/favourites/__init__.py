"""A person's favourites, in a plain file beside the settings that may be edited, versioned and shared.

No secret is in it. For the command line and the screens. `file` reads it, favourite by favourite, and writes what
changes.
"""

from tui.favourites.file import (
    FavouriteMissing,
    FavouritesError,
    Found,
    Wrong,
    favourite,
    favourites,
    favourites_path,
    keep,
    remove,
)

__all__ = [
    "FavouriteMissing",
    "FavouritesError",
    "Found",
    "Wrong",
    "favourite",
    "favourites",
    "favourites_path",
    "keep",
    "remove",
]
