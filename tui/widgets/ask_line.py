"""The last line of a dialog: the keys that answer it, each to be clicked as well."""

import re
from dataclasses import dataclass
from typing import Any

from textual import events
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Label

_ANSWER = re.compile(r"\S+(?: {1,2}\S+)*")
"""A key, or several with "or", two blanks, and what it does; wider gaps part the answers."""
_NAMES = {"Esc": "escape"}
_LEFT = 1


class AskLine(Label):
    """Says which keys answer, and above them what has become of an answer. A click on one does what its key does."""

    @dataclass
    class Clicked(Message):
        """An answer was clicked that does something for good."""

        key: str

    def __init__(self, keys: str, *, for_good: tuple[str, ...] = (), id: str | None = None) -> None:  # noqa: A002
        """Takes the keys whose answers are for good: what they do is the screen's, and no binding's."""
        super().__init__(keys, id=id, classes="ask", markup=False)
        self._keys = keys
        self._for_good = for_good

    def ask(self, keys: str) -> None:
        """Wait for other keys."""
        self._keys = keys
        self.update(keys)

    def say(self, words: str) -> None:
        """Say what has become of an answer; nothing takes that away."""
        self.update(f"{words}\n{self._keys}" if words else self._keys)

    def on_click(self, event: events.Click) -> None:
        """Answer, by the left button alone."""
        if event.button != _LEFT:
            return
        lines = str(self.content).split("\n")
        line = lines[event.y] if event.y < len(lines) else ""
        for answer in _ANSWER.finditer(line):
            if answer.start() <= event.x < answer.end():
                key = answer[0].split()[0]
                self._answer(_NAMES.get(key, key if len(key) == 1 else key.lower()))

    def _answer(self, key: str) -> None:
        if key in self._for_good:
            self.post_message(self.Clicked(key))
        elif active := self.screen.active_bindings.get(key):
            self.app.call_later(self.app.run_action, active.binding.action, active.node)


def say_in(screen: Screen[Any], words: str) -> None:
    """Say it in the line of a dialog, if that is there: it is not while the dialog is made anew."""
    for line in screen.query(AskLine):
        line.say(words)
