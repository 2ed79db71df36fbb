"""Input is cut into the same tokens however it arrives, and no byte of a report is a key."""

import re
import string
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui.terminal.tokens import Token, Tokenizer, TokenKind

REPORTS = {
    "mode, DEC": b"\x1b[?2026;2$y",
    "mode, ANSI": b"\x1b[4;2$y",
    "cursor position": b"\x1b[12;40R",
    "cursor position with page": b"\x1b[?12;40;1R",
    "status": b"\x1b[0n",
    "focus in": b"\x1b[I",
    "focus out": b"\x1b[O",
    "colour of the palette": b"\x1b]4;1;rgb:dd/dd/yy\x1b\\",
    "foreground, ended by BEL": b"\x1b]10;rgb:dd/dd/dd\x07",
    "background": b"\x1b]11;rgb:dd/yy/dd\x1b\\",
    "clipboard": b"\x1b]52;c;eXlkZA==\x1b\\",
    "title": b"\x1b]lyd y\x1b\\",
    "DA1": b"\x1b[?62;22;52c",
    "DA2": b"\x1b[>41;370;0c",
    "DA3": b"\x1bP!|00yd\x1b\\",
    "XTVERSION": b"\x1bP>|yterm d(3)\x1b\\",
    "XTGETTCAP": b"\x1bP1+r524742=yd\x1b\\",
    "DECRQSS": b"\x1bP1$r0;1dy\x1b\\",
    "checksum": b"\x1bP1!~yd00\x1b\\",
    "kitty graphics": b"\x1b_Gi=31;yd\x1b\\",
    "window size": b"\x1b[8;24;80t",
    "window state": b"\x1b[1t",
    "cell size": b"\x1b[6;20;10t",
    "window title": b"\x1b]Lyd\x1b\\",
    "in-band resize": b"\x1b[48;24;80;480;800t",
    "colour scheme": b"\x1b[?997;1n",
    "kitty keyboard flags": b"\x1b[?25u",
    "kitty key let go": b"\x1b[121;1:3u",
    "SGR mouse": b"\x1b[<35;1;2M",
    "urxvt mouse": b"\x1b[67;12;7M",
    "X10 mouse": b"\x1b[Myyd",
    "keypad in application mode": b"\x1bOy",
    "Alt": b"\x1by",
    "key of the Linux console": b"\x1b[[y",
    "private string": b"\x1b^yd\x1b\\",
    "string": b"\x1bXyd\x1b\\",
    "paste": b"\x1b[200~yd\x1b[?2026;2$yd\x1b[201~",
}


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """Return the data in pieces."""
    edges = sorted({0, len(data), *(place for place in places if place < len(data))})
    return [data[start:end] for start, end in pairwise(edges)]


def keys(tokens: list[Token]) -> str:
    """Return what could answer a question, without control characters, which end a string that never ended."""
    return "".join(token.text for token in tokens if token.kind is TokenKind.KEY and token.text.isprintable())


def read(parts: list[bytes], *, pausing: bool = False) -> list[Token]:
    """Return the tokens of data that arrives in parts; with pauses, an Escape is taken for the key."""
    tokenizer, tokens = Tokenizer(), []
    for part in parts:
        tokens += tokenizer.feed(part)
        if pausing and tokenizer.is_escape:
            tokenizer.escape_is_key()
    return tokens


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
@pytest.mark.parametrize("pausing", [False, True])
def test_no_byte_of_a_report_is_a_key_wherever_it_is_split(report: bytes, pausing: bool) -> None:
    for at in range(1, len(report)):
        assert keys(read([report[:at], report[at:], b"k"], pausing=pausing)) == "k"
    assert keys(read([bytes([byte]) for byte in report + b"k"], pausing=pausing)) == "k"


fragments = st.one_of(
    st.sampled_from(list(REPORTS.values())),
    st.sampled_from([b"\x1b", b"\x1b[", b"\x1b]", b"\x1bO", b"\x1b[M", b"\x1b[200~", b"\x1b[201~", b"\x9b", b"\xc3"]),
    st.binary(max_size=4),
    st.text(max_size=4).map(str.encode),
    st.sampled_from([b"y", b"d", b"\r"]),
)
streams = st.lists(fragments, max_size=12).map(b"".join)
places = st.lists(st.integers(1, 200), max_size=20)


