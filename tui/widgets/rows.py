"""Rows as a widget draws them: none is wrapped, and one that looks as before is not made again."""

from collections.abc import Mapping, Sequence
from typing import Any

from textual.content import Content
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual

Made = dict[object, Strip]
"""What was made of rows, by their text and looks."""


class Rows(Visual):
    """Rows from the top down. What is too wide for the widget is left out."""

    def __init__(self, rows: Sequence[Content], made: Made) -> None:
        """Takes what the widget's last rows were made into, and keeps there what these are."""
        self._rows = rows
        self._made = made

    def __str__(self) -> str:
        return "\n".join(row.plain for row in self._rows)

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        """Return a strip for each row."""
        before = self._made.copy()
        self._made.clear()
        strips = []
        for row in self._rows[:height]:
            looks = (row.plain, tuple(row.spans), width, style)
            strip = before.get(looks) or _strip(row, width, style)
            self._made[looks] = strip
            strips.append(strip)
        return strips

    def get_optimal_width(self, rules: Mapping[str, Any], container_width: int) -> int:
        """Return the columns of the widest row."""
        return max((row.cell_length for row in self._rows), default=0)

    def get_height(self, rules: Mapping[str, Any], width: int) -> int:
        """Return how many rows there are."""
        return len(self._rows)


def _strip(row: Content, width: int, style: Style) -> Strip:
    return Strip(row.render_segments(style)).adjust_cell_length(width, style.rich_style)
