"""How long it takes from the `y` typed into the real program's terminal to the first byte of the POST on the wire.

    python -m tests.bench.first_byte_program [--rounds 50]

The `y` comes half a second after the review is there, for a person reads it. Beside it, in the same run and in turns,
a bare httpx POST of the same size over a warm connection. Both go to the demo exchange on loopback, which takes the
time of the first byte of each request for a transfer.
"""

import argparse
import re
import statistics
import sys
import threading
import time
from unittest.mock import patch

import httpx

from tests.bench.real_program import add_key, home, opened
from tui.demo.exchange import DemoExchange
from tui.demo.faults import TRANSFER_PATH
from tui.demo.serving import CuttableProtocol, served

_BUDGET_MS = 20
_READS_FOR_S = 0.5
_REVIEW, _ESCAPE = "\x12", "\x1b"
_NEEDLE = f"POST {TRANSFER_PATH}".encode()


class TimedProtocol(CuttableProtocol):
    """Takes the time when a request for a transfer begins to arrive."""

    arrived = threading.Event()
    arrived_s = 0.0

    def data_received(self, data: bytes) -> None:
        """Takes what has arrived."""
        if data.startswith(_NEEDLE):
            TimedProtocol.arrived_s = time.perf_counter()
            self.arrived.set()
        super().data_received(data)

    @classmethod
    def first_byte_s(cls) -> float:
        """When it arrived; waits until it does."""
        assert cls.arrived.wait(30)
        cls.arrived.clear()
        return cls.arrived_s


def measure(base_url: str, rounds: int) -> tuple[list[float], list[float]]:
    """The milliseconds to the first byte: of the program's transfers, and of the bare POSTs."""
    ours, theirs = [], []
    with home() as environment, httpx.Client() as bare:
        add_key(environment, base_url)
        terminal = opened(environment, "--asset", "USDT")
        terminal.find(r"of [0-9.,]+ USDT")
        terminal.type("\x0fm")  # go to the amount
        for n in range(rounds + 1):
            amount = f"0.{n + 1:04}"  # no two alike: the program would warn of a repetition
            terminal.type(amount + _REVIEW)
            terminal.find(rf"Amount +{re.escape(amount)} USDT(?s:.*)y  Send")
            time.sleep(_READS_FOR_S)
            typed_s = time.perf_counter()
            terminal.type("y")
            our_ms = (TimedProtocol.first_byte_s() - typed_s) * 1000
            terminal.find(r"TRANSFER DONE(?s:.*)Enter  Close")
            terminal.type(_ESCAPE)
            terminal.find(r"Asset +USDT +Amount +e\.g\.")
            posted_s = time.perf_counter()
            bare.post(base_url + TRANSFER_PATH, content=b"x" * 200)
            their_ms = (TimedProtocol.first_byte_s() - posted_s) * 1000
            if n:  # the first of each connects, or imports
                ours.append(our_ms)
                theirs.append(their_ms)
        terminal.kill()
    return ours, theirs


def main() -> int:
    """Measure, and say so; 1 where it took too long."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50)
    rounds = parser.parse_args().rounds
    exchange = DemoExchange()
    exchange.weights.enforced = False
    with patch("tui.demo.serving.CuttableProtocol", TimedProtocol), served(exchange) as base_url:
        ours, theirs = measure(base_url, rounds)
    our_ms, their_ms = statistics.median(ours), statistics.median(theirs)
    print(
        f"`y` in the terminal to first byte: median {our_ms:.1f} ms, "
        f"95 % within {statistics.quantiles(ours, n=20)[-1]:.1f} ms, of {rounds}\n"
        f"Bare httpx POST to first byte: median {their_ms:.1f} ms; ratio {our_ms / their_ms:.1f}\n"
        f"Budget: {_BUDGET_MS} ms at the median"
    )
    return int(our_ms > _BUDGET_MS)


if __name__ == "__main__":
    sys.exit(main())
