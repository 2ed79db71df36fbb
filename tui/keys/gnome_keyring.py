"""GNOME Keyring, unlocked or created without its own prompt, which is a window that nobody sees over SSH.

Its daemon reads the passphrase of the login keyring from its standard input, as it does when a person logs in. One that
runs already is replaced: it would not read another passphrase.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path

from tui.domain.credentials import Secret
from tui.keys import session_bus
from tui.keys.errors import KeyringFailed, KeyringLocked, KeyringTimeout

_DAEMON = "gnome-keyring-daemon"
_BUS_NAME = "org.freedesktop.secrets"
_LIMIT_S = 10.0
_POLL_S = 0.02


def can_unlock() -> bool:
    """Whether GNOME Keyring is installed, and can be reached."""
    return not session_bus.is_missing() and shutil.which(_DAEMON) is not None


def would_write_here() -> bool:
    """Whether asking for a secret would start the keyring's daemon, or its prompt, where it writes on this terminal.

    The bus starts both, with its own standard error: `dbus-run-session` hands on the terminal that it was typed in.
    Without a display the prompt cannot come up either.
    """
    if not can_unlock() or session_bus.is_of_login() or session_bus.is_own():
        return False
    has_display = any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    return not has_display and (_owner() is None or _is_locked())


def is_new() -> bool:
    """Whether this person has no login keyring yet: the first passphrase makes it."""
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share"
    try:
        return not (Path(data) / "keyrings/login.keyring").exists()
    except OSError:  # then there is a folder, which cannot be looked into
        return False


def unlock(passphrase: Secret) -> None:
    """Unlock the login keyring, or make it. Blocks for some seconds at most.

    Raises KeyringLocked where the passphrase is wrong, KeyringFailed or KeyringTimeout where the daemon does not start.
    """
    if not passphrase:
        # The daemon would take it, and keep every key in plain text.
        raise KeyringLocked("Enter a passphrase; without one, the keyring would keep keys in plain text.")
    before = _owner()
    try:
        subprocess.run(  # noqa: S603
            [_DAEMON, "--replace", "--unlock", "--components=secrets"],
            input=passphrase.reveal().encode(errors="surrogateescape"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_LIMIT_S,
            start_new_session=True,  # else it would end with this terminal
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        problem = type(error).__name__
    else:
        _wait_for_another_owner(before)
        if _is_locked():
            raise KeyringLocked("This passphrase does not open the keyring. Try again.")
        return
    raise KeyringFailed(f"GNOME Keyring could not be started ({problem}).")


def _wait_for_another_owner(before: str | None) -> None:
    deadline = time.monotonic() + _LIMIT_S
    while (owner := _owner()) is None or owner == before:
        if time.monotonic() > deadline:
            raise KeyringTimeout("GNOME Keyring did not take over; another keyring may hold its place.")
        time.sleep(_POLL_S)


def _owner() -> str | None:
    """The connection on the session bus that serves secrets now; asking starts none."""
    from jeepney import MessageType  # type: ignore[import-untyped]
    from jeepney.bus_messages import message_bus  # type: ignore[import-untyped]
    from jeepney.io.blocking import open_dbus_connection  # type: ignore[import-untyped]

    with open_dbus_connection("SESSION") as connection:
        answer = connection.send_and_get_reply(message_bus.GetNameOwner(_BUS_NAME), timeout=_LIMIT_S)
    return answer.body[0] if answer.header.message_type is MessageType.method_return else None


def _is_locked() -> bool:
    """Whether the keyring that new keys go to is locked, or is missing; asking shows no prompt."""
    import secretstorage

    connection = secretstorage.dbus_init()
    try:
        return secretstorage.Collection(connection).is_locked()
    except secretstorage.ItemNotFoundException:
        return True
    finally:
        connection.close()
