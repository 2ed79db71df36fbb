"""Output of a Textual app that writes only the cells that changed.

The driver is all it takes: `App(driver_class=FramedDriver)`, or the class combined with another driver that reads.
`SHUNTER_FRAME=off` leaves the output to Textual.

This relies on private parts of Textual; `_is_as_expected` checks them at each start, and a test notices when they
change. A screen passes what it has drawn to `App._display(screen, renderable)`. That is a `LayoutUpdate` of the whole
screen (the `strips` of each line of a `region`) or a `ChopsUpdate` of parts (the `spans` of lines to show, and for each
line its `chops`, strips by column, with their `chop_ends`). Nothing is shown while `App._batch_count` is not 0 or the
app does not run (`_running`, `_closed`). `App._sync_available` says that the terminal knows synchronised output. A
strip is written as `Strip.render_ansi` renders it, which `Style._ansi` caches. `LinuxDriver` has
`_in_band_window_resize`, `_file` and `fileno`. If one of these is missing, or something goes wrong, Textual writes as
it always does.

What others write past the frame is let through. If it may have changed the picture, all of it is painted again; so it
is when the app starts, comes back or is resized, and at Ctrl+L.
"""

import inspect
import os
import re
import signal
import termios
from collections.abc import Callable
from types import FrameType
from typing import Any

from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS
from textual import events
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message
from textual.screen import Screen
from textual.strip import Strip

from tui.frame.frame import Frame

_REPAINT_KEY = "ctrl+l"
_SETTLED_S = 0.1
"""A resized app paints within this time, or has nothing to paint."""
_ONE_PACKET = 1_000
"""This many bytes reach a terminal at once, and need no synchronised output."""
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
_PLAIN = "\x1b[m"
_POINTER = re.compile(r"\x1b]22;[a-z-]+\x07")
_CHANGES_NO_CELL = re.compile(
    r"(?:\x07|\x1b\[[?<>=][0-9;]*\$?[a-zA-Z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-9]* q|\x1b\[[0-9;]*n"
    r"|\x1bP(?:[^\x1b]|\x1b[^\\])*\x1b\\)*"
)
"""Modes, queries, the bell, and strings: the title, the pointer, the clipboard, also through tmux and GNU screen."""


