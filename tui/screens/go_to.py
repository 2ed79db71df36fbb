"""Going to any field or list with two keys: one that asks where, and a letter."""

from collections.abc import Mapping
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Label

from tui.screens.closing import DismissesItself
from tui.widgets.at_once import at_once

LETTERS = {
    "f": ("#from", "From"),
    "t": ("#to", "To"),
    "a": ("#field-asset Input", "Asset"),
    "m": ("#field-amount Input", "Amount"),
    "p": ("#field-from-pair Input", "From pair"),
    "o": ("#field-to-pair Input", "To pair"),
    "h": ("HoldingsTable", "Holdings"),
    "s": ("#transfers", "Session"),
}
"""What each letter leads to on the main screen: a selector, and its name."""


class GoToScreen(DismissesItself, ModalScreen[None]):
    """Shows the letters in the line of the keys. Any other key takes it away, and does nothing else."""

    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [Binding(letter, f"go('{letter}')", name, show=False) for letter, (_, name) in LETTERS.items()]
    )

    def __init__(self, targets: Mapping[str, Widget]) -> None:
        """Takes what each letter leads to just now."""
        super().__init__()
        self._targets = targets

    def compose(self) -> ComposeResult:
        """One line."""
        words = "  ".join(f"[@click=screen.go('{letter}')]{letter} {LETTERS[letter][1]}[/]" for letter in self._targets)
        yield Label(f" Go to:  {words}", id="go-to")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only to what is there."""
        return action != "go" or parameters[0] in self._targets

    def action_go(self, letter: str) -> None:
        """Go there at once: the next key may be for what is there."""
        target = self._targets[letter]
        self.dismiss()
        target.screen.set_focus(target)

    def post_message(self, message: Message) -> bool:
        """Go away at any other key, at once: the next one is for the form."""
        if isinstance(message, events.Key):
            self.dismiss()
            return True
        return super().post_message(message)
