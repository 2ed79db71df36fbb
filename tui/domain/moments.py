"""Moments: milliseconds since 1970, as the exchange and the journal count them, and as a person reads them."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utc(ms: int) -> datetime:
    """The moment so many milliseconds after 1970, also before it. Raises OverflowError beyond the years 1 to 9999."""
    return _EPOCH + timedelta(milliseconds=ms)


def local(ms: int) -> datetime:
    """The same in this machine's zone; in UTC where that has no such moment, as it ends before the year 9999 does.

    Raises OverflowError as `utc` does.
    """
    moment = utc(ms)
    try:
        return moment.astimezone()
    except (OverflowError, ValueError, OSError):
        return moment


def ms_of(moment: datetime) -> int:
    """Milliseconds since 1970, exact."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def in_full(ms: int) -> str:
    """Date, time to the second and offset in this machine's zone, for a person. Raises OverflowError as `utc` does."""
    return local(ms).isoformat(" ", "seconds")
