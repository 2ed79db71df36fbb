"""The key profiles: choose, add, check, remove."""

from dataclasses import dataclass
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList

from tui import keys
from tui.desk.keycheck import KeyCheck, check
from tui.domain.credentials import SessionKey
from tui.exchange.errors import ExchangeError
from tui.screens.add_key import AddKeyScreen
from tui.screens.closing import StaysOpen
from tui.screens.unlock import UnlockScreen
from tui.screens.ways_on import SessionKeyAsked
from tui.terminal.question import Question
from tui.widgets.ask_line import AskLine
from tui.widgets.at_once import at_once
from tui.widgets.keyring_name import KeyringName
from tui.widgets.profile_list import ProfileList

_ASK = """\
Enter use   a add   c check   r replace   x remove
s key for this session only   Esc or q close"""
_ASK_UNLOCK = f"u unlock the keyring\n{_ASK}"
_NO_KEYS = "There are no keys yet: press a to add one."


class KeysScreen(StaysOpen, ModalScreen[None]):
    """Lists the profiles of one host, or of all."""

    BINDINGS: ClassVar[list[BindingType]] = at_once(
        [
            Binding("a", "add", "Add key"),
            Binding("c", "check", "Check key"),
            Binding("r", "replace", "Replace key"),
            Binding("x,delete", "remove", "Remove key"),
            Binding("s", "session_key", "Key for this session"),
            Binding("u", "unlock", "Unlock the keyring"),
            Binding("escape,q,f4,ctrl+k", "close", "Close"),
        ]
    )

    @dataclass
    class Chosen(Message):
        """The person wants to go on with a profile."""

        profile: keys.Profile

    @dataclass
    class Said(Message):
        """What came of something that took a while."""

        words: str
        problem: keys.KeyStoreError | None = None
        ends_removal: bool = False

    def __init__(self, base_url: str | None, *, in_use: str = "") -> None:
        """Takes the name of the profile whose key is in use, if one's is."""
        super().__init__()
        self._base_url = base_url
        self._in_use = in_use
        self._to_remove: keys.Profile | None = None
        self._question = Question(self, doing="removing", say=self._ask_to_remove)
        self._removing = ""
        """The name of the key that is on its way out of the keyring: until that has said so, nothing else is begun."""
        self._problem: keys.KeyStoreError | None = None

    def compose(self) -> ComposeResult:
        """The list, and below it what the last action said, and which keyring is in use."""
        with VerticalScroll(classes="dialog -page", can_focus=False):
            yield Label("Keys", classes="title")
            yield ProfileList(id="profiles")
            yield Label(_NO_KEYS, id="no-keys", markup=False)
            yield Label("", id="keys-said", markup=False)
            yield KeyringName(id="keys-backend")
            yield AskLine(_ASK, id="keys-ask")

    def on_mount(self) -> None:
        """List what there is."""
        self._say("")
        self._list()

    @on(OptionList.OptionSelected)
    def choose(self, event: OptionList.OptionSelected) -> None:
        """Go on with a profile."""
        event.stop()
        if not self._is_removing() and (profile := self.query_one(ProfileList).named(event.option_id)):
            self.post_message(self.Chosen(profile))
            self.dismiss()

    @on(OptionList.OptionHighlighted)
    def leave_question(self, event: OptionList.OptionHighlighted) -> None:
        """Take back a question about another key."""
        if self.query_one(ProfileList).marked != self._to_remove:
            self._withdraw()

    def on_screen_suspend(self) -> None:
        """Take back a question that something else is shown over."""
        self._withdraw()

    def action_add(self) -> None:
        """Ask for a new key."""
        if not self._is_removing():
            self.app.push_screen(AddKeyScreen(self._base_url), self._added)

    def action_replace(self) -> None:
        """Ask for another key under the same name."""
        if not self._is_removing() and (profile := self.query_one(ProfileList).marked):
            self.app.push_screen(AddKeyScreen(profile.base_url, replaces=profile), self._added)

    def action_check(self) -> None:
        """Ask the exchange what the key may do."""
        self._withdraw()
        if not self._is_removing() and (profile := self.query_one(ProfileList).marked):
            self._say(f"Asking {profile.base_url} what the key {profile.name} may do...")
            self.check_key(profile)

    def action_remove(self) -> None:
        """Ask whether a key should go."""
        if not self._is_removing() and (profile := self.query_one(ProfileList).marked):
            self._to_remove = profile
            self._question.ask()

    def on_key(self, event: events.Key) -> None:
        """Take the yes to the question of `action_remove`, where a person gave it."""
        if event.key == "y" and self._to_remove:
            self._question.answer(event, self._remove)

    def action_session_key(self) -> None:
        """Ask for a key that is kept nowhere."""
        if not self._is_removing():
            self.lead_to(SessionKeyAsked())

    def action_unlock(self) -> None:
        """Ask for the keyring's passphrase, where it is known to be locked."""
        if self._can_unlock():
            self.app.push_screen(UnlockScreen(), lambda good: self._say("The keyring is unlocked.") if good else None)

    def action_close(self) -> None:
        """Take a question back, or go back to where this was opened."""
        if self._to_remove:
            self._withdraw()
            return
        if self._removing:
            words = f"The keyring has not said yet whether the key {self._removing} is gone: look again with F4."
            self.app.notify(words, title="Keys", severity="warning", timeout=15, markup=False)
        self.dismiss()

    @work(exclusive=True)
    async def check_key(self, profile: keys.Profile) -> None:
        """Ask the exchange what a key may do."""
        try:
            self.post_message(self.Said(_report_words(profile, await check(profile))))
        except keys.KeyStoreError as error:
            self.post_message(self.Said(f"{profile.name}: {error}", error))
        except ExchangeError as error:
            self.post_message(self.Said(f"{profile.name}: {error}"))

    @work(exclusive=True)
    async def delete_from_keyring(self, profile: keys.Profile) -> None:
        """Delete a key, and say what came of it."""
        try:
            await keys.in_background(lambda: keys.remove(profile.name))
        except keys.KeyStoreError as error:
            self.post_message(self.Said(f"{profile.name}: {error}", error, ends_removal=True))
        else:
            self.post_message(self.Said(f"{profile.name} was removed.", ends_removal=True))

    def on_keys_screen_said(self, message: Said) -> None:
        """Show what came of it, in the place of a question that may stand there."""
        self._withdraw()
        if message.ends_removal:
            self._removing = ""
            self._list()
        self._say(message.words, message.problem)

    def _ask_to_remove(self, words: str) -> None:
        if profile := self._to_remove:
            question = (
                f"Delete the key {profile.name} from the keyring? The exchange still knows it.   y  yes   Esc or q  no"
            )
            self._say(f"{question}\n{words}" if words else question)

    def _remove(self) -> None:
        if profile := self._to_remove:
            self._to_remove = None
            self._removing = profile.name
            self._say(f"Removing {profile.name}...")
            self.delete_from_keyring(profile)

    def _added(self, profile: keys.Profile | SessionKey | None) -> None:
        if isinstance(profile, keys.Profile):
            profiles = self.query_one(ProfileList)
            known = profile.name in (listed.name for listed in profiles.profiles)
            self._list()
            profiles.mark(profile.name)
            self._say(f"{profile.name} was {'replaced' if known else 'added'}. Asking {profile.base_url}...")
            self.check_key(profile)
        else:
            self._list()  # what was given up while the keyring was slow may be there all the same

    def _list(self) -> None:
        try:
            listed = keys.profiles()
        except keys.KeyStoreError as error:
            self._say(str(error))
            return
        profiles = tuple(profile for profile in listed if self._base_url in (None, profile.base_url))
        self.query_one(ProfileList).show(profiles, self._in_use)
        self.query_one("#no-keys").display = not profiles

    def _withdraw(self) -> None:
        """Take the question back: a yes to it counts only while it is seen, and nothing else was done."""
        if self._to_remove:
            self._to_remove = None
            self._say("Nothing was removed.")

    def _is_removing(self) -> bool:
        """Whether a key is on its way out of the keyring; says so."""
        if self._removing:
            self._say(f"Still removing {self._removing}: the keyring has not answered yet.")
        return bool(self._removing)

    def _can_unlock(self) -> bool:
        return self._problem is not None and keys.Remedy.UNLOCK in self._problem.remedies

    def _say(self, words: str, problem: keys.KeyStoreError | None = None) -> None:
        self._problem = problem
        said = self.query_one("#keys-said", Label)
        said.update(words)
        said.display = bool(words)
        self.query_one(AskLine).ask(_ASK_UNLOCK if self._can_unlock() else _ASK)


def _report_words(profile: keys.Profile, report: KeyCheck) -> str:
    return "\n".join([f"{profile.name}: {report.verdict}", *report.lines])
