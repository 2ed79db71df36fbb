"""Profiles: the list of keys, and the key of each.

Not every system's keyring can list its entries, so a file lists the names, with what tells them apart and no secret. A
key belongs to the host that it was added for. The keyring's entry names that host too, so no change of the file can
send a key elsewhere.
"""

from contextlib import suppress
from datetime import datetime
from typing import Annotated

import msgspec

from tui import clock
from tui.domain.credentials import ApiKey, KeyKind
from tui.domain.hosts import parse_base_url
from tui.domain.layout import sentences
from tui.domain.moments import utc
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
from tui.language import N_, _

_FILE = ConfigFile("profiles.json", N_("The list of profiles"), 1024 * 1024, ProfilesFileError)


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A key under a name, without its secret."""

    name: str
    kind: KeyKind
    base_url: str
    """The only host that the key is sent to."""
    tail: Annotated[str, msgspec.Meta(pattern=r"\A[!-~]{0,4}\Z")]
    """The last four characters of the API key."""
    added_at: Annotated[datetime, msgspec.Meta(tz=True)]
    read_only: bool = False
    """Whether nothing may be sent with it."""

    def __post_init__(self) -> None:
        if parse_profile_name(self.name) != self.name or parse_base_url(self.base_url) != self.base_url:
            raise ValueError("the name or the base URL is not in its plain form")


class _ProfilesFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    profiles: tuple[Profile, ...] = ()


class _Entry(msgspec.Struct, frozen=True):
    """The keyring's entry for a profile, as JSON."""

    api_key: str
    secret: str
    kind: KeyKind
    base_url: str

    def __repr__(self) -> str:
        return "_Entry(••••)"


def profiles() -> tuple[Profile, ...]:
    """Return every profile in the order of adding. Asks no keyring. Raises ProfilesFileError."""
    content = _FILE.read()
    if content is None:
        return ()
    try:
        listed = msgspec.json.decode(content, type=_ProfilesFile).profiles
    except msgspec.MsgspecError as error:
        damaged = _("is damaged: {error}. Correct it, or move it away and add the keys again.")
        raise _FILE.failure(damaged.format(error=printable(str(error)[:200]))) from None
    if len({each.name for each in listed}) < len(listed):
        raise _FILE.failure(_("has a name twice. Correct it."))
    return listed


def profile(name: str) -> Profile:
    """Return the profile of that name. Raises ProfileMissing with the names that there are, ProfilesFileError."""
    return _listed(name, profiles())


def choose(name: str | None = None, base_url: str | None = None) -> Profile | None:
    """Return the profile of that name, or the only one of that host; without a host, of all. None if there is none.

    Raises ProfileMissing if there is no profile of that name, or none was named of several; KeyStoreError if the named
    one is for another host, and ProfilesFileError.
    """
    if name:
        named = profile(name)
        if base_url in (None, named.base_url):
            return named
        elsewhere = _(
            "The profile {name} is for {host}, and its key is sent nowhere else. For {wanted}, add a key of its own."
        )
        raise KeyStoreError(elsewhere.format(name=name, host=named.base_url, wanted=base_url))
    fitting = [each for each in profiles() if base_url in (None, each.base_url)]
    if len(fitting) > 1:
        names = _(", ").join(each.name for each in fitting)
        several = _("There are several keys. Choose one with --profile, or with F4 in the app: {names}")
        raise ProfileMissing(several.format(names=names))
    return fitting[0] if fitting else None


def _listed(name: str, listed: tuple[Profile, ...]) -> Profile:
    for each in listed:
        if each.name == name:
            return each
    names = _(", ").join(each.name for each in listed)
    if names:
        raise ProfileMissing(_("There is no profile {name!r}. Profiles: {names}").format(name=name, names=names))
    none = _("There is no profile {name!r}, nor any other. Add one.").format(name=name)
    raise ProfileMissing(none, command="shunter keys add NAME")


