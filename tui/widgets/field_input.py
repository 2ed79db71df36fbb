"""Inputs that keep what cannot be part of the value out of it."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive
from textual.widgets import Input
from textual.widgets.input import Selection

from tui.domain.text import is_name, printable
from tui.domain.transfer import as_written
from tui.widgets.at_once import at_once

_SCREEN_KEYS = {"enter", "ctrl+k", "ctrl+x"}
"""Keys that mean something to the whole screen; Input would keep them to itself."""


class PromptInput(Input, inherit_bindings=False):
    """A one-line input that takes every key at once, and so in the order typed. Its cursor does not blink: an idle
    screen sends nothing.
    """

    BINDINGS: ClassVar[list[BindingType]] = at_once(
        binding
        for binding in Input.BINDINGS
        if isinstance(binding, Binding) and _SCREEN_KEYS.isdisjoint(binding.key.split(","))
    )

    @dataclass
    class KeyLost(Message):
        """A key came that was not understood: what is in the field may not be what was typed."""

        entry: "PromptInput"

    virtual_size: Reactive[Size] = Reactive(Size(0, 0), layout=False)
    """How long the text is. Textual lays the whole screen out anew for it; but the field is as wide as before."""

    def __init__(self, value: str = "", **options: object) -> None:
        super().__init__(value, compact=True, select_on_focus=False, **options)  # type: ignore[arg-type]
        self.cursor_blink = False

    def post_message(self, message: Message) -> bool:
        """Take text in now, and what a new focus selects: as messages they would wait while later keys act."""
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
        """Take note that a key came for this field that was not understood."""
        self.post_message(self.KeyLost(self))


class FieldInput(PromptInput):
    """A field whose contents are seen, and cleaned on their way in."""

    @dataclass
    class Dropped(Message):
        """Part of what was typed or pasted cannot be in this field, and was left out."""

        entry: "FieldInput"

    def __init__(self, value: str = "", *, clean: Callable[[str], str] = printable, **options: object) -> None:
        super().__init__(clean(value), **options)
        self._clean = clean

    def replace(self, text: str, start: int, end: int) -> None:
        """Everything typed or pasted passes here, and is cleaned on its way in."""
        cleaned = self._clean(text)
        if len(cleaned) < len(unicodedata.normalize("NFC", text)):  # what is composed is not left out
            self.drop(text)
        super().replace(cleaned, start, end)

    def drop(self, text: str) -> None:
        """Say that part of a text was left out."""
        self.post_message(self.Dropped(self))


class SecretInput(PromptInput):
    """A field whose contents nobody sees. What is pasted stays whole: a PEM has many lines."""

    def __init__(self) -> None:
        super().__init__(password=True)

    @property
    def _value(self) -> Text:
        # Input's own mask is a bullet, whose width East Asian terminals disagree about.
        return Text("*" * len(self.value), no_wrap=True, overflow="ignore", end="")

    def action_copy(self) -> None:
        """Nothing of it goes to the clipboard: the terminal, and all on the way to it, would read it."""
        self.app.bell()

    action_cut = action_copy

    def _on_paste(self, event: events.Paste) -> None:
        self.replace(event.text, *sorted(self.selection))
        event.prevent_default()
        event.stop()


def symbol_text(text: str) -> str:
    """The letters and digits of an asset or a pair, as the exchange writes them: BTC/usdt is BTCUSDT."""
    return "".join(filter(is_name, as_written(text)))
