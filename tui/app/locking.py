"""The lock of an app that nobody uses: it lets go of the key, covers the screen, and goes on when the key is back."""

import gc
from collections.abc import Callable
from functools import partial
from typing import Any

from textual import events
from textual.app import App

from tui.app.idle import IdleWatch
from tui.app.opening import Opened, fetch_key
from tui.domain.credentials import ApiKey
from tui.screens.lock import LockScreen
from tui.widgets.field_input import SecretInput


class IdleLock:
    """Locks the app once nobody has pressed a key for a while, but not while a transfer is being sent."""

    def __init__(self, app: App[Any], *, is_sending: Callable[[], bool], on_lock: Callable[[], object]) -> None:
        """`is_sending` says it also of one that the desk only gets ready to send. `on_lock` lets go of other keys."""
        self._app = app
        self._on_lock = on_lock
        self._is_sending = is_sending
        self._idle = IdleWatch(app, is_busy=self._is_busy, on_idle=self.lock)
        self._opened: Opened | None = None
        """Whose key is let go of."""
        self._cover: LockScreen | None = None
        """Lies over everything, while it is locked."""

    @property
    def is_locked(self) -> bool:
        """Whether the screen is covered."""
        return self._cover is not None

    @property
    def cover(self) -> LockScreen | None:
        """What covers the screen while it is locked."""
        return self._cover

    def watch(self, opened: Opened) -> None:
        """Watch over the key of what was opened, from here on."""
        self._opened = opened
        self._idle.start(opened.idle_lock_s)

    def heard(self, event: events.Event) -> bool:
        """Note that the person is there. Gives whether they came too late: then it is locked, and what they pressed was
        not meant for the cover.
        """
        return self._idle.heard(event)

    def lock(self) -> None:
        """Let go of the key, and cover the screen. The settling of unknown transfers waits for the key."""
        if self._opened is None or self._cover:
            return
        self._opened.desk.client.drop_key()
        self._on_lock()
        for screen in self._app.screen_stack:
            for entry in screen.query(SecretInput):
                entry.value = ""
        profile = self._opened.profile
        self._cover = LockScreen(partial(fetch_key, profile) if profile else None)
        self._app.push_screen(self._cover)
        self._cover.call_after_refresh(gc.collect)  # what refers to the key in a circle would hold it for long

    async def unlock(self, key: ApiKey) -> None:
        """Go on where it was left, with the same key."""
        if self._opened and (cover := self._cover):
            while self._app.screen is not cover:
                await self._app.pop_screen()
            self._cover = None
            self._opened.desk.client.give_key(key)  # not before: what was held back now comes up
            await self._app.pop_screen()
            self._idle.restart()

    def end(self) -> None:
        """The cover was taken away with all other screens."""
        self._cover = None

    def _is_busy(self) -> bool:
        return self._is_sending() or bool(self._opened and self._opened.desk.in_flight)