class FramedDriver(LinuxDriver):
    """Writes to the terminal."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._frame: Frame | None = None
        self._textual_display = self._app._display
        self._is_resizing = False
        self._pointer = "\x1b]22;default\x07"
        """What set the shape of the mouse pointer last."""

    def start_application_mode(self) -> None:
        """Take the terminal over."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread and os.environ.get("SHUNTER_FRAME") != "off" and _is_as_expected(self._app):
            self._take_display(linefeeds=self._pass_linefeeds())
            resized = signal.getsignal(signal.SIGWINCH)
            signal.signal(signal.SIGWINCH, lambda *args: self._on_resize_signal(resized, *args))

    def stop_application_mode(self) -> None:
        """Give the terminal back, with its own colours."""
        if self._frame and self._writer_thread:
            super().write(_PLAIN)
        super().stop_application_mode()

    def process_message(self, message: Message) -> None:
        """Take a message from the terminal. Called in the input thread."""
        if isinstance(message, events.Resize):
            self._loop.call_soon_threadsafe(self._resized)
        elif isinstance(message, events.Key) and message.key == _REPAINT_KEY:
            self._loop.call_soon_threadsafe(self._repaint)
        super().process_message(message)

    def write(self, data: str) -> None:
        """Write to the terminal, past the frame. The shape of the pointer is written only if it changes."""
        if _POINTER.fullmatch(data):
            if data == self._pointer:
                return
            self._pointer = data
        if self._frame and not _CHANGES_NO_CELL.fullmatch(data):
            self._loop.call_soon_threadsafe(self._frame.lose)
        super().write(data)

    def _take_display(self, *, linefeeds: bool) -> None:
        """Have the app show its picture here, and paint all of it: what the terminal shows is not known."""
        if self._frame is None:
            colours = COLOR_SYSTEMS.get(self._app.console.color_system or "", ColorSystem.TRUECOLOR)
            self._frame = Frame(colours, erases_in_colour=_erases_in_colour(), linefeeds=linefeeds)
            self._app._display = self._display  # type: ignore[method-assign]
        self._loop.call_soon_threadsafe(self._repaint)

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        """Show what a screen has drawn, in place of `App._display`."""
        app, frame = self._app, self._frame
        if frame is None or app._batch_count or not app._running or app._closed or renderable is None:
            self._textual_display(screen, renderable)
            return
        try:
            if isinstance(renderable, LayoutUpdate):
                _draw_layout(frame, renderable)
                self._is_resizing = False
            else:
                _draw_chops(frame, renderable)
            self._cursor = app.screen.outer_size.clamp_offset(app.cursor_position)
            if not self._is_resizing:  # otherwise the whole picture is still to come
                self._show(frame)
        except (AttributeError, LookupError, TypeError, ValueError):
            self._give_up(screen, renderable)
        else:
            app.post_display_hook()

    def _show(self, frame: Frame) -> None:
        """Bring the terminal up to date."""
        if not (written := frame.paint(self._cursor.y, self._cursor.x)):
            return
        if len(written) > _ONE_PACKET and self._app._sync_available:
            written = f"{_BEGIN}{written}{_END}"
        super().write(written)

    def _repaint(self) -> None:
        """Paint all of the picture, if there is one yet."""
        if self._frame:
            self._frame.lose()
            if all(self._frame.size):
                self._show(self._frame)

    def _give_up(self, screen: Screen[Any], renderable: Any) -> None:
        """Leave the output to Textual."""
        self._frame = None
        self._app._display = self._textual_display  # type: ignore[method-assign]
        super().write(_PLAIN)
        self._textual_display(screen, renderable)
        screen.refresh()

    def _on_resize_signal(self, textual_handler: Any, number: int, at: FrameType | None) -> None:
        if not self._in_band_window_resize:
            self._loop.call_soon_threadsafe(self._resized)
        textual_handler(number, at)

    def _resized(self) -> None:
        """Wait for the picture of the new size. None comes if it is the old size again."""
        if self._frame:
            self._frame.lose()
            self._is_resizing = True
            self._loop.call_later(_SETTLED_S, self._settled)

    def _settled(self) -> None:
        if self._is_resizing:
            self._is_resizing = False
            self._repaint()

    def _pass_linefeeds(self) -> bool:
        """Let the terminal pass line feeds on unchanged; whether it does. Textual restores the mode at the end."""
        try:
            if not (self._file and os.path.sameopenfile(self.fileno, self._file.fileno())):
                return False
            modes = termios.tcgetattr(self.fileno)
            modes[1] &= ~termios.ONLCR
            termios.tcsetattr(self.fileno, termios.TCSANOW, modes)
        except (OSError, ValueError, termios.error):
            return False
        return True


def _draw_layout(frame: Frame, update: LayoutUpdate) -> None:
    region = update.region
    if frame.size != region.size:
        frame.resize(*region.size)
    for row, strips in enumerate(update.strips, region.y):
        column = region.x
        for strip in strips:
            frame.put(row, column, region.right, strip)
            column += strip.cell_length


def _draw_chops(frame: Frame, update: ChopsUpdate) -> None:
    for row, start, end in update.spans:
        for chop_end, (column, strip) in zip(update.chop_ends[row], update.chops[row].items(), strict=False):
            if strip is not None and column < end and chop_end > start:
                frame.put(row, column, chop_end, strip)  # not up to `end`, which may cut a wide character in two


def _is_as_expected(app: App[Any]) -> bool:
    """Whether Textual has the private parts that this relies on."""
    parameters: list[tuple[Callable[..., Any], list[str]]] = [
        (App._display, ["self", "screen", "renderable"]),
        (LayoutUpdate.__init__, ["self", "strips", "region"]),
        (ChopsUpdate.__init__, ["self", "chops", "spans", "chop_ends"]),
        (Strip.render_ansi, ["style", "color_system"]),
    ]
    names = ["_batch_count", "_running", "_closed", "_sync_available"]
    return all([*inspect.signature(function).parameters] == expected for function, expected in parameters) and all(
        hasattr(app, name) for name in names
    )


def _erases_in_colour() -> bool:
    """Whether the terminal is known to erase with the background of the pen."""
    if "STY" in os.environ:  # in GNU screen, whatever TERM says
        return os.environ.get("TERM", "").endswith("-bce")
    if "TMUX" in os.environ:  # tmux does, but calls itself screen by default
        return True
    try:
        import curses
    except (ImportError, OSError):
        return False
    try:
        curses.setupterm(fd=1)
    except curses.error:
        return False
    return curses.tigetflag("bce") == 1
