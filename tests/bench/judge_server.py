"""HTTP/1.1 on a socket of loopback for the judge's exchange, with each byte in its hands: a server that is written to
be correct cannot send a second answer behind the first.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import responses
from queue import Queue

from tests.bench.judge_faults import Answer, Cut

_LOOPBACK = "127.0.0.1"
_LINGER_NONE = struct.pack("ii", 1, 0)
_BODILESS = (204, 304)
_IDLE_S = 20
"""After so long without a request, a connection is closed."""


@dataclass(frozen=True)
class Request:
    """One request, and the means to know when whoever asked is gone."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: str
    gone: Callable[[], Awaitable[None]]


Respond = Callable[[Request], Awaitable[Answer | Cut]]


class _Line:
    """One connection."""

    def __init__(self, respond: Respond, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._respond = respond
        self._reader = reader
        self._writer = writer
        self._at_next: Answer | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Answer one request after the other, until either side ends it."""
        try:
            while await self._answer_one():
                pass
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            for task in self._tasks:
                task.cancel()
            self._writer.close()
            with suppress(ConnectionError):
                await self._writer.wait_closed()

    async def _answer_one(self) -> bool:
        """Whether the connection stays."""
        async with asyncio.timeout(_IDLE_S):
            first = await self._reader.readexactly(1)
        if self._at_next:
            self._writer.write(written(self._at_next))
            self._at_next = None
        head = (first + await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *fields = head.split("\r\n")
        method, target, _ = line.split(" ")
        headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in fields if one)}
        body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        path, _, query = target.partition("?")
        request = Request(method, path, query, headers, body.decode("latin-1"), self._gone)
        answer = await self._respond(request)
        if isinstance(answer, Cut):
            await self._cut(answer)
            return False
        self._writer.write(written(answer) + (written(answer.behind) if answer.behind else b""))
        if answer.later:
            self._tasks.add(asyncio.create_task(self._write_later(answer.later, answer.later_s)))
        self._at_next = answer.at_next
        await self._writer.drain()
        return not answer.closes

    async def _gone(self) -> None:
        with suppress(ConnectionError):
            while await self._reader.read(4096):
                pass

    async def _write_later(self, answer: Answer, after_s: float) -> None:
        await asyncio.sleep(after_s)
        self._writer.write(written(answer))

    async def _cut(self, cut: Cut) -> None:
        if cut is Cut.MID_BODY:
            self._writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 24\r\n\r\n{"tranId":13526')
        elif cut is Cut.MID_HEAD:
            self._writer.write(b"HTTP/1.1 200 OK\r\ncontent-ty")
        elif cut is Cut.RESET:
            line: socket.socket = self._writer.get_extra_info("socket")
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)


def written(answer: Answer) -> bytes:
    """An answer as it goes over the line."""
    headers = {"content-type": "application/json", "content-length": str(len(answer.body)), **answer.headers}
    if answer.status in _BODILESS:
        del headers["content-length"]
    if answer.closes:
        headers["connection"] = "close"
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {answer.status} {responses.get(answer.status, 'Odd')}\r\n{head}\r\n".encode() + answer.body


async def serve(respond: Respond, listening: socket.socket) -> asyncio.Server:
    """Serve a listening socket in this loop."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _Line(respond, reader, writer).serve()

    return await asyncio.start_server(handle, sock=listening)


def listen() -> socket.socket:
    """A listening socket on a free port; its connections send each write at once."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((_LOOPBACK, 0))
    listening.listen()
    return listening


def base_url(listening: socket.socket) -> str:
    """Where a listening socket is reached."""
    return f"http://{_LOOPBACK}:{listening.getsockname()[1]}"


@contextmanager
def served(respond: Respond) -> Iterator[str]:
    """Serve from a thread until the block ends; gives the base URL."""
    listening = listen()
    loops: Queue[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Queue()

    async def run() -> None:
        over = asyncio.Event()
        server = await serve(respond, listening)
        loops.put((asyncio.get_running_loop(), over))
        await over.wait()
        server.close()

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    loop, over = loops.get()
    try:
        yield base_url(listening)
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
