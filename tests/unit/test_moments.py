"""Moments, to the last one that there is."""

import os
import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import tui
from tui.clock import ticks_ms, time_of
from tui.domain.moments import YEAR_10000_MS, from_zone, in_full, in_zone, local, ms_of, shown, utc
from tui.domain.search import parse_since
from tui.words.exports import iso

LAST_MS = 253_402_300_799_999


@pytest.fixture(params=["AAA-25", "AAA24", "AAA-24:00:01"])
def in_no_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A zone further from UTC than Python can tell."""
    monkeypatch.setitem(os.environ, "TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A zone in which the year 9999 is over early."""
    monkeypatch.setitem(os.environ, "TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("ms", [-1, 0, 1_700_000_000_001, LAST_MS])
def test_a_moment_comes_back_to_the_millisecond(ms: int) -> None:
    assert ms_of(utc(ms)) == ms


def test_a_moment_is_told_in_the_zone_of_the_machine(in_tokyo: None) -> None:
    assert in_full(0) == "1970-01-01 09:00:00+09:00"


def test_a_moment_that_the_zone_does_not_have_is_told_in_utc(in_tokyo: None) -> None:
    assert ms_of(local(LAST_MS)) == LAST_MS
    assert in_full(LAST_MS) == "9999-12-31 23:59:59+00:00"


@pytest.mark.parametrize("ms", [LAST_MS + 1, 2**53, 2**63, -(2**63)])
def test_a_moment_that_no_calendar_has_is_told_by_its_number(in_tokyo: None, ms: int) -> None:
    assert in_full(ms) == f"{ms} ms after 1970"
    assert iso(ms) == str(ms)


def test_zone_that_python_cannot_use_is_utc_and_says_so(in_no_zone: None) -> None:
    assert in_full(0) == "1970-01-01 00:00:00+00:00"
    assert in_zone(utc(0)).strftime("%H:%M %z") == "00:00 +0000"
    assert ms_of(from_zone(datetime(1970, 1, 2))) == 86_400_000  # noqa: DTZ001
    assert parse_since("1970-01-02", utc(0)) == 86_400_000
    assert parse_since("1970-01-02 01:00+01:00", utc(0)) == 86_400_000
    assert time_of(ticks_ms()).utcoffset() == timedelta(0)


def test_every_conversion_to_the_zone_is_in_one_module() -> None:
    sources = Path(tui.__file__).parent.rglob("*.py")
    elsewhere = r"\.astimezone\(|\.fromtimestamp\(|time\.(localtime|strftime|ctime|mktime)\(|datetime\.now\(\)"
    found = [path.name for path in sources if re.search(elsewhere, path.read_text())]
    assert found == ["moments.py"]


@pytest.mark.parametrize("ms", [YEAR_10000_MS, 2**53, 2**62, -(2**62)])
def test_moment_that_no_calendar_has_is_told_by_its_number(ms: int) -> None:
    assert shown(ms, "%H:%M:%S") == in_full(ms) == f"{ms} ms after 1970"
