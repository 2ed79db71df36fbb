"""Unlock or create GNOME Keyring without its own prompt, a window that nobody sees over SSH.

Its daemon reads the passphrase of the login keyring from its standard input, as it does when a person logs in. A daemon
that already runs is replaced: it would not read another passphrase.

A daemon may abort while a program asks it something, most likely the first thing (`assertion 'client' failed` in its
log). The bus then starts another, which does not know the passphrase, as soon as any program asks again. So the daemon
that got the passphrase is asked by its own address whether it is unlocked, and if it is gone, or another was first, the
next one gets the passphrase too.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.domain.credentials import Secret
from tui.keys import session_bus
from tui.keys.errors import KeyringState, KeyStoreError
from tui.language import _

if TYPE_CHECKING:
    from jeepney import Message  # type: ignore[import-untyped]

_DAEMON = "gnome-keyring-daemon"
_BUS_NAME = "org.freedesktop.secrets"
_DEFAULT = "/org/freedesktop/secrets/aliases/default"
_COLLECTION = "org.freedesktop.Secret.Collection"
_LIMIT_S = 10.0
_ATTEMPTS = 3
"""How many daemons get the passphrase, if none of them takes over and answers."""
_TAKES_OVER_S = 3.0
"""How long a daemon that has started may take until it serves secrets: it takes a tenth of a second."""
_POLL_S = 0.02


def can_unlock() -> bool:
    """Whether GNOME Keyring is installed and can be reached."""
    return not session_bus.is_missing() and shutil.which(_DAEMON) is not None


def would_write_here() -> bool:
    """Whether asking for a secret would start the keyring's daemon or its prompt, and let it write to this terminal.

    The bus starts both with its own standard error, and `dbus-run-session` passes on the terminal it was typed in.
    Without a display, the prompt cannot appear either.
    """
    if not can_unlock() or session_bus.is_of_login() or session_bus.is_own():
        return False
    has_display = any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    if has_display:
        return False
    owner = _owner()
    return owner is None or _is_locked(owner) is not False


def is_new() -> bool:
    """Whether there is no login keyring yet: the first passphrase creates it."""
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share"
    try:
        return not (Path(data) / "keyrings/login.keyring").exists()
    except OSError:  # there is a folder, but it cannot be read
        return False


def unlock(passphrase: Secret) -> None:
    """Unlock the login keyring, or create it. Blocks for a few seconds at most.

    Raises KeyStoreError: LOCKED if the passphrase is wrong, FAILED or SILENT if the daemon does not start or answer.
    """
    if not passphrase:
        # The daemon would accept it and keep every key in plain text.
        raise KeyStoreError(
            _("Enter a passphrase; without one, the keyring would keep keys in plain text."), state=KeyringState.LOCKED
        )
    for _attempt in range(_ATTEMPTS):
        owner = _owner_of_session(_start(passphrase))
        is_locked = _is_locked(owner) if owner else None
        if is_locked is False:
            return
        if is_locked:
            raise KeyStoreError(_("This passphrase does not open the keyring. Try again."), state=KeyringState.LOCKED)
    if owner:
        raise failed_when_asked()
    raise KeyStoreError(
        _("GNOME Keyring did not take over; another keyring may hold its place."), state=KeyringState.SILENT
    )


def failed_when_asked() -> KeyStoreError:
    """Return the error for a keyring that gave no answer, as it does if it ends meanwhile."""
    return KeyStoreError(_("The keyring failed while it was asked. Try again."), state=KeyringState.FAILED)


def _start(passphrase: Secret) -> int:
    """Replace the daemon with one that gets the passphrase. Return the session of its process."""
    try:
        with subprocess.Popen(  # noqa: S603
            [_DAEMON, "--replace", "--unlock", "--components=secrets"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # otherwise it would end with this terminal
        ) as starting:
            try:
                starting.communicate(passphrase.reveal().encode(errors="surrogateescape"), timeout=_LIMIT_S)
            finally:
                starting.kill()  # without effect once it has ended
    except (OSError, subprocess.SubprocessError) as error:
        problem = type(error).__name__
    else:
        if starting.returncode == 0:
            return starting.pid
        problem = subprocess.CalledProcessError.__name__
    failed = _("GNOME Keyring could not be started ({error}).").format(error=problem)
    raise KeyStoreError(failed, state=KeyringState.FAILED)


def _owner_of_session(session: int) -> str | None:
    """Return the connection that serves secrets once its process is of this session; None if that takes too long."""
    deadline = time.monotonic() + _TAKES_OVER_S
    while (owner := _owner()) is None or _session(owner) != session:
        if time.monotonic() > deadline:
            return None
        time.sleep(_POLL_S)
    return owner


def _owner() -> str | None:
    """Return the connection on the session bus that serves secrets now. Asking does not start one."""
    from jeepney.bus_messages import message_bus  # type: ignore[import-untyped]

    answer = _answer(message_bus.GetNameOwner(_BUS_NAME))
    return answer[0] if answer else None


def _session(connection: str) -> int | None:
    """Return the session of the process behind a connection, or None if it is gone."""
    from jeepney.bus_messages import message_bus

    answer = _answer(message_bus.GetConnectionUnixProcessID(connection))
    try:
        return os.getsid(answer[0]) if answer else None
    except ProcessLookupError:
        return None


def _is_locked(connection: str) -> bool | None:
    """Whether the keyring for new keys is locked there; None if it is missing or gone. Asking shows no prompt."""
    from jeepney import DBusAddress, Properties

    answer = _answer(Properties(DBusAddress(_DEFAULT, connection, _COLLECTION)).get("Locked"))
    return answer[0][1] if answer else None


def _answer(question: "Message") -> tuple[Any, ...] | None:
    """Return the answer to a message on the session bus, or None if it is an error."""
    from jeepney import MessageType
    from jeepney.io.blocking import open_dbus_connection  # type: ignore[import-untyped]

    with open_dbus_connection("SESSION", auth_timeout=_LIMIT_S) as connection:
        answer = connection.send_and_get_reply(question, timeout=_LIMIT_S)
    return answer.body if answer.header.message_type is MessageType.method_return else None
