"""The client on the wire: where it sends, what it sends, and what its errors hold."""

import asyncio
import gzip
import ssl
import sys
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from tests.evidence import ambiguous
from tests.wire.conftest import DemoServer, RawServer
from tests.wire.held import all_text, assert_no_key_in
from tui.demo.faults import TRANSFER_PATH, Cut, Fault, Reply
from tui.demo.keys import demo_key, new_key
from tui.domain.credentials import ApiKey, KeyKind, Secret
from tui.domain.records import HistoryQuery
from tui.domain.transfer import TransferRequest
from tui.domain.wallets import TransferType
from tui.exchange import connection as connection_module
from tui.exchange.client import BinanceClient
from tui.exchange.errors import ClockRefused, ExchangeError, NotSent, OutcomeUnknown, RateLimited, Refused
from tui.exchange.payloads import ISOLATED_PAIRS, KEY_RESTRICTIONS

_HOUR_MS = 60 * 60 * 1000
_REQUEST = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal("1.50"))


async def _transfer(client: BinanceClient, request: TransferRequest = _REQUEST) -> int:
    clock = client.clock or await client.sync_clock()
    return (await client.transfer(request, clock.now_ms())).tran_id


@pytest.mark.parametrize("kind", KeyKind, ids=str)
async def test_each_kind_of_key_signs_what_the_exchange_takes(server: DemoServer, kind: KeyKind) -> None:
    key, verifier = new_key(kind)
    server.exchange.add_key(kind, key.api_key.reveal(), verifier)
    async with BinanceClient(server.base_url, key) as client:
        assert [await _transfer(client)] == server.executed
        start_ms = server.exchange.server_ms() - 1000
        page = await client.transfer_history(_REQUEST.query, start_ms=start_ms, end_ms=start_ms + 2000)
    assert [row.tran_id for row in page.rows] == server.executed


async def test_transfer_carries_what_was_asked_and_the_default_window(server: DemoServer) -> None:
    request = TransferRequest(
        TransferType.ISOLATEDMARGIN_ISOLATEDMARGIN, "USDT", Decimal("0.10"), from_symbol="BTCUSDT", to_symbol="ETHUSDT"
    )
    async with BinanceClient(server.base_url, demo_key()) as client:
        clock = await client.sync_clock()
        timestamp_ms = clock.now_ms()
        await client.transfer(request, timestamp_ms)
    (sent,) = server.exchange.requests
    assert list(sent.items())[:-1] == [
        ("type", "ISOLATEDMARGIN_ISOLATEDMARGIN"),
        ("asset", "USDT"),
        ("amount", "0.10"),
        ("fromSymbol", "BTCUSDT"),
        ("toSymbol", "ETHUSDT"),
        ("recvWindow", "5000"),
        ("timestamp", str(timestamp_ms)),
    ]
    assert list(sent)[-1] == "signature"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirect_is_not_followed_and_no_key_goes_there(
    server: DemoServer, raw_server: RawServer, status: int
) -> None:
    visits = 0

    async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal visits
        visits += 1
        writer.close()

    location = await raw_server(elsewhere) + TRANSFER_PATH
    for method in ("POST", "GET"):
        server.exchange.faults.append(Fault(answer=Reply(status, headers={"location": location}), method=method))
    async with BinanceClient(server.base_url, demo_key()) as client:
        for call in (_transfer(client), client.transfer_history(_REQUEST.query, start_ms=1, end_ms=2)):
            with pytest.raises(OutcomeUnknown):
                await call
    assert visits == 0
    assert len(server.exchange.requests) == 1


async def test_self_signed_server_is_not_talked_to(raw_server: RawServer, self_signed: ssl.SSLContext) -> None:
    heard = bytearray()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.read())

    async with BinanceClient(await raw_server(listen, self_signed), demo_key()) as client:
        with pytest.raises(NotSent, match="certificate"):
            await client.sync_clock()
        with pytest.raises(NotSent, match="certificate"):
            await client.transfer(_REQUEST, 1)
    assert heard == b""


