"""The app: puts exchange, journal, keys and screens together, and takes them apart again."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events, on, work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.scrollbar import ScrollBar, ScrollBarRender

from tui import keys
from tui.app.crash import crash_report
from tui.app.idle import IdleWatch
from tui.app.opening import NoKeyYet, Opened, Start, fetch_key, open_demo, open_first, open_profile, open_session_key
from tui.desk.desk import Desk
from tui.desk.keycheck import KeyReport, examine
from tui.domain.credentials import ApiKey
from tui.domain.transfer import Draft, Transfer
from tui.exchange.errors import ExchangeError
from tui.journal import JournalError
from tui.screens.add_key import AddKeyScreen, SessionKey
from tui.screens.help import HelpScreen
from tui.screens.keys import KeysScreen
from tui.screens.lock import LockScreen
from tui.screens.main import MainScreen
from tui.screens.review import ReviewScreen
from tui.screens.welcome import WelcomeScreen
from tui.terminal.driver import TypedDriver
from tui.widgets.field_input import SecretInput
from tui.widgets.status_bar import StatusBar

Opening = Callable[[], Awaitable[Opened]]


class PlainScrollBarRender(ScrollBarRender):
    """Scroll bars of blanks: block characters have an ambiguous width in East Asian terminals."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


class ShunterApp(App[bool]):
    """Shunter. It ends with whether it is to be started again, inside a D-Bus session."""

    TITLE = "Shunter"
    CSS_PATH = "shunter.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1,ctrl+g", "help", "Help", key_display="F1"),
        Binding("f4,ctrl+k", "keys", "Keys", key_display="F4"),
        Binding("ctrl+q", "quit", "Quit", key_display="^Q", priority=True),
    ]

    @dataclass
    class DeskReady(Message):
        """Everything it takes to make transfers is there."""

        opened: Opened

    @dataclass
    class CannotOpen(Message):
        """Something that it takes to make transfers is missing."""

        words: str
        problem: keys.KeyStoreError | None = None
        keyring: str = ""

    @dataclass
    class KeyExamined(Message):
        """The exchange has said what the key may do."""

        report: KeyReport

    @dataclass
    class KeyFetched(Message):
        """The key is back from the keyring."""

        key: ApiKey

    @dataclass
    class KeyNotFetched(Message):
        """The keyring does not give the key back, or not yet."""

        problem: keys.KeyStoreError

    @dataclass
    class EarlierFound(Message):
        """Transfers of earlier sessions are still open."""

        transfers: list[Transfer]

    def __init__(self, start: Start) -> None:
        super().__init__(driver_class=TypedDriver)
        self.animation_level = "none"  # every frame would be traffic on a slow line
        ScrollBar.renderer = PlainScrollBarRender
        self._start = start
        self._draft = start.draft
        """What the form is filled with when it comes up next."""
        self._retry: Opening = lambda: open_first(start, self._say_slow)
        """What is tried once more where it did not succeed."""
        self._desk: Desk | None = None
        self._profile: keys.Profile | None = None
        self._leaving = False
        self._idle = IdleWatch(self, is_busy=self._is_sending, on_idle=self._lock)

    def on_mount(self) -> None:
        """Open the demo, or the profile that was asked for, or say what is missing."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._unhandled_in_task)
        # Ended from outside, it still gives the terminal back. SIGHUP keeps its default: the terminal is gone.
        loop.add_signal_handler(signal.SIGTERM, lambda: self.call_later(self._leave))
        self.open_desk(open_demo if self._start.demo else self._retry)

    @work(exclusive=True, group="open")
    async def open_desk(self, opening: Opening) -> None:
        """Open a desk, or say what is missing."""
        try:
            opened = await opening()
        except NoKeyYet as none:
            self.post_message(self.CannotOpen(str(none), none.problem, keyring=none.keyring))
        except keys.KeyStoreError as error:
            self.post_message(self.CannotOpen(str(error), error))
        except (JournalError, ExchangeError) as error:
            self.post_message(self.CannotOpen(str(error)))
        else:
            self.post_message(self.DeskReady(opened))

    def _say_slow(self, problem: keys.KeyringTimeout) -> None:
        self.post_message(self.CannotOpen(str(problem), problem))

    async def on_shunter_app_desk_ready(self, message: DeskReady) -> None:
        """Show the main screen over the new desk."""
        opened = message.opened
        await self._close_desk()
        self._desk, self._profile = opened.desk, opened.profile
        self._idle.start(opened.idle_lock_s)
        await self._take_screens_away()
        main = MainScreen(opened.desk, opened.status, self._draft)
        opened.desk.on_change = main.transfer_changed
        opened.desk.on_progress = main.settling_progressed
        opened.desk.on_notice = main.notice
        await self.push_screen(main)
        self.find_earlier(opened.desk)
        self.examine_key(opened.desk)

    async def on_shunter_app_cannot_open(self, message: CannotOpen) -> None:
        """Offer what can be done instead."""
        if isinstance(message.problem, keys.KeyringTimeout) and isinstance(self.screen, ModalScreen):
            return  # the person is on one of the other ways already
        await self._take_screens_away()
        await self.push_screen(WelcomeScreen(message.words, message.problem, message.keyring))

    @work(exclusive=True, group="examine")
    async def examine_key(self, desk: Desk) -> None:
        """Ask the exchange what the key may do. Where it does not say, the first transfer will."""
        with contextlib.suppress(ExchangeError):
            self.post_message(self.KeyExamined(await examine(desk.client)))

    def on_shunter_app_key_examined(self, message: KeyExamined) -> None:
        """Warn of what the key may do beyond need, or cannot do."""
        for screen in self.screen_stack:
            if isinstance(screen, MainScreen):
                screen.query_one(StatusBar).show(missing_permission=message.report.missing_permission or "")
        if message.report.missing_permission:
            words = f"No transfer can be sent: {message.report.missing_permission}."
            self.notify(words, title="This key", severity="error", timeout=15, markup=False)
        for warning in message.report.warnings:
            self.notify(warning, title="This key", severity="warning", timeout=15, markup=False)

    @work(group="earlier")
    async def find_earlier(self, desk: Desk) -> None:
        """Look for transfers of earlier sessions that are still open."""
        try:
            transfers = await desk.open_transfers()
        except JournalError as error:
            self.post_message(self.CannotOpen(str(error)))
        else:
            self.post_message(self.EarlierFound(transfers))

    def on_shunter_app_earlier_found(self, message: EarlierFound) -> None:
        """Show them in the main screen's list."""
        for screen in self.screen_stack:
            if isinstance(screen, MainScreen):
                screen.show_earlier(message.transfers)

    def on_welcome_screen_demo_chosen(self) -> None:
        """Open the demo instead."""
        self.open_desk(open_demo)

    def on_welcome_screen_retry_chosen(self) -> None:
        """Try once more what failed."""
        keys.look_again()
        self.open_desk(self._retry)

    @on(WelcomeScreen.SessionKeyAsked)
    @on(KeysScreen.SessionKeyAsked)
    def ask_session_key(self) -> None:
        """Ask for a key that is for this session only."""
        if self._may_change_key():
            self.push_screen(AddKeyScreen(self._start.base_url, for_session=True), self._session_key_typed)

    def on_welcome_screen_restart_chosen(self) -> None:
        """End, and start again inside a D-Bus session."""
        self.exit(True)

    async def on_event(self, event: events.Event) -> None:
        """Note when the person was last there. A key that comes when the app should be locked, as one that wakes the
        machine may, only locks it.
        """
        if not self._idle.heard(event):
            await super().on_event(event)

    def on_typed_driver_paste_broke_out(self) -> None:
        """Say what the keys were that nobody pressed."""
        words = "What was pasted tried to press keys. Look at what is in the form before you send."
        self.notify(words, title="Pasted", severity="error", timeout=15)

    def _is_sending(self) -> bool:
        reviews = [screen for screen in self.screen_stack if isinstance(screen, ReviewScreen)]
        return bool(self._desk and self._desk.in_flight) or any(review.is_sending for review in reviews)

    @property
    def _is_locked(self) -> bool:
        return any(isinstance(screen, LockScreen) for screen in self.screen_stack)

    def _lock(self) -> None:
        """Let go of the key, and cover the screen. The settling of unknown transfers waits for the key."""
        if self._desk is None or self._is_locked:
            return
        self._desk.client.drop_key()
        for screen in self.screen_stack:
            for entry in screen.query(SecretInput):
                entry.value = ""
        self.push_screen(LockScreen(for_session=self._profile is None))

    def on_lock_screen_wake_asked(self) -> None:
        """Get the key again: from the keyring, or where it was for this session only, from the person."""
        if self._profile:
            self.fetch_key(self._profile)
        elif self._desk:
            form = AddKeyScreen(self._desk.client.base_url, for_session=True)
            self.push_screen(form, self._session_key_typed)

    @work(exclusive=True, group="wake")
    async def fetch_key(self, profile: keys.Profile) -> None:
        """Fetch the key from the keyring once more."""
        try:
            key = await fetch_key(profile, lambda slow: self.post_message(self.KeyNotFetched(slow)))
        except keys.KeyStoreError as error:
            self.post_message(self.KeyNotFetched(error))
        else:
            self.post_message(self.KeyFetched(key))

    async def on_shunter_app_key_fetched(self, message: KeyFetched) -> None:
        """Go on where it was left."""
        if self._desk and self._is_locked:
            self._desk.client.give_key(message.key)
            while not isinstance(self.screen, LockScreen):
                await self.pop_screen()
            await self.pop_screen()
            self._idle.restart()

    def on_shunter_app_key_not_fetched(self, message: KeyNotFetched) -> None:
        """Say why, on the cover."""
        for screen in self.screen_stack:
            if isinstance(screen, LockScreen):
                screen.show_problem(message.problem)

    def _session_key_typed(self, typed: keys.Profile | SessionKey | None) -> None:
        """Go on where it was left, if it is the key that was let go of. Another one is another account: open it."""
        if not isinstance(typed, SessionKey):
            if isinstance(self.screen, LockScreen):
                self.screen.rest()
        elif not self._is_locked or self._desk is None:
            self.open_desk(lambda: open_session_key(typed))
        elif (typed.base_url, typed.profile) == (self._desk.client.base_url, self._desk.profile):
            self.post_message(self.KeyFetched(typed.key))
        else:
            words = f"Another key than before. What is open of {self._desk.profile} waits for its own key."
            self.notify(words, title="This key", severity="warning", timeout=15, markup=False)
            self.open_desk(lambda: open_session_key(typed))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Under the cover there is nothing but waking and quitting."""
        return not self._is_locked or action not in ("help", "keys", "command_palette")

    def on_keys_screen_chosen(self, message: KeysScreen.Chosen) -> None:
        """Go on with another profile."""
        if self._may_change_key():
            self._retry = lambda: open_profile(message.profile, self._say_slow)
            self.open_desk(self._retry)

    def _may_change_key(self) -> bool:
        """Whether no transfer is in flight; says so where one is."""
        if self._desk and self._desk.in_flight:
            self.notify("A transfer waits for its answer: change the key after it.", severity="warning")
            return False
        return True

    def action_help(self) -> None:
        """Show the help."""
        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen())

    def action_keys(self) -> None:
        """Show the key profiles."""
        if not isinstance(self.screen, KeysScreen):
            self.push_screen(KeysScreen(self._start.base_url))

    async def action_quit(self) -> None:
        """Quit. A transfer in flight is waited for; a second quit leaves it to the journal."""
        if self._desk and self._desk.in_flight and not self._leaving:
            self._leaving = True
            self.notify(
                "Waiting for the answer to a transfer. Ctrl+Q again leaves at once: the next start finds out.",
                title="Quitting",
                timeout=60,
            )
            self.quit_when_answered(self._desk)
        else:
            await self._leave()

    @work(group="quit")
    async def quit_when_answered(self, desk: Desk) -> None:
        """Quit as soon as nothing is in flight."""
        await desk.finish()
        await self._leave()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every action of the screen by name, for the command palette."""
        for active in screen.active_bindings.values():
            if active.binding.description:
                action = active.binding.action
                yield SystemCommand(
                    active.binding.description,
                    active.tooltip or f"Key: {self.get_key_display(active.binding)}",
                    lambda action=action, node=active.node: self.call_later(self.run_action, action, node),
                )

    async def _take_screens_away(self) -> None:
        """Take all screens away. What is in the form is kept for the next one, unless it is under the cover."""
        for screen in self.screen_stack:
            if isinstance(screen, MainScreen):
                self._draft = Draft() if self._is_locked else screen.draft
        while len(self.screen_stack) > 1:
            await self.pop_screen()

    async def _leave(self) -> None:
        """Quit now; what is in flight is left to the journal."""
        await self._close_desk()
        self.exit()

    async def _close_desk(self) -> None:
        if self._desk:
            desk, self._desk = self._desk, None
            await desk.close()

    def _unhandled_in_task(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if isinstance(error := context.get("exception"), Exception):
            self._handle_exception(error)

    def _fatal_error(self) -> None:
        # Textual's own report prints the local variables of every frame, and so would print keys.
        self._exit_renderables.append(crash_report(self._exception))
        self._close_messages_no_wait()
