"""pyte's emulator, corrected where real terminals differ, and what a person sees in it."""

import re
from typing import Any

import pyte
from pyte.screens import Char
from wcwidth import wcwidth

Cell = tuple[Any, ...]
_KITTY_KEYS = re.compile(rb"\x1b\[[<>=][0-9;]*u")
_HYPERLINK = re.compile(rb"\x1b\]8;[^\x1b]*\x1b\\")


class Emulator(pyte.Screen):
    """A terminal that may erase with the colour of the pen."""

    def __init__(self, columns: int, lines: int, *, erases_in_colour: bool = True) -> None:
        self.erases_in_colour = erases_in_colour
        super().__init__(columns, lines)
        self._bytes = pyte.ByteStream(self)

    def feed(self, written: bytes) -> None:
        """Read the output of a program."""
        # pyte takes the end of what turns the Kitty keyboard protocol on and off for text, and knows no hyperlinks.
        self._bytes.feed(_HYPERLINK.sub(b"", _KITTY_KEYS.sub(b"", written)))

    def picture(self) -> list[list[Cell]]:
        """Return the appearance of each cell."""
        return [[_look(self.buffer[row][column]) for column in range(self.columns)] for row in range(self.lines)]

    @property
    def place(self) -> tuple[int, int]:
        """The cursor's row and column."""
        return self.cursor.y, min(self.cursor.x, self.columns - 1)

    def draw(self, data: str) -> None:
        """Write text. pyte stops at a character without a width, and keeps half of a wide one if the other half is
        overwritten."""
        for character in data:
            cells = wcwidth(character)
            start = min(self.cursor.x, self.columns - max(cells, 1))
            line = self.buffer[self.cursor.y]
            if cells > 0:
                if line[start].data == "" and start:
                    line[start - 1] = line[start - 1]._replace(data=" ")
                if start + cells < self.columns and line[start + cells].data == "":
                    line[start + cells] = line[start + cells]._replace(data=" ")
            super().draw(character)

    def erase_in_display(self, how: int = 0, *args: Any, **kwargs: Any) -> None:
        """Erase. pyte skips cells that were never written."""
        super().erase_in_display(how, *args, **kwargs)
        if how in (2, 3):
            for row in range(self.lines):
                for column in range(self.columns):
                    self.buffer[row][column] = self._erased

    def erase_in_line(self, how: int = 0, private: bool = False) -> None:
        """Erase. pyte keeps the pen's attributes, and always its colour."""
        first = 0 if how else self.cursor.x
        last = self.columns if how != 1 else self.cursor.x + 1
        for column in range(first, last):
            self.buffer[self.cursor.y][column] = self._erased

    def erase_characters(self, count: int | None = None) -> None:
        """Erase, as above."""
        for column in range(self.cursor.x, min(self.cursor.x + (count or 1), self.columns)):
            self.buffer[self.cursor.y][column] = self._erased

    @property
    def _erased(self) -> Char:
        ground = self.cursor.attrs.bg if self.erases_in_colour else "default"
        return Char(data=" ", fg="default", bg=ground)


def _look(cell: Char) -> Cell:
    if cell.data == " " and not (cell.underscore or cell.strikethrough or cell.reverse):
        return (" ", cell.bg)  # nothing of the text's colour can be seen
    return tuple(cell)
