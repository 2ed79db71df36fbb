"""The D-Bus session, through which Linux keyrings are reached. A login over SSH often has none."""

import os
import select
import shutil
import subprocess
import sys
from pathlib import Path

from tui.keys.errors import KeyringUnavailable

_ADDRESS = "DBUS_SESSION_BUS_ADDRESS"
_DAEMON = "dbus-daemon"
_ANSWERS_S = 3.0
"""A bus that answers does so within this: on the same machine it takes a millisecond."""
_STARTS_S = 10.0
_ENDS_WITH_US = '"$@" 3>&1 >/dev/null 2>&1 & exec >/dev/null; read -r _; kill $!'
"""Runs a bus until its own standard input ends, which is when this process does, however that happens: else the bus
would stay, with an open keyring on it. The bus says its address on file 3, and nothing else anywhere: what it starts
writes where the bus does, and that would be in the midst of the app's screen."""


class _Known:
    """What this process has found out about its session bus."""

    stale = ""
    """The address in the environment, where nobody answered at it."""
    own: "subprocess.Popen[bytes] | None" = None
    """Keeps the bus that was started here."""


def adopt() -> None:
    """Use the bus that the environment names; where none answers there, the one that the system keeps for the login.

    systemd listens there for every login, over SSH too; the keyring's library knows only the environment. An address in
    the environment may be of a login that has ended: tmux and screen keep it.
    """
    if sys.platform == "darwin":
        return
    named = os.environ.get(_ADDRESS, "")
    if named and _answers(named):
        return
    if named:
        _Known.stale = named
    os.environ.pop(_ADDRESS, None)
    of_login = _of_login()
    if of_login and _answers(of_login):
        os.environ[_ADDRESS] = of_login


def is_missing() -> bool:
    """Whether this is a system whose keyrings need a D-Bus session, and `adopt` has found none."""
    return sys.platform != "darwin" and not os.environ.get(_ADDRESS)


def stale_variable() -> str:
    """The variable that names a bus at which nobody answers; empty where none does."""
    return _ADDRESS if _Known.stale else ""


def is_of_login() -> bool:
    """Whether the bus in use is the one that the system keeps for the login."""
    of_login = _of_login()
    return bool(of_login) and os.environ.get(_ADDRESS, "").partition(",")[0] == of_login


def is_own() -> bool:
    """Whether the bus in use was started here."""
    return _Known.own is not None and _Known.own.poll() is None


def can_start() -> bool:
    """Whether a D-Bus session with a keyring in it is missing, and can be started here."""
    return is_missing() and _is_installed()


def start() -> None:
    """Start a D-Bus session that ends with this process, and use it. Raises KeyringUnavailable."""
    command = ["sh", "-c", _ENDS_WITH_US, "sh", _DAEMON, "--session", "--nofork", "--nopidfile", "--print-address=3"]
    environment = {name: value for name, value in os.environ.items() if name != _ADDRESS}
    try:
        bus = subprocess.Popen(  # noqa: S603
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # what ends the app's terminal does not end the bus before the app
        )
    except OSError as error:
        reason = error.strerror
    else:
        assert bus.stdin is not None  # noqa: S101 - for the type checker
        assert bus.stdout is not None  # noqa: S101
        with bus.stdout as says:
            is_there = select.select([says], [], [], _STARTS_S)[0]
            address = says.readline().decode(errors="replace").strip() if is_there else ""
        if address:
            _Known.own = bus
            os.environ[_ADDRESS] = address
            return
        bus.stdin.close()
        bus.wait()
        reason = f"{_DAEMON} gave no address"
    raise KeyringUnavailable(f"D-Bus could not be started here: {reason}. Type a key for this session instead.")


def _is_installed() -> bool:
    return all(map(shutil.which, (_DAEMON, "gnome-keyring-daemon")))


def _of_login() -> str:
    """The address of the bus that the system keeps for the login; empty where there is no such socket."""
    folder = os.environ.get("XDG_RUNTIME_DIR")
    if not folder:
        return ""
    socket = Path(folder) / "bus"
    try:
        return f"unix:path={socket}" if socket.is_socket() else ""
    except OSError:  # of a folder that is another user's, as after `su`
        return ""


def _answers(address: str) -> bool:
    """Whether there is a bus at an address."""
    try:
        from jeepney.io.blocking import open_dbus_connection  # type: ignore[import-untyped]
    except ImportError:  # then the keyring of this system is reached in another way
        return True
    try:
        open_dbus_connection(address, auth_timeout=_ANSWERS_S).close()
    except Exception:  # noqa: BLE001 - jeepney fails in many ways on what is no bus or no address
        return False
    return True
