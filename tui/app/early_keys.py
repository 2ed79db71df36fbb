"""Keys and pastes that arrive before their screen is there: they wait or are dropped, and reach no other screen."""

from time import monotonic

from textual import events

_PAUSE_S = 0.7
"""Keys with shorter pauses between them are typed in one go."""
_MOST = 4096


class EarlyKeys:
    """Holds what is typed while the next screen is being opened."""

    def __init__(self) -> None:
        self._waits = True
        self._held: list[events.Key | events.Paste] = []
        self._visible_s = 0.0
        """When the screen came up: nothing that was typed earlier is for it."""
        self._dropped_s = 0.0
        """When the newest dropped key was pressed."""

    def wait(self) -> None:
        """Hold what is typed from now on: it is for a screen that is not there yet."""
        self._waits = True

    def holds(self, event: events.Key | events.Paste, *, takes_keys: bool) -> bool:
        """Whether the event is held or dropped, and not for the current screen, which says if it takes keys.

        Ctrl+Q never waits.
        """
        if isinstance(event, events.Key) and event.key == "ctrl+q":
            return False
        if self._waits or not takes_keys:
            self._held = [*self._held, event][-_MOST:]
            return True
        return self._continues_dropped(event)

    def release(self) -> list[events.Key | events.Paste]:
        """Return what was held, in order, for the screen that it was typed for."""
        self._waits = False
        held, self._held = self._held, []
        return held

    def drop(self) -> None:
        """Drop what was held, and the rest of it that is still to come: nobody has seen the new screen yet."""
        self._visible_s = monotonic()
        for event in self.release():
            self._dropped_s = event.time

    def _continues_dropped(self, event: events.Key | events.Paste) -> bool:
        is_text = isinstance(event, events.Paste) or event.is_printable or event.key in ("enter", "tab", "backspace")
        is_early = event.time < self._visible_s
        if is_early or (self._dropped_s and is_text and event.time - self._dropped_s < _PAUSE_S):
            self._dropped_s = event.time
            return True
        self._dropped_s = 0.0
        return False
