"""Whatever an exchange writes, the terminal gets only what Textual writes by itself, and printable text between."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from tests.terminal.conftest import WHOLE_TEXTS, OpenPty, Pty
from tests.terminal.own_key import with_key
from tui.demo.exchange import DemoExchange
from tui.demo.faults import TRANSFER_PATH
from tui.demo.serving import served
from tui.domain.text import printable

CLIPBOARD = "\x1b]52;c;Y3VybCBldmlsfHNo\x1b\\"
POISONS = (
    CLIPBOARD,
    "\x1b]52;c;eA==\x07",
    "\x1b[2J",
    "\x1b[6n",
    "\x1bc",
    "\x1bP+q544e\x1b\\",
    "\x9b2J",
    "\x9d52;c;eA==\x9c",
    "\u202egnp\u2066",
    "pay\u200bpal\ufeff",
    "a\u115fb\u3164",
    "\ue000\U000e0041",
    "[@click=app.quit]x[/]",
    "\r\n\x08\x7f\x00",
)
NEVER_TEXT = re.compile(r"[0-9.+-]*|true|false")
SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC
    r"|\x1b[PX^_][^\x1b]*\x1b\\"  # DCS and other strings
    r"|\x1b[ -/]*[0-~]"
)

Environment = dict[str, str]

_READS_S = 1.0


def spoiled(value: Any, poison: str) -> Any:
    """The same, with something for a terminal to obey in every text."""
    match value:
        case dict():
            return {key: spoiled(inner, poison) for key, inner in value.items()}
        case list():
            return [spoiled(inner, poison) for inner in value]
        case str() if not NEVER_TEXT.fullmatch(value):
            return value + poison
    return value


def with_spoiled(value: Any) -> Any:
    """The same, with rows beside each in whose texts there is something for a terminal to obey."""
    match value:
        case {"msg": str(said)}:
            return {**value, "msg": said + "".join(POISONS)}
        case dict():
            return {key: with_spoiled(inner) for key, inner in value.items()}
        case list():
            rows = [with_spoiled(row) for row in value]
            return rows + [spoiled(row, poison) for row in value[:2] for poison in POISONS]
    return value


class Hostile:
    """The demo exchange, each text of whose answers tries to command the terminal."""

    def __init__(self, exchange: DemoExchange) -> None:
        self.exchange = exchange
        self.refusals: list[tuple[int, object]] = []
        """What the next transfers are answered with, by status and body, instead of being executed."""
        self.is_hostile = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path")
        if (scope.get("method"), path) == ("POST", TRANSFER_PATH) and self.refusals:
            status, body = self.refusals.pop(0)
            await _hostile(json.dumps(body).encode(), status)(scope, receive, send)
        elif not self.is_hostile:
            await self.exchange(scope, receive, send)
        elif path == TRANSFER_PATH and scope["method"] == "GET":
            await _hostile(json.dumps(_history(self.exchange)).encode())(scope, receive, send)
        elif path == "/api/v3/time" or (scope.get("method") == "POST" and path == TRANSFER_PATH):
            await self.exchange(scope, receive, send)
        else:
            sent: list[Message] = []

            async def keep(message: Message) -> None:
                sent.append(message)

            await self.exchange(scope, receive, keep)
            answer = json.loads(b"".join(message.get("body", b"") for message in sent))
            await _hostile(json.dumps(with_spoiled(answer)).encode(), sent[0]["status"])(scope, receive, send)


def _hostile(body: bytes, status: int = 200) -> Response:
    """A header cannot hold all that a text can, but C1 controls."""
    said = "\x9b2J\x9d52;c;eA==\x9c"
    names = ("x-sapi-used-uid-weight-1m", "x-mbx-used-weight-1m", "retry-after", "server", "set-cookie")
    return Response(body, status, dict.fromkeys(names, said), media_type="application/json")


def _history(exchange: DemoExchange) -> object:
    """Records that are like what was asked for last, but for what they try."""
    asked = exchange.requests[-1] if exchange.requests else {"asset": "USDT", "amount": "7", "type": "MAIN_FUNDING"}
    record: dict[str, object] = {name: asked[name] for name in ("asset", "amount", "type")}
    record |= {"status": "CONFIRMED", "tranId": 1, "timestamp": exchange.server_ms()}
    rows = [
        {**record, "tranId": index, name: f"{record[name]}{poison}"}
        for index, (name, poison) in enumerate(
            [(name, poison) for name in ("asset", "amount", "type", "status", "tranId") for poison in POISONS], 1
        )
    ]
    return {"total": len(rows), "rows": rows}


@pytest.fixture
def exchange() -> Hostile:
    return Hostile(DemoExchange())


@pytest.fixture
def person(exchange: Hostile, environment: Environment, tmp_path: Path) -> Iterator[Environment]:
    with served(exchange) as base_url:
        yield with_key(environment, tmp_path, base_url) | WHOLE_TEXTS


def shapes(written: str) -> set[str]:
    """What the terminal is told to do, numbers aside."""
    return {re.sub(r"[0-9;:]+", "#", sequence) for sequence in SEQUENCE.findall(written)}


def assert_harmless(written: bytes, own: set[str]) -> None:
    """Every sequence is one of those that Textual writes for a friendly exchange, and all else is text."""
    text = written.decode()
    assert shapes(text) - own == set()
    lines = SEQUENCE.sub("", text).replace("\r", "").split("\n")
    assert [line for line in lines if line != printable(line)] == []


def walk(terminal: Pty, *, decides: bool) -> None:
    """See each text of the exchange's that there is to see: names, refusals, unknown transfers, records, the key."""
    terminal.wait_for(" assets ", " pairs ")
    terminal.type("\t4")
    terminal.wait_for("MAIN_ISOLATED_MARGIN")
    terminal.type("\t")
    for prefix, offered in (("", "USDT "), ("U", "USDC "), ("B", "BNB ")):
        terminal.type(f"\x15{prefix}\x1b[B")
        terminal.wait_for(offered)
        terminal.type("\x1b")
    terminal.type("\x15USDT\x1b[Z")
    for prefix in ("", "B", "E"):
        terminal.type(f"\x15{prefix}\x1b[B")
        terminal.wait_for("BTCUSDT " if prefix != "E" else "ETHUSDT ")
        terminal.type("\x1b")
    terminal.type("\x15BTCUSDT\t\t7\x1b[Z\x1b[Z\x1b[Z2")
    terminal.wait_for("MAIN_FUNDING")
    for outcome in ("rejected", "unknown"):
        terminal.type("\x12")
        terminal.wait_for("y  Send")
        terminal.type("y")
        terminal.wait_for(f"TRANSFER {outcome.upper()}", "Enter  Close")
        terminal.type("\x1b")
        terminal.wait_for("THIS SESSION ")
    if decides:
        terminal.wait_for("Leave it open", "]52;c;")  # it comes up by itself, and drops keys for a second
        time.sleep(1.5)
        terminal.type("\x1b")
        terminal.wait_for("THIS SESSION ")
    terminal.type("\x14")
    terminal.wait_for(" transfers; ")
    terminal.type("\x1b")
    terminal.wait_for("THIS SESSION")
    terminal.type("\x0b")
    terminal.wait_for("Enter  Use", "main  ")
    terminal.type("c")
    terminal.wait_for("main: ")
    terminal.type("\x1b")
    terminal.wait_for("THIS SESSION")
    terminal.type("\x11")
    time.sleep(_READS_S)
    terminal.type("\x11")  # of an unknown transfer it asks once
    assert terminal.wait_for_end() == 0


def test_no_text_of_an_exchange_commands_the_terminal(
    open_pty: OpenPty, shunter: list[str], person: Environment, exchange: Hostile
) -> None:
    written = []
    for is_hostile in (False, True):
        exchange.is_hostile = is_hostile
        said = "".join(POISONS) if is_hostile else ""
        exchange.refusals = [
            (400, {"code": -3041, "msg": f"insufficient balance{said}"}),
            (500, {"code": -1000, "msg": f"who knows{said}"}),
        ]
        shutil.rmtree(person["XDG_STATE_HOME"], ignore_errors=True)  # else it would ask about the same transfer again
        terminal = open_pty(shunter, person)
        walk(terminal, decides=is_hostile)
        written.append(terminal.written)
    friendly, hostile = written
    assert b"]52;c;" in hostile  # it was shown: harmless
    assert_harmless(friendly, shapes(friendly.decode()))
    assert_harmless(hostile, shapes(friendly.decode()))
    journal = subprocess.run([*shunter, "journal"], env=person, capture_output=True, check=True).stdout
    assert b"]52;c;" in journal
    assert_harmless(journal, set())
