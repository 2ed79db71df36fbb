import argparse
import contextlib
import csv
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.evidence import accepted, ambiguous, begin_anyway, matching_record, no_record, refusal
from tui import clock
from tui.cli import main
from tui.commands import journal as command
from tui.commands import listing
from tui.domain.evidence import NeverLeft, Obstacle
from tui.domain.transfer import Sending, Transfer, TransferRequest
from tui.domain.wallets import TransferType
from tui.journal import Journal, JournalError, journal_path
from tui.words.exports import iso

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
    return begin_anyway(
        journal,
        Sending(
            request,
            profile=profile,
            key_tail="demo",
            key_print="print",
            host=HOST,
            timestamp_ms=clock.wall_ms(),
            clock_error_ms=20,
            recv_window_ms=5000,
        ),
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
    said = f"No transfer has been recorded yet; the journal will be {journal_path()}\n"
    assert capsys.readouterr() == ("", said)
    assert shunter_journal("--json") == 0
    assert json.loads(capsys.readouterr().out) == []


def test_json_has_every_field_of_every_transfer(capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.closing(Journal.open()) as journal:
        sending = begin(journal, SPOT_TO_FUNDING)
        rejected = journal.record(begin(journal, BETWEEN_PAIRS), refusal(code=-3041, message="余额\x1b[2J"))
        done = journal.record(begin(journal, SPOT_TO_FUNDING), accepted(13526853623))
        assert shunter_journal("--json") == 0
    printed = capsys.readouterr().out
    assert printed.isascii()
    assert "\x1b" not in printed
    first, second, third = json.loads(printed)
    assert rejected.settled_at
    assert done.settled_at
    assert first == {
        "id": 1,
        "sent_at": iso(sending.timestamp_ms),
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
        "plan": None,
        "step": None,
        "steps": None,
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
    assert second["message"] == "余额?[2J\nMore than there is: try less."
    assert (third["outcome"], third["tran_id"]) == ("done", 13526853623)
    assert third["settled_at"] == f"{done.settled_at:%Y-%m-%dT%H:%M:%S}.{done.settled_at.microsecond // 1000:03}Z"


def test_table_is_aligned_and_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.closing(Journal.open()) as journal:
        begin(journal, SPOT_TO_FUNDING, profile="主要的帐户")
        unknown = ambiguous(-1007, "Time\x1b]0;x\x07\nout")
        journal.record(begin(journal, BETWEEN_PAIRS), unknown)
        assert shunter_journal() == 0
    heading, first, second = capsys.readouterr().out.splitlines()
    assert "主要的帐户  https" in first
    assert heading.index("HOST") == second.index("https") == first.index("https") + 5  # five letters of two columns
    assert "  Spot              Funding           " in first
    assert "Isolated BTCUSDT  Isolated ETHUSDT" in second
    assert "    1,234.50  USDT   sending" in first
    assert "  0.00000001  USDT   unknown          -1007 Time?]0;x? out" in second


@pytest.mark.parametrize(("columns", "left_out"), [(200, ""), (130, ""), (100, "HOST"), (80, "HOST, TRANID")])
def test_table_fits_the_terminal_and_loses_no_message(
    columns: int, left_out: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with contextlib.closing(Journal.open()) as journal:
        journal.record(begin(journal, SPOT_TO_FUNDING), refusal())
        assert shunter_journal() == 0
        whole = capsys.readouterr().out
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        monkeypatch.setattr(sys.stdout, "fileno", lambda: 1)
        monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size((columns, 24)))
        assert shunter_journal() == 0
    out, err = capsys.readouterr()
    assert max(map(len, out.splitlines())) <= columns
    assert out.split()[-1] == whole.split()[-1]
    assert ("HOST" in out) is not bool(left_out)
    assert err == (f"The terminal is too narrow for {left_out}: --csv and pipes have everything.\n" if left_out else "")


def test_table_is_aligned_beside_an_asset_of_another_script(capsys: pytest.CaptureFixture[str]) -> None:
    named = TransferRequest(TransferType.MAIN_ISOLATED_MARGIN, "币安人生", Decimal(2), to_symbol="币安人生USDT")
    with contextlib.closing(Journal.open()) as journal:
        begin(journal, named)
        begin(journal, SPOT_TO_FUNDING)
        assert shunter_journal() == 0
    heading, first, second = capsys.readouterr().out.splitlines()
    assert "Isolated 币安人生USDT  " in first
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


def test_code_stays_the_first_answers_and_the_message_follows_the_evidence(capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.closing(Journal.open()) as journal:
        pending = journal.record(begin(journal, SPOT_TO_FUNDING), ambiguous(-5012, "The transfer is in progress."))
        journal.record(pending, matching_record(7, "FAILED"))
        done = journal.record(begin(journal, BETWEEN_PAIRS), accepted(8))
        journal.record(begin(journal, SPOT_TO_FUNDING), accepted(8))
        journal.record(begin(journal, SPOT_TO_FUNDING), NeverLeft(Obstacle.LOCKED))
    assert shunter_journal("--json") == 0
    failed, _, clash, locked = json.loads(capsys.readouterr().out)
    assert (failed["outcome"], failed["code"], failed["evidence"]) == ("rejected", -5012, "history")
    assert "FAILED" in failed["message"]
    assert clash["outcome"] == "unknown"
    assert clash["message"].endswith(f"which transfer {done.id} already had.")
    assert (locked["outcome"], locked["code"]) == ("not_sent", None)
    assert locked["message"] == "Shunter is locked: it has dropped the key.\nUnlock it, then try again."


def test_damaged_journal_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    journal_path().parent.mkdir(parents=True)
    journal_path().write_bytes(b"damaged" * 1000)
    assert shunter_journal("--json") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "the file is damaged" in err
    assert str(journal_path()) in err


@pytest.mark.parametrize("arguments", [(), ("--json",), ("--csv",)])
@pytest.mark.parametrize(
    "change",
    [
        "timestamp_ms = 100000000000000000",
        "timestamp_ms = -1",
        "timestamp_ms = 'noon'",
        "sent_at_ms = 9000000000000000000",
        "settled_at_ms = 100000000000000000",
        "outcome = 'not_executed'",
        "evidence = 'history'",
        "tran_id = 5",
        "tran_id = NULL",
        "code = -1007",
        """kind = 'MatchingRecord', details = '{"tran_id":7,"status":"CONFIRMED","recorded_ms":1700000000000}'""",
        """kind = 'NoRecord', details = '{"reads":3,"as_of_ms":1700000000000,"waited_ms":1}'""",
        "kind = 'Legacy', outcome = 'moved'",
        "kind = 'Legacy', evidence = 'hearsay'",
    ],
)
def test_row_whose_columns_cannot_be_is_an_error_that_names_it(
    capsys: pytest.CaptureFixture[str], change: str, arguments: tuple[str, ...]
) -> None:
    with contextlib.closing(Journal.open()) as journal:
        for tran_id in (1, 42):
            journal.record(begin(journal, SPOT_TO_FUNDING), accepted(tran_id))
    with contextlib.closing(sqlite3.connect(journal_path())) as connection, connection:
        connection.execute(f"UPDATE transfers SET {change}, revision = revision + 1 WHERE id = 2")
    assert shunter_journal(*arguments) == 1
    assert "transfer 2 cannot be read" in capsys.readouterr().err
    with contextlib.closing(Journal.open()) as journal, pytest.raises(JournalError, match="transfer 2 cannot be read"):
        list(journal.transfers())


@pytest.mark.parametrize("arguments", [(), ("--json",), ("--csv",)])
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
            copies = f"SELECT lower(hex(randomblob(16))), {columns} FROM transfers"
            connection.execute(f"INSERT INTO transfers (identity, {columns}) {copies}")
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tui", "journal", *arguments],
            check=False,
            stdout=writer,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": ""},  # as a person runs it: the last lines leave at the end
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def _printed_csv(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, str]]:
    assert shunter_journal("--csv", *arguments) == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


def test_csv_has_what_json_has(capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.closing(Journal.open()) as journal:
        begin(journal, SPOT_TO_FUNDING)
        journal.record(begin(journal, BETWEEN_PAIRS), refusal(code=-3041, message="余额, no"))
        journal.record(begin(journal, SPOT_TO_FUNDING), accepted(13526853623))
    assert shunter_journal("--json") == 0
    as_json = json.loads(capsys.readouterr().out)
    assert _printed_csv(capsys) == [
        {name: "" if value is None else str(value).replace("\n", " ") for name, value in row.items()} for row in as_json
    ]


def test_csv_holds_nothing_that_a_spreadsheet_rounds_or_runs(capsys: pytest.CaptureFixture[str]) -> None:
    large = TransferRequest(TransferType.MAIN_FUNDING, "1E5", Decimal("12345678901234567890.12345678"))
    with contextlib.closing(Journal.open()) as journal:
        journal.record(begin(journal, large, profile="007"), accepted(2**63 - 1))
        for message in ("=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "\r=1", " =1", "＝1", "it is\nfine"):
            journal.record(begin(journal, SPOT_TO_FUNDING), ambiguous(-1007, message))
    first, *others = _printed_csv(capsys)
    assert (first["tran_id"], first["amount"]) == ("'9223372036854775807", "'12345678901234567890.12345678")
    assert (first["asset"], first["profile"]) == ("'1E5", "'007")
    assert [row["message"] for row in others[:4]] == ["'=1+1", "'+1", "'-1+cmd|' /C calc'!A0", "'@SUM(1)"]
    assert not [row for row in others if row["message"].lstrip()[:1] in "=+-@＝\t\r"], others
    assert others[-1]["message"] == "it is fine"


@pytest.mark.parametrize(
    ("amount", "cell"),
    [
        ("123456789012345", "123456789012345"),
        ("1234567890123456", "'1234567890123456"),
        ("1234567.89012345", "1234567.89012345"),
        ("12345678.90123456", "'12345678.90123456"),
    ],
)
def test_csv_marks_an_amount_of_more_than_15_digits(amount: str, cell: str, capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.closing(Journal.open()) as journal:
        begin(journal, TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(amount)))
    assert [row["amount"] for row in _printed_csv(capsys)] == [cell]


def test_filters_leave_what_is_looked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.closing(Journal.open()) as journal:
        begin(journal, SPOT_TO_FUNDING, profile="desk")
        journal.record(begin(journal, BETWEEN_PAIRS), no_record())
        journal.record(begin(journal, SPOT_TO_FUNDING), accepted(3))
    for arguments, ids in (
        (("--profile", "desk"), ["1"]),
        (("--from", "spot"), ["1", "3"]),
        (("--to", "ISOLATEDMARGIN"), ["2"]),
        (("--asset", "usdt", "--outcome", "not executed", "--outcome", "done"), ["2", "3"]),
        (("--outcome", "unknown"), ["1"]),  # its Shunter is gone
        (("--outcome", "sending"), []),
        (("--since", "1h"), ["1", "2", "3"]),
        (("--until", "1h"), []),
        (("--asset", "BTC"), []),
    ):
        assert [row["id"] for row in _printed_csv(capsys, *arguments)] == ids, arguments
    assert shunter_journal("--asset", "BTC") == 0
    assert capsys.readouterr() == ("", "No transfer in the journal matches.\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--since", "tomorrow"), "argument --since: 'tomorrow' is no time; write a day like 2026-11-24"),
        (("--until", "2026-02-30"), "argument --until: '2026-02-30' is no time"),
        (("--since", "99999w"), "argument --since: '99999w' is no time"),
        (("--asset", "US-DT"), "argument --asset: Letters and digits only, like USDT"),
        (("--from", "bank"), "argument --from: there is no wallet 'bank'; choose one of: spot, funding"),
        (("--outcome", "lost"), "argument --outcome: there is no outcome 'lost'; choose one of: sending, done"),
        (("--json", "--csv"), "argument --csv: not allowed with argument --json"),
        (("--since", "2026-11-24", "--until", "2026-11-23"), "--since is not before --until"),
    ],
)
def test_bad_value_is_told_on_one_line(
    arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status: object = main(["journal", *arguments])
    except SystemExit as ended:
        status = ended.code
    assert status == 2
    assert said in capsys.readouterr().err.splitlines()[-1]


def test_time_for_a_person_has_its_offset(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with contextlib.closing(Journal.open()) as journal:
        begin(journal, SPOT_TO_FUNDING)
    with contextlib.closing(sqlite3.connect(journal_path())) as connection, connection:
        connection.execute("UPDATE transfers SET timestamp_ms = 1795521600123, revision = revision + 1")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert shunter_journal() == 0
        assert "2026-11-24 13:00:00+01:00" in capsys.readouterr().out
        assert [row["sent_at"] for row in _printed_csv(capsys, "--since", "2026-11-24T13:00")] == [
            "2026-11-24T12:00:00.123Z"
        ]
        assert _printed_csv(capsys, "--since", "2026-11-24T13:00:01") == []
        assert _printed_csv(capsys, "--since", "2026-11-24T12:00:01Z") == []
    finally:
        monkeypatch.undo()
        time.tzset()


def test_table_is_printed_as_it_is_read_and_widens_where_it_must(capsys: pytest.CaptureFixture[str]) -> None:
    def rows() -> Iterator[tuple[str, str]]:
        for number in range(501):
            yield "short" if number < 500 else "longer than all", str(number)
            printed.append(capsys.readouterr().out)

    printed: list[str] = []
    listing.print_table(("WORD", "N"), rows(), right=("N",), empty="none")
    assert printed[:499] == [""] * 499
    assert printed[499].splitlines()[:2] == ["WORD     N", "short    0"]
    assert capsys.readouterr().out == "longer than all  500\n"
