"""Text from servers and other programs, made safe to show on a terminal.

Text from a server is a `ServerText`, which is no `str`, until `printable` or `name` has made it one: it may contain
commands for the terminal.
"""

import unicodedata
from string import ascii_letters, digits

_INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"  # joiners and fillers of no width that count as letters or marks
    + "".join(map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))  # variants
)
"""What Unicode calls default ignorable and Python nevertheless printable."""

_NAME_CATEGORIES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd"})
"""Letters and digits of every script."""


_LONGEST_NAME = 40


class ServerText:
    """A text as a server wrote it. It compares by its characters; its repr is printable."""

    __slots__ = ("_raw",)

    def __init__(self, raw: str) -> None:
        self._raw = raw

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ServerText) and self._raw == other._raw

    def __hash__(self) -> int:
        return hash(self._raw)

    def __repr__(self) -> str:
        return f"ServerText({printable(self)!r})"

    __str__ = __repr__


def printable(text: str | ServerText) -> str:
    """Return the text on one line, without anything that a terminal obeys or does not show.

    White space becomes spaces. Control and escape characters, direction marks, characters of no width, private ones and
    surrogates become question marks. Letters of every script stay.
    """
    return "".join(map(_shown, _raw(text)))


def name(text: str | ServerText) -> str | None:
    """Return the text if it can be the name of an asset or a pair, else None.

    A name has at most 40 letters and digits of any script, in Unicode's normal form NFKC.
    """
    raw = _raw(text)
    return raw if 0 < len(raw) <= _LONGEST_NAME and is_name(raw) else None


def is_name(text: str) -> bool:
    """Whether a text is nothing but letters and digits, of any script, in NFKC."""
    return all(
        unicodedata.category(character) in _NAME_CATEGORIES and character not in _INVISIBLE for character in text
    ) and unicodedata.is_normalized("NFKC", text)


_HALF_WIDTH = {0xFEE0 + ord(each): each for each in f"{ascii_letters}{digits}-."}


def half_width(text: str) -> str:
    """Return a text with half-width letters, digits, hyphens and dots: a Chinese input method may type wide ones."""
    return text.translate(_HALF_WIDTH)


def _raw(text: str | ServerText) -> str:
    return text._raw if isinstance(text, ServerText) else text


def _shown(character: str) -> str:
    if character.isprintable() and character not in _INVISIBLE:
        return character
    return " " if character.isspace() else "?"
