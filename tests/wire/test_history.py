"""The history over a real socket: it is read whole, or the read does not count."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from tests.wire.conftest import DemoServer
from tui.demo.faults import TRANSFER_PATH, Fault, Reply
from tui.demo.keys import demo_key
from tui.domain.records import HistoryQuery, HistoryRow, RecordStatus, UnreadableRow
from tui.domain.wallets import TransferType
from tui.exchange import history
from tui.exchange.client import BinanceClient
from tui.exchange.errors import HistoryNotWhole, OutcomeUnknown
from tui.exchange.history import read_history

_MOVE = TransferType.MAIN_FUNDING
_NOON_MS = 1_800_000_000_000
_GOOD: dict[str, object] = {
    "asset": "USDT",
    "amount": "1.5",
    "type": "MAIN_FUNDING",
    "status": "CONFIRMED",
    "tranId": 7,
    "timestamp": _NOON_MS,
}


@pytest.fixture
async def client(server: DemoServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[BinanceClient]:
    monkeypatch.setattr(history, "PAUSE_S", 0)
    async with BinanceClient(server.base_url, demo_key()) as client:
        yield client


def _answers(server: DemoServer, *bodies: object) -> None:
    """What the history answers, one page after the other; then it is the demo exchange's own again."""
    for body in bodies:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        server.exchange.faults.append(Fault(answer=Reply(200, raw), executes=False, method="GET", path=TRANSFER_PATH))


def _rows(*tran_ids: int, **changed: object) -> list[dict[str, object]]:
    return [_GOOD | {"tranId": tran_id} | changed for tran_id in tran_ids]


async def _read(client: BinanceClient) -> tuple[HistoryRow | UnreadableRow, ...]:
    return await read_history(client, HistoryQuery(_MOVE), start_ms=1, end_ms=_NOON_MS * 2)


def _tran_ids(rows: tuple[HistoryRow | UnreadableRow, ...]) -> list[int | None]:
    return [row.tran_id for row in rows]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"total": 1},
        {"rows": []},
        {"total": 0, "rows": None},
        {"total": None, "rows": []},
        {"total": "0", "rows": []},
        {"total": -1, "rows": []},
        {"total": 0.5, "rows": []},
        {"total": True, "rows": []},
        {"total": 1, "rows": {}},
        {"code": -1007, "msg": "Timeout waiting for response from backend server."},
        {"code": -1007, "msg": "Timeout waiting for response from backend server.", "total": 0},
        {"status": 1, "msg": "System maintenance"},
        {"status": 1, "msg": "System maintenance", "total": 0, "rows": []},
        {"data": {"total": 0, "rows": []}},
        {"total": 0, "success": False},
        {"total": 0, "rows": [], "success": False},
        {"total": 0, "rows": [], "success": True},
        {"total": 0, "rows": [], "error": "backend timeout"},
        {"total": 0, "rows": [], "message": "Service temporarily unavailable"},
        {"total": 0, "rows": [], "partial": True},
        {"total": 0, "rows": [], "errorCode": -1007, "errorMsg": "timeout"},
        {"total": 0, "rows": [], "Total": 1},
        {"total": 0, "rows": [], "": None},
        {"total": 0, "rows": [], "Rows": [{"tranId": 1}]},
        {"total": 0, "error": "try later"},
        None,
        [],
        b"",
        b"<html></html>",
        b'{"total":0,"rows":[' + b"[" * 100_000,
        b'{"total":1,"rows":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
    ],
)
async def test_what_is_no_page_is_never_taken_for_an_empty_one(
    server: DemoServer, client: BinanceClient, body: object
) -> None:
    _answers(server, body)
    with pytest.raises(OutcomeUnknown, match=r"cannot be read|\(-1007\)\.$"):
        await _read(client)


@pytest.mark.parametrize("body", [{"total": 0}, {"total": 0, "rows": []}])
async def test_page_that_says_there_is_nothing_is_an_empty_history(
    server: DemoServer, client: BinanceClient, body: object
) -> None:
    _answers(server, body)
    assert await _read(client) == ()


