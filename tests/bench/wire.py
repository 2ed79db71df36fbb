"""What goes over the wire, and how long a person waits for it.

    python -m tests.bench.wire [--rounds 5] [--starts 5] [--sizes 80x24 120x40] [--colours true 256 16] [--idle 10]

Side by side, in the same run: this program, the same with Textual's own output, a bare Textual app, and harlequin where
it is installed: seconds, bytes and memory to the first usable screen (started in turn, for the first start of all is
slow, the median), then keys, each with the milliseconds until the
picture begins to change, and the bytes until nothing more comes. Beside each stands what the difference of the two
pictures needs at least (`wire_floor`). A whole transfer goes from the open form to its tranId and back.
"""

import argparse
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import tui
from tests.bench.wire_floor import floor
from tests.emulator import Cell, Emulator
from tests.waiting import LIMIT_S

_QUIET_S = 0.3
_UNANSWERED_S = 2.0
"""A key without an answer for so long gets none."""
COLOURS = {
    "true": {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
    "256": {"TERM": "xterm-256color"},
    "16": {"TERM": "xterm"},
}
_QUESTIONS = re.compile(rb"\x1b\[\?2026\$p|\x1b\[([0-9]+);([0-9]+)H\x1b\[6n")
_DOWN, _UP, _REVIEW, _ESCAPE = "\x1b[B", "\x1b[A", "\x12", "\x1b"
_MEASURES = ("wallet step", "Tab", "letter of the asset", "digit", "review", "send", "close")


@dataclass(frozen=True)
class Key:
    """What is pressed, and what is on the screen then."""

    measure: str
    keys: str
    until: str = ""
    is_transfer: bool = False
    """Whether it belongs to the whole transfer."""


@dataclass(frozen=True)
class Program:
    """What is measured."""

    name: str
    command: list[str]
    usable: str
    """What is on its first usable screen."""
    ready: str
    """What is there when it has all that it shows."""
    keys: list[Key]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """What came of a key."""

    ms: float
    bytes: int
    floor: int


class Terminal:
    """A program in a pseudo-terminal of a size, which answers what a terminal is asked."""

    def __init__(self, command: list[str], environment: dict[str, str], size: tuple[int, int]) -> None:
        self.written = 0
        self.emulator = Emulator(*size)
        self._unshown: list[tuple[float, bytes]] = []
        self.pid, self._file = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
            os.execvpe(command[0], command, environment)

    def press(self, keys: str, until: str = "") -> Step:
        """Press keys, and take in what comes of it until a text is on the screen, and nothing more comes."""
        before, written = self.picture(), self.written
        pressed_s = time.perf_counter()
        os.write(self._file, keys.encode())
        changed_s = self._read(until, before) or pressed_s
        return Step((changed_s - pressed_s) * 1000, self.written - written, floor(before, self.picture()))

    def wait_for(self, text: str) -> float:
        """When a text was on the screen."""
        deadline = time.perf_counter() + LIMIT_S
        while not self._shows(text):
            assert self._take(deadline), f"no {text}"
            self._show(None)
        return time.perf_counter()

    def settle(self) -> None:
        """Take in what comes until nothing more does."""
        self._read("", None)

    def picture(self) -> list[list[Cell]]:
        """What stands on the screen."""
        return self.emulator.picture()

    def idle(self, seconds: float) -> int:
        """The bytes that come within a time."""
        before, end = self.written, time.perf_counter() + seconds
        while time.perf_counter() < end:
            self._take(end)
        self._show(None)
        return self.written - before

    def memory_kib(self) -> int:
        """What it has in memory."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+([0-9]+)", status)
        assert found
        return int(found[1])

    def end(self) -> None:
        """End the program."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._file)

    def _read(self, until: str, before: list[list[Cell]] | None) -> float:
        """When the picture was no longer the one before; 0 where it still is."""
        changed_s, began_s = 0.0, time.perf_counter()
        while True:
            if self._take(time.perf_counter() + _QUIET_S):
                continue
            shown_s = self._show(before)
            changed_s = changed_s or shown_s
            now_s = time.perf_counter()
            if self._shows(until) and (changed_s or now_s > began_s + _UNANSWERED_S):
                return changed_s
            assert now_s < began_s + LIMIT_S, f"no {until}:\n" + "\n".join(self.emulator.display)

    def _take(self, end_s: float) -> bool:
        """Whether something came before the end. It is shown later: that takes longer than to make it."""
        if not select.select([self._file], [], [], max(0, end_s - time.perf_counter()))[0]:
            return False
        came_s, data = time.perf_counter(), os.read(self._file, 1 << 16)
        self.written += len(data)
        self._unshown.append((came_s, data))
        for asked in _QUESTIONS.finditer(data):
            answer = b"\x1b[%b;%bR" % asked.groups() if asked[1] else b"\x1b[?2026;2$y"
            os.write(self._file, answer)
        return True

    def _show(self, before: list[list[Cell]] | None) -> float:
        """Put on the screen what came; when it was no longer the picture before."""
        changed_s = 0.0
        for came_s, data in self._unshown:
            self.emulator.feed(data)
            if not changed_s and before is not None and self.picture() != before:
                changed_s = came_s
        self._unshown.clear()
        return changed_s

    def _shows(self, text: str) -> bool:
        return not text or text in "\n".join(self.emulator.display)


def programs(rounds: int) -> Iterator[Program]:
    """What is there to measure."""
    steps = [Key("wallet step", key) for key in (_DOWN, _DOWN, _UP, _UP)]
    tabs = [Key("Tab", "\t")] * 8
    digits = [Key("digit", digit) for digit in "123456"]
    shunter = [*steps, *(key for n in range(rounds) for key in _transfer(n)), *tabs]
    command = [sys.executable, "-m", "tui", "--demo"]
    yield Program("Shunter", command, "e.g. USDT", "13 assets", shunter)
    yield Program("frame off", command, "e.g. USDT", "13 assets", shunter, {"SHUNTER_FRAME": "off"})
    bare = [sys.executable, "-m", "tests.bench.wire_bare"]
    yield Program("bare app", bare, "Ready", "Ready", [*steps, *tabs[:2], *digits, *tabs])
    if harlequin := shutil.which("harlequin"):
        yield Program("harlequin", [harlequin, ":memory:"], "Run Query", "Run Query", [*digits, *tabs])


def _transfer(n: int) -> Iterator[Key]:
    """The first fills the whole form, the others the amount; no two alike, for the program would ask."""
    is_first = n == 0
    if is_first:
        yield from (Key("Tab", "\t", is_transfer=True), Key("Tab", "\t", is_transfer=True))
        yield from (Key("letter of the asset", letter, is_transfer=True) for letter in "USDT")
        yield Key("Tab", "\t", is_transfer=True)
    yield from (Key("digit", digit, is_transfer=is_first) for digit in f"{n + 1}.5")
    yield Key("review", _REVIEW, "y  Send", is_transfer=is_first)
    yield Key("send", "y", "TRANSFER DONE", is_transfer=is_first)
    yield Key("close", _ESCAPE, "e.g. 12.5", is_transfer=is_first)


@dataclass
class Measured:
    """What came of a program."""

    start_s: float
    start: Step
    memory_kib: int
    steps: dict[str, list[Step]]
    transfer: Step
    idle_bytes: int

    def cell(self, measure: str) -> str:
        """What the table says of a measure."""
        match measure:
            case "start":
                return f"{self.start_s:6.2f} s {self.memory_kib / 1024:5.0f} MB {_bytes(self.start)}"
            case "transfer":
                return f"{_bytes(self.transfer):>32}" if self.transfer.bytes else ""
            case "idle":
                return f"{self.idle_bytes:>24} B"
        if not (steps := self.steps.get(measure)):
            return ""
        ms = [step.ms for step in steps]
        slow = statistics.quantiles(ms, n=20, method="inclusive")[-1] if len(ms) > 1 else ms[0]
        median = sorted(steps, key=lambda step: step.bytes)[len(steps) // 2]
        return f"{statistics.median(ms):5.0f} {slow:5.0f} ms {_bytes(median)}"


def _bytes(step: Step) -> str:
    return f"{step.bytes:7,} B ({step.floor:5,})"


@contextmanager
def started(program: Program, size: tuple[int, int], colours: dict[str, str]) -> Iterator[Terminal]:
    """Start a program in a new home folder, and end it."""
    with tempfile.TemporaryDirectory() as home:
        environment = {
            "HOME": home,
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(tui.__file__).parents[1]),
            "LANG": "C.UTF-8",
        }
        terminal = Terminal(program.command, environment | colours | program.environment, size)
        try:
            yield terminal
        finally:
            terminal.end()


def start_s(program: Program, size: tuple[int, int], colours: dict[str, str]) -> float:
    """How long it takes until a program is usable."""
    started_s = time.perf_counter()
    with started(program, size, colours) as terminal:
        return terminal.wait_for(program.usable) - started_s


def measure(
    program: Program, size: tuple[int, int], colours: dict[str, str], idle_s: float, start_s: float
) -> Measured:
    """Start a program, press its keys, and end it."""
    with started(program, size, colours) as terminal:
        nothing = terminal.picture()
        terminal.wait_for(program.usable)
        memory_kib = terminal.memory_kib()
        terminal.wait_for(program.ready)
        terminal.settle()
        start = Step(0, terminal.written, floor(nothing, terminal.picture()))
        steps: dict[str, list[Step]] = {}
        whole = Step(0, 0, 0)
        for key in program.keys:
            step = terminal.press(key.keys, key.until)
            steps.setdefault(key.measure, []).append(step)
            if key.is_transfer:
                whole = Step(0, whole.bytes + step.bytes, whole.floor + step.floor)
        return Measured(start_s, start, memory_kib, steps, whole, terminal.idle(idle_s))


def main() -> int:
    """Measure all, and print side by side."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="transfers")
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--sizes", nargs="+", default=["80x24", "120x40"])
    parser.add_argument("--colours", nargs="+", choices=COLOURS, default=[*COLOURS])
    parser.add_argument("--idle", type=float, default=10, help="seconds")
    options = parser.parse_args()
    print("Milliseconds: median and 95 %. Bytes: median, and what the difference of the pictures needs at least.")
    for size in options.sizes:
        columns, rows = (int(number) for number in size.split("x"))
        for colours in options.colours:
            each, at = list(programs(options.rounds)), ((columns, rows), COLOURS[colours])
            starts = [[start_s(program, *at) for program in each] for _ in range(options.starts)]
            start_medians = map(statistics.median, zip(*starts, strict=True))
            found = {
                program.name: measure(program, *at, options.idle, median_s)
                for program, median_s in zip(each, start_medians, strict=True)
            }
            print(f"\n{size}, {colours} colours".ljust(22) + "".join(f"{name:>34}" for name in found), flush=True)
            for row in ("start", *_MEASURES, "transfer", "idle"):
                print(f"{row:21}" + "".join(f"{measured.cell(row):>34}" for measured in found.values()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
