"""What is looked for among transfers and the exchange's records of them: the one filter of lists and of the command
line.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from tui.domain.amounts import plain
from tui.domain.hosts import DEFAULT_BASE_URL, exchange_of, is_loopback, parse_base_url
from tui.domain.moments import from_zone, ms_of
from tui.domain.transfer import Outcome, Transfer, parse_asset
from tui.domain.wallets import TransferType, Wallet, parse_wallet
from tui.words.outcomes import message

_AGO = re.compile(r"([0-9]{1,4})(min|h|d|w)", re.ASCII)
_UNITS = {
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_FILTER = re.compile(r"([A-Za-z]+):(?!//)(.*)")
"""A word that says of what it is; anything else is text to look for."""

_NUMBER = re.compile(r"[0-9][0-9,]*(\.[0-9]*)?", re.ASCII)
_TIME_SHAPE = "a day like 2026-11-24, a time like 2026-11-24T13:05 or 2026-11-24T13:05+01:00, or an age like 7d or 12h"


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for. What is empty or None holds nothing back; of the rest, everything must be true."""

    text: str = ""
    """Words, in any case, each of which is somewhere in what is shown."""
    wallet: Wallet | None = None
    """At either end."""
    source: Wallet | None = None
    destination: Wallet | None = None
    asset: str = ""
    outcomes: frozenset[Outcome] = frozenset()
    """One of these."""
    profile: str = ""
    host: str = ""
    """The exchange's base URL, as the journal has it."""
    since_ms: int | None = None
    """Not before this; milliseconds since 1970."""
    until_ms: int | None = None
    """Before this."""


ANY = Search()
"""Holds nothing back."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a search looks at. None is what could not be read: it is no reason to leave something out."""

    at_ms: int | None
    type: str | None
    """The exchange's name of the move, which need not be one that is known here."""
    asset: str | None
    outcomes: frozenset[Outcome] | None
    """Whatever is said of how it ended: a journal and an exchange can say different things."""
    profile: str
    host: str
    text: str
    """All of it, as `folded` gives it."""


def is_found(search: Search, facts: Facts) -> bool:
    """Whether something is what is looked for."""
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
    """What a search looks at in a row of the journal."""
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
    """The names of the moves between the wallets that are looked for; None where any will do."""
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
    """The words of a text to look for, as they stand in a `haystack`: 1,250.00 is 1250.00."""
    return [word.replace(",", "") if _NUMBER.fullmatch(word) else word for word in folded(text).split()]


def folded(text: str) -> str:
    """A text with its letters all of one case."""
    return text.casefold()


def haystack(kind: str | None, *shown: str | int | None) -> str:
    """All that is shown of a transfer, with the wallets of its move, as one folded text to look for words in."""
    return folded(" ".join((_NAMES.get(kind or "", kind or ""), *(str(part) for part in shown if part is not None))))


_NAMES = {
    move.name: f"{move.name} {move.source.label} {move.source.value} {move.destination.label} {move.destination.value}"
    for move in TransferType
}


def parse_since(text: str, now: datetime) -> int:
    """From when on, in milliseconds: a day or a time, of this machine's zone unless it says which, or an age.

    Raises ValueError with what would be right.
    """
    return _parse(text, now, timedelta(0))


def parse_until(text: str, now: datetime) -> int:
    """Until when, as `parse_since` reads it: of a day, the end of it."""
    return _parse(text, now, timedelta(days=1))


def parse_outcome(text: str) -> Outcome:
    """The outcome that a word names: not-sent, "not sent" and not_sent are one. Raises ValueError with the names."""
    word = re.sub(r"[\s_-]+", "_", text.strip().casefold())
    if word in list(Outcome):
        return Outcome(word)
    names = ", ".join(outcome.value.replace("_", "-") for outcome in Outcome)
    raise ValueError(f"there is no outcome {text!r}; choose one of: {names}")


def _parse(text: str, now: datetime, of_a_day: timedelta) -> int:
    typed = text.strip()
    try:
        if ago := _AGO.fullmatch(typed):
            return ms_of(now - int(ago[1]) * _UNITS[ago[2]])
        if re.fullmatch(r"\d{4}-\d\d-\d\d", typed, re.ASCII):
            day = date.fromisoformat(typed) + of_a_day
            return ms_of(from_zone(datetime.combine(day, time())))
        if re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S*", typed, re.ASCII):
            return ms_of(from_zone(datetime.fromisoformat(typed)))
    except (ValueError, OverflowError, OSError):
        pass
    raise ValueError(f"{text!r} is no time; write {_TIME_SHAPE}")


def parse_search(line: str, now: datetime) -> Search:
    """What a line asks for: text, and words like `wallet:spot`, in any order. A word may come once, `outcome:` often.
    Where the line ends in the beginning of such a word, that asks for nothing yet: it is being typed.

    Raises ValueError with the first thing that is wrong, and what would be right.
    """
    search, text, said = ANY, [], set()
    for word in line.split():
        match = _FILTER.fullmatch(word)
        if match is None:
            text.append(word)
            continue
        name, value = match[1].casefold(), match[2]
        if name not in _FILTERS:
            raise ValueError(
                f"There is no filter {match[1]}: - choose of {', '.join(f'{known}:' for known in _FILTERS)}"
            )
        if not value:
            raise ValueError(f"{name}: goes on without a blank, like {name}:{_EXAMPLES[name]}")
        if name in said and name != "outcome":
            raise ValueError(f"{name}: stands there twice; leave one")
        said.add(name)
        try:
            search = _FILTERS[name](search, value, now)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    if search.since_ms is not None and search.until_ms is not None and search.since_ms >= search.until_ms:
        raise ValueError("since: is not before until: - there is no time between them")
    if text and line.endswith(text[-1]) and any(name.startswith(text[-1].casefold()) for name in _FILTERS):
        text.pop()
    return replace(search, text=" ".join(text))


def _parse_host(text: str) -> str:
    """The exchange at a host, its scheme left out or not. Raises ValueError."""
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
"""What each word of a line asks for."""

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
