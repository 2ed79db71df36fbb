"""Whatever the terminal is, and does: the program is at home in it, and gives it back."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.terminal.conftest import Environment, OpenPty, Pty, Tmux
from tests.waiting import LIMIT_S, wait_for

ENDING = [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM]
ALTERNATE, WRAP, CURSOR = 1049, 7, 25
AS_IT_WAS = {WRAP, CURSOR}

OpenDemo = Callable[..., Pty]


@pytest.fixture
def open_demo(open_pty: OpenPty, shunter: list[str], environment: Environment) -> OpenDemo:
    """Opens the demo, its wallets read, in a terminal that the environment tells more of."""

    def opened(*arguments: str, **variables: str) -> Pty:
        pty = open_pty([*shunter, "--demo", *arguments], environment | variables)
        pty.wait_for("13 assets")
        return pty

    return opened


@pytest.mark.parametrize("ending", ENDING, ids=lambda ending: ending.name)
def test_a_signal_ends_it_with_the_terminal_as_it_was(ending: signal.Signals, open_demo: OpenDemo) -> None:
    demo = open_demo()
    assert ALTERNATE in demo.modes
    demo.signal(ending)
    assert demo.wait_for_signal() == ending
    wait_for(lambda: demo.modes == AS_IT_WAS)


@pytest.mark.parametrize("ending", ENDING, ids=lambda ending: ending.name)
def test_a_shell_has_its_terminal_and_the_status_after_a_signal(
    ending: signal.Signals, tmux: Tmux, shunter: list[str], tmp_path: Path
) -> None:
    program = " ".join(shunter)
    tmux.type(f"stty -a > before; sh -c 'echo $$ > pid; exec {program} --demo'\n")
    tmux.wait_for("13 assets")
    os.kill(int((tmp_path / "pid").read_text()), ending)
    modes = ("alternate_on", "mouse_any_flag", "cursor_flag", "wrap_flag")
    wait_for(lambda: [tmux.value(mode) for mode in modes] == ["0", "0", "1", "1"])
    tmux.type("echo status $?; stty -a > after; echo over\n")
    tmux.wait_for(f"status {128 + ending}", "\nover")
    assert (tmp_path / "after").read_text() == (tmp_path / "before").read_text()


@pytest.mark.parametrize("ending", ENDING, ids=lambda ending: ending.name)
def test_a_signal_ends_it_in_a_terminal_that_reads_nothing(ending: signal.Signals, open_demo: OpenDemo) -> None:
    demo = open_demo()
    demo.leave_unread()
    demo.type("\t\t\t")
    demo.signal(ending)
    assert demo.wait_for_signal() == ending
    wait_for(lambda: demo.modes == AS_IT_WAS)


def test_it_can_be_quit_in_a_terminal_that_reads_nothing(open_demo: OpenDemo) -> None:
    demo = open_demo()
    demo.leave_unread()
    demo.type("\x11")
    assert demo.wait_for_signal() is None
    wait_for(lambda: demo.modes == AS_IT_WAS)


NO_TEXT = {
    "Latin-1": "Grüße, Señor".encode("latin-1"),
    "GB18030": "币安人生".encode("gb18030"),
    "X10 mouse": b"\x1b[M \xff\xb0",
    "every byte": bytes(byte for byte in range(0x80, 0x100)),
}


@pytest.mark.parametrize("data", NO_TEXT.values(), ids=NO_TEXT)
def test_bytes_that_are_no_text_do_not_end_it(data: bytes, open_demo: OpenDemo) -> None:
    demo = open_demo()
    demo.type("\t\t")
    demo.send(data)
    demo.send(data + b"\x15")  # Ctrl+U: whatever it began is over
    demo.type("USDT\t3")
    demo.wait_for("of 1,250.00 USDT")
    demo.type("\x11")
    assert demo.wait_for_end() == 0
    assert b"Traceback" not in demo.written


CLOSED = {
    "input": (["--demo"], "<&-", 1, "needs a terminal"),
    "output": (["--demo"], ">&-", 1, "Standard output is closed"),
    "output of a command": (["journal"], ">&-", 1, "Standard output is closed"),
    "input of a command": (["keys", "add", "main"], "<&-", 1, "no terminal to type a key into"),
    "input of a question": (["keys", "remove", "main"], "<&-", 2, "no terminal to ask on"),
}


@pytest.mark.parametrize(("arguments", "closing", "status", "words"), CLOSED.values(), ids=CLOSED)
def test_a_closed_stream_is_told_in_one_line(
    arguments: list[str], closing: str, status: int, words: str, shunter: list[str], environment: Environment
) -> None:
    command = ["sh", "-c", f'"$@" {closing}', "sh", *shunter, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (status, "", 1)
    assert words in done.stderr


def test_without_a_terminal_it_says_how_ssh_gives_one(shunter: list[str], environment: Environment) -> None:
    done = subprocess.run([*shunter, "--demo"], env=environment, stdin=subprocess.DEVNULL, capture_output=True)
    assert b"ssh -t" in done.stderr
