"""An exchange that knows what it executed, on connections that carry more, or less, than one answer to each request."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

TRAN_ID = 13526853623
"""The tranId of the one transfer that it executes."""


def http(status: int, body: bytes) -> bytes:
    """A complete answer."""
    return b"HTTP/1.1 %d Any\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


def chunked(body: bytes) -> bytes:
    """A complete answer in chunks."""
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


YES, NO = http(200, b'{"tranId":666}'), http(400, b'{"code":-5013,"msg":"insufficient balance"}')
STRAY = {"a yes": (YES, False), "a no": (NO, True)}
"""An answer that belongs to nothing, and whether the transfer is executed: the opposite of what the answer says."""


@dataclass
class Line:
    """One connection: what was asked on it, and the way back."""

    writer: asyncio.StreamWriter
    asked: list[str] = field(default_factory=list)
    """The methods of the requests so far."""
    is_first: bool = False
    is_transfer_next: bool = False

    @property
    def is_asked_to_transfer(self) -> bool:
        """Whether the newest request is the transfer."""
        return self.asked[-1:] == ["POST"]

    async def send(self, *pieces: bytes, apart_s: float = 0) -> None:
        """Write pieces, each a TCP segment and a TLS record of its own if they are some time apart."""
        for at, piece in enumerate(pieces):
            if at and apart_s:
                await self.writer.drain()
                await asyncio.sleep(apart_s)
            self.writer.write(piece)


async def _nothing(line: Line, stray: bytes) -> None:
    pass


async def _plainly(line: Line, answer: bytes, stray: bytes) -> None:
    await line.send(answer)


@dataclass(frozen=True)
class Trick:
    """What goes wrong on a connection."""

    connected: Callable[[Line, bytes], Awaitable[None]] = _nothing
    """Called when it is open, with the stray answer."""
    begun: Callable[[Line, bytes], Awaitable[None]] = _nothing
    """Called when the first byte of a request is there; the request is not in `asked` yet."""
    headed: Callable[[Line, bytes], Awaitable[None]] = _nothing
    """Called between the head of a request and its body."""
    answered: Callable[[Line, bytes, bytes], Awaitable[None]] = _plainly
    """Sends the answer, with the stray answer or without."""
    is_late: bool = False
    """Whether each answer is that of the request before, on whatever connection."""


@dataclass
class HostileExchange:
    """Serves the time, and one transfer, over raw connections."""

    trick: Trick
    stray: bytes
    executes: bool
    honours_close: bool = True
    """Whether it closes a connection when a request asks for that."""
    lines: list[Line] = field(default_factory=list)
    executed: list[int] = field(default_factory=list)
    played: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when an answer, with all that goes with it, was sent."""
    _late: bytes = b""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = Line(writer, is_first=not self.lines)
        self.lines.append(line)
        await self.trick.connected(line, self.stray)
        closes = False
        while not closes:
            head = await reader.readexactly(1)
            line.is_transfer_next = head == b"P"
            await self.trick.begun(line, self.stray)
            head += await reader.readuntil(b"\r\n\r\n")
            line.asked.append(head.split()[0].decode())
            await self.trick.headed(line, self.stray)
            if length := re.search(rb"(?i)content-length: ([0-9]+)", head):
                await reader.readexactly(int(length[1]))
            closes = self.honours_close and bool(re.search(rb"(?i)\r\nconnection: close", head))
            answer = self._answer(head)
            if self.trick.is_late:
                answer, self._late = self._late or self.stray, answer
            await self.trick.answered(line, answer, self.stray)
            await writer.drain()
            self.played.set()
        writer.close()

    def _answer(self, head: bytes) -> bytes:
        if head.startswith(b"POST"):
            if not self.executes:
                return NO
            self.executed.append(TRAN_ID)
            return http(200, b'{"tranId":%d}' % TRAN_ID)
        if b"/api/v3/time" in head:
            return http(200, b'{"serverTime":1800000000000}')
        if not self.executes and b"/asset/transfer" in head:
            return http(200, b'{"total":0,"rows":[]}')
        return http(503, b"")

    @property
    def transfer_lines(self) -> list[Line]:
        """The connections on which a transfer was asked for."""
        return [line for line in self.lines if "POST" in line.asked]


async def _push(line: Line, stray: bytes) -> None:
    await line.send(stray)


async def _push_after_the_first(line: Line, stray: bytes) -> None:
    if not line.is_first:
        await line.send(stray)


async def _push_between(line: Line, stray: bytes) -> None:
    """Once something was answered on the connection."""
    if line.asked:
        await line.send(stray)


