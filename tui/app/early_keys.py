"""What is typed before there is a screen for it: it waits, or is dropped; no other screen gets it."""

from collections.abc import Iterator
from time import monotonic

from textual import events

_PAUSE_S = 0.7
"""Typing that goes on within this is of one piece."""
_MOST = 4096


class EarlyKeys:
    """Keeps what is typed while the next screen is on its way."""

    def __init__(self) -> None:
        self._waits = True
        self._held: list[events.Key | events.Paste] = []
        self._begins_s = 0.0
        """What was typed before this was typed before the screen could be seen."""
        self._dropped_s = 0.0
        """When the newest key came that was dropped, and what belongs to it with it."""

    def wait(self) -> None:
        """From here on, what is typed is for a screen that is not there yet."""
        self._waits = True

    def take(self, event: events.Key | events.Paste, *, takes_keys: bool) -> bool:
        """Whether it is not for the screen that is there, which says if it takes keys. Quitting never waits."""
        if isinstance(event, events.Key) and event.key == "ctrl+q":
            return False
        if self._waits or not takes_keys:
            self._held = [*self._held, event][-_MOST:]
            return True
        return self._belongs_to_dropped(event)

    def give(self) -> Iterator[events.Key | events.Paste]:
        """What waited, in its order, for the screen that it was typed for."""
        self._waits = False
        held, self._held = self._held, []
        yield from held

    def drop(self) -> None:
        """Forget what waited, and what is still to come of it: nobody has seen the screen that comes up now."""
        self._begins_s = monotonic()
        for event in self.give():
            self._dropped_s = event.time

    def _belongs_to_dropped(self, event: events.Key | events.Paste) -> bool:
        is_text = isinstance(event, events.Paste) or event.is_printable or event.key in ("enter", "tab", "backspace")
        is_early = event.time < self._begins_s
        if is_early or (self._dropped_s and is_text and event.time - self._dropped_s < _PAUSE_S):
            self._dropped_s = event.time
            return True
        self._dropped_s = 0.0
        return False
