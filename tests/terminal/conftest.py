"""A home of its own for the real program, with a real GNOME Keyring in a D-Bus session of its own."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import tui

PASSPHRASE = "correct horse"
LIMIT_S = 30

Environment = dict[str, str]


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    """What a fresh login over SSH has: nothing of this machine's session or user gets in."""
    code = os.pathsep.join(filter(None, [str(Path(tui.__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    # Sockets go here, whose paths must be short.
    with tempfile.TemporaryDirectory(prefix="shunter-") as runtime:
        yield {
            "HOME": str(tmp_path),
            "XDG_CONFIG_HOME": str(tmp_path / ".config"),
            "XDG_DATA_HOME": str(tmp_path / ".local/share"),
            "XDG_STATE_HOME": str(tmp_path / ".local/state"),
            "XDG_CACHE_HOME": str(tmp_path / ".cache"),
            "XDG_RUNTIME_DIR": runtime,
            "PATH": os.environ["PATH"],
            "PYTHONPATH": code,
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
        }


@dataclass
class GnomeKeyring:
    """A GNOME Keyring that can be locked by logging out, and unlocked by logging in."""

    environment: Environment
    """Of a program inside its D-Bus session."""
    _daemon: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def log_in(self, passphrase: str | None = PASSPHRASE) -> None:
        """Start the daemon. With a passphrase it unlocks the login keyring, or creates it; without, it stays locked."""
        self._daemon = subprocess.Popen(
            [
                "gnome-keyring-daemon",
                "--foreground",
                "--components=secrets",
                *(["--unlock"] if passphrase is not None else []),
            ],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert self._daemon.stdin
        self._daemon.stdin.write((passphrase or "").encode())
        self._daemon.stdin.close()
        wait_for(self._serves)

    def log_out(self) -> None:
        """End the daemon: the keyring is only on disk then."""
        if self._daemon:
            self._daemon.terminate()
            self._daemon.wait(LIMIT_S)
            self._daemon = None

    def _serves(self) -> bool:
        asked = subprocess.run(
            [
                "dbus-send",
                "--session",
                "--print-reply",
                "--dest=org.freedesktop.DBus",
                "/org/freedesktop/DBus",
                "org.freedesktop.DBus.NameHasOwner",
                "string:org.freedesktop.secrets",
            ],
            env=self.environment,
            capture_output=True,
            check=True,
        )
        return b"boolean true" in asked.stdout


@pytest.fixture
def gnome_keyring(environment: Environment) -> Iterator[GnomeKeyring]:
    """A GNOME Keyring, unlocked."""
    if not shutil.which("gnome-keyring-daemon") and "CI" not in os.environ:
        pytest.skip("gnome-keyring-daemon is not installed")
    address = f"unix:path={environment['XDG_RUNTIME_DIR']}/bus"
    with subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={address}", "--print-address"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as bus:
        assert bus.stdout
        assert bus.stdout.readline()  # it listens
        keyring = GnomeKeyring(environment | {"DBUS_SESSION_BUS_ADDRESS": address})
        try:
            keyring.log_in()
            yield keyring
        finally:
            keyring.log_out()
            bus.terminate()


@pytest.fixture
def shunter() -> list[str]:
    """The real program."""
    return [sys.executable, "-m", "tui"]


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until something is so; fail when it never is."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
