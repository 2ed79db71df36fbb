"""The way from the terminal to a Textual app: nothing comes in as a key that is none, and each key says how it came.

Textual's own parser takes an unfinished sequence for keys after a time, and in a paste too. Here it is given whole
pieces only. What may have been a key, and is none that is known, is told to the app: it must not be missing from an
amount without a word. kitty's keyboard protocol is not asked for: without it, what types something comes as that.

Of the mouse, only the wheel and the left button come in: no other one may answer, or do anything else.

What this relies on of Textual, beyond what is public (a test says so when it changes): `LinuxDriver` calls
`run_input_thread` in a thread, whose end `exit_event` asks for; `XTermParser.feed` and `tick` turn text into messages,
and `_timeout_time` is None when the parser waits for nothing more; `App._driver` is the driver. Where Textual reads the
terminal in another way, no key gets a `Press`, and a question is never answered: nothing is sent.
"""

import fcntl
import os
import re
import select
import selectors
import struct
import termios
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from secrets import randbelow
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from tui.terminal.keys import is_report, read_key
from tui.terminal.tokens import Token, Tokenizer, TokenKind

_LOOK_S = 0.1
"""How often it is looked whether the app wants to end."""
_STALLED_PASTE_S = 5.0
"""A paste that pauses for so long is taken to be over: its end may have been lost, and a person must get on."""
_BURST, _BURST_S, _AFTER_BURST_S = 3, 0.1, 0.3
"""So many keys within so long come from no hand; so soon after them, neither does the next."""
_HELD_S = 0.7
"""A key that comes again within so long may be held down: longer than keyboards wait before they repeat it."""
_OPEN_FENCES = 8
_LONGEST_KNOWN = 32
"""Textual's parser takes anything longer for keys."""

_KITTY_PROTOCOL = re.compile(r"\x1b\[(?:>[0-9]+|<)u")
"""What asks for kitty's keyboard protocol, and takes that back."""
_MOUSE = re.compile(r"\x1b\[<([0-9]+);-?[0-9]+;-?[0-9]+[Mm]")
_MOVED, _WHEEL, _EXTRA_BUTTONS, _WHICH_BUTTON = 32, 64, 128, 3


@dataclass(frozen=True, slots=True)
class Press:
    """How a key came."""

    order: int
    """Its place among all keys and pastes."""
    read_s: float
    """When it was read."""
    is_alone: bool
    """Whether nothing else that could be typed came with it."""
    doubt: str
    """Why it may still be part of a paste; empty where nothing says so."""
    key: str = ""
    began_s: float = 0.0
    began_order: int = 0
    """When the key went down, if it is held: before that, it did not come for a while."""
    is_repeat: bool = False
    """Whether the terminal says that the key is held."""
    is_in_burst: bool = False
    """Whether it came sooner after others than a hand presses it."""


@dataclass(slots=True)
class Fence:
    """A question to the terminal: what was typed or pasted before it was asked comes in before its answer.

    It asks for the cursor's place after a move to one that nobody can foresee: a paste that holds the answer would have
    to guess it.
    """

    row: int
    column: int
    written_s: float | None = None
    """When it was on its way to the terminal, with what the screen was to show."""
    order: int | None = None
    """Which key or paste was the last before the answer; None without one."""

    @property
    def question(self) -> str:
        """What is written; the cursor is back where it was afterwards."""
        return f"\x1b7\x1b[{self.row};{self.column}H\x1b[6n\x1b8"

    @property
    def answer(self) -> str:
        """What a terminal answers."""
        return f"\x1b[{self.row};{self.column}R"


@dataclass(frozen=True, slots=True)
class _Down:
    """A key that may be held down: it came again and again, with no longer pauses than keyboards make."""

    key: str = ""
    began_s: float = 0.0
    began_order: int = 0
    last_s: float = 0.0

    def next(self, key: str, read_s: float, order: int) -> "_Down":
        """What may be held after another key came."""
        if key == self.key and read_s - self.last_s <= _HELD_S:
            return replace(self, last_s=read_s)
        return _Down(key, read_s, order, read_s)


