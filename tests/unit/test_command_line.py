"""The command line as a process: what it says where, and that a reader who has seen enough ends it quietly."""

import argparse
import ast
import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len

from tui import cli
from tui.commands.argparse_texts import TEXTS
from tui.commands.arguments import HelpFormatter

_SHUNTER = [sys.executable, "-m", "tui"]


def _said_into_a_closed_pipe(home: Path, *arguments: str, buffered: bool) -> tuple[int, bytes]:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [*_SHUNTER, *arguments],
            check=False,
            stdout=writer,
            stderr=subprocess.PIPE,
            env={**os.environ, "HOME": str(home), "PYTHONUNBUFFERED": "" if buffered else "1"},
        )
    finally:
        os.close(writer)
    return done.returncode, done.stderr


@pytest.mark.parametrize("buffered", [False, True], ids=["unbuffered", "buffered"])
@pytest.mark.parametrize(
    "command", ["routes", "routes --via --json", "--help", "--version", "journal --help", "journal --csv"]
)
def test_pipe_that_closes_early_is_no_error(command: str, buffered: bool, tmp_path: Path) -> None:
    assert _said_into_a_closed_pipe(tmp_path, *command.split(), buffered=buffered) == (0, b"")


def test_option_before_a_command_is_not_lost() -> None:
    done = subprocess.run([*_SHUNTER, "--asset", "USDT", "journal"], check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("--asset is before journal; put the options of a command after it")


@pytest.mark.parametrize("buffered", [False, True], ids=["unbuffered", "buffered"])
@pytest.mark.parametrize(
    ("command", "status"), [("routes", 1), ("journal --json", 1), ("history --demo", 1), ("history --demo --json", 1)]
)
def test_output_that_finds_no_room_is_told_and_is_no_difference(
    command: str, status: int, buffered: bool, tmp_path: Path
) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*_SHUNTER, *command.split()],
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "HOME": str(tmp_path), "PYTHONUNBUFFERED": "" if buffered else "1"},
        )
    assert done.returncode == status
    said = done.stderr.splitlines()[-1]
    assert said == b"The output could not be written: [Errno 28] No space left on device"
    assert b"Traceback" not in done.stderr


def test_interrupting_the_imports_shows_no_traceback() -> None:
    says = "import signal, tui.__main__; print(signal.getsignal(signal.SIGINT) is signal.SIG_DFL)"
    done = subprocess.run([sys.executable, "-c", says], check=False, capture_output=True, text=True)
    assert done.stdout == "True\n"


def test_an_error_of_its_own_is_told_without_what_was_in_memory(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tui.commands.routes.run", lambda args: dict[str, int]()["a secret"])
    assert cli.main(["routes"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("Shunter stopped on an error of its own: KeyError at ")
    assert "a secret" not in said


def test_routes_are_the_33_moves_and_via_adds_the_24_of_two(capsys: pytest.CaptureFixture[str]) -> None:
    def printed(command: str) -> str:
        assert cli.main(command.split()) == 0
        return capsys.readouterr().out

    moves, routes = printed("routes").splitlines(), printed("routes --via").splitlines()
    assert (len(moves), len(routes), routes[:33]) == (33, 57, moves)
    assert "cm        -> um        CMFUTURE_MAIN, MAIN_UMFUTURE" in routes
    assert "pm        -> isolated  PORTFOLIO_MARGIN_MAIN, MAIN_ISOLATED_MARGIN needs a pair: to" in routes
    rows, rows_via = json.loads(printed("routes --json")), json.loads(printed("routes --via --json"))
    assert [{**row, "types": [row["type"]]} for row in rows] == [
        {**row, "type": row["types"][0]} for row in rows_via[:33]
    ]
    assert len({(row["from"], row["to"]) for row in rows_via}) == len(rows_via) == 57
    assert all(len(row["types"]) == 2 for row in rows_via[33:])
    assert {
        "types": ["ISOLATED_MARGIN_MAIN", "MAIN_CMFUTURE"],
        "from": "isolated",
        "to": "cm",
        "needs_from_pair": True,
        "needs_to_pair": False,
    } in rows_via


_FOR_PROGRAMMERS = re.compile(
    'argument "-" with|can\'t open|cannot (have|merge)|conflicting|dest=|invalid (option|conflict)|mutually exclusive'
    "|unknown parser|is not callable|not defined|'required' is|is deprecated|warning:|show program|default:|subcommands"
)
"""The texts of argparse that only a wrong parser brings up, or a part of it that Shunter does not use."""


def test_every_text_of_argparse_that_a_person_may_see_is_translated() -> None:
    calls = [node for node in ast.walk(ast.parse(inspect.getsource(argparse))) if isinstance(node, ast.Call)]
    own = [call.args for call in calls if isinstance(call.func, ast.Name) and call.func.id in ("_", "ngettext")]
    texts = {args[0].value for args in own if isinstance(args[0], ast.Constant)}
    seen = {text for text in texts if isinstance(text, str) and not _FOR_PROGRAMMERS.search(text)}
    assert len(seen) > 15
    assert seen <= {text.replace("arguments", "argument") for text in TEXTS if "%s arg" in text} | set(TEXTS)


def _parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                yield from _parsers(each)


def test_every_command_takes_a_language_and_wraps_its_help_by_columns() -> None:
    for parser in _parsers(cli._parser()):
        assert "--language" in parser.format_usage()
        assert issubclass(parser.formatter_class, HelpFormatter)  # type: ignore[arg-type]


def test_help_is_wrapped_by_columns() -> None:
    parser = argparse.ArgumentParser(formatter_class=lambda prog: HelpFormatter(prog, width=40))
    parser.add_argument("--to", help="到这个钱包，例如 spot（现货钱包）。" * 5)
    lines = parser.format_help().splitlines()
    assert max(map(cell_len, lines)) <= 40
    assert "".join(lines).replace(" ", "").endswith("到这个钱包，例如spot（现货钱包）。" * 5)
    assert not [line for line in lines if line.strip().startswith(("，", "）", "。")) or line.endswith("（")]


def test_usage_in_chinese_is_aligned_by_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.commands.arguments._", lambda text: {"usage: ": "用法："}.get(text, text))
    parser = argparse.ArgumentParser(prog="shunter", formatter_class=lambda prog: HelpFormatter(prog, width=40))
    for number in range(6):
        parser.add_argument(f"--option{number}")
    first, second, *_others = parser.format_usage().splitlines()
    assert first.startswith("用法：shunter [-h]")
    assert second.index("[") == cell_len("用法：shunter ")
    assert max(map(cell_len, (first, second))) <= 40


def test_sections_of_help_have_the_colon_of_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.commands.arguments._", lambda text: text.replace(":", "："))
    parser = argparse.ArgumentParser(prog="shunter", formatter_class=HelpFormatter)
    parser.add_argument_group("选择划转").add_argument("--asset", help="币种：名称")
    assert "\n选择划转：\n  --asset ASSET  币种：名称\n" in parser.format_help()
