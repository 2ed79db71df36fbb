"""Plans on the real program: few keys from the form to the sending one, and nothing forgotten when it is killed."""

import signal
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.gate import Gate
from tests.terminal.conftest import OpenPty, Pty
from tests.terminal.own_key import with_key
from tests.waiting import LIMIT_S
from tui.demo.exchange import DemoExchange
from tui.demo.faults import Fault, Reply
from tui.demo.ledger import Funds
from tui.demo.serving import served
from tui.domain.balances import Account
from tui.domain.wallets import TransferType, Wallet

F2, TAB, QUIT = "\x1bOQ", "\t", "\x11"
FORM = ["--profile", "main", "--from", "cm", "--to", "um", "--asset", "BTC", "--amount", "0.005"]
Open = Callable[[], Pty]


@pytest.fixture
def exchange() -> DemoExchange:
    exchange = DemoExchange()
    exchange.ledger.hold(Account(Wallet.UM), "BTC", Funds(Decimal("0.5")))
    return exchange


@pytest.fixture
def open_app(exchange: DemoExchange, environment: dict[str, str], tmp_path: Path, open_pty: OpenPty) -> Iterator[Open]:
    """Opens the app with a key in the keyring, its form filled with a plan."""
    with served(exchange) as base_url:
        person = with_key(environment, tmp_path, base_url)
        yield lambda: open_pty([sys.executable, "-m", "tests.terminal.hurried", *FORM], person)


def executed(exchange: DemoExchange) -> list[TransferType]:
    return [transfer.request.type for transfer in exchange.ledger.transfers]


def confirm(terminal: Pty) -> None:
    """Review and send the plan in the form."""
    terminal.wait_for("of 0.01700000 BTC")
    terminal.type(F2)
    terminal.wait_for("y  Send 0.005 BTC in 2 steps")
    terminal.type("y")


def test_coin_m_to_usd_m_takes_few_keys(open_pty: OpenPty, shunter: list[str], environment: dict[str, str]) -> None:
    demo = open_pty([*shunter, "--demo"], environment)
    demo.wait_for("13 assets")
    keys = [*"65btc", TAB, *"0.017", F2]
    assert len([*keys, "y"]) <= 16
    for key in keys:
        demo.type(key)
    demo.wait_for("y  Send 0.017 BTC in 2 steps", "CMFUTURE_MAIN", "MAIN_UMFUTURE")
    demo.type("y")
    demo.wait_for("PLAN DONE", "0.017 BTC was moved to USD-M Futures.")


def test_plan_is_sent_whole(exchange: DemoExchange, open_app: Open) -> None:
    terminal = open_app()
    confirm(terminal)
    terminal.wait_for("PLAN DONE", *(str(transfer.tran_id) for transfer in exchange.ledger.transfers))
    assert executed(exchange) == [TransferType.CMFUTURE_MAIN, TransferType.MAIN_UMFUTURE]
    terminal.type("\r")
    terminal.wait_for("THIS SESSION 2", "1/2", "2/2")


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGHUP], ids=lambda ending: ending.name)
def test_next_start_says_what_was_done_of_a_plan(
    ending: signal.Signals, step: int, exchange: DemoExchange, open_app: Open
) -> None:
    gate = Gate()
    exchange.faults.append(Fault(after=gate, skip=step - 1))
    first = open_app()
    confirm(first)
    assert gate.reached.wait(LIMIT_S)
    first.signal(ending)
    first.wait_for_end()
    gate.open()
    second = open_app()
    if step == 1:
        second.wait_for(
            "PLAN STOPPED", "history, 0.005 BTC was moved to Spot, and no", "Shunter ended before step 2 of 2."
        )
        assert executed(exchange) == [TransferType.CMFUTURE_MAIN]
        second.type("r")
        second.wait_for("y  Send 0.005 BTC in 1 step")
        second.type("y")
    second.wait_for("PLAN DONE", "0.005 BTC was moved to USD-M")
    assert executed(exchange) == [TransferType.CMFUTURE_MAIN, TransferType.MAIN_UMFUTURE]
    second.type("\r")
    second.wait_until(lambda screen: "PLAN DONE" not in screen)
    second.type(QUIT)
    assert second.wait_for_end() == 0
    third = open_app()
    third.wait_for("of 0.01200000 BTC")
    assert "PLAN" not in third.screen()


def test_plan_whose_second_step_is_refused_is_undone(exchange: DemoExchange, open_app: Open) -> None:
    refusal = Reply(400, b'{"code":-5002,"msg":"You have insufficient balance."}')
    exchange.faults.append(Fault(executes=False, answer=refusal, skip=1))
    terminal = open_app()
    confirm(terminal)
    terminal.wait_for("PLAN STOPPED", "0.005 BTC was moved to Spot, and no further.", "r  Review the rest")
    terminal.type("b")
    terminal.wait_for("0.005 BTC back from Spot to COIN-M Futures", "y  Send 0.005 BTC in 1 step")
    terminal.type("y")
    terminal.wait_for("PLAN DONE")
    assert executed(exchange) == [TransferType.CMFUTURE_MAIN, TransferType.MAIN_CMFUTURE]
