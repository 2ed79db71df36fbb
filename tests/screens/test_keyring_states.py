"""What a person sees in each state of the keyring, at 80x24, and that the app goes on from there."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as FailKeyring
from textual.pilot import Pilot

from tests.screens.waiting import until
from tui import app as app_module
from tui import keys
from tui.app import ShunterApp, Start
from tui.demo.exchange import DemoExchange
from tui.demo.keys import demo_key
from tui.domain.credentials import Secret
from tui.exchange.errors import NotSent
from tui.screens.lock import LockScreen
from tui.screens.main import MainScreen
from tui.screens.plain_text import PlainTextScreen
from tui.screens.review import ReviewScreen
from tui.screens.unlock import UnlockScreen
from tui.screens.welcome import WelcomeScreen

SIZE = (80, 24)
HOST = "https://h.example"

Snap = Callable[..., bool]
Steps = Callable[[Pilot[Any]], Any]


class Keyring(KeyringBackend):
    """A keyring in any state: it raises or waits as told, and keeps what it is given."""

    priority = 5

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[str, str] = {}
        self.error: Exception | None = None
        self.hangs = False
        self.released = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        if self.hangs:
            self.released.wait()
        if self.error:
            raise self.error from self.error.__cause__
        return self.entries.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[username]


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Keyring]:
    """The keyring of a person without profiles, on a machine where GNOME Keyring is installed."""
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(keys, "look_again", lambda: None)
    monkeypatch.setitem(
        vars(__import__("tui.keys.keyring_calls", fromlist=["_NAMES"]))["_NAMES"], __name__, "Secret Service"
    )
    made = Keyring()
    before = keyring.core._keyring_backend
    keyring.set_keyring(made)
    yield made
    made.released.set()
    keyring.core._keyring_backend = before


@pytest.fixture
def no_bus(backend: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    keyring.set_keyring(FailKeyring())


@pytest.fixture
def login_keyring_exists(backend: Keyring, tmp_path: Path) -> None:
    path = tmp_path / "XDG_DATA_HOME/keyrings/login.keyring"
    path.parent.mkdir(parents=True)
    path.touch()


@pytest.fixture
def one_key(backend: Keyring, monkeypatch: pytest.MonkeyPatch) -> keys.Profile:
    """A profile whose host is the demo exchange, in this process."""
    import httpx

    from tui.exchange.client import BinanceClient

    transport = httpx.ASGITransport(app=DemoExchange())
    monkeypatch.setattr(app_module, "BinanceClient", lambda url, key: BinanceClient(url, key, transport=transport))
    return keys.add("main", demo_key(), HOST)


def open_app() -> ShunterApp:
    return ShunterApp(Start(base_url=HOST))


def welcome(*keys_pressed: str, then: type | None = None) -> Steps:
    """Wait for the welcome screen, press keys, wait for another screen."""

    async def steps(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: isinstance(pilot.app.screen, WelcomeScreen))
        await pilot.press(*keys_pressed)
        if then:
            await until(pilot, lambda: isinstance(pilot.app.screen, then))

    return steps


def locked() -> Exception:
    return keyring.errors.KeyringLocked("locked")


def interaction_not_allowed() -> Exception:
    error = keyring.errors.KeyringError("refused")
    error.__cause__ = OSError(-25308, "Unknown Error")
    return error


def test_locked(backend: Keyring, login_keyring_exists: None, snap_compare: Snap) -> None:
    backend.error = locked()
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=welcome())


def test_unlocking(backend: Keyring, login_keyring_exists: None, snap_compare: Snap) -> None:
    backend.error = locked()
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=welcome("u", then=UnlockScreen))


def test_no_login_keyring_yet(backend: Keyring, snap_compare: Snap) -> None:
    backend.error = locked()
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=welcome())


def test_making_the_login_keyring(backend: Keyring, snap_compare: Snap) -> None:
    backend.error = locked()
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=welcome("u", then=UnlockScreen))


def test_no_session_bus(no_bus: None, snap_compare: Snap) -> None:
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=welcome())


def test_no_keyring(backend: Keyring, snap_compare: Snap) -> None:
    keyring.set_keyring(FailKeyring())
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=welcome())


def test_macos_refuses_interaction(backend: Keyring, snap_compare: Snap) -> None:
    backend.error = interaction_not_allowed()
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=welcome())


def test_hangs(backend: Keyring, monkeypatch: pytest.MonkeyPatch, snap_compare: Snap) -> None:
    monkeypatch.setattr(app_module, "_SLOW_S", 0.01)
    backend.hangs = True
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=welcome())


def test_plain_text(backend: Keyring, monkeypatch: pytest.MonkeyPatch, snap_compare: Snap) -> None:
    monkeypatch.setattr(Keyring, "priority", 0.5)
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=welcome())


def test_accepting_plain_text(backend: Keyring, monkeypatch: pytest.MonkeyPatch, snap_compare: Snap) -> None:
    monkeypatch.setattr(Keyring, "priority", 0.5)
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=welcome("p", then=PlainTextScreen))


def test_damaged_entry(backend: Keyring, one_key: keys.Profile, snap_compare: Snap) -> None:
    backend.entries["main"] = "{"
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=welcome())


def test_key_too_long_for_the_keyring(backend: Keyring, monkeypatch: pytest.MonkeyPatch, snap_compare: Snap) -> None:
    monkeypatch.setattr(Keyring, "__module__", "keyring.backends.Windows")

    async def add_long(pilot: Pilot[Any]) -> None:
        await until(pilot, lambda: isinstance(pilot.app.screen, WelcomeScreen))
        await pilot.press("f4", "a")
        await until(pilot, lambda: bool(pilot.app.screen.query("#field-api-key")))
        for field, text in (("api-key", "A" * 64), ("secret", "S" * 2000)):
            pilot.app.screen.query_one(f"#field-{field}").entry.value = text  # type: ignore[attr-defined]
        await pilot.press("f2")
        said = pilot.app.screen.query_one("#add-said")
        await until(pilot, lambda: "2560" in str(said.content))  # type: ignore[attr-defined]

    assert snap_compare(open_app(), terminal_size=SIZE, run_before=add_long)


def test_typing_a_key_for_this_session(no_bus: None, snap_compare: Snap) -> None:
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=welcome("s"))


async def lock(pilot: Pilot[Any]) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen))
    pilot.app._lock()
    await until(pilot, lambda: isinstance(pilot.app.screen, LockScreen))


def test_idle_and_locked(one_key: keys.Profile, snap_compare: Snap) -> None:
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=lock)


def test_idle_and_the_keyring_locked_too(
    backend: Keyring, one_key: keys.Profile, login_keyring_exists: None, snap_compare: Snap
) -> None:
    async def try_to_wake(pilot: Pilot[Any]) -> None:
        await lock(pilot)
        backend.error = locked()
        await pilot.press("x")
        await until(pilot, lambda: "locked, and its" in str(pilot.app.screen.query_one("#problem").content))  # type: ignore[attr-defined]

    assert snap_compare(open_app(), terminal_size=SIZE, run_before=try_to_wake)


# What is behind the screens


async def test_locked_app_holds_no_key_and_a_key_press_brings_it_back(one_key: keys.Profile) -> None:
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        await lock(pilot)
        assert app._desk
        client = app._desk.client
        assert client._key is None
        with pytest.raises(NotSent, match="locked"):
            await client.key_restrictions()
        await pilot.press("f4")  # wakes it, and does nothing else
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        assert (await client.key_restrictions()).permits_universal_transfer


async def test_app_does_not_lock_while_a_transfer_is_being_sent(
    one_key: keys.Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        app._idle_limit_s, app._last_input_s = 1, 0
        sending = True
        monkeypatch.setattr(ShunterApp, "_is_sending", lambda _: sending)
        app._lock_if_idle()
        assert app._desk
        assert app._desk.client._key is not None
        sending = False
        app._lock_if_idle()
        assert app._desk.client._key is None


async def test_key_without_the_permission_cannot_send_from_the_review(
    one_key: keys.Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        main = app.screen
        words = 'the key lacks "Permits Universal Transfer"'
        from tui.widgets.status_bar import StatusBar

        await until(pilot, lambda: bool(app._desk and app._desk.client.clock))
        await pilot.pause()
        main.query_one(StatusBar).show(missing_permission=words)
        await pilot.press("tab", "tab", *"USDT", "tab", "5", "f2")
        await until(pilot, lambda: isinstance(app.screen, ReviewScreen))
        await pilot.press("y")
        await pilot.pause()
        assert app._desk
        assert not app._desk.in_flight
        assert words in str(app.screen.query_one("#review-warning").content)  # type: ignore[attr-defined]
        assert await app._desk.recent(1) == []


async def test_right_passphrase_goes_on_and_never_touches_the_screen(
    backend: Keyring, login_keyring_exists: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend.error = locked()
    given: list[str] = []

    def unlock(passphrase: Secret) -> None:
        given.append(passphrase.reveal())
        backend.error = None

    monkeypatch.setattr(keys, "unlock", unlock)
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        await welcome("u", then=UnlockScreen)(pilot)
        await pilot.press(*"hunter2")
        assert "hunter2" not in app.export_screenshot()
        await pilot.press("enter")
        await until(pilot, lambda: "no key yet" in str(app.screen.query_one("#problem").content))  # type: ignore[attr-defined]
    assert given == ["hunter2"]


def test_expiry_is_told() -> None:
    from tui.exchange.clock import ClockReading
    from tui.exchange.payloads import KeyRestrictions
    from tui.keycheck import KeyReport

    ends = datetime(2030, 1, 2, tzinfo=UTC)
    restrictions = KeyRestrictions(
        enable_reading=True, trading_authority_expiration_time=round(ends.timestamp() * 1000)
    )
    report = KeyReport(restrictions, ClockReading(0, 0, 1, 0), 5000)
    assert report.may == "reading; until 2030-01-02"
