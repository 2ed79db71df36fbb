"""A text that changes while a person types: where it stays one line, nothing around it is laid out anew."""

from rich.cells import cell_len
from textual.widgets import Label


class NoteLine(Label):
    """A line, or more where the text needs them, as wide as what holds it. It has room for one line when empty."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__("", id=id, classes=classes, markup=False)

    def say(self, words: str) -> None:
        """Show a text."""
        before = str(self.content)
        if words != before:
            width = self.content_size.width
            stays = all("\n" not in text and cell_len(text) <= width for text in (before, words))
            self.update(words, layout=not stays)
