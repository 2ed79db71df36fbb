"""`shunter history` at a demo exchange on a socket, with a key from a keyring: what it prints, and what it keeps."""

import contextlib
import csv
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.evidence import accepted, ambiguous, begin_anyway, refusal
from tests.wire.conftest import DemoServer
from tui import keys
from tui.cli import main
from tui.demo.exchange import DemoExchange
from tui.demo.faults import TRANSFER_PATH, Edit, Fault, Reply
from tui.demo.keys import demo_key
from tui.demo.person import EARLIER_COUNT
from tui.domain.evidence import Evidence
from tui.domain.transfer import Sending, TransferRequest
from tui.domain.wallets import TransferType
from tui.history import cache_path
from tui.journal import Journal


@pytest.fixture(autouse=True)
def _earlier(server: DemoServer, one_account: None) -> None:
    server.exchange = DemoExchange(earlier=EARLIER_COUNT)


def _printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert main(["history", "--json", *arguments]) == 0
    printed: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return printed


def _made_here(
    server: DemoServer, amount: str = "5", evidence: Evidence | None = None, *, clock_off_ms: int = 0
) -> int:
    """Have the exchange and the journal know a transfer; gives its tranId. Without evidence, it is done. By so much the
    time in the journal is wrong.
    """
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(amount))
    at_ms = server.exchange.server_ms()
    tran_id = server.exchange.ledger.transfer(request, at_ms).tran_id
    with contextlib.closing(Journal.open()) as journal:
        key = demo_key()
        sending = Sending(request, "main", key.tail, key.fingerprint, server.base_url, at_ms + clock_off_ms, 20, 5000)
        journal.record(begin_anyway(journal, sending), evidence or accepted(tran_id))
    return tran_id


def test_all_that_the_exchange_has_is_printed_newest_first(
    server: DemoServer, capsys: pytest.CaptureFixture[str]
) -> None:
    tran_id = _made_here(server)
    rows = _printed(capsys)
    assert len(rows) > EARLIER_COUNT - 60
    assert [row["at"] for row in rows] == sorted((row["at"] for row in rows), reverse=True)
    assert {row["type"] for row in rows} == {move.name for move in TransferType}
    first = rows[0]
    assert (first["tran_id"], first["made"], first["journal_id"], first["profile"]) == (tran_id, "here", 1, "main")
    assert (first["from"], first["to"], first["amount"], first["status"]) == ("spot", "funding", "5", "CONFIRMED")
    assert {row["made"] for row in rows[1:]} == {"elsewhere"}


