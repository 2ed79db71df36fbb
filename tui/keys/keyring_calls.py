"""Calls to the system's keyring. Each one has a time limit and raises only KeyStoreError.

The `keyring` package is imported when it is first needed: importing it takes time, and its backends talk to D-Bus.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING, TypeVar

from tui.domain.credentials import Secret
from tui.domain.layout import sentences
from tui.domain.text import printable
from tui.keys import gnome_keyring, session_bus
from tui.keys.errors import KeyringState, KeyStoreError, Remedy
from tui.keys.settings import settings
from tui.language import N_, _

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "shunter"
LIMIT_S = 20.0
"""How long a call may take: enough to type a passphrase into the desktop's prompt."""
SLOW_S = 4.0
"""After this long, Shunter says what a call may be waiting for."""

_NAMES = {
    "keyring.backends.SecretService": "Secret Service",
    "keyring.backends.libsecret": "Secret Service (libsecret)",
    "keyring.backends.kwallet": "KWallet",
    "keyring.backends.macOS": "macOS Keychain",
    "keyring.backends.Windows": "Windows Credential Locker",
    "keyring.backends.fail": N_("none"),
    "keyring.backends.null": N_("none (null)"),
}
_KEEPS_NOTHING = ("keyring.backends.fail", "keyring.backends.null")
_NEED_A_BUS = ("keyring.backends.SecretService", "keyring.backends.libsecret", "keyring.backends.kwallet")
_CHOICE = "PYTHON_KEYRING_BACKEND"
_MOST_BYTES = {"keyring.backends.Windows": 2560}
"""The longest entry a backend takes, in UTF-16; the other backends take a key of any length."""
_LOCKED = {"KeyringLocked", "LockedException", "PromptDismissedException"}
_INTERACTION_NOT_ALLOWED = -25308
"""macOS's code if it may not ask for the Keychain's password."""
_NOBODY = "(nobody)"
"""No profile can have this name."""
_FINDING_A_BUS = Lock()
_UNAVAILABLE = {"NoKeyringError", "InitError", "SecretServiceNotAvailableException"}
_NO_REPLY = "org.freedesktop.DBus.Error.NoReply"
"""The bus's answer in place of a keyring that ended while it was asked."""

T = TypeVar("T")


def backend_name(*, limit_s: float = LIMIT_S) -> str:
    """Return the name of the keyring in use, or `none`. Raises KeyStoreError."""
    return _bounded(lambda: _shown_name(_backend()), limit_s)


def probe(*, limit_s: float = LIMIT_S) -> None:
    """Raise KeyStoreError unless a key could be kept now."""
    read(_NOBODY, limit_s=limit_s)


def require_keyring(*, limit_s: float = SLOW_S) -> None:
    """Raise KeyStoreError unless there is a keyring that Shunter trusts. It is not asked, so it shows no prompt."""
    _bounded(_safe_backend, limit_s)


def unlock(passphrase: Secret) -> None:
    """Unlock GNOME Keyring's login keyring, or create it with its first passphrase. Raises KeyStoreError."""
    _bounded(lambda: gnome_keyring.unlock(passphrase), LIMIT_S)
    look_again()


def adopt_session_bus() -> None:
    """Use the D-Bus session that answers: the environment's or the login's. Raises KeyStoreError."""
    _bounded(session_bus.adopt, LIMIT_S)


def start_session_bus() -> None:
    """Start a D-Bus session that ends with this process, and reach keyrings through it. Raises KeyStoreError."""
    _bounded(session_bus.start, LIMIT_S)
    look_again()


def look_again() -> None:
    """Forget the keyring in use: another one may have appeared."""
    from keyring import backend, core

    core._keyring_backend = None
    with suppress(KeyError):
        backend.get_all_keyring.reset()


def read(name: str, *, limit_s: float) -> str | None:
    """Return the text that the keyring holds for a profile, or None. Raises KeyStoreError.

    If the keyring ends while it is asked, it is asked once more: the bus starts it again.
    """

    def read_it() -> str | None:
        try:
            return _safe_backend().get_password(SERVICE, name)
        except Exception as error:
            if not _has_ended(error):
                raise
        return _safe_backend().get_password(SERVICE, name)

    return _bounded(read_it, limit_s)


