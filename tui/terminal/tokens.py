"""The bytes that a terminal sends, cut into keys, control sequences and pastes, without a time-out.

An unfinished escape sequence stays unfinished however long the pause: a slow line may split it anywhere, and the byte
that ends it is part of it and no key. Which byte is a key depends only on the bytes before it, never on how they
arrived. (xterm's ctlseqs, ECMA-48, and what the Linux console and rxvt do differently.)

There is a way out of every state. A control character, which no terminal puts into a report, ends a string or a
sequence and is a key itself; Escape ends everything but a paste, and `end_paste` ends that.

Nothing disappears without a trace: if bytes turn out to be neither a key nor a report, a LOST token says so. They may
have been keys: Alt+P starts a string, which swallows the digits behind it.
"""

import re
from collections.abc import Callable
from enum import Enum, auto

from tui.structs import Struct

_ESC, _BEL, _CAN, _SUB = 0x1B, 0x07, 0x18, 0x1A
_PASTE, _PASTE_END = b"\x1b[200~", b"\x1b[201~"
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
"""This many bytes of a string say what it is."""


class TokenKind(Enum):
    """What a token is."""

    KEY = auto()
    """A character or control character: it was typed, or pasted into a terminal that does not mark pastes."""
    ESCAPE = auto()
    """The Escape key: another Escape follows it."""
    ALT = auto()
    """A character with Alt: Escape comes before it."""
    UNSURE_KEY = auto()
    """A character that may be no key. Behind an Escape that was taken for the key, it may be a key, a key with Alt, or
    part of a report that paused; behind a byte that is no text, it may be part of a character in another encoding."""
    SEQUENCE = auto()
    """A whole control sequence: a key without a character, a mouse event, or a report."""
    PASTE = auto()
    """A paste."""
    STRAY_PASTE_END = auto()
    """The end of a paste that is over already, or never began: the pasted text contained one too."""
    LOST = auto()
    """Bytes that are neither a key nor a report: a character in another encoding, or a sequence that was cut off."""


class Token(Struct):
    """A piece of the input."""

    kind: TokenKind
    text: str = ""


