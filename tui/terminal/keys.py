r"""The key that a control sequence stands for, in every form that terminals use.

- kitty's keyboard protocol, whatever it is set to report: `CSI code:shifted:base ; modifiers:event ; text u`. The app
  does not request it, but another program may have left it on.
- xterm's modifyOtherKeys, `CSI 27 ; modifiers ; code ~`, and its other form, `CSI code ; modifiers u`.
- The keypad in application mode: SS3 with a letter, with or without modifiers, and `CSI 1 ; modifiers letter`.
- Keys without a character, `CSI number ; modifiers:event ~` and `CSI 1 ; modifiers:event A`, and rxvt's ends for them.
- Windows' input records, `CSI key ; scan ; character ; down ; state ; count _`.

If the intended character does not follow from the sequence, it is not guessed. `CSI 46 ; 2 u` is a point typed with
Shift on a French keyboard (xterm), or the key of the point with Shift, which is ">" (kitty).

This relies on private parts of Textual: `FUNCTIONAL_KEYS` and `ANSI_SEQUENCES_KEYS` name the keys without a character,
and `_character_to_key` those with one.
"""

import contextlib
import re
from collections.abc import Callable

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._keyboard_protocol import FUNCTIONAL_KEYS
from textual.keys import _character_to_key, key_to_character

from tui.structs import Struct


class TypedKey(Struct):
    """A key by its name in Textual, with the character that it types."""

    name: str
    character: str | None = None


class KeyEvent(Struct):
    """What a sequence says about the keyboard."""

    keys: tuple[TypedKey, ...] = ()
    """Empty if a key was released, or one that types nothing was pressed."""
    is_repeat: bool = False
    """Whether the terminal says that the key is held down."""


_NO_KEYS = KeyEvent()

_REPORT = re.compile(
    r"\x1b\[(?:[?<=>].*|[0-9;]*\$y|[0-9]+;[0-9]+R|[0-9]?n|[IO]|[0-9]+t|[0-9:]+(?:;[0-9:]+){2,}t|[0-9;]+c|[0-9]+(?:;[0-9]+){6}x"
    r"|[0-9]+;[0-9]+;[0-9]+M|M[^0-9.,]..)",
    re.DOTALL,
)
"""The terminal's own reports: its features, the cursor's position, its size, the focus, the mouse. In the oldest form
of a mouse report, what could be an amount behind the F1 of an SCO terminal is left out."""

_SHIFT, _ALT, _CTRL = 1, 2, 4
_MODIFIERS = {_SHIFT: "shift", _ALT: "alt", _CTRL: "ctrl", 8: "super", 16: "hyper", 32: "meta"}
_CHORD = _ALT | _CTRL | 8 | 16 | 32
_CAPS_LOCK, _LOCKS = 64, 64 | 128
_REPEATED, _RELEASED = "2", "3"

_CONTROLS = {8: ("backspace", "\x7f"), 9: ("tab", "\t"), 13: ("enter", "\r"), 27: ("escape", "\x1b")}
_CONTROLS[127] = _CONTROLS[8]
_KEYPAD = {57399 + digit: str(digit) for digit in range(10)}
_KEYPAD |= dict(zip(range(57409, 57414), "./*-+", strict=True)) | {57415: "=", 57416: ","}
_KEYPAD_ENTER, _LAST_FUNCTIONAL = 57414, 63743
_APPLICATION = {chr(ord("p") + digit): str(digit) for digit in range(10)}
_APPLICATION |= {"j": "*", "k": "+", "l": ",", "m": "-", "n": ".", "o": "/", "X": "=", " ": " ", "M": "\r", "I": "\t"}
_NO_MEANING = "kp_begin"
"""The keypad's 5 without Num Lock: the person may have meant a 5, and it does nothing."""

