"""Searches for transfers and records: the one filter of lists and the command line.

Every word that means something is understood in English, and in the person's language as well: there its translation
may be several words.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta

from tui import language
from tui.domain.amounts import plain
from tui.domain.hosts import DEFAULT_BASE_URL, LIVE, exchange_of, is_loopback, parse_base_url, place_label
from tui.domain.layout import labelled
from tui.domain.moments import from_zone, in_zone, ms_of
from tui.domain.text import half_width
from tui.domain.transfer import Outcome, Transfer, parse_asset
from tui.domain.wallets import TransferType, Wallet, wallet_named
from tui.language import ENGLISH, _, pgettext
from tui.structs import Struct, replace
from tui.words.outcomes import message

_AGO = re.compile(r"([0-9]{1,4})([^\W\d_]+)")
_UNITS = {
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_FILTER = re.compile(r"(\w+)([:：])(?!//)(.*)")
"""A filter, if there is one of that name. Anything else is text to search for."""
_MISTYPED_FILTER = re.compile(r"[A-Za-z]+:.*")
"""What is meant to be a filter, although none has this name."""

_NUMBER = re.compile(r"[0-9][0-9,]*(\.[0-9]*)?", re.ASCII)
_DAYS_AGO = {"today": 0, "yesterday": 1}
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_CHINESE_DATE = re.compile(r"(?:([0-9]{4})年)?([0-9]{1,2})月(?:([0-9]{1,2})[日号])?")
"""A month of a year, or a day: 2026年10月, 2026年10月1日, 10月1日."""
_BEGUN_DATE = re.compile(
    r"[0-9]{4}-([0-9]|[0-9]{2}-[0-9]?)?|[0-9]{4}年([0-9]{1,2}(月[0-9]{1,2})?)?|[0-9]{1,2}月[0-9]{1,2}"
)
"""A month or day that is being typed."""


class Search(Struct):
    """A search. An empty field or None matches everything; all others must match."""

    text: str = ""
    """Words, in any case. Each must be somewhere in the shown text."""
    wallet: Wallet | None = None
    """At either end."""
    source: Wallet | None = None
    destination: Wallet | None = None
    asset: str = ""
    outcomes: frozenset[Outcome] = frozenset()
    """Any of these."""
    profile: str = ""
    host: str = ""
    """The exchange's base URL, as the journal has it."""
    since_ms: int | None = None
    """Not before this; milliseconds since 1970."""
    until_ms: int | None = None
    """Before this."""


ANY = Search()
"""Matches everything."""


class Facts(Struct):
    """The facts that a search compares with. None means that a fact cannot be read: then it matches."""

    at_ms: int | None
    type: str | None
    """The exchange's name of the type, which may be unknown here."""
    asset: str | None
    outcomes: frozenset[Outcome] | None
    """The outcomes that the journal and the exchange have: they can differ."""
    profile: str
    host: str
    text: str
    """All of it as text, as `haystack` returns it."""


def is_found(search: Search, facts: Facts) -> bool:
    """Whether facts match a search."""
    return (
        (search.since_ms is None or facts.at_ms is None or facts.at_ms >= search.since_ms)
        and (search.until_ms is None or facts.at_ms is None or facts.at_ms < search.until_ms)
        and (not search.asset or facts.asset in (None, search.asset))
        and (not search.outcomes or facts.outcomes is None or not search.outcomes.isdisjoint(facts.outcomes))
        and (not search.profile or facts.profile == search.profile)
        and (not search.host or facts.host == search.host)
        and (facts.type is None or (kinds := moves(search)) is None or facts.type in kinds)
        and all(word in facts.text for word in words(search.text))
    )


def facts_of(transfer: Transfer) -> Facts:
    """Return the facts of a row of the journal."""
    request = transfer.request
    text = haystack(
        request.type.name,
        request.asset,
        plain(request.amount),
        request.from_symbol,
        request.to_symbol,
        transfer.profile,
        transfer.key_tail,
        transfer.host,
        outcome_text(transfer.outcome),
        transfer.tran_id,
        transfer.code,
        message(transfer.evidence),
    )
    return Facts(
        transfer.timestamp_ms,
        request.type.name,
        request.asset,
        frozenset({transfer.outcome}),
        transfer.profile,
        transfer.host,
        text,
    )