def write(name: str, text: str, *, limit_s: float) -> None:
    """Keep a text in the keyring. Raises KeyStoreError; after SILENT, the keyring may still keep it."""

    def write_it() -> None:
        backend = _safe_backend()
        most = _MOST_BYTES.get(type(backend).__module__)
        if most is not None and len(text.encode("utf-16-le")) > most:
            raise _problem(
                KeyringState.TOO_SMALL,
                _(
                    "{keyring} takes entries of {most} bytes, and this key is longer. "
                    "Use an Ed25519 or HMAC key: they are short."
                ).format(keyring=_name(backend), most=most),
            )
        backend.set_password(SERVICE, name, text)

    _bounded(write_it, limit_s)


def delete(name: str, *, limit_s: float) -> None:
    """Delete the keyring's entry for a profile, which must exist. Raises KeyStoreError."""
    _bounded(lambda: _safe_backend().delete_password(SERVICE, name), limit_s)


async def in_background(call: Callable[[], T]) -> T:
    """Await a call of this package. Unlike asyncio.to_thread, it never delays the end of the program."""
    import asyncio

    return await asyncio.wrap_future(_started(call))


def still_waiting(ways: str) -> KeyStoreError:
    """Return what to show when a call takes longer than `SLOW_S`; `ways` says what else the person can do."""
    slow = _(
        "The keyring has not answered yet. It may be asking for its passphrase on another screen: answer there{ways}"
    )
    return _problem(KeyringState.SILENT, slow.format(ways=ways))


def _bounded(call: Callable[[], T], limit_s: float) -> T:
    """Return the call's result. Raises KeyStoreError for any error, and after `limit_s`."""

    def translated() -> T:
        try:
            return call()
        except KeyStoreError:
            raise
        except Exception as error:  # noqa: BLE001 backends raise whatever their system's libraries raise
            problem = _translate(error)
        raise problem

    try:
        return _started(translated).result(limit_s)
    except TimeoutError:
        silent = _(
            "The keyring has not answered for {seconds} s. It may be asking for its passphrase on another screen: "
            "answer there, or unlock it, and try again."
        )
        raise _problem(KeyringState.SILENT, silent.format(seconds=f"{limit_s:g}")) from None


def _started(call: Callable[[], T]) -> Future[T]:
    """Start a call in its own thread and return its future.

    A Secret Service waits for its prompt for ever, so the thread is a daemon: it must not keep the program from ending.
    """
    answer: Future[T] = Future()
    answer.set_running_or_notify_cancel()  # from here on, nobody can cancel it

    def run() -> None:
        try:
            result = call()
        except BaseException as error:  # noqa: BLE001 passed on to the waiting caller
            answer.set_exception(error)
        else:
            answer.set_result(result)

    Thread(target=run, name="keyring", daemon=True).start()
    return answer


def _backend() -> "KeyringBackend":
    """Return the keyring in use. It is one keyring, not a chain: a key is only ever where the header says."""
    with _FINDING_A_BUS:  # before the library looks for backends
        session_bus.adopt()
        if gnome_keyring.would_write_here():
            with suppress(KeyStoreError):
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
        raise _no_keyring()
    raise _wrong_choice(_("cannot be used ({error})").format(error=problem))


def _safe_backend() -> "KeyringBackend":
    """Return the keyring in use if Shunter trusts a key to it. Raises KeyStoreError."""
    backend = _backend()
    if type(backend).__module__ in _KEEPS_NOTHING:
        is_chosen = _CHOICE in os.environ or "null" in type(backend).__module__  # null is never the default
        raise _wrong_choice(_("keeps no keys")) if is_chosen else _no_keyring()
    if _is_unsafe(backend) and settings().plain_text_keyring != _name(backend):
        raise _problem(
            KeyringState.UNSAFE,
            _(
                "The keyring in use, {keyring}, may keep keys in plain text, so Shunter does not use it. "
                "Start GNOME Keyring or KWallet, or correct PYTHON_KEYRING_BACKEND or keyringrc.cfg. "
                "You can still use it, if you type that you accept this."
            ).format(keyring=_name(backend)),
            command="shunter keys accept-plain-text",
            keyring=_name(backend),
        )
    return backend


def _is_unsafe(backend: "KeyringBackend") -> bool:
    """Whether keyring itself does not recommend the backend (below 1), such as the plain text files of keyrings.alt."""
    return type(backend).__module__ not in _KEEPS_NOTHING and backend.priority < 1


