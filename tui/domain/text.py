"""Text from servers and other programs, made safe to show on a terminal.

Text from a server is a `ServerText`, which is no `str`, until `printable` or `name` has made it one: it may contain
commands for the terminal.
"""

import re
import textwrap
import unicodedata
from string import ascii_letters, digits

from tui.language import _

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


def padded(text: str, columns: int) -> str:
    """Return a text with blanks after it: up to a number of columns of a terminal."""
    return text + " " * (columns - width_of(text))


def padded_before(text: str, columns: int) -> str:
    """Return a text with blanks before it: up to a number of columns of a terminal."""
    return " " * (columns - width_of(text)) + text


def width_of(text: str) -> int:
    """Return how many columns of a terminal a printable text takes: two for each Chinese character."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(each) else _COLUMNS[unicodedata.east_asian_width(each)] for each in text)


_COLUMNS = {"W": 2, "F": 2, "H": 1, "N": 1, "Na": 1, "A": 1}


_CHINESE = "\u2e80-\u303f", "\u3040-\u30ff", "\u3400-\u9fff", "\uf900-\ufaff", "\uff00-\uffef"
"""Characters, and their punctuation."""
OPENING = "「『（《〈【"
CLOSING = "，。、；：？！」』）》〉】"

UNBROKEN = re.compile(
    rf"\s*[{OPENING}]*(?:U本位|[^\s{''.join(_CHINESE)}]+|[{''.join(_CHINESE)}][!-/:-@\]}}]*)[{CLOSING}]*\s*"
)
"""What stays on a line: a word (U本位 is one), or a Chinese character, with the punctuation that belongs to it."""


def has_chinese(text: str) -> bool:
    """Whether one of the characters is Chinese."""
    return not text.isascii() and any(block[0] <= character <= block[-1] for character in text for block in _CHINESE)


def wrapped(text: str, columns: int, *, at_hyphens: bool = True) -> list[str]:
    """Return the lines of a text, each of at most so many columns of a terminal if it can be. `at_hyphens` says whether
    English words break there too.
    """
    text = " ".join(text.split())
    if text.isascii():
        return textwrap.wrap(text, columns, break_on_hyphens=at_hyphens)
    lines = [""]
    for part in UNBROKEN.findall(text):
        if width_of(lines[-1] + part.rstrip()) > columns:
            lines.append("")
        lines[-1] += part
    return [line.strip() for line in lines if line.strip()]


def labelled(name: object, text: object) -> str:
    """Return a text with what it is about before it: `Amount: 5 USDT`."""
    return _("{name}: {text}").format(name=name, text=text)


def sentences(*texts: str) -> str:
    """Return sentences one after the other, those that there are: Chinese ones without a blank between them."""
    joined = ""
    for text in filter(None, texts):
        joined += text if not joined or joined[-1] in CLOSING else f" {text}"
    return joined


def _raw(text: str | ServerText) -> str:
    return text._raw if isinstance(text, ServerText) else text


def _shown(character: str) -> str:
    if character.isprintable() and character not in _INVISIBLE:
        return character
    return " " if character.isspace() else "?"
