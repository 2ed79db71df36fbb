"""A screen that takes itself away, and no other.

Textual's `dismiss` takes away what is on top, whatever that is: something that came up meanwhile, or, where a screen is
dismissed twice, the one below it.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from textual.await_complete import AwaitComplete
from textual.screen import Screen

from tui.widgets.while_there import WhileThere


class HearsOnTheStack(WhileThere):
    """Stands before a Screen: once that has ended, nothing that still comes to it does anything."""

    @property
    def is_there(self: Screen[Any]) -> bool:  # type: ignore[misc]
        """Whether it has not ended."""
        return self.is_attached and self in self.app.screen_stack


class EndsItself(HearsOnTheStack):
    """Stands before a Screen. While something lies over it, its end waits until that is gone; it ends once."""

    _put_off: tuple[Callable[[], object], ...] = ()
    """What is to be done as soon as it is on top again."""

    def dismiss(self: Screen[Any], result: Any = None) -> AwaitComplete:  # type: ignore[misc]
        """End, with a result."""
        if self not in self.app.screen_stack or self.puts_off(partial(self.dismiss, result)):  # type: ignore[attr-defined]
            return AwaitComplete()
        ended: AwaitComplete = super().dismiss(result)  # type: ignore[misc]
        return ended

    def puts_off(self: Screen[Any], call: Callable[[], object]) -> bool:  # type: ignore[misc]
        """Whether something lies over it, as the cover may; the call is made as soon as nothing does."""
        if self.app.screen is self:
            return False
        self._put_off = (*self._put_off, call)  # type: ignore[attr-defined]
        return True

    def on_screen_resume(self) -> None:
        """Do what was put off."""
        waiting, self._put_off = self._put_off, ()
        for call in waiting:
            call()
