"""Add a key: typed or pasted without showing it, checked, and put into the keyring."""

from enum import Enum, auto
from functools import partial
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Label

from tui import keys
from tui.domain.credentials import ApiKey, SessionKey
from tui.domain.hosts import DEFAULT_BASE_URL, parse_base_url
from tui.keys import InvalidKey, KeyField, KeyringState, KeyStoreError
from tui.language import _
from tui.screens.closing import StaysOpen, if_good
from tui.screens.unlock import UnlockScreen
from tui.screens.ways_on import OffersWays, is_way_on, ways_on
from tui.widgets.ask_line import AskLine
from tui.widgets.asking_dialog import Dialog
from tui.widgets.at_once import at_once
from tui.widgets.field_input import FieldInput, SecretInput
from tui.widgets.form_field import FormField

_NO_PLACE = (KeyringState.UNAVAILABLE, KeyringState.NO_BUS, KeyringState.UNSAFE)
_WAYS = _(", or press ^C and use a key for this session only.")


class KeyUse(Enum):
    """What a new key is for."""

    NEW_PROFILE = auto()
    SESSION = auto()


class AddKeyScreen(StaysOpen, OffersWays, ModalScreen[keys.Profile | SessionKey | None]):
    """Asks for a key. Returns the new profile, the key itself if it is for this session only, or None.

    No key is asked for while no keyring can keep it.
    """

    AUTO_FOCUS = "#field-api-key Input"  # what is pasted at once must not show
    BINDINGS: ClassVar[list[BindingType]] = [
        *at_once(
            [
                Binding("tab", "app.focus_next", _("Next field"), show=False),
                Binding("shift+tab", "app.focus_previous", _("Previous field"), show=False),
                Binding("enter,f2,ctrl+r", "add", _("Add"), key_display="F2"),
                Binding("escape,ctrl+c", "cancel", _("Cancel")),
            ]
        ),
        # Disabled while there are fields to type into.
        *at_once(
            [
                Binding("s", "session_key", _("Key for this session"), show=False),
                Binding("p", "accept_plain_text", _("Plain text"), show=False),
                Binding("b", "start_bus", _("Start D-Bus"), show=False),
            ]
        ),
    ]

    def __init__(self, base_url: str | None, use: KeyUse | keys.Profile = KeyUse.NEW_PROFILE) -> None:
        """`use` is what the key is for, or the profile whose key it replaces."""
        super().__init__()
        self._use = use
        self._base_url = base_url or DEFAULT_BASE_URL
        self._adding = ""
        """The name of the key that is being put into the keyring."""
        match use:
            case KeyUse.NEW_PROFILE:
                self._title, self._ask = _("ADD A KEY"), _("Enter or F2  Add     Esc or ^C  Cancel")
            case KeyUse.SESSION:
                self._title = _("A KEY FOR THIS SESSION")
                self._ask = _("Enter or F2  Use     Esc or ^C  Cancel")
            case keys.Profile():
                title = _("ANOTHER KEY for {name}, in the place of ...{tail}")
                self._title = title.format(name=use.name, tail=use.tail)
                self._ask = _("Enter or F2  Replace     Esc or ^C  Cancel, and keep the old one")

    def compose(self) -> ComposeResult:
        with Dialog():
            yield Label(self._title, classes="title", markup=False)
            yield Label("", id="no-place", classes="meaning", markup=False)
            if self._use is KeyUse.NEW_PROFILE:
                yield FormField("name", _("Name"), FieldInput("main", max_length=32))
            yield FormField("base-url", _("Host"), FieldInput(self._base_url))
            yield FormField("api-key", _("API key"), SecretInput())
            yield FormField("secret", _("Secret"), SecretInput())
            yield Label("", id="add-said", markup=False)
            yield AskLine(self._ask)

    def on_mount(self) -> None:
        """Explain the fields. Before anything is typed, find out whether the key can be kept."""
        self._field("api-key").show(problem="", hint=_("Typed or pasted; it is not shown"))
        pem = _("The HMAC secret, or the whole PEM of an Ed25519 or RSA key, pasted")
        self._field("secret").show(problem="", hint=pem)
        self.query_one("#no-place").display = False
        if self._use is not KeyUse.SESSION:
            self.look_for_keyring()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """If no keyring can keep the key, only the other ways on are enabled; otherwise none of them."""
        return self.problem is None if action == "add" else is_way_on(action, self.problem)

    def action_add(self) -> None:
        """Check everything, then put it into the keyring, once."""
        if self._adding:
            said = _("Still putting {name} into the keyring: it has not answered yet.")
            return self._say(said.format(name=self._adding))
        fields = {form_field.which: form_field for form_field in self.query(FormField)}
        for form_field in fields.values():
            form_field.show_problem("")
        try:
            name = keys.parse_profile_name(fields["name"].text) if "name" in fields else ""
        except ValueError as error:
            return self._refuse("name", str(error))
        try:
            base_url = parse_base_url(fields["base-url"].text)
        except ValueError as error:
            return self._refuse("base-url", str(error))
        try:
            key = keys.parse_key(None, fields["api-key"].text, fields["secret"].text)
        except InvalidKey as error:
            return self._refuse("api-key" if error.field is KeyField.API_KEY else "secret", str(error))
        if self._use is KeyUse.SESSION:
            self.dismiss(SessionKey(key, base_url))
            return None
        self._adding = self._use.name if isinstance(self._use, keys.Profile) else name
        self._say(_("Putting it into the keyring..."))
        self.add_key(self._adding, key, base_url)
        return None

    def action_cancel(self) -> None:
        """Close without adding, or without waiting for the keyring's answer."""
        if self._adding:
            notice = _("The keyring has not answered yet. F4 will show whether it has the key {name}.")
            self.app.notify(
                notice.format(name=self._adding), title=_("Keys"), severity="warning", timeout=15, markup=False
            )
        self.dismiss(None)

    @work(exclusive=True)
    async def add_key(self, name: str, key: ApiKey, base_url: str) -> None:
        """Put the key into the keyring."""
        slow = self.set_timer(keys.SLOW_S, lambda: self._say(str(keys.still_waiting(_WAYS))))
        try:
            put = keys.replace if isinstance(self._use, keys.Profile) else keys.add
            profile = await keys.in_background(lambda: put(name, key, base_url))
        except KeyStoreError as error:
            self.post_call(self._not_added, error)
        else:
            self.post_call(self.dismiss, profile)
        finally:
            slow.stop()

    def _not_added(self, problem: KeyStoreError) -> None:
        """Say what is wrong, and keep what was typed. A locked keyring can be unlocked first."""
        self._adding = ""
        self._say(str(problem))
        if problem.needs_passphrase:
            self.app.push_screen(UnlockScreen(), partial(if_good, self.action_add))

    @work(exclusive=True, group="look")
    async def look_for_keyring(self) -> None:
        """Find out whether a keyring can keep the key. Anything else that is wrong shows when the key is added."""
        try:
            await keys.in_background(keys.require_keyring)
        except KeyStoreError as problem:
            if problem.state in _NO_PLACE:
                self.post_call(self._show_place, problem)
        else:
            self.post_call(self._show_place, None)

    def go_on(self) -> None:
        """Find out whether the accepted keyring can keep the key."""
        self.look_for_keyring()

    def _show_place(self, problem: KeyStoreError | None) -> None:
        """Ask for the key; if it cannot be kept, say so and offer the ways on instead."""
        if self._adding or problem is self.problem:
            return
        self.problem = problem
        label = self.query_one("#no-place", Label)
        label.update(str(problem or ""))
        label.display = problem is not None
        for form_field in self.query(FormField):
            form_field.display = problem is None
            if isinstance(form_field.entry, SecretInput):
                form_field.entry.value = ""
        ways = ways_on(problem, "session_key", "accept_plain_text", "start_bus")
        ask = "\n".join([*(f"{key}  {text}" for key, text in ways), _("Esc or ^C  Cancel")])
        self.query_one(AskLine).ask(ask if problem else self._ask)
        self.set_focus(None if problem else self._field("api-key").entry)

    def _field(self, which: str) -> FormField:
        return self.query_one(f"#field-{which}", FormField)

    def _refuse(self, which: str, problem: str) -> None:
        self._say("")
        self._field(which).show_problem(problem)
        self.set_focus(self._field(which).entry)

    def _say(self, text: str) -> None:
        self.query_one("#add-said", Label).update(text)
