"""What the demo exchange's history can be made to say, while its ledger knows what was executed."""

import asyncio
import itertools
from typing import Any

import httpx
import pytest

from tests.gate import Gate
from tests.wire.conftest import DemoServer
from tests.wire.signed import history, transfer
from tui.demo.fault_specs import set_fault
from tui.demo.faults import Fault, Reply


async def _rows(server: DemoServer, *specs: str, transfers: int = 1, **parameters: object) -> Any:
    """The rows of a history with faults, after so many transfers of 1.23456789 each."""
    for spec in specs:
        set_fault(server.exchange, spec)
    async with httpx.AsyncClient() as client:
        for _ in range(transfers):
            await transfer(client, server.base_url, amount="1.23456789")
        return (await history(client, server.base_url, **parameters)).json()["rows"]


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"total":1}',
        '{"total":1,"rows":[]}',
        '{"code":-1007,"msg":"Timeout waiting for response from backend server."}',
        '{"status":1,"msg":"System maintenance"}',
        "null",
        "[]",
        "",
    ],
)
async def test_history_answers_what_is_none(server: DemoServer, body: str) -> None:
    set_fault(server.exchange, f"history-answer=200:{body}")
    async with httpx.AsyncClient() as client:
        assert (await transfer(client, server.base_url)).json() == {"tranId": server.executed[0]}
        for _ in range(2):
            answer = await history(client, server.base_url)
            assert (answer.status_code, answer.text) == (200, body)


async def test_history_answers_so_once_only(server: DemoServer) -> None:
    set_fault(server.exchange, "history-answer=503@2")
    async with httpx.AsyncClient() as client:
        answers = [await history(client, server.base_url) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 503, 200]


async def _pages(server: DemoServer, *specs: str) -> tuple[int, list[list[int]]]:
    """The total, and the tranIds of all pages of 4, of 10 transfers."""
    for spec in specs:
        set_fault(server.exchange, spec)
    pages: list[list[int]] = []
    async with httpx.AsyncClient() as client:
        for _ in range(10):
            await transfer(client, server.base_url)
        for current in itertools.count(1):
            page = (await history(client, server.base_url, current=current, size=4)).json()
            if not page["rows"]:
                return page["total"], pages
            pages.append([server.executed.index(row["tranId"]) for row in page["rows"]])
    raise AssertionError


