"""A field of a form: what it is called, what is typed, and what is wrong with it."""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label

from tui.domain.choices import Choice
from tui.widgets.completing_input import CompletingInput
from tui.widgets.field_input import FieldInput, PromptInput
from tui.widgets.late_messages import DropsLateMessages
from tui.widgets.note_line import NoteLine


class FormField(DropsLateMessages, Vertical):
    """A labelled input with a line below it for what is wrong, or what is worth knowing."""

    def __init__(self, which: str, label: str, entry: Input) -> None:
        super().__init__(id=f"field-{which}", classes="form-field")
        self.which = which
        self.entry = entry
        self.label = label
        self._hint = ""
        self._problem = ""

    def compose(self) -> ComposeResult:
        """Label and input side by side, the note below."""
        with Horizontal():
            yield Label(self.label, classes="field-label", markup=False)
            yield self.entry
        if isinstance(self.entry, CompletingInput):
            yield self.entry.suggestions
        yield NoteLine(classes="field-note")

    def on_field_input_dropped(self, event: FieldInput.Dropped) -> None:
        """Say that part of what was typed is not there."""
        event.stop()
        is_name = isinstance(self.entry, CompletingInput)
        self.show_problem(f"{'Letters and digits only; the rest' if is_name else 'What cannot be shown'} was left out")

    def on_prompt_input_key_lost(self, event: PromptInput.KeyLost) -> None:
        """Say that a key is missing from what was typed."""
        event.stop()
        self.show_problem("A key was not understood: check what is typed")

    @property
    def text(self) -> str:
        """What is typed in it."""
        return self.entry.value

    def offer(self, choices: list[Choice]) -> None:
        """Complete what is typed to these."""
        if isinstance(self.entry, CompletingInput):
            self.entry.offer(choices)

    def show_problem(self, problem: str) -> None:
        """Say what is wrong with the field; an empty text takes that back."""
        if problem != self._problem:
            self._problem = problem
            self._show_note()

    def show_hint(self, hint: str) -> None:
        """Say what is worth knowing while nothing is wrong."""
        if hint != self._hint:
            self._hint = hint
            self._show_note()

    def _show_note(self) -> None:
        self.set_class(bool(self._problem), "-problem")
        self.query_one(NoteLine).say(self._problem or self._hint)
