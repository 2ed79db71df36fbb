"""Make a keyring usable: unlock or create GNOME Keyring, or accept a keyring in plain text."""

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Label

from tui import keys
from tui.domain.credentials import Secret
from tui.language import _
from tui.screens.closing import StaysOpen
from tui.widgets.ask_line import AskLine
from tui.widgets.asking_dialog import Dialog
from tui.widgets.at_once import at_once
from tui.widgets.field_input import FieldInput, SecretInput
from tui.widgets.form_field import FormField

_ASK = _("Enter  Unlock     Esc or ^C  Cancel")
_ASK_NEW = _("Enter  Make it     Esc or ^C  Cancel")
_NEW = _("""\
There is no login keyring yet. This passphrase makes it, and unlocks it from
now on. If you log in with a password, use the same one: the keyring then
often unlocks by itself. Nobody can recover a lost passphrase.""")
_KNOWN = _("The passphrase of the login keyring, usually your login password.")
_WARNING = _("""\
{keyring}
may keep keys where other programs of this account, and anyone who copies
its files, can read them. A key can move funds between your wallets, and do
whatever else its permissions allow. The header will say PLAIN TEXT.""")


class UnlockScreen(StaysOpen, ModalScreen[bool]):
    """Asks for the passphrase. Returns whether the keyring is unlocked."""

    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [
            Binding("tab", "app.focus_next", _("Next field"), show=False),
            Binding("shift+tab", "app.focus_previous", _("Previous field"), show=False),
            Binding("enter", "submit", _("Unlock"), show=False),
            Binding("escape,ctrl+c", "dismiss(False)", _("Cancel")),
        ]
    )

    def __init__(self) -> None:
        super().__init__()
        self._is_new = keys.is_new()
        self._is_waiting = False

    def compose(self) -> ComposeResult:
        with Dialog():
            yield Label(_("MAKE THE LOGIN KEYRING") if self._is_new else _("UNLOCK THE KEYRING"), classes="title")
            yield Label(_NEW if self._is_new else _KNOWN, classes="meaning", markup=False)
            yield FormField("passphrase", _("Passphrase"), SecretInput())
            if self._is_new:
                yield FormField("again", _("Once more"), SecretInput())
            yield Label("", id="unlock-said", markup=False)
            yield AskLine(_ASK_NEW if self._is_new else _ASK)

    def action_submit(self) -> None:
        """Go to the second field, or unlock."""
        if self._is_waiting:
            return
        first = self.query_one("#field-passphrase", FormField)
        if not first.text:
            self._say(_("Enter a passphrase."))
            return
        if self._is_new:
            second = self.query_one("#field-again", FormField)
            if self.focused is first.entry:
                self.set_focus(second.entry)
                return
            if second.text != first.text:
                self._ask_again(_("The two passphrases differ."))
                return
        self._is_waiting = True
        self._say(_("Unlocking..."))
        self.unlock(Secret(first.text))

    @work(exclusive=True)
    async def unlock(self, passphrase: Secret) -> None:
        """Hand the passphrase to the keyring's daemon."""
        try:
            await keys.in_background(lambda: keys.unlock(passphrase))
        except keys.KeyStoreError as error:
            self.post_call(self._ask_again, str(error))
        else:
            self.post_call(self.dismiss, True)

    def _ask_again(self, problem: str) -> None:
        self._is_waiting = False
        for entry in self.query(SecretInput):
            entry.value = ""
        self.set_focus(self.query_one("#field-passphrase", FormField).entry)
        self._say(problem)

    def _say(self, text: str) -> None:
        self.query_one("#unlock-said", Label).update(text)


class PlainTextScreen(StaysOpen, ModalScreen[bool]):
    """Asks for the words. Returns whether the keyring is accepted."""

    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [Binding("enter", "accept", _("Accept"), show=False), Binding("escape,ctrl+c", "dismiss(False)", _("Cancel"))]
    )

    def __init__(self, keyring: str) -> None:
        super().__init__()
        self._keyring = keyring

    def compose(self) -> ComposeResult:
        with Dialog():
            yield Label(_("A KEYRING IN PLAIN TEXT"), classes="title")
            yield Label(_WARNING.format(keyring=self._keyring), classes="meaning", markup=False)
            yield Label(_("To use it, type: {words}").format(words=_(keys.ACCEPTANCE)), classes="meaning", markup=False)
            yield FormField("acceptance", _("Words"), FieldInput())
            yield AskLine(_("Enter  Accept     Esc or ^C  Cancel"))

    def action_accept(self) -> None:
        """Accept the keyring if the words are right."""
        field = self.query_one(FormField)
        try:
            if keys.accept_plain_text(self._keyring, field.text):
                self.dismiss(True)
            else:
                field.show_problem(_("These are not the words"))
        except keys.SettingsFileError as error:
            field.show_problem(str(error))
