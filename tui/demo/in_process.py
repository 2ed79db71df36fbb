"""The demo exchange in the app's process: a transport for httpx, made with the first request."""

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


def in_process() -> "httpx.AsyncBaseTransport":
    """Return a transport to a new exchange. It imports late: the first screen must not wait for it."""
    return _InProcess()  # type: ignore[return-value]  # to be a subclass, it would have to import httpx


class _InProcess:
    def __init__(self) -> None:
        self._transport: httpx.ASGITransport | None = None
        self._making = asyncio.Lock()

    async def handle_async_request(self, request: "httpx.Request") -> "httpx.Response":
        async with self._making:
            if self._transport is None:
                self._transport = await asyncio.to_thread(_made)
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        if self._transport:
            await self._transport.aclose()


def _made() -> "httpx.ASGITransport":
    import httpx

    from tui.demo.exchange import DemoExchange
    from tui.demo.person import EARLIER_COUNT

    return httpx.ASGITransport(app=DemoExchange(earlier=EARLIER_COUNT))
