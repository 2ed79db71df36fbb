"""The history in the real program: seen, searched, and turned into the next transfer with few keys."""

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.terminal.conftest import Environment, OpenPty, Pty
from tests.terminal.own_key import with_key
from tui.demo.exchange import DemoExchange
from tui.demo.person import EARLIER_COUNT
from tui.demo.serving import served
from tui.domain.transfer import TransferRequest
from tui.domain.wallets import TransferType

DAY_MS = 24 * 60 * 60 * 1000
F3, ENTER = "\x14", "\r"
MOST_KEYS = 4


@pytest.fixture
def demo(open_pty: OpenPty, shunter: list[str], environment: Environment) -> Pty:
    pty = open_pty([*shunter, "--demo"], environment)
    pty.wait_for("13 assets")
    return pty


def test_demos_history_is_seen_searched_and_made_the_next_transfer(demo: Pty) -> None:
    demo.type(F3)
    demo.find(r"[45]\d\d transfers; [45]\d\d records of the exchange; n: what may be missing")
    screen = demo.wait_for(" HISTORY ", "tranId", ">")
    assert len([line for line in screen.splitlines() if " -> " in line]) == 20
    demo.type(f"/from:spot to:um asset:usdt{ENTER}")
    found = demo.find(r"\n>\d\d-\d\d \d\d:\d\d +Spot +-> USD-M +([0-9.]+) +USDT +done +(\d+)")
    rows = [line for line in demo.screen().splitlines() if " -> " in line]
    assert all(re.search("Spot +-> USD-M", row) for row in rows)
    demo.type(ENTER)
    demo.wait_for("Only the exchange has a record of it", found[2], "MAIN_UMFUTURE", "CONFIRMED")
    demo.type("q")
    demo.find(r"\n>\d\d-\d\d \d\d:\d\d +Spot +-> USD-M")
    demo.type("r")
    demo.wait_for("MAIN_UMFUTURE", "Asset    USDT", f"Amount   {found[1]} ", "of 1,250.00 USDT")


def test_transfer_of_yesterday_again_takes_four_keys(
    open_pty: OpenPty, shunter: list[str], environment: Environment, tmp_path: Path
) -> None:
    exchange = DemoExchange()
    yesterday = TransferRequest(TransferType.MAIN_UMFUTURE, "USDT", Decimal("7.25"))
    exchange.ledger.transfer(yesterday, exchange.server_ms() - DAY_MS)
    with served(exchange) as base_url:
        again = open_pty(shunter, with_key(environment, tmp_path, base_url))
        again.wait_for("13 assets")
        keys = [F3, "r", ENTER, "y"]
        assert len(keys) <= MOST_KEYS
        seen: list[Callable[[], object]] = [
            lambda: again.find(r"\n>\d\d-\d\d \d\d:\d\d +Spot +-> USD-M +7\.25 +USDT +done"),
            lambda: again.wait_for("MAIN_UMFUTURE", "Amount   7.25 "),
            lambda: again.wait_for("7.25 USDT", "y  Send"),
            lambda: again.wait_for("TRANSFER DONE"),
        ]
        for key, look in zip(keys, seen, strict=True):
            again.type(key)
            look()
    assert [transfer.request for transfer in exchange.ledger.transfers] == [yesterday, yesterday]


def test_second_look_asks_for_what_is_new_only(
    open_pty: OpenPty, shunter: list[str], environment: Environment, tmp_path: Path
) -> None:
    exchange = DemoExchange(earlier=EARLIER_COUNT)
    with served(exchange) as base_url:
        person = with_key(environment, tmp_path, base_url)
        terminal = open_pty(shunter, person)
        terminal.wait_for("13 assets")
        counts = []
        for _ in range(2):
            read = sum(exchange.history._readings.values())
            terminal.type(F3)
            terminal.find(r"[45]\d\d transfers; [45]\d\d records of the exchange")
            counts.append(sum(exchange.history._readings.values()) - read)
            terminal.type("q")
            terminal.wait_for("13 assets")
        assert counts[0] > EARLIER_COUNT - 60
        assert counts[1] < 20


def test_nothing_is_written_while_the_history_stays_the_same(demo: Pty) -> None:
    demo.type(F3)
    demo.find(r"[45]\d\d records of the exchange")
    for _ in range(20):
        demo.screen()
    before = len(demo.written)
    for _ in range(50):
        demo.screen()
    assert len(demo.written) == before


def test_keys_that_come_with_f3_in_one_packet_do_no_harm(demo: Pty) -> None:
    for keys in ("rR", "x", "cC", "/btc", "sS", "\x1b[B"):
        demo.type(F3 + keys)
        demo.find(r"[45]\d\d records of the exchange")
        demo.type(F3)
        demo.wait_for("13 assets")
    demo.type(F3 + "q")
    demo.wait_for("13 assets", "THIS SESSION")


def test_answer_with_a_capital_is_clicked_for_what_it_says(demo: Pty) -> None:
    demo.type(F3)
    demo.find(r"[45]\d\d records of the exchange")
    demo.type(ENTER)
    lines = demo.wait_for("C  Copy all", "c  Copy tranId").splitlines()
    row = next(index for index, line in enumerate(lines) if "C  Copy all" in line)
    place = f"{lines[row].index('C  Copy all') + 2};{row + 1}"
    demo.type(f"\x1b[<0;{place}M\x1b[<0;{place}m")
    demo.find(r"\n Transfer (done|failed): \S+ [A-Z]+ .*\n Sent to the terminal")
