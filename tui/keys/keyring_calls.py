"""Calls to the OS keyring: each bounded in time, each error in our own words.

The `keyring` package is imported when it is first needed: importing it takes time, and its backends talk to D-Bus.
"""

import os
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING, TypeVar

from tui.domain.credentials import Secret
from tui.domain.text import printable
from tui.keys import gnome_keyring, session_bus
from tui.keys.errors import (
    KeychainSilent,
    KeyringFailed,
    KeyringLocked,
    KeyringNew,
    KeyringTimeout,
    KeyringUnavailable,
    KeyringUnsafe,
    KeyStoreError,
    KeyTooLong,
    NoSessionBus,
    Remedy,
)
from tui.keys.settings import settings

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "shunter"
LIMIT_S = 20.0
"""How long a call may take: long enough to type a passphrase into the desktop's prompt."""
SLOW_S = 4.0
"""After so long, a person who waits for a call is told what it may be waiting for."""
MAY_ASK = "It may be asking for its passphrase on another screen"

_NAMES = {
    "keyring.backends.SecretService": "Secret Service",
    "keyring.backends.libsecret": "Secret Service (libsecret)",
    "keyring.backends.kwallet": "KWallet",
    "keyring.backends.macOS": "macOS Keychain",
    "keyring.backends.Windows": "Windows Credential Locker",
    "keyring.backends.fail": "none",
    "keyring.backends.null": "none (null)",
}
_KEEPS_NOTHING = ("keyring.backends.fail", "keyring.backends.null")
_NEED_A_BUS = ("keyring.backends.SecretService", "keyring.backends.libsecret", "keyring.backends.kwallet")
_CHOICE = "PYTHON_KEYRING_BACKEND"
_MOST_BYTES = {"keyring.backends.Windows": 2560}
"""What a backend takes in one entry, as UTF-16; the others take any length that a key has."""
_LOCKED = {"KeyringLocked", "LockedException", "PromptDismissedException"}
_INTERACTION_NOT_ALLOWED = -25308
"""macOS's code where it may not ask for the Keychain's password."""
_NOBODY = "(nobody)"
"""No profile can have this name."""
_FINDING_A_BUS = Lock()
_UNAVAILABLE = {"NoKeyringError", "InitError", "SecretServiceNotAvailableException"}

T = TypeVar("T")


def backend_name(*, limit_s: float = LIMIT_S) -> str:
    """What a person calls the keyring in use; `none` where there is none. Raises KeyStoreError."""
    return _bounded(lambda: _shown_name(_backend()), limit_s)


def probe(*, limit_s: float = LIMIT_S) -> None:
    """Find out whether a key could be kept now. Raises KeyStoreError."""
    read(_NOBODY, limit_s=limit_s)


def require_keyring(*, limit_s: float = SLOW_S) -> None:
    """Find out whether there is a keyring that a key is trusted to. Nothing is asked of it, so that it shows no prompt.
    Raises KeyStoreError.
    """
    _bounded(_safe_backend, limit_s)


def unlock(passphrase: Secret) -> None:
    """Unlock GNOME Keyring's login keyring, or make it with its first passphrase. Raises KeyStoreError."""
    _bounded(lambda: gnome_keyring.unlock(passphrase), LIMIT_S)
    look_again()


def adopt_session_bus() -> None:
    """Use the D-Bus session that answers: the environment's, or the login's. Raises KeyStoreError."""
    _bounded(session_bus.adopt, LIMIT_S)


def start_session_bus() -> None:
    """Start a D-Bus session that ends with this process, and reach keyrings through it. Raises KeyStoreError."""
    _bounded(session_bus.start, LIMIT_S)
    look_again()


def look_again() -> None:
    """Forget which keyring was found: another may be there since."""
    from keyring import backend, core

    core._keyring_backend = None
    with suppress(KeyError):
        backend.get_all_keyring.reset()


def read(name: str, *, limit_s: float) -> str | None:
    """The text that the keyring holds for a profile, or None. Raises KeyStoreError."""
    return _bounded(lambda: _safe_backend().get_password(SERVICE, name), limit_s)