@pytest.fixture
async def proxy(raw_server: RawServer, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """A proxy in the environment that refuses everything; gives what it was asked for."""
    asked: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    url = await raw_server(refuse)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, url)
        monkeypatch.setenv(name.lower(), url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    return asked


async def test_proxy_of_the_system_is_used_and_sees_no_key(proxy: list[bytes]) -> None:
    async with BinanceClient("https://exchange.invalid", demo_key()) as client:
        with pytest.raises(NotSent):
            await client.transfer(_REQUEST, 1)
    (asked,) = proxy
    assert asked.startswith(b"CONNECT exchange.invalid:443 ")
    assert demo_key().api_key.reveal().encode() not in asked


async def test_loopback_goes_past_the_proxy(server: DemoServer, proxy: list[bytes]) -> None:
    async with BinanceClient(server.base_url, demo_key()) as client:
        assert await _transfer(client) > 0
    async with BinanceClient("https://127.0.0.1:1", demo_key()) as client:
        with pytest.raises(NotSent):
            await client.transfer(_REQUEST, 1)
    assert proxy == []


@pytest.mark.parametrize(
    "value", ["socks5://127.0.0.1:1", "nonsense://127.0.0.1", "http://127.0.0.1:99999", "http://[::1", "http://#@x"]
)
async def test_proxy_that_cannot_be_used_is_said_without_its_password(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("ALL_PROXY", value.replace("//", "//me:hunter2@"))
    monkeypatch.setitem(sys.modules, "socksio", None)
    async with BinanceClient("https://exchange.invalid", demo_key()) as client:
        with pytest.raises(NotSent, match="ALL_PROXY") as caught:
            await client.sync_clock()
    assert "hunter2" not in all_text(caught.value)


async def test_key_log_that_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "missing" / "log"))
    async with BinanceClient("https://exchange.invalid", demo_key()) as client:
        with pytest.raises(NotSent, match="SSLKEYLOGFILE"):
            await client.sync_clock()


async def test_odd_entries_of_no_proxy_keep_no_call_from_the_proxy(
    proxy: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "fd00::/8,[::1],localhost")
    monkeypatch.setenv("no_proxy", "fd00::/8,[::1],localhost")
    async with BinanceClient("https://exchange.invalid", demo_key()) as client:
        with pytest.raises(NotSent):
            await client.sync_clock()
    assert proxy


async def test_certificates_that_are_not_there_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
    async with BinanceClient("https://exchange.invalid", demo_key()) as client:
        with pytest.raises(NotSent, match="SSL_CERT_FILE"):
            await client.sync_clock()


_FAILURES = {
    "cut": (Cut.CLOSE, OutcomeUnknown),
    "reset": (Cut.RESET, OutcomeUnknown),
    "cut in the answer": (Cut.MID_ANSWER, OutcomeUnknown),
    "500": (Reply(500), OutcomeUnknown),
    "503": (Reply(503, b'{"code":-1008,"msg":"busy"}'), Refused),
    "408": (Reply(408), OutcomeUnknown),
    "429": (Reply(429, headers={"retry-after": "0"}), RateLimited),
    "418": (Reply(418), RateLimited),
    "400": (Reply(400, b'{"code":-5002,"msg":"no"}'), Refused),
    "clock": (Reply(400, b'{"code":-1021,"msg":"late"}'), ClockRefused),
    "403": (Reply(403), Refused),
    "not json": (Reply(200, b"<html>"), OutcomeUnknown),
    "too long": (Reply(200, b" " * 1_000_000, repeat=40), OutcomeUnknown),
}


@pytest.mark.parametrize(("answer", "error"), _FAILURES.values(), ids=_FAILURES)
async def test_failure_is_sent_once_and_holds_no_key(
    server: DemoServer, answer: Reply | Cut, error: type[ExchangeError]
) -> None:
    server.exchange.faults.append(Fault(answer=answer, executes=False, times=None))
    async with BinanceClient(server.base_url, demo_key()) as client:
        with pytest.raises(error) as caught:
            await _transfer(client)
    assert type(caught.value) is error
    assert len(server.exchange.requests) == 1
    assert_no_key_in(caught.value, demo_key())


async def test_timeout_and_unreachable_hold_no_key(raw_server: RawServer, self_signed: ssl.SSLContext) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    for url, error in (
        (await raw_server(silent), OutcomeUnknown),
        (await raw_server(silent, self_signed), NotSent),
        ("http://127.0.0.1:1", NotSent),
        ("https://nothing.invalid", NotSent),
    ):
        async with BinanceClient(url, demo_key()) as client:
            client._connection.http.timeout = httpx.Timeout(5, read=0.1)
            with pytest.raises(error) as caught:
                await client.transfer(_REQUEST, 1)
        assert_no_key_in(caught.value, demo_key())


@pytest.mark.parametrize(
    "key",
    [
        ApiKey(KeyKind.HMAC, Secret("demo" * 16 + "\n"), Secret("x")),
        ApiKey(KeyKind.HMAC, Secret("demo" * 16 + " "), Secret("x")),
        ApiKey(KeyKind.HMAC, Secret("dému" * 16), Secret("x")),
        ApiKey(KeyKind.ED25519, Secret("demo" * 16), Secret("-----BEGIN PRIVATE KEY-----\nthisisnotasecret")),
        ApiKey(KeyKind.RSA, Secret("demo" * 16), Secret("thisisnotasecret")),
    ],
    ids=["line end", "blank", "letter beyond ASCII", "damaged PEM", "no PEM"],
)
async def test_damaged_key_is_not_sent_and_not_shown(server: DemoServer, key: ApiKey) -> None:
    async with BinanceClient(server.base_url, key) as client:
        with pytest.raises(NotSent, match="Enter it again") as caught:
            await _transfer(client)
    assert server.exchange.requests == []
    assert_no_key_in(caught.value, key)