async def _push_when_transfer_begins(line: Line, stray: bytes) -> None:
    if line.is_transfer_next:
        await line.send(stray)
        await line.writer.drain()
        await asyncio.sleep(0.05)


async def _push_at_transfer(line: Line, stray: bytes) -> None:
    if line.is_asked_to_transfer:
        await line.send(stray)
        await line.writer.drain()
        await asyncio.sleep(0.05)


def _after_reads(apart_s: float, *, joined: bool = False) -> Trick:
    async def answered(line: Line, answer: bytes, stray: bytes) -> None:
        if line.is_asked_to_transfer:
            await line.send(answer)
        elif joined:
            await line.send(answer + stray)
        else:
            await line.send(answer, stray, apart_s=apart_s)

    return Trick(answered=answered)


def _after_transfer(apart_s: float, *, joined: bool = False, first: bool = False) -> Trick:
    async def answered(line: Line, answer: bytes, stray: bytes) -> None:
        if not line.is_asked_to_transfer:
            await line.send(answer)
            return
        pieces = (stray, answer) if first else (answer, stray)
        await line.send(*([b"".join(pieces)] if joined else pieces), apart_s=apart_s)

    return Trick(answered=answered)


async def _chunked_then_stray(line: Line, answer: bytes, stray: bytes) -> None:
    await line.send(chunked(answer.partition(b"\r\n\r\n")[2]) + stray)


async def _behind_an_interim_answer(line: Line, answer: bytes, stray: bytes) -> None:
    if line.is_asked_to_transfer:
        await line.send(b"HTTP/1.1 100 Continue\r\n\r\n", stray + answer)
    else:
        await line.send(answer)


async def _behind_a_switch(line: Line, answer: bytes, stray: bytes) -> None:
    if line.is_asked_to_transfer:
        await line.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: any\r\nConnection: upgrade\r\n\r\n" + stray)
    else:
        await line.send(answer)


async def _longer_than_said(line: Line, answer: bytes, stray: bytes) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    await line.send(head + b"\r\n\r\n" + body + stray.partition(b"\r\n\r\n")[2])


async def _shorter_than_said(line: Line, answer: bytes, stray: bytes) -> None:
    """The rest of the answer is the beginning of the stray one."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if line.is_asked_to_transfer:
        short = re.sub(rb"Length: [0-9]+", b"Length: %d" % (len(body) + 40), head)
        await line.send(short + b"\r\n\r\n" + body)
        line.writer.close()
    else:
        await line.send(answer)


async def _without_a_length(line: Line, answer: bytes, stray: bytes) -> None:
    """The transfer's answer ends with the connection, as in HTTP/1.0; more follows."""
    if line.is_asked_to_transfer:
        await line.send(b"HTTP/1.0 200 OK\r\n\r\n" + answer.partition(b"\r\n\r\n")[2] + stray)
        line.writer.close()
    else:
        await line.send(answer)


async def _without_a_body(line: Line, answer: bytes, stray: bytes) -> None:
    """A 204 has no body, whatever it says of its length: what follows is another answer."""
    if line.is_asked_to_transfer:
        await line.send(b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n" + stray)
    else:
        await line.send(answer)


ON_READS = {
    "in the same write": _after_reads(0, joined=True),
    "in a second write right after": _after_reads(0),
    "50 ms later": _after_reads(0.05),
    "with a body longer than said": Trick(answered=_longer_than_said),
    "after an answer in chunks": Trick(answered=_chunked_then_stray),
}
"""A stray answer comes with an answer that was asked for, before the transfer."""

ON_CONNECTIONS = {
    "when another connection opens": Trick(connected=_push_after_the_first),
    "when the next request begins": Trick(begun=_push_between),
    "when a connection opens": Trick(connected=_push),
    "as each answer, one too late": Trick(is_late=True),
}
"""A stray answer comes without any request."""

ON_TRANSFERS = {
    "when it begins": Trick(begun=_push_when_transfer_begins),
    "before its body": Trick(headed=_push_at_transfer),
    "in the same write": _after_transfer(0, joined=True),
    "in a second write right after": _after_transfer(0),
    "50 ms later": _after_transfer(0.05),
    "in the same write, before": _after_transfer(0, joined=True, first=True),
    "50 ms before": _after_transfer(0.05, first=True),
    "behind an interim answer": Trick(answered=_behind_an_interim_answer),
    "behind a switch of protocols": Trick(answered=_behind_a_switch),
    "in place of the rest of a short answer": Trick(answered=_shorter_than_said),
    "after an answer without a length": Trick(answered=_without_a_length),
    "after an answer without a body": Trick(answered=_without_a_body),
}
"""A stray answer comes with the transfer's own."""
