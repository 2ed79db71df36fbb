"""The pictures of this folder: every screen, on the demo exchange.

The same code makes the same pictures, to the byte: the clock stands still, and no keyring or file is read.
"""

import asyncio
import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

from tui import keys
from tui.app.app import ShunterApp
from tui.app.opening import Start
from tui.domain.credentials import KeyKind
from tui.domain.hosts import DEFAULT_BASE_URL
from tui.domain.transfer import Draft
from tui.domain.wallets import Wallet
from tui.language import _
from tui.screens.history import HistoryScreen
from tui.widgets.message_line import MessageLine

_END_OF_HISTORY = re.compile(_("{records} of the exchange").format(records=".*"))
_NOW = datetime(2026, 1, 5, 12, 1, 3, tzinfo=UTC)

_PROFILES = (
    keys.Profile("main", KeyKind.ED25519, DEFAULT_BASE_URL, "k3Fq", _NOW),
    keys.Profile("desk", KeyKind.RSA, "https://api1.binance.com", "Zt81", _NOW),
    keys.Profile("simulate", KeyKind.HMAC, "http://127.0.0.1:8321", "demo", _NOW),
)

_SEND = ("ctrl+r", "y", "escape")
_A_SESSION = (*_SEND, "ctrl+o", "f", "2", "1", "tab", "2", "0", *_SEND, "2", "5")
"""Sends what the form was opened with, then 20 from Funding to Spot, and enters another amount."""


@dataclass(frozen=True)
class Picture:
    """A screen, and the keys that lead there."""

    keys: tuple[str, ...] = ()
    draft: Draft = field(default_factory=Draft)
    size: tuple[int, int] = (80, 24)
    demo: bool = True


_TO_FUTURES = Draft(Wallet.SPOT, Wallet.UM, asset="USDT", amount="100")
_TO_PAIR = Draft(Wallet.ISOLATED, Wallet.ISOLATED, asset="USDT", amount="12.5", from_pair="BTCUSDT", to_pair="ETHUSDT")

_PICTURES = {
    "main": Picture(_A_SESSION, _TO_FUTURES),
    "main-120x40": Picture(_A_SESSION, _TO_FUTURES, size=(120, 40)),
    "pairs": Picture(draft=_TO_PAIR),
    "review": Picture(("ctrl+r",), _TO_PAIR),
    "result": Picture(("ctrl+r", "y"), _TO_FUTURES),
    "error": Picture(("ctrl+r",), Draft(asset="USDT", amount="1e3")),
    "refused": Picture(
        ("ctrl+r", "y"), Draft(Wallet.SPOT, Wallet.ISOLATED, asset="USDT", amount="25", to_pair="SOLUSDT")
    ),
    "history": Picture((*_A_SESSION, "f3"), _TO_FUTURES),
    "holdings": Picture(("f6", "down", "right")),
    "keys": Picture(("f4",)),
    "add-key": Picture(("f4", "a")),
    "help": Picture(("f1",)),
    "welcome": Picture(demo=False),
}


def make(folder: Path, names: Iterable[str] = _PICTURES) -> None:
    """Make these pictures, in the language that was chosen before this module was imported."""
    folder.mkdir(exist_ok=True)
    for name in names:
        picture = _PICTURES[name]
        with _still_world(_PROFILES if picture.demo else ()):
            svg = asyncio.run(_taken(picture))
        (folder / f"{name}.svg").write_text(svg)


async def _taken(picture: Picture) -> str:
    app = ShunterApp(Start(demo=picture.demo, draft=picture.draft))
    async with app.run_test(size=picture.size) as pilot:
        for key in (None, *picture.keys):
            if key:
                await pilot.press(key)
            await pilot.pause()
            # The review keeps its connection warm for as long as it is up, and the history follows what comes.
            while busy := [worker for worker in app.workers if worker.group not in ("warm", "history", "arrange")]:
                await app.workers.wait_for_complete(busy)
                await pilot.pause()
            while isinstance(app.screen, HistoryScreen) and not _END_OF_HISTORY.search(_said(app.screen)):
                await pilot.pause()
        # The web font that Textual names is left out: a picture asks nothing of the network.
        return re.sub(r"@font-face \{.*?\}\s*", "", app.export_screenshot(), flags=re.DOTALL)


def _said(history: HistoryScreen) -> str:
    return str(history.query_one(MessageLine).render())


@contextmanager
def _still_world(profiles: tuple[keys.Profile, ...]) -> Iterator[None]:
    """A clock that stands still, these profiles, and a keyring of the usual name."""
    os.environ["TZ"] = "UTC"
    time.tzset()
    with ExitStack() as changes:
        for target, constant in (
            ("time.time", _NOW.timestamp()),
            ("time.time_ns", int(_NOW.timestamp()) * 1_000_000_000),
            ("time.clock_gettime", 0.0),
            ("tui.demo.exchange.tran_id_at", 13526853623),
            ("tui.keys.profiles", profiles),
            ("tui.keys.backend_name", "Secret Service"),
            ("tui.keys.require_keyring", None),
        ):
            changes.enter_context(patch(target, return_value=constant))
        yield