def load(wanted: Profile, *, limit_s: float = LIMIT_S) -> ApiKey:
    """Return the key of a profile, for the profile's base URL. Blocks for at most `limit_s`.

    Raises KeyStoreError: ProfileMissing if the keyring has no such entry, ProfileDamaged if the entry cannot be read or
    was added for another host.
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
    """Return the key of a keyring's entry, if it is the profile's own. Raises ProfileMissing, ProfileDamaged."""
    again = _("Replace it (F4, r), or remove the profile and add its key again.")
    command = f"shunter keys remove {wanted.name}"
    if text is None:
        missing = _("The keyring has no key for the profile {name!r}.").format(name=wanted.name)
        raise ProfileMissing(sentences(missing, again), command=command)
    decoded = _decoded(text)
    if decoded is None:
        problem = _("The keyring's entry for the profile {name!r} is damaged.").format(name=wanted.name)
    else:
        key, base_url = decoded
        if (base_url, key.kind, key.tail) == (wanted.base_url, wanted.kind, wanted.tail):
            return key
        problem = _("The key of the profile {name!r} has been replaced by another.").format(name=wanted.name)
        if (base_url, key.kind) != (wanted.base_url, wanted.kind):
            problem = _(
                "The keyring's entry for the profile {name!r} is an {kind} key for {host}, "
                "but the list of profiles says {wanted_kind} for {wanted_host}."
            ).format(
                name=wanted.name, kind=key.kind, host=base_url, wanted_kind=wanted.kind, wanted_host=wanted.base_url
            )
    raise ProfileDamaged(sentences(problem, again), command=command)


def add(name: str, key: ApiKey, base_url: str, *, read_only: bool = False, limit_s: float = LIMIT_S) -> Profile:
    """Keep a key in the keyring under a new name, for one base URL; both as their parsers return them.

    Raises ProfileExists if the list has that name, or the keyring has it for another key, and KeyStoreError otherwise.
    The same key may be in the keyring already, from an attempt that was answered too late.
    """
    added = _profile(name, key, base_url, read_only=read_only)
    with _FILE.locked(limit_s):
        refuse_taken(name)
        text = _entry_text(key, base_url)
        held = keyring_calls.read(name, limit_s=limit_s)
        if held not in (None, text):
            taken = _(
                "The keyring already holds a key named {name!r}, which is in no list of this account. "
                "Choose another name, or remove it first."
            )
            raise ProfileExists(taken.format(name=name), command=f"shunter keys remove {name}")
        if held is None:
            keyring_calls.write(name, text, limit_s=limit_s)
        _write_or_delete((*profiles(), added), name, limit_s)
    return added


def replace(name: str, key: ApiKey, base_url: str, *, limit_s: float = LIMIT_S) -> Profile:
    """Keep another key under the name of a profile, for one base URL; both as their parsers return them.

    Wherever this fails, the name has one key or the other: the new key is first kept next to the old one, where `load`
    finds it as soon as the list describes it. Raises ProfileMissing if the list has no such name, and KeyStoreError
    otherwise.
    """
    with _FILE.locked(limit_s):
        listed = profiles()
        replaced = _profile(name, key, base_url, read_only=_listed(name, listed).read_only)
        text = _entry_text(key, base_url)
        keyring_calls.write(_beside(name), text, limit_s=limit_s)
        _write_or_delete(tuple(replaced if each.name == name else each for each in listed), _beside(name), limit_s)
        keyring_calls.write(name, text, limit_s=limit_s)
        with suppress(KeyStoreError):
            keyring_calls.delete(_beside(name), limit_s=limit_s)
    return replaced


def set_read_only(name: str, *, read_only: bool, limit_s: float = LIMIT_S) -> Profile:
    """Set whether nothing may be sent with a profile. Raises ProfileMissing, ProfilesFileError."""
    with _FILE.locked(limit_s):
        listed = profiles()
        changed = msgspec.structs.replace(_listed(name, listed), read_only=read_only)
        _write(tuple(changed if each.name == name else each for each in listed))
    return changed


def refuse_taken(name: str) -> None:
    """Raise ProfileExists if the list has a name, before anything else is typed."""
    if any(each.name == name for each in profiles()):
        taken = _("There is a profile {name!r} already. Choose another name, or remove it first.").format(name=name)
        raise ProfileExists(taken, command=f"shunter keys remove {name}")


def remove(name: str, *, limit_s: float = LIMIT_S) -> None:
    """Delete a profile's key from the keyring, and its name from the list; either may be gone already.

    Raises ProfileMissing if neither has it, and KeyStoreError otherwise.
    """
    with _FILE.locked(limit_s):
        listed = profiles()
        kept = tuple(each for each in listed if each.name != name)
        if keyring_calls.read(_beside(name), limit_s=limit_s) is not None:
            keyring_calls.delete(_beside(name), limit_s=limit_s)
        if keyring_calls.read(name, limit_s=limit_s) is not None:
            keyring_calls.delete(name, limit_s=limit_s)
        else:
            _listed(name, listed)
        if kept != listed:
            _write(kept)


def _beside(name: str) -> str:
    """Return the name for a new key until it replaces the old one. No profile can have it."""
    return f"{name} (new)"


def _profile(name: str, key: ApiKey, base_url: str, *, read_only: bool) -> Profile:
    added_at = utc(clock.wall_ms()).replace(microsecond=0)
    return Profile(name, key.kind, base_url, key.tail, added_at, read_only)


def _entry_text(key: ApiKey, base_url: str) -> str:
    return msgspec.json.encode(_Entry(key.api_key.reveal(), key.secret.reveal(), key.kind, base_url)).decode()


def _decoded(text: str) -> tuple[ApiKey, str] | None:
    """Return the key and the base URL of an entry, or None if it cannot be read."""
    with suppress(msgspec.MsgspecError, RecursionError, InvalidKey):
        entry = msgspec.json.decode(text, type=_Entry)
        return parse_key(entry.kind, entry.api_key, entry.secret), entry.base_url
    return None


def _write_or_delete(listed: tuple[Profile, ...], entry: str, limit_s: float) -> None:
    """Replace the list; if that fails, delete the new entry from the keyring again."""
    try:
        _write(listed)
    except ProfilesFileError:
        with suppress(KeyStoreError):
            keyring_calls.delete(entry, limit_s=limit_s)
        raise


def _write(listed: tuple[Profile, ...]) -> None:
    _FILE.write(msgspec.json.format(msgspec.json.encode(_ProfilesFile(listed))) + b"\n")
