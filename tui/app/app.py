"""The app: puts exchange, journal, keys and screens together, and takes them apart again."""

from functools import partial
from typing import ClassVar

from textual import events, work
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from tui import keys
from tui.app.crash import end_on_errors_in_tasks
from tui.app.early_keys import EarlyKeys
from tui.app.locking import IdleLock
from tui.app.opening import (
    NoKeyYet,
    Opened,
    Opening,
    SaySlow,
    Start,
    open_demo,
    open_first,
    open_profile,
    open_session_key,
)
from tui.app.put_off import DeskReady, PutOff
from tui.app.terminal_app import TerminalApp
from tui.desk.desk import Desk
from tui.domain.hosts import DEMO_BASE_URL
from tui.domain.transfer import Draft
from tui.exchange.errors import ExchangeError
from tui.journal import JournalError
from tui.screens.add_key import AddKeyScreen, SessionKey
from tui.screens.keys import KeysScreen
from tui.screens.lock import LockScreen
from tui.screens.main import MainScreen
from tui.screens.staying import Stays
from tui.screens.ways_on import CannotOpen
from tui.screens.welcome import WelcomeScreen
from tui.widgets.ask_line import AskLine


class ShunterApp(TerminalApp):
    """Shunter."""

    TITLE = "Shunter"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1,ctrl+g", "help", "Help", key_display="F1", tooltip="this page"),
        Binding("f4,ctrl+k", "keys", "Keys", key_display="F4", tooltip="key profiles"),
        Binding("ctrl+q", "quit", "Quit", key_display="^Q", priority=True, tooltip="quit"),
        *TerminalApp.BINDINGS,  # for the help
    ]

    def __init__(self, start: Start) -> None:
        super().__init__(has_few_colours=start.has_few_colours)
        self._start = start
        self._draft = start.draft
        """What the form is filled with when it comes up next."""
        self._retry: Opening = partial(open_first, start)
        """What is tried once more where it did not succeed."""
        self._desk: Desk | None = None
        self._in_use = ""
        """The name of the profile whose key the desk has; empty for the demo's, and for one of this session only."""
        self._main: MainScreen | None = None
        """Over the desk; None while there is none to show."""
        self._leaving = False
        self._told_open = 0
        """How many open transfers the person was told of when quitting."""
        self.left_open = 0
        """How many transfers were open when it ended, for the shell."""
        self._has_left = False
        """It has ended: what comes now, comes too late."""
        self._put_off = PutOff()
        self._early_keys = EarlyKeys()
        self._asks_passphrase = False
        """Whether a locked keyring is what the person waits for."""
        self._lock = IdleLock(
            self,
            is_sending=lambda: bool(self._main and self._main.review and self._main.review.is_sending),
            on_lock=self._put_off.drop_key,
        )

    def on_mount(self) -> None:
        """Open the demo, or the profile that was asked for, or say what is missing."""
        end_on_errors_in_tasks(self)
        self._open(open_demo if self._start.demo else self._retry)

    def _open(self, opening: Opening) -> None:
        """Open a desk instead of any other that is on its way."""
        if before := self._put_off.forget():
            self.call_later(before.let_go)
        self.open_desk(opening)

    @work(exclusive=True, group="open")
    async def open_desk(self, opening: Opening) -> None:
        """Open a desk, or say what is missing."""
        try:
            opened = await opening(lambda slow: self.post_message(CannotOpen(str(slow), slow)))
        except NoKeyYet as none:
            asks = self._asks_passphrase and _is_locked(none.problem)
            self.post_message(CannotOpen(str(none), none.problem, none.keyring, needs_passphrase=asks))
        except keys.KeyStoreError as error:
            self.post_message(CannotOpen(str(error), error, needs_passphrase=_is_locked(error)))
        except (JournalError, ExchangeError) as error:
            self.post_message(CannotOpen(str(error)))
        else:
            self.post_message(DeskReady(opened))

    async def on_desk_ready(self, message: DeskReady) -> None:
        """Show the main screen over the new desk."""
        opened = message.opened
        if self._has_left:
            await message.let_go()
        if self._has_left or await self._puts_off(message):
            return
        await self._close_desk()
        self._desk = opened.desk
        self._in_use = opened.profile.name if opened.profile else ""
        await self._take_screens_away()
        self._lock.watch(opened)
        is_open = self._draft == Draft() and not self._draft.chosen
        self._main = MainScreen(opened.desk, opened.status, (opened.last if is_open else None) or self._draft)
        self._early_keys.drop()
        await self.push_screen(self._main)

    async def on_cannot_open(self, message: CannotOpen) -> None:
        """Offer what can be done instead."""
        if isinstance(message.problem, keys.KeyringTimeout) and isinstance(self.screen, ModalScreen):
            return  # the person is on one of the other ways already
        if self._has_left or await self._puts_off(message):
            return
        await self._take_screens_away()
        self._asks_passphrase = False
        welcome = WelcomeScreen(message)
        if not message.needs_passphrase:
            self._early_keys.drop()
        await self.push_screen(welcome)
        if message.needs_passphrase:
            welcome.action_unlock()  # it gets what was typed early

    async def _puts_off(self, message: CannotOpen | DeskReady) -> bool:
        """Whether it waits: a transfer goes to its end with the key that it was begun with, and its result is read. And
        nothing comes up while a secret is being typed.
        """
        is_in_transfer = self._main and self._main.review and not self._lock.is_locked
        # Under the cover nothing is sent, and nobody could close a result.
        if not (is_in_transfer or self._is_asking):
            return False
        await self._put_off.put(message)
        return True

    @property
    def _is_asking(self) -> bool:
        """Whether a secret is being typed, or is one key away."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, LockScreen):
                return False
            if isinstance(screen, Stays) or (isinstance(screen, WelcomeScreen) and screen.asks_secret):
                return True
        return False

    async def on_main_screen_transfer_left(self) -> None:
        """Go on with what waited for it."""
        if message := await self._put_off.take():
            self.post_message(message)

    async def on_stays_ready(self) -> None:
        """Hand on what was typed for it, before what is typed from here on."""
        if isinstance(self.screen, Stays) and not self.screen.takes_keys:
            self.screen.takes_keys = True
            for event in self._early_keys.give():
                await self.on_event(event)

    async def on_stays_left(self) -> None:
        """Go on with what waited for the secret to be typed."""
        if self._is_asking or self._has_left:
            return
        if message := await self._put_off.take():
            if isinstance(message, CannotOpen):
                message.needs_passphrase = False  # the person has just left such a screen
            self.post_message(message)
        elif self._main:
            self._main.tell_corrections()

    def on_welcome_screen_demo_chosen(self) -> None:
        """Open the demo instead."""
        self._open(open_demo)

    def on_welcome_screen_retry_chosen(self) -> None:
        """Try once more what failed."""
        keys.look_again()
        self._open(self._retry)

    def on_session_key_asked(self) -> None:
        """Ask for a key that is for this session only."""
        if self._may_change_key():
            base_url = self._desk.client.base_url if self._desk and self._lock.is_locked else self._start.base_url
            self.push_screen(AddKeyScreen(base_url, for_session=True), self._session_key_typed)

    async def on_session_bus_chosen(self) -> None:
        """Start a D-Bus session, and open with the keyring that is reached through it."""
        if self._may_change_key():
            self._early_keys.wait()
            await self._leave_asking()
            self._asks_passphrase = True
            self._open(partial(_with_session_bus, self._retry))

    async def _leave_asking(self) -> None:
        """Take away the screens that led to a choice."""
        while isinstance(self.screen, Stays):
            await self.pop_screen()

    async def on_event(self, event: events.Event) -> None:
        """Note when the person was last there. A key that comes when the app should be locked, as one that wakes the
        machine may, only locks it.
        """
        if self._has_left and isinstance(event, events.InputEvent | events.Paste):
            return  # it would open screens that nobody makes any more
        if not (self._lock.heard(event) or self._is_early(event)):
            await super().on_event(event)

    def _is_early(self, event: events.Event) -> bool:
        """Whether it was typed before there was a screen for it, and not for the one that is there."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            return False
        takes_keys = not isinstance(self.screen, WelcomeScreen | Stays) or self.screen.takes_keys
        return self._early_keys.take(event, takes_keys=takes_keys)

    def on_input_driver_paste_broke_out(self) -> None:
        """Say what the keys were that nobody pressed."""
        words = "What was pasted tried to press keys. Look at what is in the form before you send."
        self.notify(words, title="Pasted", severity="error", timeout=15)
        for ask in self.screen.query(AskLine):  # a notice waits until the question is gone
            ask.say("What was pasted tried to press keys. Look at all of it.")

    async def on_lock_screen_key_fetched(self, message: LockScreen.KeyFetched) -> None:
        """Go on where it was left, but not while a secret is being typed over the cover."""
        if isinstance(self.screen, Stays) and (cover := self._lock.cover):
            cover.wake_when_seen()
        else:
            await self._lock.unlock(message.key)

    async def _session_key_typed(self, typed: keys.Profile | SessionKey | None) -> None:
        """Go on where it was left, if it is the key that was let go of. Another one is another account: open it."""
        if not isinstance(typed, SessionKey):
            return
        await self._leave_asking()
        desk = self._desk if self._lock.is_locked else None
        if desk and (typed.base_url, typed.profile) == (desk.client.base_url, desk.profile):
            self.call_later(self._lock.unlock, typed.key)
            return
        if desk:
            words = f"Not the key of {desk.profile}. What is open of {desk.profile} waits for its own key."
            self.notify(words, title=f"Key {typed.profile}", severity="warning", timeout=15, markup=False)
        self._open(partial(open_session_key, typed))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Under the cover there is nothing but waking and quitting."""
        return not self._lock.is_locked or action not in ("help", "keys", "command_palette")

    def on_keys_screen_chosen(self, message: KeysScreen.Chosen) -> None:
        """Go on with another profile."""
        if self._may_change_key():
            self._retry = partial(open_profile, message.profile)
            self._open(self._retry)

    def _may_change_key(self) -> bool:
        """Whether no transfer is in flight; says so where one is."""
        if self._desk and self._desk.in_flight:
            self.notify("A transfer waits for its answer: change the key after it.", severity="warning")
            if isinstance(self.screen, WelcomeScreen | Stays):
                self.screen.choose_again()
                self._early_keys.drop()
            return False
        return True

    def action_help(self) -> None:
        """Show the help."""
        from tui.screens.help import HelpScreen  # late: it knows every screen with keys to tell of

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen())

    def action_keys(self) -> None:
        """Show the key profiles."""
        if not isinstance(self.screen, KeysScreen):
            self.push_screen(KeysScreen(self._start.base_url, in_use=self._in_use))

    async def action_quit(self) -> None:
        """Quit. A transfer in flight is waited for, and an unknown one is told of; a second quit leaves both to the
        journal.
        """
        if self._desk and self._desk.in_flight and not self._leaving:
            self._leaving = True
            self.notify(
                "Waiting for the answer to a transfer. Ctrl+Q again leaves at once: the next start finds out.",
                title="Quitting",
                timeout=60,
            )
            self.quit_when_answered(self._desk)
        else:
            await self._quit_but_for_open()

    async def _quit_but_for_open(self) -> None:
        """Quit, but first say, once, that there are transfers whose outcome is unknown."""
        count = self._desk.open_count if self._desk else 0
        if count <= self._told_open or self._leaving:
            await self._leave()
            return
        self._told_open = count
        are, they = ("1 transfer is", "it") if count == 1 else (f"{count} transfers are", "they")
        self.notify(
            f"{are} unknown: do not repeat {'it' if count == 1 else 'them'}. Shunter looks how {they} ended while it "
            f"runs{'' if self._is_demo else ', and at the next start'}. Ctrl+Q again quits.",
            title="Quitting",
            severity="warning",
            timeout=60,
        )

    @property
    def _is_demo(self) -> bool:
        """Whether the journal ends with the app."""
        return bool(self._desk and self._desk.client.base_url == DEMO_BASE_URL)

    @work(group="quit")
    async def quit_when_answered(self, desk: Desk) -> None:
        """Quit as soon as nothing is in flight."""
        await desk.finish()
        self._leaving = False
        await self._quit_but_for_open()

    async def _take_screens_away(self) -> None:
        """Take all screens away. What is in the form is kept for the next one, unless it is under the cover."""
        if self._main:
            self._draft = Draft() if self._lock.is_locked else self._main.draft
            self._main = None
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        self._lock.end()

    async def _leave(self) -> None:
        """Quit now; what is in flight is left to the journal."""
        if self._has_left:  # without the answer that it waited for
            return
        self._has_left = True
        self.left_open = self._desk.open_count if self._desk and not self._is_demo else 0
        await self._put_off.put(None)
        await self._close_desk()
        self.exit()

    async def _close_desk(self) -> None:
        if self._desk:
            desk, self._desk = self._desk, None
            await desk.close()


async def _with_session_bus(opening: Opening, say_slow: SaySlow) -> Opened:
    """Open with a D-Bus session that is started for it. Raises KeyStoreError."""
    await keys.in_background(keys.start_session_bus)
    return await opening(say_slow)


def _is_locked(problem: keys.KeyStoreError | None) -> bool:
    """Whether a passphrase is all that is missing."""
    return isinstance(problem, keys.KeyringLocked) and keys.Remedy.UNLOCK in problem.remedies
