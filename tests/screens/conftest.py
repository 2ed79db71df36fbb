"""The app over a demo exchange that a test can look into, and clocks that stand still where a test asks for it."""

import asyncio
import json
import os
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from inspect import getclosurevars
from pathlib import Path
from typing import Any

import httpx
import pytest
from keyring.backend import KeyringBackend
from syrupy.constants import SNAPSHOT_DIRNAME
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.pilot import Pilot

from tests.keyrings import FakeKeyring
from tests.screens.waiting import until
from tests.waiting import LIMIT_S
from tui import keys
from tui.app.app import ShunterApp
from tui.app.opening import Start
from tui.clock import ClockReading, ticks_ms
from tui.demo.exchange import DemoExchange
from tui.demo.keys import demo_key
from tui.domain.transfer import Draft
from tui.exchange.client import BinanceClient
from tui.keys import gnome_keyring, keyring_calls, session_bus
from tui.language import ENGLISH, chosen
from tui.widgets.last_moves import LastMoves

_SIZES_OF_TRANSLATIONS = [(80, 24), (120, 40)]

Steps = Callable[[Pilot[Any]], Awaitable[None]]

HOST = "https://h.example"
"""Of the profiles that a test adds."""

NOON_MS = 1_767_268_800_000  # 2026-01-01 12:00:00 UTC


@pytest.fixture(autouse=True, scope="session")
def styles_are_parsed_once() -> Iterator[None]:
    """What Textual keeps of a style sheet for one app, all the apps here share: its rules, which nothing changes."""
    parse, parsed = Stylesheet._parse_rules, dict[object, list[RuleSet]]()

    def rules(sheet: Stylesheet, css: str, *origin: Any, **where: Any) -> list[RuleSet]:
        key = (css, origin, *where.items(), *sheet._variables.items())
        if key not in parsed:
            parsed[key] = parse(sheet, css, *origin, **where)
        return parsed[key]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Stylesheet, "_parse_rules", rules)
        yield


@pytest.fixture(autouse=True)
def settings_of_nobody(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, use_keyring: Callable[[KeyringBackend], None]
) -> Iterator[None]:
    """What the one who runs the tests has set and keeps has no part in them, nor has what another test left undone."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    use_keyring(FakeKeyring())
    yield
    for thread in threading.enumerate():
        if thread.name == "keyring":  # what it still writes belongs to this test's person
            thread.join(LIMIT_S)
            assert not thread.is_alive()


@pytest.fixture
def clocks_stand_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The times and measurements on screen, the same on every machine, and the exchange's time with them."""
    monkeypatch.setitem(os.environ, "TZ", "UTC")
    time.tzset()

    def reading(server_ms: int, *, asked_ms: float, answered_ms: float) -> ClockReading:
        return ClockReading(server_ms, ticks_ms(), round_trip_ms=9, offset_ms=12)

    monkeypatch.setattr("tui.exchange.client.reading", reading)
    monkeypatch.setattr(ClockReading, "now_ms", lambda _: NOON_MS)
    monkeypatch.setattr(DemoExchange, "server_ms", lambda _: NOON_MS)
    monkeypatch.setattr("tui.clock.wall_ms", lambda: NOON_MS)
    noon = datetime.fromtimestamp(NOON_MS / 1000, UTC)
    monkeypatch.setattr("tui.words.wallets.time_of", lambda _: noon)
    monkeypatch.setattr("tui.words.risk.time_of", lambda _: noon)
    monkeypatch.setattr("tui.desk.desk.settle", _not_yet)


async def _not_yet(*_: object, **__: object) -> None:
    await asyncio.Event().wait()


@pytest.fixture
def exchange(monkeypatch: pytest.MonkeyPatch) -> DemoExchange:
    """The exchange that the next demo app talks to."""
    made = DemoExchange(tran_id=13526853623)
    monkeypatch.setattr("tui.demo.exchange.DemoExchange", lambda *, earlier: made)
    return made


@pytest.fixture
def demo_app(exchange: DemoExchange) -> Callable[..., ShunterApp]:
    """Makes the app on the demo exchange, its form filled as asked."""
    return lambda **draft: ShunterApp(Start(demo=True, draft=Draft(**draft)))


@pytest.fixture
def snap_compare(
    snap_compare: Callable[..., bool], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., bool]:
    """Compares the picture of an app. Of what has one size in English, a translation has both of its sizes."""
    if chosen() == ENGLISH or {"size", "snap_sizes"} & {*request.fixturenames}:
        return snap_compare
    is_alike = _comparing(snap_compare, monkeypatch)

    def compare(app: ShunterApp, *, terminal_size: tuple[int, int], run_before: Steps) -> bool:
        others = [size for size in _SIZES_OF_TRANSLATIONS if size != terminal_size]
        pictures = _pictures(app, [terminal_size, *others], run_before)
        return all(
            is_alike(app, picture, "" if size == terminal_size else _name(size)) for size, picture in pictures.items()
        )

    return compare


