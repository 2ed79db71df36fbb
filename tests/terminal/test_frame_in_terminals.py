"""The picture is right whatever a terminal goes through: stopped, written over, resized, multiplexed, given back."""

import re
import signal
from pathlib import Path

import pytest

from tests.bench.wire import COLOURS, programs, started
from tests.emulator import Cell, Emulator
from tests.terminal.conftest import OpenPty, Pty, Terminal, Tmux
from tests.terminal.test_demo_in_tmux import quoted
from tests.waiting import wait_for

_REPAINT = "\x0c"
_MOST_OF_A_TRANSFER = 4_200
"""Bytes: about 3,500, and 3,900 where the exchange takes its time."""


@pytest.fixture
def demo(open_pty: OpenPty, shunter: list[str], environment: dict[str, str]) -> Pty:
    """The demo in a pty, its wallets read."""
    pty = open_pty([*shunter, "--demo"], environment)
    wait_until_read(pty)
    return pty


def wait_until_read(terminal: Terminal) -> None:
    """Wait until all wallets are there."""
    terminal.wait_for("13 assets", "No transfers yet", "F1 Help")
    wait_for(lambda: "..." not in terminal.screen())


def without_clock(screen: str) -> list[str]:
    """The screen without the line that the clock is in."""
    return screen.splitlines()[1:]


def test_stopped_and_continued_it_paints_everything(demo: Pty) -> None:
    before = without_clock(demo.screen())
    demo.signal(signal.SIGTSTP)
    wait_for(lambda: demo.screen() and b"\x1b[?1049l" in demo.written)
    wait_for(lambda: ") T " in Path(f"/proc/{demo.pid}/stat").read_text())
    demo._show(b"\x1b[m\x1b[2J\x1b[Hwhat the shell wrote")
    demo.signal(signal.SIGCONT)
    wait_for(lambda: without_clock(demo.screen()) == before)


def test_written_over_it_is_painted_again_at_ctrl_l(demo: Pty) -> None:
    before = without_clock(demo.screen())
    demo._show(b"\x1b[m\x1b[2J\x1b[Hwhat another program wrote")
    assert without_clock(demo.screen()) != before
    demo.type(_REPAINT)
    wait_for(lambda: without_clock(demo.screen()) == before)


def test_it_leaves_no_colour_behind(demo: Pty) -> None:
    demo.type("\x11")
    assert demo.wait_for_end() == 0
    assert re.findall(rb"\x1b\[([0-9;]*)m", demo.written)[-1] == b""


def test_a_transfer_writes_little() -> None:
    shunter = next(programs(rounds=1))
    with started(shunter, (80, 24), COLOURS["256"]) as terminal:
        terminal.wait_for(shunter.ready)
        terminal.settle()
        written = [(key.measure, terminal.press(key.keys, key.until).bytes) for key in shunter.keys if key.is_transfer]
    assert sum(each for _, each in written) <= _MOST_OF_A_TRANSFER, written


@pytest.mark.parametrize("size", ["120x40", "64x20", "80x24"])
def test_resized_it_shows_what_it_does_without_the_frame(tmux: Tmux, shunter: list[str], size: str) -> None:
    columns, rows = size.split("x")

    def start(frame: str) -> None:
        tmux.type(f"clear; SHUNTER_FRAME={frame} {quoted(shunter)} --demo\n")
        wait_until_read(tmux)

    tmux.run("resize-window", "-x", columns, "-y", rows)
    start("off")
    expected = without_clock(tmux.screen())
    tmux.type("\x11")
    wait_for(lambda: tmux.value("alternate_on") == "0")
    start("on")
    tmux.run("resize-window", "-x", "100", "-y", "30")
    tmux.run("resize-window", "-x", columns, "-y", rows)
    wait_for(lambda: without_clock(tmux.screen()) == expected)


def picture(pty: Pty) -> list[list[Cell]]:
    """What it shows, but for the line with the clock."""
    pty.screen()
    terminal = Emulator(80, 24)
    terminal.feed(pty.written)
    return terminal.picture()[1:]


def look_of(shown: list[list[Cell]], name: str) -> object:
    """How a label is drawn."""
    for row in shown:
        at = "".join(str(cell[0]) for cell in row).find(f" {name} ")
        if at >= 0:
            return row[at + 1][1:]
    return None


def wait_for_focus(pty: Pty, name: str, other: str) -> None:
    """Wait until the label of what has the focus is a badge, and another one is not."""
    wait_for(lambda: look_of(picture(pty), name) != look_of(picture(pty), other))


def test_tmux_shows_the_same_with_the_frame_and_without(
    open_pty: OpenPty, shunter: list[str], environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "tmux.conf").write_text("set -g status off\n")
    seen: list[list[list[Cell]]] = []
    for frame in ("off", "on"):
        socket = f"{environment['XDG_RUNTIME_DIR']}/{frame}"
        command = ["tmux", "-f", str(tmp_path / "tmux.conf"), "-S", socket, "new-session", f"{quoted(shunter)} --demo"]
        pty = open_pty(command, environment | {"SHUNTER_FRAME": frame})
        wait_until_read(pty)
        pty.type("\x1b[B\t3U")
        pty.wait_for("Funding  ", "FDUSD")
        wait_for_focus(pty, "Asset", "Amount")
        seen.append(picture(pty))
        pty.type("\x1b\x11")
        pty.wait_for_end()
    assert seen[0] == seen[1]