def test_csv_and_table_have_the_same(server: DemoServer, capsys: pytest.CaptureFixture[str]) -> None:
    rows = _printed(capsys)
    assert main(["history", "--csv"]) == 0
    as_csv = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert as_csv == [{name: "" if value is None else str(value) for name, value in row.items()} for row in rows]
    assert main(["history"]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == len(rows) + 1
    assert all(str(row["tran_id"]) in line for row, line in zip(rows, out.splitlines()[1:], strict=True))
    assert err.startswith("Isolated Margin was asked for BTCUSDT, ETHUSDT")
    assert "There is no journal on this machine" in err
    assert {row["made"] for row in rows} == {"not compared"}


def test_filters(server: DemoServer, capsys: pytest.CaptureFixture[str]) -> None:
    _made_here(server)
    rows = _printed(capsys)
    asked = len(server.exchange.weights._used)
    assert asked
    for arguments, of_row in (
        (("--from", "isolated"), lambda row: row["from"] == "isolated"),
        (("--to", "um", "--asset", "usdt"), lambda row: row["to"] == "um" and row["asset"] == "USDT"),
        (("--outcome", "rejected"), lambda row: row["status"] == "FAILED"),
        (("--since", "30d", "--until", "10d", "--outcome", "done"), lambda row: row["status"] == "CONFIRMED"),
        (("--profile", "main"), lambda _: True),
    ):
        found = _printed(capsys, *arguments)
        assert found
        assert all(map(of_row, found))
        assert len(found) <= len(rows)
        if "--since" not in arguments:
            assert found == [row for row in rows if of_row(row)]


def test_what_is_read_is_kept_for_its_owner_and_holds_no_key(
    server: DemoServer, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rows = _printed(capsys)
    assert cache_path().is_relative_to(tmp_path)
    assert cache_path().stat().st_mode & 0o777 == 0o600
    assert demo_key().api_key.reveal().encode() not in cache_path().read_bytes()
    cache_path().unlink()
    assert _printed(capsys) == rows


def test_record_that_could_be_a_transfer_of_the_journal_is_perhaps_made_here(
    server: DemoServer, capsys: pytest.CaptureFixture[str]
) -> None:
    lost, refused = _made_here(server, "5", ambiguous()), _made_here(server, "6", refusal())
    rows = {row["tran_id"]: row for row in _printed(capsys)}
    assert (rows[lost]["made"], rows[lost]["perhaps"], rows[lost]["journal_id"]) == ("perhaps here", "1", None)
    assert (rows[refused]["made"], rows[refused]["perhaps"]) == ("elsewhere", None)
    assert main(["history"]) == 0
    assert "perhaps transfer 1 of " in capsys.readouterr().out


@pytest.mark.parametrize("days", [-400, -2, 2])
def test_own_transfer_that_was_sent_at_a_wrong_time_is_not_made_elsewhere(
    server: DemoServer, capsys: pytest.CaptureFixture[str], days: int
) -> None:
    tran_id = _made_here(server, clock_off_ms=days * 24 * 60 * 60 * 1000)
    assert [row["made"] for row in _printed(capsys, "--since", "1h") if row["tran_id"] == tran_id] == ["here"]
    assert [row["made"] for row in _printed(capsys) if row["tran_id"] == tran_id] == ["here"]


def test_pair_that_was_asked_for_is_not_said_to_be_the_records(
    server: DemoServer, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = _printed(capsys, "--from", "isolated")
    asked = {(row["type"], row["asked_pairs"]) for row in rows}
    assert ("ISOLATEDMARGIN_ISOLATEDMARGIN", "BTCUSDT -> ETHUSDT") in asked
    assert ("ISOLATED_MARGIN_MAIN", None) in asked
    assert {(row["from_symbol"], row["to_symbol"]) for row in rows} == {(None, None)}
    assert main(["history", "--from", "isolated", "--to", "isolated"]) == 0
    assert "  asked: BTCUSDT -> ETHUSDT\n" in capsys.readouterr().out


def test_clock_of_this_machine_that_is_wrong_changes_nothing(
    server: DemoServer, capsys: pytest.CaptureFixture[str]
) -> None:
    server.exchange.clock_offset_ms = 4 * 60 * 60 * 1000
    tran_id = _made_here(server)
    assert _printed(capsys, "--from", "spot", "--to", "funding")[0]["tran_id"] == tran_id


def test_without_the_exchanges_time_there_is_no_answer(server: DemoServer, capsys: pytest.CaptureFixture[str]) -> None:
    failed = Reply(400, b'{"code":-1000,"msg":"No time."}')
    server.exchange.faults.append(Fault(executes=False, answer=failed, method="GET", path="/api/v3/time", times=None))
    assert main(["history", "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out) == []
    assert "Nothing of the exchange's history could be read: The exchange's time could not be measured." in err
    assert main(["history"]) == 1
    out, err = capsys.readouterr()
    assert (out, "No such record among what could be read." in err) == ("", True)


def test_difference_is_told(server: DemoServer, capsys: pytest.CaptureFixture[str]) -> None:
    tran_id = _made_here(server)
    (executed,) = server.exchange.ledger.transfers
    server.exchange.history.edits = [(Edit("asset", '"BTC"'), 1)]
    row = next(row for row in _printed(capsys) if row["tran_id"] == tran_id)
    assert (row["made"], row["differs"]) == ("differs", "asset: USDT in the journal, BTC at the exchange")
    assert executed.request.asset == "USDT"


def test_record_that_cannot_be_read_is_printed_as_it_came(
    server: DemoServer, capsys: pytest.CaptureFixture[str]
) -> None:
    tran_id = _made_here(server)
    server.exchange.history.edits = [(Edit("amount", '"5,0\\u001b[2J"'), 1)]
    row = next(row for row in _printed(capsys) if row["tran_id"] == tran_id)
    assert row["amount"] is None
    assert '"5,0' in row["unreadable"]
    assert main(["history"]) == 0
    out = capsys.readouterr().out
    assert "as received: {" in out
    assert "\x1b" not in out


def test_type_that_could_not_be_read_is_told_and_is_no_success(
    server: DemoServer, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = Reply(400, b'{"code":-1002,"msg":"Not \\u001b[2Jallowed."}')
    server.exchange.faults.append(Fault(executes=False, answer=refused, method="GET", path=TRANSFER_PATH))
    assert main(["history", "--from", "options", "--to", "um", "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out) == []
    assert err.startswith("OPTION_UMFUTURE could not be read: Not ?[2Jallowed (-1002).")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--profile", "other"), 1, "There is no profile 'other'. Profiles: main"),
        (("--profile", "main", "--demo"), 2, "--demo uses no key; leave out --profile"),
        (("--since", "1d", "--until", "2d"), 2, "--since is not before --until"),
    ],
)
def test_what_cannot_be_asked_is_told(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], status: int, said: str
) -> None:
    assert main(["history", *arguments]) == status
    assert said in capsys.readouterr().err


def test_of_several_keys_one_must_be_chosen(server: DemoServer, capsys: pytest.CaptureFixture[str]) -> None:
    keys.add("second", demo_key(), server.base_url)
    assert main(["history"]) == 1
    assert "Choose one with --profile, or with F4 in the app: main, second" in capsys.readouterr().err


def test_without_any_key_it_says_how_to_add_one(capsys: pytest.CaptureFixture[str]) -> None:
    keys.remove("main")
    assert main(["history"]) == 1
    assert "shunter keys add NAME" in capsys.readouterr().err


def test_demo_has_a_history_without_any_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(_printed(capsys, "--demo")) > EARLIER_COUNT - 60
    assert not cache_path().exists()
