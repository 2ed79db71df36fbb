"""Names of other scripts on the wire: percent-encoded as UTF-8, then signed, and sent as they were signed."""

import hashlib
import hmac
from decimal import Decimal

import httpx

from tui.demo.keys import demo_key
from tui.domain.transfer import TransferRequest
from tui.domain.wallets import TransferType
from tui.exchange.client import BinanceClient
from tui.exchange.payloads import margin_transferable

NAME, ENCODED = "币安人生", "%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9F"


async def test_name_is_signed_and_sent_as_percent_encoded_utf_8() -> None:
    received: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        received.append(request)
        return httpx.Response(200, json={"tranId": 1} if request.method == "POST" else {"amount": "1"})

    move = TransferType.MAIN_ISOLATED_MARGIN
    transport = httpx.MockTransport(answer)
    async with BinanceClient("https://h.example", demo_key(), transport=transport) as client:
        await client.transfer(TransferRequest(move, NAME, Decimal(1), to_symbol=f"{NAME}USDT"), 1)
        await client.read(margin_transferable(NAME, f"{NAME}USDT"))
    sent = [received[0].content, received[1].url.query]
    parameters = [f"asset={ENCODED}&amount=1&toSymbol={ENCODED}USDT", f"asset={ENCODED}&isolatedSymbol={ENCODED}USDT"]
    for raw, named in zip(sent, parameters, strict=True):
        assert named.encode() in raw
        payload, _, signature = raw.partition(b"&signature=")
        secret = demo_key().secret.reveal().encode()
        assert hmac.new(secret, payload, hashlib.sha256).hexdigest().encode() == signature
