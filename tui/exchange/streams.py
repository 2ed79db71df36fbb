"""The byte streams under httpx. They notice every byte that no request asked for.

httpcore returns a connection to its pool after an answer, even if more bytes were read with it: those would become the
answer to the next request. These streams follow each answer to its end, and listen while they are idle. Bytes that no
request asked for spoil a stream, and so does the end of the connection: the pool then closes it.

Imported late, like httpx.
"""
# ruff: noqa: ASYNC109 - the signatures are httpcore's

import asyncio
import contextlib
from collections.abc import Iterable
from ssl import SSLContext
from typing import Any

import h11
import httpcore
from httpcore import SOCKET_OPTION, AsyncNetworkBackend, AsyncNetworkStream

from tui.clock import ticks_ms
from tui.domain import details

_READ_BYTES = 64 * 1024
_MAX_HEAD_BYTES = 100 * 1024
"""The limits of httpcore."""

_QUIET_S = (0.02, 0.5)
"""The shortest and the longest time to listen on a new connection before a transfer goes out on it."""
_TURNS = 5
"""After so many turns of the event loop, everything that has arrived is read. A TLS session ticket gives no bytes."""

_RENEW_MS, _OLD_MS = 3_000, 5_000
"""A connection without a request is replaced after the first time, and not used after the second: the other side may
be closing it.
"""
_OPENING_S = 2.5

_PLAIN_INTERIM = {100, 103}
"""Interim answers without a meaning for the request."""


class WatchedStream(AsyncNetworkStream):
    """A byte stream that knows whether anything came besides the answers to its requests."""

    def __init__(self, stream: AsyncNetworkStream, *, opened_in_s: float, is_for_transfer: bool) -> None:
        """A transfer waits until the stream has been silent for about as long as it took to open: by then, everything
        is there that the other side sends unasked.
        """
        self.is_ahead = False
        """Whether TLS is already open, although httpcore has not asked for that yet."""
        self._stream = stream
        self._is_for_transfer = is_for_transfer
        self._opened_ms = ticks_ms()
        self._quiet_until_ms = self._opened_ms
        if is_for_transfer:
            self._quiet_until_ms += 1000 * min(max(opened_in_s, _QUIET_S[0]), _QUIET_S[1])
        self._answer: h11.Connection | None = None
        """The answer that is being read."""
        self._heard: asyncio.Task[bytes | None] | None = None
        """The next bytes."""
        self._has_answered = False
        self._is_spoiled = False

    @property
    def age_ms(self) -> float:
        """For how long it has been open."""
        return ticks_ms() - self._opened_ms

    @property
    def is_clean(self) -> bool:
        """Whether it is idle, and no byte came that no request asked for."""
        return not (self._is_spoiled or self._answer or (self._heard and self._heard.done()))

    def listen(self) -> "asyncio.Task[bytes | None]":
        """Start to notice bytes that come."""
        if self._heard is None:
            self._heard = asyncio.create_task(self._hear())
        return self._heard

    async def gave_one_answer(self, within_s: float) -> bool:
        """Return whether a complete answer came, and nothing else until the connection ended or `within_s` passed."""
        if self._is_spoiled or self._answer or not self._heard:
            return False
        await asyncio.wait([self._heard], timeout=within_s)
        # If the stream was closed meanwhile, nobody listened to the end.
        return not (self._heard.done() and (self._heard.cancelled() or self._heard.result()))

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return the next bytes of an answer."""
        heard, data = self._heard, None
        if heard:
            if not (await asyncio.wait([heard], timeout=timeout))[0]:
                raise httpcore.ReadTimeout
            if heard.cancelled():  # closed by another task: its end is not this one's
                raise httpcore.ReadError
            self._heard, data = None, heard.result()
        if data is None:  # also if listening failed: reading fails in the same way
            data = await self._stream.read(max_bytes, timeout)
        self._follow(data)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send a piece of a request. If unexpected bytes came, raises ConnectError or ConnectionNotAvailable before the
        first piece, and RemoteProtocolError before another.
        """
        if not buffer:
            return
        if self._answer is None:
            await self._begin(buffer)
        elif self._heard is None or self._heard.done():
            self._is_spoiled = True
            raise httpcore.RemoteProtocolError(details.EARLY_ANSWER)
        try:
            await self._stream.write(buffer, timeout)
        except BaseException:
            self._is_spoiled = True  # httpcore would still read an answer
            raise

    async def aclose(self) -> None:
        """Close it."""
        self._is_spoiled = True
        if self._heard:
            self._heard.cancel()
            await asyncio.wait([self._heard])
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "WatchedStream":
        """Return the stream, encrypted."""
        if self.is_ahead:
            return self
        if self._heard:  # after the answer of a proxy
            self._heard.cancel()
            await asyncio.wait([self._heard])
        if self._is_spoiled or (self._heard and not self._heard.cancelled()):
            raise httpcore.ConnectError(details.EARLY_BYTES)
        began_ms = ticks_ms()
        stream = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        opened_in_s = (ticks_ms() - began_ms) / 1000
        return WatchedStream(stream, opened_in_s=opened_in_s, is_for_transfer=self._is_for_transfer)

    def get_extra_info(self, info: str) -> Any:
        """Return what httpcore asks for. The pool closes an idle connection that `is_readable`."""
        readable = info == "is_readable" and not self.is_clean
        return readable or self._stream.get_extra_info(info)

    async def _begin(self, buffer: bytes) -> None:
        """Begin a request, if nothing came since the last answer."""
        heard = self.listen()
        if (quiet_ms := self._quiet_until_ms - ticks_ms()) > 0:
            await asyncio.wait([heard], timeout=quiet_ms / 1000)
        if not self._has_answered or self._stream.get_extra_info("is_readable"):
            for _ in range(_TURNS):
                await asyncio.sleep(0)
        if not self.is_clean:
            # Nothing was written: the pool opens another connection. If a new one is spoiled, they all are.
            raise (httpcore.ConnectionNotAvailable if self._has_answered else httpcore.ConnectError)(
                details.UNASKED_BYTES
            )
        self._answer = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD_BYTES)
        method = "CONNECT" if buffer.startswith(b"CONNECT ") else "GET"  # no other changes an answer's length
        self._answer.send(h11.Request(method=method, target="/", headers=[("Host", "")]))

    def _follow(self, data: bytes) -> None:
        """Follow the answer; when it is whole, listen for more."""
        if self._answer is None:
            self._is_spoiled = True
            return
        try:
            self._answer.receive_data(data)
            while not isinstance(event := self._answer.next_event(), h11.EndOfMessage):
                if event is h11.PAUSED:  # the proxy changes to another protocol
                    self._is_spoiled |= bool(self._answer.trailing_data[0])
                if event is h11.PAUSED or event is h11.NEED_DATA or isinstance(event, h11.ConnectionClosed):
                    return
                if isinstance(event, h11.InformationalResponse) and event.status_code not in _PLAIN_INTERIM:
                    self._is_spoiled = True
        except h11.RemoteProtocolError:
            self._is_spoiled = True
            return
        self._is_spoiled |= bool(self._answer.trailing_data[0])
        self._answer, self._has_answered = None, True
        self.listen()

    async def _hear(self) -> bytes | None:
        """Return the next bytes; None if the stream is broken. The error is dropped: it would hold its frames."""
        with contextlib.suppress(Exception):
            return await self._stream.read(_READ_BYTES)
        return None


