"""The manual documents every field of JSON and CSV: what the real commands print is compared with its tables."""

import argparse
import contextlib
import csv
import gettext
import io
import json
import re
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import tomlkit

import tui
from tests.evidence import accepted, ambiguous, begin_anyway, never_left, no_record, persons_word, refusal
from tests.wire.conftest import DemoServer
from tui import cli, language
from tui.demo.exchange import DemoExchange
from tui.demo.faults import Edit
from tui.demo.keys import demo_key
from tui.demo.person import EARLIER_COUNT
from tui.domain.evidence import Evidence
from tui.domain.transfer import Sending, TransferRequest
from tui.domain.wallets import TransferType
from tui.favourites import favourites_path
from tui.journal import Journal, journal_path

_PAGE = (Path(tui.__file__).parent / "manual/fields.md").read_text()
_DOCUMENTED = {
    section.partition("\n")[0]: dict(re.findall(r"^\| `(\w+)` \| ([a-z ]+) \|", section, re.MULTILINE))
    for section in _PAGE.split("\n## shunter ")[1:]
}
"""The fields of each command, in their order, with their types."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_TYPES: dict[str, Any] = {
    "text": lambda value: isinstance(value, str),
    "integer": lambda value: type(value) is int,
    "amount": lambda value: isinstance(value, str) and Decimal(value).is_finite() and "E" not in value,
    "time": lambda value: isinstance(value, str) and _TIME.fullmatch(value),
    "truth": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
}
_HOUR_MS = 60 * 60 * 1000

Rows = list[dict[str, Any]]


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> Rows:
    cli.main([*arguments, "--json"])
    rows: Rows = json.loads(capsys.readouterr().out)
    return rows


def check(command: str, rows: Rows) -> None:
    """Compare rows with the table of a command: every field, its place and its type; none that never has a value."""
    documented = _DOCUMENTED[command]
    for row in rows:
        assert list(row) == list(documented)
        for name, value in row.items():
            type_name, _, optional = documented[name].partition(" or ")
            assert (value is None and optional) or _TYPES[type_name](value), (name, value)
    assert [name for name in documented if all(row[name] is None for row in rows)] == []


def check_csv(capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
    cli.main([*arguments, "--csv"])
    assert next(csv.reader(io.StringIO(capsys.readouterr().out))) == list(_DOCUMENTED[arguments[0]])


def write(
    server: DemoServer, evidence: Evidence | None = None, amount: str = "5", *, between_pairs: bool = False
) -> None:
    """Have the exchange execute a transfer two hours ago, and the journal know it. Without evidence, it is done."""
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(amount))
    if between_pairs:
        move = TransferType.ISOLATEDMARGIN_ISOLATEDMARGIN
        request = TransferRequest(move, "USDT", Decimal(amount), "BTCUSDT", "ETHUSDT")
    at_ms = server.exchange.server_ms() - 2 * _HOUR_MS
    tran_id = server.exchange.ledger.transfer(request, at_ms).tran_id
    key = demo_key()
    with contextlib.closing(Journal.open()) as journal:
        sending = Sending(request, "main", key.tail, key.fingerprint, server.base_url, at_ms, 20, 5000)
        journal.record(begin_anyway(journal, sending), evidence or accepted(tran_id))


def test_every_command_that_prints_json_is_documented() -> None:
    (commands,) = (each for each in cli._parser()._actions if isinstance(each, argparse._SubParsersAction))
    assert {name for name, each in commands.choices.items() if "--json" in each.format_help()} == _DOCUMENTED.keys()


@pytest.mark.usefixtures("one_account")
def test_fields_of_the_journal_are_as_documented(server: DemoServer, capsys: pytest.CaptureFixture[str]) -> None:
    write(server, between_pairs=True)
    write(server, ambiguous(-1007), "6")
    write(server, refusal(), "7")
    with contextlib.closing(sqlite3.connect(journal_path())) as connection, connection:
        step = "plan = 'f00d', step = 1, steps = 2, revision = revision + 1"
        connection.execute(f"UPDATE transfers SET {step} WHERE id = 1")
    check("journal", printed(capsys, "journal"))
    check_csv(capsys, "journal")


@pytest.mark.usefixtures("one_account")
def test_fields_of_the_history_are_as_documented(server: DemoServer, capsys: pytest.CaptureFixture[str]) -> None:
    server.exchange = DemoExchange(earlier=EARLIER_COUNT)
    write(server)
    write(server, ambiguous(), "6")
    write(server, None, "7")
    write(server, None, "8", between_pairs=True)
    pairs = Edit("status", '"CONFIRMED","fromSymbol":"BTCUSDT","toSymbol":"ETHUSDT"')
    server.exchange.history.edits = [(Edit("asset", '"BTC"'), 1), (Edit("amount", '"5,0"'), 3), (pairs, 4)]
    check("history", printed(capsys, "history"))
    check_csv(capsys, "history")


@pytest.mark.usefixtures("one_account")
def test_fields_of_reconcile_are_as_documented(server: DemoServer, capsys: pytest.CaptureFixture[str]) -> None:
    write(server)
    write(server, no_record(), "6", between_pairs=True)
    server.exchange.history.edits = [(Edit("asset", '"BTC"'), 1)]
    check("reconcile", printed(capsys, "reconcile"))
    check_csv(capsys, "reconcile")


@pytest.mark.usefixtures("one_account")
def test_fields_of_the_holdings_are_as_documented(server: DemoServer, capsys: pytest.CaptureFixture[str]) -> None:
    write(server, ambiguous())
    check("holdings", printed(capsys, "holdings"))
    check_csv(capsys, "holdings")


@pytest.mark.usefixtures("one_account")
def test_fields_of_favourites_are_as_documented(capsys: pytest.CaptureFixture[str]) -> None:
    pairs = {"from": "isolated", "to": "isolated", "from-pair": "BTCUSDT", "to-pair": "ETHUSDT", "asset": "USDT"}
    two_moves = {"from": "cm", "to": "um", "asset": "BTC", "amount": "max", "profile": "main"}
    content = tomlkit.dumps({"favourite": [{"name": "pairs", **pairs}, {"name": "two moves", **two_moves}]})
    favourites_path().parent.mkdir(parents=True, exist_ok=True)
    favourites_path().write_text(content)
    check("favourites", printed(capsys, "favourites"))
    check_csv(capsys, "favourites")


def test_fields_of_routes_are_as_documented(capsys: pytest.CaptureFixture[str]) -> None:
    documented = _DOCUMENTED["routes"]
    for arguments, other in ((["routes"], "types"), (["routes", "--via"], "type")):
        for row in printed(capsys, *arguments):
            assert list(row) == [name for name in documented if name != other]
            assert all(_TYPES[documented[name]](value) for name, value in row.items())


class Marked(gettext.NullTranslations):
    """A translation that marks every text."""

    def gettext(self, message: str) -> str:
        return f"<{message}>"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"<{msgid1 if n == 1 else msgid2}>"

    def pgettext(self, context: str, message: str) -> str:
        return f"<{message}>"


@pytest.mark.usefixtures("one_account")
@pytest.mark.parametrize("format_option", ["--json", "--csv"])
def test_programs_read_english_in_every_language(
    format_option: str, server: DemoServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server.exchange = DemoExchange(earlier=EARLIER_COUNT)
    for number, evidence in enumerate((None, ambiguous(), no_record(), refusal(), never_left(), persons_word())):
        write(server, evidence, str(number + 5), between_pairs=number == 2)
    server.exchange.history.edits = [(Edit("asset", '"BTC"'), 1), (Edit("amount", '"5,0"'), 3)]
    favourites_path().parent.mkdir(parents=True, exist_ok=True)
    move = {"from": "cm", "to": "um", "asset": "BTC", "amount": "max"}
    favourites_path().write_text(tomlkit.dumps({"favourite": [{"name": "two moves", **move}]}))

    def everything() -> str:
        for command in ("journal", "history", "reconcile", "holdings", "favourites"):
            cli.main([command, format_option])
        return _TIME.sub("", capsys.readouterr().out)

    everything()  # the history is kept
    english = everything()
    monkeypatch.setattr(language, "_catalogue", Marked())
    monkeypatch.setattr(language, "_chosen", "every text is marked")
    assert everything() == english
    cli.main(["journal"])
    assert "<" in capsys.readouterr().out, "the mark"


def test_added_or_missing_field_is_noticed() -> None:
    """The check itself: it fails for a field that the manual lacks, one that is gone, and one of another type."""
    row = {"type": "A", "types": ["A"], "from": "spot", "to": "um", "needs_from_pair": False, "needs_to_pair": False}
    check("routes", [row])
    for broken in ({**row, "new": 1}, {"type": "A"}, {**row, "from": 1}, {**row, "from": None}):
        with pytest.raises(AssertionError):
            check("routes", [broken])
