"""The real program with its own home folder and terminal, and a real GNOME Keyring in its own D-Bus session."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import termios
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import pexpect
import pyte
import pytest

import tui
from tests.waiting import LIMIT_S, wait_for
from tui.domain.wallets import TransferType

PASSPHRASE = "correct horse"

_REVIEW, _SWAP, _GO_TO, _CLEAR = "\x12", "\x18", "\x0f", "\x15"
"""Ctrl+R, Ctrl+X, Ctrl+O and Ctrl+U."""

_ASK_FOR_FRAMES, _HAS_FRAMES = b"\x1b[?2026$p", "\x1b[?2026;2$y"
_FRAME, _FRAME_OVER = b"\x1b[?2026h", b"\x1b[?2026l"
"""Synchronised output: a terminal shows what is between the two at once."""

WHOLE_TEXTS = {"SHUNTER_FRAME": "off"}
"""For tests that search the whole output: Textual's own output contains each text in one piece."""

Environment = dict[str, str]
End = tuple[str, str | None]
"""The digit of a wallet, and its pair."""
_T = TypeVar("_T")


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    """Return the environment of a fresh login over SSH, without this machine's session or user."""
    code = os.pathsep.join(filter(None, [str(Path(tui.__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    # For sockets, whose paths must be short.
    with tempfile.TemporaryDirectory(prefix="shunter-") as runtime:
        yield {
            "HOME": str(tmp_path),
            "XDG_CONFIG_HOME": str(tmp_path / ".config"),
            "XDG_DATA_HOME": str(tmp_path / ".local/share"),
            "XDG_STATE_HOME": str(tmp_path / ".local/state"),
            "XDG_CACHE_HOME": str(tmp_path / ".cache"),
            "XDG_RUNTIME_DIR": runtime,
            "PATH": os.environ["PATH"],
            "PYTHONPATH": code,
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
        }


_REST_S = 0.8


@dataclass
class GnomeKeyring:
    """A GNOME Keyring that can be locked by logging out, and unlocked by logging in."""

    environment: Environment
    """The environment of a program in its D-Bus session."""
    _daemon: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def log_in(self, passphrase: str | None = PASSPHRASE) -> None:
        """Start the daemon. With a passphrase it unlocks the login keyring, or creates it; without, it stays locked."""
        self._daemon = subprocess.Popen(
            [
                "gnome-keyring-daemon",
                "--foreground",
                "--components=secrets",
                *(["--unlock"] if passphrase is not None else []),
            ],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert self._daemon.stdin
        self._daemon.stdin.write((passphrase or "").encode())
        self._daemon.stdin.close()
        wait_for(self._serves)

    def log_out(self) -> None:
        """End the daemon: then the keyring is only on disk."""
        if self._daemon:
            self._daemon.terminate()
            self._daemon.wait(LIMIT_S)
            self._daemon = None

    def _serves(self) -> bool:
        answer = subprocess.run(
            [
                "dbus-send",
                "--session",
                "--print-reply",
                "--dest=org.freedesktop.DBus",
                "/org/freedesktop/DBus",
                "org.freedesktop.DBus.NameHasOwner",
                "string:org.freedesktop.secrets",
            ],
            env=self.environment,
            capture_output=True,
            check=True,
        )
        return b"boolean true" in answer.stdout


@pytest.fixture
def gnome_keyring(environment: Environment) -> Iterator[GnomeKeyring]:
    """Return an unlocked GNOME Keyring."""
    if not shutil.which("gnome-keyring-daemon") and "CI" not in os.environ:
        pytest.skip("gnome-keyring-daemon is not installed")
    address = f"unix:path={environment['XDG_RUNTIME_DIR']}/bus"
    with subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={address}", "--print-address"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as bus:
        assert bus.stdout
        assert bus.stdout.readline()  # it listens
        keyring = GnomeKeyring(environment | {"DBUS_SESSION_BUS_ADDRESS": address})
        try:
            keyring.log_in()
            yield keyring
        finally:
            keyring.log_out()
            bus.terminate()


@pytest.fixture
def shunter() -> list[str]:
    """Return the command that runs the real program."""
    return [sys.executable, "-m", "tui"]


class Terminal(ABC):
    """A terminal in which a person types and reads."""

    @abstractmethod
    def type(self, keys: str) -> None:
        """Press keys."""

    @abstractmethod
    def screen(self) -> str:
        """Return the text on the screen."""

    def wait_for(self, *texts: str) -> str:
        """Return the screen once all these texts are on it; fail, with the screen, if they never are."""
        return self._wait(lambda screen: screen if all(text in screen for text in texts) else None, texts)

    def wait_until(self, is_so: Callable[[str], bool]) -> None:
        """Wait until the screen fulfils a condition; fail, with the screen, if it never does."""
        self._wait(lambda screen: is_so(screen) or None, "expected picture")

    def wait_for_tran_id(self) -> str:
        """Return the tranId on the result screen."""
        return self.find(r"tranId +([0-9]{8,})")[1]

    def copy_tran_id(self) -> str:
        """Send the transfer in the form, copy its tranId, and return it. No text says "copied": nobody knows."""
        self.type("\x12")
        self.wait_for("y  Send")
        self.type("y")
        tran_id = self.wait_for_tran_id()
        self.type("c")
        self.wait_for("Sent to the terminal", f"tranId {tran_id}")
        assert "copied" not in self.screen()
        return tran_id

    def find(self, pattern: str) -> re.Match[str]:
        """Return a match on the screen once there is one; fail, with the screen, if there never is."""
        return self._wait(lambda screen: re.search(pattern, screen), pattern)

    def _wait(self, find: Callable[[str], _T | None], name: object) -> _T:
        deadline = time.monotonic() + LIMIT_S
        while (match := find(screen := self.screen())) is None:
            assert time.monotonic() < deadline, f"no {name} on the screen:\n{screen}"
            time.sleep(0.02)
        return match


class Pty(Terminal):
    """A program in a pseudo-terminal of 80 by 24, with everything that it wrote there."""

    def __init__(self, command: list[str], environment: Environment) -> None:
        self.written = b""
        self._unshown = b""
        self._text: str | None = None
        """The screen as text, until something is written: it is expensive to make."""
        self._screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self._screen)
        self._process = pexpect.spawn(command[0], command[1:], env=environment, dimensions=(24, 80))
        self.pid: int = self._process.pid

    def type(self, keys: str) -> None:
        """Press keys, all in one packet; pause before a single answer, as a person does."""
        _pause_before(keys)
        self._process.send(keys)

    def send(self, data: bytes) -> None:
        """Send bytes as a terminal may, all in one packet."""
        self._process.send(data)

    def screen(self) -> str:
        """Return the text on the screen."""
        self._read()
        if self._text is None:
            self._text = "\n".join(self._screen.display)
        return self._text

    def cells(self) -> list[list[pyte.screens.Char]]:
        """Return the cells of the screen, with their attributes."""
        self._read()
        rows, columns = self._screen.lines, self._screen.columns
        return [[self._screen.buffer[row][column] for column in range(columns)] for row in range(rows)]

    def wait_for_end(self) -> int | None:
        """Return the program's exit status once it has ended; None if a signal ended it."""
        wait_for(lambda: not self._read())
        self._process.close()
        status: int | None = self._process.exitstatus
        return status

    def wait_for_signal(self) -> int | None:
        """Return the signal that ended the program once it has ended, without reading its output before."""
        wait_for(lambda: not self._process.isalive())
        number: int | None = self._process.signalstatus
        return number

    @property
    def modes(self) -> set[int]:
        """The numbers of the private modes that are set."""
        self._read()
        return {mode >> 5 for mode in self._screen.mode if not mode & 31}

    @property
    def is_silent(self) -> bool:
        """Whether the terminal itself does not show what is typed."""
        return not termios.tcgetattr(self._process.fileno())[3] & termios.ECHO

    def turn_echo_on(self) -> None:
        """Let the terminal show what is typed, as a shell does when a job has stopped."""
        modes = termios.tcgetattr(self._process.fileno())
        modes[3] |= termios.ECHO
        termios.tcsetattr(self._process.fileno(), termios.TCSANOW, modes)

    def leave_unread(self) -> None:
        """Fill the line until it takes no more, as if nobody read at its other end."""
        line = os.open(Path(f"/proc/{self.pid}/fd/0").readlink(), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(line, bytes(1024))
        os.close(line)

    def resize(self, rows: int, columns: int) -> None:
        """Make the terminal larger or smaller."""
        self._process.setwinsize(rows, columns)
        self._screen.resize(rows, columns)

    def signal(self, number: int) -> None:
        """Send the program a signal."""
        self._process.kill(number)

    def hang_up(self) -> None:
        """Lose the line, as when an SSH connection breaks."""
        self._process.ptyproc.fileobj.close()

    def kill(self) -> None:
        """End the program, if it still runs."""
        self._process.close(force=True)

    def _read(self) -> bool:
        """Read what was written; whether there may be more."""
        try:
            written = self._process.read_nonblocking(65536, timeout=0.02)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.written += written
        if _ASK_FOR_FRAMES in written:
            self._process.send(_HAS_FRAMES)
        self._show(self._unshown + written)
        return True

    def _show(self, written: bytes) -> None:
        """Show what was written, up to a picture whose end is still to come."""
        self._text = None
        begun = written.rfind(_FRAME)
        whole = len(written) if _FRAME_OVER in written[begun:] or begun < 0 else begun
        self._unshown = written[whole:]
        # pyte takes the end of what turns the Kitty keyboard protocol on and off for text.
        self._stream.feed(re.sub(rb"\x1b\[[<>=][0-9;]*u", b"", written[:whole]))


OpenPty = Callable[[list[str], Environment], Pty]


@dataclass
class Tmux(Terminal):
    """A private tmux with one pane of 80 by 24."""

    socket: Path
    environment: Environment

    def run(self, *command: str) -> str:
        """Run a command of tmux, and return its output."""
        done = subprocess.run(
            ["tmux", "-S", self.socket, "-f", "/dev/null", *command],
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def type(self, keys: str) -> None:
        """Press keys; pause before a single answer, as a person does."""
        _pause_before(keys)
        self.run("send-keys", "-l", keys)

    def screen(self) -> str:
        """Return the text in the pane."""
        return self.run("capture-pane", "-p")

    def value(self, name: str) -> str:
        """Return a variable of the pane."""
        return self.run("display-message", "-p", f"#{{{name}}}").strip()


def _pause_before(keys: str) -> None:
    """Pause before an answer: it is dropped right behind a burst of keys, as a person reads first."""
    if keys in ("y", "d", "w"):
        time.sleep(_REST_S)


@pytest.fixture
def open_pty() -> Iterator[OpenPty]:
    """Start programs in pseudo-terminals; they end with the test."""
    with ExitStack() as opened:

        def start(command: list[str], environment: Environment) -> Pty:
            pty = Pty(command, environment)
            opened.callback(pty.kill)
            return pty

        yield start


@pytest.fixture
def tmux(environment: Environment, tmp_path: Path) -> Iterator[Tmux]:
    """Return a tmux whose pane runs a shell in the home folder."""
    if not shutil.which("tmux") and "CI" not in os.environ:
        pytest.skip("tmux is not installed")
    pane = Tmux(Path(environment["XDG_RUNTIME_DIR"]) / "tmux", environment)
    pane.run("new-session", "-d", "-x", "80", "-y", "24", "-c", str(tmp_path), "exec sh")
    try:
        pane.run("set-option", "status", "off")
        yield pane
    finally:
        pane.run("kill-server")


@dataclass(frozen=True)
class Move:
    """A move in the new account of the demo, made with the keyboard."""

    type: TransferType
    source: str
    """The digit of the wallet in its list."""
    destination: str
    source_transferable: Decimal
    """In USDT, before the transfer."""
    destination_transferable: Decimal
    from_pair: str | None = None
    to_pair: str | None = None
    amount: Decimal = Decimal("7.25")

    @property
    def pairs(self) -> list[str]:
        """The pairs to type, in this order."""
        return [pair for pair in (self.from_pair, self.to_pair) if pair]

    @property
    def ends(self) -> tuple[End, End]:
        """Source and destination."""
        return (self.source, self.from_pair), (self.destination, self.to_pair)

    def make(self, terminal: Terminal) -> int:
        """Make it in a newly opened app, check its tranId in the list and both balances, and return the tranId."""
        terminal.wait_for("13 assets")  # the wallets are read
        for digit, pair in self.ends:
            terminal.type(digit + (f"{pair}\t" if pair else ""))
        terminal.wait_for(f"{self.type.name} ")
        terminal.type(f"USDT\t{self.amount}")
        return self._send(terminal, self.source_transferable, self.destination_transferable)

    def make_after(self, earlier: Counter[End], terminal: Terminal) -> int:
        """Make it after other moves, and add it to `earlier`: the net number of moves to each end."""
        terminal.type(_GO_TO + "f" + self.source)
        terminal.type(_GO_TO + "t" + self.destination)
        terminal.wait_for(f"{self.type.name} ")
        for letter, pair in zip("po", (self.from_pair, self.to_pair), strict=True):
            if pair:
                terminal.type(f"{_GO_TO}{letter}{_CLEAR}{pair}")
        terminal.type(f"{_GO_TO}a{_CLEAR}USDT\t{_CLEAR}{self.amount}")
        source, destination = self.ends
        tran_id = self._send(
            terminal,
            self.source_transferable + earlier[source] * self.amount,
            self.destination_transferable + earlier[destination] * self.amount,
        )
        earlier.update({source: -1, destination: 1})
        return tran_id

    def _send(self, terminal: Terminal, source: Decimal, destination: Decimal) -> int:
        self._wait_for_transferable(terminal, source, destination)
        terminal.type(_REVIEW)
        terminal.wait_for("y  Send", self.type.name, f"{self.amount} USDT", *self.pairs)
        terminal.type("y")
        terminal.wait_for("TRANSFER DONE")
        tran_id = terminal.wait_for_tran_id()
        terminal.type("\x1b")
        terminal.find(rf"{re.escape(str(self.amount))} +USDT +done +{tran_id}")
        self._wait_for_transferable(terminal, source - self.amount, destination + self.amount)
        return int(tran_id)

    def _wait_for_transferable(self, terminal: Terminal, source: Decimal, destination: Decimal) -> None:
        """Wait for the amount that can be moved, then swap the move, wait for the other one, and swap it back."""
        self._wait_for_most(terminal, source)
        terminal.type(_SWAP)
        self._wait_for_most(terminal, destination)
        terminal.type(_SWAP)
        self._wait_for_most(terminal, source)

    def _wait_for_most(self, terminal: Terminal, most: Decimal) -> None:
        """Wait for it next to the field, or below the list with the reason why it is not all that is there."""
        terminal.wait_until(lambda screen: f"of {most:,} USDT" in screen or f" {most:,} of " in screen)


_SPOT, _FUNDING, _BTCUSDT, _ETHUSDT = (
    Decimal(transferable) for transferable in ("1250.00", "80.00", "119.97530865", "75.00")
)

MOVES = {
    "no pair": Move(TransferType.MAIN_FUNDING, "1", "2", _SPOT, _FUNDING),
    "from pair": Move(TransferType.ISOLATED_MARGIN_MAIN, "4", "1", _BTCUSDT, _SPOT, from_pair="BTCUSDT"),
    "to pair": Move(TransferType.MAIN_ISOLATED_MARGIN, "1", "4", _SPOT, _ETHUSDT, to_pair="ETHUSDT"),
    "both pairs": Move(
        TransferType.ISOLATEDMARGIN_ISOLATEDMARGIN,
        "4",
        "4",
        _ETHUSDT,
        _BTCUSDT,
        from_pair="ETHUSDT",
        to_pair="BTCUSDT",
    ),
}


@pytest.fixture(params=MOVES)
def move(request: pytest.FixtureRequest) -> Move:
    """Return a move of each kind, which differ in the pairs that they need."""
    return MOVES[request.param]
