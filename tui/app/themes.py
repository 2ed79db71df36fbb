"""The colours of every theme: a colour for each meaning, and the grounds that text lies on.

Each meaning can be read on every ground, with a contrast of 4.5 to 1 (WCAG 2.2, 1.4.3), in true colour and in the 256
colours that Rich reduces it to. The grounds of Shunter's own themes are greys: Rich reduces a tinted dark shade to a
bright one.
"""

from collections.abc import Mapping
from functools import lru_cache

from rich.color import Color as RichColor
from rich.color import ColorSystem
from textual.color import Color
from textual.theme import Theme

MEANINGS = "foreground", "strong", "muted", "accent", "warning", "error", "success"
GROUNDS = "background", "surface", "panel", "field", "chosen", "cursor"
LEAST_CONTRAST = 4.5

_STEP = 0.04
_TEXT_VARIABLES = {
    "text-accent": "accent",
    "text-warning": "warning",
    "text-error": "error",
    "text-success": "success",
    "text-muted": "muted",
    "footer-background": "panel",
    "footer-foreground": "muted",
    "footer-key-foreground": "strong",
    "footer-description-foreground": "muted",
    "input-cursor-background": "foreground",
    "input-cursor-foreground": "background",
    "input-selection-background": "cursor",
    "scrollbar": "muted",
    "scrollbar-hover": "muted",
    "scrollbar-active": "foreground",
    "scrollbar-background": "surface",
    "scrollbar-background-hover": "surface",
    "scrollbar-background-active": "surface",
    "scrollbar-corner-color": "surface",
}
"""Textual's variables that its own widgets use, and the meaning or ground that each is."""

DARK = Theme(
    name="shunter-dark",
    primary="#7fcaff",
    accent="#7fcaff",
    warning="#ffc44d",
    error="#ff9a92",
    success="#6fdc97",
    foreground="#e4e8ec",
    background="#101214",
    surface="#191c1f",
    panel="#2b3036",
    variables={
        "strong": "#ffffff",
        "muted": "#a9b5c1",
        "field": "#33393f",
        "chosen": "#3a4148",
        "cursor": "#1d2f7a",
    },
)
LIGHT = Theme(
    name="shunter-light",
    primary="#002f8c",
    accent="#002f8c",
    warning="#6b4000",
    error="#9e001c",
    success="#00532a",
    foreground="#1b1e21",
    background="#f0f1f2",
    surface="#ffffff",
    panel="#dfe2e5",
    dark=False,
    variables={
        "strong": "#000000",
        "muted": "#47515a",
        "field": "#e6e8ea",
        "chosen": "#dadee2",
        "cursor": "#c3d8ff",
    },
)
OWN_THEMES = DARK, LIGHT


def theme_variables(theme: Theme, generated: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a theme's meanings and grounds, and those of Textual that follow from them.

    `generated` are the variables that Textual generates for the theme. The terminal's own colours have no shades: its
    grounds are all the terminal's own.
    """
    if theme.ansi:
        own = dict.fromkeys(("strong", "muted", "field", "chosen", "cursor"), "ansi_default")
        return {name: value for name, value in own.items() if name not in theme.variables}
    if theme in OWN_THEMES:
        colours = {name: theme.variables.get(name) or getattr(theme, name) for name in (*MEANINGS, *GROUNDS)}
    else:
        colours = _made_legible(theme.dark, tuple(generated[name] for name in _BASE))
    return {**colours, **{name: colours[role] for name, role in _TEXT_VARIABLES.items()}}


_BASE = "foreground", "primary", "warning", "error", "success", "background", "surface", "panel"


@lru_cache
def _made_legible(is_dark: bool, base: tuple[str, ...]) -> dict[str, str]:
    """Return meanings and grounds made of a theme's colours: each meaning is moved towards white or black until it can
    be read on all grounds.
    """
    colours = {name: Color.parse(value) for name, value in zip(_BASE, base, strict=True)}
    text, background = colours["foreground"], colours["background"]
    extreme = Color.parse("#ffffff" if is_dark else "#000000")
    surface = background + colours["surface"]
    panel = background + colours["panel"]
    grounds = {
        "background": background,
        "surface": surface,
        "panel": panel,
        "field": panel.blend(text, 0.05),
        "chosen": panel.blend(text, 0.1),
        "cursor": background.blend(colours["primary"], 0.35),
    }
    for name, ground in grounds.items():
        while not _is_legible(extreme, ground, LEAST_CONTRAST + 2):
            ground = ground.blend(extreme.inverse, _STEP)
        grounds[name] = ground
    meanings = {
        "foreground": text,
        "strong": text.blend(extreme, 0.8),
        "muted": text.blend(background, 0.3),
        "accent": colours["primary"],
        "warning": colours["warning"],
        "error": colours["error"],
        "success": colours["success"],
    }
    for name, meaning in meanings.items():
        while not all(_is_legible(meaning, ground, LEAST_CONTRAST) for ground in grounds.values()):
            meaning = meaning.blend(extreme, _STEP) if meaning != extreme else extreme
        meanings[name] = meaning
    return {name: colour.hex6 for name, colour in (meanings | grounds).items()}


def _is_legible(text: Color, ground: Color, least: float) -> bool:
    return contrast(text, ground) >= least and contrast(_reduced(text), _reduced(ground)) >= least


def _reduced(colour: Color) -> Color:
    """Return what Rich makes of a colour in a terminal with 256 colours."""
    return Color(*RichColor.from_rgb(*colour.rgb).downgrade(ColorSystem.EIGHT_BIT).get_truecolor())


def contrast(one: Color, other: Color) -> float:
    """Return the contrast of two colours: 1 if they are equal, at most 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Color) -> float:
    """Return the relative luminance, as WCAG 2 defines it."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
