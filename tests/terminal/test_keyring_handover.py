"""A passphrase opens the keyring, whatever the keyring's daemons do meanwhile."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.terminal.conftest import PASSPHRASE, GnomeKeyring
from tests.waiting import LIMIT_S

SERVING = """
import os, pathlib, sys
from jeepney import MessageType, new_method_return
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

NAME, HAS_RUN, DAEMON = "org.freedesktop.secrets", pathlib.Path(__file__).with_suffix(".run"), {daemon!r}

def become_the_real_one():
    os.execv(DAEMON, [DAEMON, *sys.argv[1:]])

def serve():
    bus = open_dbus_connection()
    bus.send_and_get_reply(message_bus.RequestName(NAME))
    return bus

def question(bus, timeout=None):
    while (message := bus.receive(timeout=timeout)).header.message_type is not MessageType.method_call:
        pass
    return message

if HAS_RUN.exists():
    become_the_real_one()
HAS_RUN.touch()
serves, ready = os.pipe()
"""

ENDS_WHEN_ASKED = """
sys.stdin.read()
if os.fork():
    os.close(ready)
    os.read(serves, 1)
else:
    bus = serve()
    os.close(ready)
    question(bus)
"""

ANOTHER_IS_FIRST = """
if os.fork():
    os.close(ready)
    os.read(serves, 1)
    become_the_real_one()
os.setsid()
bus = serve()
os.close(ready)
while len(bus.send_and_get_reply(message_bus.ListQueuedOwners(NAME)).body[0]) < 2:
    pass
try:
    while True:  # nobody asks it: it is not the one that got the passphrase
        asked = question(bus, timeout=1)
        answer = {"Label": ("v", (("s", "Login"),)), "Locked": ("v", (("b", True),))}[asked.body[1]]
        bus.send(new_method_return(asked, *answer))
except TimeoutError:
    pass
"""

Unlock = Callable[[str, str], "subprocess.CompletedProcess[str]"]


@pytest.fixture
def unlock(gnome_keyring: GnomeKeyring, shunter: list[str], tmp_path: Path) -> Unlock:
    """Type a passphrase into `shunter keys unlock` while a program stands for the first daemon that it starts."""

    def unlock(program: str, passphrase: str) -> subprocess.CompletedProcess[str]:
        first = tmp_path / "bin/gnome-keyring-daemon"
        first.parent.mkdir()
        first.write_text(f"#!{sys.executable}\n" + SERVING.format(daemon=shutil.which(first.name)) + program)
        first.chmod(0o755)
        gnome_keyring.log_out()
        path = f"{first.parent}:{gnome_keyring.environment['PATH']}"
        return subprocess.run(
            [*shunter, "keys", "unlock"],
            env=gnome_keyring.environment | {"PATH": path},
            input=f"{passphrase}\n",
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )

    return unlock


@pytest.mark.parametrize("program", [ENDS_WHEN_ASKED, ANOTHER_IS_FIRST], ids=["ends when asked", "another is first"])
def test_right_passphrase_opens_the_keyring(unlock: Unlock, program: str) -> None:
    done = unlock(program, PASSPHRASE)
    assert (done.returncode, done.stderr) == (0, "The keyring is unlocked.\n")


def test_wrong_passphrase_is_told_by_the_daemon_that_got_it(unlock: Unlock) -> None:
    done = unlock(ENDS_WHEN_ASKED, "wrong")
    assert "This passphrase does not open the keyring" in done.stderr
