"""Noticing that nobody is there any more."""

from collections.abc import Callable
from typing import Any

from textual import events
from textual.app import App
from textual.timer import Timer

from tui.exchange.clock import ticks_ms

_BUSY_S = 5.0
"""How soon an idle app that is busy is looked at again."""
_LONGEST_WAIT_S = 60.0
"""Timers stand still while the machine is suspended: so soon after it wakes, the time that went by is noticed."""


class IdleWatch:
    """Calls `on_idle` once nobody has pressed a key for a while, and `is_busy` says no. It draws nothing. The time that
    a machine is suspended counts.
    """

    def __init__(self, app: App[Any], *, is_busy: Callable[[], bool], on_idle: Callable[[], None]) -> None:
        self._app = app
        self._is_busy = is_busy
        self._on_idle = on_idle
        self._limit_s = 0.0
        self._last_input_ms = ticks_ms()
        self._timer: Timer | None = None
        """Runs while it is watched."""

    def heard(self, event: events.Event) -> bool:
        """Note that the person is there. Gives whether they came too late: then `on_idle` was called before, and what
        they pressed was not meant for what is shown now.
        """
        is_person = isinstance(event, (events.Key, events.Paste, events.MouseDown))
        if self._timer and self._left_s() <= 0 and not self._is_busy():
            self._end()
            return is_person
        if is_person:
            self._last_input_ms = ticks_ms()
        return False

    def start(self, limit_s: float) -> None:
        """Watch from here on for so many seconds without a key press; 0 is never."""
        self._limit_s = limit_s
        self.restart()

    def restart(self) -> None:
        """Watch once more, with the same limit."""
        self._last_input_ms = ticks_ms()
        self._look_after(self._limit_s)

    def look(self) -> None:
        """Call back if the time is over; else look again when it can be."""
        left_s = self._left_s()
        if left_s > 0:
            self._look_after(left_s)
        elif self._is_busy():
            self._look_after(_BUSY_S)
        else:
            self._end()

    def _left_s(self) -> float:
        return self._limit_s - (ticks_ms() - self._last_input_ms) / 1000

    def _end(self) -> None:
        self._stop()
        self._on_idle()

    def _look_after(self, wait_s: float) -> None:
        self._stop()
        if self._limit_s:
            self._timer = self._app.set_timer(min(wait_s, _LONGEST_WAIT_S), self.look)

    def _stop(self) -> None:
        if self._timer:
            self._timer.stop()
        self._timer = None
