"""How long it takes from the confirmation to the first byte of the POST on the wire, journal write included.

    python tests/bench/first_byte.py [--rounds 200] [--folder FOLDER]

Beside it, in the same run and in turns, a bare httpx POST of the same size over a warm connection. Both go to a raw
server on loopback, which takes the time of the first byte of each request. The journal lies in FOLDER, by default in
the person's state folder: the speed is that of its disk.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import httpx

from tui.demo.keys import demo_key
from tui.desk.desk import Desk
from tui.domain.transfer import TransferRequest
from tui.domain.wallets import TransferType
from tui.exchange.client import BinanceClient
from tui.journal import Journal, journal_path

_BUDGET_MS = 20
_REQUEST = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal("12.5"))


class Server:
    """Answers the time and transfers, and knows when the first byte of the newest request came."""

    def __init__(self) -> None:
        self.first_byte_s = 0.0
        self.connections: set[asyncio.Task[None] | None] = set()
        self._tran_id = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, for as long as it lives."""
        self.connections.add(asyncio.current_task())
        while first := await reader.read(1):
            self.first_byte_s = time.perf_counter()
            head = first + await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:"), 0
            )
            await reader.readexactly(length)
            self._tran_id += 1
            body = b'{"serverTime":%d,"tranId":%d}' % (time.time_ns() // 1_000_000, self._tran_id)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        writer.close()


async def measure(folder: Path, rounds: int) -> tuple[list[float], list[float]]:
    """The milliseconds to the first byte: of the desk's transfers, and of the bare POSTs."""
    server = Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"

    async def to_first_byte(send: Callable[[], Awaitable[object]]) -> float:
        confirmed_s = time.perf_counter()
        await send()
        return (server.first_byte_s - confirmed_s) * 1000

    with closing(Journal.open(folder / "journal.sqlite3")) as journal:
        desk = Desk(BinanceClient(url, demo_key()), journal, profile="bench")
        async with httpx.AsyncClient() as bare:
            await desk.prepare()
            ours, theirs = [], []
            for n in range(rounds + 1):
                our_ms = await to_first_byte(lambda: desk.submit(_REQUEST))
                their_ms = await to_first_byte(lambda: bare.post(url + "/sapi/v1/asset/transfer", content=b"x" * 200))
                if n:  # the first of each connects, or imports
                    ours.append(our_ms)
                    theirs.append(their_ms)
        await desk.close()
    listening.close()
    await asyncio.gather(*filter(None, server.connections))
    return ours, theirs


def main() -> None:
    """Measure, and say so; exits with 1 when it took too long."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--folder", type=Path, default=journal_path().parent.parent)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        ours, theirs = asyncio.run(measure(Path(folder), given.rounds))
    our_ms, their_ms = statistics.median(ours), statistics.median(theirs)
    our_95_ms = statistics.quantiles(ours, n=20)[-1]
    sys.stdout.write(
        f"Confirmation to first byte: median {our_ms:.1f} ms, 95 % within {our_95_ms:.1f} ms, of {given.rounds}\n"
        f"Bare httpx POST to first byte: median {their_ms:.1f} ms; ratio {our_ms / their_ms:.1f}\n"
        f"Budget: {_BUDGET_MS} ms at the median\n"
    )
    sys.exit(our_ms > _BUDGET_MS)


if __name__ == "__main__":
    main()
