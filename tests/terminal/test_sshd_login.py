"""The whole way over a real sshd: from nothing to a stored key, log out, log in, unlock, transfer."""

import getpass
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.terminal.conftest import PASSPHRASE, OpenPty, Pty
from tui.demo.exchange import DemoExchange
from tui.demo.keys import demo_key
from tui.demo.serving import served

KEY = demo_key()
SSHD = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")

LogIn = Callable[[str], Pty]


@pytest.fixture
def log_in(open_pty: OpenPty, environment: dict[str, str], tmp_path: Path) -> Iterator[LogIn]:
    """Log in over ssh, with a terminal, and run a command there. A login gets the home folder and nothing else."""
    if SSHD is None and "CI" not in os.environ:
        pytest.skip("sshd is not installed")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # as its service does, where there is one
    folder = tmp_path / "ssh"
    folder.mkdir(mode=0o700)
    for name in ("host", "person"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    handed_on = ("HOME", "PATH", "PYTHONPATH", "LANG")
    (folder / "sshd_config").write_text(
        f"""
        HostKey {folder}/host
        AuthorizedKeysFile {folder}/person.pub
        StrictModes no
        UsePAM no
        PidFile none
        SetEnv {" ".join(f'"{name}={environment[name]}"' for name in handed_on)}
        """
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        servers: list[subprocess.Popen[bytes]] = []

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:  # as inetd does it: one sshd for each connection, which is its standard input
                    command = [str(SSHD), "-i", "-e", "-f", str(folder / "sshd_config")]
                    servers.append(
                        subprocess.Popen(
                            command, stdin=connection.fileno(), stdout=connection.fileno(), stderr=subprocess.DEVNULL
                        )
                    )

        threading.Thread(target=serve, daemon=True).start()
        port = listening.getsockname()[1]
        options = ["StrictHostKeyChecking=no", f"UserKnownHostsFile={folder}/known", "LogLevel=ERROR"]
        login = [
            *("ssh", "-tt", "-F", "none", "-p", str(port), "-i", str(folder / "person")),
            *(word for option in options for word in ("-o", option)),
            f"{getpass.getuser()}@127.0.0.1",
        ]
        yield lambda command: open_pty([*login, command], environment)
        listening.shutdown(socket.SHUT_RDWR)
        for server in servers:
            server.terminate()
            server.wait(30)


def test_key_of_a_first_login_is_unlocked_and_used_at_the_next(
    log_in: LogIn, environment: dict[str, str], tmp_path: Path
) -> None:
    if not shutil.which("gnome-keyring-daemon") and "CI" not in os.environ:
        pytest.skip("gnome-keyring-daemon is not installed")
    with served(DemoExchange()) as base_url:
        shunter = f"{sys.executable} -m tui --base-url {base_url}"

        terminal = log_in(shunter)
        terminal.wait_for("D-Bus", "does not run in this login", "b   start D-Bus")
        terminal.type("b")
        terminal.wait_for("MAKE THE LOGIN KEYRING", "Once more")
        terminal.type(f"{PASSPHRASE}\t{PASSPHRASE}\r")
        terminal.wait_for("There is no key yet.", "Keyring: Secret Service")
        terminal.type("\x0b")  # Ctrl+K
        terminal.wait_for("There are no keys yet")
        terminal.type("a")
        terminal.wait_for("ADD A KEY")
        terminal.type(f"{KEY.api_key.reveal()}\t{KEY.secret.reveal()}\r")
        terminal.wait_for("main: A transfer would be accepted.")
        terminal.type("\r")
        terminal.wait_for("main ...demo", "13 assets")
        terminal.type("\x11")  # Ctrl+Q
        assert terminal.wait_for_end() == 0

        terminal = log_in(shunter)
        terminal.wait_for("The passphrase of the login keyring")
        terminal.type(f"{PASSPHRASE}\r")
        terminal.wait_for("main ...demo", "13 assets")
        terminal.type("\t\tUSDT\t5")
        terminal.wait_for("of 1,250.00 USDT")
        terminal.type("\x12")  # Ctrl+R
        terminal.wait_for("y  Send")
        terminal.type("y")
        terminal.wait_for("TRANSFER DONE", "tranId  ")
        terminal.type("\x1b")
        terminal.wait_for("THIS SESSION 1")
        terminal.type("\x11")
        assert terminal.wait_for_end() == 0
        assert PASSPHRASE.encode() not in terminal.written

    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert KEY.secret.reveal().encode() not in written