def _wrong_choice(problem: str) -> KeyStoreError:
    """Return the error for a keyring that a setting names, with the setting to correct."""
    if _CHOICE in os.environ:
        chosen = _(
            "{variable} is set to {value!r}, a keyring that {problem}. "
            "Leave Shunter and remove that setting: unset {variable}"
        ).format(variable=_CHOICE, value=printable(os.environ[_CHOICE]), problem=problem)
        return _problem(KeyringState.UNAVAILABLE, chosen)
    from keyring.util.platform_ import config_root

    named = _(
        "The file {path} names a keyring that {problem}. "
        "Correct its default-keyring, or delete the file, and try again."
    ).format(path=config_root() / "keyringrc.cfg", problem=problem)
    return _problem(KeyringState.UNAVAILABLE, named)


def _no_keyring() -> KeyStoreError:
    if session_bus.is_missing():
        what = _(
            "There is no keyring to keep keys in: D-Bus, the service through which programs reach it, does not run in "
            "this login."
        )
        why = _("Over SSH that is usual.")
        if variable := session_bus.stale_variable():
            why = _("{variable} names one that does not answer: it may be of an earlier login.")
            why = why.format(variable=variable)
        start = _("Start Shunter with D-Bus.")
        if not session_bus.can_start():
            start = _("Install dbus and gnome-keyring, then start Shunter with D-Bus.")
        return _problem(KeyringState.NO_BUS, sentences(what, why, start), command="dbus-run-session -- shunter")
    return _problem(
        KeyringState.UNAVAILABLE,
        _(
            "There is no keyring to keep keys in. On Linux it takes a D-Bus session with GNOME Keyring or KWallet: "
            "install gnome-keyring."
        ),
    )


def _problem(state: KeyringState, message: str, *, command: str = "", keyring: str = "") -> KeyStoreError:
    """Return the error for a state, with the remedies that are available here."""
    remedies = set()
    if state in (KeyringState.LOCKED, KeyringState.NEW, KeyringState.SILENT) and gnome_keyring.can_unlock():
        remedies.add(Remedy.UNLOCK)
    if state in (KeyringState.NO_BUS, KeyringState.UNSAFE) and session_bus.can_start():
        remedies.add(Remedy.START_BUS)
    if state is KeyringState.UNSAFE:
        remedies.add(Remedy.ACCEPT_PLAIN_TEXT)
    return KeyStoreError(message, state=state, remedies=remedies, command=command, keyring=keyring)


def _shown_name(backend: "KeyringBackend") -> str:
    """Return the name as a person reads it. The status bar knows by its beginning that it is not safe."""
    name = _name(backend)
    if _is_unsafe(backend):
        return _("PLAIN TEXT") + " " + name
    return _(name) if type(backend).__module__ in _KEEPS_NOTHING else name


def _name(backend: "KeyringBackend") -> str:
    backend_class = type(backend)
    return _NAMES.get(backend_class.__module__, f"{backend_class.__module__}.{backend_class.__name__}")


def _translate(error: Exception) -> KeyStoreError:
    """Return the error of a keyring's library as one of ours.

    It is recognised by name: the libraries are only there on their own systems.
    """
    names = {type(each).__name__ for each in _with_causes(error)}
    if any(each.args[:1] == (_INTERACTION_NOT_ALLOWED,) for each in _with_causes(error)):
        return _problem(
            KeyringState.MAY_NOT_ASK,
            _(
                "The macOS Keychain is locked, and may not ask for its password here, as over SSH. Unlock it in this "
                "terminal, and start Shunter again: security unlock-keychain"
            ),
        )
    if names & _LOCKED:
        locked = _("The keyring is locked, and its prompt could not be shown or was dismissed.")
        if not gnome_keyring.can_unlock():
            return _problem(KeyringState.LOCKED, sentences(locked, _("Unlock it and try again.")))
        if not gnome_keyring.is_new():
            here = sentences(locked, _("Unlock it here."))
            return _problem(KeyringState.LOCKED, here, command="shunter keys unlock")
        return _problem(
            KeyringState.NEW,
            _("There is no login keyring yet, and no prompt for its first passphrase could be shown. Make it here."),
            command="shunter keys unlock",
        )
    if _has_ended(error):
        return gnome_keyring.failed_when_asked()
    if names & _UNAVAILABLE:
        return _no_keyring()
    # Not its text: a backend that runs another program may put the command into it.
    failed = _("The keyring failed with {error}. Is it running, and unlocked?").format(error=type(error).__name__)
    return _problem(KeyringState.FAILED, failed)


def _has_ended(error: Exception) -> bool:
    """Whether a keyring ended while it was asked."""
    return any(getattr(each, "name", None) == _NO_REPLY for each in _with_causes(error))


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
