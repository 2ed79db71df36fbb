"""The output of the frame makes the terminal show the app's picture, whatever it showed before."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

from tests.emulator import Emulator
from tui.frame.frame import Frame
from tui.frame.pens import PLAIN, change
from tui.frame.picture import Picture

_WIDTH, _HEIGHT = 24, 5
_COLOURS = ("default", "red", "bright_blue", "color(99)", "#123456")
_ATTRIBUTES = ("bold", "dim", "italic", "underline", "blink", "reverse", "strike")

styles = st.none() | st.builds(
    lambda text, ground, attributes: Style.parse(" ".join([text, "on", ground, *attributes])),
    st.sampled_from(_COLOURS),
    st.sampled_from(_COLOURS),
    st.sets(st.sampled_from(_ATTRIBUTES), max_size=2),
)
texts = st.one_of(
    st.builds(lambda count: " " * count, st.integers(1, _WIDTH)),
    st.text("ab  ─é界ｅ", min_size=1, max_size=_WIDTH),
    st.sampled_from(
        ["e\u0301 x", "界界界", "界a界b", "全a全c", "⚠\ufe0f!", "🚀 ok", "▊▊ ▊", "a\tb\x1b[31m", "\u0301a", "क्षि"]
    ),
)
few_styles = st.shared(st.lists(styles, min_size=1, max_size=4), key="styles")
segments = few_styles.flatmap(lambda few: st.builds(Segment, texts, st.sampled_from(few)))


@dataclass(frozen=True)
class Put:
    row: int
    column: int
    end: int
    segments: list[Segment]


puts = st.builds(
    Put, st.integers(0, _HEIGHT), st.integers(0, _WIDTH), st.integers(0, _WIDTH + 2), st.lists(segments, max_size=4)
)
frames = st.lists(st.tuples(st.lists(puts, max_size=8), st.booleans()), min_size=1, max_size=4)


def direct(picture: Picture, *, colour: bool) -> list[list[tuple[object, ...]]]:
    """Return the picture with each cell written separately, over a blank."""
    emulator = Emulator(picture.width, picture.height, erases_in_colour=colour)
    written = ["\x1b[?7l"]
    for characters in ([[" "] * picture.width] * picture.height, picture.characters):
        for row, cells in enumerate(characters):
            for column, (cell, pen) in enumerate(zip(cells, picture.pens[row], strict=True)):
                if cell:
                    written.append(f"\x1b[m\x1b[{row + 1};{column + 1}H{change(PLAIN, pen)}{cell}")
    emulator.feed("".join(written).encode())
    return emulator.picture()


@pytest.mark.long
@settings(max_examples=100)
@given(
    colours=st.sampled_from([ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT, ColorSystem.STANDARD]),
    colour=st.booleans(),
    linefeeds=st.booleans(),
    frames=frames,
    places=st.lists(st.integers(0, _HEIGHT - 1), min_size=4, max_size=4),
)
def test_any_sequence_of_pictures_is_shown_as_it_is(
    colours: ColorSystem, colour: bool, frames: list[tuple[list[Put], bool]], linefeeds: bool, places: list[int]
) -> None:
    frame = Frame(colours, erases_in_colour=colour, linefeeds=linefeeds)
    frame.resize(_WIDTH, _HEIGHT)
    terminal = Emulator(_WIDTH, _HEIGHT, erases_in_colour=colour)
    terminal.feed(b"\x1b[?7l\x1b[7;45mwhat another program left" * 5)
    for (drawn, is_lost), place in zip(frames, places, strict=False):
        if is_lost:
            terminal.feed(b"\x1b[2;2H\x1b[31;44mforeign\x1b[K")
            frame.lose()
        for put in drawn:
            frame.put(put.row, put.column, put.end, put.segments)
        written = frame.paint(place, place)
        terminal.feed(written.encode())
        assert terminal.picture() == direct(frame._wanted, colour=colour), repr(written)
        assert terminal.place == (place, place)
        assert frame.paint(place, place) == ""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("界------b", "全------c"),  # but the first cell of the wide one differs
        ("a界-----b", "界a-----b"),  # one half is written over
        ("界界界", "a界界b"),
        ("------⚠\ufe0f--", "------⚠\ufe0f-c"),
    ],
)
def test_wide_characters_are_written_whole(before: str, after: str) -> None:
    frame = Frame(ColorSystem.EIGHT_BIT, erases_in_colour=True, linefeeds=True)
    frame.resize(_WIDTH, _HEIGHT)
    terminal = Emulator(_WIDTH, _HEIGHT)
    for text in (before, after):
        frame.put(1, 3, _WIDTH, [Segment(text)])
        terminal.feed(frame.paint(0, 0).encode())
        assert terminal.picture() == direct(frame._wanted, colour=True)