_WINDOWS_KEYS = {0x21: "pageup", 0x22: "pagedown", 0x23: "end", 0x24: "home", 0x25: "left", 0x26: "up", 0x27: "right"}
_WINDOWS_KEYS |= {0x28: "down", 0x2D: "insert", 0x2E: "delete", **{0x70 + n: f"f{n + 1}" for n in range(24)}}
_WINDOWS_MODIFIERS = {0x10, 0x11, 0x12, 0x14, 0x5B, 0x5C, 0x90, 0x91, *range(0xA0, 0xA6)}
"""Modifiers and locks."""
_WINDOWS_ALT = 0x12
_MOST_REPEATS = 64


def is_report(sequence: str) -> bool:
    """Whether a sequence is a report of the terminal, and no key."""
    return _REPORT.fullmatch(sequence) is not None


def is_text_chord(key: str) -> bool:
    """Whether a key, by its name, would type a character without its modifiers.

    With Ctrl or Alt alone, a letter is a command. With both it is what AltGr is to many terminals.
    """
    *modifiers, name = key.split("+")
    character = key_to_character(name)
    if not set(modifiers) - {"shift"} or character is None or not character.isprintable():
        return False
    return not character.isalpha() or {"alt", "ctrl"} <= set(modifiers)


def read_key(sequence: str) -> KeyEvent | None:
    """Return what a sequence says about the keyboard; None if it has none of these forms, or does not say enough."""
    with contextlib.suppress(ValueError, OverflowError):  # a number that is no character
        if event := _by_form(sequence):
            return event
    keys = ANSI_SEQUENCES_KEYS.get(sequence)  # has keys without a character that the forms do not cover
    return KeyEvent(tuple(TypedKey(key.value) for key in keys)) if isinstance(keys, tuple) else None


def _by_form(sequence: str) -> KeyEvent | None:
    """Return what the first form that matches says; None if it does not say enough."""
    for form, read in _FORMS:
        if match := form.fullmatch(sequence):
            return read(*match.groups(default=""))
    return None


def _unicode(code: str, shifted: str, base: str, modifiers: str, event: str, text: str) -> KeyEvent | None:
    if event == _RELEASED:
        return _NO_KEYS
    is_repeat, bits = event == _REPEATED, int(modifiers or 1) - 1
    characters = "".join(chr(int(number)) for number in text.split(":") if number)
    is_chord = bits & (_CTRL | 8 | 16 | 32) and characters == chr(int(code or 0))
    if characters and characters.isprintable() and not is_chord:
        return KeyEvent(tuple(map(_character, characters)), is_repeat)
    return _event(_by_code(int(code or 0), int(shifted or 0), int(base or 0), bits), is_repeat=is_repeat)


def _by_code(code: int, shifted: int, base: int, bits: int) -> TypedKey | None:
    """Return a key by its code, which is what it types without modifiers."""
    if code in _CONTROLS or code == _KEYPAD_ENTER:
        return _key(*_CONTROLS[13 if code == _KEYPAD_ENTER else code], bits)
    if code in _KEYPAD:
        return _character(_KEYPAD[code], bits & ~_SHIFT)
    if 57344 <= code <= _LAST_FUNCTIONAL:
        return _named(f"{code}u", bits)
    character, is_shifted = chr(code), bool(bits & _SHIFT)
    if not character.isprintable():
        return None
    if bits & _CHORD:
        return _character(chr(base) if base and not character.isascii() else character, bits)
    if is_shifted and shifted:
        character = chr(shifted)
    elif character.lower() != character.upper():
        is_upper = is_shifted != bool(bits & _CAPS_LOCK) or character.isupper()
        character = character.upper() if is_upper else character
    elif is_shifted and character != " ":
        return None
    return _character(character) if len(character) == 1 and character.isprintable() else None


def _other_key(modifiers: str, number: str) -> KeyEvent | None:
    """Return the key for a control code or a character; None for any other code."""
    code, bits = int(number), int(modifiers) - 1
    if code in _CONTROLS:
        return _event(_key(*_CONTROLS[code], bits))
    return _event(_character(chr(code), bits if bits & _CHORD else 0)) if chr(code).isprintable() else None


