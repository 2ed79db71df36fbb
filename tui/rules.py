"""A person's rules, in a TOML file next to the favourites. It holds no secret, and Shunter only reads it.

The file is understood as a whole, or nothing is sent: a rule that was read half might let something through.
"""

import hashlib
import re
import time
import tomllib
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tui.domain.amounts import AmountError, parse_amount
from tui.domain.rules import Allow, Keep, Most, MostPerDay, Origin, RetypeFrom, Rule, Rules
from tui.domain.text import printable
from tui.domain.transfer import parse_asset
from tui.domain.wallets import Wallet, parse_wallet, route
from tui.files import ConfigFile
from tui.language import N_, _

_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_TOKEN = re.compile(
    r"""
    (?P<newline>\n) | [^\S\n]+ | \#[^\n]*
    | (?P<text>\"{3}(?:\\.|[^\\])*?\"{3,5} | '{3}.*?'{3,5} | "(?:\\.|[^"\\\n])*" | '[^'\n]*')
    | (?P<sign>[=.,\[\]{}])
    | (?P<bare>[^\s=.,\[\]{}\#"']+)
    """,
    re.VERBOSE | re.DOTALL,
)
_MOST_BITS = 128
"""Of a number without a decimal point. More are no amount, and Python refuses to write out very many."""
_NEW_S = 1
_SETTLES_S = 0.05
_MOST_READINGS = 20
_KEYS = ("allow", "most", "most_per_day", "keep", "retype_from")
_MOST_SHOWN = 200


ProfileNames = Callable[[], Collection[str]]


class RulesError(Exception):
    """Raised when the file cannot be understood as a whole; says where and why."""


_FILE = ConfigFile("rules.toml", N_("The rules"), 256 * 1024, RulesError)


def rules_path() -> Path:
    """Return the path of the file. Raises FolderRefused."""
    return _FILE.path


def rules(profile: str, profiles: ProfileNames) -> Rules:
    """Return the rules for a profile: those for all and its own. Without a file there are none. `profiles` returns the
    names of all profiles; it is called if the file names one. Raises RulesError, and what `profiles` raises.
    """
    content = _settled_content()
    if content is None:
        return Rules()
    reader = _Reader(content, profiles)
    return Rules(tuple(reader.rules_for(profile)), hashlib.sha256(content).hexdigest())


def check(profiles: ProfileNames) -> tuple[Rule, ...]:
    """Return every rule in the file. Raises what `rules` does."""
    content = _settled_content()
    if content is None:
        return ()
    reader = _Reader(content, profiles)
    return tuple(rule for profile in ("", *reader.named) for rule in reader.of(profile))


def _settled_content() -> bytes | None:
    """Return the content of the file. If that has just changed, it must stay the same for a moment: while an editor
    writes, the file may be cut off after any rule, and it is gone while an editor puts another in its place.
    """
    content = _content()
    for _reading in range(_MOST_READINGS):
        if not _has_just_changed(is_there=content is not None):
            return content
        time.sleep(_SETTLES_S)
        before, content = content, _content()
        if content == before:
            return content
    raise _error(1, _("it changes all the time"))


def _has_just_changed(*, is_there: bool) -> bool:
    """Whether the file has, or what it would be in: that is the nearest folder above it."""
    with suppress(OSError):
        path = _FILE.path if is_there else next(folder for folder in _FILE.path.parents if folder.exists())
        return abs(time.time() - path.stat().st_mtime) < _NEW_S
    return True


def _content() -> bytes | None:
    """Return the content of the file; None if there is none.

    A link to a file that is not there is no missing file: the rules are elsewhere, for example on a disk that is not
    mounted.
    """
    content = _FILE.read()
    if content is None:
        for path in (_FILE.path, *_FILE.path.parents):
            if path.is_symlink() and not path.exists():
                dangling = _("cannot be read: {path} is a link to nothing. Until it is right, nothing is sent.")
                raise _FILE.failure(dangling.format(path=path))
    return content


