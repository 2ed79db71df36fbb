"""A passphrase or a key is typed into its field, or nowhere: however early it comes, whatever comes up meanwhile."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.terminal.conftest import PASSPHRASE, WHOLE_TEXTS, GnomeKeyring, OpenPty, Pty
from tests.terminal.own_key import with_key
from tests.waiting import wait_for
from tui.demo.exchange import DemoExchange
from tui.demo.keys import demo_key
from tui.demo.serving import served

API_KEY, SECRET = demo_key().api_key.reveal(), demo_key().secret.reveal()
CTRL_K, CTRL_Q, ESCAPE = "\x0b", "\x11", "\x1b"

SLOW = """
import json, pathlib, time
from keyring.backend import KeyringBackend

FILE = pathlib.Path(__file__).with_suffix(".json")
MAY_ANSWER, HAS_ANSWERED = FILE.with_name("may_answer"), FILE.with_name("has_answered")

class Keyring(KeyringBackend):
    priority = 5
    def get_password(self, service, username):
        while not MAY_ANSWER.exists():
            time.sleep(0.01)
        HAS_ANSWERED.touch()
        return json.loads(FILE.read_text()).get(username)
    set_password = delete_password = None
"""

Environment = dict[str, str]
Open = Callable[[Environment], Pty]


@pytest.fixture
def base_url() -> Iterator[str]:
    with served(DemoExchange()) as url:
        yield url


@pytest.fixture
def open_app(open_pty: OpenPty, shunter: list[str], base_url: str) -> Open:
    """Open the app for the demo exchange's host."""
    return lambda environment: open_pty([*shunter, "--base-url", base_url], environment | WHOLE_TEXTS)


@pytest.fixture
def bare_login(environment: Environment) -> Environment:
    """A login without D-Bus, on a machine where a keyring can be started."""
    if not shutil.which("gnome-keyring-daemon"):
        pytest.skip("gnome-keyring-daemon is not installed")
    return environment


def first_login(terminal: Pty) -> None:
    """Make the login keyring and keep a key in it."""
    terminal.wait_for("b   start")
    terminal.type("b")
    terminal.wait_for("Once more")
    terminal.type(f"{PASSPHRASE}\t{PASSPHRASE}\r")
    terminal.wait_for("There is no key yet.", "Keyring: Secret Service")
    terminal.type(CTRL_K)
    terminal.wait_for("There are no keys yet")
    terminal.type("a")
    terminal.wait_for("ADD A KEY")
    terminal.type(f"{API_KEY}\t{SECRET}\r")
    terminal.wait_for("main: A transfer would be accepted.")
    leave(terminal)


def leave(terminal: Pty) -> None:
    terminal.type(CTRL_Q)
    assert terminal.wait_for_end() == 0


def test_passphrase_typed_right_behind_the_key_that_starts_dbus_makes_the_keyring(
    bare_login: Environment, open_app: Open
) -> None:
    terminal = open_app(bare_login)
    terminal.wait_for("b   start")
    terminal.type(f"b{PASSPHRASE}\t{PASSPHRASE}\r")
    terminal.wait_for("There is no key yet.", "Keyring: Secret Service")
    assert PASSPHRASE not in terminal.written.decode()
    leave(terminal)


def test_second_login_takes_the_passphrase_and_nothing_else_however_early_it_is_typed(
    bare_login: Environment, open_app: Open
) -> None:
    first_login(open_app(bare_login))
    terminal = open_app(bare_login)
    wait_for(lambda: terminal.is_silent)  # from here on no terminal shows what is typed
    terminal.type(f"{PASSPHRASE}\r")
    terminal.wait_for("main ...demo", "13 assets")
    assert PASSPHRASE not in terminal.written.decode()
    assert "first choice" not in terminal.written.decode()
    leave(terminal)


@pytest.mark.parametrize("typed", ["s", f"{CTRL_K}s"], ids=["first screen", "keys"])
def test_key_typed_in_one_packet_with_what_asks_for_it_is_all_there(
    environment: Environment, open_app: Open, typed: str
) -> None:
    terminal = open_app(environment)
    terminal.wait_for("s   type a key for this session only")
    terminal.type(f"{typed}{API_KEY}\t{SECRET}\r")
    terminal.wait_for("keyring: session key only", "13 assets")
    assert "DEMO" not in terminal.screen()
    leave(terminal)


