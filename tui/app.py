"""The app: puts exchange, journal, keys and screens together, and takes them apart again."""

import asyncio
import signal
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from rich.text import Text
from textual import work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.worker import WorkerFailed

from tui import keys
from tui.desk import Desk
from tui.domain.hosts import place_name
from tui.domain.transfer import Draft, Transfer
from tui.exchange.client import BinanceClient
from tui.journal import Journal, JournalError
from tui.screens.help import HelpScreen
from tui.screens.keys import KeysScreen
from tui.screens.main import MainScreen
from tui.screens.welcome import WelcomeScreen
from tui.widgets.status_bar import Status

_DEMO_HOST = "https://demo.invalid"


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


class ShunterApp(App[None]):
    """Shunter."""

    TITLE = "Shunter"
    CSS_PATH = "shunter.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1,ctrl+g", "help", "Help", key_display="F1"),
        Binding("f4,ctrl+k", "keys", "Keys", key_display="F4"),
        Binding("ctrl+q", "quit", "Quit", key_display="^Q", priority=True),
    ]

    class DeskReady(Message):
        """Everything it takes to make transfers is there."""

        def __init__(self, desk: Desk, status: Status) -> None:
            super().__init__()
            self.desk = desk
            self.status = status

    class CannotOpen(Message):
        """Something that it takes to make transfers is missing."""

        def __init__(self, problem: str) -> None:
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
        self._leaving = False

    def on_mount(self) -> None:
        """Open the demo, or the profile that was asked for, or say what is missing."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._unhandled_in_task)
        # Ended from outside, it still gives the terminal back. SIGHUP keeps its default: the terminal is gone.
        loop.add_signal_handler(signal.SIGTERM, lambda: self.call_later(self._leave))
        if self._start.demo:
            self.open_demo()
        else:
            self.open_first_profile()

    @work(exclusive=True, group="open")
    async def open_demo(self) -> None:
        """Open the demo exchange, in this very process."""
        import httpx

        from tui.demo.exchange import DemoExchange
        from tui.demo.keys import demo_key

        key = demo_key()
        client = BinanceClient(_DEMO_HOST, key, transport=httpx.ASGITransport(app=DemoExchange()))
        desk = Desk(client, Journal.in_memory(), profile="demo")
        self.post_message(self.DeskReady(desk, Status(place="DEMO", profile="demo")))

    @work(exclusive=True, group="open")
    async def open_first_profile(self) -> None:
        """Open the profile that was asked for, or the only one that there is."""
        try:
            if self._start.profile:
                profile = keys.profile(self._start.profile)
                if self._start.base_url not in (None, profile.base_url):
                    self.post_message(self.CannotOpen(_wrong_host(profile, self._start.base_url)))
                    return
            else:
                fitting = [p for p in keys.profiles() if self._start.base_url in (None, p.base_url)]
                if len(fitting) != 1:
                    self.post_message(self.CannotOpen("" if not fitting else "There are several keys: choose one."))
                    return
                (profile,) = fitting
        except keys.KeyStoreError as error:
            self.post_message(self.CannotOpen(str(error)))
        else:
            self.open_profile(profile)

    @work(exclusive=True, group="open-profile")
    async def open_profile(self, profile: keys.Profile) -> None:
        """Open a profile: its key from the keyring, and the journal."""
        try:
            key = await keys.in_background(lambda: keys.load(profile))
            backend = await keys.in_background(keys.backend_name)
            journal = await asyncio.to_thread(Journal.open)
        except (keys.KeyStoreError, JournalError) as error:
            self.post_message(self.CannotOpen(str(error)))
            return
        desk = Desk(BinanceClient(profile.base_url, key), journal, profile=profile.name)
        status = Status(place_name(profile.base_url), profile.name, profile.tail, backend)
        self.post_message(self.DeskReady(desk, status))

    async def on_shunter_app_desk_ready(self, message: DeskReady) -> None:
        """Show the main screen over the new desk."""
        await self._close_desk()
        self._desk = message.desk
        main = MainScreen(message.desk, message.status, self._start.draft)
        message.desk.on_change = main.transfer_changed
        message.desk.on_progress = main.settling_progressed
        await self._show_alone(main)
        self.find_earlier(message.desk)

    async def on_shunter_app_cannot_open(self, message: CannotOpen) -> None:
        """Offer what can be done instead."""
        await self._show_alone(WelcomeScreen(message.problem))

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
        self.open_first_profile()

    def on_keys_screen_chosen(self, message: KeysScreen.Chosen) -> None:
        """Go on with another profile."""
        if self._desk and self._desk.in_flight:
            self.notify("A transfer waits for its answer: change the key after it.", severity="warning")
        else:
            self.open_profile(message.profile)

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
