"""`shunter --demo` as a person meets it: the real program in a real terminal of 80 by 24, by keyboard alone."""

import base64
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.terminal.conftest import Move, OpenPty, Pty, Tmux
from tests.waiting import LIMIT_S
from tui.domain.wallets import Wallet

Run = Callable[..., subprocess.CompletedProcess[str]]


def quoted(words: list[str]) -> str:
    return " ".join(f"'{word}'" for word in words)


@pytest.fixture
def demo(open_pty: OpenPty, shunter: list[str], environment: dict[str, str]) -> Pty:
    """The demo in a pty, its wallets read."""
    pty = open_pty([*shunter, "--demo"], environment)
    pty.wait_for("13 assets")
    return pty


@pytest.fixture
def run(shunter: list[str], environment: dict[str, str]) -> Run:
    """Run `shunter …` without a terminal."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*shunter, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )

    return run


def test_transfer_of_each_kind_goes_through_by_keyboard(tmux: Tmux, shunter: list[str], move: Move) -> None:
    assert (tmux.value("pane_width"), tmux.value("pane_height")) == ("80", "24")
    tmux.type(f"{quoted(shunter)} --demo\n")
    move.make(tmux)


def test_quitting_exits_0_and_gives_the_terminal_back(tmux: Tmux, shunter: list[str], tmp_path: Path) -> None:
    tmux.type(f"stty -a > before; {quoted(shunter)} --demo; echo status $?; stty -a > after; echo over\n")
    tmux.wait_for("13 assets")
    assert tmux.value("alternate_on") == "1"
    tmux.type("\x11")
    tmux.wait_for("status 0\nover")
    modes = ("alternate_on", "mouse_any_flag", "cursor_flag", "wrap_flag")
    assert [tmux.value(mode) for mode in modes] == ["0", "0", "1", "1"]
    assert (tmp_path / "after").read_text() == (tmp_path / "before").read_text()


PACKETS = {
    "no pair": ("51USDT\t2.5\r", ["USD-M Futures", "UMFUTURE_MAIN"]),
    "from pair": ("4BTCUSDT\t1USDT\t2.5\r", ["BTCUSDT", "ISOLATED_MARGIN_MAIN"]),
    "to pair": ("14ETHUSDT\tUSDT\t2.5\r", ["ETHUSDT", "MAIN_ISOLATED_MARGIN"]),
    "both pairs": ("4BTCUSDT\t4ETHUSDT\tUSDT\t2.5\r", ["ISOLATEDMARGIN_ISOLATEDMARGIN", "ETHUSDT"]),
    "editing keys": (
        "51USX\x7fDT\t9\x1522\x7f5\x1b[D.\r",
        ["USD-M Futures", "UMFUTURE_MAIN"],
    ),
    "suggestion": ("51usd\x1b[B\x1b[B\x1b[A\r\t2.5\r", ["USD-M Futures", "UMFUTURE_MAIN"]),
    "swap": ("15USDT\x18\t2.5\r", ["USD-M Futures", "UMFUTURE_MAIN"]),
    "a y too early": ("51USDT\t2.5\ry", ["USD-M Futures", "UMFUTURE_MAIN"]),
    "arrow keys": ("\x1b[B\x1b[B\t\x1b[B\tUSDT\t2.5\r", ["Cross Margin", "MARGIN_FUNDING"]),
}


@pytest.mark.parametrize(("keys", "facts"), PACKETS.values(), ids=PACKETS)
def test_keys_of_one_packet_land_where_each_was_meant_for(demo: Pty, keys: str, facts: list[str]) -> None:
    demo.type(keys)
    demo.wait_for("y  Send", "2.5 USDT", *facts)


def test_copied_tran_id_is_handed_to_the_terminal_and_shown_for_where_it_does_not_take_it(demo: Pty) -> None:
    demo.type("\t\tUSDT\t1")
    tran_id = demo.copy_tran_id()
    assert b"\x1b]52;c;" + base64.b64encode(tran_id.encode()) in demo.written


def test_without_a_terminal_it_says_so_in_one_line(run: Run) -> None:
    done = run("--demo")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "needs a terminal" in done.stderr


def test_terminal_that_cannot_show_it_is_told_so_in_one_line(
    open_pty: OpenPty, shunter: list[str], environment: dict[str, str]
) -> None:
    pty = open_pty([*shunter, "--demo"], environment | {"TERM": "dumb"})
    assert pty.wait_for_end() == 1
    assert pty.written.count(b"\n") == 1
    assert b"TERM" in pty.written
    assert b"\x1b" not in pty.written


MISUSE = {
    "wallet": (["--demo", "--from", "savings"], ", ".join(wallet.value for wallet in Wallet)),
    "option": (["--demo", "--coin", "USDT"], "--asset"),
    "option with a slip": (["--amont", "3"], "there is no option --amont; did you mean --amount?"),
    "command": (["move"], "keys, routes, holdings, favourites, journal, history, reconcile, rules, simulate"),
    "move": (["--demo", "--from", "pm", "--to", "pm"], "Portfolio Margin reaches: Spot"),
    "pair": (["--demo", "--from", "spot", "--from-pair", "BTCUSDT"], "takes no pair"),
    "http host": (["--base-url", "http://example.com"], "http is for this machine only"),
    "host of the demo": (["--demo", "--base-url", "https://example.com"], "--demo uses no key and no host"),
}


@pytest.mark.parametrize(("arguments", "words"), MISUSE.values(), ids=MISUSE)
def test_misuse_is_answered_with_what_would_be_right(run: Run, arguments: list[str], words: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr.replace("'", "")
    assert "Traceback" not in done.stderr
