"""Each character of an amount arrives in every form that terminals use for it, or is reported as missing."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from textual import events

from tests.unit.test_input_driver import driver as driver
from tests.unit.test_tokens import REPORTS
from tui.terminal.input import InputDriver
from tui.terminal.keys import is_report, read_key

CHARACTERS = "0123456789.,"
KITTY_KEYPAD = {**{str(digit): 57399 + digit for digit in range(10)}, ".": 57409, ",": 57416}
APPLICATION = {**{str(digit): chr(ord("p") + digit) for digit in range(10)}, ".": "n", ",": "l"}
LOCKS = ["", "1", "65", "129", "193"]
"""None, Caps Lock, Num Lock, both."""


def kitty(code: int, character: str) -> Iterator[str]:
    """Yield a key in kitty's protocol, whatever it is set to report, and whichever lock is on."""
    for alternate, locks, event, text in product(["", ":62", "::46"], LOCKS, ["", ":1", ":2"], ["", ord(character)]):
        modifiers = f"{locks or (1 if event else '')}{event}"
        fields = [f"{code}{alternate}", *([modifiers] if modifiers or text else []), *([str(text)] if text else [])]
        yield f"\x1b[{';'.join(fields)}u"


def encodings(character: str) -> dict[str, list[str]]:
    """Return what terminals send for a character of an amount, by the documents that say so."""
    code, letter = ord(character), APPLICATION[character]
    return {
        "every terminal": [character],
        "kitty, foot, WezTerm, iTerm2, VS Code: main row": list(kitty(code, character)),
        "kitty, foot, WezTerm, VS Code: keypad": list(kitty(KITTY_KEYPAD[character], character)),
        "kitty: text without a key": [f"\x1b[0;;{code}u"],
        "xterm, tmux: modifyOtherKeys": [f"\x1b[27;1;{code}~", f"\x1b[27;2;{code}~", f"\x1b[27;65;{code}~"],
        "xterm: formatOtherKeys, iTerm2 and tmux: CSI u": [f"\x1b[{code}u", f"\x1b[{code};1u"],
        "xterm, rxvt, Linux console, screen, foot: application keypad": [f"\x1bO{letter}"],
        "xterm: application keypad with Shift": [f"\x1bO2{letter}", f"\x1bO1;2{letter}"],
        "Windows Terminal: input records": [
            f"\x1b[190;52;{code};1;0;1_",
            f"\x1b[110;83;{code};1;32;1_",  # Num Lock is on
            f"\x1b[190;52;{code};1;9;1_",  # AltGr
            f"\x1b[18;56;{code};0;0;1_",  # Alt with the number of the character
        ],
    }


TABLE = [
    pytest.param(character, sequences, id=f"{character} {name}")
    for character in CHARACTERS
    for name, sequences in encodings(character).items()
]


def came(driver: Any, data: bytes) -> list[events.Key | InputDriver.UnreadableKey]:
    """Return the keys of one read, and the reports of unreadable ones."""
    driver.messages.clear()
    driver._take_in(data)
    return [message for message in driver.messages if isinstance(message, events.Key | InputDriver.UnreadableKey)]


@pytest.mark.parametrize(("character", "sequences"), TABLE)
def test_every_encoding_of_a_character_is_that_character(character: str, sequences: list[str]) -> None:
    for sequence in sequences:
        if sequence != character:
            report = read_key(sequence)
            assert report, repr(sequence)
            assert [typed.character for typed in report.keys] == [character], repr(sequence)
            assert not is_report(sequence), repr(sequence)


@pytest.mark.parametrize("character", CHARACTERS)
async def test_what_comes_to_the_app_is_what_was_typed(driver: Any, character: str) -> None:
    for name, sequences in encodings(character).items():
        for sequence in sequences:
            (key,) = came(driver, sequence.encode())
            assert isinstance(key, events.Key), name
            assert (key.character, key.is_printable) == (character, True), (name, sequence)
    (key,) = came(driver, b"\x8f" + APPLICATION[character].encode())  # an 8-bit SS3
    assert isinstance(key, events.Key)
    assert key.character == character


@pytest.mark.parametrize("character", CHARACTERS)
async def test_a_key_let_go_is_no_key_and_none_is_missing(driver: Any, character: str) -> None:
    codes = (ord(character), KITTY_KEYPAD[character])
    let_go = [f"\x1b[{code};{locks or 1}:3u" for code in codes for locks in LOCKS]
    for sequence in [*let_go, "\x1b[1;1:3A", "\x1b[3;129:3~", f"\x1b[190;52;{ord(character)};0;0;1_"]:
        assert not came(driver, sequence.encode()), sequence


