"""`shunter completion`: what completes which argument, and that pressing Tab changes and shows nothing else."""

import contextlib
import json
import os
import re
import sqlite3
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evidence import begin_anyway
from tui import clock
from tui.cli import main
from tui.commands.completion import _in_bash
from tui.domain.text import printable
from tui.domain.transfer import Sending, TransferRequest
from tui.domain.wallets import TransferType
from tui.favourites import favourites_path
from tui.journal import Journal, journal_path

_KINDS = ("profiles", "favourites", "assets")
_WALLETS = "(spot funding cross isolated um cm options pm)"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))


def journal_with(*assets: str) -> None:
    with contextlib.closing(Journal.open()) as journal:
        for asset in assets:
            request = TransferRequest(TransferType.MAIN_FUNDING, asset, Decimal(5))
            now = clock.wall_ms()
            begin_anyway(journal, Sending(request, "main", "demo", "print", "https://api.binance.com", now, 20, 5000))


def files(folder: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_completes_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    commands = ("keys", "routes", "holdings", "favourites", "journal", "history", "reconcile", "rules", "simulate")
    for command in (*commands, "completion", "accept-plain-text", "ed25519", "not_executed", *_WALLETS[1:-1].split()):
        assert re.search(rf"[\s('\"]{command}[\s)'\"]", script)
    assert "--bash TYPED" not in script


def test_script_completes_every_wallet_asset_outcome_and_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "zsh"]) == 0
    arguments = re.findall(r':([A-Z]+):(.*)"\n', capsys.readouterr().out)
    expected = {"W": {_WALLETS}, "A": {"_shunter_assets"}, "NAME": {"_shunter_profiles", "_shunter_favourites"}}
    expected["L"] = {"(en zh_CN)"}
    for metavar, completers in expected.items():
        assert {completer for name, completer in arguments if name == metavar} == completers
    assert all("not_executed" in completer for name, completer in arguments if name == "O")


def test_assets_are_those_of_the_journal(capsys: pytest.CaptureFixture[str]) -> None:
    journal_with("USDT", "BTC", "USDT")
    with contextlib.closing(sqlite3.connect(journal_path())) as connection, connection:
        connection.execute("UPDATE transfers SET asset = 'a\nb', revision = revision + 1 WHERE id = 3")
    assert main(["completion", "--list", "assets"]) == 0
    assert capsys.readouterr() == ("BTC\nUSDT\n", "")


@pytest.mark.parametrize("kind", _KINDS)
def test_without_files_nothing_is_offered_and_none_is_made(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["completion", "--list", kind])
    assert capsys.readouterr() == ("", "")
    assert files(tmp_path) == {}


@pytest.mark.parametrize("damage", ["not text", "a folder", "a pipe", "a relative home"])
@pytest.mark.parametrize("kind", _KINDS)
def test_what_cannot_be_read_is_not_offered_and_no_error_is_shown(
    kind: str, damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (favourites_path(), favourites_path().with_name("profiles.json"), journal_path()):
        path.parent.mkdir(parents=True, exist_ok=True)
        if damage == "a folder":
            path.mkdir()
        elif damage == "a pipe":
            os.mkfifo(path)
        else:
            path.write_bytes(b"\xff\xfe{[=")
    if damage == "a relative home":
        monkeypatch.setenv("HOME", "somewhere")
    before = files(tmp_path) if damage != "a pipe" else None
    assert main(["completion", "--list", kind]) == 1
    assert capsys.readouterr() == ("", "")
    assert before in (None, files(tmp_path))


def test_journal_of_an_older_version_is_read_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal_path().parent.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(journal_path())) as connection, connection:
        connection.execute("CREATE TABLE transfers (asset TEXT)")
        connection.execute("INSERT INTO transfers VALUES ('DOGE')")
    before = files(tmp_path)
    assert main(["completion", "--list", "assets"]) == 0
    assert capsys.readouterr() == ("DOGE\n", "")
    assert files(tmp_path) == before


def test_profiles_are_offered_by_their_names_alone(capsys: pytest.CaptureFixture[str]) -> None:
    path = favourites_path().with_name("profiles.json")
    path.parent.mkdir(parents=True)
    profile = {"name": "main", "kind": "hmac", "base_url": "https://api.binance.com", "tail": "abcd"}
    path.write_text(json.dumps({"profiles": [{**profile, "added_at": "2026-11-24T12:00:00Z"}]}))
    assert main(["completion", "--list", "profiles"]) == 0
    assert capsys.readouterr() == ("main\n", "")


def test_usable_favourites_are_offered_next_to_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    favourites_path().parent.mkdir(parents=True)
    table = '[[favourite]]\nname = "{}"\nfrom = "spot"\nto = "um"\nasset = "USDT"\n'
    favourites_path().write_text(table.format("to futures") + "[[favourite]]\nname = 5\n" + table.format("über nacht"))
    assert main(["completion", "--list", "favourites"]) == 0
    assert capsys.readouterr() == ("to futures\nüber nacht\n", "")
    assert main(["completion", "--list", "favourites", "--bash=to\\ "]) == 0
    assert capsys.readouterr() == ("to\\ futures\n", "")
    assert main(["completion", "--list", "favourites", "--bash=-"]) == 0
    assert capsys.readouterr() == ("", "")


_NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(lambda name: printable(name) == name)


@given(st.lists(_NAMES | st.text("'\"`$\\!(){}<>|;&#~*?[] \ta", min_size=1, max_size=8), min_size=1, max_size=40))
def test_bash_reads_what_is_inserted_as_the_name_alone(names: list[str]) -> None:
    names = [name for name in names if "\t" not in name]
    inserted = [
        *_in_bash(names, ""),
        *(f"'{quoted}'" for quoted in _in_bash(names, "'")),
        *(f'"{quoted}"' for quoted in _in_bash(names, '"')),
    ]
    read = subprocess.run(
        ["bash", "-c", "eval \"printf '%s\\0' $1\"", "bash", " ".join(inserted)], capture_output=True, check=True
    )
    expected = [*names, *names, *(name for name in names if "!" not in name)]
    assert read.stdout.decode().split("\0")[:-1] == (expected or [""])