class _Lines:
    """The line of each key in a valid TOML file, by its path from the top: tomllib keeps none."""

    def __init__(self, text: str) -> None:
        self.by_path: dict[tuple[str, ...], int] = {}
        self._is_key = True
        """Whether a key comes next, or the name of a table."""
        self._keys: list[str] = []
        self._table: tuple[str, ...] = ()
        self._path: tuple[str, ...] = ()
        self._opened: list[tuple[str, ...]] = []
        """The brackets around a value: the path of an inline table; empty for an array."""
        line = 1
        for token in _TOKEN.finditer(text):
            written = token[0]
            if token["newline"] and not self._opened:
                self._expect_key()
            elif token["sign"]:
                self._follow(written)
            elif self._is_key and (token["text"] or token["bare"]):
                self._add(tomllib.loads(f"key = {written}")["key"] if token["text"] else written, line)
            line += written.count("\n")

    def _expect_key(self) -> None:
        self._keys, self._is_key = [], True

    def _add(self, key: str, line: int) -> None:
        self._keys.append(key)
        self._path = (*(self._opened[-1] if self._opened else self._table), *self._keys)
        for count in range(1, len(self._path) + 1):
            self.by_path.setdefault(self._path[:count], line)

    def _follow(self, sign: str) -> None:
        is_name_of_table = self._is_key and not self._opened
        match sign:
            case "[" if is_name_of_table:
                self._table = ()
            case "]" if is_name_of_table:
                self._table, self._is_key = self._path, False
            case "=":
                self._is_key = False
            case "[":
                self._opened.append(())
            case "{":
                self._opened.append(self._path)
                self._expect_key()
            case "]" | "}":
                self._opened[-1:] = []
                self._is_key = False
            case "," if self._opened and self._opened[-1]:
                self._expect_key()


