"""The idle lock: it drops the key and covers the screen when nobody uses the app, until the key is back."""

import gc
from collections.abc import Callable
from functools import partial
from typing import Any

from textual import events
from textual.app import App
from textual.timer import Timer

from tui.app.opening import OpenedDesk, fetch_key
from tui.clock import ticks_ms
from tui.domain.credentials import ApiKey
from tui.screens.lock import LockScreen
from tui.widgets.field_input import SecretInput

_BUSY_S = 5.0
"""Pause before a busy app is checked again."""
_LONGEST_WAIT_S = 60.0
"""Timers stand still while the machine is suspended: this soon after it wakes, the time that passed is noticed."""


class IdleLock:
    """Locks the app once nobody has pressed a key for a while, but not while a transfer is being sent.

    The time in which the machine is suspended counts.
    """

    def __init__(self, app: App[Any], *, is_sending: Callable[[], bool], on_lock: Callable[[], object]) -> None:
        """`is_sending` is true as well while the desk prepares to send. `on_lock` drops other keys."""
        self._app = app
        self._is_sending = is_sending
        self._on_lock = on_lock
        self._opened: OpenedDesk | None = None
        self.cover: LockScreen | None = None
        """Covers everything while the app is locked."""
        self.last_input_ms = ticks_ms()
        """When the person was last there, by `ticks_ms`."""
        self._timer: Timer | None = None

    @property
    def is_locked(self) -> bool:
        """Whether the screen is covered."""
        return self.cover is not None

    def watch(self, opened: OpenedDesk) -> None:
        """Start to watch over the key of a desk."""
        self._opened = opened
        self._restart()

    def is_too_late(self, event: events.Event) -> bool:
        """Note that the person is there; whether it is too late for that.

        If it is, the app is locked now, and the key or click was not meant for the cover.
        """
        is_person = isinstance(event, (events.Key, events.Paste, events.MouseDown))
        if self._timer and self._left_s <= 0 and not self._is_busy():
            self.lock()
            return is_person
        if is_person:
            self.last_input_ms = ticks_ms()
        return False

    def lock(self) -> None:
        """Drop the key, and cover the screen. Settling unknown transfers waits for the key."""
        self._stop_timer()
        if self._opened is None or self.cover:
            return
        self._opened.desk.client.drop_key()
        self._on_lock()
        for screen in self._app.screen_stack:
            for secret in screen.query(SecretInput):
                secret.value = ""
        profile = self._opened.profile
        self.cover = LockScreen(partial(fetch_key, profile) if profile else None)
        self._app.push_screen(self.cover)
        self.cover.call_after_refresh(gc.collect)  # a reference cycle would keep the key in memory for long

    async def unlock(self, key: ApiKey) -> None:
        """Continue where the person left off, with the same key."""
        if self._opened and (cover := self.cover):
            while self._app.screen is not cover:
                await self._app.pop_screen()
            self.cover = None
            self._opened.desk.client.give_key(key)  # not earlier: notices that waited for it appear now
            await self._app.pop_screen()
            self._restart()

    @property
    def _left_s(self) -> float:
        limit_s = self._opened.idle_lock_s if self._opened else 0
        return limit_s - (ticks_ms() - self.last_input_ms) / 1000

    def _is_busy(self) -> bool:
        return self._is_sending() or bool(self._opened and self._opened.desk.in_flight)

    def _restart(self) -> None:
        self.last_input_ms = ticks_ms()
        self._check_in(self._left_s)

    def _check(self) -> None:
        """Lock if the time is over; otherwise check again later."""
        if (left_s := self._left_s) > 0:
            self._check_in(left_s)
        elif self._is_busy():
            self._check_in(_BUSY_S)
        else:
            self.lock()

    def _check_in(self, wait_s: float) -> None:
        self._stop_timer()
        if self._opened and self._opened.idle_lock_s:
            self._timer = self._app.set_timer(min(wait_s, _LONGEST_WAIT_S), self._check)

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.stop()
        self._timer = None
