"""The app: joins exchange, journal, keys and screens, and closes them again."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, work
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import ModalScreen, Screen

from tui import keys, language
from tui.app import process
from tui.app.crash import end_on_errors_in_tasks
from tui.app.early_keys import EarlyKeys
from tui.app.locking import IdleLock
from tui.app.opening import (
    NoKeyYet,
    OpenedDesk,
    Opening,
    Start,
    open_demo,
    open_first,
    open_profile,
    open_session_key,
    open_with_session_bus,
)
from tui.app.terminal_app import TerminalApp
from tui.desk.desk import Desk
from tui.domain.credentials import SessionKey
from tui.domain.hosts import DEMO_BASE_URL, place_name
from tui.domain.transfer import Draft
from tui.exchange.errors import ExchangeError
from tui.journal import JournalError
from tui.language import _
from tui.screens.closing import StaysOpen
from tui.screens.decide import DecideScreen
from tui.screens.lock import LockScreen
from tui.screens.main import MainScreen
from tui.screens.plan import PlanScreen
from tui.screens.ways_on import CannotOpen, SessionKeyAsked
from tui.screens.welcome import WelcomeScreen
from tui.widgets.ask_line import AskLine
from tui.widgets.balance_refresher import BalanceRefresher
from tui.widgets.messages import fields
from tui.widgets.status_bar import Status
from tui.words import guards, outcomes

if TYPE_CHECKING:
    from tui.screens.keys import KeysScreen
    from tui.screens.palette import NamedAction


@fields
class DeskReady(Message):
    """A desk has been opened."""

    opened: OpenedDesk


class Postponed:
    """Holds the newest result of an opening while the person is in a transfer or types a secret."""

    def __init__(self) -> None:
        self.message: CannotOpen | DeskReady | None = None

    async def put(self, message: CannotOpen | DeskReady | None) -> None:
        """Replace the result that is held; its desk is closed."""
        before, self.message = self.message, message
        if isinstance(before, DeskReady):
            await before.opened.desk.close()

    def drop_key(self) -> None:
        """Drop the key of the desk that is held, as the app is locked."""
        if isinstance(self.message, DeskReady):
            self.message.opened.desk.client.drop_key()

    async def take(self) -> Message | None:
        """Return the message to resume with; if the key was dropped meanwhile, it asks to open the desk again."""
        message = self.message
        if isinstance(message, DeskReady) and message.opened.desk.client.is_locked:
            from tui.screens.keys import KeysScreen

            await self.put(None)
            profile = message.opened.profile
            return KeysScreen.ProfileChosen(profile) if profile else SessionKeyAsked()
        self.message = None
        return message


class ShunterApp(TerminalApp):
    """Shunter."""

    TITLE = "Shunter"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1,ctrl+g,question_mark", "help", _("Help"), key_display="F1", tooltip=_("this page, and the manual")),
        Binding("f4,ctrl+k", "keys", _("Keys"), key_display="F4", tooltip=_("key profiles")),
        Binding("ctrl+q", "quit", _("Quit"), key_display="^Q", priority=True, tooltip=_("quit")),
        *TerminalApp.BINDINGS,  # for the help
    ]

    def __init__(self, start: Start) -> None:
        super().__init__(has_few_colours=start.has_few_colours)
        self._start = start
        self._draft = start.draft
        """Fills the form of the next main screen."""
        self._retry: Opening = partial(open_first, start)
        """The opening that is tried again if it failed."""
        self._desk: Desk | None = None
        self._in_use = ""
        """The name of the open profile; empty for the demo and for a session key."""
        self._main: MainScreen | None = None
        self._is_waiting_to_quit = False
        """Whether it quits once nothing is in flight."""
        self._open_count_shown = 0
        """The number of open transfers in the last warning before quitting."""
        self.left_open = 0
        """The number of transfers that were open when the app quit, for the shell."""
        self._has_quit = False
        self._postponed = Postponed()
        self._early_keys = EarlyKeys()
        self._asks_passphrase = False
        """Whether the person is waiting to be asked for the passphrase of a locked keyring."""
        self._lock = IdleLock(
            self,
            is_sending=lambda: bool(self._main and self._main.review and self._main.review.is_sending),
            on_lock=self._postponed.drop_key,
        )

    async def on_mount(self) -> None:
        """Open the demo, or the profile that was asked for, and say so if this is not the person's language."""
        end_on_errors_in_tasks(self)
        if why := language.why_english():
            self.notify(why, title="Language", severity="warning", timeout=15, markup=False)
        await self._open(open_demo if self._start.demo else self._retry)

    async def _open(self, opening: Opening) -> None:
        """Open a desk in place of any other that is being opened."""
        await self._postponed.put(None)
        self.open_desk(opening)

    @work(exclusive=True, group="open")
    async def open_desk(self, opening: Opening) -> None:
        """Open a desk, or say what is missing."""
        try:
            opened = await opening(lambda slow: self.post_message(CannotOpen(str(slow), slow)))
        except NoKeyYet as none:
            asks = self._asks_passphrase and none.problem is not None and none.problem.needs_passphrase
            self.post_message(CannotOpen(str(none), none.problem, none.keyring, needs_passphrase=asks))
        except keys.KeyStoreError as error:
            self.post_message(CannotOpen(str(error), error, needs_passphrase=error.needs_passphrase))
        except (JournalError, ExchangeError) as error:
            self.post_message(CannotOpen(str(error)))
        else:
            self.post_message(DeskReady(opened))

    async def on_desk_ready(self, message: DeskReady) -> None:
        """Show the main screen for the new desk."""
        opened = message.opened
        if self._has_quit:
            await opened.desk.close()
        if self._has_quit or await self._postpones(message):
            return
        await self._close_desk()
        self._desk = desk = opened.desk
        if self._start.read_only:
            desk.session_read_only = _(guards.BY_OPTION)
        desk.balance_reader.currency = keys.kept_currency()
        self._in_use = opened.profile.name if opened.profile else ""
        await self._close_screens()
        self._lock.watch(opened)
        is_empty = self._draft == Draft() and not self._draft.chosen
        tail = opened.profile.tail if opened.profile else ""
        place = place_name(desk.client.base_url)
        status = Status(place, desk.profile, tail, opened.keyring, read_only=desk.read_only)
        self._main = MainScreen(desk, status, (opened.last if is_empty else None) or self._draft)
        self._early_keys.drop()
        await self.push_screen(self._main)
        for later in (self.read_all_rules, process.collect_garbage):
            self._main.call_after_refresh(later)

    async def on_cannot_open(self, message: CannotOpen) -> None:
        """Offer what can be done instead."""
        is_slow = message.problem is not None and message.problem.state is keys.KeyringState.SILENT
        if is_slow and isinstance(self.screen, ModalScreen):
            return  # the person has chosen one of the other ways already
        if self._has_quit or await self._postpones(message):
            return
        await self._close_screens()
        self._asks_passphrase = False
        self.read_all_rules()
        welcome = WelcomeScreen(message)
        if not message.needs_passphrase:
            self._early_keys.drop()
        await self.push_screen(welcome)
        welcome.call_after_refresh(process.collect_garbage)
        if message.needs_passphrase:
            welcome.action_unlock()  # its screen gets what was typed early

    async def _postpones(self, message: CannotOpen | DeskReady) -> bool:
        """Postpone a message while it must not be shown; whether it did.

        A transfer is finished with the key that it was begun with, and its result is read. No screen comes up while a
        secret is being typed.
        """
        is_in_transfer = self._main and self._main.review and not self._lock.is_locked
        # Under the cover nothing is sent, and nobody could close a result.
        if not (is_in_transfer or self._is_asking):
            return False
        await self._postponed.put(message)
        return True

    @property
    def _is_asking(self) -> bool:
        """Whether a secret is being typed, or is one key away."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, LockScreen):
                return False
            if isinstance(screen, StaysOpen) or (isinstance(screen, WelcomeScreen) and screen.asks_secret):
                return True
        return False

    async def on_main_screen_transfer_left(self) -> None:
        """Resume with what waited for the end of the transfer."""
        if message := await self._postponed.take():
            self.post_message(message)

    async def on_stays_open_ready(self) -> None:
        """Deliver what was typed for the screen, before what is typed from now on."""
        if isinstance(self.screen, StaysOpen) and not self.screen.takes_keys:
            self.screen.takes_keys = True
            for event in self._early_keys.release():
                await self.on_event(event)

    async def on_stays_open_closed(self) -> None:
        """Resume with what waited for the secret to be typed."""
        if self._is_asking or self._has_quit:
            return
        if message := await self._postponed.take():
            if isinstance(message, CannotOpen):
                message.needs_passphrase = False  # the person has just left such a screen
            self.post_message(message)
        elif self._main:
            self._main.notices.show_next()

    async def on_welcome_screen_demo_chosen(self) -> None:
        """Open the demo instead."""
        await self._open(open_demo)

    async def on_welcome_screen_retry_chosen(self) -> None:
        """Try again what failed."""
        keys.look_again()
        await self._open(self._retry)

    def on_session_key_asked(self) -> None:
        """Ask for a session key."""
        from tui.screens.add_key import AddKeyScreen, KeyUse

        if self._may_change_key():
            base_url = self._desk.client.base_url if self._desk and self._lock.is_locked else self._start.base_url
            self.push_screen(AddKeyScreen(base_url, KeyUse.SESSION), self._session_key_typed)

    async def on_session_bus_chosen(self) -> None:
        """Start a D-Bus session, and open with the keyring that is reached through it."""
        if self._may_change_key():
            self._early_keys.wait()
            await self._close_questions()
            self._asks_passphrase = True
            await self._open(partial(open_with_session_bus, self._retry))

    async def _close_questions(self) -> None:
        """Close the screens that led to a choice."""
        while isinstance(self.screen, StaysOpen):
            await self.pop_screen()

    async def on_event(self, event: events.Event) -> None:
        """Note when the person was last there.

        A key that comes when the app should be locked, as one that wakes the machine may, only locks it.
        """
        if self._has_quit and isinstance(event, events.InputEvent | events.Paste):
            return  # it would open screens that are never shown
        is_unseen = isinstance(event, events.Key | events.Paste) and self._is_unseen(event)
        if not (is_unseen or self._lock.is_too_late(event) or self._is_early(event)):
            await super().on_event(event)

    def _is_unseen(self, event: events.Key | events.Paste) -> bool:
        """Whether it was typed before the question on the screen could be read."""
        screen = self.screen
        return isinstance(screen, DecideScreen | PlanScreen) and not event.is_forwarded and screen.drops(event)

    def _is_early(self, event: events.Event) -> bool:
        """Whether it was typed for a screen that is not there yet."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            return False
        takes_keys = not isinstance(self.screen, WelcomeScreen | StaysOpen) or self.screen.takes_keys
        return self._early_keys.holds(event, takes_keys=takes_keys)

    def on_input_driver_paste_broke_out(self) -> None:
        """Say that the keys came from a paste."""
        message = _("The pasted text tried to press keys. Check the form before you send.")
        self.notify(message, title=_("Pasted"), severity="error", timeout=15)
        for ask in self.screen.query(AskLine):  # a notice waits until the question is gone
            ask.say(_("The pasted text tried to press keys. Check all of it."))

    async def on_lock_screen_key_fetched(self, message: LockScreen.KeyFetched) -> None:
        """Unlock, but not while a secret is being typed over the cover."""
        if isinstance(self.screen, StaysOpen) and (cover := self._lock.cover):
            cover.wake_when_seen()
        else:
            await self._lock.unlock(message.key)

    async def _session_key_typed(self, typed: keys.Profile | SessionKey | None) -> None:
        """Unlock with the key if it is the one that was dropped. Another one is another account: open that."""
        if not isinstance(typed, SessionKey):
            return
        await self._close_questions()
        desk = self._desk if self._lock.is_locked else None
        if desk and (typed.base_url, typed.profile) == (desk.client.base_url, desk.profile):
            self.call_later(self._lock.unlock, typed.key)
            return
        if desk:
            message = _("This is not the key of {name}. The open transfers of {name} wait for its key.")
            title = _("Key {key}").format(key=typed.profile)
            self.notify(message.format(name=desk.profile), title=title, severity="warning", timeout=15, markup=False)
        await self._open(partial(open_session_key, typed))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow only waking and quitting while the app is locked."""
        return not self._lock.is_locked or action not in ("help", "keys", "command_palette")

    async def on_keys_screen_profile_chosen(self, message: "KeysScreen.ProfileChosen") -> None:
        """Open another profile, or the same one after a change."""
        if self._may_change_key():
            self._retry = partial(open_profile, message.profile)
            await self._open(self._retry)

    @property
    def last_key_ms(self) -> float:
        """When the person last pressed a key or clicked, by `ticks_ms`."""
        return self._lock.last_input_ms

    def _may_change_key(self) -> bool:
        """Whether no transfer is in flight; says so if one is."""
        if self._desk and self._desk.in_flight:
            self.notify(_("A transfer is waiting for its answer. Change the key after that."), severity="warning")
            if isinstance(self.screen, WelcomeScreen | StaysOpen):
                self.screen.choose_again()
                self._early_keys.drop()
            return False
        return True

    def actions(self, screen: Screen[Any]) -> "Iterator[NamedAction]":
        """Yield each action for the command palette: those of the screen, and what has no key."""
        from tui.screens.palette import CurrencyPalette, NamedAction

        yield from super().actions(screen)
        if screen is self._main:
            yield NamedAction(
                "repeat",
                _("Repeat the marked transfer"),
                _("fill the form with the same again; without a mark, the newest"),
                _("r in a list"),
                partial(self.call_later, self._main.action_again, is_reversed=False),
            )
            yield NamedAction(
                "reverse",
                _("Reverse the marked transfer"),
                _("fill the form with the way back; without a mark, of the newest"),
                _("R in a list"),
                partial(self.call_later, self._main.action_again, is_reversed=True),
            )
            yield NamedAction(
                "export",
                _("Export the history"),
                _("opens it: e writes what is listed there as CSV, E as JSON"),
                _("F3, then e or E"),
                partial(self.call_later, self._main.action_history),
            )
            yield NamedAction(
                "gather",
                _("Gather the asset of the form"),
                _("from every wallet into one; without an asset, choose it in Holdings"),
                _("F6, then +"),
                partial(self.call_later, self._main.action_gather),
            )
        if self._desk:
            currency = self._desk.balance_reader.currency
            effect = _("that worth is shown in, now {currency}").format(currency=currency)
            yield NamedAction("currency", _("Currency"), effect, "", partial(self._show_palette, CurrencyPalette))
        if self._desk and self._desk.client.base_url != DEMO_BASE_URL:
            yield NamedAction(
                "lock", _("Lock"), _("drop the key and cover the screen until it is back"), "", self.lock_now
            )

    def value_in(self, currency: str) -> None:
        """Value assets in another currency, and remember it."""
        from tui.screens.palette import save_setting

        if self._main and self._desk:
            self._main.query_one(BalanceRefresher).value_in(currency)
            save_setting(self, _("Currency"), partial(keys.keep_currency, currency))

    def lock_now(self) -> None:
        """Lock, unless a transfer is waiting for its answer."""
        if self._may_change_key():
            self._lock.lock()

    def action_help(self) -> None:
        """Show the help."""
        from tui.screens.help import HelpScreen  # late: it imports every screen that has keys to explain

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen())

    def action_keys(self) -> None:
        """Show the key profiles."""
        from tui.screens.keys import KeysScreen

        if not isinstance(self.screen, KeysScreen):
            self.push_screen(KeysScreen(self._start.base_url, in_use=self._in_use))

    async def action_quit(self) -> None:
        """Quit, after the answer to a transfer in flight and a warning about unknown ones.

        A plan stops before its next step. A second quit leaves both to the journal.
        """
        if self._main and self._main.plans.stop():
            self.notify(
                _("The plan stops before its next step. Ctrl+Q again quits; the next start says what of it was done."),
                title=_("Quitting"),
                timeout=60,
            )
        elif self._desk and self._desk.in_flight and not self._is_waiting_to_quit:
            self._is_waiting_to_quit = True
            said = _(
                "Waiting for the answer to a transfer. Ctrl+Q again quits at once; the next start finds the outcome."
            )
            self.notify(said, title=_("Quitting"), timeout=60)
            self.quit_when_answered(self._desk)
        else:
            await self._quit_unless_open()

    async def _quit_unless_open(self) -> None:
        """Quit, but first warn, once, about transfers with an unknown outcome."""
        count = self._desk.open_count if self._desk else 0
        if count <= self._open_count_shown or self._is_waiting_to_quit:
            await self._quit()
            return
        self._open_count_shown = count
        self.notify(
            outcomes.quitting(count, has_next_start=not self._is_demo),
            title=_("Quitting"),
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
        self._is_waiting_to_quit = False
        await self._quit_unless_open()

    async def _close_screens(self) -> None:
        """Close all screens. The next main screen gets what is in the form, unless the app is locked."""
        if self._main:
            self._draft = Draft() if self._lock.is_locked else self._main.draft
            self._main = None
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        self._lock.cover = None

    async def _quit(self) -> None:
        """Quit now; what is in flight is left to the journal."""
        if self._has_quit:  # without the answer that it waited for
            return
        self._has_quit = True
        self.left_open = self._desk.open_count if self._desk and not self._is_demo else 0
        await self._postponed.put(None)
        await self._close_desk()
        self.exit()

    async def _close_desk(self) -> None:
        if self._desk:
            desk, self._desk = self._desk, None
            await desk.close()
