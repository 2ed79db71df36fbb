"""The facts of a dialog: a name and a value in each row, and what matters most apart from the rest, on a band."""

from collections.abc import Iterable
from typing import ClassVar

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from tui.domain.layout import padded
from tui.structs import Struct
from tui.widgets.late_styles import LateStyles

_LEFT, _NAME, _RIGHT = 3, 10, 2
"""Columns before the names, of the names, and behind the values."""


class Fact(Struct):
    """A row. Without a name and a value it is blank, and left out where there is little room."""

    name: str
    value: str
    look: str = "strong"
    """strong, text, muted, warning; "sentence" and "title" for a text that begins where the names do."""
    narrow: str | None = None
    """What is shown instead if this or another fact with such a text does not fit; empty for nothing."""
    is_in_band: bool = False


class Facts(LateStyles, Widget):
    """Draws all facts in one widget. Nothing is cut: a long value goes on in the next line."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"facts--{look}" for look in ("name", "strong", "text", "muted", "warning", "sentence", "title", "band"))
    }

    def __init__(self, facts: Iterable[Fact]) -> None:
        super().__init__()
        self.facts = list(facts)

    def show(self, facts: Iterable[Fact]) -> None:
        """Show other facts."""
        facts = list(facts)
        if facts != self.facts:
            is_taller = len(self._lines()) != len(self._lines(facts))
            self.facts = facts
            self.refresh(layout=is_taller)

    def value(self, name: str) -> str:
        """Return the value of a fact, as it is shown in a narrow terminal; empty if there is none."""
        return next(
            (fact.value if fact.narrow is None else fact.narrow for fact in self.facts if fact.name == name), ""
        )

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines the facts take."""
        return len(self._lines(width=width))

    def render(self) -> Content:
        """Draw the facts."""
        return Content("\n").join(self._lines())

    def _lines(self, facts: list[Fact] | None = None, width: int = 0) -> list[Content]:
        facts, width = self.facts if facts is None else facts, width or self.content_size.width
        room = max(width - _LEFT - _NAME - _RIGHT, 1)
        is_narrow = any(fact.narrow is not None and cell_len(fact.value) > room for fact in facts)
        is_dense = any(node.has_class("-dense") for node in self.ancestors)
        lines: list[Content] = []
        for fact in facts:
            text = fact.narrow if is_narrow and fact.narrow is not None else fact.value
            if text or not (is_dense or fact.value):
                lines += self._drawn(fact, text, width)
        return lines

    def _drawn(self, fact: Fact, text: str, width: int) -> Iterable[Content]:
        column = _LEFT + (0 if fact.look in ("sentence", "title") else _NAME)
        look = self.get_visual_style(f"facts--{fact.look}", partial=True)
        name = Content.styled(padded(fact.name, _NAME), self.get_visual_style("facts--name", partial=True))
        for number, value in enumerate(Content(text).wrap(max(width - column - _RIGHT, 1)) or [Content("")]):
            before = name if number == 0 and column > _LEFT else Content(" " * (column - _LEFT))
            line = before + value.rstrip().stylize(look)
            line = line.pad_left(_LEFT - 1).pad_right(max(width - 1 - line.cell_length - _LEFT, 0))
            if fact.is_in_band:
                line = line.stylize_before(self.get_visual_style("facts--band"))
            yield line.pad_left(1)
