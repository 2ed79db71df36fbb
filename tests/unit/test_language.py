"""Which language a person reads, and that it has every text."""

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pexpect
import pytest

from tests.evidence import accepted, ambiguous, begin_anyway, legacy, no_record, refusal
from tui import clock, language
from tui.domain.transfer import Outcome, Sending, TransferRequest
from tui.domain.wallets import TransferType
from tui.favourites import favourites_path
from tui.frame.characters import cells
from tui.journal import Journal
from tui.language import CHINESE, DOMAIN, ENGLISH, LANGUAGES, preferred


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ENGLISH),
        ({"LANG": "zh_CN.UTF-8"}, CHINESE),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, ENGLISH),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, CHINESE),
        ({"LANGUAGE": "zh_CN", "LC_ALL": "en_US.UTF-8"}, CHINESE),
        ({"LANGUAGE": "", "LANG": "zh_CN"}, CHINESE),
        ({"LANGUAGE": "de:zh_CN:en"}, CHINESE),
        ({"LANGUAGE": "en:zh_CN"}, ENGLISH),
        ({"LANGUAGE": "zh_TW:de"}, ENGLISH),
        ({"LANGUAGE": "zh"}, CHINESE),
        ({"LANG": "zh-Hans_CN.UTF-8"}, CHINESE),
        ({"LANG": "zh_CN.GB18030@stroke"}, CHINESE),
        ({"LANG": "C.UTF-8"}, ENGLISH),
        ({"LANG": "POSIX"}, ENGLISH),
        ({"LANG": "de_DE.UTF-8"}, ENGLISH),
    ],
)
def test_environment_is_read_in_gettexts_order(environment: dict[str, str], expected: str) -> None:
    assert preferred([], "", environment) == expected


def test_option_comes_before_setting_and_that_before_environment() -> None:
    environment = {"LANG": "zh_CN.UTF-8"}
    assert preferred([], "en", environment) == ENGLISH
    assert preferred(["--language", "zh"], "en", {}) == CHINESE
    assert preferred(["journal", "--language=en"], "zh_CN", environment) == ENGLISH
    assert preferred(["--language", "xx"], "zh_CN", {}) == CHINESE, "argparse refuses it, in the person's language"
    assert preferred(["--language"], "", {}) == ENGLISH


@pytest.fixture
def in_english() -> Iterator[None]:
    """Go back to English after the test."""
    yield
    language.choose(ENGLISH)


@pytest.mark.usefixtures("in_english")
def test_texts_for_programs_stay_english() -> None:
    text = "Move funds between your own Binance wallets, by hand."
    language.choose(CHINESE)
    assert language._(text) != text
    with language.for_programs():
        assert language._(text) == text
    assert language._("") == ""


@pytest.mark.usefixtures("in_english")
def test_chinese_that_could_not_be_read_is_english_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    language.start([], "zh_CN", {"LC_ALL": "zh_CN.GB18030"})
    assert language.chosen() == ENGLISH
    assert language.why_english() == (
        "Shunter speaks English here, because this terminal does not use UTF-8. "
        "If it can, set LC_ALL=zh_CN.UTF-8 for zh_CN."
    )
    language.start(["--language", "en"], "zh_CN", {})
    assert language.why_english() == ""


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LANG": "C"}, False),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "POSIX"}, False),
        ({"LANG": "zh_CN.UTF-8"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False),  # Python itself sets that
        ({"LANG": "C", "LC_CTYPE": "en_US.UTF-8"}, True),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "zh_CN.GB18030"}, False),  # sent by ssh to a machine that lacks it
        ({"LANG": "zh_CN.gbk@stroke"}, False),
        ({"LANG": "zh_CN.utf8@stroke"}, True),
        ({"LANG": "zh_CN@stroke"}, True),
        ({}, True),
    ],
)
def test_locale_says_what_a_terminal_can_show(environment: dict[str, str], expected: bool) -> None:
    assert language.is_readable(environment) is expected


@pytest.mark.usefixtures("in_english")
@pytest.mark.parametrize("content", [None, b"", b"\xde\x12\x04\x95"], ids=["missing", "empty", "cut off"])
def test_without_its_texts_a_language_is_english_and_told(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language, "LOCALES", tmp_path)
    if content is not None:
        (tmp_path / "zh_CN/LC_MESSAGES").mkdir(parents=True)
        (tmp_path / f"zh_CN/LC_MESSAGES/{DOMAIN}.mo").write_bytes(content)
    language.start([], "zh_CN", {"LANG": "en_US.UTF-8"})
    assert language.chosen() == ENGLISH
    assert language.why_english().startswith("Shunter speaks English here, because its texts in zh_CN are missing.")


def test_abbreviated_option_counts_and_so_does_the_last() -> None:
    assert preferred(["journal", "--lang", "zh"], "en", {}) == CHINESE
    assert preferred(["--language=zh", "journal", "--la=en"], "", {}) == ENGLISH


def _run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "tui", *arguments],
        env={name: value for name, value in os.environ.items() if name not in _LOCALE} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


