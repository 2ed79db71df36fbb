"""Faults on demand, for tests and rehearsals.

A `Fault` applies to a matching request. It can delay the request, prevent its execution, delay the answer, replace the
answer, or cut the connection.
"""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum, auto
from typing import Final

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tui.structs import Struct, field

TRANSFER_PATH: Final = "/sapi/v1/asset/transfer"

_WITHOUT_BODY: Final = (204, 304)
"""Statuses whose answers have no body in HTTP."""

TRANSPORT_STATE: Final = "transport"
"""The key in the scope's state under which the server keeps the connection, so that a fault can cut it."""


LATE: Final = "late"
"""The key in the scope under which a fault says how long the exchange waits between checking and executing."""


Wait = float | Callable[[], Awaitable[object]]
"""Seconds, or a function whose result is awaited."""


class ConnectionCut(ConnectionError):
    """Raised in-process in place of a cut connection.

    An app that is called through httpx's ASGITransport has no connection to cut, so the client's call raises this
    instead of an httpx error. Over a socket, the client sees a real disconnect.
    """


class Cut(Enum):
    """How a connection ends instead of an answer."""

    CLOSE = auto()
    """Closed without a byte."""
    RESET = auto()
    """Reset (RST) without a byte."""
    MID_ANSWER = auto()
    """Closed halfway through the answer's body."""


class Reply(Struct):
    """An answer that replaces the exchange's own."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Added to content-length and content-type, which they may replace."""
    repeat: int = 1
    """How many times the body is sent: makes a huge answer from a small text."""


class Edit(Struct):
    """Replaces every value of one key."""

    key: str
    raw: str
    """The text that replaces the value, unchecked: `"text"`, `null`, `NaN`. An empty string removes the key."""

    def apply(self, content: object) -> object:
        """Return the content of an answer, edited at every depth."""
        if isinstance(content, list):
            return [self.apply(part) for part in content]
        if not isinstance(content, dict):
            return content
        edited = {key: self.apply(value) for key, value in content.items()}
        if self.key in edited:
            edited[self.key] = msgspec.Raw(self.raw.encode())
            if not self.raw:
                del edited[self.key]
        return edited


class Fault(msgspec.Struct):
    """What happens to a request. The defaults match a transfer and change nothing."""

    before: Wait = 0
    """How long the request is delayed."""
    executes: bool = True
    """Whether the exchange sees the request at all."""
    after: Wait = 0
    """How long the answer is delayed."""
    answer: Reply | Cut | None = None
    """The answer; None for the exchange's own. Required if the request is not executed, or is executed late."""
    late: Wait | None = None
    """How long after its check the request is executed. The answer does not wait; only the history shows it."""
    skip: int = 0
    """How many matching requests pass first; counts down."""
    times: int | None = 1
    """How many requests it affects; counts down. None means all."""
    method: str = "POST"
    path: str = TRANSFER_PATH

    def __post_init__(self) -> None:
        if not self.executes and self.answer is None:
            raise ValueError("a request that is not executed needs another answer")
        if self.late is not None and self.answer is None:
            raise ValueError("a request that is executed late needs another answer")


def due(faults: list[Fault], method: str, path: str) -> Fault | None:
    """Return the first fault that is due for this request. A fault that is used up is removed from the list."""
    first = None
    for fault in list(faults):
        if (fault.method, fault.path) != (method, path):
            continue
        if fault.skip:
            fault.skip -= 1
        elif first is None:
            first = fault
            if fault.times is not None:
                fault.times -= 1
                if not fault.times:
                    faults.remove(fault)
    return first


async def strike(
    fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send, late: set[asyncio.Task[list[Message]]]
) -> None:
    """Serve one request with a fault. Raises ConnectionCut if there is no socket to cut.

    `late` keeps the tasks of requests that are executed after their answer.
    """
    await held(fault.before)
    own_answer: list[Message] = []
    if fault.late is not None:
        task = asyncio.create_task(_own_answer(app, {**scope, LATE: fault.late}, receive))
        late.add(task)
        task.add_done_callback(late.discard)
    elif fault.executes:
        own_answer = await _own_answer(app, scope, receive)
    await held(fault.after)
    if isinstance(fault.answer, Cut):
        await _cut(fault.answer, own_answer, scope, receive, send)
    elif fault.answer is not None:
        await _send_instead(fault.answer, send)
    else:
        for message in own_answer:
            await send(message)


def with_headers(headers: Mapping[str, str], send: Send) -> Send:
    """Return a `send` that replaces an answer's headers with these."""
    names = {name.lower().encode() for name in headers}

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start" and names:
            others = [(name, value) for name, value in message["headers"] if name.lower() not in names]
            message = {**message, "headers": others + _encoded(headers)}
        await send(message)

    return sent


async def held(wait: Wait) -> None:
    """Wait as long as a fault says."""
    await (wait() if callable(wait) else asyncio.sleep(wait))


async def _own_answer(app: ASGIApp, scope: Scope, receive: Receive) -> list[Message]:
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    return messages


async def _send_instead(answer: Reply, send: Send) -> None:
    if answer.status in _WITHOUT_BODY:
        await send(_start(answer.status, answer.headers))
        await send({"type": "http.response.body"})
        return
    headers = {name.lower(): value for name, value in answer.headers.items()}
    headers.setdefault("content-length", str(len(answer.body) * answer.repeat))
    headers.setdefault("content-type", "application/json" if answer.body[:1] in (b"{", b"[") else "text/html")
    await send(_start(answer.status, headers))
    for left in range(answer.repeat - 1, -1, -1):
        await send({"type": "http.response.body", "body": answer.body, "more_body": left > 0})


async def _cut(cut: Cut, own_answer: list[Message], scope: Scope, receive: Receive, send: Send) -> None:
    transport = scope.get("state", {}).get(TRANSPORT_STATE)
    if cut is Cut.MID_ANSWER:
        body = b"".join(message.get("body", b"") for message in own_answer) or b'{"tranId":'
        await send(_start(200, {"content-length": str(len(body)), "content-type": "application/json"}))
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
    if transport is None:
        raise ConnectionCut(f"the demo exchange cut the connection: {cut.name}")
    if cut is Cut.RESET:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.close()  # bytes already written are still sent
    while (await receive())["type"] != "http.disconnect":  # until the server has noticed, so that it sends no answer
        pass


def _start(status: int, headers: Mapping[str, str]) -> Message:
    return {
        "type": "http.response.start",
        "status": status,
        "headers": _encoded(headers),
    }


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
