"""The real program in a pseudo-terminal, in a home of its own, with its key in a real GNOME Keyring."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tui
from tests.terminal.conftest import Environment, GnomeKeyring, Pty
from tests.waiting import LIMIT_S
from tui.demo.keys import demo_key
from tui.language import chosen

SHUNTER = [sys.executable, "-m", "tui"]
PROFILE = "main"


@contextmanager
def home() -> Iterator[Environment]:
    """The environment of a person with an unlocked keyring, on the same disk as the real one's journal."""
    with tempfile.TemporaryDirectory(prefix=".shunter-bench-", dir=Path.home()) as folder:
        environment = {
            "HOME": folder,
            "XDG_RUNTIME_DIR": folder,
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(tui.__file__).parents[1]),
            "LANG": "C.UTF-8",
            "LANGUAGE": chosen(),
            "TERM": "xterm-256color",
        }
        with subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", "--print-address"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as bus:
            assert bus.stdout
            keyring = GnomeKeyring(environment | {"DBUS_SESSION_BUS_ADDRESS": bus.stdout.readline().strip()})
            try:
                keyring.log_in()
                yield keyring.environment
            finally:
                keyring.log_out()
                bus.terminate()


def add_key(environment: Environment, base_url: str) -> None:
    """Put the demo exchange's key into the keyring, for an exchange served at the base URL."""
    key = demo_key()
    subprocess.run(
        [*SHUNTER, "keys", "add", PROFILE, "--base-url", base_url, "--stdin"],
        env=environment,
        input=f"{key.api_key.reveal()}\n{key.secret.reveal()}\n".encode(),
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=LIMIT_S,
    )


def opened(environment: Environment, *form: str) -> Pty:
    """The program with that key, and a form filled in as far as given. It may still be starting."""
    terminal = Pty([*SHUNTER, "--profile", PROFILE, *form], environment)
    terminal._process.delaybeforesend = None  # else pexpect holds every key for 50 ms
    return terminal
