"""The command line as a process: what it says where, and that a reader who has seen enough ends it quietly."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
    "command", ["routes", "routes --json", "--help", "--version", "journal --help", "journal --csv"]
)
def test_pipe_that_closes_early_is_no_error(command: str, buffered: bool, tmp_path: Path) -> None:
    assert _said_into_a_closed_pipe(tmp_path, *command.split(), buffered=buffered) == (0, b"")


def test_option_before_a_command_is_not_lost() -> None:
    done = subprocess.run([*_SHUNTER, "--asset", "USDT", "journal"], check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("--asset stands before journal; what a command takes stands behind it")


def test_exit_status_of_reconcile_is_the_same_for_who_reads_no_more(tmp_path: Path) -> None:
    status, said = _said_into_a_closed_pipe(tmp_path, "reconcile", "--demo", "--strict", buffered=False)
    assert (status, b"Traceback" in said) == (1, False)
