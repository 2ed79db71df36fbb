"""What the environment says of D-Bus and keyrings is tried before it is believed, and named where it is the cause."""

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.terminal.conftest import PASSPHRASE, WHOLE_TEXTS, GnomeKeyring, OpenPty
from tests.waiting import LIMIT_S
from tui.demo.keys import demo_key

ADDRESS, BACKEND = "DBUS_SESSION_BUS_ADDRESS", "PYTHON_KEYRING_BACKEND"
KEY_FILE = f"{demo_key().api_key.reveal()}\n{demo_key().secret.reveal()}"

Environment = dict[str, str]


@pytest.fixture
def abandoned(tmp_path: Path) -> str:
    """The address of a socket that nobody listens at any more."""
    path = tmp_path / "abandoned"
    with closing(socket.socket(socket.AF_UNIX)) as bound:
        bound.bind(str(path))
    return f"unix:path={path}"


@pytest.fixture
def mute(environment: Environment) -> Iterator[str]:
    """The address of a socket that takes connections and never says anything."""
    path = f"{environment['XDG_RUNTIME_DIR']}/mute"
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind(path)
        listening.listen()
        kept: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    kept.append(listening.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield f"unix:path={path}"
        listening.shutdown(socket.SHUT_RDWR)


@pytest.fixture(
    params=["", "unix:path=/nonexistent", "unix:abstract=/tmp/dbus-gone", "abandoned", "mute", "nonsense", "disabled:"]
)
def stale(request: pytest.FixtureRequest) -> str:
    """An address at which no bus answers."""
    address: str = request.getfixturevalue(request.param) if request.param in ("abandoned", "mute") else request.param
    return address


def test_bus_of_the_login_is_used_beside_a_stale_address(
    gnome_keyring: GnomeKeyring, shunter: list[str], stale: str
) -> None:
    done = subprocess.run(
        [*shunter, "keys", "add", "main", "--base-url", "http://127.0.0.1:9", "--stdin"],
        env=gnome_keyring.environment | {ADDRESS: stale},
        input=KEY_FILE,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert (done.returncode, "to the keyring: Secret Service" in done.stderr) == (0, True)


def test_keyring_is_unlocked_through_the_bus_of_the_login_beside_a_stale_address(
    gnome_keyring: GnomeKeyring, shunter: list[str], abandoned: str
) -> None:
    gnome_keyring.log_out()
    done = subprocess.run(
        [*shunter, "keys", "unlock"],
        env=gnome_keyring.environment | {ADDRESS: abandoned},
        input=f"{PASSPHRASE}\n",
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "The keyring is unlocked.\n")


def test_dbus_is_offered_where_nobody_answers_at_the_address(
    environment: Environment, shunter: list[str], open_pty: OpenPty, stale: str
) -> None:
    if not shutil.which("gnome-keyring-daemon"):
        pytest.skip("gnome-keyring-daemon is not installed")
    terminal = open_pty(shunter, environment | WHOLE_TEXTS | {ADDRESS: stale})
    seen = terminal.wait_for("b   start D-Bus")
    assert "install" not in seen.casefold()
    assert (f"{ADDRESS} names one" in " ".join(seen.split())) == bool(stale)
    terminal.type("b")
    terminal.wait_for("MAKE THE LOGIN KEYRING")
    terminal.type(f"{PASSPHRASE}\t{PASSPHRASE}\r")
    terminal.wait_for("There is no key yet.", "Keyring: Secret Service")
    terminal.type("\x11")
    assert terminal.wait_for_end() == 0


@pytest.mark.parametrize("has_bus", [True, False])
@pytest.mark.parametrize(
    "backend",
    ["keyring.backends.null.Keyring", "keyring.backends.fail.Keyring", "keyring.backends.nope.Keyring", "nonsense", ""],
)
def test_variable_that_chooses_no_keyring_is_named_with_what_to_do(
    gnome_keyring: GnomeKeyring,
    environment: Environment,
    shunter: list[str],
    open_pty: OpenPty,
    backend: str,
    has_bus: bool,
) -> None:
    if not has_bus:
        gnome_keyring.log_out()
        environment = environment | {"XDG_RUNTIME_DIR": f"{environment['HOME']}/none"}
    chosen = (gnome_keyring.environment if has_bus else environment) | {BACKEND: backend}
    done = subprocess.run(
        [*shunter, "keys", "add", "main", "--stdin"],
        env=chosen,
        input=KEY_FILE,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"{BACKEND} is set to {backend!r}, ")
    assert f"unset {BACKEND}" in done.stderr
    assert "D-Bus" not in done.stderr

    terminal = open_pty(shunter, chosen | WHOLE_TEXTS)
    seen = terminal.wait_for(BACKEND, "s   type a key for this session only")
    assert f"unset {BACKEND}" in " ".join(seen.split())
    assert not any(way in seen for way in ("D-Bus", "b   start", "u   ", "install"))
    terminal.type("\x11")
    assert terminal.wait_for_end() == 0


def test_variable_that_chooses_the_keyring_of_dbus_needs_dbus(
    environment: Environment, shunter: list[str], open_pty: OpenPty
) -> None:
    if not shutil.which("gnome-keyring-daemon"):
        pytest.skip("gnome-keyring-daemon is not installed")
    chosen = environment | WHOLE_TEXTS | {BACKEND: "keyring.backends.SecretService.Keyring"}
    terminal = open_pty(shunter, chosen)
    terminal.wait_for("does not run in this login", "b   start D-Bus")
    terminal.type("b")
    terminal.wait_for("MAKE THE LOGIN KEYRING")
    terminal.type("\x11")
    assert terminal.wait_for_end() == 0


def test_file_that_switches_keyrings_off_is_named(environment: Environment, shunter: list[str]) -> None:
    file = Path(environment["XDG_CONFIG_HOME"]) / "python_keyring/keyringrc.cfg"
    file.parent.mkdir(parents=True)
    file.write_text("[backend]\ndefault-keyring=keyring.backends.null.Keyring\n")
    done = subprocess.run(
        [*shunter, "keys", "add", "main", "--stdin"],
        env=environment,
        input=KEY_FILE,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"The file {file} names a keyring that keeps no keys.")
