"""The D-Bus session, through which programs reach Linux keyrings. A login over SSH often has none."""

import os
import select
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from tui.keys.errors import KeyringState, KeyStoreError
from tui.language import _

_ADDRESS = "DBUS_SESSION_BUS_ADDRESS"
_DAEMON = "dbus-daemon"
_ANSWERS_S = 3.0
"""How long a bus may take to answer: on the same machine it takes a millisecond."""
_STARTS_S = 10.0
_ENDS_WITH_US = """\
"$@" 3>&1 >/dev/null 2>&1 & exec >/dev/null 2>&1
read -r address; read -r _; kill $!
[ "$address" ] || exit; bus=DBUS_SESSION_BUS_ADDRESS=$address
for second in 0 1 2; do
  sleep $second
  for each in /proc/[0-9]*; do
    [ "$(cat "$each/comm")" = gnome-keyring-d ] && grep -qzxF "$bus" "$each/environ" && kill "${each#/proc/}"
  done
done
"""
"""Runs a bus until its standard input ends, which is when this process ends, however it ends: otherwise the bus would
stay, with an open keyring on it. The bus writes its address to file 3, and nothing else anywhere: the programs that it
starts write to the same place, which would be in the middle of the app's screen. The address comes back as the first
line of the input: a keyring's daemon that is only just starting does not notice that its bus is gone.
"""


class _ThisProcess:
    """What this process knows about its session bus."""

    stale = ""
    """The address in the environment, if nobody answered there."""
    own: "subprocess.Popen[bytes] | None" = None
    """The bus that was started here."""


def adopt() -> None:
    """Use the bus that the environment names. If none answers there, use the one that the system keeps for the login.

    systemd listens there for every login, over SSH too; the keyring's library knows only the environment. An address in
    the environment may belong to a login that has ended: tmux and screen keep it.
    """
    if sys.platform == "darwin":
        return
    named = os.environ.get(_ADDRESS, "")
    if named and _answers(named):
        return
    if named:
        _ThisProcess.stale = named
    os.environ.pop(_ADDRESS, None)
    of_login = _of_login()
    if of_login and _answers(of_login):
        os.environ[_ADDRESS] = of_login


def is_missing() -> bool:
    """Whether the keyrings of this system need a D-Bus session and `adopt` found none."""
    return sys.platform != "darwin" and not os.environ.get(_ADDRESS)


def stale_variable() -> str:
    """Return the variable that names a bus where nobody answers, or an empty string."""
    return _ADDRESS if _ThisProcess.stale else ""


def is_of_login() -> bool:
    """Whether the bus in use is the one that the system keeps for the login."""
    of_login = _of_login()
    return bool(of_login) and os.environ.get(_ADDRESS, "").partition(",")[0] == of_login


def is_own() -> bool:
    """Whether the bus in use was started here."""
    return _ThisProcess.own is not None and _ThisProcess.own.poll() is None


def can_start() -> bool:
    """Whether a D-Bus session is missing, and one with a keyring can be started here."""
    return is_missing() and all(map(shutil.which, (_DAEMON, "gnome-keyring-daemon")))


def start() -> None:
    """Start a D-Bus session that ends with this process, and use it. Raises KeyStoreError."""
    command = ["sh", "-c", _ENDS_WITH_US, "sh", _DAEMON, "--session", "--nofork", "--nopidfile", "--print-address=3"]
    environment = {name: value for name, value in os.environ.items() if name != _ADDRESS}
    try:
        bus = subprocess.Popen(  # noqa: S603
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # the bus must not end before the app when the terminal does
        )
    except OSError as error:
        reason = error.strerror
    else:
        assert bus.stdin is not None  # noqa: S101 - for the type checker
        assert bus.stdout is not None  # noqa: S101
        with bus.stdout as output:
            is_ready = select.select([output], [], [], _STARTS_S)[0]
            address = output.readline().decode(errors="replace").strip() if is_ready else ""
        if address:
            with suppress(OSError):
                bus.stdin.write(f"{address}\n".encode())
                bus.stdin.flush()
            _ThisProcess.own = bus
            os.environ[_ADDRESS] = address
            return
        bus.stdin.close()
        bus.wait()
        reason = _("{program} gave no address").format(program=_DAEMON)
    problem = _("D-Bus could not be started here: {reason}. Type a key for this session instead.")
    raise KeyStoreError(problem.format(reason=reason), state=KeyringState.NO_BUS)


def _of_login() -> str:
    """Return the address of the bus that the system keeps for the login, or an empty string if it has no socket."""
    folder = os.environ.get("XDG_RUNTIME_DIR")
    if not folder:
        return ""
    socket = Path(folder) / "bus"
    try:
        return f"unix:path={socket}" if socket.is_socket() else ""
    except OSError:  # the folder is another user's, as after `su`
        return ""


def _answers(address: str) -> bool:
    """Whether there is a bus at an address."""
    try:
        from jeepney.io.blocking import open_dbus_connection  # type: ignore[import-untyped]
    except ImportError:  # this system reaches its keyring in another way
        return True
    try:
        open_dbus_connection(address, auth_timeout=_ANSWERS_S).close()
    except Exception:  # noqa: BLE001 - jeepney fails in many ways if this is not a bus or not an address
        return False
    return True
