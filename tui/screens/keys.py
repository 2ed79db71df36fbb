"""The key profiles: choose, add, check, replace, remove."""

from functools import partial
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList

from tui import keys
from tui.desk.keycheck import check
from tui.domain.credentials import SessionKey
from tui.domain.hosts import in_short
from tui.domain.layout import labelled, padded
from tui.exchange.errors import ExchangeError
from tui.language import _, pgettext
from tui.screens.add_key import AddKeyScreen
from tui.screens.closing import StaysOpen, if_good
from tui.screens.unlock import UnlockScreen
from tui.screens.ways_on import SessionKeyAsked, is_way_on
from tui.terminal.question import Question
from tui.widgets.ask_line import AskLine
from tui.widgets.asking_dialog import Dialog
from tui.widgets.at_once import at_once
from tui.widgets.messages import fields
from tui.widgets.steady_list import SteadyList
from tui.words.entries import place

_ASK = _("""\
Enter  Use   a  Add   c  Check   r  Replace   x  Remove
o  Read-only or not   s  Key for this session only   Esc  Close""")
_ASK_IF_NONE = _("a  Add a key   s  Key for this session only     Esc  Close")
_UNLOCK = "     " + _("u  Unlock the keyring")
_NO_KEYS = _("There are no keys yet.")
_MOST_OF_PLACE = 21
"""Characters that a line of the dialog has left."""


