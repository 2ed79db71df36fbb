"""Input from the terminal to a Textual app: only real keys arrive as keys, and each says how it was pressed.

Textual's own parser takes an unfinished sequence for keys after a time-out, and in a paste too. Here it gets whole
tokens only. Input that may be an unknown key is reported to the app: it must not be missing from an
amount without a word. kitty's keyboard protocol is not requested: without it, each key that types a character arrives
as that character.

Of the mouse, only the wheel and the left button arrive; no other button may answer or do anything else.

This relies on private parts of Textual, and a test notices when they change: `LinuxDriver` calls `run_input_thread` in
a thread, and `exit_event` asks it to end; `XTermParser.feed` and `tick` turn text into messages, and `_timeout_time` is
None when the parser waits for nothing more; `App._driver` is the driver. If Textual reads the terminal in another way,
no key gets a `Press`, and a question is never answered: nothing is sent.
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
from secrets import randbelow
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import msgspec
from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from tui.language import _
from tui.structs import Struct, replace
from tui.terminal.keys import is_report, read_key
from tui.terminal.tokens import Token, Tokenizer, TokenKind

_POLL_S = 0.1
"""Pause between checks whether the app wants to end."""
_ESCAPE_S = 0.025
"""How long a lone Esc may begin a sequence in a terminal on this machine, which writes sequences whole."""
_OVER_SSH = "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"
"""Variables that say that keys come over a line, which may cut a sequence: then the pause is Textual's."""
_STALLED_PASTE_S = 5.0
"""A paste that pauses this long is taken to be over: its end may have been lost, and the person must get on."""
_BURST, _BURST_S, _AFTER_BURST_S = 3, 0.1, 0.3
"""This many keys in this time come from no hand, and neither does another key this soon afterwards."""
_HELD_S = 0.7
"""A key that comes again within this time may be held down: keyboards wait less before they repeat it."""
_OPEN_FENCES = 8
_LONGEST_KNOWN = 32
"""Textual's parser takes any longer sequence for keys."""

_KITTY_PROTOCOL = re.compile(r"\x1b\[(?:>[0-9]+|<)u")
"""What requests kitty's keyboard protocol, and what ends it."""
_MOUSE = re.compile(r"\x1b\[<([0-9]+);-?[0-9]+;-?[0-9]+[Mm]")
_MOVED, _WHEEL, _EXTRA_BUTTONS, _WHICH_BUTTON = 32, 64, 128, 3


class Press(Struct):
    """How a key was pressed."""

    order: int
    """Its number among all keys and pastes."""
    read_s: float
    """When it was read."""
    began_s: float
    began_order: int = 0
    """When the key went down, if it is held: it had not come for a while before."""
    key: str = ""
    is_alone: bool = True
    """Whether nothing else that could be typed was read with it."""
    doubt: str = ""
    """Why it may still be part of a paste; empty if nothing suggests that."""
    is_repeat: bool = False
    """Whether the terminal says that the key is held."""
    is_in_burst: bool = False
    """Whether it came sooner after others than a hand presses it."""


class Fence(msgspec.Struct):
    """A query to the terminal: what was typed or pasted before it was sent arrives before its answer.

    It asks for the cursor's position after a move to a random one: a paste that contains the answer would have to guess
    it.
    """

    row: int
    column: int
    written_s: float | None = None
    """When it was written to the terminal, with what the screen was to show."""
    order: int | None = None
    """The number of the last key or paste before the answer; None without an answer."""

    @property
    def query(self) -> str:
        """What is written; it leaves the cursor where it was."""
        return f"\x1b7\x1b[{self.row};{self.column}H\x1b[6n\x1b8"

    @property
    def answer(self) -> str:
        """What a terminal answers."""
        return f"\x1b[{self.row};{self.column}R"


