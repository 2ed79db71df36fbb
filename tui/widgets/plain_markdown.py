"""Markdown without characters whose width terminals disagree about."""

from textual.widgets import Markdown


class PlainMarkdown(Markdown):
    """Shows a page of the manual."""

    def __init__(self, text: str) -> None:
        super().__init__(text, open_links=False)
        self.BULLETS = ["- "]
