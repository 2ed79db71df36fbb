"""Pens: the attributes, colours and link that a cell is written with, and the shortest change from one to the next."""

from functools import lru_cache
from typing import NamedTuple

from rich.color import ColorSystem
from rich.style import Style
from textual.strip import Strip

_OFF = {"1": "22", "2": "22", "3": "23", "4": "24", "5": "25", "6": "25", "7": "27", "8": "28", "9": "29"}
"""What turns an attribute off. Only a reset turns off the others: terminals differ on them."""
_UNSEEN_ON_BLANKS = {"1", "2", "3", "5", "6", "8"}
_COLOURS = {"38": "text", "48": "background"}


class Pen(NamedTuple):
    """What a terminal writes a character with."""

    attributes: tuple[str, ...] = ()
    text: str = ""
    """The SGR parameters of its colour; empty for the terminal's own."""
    background: str = ""
    link: str = ""
    """The OSC 8 parameters and address of a hyperlink."""

    @property
    def shows_on_blanks(self) -> bool:
        """Whether a blank shows more than the background."""
        return bool(self.link) or not _UNSEEN_ON_BLANKS.issuperset(self.attributes)


PLAIN = Pen()
"""The pen of a terminal after a reset."""


@lru_cache(1 << 12)
def parse_pen(ansi: str, link: str = "") -> Pen:
    """Return the pen that SGR parameters describe."""
    attributes, colours = [], {"text": "", "background": ""}
    parameters = iter(ansi.split(";") if ansi else ())
    for parameter in parameters:
        if which := _COLOURS.get(parameter):
            kind = next(parameters)
            colours[which] = ";".join([parameter, kind, *(next(parameters) for _ in range(1 if kind == "5" else 3))])
        elif parameter in ("39", "49"):
            colours["text" if parameter == "39" else "background"] = ""
        elif int(parameter) in (*range(30, 38), *range(90, 98)):
            colours["text"] = parameter
        elif int(parameter) in (*range(40, 48), *range(100, 108)):
            colours["background"] = parameter
        else:
            attributes.append(parameter)
    return Pen(tuple(attributes), **colours, link=link)


@lru_cache(1 << 12)
def change(old: Pen, new: Pen) -> str:
    """Return the shortest output that changes the old pen to the new one."""
    link = f"\x1b]8;{new.link or ';'}\x1b\\" if new.link != old.link else ""
    from_reset = ";".join(["", *new.attributes, *filter(None, (new.text, new.background))])
    lost = [attribute for attribute in old.attributes if attribute not in new.attributes]
    if any(attribute not in _OFF for attribute in lost):
        return f"{link}\x1b[{from_reset}m"
    off = dict.fromkeys(_OFF[attribute] for attribute in lost)
    on = [a for a in new.attributes if a not in old.attributes or _OFF.get(a) in off]
    colours = [
        after or default
        for before, after, default in ((old.text, new.text, "39"), (old.background, new.background, "49"))
        if before != after
    ]
    parameters = ";".join([*off, *on, *colours])
    return f"{link}\x1b[{min(from_reset, parameters, key=len)}m" if parameters else link


@lru_cache(1 << 12)
def blank(pen: Pen) -> Pen:
    """Return the pen of the blanks in a pen's text: blanks that look alike have the same one."""
    return pen if pen.shows_on_blanks else Pen(background=pen.background)


def erases(pen: Pen, *, in_colour: bool) -> bool:
    """Whether what a pen erases looks like a blank that it writes. `in_colour` says that the terminal is known to erase
    with the background of the pen.
    """
    return not pen.shows_on_blanks and (in_colour or not pen.background)


def pen_for(style: Style | None, colours: ColorSystem) -> Pen:
    """Return the pen that Textual would write a style with."""
    if style is None:
        return PLAIN
    ansi = style._ansi
    if ansi is None:
        ansi = Strip.render_ansi(style, colours)
    return parse_pen(ansi, f"id={style._link_id};{style._link}" if style._link else "")
