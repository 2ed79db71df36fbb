"""`shunter reconcile` at a demo exchange on a socket: what a timer is told."""

import contextlib
import json
import os
from decimal import Decimal
from pathlib import Path

import pytest

from tests.evidence import accepted, begin_anyway, legacy, matching_record, never_left, no_record, persons_word, refusal
from tests.wire.conftest import DemoServer
from tui import keys
from tui.cli import main
from tui.demo.faults import TRANSFER_PATH, Edit, Fault, Reply
from tui.demo.keys import demo_key
from tui.domain.evidence import Basis, Evidence, Outcome
from tui.domain.records import HistoryRow, RecordStatus
from tui.domain.transfer import Sending, TransferRequest
from tui.domain.wallets import TransferType
from tui.journal import Journal, journal_path
from tui.structs import replace

HOUR_MS = 60 * 60 * 1000
_REFUSAL = Reply(400, b'{"code":-1002,"msg":"You are not authorized."}')


pytestmark = pytest.mark.usefixtures("one_account")


def _write(
    server: DemoServer,
    evidence: Evidence | None,
    amount: str,
    *,
    executed: bool,
    days_ago: int = 0,
    clock_off_ms: int = 0,
    key_print: str = "",
) -> int:
    """A row of the journal of two hours ago, and a record of it if it was executed; gives the record's tranId. Without
    evidence, the row is done.
    """
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(amount))
    at_ms = server.exchange.server_ms() - (24 * days_ago + 2) * HOUR_MS
    tran_id = server.exchange.ledger.transfer(request, at_ms + 20).tran_id if executed else 10**9
    key = demo_key()
    with contextlib.closing(Journal.open()) as journal:
        sending = Sending(
            request, "main", key.tail, key_print or key.fingerprint, server.base_url, at_ms + clock_off_ms, 20, 5000
        )
        journal.record(begin_anyway(journal, sending), evidence or accepted(tran_id))
    return tran_id


def test_nothing_differs(server: DemoServer, capsys: pytest.CaptureFixture[str]) -> None:
    _write(server, None, "1", executed=True)
    _write(server, refusal(), "2", executed=False)
    _write(server, persons_word(True), "3", executed=False)
    assert main(["reconcile"]) == 0
    assert capsys.readouterr().out == (
        "1 refused, failed, not sent or judged; no record says that they moved.\n"
        "1 done, as you decided; not compared.\n"
        "1 agree, 0 differ.\n"
    )


