"""The bus that was started here takes its own keyring's daemon with it, and no other."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tui.keys.session_bus import _ENDS_WITH_US


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"unix:path={tmp_path}/bus,guid=1"


@pytest.fixture
def daemon(tmp_path: Path, address: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is called as the keyring's daemon, on the bus at `address`."""
    program = shutil.copy(shutil.which("sleep") or "", tmp_path / "gnome-keyring-d")
    with subprocess.Popen([program, "60"], env={**os.environ, "DBUS_SESSION_BUS_ADDRESS": address}) as running:
        yield running
        running.kill()


def _end(told: str) -> None:
    """Let the bus end after this was written to its input."""
    subprocess.run(["sh", "-c", _ENDS_WITH_US, "sh", "sleep", "60"], input=told.encode(), check=False, timeout=30)


def test_the_daemon_of_the_bus_ends_with_it(daemon: subprocess.Popen[bytes], address: str) -> None:
    _end(f"{address}\n")
    assert daemon.wait(timeout=30) != 0


@pytest.mark.parametrize("told", ["", "\n", "unix:path=/tmp/dbus-of-another,guid=2\n"])
def test_another_daemon_stays(daemon: subprocess.Popen[bytes], told: str) -> None:
    _end(told)
    assert daemon.poll() is None
