"""A screen that takes itself away, and no other.

Textual's `dismiss` takes away what is on top, whatever that is: something that came up meanwhile, or, where a screen is
dismissed twice, the one below it.
"""

from typing import Any

from textual.await_complete import AwaitComplete
from textual.screen import Screen


class EndsItself:
    """Stands before a Screen. While something lies over it, its end waits until that is gone; it ends once."""

    _put_off: tuple[Any] | None = None
    """What it is to end with as soon as it is on top again."""

    def dismiss(self: Screen[Any], result: Any = None) -> AwaitComplete:  # type: ignore[misc]
        """End, with a result."""
        stack = self.app.screen_stack
        if self not in stack:
            return AwaitComplete()
        if stack[-1] is not self:
            self._put_off = (result,)  # type: ignore[attr-defined]
            return AwaitComplete()
        ended: AwaitComplete = super().dismiss(result)  # type: ignore[misc]
        return ended

    def on_screen_resume(self: Screen[Any]) -> None:  # type: ignore[misc]
        """End, where that was put off."""
        if self._put_off:  # type: ignore[attr-defined]
            self.dismiss(*self._put_off)  # type: ignore[attr-defined]
