"""The lines above the keys: what the person should know now."""

from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.geometry import Size

from tui.structs import Struct
from tui.widgets.pane import LEFT_BUTTON, Drawn, shortened

_MOST_LINES = 4
KINDS = "error", "unknown", "problem", "warning", "hint"
"""From the most important to the least, each with its own look."""


class ScreenMessage(Struct):
    """A text, and the action that it asks for."""

    text: str
    label: str = ""
    """The action's key and name, which can be clicked; empty if there is none."""
    action: str = ""
    """The action of the screen."""
    briefer: tuple[str, ...] = ()
    """What says less, from the longest to the shortest: shown instead if it is the first that fits one line."""


class MessageLine(Drawn):
    """Shows at most one message of each kind, the most important first. Without any it takes one line, so that nothing
    moves when there is one.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {*(f"message--{kind}" for kind in KINDS), "message--action"}

    def __init__(self) -> None:
        super().__init__(id="message")
        self._messages: dict[str, ScreenMessage] = {}

    def show(self, kind: str, text: str, *, label: str = "", action: str = "", briefer: tuple[str, ...] = ()) -> None:
        """Show a message of a kind in place of its last one; an empty text clears that."""
        message = ScreenMessage(text, label, action, briefer)
        if message == self._messages.get(kind, ScreenMessage("")):
            return
        before = self._height(self.content_size.width)
        self._messages[kind] = message
        self.refresh(layout=self._height(self.content_size.width) != before)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines the messages take."""
        return self._height(width)

    def render(self) -> Content:
        """Draw the messages, as far as there is room for them."""
        width, height = self.content_size
        texts = self._texts(width)
        lines = []
        for row, (kind, text, message) in enumerate(texts[:height]):
            room = _room(message, width)
            if row == height - 1 and len(texts) > height:
                text = shortened(text + " " * room, room)
            pen = self.get_visual_style(f"message--{kind}", partial=True)
            line = Content.styled(f" {text}", pen)
            if message.label:
                line = line.pad_right(max(room + 1 - line.cell_length, 0))
                line += Content.styled(f" {message.label} ", self.get_visual_style("message--action"))
            lines.append(line)
        return Content("\n").join(lines)

    def on_click(self, event: events.Click) -> None:
        """Do what the clicked action does."""
        texts = self._texts(self.content_size.width)
        message = texts[event.y][2] if event.y < len(texts) else ScreenMessage("")
        if message.action and event.button == LEFT_BUTTON and event.x > _room(message, self.content_size.width):
            self.app.call_later(self.screen.run_action, message.action)

    def _height(self, width: int) -> int:
        return min(max(len(self._texts(width)), 1), _MOST_LINES)

    def _texts(self, width: int) -> list[tuple[str, str, ScreenMessage]]:
        """Return each line: its kind, its text, and its message; only the first line of a message has the action."""
        lines = []
        for kind in KINDS:
            if (message := self._messages.get(kind)) and message.text:
                for line in Content(_fitting(message, width)).wrap(_room(message, width)):
                    lines.append((kind, line.plain.rstrip(), message))
                    message = ScreenMessage(message.text)
        return lines


def _fitting(message: ScreenMessage, width: int) -> str:
    """Return the longest text of a message that fits one line; if none does, the shortest."""
    texts = message.text, *message.briefer
    return next((text for text in texts if cell_len(text) <= _room(message, width)), texts[-1])


def _room(message: ScreenMessage, width: int) -> int:
    """Return how wide the lines of a message can be."""
    return max(width - 2 - (cell_len(message.label) + 3 if message.label else 0), 1)