def moves(search: Search) -> frozenset[str] | None:
    """Return the names of the types between the wallets of a search; None if all match."""
    if search.wallet is search.source is search.destination is None:
        return None
    return frozenset(
        move.name
        for move in TransferType
        if search.wallet in (None, move.source, move.destination)
        and search.source in (None, move.source)
        and search.destination in (None, move.destination)
    )


def words(text: str) -> list[str]:
    """Return the words to search for, as they are in a `haystack`: 1,250.00 is 1250.00."""
    return [word.replace(",", "") if _NUMBER.fullmatch(word) else word for word in text.casefold().split()]


def haystack(kind: str | None, *shown: str | int | None) -> str:
    """Return all that is shown of a transfer, and its wallets, as one folded text in which words are searched."""
    parts = (_names(kind or ""), *(str(part) for part in shown if part is not None))
    return " ".join(parts).casefold()


def outcome_text(outcome: str) -> str:
    """Return the name of an outcome, in English and in the person's language."""
    if outcome not in _OUTCOMES or language.chosen() == ENGLISH:
        return outcome
    return f"{outcome} {Outcome(outcome).words}"


_OUTCOMES = frozenset(Outcome)


def _names(kind: str) -> str:
    """Return the names of a type and of its wallets, in English and in the person's language."""
    names = _NAMES.get(kind)
    if names is None or language.chosen() == ENGLISH:
        return names or kind
    move = TransferType[kind]
    return f"{names} {move.source.label} {move.destination.label}"


_NAMES = {
    move.name: " ".join(
        [move.name, *(name for wallet in (move.source, move.destination) for name in (wallet.english, wallet.value))]
    )
    for move in TransferType
}


def parse_since(text: str, now: datetime) -> int:
    """Return the earliest time of a search: the beginning of a day or a month, a time, or an age. A time is in this
    machine's zone unless it names one. Raises ValueError with an example.
    """
    return _parse_bound(text, now, is_end=False)


def parse_until(text: str, now: datetime) -> int:
    """Return the end of a search, read as `parse_since` does; for a day or a month, its end."""
    return _parse_bound(text, now, is_end=True)


def _parse_bound(text: str, now: datetime, *, is_end: bool) -> int:
    typed = half_width(text.strip())
    try:
        if (ago := _AGO.fullmatch(typed)) and (unit := _units().get(ago[2])):
            return ms_of(now - int(ago[1]) * unit)
        if period := _period(typed, now):
            return period[is_end]
        if re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S*", typed, re.ASCII):
            return ms_of(from_zone(datetime.fromisoformat(typed)))
    except (ValueError, OverflowError, OSError):
        pass
    problem = _(
        "{text!r} is no time; write a day like 2026-11-24 or yesterday, a month like 2026-11 or october, a time like "
        "2026-11-24T13:05 or 2026-11-24T13:05+01:00, or an age like 7d or 12h"
    )
    raise ValueError(problem.format(text=text))


def _period(typed: str, now: datetime) -> tuple[int, int] | None:
    """Return the beginning and the end of a day or a month in this machine's zone; None if the text is neither.

    A month without a year is the last one that has begun. Raises ValueError or OverflowError if there is no such day.
    """
    today = in_zone(now).date()
    word = _with_hyphens(typed.casefold(), today)
    days_ago, month = _days_ago().get(word), _months().get(word)
    if days_ago is not None:
        first = today - timedelta(days=days_ago)
    elif re.fullmatch(r"\d{4}-\d\d-\d\d", word, re.ASCII):
        first = date.fromisoformat(word)
    elif month:
        first = date(today.year - (month > today.month), month, 1)
    elif re.fullmatch(r"\d{4}-\d\d", word, re.ASCII):
        first = date.fromisoformat(f"{word}-01")
    else:
        return None
    is_day = days_ago is not None or len(word) == len("2026-11-24")
    after = first + timedelta(days=1) if is_day else (first + timedelta(days=31)).replace(day=1)
    begin, end = (ms_of(from_zone(datetime.combine(day, time()))) for day in (first, after))
    return begin, end


