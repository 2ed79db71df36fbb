"""A pane: its first row is a strip with its name and, at the right, the heads of its columns or its unit."""

from abc import abstractmethod
from dataclasses import replace  # noqa: TID251 - for a dataclass of Textual's
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from tui.widgets.late_styles import LateStyles
from tui.widgets.rows import Made, Rows

TALL = 30
"""Rows of a terminal from which blank rows separate what is on a screen."""
LEFT_BUTTON = 1
"""The mouse button that presses something: Textual reports a click of any."""


class Drawn(LateStyles, Widget):
    """Draws its text in styles of its component classes."""

    auto_links = False  # Textual would look for links in every line that is drawn

    def get_visual_style(self, *component_classes: str, partial: bool = False) -> Style:
        """Return the style, with the "reverse" that Textual leaves out."""
        style = super().get_visual_style(*component_classes, partial=partial)
        is_reversed = any(self.component_style(name).text_style.reverse for name in component_classes)
        return replace(style, reverse=True) if is_reversed else style


class Pane(Drawn):
    """Draws whole rows. Column 0 is the marker's. A pane that has the focus shows its name as a badge."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "pane--strip",
        "pane--title",
        "pane--badge",
        "pane--muted",
        "pane--strong",
        "pane--chosen",
        "pane--cursor",
    }

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._strips: Made = {}
        """What its rows were last made into."""

    @abstractmethod
    def lines(self) -> list[Content]:
        """Return the rows from the strip down, each as wide as the pane."""

    def render(self) -> Rows:
        """Draw the rows."""
        return Rows(self.lines(), self._strips)

    def strip_line(self, title: str, right: str = "") -> Content:
        """Return the strip. What does not fit at the right is left out."""
        width = self.content_size.width
        pen = self.pen("badge", is_whole=True) if self.has_focus else self.pen("title")
        name = Content.styled(f" {title} ", pen)
        room = width - name.cell_length - cell_len(right) - 1
        line = name + Content(f"{' ' * room}{right} " if right and room >= 0 else "")
        return line.pad_right(max(width - line.cell_length, 0)).stylize_before(self.pen("strip", is_whole=True))

    def row_line(self, row: Content, *, is_chosen: bool) -> Content:
        """Return a row as wide as the pane, on the ground of a chosen row if it is one."""
        padded = row.pad_right(max(self.content_size.width - row.cell_length, 0))
        if not is_chosen:
            return padded
        pen = self.pen("cursor" if self.has_focus else "chosen", is_whole=True)
        # A colour that is reversed would be a ground.
        return Content.styled(padded.plain, pen) if pen.reverse else padded.stylize_before(pen)

    def pen(self, name: str, *, is_whole: bool = False) -> Style:
        """Return a style of the pane; unless it is whole, without the ground that it does not set itself."""
        return self.get_visual_style(f"pane--{name}", partial=not is_whole)


def shortened(text: str, width: int) -> str:
    """Return the text, cut with a `~` at its end if it is wider than the room for it."""
    return text if cell_len(text) <= width else f"{set_cell_size(text, max(width - 1, 0))}~"[: max(width, 0)]
