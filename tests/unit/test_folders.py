"""Where Shunter's files are: never below the folder that it happens to be started in."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_SHUNTER = [sys.executable, "-m", "tui"]
_OWN = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR")


def _run(folder: Path, *arguments: str, **changed: str | None) -> "subprocess.CompletedProcess[str]":
    """Run it in an empty folder, in an environment that names no other folder than a home."""
    working = folder / "working"
    working.mkdir()
    code = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    environment: dict[str, str | None] = {**os.environ, **dict.fromkeys(_OWN), "HOME": str(folder), "PYTHONPATH": code}
    return subprocess.run(
        [*_SHUNTER, *arguments],
        cwd=working,
        env={name: value for name, value in (environment | changed).items() if value is not None},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", ["", "--demo", "journal", "keys list", "history --demo", "reconcile --demo"])
@pytest.mark.parametrize("variable", ["HOME", *_OWN])
def test_folder_that_is_not_absolute_is_refused_by_the_name_of_its_variable(
    variable: str, command: str, tmp_path: Path
) -> None:
    done = _run(tmp_path, *command.split(), **{variable: "state"})
    assert done.returncode == (3 if command.startswith("reconcile") else 1)
    assert done.stderr.startswith(f"{variable} is 'state', which is not an absolute path")
    assert (done.stdout, done.stderr.count("\n")) == ("", 1)
    assert list((tmp_path / "working").iterdir()) == []


@pytest.mark.parametrize("value", ["~/.local/state", "./state", "../state", " /state"])
def test_path_that_only_a_shell_would_complete_is_not_absolute(value: str, tmp_path: Path) -> None:
    done = _run(tmp_path, "journal", XDG_STATE_HOME=value)
    assert (done.returncode, "XDG_STATE_HOME" in done.stderr) == (1, True)


@pytest.mark.parametrize("home", [None, ""])
def test_home_that_is_not_set_is_refused(home: str | None, tmp_path: Path) -> None:
    done = _run(tmp_path, "journal", HOME=home)
    assert (done.returncode, done.stderr) == (
        1,
        "HOME is not set. Set it to your home folder: Shunter's files are below it.\n",
    )


@pytest.mark.parametrize("command", ["routes", "--version"])
def test_what_keeps_no_file_runs_in_any_environment(command: str, tmp_path: Path) -> None:
    assert _run(tmp_path, command, XDG_STATE_HOME="state").returncode == 0


def test_variable_that_is_empty_is_one_that_is_not_set(tmp_path: Path) -> None:
    done = _run(tmp_path, "journal", **dict.fromkeys(_OWN, ""))
    assert (done.returncode, str(tmp_path) in done.stderr) == (0, True)
