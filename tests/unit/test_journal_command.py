import argparse
import contextlib
import json
import os
import re
import sqlite3
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from tui.commands import journal as command
from tui.domain.transfer import Finding, Outcome, Sending, Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.journal import Journal, journal_path

HOST = "https://api.binance.com"
SPOT_TO_FUNDING = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal("1234.50"))
BETWEEN_PAIRS = TransferRequest(
    TransferType.ISOLATEDMARGIN_ISOLATEDMARGIN, "USDT", Decimal("0.00000001"), "BTCUSDT", "ETHUSDT"
)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def begin(journal: Journal, request: TransferRequest, profile: str = "main") -> Transfer:
    return journal.begin(
        Sending(
            request,
            profile=profile,
            key_tail="demo",
            key_print="print",
            host=HOST,
            timestamp_ms=1,
            recv_window_ms=5000,
        ),
        meant=frozenset(range(2000)),
    )


def shunter_journal(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(arguments))


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_reading_makes_no_journal(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert shunter_journal(*arguments) == 0
    assert list(tmp_path.iterdir()) == []


def test_empty_journal_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    Journal.open().close()
    assert shunter_journal() == 0
    assert capsys.readouterr().out == f"No transfer has been recorded yet; the journal will be {journal_path()}\n"
    assert shunter_journal("--json") == 0
    assert json.loads(capsys.readouterr().out) == []


def test_json_has_every_field_of_every_transfer(capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.closing(Journal.open()) as journal:
        sending = begin(journal, SPOT_TO_FUNDING)
        rejected = journal.record(
            begin(journal, BETWEEN_PAIRS).id, Finding(Outcome.REJECTED, code=-3041, message="余额\x1b[2J")
        )
        done = journal.record(begin(journal, SPOT_TO_FUNDING).id, Finding(Outcome.DONE, tran_id=13526853623))
        assert shunter_journal("--json") == 0
    printed = capsys.readouterr().out
    assert printed.isascii()
    assert "\x1b" not in printed
    first, second, third = json.loads(printed)
    assert rejected.settled_at
    assert done.settled_at
    assert first == {
        "id": 1,
        "sent_at": f"{sending.sent_at:%Y-%m-%dT%H:%M:%S}.{sending.sent_at.microsecond // 1000:03}Z",
        "profile": "main",
        "host": HOST,
        "type": "MAIN_FUNDING",
        "from": "spot",
        "to": "funding",
        "asset": "USDT",
        "amount": "1234.50",
        "from_symbol": None,
        "to_symbol": None,
        "outcome": "sending",
        "tran_id": None,
        "code": None,
        "message": "",
        "settled_at": None,
        "evidence": "answer",
    }
    assert {key: second[key] for key in ("from", "to", "amount", "from_symbol", "to_symbol", "outcome", "code")} == {
        "from": "isolated",
        "to": "isolated",
        "amount": "0.00000001",
        "from_symbol": "BTCUSDT",
        "to_symbol": "ETHUSDT",
        "outcome": "rejected",
        "code": -3041,
    }
    assert second["message"] == "余额\x1b[2J"
    assert (third["outcome"], third["tran_id"]) == ("done", 13526853623)
    assert third["settled_at"] == f"{done.settled_at:%Y-%m-%dT%H:%M:%S}.{done.settled_at.microsecond // 1000:03}Z"


def test_table_is_aligned_and_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.closing(Journal.open()) as journal:
        begin(journal, SPOT_TO_FUNDING, profile="主要的帐户")
        journal.record(
            begin(journal, BETWEEN_PAIRS).id, Finding(Outcome.NOT_EXECUTED, code=-1007, message="Time\x1b]0;x\x07\nout")
        )
        assert shunter_journal() == 0
    heading, first, second = capsys.readouterr().out.splitlines()
    assert "主要的帐户  https" in first
    assert heading.index("HOST") == second.index("https") == first.index("https") + 5  # five letters of two columns
    assert "  Spot                     Funding                  " in first
    assert "Isolated Margin BTCUSDT  Isolated Margin ETHUSDT" in second
    assert "    1,234.50  USDT   sending" in first
    assert "  0.00000001  USDT   not executed          -1007 Time?]0;x?; out" in second


def test_table_is_aligned_beside_an_asset_of_another_script(capsys: pytest.CaptureFixture[str]) -> None:
    named = TransferRequest(TransferType.MAIN_ISOLATED_MARGIN, "币安人生", Decimal(2), to_symbol="币安人生USDT")
    with contextlib.closing(Journal.open()) as journal:
        begin(journal, named)
        begin(journal, SPOT_TO_FUNDING)
        assert shunter_journal() == 0
    heading, first, second = capsys.readouterr().out.splitlines()
    assert "Isolated Margin 币安人生USDT  " in first
    assert first.index("币安人生  sending") == heading.index("ASSET") - 4  # the pair's four letters of two columns
    assert first.index("sending") == heading.index("OUTCOME") - 8
    assert second.index("sending") == heading.index("OUTCOME")


def test_transfer_of_a_dead_shunter_is_listed_as_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.closing(Journal.open()) as journal:
        begin(journal, SPOT_TO_FUNDING)
    assert shunter_journal("--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["outcome"] == "unknown"
    assert shunter_journal() == 0
    assert re.search("unknown +Shunter ended before the answer came", capsys.readouterr().out)


def test_damaged_journal_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    journal_path().parent.mkdir(parents=True)
    journal_path().write_bytes(b"damaged" * 1000)
    assert shunter_journal("--json") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "the file is damaged" in err
    assert str(journal_path()) in err


@pytest.mark.parametrize("arguments", [(), ("--json",)])
@pytest.mark.parametrize("doublings", [0, 12])  # 4096 transfers are more than a pipe or a buffer takes
def test_reader_that_has_seen_enough_ends_it_quietly(arguments: tuple[str, ...], doublings: int) -> None:
    with contextlib.closing(Journal.open()) as journal:
        begin(journal, SPOT_TO_FUNDING)
    with contextlib.closing(sqlite3.connect(journal_path())) as connection, connection:
        columns = (
            "sender, profile, key_tail, host, type, asset, amount, sent_at_ms, timestamp_ms, recv_window_ms, outcome, "
            "message"
        )
        for _ in range(doublings):
            connection.execute(f"INSERT INTO transfers ({columns}) SELECT {columns} FROM transfers")
    code = (
        "import argparse; from tui.commands import journal; parser = argparse.ArgumentParser();"
        "journal.add_arguments(parser); raise SystemExit(journal.run(parser.parse_args()))"
    )
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            check=False,
            stdout=writer,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": ""},  # as a person runs it: the last lines leave at the end
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")
