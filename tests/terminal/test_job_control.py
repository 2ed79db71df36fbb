"""The program in a shell's job control: stopped, continued and in the background, by whomever, it stays itself."""

import ctypes
import inspect
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.drivers.linux_driver import LinuxDriver

from tests.terminal.conftest import OpenPty, Pty, Tmux
from tests.waiting import wait_for

_QUIT = "\x11"
_SCRAWL = "what another program wrote"

StartDemo = Callable[[], int]


@pytest.fixture
def start_demo(tmux: Tmux, shunter: list[str], tmp_path: Path) -> StartDemo:
    """Starts the demo from a shell, which has noted how its terminal was set; gives its process."""

    def started() -> int:
        program = " ".join(shunter)
        tmux.type("set -m; stty -a > before; clear\n")
        tmux.type(f"sh -c 'echo $$ > pid; exec {program} --demo'\n")
        tmux.wait_for("13 assets", "F1 Help")
        return int((tmp_path / "pid").read_text())

    return started


def quit_and_look(tmux: Tmux, folder: Path) -> None:
    """Quit; the shell has its terminal back as it was."""
    tmux.type(_QUIT)
    wait_for(lambda: tmux.value("alternate_on") == "0")
    tmux.type("echo status $?; stty -a > after; echo over\n")
    tmux.wait_for("status 0", "\nover")
    assert (folder / "after").read_text() == (folder / "before").read_text()


def has_stopped(pid: int) -> bool:
    """Whether a process is stopped."""
    return ") T " in Path(f"/proc/{pid}/stat").read_text()


def write_over(tmux: Tmux) -> None:
    """Write onto the screen, past the program, where it has nothing to show."""
    tmux.wait_until(lambda seen: "reading wallets" not in seen)  # or both write at once
    Path(tmux.value("pane_tty")).write_text(f"\x1b[21H{_SCRAWL}")
    tmux.wait_for(_SCRAWL)


def wait_for_home(tmux: Tmux) -> None:
    """The program has painted its picture again, and reads what is typed: each key once."""
    tmux.wait_until(lambda seen: _SCRAWL not in seen and tmux.value("alternate_on") == "1")
    tmux.wait_for("13 assets", "F1 Help")
    tmux.type("\t\tUSDT")
    tmux.wait_for("Asset    USDT ")
    tmux.type("\x15")
    tmux.wait_for("Asset    e.g. USDT")
    tmux.type("\x0ff")


def test_stopped_from_outside_it_goes_on_in_the_foreground(tmux: Tmux, start_demo: StartDemo, tmp_path: Path) -> None:
    pid = start_demo()
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: has_stopped(pid))
    tmux.type("stty sane\n")
    write_over(tmux)
    tmux.type("fg\n")
    wait_for_home(tmux)
    quit_and_look(tmux, tmp_path)


@pytest.mark.parametrize("stopping", [signal.SIGSTOP, signal.SIGTSTP], ids=lambda stopping: stopping.name)
def test_in_the_background_it_stops_again(
    stopping: signal.Signals, tmux: Tmux, start_demo: StartDemo, tmp_path: Path
) -> None:
    pid = start_demo()
    os.kill(pid, stopping)
    wait_for(lambda: has_stopped(pid))
    shown = tmux.value("alternate_on")
    tmux.type("bg; touch asked\n")
    wait_for((tmp_path / "asked").exists)
    wait_for(lambda: has_stopped(pid))
    assert tmux.value("alternate_on") == shown
    write_over(tmux)
    tmux.type("fg\n")
    wait_for_home(tmux)
    quit_and_look(tmux, tmp_path)


def test_stopped_it_is_ended_by_the_shell(tmux: Tmux, start_demo: StartDemo) -> None:
    tmux.type("exec bash --norc\n")
    pid = start_demo()
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: has_stopped(pid))
    tmux.type("kill %1\n")
    wait_for(lambda: not Path(f"/proc/{pid}").exists())


def test_continued_without_a_stop_it_gives_the_terminal_back_as_it_was(
    tmux: Tmux, start_demo: StartDemo, tmp_path: Path
) -> None:
    pid = start_demo()
    for _ in range(3):
        write_over(tmux)
        os.kill(pid, signal.SIGCONT)
        wait_for_home(tmux)
    quit_and_look(tmux, tmp_path)


def tell_another_thread(pid: int, number: int) -> None:
    """Have a signal come to another thread than the first one: the system may choose any."""
    other = next(thread for path in Path(f"/proc/{pid}/task").iterdir() if (thread := int(path.name)) != pid)
    assert ctypes.CDLL(None).tgkill(pid, other, number) == 0


@pytest.fixture
def demo(open_pty: OpenPty, shunter: list[str], environment: dict[str, str]) -> Pty:
    """The demo in a pty, with nothing to do."""
    pty = open_pty([*shunter, "--demo"], environment)
    pty.wait_for("13 assets", "F1 Help")
    wait_for(lambda: "..." not in pty.screen())
    return pty


def test_continued_it_is_there_at_once_whichever_thread_was_told(demo: Pty) -> None:
    before = len(demo.written)
    tell_another_thread(demo.pid, signal.SIGCONT)
    wait_for(lambda: demo.screen() and b"\x1b[2J" in demo.written[before:])


def test_a_signal_ends_it_at_once_whichever_thread_was_told(demo: Pty) -> None:
    tell_another_thread(demo.pid, signal.SIGTERM)
    assert demo.wait_for_signal() == signal.SIGTERM


def test_textual_still_handles_both_signals_in_one_place() -> None:
    made = inspect.getsource(LinuxDriver.__init__)
    for handled in ("signal.signal(signal.SIGTSTP, ", "signal.signal(signal.SIGCONT, "):
        assert inspect.getsource(LinuxDriver).count(handled) == made.count(handled) == 1