def _with_hyphens(word: str, today: date) -> str:
    """Return a Chinese day, or a month of a year, as 2026-11-24 or 2026-11; any other word as it is.

    A day without a year is the last one that has begun.
    """
    match = _CHINESE_DATE.fullmatch(word)
    if match is None or not (match[1] or match[3]):
        return word
    month, day = int(match[2]), int(match[3] or 1)
    year = int(match[1] or today.year - ((month, day) > (today.month, today.day)))
    return f"{year:04}-{month:02}-{day:02}" if match[3] else f"{year:04}-{month:02}"


def _period_named(word: str, now: datetime) -> tuple[int, int] | None:
    """Return the day or the month that a word names; None if it names none, or one that no calendar has."""
    try:
        return _period(word, now)
    except (ValueError, OverflowError, OSError):
        return None


def parse_outcome(text: str) -> Outcome:
    """Return the outcome with a name: not-sent, "not sent" and not_sent are one. Raises ValueError with the names."""
    word = re.sub(r"[\s_-]+", "_", text.strip().casefold())
    for outcome in Outcome:
        if word in (outcome, outcome.words):
            return outcome
    names = _(", ").join(outcome.words.replace(" ", "-") for outcome in Outcome)
    raise ValueError(_("there is no outcome {text!r}; choose one of: {names}").format(text=text, names=names))


def parse_search(line: str, now: datetime) -> Search:
    """Return the search in a line: text, a day or a month like `october`, and filters like `wallet:spot`, in any order.
    Each filter may come once, and `outcome:` often. The beginning of one at the end of the line is ignored: it is being
    typed.

    Raises ValueError with the first mistake, and how to correct it.
    """
    search, text, used, filters = ANY, [], set[str](), _filter_names()
    line = half_width(line)
    for word in line.split():
        match = _FILTER.fullmatch(word)
        if match and (match[1].casefold() in filters or _MISTYPED_FILTER.fullmatch(word)):
            search = _filtered(search, match[1], match[3], used, now)
        elif period := _period_named(word, now):
            if used & {"since", "until"}:
                raise ValueError(_("{word} comes next to another time; remove one").format(word=word))
            used |= {"since", "until"}
            search = replace(search, since_ms=period[0], until_ms=period[1])
        else:
            text.append(word)
    if search.since_ms is not None and search.until_ms is not None and search.since_ms >= search.until_ms:
        raise ValueError(_("since: is not before until: - there is no time between them"))
    if text and line.endswith(text[-1]) and _is_begun(text[-1].casefold()):
        text.pop()
    return replace(search, text=" ".join(text))


def _filtered(search: Search, typed_name: str, value: str, used: set[str], now: datetime) -> Search:
    """Return a search with one filter more. Raises ValueError with the mistake."""
    shown, names = typed_name.casefold(), _filter_names()
    name = names.get(shown)
    if name is None:
        problem = _("There is no filter {name}: - choose of {choices}")
        choices = _(", ").join(f"{word}:" for word in _preferred(names).values())
        raise ValueError(problem.format(name=typed_name, choices=choices))
    if not value:
        problem = _("{name}: goes on without a blank, like {name}:{example}")
        raise ValueError(problem.format(name=shown, example=_EXAMPLES[name]))
    if name in used and name != "outcome":
        raise ValueError(_("{name}: comes twice; remove one").format(name=shown))
    used.add(name)
    try:
        return _FILTERS[name](search, value, now)
    except ValueError as error:
        raise ValueError(labelled(shown, error)) from None


def _is_begun(word: str) -> bool:
    """Whether a word is the beginning of a filter, a day or a month. Digits are an amount."""
    names = (*_filter_names(), *_days_ago(), *_months())
    is_name = not word.isdecimal() and any(name.startswith(word) for name in names)
    return is_name or bool(_BEGUN_DATE.fullmatch(word))


