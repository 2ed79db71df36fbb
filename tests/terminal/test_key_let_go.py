"""What a locked Shunter still holds of a key: nothing that it could use. Freed memory is not its to promise."""

import json
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from tests.terminal.conftest import OpenPty
from tests.terminal.own_key import with_key
from tests.waiting import wait_for
from tui.demo.exchange import DemoExchange
from tui.demo.keys import new_key
from tui.demo.serving import served
from tui.domain.credentials import ApiKey, KeyKind

LOOKS = """
import gc, json, os, pathlib, signal

def look(*_):
    '''Write down what refers to a text with a piece of the key in it, as the garbage collector sees it.'''
    home = pathlib.Path(os.environ["HOME"])
    pieces = [bytes.fromhex(piece) for piece in json.loads((home / "pieces").read_text())]
    found = []
    for holder in gc.get_objects():
        for held in gc.get_referents(holder) if holder is not pieces else ():
            raw = held.encode(errors="replace") if type(held) is str else held
            if type(raw) in (bytes, bytearray) and any(piece in raw for piece in pieces):
                found.append(f"{type(holder).__name__}: {holder!r:.100}")
    (home / "found.part").write_text(json.dumps(found))
    (home / "found.part").rename(home / "found")

signal.signal(signal.SIGUSR1, look)
"""


class Held:
    """The demo exchange; its answers are held back as told."""

    def __init__(self, exchange: DemoExchange) -> None:
        self.exchange = exchange
        self.holds = False
        self.asked = threading.Event()
        """Set when something is held back."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.holds:
            self.asked.set()
            while True:
                if (await receive())["type"] == "http.disconnect":
                    return
        await self.exchange(scope, receive, send)


@pytest.fixture
def key() -> ApiKey:
    return new_key(KeyKind.HMAC)[0]


@pytest.fixture
def exchange(key: ApiKey) -> Held:
    made = DemoExchange()
    made.add_key(key.kind, key.api_key.reveal(), key.secret.reveal())
    return Held(made)


@pytest.fixture
def base_url(exchange: Held) -> Iterator[str]:
    with served(exchange) as url:
        yield url


def test_locked_app_refers_to_no_part_of_the_key_though_an_answer_is_still_out(
    open_pty: OpenPty,
    shunter: list[str],
    environment: dict[str, str],
    tmp_path: Path,
    key: ApiKey,
    exchange: Held,
    base_url: str,
) -> None:
    person = with_key(environment, tmp_path, base_url, key)
    (tmp_path / ".config/shunter/settings.json").write_text(json.dumps({"idle_lock_minutes": 0.1}))
    (tmp_path / "sitecustomize.py").write_text(LOOKS)
    pieces = [text.reveal()[:32].encode().hex() for text in (key.api_key, key.secret)]
    (tmp_path / "pieces").write_text(json.dumps(pieces))

    def held() -> list[str]:
        (tmp_path / "found").unlink(missing_ok=True)
        terminal.signal(signal.SIGUSR1)
        wait_for((tmp_path / "found").exists)
        found: list[str] = json.loads((tmp_path / "found").read_text())
        return found

    terminal = open_pty(shunter, person)
    terminal.wait_for("13 assets")
    assert held()
    terminal.type("\t\tUSDT\t5\r")
    terminal.wait_for("y  Send")
    terminal.type("y")
    terminal.wait_for("TRANSFER DONE")
    terminal.type("\x1b")
    terminal.wait_for("THIS SESSION 1")
    exchange.holds = True
    terminal.type("\x1b[15~")  # F5
    assert exchange.asked.wait(60)
    terminal.wait_for("Locked: no key was pressed")
    wait_for(lambda: held() == [])
    exchange.holds = False
    terminal.type("x")
    terminal.wait_for("THIS SESSION 1")
    assert held()
    terminal.wait_for("Locked: no key was pressed")
    wait_for(lambda: held() == [])
