"""The app with every kind of keyring: a real GNOME Keyring, none, one that hangs, one that is not safe."""

import contextlib
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.terminal.conftest import PASSPHRASE, WHOLE_TEXTS, GnomeKeyring, OpenPty, Pty
from tests.waiting import wait_for
from tui.demo.exchange import DemoExchange
from tui.demo.keys import demo_key
from tui.demo.serving import served

KEY = demo_key()
API_KEY, SECRET = KEY.api_key.reveal(), KEY.secret.reveal()
ESCAPE, UNLOCK_SHOWN = "\x1b", "Passphrase"

Environment = dict[str, str]
Open = Callable[[Environment], Pty]

HANGING = """
import threading
from keyring.backend import KeyringBackend

class Keyring(KeyringBackend):
    priority = 1
    def get_password(self, service, username):
        threading.Event().wait()
    set_password = delete_password = get_password
"""

PLAIN = """
import json, pathlib
from keyring.backend import KeyringBackend

FILE = pathlib.Path(__file__).with_suffix(".json")

class Keyring(KeyringBackend):
    priority = 0.5
    def _all(self):
        return json.loads(FILE.read_text()) if FILE.exists() else {}
    def get_password(self, service, username):
        return self._all().get(username)
    def set_password(self, service, username, password):
        FILE.write_text(json.dumps(self._all() | {username: password}))
    def delete_password(self, service, username):
        FILE.write_text(json.dumps({name: text for name, text in self._all().items() if name != username}))
"""


@pytest.fixture
def base_url() -> Iterator[str]:
    with served(DemoExchange()) as url:
        yield url


@pytest.fixture
def open_app(open_pty: OpenPty, shunter: list[str], base_url: str) -> Open:
    """Open the app for the demo exchange's host."""
    return lambda environment: open_pty([*shunter, "--base-url", base_url], environment | WHOLE_TEXTS)


def using(keyring_source: str, environment: Environment, folder: Path) -> Environment:
    """The environment with a keyring of our own making in it."""
    (folder / "keyring_of_test.py").write_text(keyring_source)
    return environment | {
        "PYTHONPATH": f"{folder}:{environment['PYTHONPATH']}",
        "PYTHON_KEYRING_BACKEND": "keyring_of_test.Keyring",
    }


def add_key(terminal: Pty) -> None:
    """From the welcome screen to the main screen, by a key that is typed."""
    terminal.type("\x0b")  # Ctrl+K
    terminal.wait_for("There are no keys yet")
    terminal.type("a")
    terminal.wait_for("ADD A KEY")
    terminal.type(f"{API_KEY}\t{SECRET}\r")
    terminal.wait_for("main: A transfer would be accepted.", "It may do: reading, universal transfer")
    terminal.type("\r")


def leave(terminal: Pty) -> None:
    terminal.type("\x11")
    assert terminal.wait_for_end() == 0


def transfer(terminal: Pty) -> None:
    """A transfer from Spot to Funding."""
    terminal.wait_for("13 assets")
    terminal.type("\t\tUSDT\t5")
    terminal.wait_for("of 1,250.00 USDT")
    terminal.type("\x12")
    terminal.wait_for("y  Send")
    terminal.type("y")
    terminal.wait_for("TRANSFER DONE", "tranId  ")


def test_unlocked_keyring_goes_from_no_key_to_a_transfer_and_opens_by_itself_next_time(
    gnome_keyring: GnomeKeyring, open_app: Open
) -> None:
    terminal = open_app(gnome_keyring.environment)
    terminal.wait_for("There is no key yet.", "Keyring: Secret Service")
    add_key(terminal)
    terminal.wait_for("main ...demo", "13 assets")
    leave(terminal)
    terminal = open_app(gnome_keyring.environment)
    transfer(terminal)
    assert SECRET not in terminal.written.decode()


def test_locked_keyring_is_unlocked_inside_the_app_after_a_wrong_passphrase(
    gnome_keyring: GnomeKeyring, open_app: Open
) -> None:
    terminal = open_app(gnome_keyring.environment)
    terminal.wait_for("There is no key yet.")
    add_key(terminal)
    terminal.wait_for("13 assets")
    leave(terminal)
    gnome_keyring.log_out()

    terminal = open_app(gnome_keyring.environment)
    terminal.wait_for(UNLOCK_SHOWN)
    terminal.type("wrong\r")
    terminal.wait_for("This passphrase does not open the keyring")
    terminal.type(f"{PASSPHRASE}\r")
    terminal.wait_for("main ...demo", "13 assets")
    assert PASSPHRASE not in terminal.written.decode()


def test_login_keyring_is_created_the_first_time(
    gnome_keyring: GnomeKeyring, open_app: Open, environment: Environment
) -> None:
    gnome_keyring.log_out()
    shutil.rmtree(Path(environment["XDG_DATA_HOME"]) / "keyrings")
    terminal = open_app(gnome_keyring.environment)
    terminal.wait_for("There is no login keyring yet", "u   make the login keyring")
    terminal.type("u")
    terminal.wait_for("Once more")
    terminal.type(f"{PASSPHRASE}x\x7f\tsomething else\r")
    terminal.wait_for("The two passphrases differ")
    terminal.type(f"{PASSPHRASE}\r{PASSPHRASE}\r")
    terminal.wait_for("There is no key yet.", "Keyring: Secret Service")
    add_key(terminal)
    terminal.wait_for("13 assets")


