"""What is said of a key, from what the exchange says of it."""

import json
import time

import httpx
import pytest

from tui.clock import ClockReading
from tui.desk.keycheck import KeyCheck, examine
from tui.domain.hosts import DEFAULT_BASE_URL
from tui.exchange.client import BinanceClient
from tui.exchange.errors import Refused
from tui.exchange.payloads import KeyRestrictions
from tui.keys import parse_key

KEY = parse_key(None, "A1b2C3d4" * 8, "Zy9Xw8Vu" * 8)
GOOD: dict[str, object] = {"ipRestrict": True, "enableReading": True, "permitsUniversalTransfer": True}


async def report_on(restrictions: dict[str, object], *, status: int = 200) -> KeyCheck:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v3/time":
            return httpx.Response(200, text=json.dumps({"serverTime": round(time.time() * 1000)}))
        assert request.url.path == "/sapi/v1/account/apiRestrictions"
        return httpx.Response(status, text=json.dumps(restrictions))

    async with BinanceClient(DEFAULT_BASE_URL, KEY, transport=httpx.MockTransport(answer)) as client:
        return await examine(client)


async def test_key_for_transfers_alone_passes_without_a_warning() -> None:
    report = await report_on(GOOD | {"createTime": 1698645219000, "ofALaterVersion": True})
    assert not report.obstacle
    assert report.warnings == ()
    assert report.may == "reading, universal transfer"
    assert abs(report.clock.offset_ms) < 1000


async def test_key_without_universal_transfer_cannot_transfer() -> None:
    report = await report_on(GOOD | {"permitsUniversalTransfer": False})
    assert report.obstacle
    assert "Permits Universal Transfer" in report.obstacle


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"enableWithdrawals": True}, "It may also withdraw, which Shunter never does: whoever gets hold of the key"),
        ({"enableSpotAndMarginTrading": True}, "also trade,"),
        ({"enableFixApiTrade": True, "enableWithdrawals": True}, "also withdraw and trade,"),
        ({"enableInternalTransfer": True}, "also move funds to sub-accounts,"),
        ({"ipRestrict": False}, "no IP restriction"),
        ({"enableReading": False}, "Reading is off"),
        ({"tradingAuthorityExpirationTime": 1_700_000_000_000}, "end on 2023-11-14"),
    ],
)
async def test_key_that_can_do_more_or_less_than_it_should_is_warned_of(change: dict[str, object], words: str) -> None:
    report = await report_on(GOOD | change)
    assert not report.obstacle
    (warning,) = report.warnings
    assert words in warning


@pytest.mark.parametrize("needed", ["enableFutures", "enableVanillaOptions", "enablePortfolioMarginTrading"])
async def test_what_it_takes_to_read_a_wallet_is_not_beyond_need(needed: str) -> None:
    assert (await report_on(GOOD | {needed: True})).warnings == ()


async def test_permission_that_is_not_named_is_said_to_be_not_said() -> None:
    report = await report_on({"ipRestrict": True})
    assert not report.obstacle
    assert not report.is_good
    assert report.may == "nothing that the exchange named"
    assert "The exchange did not say: reading, universal transfer, internal transfer" in "\n".join(report.lines)


async def test_refused_key_is_told_with_code_words_and_advice() -> None:
    with pytest.raises(Refused) as refused:
        await report_on({"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}, status=401)
    assert (refused.value.code, refused.value.message) == (-2015, "Invalid API-key, IP, or permissions for action.")
    assert refused.value.advice


def test_line_slower_than_the_window_is_an_obstacle() -> None:
    slow = ClockReading(server_ms=0, ticks_ms=0, round_trip_ms=5000, offset_ms=0)
    report = KeyCheck(KeyRestrictions(permits_universal_transfer=True), slow, recv_window_ms=5000)
    assert report.obstacle
    assert "too late" in report.obstacle
