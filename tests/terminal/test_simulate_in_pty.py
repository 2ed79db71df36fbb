"""The real program against `shunter simulate`, with keys in a real GNOME Keyring."""

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal.conftest import MOVES, End, GnomeKeyring, OpenPty
from tests.waiting import LIMIT_S
from tui.demo.keys import demo_key
from tui.domain.credentials import KeyKind
from tui.domain.records import HistoryQuery
from tui.exchange.client import BinanceClient


@pytest.fixture
def simulate(shunter: list[str], environment: dict[str, str]) -> Iterator[str]:
    """What a running `shunter simulate` printed."""
    with subprocess.Popen(
        [*shunter, "simulate", "--port", "0", "--past", "0"], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        printed = ""
        for line in process.stdout:
            printed += line
            if "--profile demo" in line:
                break
        yield printed
        process.terminate()


@pytest.fixture(params=KeyKind)
def base_url(request: pytest.FixtureRequest, simulate: str, shunter: list[str], gnome_keyring: GnomeKeyring) -> str:
    """Where the exchange is reached with the profile `main`, a key of each kind."""
    ((base_url, file),) = re.findall(
        rf"keys add demo --base-url (\S+) --kind {request.param} --stdin < (\S+)", simulate
    )
    with Path(file).open() as key:
        subprocess.run(
            [*shunter, "keys", "add", "main", "--base-url", base_url, "--stdin"],
            env=gnome_keyring.environment,
            stdin=key,
            check=True,
            timeout=LIMIT_S,
        )
    return str(base_url)


async def test_transfer_of_each_kind_goes_through_with_a_key_of_each_kind(
    base_url: str, shunter: list[str], gnome_keyring: GnomeKeyring, open_pty: OpenPty
) -> None:
    terminal = open_pty([*shunter, "--profile", "main"], gnome_keyring.environment)
    terminal.wait_for("13 assets")
    earlier = Counter[End]()
    tran_ids = {move: move.make_after(earlier, terminal) for move in MOVES.values()}
    assert base_url.removeprefix("http://") in terminal.screen()
    terminal.type("\x11")
    assert terminal.wait_for_end() == 0

    async with BinanceClient(base_url, demo_key()) as client:
        now_ms = (await client.sync_clock()).now_ms()
        for move, tran_id in tran_ids.items():
            history = await client.transfer_history(
                HistoryQuery(move.type, move.from_pair, move.to_pair), start_ms=0, end_ms=now_ms
            )
            assert [(row.tran_id, row.asset, row.amount, row.status) for row in history.rows] == [
                (tran_id, "USDT", move.amount, "CONFIRMED")
            ], move
