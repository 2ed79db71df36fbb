"""Going from field to field, and to any of them by a letter."""

from textual.screen import Screen
from textual.widget import Widget

from tui.screens.go_to import LETTERS, GoToScreen
from tui.widgets.completing_input import CompletingInput
from tui.widgets.transfer_form import TransferForm


class HasFields(Screen[None]):
    """Has a form, and lists beside it."""

    def action_move_focus(self, step: int) -> None:
        """Go from field to field, in the order of the form.

        Textual's own order is that of places on the screen, where a pair field that just appeared has none yet. Going
        on takes the suggestion that is meant.
        """
        if step > 0 and isinstance(self.focused, CompletingInput):
            self.focused.take_meant()
        fields = [widget for widget in self.query("*") if can_go_to(widget)]
        if not fields:  # as in a terminal that is too small
            return
        at = fields.index(self.focused) if self.focused in fields else -max(step, 0)
        self.set_focus(fields[(at + step) % len(fields)])

    def action_go_on(self) -> None:
        """Go from a wallet that was chosen to what is to be said next."""
        self.query_one(TransferForm).go_on()

    def action_go_to(self) -> None:
        """Ask where to go."""
        found = {letter: self.query(selector) for letter, (selector, _) in LETTERS.items()}
        targets = {letter: widgets.first() for letter, widgets in found.items() if widgets}
        self.app.push_screen(GoToScreen({letter: there for letter, there in targets.items() if can_go_to(there)}))


def can_go_to(widget: Widget) -> bool:
    """Whether it takes the focus, and is where a person sees it."""
    return widget.focusable and all(node.display for node in widget.ancestors_with_self if isinstance(node, Widget))
