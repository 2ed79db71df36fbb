"""`shunter holdings` at a demo exchange on a socket: what it prints of the wallets, and of what it could not read."""

import contextlib
import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest

from tests.evidence import ambiguous, begin_anyway
from tests.wire.conftest import DemoServer
from tui import clock
from tui.cli import main
from tui.demo.faults import Fault, Reply
from tui.demo.keys import demo_key
from tui.domain.transfer import Sending, TransferRequest
from tui.domain.wallets import TransferType, Wallet
from tui.exchange.balances import wallet_source
from tui.exchange.payloads import ISOLATED_ACCOUNT, WALLET_BALANCES, ReadCall
from tui.journal import Journal

pytestmark = pytest.mark.usefixtures("one_account")

_REFUSED = Reply(400, b'{"code":-1002,"msg":"Not \\u001b[2Jallowed."}')


def _printed(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> list[dict[str, Any]]:
    assert main(["holdings", "--json", *arguments]) == status
    printed: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return printed


def _refuse(server: DemoServer, *calls: ReadCall[Any]) -> None:
    for call in calls:
        server.exchange.faults.append(
            Fault(executes=False, answer=_REFUSED, method=call.method, path=call.path, times=None)
        )


def test_every_account_of_the_ledger_is_printed(server: DemoServer, capsys: pytest.CaptureFixture[str]) -> None:
    rows = _printed(capsys)
    printed = {(row["wallet"], row["pair"], row["asset"]): Decimal(row["amount"]) for row in rows}
    held = {
        (account.wallet.value, account.pair, asset): amount
        for account, assets in server.exchange.ledger.holdings.items()
        for asset, funds in assets.items()
        if (amount := funds.free)
    }
    assert printed.keys() == held.keys()
    secures = {"um", "cm"}  # what a position needs is free there, and not movable
    assert {key: amount for key, amount in printed.items() if key[0] not in secures} == {
        key: amount for key, amount in held.items() if key[0] not in secures
    }
    assert {row["wallet"] for row in rows} == {wallet.value for wallet in Wallet}
    assert {row["amount_is"] for row in rows if row["wallet"] == "spot"} == {"movable"}
    assert {row["amount_is"] for row in rows if row["wallet"] == "isolated"} == {"free"}
    assert next(row["worth"] for row in rows if row["asset"] == "USDT" and row["wallet"] == "spot") == "1250.00"
    assert {row["worth_in"] for row in rows} == {"USDT"}
    assert {row["note"] for row in rows} == {None}


def test_csv_and_table_have_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{**row, "read_at": ""} for row in _printed(capsys)]
    assert main(["holdings", "--csv"]) == 0
    as_csv = [{**row, "read_at": ""} for row in csv.DictReader(io.StringIO(capsys.readouterr().out))]
    assert as_csv == [{name: value or "" for name, value in row.items()} for row in rows]
    assert main(["holdings"]) == 0
    heading, *lines, total = capsys.readouterr().out.splitlines()
    assert heading.split() == ["ASSET", "ACCOUNT", "AMOUNT", "WORTH", "USDT", "NOTE"]
    assert len(lines) == len(rows)
    assert all(
        f"{Decimal(row['amount']):,}" in line and line.startswith(row["asset"])
        for row, line in zip(rows, lines, strict=True)
    )
    assert total.startswith("Worth 30,659.75 USDT at ")


def test_asset_shows_where_its_amount_is_not_known(server: DemoServer, capsys: pytest.CaptureFixture[str]) -> None:
    _refuse(server, ISOLATED_ACCOUNT)
    rows = _printed(capsys, "--asset", "usdt", status=1)
    assert {row["asset"] for row in rows} == {"USDT"}
    assert [(row["amount"], row["note"]) for row in rows if row["wallet"] == "isolated"] == [(None, "not read")]
    assert [row["amount"] for row in rows if row["wallet"] == "spot"] == ["1250.00"]


def test_wallet_that_could_not_be_read_is_told_and_is_no_success(
    server: DemoServer, capsys: pytest.CaptureFixture[str]
) -> None:
    _refuse(server, ISOLATED_ACCOUNT)
    assert main(["holdings"]) == 1
    out, err = capsys.readouterr()
    assert err.startswith("Not read: Isolated Margin: Not ?[2Jallowed (-1002)")
    assert "Isolated Margin" not in out
    assert out.splitlines()[-1].startswith("Read: ")


def test_without_any_answer_nothing_is_taken_for_nothing(
    server: DemoServer, capsys: pytest.CaptureFixture[str]
) -> None:
    _refuse(server, WALLET_BALANCES, *(wallet_source(wallet).call for wallet in Wallet))
    assert main(["holdings"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "No wallet can be read" in err
    assert err.endswith("No account that could be read holds anything.\n")


def test_wallets_of_an_open_transfer_may_change(server: DemoServer, capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.closing(Journal.open()) as journal:
        key, request = demo_key(), TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(5))
        sending = Sending(
            request,
            "main",
            key.tail,
            key.fingerprint,
            server.base_url,
            clock.wall_ms(),
            clock_error_ms=20,
            recv_window_ms=5000,
        )
        journal.record(begin_anyway(journal, sending), ambiguous())
    rows = _printed(capsys)
    assert {row["wallet"] for row in rows if row["note"] == "may change"} == {"spot", "funding"}


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--demo", "--profile", "main"), 2, "--demo uses no key; leave out --profile"),
        (("--demo", "--base-url", "https://testnet.binance.vision"), 2, "--demo uses no key; leave out --base-url"),
        (("--base-url", "https://testnet.binance.vision"), 1, "There is no key yet"),
        (("--profile", "other"), 1, "There is no profile 'other'"),
    ],
)
def test_what_cannot_be_asked_is_told(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], status: int, said: str
) -> None:
    assert main(["holdings", *arguments]) == status
    assert said in capsys.readouterr().err


def test_demo_needs_no_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(_printed(capsys, "--demo")) == len(_printed(capsys))
