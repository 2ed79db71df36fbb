"""Changing the pen and moving the cursor work from every state."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.emulator import Emulator
from tui.frame.moves import UNKNOWN, move
from tui.frame.pens import Pen, change, parse_pen

_OFF = {"22": "12", "23": "3", "24": "4", "25": "56", "27": "7", "28": "8", "29": "9"}
_WIDTH, _HEIGHT = 130, 40

colours = st.sampled_from(["", "31", "97", "38;5;200", "38;2;1;2;3"])
backgrounds = st.sampled_from(["", "41", "107", "48;5;0", "48;2;10;20;30"])
attributes = st.lists(st.sampled_from(["1", "2", "3", "4", "5", "7", "8", "9", "21", "53"]), unique=True, max_size=4)
links = st.sampled_from(["", "", "id=1;https://example.com", "id=2;https://example.com"])
pens = st.builds(lambda *parts: Pen(tuple(sorted(parts[0])), *parts[1:]), attributes, colours, backgrounds, links)


def obeyed(old: Pen, written: str) -> Pen:
    """Return the pen of a terminal that had the old one and obeyed the output."""
    now, link = old, old.link
    for sequence in written.split("\x1b")[1:]:
        if sequence.startswith("]8;"):
            link = "" if sequence == "]8;;" else sequence.removeprefix("]8;")
        elif sequence != "\\":
            now = _after(now, sequence.removeprefix("[").removesuffix("m"))
    return now._replace(attributes=tuple(sorted(now.attributes)), link=link)


def _after(now: Pen, parameters: str) -> Pen:
    if parameters == "" or parameters.startswith(";"):
        return parse_pen(parameters.removeprefix(";"))
    for code, gone in _OFF.items():
        if code in (codes := _codes(parameters)):
            now = now._replace(attributes=tuple(a for a in now.attributes if a not in gone))
            parameters = ";".join(c for c in codes if c != code)
    new = parse_pen(parameters)
    codes = _codes(parameters)
    return Pen(
        tuple({*now.attributes, *new.attributes}),
        new.text or ("" if "39" in codes else now.text),
        new.background or ("" if "49" in codes else now.background),
    )


def _codes(parameters: str) -> list[str]:
    """Return the codes, those of a colour together."""
    codes: list[str] = []
    parts = iter(parameters.split(";") if parameters else [])
    for part in parts:
        if part in ("38", "48"):
            kind = next(parts)
            part = ";".join([part, kind, *(next(parts) for _ in range(1 if kind == "5" else 3))])
        codes.append(part)
    return codes


@given(old=pens, new=pens)
def test_pen_is_the_new_one_after_the_change(old: Pen, new: Pen) -> None:
    written = change(old, new)
    assert obeyed(old, written) == new, repr(written)
    assert (written == "") == (old == new)


@pytest.mark.parametrize(
    ("old", "new", "written"),
    [
        (Pen(), Pen(("1",)), "\x1b[1m"),
        (Pen(("1",), "31"), Pen((), "31"), "\x1b[22m"),
        (Pen(("1", "2"), "31"), Pen(("2",), "31"), "\x1b[22;2m"),
        (Pen(("1", "4"), "31", "41"), Pen(), "\x1b[m"),
        (Pen((), "31", "41"), Pen((), "31"), "\x1b[49m"),
        (Pen(("21",), "38;5;9", "48;5;9"), Pen((), "38;5;9", "48;5;9"), "\x1b[;38;5;9;48;5;9m"),
    ],
)
def test_change_of_pen_is_the_shortest(old: Pen, new: Pen, written: str) -> None:
    assert change(old, new) == written


places = st.tuples(st.integers(0, _HEIGHT - 1), st.integers(0, _WIDTH - 1))


@given(start=places, to=places, knows_row=st.booleans(), knows_column=st.booleans(), linefeeds=st.booleans())
def test_move_ends_where_it_should(
    start: tuple[int, int], to: tuple[int, int], knows_row: bool, knows_column: bool, linefeeds: bool
) -> None:
    terminal = Emulator(_WIDTH, _HEIGHT)
    row, column = start
    terminal.feed(f"\x1b[{row + 1};{column + 1}H".encode())
    known = (row if knows_row else UNKNOWN, column if knows_column and knows_row else UNKNOWN)
    written = move(*known, *to, linefeeds=linefeeds)
    terminal.feed(written.encode())
    assert terminal.place == to
    assert len(written) <= len(f"\x1b[{to[0] + 1};{to[1] + 1}H")
