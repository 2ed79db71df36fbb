"""A field of a form: its label, its input, and what is wrong with it."""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label

from tui.domain.holdings import Choice
from tui.widgets.completing_input import CompletingInput
from tui.widgets.field_input import FieldInput, PromptInput
from tui.widgets.late_messages import DropsLateMessages
from tui.widgets.note_line import NoteLine


class FormField(DropsLateMessages, Vertical):
    """A labelled input with a line below it for a problem or a hint."""

    def __init__(self, which: str, label: str, entry: Input) -> None:
        super().__init__(id=f"field-{which}", classes="form-field")
        self.which = which
        self.entry = entry
        self.label = label
        self._hint = ""
        self._problem = ""

    def compose(self) -> ComposeResult:
        """The label and the input, and the note below."""
        with Horizontal():
            yield Label(self.label, classes="field-label", markup=False)
            yield self.entry
        if isinstance(self.entry, CompletingInput):
            yield self.entry.suggestions
        yield NoteLine(classes="field-note")

    def on_field_input_dropped(self, event: FieldInput.Dropped) -> None:
        """Show that part of the text was left out."""
        event.stop()
        is_name = isinstance(self.entry, CompletingInput)
        self.show_problem(f"{'Letters and digits only; the rest' if is_name else 'What cannot be shown'} was left out")

    def on_prompt_input_key_lost(self, event: PromptInput.KeyLost) -> None:
        """Show that a key is missing from the text."""
        event.stop()
        self.show_problem("A key was not understood: check what is typed")

    @property
    def text(self) -> str:
        """Its text."""
        return self.entry.value

    def offer(self, choices: list[Choice]) -> None:
        """Complete the text to these choices."""
        if isinstance(self.entry, CompletingInput):
            self.entry.offer(choices)

    def show_problem(self, problem: str) -> None:
        """Show what is wrong with the field; an empty string clears it."""
        if problem != self._problem:
            self._problem = problem
            self._show_note()

    def show_hint(self, hint: str) -> None:
        """Show a hint while nothing is wrong."""
        if hint != self._hint:
            self._hint = hint
            self._show_note()

    def _show_note(self) -> None:
        self.set_class(bool(self._problem), "-problem")
        self.query_one(NoteLine).say(self._problem or self._hint)
