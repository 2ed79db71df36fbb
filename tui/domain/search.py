"""Searches for transfers and records: the one filter of lists and the command line."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from tui.domain.amounts import plain
from tui.domain.hosts import DEFAULT_BASE_URL, exchange_of, is_loopback, parse_base_url
from tui.domain.moments import from_zone, in_zone, ms_of
from tui.domain.transfer import Outcome, Transfer, parse_asset
from tui.domain.wallets import TransferType, Wallet, parse_wallet
from tui.structs import Struct, replace
from tui.words.outcomes import message

_AGO = re.compile(r"([0-9]{1,4})(min|h|d|w)", re.ASCII)
_UNITS = {
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_FILTER = re.compile(r"([A-Za-z]+):(?!//)(.*)")
"""A filter. Anything else is text to search for."""

_NUMBER = re.compile(r"[0-9][0-9,]*(\.[0-9]*)?", re.ASCII)
_TIME_SHAPE = (
    "a day like 2026-11-24 or yesterday, a month like 2026-11 or october, a time like 2026-11-24T13:05 or "
    "2026-11-24T13:05+01:00, or an age like 7d or 12h"
)
_DAYS_AGO = {"today": 0, "yesterday": 1}
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_BEGUN_DATE = re.compile(r"[0-9]{4}-([0-9]|[0-9]{2}-[0-9]?)?", re.ASCII)
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
        transfer.outcome,
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
    parts = (_NAMES.get(kind or "", kind or ""), *(str(part) for part in shown if part is not None))
    return " ".join(parts).casefold()


_NAMES = {
    move.name: f"{move.name} {move.source.label} {move.source.value} {move.destination.label} {move.destination.value}"
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
    typed = text.strip()
    try:
        if ago := _AGO.fullmatch(typed):
            return ms_of(now - int(ago[1]) * _UNITS[ago[2]])
        if period := _period(typed, now):
            return period[is_end]
        if re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S*", typed, re.ASCII):
            return ms_of(from_zone(datetime.fromisoformat(typed)))
    except (ValueError, OverflowError, OSError):
        pass
    raise ValueError(f"{text!r} is no time; write {_TIME_SHAPE}")


def _period(typed: str, now: datetime) -> tuple[int, int] | None:
    """Return the beginning and the end of a day or a month in this machine's zone; None if the text is neither.

    A month without a year is the last one that has begun. Raises ValueError or OverflowError if there is no such day.
    """
    word, today = typed.casefold(), in_zone(now).date()
    months = [number for number, name in enumerate(_MONTHS, 1) if word in (name, name[:3])]
    if word in _DAYS_AGO:
        first = today - timedelta(days=_DAYS_AGO[word])
    elif re.fullmatch(r"\d{4}-\d\d-\d\d", word, re.ASCII):
        first = date.fromisoformat(word)
    elif months:
        first = date(today.year - (months[0] > today.month), months[0], 1)
    elif re.fullmatch(r"\d{4}-\d\d", word, re.ASCII):
        first = date.fromisoformat(f"{word}-01")
    else:
        return None
    is_day = word in _DAYS_AGO or len(word) == len("2026-11-24")
    after = first + timedelta(days=1) if is_day else (first + timedelta(days=31)).replace(day=1)
    begin, end = (ms_of(from_zone(datetime.combine(day, time()))) for day in (first, after))
    return begin, end


def _period_named(word: str, now: datetime) -> tuple[int, int] | None:
    """Return the day or the month that a word names; None if it names none, or one that no calendar has."""
    try:
        return _period(word, now)
    except (ValueError, OverflowError, OSError):
        return None


def parse_outcome(text: str) -> Outcome:
    """Return the outcome with a name: not-sent, "not sent" and not_sent are one. Raises ValueError with the names."""
    word = re.sub(r"[\s_-]+", "_", text.strip().casefold())
    if word in list(Outcome):
        return Outcome(word)
    names = ", ".join(outcome.value.replace("_", "-") for outcome in Outcome)
    raise ValueError(f"there is no outcome {text!r}; choose one of: {names}")


def parse_search(line: str, now: datetime) -> Search:
    """Return the search in a line: text, a day or a month like `october`, and filters like `wallet:spot`, in any order.
    Each filter may come once, and `outcome:` often. The beginning of one at the end of the line is ignored: it is being
    typed.

    Raises ValueError with the first mistake, and how to correct it.
    """
    search, text, used = ANY, [], set[str]()
    for word in line.split():
        if match := _FILTER.fullmatch(word):
            search = _filtered(search, match[1], match[2], used, now)
        elif period := _period_named(word, now):
            if used & {"since", "until"}:
                raise ValueError(f"{word} comes next to another time; remove one")
            used |= {"since", "until"}
            search = replace(search, since_ms=period[0], until_ms=period[1])
        else:
            text.append(word)
    if search.since_ms is not None and search.until_ms is not None and search.since_ms >= search.until_ms:
        raise ValueError("since: is not before until: - there is no time between them")
    if text and line.endswith(text[-1]) and _is_begun(text[-1].casefold()):
        text.pop()
    return replace(search, text=" ".join(text))


def _filtered(search: Search, typed_name: str, value: str, used: set[str], now: datetime) -> Search:
    """Return a search with one filter more. Raises ValueError with the mistake."""
    name = typed_name.casefold()
    if name not in _FILTERS:
        raise ValueError(f"There is no filter {typed_name}: - choose of {', '.join(f'{known}:' for known in _FILTERS)}")
    if not value:
        raise ValueError(f"{name}: goes on without a blank, like {name}:{_EXAMPLES[name]}")
    if name in used and name != "outcome":
        raise ValueError(f"{name}: comes twice; remove one")
    used.add(name)
    try:
        return _FILTERS[name](search, value, now)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _is_begun(word: str) -> bool:
    """Whether a word is the beginning of a filter, a day or a month."""
    return any(name.startswith(word) for name in (*_FILTERS, *_DAYS_AGO, *_MONTHS)) or bool(_BEGUN_DATE.fullmatch(word))


def _parse_host(text: str) -> str:
    """Return the exchange at a host, with or without a scheme. Raises ValueError."""
    if text.casefold() == "live":
        return DEFAULT_BASE_URL
    scheme = "" if "://" in text else "http://" if is_loopback(text.partition(":")[0].casefold()) else "https://"
    return exchange_of(parse_base_url(scheme + text))


_FILTERS: dict[str, Callable[[Search, str, datetime], Search]] = {
    "wallet": lambda search, value, _: replace(search, wallet=parse_wallet(value)),
    "from": lambda search, value, _: replace(search, source=parse_wallet(value)),
    "to": lambda search, value, _: replace(search, destination=parse_wallet(value)),
    "asset": lambda search, value, _: replace(search, asset=parse_asset(value)),
    "outcome": lambda search, value, _: replace(search, outcomes=search.outcomes | {parse_outcome(value)}),
    "profile": lambda search, value, _: replace(search, profile=value),
    "host": lambda search, value, _: replace(search, host=_parse_host(value)),
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
