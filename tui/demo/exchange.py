"""The demo exchange: one person's ledger behind Binance's endpoints, as an ASGI app.

`shunter --demo` calls it in-process, `shunter simulate` serves it on loopback, and the tests do both.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from tui.demo import faults
from tui.demo.errors import Code, RequestRefused
from tui.demo.faults import TRANSFER_PATH, Edit, Fault
from tui.demo.history import History
from tui.demo.keys import demo_key
from tui.demo.ledger import Ledger
from tui.demo.person import demo_ledger, earlier_transfers, tran_id_at
from tui.demo.requests import Permissions, Received, Registration, check_signed, known_key
from tui.demo.routes import BALANCES, ENDPOINTS, Access, ApiCall, Endpoint, Weights
from tui.domain.credentials import KeyKind

_LARGEST_BODY = 64 * 1024
_NUMBER = "number"
"""The key in the scope with the number of a transfer request, from 1."""


def _system_ms() -> int:
    return time.time_ns() // 1_000_000


class DemoExchange:
    """An exchange with one person's accounts. The object is the ASGI app; its misbehaviour is set on it."""

    def __init__(
        self,
        *,
        ledger: Ledger | None = None,
        keys: Iterable[Registration] = (),
        now_ms: Callable[[], int] = _system_ms,
        tran_id: int | None = None,
        earlier: int = 0,
    ) -> None:
        """`keys` are accepted in addition to the demo's own; `now_ms` is the clock.

        `tran_id` is that of the first transfer; by default one that no exchange that started before can reach: it grows
        by 10 a millisecond, faster than transfers can be made. `earlier` is the number of transfers in the history from
        before.
        """
        self.ledger = ledger or demo_ledger()
        self.ledger.next_tran_id = tran_id_at(_system_ms()) if tran_id is None else tran_id
        began_ms = now_ms()
        self.history = History(self.ledger, lambda: earlier_transfers(earlier, began_ms))
        self.weights = Weights()
        self.keys: dict[str, Registration] = {}
        self.faults: list[Fault] = []
        self.clock_offset_ms = 0
        """How far the exchange's clock is ahead of `now_ms`."""
        self.balance_edits: list[Edit] = []
        """Applied to every answer about wallets, their assets and pairs."""
        self.headers: dict[str, str] = {}
        """Headers of every answer, in the place of its own."""
        self.requests: list[dict[str, str]] = []
        """The parameters of every transfer request, in order, accepted or not."""
        self._now_ms = now_ms
        self._late: set[asyncio.Task[list[Message]]] = set()
        own = demo_key()
        self.add_key(own.kind, own.api_key.reveal(), own.secret.reveal())
        self.keys |= {key.api_key: key for key in keys}
        self._app = Starlette(
            routes=[
                Route(endpoint.path, partial(self._serve, endpoint), methods=[endpoint.method])
                for endpoint in ENDPOINTS
            ],
            exception_handlers={HTTPException: _no_such_path, Exception: _unforeseen},
        )
        self._app.router.redirect_slashes = False

    def add_key(self, kind: KeyKind, api_key: str, verifier: str, permissions: Permissions | None = None) -> None:
        """Accept a key. `verifier` is the secret of an HMAC key, or the public key as PEM."""
        self.keys[api_key] = Registration(kind, api_key, verifier, permissions or Permissions())

    def server_ms(self) -> int:
        """Return the exchange's time."""
        return self._now_ms() + self.clock_offset_ms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, with the fault that is due for it, if any."""
        body = await _read(receive)
        if body is None:
            return
        if (scope["method"], scope["path"]) == ("POST", TRANSFER_PATH):
            self.requests.append(_sent_parameters(Request(scope), body))
            scope = {**scope, _NUMBER: len(self.requests)}
        replayed, sending = _replay(body, receive), faults.with_headers(self.headers, send)
        fault = faults.due(self.faults, scope["method"], scope["path"])
        if fault is None:
            await self._app(scope, replayed, sending)
        else:
            await faults.strike(fault, self._app, scope, replayed, sending, self._late)

    async def _serve(self, endpoint: Endpoint, request: Request) -> Response:
        now_ms = self.server_ms()
        headers: dict[str, str] = {}
        try:
            headers = self.weights.spend(endpoint.limit, endpoint.method, endpoint.path, endpoint.weight, now_ms)
            received = _received(request, await request.body())
            key = None
            if endpoint.access is not Access.OPEN:
                key = known_key(received, self.keys)
            if key is not None and endpoint.access is Access.SIGNED:
                check_signed(received, key, now_ms)
            if (late := request.scope.get(faults.LATE)) is not None:
                await faults.held(late)
            self.ledger.arrive(self.server_ms())
            number = request.scope.get(_NUMBER, 0)
            answer = endpoint.answer(
                ApiCall(received.parameters, key, self.ledger, self.history, self.server_ms(), number)
            )
        except RequestRefused as refused:
            return _refusal(refused, headers)
        if endpoint in BALANCES:
            for edit in self.balance_edits:
                answer = edit.apply(answer)
        return _json(answer, 200, headers)


def _received(request: Request, body: bytes) -> Received:
    if len(body) > _LARGEST_BODY:
        raise RequestRefused(Code.BODY_TOO_LARGE)
    query: bytes = request.scope["query_string"]
    return Received(request.headers, query, body)


def _sent_parameters(request: Request, body: bytes) -> dict[str, str]:
    try:
        return _received(request, body).parameters.all
    except RequestRefused:
        return {}


async def _read(receive: Receive) -> bytes | None:
    """Return the body, at most one byte more than is accepted, or None if the caller is gone."""
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body = (body + message.get("body", b""))[: _LARGEST_BODY + 1]
        more = message.get("more_body", False)
    return body


def _replay(body: bytes, receive: Receive) -> Receive:
    unread = [body]

    async def replayed() -> Message:
        return {"type": "http.request", "body": unread.pop()} if unread else await receive()

    return replayed


def _json(content: object, status: int, headers: Mapping[str, str]) -> Response:
    return Response(msgspec.json.encode(content), status, dict(headers), media_type="application/json")


def _refusal(refused: RequestRefused, headers: Mapping[str, str] = MappingProxyType({})) -> Response:
    content = {"code": refused.code.number, "msg": str(refused)}
    return _json(content, refused.code.status, {**headers, **refused.headers})


def _no_such_path(request: Request, _: Exception) -> Response:
    return _refusal(RequestRefused(Code.NO_SUCH_PATH, f"{request.method} {request.url.path}"))


def _unforeseen(_: Request, __: Exception) -> Response:
    return _refusal(RequestRefused(Code.UNKNOWN))
