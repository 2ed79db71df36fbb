"""The real program in a person's hands: how few keys it takes, and what the screen says where something is amiss."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from tests.terminal.conftest import Environment, OpenPty, Pty
from tests.terminal.own_key import with_key
from tests.waiting import wait_for
from tui.demo.exchange import DemoExchange
from tui.demo.faults import Fault, Reply
from tui.demo.serving import base_url, listen, server
from tui.domain.transfer import TransferRequest
from tui.domain.wallets import TransferType

MOST_KEYS = 12
REFUSED = Reply(401, b'{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}')
GO_TO, ENTER = "\x0f", "\r"


@pytest.fixture
def demo(open_pty: OpenPty, shunter: list[str], environment: Environment) -> Pty:
    pty = open_pty([*shunter, "--demo"], environment)
    pty.wait_for("13 assets")
    return pty


@contextmanager
def serving(app: ASGIApp, port: int) -> Iterator[None]:
    """The app on a port of loopback, as long as the block lasts."""
    with listen(port) as listening:
        running = server(app)
        thread = threading.Thread(target=lambda: asyncio.run(running.serve(sockets=[listening])), daemon=True)
        thread.start()
        try:
            yield
        finally:
            running.should_exit = True
            thread.join()


@pytest.fixture
def free_port() -> int:
    with listen(0) as listening:
        return int(base_url(listening).rpartition(":")[2])


def marked(screen: str, column: int) -> str:
    """The wallet that is chosen in the left (0) or the right (1) list."""
    (line,) = (line[41 * column :][:39] for line in screen.splitlines()[2:10] if line[41 * column] == ">")
    return " ".join(line.split()[1:3])


def test_a_hundred_usdt_from_spot_to_futures_take_twelve_keys(demo: Pty) -> None:
    keys = [*"15usdt", "\t", *"100", ENTER, "y"]
    assert len(keys) <= MOST_KEYS
    seen = demo.screen()
    assert (marked(seen, 0), marked(seen, 1)) == ("Spot 13", "Funding 3")
    steps = {
        "5": ["MAIN_UMFUTURE", "Spot -> USD-M Futures"],
        "t": ["Asset    USDT", "of 1,250.00 USDT"],
        "0": ["Amount   100 "],
        ENTER: ["100 USDT", "y  Send", "Spot\n", "USD-M Futures"],
        "y": ["TRANSFER DONE", "tranId"],
    }
    for index, key in enumerate(keys):
        demo.type(key)
        if key not in keys[index + 1 :]:
            demo.wait_for(*(words.rstrip("\n") for words in steps.get(key, [])))
    demo.type("q")
    demo.wait_for("THIS SESSION 1")
    demo.type("7")
    demo.wait_for("Amount   7 ")


def test_the_suggestion_that_says_tab_saves_what_is_left_of_a_name(demo: Pty) -> None:
    demo.type("15us")
    demo.wait_for("USDT", " Tab ")
    demo.type("\t100\r")
    demo.wait_for("y  Send", "100 USDT", "MAIN_UMFUTURE")


def test_every_field_and_list_is_two_keys_away_from_any_other_and_the_screen_says_which(demo: Pty) -> None:
    demo.type("1")
    demo.type("4")
    demo.wait_for("MAIN_ISOLATED_MARGIN")
    demo.type(GO_TO)
    demo.wait_for("Go to:", "f From", "t To", "a Asset", "m Amount", "o To pair")
    demo.type("o")
    demo.type("btcusdt")
    demo.wait_for("Pair     BTCUSDT")
    demo.type(f"{GO_TO}m1{GO_TO}ausdc{GO_TO}f2")
    screen = demo.wait_for("Amount   1 ", "Asset    USDC", "FUNDING_MAIN")
    assert marked(screen, 0) == "Funding 15.5"


def test_a_wallet_out_of_reach_says_why_and_what_is_in_reach(demo: Pty) -> None:
    demo.type("5")
    demo.wait_for("UMFUTURE_FUNDING")
    demo.type("5")
    screen = demo.wait_for(
        "The exchange moves nothing from USD-M Futures to USD-M Futures.",
        "reaches: Spot, Funding, Cross Margin, Options",
    )
    assert "UMFUTURE_FUNDING" in screen


def test_a_source_that_takes_the_destination_away_says_so(demo: Pty) -> None:
    demo.type("15")
    demo.wait_for("MAIN_UMFUTURE")
    demo.type(f"{GO_TO}f8")
    screen = demo.wait_for("To is Spot now. Portfolio Margin reaches USD-M Futures only via Spot.")
    assert marked(screen, 1).startswith("Spot")
    demo.type("1")  # Spot it is: what was said is read
    demo.type(f"{GO_TO}f1")
    demo.wait_for("MAIN_FUNDING")


def test_too_much_is_said_beside_the_amount_before_anything_is_sent(demo: Pty) -> None:
    demo.type("15USDT\t5000\r")
    screen = demo.wait_for("Only 1,250.00 USDT", " moved", "Amount   5000")
    assert "y  Send" not in screen
    demo.type("\x15m\r")
    demo.wait_for("y  Send", "1,250.00 USDT")


def test_a_mistake_is_taken_back_with_what_was_entered_kept(demo: Pty) -> None:
    demo.type("13USDT\t100\r")
    demo.wait_for("y  Send", "Cross Margin")
    demo.type("q")
    demo.wait_for("THIS SESSION", "Amount   100 ")
    demo.type(f"{GO_TO}t5")
    demo.type(f"{GO_TO}m\r")
    demo.wait_for("y  Send", "USD-M Futures", "100 USDT")


def test_the_same_mistake_again_is_refused_in_the_same_words(demo: Pty) -> None:
    demo.type("15USDT\t")
    for _ in range(2):
        demo.type("\x151,5\r")
        screen = " ".join(demo.wait_for("Amount   1,5", "no commas").split())
        assert "Write 1234.5 with a dot, and no commas" in screen
    demo.type("\x151.5\r")
    demo.wait_for("y  Send", "1.5 USDT")


def test_letters_within_a_text_fill_in_nothing(demo: Pty) -> None:
    demo.type("15USDT\tusdt1")
    demo.wait_for("Amount   usdt1")
    demo.type("\x15")
    demo.type("h7")
    demo.wait_for("Amount   7 ")


def test_all_but_so_much_is_reviewed_as_a_figure_and_stays_as_it_was_typed(demo: Pty) -> None:
    demo.type("15USDT\tb50")
    demo.wait_for("Amount   all but 50", "= 1,200.00 USDT")
    demo.type("\r")
    demo.wait_for("y  Send", "1,200.00 USDT")
    demo.type("q")
    demo.wait_for("Amount   all but 50", "= 1,200.00 USDT")
    demo.type(f"{GO_TO}f2")
    demo.wait_for("Amount   all but 50", "= 30.00 USDT")


def test_offline_stays_in_sight_and_mends_itself(
    open_pty: OpenPty, shunter: list[str], environment: Environment, tmp_path: Path, free_port: int
) -> None:
    person = with_key(environment, tmp_path, f"http://127.0.0.1:{free_port}")
    terminal = open_pty([*shunter, "--asset", "USDT"], person)
    offline = terminal.wait_for("No wallet can be read", "Shunter retries, F5 retries now", "not read")
    assert "Since " in offline
    terminal.type("15\t5\r")
    terminal.wait_for("Nothing was sent", "y  Try again")
    with serving(DemoExchange(), free_port):
        terminal.type("q")
        terminal.wait_for("1,250.00", "Amount   5 ")
        wait_for(lambda: "can be read" not in terminal.screen())


def test_a_key_that_the_exchange_refuses_stays_in_sight_and_its_transfer_says_what_to_do(
    open_pty: OpenPty, shunter: list[str], environment: Environment, tmp_path: Path, free_port: int
) -> None:
    exchange = DemoExchange()
    exchange.faults.append(Fault(executes=False, answer=REFUSED))
    for method, path in (("POST", "/sapi/v3/asset/getUserAsset"), ("GET", "/sapi/v1/asset/wallet/balance")):
        exchange.faults.append(Fault(method=method, path=path, executes=False, answer=REFUSED, times=None))
    person = with_key(environment, tmp_path, f"http://127.0.0.1:{free_port}")
    with serving(exchange, free_port):
        terminal = open_pty([*shunter, "--asset", "USDT", "--amount", "5"], person)
        terminal.wait_for("Not read: Spot", "Invalid API-key, IP, or permissions for action (-2015).", "300.00")
        terminal.type("\x12")
        terminal.wait_for("y  Send")
        terminal.type("y")
        terminal.wait_for("TRANSFER REJECTED", "-2015", "Invalid API-key, IP, or permissions", "To do")


def test_holdings_show_everything_and_enter_moves_from_there(demo: Pty) -> None:
    demo.type("\x0e")
    screen = demo.wait_for("13 assets.", "worth 30,659.75 USDT at", "BTC IN")
    first = next(line for line in screen.splitlines() if line.startswith(">"))
    assert first.split()[0] == ">BTC"
    demo.type("/usd")
    demo.wait_for("/USD_  3 assets.", "USDT IN")
    demo.type("\x1b[C" + "j" * 5)
    demo.wait_for("USD-M Futures. Enter moves from here", "all", "2,075.00")
    demo.type(ENTER)
    demo.wait_for("UMFUTURE_", "of 300.00 USDT", "Asset    USDT")
    demo.type("1\t10\r")
    demo.wait_for("y  Send", "USD-M Futures", "10 USDT", "UMFUTURE_MAIN")


def test_a_click_on_send_sends_after_a_moment_in_which_a_key_stops_it(
    open_pty: OpenPty, shunter: list[str], environment: Environment, tmp_path: Path, free_port: int
) -> None:
    exchange = DemoExchange()
    person = with_key(environment, tmp_path, f"http://127.0.0.1:{free_port}")
    with serving(exchange, free_port):
        terminal = open_pty([*shunter, "--to", "um", "--asset", "USDT", "--amount", "5"], person)
        terminal.wait_for("of 1,250.00 USDT")
        terminal.type("\x12")
        terminal.wait_for("y  Send")
        click(terminal, "y  Send")
        terminal.wait_for("A click: sending in 1 s; any key stops it.")
        terminal.type("n")
        terminal.wait_for("Stopped")
        assert exchange.ledger.transfers == []
        click(terminal, "y  Send")
        terminal.wait_for("TRANSFER DONE")
        click(terminal, "Enter  Close")
        terminal.wait_for("THIS SESSION 1")
    (sent,) = exchange.ledger.transfers
    assert sent.request == TransferRequest(TransferType.MAIN_UMFUTURE, "USDT", Decimal(5))


def click(terminal: Pty, words: str) -> None:
    """Press and release the left button on what stands on the screen."""
    lines = terminal.screen().splitlines()
    row = next(index for index, line in enumerate(lines) if words in line)
    place = f"{lines[row].index(words) + 2};{row + 1}"
    terminal.type(f"\x1b[<0;{place}M\x1b[<0;{place}m")