@pytest.fixture
def snap_sizes(snap_compare: Callable[..., bool], monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Compares the pictures of one app that is made larger and smaller, as `snap_compare` does that of one."""
    is_alike = _comparing(snap_compare, monkeypatch)

    def compare(app: ShunterApp, sizes: Sequence[tuple[int, int]], run_before: Steps) -> None:
        """The app starts in the first of the sizes."""
        if chosen() != ENGLISH:
            sizes = [size for size in sizes if size in _SIZES_OF_TRANSLATIONS]
        for size, picture in _pictures(app, sizes, run_before).items():
            assert is_alike(app, picture, _name(size)), f"another picture at {_name(size)}"

    return compare


def _comparing(
    snap_compare: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> Callable[[ShunterApp, str, str], bool]:
    """Return what compares a picture of an app that was taken already, under a name if it has one."""
    snapshot = getclosurevars(snap_compare).nonlocals["snapshot"]

    def is_alike(app: ShunterApp, picture: str, name: str) -> bool:
        monkeypatch.setattr("textual._doc.take_svg_screenshot", lambda **_: picture)
        if name:
            snapshot(name=name)
        return snap_compare(app)

    return is_alike


def _name(size: tuple[int, int]) -> str:
    return "x".join(map(str, size))


@pytest.fixture(autouse=True)
def pictures_of_a_translation_have_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are in a folder of their own."""
    if chosen() != ENGLISH:
        place = f"{SNAPSHOT_DIRNAME}/{chosen()}"
        monkeypatch.setattr("syrupy.extensions.base.SNAPSHOT_DIRNAME", place)


def _pictures(app: ShunterApp, sizes: Sequence[tuple[int, int]], run_before: Steps) -> dict[tuple[int, int], str]:
    taken = {}

    async def person(pilot: Pilot[Any]) -> None:
        await run_before(pilot)
        for size in sizes:
            if size != tuple(app.size):
                await pilot.resize_terminal(*size)
            for _ in range(2):
                await pilot.pause()
                await pilot.wait_for_scheduled_animations()
                await until(pilot, lambda: not any(pane.is_reading for pane in pilot.app.screen.query(LastMoves)))
            taken[size] = app.export_screenshot(title=app.title, simplify=True)
        app.exit()

    app.run(headless=True, auto_pilot=person, size=sizes[0])
    assert len(taken) == len(sizes)
    return taken


@pytest.fixture
def no_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A person without any key profile."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setattr("tui.keys.backend_name", lambda **_: "Secret Service")
    monkeypatch.setattr("tui.keys.probe", lambda: None)
    monkeypatch.setattr("tui.keys.require_keyring", lambda: None)


@pytest.fixture
def two_keys(no_keys: None, tmp_path: Path) -> None:
    """A person with two key profiles."""
    listed = [
        {"name": "main", "kind": "hmac", "base_url": "https://api.binance.com", "tail": "k3Fq"},
        {"name": "rehearsal", "kind": "ed25519", "base_url": "http://127.0.0.1:8321", "tail": "9xTz"},
    ]
    profiles = [{**profile, "added_at": "2026-01-01T12:00:00Z"} for profile in listed]
    (tmp_path / "shunter").mkdir()
    (tmp_path / "shunter" / "profiles.json").write_text(json.dumps({"profiles": profiles}))


@pytest.fixture
def backend(
    use_keyring: Callable[[KeyringBackend], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[FakeKeyring]:
    """The keyring of a person without profiles, on a machine where GNOME Keyring is installed."""
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
    monkeypatch.setattr(session_bus, "_answers", lambda _: True)
    monkeypatch.setattr(gnome_keyring, "would_write_here", lambda: False)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(keys, "look_again", lambda: None)
    monkeypatch.setitem(keyring_calls._NAMES, FakeKeyring.__module__, "Secret Service")
    made = FakeKeyring()
    use_keyring(made)
    yield made
    made.released.set()


@pytest.fixture
def demo_host(monkeypatch: pytest.MonkeyPatch) -> DemoExchange:
    """The demo exchange of this process, whatever the host."""
    made = DemoExchange()
    transport = httpx.ASGITransport(app=made)
    monkeypatch.setattr(
        "tui.app.opening.BinanceClient", lambda url, key, **_: BinanceClient(url, key, transport=transport)
    )
    return made


@pytest.fixture
def one_key(backend: FakeKeyring, demo_host: DemoExchange) -> keys.Profile:
    """A profile whose host is the demo exchange, in this process."""
    return keys.add("main", demo_key(), HOST)
