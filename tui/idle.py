"""Noticing that nobody is there any more."""

from collections.abc import Callable
from time import monotonic
from typing import Any

from textual import events
from textual.app import App
from textual.timer import Timer

_BUSY_S = 5.0
"""How soon an idle app that is busy is looked at again."""


class IdleWatch:
    """Calls `on_idle` once nobody has pressed a key for a while, and `is_busy` says no. It draws nothing."""

    def __init__(self, app: App[Any], *, is_busy: Callable[[], bool], on_idle: Callable[[], None]) -> None:
        self._app = app
        self._is_busy = is_busy
        self._on_idle = on_idle
        self._limit_s = 0.0
        self._last_input_s = monotonic()
        self._timer: Timer | None = None

    def heard(self, event: events.Event) -> None:
        """Note when the person was last there."""
        if isinstance(event, (events.Key, events.Paste, events.MouseDown)):
            self._last_input_s = monotonic()

    def start(self, limit_s: float) -> None:
        """Watch from here on for so many seconds without a key press; 0 is never."""
        self._limit_s = limit_s
        self._look_after(limit_s)

    def restart(self) -> None:
        """Watch once more, with the same limit."""
        self._look_after(self._limit_s)

    def look(self) -> None:
        """Call back if the time is over; else look again when it can be."""
        left_s = self._last_input_s + self._limit_s - monotonic()
        if left_s > 0:
            self._look_after(left_s)
        elif self._is_busy():
            self._look_after(_BUSY_S)
        else:
            self._on_idle()

    def _look_after(self, wait_s: float) -> None:
        if self._timer:
            self._timer.stop()
        if self._limit_s:
            self._timer = self._app.set_timer(wait_s, self.look)