@pytest.mark.parametrize("offset_ms", [-3 * _HOUR_MS, -10_000, 10_000, 3 * _HOUR_MS])
async def test_clock_follows_the_exchange(server: DemoServer, offset_ms: int) -> None:
    server.exchange.clock_offset_ms = offset_ms
    async with BinanceClient(server.base_url, demo_key()) as client:
        assert [await _transfer(client)] == server.executed
        assert client.clock is not None
        assert abs(client.clock.offset_ms - offset_ms) < 1000
        assert client.clock.at_least_ms() <= server.exchange.server_ms()


async def test_clock_that_was_refused_is_measured_anew(server: DemoServer) -> None:
    async with BinanceClient(server.base_url, demo_key()) as client:
        await client.sync_clock()
        server.exchange.clock_offset_ms += _HOUR_MS
        with pytest.raises(ClockRefused):
            await _transfer(client)
        assert client.clock is None
        assert [await _transfer(client)] == server.executed[-1:]


async def test_read_is_asked_once_more_if_the_clock_was_refused(server: DemoServer) -> None:
    async with BinanceClient(server.base_url, demo_key()) as client:
        await client.sync_clock()
        server.exchange.clock_offset_ms += _HOUR_MS
        assert await client.read(KEY_RESTRICTIONS)
        late = Reply(400, b'{"code":-1021,"msg":"late"}')
        server.exchange.faults.append(
            Fault(answer=late, executes=False, times=2, method="GET", path=KEY_RESTRICTIONS.path)
        )
        with pytest.raises(ClockRefused):
            await client.read(KEY_RESTRICTIONS)
        assert not server.exchange.faults
        assert client.clock is None


async def test_nothing_is_read_while_the_exchange_asks_to_wait(server: DemoServer) -> None:
    limited = Reply(429, headers={"retry-after": "30"})
    server.exchange.faults.append(Fault(answer=limited, method="GET", path=KEY_RESTRICTIONS.path))
    async with BinanceClient(server.base_url, demo_key()) as client:
        with pytest.raises(RateLimited):
            await client.read(KEY_RESTRICTIONS)
        asked = len(server.exchange.requests)
        for call in (KEY_RESTRICTIONS, ISOLATED_PAIRS):
            with pytest.raises(NotSent):
                await client.read(call)
        with pytest.raises(NotSent):
            await client.transfer_history(HistoryQuery(TransferType.MAIN_FUNDING), start_ms=1, end_ms=2)
        assert len(server.exchange.requests) == asked


async def test_slow_drip_is_bounded(raw_server: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "_WHOLE_CALL_S", 0.3)

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await asyncio.sleep(0.01)

    async with BinanceClient(await raw_server(drip), demo_key()) as client:
        with pytest.raises(OutcomeUnknown, match="not complete") as caught:
            await client.transfer(_REQUEST, 1)
    assert_no_key_in(caught.value, demo_key())


_NO_TIMES = [
    *("0", "-1", "9007199254740992", "1e3", "null", '"1"', "9" * 400),
    *("978307200000", "1483228799999", "4102444800000", "95617584000000", "253402300800000", "1800000000"),
]


@pytest.mark.parametrize("server_time", _NO_TIMES)
async def test_time_that_cannot_be_is_not_taken(server: DemoServer, server_time: str) -> None:
    answer = Reply(200, f'{{"serverTime":{server_time}}}'.encode())
    server.exchange.faults.append(Fault(answer=answer, method="GET", path="/api/v3/time"))
    async with BinanceClient(server.base_url, demo_key()) as client:
        with pytest.raises(OutcomeUnknown):
            await client.sync_clock()
        assert client.clock is None


@pytest.mark.parametrize(
    "beside",
    [
        *(',"code":-1003,"msg":"x"', ',"success":false', ',"success":true', ',"error":null', ',"x":1'),
        *(',"serverTime":1483228800001', r',"server\u0054ime":1483228800001', ',"servertime":1483228800001'),
    ],
)
async def test_time_that_says_more_is_no_time(server: DemoServer, beside: str) -> None:
    answer = Reply(200, f'{{"serverTime":{server.exchange.server_ms()}{beside}}}'.encode())
    server.exchange.faults.append(Fault(answer=answer, method="GET", path="/api/v3/time"))
    async with BinanceClient(server.base_url, demo_key()) as client:
        with pytest.raises(OutcomeUnknown):
            await client.sync_clock()
        assert client.clock is None


