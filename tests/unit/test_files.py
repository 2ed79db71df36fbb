"""Files are read like answers: never opened unless they are regular, bounded, and wrong ones named with what to do."""

import io
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import platformdirs
import pytest

from tui import keys
from tui.cli import main
from tui.domain.credentials import Secret
from tui.domain.favourite import parse_favourite
from tui.favourites import FavouritesError, favourites, favourites_path, keep
from tui.files import ConfigFile, NotRegular, TooLarge, read_regular
from tui.journal import Journal, JournalError
from tui.journal.file import Sender, living_senders

_LARGE = 10 * 1024**3
_DEEP = 50_000


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the settings, profiles and favourites."""
    folder = tmp_path / "config" / "shunter"
    folder.mkdir(parents=True)
    monkeypatch.setattr(platformdirs, "user_config_path", lambda name: tmp_path / "config" / name)
    return folder


def _socket(path: Path) -> None:
    before = Path.cwd()
    os.chdir(path.parent)  # a socket's path is short
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(before)


def _link_to_pipe(path: Path) -> None:
    os.mkfifo(path.with_name("pipe"))
    path.symlink_to(path.with_name("pipe"))


IRREGULAR: dict[str, tuple[Callable[[Path], object], str]] = {
    "pipe": (os.mkfifo, "a named pipe"),
    "link to a pipe": (_link_to_pipe, "a named pipe"),
    "link to a device": (lambda path: path.symlink_to("/dev/zero"), "a device"),
    "folder": (Path.mkdir, "a folder"),
    "socket": (_socket, "a socket"),
}

READERS: dict[str, tuple[Callable[[], object], type[Exception]]] = {
    "settings.json": (keys.settings, keys.SettingsFileError),
    "profiles.json": (keys.profiles, keys.ProfilesFileError),
    "favourites.toml": (favourites, FavouritesError),
}


@pytest.mark.parametrize("kind", IRREGULAR)
@pytest.mark.parametrize("name", READERS)
def test_what_is_no_regular_file_is_named_and_not_opened(config: Path, name: str, kind: str) -> None:
    make, words = IRREGULAR[kind]
    make(config / name)
    read, error = READERS[name]
    with pytest.raises(error, match=rf"{config / name}.*{words}, not a file. Move it away"):
        read()


@pytest.mark.parametrize("name", READERS)
def test_huge_file_is_not_read(config: Path, name: str) -> None:
    with (config / name).open("wb") as file:
        file.truncate(_LARGE)
    read, error = READERS[name]
    with pytest.raises(error, match=rf"{config / name}.* has more than [0-9,]+ bytes"):
        read()


@pytest.mark.parametrize("name", READERS)
def test_link_to_a_file_of_dotfiles_is_read_and_stays_a_link(config: Path, tmp_path: Path, name: str) -> None:
    real = tmp_path / "dotfiles" / name
    real.parent.mkdir()
    real.write_text("{}" if name.endswith("json") else "")
    (config / name).symlink_to(real)
    READERS[name][0]()
    if name == "settings.json":
        keys.keep_theme("nord")
        assert (config / name).is_symlink()
        assert json.loads(real.read_text())["theme"] == "nord"


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        b"\x00",
        b'{"theme": "\xff"}',
        b'{"theme": "a\x00b"}',
        b"[" * _DEEP,
        b'{"theme": ' + b"[" * _DEEP,
        b'{"theme": 5}',
        b'{"currency": ""}',
        b'{"currency": "EU\\u001bR"}',
        b'{"idle_lock_minutes": 1e308}',
        b'{"idle_lock_minutes": 1e999999}',
        b'{"idle_lock_minutes": ' + b"9" * 5000 + b"}",
        b'{"idle_lock_minutes": -1}',
        b'{"profiles": [{"name": "x"}]}',
        b'{"profiles": 5}',
        b'{"' + b"k" * 50_000 + b'": 5}',
    ],
    ids=range(16),
)
@pytest.mark.parametrize("name", ["settings.json", "profiles.json"])
def test_content_that_is_wrong_is_told_with_what_to_do(config: Path, name: str, content: bytes) -> None:
    (config / name).write_bytes(content)
    read, error = READERS[name]
    with pytest.raises(error, match=rf"{config / name}.* damaged: .*Correct ") as raised:
        read()
    assert len(str(raised.value)) < 500 + len(str(config))


_ONE = parse_favourite({"name": "one", "from": "spot", "to": "funding", "asset": "USDT"})
_GOOD = '[[favourite]]\nname = "good"\nfrom = "spot"\nto = "funding"\nasset = "USDT"\n'


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("amount = " + "[" * _DEEP, "nested too deeply"),
        ("amount = " + "9" * 5000, "a number in it is too long"),
        ("amount = 0x" + "f" * 5000, "At most 20 digits"),
        ("amount = 1" + "0" * 20, "At most 20 digits"),
        ("k" * 50_000 + " = 1", "a favourite has no 'kkk"),
        ("amount = 'a\x00b'", "this is not TOML"),
        ("name = " + "[" * _DEEP, "nested too deeply"),
    ],
    ids=range(7),
)
def test_favourite_that_no_parser_takes_hides_no_other(config: Path, line: str, why: str) -> None:
    wrong = '[[favourite]]\nfrom = "spot"\nto = "funding"\nasset = "BTC"\n'
    if not line.startswith("name"):
        wrong += 'name = "wrong"\n'
    favourites_path().write_text(f"{wrong}{line}\n{_GOOD}")
    found = favourites()
    assert [one.name for one in found.usable] == ["good"]
    assert [why in str(one) and len(str(one)) < 400 for one in found.mistakes] == [True]
    keep(parse_favourite({"name": "wrong", "from": "spot", "to": "funding", "asset": "BNB"}))
    assert "good" in [one.name for one in favourites().usable]


@pytest.mark.parametrize("kind", IRREGULAR)
def test_lock_that_is_no_file_is_named_and_not_opened(config: Path, kind: str) -> None:
    make, words = IRREGULAR[kind]
    make(config / "favourites.lock")
    with pytest.raises(FavouritesError, match=rf"favourites.lock is {words}, not a file. Move it away"):
        keep(_ONE)
    (config / "favourites.lock").rename(config / "profiles.lock")
    with pytest.raises(keys.ProfilesFileError, match=rf"profiles.lock is {words}, not a file. Move it away"):
        keys.remove("main")


@pytest.mark.parametrize("kind", IRREGULAR)
@pytest.mark.parametrize("name", ["journal.sqlite3", "journal.sqlite3-journal", "journal.sqlite3-wal"])
def test_journal_that_is_no_file_is_named_and_not_opened(tmp_path: Path, name: str, kind: str) -> None:
    path = tmp_path / "journal.sqlite3"
    if name != path.name:
        Journal.open(path).close()
    make, words = IRREGULAR[kind]
    (tmp_path / name).unlink(missing_ok=True)
    make(tmp_path / name)
    for open_it in (Journal.open, Journal.open_to_read):
        with pytest.raises(JournalError, match=rf"{path} cannot be opened: {name} is {words}, not a file. Move it aw"):
            open_it(path)


@pytest.mark.parametrize("kind", IRREGULAR)
def test_senders_lock_that_is_no_file_is_nobodys(tmp_path: Path, kind: str) -> None:
    sender = Sender(tmp_path)
    IRREGULAR[kind][0](tmp_path / f"{'0' * 32}.lock")
    assert living_senders(tmp_path) == {sender.id}
    assert os.path.lexists(tmp_path / f"{'0' * 32}.lock")
    sender.release()


def test_lock_that_another_holds_is_waited_for_so_long_and_no_longer(config: Path) -> None:
    file = ConfigFile("x.toml", "X", 100, RuntimeError)
    with file.locked(0), pytest.raises(RuntimeError, match="another Shunter"), file.locked(0):
        pass
    with file.locked(0):
        pass


def test_passphrase_on_standard_input_is_read_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    typed: list[int] = []

    def unlock(passphrase: Secret) -> None:
        typed.append(len(passphrase.reveal()))

    monkeypatch.setattr(keys, "can_unlock", lambda: True)
    monkeypatch.setattr(keys, "unlock", unlock)
    monkeypatch.setattr(sys, "stdin", io.StringIO("\0" * 10**6))  # as /dev/zero is, but for its end
    assert main(["keys", "unlock"]) == 0
    assert typed == [64 * 1024]


def test_reading_ends_at_the_limit_also_of_what_does_not_say_how_large_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ten"
    path.write_bytes(b"0123456789")
    assert read_regular(path, 10) == b"0123456789"
    with pytest.raises(TooLarge):
        read_regular(path, 9)
    endless = Path("/proc/kallsyms")  # of size 0, as it says
    if endless.exists():
        with pytest.raises(TooLarge):
            read_regular(endless, 100)


def test_what_takes_the_place_of_a_file_while_it_is_opened_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, pipe = tmp_path / "file", tmp_path / "pipe"
    path.write_bytes(b"")
    os.mkfifo(pipe)
    real_open = os.open
    monkeypatch.setattr(os, "open", lambda _, *rest: real_open(pipe, *rest))
    with pytest.raises(NotRegular):
        read_regular(path, 10)
