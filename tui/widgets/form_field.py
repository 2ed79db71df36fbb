"""A field of a form: its label, its input, and what is wrong with it."""

from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.content import Content
from textual.geometry import Size
from textual.style import Style

from tui.domain.holdings import Choice
from tui.language import _
from tui.widgets.completing_input import CompletingInput
from tui.widgets.field_input import FieldInput, PromptInput, symbol_text
from tui.widgets.late_messages import DropsLateMessages
from tui.widgets.pane import Drawn, shortened

LABEL_COLUMNS = 9
"""Where the inputs of the transfer form begin."""


class FormField(DropsLateMessages, Drawn):
    """A labelled input with a line below it for a problem or a hint. A hint is in the input if it fits there."""

    auto_links = True  # that of an amount has some

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "form-field--label",
        "form-field--badge",
        "form-field--hint",
        "form-field--strong",
        "form-field--problem",
    }

    def __init__(self, which: str, label: str, entry: PromptInput, *, label_columns: int = 11) -> None:
        """The input begins at column `label_columns`."""
        super().__init__(id=f"field-{which}", classes="form-field")
        self.which = which
        self.entry = entry
        self.label = label
        self._hint = ""
        self.problem = ""
        """What is wrong with it; empty if nothing is."""
        self._note = ""
        """The text below the input."""
        self._is_inside = False
        """Whether the hint is in the input."""
        entry.styles.margin = (0, 1, 0, label_columns)

    def compose(self) -> ComposeResult:
        """The input, and its suggestions."""
        yield self.entry
        if isinstance(self.entry, CompletingInput):
            yield self.entry.suggestions

    def render(self) -> Content:
        """Draw the label, which the input is next to, and the note below."""
        pen = self.get_visual_style("form-field--badge") if self.entry.has_focus else self._pen("label")
        label = Content.styled(f" {self.label} ", pen)
        return Content("\n").join([label, *self._note_lines(self.content_size.width)])

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the height if a style says that it is automatic."""
        return 1 + max(len(self._note_lines(width)), 1)

    def on_descendant_focus(self) -> None:
        """Show the label as a badge."""
        self.refresh()

    def on_descendant_blur(self) -> None:
        """Show the label."""
        self.refresh()

    def on_resize(self) -> None:
        """Show the note where it fits now."""
        self._show_note()

    def on_field_input_dropped(self, event: FieldInput.Dropped) -> None:
        """Show that part of the text was left out."""
        event.stop()
        is_name = isinstance(self.entry, CompletingInput)
        self.show_problem(
            _("Letters and digits only; the rest was left out") if is_name else _("What cannot be shown was left out")
        )

    def on_prompt_input_key_lost(self, event: PromptInput.KeyLost) -> None:
        """Show that a key is missing from the text."""
        event.stop()
        self.show_problem(_("A key was not understood: check what is typed"))

    @property
    def text(self) -> str:
        """Its text."""
        return self.entry.value

    @property
    def note(self) -> str:
        """The text next to the input or below it: what is wrong, else a hint."""
        return self.problem or self._hint

    def offer(self, choices: list[Choice]) -> None:
        """Complete the text to these choices."""
        if isinstance(self.entry, CompletingInput):
            self.entry.offer(choices)

    def show(self, *, problem: str, hint: str) -> None:
        """Show what is wrong with the field; a hint while nothing is."""
        self._hint = hint
        self.show_problem(problem)

    def show_problem(self, problem: str) -> None:
        """Show what is wrong with the field; an empty string clears it."""
        self.problem = problem
        self._show_note()

    def extra(self) -> Content:
        """Return what is below the input while there is no other text."""
        return Content()

    def _show_note(self) -> None:
        self._is_inside = self.entry.show_hint("" if self.problem else self._hint)
        note = self.problem or ("" if self._is_inside or self.extra() else self._hint)
        if note != self._note:
            before = len(self._note_lines(self.content_size.width))
            self._note = note
            lines = len(self._note_lines(self.content_size.width))
            self.refresh(layout=self.styles.is_auto_height and max(lines, 1) != max(before, 1))

    def _note_lines(self, width: int) -> list[Content]:
        """Return the lines of the note; if the height is fixed, one line."""
        room = max(width - 2, 1)
        if not self._note:
            return [Content(" ") + self.extra()]
        pen = self._pen("problem" if self.problem else "hint")
        if self.styles.is_auto_height:
            indent = " " * self.entry.styles.margin.left
            return [Content(indent) + line for line in Content.styled(self._note, pen).wrap(max(room - len(indent), 1))]
        return [Content(" ") + Content.styled(shortened(self._note, room), pen)]

    @property
    def unseen(self) -> str:
        """What the field has no room for: its problem or its hint; empty if that is in sight."""
        width, height = self.content_size
        is_seen = self._is_inside or (self._note != "" and height > 1 and cell_len(self._note) <= width - 2)
        return "" if is_seen or self.styles.is_auto_height else self.note

    def _pen(self, name: str) -> Style:
        return self.get_visual_style(f"form-field--{name}", partial=True)


def symbol_field(which: str, label: str, text: str, placeholder: str, max_length: int) -> FormField:
    """Return the field of an asset or of a pair, which is completed."""
    entry = CompletingInput(text, clean=symbol_text, placeholder=placeholder, max_length=max_length)
    return FormField(which, label, entry, label_columns=LABEL_COLUMNS)
