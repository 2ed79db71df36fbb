"""The connections to one host: a request is sent once, and its answer comes whole or as an ExchangeError.

httpx is imported with the first request: it takes longer to load than everything else at the start.
"""

import asyncio
import contextlib
import os
import re
import threading
import zlib
from collections.abc import Mapping
from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING, cast

from tui.clock import asleep_ms, ticks_ms
from tui.domain import details
from tui.domain.answers import LIMITED_STATUSES
from tui.domain.evidence import Ambiguous, Flaw, Obstacle
from tui.domain.hosts import hosts_of, is_loopback, service_url
from tui.exchange.answers import asked_wait_s
from tui.exchange.errors import (
    ExchangeError,
    NotSent,
    OutcomeUnknown,
    contradictory_answer,
    error_of_answer,
    error_of_transport,
)
from tui.exchange.proxies import UnusableVariable, proxy_for
from tui.language import _
from tui.structs import Struct

if TYPE_CHECKING:
    import ssl

    import httpx

    from tui.exchange.streams import TransferBackend, WatchedBackend

TRUSTED_S = 3
"""For how long a silent connection is trusted. Then a new one replaces it before anything is sent: the exchange may
have closed the old one, and the outcome of a transfer on it would be unknown for no reason.
"""

_TIMEOUTS_S = {"connect": 10, "write": 10, "read": 20, "pool": 5}
_WHOLE_CALL_S = 60
"""A server that sends a byte now and then never reaches the read time-out."""
_WAIT_S = 60
"""How long to wait if the exchange asks to, and does not say for how long."""
_MOST_CONNECTIONS = 100
_MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""Ten times the longest answer that the exchange is known to give. Decoded, it is larger."""

_GZIP = 16 + zlib.MAX_WBITS

_MORE_S = 0.3
"""For how long to listen after a transfer's answer, if the exchange does not close the connection as it is asked to. If
the answer belonged to something else, the transfer's own comes in this time.
"""

_LONGEST_NAP_MS = 500
"""Two clocks read one after the other differ by less than this."""

_UID_WEIGHT = "X-SAPI-USED-UID-WEIGHT-1M"

_HEADER_VALUE = re.compile(r"[!-~]+")
"""An API key that can go into a header; httpx would put any other into the text of its error."""


class RawAnswer(Struct):
    """An answer as it came, with its body unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_followed: bool = False
    """Whether more bytes followed it."""


