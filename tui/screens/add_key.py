"""Adding a key: typed or pasted unseen, checked, and put into the keyring."""

from dataclasses import dataclass
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Label

from tui import keys
from tui.domain.credentials import ApiKey, SessionKey
from tui.domain.hosts import DEFAULT_BASE_URL, parse_base_url
from tui.keys import InvalidKey, KeyField, KeyringState, KeyStoreError
from tui.screens.closing import StaysOpen
from tui.screens.plain_text import PlainTextScreen
from tui.screens.unlock import UnlockScreen
from tui.screens.ways_on import ALL_THE_SAME, SESSION_KEY, START_BUS, SessionBusChosen, SessionKeyAsked, is_way_on
from tui.widgets.ask_line import AskLine
from tui.widgets.at_once import at_once
from tui.widgets.field_input import FieldInput, SecretInput
from tui.widgets.form_field import FormField

_NO_PLACE = (KeyringState.UNAVAILABLE, KeyringState.NO_BUS, KeyringState.UNSAFE)
_ASK = "Enter or F2  add        Esc or ^C  cancel"
_WAYS = ", or press ^C and use a key for this session only."
_ASK_SESSION = "Enter or F2  use        Esc or ^C  cancel"
_ASK_REPLACE = "Enter or F2  replace        Esc or ^C  cancel, and keep the old one"