class InputDriver(LinuxDriver):
    """Reads the terminal."""

    class PasteBrokeOut(Message):
        """Posted when a paste contains the mark of its own end: the rest of it looks like keys, but was pasted."""

    class UnreadableKey(Message):
        """Posted when input arrives that may be an unknown key."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order = 0
        """The number of keys and pastes so far."""
        self.broke_out_order = 0
        """The number of the last paste that contained the mark of its own end."""
        self.answers = False
        """Whether the terminal has ever answered a fence."""
        self._tokenizer = Tokenizer()
        self._parser = XTermParser(self._debug)
        self._presses: WeakKeyDictionary[events.Key, Press] = WeakKeyDictionary()
        self._repeats: WeakSet[events.Key] = WeakSet()
        """Keys that the terminal says are held."""
        self.answered = Press(0, 0.0, 0.0)
        """The last press that answered a question, continued while its key may be held: it answers no other then."""
        self.paste_doubt = ""
        """Why a key may still be part of a paste; empty if every paste so far is over."""
        self._last_press = self.answered
        self._key_times: deque[float] = deque(maxlen=_BURST)
        self._burst_s = 0.0
        self._read_s = 0.0
        self._clicked_s = 0.0
        """When a mouse button last went down."""
        self._fences: deque[Fence] = deque(maxlen=_OPEN_FENCES)
        self._unwritten: Fence | None = None

    def press(self, event: events.Key) -> Press | None:
        """Return how a key was pressed; None if it was no single key of this terminal."""
        return self._presses.get(event)

    def click(self) -> Press:
        """Return the newest click as a press. It comes behind the keys that were read before it."""
        return Press(self.order, self._clicked_s, self._clicked_s)

    def is_last(self, press: Press) -> bool:
        """Whether nothing that could be typed, nor the start of it, came after the press."""
        return self.order == press.order and not self._tokenizer.is_unfinished

    def fence(self) -> Fence:
        """Prepare a query that is written before what the screen shows next. See `write_fence`."""
        width, height = self._get_terminal_size()
        # Not in the first line: its answer would look like F3 with a modifier.
        fence = self._unwritten = Fence(2 + randbelow(max(1, height - 1)), 1 + randbelow(max(1, width)))
        return fence

    def write_fence(self) -> None:
        """Write the query now, if nothing was shown since."""
        if self._unwritten:
            self.write("")

    def write(self, data: str) -> None:
        """Write to the terminal, except what requests kitty's keyboard protocol."""
        if _KITTY_PROTOCOL.fullmatch(data):
            return
        if fence := self._unwritten:
            self._unwritten = None
            self._fences.append(fence)
            fence.written_s = monotonic()
            data = fence.query + data
        super().write(data)

    def start_application_mode(self) -> None:
        """Take the terminal over, and learn whether it answers."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread:
            self.fence()
            self.write_fence()

    def _enable_mouse_support(self) -> None:
        # Not mode 1003, which Textual uses: each motion without a button would be traffic.
        if self._mouse:
            self.write("\x1b[?1000h\x1b[?1002h\x1b[?1015h\x1b[?1006h")

    def _disable_mouse_support(self) -> None:
        if self._mouse:
            self.write("\x1b[?1000l\x1b[?1002l\x1b[?1015l\x1b[?1006l")

    def run_input_thread(self) -> None:
        """Read until the app ends or the terminal is gone. An error ends the app, like one in a screen."""
        try:
            self._read_until_exit()
        except OSError:
            return
        except Exception as error:  # noqa: BLE001 - Textual would print what is in memory, and end with status 0
            self._app.call_later(self._app._handle_exception, error)

    def _read_until_exit(self) -> None:
        escape_s = constants.ESCAPE_DELAY if any(name in os.environ for name in _OVER_SSH) else _ESCAPE_S
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(escape_s if self._tokenizer.is_escape else _POLL_S):
                    if not _has_input(self.fileno):
                        continue
                    data = read = os.read(self.fileno, 4096)
                    while read and len(data) < 1 << 20 and selector.select(0):
                        data += (read := os.read(self.fileno, 4096))
                    if not data:
                        return
                    self._take_in(data)
                elif self._tokenizer.is_escape and monotonic() - self._read_s >= escape_s:
                    self._tokenizer.escape_is_key()
                    self._deliver([Token(TokenKind.ESCAPE)], is_whole=True)

    def _take_in(self, data: bytes) -> None:
        """Deliver the data of one read."""
        pause_s, self._read_s = monotonic() - self._read_s, monotonic()
        tokens = []
        if self._tokenizer.is_paste and pause_s > _STALLED_PASTE_S:
            tokens.append(self._tokenizer.end_paste())
        tokens += self._tokenizer.feed(data)
        self._deliver(tokens, is_whole=not self._tokenizer.is_unfinished)

    def _deliver(self, tokens: Iterable[Token], *, is_whole: bool) -> None:
        """Give the app the messages that the tokens of one read mean."""
        batches = [(token, self._messages(token)) for token in tokens]
        is_alone = is_whole and sum(_is_input(message) for _, messages in batches for message in messages) == 1
        for token, messages in batches:
            self._check_fences(token)
            for message in messages:
                if _is_input(message):
                    self.order += 1
                match message:
                    case events.Key():
                        self._note_key(message, token, is_alone=is_alone)
                    case events.Paste() | self.PasteBrokeOut():
                        self.paste_doubt = _("Something was pasted before")
                    case events.MouseDown():
                        self._clicked_s = self._read_s
                if isinstance(message, self.PasteBrokeOut):
                    self.broke_out_order = self.order
                self.process_message(message)

    def _note_key(self, event: events.Key, token: Token, *, is_alone: bool) -> None:
        is_in_burst = self._read_s - self._burst_s < _AFTER_BURST_S
        self._key_times.append(self._read_s)
        if len(self._key_times) == _BURST and self._read_s - self._key_times[0] < _BURST_S:
            self._burst_s = self._read_s
        press = Press(
            self.order,
            self._read_s,
            self._read_s,
            self.order,
            event.key,
            is_alone,
            self.paste_doubt,
            event in self._repeats,
            is_in_burst,
        )
        for last in (self._last_press, self.answered):
            is_held = last.key == press.key and press.read_s - last.read_s <= _HELD_S
            if is_held and last.began_order < press.began_order:
                press = replace(press, began_s=last.began_s, began_order=last.began_order)
        self._last_press = press
        if press.key == self.answered.key:
            self.answered = press
        if token.kind in (TokenKind.KEY, TokenKind.SEQUENCE):
            self._presses[event] = press

    def _check_fences(self, token: Token) -> None:
        for fence in list(self._fences):
            if token.text == fence.answer:
                fence.order = self.order
                self.answers = True
                self._fences.remove(fence)

    def _messages(self, token: Token) -> list[Message]:
        """Return what a token means to a Textual app."""
        match token.kind:
            case TokenKind.KEY | TokenKind.UNSURE_KEY:
                return list(self._parser.feed(token.text))
            case TokenKind.ESCAPE:
                return [events.Key("escape", "\x1b")]
            case TokenKind.ALT:
                messages = list(self._parser.feed(f"\x1b{token.text}"))
                return messages + self._flush_parser()
            case TokenKind.SEQUENCE:
                return self._sequence_messages(token.text)
            case TokenKind.PASTE:
                return [events.Paste(token.text.replace("\x00", ""))]
            case TokenKind.STRAY_PASTE_END:
                return [self.PasteBrokeOut()]
            case TokenKind.LOST:
                return [self.UnreadableKey()]

    def _sequence_messages(self, sequence: str) -> list[Message]:
        """Return what a whole sequence means: a report of the terminal, a key, or what may have been one."""
        if is_report(sequence):
            return [] if _is_other_button(sequence) else self._parse(sequence)
        if (event := read_key(sequence)) is None:
            return [self.UnreadableKey()]
        keys: list[Message] = [events.Key(typed.name, typed.character) for typed in event.keys]
        if event.is_repeat:
            self._repeats.update(keys)  # type: ignore[arg-type]
        return keys

    def _parse(self, sequence: str) -> list[Message]:
        """Return what Textual makes of a whole sequence; nothing if it knows only its beginning, or fails on it."""
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
        self._flush_parser()
        return [] if is_early or is_unknown else messages

    def _flush_parser(self) -> list[Message]:
        """Return what the parser makes of the input that it holds back."""
        if self._parser._timeout_time is None:
            return []
        self._parser._timeout_time = 0.0
        return list(self._parser.tick())


def _has_input(terminal: int) -> bool:
    """Whether there is still something to read, or nobody left who could write it. Raises OSError.

    If the process was stopped after `select` returned, the shell may have read the input: a read would wait for the
    next key, and so would whoever waits for the reading to end.
    """
    (count,) = struct.unpack("i", fcntl.ioctl(terminal, termios.FIONREAD, bytes(4)))
    poll = select.poll()
    poll.register(terminal, 0)
    return bool(count or poll.poll(0))


def _is_other_button(sequence: str) -> bool:
    """Whether it reports a mouse button other than the left one. Textual takes some of them for the left one."""
    match = _MOUSE.fullmatch(sequence)
    code = int(match[1]) if match else 0
    if code & _EXTRA_BUTTONS:
        return True
    return not code & (_MOVED | _WHEEL) and bool(code & _WHICH_BUTTON)


def _is_input(message: Message) -> bool:
    return isinstance(message, events.Key | events.Paste | InputDriver.PasteBrokeOut | InputDriver.UnreadableKey)