class WatchedBackend(AsyncNetworkBackend):
    """Opens watched streams."""

    def __init__(self, *, is_for_transfers: bool = False) -> None:
        self.reached: set[tuple[str, int]] = set()
        """The hosts and ports to which a connection was made."""
        self._is_for_transfers = is_for_transfers
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> WatchedStream:
        """Return a new stream."""
        began_ms = ticks_ms()
        stream = await self._network.connect_tcp(host, port, timeout, local_address, socket_options)
        self.reached.add((host, port))
        opened_in_s = (ticks_ms() - began_ms) / 1000
        return WatchedStream(stream, opened_in_s=opened_in_s, is_for_transfer=self._is_for_transfers)


class TransferBackend(WatchedBackend):
    """Opens streams for transfers, one of them ahead of time. No request, and so no key, was ever written on that."""

    def __init__(self, host: str, port: int, tls: SSLContext | None) -> None:
        super().__init__(is_for_transfers=True)
        self.place = (host, port)
        """The host and port of the stream that is opened ahead."""
        self._tls = tls
        self._ahead: WatchedStream | None = None

    @property
    def is_ready(self) -> bool:
        """Whether a stream is open for the next transfer."""
        return _is_fit(self._ahead, _OLD_MS)

    async def open_ahead(self) -> None:
        """Open a stream for the next transfer, unless a young one is ready. If that fails, the transfer
        opens its own.
        """
        if _is_fit(self._ahead, _RENEW_MS):
            return
        with contextlib.suppress(Exception):
            async with asyncio.timeout(_OPENING_S):
                stream = await self._opened()
                old, self._ahead = self._ahead, stream
                if old:
                    await old.aclose()

    async def drop(self) -> None:
        """Close the stream that was opened ahead."""
        stream, self._ahead = self._ahead, None
        if stream:
            await stream.aclose()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> WatchedStream:
        """Return the stream that was opened ahead, else a new one."""
        if self._ahead and self.is_ready and (host, port) == self.place:
            stream, self._ahead = self._ahead, None
            return stream
        return await super().connect_tcp(host, port, timeout, local_address, socket_options)

    async def _opened(self) -> WatchedStream:
        stream = await super().connect_tcp(*self.place)
        try:
            if self._tls:
                stream = await stream.start_tls(self._tls, self.place[0])
        except BaseException:  # also after a cancellation: httpcore would leave it open
            await stream.aclose()
            raise
        stream.is_ahead = True
        stream.listen()
        return stream


def _is_fit(stream: WatchedStream | None, most_ms: float) -> bool:
    return stream is not None and stream.is_clean and stream.age_ms < most_ms
