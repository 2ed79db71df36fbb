"""The file of favourites: TOML, with a table `[[favourite]]` for each.

It is read table by table, so that a slip in one of them, of whatever kind, hides no other; what is wrong is told by its
line. Writing changes one table and leaves all else as it stands, comments, order and mistakes included.
"""

import contextlib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from tui.domain.amounts import MAX_INTEGER_DIGITS
from tui.domain.favourite import Favourite, InvalidFavourite, Part, parse_favourite, written_down
from tui.domain.text import printable
from tui.files import NotRegular, atomic_write, config_folder, open_lock, read_regular, take_lock

_HEADER = re.compile(r"[ \t]*\[\[[ \t]*favourite[ \t]*\]\][ \t]*(#.*)?", re.ASCII)
_COMMENT = re.compile(r"[ \t]*#.*")
_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_NEW_FILE = """\
# Favourites of Shunter: shunter --favourite NAME opens the form with one. Nothing in here is secret.
# amount is a text, "max", "all but 50", or left out; so are pairs, and the profile that one is for.
"""
_MOST_BYTES = 1024 * 1024
_MOST_SHOWN = 200
"""Characters of what is wrong in a line."""
_WAIT_S = 5.0
"""Another Shunter's change takes milliseconds."""


class FavouritesError(Exception):
    """The file cannot be read or written at all; says why."""


class FavouriteMissing(FavouritesError):
    """There is no favourite of that name that can be used; says what there is."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong in one line of the file."""

    line: int
    why: str
    name: str = ""
    """The favourite that is not there because of it, as far as its name can be read."""

    def __str__(self) -> str:
        return f"line {self.line}: {self.why}"


@dataclass(frozen=True, slots=True)
class Found:
    """What is in the file."""

    favourites: tuple[Favourite, ...] = ()
    """Those that can be used, in the order of the file."""
    wrong: tuple[Wrong, ...] = ()


@dataclass(frozen=True, slots=True)
class _Block:
    """The lines of one favourite, with the comments right above it; or those before the first."""

    first_line: int
    lines: tuple[str, ...]
    header: int | None = None
    """Which of its lines begins the table."""

    @property
    def text(self) -> str:
        return "".join(self.lines)


def favourites_path() -> Path:
    """Where the file is. Raises FolderRefused."""
    return config_folder() / "favourites.toml"


def favourites() -> Found:
    """All that can be used, and what is wrong with the rest. Raises FavouritesError."""
    text = _read()
    found: dict[str, Favourite] = {}
    lines: dict[str, int] = {}
    wrong: list[Wrong] = []
    for block in _blocks(text):
        read = _of_block(block)
        if isinstance(read, Wrong):
            wrong.append(read)
        elif read is not None:
            line = block.first_line + (block.header or 0)
            if read.name in found:
                wrong.append(
                    Wrong(line, f"the name {read.name!r} is taken already, in line {lines[read.name]}", read.name)
                )
            else:
                found[read.name], lines[read.name] = read, line
    return Found(tuple(found.values()), tuple(wrong))


def favourite(name: str) -> Favourite:
    """The favourite of that name. Raises FavouriteMissing with what is wrong with it, or the names that there are, and
    FavouritesError.
    """
    found = favourites()
    for one in found.favourites:
        if one.name == name.strip():
            return one
    for wrong in found.wrong:
        if wrong.name == name.strip():
            raise FavouriteMissing(f"The favourite {name!r} cannot be used: {favourites_path()}, {wrong}")
    names = ", ".join(one.name for one in found.favourites)
    if names:
        raise FavouriteMissing(f"There is no favourite {name!r}. Favourites: {names}")
    told = f"; {found.wrong[0]}" if found.wrong else ""
    raise FavouriteMissing(f"There is no favourite {name!r}, nor any other, in {favourites_path()}{told}")


