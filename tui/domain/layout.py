"""Texts put together, and laid out by the columns of a terminal: a Chinese character takes two of them.

Chinese has no blanks between words or sentences, so its lines break between characters.
"""

import re
import textwrap
import unicodedata

from tui.language import _

_COLUMNS = {"W": 2, "F": 2, "H": 1, "N": 1, "Na": 1, "A": 1}
"""How wide Unicode says that a character is, in columns."""

_CHINESE = "\u2e80-\u303f", "\u3040-\u30ff", "\u3400-\u9fff", "\uf900-\ufaff", "\uff00-\uffef"
"""Blocks of Unicode that have Chinese characters and their punctuation."""

OPENING = "「『（《〈【"
CLOSING = "，。、；：？！」』）》〉】"

UNBROKEN = re.compile(rf"\s*[{OPENING}]*(?:U本位|[^\s{''.join(_CHINESE)}]+|[\S\u3000][!-/:-@\]}}]*)[{CLOSING}]*\s*")
"""What stays on a line: a word (U本位 is one), or a Chinese character, with the punctuation that belongs to it.

The last choice is for Chinese characters. To name their blocks again would take a millisecond to compile.
"""


def padded(text: str, columns: int) -> str:
    """Return a text with blanks after it, as wide as so many columns of a terminal."""
    return text + " " * (columns - width_of(text))


def padded_before(text: str, columns: int) -> str:
    """Return a text with blanks before it, as wide as so many columns of a terminal."""
    return " " * (columns - width_of(text)) + text


def width_of(text: str) -> int:
    """Return how many columns of a terminal a printable text takes: two for each Chinese character."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(each) else _COLUMNS[unicodedata.east_asian_width(each)] for each in text)


def has_chinese(text: str) -> bool:
    """Whether one of the characters is Chinese."""
    return not text.isascii() and any(block[0] <= character <= block[-1] for character in text for block in _CHINESE)


def wrapped(text: str, columns: int, *, at_hyphens: bool = True) -> list[str]:
    """Return a text as lines that fit so many columns of a terminal, as far as its words do. `at_hyphens` says whether
    lines of English may break at hyphens too.
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
    """Return a text behind the name of what it is about: `Amount: 5 USDT`."""
    return _("{name}: {text}").format(name=name, text=text)


def sentences(*texts: str) -> str:
    """Return sentences in a row, without a blank behind a Chinese one. Empty ones are left out."""
    joined = ""
    for text in filter(None, texts):
        joined += text if not joined or joined[-1] in CLOSING else f" {text}"
    return joined
