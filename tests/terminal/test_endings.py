"""Whatever ends the real program between the confirmation and the answer: the next start knows, and settles it."""

import contextlib
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.gate import Gate
from tests.terminal.conftest import OpenPty, Pty
from tests.terminal.own_key import with_key
from tests.waiting import LIMIT_S, wait_for
from tui.demo.exchange import DemoExchange
from tui.demo.faults import Fault, Reply
from tui.demo.serving import served

FORM = ["--profile", "main", "--asset", "USDT", "--amount", "7.25"]
QUIT, REVIEW = "\x11", "\x12"

Open = Callable[..., Pty]


@pytest.fixture
def exchange() -> DemoExchange:
    """The exchange, which a test may tell to misbehave."""
    return DemoExchange()


@pytest.fixture
def open_app(exchange: DemoExchange, environment: dict[str, str], tmp_path: Path, open_pty: OpenPty) -> Iterator[Open]:
    """Opens the app, or another module that runs it, with a key in the keyring and the form filled in."""
    with served(exchange) as base_url:
        person = with_key(environment, tmp_path, base_url)
        yield lambda module="tui": open_pty([sys.executable, "-m", module, *FORM], person)


def confirm(terminal: Pty) -> None:
    """Review and send what is in the form."""
    terminal.wait_for("of 1,250.00 USDT")
    terminal.type(REVIEW)
    terminal.wait_for("y  Send")
    terminal.type("y")


@pytest.mark.parametrize("ending", [signal.SIGHUP, signal.SIGTERM, signal.SIGKILL], ids=lambda ending: ending.name)
@pytest.mark.parametrize("executed", [True, False], ids=["executed", "not executed"])
def test_a_transfer_cut_off_by_a_signal_is_unknown_and_settled_by_the_next_start(
    ending: signal.Signals, executed: bool, exchange: DemoExchange, open_app: Open
) -> None:
    gate = Gate()
    fault = Fault(after=gate) if executed else Fault(before=gate, executes=False, answer=Reply(500))
    exchange.faults.append(fault)
    first = open_app()
    confirm(first)
    assert gate.reached.wait(LIMIT_S)
    first.signal(ending)
    first.wait_for_end()
    gate.open()

    second = open_app("tests.terminal.hurried")
    second.wait_for("1 from before", "7.25 USDT", "unknown")
    if executed:
        (transfer,) = exchange.ledger.transfers
        second.wait_for(str(transfer.tran_id), "done")
    else:
        second.wait_for("not executed")
        assert exchange.ledger.transfers == []
    assert len(exchange.requests) == 1
    second.type(QUIT)
    assert second.wait_for_end() == 0


LEADER = """
import signal, subprocess, sys
signal.signal(signal.SIGHUP, signal.SIG_IGN)
subprocess.run(sys.argv[1:])
"""
"""The leader of a session that keeps to itself that the line has dropped, as `su` does."""


def test_the_app_ends_with_its_terminal_whoever_leads_the_session(
    open_pty: OpenPty, shunter: list[str], environment: dict[str, str]
) -> None:
    terminal = open_pty([sys.executable, "-c", LEADER, *shunter, "--demo"], environment)
    terminal.wait_for("13 assets")
    leader = terminal.pid
    (app,) = Path(f"/proc/{leader}/task/{leader}/children").read_text().split()
    terminal.hang_up()
    wait_for(lambda: not Path(f"/proc/{app}").exists())


def outcomes(environment: dict[str, str]) -> list[str]:
    """What the journal says of the transfers."""
    with contextlib.closing(
        sqlite3.connect(Path(environment["XDG_STATE_HOME"]) / "shunter/journal.sqlite3")
    ) as journal:
        return [outcome for (outcome,) in journal.execute("SELECT outcome FROM transfers")]


def test_an_answer_is_written_down_though_the_terminal_reads_nothing(
    exchange: DemoExchange, open_app: Open, environment: dict[str, str]
) -> None:
    gate = Gate()
    exchange.faults.append(Fault(after=gate))
    terminal = open_app()
    confirm(terminal)
    assert gate.reached.wait(LIMIT_S)
    terminal.leave_unread()
    for columns in range(80, 120):  # each is a picture that nobody takes
        terminal.resize(24, columns)
        time.sleep(0.1)  # else several of them are one
    gate.open()
    wait_for(lambda: outcomes(environment) == ["done"])
    terminal.wait_for("TRANSFER DONE", str(exchange.ledger.transfers[0].tran_id))  # it reads again