_LOCALE = ("LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "LANG")


def test_command_speaks_the_language_of_its_option_or_its_environment() -> None:
    chinese = "手动在您自己的币安钱包之间划转资金。"
    assert chinese in _run("--help", LANG="zh_CN.UTF-8").stdout
    assert chinese in _run("--language", "zh", "--help", LANG="en_US.UTF-8").stdout
    assert chinese not in _run("--language=en", "--help", LANG="zh_CN.UTF-8").stdout


def test_language_before_or_behind_a_command_is_taken_and_another_is_refused() -> None:
    first = _run("--language=zh", "routes", "--json").stdout
    assert first == _run("routes", "--json", "--language", "en").stdout != ""
    refused = _run("routes", "--language", "de")
    assert refused.returncode == 2
    assert "argument --language: 'de' is not a language of Shunter. Give en or zh_CN" in refused.stderr


def test_terminal_without_utf_8_is_told_once_and_a_pipe_is_not() -> None:
    environment = {"LANGUAGE": "zh_CN", "LC_ALL": "C"}
    assert (_run("--version", **environment).stderr, _run("--help", **environment).stderr) == ("", "")
    for arguments in (["--version"], ["--help"], ["routes"], ["--no-such-option"]):
        with pexpect.spawn(sys.executable, ["-m", "tui", *arguments], env={**os.environ, **environment}) as terminal:
            shown = terminal.read().decode("ascii")
        assert shown.count("does not use UTF-8. If it can, set LC_ALL=zh_CN.UTF-8 for zh_CN.") == 1


@pytest.mark.parametrize(("closing", "status"), [("<&-", 0), (">&-", 1), ("2>&-", 0), ("<&- >&- 2>&-", 1)])
@pytest.mark.parametrize("damage", ["a folder", "not JSON", "nested"])
def test_nothing_before_the_command_line_ends_in_a_traceback(
    damage: str, closing: str, status: int, tmp_path: Path
) -> None:
    settings = tmp_path / "shunter/settings.json"
    settings.parent.mkdir()
    if damage == "a folder":
        settings.mkdir()
    else:
        settings.write_bytes(b"\xff" if damage == "not JSON" else b'{"language":' + b"[" * 60_000)
    told = tmp_path / "told"
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -X faulthandler -m tui --version > {told} 2>&1 {closing}"],
        env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "LANG": "\udcff", "LC_ALL": ""},
        check=False,
    )
    assert "Traceback" not in told.read_text()
    assert done.returncode == status


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person keeps: transfers, favourites, rules and a profile."""
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(5))
    with contextlib.closing(Journal.open()) as journal:
        for evidence in (accepted(), ambiguous(), no_record(), refusal(), legacy(Outcome.DONE)):
            sending = Sending(request, "main", "demo", "print", "https://api.binance.com", clock.wall_ms(), 20, 5000)
            journal.record(begin_anyway(journal, sending), evidence)
    one = 'from = "spot"\nto = "um"\nasset = "USDT"\n'
    favourites_path().write_text(
        f'[[favourite]]\nname = "a"\n{one}\n[[favourite]]\nname = "日常"\namount = "all but 5"\n{one}'
    )
    profile = {"name": "main", "kind": "hmac", "base_url": "https://api.binance.com", "tail": "k3Fq"}
    listed = {"profiles": [{**profile, "read_only": True, "added_at": "2026-01-01T12:00:00Z"}]}
    (tmp_path / "shunter/profiles.json").write_text(json.dumps(listed))
    (tmp_path / "shunter/rules.toml").write_text('allow = ["spot -> um"]\n[profile.main]\nmost = { USDT = "5" }\n')


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    "command",
    ["journal", "favourites", "keys list", "rules check", "routes --via", "holdings --demo", "history --demo"],
)
def test_tables_in_chinese_are_aligned_by_the_columns_of_a_terminal(command: str) -> None:
    shown = {code: _run(*command.split(), LANGUAGE=code, LC_ALL="C.UTF-8").stdout for code in LANGUAGES}
    assert shown[CHINESE] != shown[ENGLISH]
    assert len(_columns(shown[CHINESE])) >= len(_columns(shown[ENGLISH])) > 2


def _columns(table: str) -> list[int]:
    """Where columns of a table begin: behind two blanks in all of its lines; a message below a row is no part of it."""
    lines = [line for line in table.splitlines() if "  " in line.strip() and not line.startswith("    ")]
    rows = ["".join(cell or "x" for cell in cells(line)) for line in lines]
    longest = max(map(len, rows))
    taken = "".join("x" if any(row[at : at + 1].strip() for row in rows) else " " for at in range(longest))
    return [found.start() for found in re.finditer(r"(?:^|(?<=  ))x", taken)]


@pytest.mark.usefixtures("kept")
def test_programs_read_the_same_in_every_language() -> None:
    for command in ("journal --json", "journal --csv", "favourites --json", "favourites --csv", "routes --via --json"):
        in_english, in_chinese = (_run(*command.split(), LANGUAGE=code, LC_ALL="C.UTF-8") for code in LANGUAGES)
        assert (in_english.stdout, in_english.stderr, in_english.returncode) == (in_chinese.stdout, "", 0)
        assert in_english.stdout
