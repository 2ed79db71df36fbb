"""Profiles: which keys there are, and the way to each.

The keyring cannot list its entries on every system, so the names stand in a file beside it, with what tells them apart
and no secret. A key belongs to the host that it was added for; the keyring's entry says which, so that no change of the
file can send a key elsewhere.
"""

from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec

from tui.domain.credentials import ApiKey, KeyKind
from tui.domain.hosts import parse_base_url
from tui.domain.text import printable
from tui.files import ConfigFile
from tui.keys import keyring_calls
from tui.keys.errors import (
    InvalidKey,
    KeyStoreError,
    ProfileDamaged,
    ProfileExists,
    ProfileMissing,
    ProfilesFileError,
)
from tui.keys.formats import parse_key, parse_profile_name
from tui.keys.keyring_calls import LIMIT_S

_FILE = ConfigFile("profiles.json", "The list of profiles", 1024 * 1024, ProfilesFileError)


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key by name, without its secret."""

    name: str
    kind: KeyKind
    base_url: str
    """The one place that the key is sent to."""
    tail: Annotated[str, msgspec.Meta(pattern=r"\A[!-~]{0,4}\Z")]
    """The last four characters of the API key."""
    added_at: Annotated[datetime, msgspec.Meta(tz=True)]

    def __post_init__(self) -> None:
        if parse_profile_name(self.name) != self.name or parse_base_url(self.base_url) != self.base_url:
            raise ValueError("the name or the base URL is not in its plain form")


class _ProfilesFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    profiles: tuple[Profile, ...] = ()


class _Entry(msgspec.Struct, frozen=True):
    """What the keyring holds for a profile, as JSON."""

    api_key: str
    secret: str
    kind: KeyKind
    base_url: str

    def __repr__(self) -> str:
        return "_Entry(••••)"


def profiles_path() -> Path:
    """Return the path of the list of profiles. Raises FolderRefused."""
    return _FILE.path


def profiles() -> tuple[Profile, ...]:
    """Return every profile in the order of adding. Asks no keyring. Raises ProfilesFileError."""
    content = _FILE.read()
    if content is None:
        return ()
    try:
        listed = msgspec.json.decode(content, type=_ProfilesFile).profiles
    except msgspec.MsgspecError as error:
        raise _FILE.failure(
            f"is damaged: {printable(str(error)[:200])}. Correct it, or move it away and add the keys again."
        ) from None
    if len({each.name for each in listed}) < len(listed):
        raise _FILE.failure("has a name twice. Correct it.")
    return listed


def profile(name: str) -> Profile:
    """The profile of that name. Raises ProfileMissing with the names that there are, ProfilesFileError."""
    listed = profiles()
    for found in listed:
        if found.name == name:
            return found
    raise _missing(name, listed)


def load(wanted: Profile, *, limit_s: float = LIMIT_S) -> ApiKey:
    """The key of a profile, which is the one for the profile's base URL. Blocks for at most `limit_s`.

    Raises KeyStoreError: ProfileMissing where the keyring has no such entry, ProfileDamaged where the entry cannot be
    read or was added for another host.
    """
    text = keyring_calls.read(wanted.name, limit_s=limit_s)
    try:
        return _key_for(wanted, text)
    except KeyStoreError:
        beside = keyring_calls.read(_beside(wanted.name), limit_s=limit_s)
        with suppress(KeyStoreError):
            return _key_for(wanted, beside)
        raise


def _key_for(wanted: Profile, text: str | None) -> ApiKey:
    """The key of an entry of the keyring, if it is the profile's own. Raises ProfileMissing, ProfileDamaged."""
    again = "Replace it (F4, r), or remove the profile and add its key again."
    command = f"shunter keys remove {wanted.name}"
    if text is None:
        raise ProfileMissing(f"The keyring has no key for the profile {wanted.name!r}. {again}", command=command)
    decoded = _decoded(text)
    if decoded is None:
        raise ProfileDamaged(
            f"The keyring's entry for the profile {wanted.name!r} is damaged. {again}", command=command
        )
    key, base_url = decoded
    if (base_url, key.kind) != (wanted.base_url, wanted.kind):
        raise ProfileDamaged(
            f"The keyring's entry for the profile {wanted.name!r} is an {key.kind} key for {base_url}, "
            f"but the list of profiles says {wanted.kind} for {wanted.base_url}. {again}",
            command=command,
        )
    if key.tail != wanted.tail:
        raise ProfileDamaged(
            f"The key of the profile {wanted.name!r} has been replaced by another. {again}", command=command
        )
    return key