@pytest.mark.parametrize("first", ["", "u"])
def test_what_is_typed_before_the_first_screen_chooses_nothing_on_it(
    environment: Environment, open_app: Open, first: str
) -> None:
    """The letters of a passphrase would open a key for this session, and the demo."""
    terminal = open_app(environment)
    wait_for(lambda: terminal.is_silent)
    terminal.type(f"{first}sad dog\r")
    terminal.wait_for("s   type a key for this session only")
    terminal.type(CTRL_K)
    terminal.wait_for("There are no keys yet")
    terminal.type(ESCAPE)
    terminal.wait_for("s   type a key for this session only")
    leave(terminal)


@pytest.mark.parametrize(
    ("opening", "title"), [("s", "A KEY FOR THIS SESSION"), (f"{CTRL_K}a", "ADD A KEY"), (CTRL_K, "KEYS")]
)
def test_keyring_that_answers_while_a_secret_is_typed_waits_until_the_person_has_left(
    environment: Environment, open_app: Open, base_url: str, tmp_path: Path, opening: str, title: str
) -> None:
    slow = with_key(environment, tmp_path, base_url)
    (tmp_path / "keyring_of_test.py").write_text(SLOW)
    terminal = open_app(slow)
    terminal.wait_for("The keyring has not answered yet")
    for key in opening:
        terminal.type(key)
    terminal.wait_for(title)
    if title != "KEYS":
        terminal.type("12")
        terminal.wait_for("**")
    (tmp_path / "may_answer").touch()
    wait_for((tmp_path / "has_answered").exists)
    if title == "KEYS":
        terminal.type("a")
        terminal.wait_for("ADD A KEY")
    terminal.type("zebra77.25")
    terminal.wait_for("**********")
    terminal.type("\x03")
    if opening != "s":
        terminal.wait_for("Enter  Use   a  Add")
        terminal.type("q")
    terminal.wait_for("13 assets", "main ...demo")
    assert "zebra" not in terminal.written.decode()
    assert "77.25" not in terminal.written.decode()
    leave(terminal)


def test_keyring_that_answers_while_its_passphrase_is_typed_waits_until_the_person_has_left(
    gnome_keyring: GnomeKeyring, open_app: Open, base_url: str, tmp_path: Path
) -> None:
    slow = with_key(gnome_keyring.environment, tmp_path, base_url)
    (tmp_path / "keyring_of_test.py").write_text(SLOW)
    terminal = open_app(slow)
    terminal.wait_for("The keyring has not answered yet")
    terminal.type("u")
    terminal.wait_for("The passphrase of the login keyring")
    terminal.type("12")
    terminal.wait_for("**")
    (tmp_path / "may_answer").touch()
    wait_for((tmp_path / "has_answered").exists)
    terminal.type("zebra77.25")
    terminal.wait_for("************")
    terminal.type("\x03")
    terminal.wait_for("13 assets", "main ...demo")
    assert "zebra" not in terminal.written.decode()
    leave(terminal)


def test_no_child_writes_to_the_terminal(
    bare_login: Environment, shunter: list[str], open_pty: OpenPty, base_url: str
) -> None:
    first_login(open_pty([*shunter, "--base-url", base_url], bare_login | WHOLE_TEXTS))
    terminal = open_pty(["dbus-run-session", "--", *shunter, "--base-url", base_url], bare_login | WHOLE_TEXTS)
    terminal.wait_for("The passphrase of the login keyring")
    terminal.type("wrong\r")
    terminal.wait_for("This passphrase does not open the keyring")
    terminal.type(f"{PASSPHRASE}\r")
    terminal.wait_for("main ...demo", "13 assets")
    leave(terminal)
    written = terminal.written.decode()
    for of_another in ("GNOME_KEYRING", "Activating", "WARNING", "** Message", "gcr-prompter", "discover_other"):
        assert of_another not in written
