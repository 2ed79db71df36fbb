"""How all tests run: how many at once, the longest first, nothing left out in CI, and how much Hypothesis tries."""

import gc
import os
import signal
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import keyring
import pytest
from hypothesis import HealthCheck, settings
from keyring.backend import KeyringBackend

_WORKERS_PER_CORE = 3
"""The tests with real programs mostly wait for these, which wait for each other."""

_FOLDERS = [Path(__file__).parent / name for name in ("terminal", "screens", "wire", "unit")]
"""The longest tests first, so that no worker begins one when the others are done."""

_IN_CI = "CI" in os.environ

_UNCHECKED = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
settings.register_profile(
    "ci", max_examples=100, deadline=None, derandomize=True, database=None, suppress_health_check=_UNCHECKED
)
settings.register_profile(
    "few", max_examples=30, deadline=None, derandomize=True, database=None, suppress_health_check=_UNCHECKED
)
settings.register_profile(
    "nightly", max_examples=20_000, deadline=None, print_blob=True, suppress_health_check=_UNCHECKED
)
settings.load_profile("ci")  # unless --hypothesis-profile, which is read later, names the other


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """What `-n auto` means."""
    return (os.cpu_count() or 1) * _WORKERS_PER_CORE


def pytest_configure() -> None:
    """Let Ctrl+C stop what is tested, and look for cycles seldom."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # by a shell that began the tests in the background
        signal.signal(signal.SIGINT, signal.default_int_handler)
    _look_for_cycles_seldom()


def _look_for_cycles_seldom() -> None:
    """A fifth of what an app in this process cost was looking through everything there is.

    What is left in a cycle is still found, and told of, when the tests end at the latest. Nothing is frozen: tests
    look through what there is for what should be gone.
    """
    gc.set_threshold(50_000, 20, 20)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest tests first: those that say so, then folder by folder."""
    items.sort(key=lambda item: (item.get_closest_marker("long") is None, _place(item)))


def _place(item: pytest.Item) -> int:
    return next(place for place, folder in enumerate(_FOLDERS) if item.path.is_relative_to(folder))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a test that is skipped has failed: it would go on keeping nothing, and nobody would see."""
    report = yield
    if _IN_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped in CI: {report.longrepr}"
    return report


@pytest.fixture
def use_keyring() -> Iterator[Callable[[KeyringBackend], None]]:
    """Make a keyring the one of this process, until the end of the test."""
    before = keyring.core._keyring_backend
    yield keyring.set_keyring
    keyring.core._keyring_backend = before
