"""The line that names the move, with the action at its right end."""

from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.content import Content

from tui.domain.form import FormState
from tui.language import _
from tui.widgets.pane import LEFT_BUTTON, Drawn, shortened
from tui.words.entries import move_names

_ACTION = _(" F2 Review ")
_ACTION_COLUMNS = cell_len(_ACTION)


class MoveLine(Drawn):
    """Names the move as a person does, and next to it, muted, the exchange's name of each type. A click on the action
    reviews.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"move-line--type", "move-line--action"}

    def __init__(self) -> None:
        super().__init__()
        self._names: list[tuple[str, str]] = [("", "")]
        """Each with the type or without, the longest first."""

    def show(self, state: FormState) -> None:
        """Show the move of the form."""
        names = move_names(state.draft.route, *state.ends)
        if names != self._names:
            self._names = names
            self.refresh()

    def render(self) -> Content:
        """Draw the longest names that fit."""
        room = self.content_size.width - _ACTION_COLUMNS - 4
        label, type_name = next((each for each in self._names if sum(map(cell_len, each)) + 2 <= room), self._names[-1])
        muted = self.get_visual_style("move-line--type", partial=True)
        line = Content(f" {shortened(label, room)}") + Content.styled(f"  {type_name}".rstrip(), muted)
        gap = self.content_size.width - line.cell_length - _ACTION_COLUMNS - 1
        action = Content.styled(_ACTION, self.get_visual_style("move-line--action"))
        return line + " " * max(gap, 1) + action

    def on_click(self, event: events.Click) -> None:
        """Review, if the action was clicked."""
        end = self.content_size.width - 1
        if event.button == LEFT_BUTTON and end - _ACTION_COLUMNS <= event.x < end:
            self.app.call_later(self.screen.run_action, "review")
