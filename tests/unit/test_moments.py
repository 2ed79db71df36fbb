"""Moments, to the last one that there is."""

import os
import time
from collections.abc import Iterator

import pytest

from tui.domain.moments import in_full, local, ms_of, utc

LAST_MS = 253_402_300_799_999


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
