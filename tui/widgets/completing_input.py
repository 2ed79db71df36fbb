"""An input with suggestions below it."""

from collections.abc import Callable
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from tui.domain.holdings import Choice, matching
from tui.language import _
from tui.widgets.field_input import FieldInput
from tui.widgets.pane import LEFT_BUTTON, Drawn

_ARROWS_HELP = _("in Asset and Pair: choose a suggestion; Esc undoes it")
_ROWS = 8
_TAKE = " Tab "
"""Marks the line that Tab takes."""

_NAME_COLUMNS = 10
"""The least width of names, so that the notes next to them seldom move."""


class Suggestions(Drawn):
    """The lines below a completing input, over what is below. They close when the input loses the focus.

    An OptionList would do, but lays out the whole screen at each key.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"suggestions--chosen"}

    def __init__(self, take: Callable[[int], None]) -> None:
        """`take` is called with the index of a clicked line."""
        super().__init__()
        self._take = take
        self.choices: list[Choice] = []
        self.chosen: int | None = None
        """Which of the choices is in the field."""
        self.has_meant = False
        """Whether Tab takes the first one."""
        self._rows = _ROWS

    def show(self, choices: list[Choice], chosen: int | None = None, *, has_meant: bool = False) -> None:
        """Show as many choices as there is room for around the chosen one, and how many more there are."""
        self.has_meant = has_meant
        self._rows = max(2, min(_ROWS, (self.screen.size.height - 2) // 2))  # fit on one side of the field
        height = min(len(choices), self._rows)
        if not self.display or self.styles.height is None or self.styles.height.value != height:
            self.styles.height = height
            self.display = bool(choices)
        self.choices, self.chosen = choices, chosen
        self.refresh()

    def render(self) -> Content:
        """Draw a line for each choice."""
        width = self.content_size.width
        shown = self.choices[self._top :][: self._room]
        names = max([_NAME_COLUMNS, *(cell_len(choice.value) for choice in shown)])
        lines = []
        for index, choice in enumerate(shown, self._top):
            key = _TAKE if index == 0 and self.has_meant else ""
            text = set_cell_size(f" {set_cell_size(choice.value, names)} {choice.note}", width - len(key))
            line = Content(text + key)
            is_chosen = index == self.chosen
            lines.append(line.stylize(self.get_visual_style("suggestions--chosen")) if is_chosen else line)
        if more := len(self.choices) - self._top - len(shown):
            said = _(" {count} more: type on, or Down").format(count=more)
            lines.append(Content(set_cell_size(said, width)))
        return Content("\n").join(lines)

    def post_message(self, message: Message) -> bool:
        """Take a clicked line now: as a message it would wait while the next key changes the lines."""
        if not isinstance(message, events.Click):
            return super().post_message(message)
        index = self._top + message.y
        if message.button == LEFT_BUTTON and 0 <= message.y < self._room and index < len(self.choices):
            self._take(index)
        return True

    @property
    def _room(self) -> int:
        """How many choices are shown; the last line says how many more there are."""
        return self._rows if len(self.choices) <= self._rows else self._rows - 1

    @property
    def _top(self) -> int:
        return max(0, (self.chosen or 0) - self._room + 1)


class CompletingInput(FieldInput):
    """Typing and Down open the list. Up and Down put a line into the field as if it had been typed; Esc undoes that.
    Tab takes the marked line, the first one that begins with the typed text, and goes on. What is in the field
    counts, and nothing else in the list.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "next", _("Next suggestion"), show=False, priority=True, tooltip=_ARROWS_HELP),
        Binding("up", "previous", _("Previous suggestion"), show=False, priority=True, tooltip=_ARROWS_HELP),
        Binding("enter", "take", _("Take the suggestion"), show=False, priority=True),
        Binding("escape", "undo", _("Undo the suggestion"), show=False, priority=True),
    ]

    def __init__(self, value: str = "", *, clean: Callable[[str], str], **options: object) -> None:
        super().__init__(value, clean=clean, **options)
        self.suggestions = Suggestions(self.fill)
        self._choices: list[Choice] = []
        self._typed = self.value
        self._filled: str | None = self.value
        """The last value that was not typed."""

    def offer(self, choices: list[Choice]) -> None:
        """Set the choices, the likeliest first."""
        self._choices = choices
        if self.suggestions.choices and self.suggestions.chosen is None:
            self._open()

    def on_mount(self) -> None:
        """Close the list when the focus goes elsewhere."""
        self.watch(self.screen, "focused", self._close, init=False)

    def watch_value(self, value: str) -> None:
        """Offer what the typed text can become."""
        if not self.is_mounted or value == self._filled:
            return
        self._typed, self._filled = value, None
        if self.screen.focused is self and value:
            self._open()
        else:
            self._close()

    def fill(self, index: int) -> None:
        """Put a line of the list into the field."""
        self._put(self.suggestions.choices[index].value)
        self.suggestions.show(self.suggestions.choices, index)

    @property
    def is_choosing(self) -> bool:
        """Whether a line of the open list is in the field."""
        return bool(self.suggestions.choices) and self.suggestions.chosen is not None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the list's keys alone while it is closed; but Down opens it."""
        if action == "take":
            return self.is_choosing
        return bool(self.suggestions.choices) or action not in ("previous", "undo")

    def action_next(self) -> None:
        """Open the list, or put its next line into the field."""
        shown, chosen = self.suggestions.choices, self.suggestions.chosen
        if shown:
            self.fill(0 if chosen is None else (chosen + 1) % len(shown))
        else:
            self._typed = self.value
            self._open()

    def action_previous(self) -> None:
        """Put the previous line into the field."""
        self.fill(((self.suggestions.chosen or 0) - 1) % len(self.suggestions.choices))

    def action_take(self) -> None:
        """Keep what was chosen, and close the list."""
        self._close()

    def accept_suggestion(self) -> None:
        """Put in what is meant, where a line of the list says that Tab does so: the person goes on."""
        if self.suggestions.has_meant:
            self._put(self.suggestions.choices[0].value)

    def on_click(self) -> None:
        """Open the list; if the text needs no completion, show every choice."""
        if not self.suggestions.choices:
            self._typed = self.value
            self._open()
        if not self.suggestions.choices:
            self.suggestions.show(self._choices)

    def action_undo(self) -> None:
        """Restore what was typed."""
        self._put(self._typed)
        self._close()

    def _put(self, value: str) -> None:
        self._filled = value
        self.value = value
        self.cursor_position = len(value)

    def _open(self) -> None:
        matches = matching(self._choices, self._typed)
        is_exact = bool(matches) and matches[0].value == self._typed
        if len(matches) == 1 and is_exact:
            matches = []
        is_begun = bool(matches and self._typed) and matches[0].value.startswith(self._typed) and not is_exact
        self.suggestions.show(matches, has_meant=is_begun)

    def _close(self) -> None:
        self.suggestions.show([])