class Connection:
    """Requests to one host, over connections that are kept open for the next one.

    Nothing is retried, and no redirect is followed.
    """

    def __init__(self, base_url: str, transport: "httpx.AsyncBaseTransport | None" = None) -> None:
        self.base_url = base_url
        self.uid_weight = 0
        """The weight that this account has used in the minute, as the exchange last counted it."""
        self._transport = transport
        self._lines: _Lines | None = None
        self._making = threading.Lock()
        self._is_closed = False
        self._left: list[_Lines] = []
        self._under_way: dict[asyncio.Timeout, Ambiguous] = {}
        """The time limit of each call, and what its end means."""
        self._resume_ms = 0.0
        self._heard_ms = float("-inf")
        self._asleep_ms = asleep_ms()

    async def aclose(self) -> None:
        """Close the connections."""
        self._is_closed = True
        for lines in (self._lines, *self._left):
            if lines:
                await lines.aclose()

    @property
    def lines(self) -> "_Lines":
        """The connections; made on first use, which blocks. Raises NotSent if the environment names a proxy or
        certificates that cannot be used.
        """
        with self._making:
            if self._lines is None:
                self._lines = _lines(self.base_url, self._transport)
            return self._lines

    @property
    def http(self) -> "httpx.AsyncClient":
        """Builds all requests, and sends the reads."""
        return self.lines.reads

    @property
    def is_warm(self) -> bool:
        """Whether the exchange answered so recently that a transfer sent now does not wait for a new connection."""
        is_heard = ticks_ms() - self._heard_ms < TRUSTED_S * 1000
        return is_heard and not (self._lines and self._lines.lack_one_ahead)

    @property
    def wait_s(self) -> int:
        """How long the exchange still asks for a pause (429, 418); 0 if it does not."""
        return max(0, ceil((self._resume_ms - ticks_ms()) / 1000))

    def give_up(self, flaw: Flaw) -> None:
        """End every call that is under way; its error says why."""
        for limit in self._under_way:
            if not limit.expired():
                self._under_way[limit] = Ambiguous(flaw)
                limit.reschedule(asyncio.get_running_loop().time())

    @property
    def can_open_ahead(self) -> bool:
        """Whether the exchange was reached, and not through a proxy."""
        return bool(self._lines and self._lines.can_open_ahead)

    async def open_ahead(self) -> None:
        """Open the connection for the next transfer, if that is possible and none is ready."""
        if self._lines is None or self._is_closed:
            return
        self._replace_connections_after_a_sleep()
        lines = self._lines
        if lines.ahead and lines.can_open_ahead:
            await lines.ahead.open_ahead()
        if self._is_closed:
            await lines.aclose()

    async def call(self, method: str, path: str, payload: str = "", api_key: str = "") -> bytes:
        """Return the body of the answer to one request. Raises ExchangeError if its status is not 200."""
        answer = await self.ask(method, path, payload, api_key)
        if answer.status != HTTPStatus.OK:
            raise error_of_answer(answer.status, answer.headers, answer.body)
        return answer.body

    async def ask(
        self, method: str, path: str, payload: str = "", api_key: str = "", *, is_transfer: bool = False
    ) -> RawAnswer:
        """Return the answer to one request. Every failure is raised as an ExchangeError.

        A transfer is the first and the last request on its connection.
        """
        answer: RawAnswer | ExchangeError
        limit = asyncio.timeout(_WHOLE_CALL_S)
        self._under_way[limit] = Ambiguous(Flaw.TOO_LATE, detail=details.A_MINUTE)
        try:
            async with limit:
                answer = await self._exchange(method, path, payload, api_key, is_transfer=is_transfer)
        except NotSent as error:
            answer = error
        except TimeoutError:
            answer = OutcomeUnknown(self._under_way[limit])
        except Exception as error:  # noqa: BLE001 - no error of a library may end the app
            answer = error_of_transport(error)
        finally:
            del self._under_way[limit]
        # Raised here, and not in the handler: httpx's error holds the request, and so the key.
        if isinstance(answer, ExchangeError):
            try:
                raise answer
            finally:
                del answer  # the error holds this frame, and so the key, while this frame holds the error
        return answer

    async def _exchange(
        self, method: str, path: str, payload: str, api_key: str, *, is_transfer: bool
    ) -> RawAnswer | ExchangeError:
        if self._lines is None and not self._is_closed:
            await asyncio.to_thread(lambda: self.lines)
        if self._is_closed or self.http.is_closed:
            raise NotSent(Obstacle.CLOSED)
        self._replace_connections_after_a_sleep()
        request = _request(self.http, self.base_url, method, path, payload, api_key)
        if is_transfer:
            request.headers["Connection"] = "close"
        response = await (self.lines.transfers if is_transfer else self.http).send(request, stream=True)
        try:
            self._heed(response.status_code, response.headers, b"")
            body = await _read_body(response)
            # What was not read to its end says nothing, whatever follows it.
            is_alone = body is not None and await _is_alone(response, within_s=_MORE_S if is_transfer else 0)
        finally:
            await response.aclose()
        self._heard_ms = ticks_ms()
        self._heed(response.status_code, response.headers, body or b"")
        if body is None:
            return OutcomeUnknown(Ambiguous(Flaw.UNREADABLE))
        if not is_alone and payload and not is_transfer:
            return contradictory_answer(_("more came than one answer"))
        return RawAnswer(response.status_code, response.headers, body, is_followed=not is_alone)

    def _heed(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Note what the exchange says about its limits."""
        weight = headers.get(_UID_WEIGHT, "")
        if weight.isascii() and weight.isdigit() and len(weight) < 10:
            self.uid_weight = int(weight)
        if status in LIMITED_STATUSES:
            wait_s = asked_wait_s(headers, body)
            self._resume_ms = max(self._resume_ms, ticks_ms() + (_WAIT_S if wait_s is None else wait_s) * 1000)

    def _replace_connections_after_a_sleep(self) -> None:
        """Replace the connections if the machine was suspended. httpx closes those that were idle for long, but counts
        only the time that the machine was awake.
        """
        now_asleep_ms = asleep_ms()
        if now_asleep_ms - self._asleep_ms > _LONGEST_NAP_MS and self._transport is None:
            self._left.append(self.lines)
            self._lines = _lines(self.base_url, None)
        self._asleep_ms = now_asleep_ms


class _Lines(Struct):
    """The connections to one exchange."""

    reads: "httpx.AsyncClient"
    transfers: "httpx.AsyncClient"
    """Sends transfers, each on a connection of its own."""
    network: "WatchedBackend | None" = None
    """Opens the connections for reads; None if a transport was given."""
    ahead: "TransferBackend | None" = None
    """Opens the connections for transfers."""

    @property
    def can_open_ahead(self) -> bool:
        """Whether the exchange was reached, and not through a proxy."""
        return bool(self.network and self.ahead and self.ahead.place in self.network.reached)

    @property
    def lack_one_ahead(self) -> bool:
        """Whether a transfer would wait for a connection that could be opened now."""
        return bool(self.ahead and self.can_open_ahead and not self.ahead.is_ready)

    async def aclose(self) -> None:
        if self.ahead:
            await self.ahead.drop()
        await self.reads.aclose()
        await self.transfers.aclose()


def _lines(base_url: str, transport: "httpx.AsyncBaseTransport | None") -> _Lines:

    if transport:
        http = _http(transport=transport)
        return _Lines(http, http)
    try:
        return _lines_to(base_url, _trust(base_url))
    except UnusableVariable as error:
        obstacle, detail = Obstacle.ENVIRONMENT, str(error)
    except Exception:  # noqa: BLE001 - httpx may reject a proxy with errors of many types
        obstacle, detail = Obstacle.ENVIRONMENT, details.BAD_PROXY
    # Raised here, and not in the handler: the error that was caught has the proxy's password.
    raise NotSent(obstacle, detail=detail)


def _trust(base_url: str) -> "ssl.SSLContext":
    """Return which certificates to trust. Raises UnusableVariable."""
    import ssl

    import httpx

    url = httpx.URL(base_url)
    if url.scheme == "http":  # without encryption, none; reading certificates takes long
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        trust = httpx.create_ssl_context(trust_env=not is_loopback(url.host))
    except (OSError, ValueError):
        raise UnusableVariable(*_bad_certificates()) from None
    trust.set_alpn_protocols(["http/1.1"])  # as httpcore does
    return trust


def _bad_certificates() -> tuple[str, str]:
    """Return that a TLS context cannot be made, and the variable that prevents it if that is one."""
    log = os.environ.get("SSLKEYLOGFILE")
    if log:
        try:
            with open(log, "ab"):  # noqa: PTH123 - as OpenSSL does
                pass
        except (OSError, ValueError):
            return details.BAD_FILE, "SSLKEYLOGFILE"
    return details.BAD_CERTIFICATES, ""


def _lines_to(base_url: str, trust: "ssl.SSLContext") -> _Lines:
    import httpx

    from tui.exchange.streams import TransferBackend, WatchedBackend

    url = httpx.URL(base_url)
    is_plain = url.scheme == "http"
    port = url.port or (80 if is_plain else 443)
    # No proxy is used between this machine and itself.
    hosts = () if is_loopback(url.host) else {str(httpx.URL(host).host) for host in hosts_of(base_url)}
    proxies = {host: proxy_for(url.scheme, host, port) for host in hosts}
    reads, transfers = (_http(verify=trust, proxies=proxies, kept_open=kept_open) for kept_open in (None, 0))
    network = WatchedBackend()
    ahead = TransferBackend(url.raw_host.decode("ascii"), port, None if is_plain else trust)
    _connect_through(network, reads)
    _connect_through(ahead, transfers)
    return _Lines(reads, transfers, network, ahead)


def _http(
    *,
    verify: "ssl.SSLContext | bool" = True,
    proxies: Mapping[str, str | None] | None = None,
    kept_open: int | None = None,
    transport: "httpx.AsyncBaseTransport | None" = None,
) -> "httpx.AsyncClient":
    from http.cookiejar import CookieJar, DefaultCookiePolicy

    import httpx

    limits = httpx.Limits(
        max_connections=_MOST_CONNECTIONS, max_keepalive_connections=kept_open, keepalive_expiry=TRUSTED_S
    )
    return httpx.AsyncClient(
        verify=verify,
        timeout=httpx.Timeout(**_TIMEOUTS_S),
        limits=limits,
        mounts={
            f"all://[{host}]" if ":" in host else f"all://{host}": httpx.AsyncHTTPTransport(
                verify=verify, limits=limits, proxy=proxy, trust_env=False
            )
            for host, proxy in (proxies or {}).items()
            if proxy
        },
        headers={"Accept-Encoding": "identity"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # the exchange's cookies have no use
        follow_redirects=False,
        trust_env=False,  # proxies.py reads the environment
        transport=transport,
    )


def _connect_through(network: "WatchedBackend", http: "httpx.AsyncClient") -> None:
    """Let our backend open all connections of a client. httpx has no parameter for this."""
    for transport in (http._transport, *http._mounts.values()):
        if transport is None:  # a host without a proxy
            continue
        transport._pool._network_backend = network  # type: ignore[attr-defined]


async def _is_alone(response: "httpx.Response", *, within_s: float) -> bool:
    """Return whether nothing else came with an answer, or after it within some time."""
    stream = response.extensions.get("network_stream")  # there is none for a transport within this process
    return stream is None or await stream.gave_one_answer(within_s)


def _request(
    http: "httpx.AsyncClient", base_url: str, method: str, path: str, payload: str, api_key: str
) -> "httpx.Request":
    if api_key and not _HEADER_VALUE.fullmatch(api_key):
        raise NotSent(Obstacle.DAMAGED_KEY)
    headers = {"X-MBX-APIKEY": api_key} if api_key else {}
    with contextlib.suppress(Exception):
        url = service_url(base_url, path)
        if method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            return http.build_request(method, url, headers=headers, content=payload.encode())
        return http.build_request(method, f"{url}?{payload}" if payload else url, headers=headers)
    raise NotSent(Obstacle.UNWRITABLE)


async def _read_body(response: "httpx.Response", most_bytes: int = _MAX_ANSWER_BYTES) -> bytes | None:
    """Return the body of an answer, unpacked; None if it is too long, or packed in any way but gzip, once.

    It is counted while it is unpacked: a short body can be made to unpack to gigabytes. Nothing packed is asked for;
    some servers pack all the same.
    """
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    if packing not in ("", "identity", "gzip", "x-gzip"):
        return None
    unpacker = zlib.decompressobj(_GZIP) if packing.endswith("gzip") else None
    body = bytearray()
    # As it came: httpx's own ways to read a body unpack it.
    async for chunk in cast("httpx.AsyncByteStream", response.stream):
        try:
            # One byte more than fits is enough to know.
            body += unpacker.decompress(chunk, most_bytes - len(body) + 1) if unpacker else chunk
        except zlib.error:
            return None
        if len(body) > most_bytes:
            return None
    return bytes(body) if unpacker is None or (unpacker.eof and not unpacker.unused_data) else None
