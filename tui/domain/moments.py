"""Moments: in milliseconds since 1970, as the exchange and the journal have them, and as text for a person.

Every conversion to this machine's time zone is here. If Python cannot use the zone (TZ), times are in UTC, and their
offset says so.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tui.language import _

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

EARLIEST_MS = 1_483_228_800_000
"""2017-01-01: before the exchange opened. Together with `LATEST_MS` it bounds what can be the exchange's time."""
LATEST_MS = 4_102_444_800_000
"""2100-01-01: a later time is a mistake."""
YEAR_10000_MS = 253_402_300_800_000
"""The end of the moments that can be shown."""


def is_moment(ms: int) -> bool:
    """Whether a moment can be shown."""
    return 0 <= ms < YEAR_10000_MS


def utc(ms: int) -> datetime:
    """Return a moment in UTC; `ms` may be negative. Raises OverflowError outside the years 1 to 9999."""
    return _EPOCH + timedelta(milliseconds=ms)


def in_zone(moment: datetime) -> datetime:
    """Return a moment in this machine's zone; in UTC if Python cannot use that zone, or the zone lacks the moment."""
    try:
        return moment.astimezone()
    except (OverflowError, ValueError, OSError):
        return moment.astimezone(UTC)


def from_zone(wall: datetime) -> datetime:
    """Return the moment at which clocks in this machine's zone show a time; clocks in UTC, if Python cannot use that
    zone. A time with a zone of its own is returned as it is.
    """
    if wall.tzinfo is not None:
        return wall
    try:
        return wall.astimezone()
    except (OverflowError, ValueError, OSError):
        return wall.replace(tzinfo=UTC)


def local(ms: int) -> datetime:
    """Return a moment as `in_zone` does. Raises OverflowError as `utc` does."""
    return in_zone(utc(ms))


def ms_of(moment: datetime) -> int:
    """Return milliseconds since 1970, exact."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def in_full(ms: int) -> str:
    """Return date, time to the second and offset in this machine's zone, for a person; the number of milliseconds, if
    no calendar has the moment.
    """
    return _or_number(ms, lambda moment: moment.isoformat(" ", "seconds"))


def shown(ms: int, time_format: str) -> str:
    """Return a moment in this machine's zone, in a format of `strftime`; or its number, as `in_full` does."""
    return _or_number(ms, lambda moment: moment.strftime(time_format))


def time_of_day(ms: int) -> str:
    """Return the time to the second in this machine's zone: 13:05:00; or the number, as `in_full` does."""
    return shown(ms, "%H:%M:%S")


def with_offset(ms: int) -> str:
    """Date, time to the second and offset, as screens show a moment in full: 2026-11-24 13:05:00 +0100."""
    return shown(ms, "%Y-%m-%d %H:%M:%S %z")


def _or_number(ms: int, tell: Callable[[datetime], str]) -> str:
    try:
        return tell(local(ms))
    except OverflowError:
        return _("{number} ms after 1970").format(number=ms)