@pytest.mark.parametrize(
    ("specs", "total", "pages"),
    [
        ([], 10, [[9, 8, 7, 6], [5, 4, 3, 2], [1, 0]]),
        (["page-size=3"], 10, [[9, 8, 7], [6, 5, 4], [3, 2, 1], [0]]),
        (["page-size=100"], 10, [[9, 8, 7, 6], [5, 4, 3, 2], [1, 0]]),
        (["page-shift=-1"], 10, [[9, 8, 7, 6], [6, 5, 4, 3], [2, 1, 0]]),
        (["page-shift=+2"], 10, [[9, 8, 7, 6], [3, 2, 1, 0]]),
        (["history-total=-3"], 7, [[9, 8, 7, 6], [5, 4, 3, 2], [1, 0]]),
        (["history-total=+1", "page-size=9"], 11, [[9, 8, 7, 6], [5, 4, 3, 2], [1, 0]]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) and value and isinstance(value[0], str) else "",
)
async def test_pages_can_be_short_overlap_or_leave_out(
    server: DemoServer, specs: list[str], total: int, pages: list[list[int]]
) -> None:
    assert await _pages(server, *specs) == (total, pages)
    assert len(server.executed) == 10


async def test_record_can_be_minutes_late(server: DemoServer) -> None:
    assert await _rows(server, "history-lag=4m") == []
    async with httpx.AsyncClient() as client:
        for later_ms, shown in ((239_000, 0), (240_000, 1)):
            server.exchange.clock_offset_ms = later_ms
            answer = await history(client, server.base_url, timestamp=server.exchange.server_ms())
            assert answer.json()["total"] == shown


async def test_record_that_failed_can_be_confirmed_later(server: DemoServer) -> None:
    assert [row["status"] for row in await _rows(server, "failed-for=30s")] == ["FAILED"]
    assert not server.exchange.ledger.transfers[0].failed
    async with httpx.AsyncClient() as client:
        server.exchange.clock_offset_ms = 30_000
        answer = await history(client, server.base_url, timestamp=server.exchange.server_ms())
    assert [row["status"] for row in answer.json()["rows"]] == ["CONFIRMED"]


@pytest.mark.parametrize("shift_ms", [-5000, 9000])
async def test_record_can_have_another_time(server: DemoServer, shift_ms: int) -> None:
    ahead_ms = server.exchange.server_ms() + 60_000
    (row,) = await _rows(server, f"record-time={shift_ms:+}", endTime=ahead_ms)
    executed_ms = server.exchange.ledger.transfers[0].time_ms
    assert row["timestamp"] == (executed_ms + shift_ms) // 1000 * 1000
    assert await _rows(server, transfers=0, startTime=row["timestamp"] + 1, endTime=ahead_ms) == []


@pytest.mark.parametrize(("decimals", "amount"), [(8, "1.23456789"), (4, "1.2346"), (2, "1.23"), (0, "1")])
async def test_record_can_have_a_rounded_amount(server: DemoServer, decimals: int, amount: str) -> None:
    assert [row["amount"] for row in await _rows(server, f"record-amount={decimals}")] == [amount]


@pytest.mark.parametrize(
    ("spec", "shown"),
    [
        ('tranId:"13526853623"', b'"tranId":"13526853623"'),
        ("tranId:0", b'"tranId":0'),
        ("tranId:9223372036854775808", b'"tranId":9223372036854775808'),
        ("tranId:%digits", b'"tranId":' + b"9" * 5000),
        ("amount:null", b'"amount":null'),
        ("amount:NaN", b'"amount":NaN'),
        ('amount:"1E+999999999"', b'"amount":"1E+999999999"'),
        ('status:"DONE"', b'"status":"DONE"'),
        ('status:"@2"', b'"status":"@2"'),
        ("timestamp:%deep", b'"timestamp":[[[['),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_value_of_a_record_can_be_anything(server: DemoServer, spec: str, shown: bytes) -> None:
    set_fault(server.exchange, f"record={spec}")
    async with httpx.AsyncClient() as client:
        assert (await transfer(client, server.base_url)).json() == {"tranId": server.executed[0]}
        assert shown in (await history(client, server.base_url)).content


async def test_value_of_a_record_can_be_left_out(server: DemoServer) -> None:
    (row,) = await _rows(server, "record=tranId:", "record=status:")
    assert set(row) == {"asset", "amount", "type", "timestamp"}


async def test_record_of_one_transfer_only_can_be_wrong(server: DemoServer) -> None:
    rows = await _rows(server, 'record=status:"DONE"@2', transfers=3)
    assert [row["status"] for row in rows] == ["CONFIRMED", "DONE", "CONFIRMED"]


async def test_flaws_of_one_transfer_leave_the_others_alone(server: DemoServer) -> None:
    """The number counts every transfer that is asked for, also those that are refused."""
    specs = ("refused=-1002@1", "record-amount=4", "pending=5m@2", "record-amount=2@3", "failed@4", "history-lag=5m@5")
    rows = await _rows(server, *specs, transfers=6)
    assert [(row["status"], row["amount"]) for row in reversed(rows)] == [
        ("PENDING", "1.2346"),
        ("CONFIRMED", "1.23"),
        ("FAILED", "1.2346"),
        ("CONFIRMED", "1.2346"),
    ]
    assert [executed.failed for executed in server.exchange.ledger.transfers] == [False, False, True, False, False]


async def test_transfer_can_be_executed_after_its_answer(server: DemoServer) -> None:
    """Checked as it comes, answered with an error, and executed when its window is long over."""
    gate = Gate()
    server.exchange.faults.append(Fault(late=gate, answer=Reply(504, b'{"code":-1007,"msg":"Timeout"}')))
    async with httpx.AsyncClient() as client:
        answer = await transfer(client, server.base_url)
        assert (answer.status_code, answer.json()["code"]) == (504, -1007)
        assert (await history(client, server.base_url)).json()["total"] == 0
        assert server.executed == []
        server.exchange.clock_offset_ms = 12_000
        answered_ms = server.exchange.server_ms()
        gate.open()
        async with asyncio.timeout(10):
            while not server.executed:
                await history(client, server.base_url, timestamp=server.exchange.server_ms())
        rows = (await history(client, server.base_url, timestamp=server.exchange.server_ms())).json()["rows"]
    assert [row["tranId"] for row in rows] == server.executed
    assert rows[0]["timestamp"] >= answered_ms - 1000


async def test_late_transfer_is_executed_though_the_connection_is_gone(server: DemoServer) -> None:
    set_fault(server.exchange, 'execute-late=100ms:504:{"code":-1007,"msg":"Timeout"}')
    async with httpx.AsyncClient() as client:
        assert (await transfer(client, server.base_url)).status_code == 504
    async with asyncio.timeout(10), httpx.AsyncClient() as client:
        while not (await history(client, server.base_url)).json()["total"]:
            assert len(server.executed) <= 1
    assert len(server.executed) == 1


async def test_late_transfer_that_is_not_signed_is_never_executed(server: DemoServer) -> None:
    set_fault(server.exchange, "execute-late=0s:504@1")
    async with httpx.AsyncClient() as client:
        assert (await transfer(client, server.base_url, timestamp=1)).status_code == 504
        await transfer(client, server.base_url, amount="2")
    assert [str(executed.request.amount) for executed in server.exchange.ledger.transfers] == ["2"]


def test_late_fault_says_when_it_answers_and_when_it_executes(server: DemoServer) -> None:
    set_fault(server.exchange, "execute-late=25s/10s:504:{}")
    (fault,) = server.exchange.faults
    assert (fault.late, fault.after, fault.answer) == (25, 10, Reply(504, b"{}"))
