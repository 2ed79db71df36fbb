"""The language that a person reads: English, which the source is written in, or another with a catalogue in `locales`.

It is chosen once, before any module that translates a text while it is imported. A text is marked where it stands:
`_("...")` translates it, and `N_("...")` marks the text of a constant that is translated where it is used. Nothing is
put together from parts: `_("{amount} from {source}").format(...)` leaves the order to the translation.
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
"""Where a person's language stands, in gettext's order: the first that is set counts."""

_NO_REGION_OF_ITS_OWN = re.compile(r"(en([_-].*)?|c|posix)$", re.IGNORECASE)
_SIMPLIFIED = re.compile(r"zh([_-]?hans)?([_-](cn|sg|my))?$", re.IGNORECASE)

_SOURCE = gettext.NullTranslations()
_catalogue: gettext.NullTranslations = _SOURCE
_chosen = ENGLISH
_why_english = ""
_is_for_programs: ContextVar[bool] = ContextVar("_is_for_programs", default=False)


def _(text: str) -> str:
    """Return a text in the language of the person."""
    return _current().gettext(text) if text else ""  # the entry of an empty text is the catalogue's header


def ngettext(one: str, many: str, count: int) -> str:
    """Return the text for a number of things, in the language of the person."""
    return _current().ngettext(one, many, count)


def pgettext(context: str, text: str) -> str:
    """Return a text that means something else elsewhere, in the language of the person."""
    return _current().pgettext(context, text)


def text_in(code: str, text: str) -> str:
    """Return a text in a language that need not be that of the person; in English if its catalogue cannot be read."""
    try:
        return _catalogue_of(code).gettext(text)
    except Exception:  # noqa: BLE001 - a damaged file fails in many ways
        return text


def N_(text: str) -> str:  # noqa: N802 - as gettext's tools know it
    """Mark a text that is translated where it is used."""
    return text


def _current() -> gettext.NullTranslations:
    return _SOURCE if _is_for_programs.get() else _catalogue


@contextmanager
def for_programs() -> Iterator[None]:
    """Return texts in English, whatever the language: programs read them."""
    token = _is_for_programs.set(True)
    try:
        yield
    finally:
        _is_for_programs.reset(token)


def chosen() -> str:
    """Return the code of the language that texts are in."""
    return ENGLISH if _is_for_programs.get() else _chosen


def start(arguments: Sequence[str], kept: str, environment: Mapping[str, str]) -> None:
    """Use the language that a person prefers, or English if it cannot be used here; `why_english` says why."""
    global _why_english
    code = preferred(arguments, kept, environment)
    _why_english = ""
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
    """Return why texts are in English although the person prefers another language, or an empty string."""
    return _why_english


def choose(code: str) -> None:
    """Use a language from here on. Modules that have been imported keep the texts of their constants."""
    global _catalogue, _chosen
    _catalogue = _catalogue_of(code)
    _chosen = code
    # argparse looks up its own texts by these.
    gettext.bindtextdomain(DOMAIN, str(LOCALES))
    gettext.textdomain(DOMAIN)
    if {code, preferred([], "", os.environ)} != {ENGLISH}:
        os.environ["LANGUAGE"] = code


def _catalogue_of(code: str) -> gettext.NullTranslations:
    return _SOURCE if code == ENGLISH else gettext.translation(DOMAIN, LOCALES, [code])


def language(name: str) -> str:
    """Return the code of a language that a person named: `zh`, `zh-CN`, `zh_CN.UTF-8` or `en`. Raises ValueError."""
    code = _code(name)
    if code is None:
        raise ValueError(_("{name!r} is not a language of Shunter. Give en or zh_CN").format(name=name))
    return code


def preferred(arguments: Sequence[str], kept: str, environment: Mapping[str, str]) -> str:
    """Return the code of the language that a person prefers: by the option, by the setting, or by the environment."""
    asked = [_code(name) for name in (_option(arguments), kept) if name]
    value = next((value for name in _VARIABLES if (value := environment.get(name))), "")
    return next(filter(None, (*asked, *map(_code, value.split(":")))), ENGLISH)


def _option(arguments: Sequence[str]) -> str:
    """Return the last value of the option, which argparse lets a person abbreviate after a command."""
    value = ""
    for argument, following in pairwise((*arguments, "")):
        name, equals, inside = argument.partition("=")
        if len(name) > len("--") and OPTION.startswith(name):
            value = inside if equals else following
    return value


def _code(name: str) -> str | None:
    name = re.split("[.@]", name.strip())[0]
    if _NO_REGION_OF_ITS_OWN.match(name):
        return ENGLISH
    return CHINESE if _SIMPLIFIED.match(name) else None


def is_readable(environment: Mapping[str, str]) -> bool:
    """Whether the terminal is said to show any character: its locale is one of UTF-8.

    Python itself takes the locale C, and any that this machine does not have, for one of UTF-8, which it need not be.
    """
    encoding = (getattr(sys.stdout or sys.stderr, "encoding", None) or "").lower().replace("-", "")
    locale = environment.get("LC_ALL") or _characters(environment) or environment.get("LANG") or ""
    named = locale.partition("@")[0].partition(".")[2].lower().replace("-", "")
    return encoding == "utf8" and locale not in ("C", "POSIX") and named in ("", "utf8")


def _characters(environment: Mapping[str, str]) -> str:
    """Return the locale of characters, or an empty string if Python may have set it itself (PEP 538)."""
    locale = environment.get("LC_CTYPE") or ""
    return "" if locale in ("C.UTF-8", "C.utf8", "UTF-8") else locale
