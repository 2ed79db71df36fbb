"""Screens that are laid out for the size of the terminal."""

from typing import Any

from textual import events
from textual.screen import Screen

from tui.language import _

TOO_SMALL = _(
    "This terminal is too small for Shunter. Make it 60 columns by 16 rows or more; 80 by 24 shows everything."
)


class Fitting:
    """A mixin that sets the classes of a screen's breakpoints before it is drawn first.

    Textual sets them with the first resize, and then calculates all styles and the layout again. It also calculates all
    styles again when a screen is opened, as if it had been covered by others.
    """

    def on_compose(self: Screen[Any]) -> None:  # type: ignore[misc]
        """Set the classes before there are any widgets."""
        breakpoints = (self.HORIZONTAL_BREAKPOINTS or [], self.VERTICAL_BREAKPOINTS or [])
        for steps, size in zip(breakpoints, self.app.size, strict=True):
            reached = [name for least, name in sorted(steps) if size >= least]
            self.add_class(*reached[-1:])

    def _on_screen_resume(self: Screen[Any], event: events.ScreenResume) -> None:  # type: ignore[misc]
        """Keep the styles with which the widgets have just been made."""
        if not self.stack_updates:
            event.refresh_styles = False
