"""Ten transfers by the real program through faults, kills and restarts; tests/bench has the long one."""

import pytest

from tests.bench.soak_program import soak
from tests.terminal.conftest import GnomeKeyring

_SEED = 2042
"""One that has transfers executed after the kill, and doubtful answers to identical transfers, executed and not."""


@pytest.mark.long
def test_nothing_is_lost_and_nothing_doubled_when_the_program_is_killed(gnome_keyring: GnomeKeyring) -> None:
    report = soak(gnome_keyring.environment, transfers=10, seed=_SEED)
    assert report.kills >= 4
    assert {promise: broken_by for promise, broken_by in report.broken.items() if broken_by} == {}, report.figures