def add(name: str, key: ApiKey, base_url: str, *, limit_s: float = LIMIT_S) -> Profile:
    """Keep a key in the keyring under a new name, for one base URL, both as their parsers give them.

    Raises ProfileExists where the list has that name already, or the keyring has it for another key, and KeyStoreError
    otherwise. The very same key may be there from a try whose answer came too late.
    """
    added = Profile(name, key.kind, base_url, key.tail, datetime.now(UTC).replace(microsecond=0))
    with _changing(limit_s):
        refuse_taken(name)
        text = _entry_text(key, base_url)
        held = keyring_calls.read(name, limit_s=limit_s)
        if held not in (None, text):
            raise ProfileExists(
                f"The keyring already holds a key named {name!r}, which is in no list of this account. "
                "Choose another name, or remove it first.",
                command=f"shunter keys remove {name}",
            )
        if held is None:
            keyring_calls.write(name, text, limit_s=limit_s)
        try:
            _write((*profiles(), added))
        except ProfilesFileError:
            with suppress(KeyStoreError):
                keyring_calls.delete(name, limit_s=limit_s)
            raise
    return added


def replace(name: str, key: ApiKey, base_url: str, *, limit_s: float = LIMIT_S) -> Profile:
    """Keep another key under the name of a profile, for one base URL, both as their parsers give them.

    Wherever this ends, the name has the one key or the other: the new one is first kept beside the old one, where
    `load` finds it as soon as the list names it. Raises ProfileMissing where the list has no such name, and
    KeyStoreError otherwise.
    """
    replaced = Profile(name, key.kind, base_url, key.tail, datetime.now(UTC).replace(microsecond=0))
    with _changing(limit_s):
        listed = profiles()
        if all(found.name != name for found in listed):
            raise _missing(name, listed)
        text = _entry_text(key, base_url)
        keyring_calls.write(_beside(name), text, limit_s=limit_s)
        try:
            _write(tuple(replaced if found.name == name else found for found in listed))
        except ProfilesFileError:
            with suppress(KeyStoreError):
                keyring_calls.delete(_beside(name), limit_s=limit_s)
            raise
        keyring_calls.write(name, text, limit_s=limit_s)
        with suppress(KeyStoreError):
            keyring_calls.delete(_beside(name), limit_s=limit_s)
    return replaced


def refuse_taken(name: str) -> None:
    """Say before anything is typed that a name is taken: raises ProfileExists where the list has it."""
    if any(found.name == name for found in profiles()):
        raise ProfileExists(
            f"There is a profile {name!r} already. Choose another name, or remove it first.",
            command=f"shunter keys remove {name}",
        )


def remove(name: str, *, limit_s: float = LIMIT_S) -> None:
    """Delete a profile's key from the keyring, and its name from the list; either may be gone already.

    Raises ProfileMissing where neither has it, and KeyStoreError otherwise.
    """
    with _changing(limit_s):
        listed = profiles()
        kept = tuple(found for found in listed if found.name != name)
        if keyring_calls.read(_beside(name), limit_s=limit_s) is not None:
            keyring_calls.delete(_beside(name), limit_s=limit_s)
        if keyring_calls.read(name, limit_s=limit_s) is not None:
            keyring_calls.delete(name, limit_s=limit_s)
        elif kept == listed:
            raise _missing(name, listed)
        if kept != listed:
            _write(kept)


def _missing(name: str, listed: tuple[Profile, ...]) -> ProfileMissing:
    names = ", ".join(found.name for found in listed)
    if names:
        return ProfileMissing(f"There is no profile {name!r}. Profiles: {names}")
    return ProfileMissing(f"There is no profile {name!r}, nor any other. Add one.", command="shunter keys add NAME")


def _beside(name: str) -> str:
    """Where a new key is kept until it has the place of the old one. No profile has such a name."""
    return f"{name} (new)"


def _entry_text(key: ApiKey, base_url: str) -> str:
    return msgspec.json.encode(_Entry(key.api_key.reveal(), key.secret.reveal(), key.kind, base_url)).decode()


def _decoded(text: str) -> tuple[ApiKey, str] | None:
    """The key of an entry, and its base URL."""
    with suppress(msgspec.MsgspecError, RecursionError, InvalidKey):
        entry = msgspec.json.decode(text, type=_Entry)
        return parse_key(entry.kind, entry.api_key, entry.secret), entry.base_url
    return None


def _changing(limit_s: float) -> AbstractContextManager[None]:
    """Keep other Shunters from changing the profiles."""
    return _FILE.locked(limit_s, busy="Another Shunter is adding or removing a key. Finish that, and try again.")


def _write(listed: tuple[Profile, ...]) -> None:
    _FILE.write(msgspec.json.format(msgspec.json.encode(_ProfilesFile(listed))) + b"\n")