@pytest.mark.parametrize("data", [b"\x1b[46;1:2u", b"\x1b[57409;129:2;46u", b"\x1b[1;1:2A"])
async def test_a_repeat_that_the_terminal_reports_types_but_is_known(driver: Any, data: bytes) -> None:
    (key,) = came(driver, data)
    assert driver.press(key).is_repeat


MAY_HAVE_BEEN_KEYS = {
    "unknown key of kitty's": b"\x1b[57500u",
    "unknown key of kitty's with a lock": b"\x1b[63000;129u",
    "point with Shift: it is another one in each layout": b"\x1b[46;2u",
    "French 1 without its text": b"\x1b[38;2u",
    "keypad's 5 without Num Lock": b"\x1b[E",
    "the same on the Linux console": b"\x1b[G",
    "the same in application mode": b"\x1bOE",
    "the same in kitty": b"\x1b[57427u",
    "the same with a lock": b"\x1b[1;129E",
    "keypad with a letter that nobody documents": b"\x1bOz",
    "a number that is no character": b"\x1b[99999999999u",
    "control character as a key": b"\x1b[1;2u",
    "Windows, no character": b"\x1b[255;0;0;1;0;1_",
    "Windows, more often than a hand presses": b"\x1b[190;52;46;1;0;100000_",
    "longer than any key": b"\x1b[" + 40 * b"1;" + b"1u",
    "a sequence that nobody documents": b"\x1b[12;3z",
    "a character in another encoding": b"\xe9\x35",
}


@pytest.mark.parametrize("data", MAY_HAVE_BEEN_KEYS.values(), ids=MAY_HAVE_BEEN_KEYS)
async def test_what_may_have_been_a_key_is_told(driver: Any, data: bytes) -> None:
    assert any(isinstance(message, InputDriver.UnreadableKey) for message in came(driver, data))


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
async def test_no_report_is_taken_for_a_key_that_is_missing(driver: Any, report: bytes) -> None:
    nobody_sends = report[1:2] in (b"X", b"^") or report == REPORTS["key of the Linux console"]
    assert nobody_sends or not any(isinstance(message, InputDriver.UnreadableKey) for message in came(driver, report))


@pytest.mark.parametrize("code", [1, 2, 5, 128, 129, 130, 131])
async def test_no_button_but_the_left_one_comes_in(driver: Any, code: int) -> None:
    driver.messages.clear()
    driver._take_in(f"\x1b[<{code};5;5M\x1b[<{code};5;5m".encode())
    assert not driver.messages


async def test_the_left_button_and_the_wheel_come_in(driver: Any) -> None:
    driver.messages.clear()
    driver._take_in(b"\x1b[<0;5;5M\x1b[<0;5;5m\x1b[<64;5;5M")
    assert [type(message).__name__ for message in driver.messages] == ["MouseDown", "MouseUp", "MouseScrollUp"]


CHORDS = {
    b"\x1b[114;5u": "ctrl+r",
    b"\x1b[114;133u": "ctrl+r",
    b"\x1b[1082::114;5u": "ctrl+r",
    b"\x1b[27;5;114~": "ctrl+r",
    b"\x1b[82;19;18;1;8;1_": "ctrl+r",
    b"\x1b[9;2u": "shift+tab",
    b"\x1b[57414;129u": "enter",
    b"\x1b[13;129:1u": "enter",
    b"\x1b[57419;129u": "up",
    b"\x1b[1;129A": "up",
    b"\x1b[3;65~": "delete",
    b"\x1bO1;2P": "shift+f1",
    b"\x1b[12~": "f2",
    b"\x1b[7$": "shift+home",
    b"\x1b[121;65u": "Y",
    b"\x1b[121;66u": "y",
    b"\x1b[38;40;0;1;256;1_": "up",
}


@pytest.mark.parametrize(("data", "key"), CHORDS.items(), ids=repr)
async def test_other_keys_are_known_in_these_forms_too(driver: Any, data: bytes, key: str) -> None:
    assert [message.key for message in came(driver, data) if isinstance(message, events.Key)] == [key]


async def test_kittys_protocol_is_neither_asked_for_nor_taken_back(
    driver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setattr("textual.drivers.linux_driver.LinuxDriver.write", lambda _, data: written.append(data))
    for data in ("\x1b[>25u", "\x1b[<u", "\x1b[?25l"):
        driver.write(data)
    assert written == ["\x1b[?25l"]