async def test_closed_client_sends_nothing(server: DemoServer) -> None:
    async with BinanceClient(server.base_url, demo_key()) as client:
        await client.sync_clock()
    with pytest.raises(NotSent):
        await client.transfer(_REQUEST, server.exchange.server_ms())
    assert server.exchange.requests == []


async def test_weight_is_what_the_exchange_counts(server: DemoServer) -> None:
    async with BinanceClient(server.base_url, demo_key()) as client:
        await _transfer(client)
        assert client.uid_weight == 900


@pytest.mark.parametrize("packing", ["gzip", "x-gzip", "GZIP", "identity", ""])
async def test_answer_packed_once_is_read_although_none_is_asked_for(server: DemoServer, packing: str) -> None:
    body = b'{"serverTime":1800000000000}'
    packed = gzip.compress(body) if "zip" in packing.lower() else body
    answer = Reply(200, packed, {"content-encoding": packing})
    server.exchange.faults.append(Fault(answer=answer, method="GET", path="/api/v3/time", times=None))
    asked: list[str] = []

    async def note(request: httpx.Request) -> None:
        asked.append(request.headers["Accept-Encoding"])

    async with BinanceClient(server.base_url, demo_key()) as client:
        client._connection.http.event_hooks["request"].append(note)
        assert (await client.sync_clock()).server_ms == 1_800_000_000_000
    assert set(asked) == {"identity"}


@pytest.mark.parametrize("packing", ["gzip, gzip", "br", "zstd", "deflate", "compress", "nonsense"])
async def test_answer_packed_in_another_way_is_not_read(server: DemoServer, packing: str) -> None:
    packed = gzip.compress(gzip.compress(b'{"tranId":7}'))
    answer = Reply(200, packed, {"content-encoding": packing})
    server.exchange.faults.append(Fault(answer=answer, executes=False))
    async with BinanceClient(server.base_url, demo_key()) as client:
        with pytest.raises(OutcomeUnknown, match="cannot be read"):
            await _transfer(client)


_TOO_LONG = 4 * 1024 * 1024 + 1
_UNREADABLE = {
    "gzip that is none": b'Content-Encoding: gzip\r\nContent-Length: 12\r\n\r\n{"tranId":7}',
    "too long": b"Content-Length: %d\r\n\r\n" % _TOO_LONG + b" " * _TOO_LONG,
}


@pytest.mark.parametrize("answer", _UNREADABLE.values(), ids=_UNREADABLE)
async def test_unreadable_answer_whose_connection_stays_open_is_unknown(raw_server: RawServer, answer: bytes) -> None:
    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" + answer)
        await reader.read()

    async with BinanceClient(await raw_server(answers), demo_key()) as client:
        with pytest.raises(OutcomeUnknown, match="cannot be read"):
            await client.transfer(_REQUEST, 1)


@pytest.mark.parametrize(
    ("retry_after", "wait_s"), [("", 60), ("soon", 60), ("-5", 60), ("999999999", 259_200), ("9" * 5000, 259_200)]
)
async def test_wait_of_years_is_a_long_wait(server: DemoServer, retry_after: str, wait_s: int) -> None:
    answer = Reply(418, b"", {"retry-after": retry_after, "x-sapi-used-uid-weight-1m": "9" * 5000})
    server.exchange.faults.append(Fault(answer=answer, executes=False))
    async with BinanceClient(server.base_url, demo_key()) as client:
        with pytest.raises(RateLimited):
            await _transfer(client)
        assert wait_s - 2 <= client.wait_s <= wait_s
        assert client.uid_weight == 0


async def test_cookies_are_not_kept(server: DemoServer) -> None:
    answer = Reply(200, b'{"serverTime":1800000000000}', {"set-cookie": "a=" + "b" * 4000})
    server.exchange.faults.append(Fault(answer=answer, method="GET", path="/api/v3/time", times=None))
    async with BinanceClient(server.base_url, demo_key()) as client:
        await client.sync_clock()
        assert not client._connection.http.cookies


def test_walk_of_an_error_finds_what_httpx_puts_there() -> None:
    """The walk sees a key where there is one: else the tests above would prove nothing."""
    request = httpx.Request("POST", "http://exchange.invalid", headers={"X-MBX-APIKEY": "demodemo"})
    error = OutcomeUnknown(ambiguous())
    error.__context__ = httpx.ReadTimeout("too long", request=request)
    assert "demodemo" in all_text(error)
