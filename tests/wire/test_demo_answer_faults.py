"""What the demo exchange can be made to answer to any call: what no program should trip over."""

import gzip
import json
import socket
import zlib

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from tests.wire.conftest import DemoServer
from tests.wire.signed import ask, send, transfer
from tui.demo.exchange import DemoExchange
from tui.demo.fault_specs import BadFault, set_fault
from tui.demo.faults import TRANSPORT_STATE
from tui.demo.person import HOSTILE_NAMES
from tui.demo.routes import BALANCES, ENDPOINTS
from tui.demo.serving import served

_SPOT = "/sapi/v3/asset/getUserAsset"


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
async def test_every_call_can_be_answered_with_anything(server: DemoServer, endpoint: object) -> None:
    method, path = endpoint.method, endpoint.path  # type: ignore[attr-defined]
    spec = f"answer={path}" if "transfer" not in path else {"GET": "history-answer", "POST": "status-before"}[method]
    set_fault(server.exchange, f"{spec}{':' if ':' in spec or '/' in spec else '='}418:banned: come back@2")
    async with httpx.AsyncClient() as client:
        answers = [await ask(client, server.base_url, method, path) for _ in range(3)]
    assert [answer.status_code == 418 for answer in answers] == [False, True, False]
    assert answers[1].text == "banned: come back"


@pytest.mark.parametrize("status", [200, 204, 302, 304, 401, 404, 407, 408, 409, 413, 421, 425, 460, 499, 511, 599])
@pytest.mark.parametrize("body", ["", '{"code":"-1002","msg":"a text"}', "<html>"])
async def test_transfer_is_answered_with_any_status_and_body(server: DemoServer, status: int, body: str) -> None:
    set_fault(server.exchange, f"status-after={status}:{body}@1")
    async with httpx.AsyncClient() as client:
        answer = await transfer(client, server.base_url)
        assert (await transfer(client, server.base_url)).status_code == 200, "the connection is still in order"
    assert (answer.status_code, answer.text) == (status, "" if status in (204, 304) else body)
    assert len(server.executed) == 2


@pytest.mark.parametrize("path", ["", "/nope", "/sapi/v1/asset/transfer"])
def test_answer_for_what_is_no_such_call_is_refused(server: DemoServer, path: str) -> None:
    with pytest.raises(BadFault, match=r"no path|write status-before"):
        set_fault(server.exchange, f"answer={path}:200:{{}}")


@pytest.mark.parametrize("amount", ['"NaN"', '"sNaN"', '"1E+3000000"', "null", "NaN", "1e999", "[]"])
async def test_amount_can_be_anything_in_every_wallet(server: DemoServer, amount: str) -> None:
    keys = ("free", "amount", "maxWithdrawAmount", "withdrawAvailable", "available", "crossMarginFree")
    for key in keys:
        set_fault(server.exchange, f"balance={key}:{amount}")
    told = set()
    async with httpx.AsyncClient() as client:
        for endpoint in BALANCES:
            parameters = {"asset": "USDT"} if "max" in endpoint.path else {}
            text = (await ask(client, server.base_url, endpoint.method, endpoint.path, **parameters)).text
            told |= {key for key in keys if f'"{key}":{amount}' in text}
    assert told == set(keys)


async def test_names_that_command_a_terminal_come_as_they_are(server: DemoServer) -> None:
    set_fault(server.exchange, "hostile-names")
    async with httpx.AsyncClient() as client:
        spot = (await ask(client, server.base_url, "POST", _SPOT)).json()
        isolated = (await ask(client, server.base_url, "GET", "/sapi/v1/margin/isolated/account")).json()
        pairs = (await ask(client, server.base_url, "GET", "/sapi/v1/margin/isolated/allPairs")).json()
    assert set(HOSTILE_NAMES) < {row["asset"] for row in spot}
    assert {f"{name}USDT" for name in HOSTILE_NAMES} < {row["symbol"] for row in isolated["assets"]}
    assert {f"{name}USDT" for name in HOSTILE_NAMES} < {row["symbol"] for row in pairs}
    assert any("\x1b]52;" in name for name in HOSTILE_NAMES)


