"""Notices wait while a question is on the screen: they would take lines from what it asks about."""

from time import time

from textual.notifications import Notification, Notifications


class HeldNotices:
    """Notices that are not on the screen, and for how long each is still to be shown."""

    def __init__(self) -> None:
        self._held: list[tuple[Notification, float]] = []

    def take(self, shown: Notifications) -> None:
        """Take them off the screen."""
        self._held += [(notice, notice.time_left) for notice in shown]
        shown.clear()

    def give_back(self, shown: Notifications) -> None:
        """Have them shown for the time that is left."""
        for notice, left_s in self._held:
            notice.raised_at = time() + left_s - notice.timeout
            shown.add(notice)
        self._held.clear()
