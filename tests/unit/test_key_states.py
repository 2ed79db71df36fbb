"""Each state of the keyring in words, and what a person has set about it."""

import os
import resource
import socket
from collections.abc import Callable
from pathlib import Path

import keyring
import platformdirs
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail

from tests.keyrings import FakeKeyring, keyring_is
from tui import keys, language
from tui.app import process
from tui.files import config_folder
from tui.keys import KeyringState, gnome_keyring, session_bus


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(platformdirs, "user_config_path", lambda name: tmp_path / name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
    monkeypatch.setattr(session_bus, "_answers", lambda _: True)
    monkeypatch.setattr(session_bus._ThisProcess, "stale", "")
    monkeypatch.setattr(gnome_keyring, "would_write_here", lambda: False)
    return tmp_path


Use = Callable[[KeyringBackend], None]


class DBusErrorResponse(Exception):
    """An answer of the bus, as jeepney raises it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def failing(error: Exception) -> FakeKeyring:
    backend = FakeKeyring()
    backend.error = error
    return backend


@pytest.mark.parametrize(("exists", "state"), [(True, KeyringState.LOCKED), (False, KeyringState.NEW)])
def test_locked_keyring_and_missing_one_are_told_apart(
    use_keyring: Use, folder: Path, monkeypatch: pytest.MonkeyPatch, exists: bool, state: KeyringState
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: name)
    if exists:
        (folder / "data/keyrings").mkdir(parents=True)
        (folder / "data/keyrings/login.keyring").touch()
    use_keyring(failing(keyring.errors.KeyringLocked()))
    with keyring_is(state) as found:
        keys.probe()
    assert found.value.needs_passphrase


def test_keyring_that_ends_while_it_is_asked_is_asked_once_more_and_not_taken_for_missing(use_keyring: Use) -> None:
    error = keyring.errors.InitError()
    error.__cause__ = Exception()
    error.__cause__.__cause__ = DBusErrorResponse("org.freedesktop.DBus.Error.NoReply")
    ends = failing(error)
    use_keyring(ends)
    with keyring_is(KeyringState.FAILED, match="The keyring failed while it was asked"):
        keys.probe()
    assert len(ends.asked) == 2


def test_whether_there_is_a_keyring_is_found_out_without_asking_it_anything(use_keyring: Use) -> None:
    locked = failing(keyring.errors.KeyringLocked())
    use_keyring(locked)
    keys.require_keyring()
    assert locked.asked == []
    use_keyring(fail.Keyring())  # type: ignore[no-untyped-call]
    with keyring_is(KeyringState.UNAVAILABLE, match="There is no keyring to keep keys in"):
        keys.require_keyring()


def test_macos_that_may_not_ask_is_told_with_the_command_that_unlocks(use_keyring: Use) -> None:
    error = keyring.errors.KeyringError()
    error.__cause__ = OSError(-25308, "Unknown Error")
    use_keyring(failing(error))
    with keyring_is(KeyringState.MAY_NOT_ASK, match="security unlock-keychain"):
        keys.probe()


def test_no_session_bus_is_told_with_the_command_that_starts_one(
    use_keyring: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    use_keyring(failing(keyring.errors.NoKeyringError()))
    monkeypatch.setattr("shutil.which", lambda name: name)
    with keyring_is(KeyringState.NO_BUS, match=r"Start Shunter with D-Bus\.$") as caught:
        keys.probe()
    assert caught.value.command == "dbus-run-session -- shunter"


def test_session_bus_that_cannot_be_started_is_told_with_what_is_missing(
    use_keyring: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    monkeypatch.setattr("shutil.which", lambda name: None)
    use_keyring(failing(keyring.errors.NoKeyringError()))
    with keyring_is(KeyringState.NO_BUS, match="Install dbus and gnome-keyring"):
        keys.probe()


def test_bus_that_the_system_keeps_is_found_without_the_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    with socket.socket(socket.AF_UNIX) as bus:
        monkeypatch.chdir(folder)  # the path of a socket is short
        bus.bind("bus")
        session_bus.adopt()
    assert os.environ.pop("DBUS_SESSION_BUS_ADDRESS") == f"unix:path={folder}/bus"


@pytest.mark.parametrize(("letters", "fits"), [(900, True), (2000, False)])
def test_key_that_windows_would_not_take_is_refused_before_it_is_written(
    use_keyring: Use, monkeypatch: pytest.MonkeyPatch, letters: int, fits: bool
) -> None:
    monkeypatch.setattr(FakeKeyring, "__module__", "keyring.backends.Windows")
    backend = FakeKeyring()
    use_keyring(backend)
    key = keys.parse_key(None, "A" * 64, "S" * letters)
    if fits:
        assert keys.load(keys.add("main", key, "https://h.example")).secret.reveal() == "S" * letters
    else:
        with keyring_is(KeyringState.TOO_SMALL, match="2560 bytes"):
            keys.add("main", key, "https://h.example")
        assert backend.entries == {}
        assert keys.profiles() == ()


def test_plain_text_keyring_is_used_only_after_the_words_and_named_so(
    use_keyring: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeKeyring, "priority", 0.5)
    use_keyring(FakeKeyring())
    with keyring_is(KeyringState.UNSAFE) as refused:
        keys.probe()
    for words in ("", "yes", "plain text"):
        assert not keys.accept_plain_text(refused.value.keyring, words)
    with keyring_is(KeyringState.UNSAFE):
        keys.probe()
    assert keys.accept_plain_text(refused.value.keyring, f" {keys.ACCEPTANCE.upper()}")
    keys.probe()
    assert keys.backend_name().startswith("PLAIN TEXT")
    use_keyring(type("Other", (FakeKeyring,), {})())  # the words were for that one only
    with keyring_is(KeyringState.UNSAFE):
        keys.probe()


def test_plain_text_is_accepted_in_english_and_in_the_language_of_the_person() -> None:
    language.choose(language.CHINESE)
    try:
        in_chinese = language._(keys.ACCEPTANCE)
        assert in_chinese != keys.ACCEPTANCE
        assert [keys.accept_plain_text("a", words) for words in (in_chinese, keys.ACCEPTANCE, "是")] == [
            True,
            True,
            False,
        ]
    finally:
        language.choose(language.ENGLISH)


def test_key_that_was_replaced_by_another_is_not_used_for_the_profile(use_keyring: Use) -> None:
    backend = FakeKeyring()
    use_keyring(backend)
    added = keys.add("main", keys.parse_key(None, "A" * 64, "S" * 64), "https://h.example")
    entry = backend.entries["shunter", "main"]
    backend.entries["shunter", "main"] = entry.replace("A" * 64, "B" * 64)
    with pytest.raises(keys.ProfileDamaged, match="replaced by another"):
        keys.load(added)


def test_empty_passphrase_is_refused_since_the_keyring_would_be_plain_text(use_keyring: Use) -> None:
    from tui.domain.credentials import Secret

    with keyring_is(KeyringState.LOCKED, match="plain text"):
        gnome_keyring.unlock(Secret(""))


def test_settings_have_defaults_and_damage_is_told_not_ignored(folder: Path) -> None:
    assert keys.settings() == keys.Settings(idle_lock_minutes=15, plain_text_keyring="")
    path = config_folder() / "settings.json"
    path.parent.mkdir()
    path.write_text('{"idle_lock_minutes": 0}')
    assert keys.settings().idle_lock_minutes == 0
    for damaged in ("", "{", '{"idle_lock_minutes": -1}', '{"idle_lock": 5}'):
        path.write_text(damaged)
        with pytest.raises(keys.SettingsFileError, match=r"settings\.json"):
            keys.settings()


def test_crash_leaves_no_core(monkeypatch: pytest.MonkeyPatch) -> None:
    set_to: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: set_to.append(limits))
    process.keep_memory_off_disk()
    assert set_to == [(1, 1)]
