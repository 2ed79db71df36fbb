"""Where keys are kept, and that they stay there."""

import asyncio
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keyring
import platformdirs
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from keyring.backend import KeyringBackend

from tests.keyrings import FakeKeyring, keyring_is
from tests.waiting import wait_for
from tui import keys
from tui.domain.credentials import ApiKey, KeyKind
from tui.domain.hosts import DEFAULT_BASE_URL
from tui.files import config_folder
from tui.keys import KeyringState

API_KEY = "A1b2C3d4" * 7 + "E5f6k3Fq"
# Which one depends on what this machine has.
LOCKED = {KeyringState.LOCKED, KeyringState.NEW}
NO_KEYRING = {KeyringState.UNAVAILABLE, KeyringState.NO_BUS}
SECRET = "Zy9Xw8Vu" * 8


class FailingKeyring(FakeKeyring):
    """Raises what the test gives it, with the secret where libraries have been seen to put it."""

    made: Callable[[str], Exception]

    def set_password(self, service: str, username: str, password: str) -> None:
        raise self.made(password) from ValueError(password)


@pytest.fixture(autouse=True)
def config_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(platformdirs, "user_config_path", lambda name: tmp_path / "config" / name)
    return tmp_path / "config"


@pytest.fixture
def memory(use_keyring: Callable[[KeyringBackend], None]) -> FakeKeyring:
    backend = FakeKeyring()
    use_keyring(backend)
    return backend


def hmac_key() -> ApiKey:
    return keys.parse_key(KeyKind.HMAC, API_KEY, SECRET)


RSA_PEM = (
    rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
)
ED25519_PEM = (
    ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
)


@pytest.mark.parametrize("secret", [SECRET, ED25519_PEM, RSA_PEM], ids=["hmac", "ed25519", "rsa"])
def test_added_key_comes_back_whole_from_the_keyring(memory: FakeKeyring, secret: str) -> None:
    added = keys.add("main", keys.parse_key(None, API_KEY, secret), "http://127.0.0.1:8080")
    assert keys.profiles() == (added,)
    assert keys.profile("main") == added
    assert (added.name, added.base_url, added.tail) == ("main", "http://127.0.0.1:8080", API_KEY[-4:])
    key = keys.load(added)
    assert (key.kind, key.api_key.reveal(), key.secret.reveal()) == (added.kind, API_KEY, secret)
    assert list(memory.entries) == [("shunter", "main")]


def test_no_file_holds_more_of_a_key_than_its_last_four_characters(memory: FakeKeyring, config_home: Path) -> None:
    keys.add("main", hmac_key(), DEFAULT_BASE_URL)
    written = b"".join(path.read_bytes() for path in config_home.rglob("*") if path.is_file())
    assert API_KEY[-4:].encode() in written
    assert API_KEY[-5:].encode() not in written
    assert SECRET[-4:].encode() not in written


def test_list_of_profiles_is_for_its_owner_only(memory: FakeKeyring) -> None:
    keys.add("main", hmac_key(), DEFAULT_BASE_URL)
    path = config_folder() / "profiles.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_profiles_are_listed_in_the_order_of_adding_without_the_keyring(
    memory: FakeKeyring, use_keyring: Callable[[KeyringBackend], None]
) -> None:
    for name in ("zeta", "alpha", "main"):
        keys.add(name, hmac_key(), DEFAULT_BASE_URL)
    hanging = FakeKeyring()
    hanging.hangs = True
    use_keyring(hanging)
    assert [profile.name for profile in keys.profiles()] == ["zeta", "alpha", "main"]


def test_profile_is_read_only_until_that_is_changed_also_with_another_key(
    memory: FakeKeyring, config_home: Path
) -> None:
    keys.add("main", hmac_key(), DEFAULT_BASE_URL)
    assert "read_only" not in (config_folder() / "profiles.json").read_text()  # an older Shunter can read it
    keys.add("look", hmac_key(), DEFAULT_BASE_URL, read_only=True)
    assert [profile.read_only for profile in keys.profiles()] == [False, True]
    assert keys.replace("look", hmac_key(), DEFAULT_BASE_URL).read_only
    assert not keys.set_read_only("look", read_only=False).read_only
    assert keys.set_read_only("main", read_only=True) == keys.profile("main")
    assert [profile.read_only for profile in keys.profiles()] == [True, False]
    with pytest.raises(keys.KeyStoreError):
        keys.set_read_only("other", read_only=True)


