"""The line in which a person filters a list."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

from tui.language import _
from tui.widgets.at_once import at_once
from tui.widgets.field_input import FieldInput
from tui.widgets.late_messages import DropsLateMessages
from tui.widgets.messages import fields

_PLACEHOLDER = _("words, october, 2026-10, yesterday, asset: outcome: from: to:")
_LONGEST = 200


class FilterLine(DropsLateMessages, Horizontal):
    """A line above the messages. It is shown while it has text or the focus."""

    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [
            Binding("enter,escape,down", "back", _("Back to the list"), key_display="Enter"),
        ]
    )

    @fields
    class Typed(Message):
        """Posted when its text has changed."""

        text: str

    @fields
    class Left(Message):
        """Posted when the person goes back to the list; the text stays."""

    def __init__(self, text: str = "", *, placeholder: str = _PLACEHOLDER) -> None:
        """Takes its first text, and examples of what can be typed."""
        super().__init__()
        self._text = text
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        """A label and the text."""
        yield Label(_(" Filter "))
        yield FieldInput(self._text, placeholder=self._placeholder, max_length=_LONGEST)

    def on_mount(self) -> None:
        """Hide it if it has no text."""
        self.display = bool(self._text)

    def enter(self) -> None:
        """Show it, and focus it."""
        self.display = True
        self.screen.set_focus(self.query_one(FieldInput))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Post its text."""
        event.stop()
        self.post_message(self.Typed(event.value))

    def action_back(self) -> None:
        """Go back to the list."""
        self.display = bool(self.query_one(FieldInput).value)
        self.post_message(self.Left())