class InputDriver(LinuxDriver):
    """Reads the terminal."""

    class PasteBrokeOut(Message):
        """What was pasted held the mark of its own end: what came behind that looked like keys, and was none."""

    class UnreadableKey(Message):
        """Something came that may have been a key, and is none that is known."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order = 0
        """How many keys and pastes came so far."""
        self.broke_out_order = 0
        """The place of the last paste that held the mark of its own end."""
        self.answers = False
        """Whether the terminal has ever answered a fence."""
        self._stream = Tokenizer()
        self._parser = XTermParser(self._debug)
        self._presses: WeakKeyDictionary[events.Key, Press] = WeakKeyDictionary()
        self._repeats: WeakSet[events.Key] = WeakSet()
        """Keys of which the terminal says that they are held."""
        self._down = _Down()
        self._answered = _Down()
        """The key that answered a question last, while it may be held."""
        self._paste_doubt = ""
        self._key_times: deque[float] = deque(maxlen=_BURST)
        self._burst_s = 0.0
        self._read_s = 0.0
        self._clicked_s = 0.0
        """When a mouse button last went down."""
        self._fences: deque[Fence] = deque(maxlen=_OPEN_FENCES)
        self._unwritten: Fence | None = None

    def press(self, event: events.Key) -> Press | None:
        """How a key came; None where it was no single key of this terminal."""
        return self._presses.get(event)

    def click(self) -> Press:
        """How the newest click came. It stands behind the keys that came before it, as a key would."""
        return Press(self.order, self._clicked_s, is_alone=True, doubt="", began_s=self._clicked_s)

    def has_answered(self, press: Press) -> None:
        """Take note that a key answered a question: while it is held, it answers no other."""
        self._answered = _Down(press.key, press.began_s, press.began_order, press.read_s)

    def is_last(self, press: Press) -> bool:
        """Whether nothing that could be typed came after it, nor the start of it."""
        return self.order == press.order and not self._stream.is_unfinished

    def is_no_paste(self) -> None:
        """Take every paste so far to be over."""
        self._paste_doubt = ""

    def fence(self) -> Fence:
        """Ask the terminal for a sign of life, in front of what it is to show next. See `write_fence`."""
        width, height = self._get_terminal_size()
        # Not in the first line: its answer would look like F3 with a modifier.
        fence = self._unwritten = Fence(2 + randbelow(max(1, height - 1)), 1 + randbelow(max(1, width)))
        return fence

    def write_fence(self) -> None:
        """Ask now, where nothing was shown since."""
        if self._unwritten:
            self.write("")

    def write(self, data: str) -> None:
        """Write to the terminal, but for what asks for kitty's keyboard protocol."""
        if _KITTY_PROTOCOL.fullmatch(data):
            return
        if fence := self._unwritten:
            self._unwritten = None
            self._fences.append(fence)
            fence.written_s = monotonic()
            data = fence.question + data
        super().write(data)

    def start_application_mode(self) -> None:
        """Take the terminal over, and learn whether it answers."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread:
            self.fence()
            self.write_fence()

    def _enable_mouse_support(self) -> None:
        # Not mode 1003, which Textual asks for: each motion would be traffic, without a button down.
        if self._mouse:
            self.write("\x1b[?1000h\x1b[?1002h\x1b[?1015h\x1b[?1006h")

    def _disable_mouse_support(self) -> None:
        if self._mouse:
            self.write("\x1b[?1000l\x1b[?1002l\x1b[?1015l\x1b[?1006l")

    def run_input_thread(self) -> None:
        """Read until the app ends, or the terminal is gone. An error ends the app, as one in a screen does."""
        try:
            self._read_on()
        except OSError:
            return
        except Exception as error:  # noqa: BLE001 - Textual would print what is in memory, and end with status 0
            self._app.call_later(self._app._handle_exception, error)

    def _read_on(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(_LOOK_S):
                    if not _has_input(self.fileno):
                        continue
                    data = read = os.read(self.fileno, 4096)
                    while read and len(data) < 1 << 20 and selector.select(0):
                        data += (read := os.read(self.fileno, 4096))
                    if not data:
                        return
                    self._take_in(data)
                elif self._stream.is_escape and monotonic() - self._read_s >= constants.ESCAPE_DELAY:
                    self._stream.escape_is_key()
                    self._hand_on([Token(TokenKind.ESCAPE)], is_whole=True)

    def _take_in(self, data: bytes) -> None:
        """Hand on what was read at once."""
        stalled_s, self._read_s = monotonic() - self._read_s, monotonic()
        pieces = []
        if self._stream.is_paste and stalled_s > _STALLED_PASTE_S:
            pieces.append(self._stream.end_paste())
        pieces += self._stream.feed(data)
        self._hand_on(pieces, is_whole=not self._stream.is_unfinished)

    def _hand_on(self, pieces: Iterable[Token], *, is_whole: bool) -> None:
        """Give the app what it makes of the pieces of one read."""
        made = [(piece, self._messages(piece)) for piece in pieces]
        typed = [message for _, messages in made for message in messages if _is_input(message)]
        for piece, messages in made:
            self._note_answer(piece)
            for message in messages:
                if _is_input(message):
                    self.order += 1
                if isinstance(message, self.PasteBrokeOut):
                    self.broke_out_order = self.order
                if isinstance(message, (events.Paste, self.PasteBrokeOut)):
                    self._paste_doubt = "Something was pasted before"
                if isinstance(message, events.MouseDown):
                    self._clicked_s = self._read_s
                if isinstance(message, events.Key):
                    self._note_key(message, piece, is_alone=is_whole and len(typed) == 1)
                self.process_message(message)

    def _note_key(self, event: events.Key, piece: Token, *, is_alone: bool) -> None:
        self._down = down = self._down.next(event.key, self._read_s, self.order)
        if event.key == self._answered.key:
            self._answered = self._answered.next(event.key, self._read_s, self.order)
            down = min(down, self._answered, key=lambda held: held.began_order)
        is_after_burst = self._read_s - self._burst_s < _AFTER_BURST_S
        self._key_times.append(self._read_s)
        if len(self._key_times) == _BURST and self._read_s - self._key_times[0] < _BURST_S:
            self._burst_s = self._read_s
        if piece.kind in (TokenKind.KEY, TokenKind.SEQUENCE):
            self._presses[event] = Press(
                self.order,
                self._read_s,
                is_alone,
                self._paste_doubt,
                key=event.key,
                began_s=down.began_s,
                began_order=down.began_order,
                is_repeat=event in self._repeats,
                is_in_burst=is_after_burst,
            )

    def _note_answer(self, piece: Token) -> None:
        for fence in list(self._fences):
            if piece.text == fence.answer:
                fence.order = self.order
                self.answers = True
                self._fences.remove(fence)

    def _messages(self, piece: Token) -> list[Message]:
        """What a piece means to a Textual app."""
        match piece.kind:
            case TokenKind.KEY | TokenKind.BEHIND_ESCAPE | TokenKind.BEHIND_BYTE:
                return list(self._parser.feed(piece.text))
            case TokenKind.ESCAPE:
                return [events.Key("escape", "\x1b")]
            case TokenKind.ALT:
                messages = list(self._parser.feed(f"\x1b{piece.text}"))
                return messages + self._flushed()
            case TokenKind.SEQUENCE:
                return self._sequence(piece.text)
            case TokenKind.PASTE:
                return [events.Paste(piece.text.replace("\x00", ""))]
            case TokenKind.PASTE_OVER:
                return [self.PasteBrokeOut()]
            case TokenKind.LOST:
                return [self.UnreadableKey()]
            case TokenKind.STRING:
                return []

    def _sequence(self, sequence: str) -> list[Message]:
        """What a whole sequence means: the terminal's own report, a key, or what may have been one."""
        if is_report(sequence):
            return [] if _is_of_another_button(sequence) else self._textuals(sequence)
        if report := read_key(sequence):
            keys: list[Message] = [events.Key(typed.name, typed.character) for typed in report.keys]
            if report.is_repeat:
                self._repeats.update(keys)  # type: ignore[arg-type]
            return keys
        return [self.UnreadableKey()]

    def _textuals(self, sequence: str) -> list[Message]:
        """What Textual makes of a whole sequence; nothing where it knows only its beginning, or fails on it."""
        if len(sequence) > _LONGEST_KNOWN:
            return []
        try:
            early = list(self._parser.feed(sequence[:-1]))
            is_early = bool(early) or self._parser._timeout_time is None
            messages = list(self._parser.feed(sequence[-1]))
        except (ValueError, OverflowError, IndexError):  # a number that is no character
            self._parser = XTermParser(self._debug)
            return []
        is_unknown = self._parser._timeout_time is not None
        self._flushed()
        return [] if is_early or is_unknown else messages

    def _flushed(self) -> list[Message]:
        """What the parser makes of what it waits with."""
        if self._parser._timeout_time is None:
            return []
        self._parser._timeout_time = 0.0
        return list(self._parser.tick())


def _has_input(terminal: int) -> bool:
    """Whether there is still something to read, or nobody any more who could write it. Raises OSError.

    Of a process that was stopped once it had been told so, the shell may have read it: a read would wait for the next
    key, and whoever waits for the end of the reading with it.
    """
    (count,) = struct.unpack("i", fcntl.ioctl(terminal, termios.FIONREAD, bytes(4)))
    poll = select.poll()
    poll.register(terminal, 0)
    return bool(count or poll.poll(0))


def _is_of_another_button(sequence: str) -> bool:
    """Whether a mouse button other than the left one went down or up. Textual takes some of them for the left one."""
    match = _MOUSE.fullmatch(sequence)
    code = int(match[1]) if match else 0
    if code & _EXTRA_BUTTONS:
        return True
    return not code & (_MOVED | _WHEEL) and bool(code & _WHICH_BUTTON)


def _is_input(message: Message) -> bool:
    return isinstance(message, (events.Key, events.Paste, InputDriver.PasteBrokeOut, InputDriver.UnreadableKey))