def test_name_that_is_taken_is_refused_and_its_key_stays(memory: FakeKeyring) -> None:
    added = keys.add("main", hmac_key(), DEFAULT_BASE_URL)
    with pytest.raises(keys.ProfileExists, match="remove it first") as caught:
        keys.add("main", keys.parse_key(None, "B" * 64, "C" * 64), DEFAULT_BASE_URL)
    assert caught.value.command == "shunter keys remove main"
    assert keys.load(added).secret.reveal() == SECRET


def test_key_that_only_the_keyring_knows_is_not_overwritten_and_can_be_removed(memory: FakeKeyring) -> None:
    keys.add("main", hmac_key(), DEFAULT_BASE_URL)
    (config_folder() / "profiles.json").unlink()
    held = dict(memory.entries)
    with pytest.raises(keys.ProfileExists, match="already holds a key"):
        keys.add("main", keys.parse_key(None, "B" * 64, "C" * 64), DEFAULT_BASE_URL)
    assert memory.entries == held
    keys.remove("main")
    assert memory.entries == {}


def test_removed_key_is_gone_from_keyring_and_list(memory: FakeKeyring) -> None:
    keys.add("main", hmac_key(), DEFAULT_BASE_URL)
    kept = keys.add("other", hmac_key(), DEFAULT_BASE_URL)
    keys.remove("main")
    assert keys.profiles() == (kept,)
    assert list(memory.entries) == [("shunter", "other")]


def test_name_can_be_removed_when_the_keyring_lost_its_key(memory: FakeKeyring) -> None:
    profile = keys.add("main", hmac_key(), DEFAULT_BASE_URL)
    memory.entries.clear()
    with pytest.raises(keys.ProfileMissing, match="add its key again") as caught:
        keys.load(profile)
    assert caught.value.command == "shunter keys remove main"
    keys.remove("main")
    assert keys.profiles() == ()


def test_unknown_name_is_answered_with_the_names_that_there_are(memory: FakeKeyring) -> None:
    with pytest.raises(keys.ProfileMissing, match="nor any other"):
        keys.profile("main")
    keys.add("spare", hmac_key(), DEFAULT_BASE_URL)
    for call in (keys.profile, keys.remove):
        with pytest.raises(keys.ProfileMissing, match=r"'main'\. Profiles: spare"):
            call("main")


def test_changed_host_in_the_list_does_not_get_the_key(memory: FakeKeyring) -> None:
    keys.add("main", hmac_key(), DEFAULT_BASE_URL)
    path = config_folder() / "profiles.json"
    path.write_text(path.read_text().replace(DEFAULT_BASE_URL, "https://evil.example"))
    with pytest.raises(keys.ProfileDamaged, match=r"api\.binance\.com.*evil\.example"):
        keys.load(keys.profile("main"))


@pytest.mark.parametrize("entry", ["", "{", "not json", "[]", '{"kind": "hmac"}', '{"api_key": 1}'])
def test_damaged_entry_of_the_keyring_is_said_to_be_one(memory: FakeKeyring, entry: str) -> None:
    profile = keys.add("main", hmac_key(), DEFAULT_BASE_URL)
    memory.entries["shunter", "main"] = entry
    with pytest.raises(keys.ProfileDamaged, match="damaged"):
        keys.load(profile)


def test_entry_whose_private_key_is_cut_is_damaged(memory: FakeKeyring) -> None:
    profile = keys.add("main", keys.parse_key(None, API_KEY, RSA_PEM), DEFAULT_BASE_URL)
    held = json.loads(memory.entries["shunter", "main"])
    memory.entries["shunter", "main"] = json.dumps(held | {"secret": RSA_PEM[:500]})
    with pytest.raises(keys.ProfileDamaged, match="damaged") as damaged:
        keys.load(profile)
    assert RSA_PEM[40:80] not in repr(damaged.getrepr(style="long"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[:-20],
        lambda text: "null",
        lambda text: text.replace('"main"', '"ma in"'),
        lambda text: text.replace("https://api.binance.com", "http://api.binance.com"),
        lambda text: text.replace("hmac", "magic"),
        lambda text: text.replace('"profiles"', '"later": 1, "profiles"'),
        lambda text: text.replace(API_KEY[-4:], "\\u001b[2J"),
        lambda text: json.dumps({"profiles": json.loads(text)["profiles"] * 2}),
    ],
    ids=["empty", "cut", "null", "name", "host", "kind", "of a later version", "escape sequence", "name twice"],
)
def test_damaged_list_is_reported_and_left_as_it_is(memory: FakeKeyring, damage: Callable[[str], str]) -> None:
    keys.add("main", hmac_key(), DEFAULT_BASE_URL)
    path = config_folder() / "profiles.json"
    path.write_text(damaged := damage(path.read_text()))
    calls = (
        keys.profiles,
        lambda: keys.add("other", hmac_key(), DEFAULT_BASE_URL),
        lambda: keys.remove("main"),
    )
    for call in calls:
        with pytest.raises(keys.ProfilesFileError, match=r"profiles\.json"):
            call()
    assert path.read_text() == damaged
    assert list(memory.entries) == [("shunter", "main")]


