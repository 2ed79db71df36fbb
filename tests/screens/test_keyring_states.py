"""What a person sees in each state of the keyring, at 80x24, and that the app goes on from there."""

import gc
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backends.fail import Keyring as FailKeyring
from msgspec import structs
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input, Label

from tests.gate import Gate
from tests.keyrings import FakeKeyring
from tests.screens.conftest import HOST
from tests.screens.waiting import review, screen_text, send, until, until_open, until_screen, words
from tui import keys
from tui.app import opening
from tui.app.app import DeskReady, ShunterApp
from tui.app.opening import Start
from tui.clock import ClockReading
from tui.demo.exchange import DemoExchange
from tui.demo.faults import Fault, Reply
from tui.demo.keys import demo_key, new_key
from tui.desk.desk import Desk
from tui.desk.guards import Forbidden
from tui.desk.keycheck import KeyCheck
from tui.domain.balances import Account
from tui.domain.credentials import ApiKey, KeyKind, Secret, SessionKey
from tui.domain.plan import via
from tui.domain.transfer import Draft, TransferRequest
from tui.domain.wallets import TransferType, Wallet
from tui.exchange.errors import NotSent
from tui.exchange.payloads import KEY_RESTRICTIONS, KeyRestrictions
from tui.keys import keyring_calls, session_bus
from tui.language import _
from tui.screens.add_key import AddKeyScreen
from tui.screens.entry import EntryScreen
from tui.screens.keys import KeysScreen
from tui.screens.lock import LockScreen
from tui.screens.main import MainScreen
from tui.screens.review import ReviewScreen
from tui.screens.unlock import PlainTextScreen, UnlockScreen
from tui.screens.welcome import WelcomeScreen
from tui.widgets.entry_table import EntryTable
from tui.widgets.status_bar import StatusBar
from tui.widgets.steady_list import SteadyList

SIZE = (80, 24)
API_KEY, SECRET = demo_key().api_key.reveal(), demo_key().secret.reveal()

Snap = Callable[..., bool]
Steps = Callable[[Pilot[Any]], Any]


@pytest.fixture
def no_bus(backend: FakeKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    keyring.set_keyring(FailKeyring())  # type: ignore[no-untyped-call]


@pytest.fixture
def login_keyring_exists(backend: FakeKeyring, tmp_path: Path) -> None:
    path = tmp_path / "XDG_DATA_HOME/keyrings/login.keyring"
    path.parent.mkdir(parents=True)
    path.touch()


def open_app() -> ShunterApp:
    return ShunterApp(Start(base_url=HOST))


def open_app_at(profile: str) -> ShunterApp:
    return ShunterApp(Start(base_url=HOST, profile=profile))


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


def test_locked(backend: FakeKeyring, login_keyring_exists: None, snap_compare: Snap) -> None:
    backend.error = locked()
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=welcome())


def test_unlocking(backend: FakeKeyring, login_keyring_exists: None, snap_compare: Snap) -> None:
    backend.error = locked()
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=welcome("u", then=UnlockScreen))


def test_no_login_keyring_yet(backend: FakeKeyring, snap_compare: Snap) -> None:
    backend.error = locked()
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=welcome())


def test_making_the_login_keyring(backend: FakeKeyring, snap_compare: Snap) -> None:
    backend.error = locked()
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=welcome("u", then=UnlockScreen))


def test_no_session_bus(no_bus: None, snap_compare: Snap) -> None:
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=welcome())


def test_no_keyring(backend: FakeKeyring, snap_compare: Snap) -> None:
    keyring.set_keyring(FailKeyring())  # type: ignore[no-untyped-call]
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=welcome())


def test_macos_refuses_interaction(backend: FakeKeyring, snap_compare: Snap) -> None:
    backend.error = interaction_not_allowed()
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=welcome())


def test_hangs(backend: FakeKeyring, monkeypatch: pytest.MonkeyPatch, snap_compare: Snap) -> None:
    monkeypatch.setattr(keys, "SLOW_S", 0.01)
    backend.hangs = True
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=welcome())


def test_plain_text(backend: FakeKeyring, monkeypatch: pytest.MonkeyPatch, snap_compare: Snap) -> None:
    monkeypatch.setattr(FakeKeyring, "priority", 0.5)
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=welcome())


def test_accepting_plain_text(backend: FakeKeyring, monkeypatch: pytest.MonkeyPatch, snap_compare: Snap) -> None:
    monkeypatch.setattr(FakeKeyring, "priority", 0.5)
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=welcome("p", then=PlainTextScreen))


def test_damaged_entry(backend: FakeKeyring, one_key: keys.Profile, snap_compare: Snap) -> None:
    backend.entries["shunter", "main"] = "{"
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=welcome())


def test_key_too_long_for_the_keyring(
    backend: FakeKeyring, monkeypatch: pytest.MonkeyPatch, snap_compare: Snap
) -> None:
    monkeypatch.setattr(FakeKeyring, "__module__", "keyring.backends.Windows")

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
    assert isinstance(pilot.app, ShunterApp)
    pilot.app._lock.lock()
    await until(pilot, lambda: isinstance(pilot.app.screen, LockScreen))