def test_without_a_session_bus_shunter_starts_one_and_the_key_is_there_at_the_next_login(
    environment: Environment, open_app: Open
) -> None:
    if not shutil.which("gnome-keyring-daemon"):
        pytest.skip("gnome-keyring-daemon is not installed")
    terminal = open_app(environment)
    terminal.wait_for("D-Bus", "does not run in this login", "b   start D-Bus")
    terminal.type("b")
    terminal.wait_for("There is no login keyring yet", "Once more")
    terminal.type(f"{PASSPHRASE}\t{PASSPHRASE}\r")
    terminal.wait_for("There is no key yet.", "Keyring: Secret Service")
    add_key(terminal)
    terminal.wait_for("13 assets")
    leave(terminal)

    terminal = open_app(environment)
    terminal.wait_for(UNLOCK_SHOWN)
    terminal.type(f"{PASSPHRASE}\r")
    transfer(terminal)
    terminal.type(ESCAPE)
    terminal.wait_for("THIS SESSION 1")
    leave(terminal)
    wait_for(lambda: not programs_of(environment))


@pytest.mark.parametrize("shell", [[], ["bash", "-c", '"$@"; exit', "bash"]], ids=["alone", "from a shell"])
def test_lost_line_leaves_neither_bus_nor_open_keyring_behind(
    open_pty: OpenPty, shunter: list[str], environment: Environment, shell: list[str]
) -> None:
    if not shutil.which("gnome-keyring-daemon"):
        pytest.skip("gnome-keyring-daemon is not installed")
    terminal = open_pty([*shell, *shunter], environment)
    terminal.wait_for("b   start D-Bus")
    terminal.type("b")
    terminal.wait_for("Once more")
    terminal.type(f"{PASSPHRASE}\t{PASSPHRASE}\r")
    terminal.wait_for("There is no key yet.")
    # The bus may be starting the daemon again: it can abort when it is first asked.
    wait_for(lambda: {"dbus-daemon", "gnome-keyring-d"} < programs_of(environment))
    terminal.hang_up()
    wait_for(lambda: not programs_of(environment))


def programs_of(environment: Environment) -> set[str]:
    """What runs in an environment, however it was started."""
    mark = f"HOME={environment['HOME']}\0".encode()
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (process / "environ").read_bytes():
                found.add((process / "comm").read_text().strip())
    return found


def test_keyring_that_hangs_is_told_of_within_five_seconds_and_the_app_stays_usable(
    environment: Environment, open_app: Open, tmp_path: Path
) -> None:
    terminal = open_app(using(HANGING, environment, tmp_path))
    wait_for(lambda: terminal.screen().strip())
    started = time.monotonic()
    terminal.wait_for("The keyring has not answered yet")
    assert time.monotonic() - started < 5 + 1
    terminal.type("d")
    terminal.wait_for("DEMO", "13 assets")
    leave(terminal)


def test_key_for_this_session_is_used_shown_and_kept_nowhere(
    environment: Environment, open_app: Open, tmp_path: Path
) -> None:
    terminal = open_app(environment)
    terminal.wait_for("s   type a key for this session only")
    terminal.type("s")
    terminal.wait_for("A KEY FOR THIS SESSION")
    terminal.type(f"{API_KEY}x\x7f\t{SECRET[:-1]}x\x7f{SECRET[-1]}\r")
    terminal.wait_for("keyring: session key only")
    transfer(terminal)
    terminal.type(ESCAPE)
    leave(terminal)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"session-demo" in written  # the journal is there
    assert SECRET.encode() not in written
    assert API_KEY.encode() not in written


def test_keyring_in_plain_text_is_used_only_on_the_words_and_then_always_shown(
    environment: Environment, open_app: Open, tmp_path: Path
) -> None:
    plain = using(PLAIN, environment, tmp_path)
    terminal = open_app(plain)
    terminal.wait_for("in plain text, so Shunter does not", "p   use this keyring anyway")
    terminal.type("p")
    terminal.wait_for("keep my keys in plain text")
    terminal.type("yes\r")
    terminal.wait_for("These are not the words")
    terminal.type("\x7f\x7f\x7fkeep my keys in plain text\r")
    terminal.wait_for("There is no key yet.", "Keyring: PLAIN TEXT")
    add_key(terminal)
    terminal.wait_for("keyring: PLAIN TEXT")
    leave(terminal)
    terminal = open_app(plain)
    terminal.wait_for("keyring: PLAIN TEXT", "13 assets")


def test_idle_app_covers_itself_and_a_key_press_brings_the_key_back(
    gnome_keyring: GnomeKeyring, open_app: Open
) -> None:
    terminal = open_app(gnome_keyring.environment)
    terminal.wait_for("There is no key yet.")
    add_key(terminal)
    terminal.wait_for("13 assets")
    leave(terminal)
    settings = Path(gnome_keyring.environment["XDG_CONFIG_HOME"]) / "shunter/settings.json"
    settings.write_text(json.dumps({"idle_lock_minutes": 0.1}))

    terminal = open_app(gnome_keyring.environment)
    covered = terminal.wait_for("Locked: no key was pressed")
    assert "USDT" not in covered
    terminal.type("x")
    terminal.wait_for("13 assets", "main ...demo")
    terminal.wait_for("Locked: no key was pressed")
    gnome_keyring.log_out()
    terminal.type("x")
    terminal.wait_for("The keyring is locked", "u  Unlock the keyring")
    terminal.type("u")
    terminal.wait_for(UNLOCK_SHOWN)
    terminal.type(f"{PASSPHRASE}\r")
    terminal.wait_for("13 assets")