def test_quitting_waits_for_the_answer(exchange: DemoExchange, open_app: Open) -> None:
    gate = Gate()
    exchange.faults.append(Fault(after=gate))
    terminal = open_app()
    confirm(terminal)
    assert gate.reached.wait(LIMIT_S)
    terminal.type(QUIT)
    terminal.wait_for("Waiting for the answer")
    gate.open()
    assert terminal.wait_for_end() == 0
    (transfer,) = exchange.ledger.transfers
    again = open_app()
    again.wait_for("of 1,242.75 USDT")
    assert "from before" not in again.screen()  # its outcome was written down
    again.type("\x14")
    again.wait_for(str(transfer.tran_id), "done")


def test_a_second_quit_leaves_the_transfer_to_the_journal(exchange: DemoExchange, open_app: Open) -> None:
    gate = Gate()
    exchange.faults.append(Fault(after=gate))
    terminal = open_app()
    confirm(terminal)
    assert gate.reached.wait(LIMIT_S)
    terminal.type(QUIT)
    terminal.wait_for("Waiting for the answer")
    terminal.type(QUIT)
    assert terminal.wait_for_end() == 0
    gate.open()
    (transfer,) = exchange.ledger.transfers
    open_app().wait_for("from before", str(transfer.tran_id), "done")


def test_a_damaged_journal_is_told_and_nothing_is_sent(
    exchange: DemoExchange, open_app: Open, environment: dict[str, str]
) -> None:
    journal = Path(environment["XDG_STATE_HOME"]) / "shunter" / "journal.sqlite3"
    journal.parent.mkdir(parents=True)
    journal.write_bytes(b"not a database, and not an empty one" * 100)
    terminal = open_app()
    terminal.wait_for("journal", "damaged")
    terminal.type(REVIEW + "y")
    terminal.type(QUIT)
    assert terminal.wait_for_end() == 0
    assert exchange.requests == []


@pytest.fixture
def small_disk(environment: dict[str, str]) -> Iterator[Path]:
    """A disk of its own for the journal."""
    folder = Path(environment["XDG_STATE_HOME"])
    folder.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("this system lets no test mount a disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def fill(path: Path) -> None:
    """Write a file until the disk is full."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(512))


def test_a_full_disk_is_told_before_anything_is_sent(small_disk: Path, exchange: DemoExchange, open_app: Open) -> None:
    terminal = open_app()
    terminal.wait_for("of 1,250.00 USDT")
    fill(small_disk / "filler")
    terminal.type(REVIEW)
    terminal.wait_for("y  Send")
    terminal.type("y")
    terminal.wait_for("Nothing was sent.", "journal")
    assert exchange.requests == []
    (small_disk / "filler").unlink()
    terminal.type("y")
    terminal.wait_for("y  Send")  # trying again gets ready again; it sends nothing by itself
    terminal.type("y")
    terminal.wait_for("TRANSFER DONE")
    assert len(exchange.ledger.transfers) == 1


def test_a_read_only_disk_is_told_and_nothing_is_sent(small_disk: Path, exchange: DemoExchange, open_app: Open) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    terminal = open_app()
    terminal.wait_for("journal")
    assert "read-only" in " ".join(terminal.screen().casefold().split())
    terminal.type(REVIEW + "y")
    terminal.type(QUIT)
    assert terminal.wait_for_end() == 0
    assert exchange.requests == []


def test_a_suspended_program_loses_nothing(exchange: DemoExchange, open_app: Open) -> None:
    gate = Gate()
    exchange.faults.append(Fault(after=gate))
    terminal = open_app()
    confirm(terminal)
    assert gate.reached.wait(LIMIT_S)
    terminal.signal(signal.SIGSTOP)
    gate.open()
    terminal.signal(signal.SIGCONT)
    terminal.wait_for("TRANSFER DONE", str(exchange.ledger.transfers[0].tran_id))
