"""The line in which a person says what of a list they look for."""

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Label

from tui.widgets.at_once import at_once
from tui.widgets.field_input import FieldInput
from tui.widgets.late_messages import DropsLateMessages

_PLACEHOLDER = "any text, wallet: from: to: asset: outcome: profile: host: since: until:"
_LONGEST = 200


class FilterLine(DropsLateMessages, Vertical):
    """One line, and below it what is wrong with it. It is there while something stands in it, or it has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [
            Binding("enter,escape,down", "leave", "Back to the list", key_display="Enter"),
        ]
    )

    @dataclass
    class Typed(Message):
        """Another text stands in it."""

        text: str

    @dataclass
    class Left(Message):
        """The person goes back to the list; what was typed stays."""

    def __init__(self, text: str = "") -> None:
        """Takes what stands in it at first."""
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """What it is, the text, and the note."""
        with Horizontal():
            yield Label("Filter", classes="field-label")
            yield FieldInput(self._text, placeholder=_PLACEHOLDER, max_length=_LONGEST)
        yield Label("", classes="field-note", markup=False)

    def on_mount(self) -> None:
        """Without a text, not there yet."""
        self.display = bool(self._text)

    @property
    def has_person(self) -> bool:
        """Whether a person types in it."""
        return self.has_focus_within

    def enter(self) -> None:
        """Come into sight, and take what is typed next."""
        self.display = True
        self.screen.set_focus(self.query_one(FieldInput))

    def show_problem(self, problem: str) -> None:
        """Say what is wrong; an empty text takes that back."""
        self.query_one(".field-note", Label).update(problem)
        self.set_class(bool(problem), "-problem")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass on what stands in it."""
        event.stop()
        self.post_message(self.Typed(event.value))

    def action_leave(self) -> None:
        """Back to the list."""
        self.display = bool(self.query_one(FieldInput).value)
        self.post_message(self.Left())
