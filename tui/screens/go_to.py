"""Moves the focus to any field or list with two keys: Ctrl+O and a letter."""

from collections.abc import Mapping
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Label

from tui.language import _
from tui.screens.closing import DismissesItself
from tui.widgets.at_once import at_once

LETTERS = {
    "f": ("#from", _("From")),
    "p": ("#field-from-pair Input", _("From pair")),
    "t": ("#to", _("To")),
    "o": ("#field-to-pair Input", _("To pair")),
    "a": ("#field-asset Input", _("Asset")),
    "m": ("#field-amount Input", _("Amount")),
    "s": ("#transfers", _("Session")),
}
"""The target of each letter on the main screen, in the order of Tab: its selector and its name."""


class GoToScreen(DismissesItself, ModalScreen[None]):
    """Shows the letters in the key bar. Any other key closes it, and does nothing else."""

    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [Binding(letter, f"go('{letter}')", name, show=False) for letter, (_selector, name) in LETTERS.items()]
    )

    def __init__(self, targets: Mapping[str, Widget]) -> None:
        """`targets` has the widget of each letter that can have the focus now."""
        super().__init__()
        self._targets = targets

    def compose(self) -> ComposeResult:
        """Show one line."""
        letters = "  ".join(
            f"[@click=screen.go('{letter}')]{letter} {LETTERS[letter][1]}[/]" for letter in self._targets
        )
        yield Label(_(" Go to:  {letters}").format(letters=letters), id="go-to")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow only the letters of targets."""
        return action != "go" or parameters[0] in self._targets

    def action_go(self, letter: str) -> None:
        """Move the focus at once: the next key may be for the target."""
        target = self._targets[letter]
        self.dismiss()
        target.screen.set_focus(target)

    def post_message(self, message: Message) -> bool:
        """Close at any other key, at once: the next one is for the form."""
        if isinstance(message, events.Key):
            self.dismiss()
            return True
        return super().post_message(message)
