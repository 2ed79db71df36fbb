"""A text that changes while a person types: as long as it is one line, nothing around it is laid out again."""

from rich.cells import cell_len
from textual.widgets import Label


class NoteLine(Label):
    """A line, or more if the text needs them, as wide as its parent. When empty it takes one line."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__("", id=id, classes=classes, markup=False)

    def say(self, text: str) -> None:
        """Show a text."""
        before = str(self.content)
        if text != before:
            width = self.content_size.width
            stays_one_line = all("\n" not in line and cell_len(line) <= width for line in (before, text))
            self.update(text, layout=not stays_one_line)
