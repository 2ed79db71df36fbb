"""Another key under the name of a profile: whatever fails, and wherever, the name has one of the two keys."""

import os
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from keyring.backend import KeyringBackend

from tests.keyrings import FakeKeyring
from tui import keys
from tui.domain.credentials import ApiKey
from tui.domain.hosts import DEFAULT_BASE_URL
from tui.keys import keyring_calls

OLD, NEW = (keys.parse_key(None, letter * 64, letter.upper() * 64) for letter in "ab")
MENDED = ApiKey(OLD.kind, OLD.api_key, NEW.secret)
"""The same API key, with another secret."""


class Killed(BaseException):
    """The program ends here."""


@pytest.fixture
def memory(
    use_keyring: Callable[[KeyringBackend], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> FakeKeyring:
    """A keyring with the old key, of the profile `main`."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    memory = FakeKeyring()
    use_keyring(memory)
    keys.add("main", OLD, DEFAULT_BASE_URL)
    keys.add("other", NEW, DEFAULT_BASE_URL)
    return memory


def secret_of(name: str) -> str:
    """What the person signs with."""
    return keys.load(keys.profile(name)).secret.reveal()


@pytest.mark.parametrize("key", [NEW, MENDED], ids=["another", "the same with another secret"])
def test_a_name_gets_another_key_and_keeps_its_place(memory: FakeKeyring, key: ApiKey) -> None:
    replaced = keys.replace("main", key, "https://other.example")
    assert [profile.name for profile in keys.profiles()] == ["main", "other"]
    assert keys.profile("main") == replaced
    assert (replaced.base_url, replaced.tail) == ("https://other.example", key.tail)
    assert secret_of("main") == key.secret.reveal()
    assert memory.names == ["main", "other"]


def test_only_a_name_that_there_is_can_be_replaced(memory: FakeKeyring) -> None:
    with pytest.raises(keys.ProfileMissing, match="Profiles: main, other"):
        keys.replace("mian", NEW, DEFAULT_BASE_URL)
    assert memory.names == ["main", "other"]


@pytest.mark.parametrize("failure", [keys.KeyStoreError("too late"), Killed()], ids=["fails", "is killed"])
@pytest.mark.parametrize("happens", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", range(4))
def test_wherever_it_ends_the_name_has_the_one_key_or_the_other(
    memory: FakeKeyring, monkeypatch: pytest.MonkeyPatch, step: int, happens: bool, failure: BaseException
) -> None:
    """Before or after each step that changes something: write beside, write the list, write in place, delete beside."""
    steps = count()

    def stepping(done: Callable[..., None]) -> Callable[..., None]:
        def one_step(*args: Any, **kwargs: Any) -> None:
            is_it = next(steps) == step
            if is_it and not happens:
                raise failure
            done(*args, **kwargs)
            if is_it:
                raise failure

        return one_step

    with monkeypatch.context() as failing:
        failing.setattr(keyring_calls, "write", stepping(keyring_calls.write))
        failing.setattr(keyring_calls, "delete", stepping(keyring_calls.delete))
        failing.setattr(os, "fsync", stepping(os.fsync))
        with suppress(keys.KeyStoreError, Killed):
            keys.replace("main", NEW, DEFAULT_BASE_URL)
    assert secret_of("main") in (OLD.secret.reveal(), NEW.secret.reveal())
    assert secret_of("other") == NEW.secret.reveal()
    keys.replace("main", NEW, DEFAULT_BASE_URL)  # and the next try ends it
    assert secret_of("main") == NEW.secret.reveal()
    assert memory.names == ["main", "other"]


def test_the_list_that_cannot_be_written_leaves_the_old_key_alone(
    memory: FakeKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as failing:
        failing.setattr(os, "fsync", full)
        with pytest.raises(keys.ProfilesFileError, match="No space left on device"):
            keys.replace("main", NEW, DEFAULT_BASE_URL)
    assert secret_of("main") == OLD.secret.reveal()
    assert memory.names == ["main", "other"]


def test_what_was_left_beside_goes_with_its_profile(memory: FakeKeyring) -> None:
    memory.entries["shunter", "main (new)"] = "left"
    assert secret_of("main") == OLD.secret.reveal()
    keys.remove("main")
    assert memory.names == ["other"]
