"""How the tests run: how many at once, the longest first, none skipped in CI, how many examples Hypothesis tries."""

import gc
import os
import signal
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import keyring
import pytest
from hypothesis import HealthCheck, settings
from keyring.backend import KeyringBackend

from tui import language
from tui.locales.hatch_build import compile_catalogue

if "PYTEST_XDIST_WORKER" not in os.environ:
    for catalogue in language.LOCALES.rglob("*.po"):
        compiled = catalogue.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < catalogue.stat().st_mtime:
            compile_catalogue(catalogue)
language.choose(os.environ.get("SHUNTER_TESTS_IN", language.ENGLISH))  # before any other module of it is imported

_WORKERS_PER_CORE = 3
"""The tests with real programs spend most of their time waiting for them."""

_FOLDERS = [Path(__file__).parent / name for name in ("terminal", "screens", "wire", "unit")]
"""The folders with the longest tests first: no worker starts a long one when the others are done."""

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
settings.load_profile("ci")  # --hypothesis-profile, which is read later, may replace it


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return the number of workers for `-n auto`."""
    return (os.cpu_count() or 1) * _WORKERS_PER_CORE


def pytest_configure() -> None:
    """Let Ctrl+C stop the programs under test, and collect garbage less often."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell started the tests in the background
        signal.signal(signal.SIGINT, signal.default_int_handler)
    _collect_garbage_less_often()


def _collect_garbage_less_often() -> None:
    """Garbage collection took a fifth of the time of an app in this process.

    What is left in a reference cycle is still reported, when the tests end at the latest. Nothing is frozen: some tests
    search all objects for what should be gone.
    """
    gc.set_threshold(50_000, 20, 20)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add an option for runs that ask whether it works at all: with other versions of what it needs."""
    parser.addoption("--first-cases", action="store_true", help="of each test, run the first of its cases alone")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the longest tests first: those marked long, then folder by folder. In a translation, take pictures alone."""
    if config.getoption("first_cases"):
        items[:] = {item.nodeid.partition("[")[0]: item for item in reversed(items)}.values()
    if language.chosen() != language.ENGLISH:
        items[:] = [item for item in items if {"snap_compare", "snap_sizes"} & {*getattr(item, "fixturenames", ())}]
    items.sort(key=lambda item: (item.get_closest_marker("long") is None, _folder_order(item)))


def _folder_order(item: pytest.Item) -> int:
    return next(place for place, folder in enumerate(_FOLDERS) if item.path.is_relative_to(folder))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail skipped tests in CI: otherwise nobody would notice that they test nothing."""
    report = yield
    if _IN_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped in CI: {report.longrepr}"
    return report


@pytest.fixture
def use_keyring() -> Iterator[Callable[[KeyringBackend], None]]:
    """Make a keyring the one of this process until the end of the test."""
    before = keyring.core._keyring_backend
    yield keyring.set_keyring
    keyring.core._keyring_backend = before
