"""The line at the bottom with the screen's keys."""

from typing import Any, ClassVar

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.screen import Screen

from tui.structs import Struct
from tui.widgets.ask_line import AskLine
from tui.widgets.pane import LEFT_BUTTON, Drawn

_GAP = 2
_LAST = "help", "command_palette", "close", "leave", "dismiss", "dismiss(None)"
"""Actions whose keys are at the right end of every screen's line, and have room before the others."""


class ShownKey(Struct):
    """A key, as it is pressed and as it is named, and what it does."""

    key: str
    name: str
    description: str

    @property
    def width(self) -> int:
        """How many columns it takes."""
        return cell_len(f"{self.name} {self.description}")


class KeyBar(Drawn):
    """Shows keys whole or not at all, the most important first, but not those that a dialog shows itself. A click
    presses a key.

    Textual's footer is a widget for each key, all made anew and laid out when the focus changes.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-bar--key"}

    def __init__(self) -> None:
        super().__init__()
        self._keys: list[ShownKey] = []
        self._last: list[ShownKey] = []

    def on_mount(self) -> None:
        """Follow the keys of the screen."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)
        self.app.screen_change_signal.subscribe(self, lambda _: self.refresh())

    def render(self) -> Content:
        """Draw the keys that there is room for."""
        style = self.get_visual_style("key-bar--key", partial=True)
        shown = [Content(f"{key.name} {key.description}").stylize(style, 0, len(key.name)) for key in self.in_sight()]
        line = Content(" ") + Content(" " * _GAP).join(shown)
        return line.pad_right(max(self.content_size.width - line.cell_length, 0))

    def in_sight(self) -> list[ShownKey]:
        """Return the keys that there is room for, in their order; none while another screen takes the keys."""
        if self.app.screen is not self.screen:
            return []
        room = self.content_size.width - 1
        last, room = _fitting(self._last[::-1], room)
        shown, _ = _fitting(self._keys, room)
        return [*shown, *last[::-1]]

    def on_click(self, event: events.Click) -> None:
        """Press the clicked key."""
        start = 1
        for key in self.in_sight():
            if start <= event.x < start + key.width and event.button == LEFT_BUTTON:
                self.app.simulate_key(key.key)
            start += key.width + _GAP

    def _bindings_changed(self, screen: Screen[Any]) -> None:
        if screen is not self.screen or not screen.app.app_focus:
            return
        shown: dict[str, ShownKey] = {}
        answers = {key for line in screen.query(AskLine) for key in line.keys}
        for _, binding, is_enabled, _ in screen.active_bindings.values():
            if binding.show and is_enabled:
                name = self.app.get_key_display(binding)
                if name in answers:
                    continue
                action = binding.action.removeprefix("app.")
                shown.setdefault(action, ShownKey(binding.key, name, binding.description))
        keys = [key for action, key in shown.items() if action not in _LAST]
        last = [shown[action] for action in _LAST if action in shown]
        if (keys, last) != (self._keys, self._last):
            self._keys, self._last = keys, last
            self.refresh()


def _fitting(keys: list[ShownKey], room: int) -> tuple[list[ShownKey], int]:
    """Return the first keys that there is room for, and the room that is left."""
    shown = []
    for key in keys:
        if key.width > room:
            break
        shown.append(key)
        room -= key.width + _GAP
    return shown, room