def test_without_a_journal_there_is_nothing_to_compare(server: DemoServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reconcile"]) == 3
    out, err = capsys.readouterr()
    assert (out, "There is no journal on this machine" in err) == ("", True)
    assert not journal_path().exists()
    _write(server, None, "1", executed=True)
    assert main(["reconcile"]) == 0
    journal_path().unlink()
    assert main(["reconcile", "--json"]) == 3


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_output_that_finds_no_room_is_told_and_is_no_difference(
    server: DemoServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    _write(server, None, "1", executed=True)
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr("sys.stdout", full)
        assert main(["reconcile", *options]) == 3
    assert "could not be written: [Errno 28]" in capsys.readouterr().err


def test_exit_status_is_the_same_for_who_reads_no_more(server: DemoServer, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(server, no_record(), "1", executed=True)
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        monkeypatch.setattr("sys.stdout", closed)
        assert main(["reconcile"]) == 1


def test_demo_has_no_journal_to_compare(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reconcile", "--demo"]) == 3
    out, err = capsys.readouterr()
    assert (out, "no journal" in err) == ("", True)


@pytest.mark.parametrize("evidence", [no_record(), persons_word(False), legacy(Outcome.REJECTED, basis=Basis.ANSWER)])
def test_record_that_matches_a_judged_transfer_is_a_possible_match(
    server: DemoServer, capsys: pytest.CaptureFixture[str], evidence: Evidence
) -> None:
    tran_id = _write(server, evidence, "12.50", executed=True)
    _write(server, None, "3", executed=True)
    assert main(["reconcile"]) == 1
    first, advice, count = capsys.readouterr().out.splitlines()
    assert first.startswith("POSSIBLE MATCH: transfer 1 of ")
    assert "12.50 USDT, Spot to Funding, " in first
    assert f"; the exchange has tranId {tran_id} of " in first
    assert advice.startswith("  A record matches this transfer. It may have moved: look at what both wallets hold")
    assert count == "1 agree, 1 differ."
    assert main(["reconcile", "--json"]) == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["kind"], row["counts"], row["journal_id"], row["tran_id"]) == ("possible match", "yes", 1, tran_id)


def test_record_that_was_seen_while_a_transfer_was_settled_may_be_it_whatever_its_time(
    server: DemoServer, capsys: pytest.CaptureFixture[str]
) -> None:
    tran_id = _write(server, persons_word(False), "1", executed=True)
    server.exchange.history.time_shift_ms = -11 * 60_000
    assert main(["reconcile"]) == 0
    assert "1 made elsewhere" in capsys.readouterr().out
    with contextlib.closing(Journal.open()) as journal:
        (own,) = journal.transfers()
        record = HistoryRow("USDT", Decimal(1), "MAIN_FUNDING", RecordStatus.CONFIRMED, tran_id, own.timestamp_ms)
        journal.sight(own, [record], at_ms=own.timestamp_ms)
    assert main(["reconcile"]) == 1
    assert "  A record could be this transfer. It may have moved: " in capsys.readouterr().out


@pytest.mark.parametrize("evidence", [refusal(), never_left()])
def test_refused_transfer_beside_one_made_by_hand_does_not_differ(
    server: DemoServer, capsys: pytest.CaptureFixture[str], evidence: Evidence
) -> None:
    _write(server, evidence, "1", executed=True)
    assert main(["reconcile"]) == 0
    assert "1 made elsewhere: shunter history lists them.\n1 refused, failed," in capsys.readouterr().out


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("PENDING", "NOT SETTLED YET"),
        ("CANCELLED", "OTHER RECORD"),
        ("confirmed", "OTHER RECORD"),
        ("FAILED", "FAILED AFTER ALL"),
    ],
)
def test_done_whose_record_is_not_confirmed_does_not_agree(
    server: DemoServer, capsys: pytest.CaptureFixture[str], status: str, kind: str
) -> None:
    _write(server, None, "1", executed=True)
    server.exchange.history.edits = [(Edit("status", f'"{status}"'), 1)]
    assert main(["reconcile"]) == 1
    out = capsys.readouterr().out
    assert out.startswith(f"{kind}: transfer 1 of ")
    assert out.endswith("0 agree, 1 differ.\n")
    assert "It moved" not in out


def test_failed_transfer_whose_record_is_confirmed_now_was_executed_after_all(
    server: DemoServer, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(server, matching_record(10**9, "FAILED"), "1", executed=False)
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(1))
    at_ms = server.exchange.server_ms() - 2 * HOUR_MS
    server.exchange.ledger.transfers.append(replace(server.exchange.ledger.transfer(request, at_ms), tran_id=10**9))
    del server.exchange.ledger.transfers[0]
    assert main(["reconcile"]) == 1
    assert "\n  It moved: do not send it again.\n" in capsys.readouterr().out


def test_exchange_is_asked_afresh_and_not_the_cache(server: DemoServer, capsys: pytest.CaptureFixture[str]) -> None:
    _write(server, None, "1", executed=True, days_ago=5)
    _write(server, None, "2", executed=True, days_ago=5)
    assert main(["reconcile"]) == 0
    assert capsys.readouterr().out == "2 agree, 0 differ.\n"
    (failed, _) = server.exchange.ledger.transfers
    server.exchange.ledger.transfers[:] = [replace(failed, failed=True)]
    assert main(["reconcile"]) == 1
    out = capsys.readouterr().out
    assert "FAILED AFTER ALL: transfer 1 of " in out
    assert "NO RECORD: transfer 2 of " in out
    assert out.endswith("0 agree, 2 differ.\n")


@pytest.mark.parametrize("hours", [4, -4, -120, 120])
def test_clock_of_this_machine_that_is_wrong_changes_nothing(
    server: DemoServer, capsys: pytest.CaptureFixture[str], hours: int
) -> None:
    server.exchange.clock_offset_ms = hours * HOUR_MS
    _write(server, None, "1", executed=True)
    assert main(["reconcile"]) == 0
    assert capsys.readouterr().out == "1 agree, 0 differ.\n"


def test_without_the_exchanges_time_nothing_is_compared(server: DemoServer, capsys: pytest.CaptureFixture[str]) -> None:
    _write(server, None, "1", executed=False)
    failed = Reply(400, b'{"code":-1000,"msg":"No time."}')
    server.exchange.faults.append(Fault(executes=False, answer=failed, method="GET", path="/api/v3/time", times=None))
    assert main(["reconcile"]) == 3
    out, err = capsys.readouterr()
    assert out.startswith("1 not compared: ")
    assert "The exchange's time could not be measured." in err


def test_done_without_a_record_is_told(server: DemoServer, capsys: pytest.CaptureFixture[str]) -> None:
    _write(server, None, "1", executed=False)
    assert main(["reconcile"]) == 1
    assert "NO RECORD: transfer 1 of" in capsys.readouterr().out


@pytest.mark.parametrize("amount", ["1", "1.50"])
def test_unreadable_record_is_not_no_record(
    server: DemoServer, capsys: pytest.CaptureFixture[str], amount: str
) -> None:
    tran_id = _write(server, None, amount, executed=True)
    server.exchange.history.edits = [(Edit("tranId", f'"{tran_id}"'), 1)]
    assert main(["reconcile"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("POSSIBLE MATCH: transfer 1 of ")
    assert "the exchange has a record that is not as documented: {" in out
    assert "  A record could be this transfer, but Shunter cannot read all of it. Look at it on the exchange's " in out
    assert "NO RECORD" not in out


def test_rows_of_another_key_are_counted(server: DemoServer, capsys: pytest.CaptureFixture[str]) -> None:
    _write(server, None, "1", executed=True, key_print="old")
    assert main(["reconcile"]) == 0
    assert capsys.readouterr().out == (
        "1 not compared: sent with another key, perhaps of another account.\n0 agree, 0 differ.\n"
    )


@pytest.mark.parametrize("days", [-400, -2, 2])
def test_transfer_that_was_sent_at_a_wrong_time_is_compared_by_its_tran_id(
    server: DemoServer, capsys: pytest.CaptureFixture[str], days: int
) -> None:
    _write(server, None, "1", executed=True, clock_off_ms=days * 24 * HOUR_MS)
    assert main(["reconcile", "--strict"]) == 0
    assert capsys.readouterr().out == "1 agree, 0 differ.\n"


def test_what_was_made_elsewhere_counts_only_where_it_is_asked_to(
    server: DemoServer, capsys: pytest.CaptureFixture[str]
) -> None:
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(3))
    server.exchange.ledger.transfer(request, server.exchange.server_ms())
    Journal.open().close()
    assert main(["reconcile"]) == 0
    assert "1 made elsewhere: shunter history lists them.\n0 agree, 0 differ." in capsys.readouterr().out
    assert main(["reconcile", "--strict"]) == 1
    assert "MADE ELSEWHERE: the exchange has tranId" in capsys.readouterr().out


def test_what_cannot_be_compared_has_a_status_of_its_own(
    server: DemoServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(server, None, "1", executed=True)
    server.exchange.faults.append(Fault(executes=False, answer=_REFUSAL, method="GET", path=TRANSFER_PATH, times=None))
    assert main(["reconcile"]) == 3
    out, err = capsys.readouterr()
    assert "Nothing of the exchange's history could be read: You are not authorized (-1002)." in err
    assert "1 not compared" in out
    assert main(["reconcile", "--profile", "other"]) == 3
    journal_path().write_bytes(b"damaged" * 1000)
    assert main(["reconcile"]) == 3
    assert "the file is damaged" in capsys.readouterr().err
    keys.remove("main")
    assert main(["reconcile"]) == 3


def test_what_differs_is_said_also_where_the_rest_could_not_be_read(
    server: DemoServer, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(server, no_record(), "1", executed=True)
    server.exchange.faults.append(
        Fault(executes=False, answer=_REFUSAL, method="GET", path=TRANSFER_PATH, skip=20, times=1)
    )
    assert main(["reconcile"]) == 1
    assert "POSSIBLE MATCH" in capsys.readouterr().out
