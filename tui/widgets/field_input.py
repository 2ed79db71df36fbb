"""One-line inputs that take keys at once and clean what is typed."""

import unicodedata
from collections.abc import Callable
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive
from textual.strip import Strip
from textual.widgets import Input
from textual.widgets.input import Selection

from tui.domain.text import is_name, printable
from tui.domain.transfer import as_written
from tui.widgets.at_once import at_once
from tui.widgets.late_styles import LateStyles
from tui.widgets.messages import fields

_HINT_GAP = 2
"""Blank columns between the text of an input, with its cursor, and a hint."""
_SCREEN_KEYS = {"enter", "ctrl+k", "ctrl+x"}
"""Keys of the whole screen, which Input would take."""


class PromptInput(LateStyles, Input, inherit_bindings=False):
    """A one-line input that takes every key at once, and so in the order typed. Its cursor does not blink: an idle
    screen sends nothing.
    """

    BINDINGS: ClassVar[list[BindingType]] = at_once(
        binding
        for binding in Input.BINDINGS
        if isinstance(binding, Binding) and _SCREEN_KEYS.isdisjoint(binding.key.split(","))
    )

    @fields
    class KeyLost(Message):
        """Posted when a key was not understood: the field may not hold what was typed."""

        entry: "PromptInput"

    virtual_size: Reactive[Size] = Reactive(Size(0, 0), layout=False)
    """The length of the text. It needs no layout, which Textual would do: the field stays as wide as it is."""

    def __init__(self, value: str = "", **options: object) -> None:
        super().__init__(value, compact=True, select_on_focus=False, **options)  # type: ignore[arg-type]
        self.cursor_blink = False
        self._hint = ""
        """What is at the right end, as long as the text leaves room for it."""

    def show_hint(self, hint: str) -> bool:
        """Show a hint at the right end, if there is room for it next to the text; whether there is."""
        shown = hint if cell_len(hint) <= self._room_for_hint else ""
        if shown != self._hint:
            self._hint = shown
            self.refresh()
        return bool(shown)

    @property
    def _room_for_hint(self) -> int:
        return self.content_size.width - cell_len(self.value or self.placeholder) - _HINT_GAP

    def render_line(self, y: int) -> Strip:
        """Draw the text, and the hint at the right end."""
        strip = super().render_line(y)
        if y or not self._hint or cell_len(self._hint) > self._room_for_hint:
            return strip
        style = self.rich_style + self.get_component_rich_style("input--placeholder", partial=True)
        text = strip.crop(0, self.content_size.width - cell_len(self._hint))
        return Strip.join([text, Strip([Segment(self._hint, style)])])

    def post_message(self, message: Message) -> bool:
        """Handle text and a new focus now: as messages they would wait while later keys act."""
        match message:
            case events.Key(character=str(text), is_printable=True):
                self.replace(text, *sorted(self.selection))
                return True
            case events.Paste():
                self._on_paste(message)
                return True
            case events.Focus(from_app_focus=False):
                self.selection = Selection(0, len(self.value))
        return super().post_message(message)

    def lose_key(self) -> None:
        """Report that a key for this field was not understood."""
        self.post_message(self.KeyLost(self))


class FieldInput(PromptInput):
    """A field whose text is visible, and cleaned as it is typed."""

    @fields
    class Dropped(Message):
        """Posted when part of what was typed or pasted was left out, since this field cannot have it."""

        entry: "FieldInput"

    def __init__(self, value: str = "", *, clean: Callable[[str], str] = printable, **options: object) -> None:
        super().__init__(clean(value), **options)
        self._clean = clean

    def replace(self, text: str, start: int, end: int) -> None:
        """Clean everything that is typed or pasted."""
        cleaned = self._clean(text)
        if len(cleaned) < len(unicodedata.normalize("NFC", text)):  # what is composed is not left out
            self.drop(text)
        super().replace(cleaned, start, end)

    def drop(self, text: str) -> None:
        """Report that part of a text was left out."""
        self.post_message(self.Dropped(self))


class SecretInput(PromptInput):
    """A field whose text is hidden. A paste keeps its line breaks: a PEM has many lines."""

    def __init__(self) -> None:
        super().__init__(password=True)

    @property
    def _value(self) -> Text:
        # Input's own mask is a bullet, whose width East Asian terminals disagree about.
        return Text("*" * len(self.value), no_wrap=True, overflow="ignore", end="")

    def action_copy(self) -> None:
        """Copy nothing: the terminal, and everything between, would read it."""
        self.app.bell()

    action_cut = action_copy

    def _on_paste(self, event: events.Paste) -> None:
        self.replace(event.text, *sorted(self.selection))
        event.prevent_default()
        event.stop()


def symbol_text(text: str) -> str:
    """Return the letters and digits of an asset or a pair as the exchange writes them: BTC/usdt is BTCUSDT."""
    return "".join(filter(is_name, as_written(text)))
