"""An asset whose name is of another script, from the form to the ledger: two columns a character, everywhere."""

import json
import re
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from wcwidth import wcswidth

from tests.terminal.conftest import OpenPty, Pty
from tests.terminal.own_key import with_key
from tui.demo.exchange import DemoExchange
from tui.demo.ledger import Funds, Ledger
from tui.demo.serving import served
from tui.domain.balances import Account, Pair
from tui.domain.transfer import TransferRequest
from tui.domain.wallets import TransferType, Wallet

NAME, SYMBOL = "币安人生", "币安人生USDT"
WAYS = {
    "typed": NAME,
    "pasted": f"\x1b[200~{NAME}\x1b[201~",
    "kitty": f"\x1b[0;;{':'.join(str(ord(character)) for character in NAME)}u",
    "chosen": "\x1b[B" * 4,
}
"""How a name comes into the field; an input method commits all its characters at once."""

Environment = dict[str, str]


def holding(**amounts: str) -> dict[str, Funds]:
    return {asset: Funds(Decimal(amount)) for asset, amount in amounts.items()}


@pytest.fixture
def exchange() -> DemoExchange:
    held = holding(USDT="1250", BNB="4") | {NAME: Funds(Decimal("3.5"))}
    holdings = {
        Account(Wallet.SPOT): held,
        Account(Wallet.FUNDING): {NAME: Funds(Decimal(1))},
        Account(Wallet.ISOLATED, SYMBOL): {NAME: Funds(Decimal(2))},
        Account(Wallet.PORTFOLIO): holding(USDT="0"),
    }
    return DemoExchange(ledger=Ledger(holdings, [Pair(f"{NAME}USDT", NAME, "USDT"), Pair("BNBUSDT", "BNB", "USDT")]))


@pytest.fixture
def person(exchange: DemoExchange, environment: Environment, tmp_path: Path) -> Iterator[Environment]:
    with served(exchange) as base_url:
        yield with_key(environment, tmp_path, base_url)


@pytest.fixture
def terminal(open_pty: OpenPty, shunter: list[str], person: Environment) -> Pty:
    pty = open_pty(shunter, person)
    pty.wait_for("3 assets")
    return pty


def end_of(screen: str, words: str) -> int:
    """The column in which words end, on the one line that holds them."""
    (line,) = (line for line in screen.splitlines() if words in line)
    return wcswidth(line[: line.index(words) + len(words)])


def start_of(screen: str, words: str) -> int:
    return end_of(screen, words) - wcswidth(words)


@pytest.mark.parametrize("keys", WAYS.values(), ids=WAYS)
def test_asset_of_another_script_is_moved_however_it_is_typed(terminal: Pty, exchange: DemoExchange, keys: str) -> None:
    terminal.type("\t\t" + keys)
    terminal.wait_for(f"of 3.5 {NAME}")
    terminal.type("\t1.25\r")
    terminal.wait_for("y  Send", f"1.25 {NAME}")
    terminal.type("y")
    terminal.wait_for("TRANSFER DONE")
    (executed,) = exchange.ledger.transfers
    assert executed.request == TransferRequest(TransferType.MAIN_FUNDING, NAME, Decimal("1.25"))


def test_pair_of_another_script_is_moved_to(terminal: Pty, exchange: DemoExchange) -> None:
    terminal.type(f"\t4{NAME}usdt\t{NAME}\t0.5")
    terminal.wait_for(f"of 3.5 {NAME}", SYMBOL)
    terminal.type("\r")
    terminal.wait_for("y  Send", f"Isolated Margin  {SYMBOL}")
    terminal.type("y")
    terminal.wait_for("TRANSFER DONE")
    (executed,) = exchange.ledger.transfers
    assert executed.request == TransferRequest(
        TransferType.MAIN_ISOLATED_MARGIN, NAME, Decimal("0.5"), to_symbol=SYMBOL
    )


def test_columns_line_up_with_characters_of_two_columns(terminal: Pty) -> None:
    terminal.type("\t\t\x1b[B")
    offered = terminal.wait_for("USDT       1,250 ", " BNB ", NAME)
    offers = [next(line for line in offered.splitlines() if f" {name} " in line) for name in ("BNB", NAME)]
    assert start_of(offers[0], "4 ") == start_of(offers[1], "3.5 ")  # the dots below each other

    terminal.type(f"\x1b{NAME}")
    form = terminal.wait_for(f"{NAME} available", f"of 3.5 {NAME}")
    figures = [found for line in form.splitlines()[2:10] if (found := re.search(r" ([0-9]+)(\.[0-9])? *$", line))]
    assert len(figures) == len(Wallet) - 2  # Portfolio Margin does not list it, the isolated account shows its pair
    assert len({figure.end(1) for figure in figures}) == 1

    terminal.type("\t1\r")
    review = terminal.wait_for("y  Send", f"1 {NAME}", f"2.5 {NAME}")
    facts = review.partition("REVIEW")[2]
    assert start_of(facts, f"  1 {NAME}") + 2 == start_of(facts, "MAIN_FUNDING")
    terminal.type("y")
    tran_id = terminal.wait_for_tran_id()
    result = terminal.wait_for("TRANSFER DONE", f"1 {NAME}")
    facts = result.partition("TRANSFER DONE")[2].partition("\n")[2]
    assert start_of(facts, f"  1 {NAME}") + 2 == start_of(facts, "MAIN_FUNDING")

    terminal.type("\x1b")
    terminal.wait_for("THIS SESSION 1")
    terminal.type("\x1b[Z\x1b[Z\x1b[Z\x1b[Z\t\t")
    table = terminal.wait_for("tranId", f"1 {NAME}")
    row = next(line for line in table.splitlines() if f"1 {NAME}" in line and "Spot -> Funding" in line)
    heading = next(line for line in table.splitlines() if "tranId" in line and "amount" in line)
    assert wcswidth(row[: row.index(tran_id)]) == wcswidth(heading[: heading.index("tranId")])


def test_command_line_and_journal_know_the_asset(open_pty: OpenPty, shunter: list[str], person: Environment) -> None:
    given = ("--to", "isolated", "--asset", NAME, "--amount", "0.5", "--to-pair", f"{NAME}ｕｓｄｔ")
    pty = open_pty([*shunter, *given], person)
    pty.wait_for(f"of 3.5 {NAME}")
    pty.type("\x12")
    pty.wait_for("y  Send")
    pty.type("y")
    pty.wait_for("TRANSFER DONE")
    pty.type("\x1b")
    pty.type("\x11")
    assert pty.wait_for_end() == 0
    printed = {
        encoding: subprocess.run(
            [*shunter, "journal"],
            env=person | {"PYTHONIOENCODING": encoding},
            capture_output=True,
            check=True,
        ).stdout.decode(encoding)
        for encoding in ("utf-8", "ascii")
    }
    heading, row = printed["utf-8"].splitlines()
    assert f"Isolated {SYMBOL}" in row
    for name, cell in (("ASSET", NAME), ("OUTCOME", "done")):
        assert wcswidth(row[: row.index(f"  {cell}  ")]) == heading.index(f"  {name}")
    assert "Isolated ????USDT" in printed["ascii"]
    as_json = subprocess.run([*shunter, "journal", "--json"], env=person, capture_output=True, check=True)
    (transfer,) = json.loads(as_json.stdout)
    assert (transfer["asset"], transfer["to_symbol"]) == (NAME, SYMBOL)
