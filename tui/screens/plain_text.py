"""Accept a keyring that may keep keys in plain text, by typing so, once."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Label

from tui import keys
from tui.screens.closing import StaysOpen
from tui.widgets.ask_line import AskLine
from tui.widgets.at_once import at_once
from tui.widgets.field_input import FieldInput
from tui.widgets.form_field import FormField

_WARNING = """\
keeps what it is given where other programs of this account, and whoever
copies its files, may read it. A key in it can move funds between your
wallets, and do all else that its permissions allow. The header will say
PLAIN TEXT from then on."""


class PlainTextScreen(StaysOpen, ModalScreen[bool]):
    """Asks for the words. Returns whether the keyring is accepted."""

    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [Binding("enter", "accept", "Accept", show=False), Binding("escape,ctrl+c", "cancel", "Cancel")]
    )

    def __init__(self, keyring: str) -> None:
        super().__init__()
        self._keyring = keyring

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="dialog -page", can_focus=False):
            yield Label("A keyring in plain text", classes="title")
            yield Label(f"{self._keyring}\n{_WARNING}", classes="meaning", markup=False)
            yield Label(f"To use it, type: {keys.ACCEPTANCE}", classes="meaning", markup=False)
            yield FormField("acceptance", "Words", FieldInput())
            yield AskLine("Enter  accept        Esc or ^C  cancel")

    def action_accept(self) -> None:
        """Accept the keyring if the words are right."""
        field = self.query_one(FormField)
        try:
            if keys.accept_plain_text(self._keyring, field.text):
                self.dismiss(True)
            else:
                field.show_problem("These are not the words")
        except keys.SettingsFileError as error:
            field.show_problem(str(error))

    def action_cancel(self) -> None:
        """Close; the keyring is not accepted."""
        self.dismiss(False)