_NOT_WHOLE: dict[str, list[object]] = {
    "a total without rows": [{"total": 1, "rows": []}],
    "rows without a total": [{"total": 0, "rows": _rows(1)}],
    "fewer rows than the total": [{"total": 3, "rows": _rows(1, 2)}, {"total": 3, "rows": []}],
    "more rows than the total": [{"total": 3, "rows": _rows(1, 2)}, {"total": 3, "rows": _rows(3, 4)}],
    "a total that changes": [{"total": 3, "rows": _rows(1, 2)}, {"total": 4, "rows": _rows(3)}],
    "a total that changes to an end": [{"total": 3, "rows": _rows(1, 2)}, {"total": 0}],
    "a page that comes again": [{"total": 4, "rows": _rows(1, 2)}, {"total": 4, "rows": _rows(1, 2)}],
    "a row on two pages in place of another": [{"total": 3, "rows": _rows(1, 2)}, {"total": 3, "rows": _rows(2)}],
    "a row twice on a page in place of another": [{"total": 3, "rows": _rows(1, 1)}, {"total": 3, "rows": []}],
    "a total of 0 beside a row twice": [{"total": 0, "rows": _rows(1, 1)}],
    **{
        f"a tranId with two values of {field}": [{"total": 2, "rows": [*_rows(1), *_rows(1, **{field: value})]}]
        for field, value in {
            "asset": "BTC",
            "amount": "1.6",
            "type": "main_funding",
            "status": "PENDING",
            "timestamp": _NOON_MS + 1,
            "toSymbol": "BTCUSDT",
            "fromSymbol": 7,
        }.items()
    },
    "a tranId with two amounts on two pages": [
        {"total": 3, "rows": _rows(1, 2)},
        {"total": 3, "rows": _rows(2, 3, amount="7")},
    ],
    "more than anyone reads": [{"total": 2001, "rows": _rows(*range(1, 101))}],
}


@pytest.mark.parametrize("bodies", _NOT_WHOLE.values(), ids=_NOT_WHOLE)
async def test_history_that_is_not_whole_does_not_count(
    server: DemoServer, client: BinanceClient, bodies: list[object]
) -> None:
    _answers(server, *bodies)
    with pytest.raises(HistoryNotWhole, match=r"^The history arrived incomplete: "):
        await _read(client)
    assert not server.exchange.faults


_REPEATING: dict[str, list[object]] = {
    "on a page": [{"total": 2, "rows": _rows(1, 2, 1)}],
    "on a page, and counted": [{"total": 3, "rows": _rows(1, 2, 1)}, {"total": 3, "rows": []}],
    "on a page, and counted, whatever page is asked for": [
        {"total": 3, "rows": _rows(1, 2, 1)},
        {"total": 3, "rows": _rows(1, 2, 1)},
    ],
    "on two pages": [{"total": 2, "rows": _rows(1)}, {"total": 2, "rows": _rows(1, 2)}],
    "with an amount that is written otherwise": [{"total": 2, "rows": [*_rows(1, 2), *_rows(1, amount="1.50")]}],
}


@pytest.mark.parametrize("bodies", _REPEATING.values(), ids=_REPEATING)
async def test_rows_that_are_alike_are_one_record(
    server: DemoServer, client: BinanceClient, bodies: list[object]
) -> None:
    _answers(server, *bodies)
    assert _tran_ids(await _read(client)) == [1, 2]
    assert not server.exchange.faults


async def test_row_that_is_counted_twice_is_not_taken_for_one_of_the_next_page(
    server: DemoServer, client: BinanceClient
) -> None:
    _answers(server, {"total": 3, "rows": _rows(1, 2, 1)}, {"total": 3, "rows": _rows(3)})
    assert _tran_ids(await _read(client)) == [1, 2, 3]


async def test_unreadable_rows_that_are_alike_are_one_record(server: DemoServer, client: BinanceClient) -> None:
    _answers(server, {"total": 2, "rows": [{}, {}]}, {"total": 2, "rows": []})
    assert len(await _read(client)) == 1


@pytest.mark.parametrize("body", [b'{"total":0,"rows":[],"total":1}', b'{"rows":[{}],"total":0,"rows":[]}'])
async def test_page_that_says_a_thing_twice_is_no_page(server: DemoServer, client: BinanceClient, body: bytes) -> None:
    _answers(server, body)
    with pytest.raises(OutcomeUnknown, match="cannot be read"):
        await _read(client)


@pytest.mark.parametrize(
    "beside",
    [
        *('"status":"FAILED"', '"tranId":8', '"code":-1', '"msg":"failed"', '"success":false', '"error":null'),
        *('"message":"rolled back"', '"errorCode":-1', '"reversed":true', '"failReason":"x"', '"Status":"FAILED"'),
        *('"st\\u0061tus":"FAILED"', '"fromSymbol":"BTCUSDT","fromSymbol":""', '"tranid":8', '"":null', '"x":{"x":1}'),
    ],
)
async def test_record_that_says_something_else_beside_is_not_read(
    server: DemoServer, client: BinanceClient, beside: str
) -> None:
    row = json.dumps(_GOOD)[:-1] + f",{beside}}}"
    _answers(server, f'{{"total":2,"rows":[{row},{json.dumps(_GOOD | {"tranId": 9})}]}}'.encode())
    bad, good = await _read(client)
    assert isinstance(bad, UnreadableRow)
    assert bad.text == row
    assert isinstance(good, HistoryRow)


