"""However an answer swells, the client's memory does not."""

import subprocess
import sys

import pytest

_MOST_MB = 100

_PROGRAM = """
import asyncio, gzip, resource, zlib
from tests.wire.any_answer import BASE_URL, CALLS, Answering, AnyAnswer
from tui.demo.keys import demo_key
from tui.exchange.client import BinanceClient
from tui.exchange.errors import ExchangeError

def spaces(megabytes):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(b" " * 1_000_000) for _ in range(megabytes)) + packer.flush()

def rows(before, row, after, megabytes):
    return before + row * (megabytes * 1_000_000 // len(row)) + row.rstrip(b",") + after

BOMB = spaces(300)
KINDS = {
    "gzip of 300 MB": (b"gzip", BOMB),
    "gzip of gzip": (b"gzip, gzip", gzip.compress(BOMB)),
    "gzip of gzip, said once": (b"gzip", gzip.compress(BOMB)),
    "deflate of 300 MB": (b"deflate", BOMB[10:-8]),
    "many assets": (b"", rows(b"[", b'{"asset":"","free":"0"},', b"]", 4)),
    "many wallets": (b"", rows(b"[", b'{"walletName":""},', b"]", 4)),
    "many records on a page": (b"", rows(b'{"total":1,"rows":[', b"1,", b"]}", 1)),
    "many many records on a page": (b"", rows(b'{"total":1,"rows":[', b"1,", b"]}", 4)),
    "many numbers for a code": (b"", rows(b'{"code":[', b"1,", b"]}", 4)),
    "a deep nest": (b"", b"[" * 2_000_000 + b"]" * 2_000_000),
}

def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

async def main():
    at_rest = peak_mb()
    for kind, (packing, body) in KINDS.items():
        for status in (200, 400):
            for name in ("transfer", "transfer_history", "spot_assets", "wallet_balances"):
                answer = AnyAnswer(status, ((b"Content-Encoding", packing),), body)
                async with BinanceClient(BASE_URL, demo_key(), transport=Answering(answer)) as client:
                    try:
                        await CALLS[name](client)
                    except ExchangeError:
                        pass
        print(peak_mb() - at_rest, kind)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="macOS counts memory in bytes")
def test_memory_stays_under_100_mb_above_rest() -> None:
    """100 MB that are not packed: test_classification, where they come over a socket."""
    ran = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True, timeout=300)
    peaks = {kind: int(peak) for peak, kind in (line.split(" ", 1) for line in ran.stdout.splitlines())}
    assert len(peaks) == 10
    assert {kind: peak for kind, peak in peaks.items() if peak >= _MOST_MB} == {}, peaks