def test_key_is_not_left_in_the_keyring_when_the_list_cannot_be_written(
    memory: FakeKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(keys.ProfilesFileError, match="No space left on device"):
        keys.add("main", hmac_key(), DEFAULT_BASE_URL)
    assert memory.entries == {}
    assert [path.name for path in (config_folder() / "profiles.json").parent.iterdir()] == ["profiles.lock"]


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_settings_that_cannot_be_written_stay_as_they_are_and_leave_no_file_behind(
    memory: FakeKeyring, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    def fail(handle: int) -> None:
        raise failure

    assert keys.accept_plain_text("before", keys.ACCEPTANCE)
    before = keys.settings()
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises((keys.SettingsFileError, KeyboardInterrupt)):
        keys.accept_plain_text("after", keys.ACCEPTANCE)
    assert keys.settings() == before
    assert [path.name for path in (config_folder() / "settings.json").parent.iterdir()] == ["settings.json"]


def test_key_whose_adding_timed_out_and_succeeded_all_the_same_is_added_by_a_second_try(
    memory: FakeKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(name: str, text: str, *, limit_s: float) -> None:
        memory.set_password("shunter", name, text)
        raise keys.KeyStoreError("too late", state=KeyringState.SILENT)

    with monkeypatch.context() as slow:
        slow.setattr("tui.keys.keyring_calls.write", too_late)
        with keyring_is(KeyringState.SILENT):
            keys.add("main", hmac_key(), DEFAULT_BASE_URL)
    added = keys.add("main", hmac_key(), DEFAULT_BASE_URL)
    assert keys.profiles() == (added,)
    assert keys.load(added).secret.reveal() == hmac_key().secret.reveal()


def test_what_is_said_of_a_damaged_file_is_printable(memory: FakeKeyring) -> None:
    files = (
        ((config_folder() / "profiles.json"), keys.profiles, keys.ProfilesFileError),
        (
            (config_folder() / "settings.json"),
            keys.settings,
            keys.SettingsFileError,
        ),
    )
    for path, read, error in files:
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text('{"\\u001b]52;c;eA==\\u0007": 1}')
        with pytest.raises(error) as damaged:
            read()
        assert str(damaged.value).isprintable()


def test_folder_that_cannot_be_made_is_reported(memory: FakeKeyring, config_home: Path) -> None:
    config_home.write_text("a file where the folder should be")
    for call in (keys.profiles, lambda: keys.add("main", hmac_key(), DEFAULT_BASE_URL)):
        with pytest.raises(keys.ProfilesFileError, match=str(config_home)):
            call()


def test_no_profile_is_lost_when_many_are_added_at_once(memory: FakeKeyring) -> None:
    names = [f"key{number}" for number in range(12)]
    with ThreadPoolExecutor(len(names)) as threads:
        list(threads.map(lambda name: keys.add(name, hmac_key(), DEFAULT_BASE_URL), names))
    assert sorted(profile.name for profile in keys.profiles()) == sorted(names)


def test_another_shunter_that_keeps_the_list_is_named(
    memory: FakeKeyring, use_keyring: Callable[[KeyringBackend], None]
) -> None:
    hanging = FakeKeyring()
    hanging.hangs = True
    use_keyring(hanging)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(keys.add, "first", hmac_key(), DEFAULT_BASE_URL)
        wait_for(lambda: hanging.asked)
        with pytest.raises(keys.ProfilesFileError, match="another Shunter"):
            keys.add("second", hmac_key(), DEFAULT_BASE_URL, limit_s=0.1)
        hanging.released.set()
        assert first.result().name == "first"


# Keyrings that do not help


def test_hanging_keyring_is_given_up_and_says_so(use_keyring: Callable[[KeyringBackend], None]) -> None:
    hanging = FakeKeyring()
    hanging.hangs = True
    use_keyring(hanging)
    with keyring_is(KeyringState.SILENT, match="another screen"):
        keys.add("main", hmac_key(), DEFAULT_BASE_URL, limit_s=0.05)
    hanging.released.set()


async def test_event_loop_goes_on_while_the_keyring_hangs(use_keyring: Callable[[KeyringBackend], None]) -> None:
    hanging = FakeKeyring()
    hanging.hangs = True
    use_keyring(hanging)
    adding = asyncio.create_task(keys.in_background(lambda: keys.add("main", hmac_key(), DEFAULT_BASE_URL)))
    await asyncio.to_thread(wait_for, lambda: hanging.asked)
    assert not adding.done()
    hanging.released.set()
    assert (await adding).name == "main"


def test_program_ends_while_a_keyring_call_hangs(tmp_path: Path) -> None:
    program = """if True:
        import asyncio, threading, keyring
        from keyring.backend import KeyringBackend
        from tui import keys

        asked = threading.Event()

        class Hanging(KeyringBackend):
            priority = 1
            def get_password(self, service, username):
                asked.set()
                threading.Event().wait()
            set_password = delete_password = get_password

        async def main():
            key = keys.parse_key(None, "a" * 64, "b" * 64)
            waiting = asyncio.create_task(keys.in_background(lambda: keys.add("main", key, "https://h.example")))
            await asyncio.to_thread(asked.wait)

        keyring.set_keyring(Hanging())
        asyncio.run(main())
        print("ended")
    """
    environment = os.environ | {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    # Less than the limit of the call, so that only a thread that holds up the end can fail this.
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=keys.LIMIT_S - 5,
        check=True,
    )
    assert done.stdout == "ended\n"
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (keyring.errors.KeyringLocked, LOCKED),
        (keyring.errors.NoKeyringError, NO_KEYRING),
        (keyring.errors.InitError, NO_KEYRING),
        (keyring.errors.PasswordSetError, {KeyringState.FAILED}),
        (ValueError, {KeyringState.FAILED}),
        (OSError, {KeyringState.FAILED}),
    ],
)
def test_error_of_the_keyring_is_told_in_our_words_without_the_secret(
    use_keyring: Callable[[KeyringBackend], None], error: Callable[[str], Exception], expected: set[KeyringState]
) -> None:
    failing = FailingKeyring()
    failing.made = error
    use_keyring(failing)
    with keyring_is(*expected) as failed:
        keys.add("main", hmac_key(), DEFAULT_BASE_URL)
    assert keys.profiles() == ()
    found: BaseException | None = failed.value
    while found:
        assert SECRET not in f"{found!r}"
        assert type(found).__module__.startswith("tui.")
        found = found.__cause__ or found.__context__


@pytest.mark.parametrize("name", ["fail", "null"])
def test_keyring_that_keeps_nothing_is_refused(use_keyring: Callable[[KeyringBackend], None], name: str) -> None:
    use_keyring(keyring.core.load_keyring(f"keyring.backends.{name}.Keyring"))
    assert keys.backend_name().startswith("none")
    with keyring_is(*NO_KEYRING, match=r"no keyring to keep keys in|a keyring that keeps no keys"):
        keys.add("main", hmac_key(), DEFAULT_BASE_URL)
    assert keys.profiles() == ()


def test_keyring_that_may_be_plain_text_is_refused(use_keyring: Callable[[KeyringBackend], None]) -> None:
    class PlaintextKeyring(FakeKeyring):
        priority = 0.5  # that of keyrings.alt

    backend = PlaintextKeyring()
    use_keyring(backend)
    with keyring_is(KeyringState.UNSAFE, match="plain text"):
        keys.add("main", hmac_key(), DEFAULT_BASE_URL)
    assert backend.entries == {}


def test_a_chain_of_keyrings_is_used_by_its_best_one_only(
    use_keyring: Callable[[KeyringBackend], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from keyring.backends.chainer import ChainerBackend

    best, other = FakeKeyring(), FakeKeyring()
    monkeypatch.setattr(ChainerBackend, "backends", [best, other])
    use_keyring(ChainerBackend())  # type: ignore[no-untyped-call]
    profile = keys.add("main", hmac_key(), DEFAULT_BASE_URL)
    other.entries, best.entries = best.entries, {}
    with pytest.raises(keys.ProfileMissing):
        keys.load(profile)


def test_keyring_that_cannot_be_loaded_is_told_with_where_it_was_chosen(
    use_keyring: Callable[[KeyringBackend], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "no.such.Keyring")
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)
    with keyring_is(KeyringState.UNAVAILABLE, match="PYTHON_KEYRING_BACKEND"):
        keys.backend_name()
