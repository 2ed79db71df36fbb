"""Whatever the terminal is, and does: the program is at home in it, and gives it back."""

import base64
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyte
import pytest

from tests.terminal.conftest import Environment, OpenPty, Pty, Tmux
from tests.waiting import LIMIT_S, wait_for
from tui.words.outcomes import WHAT_UNKNOWN_MEANS

ENDING = [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM]
ALTERNATE, WRAP, CURSOR = 1049, 7, 25
AS_IT_WAS = {WRAP, CURSOR}

_GO_TO, _CLEAR = "\x0f", "\x15"
"""Ctrl+O and Ctrl+U."""

OpenDemo = Callable[..., Pty]


@pytest.fixture
def open_demo(open_pty: OpenPty, shunter: list[str], environment: Environment) -> OpenDemo:
    """Opens the demo, its wallets read, in a terminal that the environment tells more of."""

    def opened(*arguments: str, **variables: str) -> Pty:
        pty = open_pty([*shunter, "--demo", *arguments], environment | variables)
        pty.wait_for("13 assets")
        return pty

    return opened


@pytest.mark.parametrize("ending", [*ENDING, signal.SIGALRM, signal.SIGUSR1], ids=lambda ending: ending.name)
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


def test_a_signal_while_it_quits_leaves_the_terminal_as_it_was(open_demo: OpenDemo) -> None:
    demo = open_demo()
    demo.leave_unread()
    was_silent = demo.is_silent
    demo.type("\x11")
    wait_for(lambda: demo.is_silent != was_silent)  # the modes are given back; the rest waits for the terminal
    demo.signal(signal.SIGTERM)
    # On a busy machine it may have waited long enough for the terminal, and quit, before the signal comes.
    assert demo.wait_for_signal() in (signal.SIGTERM, None)
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


def test_bytes_that_are_no_text_do_not_end_it(open_demo: OpenDemo) -> None:
    demo = open_demo()
    demo.type("\t\tUSDT")
    for amount, (name, data) in enumerate(NO_TEXT.items(), start=31):
        demo.type(f"{_GO_TO}a{_CLEAR}")
        demo.wait_for("e.g. USDT")
        demo.send(data)
        demo.send(data + _CLEAR.encode())  # whatever it began is over
        demo.type(f"USDT\t{_CLEAR}{amount}")
        assert re.search(rf"Amount +{amount} ", demo.wait_for("of 1,250.00 USDT", f" {amount} ")), name
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


@pytest.fixture
def inside(open_pty: OpenPty, shunter: list[str], environment: Environment) -> Callable[[list[str]], Pty]:
    """Opens the demo in what runs in a terminal and is one itself, and fills the form."""

    def opened(command: list[str]) -> Pty:
        variables = {"SCREENDIR": environment["XDG_RUNTIME_DIR"], "SHELL": "/bin/sh"}
        pty = open_pty([*command, *shunter, "--demo", "--asset", "USDT", "--amount", "1"], environment | variables)
        pty.wait_for("of 1,250.00 USDT")
        return pty

    return opened


def need(program: str) -> None:
    """Skip the test where a program is not installed, but not in CI."""
    if not shutil.which(program) and "CI" not in os.environ:
        pytest.skip(f"{program} is not installed")


def in_tmux(folder: Path, option: str) -> list[str]:
    """tmux with one option, which ends with its terminal."""
    need("tmux")
    (folder / "tmux.conf").write_text(f"set -g status off\nset -s exit-unattached on\n{option}\n")
    return ["tmux", "-S", str(folder / "tmux"), "-f", str(folder / "tmux.conf"), "new-session"]


def in_screen(folder: Path) -> list[str]:
    """GNU screen, which ends with its terminal."""
    need("screen")
    (folder / "screenrc").write_text("startup_message off\nautodetach off\n")
    return ["screen", "-c", str(folder / "screenrc")]


@pytest.mark.parametrize("option", ["set -g allow-passthrough on", "set -s set-clipboard on"])
def test_a_tran_id_comes_through_tmux_to_the_clipboard_of_the_terminal(
    option: str, inside: Callable[[list[str]], Pty], tmp_path: Path
) -> None:
    terminal = inside(in_tmux(tmp_path, option))
    asked = base64.b64encode(terminal.copy_tran_id().encode())
    wait_for(lambda: terminal.screen() and asked in terminal.written)


def test_a_tran_id_comes_through_screen_to_the_clipboard_of_the_terminal(
    inside: Callable[[list[str]], Pty], tmp_path: Path
) -> None:
    terminal = inside(in_screen(tmp_path))
    asked = b"\x1b]52;c;" + base64.b64encode(terminal.copy_tran_id().encode())
    wait_for(lambda: terminal.screen() and asked in terminal.written)


def wait_until_gone(terminal: Pty, words: str) -> None:
    wait_for(lambda: words not in terminal.screen())


def test_each_dialog_is_left_by_a_key_that_screen_does_not_hold_back(
    inside: Callable[[list[str]], Pty], tmp_path: Path
) -> None:
    terminal = inside(in_screen(tmp_path))
    for opening, shown, leaving in [
        ("\x12", "Esc  Back", "q"),  # review
        ("\x07", "Esc or q  close", "q"),  # help
        ("\x14", "n: what may be missing", "q"),  # history
        ("\x10", "Esc or ^P  close", "\x10"),  # palette
        ("\x0b", "Key for this session only     Esc  Close", "q"),  # keys
    ]:
        terminal.type(opening)
        terminal.wait_for(shown)
        terminal.type(leaving)
        wait_until_gone(terminal, shown)
    terminal.type("\x0bs")  # a key for this session: there may be no keyring here for another
    terminal.wait_for("Esc or ^C  Cancel")
    terminal.type("\tq")  # in a field it is text
    terminal.wait_for("*")
    terminal.type("\x03")
    wait_until_gone(terminal, "Esc or ^C  Cancel")


