"""The app: puts exchange, journal, keys and screens together, and takes them apart again."""

import asyncio
import contextlib
import signal
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, ClassVar, TypeVar

from rich.text import Text
from textual import events, on, work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.timer import Timer
from textual.worker import WorkerFailed

from tui import keys
from tui.desk import Desk
from tui.domain.credentials import ApiKey
from tui.domain.hosts import place_name
from tui.domain.transfer import Draft, Transfer
from tui.exchange.client import BinanceClient
from tui.exchange.errors import ExchangeError
from tui.journal import Journal, JournalError
from tui.keycheck import KeyReport, examine
from tui.screens.add_key import AddKeyScreen, SessionKey
from tui.screens.help import HelpScreen
from tui.screens.keys import KeysScreen
from tui.screens.lock import LockScreen
from tui.screens.main import MainScreen
from tui.screens.review import ReviewScreen
from tui.screens.welcome import WelcomeScreen
from tui.widgets.field_input import SecretInput
from tui.widgets.status_bar import Status, StatusBar

_DEMO_HOST = "https://demo.invalid"
_SLOW_S = 4.0
"""After this long, a keyring that does not answer is told of."""
_SLOW_WORDS = (
    "The keyring has not answered yet. It may be asking for its passphrase on another screen: answer there, and "
    "Shunter goes on by itself. Or take one of these ways."
)
_WHILE_SENDING_S = 5.0
"""How soon an idle app that is sending looks again whether it can lock."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Start:
    """How the app was asked to open."""

    demo: bool = False
    profile: str | None = None
    base_url: str | None = None
    """Only profiles of this host are offered; None offers all."""
    draft: Draft = field(default_factory=Draft)


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

    class DeskReady(Message):
        """Everything it takes to make transfers is there."""

        def __init__(self, desk: Desk, status: Status, profile: keys.Profile | None = None) -> None:
            super().__init__()
            self.desk = desk
            self.status = status
            self.profile = profile
            """Where the key comes from; None for the demo's, and for one of this session only."""

    class CannotOpen(Message):
        """Something that it takes to make transfers is missing."""

        def __init__(self, words: str, problem: keys.KeyStoreError | None = None, *, keyring: str = "") -> None:
            super().__init__()
            self.words = words
            self.problem = problem
            self.keyring = keyring

    class KeyExamined(Message):
        """The exchange has said what the key may do."""

        def __init__(self, report: KeyReport) -> None:
            super().__init__()
            self.report = report

    class KeyFetched(Message):
        """The key is back from the keyring."""

        def __init__(self, key: ApiKey) -> None:
            super().__init__()
            self.key = key

    class KeyNotFetched(Message):
        """The keyring does not give the key back, or not yet."""

        def __init__(self, problem: keys.KeyStoreError) -> None:
            super().__init__()
            self.problem = problem

    class EarlierFound(Message):
        """Transfers of earlier sessions are still open."""

        def __init__(self, transfers: list[Transfer]) -> None:
            super().__init__()
            self.transfers = transfers

    def __init__(self, start: Start) -> None:
        super().__init__()
        self.animation_level = "none"  # every frame would be traffic on a slow line
        ScrollBar.renderer = PlainScrollBarRender
        self._start = start
        self._desk: Desk | None = None
        self._profile: keys.Profile | None = None
        self._leaving = False
        self._idle_limit_s = 0.0
        self._idle_timer: Timer | None = None
        self._last_input_s = monotonic()

    def on_mount(self) -> None:
        """Open the demo, or the profile that was asked for, or say what is missing."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._unhandled_in_task)
        # Ended from outside, it still gives the terminal back. SIGHUP keeps its default: the terminal is gone.
        loop.add_signal_handler(signal.SIGTERM, lambda: self.call_later(self._leave))
        if self._start.demo:
            self.open_demo()
        else:
            self._open_first_profile()

    @work(exclusive=True, group="open")
    async def open_demo(self) -> None:
        """Open the demo exchange, in this very process."""
        import httpx

        from tui.demo.exchange import DemoExchange
        from tui.demo.keys import demo_key

        key = demo_key()
        self._idle_limit_s = 0  # no secret to let go of
        client = BinanceClient(_DEMO_HOST, key, transport=httpx.ASGITransport(app=DemoExchange()))
        desk = Desk(client, Journal.in_memory(), profile="demo")
        self.post_message(self.DeskReady(desk, Status(place="DEMO", profile="demo")))

    def _open_first_profile(self) -> None:
        """Open the profile that was asked for, or the only one that there is."""
        try:
            self._idle_limit_s = keys.settings().idle_lock_minutes * 60
            if self._start.profile:
                profile = keys.profile(self._start.profile)
                if self._start.base_url not in (None, profile.base_url):
                    self.post_message(self.CannotOpen(_wrong_host(profile, self._start.base_url)))
                    return
            else:
                fitting = [p for p in keys.profiles() if self._start.base_url in (None, p.base_url)]
                if not fitting:
                    self.look_at_keyring()
                    return
                if len(fitting) > 1:
                    self.post_message(self.CannotOpen("There are several keys: choose one with F4."))
                    return
                (profile,) = fitting
        except keys.KeyStoreError as error:
            self.post_message(self.CannotOpen(str(error), error))
        else:
            self.open_profile(profile)

    @work(exclusive=True, group="open")
    async def look_at_keyring(self) -> None:
        """Find out whether a first key could be kept, and say so."""
        try:
            await self._patiently(keys.probe, self._say_slow)
            backend = await keys.in_background(keys.backend_name)
        except keys.KeyStoreError as error:
            self.post_message(self.CannotOpen(f"There is no key yet. {error}", error))
        else:
            self.post_message(self.CannotOpen("", keyring=backend))

    @work(exclusive=True, group="open")
    async def open_profile(self, profile: keys.Profile) -> None:
        """Open a profile: its key from the keyring, and the journal."""
        try:
            key = await self._patiently(lambda: keys.load(profile), self._say_slow)
            backend = await keys.in_background(keys.backend_name)
        except keys.KeyStoreError as error:
            self.post_message(self.CannotOpen(str(error), error))
            return
        status = Status(place_name(profile.base_url), profile.name, profile.tail, backend)
        await self._open_desk(profile.base_url, key, status, profile)

    @work(exclusive=True, group="open")
    async def open_session_key(self, session_key: SessionKey) -> None:
        """Open a key that is kept nowhere."""
        key, base_url = session_key.key, session_key.base_url
        status = Status(place_name(base_url), session_key.profile, keyring="session key only")
        await self._open_desk(base_url, key, status, None)

    async def _open_desk(self, base_url: str, key: ApiKey, status: Status, profile: keys.Profile | None) -> None:
        try:
            journal = await asyncio.to_thread(Journal.open)
            client = BinanceClient(base_url, key)
        except (JournalError, ExchangeError) as error:
            self.post_message(self.CannotOpen(str(error)))
        else:
            self.post_message(self.DeskReady(Desk(client, journal, profile=status.profile), status, profile))

    async def _patiently(self, call: Callable[[], _T], say_slow: Callable[[keys.KeyringTimeout], object]) -> _T:
        """Await a call to the keyring; when it takes long, say so and go on waiting."""
        answer = asyncio.ensure_future(keys.in_background(call))
        done, _ = await asyncio.wait({answer}, timeout=_SLOW_S)
        if not done:
            say_slow(keys.KeyringTimeout(_SLOW_WORDS))
        return await answer

    def _say_slow(self, problem: keys.KeyringTimeout) -> None:
        self.post_message(self.CannotOpen(str(problem), problem))

    async def on_shunter_app_desk_ready(self, message: DeskReady) -> None:
        """Show the main screen over the new desk."""
        await self._close_desk()
        self._desk, self._profile = message.desk, message.profile
        self._watch_idle(self._idle_limit_s)
        main = MainScreen(message.desk, message.status, self._start.draft)
        message.desk.on_change = main.transfer_changed
        message.desk.on_progress = main.settling_progressed
        await self._show_alone(main)
        self.find_earlier(message.desk)
        self.examine_key(message.desk)

    async def on_shunter_app_cannot_open(self, message: CannotOpen) -> None:
        """Offer what can be done instead."""
        if isinstance(message.problem, keys.KeyringTimeout) and isinstance(self.screen, ModalScreen):
            return  # the person is on one of the other ways already
        await self._show_alone(WelcomeScreen(message.words, message.problem, message.keyring))

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
        self.open_demo()

    def on_welcome_screen_retry_chosen(self) -> None:
        """Try once more what failed."""
        keys.look_again()
        self._open_first_profile()

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
        """Note when the person was last there."""
        if isinstance(event, (events.Key, events.Paste, events.MouseDown)):
            self._last_input_s = monotonic()
        await super().on_event(event)

    def _watch_idle(self, wait_s: float) -> None:
        """Look after a while whether the app is idle. An idle screen is not drawn anew by this."""
        if self._idle_timer:
            self._idle_timer.stop()
        if self._idle_limit_s:
            self._idle_timer = self.set_timer(wait_s, self._lock_if_idle)

    def _lock_if_idle(self) -> None:
        left_s = self._last_input_s + self._idle_limit_s - monotonic()
        if left_s > 0:
            self._watch_idle(left_s)
        elif self._is_sending():
            self._watch_idle(_WHILE_SENDING_S)
        else:
            self._lock()

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
            key = await self._patiently(
                lambda: keys.load(profile), lambda slow: self.post_message(self.KeyNotFetched(slow))
            )
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
            self._watch_idle(self._idle_limit_s)

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
            self.open_session_key(typed)
        elif (typed.base_url, typed.profile) == (self._desk.client.base_url, self._desk.profile):
            self.post_message(self.KeyFetched(typed.key))
        else:
            words = f"Another key than before. What is open of {self._desk.profile} waits for its own key."
            self.notify(words, title="This key", severity="warning", timeout=15, markup=False)
            self.open_session_key(typed)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Under the cover there is nothing but waking and quitting."""
        return not self._is_locked or action not in ("help", "keys", "command_palette")

    def on_keys_screen_chosen(self, message: KeysScreen.Chosen) -> None:
        """Go on with another profile."""
        if self._may_change_key():
            self.open_profile(message.profile)

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

    async def _show_alone(self, screen: Screen[Any]) -> None:
        """Show a screen with nothing but the app's blank one below it."""
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        await self.push_screen(screen)

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
        error = self._exception.error if isinstance(self._exception, WorkerFailed) else self._exception
        trail = traceback.extract_tb(error.__traceback__)[-3:] if error else []
        where = ", ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in trail)
        self._exit_renderables.append(
            Text(
                f"Shunter stopped on an error of its own: {type(error).__name__} at {where}.\n"
                "What was sent is in the journal; the next start settles what is open.\n"
            )
        )
        self._close_messages_no_wait()


def _wrong_host(profile: keys.Profile, base_url: str | None) -> str:
    return (
        f"The profile {profile.name} is for {profile.base_url}, and its key is sent nowhere else. "
        f"For {base_url}, add a key of its own."
    )