def write(name: str, text: str, *, limit_s: float) -> None:
    """Keep a text in the keyring. Raises KeyStoreError; after KeyringTimeout it may still be kept."""

    def write_it() -> None:
        backend = _safe_backend()
        most = _MOST_BYTES.get(type(backend).__module__)
        if most is not None and len(text.encode("utf-16-le")) > most:
            raise KeyTooLong(
                f"{_name(backend)} takes entries of {most} bytes, and this key is longer. "
                "Use an Ed25519 or HMAC key: they are short."
            )
        backend.set_password(SERVICE, name, text)

    _bounded(write_it, limit_s)


def delete(name: str, *, limit_s: float) -> None:
    """Delete what the keyring holds for a profile, which must be something. Raises KeyStoreError."""
    _bounded(lambda: _safe_backend().delete_password(SERVICE, name), limit_s)


async def in_background(call: Callable[[], T]) -> T:
    """Await a call of this package. Unlike a thread of asyncio.to_thread, this one never holds up the program's end."""
    import asyncio

    return await asyncio.wrap_future(_started(call))


def still_waiting(ways: str) -> KeyringTimeout:
    """What to say of a call that takes longer than `SLOW_S`, while it goes on; with the ways on, beside an answer."""
    return KeyringTimeout(f"The keyring has not answered yet. {MAY_ASK}: answer there{ways}", remedies=_unlocking())


def _bounded(call: Callable[[], T], limit_s: float) -> T:
    """The call's result, or its error in our words, or KeyringTimeout."""

    def in_our_words() -> T:
        try:
            return call()
        except KeyStoreError:
            raise
        except Exception as error:  # noqa: BLE001 backends raise whatever their system's libraries raise
            problem = _in_our_words(error)
        raise problem

    try:
        return _started(in_our_words).result(limit_s)
    except TimeoutError:
        raise KeyringTimeout(
            f"The keyring has not answered for {limit_s:g} s. {MAY_ASK}: answer there, or unlock it, and try again.",
            remedies=_unlocking(),
        ) from None


def _started(call: Callable[[], T]) -> Future[T]:
    """The future answer of a call made in a thread of its own.

    A Secret Service waits for its prompt for ever, so the thread is a daemon: it must not keep the program from ending.
    """
    answer: Future[T] = Future()
    answer.set_running_or_notify_cancel()  # from here on, nobody can cancel it under the thread

    def run() -> None:
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 handed on to whoever waits
            answer.set_exception(error)
        else:
            answer.set_result(result)

    Thread(target=run, name="keyring", daemon=True).start()
    return answer


def _backend() -> "KeyringBackend":
    """The keyring in use: one, not a chain, so that a key is only ever where the header says."""
    with _FINDING_A_BUS:  # before the library looks for backends
        session_bus.adopt()
        if gnome_keyring.would_write_here():
            with suppress(KeyringUnavailable):
                session_bus.start()
    import keyring
    from keyring.backends import fail
    from keyring.backends.chainer import ChainerBackend

    try:
        backend = keyring.get_keyring()
        if isinstance(backend, ChainerBackend):
            backend = next(iter(backend.backends), fail.Keyring())  # type: ignore[no-untyped-call]
    except Exception as error:  # noqa: BLE001 a backend named in the environment may fail to load in any way
        problem = type(error).__name__
    else:
        return backend
    if os.environ.get(_CHOICE, "").startswith(_NEED_A_BUS):
        raise _nowhere()
    raise _chosen(f"cannot be used ({problem})")


def _safe_backend() -> "KeyringBackend":
    backend = _backend()
    if refusal := _refusal(backend):
        raise refusal
    return backend


