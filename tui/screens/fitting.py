"""A screen that is laid out differently in terminals of different sizes."""

from typing import Any

from textual.screen import Screen


class Fitting:
    """A screen that has the classes of its breakpoints from the first picture on.

    Textual gives them with the first resize, and then takes the styles and the layout of all that is there again.
    """

    def on_compose(self: Screen[Any]) -> None:  # type: ignore[misc]  # stands beside a Screen
        """Take the classes before anything is there."""
        breakpoints = (self.HORIZONTAL_BREAKPOINTS or [], self.VERTICAL_BREAKPOINTS or [])
        for steps, size in zip(breakpoints, self.app.size, strict=True):
            reached = [name for least, name in sorted(steps) if size >= least]
            self.add_class(*reached[-1:], update=False)
