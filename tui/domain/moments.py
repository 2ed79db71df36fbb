"""Moments: milliseconds since 1970, as the exchange and the journal count them, and as a person reads them.

Every conversion to this machine's zone is here: a zone (TZ) may be one that Python cannot use, and then UTC is shown,
which the offset says.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

EARLIEST_MS = 1_483_228_800_000
"""2017-01-01: before the exchange opened. Together with `LATEST_MS` it bounds what can be the exchange's time."""
LATEST_MS = 4_102_444_800_000
"""2100-01-01: from then on a time is a mistake."""
YEAR_10000_MS = 253_402_300_800_000
"""The end of the moments that can be shown."""


def is_moment(ms: int) -> bool:
    """Whether so many milliseconds after 1970 is a moment that can be shown."""
    return 0 <= ms < YEAR_10000_MS


def utc(ms: int) -> datetime:
    """The moment so many milliseconds after 1970, also before it. Raises OverflowError beyond the years 1 to 9999."""
    return _EPOCH + timedelta(milliseconds=ms)


def in_zone(moment: datetime) -> datetime:
    """The moment in this machine's zone; in UTC if Python cannot use that zone, or if it has no such moment."""
    try:
        return moment.astimezone()
    except (OverflowError, ValueError, OSError):
        return moment.astimezone(UTC)


def from_zone(wall: datetime) -> datetime:
    """The moment at which clocks in this machine's zone show a time; those of UTC, if Python cannot use that zone. What
    has a zone of its own stays.
    """
    if wall.tzinfo is not None:
        return wall
    try:
        return wall.astimezone()
    except (OverflowError, ValueError, OSError):
        return wall.replace(tzinfo=UTC)


def local(ms: int) -> datetime:
    """The moment so many milliseconds after 1970, as `in_zone` has it. Raises OverflowError as `utc` does."""
    return in_zone(utc(ms))


def ms_of(moment: datetime) -> int:
    """Milliseconds since 1970, exact."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def in_full(ms: int) -> str:
    """Date, time to the second and offset in this machine's zone, for a person. A moment that no calendar has is told
    by its number.
    """
    return _or_number(ms, lambda moment: moment.isoformat(" ", "seconds"))


def shown(ms: int, time_format: str) -> str:
    """The moment in this machine's zone, in a format of `strftime`; told by its number as `in_full` does."""
    return _or_number(ms, lambda moment: moment.strftime(time_format))


def with_offset(ms: int) -> str:
    """Date, time to the second and offset, as screens show a moment in full: 2026-11-24 13:05:00 +0100."""
    return shown(ms, "%Y-%m-%d %H:%M:%S %z")


def _or_number(ms: int, tell: Callable[[datetime], str]) -> str:
    try:
        return tell(local(ms))
    except OverflowError:
        return f"{ms} ms after 1970"