class AddKeyScreen(StaysOpen, ModalScreen[keys.Profile | SessionKey | None]):
    """Asks for a key. It ends with the new profile, with the key itself where it is for this session only, or None."""

    AUTO_FOCUS = "#field-api-key Input"  # the rest is filled in; what is pasted at once is not shown there
    BINDINGS: ClassVar[list[BindingType]] = [
        *at_once(
            [
                Binding("tab", "app.focus_next", "Next field", show=False),
                Binding("shift+tab", "app.focus_previous", "Previous field", show=False),
                Binding("enter,f2,ctrl+r", "add", "Add", key_display="F2"),
                Binding("escape,ctrl+c", "cancel", "Cancel"),
            ]
        ),
        # Of no effect while there are fields to type into.
        *at_once(
            [
                Binding("s", "session_key", "Key for this session", show=False),
                Binding("p", "accept_plain_text", "Plain text", show=False),
                Binding("b", "start_bus", "Start D-Bus", show=False),
            ]
        ),
    ]

    @dataclass
    class Added(Message):
        """The key is in the keyring."""

        profile: keys.Profile

    @dataclass
    class Refused(Message):
        """The key is not in the keyring."""

        problem: KeyStoreError

    @dataclass
    class NoPlace(Message):
        """There is no keyring that could keep the key."""

        problem: KeyStoreError

    class Kept(Message):
        """There is a keyring that can keep the key."""

    def __init__(
        self, base_url: str | None, *, for_session: bool = False, replaces: keys.Profile | None = None
    ) -> None:
        """Takes the profile whose name the key is to have, where it takes the place of that one's."""
        super().__init__()
        self._for_session = for_session
        self._replaces = replaces
        self._base_url = base_url or DEFAULT_BASE_URL
        self._adding = ""
        """The name of the key that is on its way into the keyring."""
        self._no_place: KeyStoreError | None = None
        """Why no keyring could keep the key: then none is asked for."""

    def compose(self) -> ComposeResult:
        """Name, host, API key, secret."""
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Label(self._title, classes="title", markup=False)
            yield Label("", id="no-place", classes="meaning", markup=False)
            if self._asks_name:
                yield FormField("name", "Name", FieldInput("main", max_length=32))
            yield FormField("base-url", "Host", FieldInput(self._base_url))
            yield FormField("api-key", "API key", SecretInput())
            yield FormField("secret", "Secret", SecretInput())
            yield Label("", id="add-said", markup=False)
            yield AskLine(self._ask)

    @property
    def _ask(self) -> str:
        if self._no_place:
            ways = {
                "s": ("session_key", SESSION_KEY),
                "p": ("accept_plain_text", ALL_THE_SAME),
                "b": ("start_bus", START_BUS),
            }
            offered = [f"{key}  {words}" for key, (action, words) in ways.items() if self.check_action(action, ())]
            return "\n".join([*offered, "Esc or ^C  cancel"])
        return _ASK_SESSION if self._for_session else _ASK_REPLACE if self._replaces else _ASK

    @property
    def _asks_name(self) -> bool:
        return not (self._for_session or self._replaces)

    @property
    def _title(self) -> str:
        if self._replaces:
            return f"Another key for {self._replaces.name}, in the place of ...{self._replaces.tail}"
        return "A key for this session" if self._for_session else "Add a key"

    def on_mount(self) -> None:
        """Say what goes where; and before anything is typed, where there is no place for it."""
        self._field("api-key").show_hint("Typed or pasted; it is not shown")
        self._field("secret").show_hint("The HMAC secret, or the whole PEM of an Ed25519 or RSA key, pasted")
        self.query_one("#no-place").display = False
        if not self._for_session:
            self.look_for_keyring()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a place for a key there are only the other ways, and with one none of them."""
        return self._no_place is None if action == "add" else is_way_on(action, self._no_place)

    def action_add(self) -> None:
        """Check everything, then put it into the keyring, once."""
        if self._adding:
            return self._say(f"Still putting {self._adding} into the keyring: it has not answered yet.")
        fields = {form_field.which: form_field for form_field in self.query(FormField)}
        for form_field in fields.values():
            form_field.show_problem("")
        try:
            name = keys.parse_profile_name(fields["name"].text) if self._asks_name else ""
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
        if self._for_session:
            self.dismiss(SessionKey(key, base_url))
            return None
        self._adding = self._replaces.name if self._replaces else name
        self._say("Putting it into the keyring...")
        self.add_key(self._adding, key, base_url)
        return None

    def action_cancel(self) -> None:
        """Leave without adding, or without waiting for the keyring to say whether it was added."""
        if self._adding:
            words = f"The keyring has not said yet whether it keeps the key {self._adding}: look again with F4."
            self.app.notify(words, title="Keys", severity="warning", timeout=15, markup=False)
        self.dismiss(None)

    @work(exclusive=True)
    async def add_key(self, name: str, key: ApiKey, base_url: str) -> None:
        """Put the key into the keyring."""
        slow = self.set_timer(keys.SLOW_S, lambda: self._say(str(keys.still_waiting(_WAYS))))
        try:
            put = keys.replace if self._replaces else keys.add
            profile = await keys.in_background(lambda: put(name, key, base_url))
        except KeyStoreError as error:
            self.post_message(self.Refused(error))
        else:
            self.post_message(self.Added(profile))
        finally:
            slow.stop()

    def on_add_key_screen_added(self, message: Added) -> None:
        """Done."""
        self.dismiss(message.profile)

    def on_add_key_screen_refused(self, message: Refused) -> None:
        """Say why, and keep what was entered. A locked keyring is unlocked on the way."""
        self._adding = ""
        self._say(str(message.problem))
        if message.problem.needs_passphrase:
            self.app.push_screen(UnlockScreen(), self._unlocked)

    @work(exclusive=True, group="look")
    async def look_for_keyring(self) -> None:
        """Find out whether any keyring could keep the key. What else may be amiss with it, adding will tell."""
        try:
            await keys.in_background(keys.require_keyring)
        except KeyStoreError as problem:
            if problem.state in _NO_PLACE:
                self.post_message(self.NoPlace(problem))
        else:
            self.post_message(self.Kept())

    def on_add_key_screen_no_place(self, message: NoPlace) -> None:
        """Say it instead of asking for secrets, with the ways that there are."""
        if not self._adding:
            self._show_place(message.problem)

    def on_add_key_screen_kept(self) -> None:
        """Ask for the key, where that was not done yet."""
        if self._no_place:
            self._show_place(None)

    def action_session_key(self) -> None:
        """Ask for a key that is kept nowhere instead."""
        self.lead_to(SessionKeyAsked())

    def action_accept_plain_text(self) -> None:
        """Ask for the words that accept a keyring which is not safe."""
        if self._no_place:
            self.app.push_screen(PlainTextScreen(self._no_place.keyring), self._accepted)

    def _accepted(self, good: bool | None) -> None:
        if good:
            self.look_for_keyring()

    def action_start_bus(self) -> None:
        """Start a D-Bus session."""
        self.lead_to(SessionBusChosen())

    def _show_place(self, problem: KeyStoreError | None) -> None:
        self._no_place = problem
        label = self.query_one("#no-place", Label)
        label.update(str(problem or ""))
        label.display = problem is not None
        for form_field in self.query(FormField):
            form_field.display = problem is None
            if isinstance(form_field.entry, SecretInput):
                form_field.entry.value = ""
        self.query_one(AskLine).ask(self._ask)
        self.set_focus(None if problem else self._field("api-key").entry)

    def _unlocked(self, good: bool | None) -> None:
        if good:
            self.action_add()

    def _field(self, which: str) -> FormField:
        return self.query_one(f"#field-{which}", FormField)

    def _refuse(self, which: str, problem: str) -> None:
        self._say("")
        self._field(which).show_problem(problem)
        self.set_focus(self._field(which).entry)

    def _say(self, words: str) -> None:
        self.query_one("#add-said", Label).update(words)