class KeysScreen(StaysOpen, ModalScreen[None]):
    """Lists the profiles of one host, or of all."""

    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [
            Binding("a", "add", _("Add key")),
            Binding("c", "check", _("Check key")),
            Binding("r", "replace", _("Replace key")),
            Binding("x,delete", "remove", _("Remove key")),
            Binding("o", "read_only", _("Read-only"), tooltip=_("switch whether something may be sent with the key")),
            Binding("s", "session_key", _("Key for this session")),
            Binding("u", "unlock", _("Unlock the keyring")),
            Binding("escape,q,f4,ctrl+k", "close", _("Close")),
        ]
    )

    @fields
    class ProfileChosen(Message):
        """Posted when the person chooses a profile to go on with."""

        profile: keys.Profile

    def __init__(self, base_url: str | None, *, in_use: str = "") -> None:
        """`in_use` is the name of the profile whose key is in use, if any."""
        super().__init__()
        self._base_url = base_url
        self._in_use = in_use
        self._to_remove: keys.Profile | None = None
        self._question = Question(self, doing=pgettext("doing", "removing"), say=self._ask_to_remove)
        self._removing = ""
        """The name of the key that is being removed: nothing else starts until the keyring has answered."""
        self._problem: keys.KeyStoreError | None = None

    def compose(self) -> ComposeResult:
        with Dialog():
            yield Label(_("KEYS"), classes="title")
            yield SteadyList[keys.Profile](id="profiles", compact=True)
            yield Label(_NO_KEYS, id="no-keys", markup=False)
            yield Label("", id="keys-said", markup=False)
            yield Label("", id="keys-backend", markup=False)
            yield AskLine(_ASK, id="keys-ask")

    def on_mount(self) -> None:
        """List the profiles."""
        self._say("")
        self._list()
        self.find_keyring_name()

    @on(OptionList.OptionSelected)
    def choose(self, event: OptionList.OptionSelected) -> None:
        """Close, to go on with a profile."""
        event.stop()
        name = self._profiles.of(event.option).name
        profile = next((profile for profile in self._profiles.things if profile.name == name), None)
        if profile and not self._is_removing():
            self.post_message(self.ProfileChosen(profile))
            self.dismiss()

    @on(OptionList.OptionHighlighted)
    def leave_question(self, event: OptionList.OptionHighlighted) -> None:
        """Withdraw a question about another key."""
        if self._profiles.marked != self._to_remove:
            self._withdraw()

    def on_screen_suspend(self) -> None:
        """Withdraw a question that another screen covers."""
        self._withdraw()

    def action_add(self) -> None:
        """Ask for a new key."""
        if not self._is_removing():
            self.app.push_screen(AddKeyScreen(self._base_url), self._added)

    def action_replace(self) -> None:
        """Ask for another key under the same name."""
        if not self._is_removing() and (profile := self._profiles.marked):
            self.app.push_screen(AddKeyScreen(profile.base_url, profile), self._added)

    def action_check(self) -> None:
        """Ask the exchange what the key may do."""
        self._withdraw()
        if not self._is_removing() and (profile := self._profiles.marked):
            said = _("Asking {host} what the key {name} may do...")
            self._say(said.format(host=profile.base_url, name=profile.name))
            self.check_key(profile)

    def action_remove(self) -> None:
        """Ask whether to remove the key."""
        if not self._is_removing() and (profile := self._profiles.marked):
            self._to_remove = profile
            self._question.ask()

    def on_key(self, event: events.Key) -> None:
        """Take the yes to `action_remove`, if a person gave it."""
        if event.key == "y" and self._to_remove:
            self._question.answer(event, self._remove)

    def action_read_only(self) -> None:
        """Switch whether something may be sent with the key. That of the key in use counts at once."""
        self._withdraw()
        profile = self._profiles.marked
        if profile is None or self._is_removing():
            return
        try:
            changed = keys.set_read_only(profile.name, read_only=not profile.read_only)
        except keys.KeyStoreError as error:
            self._say(str(error))
            return
        self._list()
        if changed.name == self._in_use:
            self.post_message(self.ProfileChosen(changed))
            self.dismiss()
        else:
            said = _("{name}: nothing may be sent with it now.") if changed.read_only else _("{name}: it may send now.")
            self._say(said.format(name=changed.name))

    def action_session_key(self) -> None:
        """Ask for a key that is kept nowhere."""
        if not self._is_removing():
            self.lead_to(SessionKeyAsked())

    def action_unlock(self) -> None:
        """Ask for the keyring's passphrase, if it is known to be locked."""
        if is_way_on("unlock", self._problem):
            self.app.push_screen(UnlockScreen(), partial(if_good, partial(self._say, _("The keyring is unlocked."))))

    def action_close(self) -> None:
        """Withdraw a question, or close."""
        if self._to_remove:
            self._withdraw()
            return
        if self._removing:
            notice = _("The keyring has not answered yet. F4 will show whether the key {name} is gone.")
            notice = notice.format(name=self._removing)
            self.app.notify(notice, title=_("Keys"), severity="warning", timeout=15, markup=False)
        self.dismiss()

    @work(exclusive=True)
    async def check_key(self, profile: keys.Profile) -> None:
        """Ask the exchange what a key may do."""
        try:
            report = await check(profile)
        except (keys.KeyStoreError, ExchangeError) as error:
            self.post_call(self._finish, labelled(profile.name, error), error)
        else:
            self.post_call(self._finish, "\n".join([labelled(profile.name, report.conclusion), *report.lines]))

    @work(exclusive=True)
    async def delete_from_keyring(self, profile: keys.Profile) -> None:
        """Delete a key from the keyring."""
        try:
            await keys.in_background(lambda: keys.remove(profile.name))
        except keys.KeyStoreError as error:
            self.post_call(self._finish_removal, labelled(profile.name, error), error)
        else:
            self.post_call(self._finish_removal, _("{name} was removed.").format(name=profile.name))

    @work(exclusive=True, group="keyring")
    async def find_keyring_name(self) -> None:
        """Ask the keyring for its name."""
        try:
            name = await keys.in_background(lambda: keys.backend_name(limit_s=keys.SLOW_S))
            text = _("Keyring: {keyring}").format(keyring=name)
        except keys.KeyStoreError as error:
            text = str(error)
        self.post_call(self.query_one("#keys-backend", Label).update, text)

    def _finish(self, text: str, problem: Exception | None = None) -> None:
        """Show a result, in the place of a question."""
        self._withdraw()
        self._say(text, problem)

    def _finish_removal(self, text: str, problem: Exception | None = None) -> None:
        self._removing = ""
        self._list()
        self._finish(text, problem)

    def _ask_to_remove(self, note: str) -> None:
        if profile := self._to_remove:
            question = _("Delete the key {name} from the keyring? The exchange still knows it.   y  yes   Esc or q  no")
            question = question.format(name=profile.name)
            self._say(f"{question}\n{note}" if note else question)

    def _remove(self) -> None:
        if profile := self._to_remove:
            self._to_remove = None
            self._removing = profile.name
            self._say(_("Removing {name}...").format(name=profile.name))
            self.delete_from_keyring(profile)

    def _added(self, profile: keys.Profile | SessionKey | None) -> None:
        if isinstance(profile, keys.Profile):
            known = profile.name in (listed.name for listed in self._profiles.things)
            self._list(profile.name)
            said = _("{name} was replaced. Asking {host}...") if known else _("{name} was added. Asking {host}...")
            self._say(said.format(name=profile.name, host=profile.base_url))
            self.check_key(profile)
        else:
            self._list()  # the keyring may have kept a key that the person gave up waiting for

    @property
    def _profiles(self) -> SteadyList[keys.Profile]:
        return self.query_one("#profiles", SteadyList)

    def _list(self, marked: str = "") -> None:
        """List the profiles. The cursor goes to the marked name; it stays on its own, and starts at the one in use."""
        try:
            listed = keys.profiles()
        except keys.KeyStoreError as error:
            self._say(str(error))
            return
        profiles = [profile for profile in listed if self._base_url in (None, profile.base_url)]
        before = self._profiles.marked
        name = marked or (before.name if before else self._in_use)
        at = next((number for number, profile in enumerate(profiles) if profile.name == name), 0)
        self._profiles.show(((_line(profile, self._in_use), profile) for profile in profiles), at)
        if profiles:
            self._profiles.focus()
        self.query_one("#no-keys").display = not profiles
        self.query_one(AskLine).ask(self._ask)

    def _withdraw(self) -> None:
        """Withdraw the question: a yes counts only while it is visible and nothing else was done."""
        if self._to_remove:
            self._to_remove = None
            self._say(_("Nothing was removed."))

    def _is_removing(self) -> bool:
        """Whether a key is being removed; if so, say so."""
        if self._removing:
            said = _("Still removing {name}: the keyring has not answered yet.")
            self._say(said.format(name=self._removing))
        return bool(self._removing)

    @property
    def _ask(self) -> str:
        keys_to_press = _ASK if self._profiles.things else _ASK_IF_NONE
        return keys_to_press + (_UNLOCK if is_way_on("unlock", self._problem) else "")

    def _say(self, text: str, problem: Exception | None = None) -> None:
        self._problem = problem if isinstance(problem, keys.KeyStoreError) else None
        label = self.query_one("#keys-said", Label)
        label.update(text)
        label.display = bool(text)
        self.query_one(AskLine).ask(self._ask)


def _line(profile: keys.Profile, in_use: str) -> str:
    mark = padded(_("in use") if profile.name == in_use else "", 7)
    where = in_short(place(profile.base_url), _MOST_OF_PLACE)
    only = _("read-only ") if profile.read_only else ""
    return f" {padded(profile.name, 16)} {mark} {profile.kind:<8} ...{profile.tail:<5} {only}{where}"
