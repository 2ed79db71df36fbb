"""The D-Bus session, through which Linux keyrings are reached. A login over SSH often has none."""

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path

_ADDRESS = "DBUS_SESSION_BUS_ADDRESS"
_STARTER = "dbus-run-session"
_OUTLIVE_HANG_UP = """\
(trap "" HUP; exec "$0" -- sh -c 'exec 2>&3 3>&-; exec "$0" "$@"' "$@" 3>&2 2>/dev/null); exit $?"""
"""A terminal that hangs up ends the shell and the app. The starter lives on, and ends the bus behind the app: else the
bus would stay, with an open keyring on it. What the bus has to say of itself goes nowhere: it would stand in the midst
of the app's screen."""


def adopt() -> None:
    """Use the bus that the system keeps for a logged-in person, where the environment names none.

    systemd listens there for every login, over SSH too; the keyring's library knows only the environment.
    """
    socket = Path(os.environ.get("XDG_RUNTIME_DIR") or "/nonexistent") / "bus"
    with suppress(OSError):  # of a folder that is another user's, as after `su`
        if _ADDRESS not in os.environ and socket.is_socket():
            os.environ[_ADDRESS] = f"unix:path={socket}"


def is_missing() -> bool:
    """Whether this is a system whose keyrings need a D-Bus session, and there is none."""
    return sys.platform != "darwin" and not os.environ.get(_ADDRESS)


def can_start() -> bool:
    """Whether a D-Bus session with a keyring in it can be started here."""
    return is_missing() and all(map(shutil.which, (_STARTER, "gnome-keyring-daemon")))


def restart_inside() -> None:
    """Replace this process with the same program inside a D-Bus session of its own. Raises OSError."""
    os.execvp("sh", ["sh", "-c", _OUTLIVE_HANG_UP, _STARTER, *sys.orig_argv])  # noqa: S606, S607 as a person would type it
