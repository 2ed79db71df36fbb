"""The bytes that a terminal sends, cut into keys, sequences, reports and pastes, without a time-out.

An escape sequence that is unfinished stays unfinished whatever the pause: a slow line may split it anywhere, and the
byte that ends it is part of it and no key. Which byte is a key depends on the bytes before it alone, never on how they
arrived. (xterm's ctlseqs, ECMA-48, and what the Linux console and rxvt do beside them.)

There is a way out of every state. A control character, which no terminal puts into a report, ends a string or a
sequence and is a key itself; Escape ends all but a paste, and `end_paste` that.

Nothing disappears without a trace: where bytes turn out to be neither a key nor a report, a piece says so. They may
have been keys: Alt+P is the start of a string, and swallows the digits behind it.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

_ESC = 0x1B
_BEL, _CAN, _SUB = 0x07, 0x18, 0x1A
_PASTE, _PASTE_OVER = b"\x1b[200~", b"\x1b[201~"
_STRINGS = b"P]X^_"
"""What begins a string behind Escape: DCS, OSC, SOS, PM, APC."""
_C1 = {0x8F: b"O", 0x90: b"P", 0x98: b"X", 0x9B: b"[", 0x9D: b"]", 0x9E: b"^", 0x9F: b"_"}
"""The same in one byte, which is no text in UTF-8."""
_REPORTS = re.compile(rb"\x1b(?:\][0-9]+;|\][lL]|P[01]?[$+!]|P[>!]\||_G)")
"""How the strings begin that terminals send. (xterm's ctlseqs, and kitty's graphics.)"""
_RXVT_SHIFTED = re.compile(rb"\x1b\[[0-9]+\$")
"""rxvt ends keys with Shift in a dollar sign. Every report with one has a `?` or a `;` before it."""
_LONGEST_PASTE, _LONGEST_SEQUENCE = 1 << 20, 1 << 10
_LONGEST_START = 16
"""Bytes of a string that say what it is."""


class TokenKind(Enum):
    """What a piece of the stream is."""

    KEY = auto()
    """A character, or a control character: somebody typed it, or pasted it into a terminal that does not say so."""
    ESCAPE = auto()
    """The Escape key, for another Escape follows."""
    ALT = auto()
    """A character with Alt: Escape comes before it."""
    BEHIND_ESCAPE = auto()
    """A character behind Escape, after that was taken for the key: a key, one with Alt, or of a report with a pause."""
    BEHIND_BYTE = auto()
    """A character behind a byte that is no text: a key, or the rest of a character in another encoding."""
    SEQUENCE = auto()
    """A whole control sequence: a key without a character, a mouse's doing, or a report."""
    STRING = auto()
    """A whole report in a string."""
    PASTE = auto()
    """What was pasted."""
    PASTE_OVER = auto()
    """The end of a paste that is over already, or never began: what was pasted held one too."""
    LOST = auto()
    """Bytes that are neither a key nor a report: a character in another encoding, or what a control character ended."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the stream."""

    kind: TokenKind
    text: str = ""


class _State(Enum):
    GROUND = auto()
    BEHIND_BYTE = auto()
    CHARACTER = auto()
    ESCAPE = auto()
    CSI = auto()
    CONSOLE_KEY = auto()
    MOUSE = auto()
    SS3 = auto()
    STRING = auto()
    STRING_ESCAPE = auto()
    PASTE = auto()


