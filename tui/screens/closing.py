"""Mixins for screens: one that closes itself and no other screen, and one that only the person closes.

Textual's `dismiss` removes the screen on top, whichever that is: one that came up meanwhile or, if a screen is
dismissed twice, the one below it.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual.await_complete import AwaitComplete
from textual.message import Message
from textual.screen import Screen
from textual.types import CSSPathType

from tui.widgets.late_messages import DropsLateMessages

CSS = Path(__file__).with_name("screens.tcss")
"""The rules of all screens but the main one."""


class DismissesItself(DropsLateMessages):
    """Closes once, and only itself. If another screen covers it, it closes as soon as that one is gone."""

    CSS_PATH: ClassVar[CSSPathType | None] = CSS

    _deferred: tuple[Callable[[], object], ...] = ()
    """Calls to make once it is on top again."""

    def dismiss(self: Screen[Any], result: Any = None) -> AwaitComplete:  # type: ignore[misc]
        """Close, with a result."""
        if self not in self.app.screen_stack or self.defers(partial(self.dismiss, result)):  # type: ignore[attr-defined]
            return AwaitComplete()
        dismissed: AwaitComplete = super().dismiss(result)  # type: ignore[misc]
        return dismissed

    def defers(self: Screen[Any], call: Callable[[], object]) -> bool:  # type: ignore[misc]
        """Defer a call while another screen covers this one; whether it did."""
        if self.app.screen is self:
            return False
        self._deferred = (*self._deferred, call)  # type: ignore[attr-defined]
        return True

    def on_screen_resume(self) -> None:
        """Make the deferred calls."""
        deferred, self._deferred = self._deferred, ()
        for call in deferred:
            call()


class LeadsOn(DropsLateMessages):
    """Leads to another screen: what is typed after a choice is for that screen."""

    CSS_PATH: ClassVar[CSSPathType | None] = CSS

    takes_keys = False
    """Whether keys are for this screen. The app sets it once it has delivered what was typed early."""

    def lead_to(self: Screen[Any], choice: Message) -> None:  # type: ignore[misc]
        """Post a choice that opens another screen."""
        if self.takes_keys:  # type: ignore[attr-defined]
            self.takes_keys = False  # type: ignore[attr-defined]
            self.post_message(choice)

    def choose_again(self) -> None:
        """Take keys again: the last choice led nowhere."""
        self.takes_keys = True


def if_good(act: Callable[[], object], is_good: bool | None) -> None:
    """Act on the result of a screen if it is a yes."""
    if is_good:
        act()


class StaysOpen(LeadsOn, DismissesItself):
    """Stays open until the person closes it: a secret is typed on it, or one key away.

    If something else replaced it, the rest of the secret would be typed into that: in the clear, or as commands. So
    other screens wait for `Closed`, and what was typed early waits for `Ready`.
    """

    class Ready(Message):
        """Posted when it has a focus: what was typed for it can be delivered."""

    class Closed(Message):
        """Posted to the app when the screen is gone."""

    def on_screen_resume(self: Screen[Any]) -> None:  # type: ignore[misc]
        """Textual sets the focus in the same event, after this."""
        self.call_later(self.post_message, StaysOpen.Ready())

    def on_unmount(self: Screen[Any]) -> None:  # type: ignore[misc]
        """Tell the app that what waited may come up."""
        self.app.post_message(StaysOpen.Closed())
