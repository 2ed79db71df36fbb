"""Whether memory grows with the screens that are opened and left: the real program on the demo exchange.

    python -m tests.bench.rounds [--rounds 2000]

Prints the resident memory after the first ten rounds, and every tenth of the rest.
"""

import argparse
import re
import sys
import tempfile
from pathlib import Path

from tests.terminal.conftest import Pty

_SCREENS = (("\x14", "Filter", "q"), ("\x0e", "looks for an asset", "\x0e"), ("\x0b", "There are no keys yet", "q"))
"""Which keys open and leave a screen, and what is seen on it alone."""
_RELOAD = "\x0c"
_WARM_UP = 10


def main() -> int:
    """Run the rounds; 1 if memory has grown by more than 20 MB since the first ten."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2000)
    rounds: int = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as home:
        environment = {"HOME": home, "TERM": "xterm-256color", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}
        terminal = Pty([sys.executable, "-m", "tui", "--demo"], environment)
        terminal.wait_for("13 assets")
        first_mb = 0.0
        for number in range(1, rounds + 1):
            _round(terminal)
            if number == _WARM_UP:
                first_mb = _resident_mb(terminal.pid)
            if number == _WARM_UP or number % max(rounds // 10, 1) == 0:
                print(f"{number:6} rounds: {_resident_mb(terminal.pid):.1f} MB", flush=True)
        grown_mb = _resident_mb(terminal.pid) - first_mb
        terminal.kill()
    print(f"grown by {grown_mb:.1f} MB since the first {_WARM_UP} rounds")
    return int(grown_mb > 20)


def _round(terminal: Pty) -> None:
    """Open and leave the history, the holdings and the keys, and reload."""
    for opens, title, leaves in _SCREENS:
        terminal.type(opens)
        terminal.wait_for(title)
        terminal.type(leaves)
        terminal.wait_until(lambda seen, title=title: title not in seen and "Amount" in seen)  # type: ignore[misc]
    terminal.type(_RELOAD)
    terminal.wait_for("13 assets")
    terminal.written = b""


def _resident_mb(pid: int) -> float:
    match = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert match
    return int(match[1]) / 1024


if __name__ == "__main__":
    sys.exit(main())
