"""Quitting while it is not known how a transfer ended."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.gate import Gate
from tests.terminal.conftest import WHOLE_TEXTS, OpenPty, Pty
from tests.terminal.own_key import with_key
from tests.waiting import LIMIT_S
from tui.demo.exchange import DemoExchange
from tui.demo.faults import Fault, Reply
from tui.demo.history import Lag
from tui.demo.serving import served

QUIT, REVIEW = "\x11", "\x12"
LINE = "1 transfer is open. Do not repeat an open transfer: the next start of Shunter settles it."

Open = Callable[[], Pty]


@pytest.fixture
def exchange() -> DemoExchange:
    """The exchange, whose history shows nothing yet."""
    made = DemoExchange()
    made.history.hidden = Lag(reads=10**6)
    return made


@pytest.fixture
def open_app(exchange: DemoExchange, environment: dict[str, str], tmp_path: Path, open_pty: OpenPty) -> Iterator[Open]:
    """Opens the app with a key in the keyring and the form filled in."""
    with served(exchange) as base_url:
        person = with_key(environment, tmp_path, base_url) | WHOLE_TEXTS
        form = ["--profile", "main", "--asset", "USDT", "--amount", "7.25"]
        yield lambda: open_pty([sys.executable, "-m", "tui", *form], person)


def confirm(terminal: Pty) -> None:
    terminal.wait_for("of 1,250.00 USDT")
    terminal.type(REVIEW)
    terminal.wait_for("y  Send")
    terminal.type("y")


def end_with_an_unknown_transfer(terminal: Pty) -> None:
    terminal.type(QUIT)
    terminal.wait_for("1 transfer is unknown: do not repeat it", "Ctrl+Q again quits")
    terminal.type(QUIT)
    assert terminal.wait_for_end() == 0
    assert terminal.written.decode().rstrip().endswith(LINE)


def test_an_unknown_transfer_is_told_of_once_and_stays_in_the_shell(exchange: DemoExchange, open_app: Open) -> None:
    exchange.faults.append(Fault(answer=Reply(502)))
    terminal = open_app()
    confirm(terminal)
    terminal.wait_for("TRANSFER UNKNOWN")
    end_with_an_unknown_transfer(terminal)

    terminal = open_app()
    terminal.wait_for("1 from before", "unknown")
    end_with_an_unknown_transfer(terminal)

    exchange.history.hidden = Lag()
    terminal = open_app()
    terminal.wait_for("done")
    terminal.type(QUIT)
    assert terminal.wait_for_end() == 0
    assert "transfer is open" not in terminal.written.decode()


def test_a_transfer_that_turns_unknown_while_quitting_is_told_of(exchange: DemoExchange, open_app: Open) -> None:
    gate = Gate()
    exchange.faults.append(Fault(after=gate, answer=Reply(502)))
    terminal = open_app()
    confirm(terminal)
    assert gate.reached.wait(LIMIT_S)
    terminal.type(QUIT)
    terminal.wait_for("Waiting for the answer to a transfer")
    gate.open()
    terminal.wait_for("1 transfer is unknown")
    terminal.type(QUIT)
    assert terminal.wait_for_end() == 0
    assert terminal.written.decode().rstrip().endswith(LINE)


def test_leaving_at_once_while_sending_stays_in_the_shell(exchange: DemoExchange, open_app: Open) -> None:
    gate = Gate()
    exchange.faults.append(Fault(after=gate))
    terminal = open_app()
    confirm(terminal)
    assert gate.reached.wait(LIMIT_S)
    terminal.type(QUIT)
    terminal.wait_for("Waiting for the answer to a transfer")
    terminal.type(QUIT)
    assert terminal.wait_for_end() == 0
    assert terminal.written.decode().rstrip().endswith(LINE)
    gate.open()
