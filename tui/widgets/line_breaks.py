"""Line breaks between Chinese characters.

Textual and rich break lines at blanks only, and a Chinese sentence has none. `domain.layout.UNBROKEN` says what stays
together. Other texts break as they always do.
"""

from rich import _wrap
from textual.content import Content
from textual.css.styles import RulesMap

from tui.domain.layout import UNBROKEN, has_chinese, width_of

_NARROWEST = 16
"""Columns that a column of a table leaves a Chinese text: eight characters."""


def break_between_characters() -> None:
    """Make Textual and rich break lines between Chinese characters, from here on."""
    _wrap.re_word = UNBROKEN
    Content.get_minimal_width = _minimal_width  # type: ignore[assignment,method-assign]


def _minimal_width(content: Content, rules: RulesMap) -> int:
    """Return how narrow a column of a table may be: the longest word, and a few characters of Chinese."""
    widths = [0]
    for line in content.plain.splitlines():
        widths += [width_of(part.strip()) for _start, _end, part in _wrap.words(line)]
        if has_chinese(line):
            widths.append(min(width_of(line.strip()), _NARROWEST))
    return max(widths) + 2 * rules.get("line_pad", 0)
