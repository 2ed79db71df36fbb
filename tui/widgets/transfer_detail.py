"""All of the entry under the cursor of a list, next to the list if the terminal is wide enough."""

from typing import ClassVar

from textual.content import Content

from tui.domain.layout import padded
from tui.domain.transfer import Outcome
from tui.language import _
from tui.widgets.late_messages import DropsLateMessages
from tui.widgets.pane import Pane
from tui.words.entries import Description

_NAME_COLUMNS = 11
"""The marker's column, and the names of the facts."""
_MORE = _("(Enter shows all of it)")


class TransferDetail(DropsLateMessages, Pane):
    """Shows a description without a key press; without one, it shows nothing."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"entry-table--{outcome}" for outcome in Outcome}

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._description: Description | None = None

    def show(self, description: Description | None) -> None:
        """Show a description, or nothing."""
        if description != self._description:
            self._description = description
            self.refresh()

    def lines(self) -> list[Content]:
        """Return the strip with the place and the time, the outcome, what it means, and every fact."""
        width, height = self.content_size
        description = self._description
        if description is None:
            return [self.strip_line(_("TRANSFER"))]
        outcome = f"entry-table--{description.style}"
        pen = self.get_visual_style(outcome, partial=True) if description.style else self.pen("strong")
        title = [
            Content.styled(f" {line.plain}", pen).stylize("bold") for line in _wrapped(description.title, width - 2)
        ]
        meaning = [Content(" ") + line for line in _wrapped(description.meaning, width - 2)]
        facts = []
        for name, value in description.facts:
            label = Content.styled(padded(f" {name}", _NAME_COLUMNS), self.pen("muted"))
            for line in _wrapped(value, width - _NAME_COLUMNS - 1):
                facts.append(label + line)
                label = Content(" " * _NAME_COLUMNS)
        gap = [Content()] if len(title) + len(meaning) + len(facts) + 2 < height else []
        lines = [*title, *gap, *meaning, *gap, *facts]
        if len(lines) > height - 1:
            lines = [*lines[: max(height - 2, 0)], Content.styled(f" {_MORE}", self.pen("muted"))]
        return [self.strip_line(_("TRANSFER"), description.at), *lines]


def _wrapped(text: str, width: int) -> list[Content]:
    return [line.rstrip() for line in Content(text).wrap(max(width, 1))]
