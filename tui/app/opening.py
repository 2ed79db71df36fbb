"""Opens a desk: chooses the profile, fetches its key from the keyring and opens the journal. Knows no screen."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from tui import keys
from tui.desk.desk import Desk
from tui.desk.guards import Forbidden, ReadOnly
from tui.domain.credentials import ApiKey, SessionKey
from tui.domain.entries import Entry, again
from tui.domain.hosts import DEMO_BASE_URL, exchange_of
from tui.domain.layout import sentences
from tui.domain.rules import Rules
from tui.domain.search import Search
from tui.domain.transfer import Draft
from tui.exchange.client import BinanceClient
from tui.files import FolderRefused
from tui.journal import Journal
from tui.language import _
from tui.structs import Struct, field, replace
from tui.words import guards

_WAYS = _(", and Shunter continues. Or choose one of these.")

OnSlow = Callable[[keys.KeyStoreError], object]
"""Called if the keyring is slow; the call to it continues."""

_T = TypeVar("_T")


class Start(Struct):
    """How the app is opened."""

    demo: bool = False
    profile: str | None = None
    base_url: str | None = None
    """Only profiles of this host are offered; None offers all."""
    draft: Draft = field(default_factory=Draft)
    read_only: bool = False
    """Whether nothing may be sent."""
    has_few_colours: bool = False
    """Whether the terminal has only sixteen colours, or should show none."""


class OpenedDesk(Struct):
    """An open desk, and what the app shows about its key."""

    desk: Desk
    keyring: str = ""
    """The name of the keyring that holds the key, or "session key only"; empty for the demo."""
    profile: keys.Profile | None = None
    """The profile that the key belongs to; None for the demo's key and for a session key."""
    last: Draft | None = None
    """The profile's last move at this host, without its amount; None if there is none."""
    idle_lock_s: float = 0
    """The app drops the key after this many seconds without a key press; 0 means never."""


Opening = Callable[[OnSlow], Awaitable[OpenedDesk]]
"""Opens a desk. All but `open_demo` may raise NoKeyYet, KeyStoreError, JournalError or ExchangeError."""


class NoKeyYet(Exception):
    """Raised when there is no profile. `keyring` would hold the first key; `problem` says why none can."""

    def __init__(self, problem: keys.KeyStoreError | None = None, *, keyring: str = "") -> None:
        super().__init__(sentences(_("There is no key yet."), str(problem or "")))
        self.problem = problem
        self.keyring = keyring


async def open_demo(_on_slow: OnSlow) -> OpenedDesk:
    """Open a desk at the demo exchange, which runs in this process."""
    from tui.demo.in_process import in_process
    from tui.demo.keys import demo_key

    client = BinanceClient(DEMO_BASE_URL, demo_key(), transport=in_process())
    return OpenedDesk(Desk(client, Journal.in_memory(), profile="demo", read_rules=partial(_read_rules, None)))


async def open_first(start: Start, on_slow: OnSlow) -> OpenedDesk:
    """Open a desk with the profile that was asked for, or with the only one. Raises NoKeyYet if there is none."""
    if profile := keys.choose(start.profile, start.base_url):
        return await open_profile(profile, on_slow)
    try:
        await _patiently(keys.probe, on_slow)
    except keys.KeyStoreError as error:
        raise NoKeyYet(error) from None
    raise NoKeyYet(keyring=await keys.in_background(keys.backend_name))


async def open_profile(profile: keys.Profile, on_slow: OnSlow) -> OpenedDesk:
    """Open a desk with a profile's key from the keyring."""
    key = await fetch_key(profile, on_slow)
    keyring = await keys.in_background(keys.backend_name)
    return await _open_with(key, profile.base_url, profile.name, keyring, profile)


async def open_session_key(session_key: SessionKey, _on_slow: OnSlow) -> OpenedDesk:
    """Open a desk with a key that is only in memory."""
    return await _open_with(session_key.key, session_key.base_url, session_key.profile, _("session key only"))


async def open_with_session_bus(opening: Opening, on_slow: OnSlow) -> OpenedDesk:
    """Start a D-Bus session, then open a desk. Raises KeyStoreError."""
    await keys.in_background(keys.start_session_bus)
    return await opening(on_slow)


async def fetch_key(profile: keys.Profile, on_slow: OnSlow) -> ApiKey:
    """Return the key of a profile from the keyring. Raises KeyStoreError."""
    return await _patiently(partial(_load, profile), on_slow)


def _load(profile: keys.Profile) -> ApiKey:
    """Load the key of a profile. If the login has no D-Bus session, start one: the key was stored through one."""
    try:
        return keys.load(profile)
    except keys.KeyStoreError as problem:
        is_without_bus = problem.state is keys.KeyringState.NO_BUS and keys.Remedy.START_BUS in problem.remedies
        if not is_without_bus or keys.is_new():
            raise
    keys.start_session_bus()
    return keys.load(profile)


async def _open_with(
    key: ApiKey, base_url: str, name: str, keyring: str, profile: keys.Profile | None = None
) -> OpenedDesk:
    idle_lock_s = keys.settings().idle_lock_minutes * 60
    client = BinanceClient(base_url, key)
    journal = await asyncio.to_thread(Journal.open)
    last = await asyncio.to_thread(_last_move, journal, name, base_url)
    read_only = guards.by_profile(name) if profile and profile.read_only else ""
    read_rules = partial(_read_rules, profile)
    desk = Desk(client, journal, profile=name, read_only=read_only, read_rules=read_rules)
    return OpenedDesk(desk, keyring, profile, last, idle_lock_s)


def _read_rules(profile: keys.Profile | None) -> Rules:
    """Return the person's rules as they are now; only those for all without a profile. `profile` is as it was when it
    was opened: it stays read-only if it has been removed since. Raises Forbidden, ReadOnly.
    """
    from tui import rules  # late, to start faster

    try:
        now = profile and next((each for each in keys.profiles() if each.name == profile.name), profile)
        if now and now.read_only:
            raise ReadOnly(guards.by_profile(now.name))
        return rules.rules(now.name if now else "", lambda: [each.name for each in keys.profiles()])
    except (rules.RulesError, keys.KeyStoreError, FolderRefused) as error:
        raise Forbidden(str(error)) from None


def _last_move(journal: Journal, profile: str, base_url: str) -> Draft | None:
    """Raises JournalError."""
    search = Search(profile=profile, host=exchange_of(base_url))
    last = next(journal.transfers(search, newest_first=True), None)
    return None if last is None else replace(again(Entry(None, last)), amount="")


async def _patiently(call: Callable[[], _T], on_slow: OnSlow) -> _T:
    """Await a call to the keyring. If it is slow, call `on_slow` and keep waiting."""
    answer = asyncio.ensure_future(keys.in_background(call))
    done, _pending = await asyncio.wait({answer}, timeout=keys.SLOW_S)
    if not done:
        on_slow(keys.still_waiting(_WAYS))
    return await answer
