"""From what the app was asked to open to a desk: which profile, its key from the keyring, the journal.

Nothing here touches a screen.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from tui import keys
from tui.desk.desk import Desk
from tui.domain.credentials import ApiKey
from tui.domain.hosts import DEMO_BASE_URL, exchange_of, place_name
from tui.domain.search import Search
from tui.domain.transfer import Draft
from tui.exchange.client import BinanceClient
from tui.journal import Journal
from tui.screens.add_key import SessionKey
from tui.widgets.status_bar import Status

_WAYS = ", and Shunter goes on by itself. Or take one of these ways."

SaySlow = Callable[[keys.KeyringTimeout], object]
"""Told when the keyring takes long, while it is still waited for."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Start:
    """How the app was asked to open."""

    demo: bool = False
    profile: str | None = None
    base_url: str | None = None
    """Only profiles of this host are offered; None offers all."""
    draft: Draft = field(default_factory=Draft)
    has_few_colours: bool = False
    """Whether the terminal loses shades, or is to show no colour at all."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Everything it takes to make transfers."""

    desk: Desk
    status: Status
    profile: keys.Profile | None = None
    """Where the key comes from; None for the demo's, and for one of this session only."""
    last: Draft | None = None
    """The last move of the profile at this host, without its amount; None where there is none."""
    idle_lock_s: float = 0
    """After this long without a key press the app lets go of the key; 0 is never."""


Opening = Callable[[SaySlow], Awaitable[Opened]]
"""A way to open. All but the demo's raise NoKeyYet, KeyStoreError, JournalError and ExchangeError."""


class NoKeyYet(Exception):
    """There is no profile. `keyring` would keep the first key, or the problem says why none can."""

    def __init__(self, problem: keys.KeyStoreError | None = None, *, keyring: str = "") -> None:
        super().__init__(f"There is no key yet. {problem or ''}".rstrip())
        self.problem = problem
        self.keyring = keyring


async def open_demo(_: SaySlow) -> Opened:
    """The demo exchange, in this very process."""
    from tui.demo.in_process import in_process
    from tui.demo.keys import demo_key

    client = BinanceClient(DEMO_BASE_URL, demo_key(), transport=in_process())
    return Opened(Desk(client, Journal.in_memory(), profile="demo"), Status(place_name(DEMO_BASE_URL), "demo"))


async def open_first(start: Start, say_slow: SaySlow) -> Opened:
    """The profile that was asked for, or the only one that there is. Raises NoKeyYet where there is none."""
    if start.profile:
        profile = keys.profile(start.profile)
        if start.base_url not in (None, profile.base_url):
            raise keys.KeyStoreError(
                f"The profile {profile.name} is for {profile.base_url}, and its key is sent nowhere else. "
                f"For {start.base_url}, add a key of its own."
            )
        return await open_profile(profile, say_slow)
    fitting = [profile for profile in keys.profiles() if start.base_url in (None, profile.base_url)]
    if len(fitting) > 1:
        raise keys.KeyStoreError("There are several keys: choose one with F4.")
    if not fitting:
        raise await _no_key_yet(say_slow)
    return await open_profile(fitting[0], say_slow)


async def open_profile(profile: keys.Profile, say_slow: SaySlow) -> Opened:
    """A profile: its key from the keyring, and the journal."""
    key = await fetch_key(profile, say_slow)
    backend = await keys.in_background(keys.backend_name)
    status = Status(place_name(profile.base_url), profile.name, profile.tail, backend)
    return await _opened(profile.base_url, key, status, profile)


async def open_session_key(session_key: SessionKey, _: SaySlow) -> Opened:
    """A key that is kept nowhere."""
    base_url = session_key.base_url
    status = Status(place_name(base_url), session_key.profile, keyring="session key only")
    return await _opened(base_url, session_key.key, status, None)


async def fetch_key(profile: keys.Profile, say_slow: SaySlow) -> ApiKey:
    """The key of a profile, from the keyring. Raises KeyStoreError."""
    return await _patiently(lambda: _load(profile), say_slow)


def _load(profile: keys.Profile) -> ApiKey:
    """Where a login has no D-Bus, one is started: the key is in a keyring that was reached through one before."""
    try:
        return keys.load(profile)
    except keys.NoSessionBus as problem:
        if keys.Remedy.SESSION_BUS not in problem.remedies or keys.is_new():
            raise
    keys.start_session_bus()
    return keys.load(profile)


async def _opened(base_url: str, key: ApiKey, status: Status, profile: keys.Profile | None) -> Opened:
    idle_lock_s = keys.settings().idle_lock_minutes * 60
    client = BinanceClient(base_url, key)
    journal = await asyncio.to_thread(Journal.open)
    last = await asyncio.to_thread(_last_move, journal, status.profile, base_url)
    return Opened(Desk(client, journal, profile=status.profile), status, profile, last, idle_lock_s)


def _last_move(journal: Journal, profile: str, base_url: str) -> Draft | None:
    """Raises JournalError."""
    search = Search(profile=profile, host=exchange_of(base_url))
    last = next(journal.transfers(search, newest_first=True), None)
    return None if last is None else replace(last.request.draft, amount="")


async def _no_key_yet(say_slow: SaySlow) -> NoKeyYet:
    """With the keyring that would keep a first key, or why it cannot."""
    try:
        await _patiently(keys.probe, say_slow)
        return NoKeyYet(keyring=await keys.in_background(keys.backend_name))
    except keys.KeyStoreError as error:
        return NoKeyYet(error)


async def _patiently(call: Callable[[], _T], say_slow: SaySlow) -> _T:
    """Await a call to the keyring; when it takes long, say so and go on waiting."""
    answer = asyncio.ensure_future(keys.in_background(call))
    done, _ = await asyncio.wait({answer}, timeout=keys.SLOW_S)
    if not done:
        say_slow(keys.still_waiting(_WAYS))
    return await answer