@given(streams, places)
def test_the_tokens_are_the_same_however_the_input_is_split(data: bytes, places: list[int]) -> None:
    assert read(cut(data, places)) == read([data])


@given(streams, places)
@example(b"\x1bP>|y\x1b\\y", [1])
def test_the_keys_are_the_same_whichever_escape_is_taken_for_the_key(data: bytes, places: list[int]) -> None:
    assert keys(read(cut(data, places), pausing=True)) == keys(read([data]))


@given(streams)
def test_a_person_gets_out_of_everything_but_a_paste(data: bytes) -> None:
    tokenizer = Tokenizer()
    tokenizer.feed(data)
    if not tokenizer.is_paste:
        assert keys(tokenizer.feed(b"\r\rk"))[-1:] == "k"
    else:
        tokenizer.end_paste()
        assert keys(tokenizer.feed(b"k")) == "k"


def test_a_paste_is_one_token_and_a_second_end_is_noticed() -> None:
    assert read([b"\x1b[200~1\x1b[201~", b"\x1bOQy\x1b[201~"]) == [
        Token(TokenKind.PASTE, "1"),
        Token(TokenKind.SEQUENCE, "\x1bOQ"),
        Token(TokenKind.KEY, "y"),
        Token(TokenKind.STRAY_PASTE_END),
    ]


def test_text_after_an_escape_key_is_typed_though_it_could_begin_a_report() -> None:
    tokens = read([b"\x1b", b"PEPE"], pausing=True)
    assert "".join(token.text for token in tokens) == "PEPE"
    assert {token.kind for token in tokens} == {TokenKind.UNSURE_KEY}


@pytest.mark.parametrize("encoding", ["latin-1", "gb18030"])
def test_no_byte_of_a_character_in_another_encoding_is_a_key(encoding: str) -> None:
    for character in map(chr, range(0xA1, 0xFFFF)):
        data = character.encode(encoding, errors="ignore")
        if data and not data.isascii():
            assert not set(keys(read([data]))) & set(string.ascii_letters), character


def test_behind_a_character_in_another_encoding_every_key_comes_through_and_the_second_can_answer() -> None:
    tokens = read(["é".encode("latin-1"), b"y", b"y", "é".encode("latin-1"), b"\r"])
    assert [(token.kind, token.text) for token in tokens] == [
        (TokenKind.LOST, ""),
        (TokenKind.UNSURE_KEY, "y"),
        (TokenKind.KEY, "y"),
        (TokenKind.LOST, ""),
        (TokenKind.KEY, "\r"),
    ]


SWALLOWED = {
    "Alt+P": b"\x1bP12.5\r",
    "Alt+P, then F2": b"\x1bP12.5\x1bOQ",
    "Alt+P, then Ctrl+G": b"\x1bP12.5\x07",
    "Alt+]": b"\x1b]12.5\x07",
    "Alt+]: then a report": b"\x1b]12.5\x1b\\",
    "Alt+[": b"\x1b[12.5\t",
    "Alt+O": b"\x1bO12\t",
    "a character in another encoding": "１".encode("gb18030"),
    "a character cut short": "１".encode()[:2] + b"\r",
    "a byte that begins none": b"\xff5",
}


@pytest.mark.parametrize("data", SWALLOWED.values(), ids=SWALLOWED)
def test_what_may_have_been_keys_does_not_disappear_without_a_trace(data: bytes) -> None:
    assert TokenKind.LOST in [token.kind for token in read([data])]


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
def test_no_report_of_a_terminal_is_taken_for_a_lost_key(report: bytes) -> None:
    assert TokenKind.LOST not in [token.kind for token in read([report])] or report[1:2] in (b"X", b"^")


def test_rxvt_shift_with_home_does_not_take_the_next_key() -> None:
    assert keys(read([b"\x1b[7$", b"y"])) == "y"


def test_a_dollar_ends_no_report() -> None:
    assert not [report for report in REPORTS.values() if re.fullmatch(rb"\x1b\[[0-9]+\$.*", report)]