def _filter_names() -> dict[str, str]:
    """Return each filter by its names."""
    return _understood(
        {
            "wallet": pgettext("search", "wallet"),
            "from": pgettext("search", "from"),
            "to": pgettext("search", "to"),
            "asset": pgettext("search", "asset"),
            "outcome": pgettext("search", "outcome"),
            "profile": pgettext("search", "profile"),
            "host": pgettext("search", "host"),
            "since": pgettext("search", "since"),
            "until": pgettext("search", "until"),
        }
    )


def _days_ago() -> dict[str, int]:
    """Return how long ago a day is, by its names."""
    words = _understood({"today": pgettext("search", "today"), "yesterday": pgettext("search", "yesterday")})
    return {word: _DAYS_AGO[name] for word, name in words.items()}


def _months() -> dict[str, int]:
    """Return the number of a month, by its names."""
    words = _understood(
        {
            "january": pgettext("search", "january"),
            "february": pgettext("search", "february"),
            "march": pgettext("search", "march"),
            "april": pgettext("search", "april"),
            "may": pgettext("search", "may"),
            "june": pgettext("search", "june"),
            "july": pgettext("search", "july"),
            "august": pgettext("search", "august"),
            "september": pgettext("search", "september"),
            "october": pgettext("search", "october"),
            "november": pgettext("search", "november"),
            "december": pgettext("search", "december"),
        }
    )
    numbers = {name: number for number, name in enumerate(_MONTHS, 1)}
    return {name[:3]: number for name, number in numbers.items()} | {word: numbers[words[word]] for word in words}


def _units() -> dict[str, timedelta]:
    """Return the units of an age, by their names."""
    words = _understood(
        {
            "min": pgettext("search", "min"),
            "h": pgettext("search", "h"),
            "d": pgettext("search", "d"),
            "w": pgettext("search", "w"),
        }
    )
    return {word: _UNITS[name] for word, name in words.items()}


def _understood(translated: Mapping[str, str]) -> dict[str, str]:
    """Return what each word means: English ones, and those of the translation, which may have several for one."""
    return {word: name for name, words in translated.items() for word in (name, *words.split())}


def _preferred(names: Mapping[str, str]) -> dict[str, str]:
    """Return the name of each meaning that a person reads: the first of the translation's, if it has one."""
    words: dict[str, str] = {}
    for word, name in names.items():
        if words.get(name, name) == name:
            words[name] = word
    return words


def _parse_host(text: str) -> str:
    """Return the exchange at a host, with or without a scheme. Raises ValueError."""
    if text.casefold() in ("live", place_label(LIVE)):
        return DEFAULT_BASE_URL
    scheme = "" if "://" in text else "http://" if is_loopback(text.partition(":")[0].casefold()) else "https://"
    return exchange_of(parse_base_url(scheme + text))


_FILTERS: dict[str, Callable[[Search, str, datetime], Search]] = {
    "wallet": lambda search, value, _now: replace(search, wallet=wallet_named(value)),
    "from": lambda search, value, _now: replace(search, source=wallet_named(value)),
    "to": lambda search, value, _now: replace(search, destination=wallet_named(value)),
    "asset": lambda search, value, _now: replace(search, asset=parse_asset(value)),
    "outcome": lambda search, value, _now: replace(search, outcomes=search.outcomes | {parse_outcome(value)}),
    "profile": lambda search, value, _now: replace(search, profile=value),
    "host": lambda search, value, _now: replace(search, host=_parse_host(value)),
    "since": lambda search, value, now: replace(search, since_ms=parse_since(value, now)),
    "until": lambda search, value, now: replace(search, until_ms=parse_until(value, now)),
}
"""The filters by name."""

_EXAMPLES = {
    "wallet": "spot",
    "from": "spot",
    "to": "um",
    "asset": "USDT",
    "outcome": "done",
    "profile": "main",
    "host": "live",
    "since": "7d",
    "until": "2026-11-24",
}