class Tokenizer:
    """Turns the bytes of a terminal into tokens as they come."""

    def __init__(self) -> None:
        self._take: Callable[[int], None] = self._in_ground
        """Takes the next byte: the state."""
        self._held = bytearray()
        """The bytes of the unfinished token."""
        self._is_typed = False
        """Whether the Escape that it began with was taken for the key."""
        self._tokens: list[Token] = []

    @property
    def is_unfinished(self) -> bool:
        """Whether more bytes must come to tell what the last ones were."""
        return self._take != self._in_ground and not self._is_typed

    @property
    def is_escape(self) -> bool:
        """Whether there is only an Escape: the key, or the start of a sequence."""
        return self._take == self._behind_escape and not self._is_typed

    @property
    def is_paste(self) -> bool:
        """Whether a paste has begun, and not ended."""
        return self._take == self._in_paste

    def feed(self, data: bytes) -> list[Token]:
        """Return the tokens that these bytes complete."""
        for byte in data:
            self._take(byte)
        tokens, self._tokens = self._tokens, []
        return tokens

    def escape_is_key(self) -> None:
        """Take the Escape for the key. A character behind it is still unsure."""
        self._is_typed = True

    def end_paste(self) -> Token:
        """Return what was pasted so far, and end the paste though the terminal has not."""
        paste = Token(TokenKind.PASTE, bytes(self._held).decode(errors="replace"))
        self._go(self._in_ground)
        return paste

    def _in_ground(self, byte: int) -> None:
        if byte == _ESC:
            self._go(self._behind_escape, byte)
        elif byte < 0x80:
            self._emit(TokenKind.KEY, chr(byte))
        elif byte in _C1:
            self._go(self._behind_escape, _ESC)
            self._behind_escape(_C1[byte][0])
        elif byte >= 0xC2:
            self._go(self._in_character, byte)
        else:
            self._lose(self._behind_stray_byte)

    def _behind_stray_byte(self, byte: int) -> None:
        self._go(self._in_ground)
        if 0x20 <= byte < 0x7F:
            self._emit(TokenKind.UNSURE_KEY, chr(byte))
        else:
            self._in_ground(byte)

    def _in_character(self, byte: int) -> None:
        if not 0x80 <= byte < 0xC0:  # cut short: no character
            self._lose(self._behind_stray_byte)
            self._behind_stray_byte(byte)
            return
        self._held.append(byte)
        lead = self._held[0]
        if len(self._held) == 2 + (lead >= 0xE0) + (lead >= 0xF0):
            if character := bytes(self._held).decode(errors="ignore"):
                self._go(self._in_ground)
                self._emit(TokenKind.KEY, character)
            else:
                self._lose(self._behind_stray_byte)

    def _behind_escape(self, byte: int) -> None:
        if byte == _ESC or byte >= 0x80:
            if not self._is_typed:
                self._emit(TokenKind.ESCAPE)
            self._restart(byte)
            return
        kind = TokenKind.UNSURE_KEY if self._is_typed else TokenKind.ALT
        if byte == ord("["):
            self._is_typed = False
            self._hold(self._in_csi, byte)
        elif byte == ord("O") or byte in _STRINGS:
            # Letters can be text behind an Escape key: they are emitted as they come, but unsure.
            self._is_typed = self._is_typed and chr(byte).isalpha()
            if self._is_typed:
                self._emit(kind, chr(byte))
            self._hold(self._in_short if byte == ord("O") else self._in_string, byte)
        else:
            self._go(self._in_ground)
            self._emit(kind, chr(byte))

    def _in_csi(self, byte: int) -> None:
        if not 0x20 <= byte < 0x7F:
            self._restart(byte)
        elif byte in b"[M" and self._held == b"\x1b[":
            self._hold(self._in_short, byte)
        else:
            if len(self._held) < _LONGEST_SEQUENCE:
                self._held.append(byte)
            if byte >= 0x40 or _RXVT_SHIFTED.fullmatch(self._held):
                self._end_sequence()

    def _in_short(self, byte: int) -> None:
        """A key of the Linux console has one more byte, a mouse report three, an SS3 one behind its modifiers."""
        is_mouse = self._held.startswith(b"\x1b[M")
        if byte < 0x20 or (byte >= 0x7F and not is_mouse):
            self._restart(byte)
            return
        if self._is_typed:
            self._emit(TokenKind.UNSURE_KEY, chr(byte))
        self._held.append(byte)
        is_over = len(self._held) == 6 if is_mouse else self._held[1] == ord("[") or byte not in b"0123456789;"
        if is_over or len(self._held) > _LONGEST_SEQUENCE:
            self._end_sequence()

    def _in_string(self, byte: int) -> None:
        if byte == _ESC and not self._is_typed:
            self._take = self._behind_string
        elif byte == _BEL and not self._is_typed and self._held.startswith(b"\x1b]"):
            self._end_string()
        elif byte in (_BEL, _CAN, _SUB) and not self._is_typed:
            self._lose(self._in_ground)
        elif byte < 0x20:
            self._restart(byte)
        elif self._is_typed and byte < 0x80:
            self._emit(TokenKind.UNSURE_KEY, chr(byte))
        elif len(self._held) < _LONGEST_START:
            self._held.append(byte)

    def _behind_string(self, byte: int) -> None:
        if byte == ord("\\"):
            self._end_string()
        else:
            self._lose(self._behind_escape, _ESC)
            self._behind_escape(byte)

    def _end_string(self) -> None:
        """A report in a string emits nothing."""
        if _REPORTS.match(self._held):
            self._go(self._in_ground)
        else:
            self._lose(self._in_ground)

    def _in_paste(self, byte: int) -> None:
        self._held.append(byte)
        if self._held.endswith(_PASTE_END):
            del self._held[-len(_PASTE_END) :]
            self._tokens.append(self.end_paste())
        elif len(self._held) > _LONGEST_PASTE:
            del self._held[_LONGEST_PASTE - len(_PASTE_END) : -len(_PASTE_END)]

    def _end_sequence(self) -> None:
        sequence, was_typed = bytes(self._held), self._is_typed
        self._go(self._in_paste if sequence == _PASTE else self._in_ground)
        if sequence == _PASTE_END:
            self._emit(TokenKind.STRAY_PASTE_END)
        elif sequence != _PASTE and not was_typed:
            self._emit(TokenKind.SEQUENCE, sequence.decode("latin-1"))

    def _emit(self, kind: TokenKind, text: str = "") -> None:
        self._tokens.append(Token(kind, text))

    def _go(self, state: Callable[[int], None], *held: int) -> None:
        self._take, self._held, self._is_typed = state, bytearray(held), False

    def _hold(self, state: Callable[[int], None], byte: int) -> None:
        self._take = state
        self._held.append(byte)

    def _lose(self, state: Callable[[int], None], *held: int) -> None:
        """Give the token up, and say so."""
        self._go(state, *held)
        self._emit(TokenKind.LOST)

    def _restart(self, byte: int) -> None:
        """Give the token up, and take the byte as the first of a new one."""
        if self._take == self._behind_escape or self._is_typed:  # its bytes have been emitted already
            self._go(self._in_ground)
        else:
            self._lose(self._in_ground)
        self._in_ground(byte)