def _refusal(backend: "KeyringBackend") -> KeyStoreError | None:
    """Why no key is trusted to a backend, or None.

    keyring itself rates backends: below 1 is not recommended, as for the plain text files of keyrings.alt.
    """
    if type(backend).__module__ in _KEEPS_NOTHING:
        is_chosen = _CHOICE in os.environ or "null" in type(backend).__module__  # which is never chosen by itself
        return _chosen("keeps no keys") if is_chosen else _nowhere()
    if _is_unsafe(backend) and settings().plain_text_keyring != _name(backend):
        return KeyringUnsafe(
            f"The keyring in use, {_name(backend)}, may keep keys in plain text, so Shunter does not use it. "
            "Start GNOME Keyring or KWallet, or correct PYTHON_KEYRING_BACKEND or keyringrc.cfg. "
            "It can be used all the same, on your own words.",
            _name(backend),
            command="shunter keys accept-plain-text",
            remedies={Remedy.PLAIN_TEXT, *_session_bus()},
        )
    return None


def _is_unsafe(backend: "KeyringBackend") -> bool:
    return type(backend).__module__ not in _KEEPS_NOTHING and backend.priority < 1


def _chosen(problem: str) -> KeyringUnavailable:
    """Of a keyring that a setting names: by its name, with what to do about it."""
    if _CHOICE in os.environ:
        return KeyringUnavailable(
            f"{_CHOICE} is set to {printable(os.environ[_CHOICE])!r}, a keyring that {problem}. "
            f"Leave Shunter and remove that setting: unset {_CHOICE}"
        )
    from keyring.util.platform_ import config_root

    return KeyringUnavailable(
        f"The file {config_root() / 'keyringrc.cfg'} names a keyring that {problem}. "
        "Correct its default-keyring, or delete the file, and try again."
    )


def _nowhere() -> KeyringUnavailable:
    if session_bus.is_missing():
        start = "Start" if session_bus.can_start() else "Install dbus and gnome-keyring, then start"
        why = "Over SSH that is usual."
        if variable := session_bus.stale_variable():
            why = f"{variable} names one that does not answer: it may be of an earlier login."
        return NoSessionBus(
            "There is no keyring to keep keys in: D-Bus, the service through which programs reach it, does not run in "
            f"this login. {why} {start} Shunter with D-Bus.",
            command="dbus-run-session -- shunter",
            remedies=_session_bus(),
        )
    return KeyringUnavailable(
        "There is no keyring to keep keys in. On Linux it takes a D-Bus session with GNOME Keyring or KWallet: "
        "install gnome-keyring.",
    )


def _unlocking() -> frozenset[Remedy]:
    return frozenset({Remedy.UNLOCK} if gnome_keyring.can_unlock() else ())


def _session_bus() -> frozenset[Remedy]:
    return frozenset({Remedy.SESSION_BUS} if session_bus.can_start() else ())


def _shown_name(backend: "KeyringBackend") -> str:
    return f"PLAIN TEXT {_name(backend)}" if _is_unsafe(backend) else _name(backend)


def _name(backend: "KeyringBackend") -> str:
    backend_class = type(backend)
    return _NAMES.get(backend_class.__module__, f"{backend_class.__module__}.{backend_class.__name__}")


def _in_our_words(error: Exception) -> KeyStoreError:
    # By name: the libraries that define these are only there on their own systems.
    found = [one for one in (error, error.__cause__) if one is not None]
    names = {type(one).__name__ for one in found}
    if any(one.args[:1] == (_INTERACTION_NOT_ALLOWED,) for one in found):
        return KeychainSilent(
            "The macOS Keychain is locked, and may not ask for its password here, as over SSH. Unlock it in this "
            "terminal, and start Shunter again: security unlock-keychain"
        )
    if names & _LOCKED and (remedies := _unlocking()):
        kind, words = (
            KeyringLocked,
            "The keyring is locked, and its prompt could not be shown or was dismissed. Unlock it here.",
        )
        if gnome_keyring.is_new():
            kind = KeyringNew
            words = (
                "There is no login keyring yet, and no prompt for its first passphrase could be shown. Make it here."
            )
        return kind(words, command="shunter keys unlock", remedies=remedies)
    if names & _LOCKED:
        return KeyringLocked(
            "The keyring is locked, and its prompt could not be shown or was dismissed. Unlock it and try again."
        )
    if names & _UNAVAILABLE:
        return _nowhere()
    # Not its text: a backend that runs another program may put the command into it.
    return KeyringFailed(f"The keyring failed with {type(error).__name__}. Is it running, and unlocked?")