def test_idle_and_locked(one_key: keys.Profile, snap_compare: Snap) -> None:
    assert snap_compare(open_app(), terminal_size=SIZE, run_before=lock)


def test_idle_and_the_keyring_locked_too(
    backend: FakeKeyring, one_key: keys.Profile, login_keyring_exists: None, snap_compare: Snap
) -> None:
    async def try_to_wake(pilot: Pilot[Any]) -> None:
        await lock(pilot)
        backend.error = locked()
        await pilot.press("x")
        problem = _("The keyring is locked, and its prompt could not be shown or was dismissed.")
        await until(pilot, lambda: problem in words(pilot, "#problem"))

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
            await client.read(KEY_RESTRICTIONS)
        await pilot.press("f4")  # wakes it, and does nothing else
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        assert (await client.read(KEY_RESTRICTIONS)).permits_universal_transfer


async def test_app_does_not_lock_while_a_transfer_is_being_sent(
    one_key: keys.Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        sending = True
        monkeypatch.setattr(app._lock, "_is_busy", lambda: sending)
        monkeypatch.setattr(app._lock, "last_input_ms", -math.inf)
        app._lock._check()
        assert app._desk
        assert app._desk.client._key is not None
        sending = False
        app._lock._check()
        assert app._desk.client._key is None


@pytest.fixture
def suspend(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Suspends the machine for nine hours: CLOCK_BOOTTIME goes on, CLOCK_MONOTONIC and every timer stand still."""
    real, slept_s = time.clock_gettime, 0.0

    def clock_gettime(clock: int) -> float:
        return real(clock) + (slept_s if clock == time.CLOCK_BOOTTIME else 0)

    def sleep() -> None:
        nonlocal slept_s
        slept_s += 9 * 3600

    monkeypatch.setattr(time, "clock_gettime", clock_gettime)
    return sleep


@pytest.mark.parametrize(
    "event", [events.Key("7", "7"), events.Paste("7"), events.Key("f2", None)], ids=["key", "paste", "F2"]
)
async def test_what_wakes_a_machine_suspended_for_hours_locks_the_app_and_does_nothing_else(
    one_key: keys.Profile, suspend: Callable[[], None], event: events.Event
) -> None:
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        main = await until_open(pilot)
        await pilot.press("tab", "tab", *"USDT", "tab", "5")
        suspend()
        app.post_message(event)
        await until_screen(pilot, LockScreen)
        assert app._desk
        assert app._desk.client._key is None
        await pilot.press("x")
        await until(pilot, lambda: app.screen is main)
        assert main.query_one("#field-amount Input", Input).value == "5"


async def test_person_locks_the_app_from_the_palette(one_key: keys.Profile) -> None:
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        main = await until_open(pilot)
        await pilot.press("ctrl+p", *"lock")
        await until(pilot, lambda: "drop the key" in screen_text(pilot))
        await pilot.press("enter")
        await until_screen(pilot, LockScreen)
        assert app._desk
        assert app._desk.client._key is None
        await pilot.press("x")
        await until(pilot, lambda: app.screen is main)


async def test_on_the_cover_over_a_key_that_is_gone_is_said_what_leads_to_another(
    backend: FakeKeyring, one_key: keys.Profile
) -> None:
    async with open_app().run_test(size=SIZE) as pilot:
        await lock(pilot)
        backend.entries.clear()
        await pilot.press("x")
        await until(pilot, lambda: "Replace it (F4, r)" in words(pilot, "#problem"))
        await pilot.press("f4")
        assert isinstance(pilot.app.screen, LockScreen)
        assert words(pilot, "#lock-ask") == "any key  Try again     ^Q  Quit: F4 adds a key after the next start"


async def test_hours_of_suspend_are_noticed_without_a_key_too(
    one_key: keys.Profile, suspend: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.app.locking._LONGEST_WAIT_S", 0.05)
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        await until_open(pilot)
        suspend()
        await until_screen(pilot, LockScreen)


async def test_key_that_wakes_the_machine_while_a_transfer_is_being_sent_is_taken(
    one_key: keys.Profile, suspend: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        main = await until_open(pilot)
        await pilot.press("tab", "tab", "tab")
        monkeypatch.setattr(app._lock, "_is_busy", lambda: True)
        suspend()
        await pilot.press("7")
        await until(pilot, lambda: main.query_one("#field-amount Input", Input).value == "7")


async def test_key_without_the_permission_cannot_send_from_the_review(
    one_key: keys.Profile, demo_host: DemoExchange
) -> None:
    denied = Reply(200, b'{"permitsUniversalTransfer":false,"enableReading":true}')
    path = "/sapi/v1/account/apiRestrictions"
    demo_host.faults.append(Fault(method="GET", path=path, executes=False, answer=denied, times=None))
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        await until(pilot, lambda: "READ ONLY" in screen_text(pilot))
        await pilot.press("tab", "tab", *"USDT", "tab", "5", "f2")
        await until(pilot, lambda: isinstance(app.screen, ReviewScreen))
        await pilot.press("y")
        await pilot.pause()
        assert app._desk
        assert not app._desk.in_flight
        warning = words(pilot, "#review-warning")
        assert 'The key lacks "Permits Universal Transfer"' in warning
        assert list(app._desk._journal.transfers()) == []


@pytest.mark.parametrize("how", ["option", "profile"])
async def test_read_only_session_shows_everything_and_sends_nothing(
    how: str, one_key: keys.Profile, demo_host: DemoExchange
) -> None:
    if how == "profile":
        keys.set_read_only(one_key.name, read_only=True)
    app = ShunterApp(Start(read_only=how == "option"))
    async with app.run_test(size=SIZE) as pilot:
        main = await until_open(pilot)
        assert "READ ONLY" in screen_text(pilot)
        await pilot.press("tab", "tab", *"USDT", "tab", "5", "f2")
        await until_screen(pilot, ReviewScreen)
        reason = {"option": "started with --read-only", "profile": "The profile main is read-only"}[how]
        await until(pilot, lambda: reason in " ".join(words(pilot, "#review-warning").split()))
        assert "y  " not in words(pilot, "#review-ask")
        await pilot.press("y")
        with pytest.raises(Forbidden, match="nothing can be sent"):
            await main.desk.submit(TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(5)))
        plan = via(Account(Wallet.CM), Account(Wallet.UM), "BTC", Decimal(1))
        with pytest.raises(Forbidden):
            await main.desk.carry_out(plan, meant=frozenset(), report=print, last_key_ms=lambda: 0)
        assert demo_host.requests == []
        assert list(main.desk._journal.transfers()) == []


async def test_profile_that_another_shunter_has_made_read_only_sends_nothing(
    one_key: keys.Profile, demo_host: DemoExchange
) -> None:
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        main = await until_open(pilot)
        await pilot.press("tab", "tab", *"USDT", "tab", "5", "f2")
        await until_screen(pilot, ReviewScreen)
        await until(pilot, lambda: "y  " in words(pilot, "#review-ask"))
        keys.set_read_only(one_key.name, read_only=True)
        await pilot.press("y")
        await until(pilot, lambda: "READ ONLY: nothing can be sent" in words(pilot, "#review-warning"))
        await pilot.press("escape")
        await until(pilot, lambda: "h.example  READ ONLY" in screen_text(pilot))
        assert screen_text(pilot).count("The profile main is read-only") == 1
        assert demo_host.requests == []
        assert list(main.desk._journal.transfers()) == []


async def test_profile_that_another_shunter_lets_send_again_sends(
    one_key: keys.Profile, demo_host: DemoExchange
) -> None:
    keys.set_read_only(one_key.name, read_only=True)
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        await until_open(pilot)
        assert "READ ONLY: nothing can be sent" in screen_text(pilot)
        keys.set_read_only(one_key.name, read_only=False)
        await pilot.press("tab", "tab", *"USDT", "tab", "5", "f2")
        await until_screen(pilot, ReviewScreen)
        await until(pilot, lambda: "y  " in words(pilot, "#review-ask"))
        await pilot.press("escape")
        await until(pilot, lambda: "READ ONLY" not in screen_text(pilot))
        keys.set_read_only(one_key.name, read_only=True)
        await pilot.press("f5")
        await until(pilot, lambda: "READ ONLY: nothing can be sent" in screen_text(pilot))
        keys.set_read_only(one_key.name, read_only=False)
        await pilot.press("f5")
        await until(pilot, lambda: "READ ONLY" not in screen_text(pilot))
        await pilot.press("f2")
        await until_screen(pilot, ReviewScreen)
        await until(pilot, lambda: "y  " in words(pilot, "#review-ask"))
        await pilot.press("y")
        await until(pilot, lambda: len(demo_host.requests) == 1)


async def test_read_only_profile_that_is_removed_meanwhile_stays_read_only(
    one_key: keys.Profile, demo_host: DemoExchange
) -> None:
    keys.set_read_only(one_key.name, read_only=True)
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        main = await until_open(pilot)
        keys.remove(one_key.name)
        with pytest.raises(Forbidden, match="nothing can be sent"):
            await main.desk.rules()


async def test_profile_is_made_read_only_in_the_list_of_keys_and_counts_at_once(
    one_key: keys.Profile, demo_host: DemoExchange
) -> None:
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        for is_on in (True, False):
            await until_open(pilot)
            await pilot.press("f4")
            await until_screen(pilot, KeysScreen)
            before = app._desk
            await pilot.press("o")
            await until(pilot, lambda before=before: app._desk is not before)  # type: ignore[misc]
            await until_open(pilot)
            assert ("READ ONLY" in screen_text(pilot)) is is_on
            assert keys.profile("main").read_only is is_on


async def test_right_passphrase_goes_on_and_never_touches_the_screen(
    backend: FakeKeyring, login_keyring_exists: None, monkeypatch: pytest.MonkeyPatch
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
    from tui.clock import ClockReading
    from tui.desk.keycheck import KeyCheck
    from tui.exchange.payloads import KeyRestrictions

    ends = datetime(2030, 1, 2, tzinfo=UTC)
    restrictions = KeyRestrictions(
        enable_reading=True, trading_authority_expiration_time=round(ends.timestamp() * 1000)
    )
    report = KeyCheck(restrictions, ClockReading(0, 0, 1, 0), 5000)
    assert report.may == "reading; until 2030-01-02"


# No place for a key: said before the secrets are asked for


@pytest.mark.parametrize("key", ["a", "r"])
async def test_without_a_keyring_no_secret_is_asked_for_and_a_session_key_is_one_key_away(
    key: str, one_key: keys.Profile
) -> None:
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        await until_open(pilot)
        keyring.set_keyring(FailKeyring())  # type: ignore[no-untyped-call]
        await pilot.press("f4", key)
        await until_screen(pilot, AddKeyScreen)
        await until(pilot, lambda: "There is no keyring to keep keys in" in screen_text(pilot))
        assert not any(entry.region for entry in app.screen.query(Input))
        assert "s  type a key for this session only" in screen_text(pilot)
        assert "p  use" not in screen_text(pilot)
        await pilot.press("p", "enter", "f2")
        assert isinstance(app.screen, AddKeyScreen)
        await pilot.press("s")
        await until(pilot, lambda: "A KEY FOR THIS SESSION" in screen_text(pilot))
        assert all(entry.region for entry in app.screen.query(Input))


async def test_a_keyring_in_plain_text_is_told_of_before_and_can_be_accepted_on_the_way(
    one_key: keys.Profile, backend: FakeKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        await until_open(pilot)
        monkeypatch.setattr(FakeKeyring, "priority", 0.5)
        await pilot.press("f4", "a")
        await until(pilot, lambda: "p  use this keyring anyway" in screen_text(pilot))
        assert "may keep keys in plain text" in screen_text(pilot)
        await pilot.press("p")
        await until_screen(pilot, PlainTextScreen)
        await pilot.press(*keys.ACCEPTANCE, "enter")
        await until_screen(pilot, AddKeyScreen)
        await until(pilot, lambda: all(bool(entry.region) for entry in app.screen.query(Input)))
        assert "plain text" not in screen_text(pilot)


async def test_without_dbus_the_way_to_start_it_is_offered_where_a_key_is_added(
    no_bus: None, backend: FakeKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start() -> None:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
        keyring.set_keyring(backend)
        backend.error = locked()

    monkeypatch.setattr(session_bus, "start", start)
    monkeypatch.setattr(keyring_calls, "look_again", lambda: None)  # it would find another than the test's
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        await welcome("f4", then=KeysScreen)(pilot)
        await pilot.press("a")
        await until(pilot, lambda: "b  start D-Bus" in screen_text(pilot))
        await pilot.press("b")
        await until_screen(pilot, UnlockScreen)
        assert [type(screen) for screen in app.screen_stack[1:]] == [WelcomeScreen, UnlockScreen]


# A key for this session


async def type_key(pilot: Pilot[Any], key: ApiKey) -> None:
    """Fill in the screen that asks for a key for this session."""
    await until_screen(pilot, AddKeyScreen)
    for field, text in (("api-key", key.api_key.reveal()), ("secret", key.secret.reveal())):
        pilot.app.screen.query_one(f"#field-{field} Input", Input).value = text
    await pilot.press("f2")


def secrets_alive(key: ApiKey) -> int:
    """How many objects hold the secret of a key, beside the key itself."""
    gc.collect()
    held = [thing for thing in gc.get_objects() if isinstance(thing, Secret)]
    return sum(secret.reveal() == key.secret.reveal() for secret in held) - 1


async def open_session_key(pilot: Pilot[Any], key: ApiKey | None = None) -> MainScreen:
    await welcome("s")(pilot)
    await type_key(pilot, key or demo_key())
    return await until_open(pilot)


async def test_session_key_typed_again_after_the_idle_lock_goes_on_with_everything_kept(
    no_bus: None, demo_host: DemoExchange
) -> None:
    key, verifier = new_key(KeyKind.HMAC)  # no other test has objects that hold it
    demo_host.add_key(KeyKind.HMAC, key.api_key.reveal(), verifier)
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        main = await open_session_key(pilot, key)
        await pilot.press("tab", "tab", *"USDT", "tab", "5")
        await send(pilot)
        await pilot.press("escape", *"7")
        await until(pilot, lambda: len(main.query_one("#transfers", EntryTable).entries) == 1)
        desk = app._desk
        await until(pilot, lambda: secrets_alive(key) == 1)
        await lock(pilot)
        await until(pilot, lambda: secrets_alive(key) == 0)
        await pilot.press("x", "escape", "x")  # it asks, and asks again after a cancel
        await type_key(pilot, key)
        await until(pilot, lambda: app.screen is main)
        assert app._desk is desk
        assert main.query_one("#field-amount Input", Input).value == "7"
        assert len(main.query_one("#transfers", EntryTable).entries) == 1
        assert desk
        assert (await desk.client.read(KEY_RESTRICTIONS)).permits_universal_transfer


async def test_another_session_key_after_the_idle_lock_gets_a_desk_and_a_name_of_its_own(
    no_bus: None, demo_host: DemoExchange
) -> None:
    other, verifier = new_key(KeyKind.HMAC)
    demo_host.add_key(KeyKind.HMAC, other.api_key.reveal(), verifier)
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        main = await open_session_key(pilot)
        await pilot.press("tab", "tab", *"USDT")
        await lock(pilot)
        await pilot.press("x")
        await type_key(pilot, other)
        await until(pilot, lambda: isinstance(app.screen, MainScreen) and app.screen is not main)
        assert app._desk
        assert app._desk.profile == f"session-{other.tail}"
        assert app.screen.query_one("#field-asset Input", Input).value == ""
        await until(pilot, lambda: any("not the key of session-" in toast.message for toast in app._notifications))


async def test_wrong_session_key_is_mended_from_the_keys_screen(no_bus: None, demo_host: DemoExchange) -> None:
    right = demo_key()
    wrong = ApiKey(right.kind, right.api_key, Secret("x" * 64))
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        await welcome("s")(pilot)
        await type_key(pilot, wrong)
        await until_screen(pilot, MainScreen)
        await until(pilot, lambda: "enter the key again" in screen_text(pilot))
        await pilot.press("f4")
        await until_screen(pilot, KeysScreen)
        await pilot.press("s")
        await type_key(pilot, right)
        await until_open(pilot)


async def test_key_is_not_changed_while_a_transfer_is_in_flight(
    no_bus: None, demo_host: DemoExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        main = await open_session_key(pilot)
        monkeypatch.setattr(Desk, "in_flight", 1)
        await pilot.press("f4")
        await until_screen(pilot, KeysScreen)
        await pilot.press("s")
        await until(pilot, lambda: any("Change the key after that" in toast.message for toast in app._notifications))
        assert isinstance(app.screen, KeysScreen)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is main)


# What stays when the key changes


def draft_of(app: ShunterApp) -> Draft:
    assert isinstance(app.screen, MainScreen)
    return app.screen.draft


async def choose_last_key(pilot: Pilot[Any]) -> None:
    before = pilot.app.screen
    await pilot.press("f4")
    await until_screen(pilot, KeysScreen)
    await pilot.press("end", "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, MainScreen) and pilot.app.screen is not before)


async def test_another_profile_gets_the_form_as_it_stands(one_key: keys.Profile) -> None:
    other = keys.add("other", demo_key(), HOST)
    start = Start(profile="main", draft=Draft(Wallet.SPOT, Wallet.UM, asset="BTC", amount="1"))
    app = ShunterApp(start)
    async with app.run_test(size=SIZE) as pilot:
        main = await until_open(pilot)
        main.query_one("#field-asset Input", Input).value = ""
        main.query_one("#field-amount Input", Input).value = "2.5"
        await pilot.press("4")
        typed = main.draft
        assert typed == Draft(Wallet.ISOLATED, typed.destination, amount="2.5")
        await choose_last_key(pilot)
        assert app._lock._opened
        assert app._lock._opened.profile == other
        assert draft_of(app) == typed


async def test_form_and_choice_of_profile_outlast_a_keyring_that_was_locked(
    backend: FakeKeyring, one_key: keys.Profile, login_keyring_exists: None
) -> None:
    other = keys.add("other", demo_key(), HOST)
    app = ShunterApp(Start(profile="main", draft=Draft(asset="BTC")))
    async with app.run_test(size=SIZE) as pilot:
        main = await until_open(pilot)
        main.query_one("#field-asset Input", Input).value = "ETH"
        backend.error = locked()
        await pilot.press("f4")
        await until_screen(pilot, KeysScreen)
        await pilot.press("end", "enter")
        await until_screen(pilot, UnlockScreen)
        await pilot.press("escape")
        backend.error = None
        await welcome("r")(pilot)
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        assert app._lock._opened
        assert app._lock._opened.profile == other
        assert draft_of(app).asset == "ETH"


async def test_profile_that_is_opened_after_the_demo_locks_when_idle(
    backend: FakeKeyring, one_key: keys.Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = ShunterApp(Start(demo=True))
    async with app.run_test(size=SIZE) as pilot:
        await until_open(pilot)
        await choose_last_key(pilot)
        monkeypatch.setattr(app._lock, "last_input_ms", -math.inf)
        assert app._lock._timer
        app._lock._check()
        await until_screen(pilot, LockScreen)


# The list of keys


@pytest.mark.parametrize("has_bus", [True, False])
async def test_keys_screen_without_keys_says_so_beside_the_name_of_the_keyring(
    backend: FakeKeyring, request: pytest.FixtureRequest, has_bus: bool
) -> None:
    if not has_bus:
        request.getfixturevalue("no_bus")
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        await welcome("f4", then=KeysScreen)(pilot)
        name = "Keyring: Secret Service" if has_bus else "Keyring: none"
        await until(pilot, lambda: words(pilot, "#keys-backend") == name)
        assert app.screen.query_one("#no-keys").display


async def test_locked_keyring_is_unlocked_from_the_keys_screen_and_while_adding(
    backend: FakeKeyring, one_key: keys.Profile, login_keyring_exists: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "unlock", lambda _: setattr(backend, "error", None))
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        await until_open(pilot)
        backend.error = locked()
        await pilot.press("f4")
        await until_screen(pilot, KeysScreen)
        await pilot.press("c")
        await until(pilot, lambda: "u  Unlock the keyring" in words(pilot, "#keys-ask"))
        assert "locked" in words(pilot, "#keys-said")
        await pilot.press("u", *"secret", "enter")
        await until(pilot, lambda: "unlocked" in words(pilot, "#keys-said"))

        backend.error = locked()
        await pilot.press("a")
        await until_screen(pilot, AddKeyScreen)
        app.screen.query_one("#field-name Input", Input).value = "second"
        await type_key(pilot, demo_key())
        await until_screen(pilot, UnlockScreen)
        await pilot.press(*"secret", "enter")
        await until(pilot, lambda: "second" in [profile.name for profile in keys.profiles()])


async def test_a_y_typed_before_the_question_removes_no_key(two_keys: None) -> None:
    app = ShunterApp(Start())
    async with app.run_test(size=SIZE) as pilot:
        await until_screen(pilot, WelcomeScreen)
        await pilot.press("f4")
        await until_screen(pilot, KeysScreen)
        too_early = events.Key("y", "y")
        await pilot.press("x")
        await until(pilot, lambda: "Delete the key" in words(pilot, "#keys-said"))
        app.post_message(too_early)
        await pilot.pause()
        assert "Delete the key" in words(pilot, "#keys-said")
        await pilot.press("y")
        await until(pilot, lambda: "Delete the key" not in words(pilot, "#keys-said"))


async def open_keys(pilot: Pilot[Any]) -> None:
    """The list of keys, one of them under the cursor."""
    await until_open(pilot)
    await pilot.press("f4")
    await until_screen(pilot, KeysScreen)
    await until(pilot, lambda: pilot.app.screen.query_one(SteadyList).marked is not None)


async def ask_to_remove(pilot: Pilot[Any]) -> None:
    await pilot.press("x")
    await until(pilot, lambda: "Delete the key main" in words(pilot, "#keys-said"))


@pytest.mark.parametrize(
    "others",
    [("c",), ("a", "escape"), ("f1", "escape"), ("down",), ("x", "escape"), ("ctrl+p", "escape")],
    ids=lambda keys_pressed: "-".join(keys_pressed),
)
async def test_yes_counts_only_while_the_question_is_there_and_nothing_else_was_done(
    backend: FakeKeyring, one_key: keys.Profile, others: tuple[str, ...]
) -> None:
    keys.add("other", demo_key(), HOST)
    async with open_app_at("main").run_test(size=SIZE) as pilot:
        await open_keys(pilot)
        await ask_to_remove(pilot)
        for key in others:
            await pilot.press(key)
            await pilot.pause()
        await until(pilot, lambda: isinstance(pilot.app.screen, KeysScreen) and pilot.app.screen.is_current)
        await until(pilot, lambda: "Delete" not in words(pilot, "#keys-said"))
        await pilot.press("y")
        await pilot.pause()
        assert "Removing" not in words(pilot, "#keys-said")
        assert backend.names == ["main", "other"]


async def test_answer_that_takes_the_place_of_the_question_takes_it_back(
    backend: FakeKeyring, one_key: keys.Profile
) -> None:
    async with open_app().run_test(size=SIZE) as pilot:
        await open_keys(pilot)
        backend.hangs = True
        await pilot.press("c")
        await until(pilot, lambda: backend.asked.count("main") > 1)
        await ask_to_remove(pilot)
        backend.released.set()
        await until(pilot, lambda: words(pilot, "#keys-said").startswith("main: "))
        await pilot.press("y")
        await pilot.pause()
        assert backend.names == ["main"]


async def test_second_enter_while_the_keyring_is_slow_adds_once_and_says_so(
    backend: FakeKeyring, one_key: keys.Profile
) -> None:
    async with open_app().run_test(size=SIZE) as pilot:
        await open_keys(pilot)
        await pilot.press("a")
        await until_screen(pilot, AddKeyScreen)
        pilot.app.screen.query_one("#field-name Input", Input).value = "second"
        backend.hangs = True
        await type_key(pilot, demo_key())
        await until(pilot, lambda: "second" in backend.asked)
        await pilot.press("enter")
        await until(pilot, lambda: "Still putting second into the keyring" in words(pilot, "#add-said"))
        backend.released.set()
        await until_screen(pilot, KeysScreen)
        await until(pilot, lambda: words(pilot, "#keys-said").startswith("second: "))
        assert sorted(backend.names) == ["main", "second"]
        assert backend.asked.count("second") == 2  # to add it, and to check it


async def test_nothing_else_is_begun_while_a_key_is_being_removed(backend: FakeKeyring, one_key: keys.Profile) -> None:
    async with open_app().run_test(size=SIZE) as pilot:
        await open_keys(pilot)
        backend.hangs = True
        await ask_to_remove(pilot)
        await pilot.press("y")
        for key in ("c", "enter", "x", "a", "s"):
            pilot.app.screen.query_one("#keys-said", Label).update("")
            await pilot.press(key)
            await until(pilot, lambda: "Still removing main" in words(pilot, "#keys-said"))
        backend.released.set()
        await until(pilot, lambda: "main was removed." in words(pilot, "#keys-said"))
        assert backend.entries == {}


@pytest.mark.parametrize("doing", ["adding", "removing"])
async def test_leaving_while_the_keyring_is_slow_says_that_it_has_not_answered(
    backend: FakeKeyring, one_key: keys.Profile, doing: str
) -> None:
    async with open_app().run_test(size=SIZE) as pilot:
        await open_keys(pilot)
        if doing == "adding":
            await pilot.press("a")
            await until_screen(pilot, AddKeyScreen)
            pilot.app.screen.query_one("#field-name Input", Input).value = "second"
            backend.hangs = True
            await type_key(pilot, demo_key())
        else:
            backend.hangs = True
            await ask_to_remove(pilot)
            await pilot.press("y")
        await until(pilot, lambda: len(backend.asked) > 1)
        await pilot.press("escape")
        said = "has not answered yet. F4 will show whether"
        await until(pilot, lambda: any(said in toast.message for toast in pilot.app._notifications))


async def test_enter_twice_in_one_packet_uses_a_session_key_once(no_bus: None, demo_host: DemoExchange) -> None:
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        await welcome("s")(pilot)
        await until_screen(pilot, AddKeyScreen)
        for field, text in (("api-key", API_KEY), ("secret", SECRET)):
            app.screen.query_one(f"#field-{field} Input", Input).value = text
        for _ in range(2):
            app.post_message(events.Key("enter", "\r"))
        await until_open(pilot)


def another_key() -> ApiKey:
    """One that the demo exchange does not know."""
    return keys.parse_key(None, "wxyz" * 16, "s" * 64)


def profile_lines(app: ShunterApp) -> list[str]:
    """The list of keys."""
    return [str(option.prompt) for option in app.screen.query_one(SteadyList).options]


def report(**restrictions: bool) -> KeyCheck:
    """What the exchange says of a key that may transfer, read, and what else is given."""
    may = KeyRestrictions(ip_restrict=True, enable_reading=True, permits_universal_transfer=True)
    return KeyCheck(structs.replace(may, **restrictions), ClockReading(0, 0, round_trip_ms=9, offset_ms=12), 5000)


async def test_notice_about_a_key_names_it_whatever_profile_is_on_the_screen(
    one_key: keys.Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays up for a while, over other screens and over another profile's name."""
    keys.add("another", another_key(), HOST)

    async def examined(_: object) -> KeyCheck:
        return report(enable_withdrawals=True, ip_restrict=False)

    monkeypatch.setattr("tui.screens.main.examine", examined)
    app = open_app_at("main")
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: any("It may also withdraw" in toast.message for toast in app._notifications))
        await open_keys(pilot)
        for toast in app._notifications:
            assert toast.title == f"Key main ...{one_key.tail}"
            assert "this" not in toast.message.lower()


async def test_key_in_use_is_marked_and_under_the_cursor(one_key: keys.Profile) -> None:
    keys.add("another", another_key(), HOST)
    keys.add("demo", another_key(), HOST)
    app = open_app_at("another")
    async with app.run_test(size=SIZE) as pilot:
        await open_keys(pilot)
        await until(pilot, lambda: ["in use" in line for line in profile_lines(app)] == [False, True, False])
        marked = app.screen.query_one(SteadyList).marked
        assert marked
        assert marked.name == "another"


async def test_demo_uses_none_of_the_keys(one_key: keys.Profile) -> None:
    keys.add("demo", another_key(), HOST)
    app = ShunterApp(Start(demo=True))
    async with app.run_test(size=SIZE) as pilot:
        await open_keys(pilot)
        assert len(profile_lines(app)) == 2
        assert not any("in use" in line for line in profile_lines(app))


async def test_key_that_does_not_work_is_replaced_under_its_name(
    backend: FakeKeyring, one_key: keys.Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.add("second", another_key(), HOST)
    right, checked = another_key(), []

    async def checking(profile: keys.Profile) -> KeyCheck:
        checked.append(profile)
        return report()

    monkeypatch.setattr("tui.screens.keys.check", checking)
    app = open_app_at("second")
    async with app.run_test(size=SIZE) as pilot:
        await open_keys(pilot)
        await pilot.press("home", "r")
        await until_screen(pilot, AddKeyScreen)
        assert not app.screen.query("#field-name")
        assert f"ANOTHER KEY for main, in the place of ...{one_key.tail}" in screen_text(pilot)
        await type_key(pilot, right)
        await until_screen(pilot, KeysScreen)
        await until(pilot, lambda: "A transfer would be accepted" in words(pilot, "#keys-said"))
        assert [profile.name for profile in checked] == ["main"]
        assert [line.split()[0] for line in profile_lines(app)] == ["main", "second"]
        assert f"...{right.tail}" in profile_lines(app)[0]
    assert keys.load(keys.profile("main")).secret.reveal() == right.secret.reveal()


async def test_replacing_that_fails_says_why_and_leaves_the_old_key(
    backend: FakeKeyring, one_key: keys.Profile
) -> None:
    app = open_app()
    async with app.run_test(size=SIZE) as pilot:
        await open_keys(pilot)
        await pilot.press("r")
        await until_screen(pilot, AddKeyScreen)
        backend.error = keyring.errors.PasswordSetError("full")
        await type_key(pilot, another_key())
        await until(pilot, lambda: "The keyring failed" in words(pilot, "#add-said"))
        backend.error = None
        await pilot.press("escape")
        await until_screen(pilot, KeysScreen)
        assert f"...{one_key.tail}" in profile_lines(app)[0]
    assert keys.load(one_key).secret.reveal() == demo_key().secret.reveal()


def test_key_that_may_do_more_than_it_needs(
    one_key: keys.Profile, clocks_stand_still: None, monkeypatch: pytest.MonkeyPatch, snap_compare: Snap
) -> None:
    too_much = report(
        ip_restrict=False, enable_withdrawals=True, enable_spot_and_margin_trading=True, enable_internal_transfer=True
    )

    async def checking(_: keys.Profile) -> KeyCheck:
        return too_much

    monkeypatch.setattr("tui.screens.keys.check", checking)

    async def steps(pilot: Pilot[Any]) -> None:
        main = await until_open(pilot)
        await until(pilot, lambda: not main.query_one(StatusBar).status.waiting_for)
        await open_keys(pilot)
        await pilot.press("c")
        await until(pilot, lambda: "+12" in words(pilot, "#keys-said"))
        await until(pilot, lambda: bool(words(pilot, "#keys-backend")))

    assert snap_compare(open_app(), terminal_size=SIZE, run_before=steps)


@pytest.mark.parametrize("is_refused", [False, True], ids=["opened", "refused"])
async def test_another_key_waits_until_the_transfer_in_hand_has_ended_and_its_result_is_read(
    backend: FakeKeyring, one_key: keys.Profile, demo_host: DemoExchange, is_refused: bool
) -> None:
    keys.add("other", demo_key(), HOST)
    app = ShunterApp(Start(profile="main", draft=Draft(asset="USDT", amount="1.5")))
    async with app.run_test(size=SIZE) as pilot:
        main = await until_open(pilot)
        backend.hangs = True
        await pilot.press("f4")
        await until_screen(pilot, KeysScreen)
        await pilot.press("end", "enter")
        await until_screen(pilot, MainScreen)
        gate = Gate()
        demo_host.faults.append(Fault(after=gate))
        await review(pilot)
        await pilot.press("y")
        await until(pilot, gate.reached.is_set)
        if is_refused:
            backend.error = locked()
        backend.hangs = False
        backend.released.set()
        await until(pilot, lambda: app._postponed.message is not None)
        assert main.review
        assert main.review.is_sending
        gate.open()
        await until_screen(pilot, EntryScreen)
        assert "TRANSFER DONE" in screen_text(pilot)
        assert app.screen_stack[1] is main
        await pilot.press("escape")
        if is_refused:
            await until_screen(pilot, UnlockScreen)
        else:
            await until(pilot, lambda: app._desk is not None and app._desk.profile == "other")
            await until_open(pilot)


@pytest.mark.parametrize("is_session_key", [False, True])
async def test_a_key_that_waits_for_a_transfer_is_let_go_of_when_the_app_locks(
    backend: FakeKeyring, demo_host: DemoExchange, one_key: keys.Profile, is_session_key: bool
) -> None:
    other = keys.add("other", demo_key(), HOST)
    app = ShunterApp(Start(base_url=HOST, profile="main", draft=Draft(asset="USDT", amount="1.5")))
    async with app.run_test(size=SIZE) as pilot:
        await until_open(pilot)
        await send(pilot)
        if is_session_key:
            app.open_desk(partial(opening.open_session_key, SessionKey(demo_key(), HOST)))
        else:
            app.open_desk(partial(opening.open_profile, other))
        await until(pilot, lambda: app._postponed.message is not None)
        waiting = app._postponed.message
        assert isinstance(waiting, DeskReady)
        app._lock.lock()
        assert waiting.opened.desk.client.is_locked
        await until_screen(pilot, LockScreen)
        await pilot.press("x")
        await until_screen(pilot, EntryScreen)
        await pilot.press("escape")
        if is_session_key:
            await until_screen(pilot, AddKeyScreen)
        else:
            await until(pilot, lambda: app._desk is not None and app._desk.profile == "other")


async def test_another_session_key_typed_on_the_cover_does_not_wait_for_the_result_below_it(
    no_bus: None, demo_host: DemoExchange
) -> None:
    other, verifier = new_key(KeyKind.HMAC)
    demo_host.add_key(KeyKind.HMAC, other.api_key.reveal(), verifier)
    app = ShunterApp(Start(base_url=HOST, draft=Draft(asset="USDT", amount="1.5")))
    async with app.run_test(size=SIZE) as pilot:
        main = await open_session_key(pilot)
        await send(pilot)
        app._lock.lock()
        await until_screen(pilot, LockScreen)
        await pilot.press("x")
        await type_key(pilot, other)
        await until(pilot, lambda: isinstance(app.screen, MainScreen) and app.screen is not main)
        assert not app._lock.is_locked
