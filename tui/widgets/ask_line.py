"""The last line of a dialog: the keys that answer it, which can be clicked too."""

import re
from typing import Any, ClassVar

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Label

from tui.widgets.messages import fields
from tui.widgets.pane import LEFT_BUTTON, Drawn

_ANSWER = re.compile(r"\S+(?: {1,2}\S+)*")
"""A key, or several with "or", two blanks, and what it does. Wider gaps separate the answers."""
_NAMES = {"Esc": "escape"}


class AskLine(Label, Drawn):
    """Shows the keys that answer, and above them what happened to an answer. A click does what the key does."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"ask-line--action", "ask-line--key"}

    @fields
    class AnswerClicked(Message):
        """An answer that cannot be taken back was clicked."""

        key: str

    def __init__(self, keys: str, *, final: tuple[str, ...] = (), id: str | None = None) -> None:  # noqa: A002
        """`final` has the keys whose answers cannot be taken back: the screen handles them, and no binding."""
        super().__init__(keys, id=id, classes="ask", markup=False)
        self._keys = keys
        self._final = final

    @property
    def keys(self) -> set[str]:
        """The names of the keys that it shows."""
        return {word for answer in _ANSWER.findall(self._keys) for word in answer.partition("  ")[0].split()}

    def ask(self, keys: str) -> None:
        """Show other keys."""
        self._keys = keys
        self.update(keys)

    def say(self, message: str) -> None:
        """Show what happened to an answer; an empty string clears it."""
        self.update(f"{message}\n{self._keys}" if message else self._keys)

    def render(self) -> Content:
        """Draw the action as a badge, and the keys of the other answers stronger than what they do."""
        lines = [Content(f" {line} ") for line in str(self.content).split("\n")]
        first = len(lines) - len(self._keys.split("\n"))
        for number, line in enumerate(lines[first:], first):
            lines[number] = self._drawn(line, has_action=number == first)
        return Content("\n").join(lines)

    def _drawn(self, line: Content, *, has_action: bool) -> Content:
        for answer in _ANSWER.finditer(line.plain):
            key, _, does = answer[0].partition("  ")
            start, end = answer.span()
            if has_action and start == 1 and key.split()[0] in (*self._final, "Enter"):
                line = line.stylize(self.get_visual_style("ask-line--action"), start - 1, end + 1)
            elif does:
                line = line.stylize(self.get_visual_style("ask-line--key", partial=True), start, start + len(key))
        return line

    def on_click(self, event: events.Click) -> None:
        """Answer, if the left button was clicked."""
        at = event.get_content_offset(self)
        if event.button != LEFT_BUTTON or at is None:
            return
        lines = str(self.content).split("\n")
        line = lines[at.y] if at.y < len(lines) else ""
        for answer in _ANSWER.finditer(line):
            if cell_len(line[: answer.start()]) + 1 <= at.x < cell_len(line[: answer.end()]) + 1:
                key = answer[0].split()[0]
                self._answer(_NAMES.get(key, key if len(key) == 1 else key.lower()))

    def _answer(self, key: str) -> None:
        if key in self._final:
            self.post_message(self.AnswerClicked(key))
        elif active := self.screen.active_bindings.get(key):
            self.app.call_later(self.app.run_action, active.binding.action, active.node)


def say_in(screen: Screen[Any], message: str) -> None:
    """Show a message in the line of a dialog, if there is one: there is none while the dialog is rebuilt."""
    for line in screen.query(AskLine):
        line.say(message)
