"""The language that a person reads: English, as in the source, or another one with a catalogue in `locales`.

The language is chosen once, before a module is imported that translates its constants. `_("...")` translates a text,
and `N_("...")` marks one that `_` translates later, where it is used. A sentence is one text:
`_("{amount} from {source}").format(...)` lets a translation change the order.
"""

import gettext
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import pairwise
from pathlib import Path

ENGLISH = "en"
CHINESE = "zh_CN"
LANGUAGES = {ENGLISH: "English", CHINESE: "简体中文"}
"""Each language by its code, in its own words."""

LOCALES = Path(__file__).parent / "locales"
DOMAIN = "shunter"

OPTION = "--language"

_VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
"""The environment variables that name the person's language. As in gettext, the first one that is set counts."""

_ENGLISH = re.compile(r"(en([_-].*)?|c|posix)$", re.IGNORECASE)
_SIMPLIFIED = re.compile(r"zh([_-]?hans)?([_-](cn|sg|my))?$", re.IGNORECASE)

_SOURCE = gettext.NullTranslations()
_catalogue: gettext.NullTranslations = _SOURCE
_chosen = ENGLISH
_why_english = ""
_is_for_programs: ContextVar[bool] = ContextVar("_is_for_programs", default=False)


def _(text: str) -> str:
    """Return a text in the person's language."""
    return _current().gettext(text) if text else ""  # the entry of an empty text is the catalogue's header


def ngettext(one: str, many: str, count: int) -> str:
    """Return the text for this many things, in the person's language."""
    return _current().ngettext(one, many, count)


def pgettext(context: str, text: str) -> str:
    """Return a text that has another translation elsewhere, in the person's language."""
    return _current().pgettext(context, text)


def text_in(code: str, text: str) -> str:
    """Return a text in any language, or in English if its catalogue cannot be read."""
    try:
        return _catalogue_in(code).gettext(text)
    except Exception:  # noqa: BLE001 - a damaged file fails in many ways
        return text


def N_(text: str) -> str:  # noqa: N802 - as gettext's tools know it
    """Mark a text that is translated where it is used."""
    return text


def _current() -> gettext.NullTranslations:
    return _SOURCE if _is_for_programs.get() else _catalogue


@contextmanager
def for_programs() -> Iterator[None]:
    """Return English texts inside this context: programs read them."""
    token = _is_for_programs.set(True)
    try:
        yield
    finally:
        _is_for_programs.reset(token)


def chosen() -> str:
    """Return the code of the language that texts are in now."""
    return ENGLISH if _is_for_programs.get() else _chosen


def start(arguments: Sequence[str], kept: str, environment: Mapping[str, str]) -> None:
    """Choose the language that the person prefers. If that cannot be used, choose English; `why_english` says why."""
    global _why_english
    code, _why_english = preferred(arguments, kept, environment), ""
    if code != ENGLISH and not is_readable(environment):
        variable = "LC_ALL" if environment.get("LC_ALL") else "LANG"
        _why_english = (
            "Shunter speaks English here, because this terminal does not use UTF-8. "
            f"If it can, set {variable}={code}.UTF-8 for {code}."
        )
        code = ENGLISH
    try:
        choose(code)
    except Exception:  # noqa: BLE001 - a damaged file fails in many ways
        _why_english = f"Shunter speaks English here, because its texts in {code} are missing. Install Shunter again."
        choose(ENGLISH)


def why_english() -> str:
    """Return why texts are in English although the person prefers another language; empty if they do not."""
    return _why_english


def choose(code: str) -> None:
    """Use a language from now on. Constants of modules that are already imported do not change."""
    global _catalogue, _chosen
    _catalogue = _catalogue_in(code)
    _chosen = code
    # argparse calls gettext itself, which finds the language in the environment.
    gettext.bindtextdomain(DOMAIN, str(LOCALES))
    gettext.textdomain(DOMAIN)
    if {code, preferred([], "", os.environ)} != {ENGLISH}:
        os.environ["LANGUAGE"] = code


def _catalogue_in(code: str) -> gettext.NullTranslations:
    return _SOURCE if code == ENGLISH else gettext.translation(DOMAIN, LOCALES, [code])


def language(name: str) -> str:
    """Return the code of a language: `zh_CN` for `zh`, `zh-CN` or `zh_CN.UTF-8`. Raises ValueError."""
    code = _code(name)
    if code is None:
        raise ValueError(_("{name!r} is not a language of Shunter. Give en or zh_CN").format(name=name))
    return code


def preferred(arguments: Sequence[str], kept: str, environment: Mapping[str, str]) -> str:
    """Return the code of the language that the person prefers: by the option, by the setting, or by the environment."""
    value = next(filter(None, map(environment.get, _VARIABLES)), "")
    names = (_option(arguments), kept, *value.split(":"))
    return next(filter(None, map(_code, names)), ENGLISH)


def _option(arguments: Sequence[str]) -> str:
    """Return the last value of the option. After a command, argparse also takes an abbreviation of it."""
    value = ""
    for argument, following in pairwise((*arguments, "")):
        name, equals, inside = argument.partition("=")
        if len(name) > len("--") and OPTION.startswith(name):
            value = inside if equals else following
    return value


def _code(name: str) -> str | None:
    name = re.split("[.@]", name.strip())[0]
    if _ENGLISH.match(name):
        return ENGLISH
    return CHINESE if _SIMPLIFIED.match(name) else None


def is_readable(environment: Mapping[str, str]) -> bool:
    """Whether the terminal can show every character, as far as its locale says: that has to name UTF-8, or no encoding.

    Python's own choice is not enough: it uses UTF-8 also for the locale C, and for a locale that this machine lacks.
    """
    ours = _plain(getattr(sys.stdout or sys.stderr, "encoding", None) or "")
    locale = environment.get("LC_ALL") or _set_by_person(environment.get("LC_CTYPE")) or environment.get("LANG") or ""
    theirs = _plain(locale.partition("@")[0].partition(".")[2])
    return ours == "utf8" and theirs in ("", "utf8") and locale not in ("C", "POSIX")


def _plain(encoding: str) -> str:
    return encoding.lower().replace("-", "")


def _set_by_person(characters: str | None) -> str:
    """Return the locale for characters; empty for those that Python may have set itself (PEP 538)."""
    return "" if characters in (None, "C.UTF-8", "C.utf8", "UTF-8") else characters
