"""Text that others wrote, made safe to show on a terminal."""

_INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"  # joiners and fillers of no width that count as letters or marks
    + "".join(map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))  # variants
)
"""What Unicode calls default ignorable and Python nevertheless printable."""


def printable(text: str) -> str:
    """The text on one line, without anything that a terminal obeys or does not show.

    Blanks of all kinds become spaces. Control and escape characters, direction marks, characters of no width, private
    ones and halves of pairs become question marks. Letters of every script stay.
    """
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character.isprintable() and character not in _INVISIBLE:
        return character
    return " " if character.isspace() else "?"