class Tokenizer:
    """Takes the bytes of a terminal as they come."""

    def __init__(self) -> None:
        self._state = _State.GROUND
        self._held = bytearray()
        """What the piece has so far."""
        self._is_typed = False
        """Whether the Escape that it began with was taken for the key."""
        self._pieces: list[Token] = []

    @property
    def is_unfinished(self) -> bool:
        """Whether more must come to say what the last bytes were."""
        return self._state is not _State.GROUND and not self._is_typed

    @property
    def is_escape(self) -> bool:
        """Whether there is an Escape and nothing more: the key, or the start of something."""
        return self._state is _State.ESCAPE and not self._is_typed

    @property
    def is_paste(self) -> bool:
        """Whether a paste has begun, and not ended."""
        return self._state is _State.PASTE

    def feed(self, data: bytes) -> list[Token]:
        """What these bytes complete."""
        for byte in data:
            self._take(byte)
        pieces, self._pieces = self._pieces, []
        return pieces

    def escape_is_key(self) -> None:
        """Take the Escape for the key. What follows is still behind an Escape, and no key that can be relied on."""
        self._is_typed = True

    def end_paste(self) -> Token:
        """What was pasted so far; the paste is over, though the terminal has not said so."""
        paste = Token(TokenKind.PASTE, bytes(self._held).decode(errors="replace"))
        self._go(_State.GROUND)
        return paste

    def _take(self, byte: int) -> None:
        match self._state:
            case _State.GROUND:
                self._in_ground(byte)
            case _State.BEHIND_BYTE:
                self._behind_byte(byte)
            case _State.CHARACTER:
                self._in_character(byte)
            case _State.ESCAPE:
                self._behind_escape(byte)
            case _State.CSI:
                self._in_csi(byte)
            case _State.CONSOLE_KEY | _State.MOUSE | _State.SS3:
                self._in_short(byte)
            case _State.STRING:
                self._in_string(byte)
            case _State.STRING_ESCAPE:
                self._behind_string(byte)
            case _State.PASTE:
                self._in_paste(byte)

    def _in_ground(self, byte: int) -> None:
        if byte == _ESC:
            self._go(_State.ESCAPE, byte)
        elif byte < 0x80:
            self._pieces.append(Token(TokenKind.KEY, chr(byte)))
        elif byte in _C1:
            self._go(_State.ESCAPE, _ESC)
            self._behind_escape(_C1[byte][0])
        elif byte >= 0xC2:
            self._go(_State.CHARACTER, byte)
        else:
            self._lose(_State.BEHIND_BYTE)

    def _behind_byte(self, byte: int) -> None:
        self._go(_State.GROUND)
        if 0x20 <= byte < 0x7F:
            self._pieces.append(Token(TokenKind.BEHIND_BYTE, chr(byte)))
        else:
            self._in_ground(byte)

    def _in_character(self, byte: int) -> None:
        if not 0x80 <= byte < 0xC0:  # cut short: no character
            self._lose(_State.BEHIND_BYTE)
            self._behind_byte(byte)
            return
        self._held.append(byte)
        lead = self._held[0]
        if len(self._held) == 2 + (lead >= 0xE0) + (lead >= 0xF0):
            character = bytes(self._held).decode(errors="ignore")
            if character:
                self._go(_State.GROUND)
                self._pieces.append(Token(TokenKind.KEY, character))
            else:
                self._lose(_State.BEHIND_BYTE)

    def _behind_escape(self, byte: int) -> None:
        if byte == _ESC or byte >= 0x80:
            if not self._is_typed:
                self._pieces.append(Token(TokenKind.ESCAPE))
            self._again(byte)
            return
        kind = TokenKind.BEHIND_ESCAPE if self._is_typed else TokenKind.ALT
        if byte == ord("["):
            self._is_typed = False
            self._hold(_State.CSI, byte)
        elif byte == ord("O") or byte in _STRINGS:
            # Letters can be text behind an Escape key: they are handed on as they come, but are no keys to rely on.
            self._is_typed = self._is_typed and chr(byte).isalpha()
            if self._is_typed:
                self._pieces.append(Token(kind, chr(byte)))
            self._hold(_State.SS3 if byte == ord("O") else _State.STRING, byte)
        else:
            self._go(_State.GROUND)
            self._pieces.append(Token(kind, chr(byte)))

    def _in_csi(self, byte: int) -> None:
        if not 0x20 <= byte < 0x7F:
            self._again(byte)
        elif byte == ord("[") and self._held == b"\x1b[":
            self._hold(_State.CONSOLE_KEY, byte)
        elif byte == ord("M") and self._held == b"\x1b[":
            self._hold(_State.MOUSE, byte)
        else:
            if len(self._held) < _LONGEST_SEQUENCE:
                self._held.append(byte)
            if byte >= 0x40 or _RXVT_SHIFTED.fullmatch(self._held):
                self._end_sequence()

    def _in_short(self, byte: int) -> None:
        """A key of the Linux console has one more byte, a mouse report three, an SS3 one behind its modifiers."""
        if byte < 0x20 or (byte >= 0x7F and self._state is not _State.MOUSE):
            self._again(byte)
            return
        if self._is_typed:
            self._pieces.append(Token(TokenKind.BEHIND_ESCAPE, chr(byte)))
        self._held.append(byte)
        is_over = {
            _State.CONSOLE_KEY: True,
            _State.MOUSE: len(self._held) == 6,
            _State.SS3: byte not in b"0123456789;",
        }[self._state]
        if is_over or len(self._held) > _LONGEST_SEQUENCE:
            self._end_sequence()

    def _in_string(self, byte: int) -> None:
        if byte == _ESC and not self._is_typed:
            self._state = _State.STRING_ESCAPE
        elif byte == _BEL and not self._is_typed and self._held.startswith(b"\x1b]"):
            self._end_string()
        elif byte in (_BEL, _CAN, _SUB) and not self._is_typed:
            self._lose(_State.GROUND)
        elif byte < 0x20:
            self._again(byte)
        elif self._is_typed and byte < 0x80:
            self._pieces.append(Token(TokenKind.BEHIND_ESCAPE, chr(byte)))
        elif len(self._held) < _LONGEST_START:
            self._held.append(byte)

    def _behind_string(self, byte: int) -> None:
        if byte == ord("\\"):
            self._end_string()
        else:
            self._lose(_State.ESCAPE, _ESC)
            self._behind_escape(byte)

    def _end_string(self) -> None:
        if _REPORTS.match(self._held):
            self._go(_State.GROUND)
            self._pieces.append(Token(TokenKind.STRING))
        else:
            self._lose(_State.GROUND)

    def _in_paste(self, byte: int) -> None:
        self._held.append(byte)
        if self._held.endswith(_PASTE_OVER):
            del self._held[-len(_PASTE_OVER) :]
            self._pieces.append(self.end_paste())
        elif len(self._held) > _LONGEST_PASTE:
            del self._held[_LONGEST_PASTE - len(_PASTE_OVER) : -len(_PASTE_OVER)]

    def _end_sequence(self) -> None:
        sequence, was_typed = bytes(self._held), self._is_typed
        self._go(_State.GROUND)
        if sequence == _PASTE:
            self._go(_State.PASTE)
        elif sequence == _PASTE_OVER:
            self._pieces.append(Token(TokenKind.PASTE_OVER))
        elif not was_typed:
            self._pieces.append(Token(TokenKind.SEQUENCE, sequence.decode("latin-1")))

    def _go(self, state: _State, *held: int) -> None:
        self._state, self._held, self._is_typed = state, bytearray(held), False

    def _hold(self, state: _State, byte: int) -> None:
        self._state = state
        self._held.append(byte)

    def _lose(self, state: _State, *held: int) -> None:
        """Give the piece up, and say so."""
        self._go(state, *held)
        self._pieces.append(Token(TokenKind.LOST))

    def _again(self, byte: int) -> None:
        """Give the piece up: it is none. The byte is what it is at the start of one."""
        if self._state is _State.ESCAPE or self._is_typed:  # what there was of it has been handed on
            self._go(_State.GROUND)
        else:
            self._lose(_State.GROUND)
        self._in_ground(byte)