async def test_header_is_in_every_answer(server: DemoServer) -> None:
    for spec in (
        "header=X-SAPI-USED-UID-WEIGHT-1M:%digits",
        "header=Retry-After:99999999999",
        "answer=/api/v3/time:429:{}",
        "cut-after@2",
    ):
        set_fault(server.exchange, spec)
    async with httpx.AsyncClient() as client:
        sent = await transfer(client, server.base_url)
        limited = await client.get(f"{server.base_url}/api/v3/time")
        unknown = await client.get(f"{server.base_url}/nope")
    assert [answer.status_code for answer in (sent, limited, unknown)] == [200, 429, 404]
    for answer in (sent, limited, unknown):
        assert answer.headers.get_list("X-SAPI-USED-UID-WEIGHT-1M") == ["9" * 5000]
        assert answer.headers.get_list("Retry-After") == ["99999999999"]


@pytest.mark.parametrize("header", ["", "Retry-After", "Retry-After:", ":7", "A B:7", "A:7\r\nB:8", "A:\x1b"])
def test_header_that_is_none_is_refused(server: DemoServer, header: str) -> None:
    with pytest.raises(BadFault, match="is not a header"):
        set_fault(server.exchange, f"header={header}")


async def test_error_can_be_no_text(server: DemoServer) -> None:
    set_fault(server.exchange, "status-before=400:%not-utf-8")
    async with httpx.AsyncClient() as client:
        answer = await transfer(client, server.base_url)
    assert answer.status_code == 400
    with pytest.raises(UnicodeDecodeError):
        answer.content.decode()


async def test_answer_can_be_nested_too_deeply_to_read(server: DemoServer) -> None:
    set_fault(server.exchange, "answer=/fapi/v3/balance:200:%deep")
    async with httpx.AsyncClient() as client:
        answer = await ask(client, server.base_url, "GET", "/fapi/v3/balance")
    with pytest.raises(RecursionError):
        json.loads(answer.content)


async def test_answer_can_be_a_gigabyte_in_two_kilobytes(server: DemoServer) -> None:
    set_fault(server.exchange, f"answer={_SPOT}:200:%bomb")
    async with (
        httpx.AsyncClient() as client,
        client.stream("POST", server.base_url + _SPOT) as answer,
    ):
        packed = b"".join([chunk async for chunk in answer.aiter_raw()])
        assert answer.headers["Content-Encoding"] == "gzip, gzip"
    assert len(packed) < 4000
    unpacker, size, rest = zlib.decompressobj(16 + zlib.MAX_WBITS), 0, gzip.decompress(packed)
    while rest:
        size += len(unpacker.decompress(rest, 1024 * 1024))
        rest = unpacker.unconsumed_tail
    assert size == 1024**3
    assert unpacker.eof, "whole, and its checksum right"


def test_answers_do_not_wait_for_an_acknowledgement() -> None:
    """Without TCP_NODELAY each answer took 44 ms."""
    set_on: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        connection = scope["state"][TRANSPORT_STATE].get_extra_info("socket")
        set_on.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        await DemoExchange()(scope, receive, send)

    with served(app) as url:
        assert httpx.get(f"{url}/api/v3/ping").json() == {}
    assert set_on == [1]


async def test_two_starts_never_give_the_same_tran_id() -> None:
    given: set[int] = set()
    for _ in range(20):
        exchange = DemoExchange()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(exchange)) as client:
            for _ in range(5):
                tran_id = (await transfer(client, "http://demo")).json()["tranId"]
                assert tran_id > max(given, default=10**10)
                given.add(tran_id)
    assert len(given) == 100


async def test_asset_of_any_script_is_understood_as_it_was_signed(server: DemoServer) -> None:
    """Signed percent-encoded, as the exchange demands; signed otherwise, it is -1022."""
    async with httpx.AsyncClient() as client:
        right = await ask(client, server.base_url, "POST", _SPOT, asset="币安人生")
        assert (right.status_code, right.json()) == (200, [])
        as_typed = f"asset=币安人生&timestamp={server.exchange.server_ms()}"
        wrong = await send(client, server.base_url, "POST", _SPOT, as_typed)
        assert wrong.json()["code"] == -1022
        for name in ("币安 人生", "usdt", "ＵＳＤＴ", "BTC\u200b", "\x1b[2J", "币" * 21):
            refused = await ask(client, server.base_url, "POST", _SPOT, asset=name)
            assert refused.json()["code"] == -1100
