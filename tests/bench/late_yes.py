"""How long it takes from `y` until the transfer is at the exchange, and until its answer is here, when the review stood
open for a while; and what it may cost.

    python -m tests.bench.late_yes [--idle 1 4.9 6 30 120] [--round-trip-ms 100] [--desks 3] [--stays-open]

Desks at a raw server on loopback that answers as if it were so far away, TLS handshakes included, and closes
connections after 5 or 60 s without a request: what is under way to it then is lost. It closes a connection when it is
asked to, unless `--stays-open`. Side by side, in the same run:
a client that trusts connections for 5 s, as httpx does by itself; Shunter's, which trusts them for less; and Shunter's
that is kept warm while the review waits, as the review does. All wait beside one another and press `y` one after the
other, so a run takes a minute longer than the longest wait.
"""

import argparse
import asyncio
import contextlib
import re
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch

from tui.demo.keys import demo_key
from tui.desk.desk import Desk
from tui.domain.transfer import Outcome, TransferRequest
from tui.domain.wallets import TransferType
from tui.exchange import connection as connection_module
from tui.exchange.client import BinanceClient
from tui.exchange.connection import TRUSTED_S
from tui.exchange.errors import ExchangeError
from tui.journal import Journal

_WARM_EVERY_S = 2
_APART_S = 0.5
_CLIENTS_MADE_S = 20
_SERVERS_IDLE_S = (5, 60)
_WAYS = {"httpx's 5 s": 5.0, f"{TRUSTED_S} s": float(TRUSTED_S), "kept warm": float(TRUSTED_S)}


class FarServer:
    """Answers the time and transfers from afar, and closes what is idle."""

    def __init__(self, idle_s: float, round_trip_s: float, *, stays_open: bool) -> None:
        self.arrived_s: dict[bytes, float] = {}
        """When each transfer was there, by its amount."""
        self._idle_s = idle_s
        self._way_s = round_trip_s / 2
        self._stays_open = stays_open
        self._tran_id = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, for as long as it lives."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError, asyncio.CancelledError):
            await asyncio.sleep(4 * self._way_s)  # the handshakes of TCP and TLS
            closes_at = time.monotonic() + self._idle_s
            while True:
                async with asyncio.timeout(max(0, closes_at + self._way_s - time.monotonic())):
                    head = await reader.readuntil(b"\r\n\r\n")
                body = b""
                if length := re.search(rb"(?i)content-length: ([0-9]+)", head):
                    body = await reader.readexactly(int(length[1]))
                await asyncio.sleep(self._way_s)
                if time.monotonic() > closes_at:
                    break  # it was under way when this side closed
                if amount := re.search(rb"amount=([0-9.]+)", body):
                    self.arrived_s[amount[1]] = time.perf_counter()
                    self._tran_id += 1
                    body = b'{"tranId":%d}' % self._tran_id
                else:
                    body = b'{"serverTime":%d}' % (time.time_ns() // 1_000_000)
                closes_at = time.monotonic() + self._idle_s
                await asyncio.sleep(self._way_s)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
                if b"connection: close" in head.lower() and not self._stays_open:
                    break
        writer.close()


@dataclass(frozen=True, slots=True)
class Yes:
    """One `y`, and what came of it."""

    left_ms: float
    """Until the transfer was at the exchange."""
    waited_ms: float
    is_done: bool


async def say_yes(client: BinanceClient, far: FarServer, way: str, idle_s: float, folder: Path, start_s: float) -> Yes:
    """Open a review when it is time, wait, and press `y`."""
    await asyncio.sleep(start_s)
    desk = Desk(client, Journal.open(folder / "journal.sqlite3"), profile="bench")
    await desk.prepare()
    keeping = asyncio.create_task(_keep_warm(client)) if way == "kept warm" else None
    await asyncio.sleep(idle_s)
    pressed_s = time.perf_counter()
    amount = str(Decimal(round(start_s * 100)) / 100)
    transfer = await desk.submit(TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(amount)))
    waited_ms = (time.perf_counter() - pressed_s) * 1000
    if keeping:
        keeping.cancel()
    await desk.close()
    left_ms = (far.arrived_s.get(amount.encode(), float("nan")) - pressed_s) * 1000
    return Yes(left_ms, waited_ms, transfer.outcome is Outcome.DONE)


async def _keep_warm(client: BinanceClient) -> None:
    while True:
        await asyncio.sleep(_WARM_EVERY_S)
        with contextlib.suppress(ExchangeError):
            await client.warm()


async def measure(
    servers_idle_s: float, idle_s: float, way: str, *, starts_s: list[float], round_trip_s: float, stays_open: bool
) -> list[Yes]:
    """What came of as many `y` as there are starts, each of a desk of its own."""
    far = FarServer(servers_idle_s, round_trip_s, stays_open=stays_open)
    async with await asyncio.start_server(far.serve, "127.0.0.1", 0) as server:
        base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with patch.object(connection_module, "TRUSTED_S", _WAYS[way]):
            clients = [BinanceClient(base_url, demo_key()) for _ in starts_s]  # which takes its time, and none of y's
        with contextlib.ExitStack() as stack:
            folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in starts_s]
            return await asyncio.gather(
                *(
                    say_yes(client, far, way, idle_s, folder, start_s)
                    for client, folder, start_s in zip(clients, folders, starts_s, strict=True)
                )
            )


def _cell(found: list[Yes]) -> str:
    unknown = sum(not yes.is_done for yes in found)
    left_ms, waited_ms = (statistics.median(getattr(yes, name) for yes in found) for name in ("left_ms", "waited_ms"))
    return f"{left_ms:5.0f}, {waited_ms:5.0f} ms, {unknown} unknown"


async def main() -> int:
    """Measure all at once, and print side by side."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--idle", type=float, nargs="+", default=[1, 4.9, 6, 30, 120], help="seconds before y")
    parser.add_argument("--round-trip-ms", type=float, default=100)
    parser.add_argument("--desks", type=int, default=3)
    parser.add_argument("--stays-open", action="store_true", help="the server keeps connections that it should close")
    options = parser.parse_args()
    cases = [(server, idle, way) for server in _SERVERS_IDLE_S for idle in options.idle for way in _WAYS]
    found = await asyncio.gather(
        *(
            measure(
                *case,
                starts_s=[_CLIENTS_MADE_S + (turn * len(cases) + at) * _APART_S for turn in range(options.desks)],
                round_trip_s=options.round_trip_ms / 1000,
                stays_open=options.stays_open,
            )
            for at, case in enumerate(cases)
        )
    )
    by_case = dict(zip(cases, found, strict=True))
    print(f"{'server closes after':>20} {'y after':>8}  " + "  ".join(f"{way:>24}" for way in _WAYS))
    for server in _SERVERS_IDLE_S:
        for idle in options.idle:
            cells = "  ".join(f"{_cell(by_case[server, idle, way]):>24}" for way in _WAYS)
            print(f"{server:>18} s {idle:>6g} s  {cells}")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
