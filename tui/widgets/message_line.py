"""The lines above the keys: what the person should know now."""

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

_LEFT = 1
_MOST_LINES = 4
KINDS = "error", "unknown", "warning", "hint"
"""From the most important to the least, each with its own look."""


@dataclass(frozen=True, slots=True)
class ScreenMessage:
    """A text, and the action that it asks for."""

    text: str
    label: str = ""
    """The action's key and name, which can be clicked; empty if there is none."""
    action: str = ""
    """The action of the screen."""


class MessageLine(Widget):
    """Shows at most one message of each kind, the most important first. Without any it takes one line, so that nothing
    moves when there is one.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {*(f"message--{kind}" for kind in KINDS), "message--action"}

    def __init__(self) -> None:
        super().__init__()
        self._messages: dict[str, ScreenMessage] = {}

    def show(self, kind: str, text: str, *, label: str = "", action: str = "") -> None:
        """Show a message of a kind in place of its last one; an empty text clears that."""
        message = ScreenMessage(text, label, action)
        if message == self._messages.get(kind, ScreenMessage("")):
            return
        before = len(self._lines())
        self._messages[kind] = message
        self.refresh(layout=len(self._lines()) != before)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines the messages take."""
        return min(max(len(self._lines(width)), 1), _MOST_LINES)

    def render(self) -> Content:
        """Draw the messages."""
        return Content("\n").join([line for line, _ in self._lines()[:_MOST_LINES]])

    def on_click(self, event: events.Click) -> None:
        """Do what the clicked action does."""
        lines = self._lines()
        action, start = lines[event.y][1] if event.y < len(lines) else ("", 0)
        if action and event.button == _LEFT and event.x >= start:
            self.app.call_later(self.screen.run_action, action)

    def _lines(self, width: int = 0) -> list[tuple[Content, tuple[str, int]]]:
        """Return each line, with the action at its right end and where that begins."""
        width = width or self.content_size.width
        lines = []
        for kind in KINDS:
            message = self._messages.get(kind)
            if not message or not message.text:
                continue
            badge = f" {message.label} " if message.label else ""
            room = max(width - len(badge) - 2, 1)
            pen = self.get_visual_style(f"message--{kind}", partial=True)
            for number, text in enumerate(_wrapped(message.text, room)):
                line = Content.styled(f" {text}", pen)
                if number == 0 and badge:
                    line = line.pad_right(max(room + 1 - line.cell_length, 0))
                    line += Content.styled(badge, self.get_visual_style("message--action"))
                lines.append((line, (message.action if number == 0 else "", room + 1)))
        return lines


def _wrapped(text: str, width: int) -> list[str]:
    return [line.plain.rstrip() for line in Content(text).wrap(width)]
