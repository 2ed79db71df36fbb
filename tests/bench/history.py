"""How soon the newest hundred of 10,000 records over all types are known, and what a second look asks for.

    python -m tests.bench.history [--records 10000] [--delay 0.4]

The demo exchange on a socket, each answer held for a while. Bad is: more than 3 round trips of the slowest call, a
limit of the exchange passed, or a second look that asks for more than the last day.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from functools import wraps
from pathlib import Path
from typing import Any

from tui.demo.exchange import DemoExchange
from tui.demo.faults import TRANSFER_PATH, Fault
from tui.demo.keys import demo_key
from tui.demo.routes import SAPI_IP
from tui.demo.serving import served
from tui.desk.history_reader import OVERLAP_MS, HistoryReader
from tui.domain.entries import merge
from tui.exchange.client import BinanceClient
from tui.history import HistoryCache

_MOST_ROUND_TRIPS = 3
_NEWEST = 100
_PAIRS = {None, "BTCUSDT", "ETHUSDT"}


class Timed(BinanceClient):
    """A client that notes how long each call took, and how many records came."""

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url, demo_key())
        self.took_s: list[float] = []
        self.rows = 0
        self.transfer_history = self._timed(self.transfer_history)  # type: ignore[method-assign, assignment]
        self.read = self._timed(self.read)  # type: ignore[method-assign, assignment]

    def _timed(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        @wraps(call)
        async def timed(*arguments: Any, **named: Any) -> Any:
            started_s = time.perf_counter()
            answer = await call(*arguments, **named)
            self.took_s.append(time.perf_counter() - started_s)
            self.rows += len(getattr(answer, "rows", ()))
            return answer

        return timed


async def look(base_url: str, path: Path, newest: set[int]) -> tuple[Timed, HistoryReader, float, float]:
    """Read; gives how long it took until the newest were known, and until all was."""
    client = Timed(base_url)
    started_s, known_s = time.perf_counter(), 0.0
    async with client:
        with closing(HistoryReader(client, HistoryCache(base_url, client.key_print, path))) as reader:
            async for _ in reader.read():
                if not known_s and newest <= {record.tran_id for record in reader.records}:
                    known_s = time.perf_counter() - started_s
    return client, reader, known_s, time.perf_counter() - started_s


def main() -> int:
    """Measure, and say so; 1 where it is bad."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--delay", type=float, default=0.4)
    given = parser.parse_args()
    exchange = DemoExchange(earlier=given.records)
    for path in (TRANSFER_PATH, "/sapi/v1/margin/isolated/account"):
        exchange.faults.append(Fault(after=given.delay, times=None, method="GET", path=path))
    reachable = [
        one for one in exchange.history.earlier() if {one.request.from_symbol, one.request.to_symbol} <= _PAIRS
    ]
    newest = {one.tran_id for one in reachable[-_NEWEST:]}
    is_bad = False
    with served(exchange) as base_url, tempfile.TemporaryDirectory() as folder:
        for name in ("the first look", "the second look"):
            client, reader, known_s, all_s = asyncio.run(look(base_url, Path(folder, "history.sqlite3"), newest))
            slowest_s = max(client.took_s)
            weight = exchange.weights._used.get((SAPI_IP, f"GET {TRANSFER_PATH}"), 0)
            started_s = time.perf_counter()
            entries = merge(reader.records, (), base_url)
            merged_ms = (time.perf_counter() - started_s) * 1000
            print(
                f"{name}: {len(entries):,} records of {len(reachable):,}; the newest {_NEWEST} after {known_s:.2f} s, "
                f"{known_s / slowest_s:.2f} round trips of the slowest call ({slowest_s:.2f} s); "
                f"all after {all_s:.2f} s"
            )
            print(
                f"  {len(client.took_s)} calls, {client.rows:,} records in them; weight of the minute {weight:,} of "
                f"{SAPI_IP.per_minute:,}; merged in {merged_ms:.0f} ms"
            )
            is_bad |= known_s > _MOST_ROUND_TRIPS * slowest_s or len(entries) != len(reachable) or bool(reader.unread)
            is_bad |= weight > SAPI_IP.per_minute
        since_ms = exchange.server_ms() - OVERLAP_MS - 60_000
        of_the_last_day = sum(one.time_ms >= since_ms for one in reachable)
        print(f"  of the last day: {of_the_last_day:,}")
        is_bad |= client.rows > of_the_last_day
    return int(is_bad)


if __name__ == "__main__":
    sys.exit(main())