FEW_COLOURS = {
    **{term: {"TERM": term} for term in ("xterm", "linux", "screen", "vt220", "rxvt-unicode")},
    "no colour": {"TERM": "xterm", "NO_COLOR": "1"},
    "no colour of many": {"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"},
}

XTERM = {
    "black": 0x000000,
    "red": 0xCD0000,
    "green": 0x00CD00,
    "brown": 0xCDCD00,
    "blue": 0x0000EE,
    "magenta": 0xCD00CD,
    "cyan": 0x00CDCD,
    "white": 0xE5E5E5,
}
"""Its darker eight colours, by pyte's names; no others are written."""


def brightness(colour: int) -> float:
    """The relative luminance, as WCAG has it."""
    parts = [(colour >> shift & 255) / 255 for shift in (16, 8, 0)]
    red, green, blue = (part / 12.92 if part <= 0.04 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def is_legible(cell: pyte.screens.Char) -> bool:
    """Whether a character stands out from its ground."""
    pen = XTERM["white" if cell.fg == "default" else cell.fg]
    ground = XTERM["black" if cell.bg == "default" else cell.bg]
    darker, lighter = sorted([brightness(pen), brightness(ground)])
    return cell.data == " " or (lighter + 0.05) / (darker + 0.05) >= 3


def illegible(terminal: Pty) -> list[str]:
    """The lines of what cannot be read."""
    rows = ("".join(cell.data for cell in row if not is_legible(cell)) for row in terminal.cells())
    return [row for row in rows if row]


@pytest.mark.parametrize("variables", [*FEW_COLOURS.values(), {}], ids=[*FEW_COLOURS, "xterm-256color"])
def test_everything_can_be_read_and_focus_and_edges_are_seen_in_few_colours(
    variables: dict[str, str], open_demo: OpenDemo
) -> None:
    demo = open_demo(**variables)
    demo.wait_for("e.g. USDT", "m all", "DEMO")
    if variables:  # the others' colours are not XTERM's
        assert_the_focus_is_seen_without_colours(demo)
        assert_everything_can_be_read_and_a_dialog_has_an_edge(demo)


def assert_everything_can_be_read_and_a_dialog_has_an_edge(demo: Pty) -> None:
    """On the form, at a wallet's holdings, and in the review."""
    assert illegible(demo) == []
    demo.type("\t\tbn\x1b[B")
    demo.wait_for("BNB available", "BNB                3.51870012")
    assert illegible(demo) == []
    demo.type("\t1\r")
    lines = demo.wait_for("y  Send", "DEMO").splitlines()
    assert illegible(demo) == []

    strip = next(at for at, line in enumerate(lines) if line.startswith(" REVIEW "))
    assert all(cell.underscore or cell.reverse or cell.bold for cell in demo.cells()[strip][1:7])


def assert_the_focus_is_seen_without_colours(demo: Pty) -> None:
    """At each stop, and at no other then."""
    stops = ["FROM", "TO", "Asset", "Amount", "SESSION"]
    for name in stops:
        wait_until_marked(demo, name)
        assert not {*stops} & {*marked(demo)} - {name}
        demo.type("\t")
    wait_until_marked(demo, stops[0])


def wait_until_marked(terminal: Pty, word: str) -> None:
    wait_for(lambda: word in marked(terminal))


def marked(terminal: Pty) -> list[str]:
    """The words that are reversed, above the footer."""
    rows = terminal.cells()[:-1]
    texts = ("".join(cell.data if cell.reverse else " " for cell in row) for row in rows)
    return " ".join(texts).split()


@pytest.mark.parametrize("variables", [{"TERM": "xterm", "NO_COLOR": "1"}, {"NO_COLOR": "1"}], ids=str)
def test_no_colour_is_none(variables: dict[str, str], open_demo: OpenDemo) -> None:
    demo = open_demo(**variables)
    assert {(cell.fg, cell.bg) for row in demo.cells() for cell in row} == {("default", "default")}


def scroll(demo: Pty) -> None:
    """Have the help go down by a line."""
    before = demo.screen()
    demo.type("\x1b[B")
    wait_for(lambda: demo.screen() != before)


def test_all_of_the_help_can_be_read(open_demo: OpenDemo) -> None:
    demo = open_demo()
    for rows, columns in [(24, 80), (20, 70), (16, 60)]:
        demo.resize(rows, columns)
        demo.type("\x07")
        seen = demo.wait_for("HELP", "Esc or q  close")
        while WHAT_UNKNOWN_MEANS[-30:] not in " ".join(seen.split()):
            scroll(demo)
            seen = demo.screen() + seen
        words = " ".join(seen.split())
        for line in ("then review and send.", "out of reach", "Esc undoes", "can be moved", "copy its tranId"):
            assert line in words, (rows, columns)
        demo.type("q")
        wait_until_gone(demo, "Esc or q  close")


def test_a_terminal_that_is_too_small_is_told_so_once(open_demo: OpenDemo) -> None:
    demo = open_demo("--amount", "1")
    demo.type("\t\tUSDT\r")
    demo.wait_for("y  Send")
    demo.resize(14, 50)
    demo.wait_for("too small")
    wait_until_gone(demo, "y  Send")
    assert demo.screen().count("Make it") == 1