def keep(kept: Favourite, *, in_sight_of: str | None = None) -> None:
    """Write a favourite down: in the place of the one of its name, or as the last. Raises InvalidFavourite where it
    could not be read again, FavouritesError.

    With the profile that the list is `in_sight_of`, what is another profile's is not replaced: InvalidFavourite too.
    """
    kept = parse_favourite(written_down(kept))
    with _changing():
        blocks = _blocks(_read())
        fresh = _table(kept)
        for place, block in enumerate(blocks):
            if block.header is not None and _name_of(block) == kept.name:
                held = _of_block(block)
                if in_sight_of and isinstance(held, Favourite) and held.profile not in ("", in_sight_of):
                    raise InvalidFavourite(f"the profile {held.profile} has one of this name: take another", Part.NAME)
                blocks[place] = _Block(block.first_line, (_changed(block, kept),), block.header)
                _write(blocks)
                return
        before = "".join(block.text for block in blocks) or _NEW_FILE
        gap = "" if before.endswith("\n\n") else "\n" if before.endswith("\n") else "\n\n"
        _write([_Block(1, (before, gap, fresh))])


def remove(name: str) -> None:
    """Take a favourite out of the file, with the comments right above it. Raises FavouriteMissing, FavouritesError."""
    with _changing():
        blocks = _blocks(_read())
        kept = [block for block in blocks if block.header is None or _name_of(block) != name]
        if len(kept) == len(blocks):
            raise FavouriteMissing(f"There is no favourite {name!r} in {favourites_path()}")
        _write(kept)


def _blocks(text: str) -> list[_Block]:
    lines = text.splitlines(keepends=True)
    headers = [number for number, line in enumerate(lines) if _HEADER.fullmatch(line.rstrip("\r\n"))]
    starts = [0]
    for header in headers:
        start = header
        while start > starts[-1] and _COMMENT.fullmatch(lines[start - 1].rstrip("\r\n")):
            start -= 1
        starts.append(start)
    ends = [*starts[1:], len(lines)]
    return [
        _Block(start + 1, tuple(lines[start:end]), None if header is None else header - start)
        for start, end, header in zip(starts, ends, (None, *headers), strict=True)
    ]


def _of_block(block: _Block) -> Favourite | Wrong | None:
    """The favourite of a block, or what is wrong with it; None for what comes before the first, where that is empty."""
    try:
        content = _toml(block.text)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        inside = int(place[1]) if place and place[1] else len(block.lines)
        why = _PLACE.sub("", str(error))
        return Wrong(block.first_line + inside - 1, f"this is not TOML: {_shown(why)}", _name_of(block))
    others = [key for key in content if key != "favourite"]
    if others or (block.header is None and content):
        key = (others or ["favourite"])[0]
        return Wrong(
            _line_of(block, key),
            f"there are only [[favourite]] tables here, and no {_shown(key)!r}",
            _name_of(block),
        )
    if block.header is None:
        return None
    table = content["favourite"][0]
    try:
        return parse_favourite(_texts(table))
    except InvalidFavourite as error:
        return Wrong(_line_of(block, error.part or ""), str(error), _name_of(block))
    except _Unknown as unknown:
        return Wrong(_line_of(block, unknown.key), str(unknown), _name_of(block))


def _toml(text: str) -> dict[str, Any]:
    """What a text says. Raises tomllib.TOMLDecodeError, and nothing else that the parser may raise."""
    try:
        return tomllib.loads(text, parse_float=str)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        raise tomllib.TOMLDecodeError("it is nested too deeply") from None
    except ValueError:
        raise tomllib.TOMLDecodeError("a number in it is too long") from None


def _shown(text: str) -> str:
    shown = printable(text[: _MOST_SHOWN + 1])
    return shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}..."


class _Unknown(Exception):
    """A key that is none of a favourite's; `key` is as it is written."""

    def __init__(self, key: str, words: str) -> None:
        super().__init__(words)
        self.key = key