@pytest.mark.parametrize("page_size", [2, 7, 10, 20, 40])
async def test_history_is_read_whole_however_few_rows_the_exchange_puts_on_a_page(
    server: DemoServer, client: BinanceClient, page_size: int
) -> None:
    rows = _rows(*range(1, 41))
    _answers(server, *({"total": 40, "rows": rows[at : at + page_size]} for at in range(0, 40, page_size)))
    assert _tran_ids(await _read(client)) == list(range(1, 41))
    assert not server.exchange.faults


async def test_reading_stops_with_the_last_row(server: DemoServer, client: BinanceClient) -> None:
    _answers(server, {"total": 3, "rows": _rows(3, 2)}, {"total": 3, "rows": _rows(1)}, {"total": 3, "rows": []})
    assert _tran_ids(await _read(client)) == [3, 2, 1]
    assert len(server.exchange.faults) == 1


async def test_history_that_gives_one_row_a_page_for_ever_is_left(server: DemoServer, client: BinanceClient) -> None:
    _answers(server, *({"total": 1000, "rows": _rows(page + 1)} for page in range(30)))
    with pytest.raises(HistoryNotWhole, match="20 pages"):
        await _read(client)
    assert len(server.exchange.faults) == 10


def test_pages_are_asked_for_with_pauses() -> None:
    assert history.PAUSE_S >= 0.1


_NO_WORDS: tuple[object, ...] = (None, "", 7, {}, "x" * 1000)
_BAD_FIELDS: list[tuple[str, object]] = [
    *(("tranId", value) for value in ("7", 0, -7, 2**63, 1.5, None, True, [7], 10**400)),
    *(("amount", value) for value in (None, "NaN", "sNaN", "Infinity", "1E+999999999", "1E+30", "1E-30", "-1", "0")),
    *(("amount", value) for value in ("", "1_000", "１", " 1", "0x1", "9" * 30, "0." + "1" * 30, "1" * 100_000, 1.5)),
    *(("timestamp", value) for value in (None, "1800000000000", 0, -1, 1_800_000_000, 2**53, 1.5, 10**400, True)),
    *(("status", value) for value in _NO_WORDS),
    *(("asset", value) for value in _NO_WORDS),
    *(("type", value) for value in _NO_WORDS),
    ("fromSymbol", 7),
    ("toSymbol", {}),
]


@pytest.mark.parametrize(("field", "value"), _BAD_FIELDS, ids=lambda part: str(part)[:20])
async def test_row_that_is_not_as_documented_is_shown_as_it_came_and_hides_no_other(
    server: DemoServer, client: BinanceClient, field: str, value: object
) -> None:
    _answers(server, {"total": 2, "rows": [_GOOD | {field: value}, *_rows(9)]})
    bad, good = await _read(client)
    assert good == HistoryRow("USDT", Decimal("1.5"), "MAIN_FUNDING", RecordStatus.CONFIRMED, 9, _NOON_MS)
    assert isinstance(bad, UnreadableRow)
    assert bad.text == json.dumps(_GOOD | {field: value})[:300]
    read: dict[str, object] = {
        "type": bad.type,
        "asset": bad.asset,
        "amount": bad.amount and str(bad.amount),
        "status": bad.status,
    }
    read |= {"tranId": bad.tran_id, "timestamp": bad.timestamp}
    assert read == {name: None if name == field else what for name, what in _GOOD.items()}


@pytest.mark.parametrize("field", _GOOD)
async def test_row_without_a_field_cannot_be_read(server: DemoServer, client: BinanceClient, field: str) -> None:
    _answers(server, {"total": 1, "rows": [{name: value for name, value in _GOOD.items() if name != field}]})
    (row,) = await _read(client)
    assert isinstance(row, UnreadableRow)


@pytest.mark.parametrize(
    "row", [b"null", b"7", b"[]", b'"\xff\xfe"', b'{"asset":"\xff"}', b'"\\u001b]52;c;aGk=\\u0007"']
)
async def test_row_that_is_none_is_printable(server: DemoServer, client: BinanceClient, row: bytes) -> None:
    _answers(server, b'{"total":1,"rows":[%b]}' % row)
    (bad,) = await _read(client)
    assert isinstance(bad, UnreadableRow)
    assert bad.text
    assert bad.text.isprintable()


async def test_texts_of_a_record_are_printable_and_its_pairs_may_be_empty(
    server: DemoServer, client: BinanceClient
) -> None:
    words = {"asset": "US\x1bDT", "status": "CONFIRMED\u202e", "fromSymbol": "", "toSymbol": "BTC\x07USDT"}
    _answers(server, {"total": 1, "rows": [_GOOD | words]})
    (row,) = await _read(client)
    assert isinstance(row, HistoryRow)
    assert (row.asset, row.status, row.from_symbol, row.to_symbol) == ("US?DT", "CONFIRMED?", None, "BTC?USDT")
