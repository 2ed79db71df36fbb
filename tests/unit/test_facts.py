"""The page of the exchange's facts, tui/exchange/BINANCE.md, and the code say the same."""

import re
from collections.abc import Awaitable, Callable
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import msgspec

from tests.wire.any_answer import BASE_URL, CALLS
from tui.demo.exchange import DemoExchange
from tui.demo.keys import demo_key
from tui.demo.routes import ENDPOINTS
from tui.domain.evidence import Accepted
from tui.domain.hosts import _LIVE_HOSTS, service_url
from tui.domain.transfer import TransferRequest
from tui.domain.wallets import TransferType, Wallet, transfer_type
from tui.exchange import payloads
from tui.exchange.client import RECV_WINDOW_MS, BinanceClient
from tui.exchange.errors import Refused, error_of_answer
from tui.exchange.payloads import HISTORY_PAGE_SIZE, margin_transferable
from tui.structs import Struct

_PAGE = files("tui.exchange").joinpath("BINANCE.md").read_text("utf-8")
_ROOT = Path(__file__).parents[2]
_OF_HTTP = {"host", "accept", "connection", "user-agent", "content-length", "content-type"}


def _table(first_head: str) -> list[list[str]]:
    """The cells of the table whose first column has that head; the heads are the first row."""
    (table,) = re.findall(rf"^\| {re.escape(first_head)} \|.*\n(?:\|.*\n)+", _PAGE, re.MULTILINE)
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()]
    return [rows[0], *rows[2:]]


def _codes(words: str) -> set[int]:
    """The codes that a text names, one by one or as a span."""
    spans = re.findall(r"(-\d+) to (-\d+)", words)
    named = {int(code) for code in re.findall(r"-\d{4,}", words)}
    return named.union(*(range(int(last), int(first) + 1) for first, last in spans))


def test_types_are_those_of_the_code() -> None:
    by_label = {wallet.short_label: wallet for wallet in Wallet}
    heads, *rows = _table("from \\ to")
    cells = {
        (by_label[row[0]], by_label[head]): cell
        for row in rows
        for head, cell in zip(heads, row, strict=True)
        if head in by_label
    }
    assert len(cells) == len(Wallet) ** 2
    assert cells == {ends: move.name if (move := transfer_type(*ends)) else "·" for ends in cells}
    assert sum(cell != "·" for cell in cells.values()) == len(TransferType) == 33


def test_wallets_are_those_of_the_code() -> None:
    ids = {label: re.findall("[A-Z_]{4,}", ids)[0] for label, ids, _ in _table("wallet")[1:]}
    assert ids == {wallet.label: wallet.exchange_id for wallet in Wallet}


def test_definite_refusals_are_those_of_the_code() -> None:
    refused = {
        code
        for code in range(-22_000, 1)
        if isinstance(error_of_answer(400, httpx.Headers(), b'{"code":%d,"msg":"No."}' % code), Refused)
    }
    assert _codes(" ".join(codes for _, codes in _table("about")[1:])) == refused


def test_hosts_are_those_of_the_code() -> None:
    assert set(re.findall(r"https://([a-z0-9-]+\.binance\.com)", _PAGE)) == _LIVE_HOSTS
    for paths, hosts in _table("paths")[1:]:
        for base_url in hosts.split("`")[1::2]:
            for path in paths.split(", "):
                assert service_url(base_url, f"{path}/v1/x") == f"{base_url}{path}/v1/x"


def test_calls_are_those_of_the_demo_exchange_at_the_same_weight() -> None:
    by = {True: "UID", False: "IP"}
    expected = {
        (f"`{one.method} {one.path}`", one.access.name.lower(), str(one.weight), by["UID" in one.limit.header])
        for one in ENDPOINTS
    }
    assert {tuple(row[:4]) for row in _table("call")[1:]} == expected


async def test_whatever_the_client_sends_stands_on_the_page() -> None:
    sent: list[httpx.Request] = []
    exchange = httpx.ASGITransport(DemoExchange())

    class Recording(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            sent.append(request)
            return await exchange.handle_async_request(request)

    async def transfer(client: BinanceClient) -> Accepted:
        request = TransferRequest(TransferType.ISOLATEDMARGIN_ISOLATEDMARGIN, "USDT", Decimal(1), "BTCUSDT", "ETHUSDT")
        assert client.clock
        return await client.transfer(request, client.clock.now_ms())

    calls: list[Callable[[BinanceClient], Awaitable[object]]] = [
        *CALLS.values(),
        lambda client: client.read(margin_transferable("USDT", "BTCUSDT")),
        transfer,
    ]
    async with BinanceClient(BASE_URL, demo_key(), transport=Recording()) as client:
        for call in calls:
            await call(client)
    on_page = {row[0] for row in _table("call")[1:] if "not called" not in row[4]}
    assert {f"`{request.method} {request.url.path}`" for request in sent} == on_page
    headers = {name for request in sent for name, _ in request.headers.raw}
    assert {name for name in map(bytes.decode, headers) if name.lower() not in _OF_HTTP and name not in _PAGE} == set()
    queries = [f"{request.url.query.decode()}&{request.content.decode()}" for request in sent]
    parameters = {name for query in queries for name, _ in parse_qsl(query)}
    assert {name for name in parameters if not re.search(rf"\b{name}\b", _PAGE)} == set()


def test_whatever_the_client_reads_stands_on_the_page() -> None:
    structs = [kind for kind in vars(payloads).values() if isinstance(kind, type) and issubclass(kind, msgspec.Struct)]
    kinds = [kind for kind in structs if not issubclass(kind, Struct)]
    fields = {field.encode_name for kind in kinds for field in msgspec.structs.fields(kind)}
    source = "".join(path.read_text() for path in (_ROOT / "tui/exchange").glob("*.py"))
    headers = set(re.findall(r'"(X-[A-Z0-9-]+|Retry-After)"', source))
    assert len(headers) == 3
    assert {name for name in fields | headers if not re.search(rf"\b{name}\b", _PAGE)} == set()


def test_limits_are_those_of_the_code() -> None:
    assert f"default {RECV_WINDOW_MS}; Shunter sends {RECV_WINDOW_MS}" in _PAGE
    assert re.search(rf"size \(default 10,\s+at most {HISTORY_PAGE_SIZE}\)", _PAGE)


def test_modules_that_the_page_names_exist() -> None:
    named = set(re.findall(r"`((?:tui|tests)/[\w/.]*)`", _PAGE))
    assert len(named) > 20
    assert {name for name in named if not (_ROOT / name).exists()} == set()


def test_sections_that_the_code_cites_exist() -> None:
    sources = [path.read_text() for folder in ("tui", "tests") for path in (_ROOT / folder).rglob("*.py")]
    cited = {title for source in sources for title in re.findall(r'BINANCE\.md,\s+"([^"]+)"', source)}
    assert "Symbols" in cited
    assert cited <= set(re.findall(r"^#+ (.*)", _PAGE, re.MULTILINE))
