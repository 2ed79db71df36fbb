"""`shunter reconcile` at a demo exchange on a socket: what a timer is told."""

import contextlib
import json
from decimal import Decimal

import pytest

from tests.wire.conftest import DemoServer
from tui import keys
from tui.cli import main
from tui.demo.faults import TRANSFER_PATH, Answer, Fault
from tui.demo.keys import demo_key
from tui.domain.transfer import Evidence, Finding, Outcome, Sending, TransferRequest
from tui.domain.wallets import TransferType
from tui.journal import Journal, journal_path

HOUR_MS = 60 * 60 * 1000
_REFUSAL = Answer(400, b'{"code":-1002,"msg":"You are not authorized."}')


pytestmark = pytest.mark.usefixtures("one_account")


def _write(server: DemoServer, outcome: Outcome, amount: str, *, executed: bool, takes_id: bool = True) -> int | None:
    """A row of the journal of two hours ago, and a record of it if it was executed; gives the record's tranId."""
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(amount))
    at_ms = server.exchange.server_ms() - 2 * HOUR_MS
    tran_id = server.exchange.ledger.transfer(request, at_ms + 20).tran_id if executed else None
    key = demo_key()
    with contextlib.closing(Journal.open()) as journal:
        begun = journal.begin(Sending(request, "main", key.tail, key.fingerprint, server.base_url, at_ms, 5000))
        own_id = tran_id if takes_id else None
        if outcome is Outcome.DONE and own_id is None:
            own_id = 10**9
        journal.record(begun.id, Finding(outcome, "", own_id, evidence=Evidence.ANSWER))
    return tran_id


def test_nothing_differs(server: DemoServer, capsys: pytest.CaptureFixture[str]) -> None:
    _write(server, Outcome.DONE, "1", executed=True)
    _write(server, Outcome.REJECTED, "2", executed=False)
    assert main(["reconcile"]) == 0
    assert capsys.readouterr().out == "2 agree, 0 differ.\n"


def test_without_a_journal_nothing_differs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reconcile"]) == 0
    assert capsys.readouterr().out == "0 agree, 0 differ.\n"
    assert not journal_path().exists()


@pytest.mark.parametrize("outcome", [Outcome.NOT_EXECUTED, Outcome.NOT_SENT, Outcome.REJECTED])
def test_executed_after_all_is_told_with_what_to_do(
    server: DemoServer, capsys: pytest.CaptureFixture[str], outcome: Outcome
) -> None:
    tran_id = _write(server, outcome, "12.50", executed=True, takes_id=False)
    _write(server, Outcome.DONE, "3", executed=True)
    assert main(["reconcile"]) == 1
    first, advice, count = capsys.readouterr().out.splitlines()
    assert first.startswith("EXECUTED AFTER ALL: transfer 1 of ")
    assert f"12.50 USDT, Spot to Funding, is {outcome.value.replace('_', ' ')}; the exchange has" in first
    assert f"the exchange has tranId {tran_id} of " in first
    assert advice.startswith("  It moved: do not send it again.")
    assert count == "1 agree, 1 differ."
    assert main(["reconcile", "--json"]) == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["kind"], row["counts"], row["journal_id"], row["tran_id"]) == ("executed after all", "yes", 1, tran_id)


def test_done_without_a_record_is_told(server: DemoServer, capsys: pytest.CaptureFixture[str]) -> None:
    _write(server, Outcome.DONE, "1", executed=False)
    assert main(["reconcile"]) == 1
    assert "NO RECORD: transfer 1 of" in capsys.readouterr().out


def test_what_was_made_elsewhere_counts_only_where_it_is_asked_to(
    server: DemoServer, capsys: pytest.CaptureFixture[str]
) -> None:
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(3))
    server.exchange.ledger.transfer(request, server.exchange.server_ms())
    assert main(["reconcile"]) == 0
    assert "1 made elsewhere: shunter history lists them.\n0 agree, 0 differ." in capsys.readouterr().out
    assert main(["reconcile", "--strict"]) == 1
    assert "MADE ELSEWHERE: the exchange has tranId" in capsys.readouterr().out


def test_what_cannot_be_compared_has_a_status_of_its_own(
    server: DemoServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(server, Outcome.DONE, "1", executed=True)
    server.exchange.faults.append(Fault(executes=False, answer=_REFUSAL, method="GET", path=TRANSFER_PATH, times=None))
    assert main(["reconcile"]) == 3
    out, err = capsys.readouterr()
    assert "MAIN_FUNDING could not be read: You are not authorized (-1002)." in err
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
    _write(server, Outcome.NOT_SENT, "1", executed=True, takes_id=False)
    server.exchange.faults.append(
        Fault(executes=False, answer=_REFUSAL, method="GET", path=TRANSFER_PATH, skip=20, times=1)
    )
    assert main(["reconcile"]) == 1
    assert "EXECUTED AFTER ALL" in capsys.readouterr().out
