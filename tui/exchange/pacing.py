"""Many reads at once, within the exchange's limits: BINANCE.md, "Limits and answers"."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tui.clock import ticks_ms
from tui.domain.evidence import Obstacle
from tui.exchange.client import BinanceClient
from tui.exchange.errors import NotSent, OutcomeUnknown, RateLimited

_AT_ONCE = 50
"""Calls under way, each with a connection."""

_PER_MINUTE = 6000
"""Calls in a minute. For calls that weigh 1, this is half of the limit of one address. The rest is for settling, and
for other programs.
"""
_MINUTE_MS = 60_000

_LONGEST_WAIT_S = 5 * 60
"""The exchange asks for more only after it was pressed (418). Then no call is made."""

_TRIES = 3
_MOST_LIMITED = 10
_PAUSE_S = 0.5

_Answer = TypeVar("_Answer")


class Paced:
    """Reads with one client, and tries again if that may help. A read changes nothing, so this is safe."""

    def __init__(self, client: BinanceClient, *, waits: Callable[[], object], per_minute: int = _PER_MINUTE) -> None:
        """`waits` is called when the exchange asks to wait; the client's `wait_s` says how long."""
        self._client = client
        self._waits = waits
        self._per_minute = per_minute
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self._calls_ms: deque[float] = deque()

    async def ask(self, call: Callable[[], Awaitable[_Answer]]) -> _Answer:
        """Return the answer to a call. Raises ExchangeError."""
        failures = limited = 0
        while True:
            try:
                async with self._at_once:
                    await self._turn()
                    return await call()
            except RateLimited:  # it is tried again when the exchange allows it
                limited += 1
                if limited == _MOST_LIMITED:
                    raise
                await asyncio.sleep(0 if self._client.wait_s else _PAUSE_S)
            except OutcomeUnknown:
                failures += 1
                if failures == _TRIES:
                    raise
                await asyncio.sleep(failures * _PAUSE_S)

    async def _turn(self) -> None:
        """Wait until another call may go out. Raises NotSent if that is too long."""
        while wait_s := self._client.wait_s:
            if wait_s > _LONGEST_WAIT_S:
                raise NotSent(Obstacle.PAUSED, detail=f"{wait_s} s")
            self._waits()
            await asyncio.sleep(wait_s)
        while self._calls_ms and ticks_ms() - self._calls_ms[0] >= _MINUTE_MS:
            self._calls_ms.popleft()
        if len(self._calls_ms) >= self._per_minute:
            # Its place in the minute is taken now, before another call counts.
            free_ms = self._calls_ms[-self._per_minute] + _MINUTE_MS
            self._calls_ms.append(free_ms)
            await asyncio.sleep((free_ms - ticks_ms()) / 1000)
        else:
            self._calls_ms.append(ticks_ms())
