"""A picture made of cells, drawn from the segments that Textual renders."""

from collections.abc import Iterable

from rich.segment import Segment

from tui.frame.characters import cells, is_single
from tui.frame.pens import Pens


class Picture:
    """Rows of cells. A wide character is in its first cell; the other cells that it covers hold an empty string."""

    def __init__(self, width: int, height: int, pen: int = 0) -> None:
        self.width, self.height = width, height
        self.characters = [[" "] * width for _ in range(height)]
        self.pens = [[pen] * width for _ in range(height)]

    def put(self, row: int, column: int, end: int, segments: Iterable[Segment], pens: Pens) -> None:
        """Draw segments into a row, from a column up to an end.

        A blank gets the pen of blanks: two blanks that look alike are equal then.
        """
        row_characters, row_pens = self.characters[row], self.pens[row]
        end = min(end, self.width)
        if column >= end:
            return
        self._split(row, column, pens)
        for text, style, control in segments:
            if control:
                continue
            shown = text if is_single(text) else cells(text)
            next_column = column + len(shown)
            if next_column > end:
                shown = _cut(shown, end - column)
                next_column = end
            pen = pens.number_for(style)
            blank = pens.blank[pen]
            self._split(row, next_column, pens)
            row_characters[column:next_column] = shown
            if blank == pen or " " not in shown:
                row_pens[column:next_column] = [pen] * len(shown)
            else:
                row_pens[column:next_column] = [blank if cell == " " else pen for cell in shown]
            column = next_column
            if column == end:
                break

    def same_row(self, other: "Picture", row: int) -> bool:
        """Whether a row is the same in another picture."""
        return self.characters[row] == other.characters[row] and self.pens[row] == other.pens[row]

    def is_blank_from(self, row: int, column: int, pen: int) -> bool:
        """Whether a row contains only blanks of a pen from a column on."""
        rest = self.width - column
        return self.characters[row][column:] == [" "] * rest and self.pens[row][column:] == [pen] * rest

    def copy_row(self, other: "Picture", row: int) -> None:
        """Copy a row from another picture."""
        self.characters[row][:] = other.characters[row]
        self.pens[row][:] = other.pens[row]

    def _split(self, row: int, column: int, pens: Pens) -> None:
        """Replace a wide character that a column would cut in two by blanks: a terminal shows no half of one."""
        characters = self.characters[row]
        if column >= self.width or characters[column]:
            return
        start = column
        while start and not characters[start]:
            start -= 1
        while start < self.width and (start < column or not characters[start]):
            characters[start] = " "
            self.pens[row][start] = pens.blank[self.pens[row][start]]
            start += 1


def _cut(shown: str | tuple[str, ...], width: int) -> str | tuple[str, ...]:
    """Return the first cells, with blanks in place of a wide character that is cut in two."""
    kept = list(shown[:width])
    if not shown[width]:
        while kept and not kept[-1]:
            kept.pop()
        kept[-1:] = [" "]
    return tuple(kept) + (" ",) * (width - len(kept))
