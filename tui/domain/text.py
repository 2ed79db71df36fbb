"""Text that others wrote, made safe to show on a terminal.

What a server wrote is a `ServerText` until it has been through `printable` or `name`: nothing else shows it, for it is
no `str`. It may hold what a terminal obeys.
"""

import unicodedata

_INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"  # joiners and fillers of no width that count as letters or marks
    + "".join(map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))  # variants
)
"""What Unicode calls default ignorable and Python nevertheless printable."""

_NAME_CATEGORIES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd"})
"""Letters and digits of every script."""


_LONGEST_NAME = 40


class ServerText:
    """A text as a server wrote it. It compares by its characters, and shows itself printable only."""

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
    """The text on one line, without anything that a terminal obeys or does not show.

    Blanks of all kinds become spaces. Control and escape characters, direction marks, characters of no width, private
    ones and halves of pairs become question marks. Letters of every script stay.
    """
    return "".join(map(_shown, _raw(text)))


def name(text: str | ServerText) -> str | None:
    """The text where it can be the name of an asset or a pair: letters and digits of any script, in the one form that
    Unicode has for what looks the same to a person. None where it cannot, and where it is longer than any name.
    """
    raw = _raw(text)
    return raw if 0 < len(raw) <= _LONGEST_NAME and is_name(raw) else None


def is_name(text: str) -> bool:
    """Whether a text is nothing but letters and digits, of whatever script."""
    return all(
        unicodedata.category(character) in _NAME_CATEGORIES and character not in _INVISIBLE for character in text
    ) and unicodedata.is_normalized("NFKC", text)


def _raw(text: str | ServerText) -> str:
    return text._raw if isinstance(text, ServerText) else text


def _shown(character: str) -> str:
    if character.isprintable() and character not in _INVISIBLE:
        return character
    return " " if character.isspace() else "?"
