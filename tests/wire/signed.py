"""Signed requests to the demo exchange, made by hand: what is sent is what a test says."""

import hashlib
import hmac
import time
from urllib.parse import quote, urlencode

import httpx

from tui.demo.faults import TRANSFER_PATH
from tui.demo.keys import demo_key


async def ask(client: httpx.AsyncClient, url: str, method: str, path: str, **parameters: object) -> httpx.Response:
    """The answer to a request with all of its parameters in the query; a timestamp unless one is given."""
    parameters.setdefault("timestamp", time.time_ns() // 1_000_000)
    payload = urlencode(parameters, quote_via=quote)
    return await send(client, url, method, path, payload)


async def send(client: httpx.AsyncClient, url: str, method: str, path: str, payload: str) -> httpx.Response:
    """The answer to a request with a query that is signed as it stands here."""
    signature = hmac.new(demo_key().secret.reveal().encode(), payload.encode(), hashlib.sha256).hexdigest()
    headers = {"X-MBX-APIKEY": demo_key().api_key.reveal()}
    return await client.request(method, f"{url}{path}?{payload}&signature={signature}", headers=headers)


async def transfer(client: httpx.AsyncClient, url: str, **changed: object) -> httpx.Response:
    """The answer to a transfer of 1 USDT from Spot to Funding, or of something else."""
    parameters = {"type": "MAIN_FUNDING", "asset": "USDT", "amount": "1", **changed}
    return await ask(client, url, "POST", TRANSFER_PATH, **parameters)


async def history(client: httpx.AsyncClient, url: str, **parameters: object) -> httpx.Response:
    """The answer of the history of transfers from Spot to Funding."""
    return await ask(client, url, "GET", TRANSFER_PATH, type="MAIN_FUNDING", **parameters)
