"""A person's favourites, in a TOML file with a table `[[favourite]]` for each. Nothing in it is secret.

The file may be edited, versioned and shared, so each table is read by itself: a mistake in one hides no other, and is
reported with its line. Writing changes one table and leaves everything else as it is, comments, order and mistakes
included. No TOML library parses a file with a mistake in it, hence the splitting into blocks here.
"""

import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from tui.domain.amounts import MAX_INTEGER_DIGITS
from tui.domain.favourite import Favourite, InvalidFavourite, Part, parse_favourite, written_down
from tui.domain.text import printable
from tui.files import ConfigFile
from tui.language import N_, _
from tui.structs import Struct

_TABLE = re.compile(
    r"^((?:[ \t]*#.*\n)*)([ \t]*\[\[[ \t]*favourite[ \t]*\]\][ \t]*(?:#.*)?\r?$)?", re.ASCII | re.MULTILINE
)
"""Comments, and what begins a table below them, if anything does: without it, each comment would be tried again."""
_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_NEW_FILE = N_("""\
# Favourites of Shunter: shunter --favourite NAME opens the form with one. Nothing in here is secret.
# amount is a text, "max", "all but 50", or left out; so are pairs, and the profile that one is for.
""")
_MOST_SHOWN = 200
"""How many characters of a wrong text a message shows."""
_WAIT_S = 5.0
"""Another Shunter's change takes milliseconds. A folder that takes no locks is written to all the same."""


class FavouritesError(Exception):
    """Raised when the file cannot be read or written at all."""


class FavouriteMissing(FavouritesError):
    """Raised when there is no usable favourite of that name. The message names those that there are."""


_FILE = ConfigFile("favourites.toml", N_("The favourites"), 1024 * 1024, FavouritesError)


class Mistake(Struct):
    """What is wrong in one line of the file."""

    line: int
    why: str
    name: str = ""
    """The favourite that cannot be used because of it, if its name can be read."""

    def __str__(self) -> str:
        return _("line {line}: {why}").format(line=self.line, why=self.why)


class Favourites(Struct):
    """The content of the file."""

    usable: tuple[Favourite, ...] = ()
    """In the order of the file."""
    mistakes: tuple[Mistake, ...] = ()


class _Block(Struct):
    """The lines of one favourite, with the comments right above it; or the lines before the first favourite."""

    text: str
    first_line: int = 1
    comments: str | None = None
    """What is above the table; None if there is no table."""


def favourites_path() -> Path:
    """Return the path of the file. Raises FolderRefused."""
    return _FILE.path


def favourites() -> Favourites:
    """Return every usable favourite, and the mistakes in the others. Raises FavouritesError."""
    usable: dict[str, Favourite] = {}
    lines: dict[str, int] = {}
    mistakes: list[Mistake] = []
    for block in _blocks(_read()):
        parsed = _parse(block)
        if isinstance(parsed, Mistake):
            mistakes.append(parsed)
        elif parsed is not None:
            name, line = parsed.name, _line_in(block)
            if name in usable:
                taken = _("the name {name!r} is taken already, in line {line}").format(name=name, line=lines[name])
                mistakes.append(Mistake(line, taken, name))
            else:
                usable[name], lines[name] = parsed, line
    return Favourites(tuple(usable.values()), tuple(mistakes))


def favourite(name: str) -> Favourite:
    """Return the favourite of that name. Raises FavouriteMissing and FavouritesError."""
    content = favourites()
    for usable in content.usable:
        if usable.name == name.strip():
            return usable
    for mistake in content.mistakes:
        if mistake.name == name.strip():
            unusable = _("The favourite {name!r} cannot be used: {path}, {mistake}")
            raise FavouriteMissing(unusable.format(name=name, path=favourites_path(), mistake=mistake))
    if content.usable:
        names = _(", ").join(usable.name for usable in content.usable)
        raise FavouriteMissing(_("There is no favourite {name!r}. Favourites: {names}").format(name=name, names=names))
    none = _("There is no favourite {name!r}, nor any other, in {path}")
    if content.mistakes:
        none = _("There is no favourite {name!r}, nor any other, in {path}; {mistake}")
    first = "".join(map(str, content.mistakes[:1]))
    raise FavouriteMissing(none.format(name=name, path=favourites_path(), mistake=first))


def keep(kept: Favourite, *, in_sight_of: str | None = None) -> None:
    """Write a favourite to the file, in the place of the one with its name or at the end.

    `in_sight_of` is the profile whose favourites the person sees: one of another profile is not replaced. Raises
    InvalidFavourite in that case, and if the favourite could not be read again; FavouritesError otherwise.
    """
    kept = parse_favourite(written_down(kept))
    with _FILE.locked(_WAIT_S, needs_lock=False):
        blocks = _blocks(_read())
        texts = [block.text for block in blocks]
        for index, block in enumerate(blocks):
            if block.comments is not None and _name_in(block) == kept.name:
                before = _parse(block)
                if in_sight_of and isinstance(before, Favourite) and before.profile not in ("", in_sight_of):
                    taken = _("the profile {profile} has one of this name: take another")
                    raise InvalidFavourite(taken.format(profile=before.profile), Part.NAME)
                texts[index] = _changed(block, kept)
                return _write(texts)
        text = "".join(texts) or _(_NEW_FILE)
        gap = "" if text.endswith("\n\n") else "\n" if text.endswith("\n") else "\n\n"
        return _write([text, gap, _table(kept)])


