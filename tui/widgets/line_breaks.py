"""Where lines break: at blanks, and between Chinese characters, but not before a full stop or behind an open bracket.

Textual and rich break lines at blanks alone: a Chinese sentence would be one word. Other texts break as they always do.
"""

from rich import _wrap
from textual.content import Content
from textual.css.styles import RulesMap

from tui.domain.text import UNBROKEN, has_chinese, width_of

_NARROWEST = 16


def break_between_characters() -> None:
    """Have Textual and rich break lines so, from here on."""
    _wrap.re_word = UNBROKEN
    Content.get_minimal_width = _minimal_width  # type: ignore[assignment,method-assign]


def _minimal_width(content: Content, rules: RulesMap) -> int:
    """Return what a column of a table needs at least: the longest part of its texts; of Chinese, some characters."""
    widths = [0]
    for line in content.plain.splitlines():
        widths += [width_of(part.strip()) for _, _, part in _wrap.words(line)]
        if has_chinese(line):
            widths.append(min(width_of(line.strip()), _NARROWEST))
    return max(widths) + 2 * rules.get("line_pad", 0)
