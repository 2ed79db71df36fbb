"""An app in two terminals: one gets the output of the frame, the other Textual's own."""

from typing import Any

from textual import events
from textual._compositor import CompositorUpdate
from textual.geometry import Size
from textual.screen import Screen

from tests.emulator import Emulator
from tui.app.terminal_app import Terminal

_NO_WRAP = b"\x1b[?7l"


class Line:
    """The line that the driver writes to."""

    def __init__(self, terminal: Emulator) -> None:
        self.writes: list[str] = []
        self._terminal = terminal

    def write(self, data: str) -> None:
        """Pass it to the terminal."""
        self.writes.append(data)
        self._terminal.feed(data.encode())


class Mirror(Terminal):
    """Two terminals: one gets the output of the frame, the other Textual's own."""

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        assert self._size
        self.framed, self.unframed = Emulator(*self._size), Emulator(*self._size)
        self.compared = 0
        self.line = Line(self.framed)

    @property
    def has_frame(self) -> bool:
        """Whether the frame has not given up."""
        return self._frame is not None

    def is_right(self) -> bool:
        """Whether the app has shown something, and both terminals show the same."""
        return self.compared > 0 and self.framed.picture() == self.unframed.picture()

    @property
    def is_headless(self) -> bool:
        """Whether a key may come from a program."""
        return True

    def start_application_mode(self) -> None:
        """Set up the frame."""
        self._writer_thread: Any = self.line
        self._output: Any = self.line
        self.unframed.feed(_NO_WRAP)
        self.framed.feed(_NO_WRAP)
        self._take_display(linefeeds=True)

    def stop_application_mode(self) -> None:
        """Do nothing: nothing was set up."""

    def disable_input(self) -> None:
        """Do nothing: there is no input."""

    def close(self) -> None:
        """Do nothing: nothing is open."""

    def resize(self, size: Size) -> None:
        """Resize the terminals, and tell the app."""
        self._size = (size.width, size.height)
        for terminal in (self.framed, self.unframed):
            terminal.resize(size.height, size.width)
        self._resized()
        self._app.post_message(events.Resize(size, size))

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        super()._display(screen, renderable)
        if self._frame and isinstance(renderable, CompositorUpdate) and not self._app._batch_count:
            row, column = self._cursor.y + 1, self._cursor.x + 1
            written = f"{renderable.render_segments(self._app.console)}\x1b[{row};{column}H"
            self.unframed.feed(written.encode())
            if not self._is_resizing:
                self.compared += 1
                assert self.framed.picture() == self.unframed.picture()
                assert self.framed.place == self.unframed.place