def remove(name: str) -> None:
    """Remove a favourite from the file, with the comments right above it. Raises FavouriteMissing, FavouritesError."""
    with _FILE.locked(_WAIT_S, needs_lock=False):
        blocks = _blocks(_read())
        kept = [block.text for block in blocks if block.comments is None or _name_in(block) != name]
        if len(kept) == len(blocks):
            raise FavouriteMissing(
                _("There is no favourite {name!r} in {path}").format(name=name, path=favourites_path())
            )
        _write(kept)


def _blocks(text: str) -> list[_Block]:
    tables = [match for match in _TABLE.finditer(text) if match[2] is not None]
    ends = [*(match.start() for match in tables), len(text)]
    blocks = [_Block(text[: ends[0]])]
    for match, end in zip(tables, ends[1:], strict=True):
        first_line = blocks[-1].first_line + blocks[-1].text.count("\n")
        blocks.append(_Block(text[match.start() : end], first_line, match[1]))
    return blocks


def _parse(block: _Block) -> Favourite | Mistake | None:
    """Return the favourite of a block, or its mistake; None for the lines before the first favourite."""
    name = _name_in(block)
    try:
        content = _toml(block.text)
    except ValueError as error:
        place = _PLACE.search(str(error))
        inside = int(place[1]) if place and place[1] else len(block.text.splitlines())
        why = _("this is not TOML: {error}").format(error=_shown(_PLACE.sub("", str(error))))
        return Mistake(block.first_line + inside - 1, why, name)
    others = [key for key in content if key != "favourite"]
    if others or (block.comments is None and content):
        key = (others or ["favourite"])[0]
        why = _("there are only [[favourite]] tables here, and no {key!r}").format(key=_shown(key))
        return Mistake(_line_in(block, key), why, name)
    if block.comments is None:
        return None
    table = content["favourite"][0]
    for key in table:
        if key not in list(Part):
            near = get_close_matches(key[:_MOST_SHOWN], list(Part), 1)
            why = _("a favourite has no {key!r}: {parts}")
            if near:
                why = _("a favourite has no {key!r}; did you mean {near}?")
            why = why.format(key=_shown(key), near="".join(near), parts=_(", ").join(Part))
            return Mistake(_line_in(block, key), why, name)
    try:
        return parse_favourite(_texts(table))
    except InvalidFavourite as error:
        return Mistake(_line_in(block, error.part or ""), str(error), name)


def _toml(text: str) -> dict[str, Any]:
    """Parse TOML. Raises ValueError, and nothing else that the parser may raise."""
    try:
        return tomllib.loads(text, parse_float=str)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        raise ValueError(_("it is nested too deeply")) from None
    except ValueError:
        raise ValueError(_("a number in it is too long")) from None


def _shown(text: str) -> str:
    shown = printable(text[: _MOST_SHOWN + 1])
    return shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}..."


def _texts(table: Mapping[str, object]) -> dict[str, str]:
    """Return the values of a table as texts; an amount may be a whole number. Raises InvalidFavourite."""
    texts = {}
    for key, value in table.items():
        is_number = type(value) is int and key == Part.AMOUNT
        if not (is_number or isinstance(value, str)):
            raise InvalidFavourite(_('write it as a text, like "USDT"'), Part(key))
        if isinstance(value, int) and abs(value) >= 10**MAX_INTEGER_DIGITS:
            raise InvalidFavourite(_("At most {most} digits").format(most=MAX_INTEGER_DIGITS), Part(key))
        texts[key] = str(value)
    return texts


def _name_in(block: _Block) -> str:
    """Return the name of a block's favourite, even if the rest is wrong; empty if the name cannot be read."""
    for line in block.text.splitlines():
        if re.match(r"\s*[\"']?name[\"']?\s*=", line):
            with suppress(ValueError):
                name = next(iter(_toml(line).values()))
                return name.strip() if isinstance(name, str) else ""
    return ""


def _line_in(block: _Block, key: str = "") -> int:
    """Return the line of a key, or the first line of the table."""
    for number, line in enumerate(block.text.split("\n")):
        if key and re.match(rf"""\s*\[*\s*(favourite\s*\.\s*)?["']?{re.escape(key)}["']?\s*(=|\.|\]|$)""", line):
            return block.first_line + number
    return block.first_line + (block.comments or "").count("\n")


def _table(kept: Favourite) -> str:
    import tomlkit  # late: reading does without

    return tomlkit.dumps({"favourite": [written_down(kept)]})


def _changed(block: _Block, kept: Favourite) -> str:
    """Return a block with another favourite in it. Whatever stays is as it was written, unless it is not TOML."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    parsed, texts = _parse(block), written_down(kept)
    before = written_down(parsed) if isinstance(parsed, Favourite) else {}
    try:
        document = tomlkit.parse(block.text)
        table = document["favourite"][0]
        for key in [key for key in table if key not in texts]:
            del table[key]
        for key, text in texts.items():
            if before.get(key) != text:
                table[key] = text
        return tomlkit.dumps(document)
    except (TOMLKitError, ValueError, LookupError, TypeError, RecursionError):
        return (block.comments or "") + _table(kept)


def _read() -> str:
    try:
        return (_FILE.read() or b"").decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _FILE.failure(_("cannot be read: they are not UTF-8")) from None


def _write(texts: list[str]) -> None:
    mode = 0o600
    with suppress(OSError):
        mode = _FILE.path.stat().st_mode & 0o777
    _FILE.write("".join(texts).encode(), mode=mode)
