"""Nothing closes or covers a screen on which a secret is being typed."""

from typing import Any

import pytest
from textual import events
from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Input, Label

from tests.keyrings import FakeKeyring
from tests.screens.conftest import HOST
from tests.screens.waiting import newest, send, until, until_open, until_screen
from tui import keys
from tui.app.app import ShunterApp
from tui.app.opening import Start
from tui.domain.transfer import Draft
from tui.screens.add_key import AddKeyScreen
from tui.screens.closing import StaysOpen
from tui.screens.keys import KeysScreen
from tui.screens.lock import LockScreen
from tui.screens.main import MainScreen
from tui.screens.notice import NoticeScreen
from tui.screens.unlock import UnlockScreen
from tui.screens.welcome import WelcomeScreen

SIZE = (80, 24)


@pytest.fixture
def is_slow(backend: FakeKeyring, one_key: keys.Profile, monkeypatch: pytest.MonkeyPatch) -> FakeKeyring:
    """A keyring that is slow to answer."""
    monkeypatch.setattr(keys, "SLOW_S", 0.01)
    backend.hangs = True
    return backend


def answer(backend: FakeKeyring) -> None:
    backend.hangs = False
    backend.released.set()


def typed(pilot: Pilot[Any]) -> list[str]:
    return [entry.value for entry in pilot.app.screen.query(Input)]


@pytest.mark.parametrize(
    ("opening", "screen"),
    [(["u"], UnlockScreen), (["s"], AddKeyScreen), (["f4", "a"], AddKeyScreen), (["f4"], KeysScreen)],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
async def test_opened_desk_waits_until_the_secret_is_typed(
    is_slow: FakeKeyring, opening: list[str], screen: type
) -> None:
    app = ShunterApp(Start(base_url=HOST))
    async with app.run_test(size=SIZE) as pilot:
        await until_screen(pilot, WelcomeScreen)
        await pilot.press(*opening)
        await until_screen(pilot, screen)
        answer(is_slow)
        await until(pilot, lambda: app._postponed.message is not None)
        assert isinstance(app.screen, screen)
        if screen is not KeysScreen:
            await pilot.press(*"77.25")
            assert "77.25" in typed(pilot)
        await pilot.press("escape", "escape")
        await until_screen(pilot, MainScreen)
        assert "77.25" not in typed(pilot)
        assert app._postponed.message is None


async def test_fetched_key_waits_until_the_passphrase_is_typed_over_the_lock_screen(
    backend: FakeKeyring, one_key: keys.Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = ShunterApp(Start(base_url=HOST))
    async with app.run_test(size=SIZE) as pilot:
        main = await until_open(pilot)
        app._lock.lock()
        await until_screen(pilot, LockScreen)
        monkeypatch.setattr(keys, "SLOW_S", 0.01)
        backend.hangs = True
        await pilot.press("x")
        cover = app.screen
        assert isinstance(cover, LockScreen)
        await until(pilot, lambda: "u  Unlock" in str(cover.query_one("#lock-ask", Label).content))
        await pilot.press("u")
        await until_screen(pilot, UnlockScreen)
        answer(backend)
        await until(pilot, lambda: bool(cover._deferred))
        await pilot.press(*"77.25")
        assert typed(pilot) == ["77.25", ""]
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is main)
        assert "77.25" not in typed(pilot)


async def test_notice_waits_until_the_secret_is_typed(one_key: keys.Profile) -> None:
    app = ShunterApp(Start(base_url=HOST, draft=Draft(asset="USDT", amount="1.5")))
    async with app.run_test(size=SIZE) as pilot:
        main = await until_open(pilot)
        await send(pilot)
        await pilot.press("escape", "f4", "a")
        await until_screen(pilot, AddKeyScreen)
        main.desk.on_notice(newest(main))
        await pilot.press(*"77.25")
        await until(pilot, lambda: "77.25" in typed(pilot))
        await pilot.press("escape", "escape")
        await until_screen(pilot, NoticeScreen)


async def test_keys_typed_while_a_screen_opens_keep_their_order(
    is_slow: FakeKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the end of a secret comes before its beginning, and in another field."""
    ready: list[Message] = []
    post_message: Any = AddKeyScreen.post_message

    def keep_ready(screen: Any, message: Message) -> bool:
        if isinstance(message, StaysOpen.Ready) and not ready:
            ready.append(message)
            return True
        return bool(post_message(screen, message))

    monkeypatch.setattr(AddKeyScreen, "post_message", keep_ready)
    app = ShunterApp(Start(base_url=HOST))
    async with app.run_test(size=SIZE) as pilot:
        await until_screen(pilot, WelcomeScreen)
        for key in ("s", *"api", "tab", *"sec"):  # in one packet
            app.post_message(events.Key(key, None if key == "tab" else key))
        await until(pilot, lambda: bool(ready))
        await pilot.press(*"ret")
        post_message(app.screen, ready[0])
        await until(pilot, lambda: typed(pilot)[1:] == ["api", "secret"])
        answer(is_slow)