def _functional(number: str, modifiers: str, event: str, end: str) -> KeyEvent | None:
    if event == _RELEASED:
        return _NO_KEYS
    return _event(_named(f"{number or 1}{end}", int(modifiers or 1) - 1), is_repeat=event == _REPEATED)


def _rxvt(number: str, end: str) -> KeyEvent | None:
    return _event(_named(f"{number}~", {"$": _SHIFT, "^": _CTRL, "@": _SHIFT | _CTRL}[end]))


def _application(modifiers: str, letter: str) -> KeyEvent | None:
    character, bits = _APPLICATION.get(letter), int(modifiers or 1) - 1
    if character is None:
        return _event(_named(f"1{letter}", bits))
    if character in "\r\t":
        return _event(_key(*_CONTROLS[ord(character)], bits))
    return _event(_character(character, bits & ~_SHIFT))


def _windows(*numbers: str) -> KeyEvent | None:
    key, _scan, code, is_down, state, count = (int(number or 0) for number in numbers)
    # A number typed with Alt comes when Alt is released.
    if not is_down and not (key == _WINDOWS_ALT and code):
        return _NO_KEYS
    alt, ctrl = bool(state & 0b11), bool(state & 0b1100)
    bits = _SHIFT * bool(state & 0x10) | _ALT * alt | _CTRL * ctrl
    if key in _WINDOWS_MODIFIERS and not code:
        return _NO_KEYS
    if count > _MOST_REPEATS:
        return None
    if key in _WINDOWS_KEYS and not code:
        typed = _key(_WINDOWS_KEYS[key], None, bits)
    elif code in _CONTROLS:
        typed = _key(*_CONTROLS[code], bits & ~_CTRL)
    elif 0 < code < 32:
        typed = _key(chr(code | 0x60), None, bits | _CTRL)
    elif not code or not chr(code).isprintable():
        return None
    else:  # Alt with Ctrl is AltGr
        typed = _character(chr(code), _ALT if alt and not ctrl and is_down else 0)
    return KeyEvent((typed,) * max(1, count))


def _named(key: str, bits: int) -> TypedKey | None:
    name = FUNCTIONAL_KEYS.get(key, _NO_MEANING)
    return None if name == _NO_MEANING else _key(name, None, bits)


def _character(character: str, bits: int = 0) -> TypedKey:
    return _key(_character_to_key(character), character, bits)


def _key(name: str, character: str | None, bits: int) -> TypedKey:
    """Return a key with its modifiers, in Textual's order; locks are left out, and a chord types no character."""
    modifiers = sorted(modifier for bit, modifier in _MODIFIERS.items() if bits & bit)
    return TypedKey("+".join([*modifiers, name]), None if modifiers else character)


def _event(typed: TypedKey | None, *, is_repeat: bool = False) -> KeyEvent | None:
    return KeyEvent((typed,), is_repeat) if typed else None


_NUMBERS = r"([0-9]*)(?::([0-9]*))?(?::([0-9]*))?"
_FORMS: tuple[tuple[re.Pattern[str], Callable[..., KeyEvent | None]], ...] = (
    (re.compile(rf"\x1b\[{_NUMBERS}(?:;([0-9]*)(?::([0-9]*))?)?(?:;([0-9:]*))?u"), _unicode),
    (re.compile(r"\x1b\[27;([0-9]+);([0-9]+)~"), _other_key),
    (re.compile(r"\x1b\[([0-9]*)(?:;([0-9]*)(?::([0-9]*))?)?(?:;[0-9:]*)?([~A-FHPQS])"), _functional),
    (re.compile(r"\x1b\[([0-9]+)([$^@])"), _rxvt),
    (re.compile(r"\x1bO(?:1;)?([0-9]*)([ -~])"), _application),
    (re.compile(r"\x1b\[1;([0-9]+)([j-y])"), _application),
    (re.compile(r"\x1b\[([0-9]*)" + r"(?:;([0-9]*))?" * 5 + "_"), _windows),
)
"""The forms that sequences have, and what reads the parts of each."""
