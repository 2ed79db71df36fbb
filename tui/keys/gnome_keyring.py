"""Unlock or create GNOME Keyring without its own prompt, a window that nobody sees over SSH.

Its daemon reads the passphrase of the login keyring from its standard input, as it does when a person logs in. A daemon
that already runs is replaced: it would not read another passphrase.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path

from tui.domain.credentials import Secret
from tui.keys import session_bus
from tui.keys.errors import KeyringState, KeyStoreError
from tui.language import _

_DAEMON = "gnome-keyring-daemon"
_BUS_NAME = "org.freedesktop.secrets"
_LIMIT_S = 10.0
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
    return not has_display and (_owner() is None or _is_locked())


def is_new() -> bool:
    """Whether there is no login keyring yet: the first passphrase creates it."""
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share"
    try:
        return not (Path(data) / "keyrings/login.keyring").exists()
    except OSError:  # there is a folder, but it cannot be read
        return False


def unlock(passphrase: Secret) -> None:
    """Unlock the login keyring, or create it. Blocks for a few seconds at most.

    Raises KeyStoreError: LOCKED if the passphrase is wrong, FAILED or SILENT if the daemon does not start.
    """
    if not passphrase:
        # The daemon would accept it and keep every key in plain text.
        raise KeyStoreError(
            _("Enter a passphrase; without one, the keyring would keep keys in plain text."), state=KeyringState.LOCKED
        )
    before = _owner()
    try:
        subprocess.run(  # noqa: S603
            [_DAEMON, "--replace", "--unlock", "--components=secrets"],
            input=passphrase.reveal().encode(errors="surrogateescape"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_LIMIT_S,
            start_new_session=True,  # otherwise it would end with this terminal
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        problem = type(error).__name__
    else:
        _wait_for_another_owner(before)
        if _is_locked():
            raise KeyStoreError(_("This passphrase does not open the keyring. Try again."), state=KeyringState.LOCKED)
        return
    failed = _("GNOME Keyring could not be started ({error}).").format(error=problem)
    raise KeyStoreError(failed, state=KeyringState.FAILED)


def _wait_for_another_owner(before: str | None) -> None:
    deadline = time.monotonic() + _LIMIT_S
    while (owner := _owner()) is None or owner == before:
        if time.monotonic() > deadline:
            raise KeyStoreError(
                _("GNOME Keyring did not take over; another keyring may hold its place."), state=KeyringState.SILENT
            )
        time.sleep(_POLL_S)


def _owner() -> str | None:
    """Return the connection on the session bus that serves secrets now. Asking does not start one."""
    from jeepney import MessageType  # type: ignore[import-untyped]
    from jeepney.bus_messages import message_bus  # type: ignore[import-untyped]
    from jeepney.io.blocking import open_dbus_connection  # type: ignore[import-untyped]

    with open_dbus_connection("SESSION") as connection:
        answer = connection.send_and_get_reply(message_bus.GetNameOwner(_BUS_NAME), timeout=_LIMIT_S)
    return answer.body[0] if answer.header.message_type is MessageType.method_return else None


def _is_locked() -> bool:
    """Whether the keyring for new keys is locked or missing. Asking shows no prompt."""
    import secretstorage

    connection = secretstorage.dbus_init()
    try:
        return secretstorage.Collection(connection).is_locked()
    except secretstorage.ItemNotFoundException:
        return True
    finally:
        connection.close()