class _Reader:
    """Reads the content of the file whole. Every error names a line."""

    def __init__(self, content: bytes, profiles: ProfileNames) -> None:
        if not content:  # some editors empty a file before they write it
            raise _error(1, _("it is empty. Remove it if there are no rules"))
        try:
            text = content.decode("utf-8-sig")  # some editors begin a file with a byte order mark
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            raise _error(line, _("not UTF-8")) from None
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            place = _PLACE.search(str(error))
            line = int(place[1]) if place and place[1] else text.count("\n") + 1
            raise _error(line, _PLACE.sub("", str(error))) from None
        except (ValueError, RecursionError) as error:
            rows = text.split("\n")
            is_deep = isinstance(error, RecursionError)
            why = _("it is nested too deeply") if is_deep else _("a number has too many digits")
            raise _error(rows.index(max(rows, key=len)) + 1, why) from None
        self._lines = _Lines(text).by_path
        own = table.pop("profile", {})
        if not isinstance(own, dict):
            raise _error(self._line("profile"), _("profile is a table, like [profile.main]"))
        known = profiles() if own else ()
        for name in own:
            if name not in known:
                unknown = _("there is no profile {name!r}; profiles: {names}")
                names = _(", ").join(known) or _("none")
                raise _error(self._line("profile", name), unknown.format(name=name, names=names))
        self.named = tuple(own)
        self._rules = {"": self._read(table, ""), **{name: self._read(own[name], name) for name in own}}

    def rules_for(self, profile: str) -> Iterator[Rule]:
        """Yield the rules for all, then the profile's own."""
        yield from self._rules[""]
        yield from self._rules.get(profile, ()) if profile else ()

    def of(self, profile: str) -> tuple[Rule, ...]:
        """Return the rules that are written for a profile; for all if it is empty."""
        return self._rules[profile]

    def _read(self, table: object, profile: str) -> tuple[Rule, ...]:
        section = ("profile", profile) if profile else ()
        if not isinstance(table, dict):
            table_missing = _("profile.{name} is a table, like [profile.main]").format(name=profile)
            raise _error(self._line(*section), table_missing)
        for key in table:
            if key not in _KEYS:
                unknown = _("there is no rule {key!r}; rules: {rules}").format(key=key, rules=_(", ").join(_KEYS))
                raise _error(self._line(*section, key), unknown)
        found: list[Rule] = []
        if "allow" in table:
            found.append(self._allow(table["allow"], self._origin(profile, *section, "allow")))
        for key, kind in (("most", Most), ("most_per_day", MostPerDay)):
            amounts = self._table(table.get(key, {}), *section, key)
            for asset, amount in amounts.items():
                origin = self._origin(profile, *section, key, asset)
                found.append(kind(self._asset(asset, origin), self._amount(amount, origin), origin))
        if "retype_from" in table:
            found.append(self._retype_from(table["retype_from"], self._origin(profile, *section, "retype_from")))
        for name, amounts in self._table(table.get("keep", {}), *section, "keep").items():
            wallet = self._wallet(name, self._origin(profile, *section, "keep", name))
            for asset, amount in self._table(amounts, *section, "keep", name).items():
                origin = self._origin(profile, *section, "keep", name, asset)
                found.append(Keep(wallet, self._asset(asset, origin), self._amount(amount, origin), origin))
        return tuple(found)

    def _allow(self, moves: object, origin: Origin) -> Allow:
        if not isinstance(moves, list) or not all(isinstance(move, str) for move in moves):
            raise _error(origin.line, _('allow is a list of moves, like ["spot -> um", "um -> spot"]'))
        allowed = set()
        for move in moves:
            names = move.split("->")
            if len(names) != 2:
                raise _error(origin.line, _("{move!r} is not a move, like spot -> um").format(move=move))
            source, destination = (self._wallet(name.strip(), origin) for name in names)
            if not route(source, destination):
                nothing = _("nothing moves from {source} to {destination}")
                raise _error(origin.line, nothing.format(source=source.value, destination=destination.value))
            allowed.add((source, destination))
        return Allow(frozenset(allowed), origin)

    def _retype_from(self, worth: object, origin: Origin) -> RetypeFrom:
        amount, _blank, unit = worth.strip().partition(" ") if isinstance(worth, str) else ("", "", "")
        if not unit:
            raise _error(origin.line, _('retype_from is a worth, like "1000 USDT"'))
        return RetypeFrom(self._amount(amount, origin), self._asset(unit, origin), origin)

    def _table(self, value: object, *keys: str) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise _error(self._line(*keys), _('{key} is a table, like {{ USDT = "500" }}').format(key=keys[-1]))
        return value

    def _asset(self, name: str, origin: Origin) -> str:
        try:
            asset = parse_asset(name)
        except ValueError as error:
            raise _error(origin.line, _("{name!r} is not an asset: {error}").format(name=name, error=error)) from None
        if odd := _look_alikes(asset):
            alike = _("{asset!r} has letters that only look like Latin ones: {letters}")
            raise _error(origin.line, alike.format(asset=asset, letters=odd))
        return asset

    def _wallet(self, name: str, origin: Origin) -> Wallet:
        try:
            return parse_wallet(name)
        except ValueError as error:
            raise _error(origin.line, str(error)) from None

    def _amount(self, value: object, origin: Origin) -> Any:
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise _error(origin.line, _('an amount is a text, like "12.5"'))
        if isinstance(value, int) and value.bit_length() > _MOST_BITS:
            raise _error(origin.line, _("the amount has too many digits"))
        try:
            return parse_amount(str(value))
        except AmountError as error:
            raise _error(
                origin.line, _("{value!r} is not an amount: {error}").format(value=value, error=error)
            ) from None

    def _origin(self, profile: str, *keys: str) -> Origin:
        return Origin(_FILE.name, self._line(*keys), profile)

    def _line(self, *keys: str) -> int:
        """Return the line where the last of nested keys is written, or the one around it if it is not there."""
        return next((self._lines[keys[:end]] for end in range(len(keys), 0, -1) if keys[:end] in self._lines), 1)


def _look_alikes(asset: str) -> str:
    """Return the Greek and Cyrillic letters next to Latin ones: no asset is written so, and its rule would hold for
    none.
    """
    is_latin = any(letter.isascii() and letter.isalpha() for letter in asset)
    odd = [letter for letter in asset if unicodedata.name(letter, "").startswith(("CYRILLIC", "GREEK"))]
    return " ".join(odd) if is_latin else ""


def _error(line: int, why: str) -> RulesError:
    wrong = _("{path}, line {line}: {why}. Until it is right, nothing is sent.")
    return RulesError(wrong.format(path=_FILE.path, line=line, why=printable(why[:_MOST_SHOWN])))
