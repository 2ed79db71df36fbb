"""How a cell is written: its attributes, colours and link, and the shortest way from one such pen to the next."""

from typing import NamedTuple

from rich.color import ColorSystem
from rich.style import Style
from textual.strip import Strip

_OFF = {"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "6": "25", "7": "27", "8": "28", "9": "29"}
"""What turns an attribute off. What is not here is turned off by a reset only: terminals differ on the rest."""
_UNSEEN_ON_BLANKS = {"1", "2", "3", "5", "6", "8"}
_COLOURS = {"38": "text", "48": "ground"}


class Pen(NamedTuple):
    """What a terminal is told before it is given a character."""

    attributes: tuple[str, ...] = ()
    text: str = ""
    """The parameters of its colour, as SGR takes them; empty for the terminal's own."""
    ground: str = ""
    link: str = ""
    """The parameters and address of a hyperlink, as OSC 8 takes them."""

    @property
    def shows_on_blanks(self) -> bool:
        """Whether more than the ground can be seen of a blank."""
        return bool(self.link) or not _UNSEEN_ON_BLANKS.issuperset(self.attributes)


def pen(ansi: str, link: str = "") -> Pen:
    """The pen that a row of SGR parameters asks for."""
    attributes, colours = [], {"text": "", "ground": ""}
    parameters = iter(ansi.split(";") if ansi else ())
    for parameter in parameters:
        if which := _COLOURS.get(parameter):
            kind = next(parameters)
            colours[which] = ";".join([parameter, kind, *(next(parameters) for _ in range(1 if kind == "5" else 3))])
        elif parameter in ("39", "49"):
            colours["text" if parameter == "39" else "ground"] = ""
        elif int(parameter) in (*range(30, 38), *range(90, 98)):
            colours["text"] = parameter
        elif int(parameter) in (*range(40, 48), *range(100, 108)):
            colours["ground"] = parameter
        else:
            attributes.append(parameter)
    return Pen(tuple(attributes), **colours, link=link)


def change(old: Pen, new: Pen) -> str:
    """The shortest that makes the old pen the new one."""
    link = f"\x1b]8;{new.link or ';'}\x1b\\" if new.link != old.link else ""
    anew = [*new.attributes, *filter(None, (new.text, new.ground))]
    ways = [";".join(["", *anew])]
    lost = [attribute for attribute in old.attributes if attribute not in new.attributes]
    if all(attribute in _OFF for attribute in lost):
        off = dict.fromkeys(_OFF[attribute] for attribute in lost)
        on = [a for a in new.attributes if a not in old.attributes or _OFF.get(a) in off]
        colours = [
            now or default
            for before, now, default in ((old.text, new.text, "39"), (old.ground, new.ground, "49"))
            if before != now
        ]
        if not (parameters := [*off, *on, *colours]):
            return link
        ways.append(";".join(parameters))
    return f"{link}\x1b[{min(ways, key=len)}m"


class Pens:
    """All pens so far, by number. Number 0 is what a terminal has after a reset."""

    def __init__(self, colours: ColorSystem, *, erases_in_colour: bool) -> None:
        """`erases_in_colour` says that the terminal is known to erase with the colour of the pen."""
        self._colours = colours
        self._erases_in_colour = erases_in_colour
        self._pens: list[Pen] = []
        self._by_pen: dict[Pen, int] = {}
        self._by_codes: dict[tuple[str, str], int] = {}
        self._changes: dict[tuple[int, int], str] = {}
        self.blank: list[int] = []
        """Of each pen, the one of the blanks among its text: two blanks that look alike have the same."""
        self.erases: list[bool] = []
        """Whether what is erased with the pen looks like a blank of it."""
        self.number(Pen())

    def __len__(self) -> int:
        return len(self._pens)

    def number(self, new: Pen) -> int:
        """The number of a pen."""
        number = self._by_pen.get(new)
        if number is None:
            number = self._by_pen[new] = len(self._pens)
            self._pens.append(new)
            self.blank.append(number)
            self.erases.append(not new.shows_on_blanks and (self._erases_in_colour or not new.ground))
            if not new.shows_on_blanks:
                self.blank[number] = self.number(Pen(ground=new.ground))
        return number

    def pen(self, number: int) -> Pen:
        """The pen of a number."""
        return self._pens[number]

    def of(self, style: Style | None) -> int:
        """The number of the pen that Textual would write a style with."""
        if style is None:
            return 0
        ansi = style._ansi
        if ansi is None:
            ansi = Strip.render_ansi(style, self._colours)
        codes = (ansi, f"id={style._link_id};{style._link}" if style._link else "")
        number = self._by_codes.get(codes)
        if number is None:
            number = self._by_codes[codes] = self.number(pen(*codes))
        return number

    def change(self, old: int, new: int) -> str:
        """What makes one pen the other."""
        if old == new:
            return ""
        written = self._changes.get((old, new))
        if written is None:
            written = self._changes[old, new] = change(self._pens[old], self._pens[new])
        return written