def _texts(table: Mapping[str, object]) -> dict[str, str]:
    """The values of a table, as they are written. Raises InvalidFavourite, _Unknown."""
    texts = {}
    for key, value in table.items():
        if key not in list(Part):
            near = get_close_matches(key[:_MOST_SHOWN], list(Part), 1)
            hint = f"; did you mean {near[0]}?" if near else f": {', '.join(Part)}"
            raise _Unknown(key, f"a favourite has no {_shown(key)!r}{hint}")
        if (
            not isinstance(value, str | int)
            or isinstance(value, bool)
            or (isinstance(value, int) and key != Part.AMOUNT)
        ):
            raise InvalidFavourite('write it as a text, like "USDT"', Part(key))
        if isinstance(value, int) and abs(value) >= 10**MAX_INTEGER_DIGITS:
            raise InvalidFavourite(f"At most {MAX_INTEGER_DIGITS} digits", Part(key))
        texts[key] = str(value)
    return texts


def _name_of(block: _Block) -> str:
    """The name of a block's favourite, also where the rest of it is wrong; empty where it cannot be read."""
    for line in block.lines:
        if re.match(r"\s*[\"']?name[\"']?\s*=", line):
            with contextlib.suppress(tomllib.TOMLDecodeError):
                name = next(iter(_toml(line).values()))
                return name.strip() if isinstance(name, str) else ""
    return ""


def _line_of(block: _Block, key: str) -> int:
    """The line where a key is, or where the table begins."""
    for number, line in enumerate(block.lines):
        if key and re.match(rf"""\s*\[*\s*(favourite\s*\.\s*)?["']?{re.escape(key)}["']?\s*(=|\.|\]|$)""", line):
            return block.first_line + number
    return block.first_line + (block.header or 0)


def _table(kept: Favourite) -> str:
    import tomlkit  # late: reading does without

    table = tomlkit.table()
    for part, text in written_down(kept).items():
        table.add(str(part), text)
    tables = tomlkit.aot()
    tables.append(table)
    document = tomlkit.document()
    document.add("favourite", tables)
    return tomlkit.dumps(document)


def _changed(block: _Block, kept: Favourite) -> str:
    """A block with another favourite in it: what stays is as it was written. One that is not TOML begins anew."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    comments = "".join(block.lines[: block.header])
    try:
        document = tomlkit.parse(block.text)
        table = document["favourite"][0]
        before, texts = _meaning(block), written_down(kept)
        for key in [key for key in table if key not in texts]:
            del table[key]
        for key, text in texts.items():
            if before.get(key) != text:
                table[key] = text
        return tomlkit.dumps(document)
    except (TOMLKitError, ValueError, LookupError, TypeError, RecursionError):
        return comments + _table(kept)


def _meaning(block: _Block) -> dict[str, str]:
    """What a block says, as it would be written anew; nothing where it cannot be used."""
    read = _of_block(block)
    return written_down(read) if isinstance(read, Favourite) else {}


def _read() -> str:
    path = favourites_path()
    try:
        return read_regular(path, _MOST_BYTES).decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise FavouritesError(f"The favourites, {path}, cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise FavouritesError(f"The favourites, {path}, cannot be read: they are not UTF-8") from None


def _write(blocks: list[_Block]) -> None:
    path = favourites_path()
    try:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
        atomic_write(path, "".join(block.text for block in blocks).encode(), mode=mode)
    except OSError as error:
        raise FavouritesError(f"The favourites, {path}, cannot be written: {error.strerror}") from None


@contextlib.contextmanager
def _changing() -> Iterator[None]:
    """Keep other Shunters from changing favourites meanwhile. Raises FavouritesError."""
    path = favourites_path()
    try:
        lock = open_lock(path)
    except NotRegular as error:
        raise FavouritesError(f"The favourites, {path}, cannot be changed: {error.strerror}.") from None
    except OSError as error:
        raise FavouritesError(f"The folder {path.parent} cannot be written to: {error.strerror}") from None
    try:
        is_mine = True
        with contextlib.suppress(OSError):  # a folder that takes no locks is no reason not to write
            is_mine = take_lock(lock, limit_s=_WAIT_S)
        if not is_mine:
            raise FavouritesError(f"Another Shunter keeps the favourites, {path}, locked. Close it, then try again.")
        yield
    finally:
        os.close(lock)
