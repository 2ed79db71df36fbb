"""`shunter keys` with a real GNOME Keyring and a real terminal."""

import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from tests.terminal.conftest import PASSPHRASE, GnomeKeyring, OpenPty
from tests.waiting import LIMIT_S, wait_for
from tui.demo.exchange import DemoExchange
from tui.demo.keys import demo_key, new_key
from tui.demo.serving import served
from tui.domain.credentials import ApiKey, KeyKind

API_KEY = "A1b2C3d4" * 7 + "E5f6k3Fq"
SECRET = "Zy9Xw8Vu" * 8

Run = Callable[..., subprocess.CompletedProcess[str]]
Spawn = Callable[..., pexpect.spawn]


@pytest.fixture
def run(gnome_keyring: GnomeKeyring, shunter: list[str]) -> Run:
    """Run `shunter keys …` without a terminal, with a text at standard input."""

    def run(*arguments: str, text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*shunter, "keys", *arguments],
            env=gnome_keyring.environment | environment,
            input=text,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )

    return run


@pytest.fixture
def spawn(gnome_keyring: GnomeKeyring, shunter: list[str]) -> Spawn:
    """Run `shunter keys …` in a terminal."""

    def spawn(*arguments: str) -> pexpect.spawn:
        return pexpect.spawn(
            shunter[0],
            [*shunter[1:], "keys", *arguments],
            env=gnome_keyring.environment,
            encoding="utf-8",
            timeout=LIMIT_S,
            dimensions=(24, 80),
        )

    return spawn


def file_of(key: ApiKey) -> str:
    return f"{key.api_key.reveal()}\n{key.secret.reveal()}"


def written_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def end_of(terminal: pexpect.spawn) -> tuple[str, int]:
    """What it said until it ended, and its exit status."""
    terminal.expect(pexpect.EOF)
    terminal.close()
    said: tuple[str, int] = terminal.before, terminal.exitstatus
    return said


@pytest.mark.parametrize("kind", KeyKind)
def test_key_of_a_file_is_kept_checked_and_removed(run: Run, kind: KeyKind, tmp_path: Path) -> None:
    key, verifier = new_key(kind)
    exchange = DemoExchange()
    exchange.add_key(kind, key.api_key.reveal(), verifier)
    with served(exchange) as base_url:
        added = run("add", "main", "--base-url", base_url, "--stdin", text=file_of(key))
        assert (added.returncode, added.stdout) == (0, "")
        assert "shunter keys check main" in added.stderr
        assert "shunter --profile main" in added.stderr

        listed = run("list")
        assert listed.returncode == 0
        assert "Keyring: Secret Service" in listed.stdout
        assert f"main  {kind}" in listed.stdout
        assert f"...{key.tail}" in listed.stdout
        assert base_url in listed.stdout

        checked = run("check", "main")
        assert checked.returncode == 0, checked.stderr
        assert "A transfer would be accepted." in checked.stdout
        assert "round trip" in checked.stdout

    removed = run("remove", "main", "--yes")
    assert removed.returncode == 0
    assert (removed.stdout, "Removed main" in removed.stderr) == ("", True)
    assert "There are no keys yet" in run("list").stderr
    assert run("check", "main").returncode == 1

    said = "".join(done.stdout + done.stderr for done in (added, listed, checked, removed))
    secret = key.secret.reveal().splitlines()[1] if kind is not KeyKind.HMAC else key.secret.reveal()
    for text in (said.encode(), written_below(tmp_path)):
        assert secret.encode() not in text
        assert key.api_key.reveal().encode() not in text


def test_typed_key_is_never_shown(spawn: Spawn, run: Run, tmp_path: Path) -> None:
    terminal = spawn("add", "main")
    terminal.expect("API key .*: ")
    said = terminal.before
    terminal.sendline(API_KEY)
    terminal.expect("Secret, .*: ")
    said += terminal.before
    terminal.sendline(SECRET)
    rest, status = end_of(terminal)
    assert status == 0
    assert f"...{API_KEY[-4:]}, hmac, for https://api.binance.com" in rest
    assert API_KEY[:-4] not in said + rest
    assert SECRET not in said + rest
    assert SECRET.encode() not in written_below(tmp_path)
    assert "main  hmac" in run("list").stdout


@pytest.mark.parametrize("kind", [KeyKind.ED25519, KeyKind.RSA])
def test_pasted_private_key_is_never_shown_and_nothing_of_it_reaches_the_shell(
    spawn: Spawn, run: Run, kind: KeyKind
) -> None:
    key, verifier = new_key(kind)
    exchange = DemoExchange()
    exchange.add_key(kind, key.api_key.reveal(), verifier)
    with served(exchange) as base_url:
        terminal = spawn("add", "main", "--kind", kind.value, "--base-url", base_url)
        terminal.expect("API key .*: ")
        said = terminal.before
        terminal.sendline(key.api_key.reveal())
        terminal.expect("Private key as PEM, down to its END line .*: ")
        said += terminal.before
        terminal.send(key.secret.reveal().replace("\n", "\r"))
        rest, status = end_of(terminal)
        assert status == 0, rest
        checked = run("check", "main")
        assert checked.returncode == 0, checked.stderr
    for line in key.secret.reveal().splitlines():
        assert line not in said + rest


def test_typing_shows_again_after_giving_up(gnome_keyring: GnomeKeyring, shunter: list[str]) -> None:
    program = " ".join(f"'{word}'" for word in (*shunter, "keys", "add", "main"))
    terminal = pexpect.spawn(
        "sh",
        ["-c", f"trap : INT; {program}; stty -a"],
        env=gnome_keyring.environment,
        encoding="utf-8",
        timeout=LIMIT_S,
    )
    terminal.expect("API key .*: ")
    terminal.sendintr()
    terminal.expect("Stopped")
    rest, _ = end_of(terminal)
    assert " echo " in rest
    assert "-echo " not in rest


def test_what_is_typed_stays_unseen_after_a_stop(
    gnome_keyring: GnomeKeyring, shunter: list[str], open_pty: OpenPty
) -> None:
    terminal = open_pty([*shunter, "keys", "add", "main"], gnome_keyring.environment)
    terminal.wait_for("API key")
    wait_for(lambda: terminal.is_silent)
    terminal.signal(signal.SIGSTOP)
    terminal.turn_echo_on()
    terminal.signal(signal.SIGCONT)
    wait_for(lambda: terminal.is_silent)
    terminal.signal(signal.SIGTERM)
    assert terminal.wait_for_signal() == signal.SIGTERM
    assert not terminal.is_silent


def test_what_is_no_text_is_a_wrong_passphrase(gnome_keyring: GnomeKeyring, shunter: list[str]) -> None:
    done = subprocess.run(
        [*shunter, "keys", "unlock"],
        env=gnome_keyring.environment | {"PYTHONIOENCODING": "utf-8:strict"},
        input=b"geheim\xfc\n",
        capture_output=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"xfc" not in done.stderr


def test_end_of_input_while_typing_stores_nothing(spawn: Spawn, run: Run) -> None:
    terminal = spawn("add", "main")
    terminal.expect("API key .*: ")
    terminal.sendeof()
    said, status = end_of(terminal)
    assert status == 1
    assert "Stopped" in said
    assert "Traceback" not in said
    assert "There are no keys yet" in run("list").stderr


def test_removing_asks_first(spawn: Spawn, run: Run) -> None:
    assert run("add", "main", "--stdin", text=file_of(demo_key())).returncode == 0
    for answer, status in (("", 1), ("n", 1), ("y", 0)):
        terminal = spawn("remove", "main")
        terminal.expect("main.*y/N ")
        terminal.sendline(answer)
        assert end_of(terminal)[1] == status
        assert ("main  hmac" in run("list").stdout) == (status == 1)


def test_key_survives_logging_out_and_waits_locked_until_the_passphrase_comes(
    gnome_keyring: GnomeKeyring, run: Run
) -> None:
    with served(DemoExchange()) as base_url:
        assert run("add", "main", "--base-url", base_url, "--stdin", text=file_of(demo_key())).returncode == 0
        gnome_keyring.log_out()
        gnome_keyring.log_in(passphrase=None)
        locked = run("check", "main")
        assert locked.returncode == 1
        assert "The keyring is locked" in locked.stderr
        assert "Traceback" not in locked.stderr
        assert "main  hmac" in run("list").stdout

        gnome_keyring.log_out()
        gnome_keyring.log_in()
        assert run("check", "main").returncode == 0


def test_without_a_session_bus_the_reason_is_said(shunter: list[str], environment: dict[str, str]) -> None:
    for arguments in (["add", "main", "--stdin"], ["remove", "main", "--yes"]):
        done = subprocess.run(
            [*shunter, "keys", *arguments],
            env=environment,
            input=file_of(demo_key()),
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert done.returncode == 1
        assert "D-Bus, the service through which programs reach it, does not run in this login" in done.stderr
        assert done.stderr.count("\n") == 1


MISUSE = {
    "name": (["add", "a b", "--stdin"], "", 2, "1 to 32 letters"),
    "host": (
        ["add", "main", "--base-url", "http://api.binance.com", "--stdin"],
        "",
        2,
        "http is for this machine only",
    ),
    "kind": (["add", "main", "--kind", "dsa", "--stdin"], "", 2, "invalid choice: 'dsa'"),
    "no terminal": (["add", "main"], "", 1, "use --stdin"),
    "no key": (["add", "main", "--stdin"], "", 1, "Enter the API key"),
    "no secret": (["add", "main", "--stdin"], API_KEY, 1, "Enter the secret"),
    "escape sequence": (["add", "main", "--stdin"], f"{API_KEY}\n{SECRET} \x1b[2J", 1, "one word"),
    "no PEM": (["add", "main", "--stdin", "--kind", "rsa"], f"{API_KEY}\n{SECRET}", 1, "private key as PEM"),
    "check nobody": (["check", "nobody"], "", 1, "There is no profile 'nobody'"),
    "remove nobody": (["remove", "nobody", "--yes"], "", 1, "There is no profile 'nobody'"),
    "remove unasked": (["remove", "nobody"], "", 2, "--yes"),
    "no command": ([], "", 2, "add | list | check | remove | unlock"),
}


@pytest.mark.parametrize(("arguments", "text", "status", "words"), MISUSE.values(), ids=MISUSE)
def test_misuse_is_answered_in_a_line_without_the_secret(
    run: Run, arguments: list[str], text: str, status: int, words: str
) -> None:
    done = run(*arguments, text=text)
    assert done.returncode == status
    assert words in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert SECRET not in done.stderr


def test_stdin_at_a_terminal_is_refused_since_typing_would_show(spawn: Spawn) -> None:
    said, status = end_of(spawn("add", "main", "--stdin"))
    assert status == 2
    assert "--stdin is for a pipe or a file" in said


@pytest.mark.parametrize(
    ("line_end", "encoding"),
    [("\r\n", "utf-8-sig"), ("\r\n", "utf-16"), ("\r", "utf-8"), ("\n\n", "utf-8")],
)
def test_key_file_of_any_editor_is_read(
    gnome_keyring: GnomeKeyring, shunter: list[str], line_end: str, encoding: str
) -> None:
    key = demo_key()
    file = f"{line_end}{key.api_key.reveal()}  {line_end}{key.secret.reveal()}{line_end}".encode(encoding)
    with served(DemoExchange()) as base_url:
        done = subprocess.run(
            [*shunter, "keys", "add", "main", "--base-url", base_url, "--stdin"],
            env=gnome_keyring.environment,
            input=file,
            capture_output=True,
            timeout=LIMIT_S,
            check=False,
        )
    assert (done.returncode, b"A transfer would be accepted." in done.stderr) == (0, True)


@pytest.mark.parametrize(
    "file",
    [
        'API_KEY="{0}"\nSECRET="{1}"',
        "export BINANCE_API_KEY={0}\r\nexport BINANCE_SECRET={1}\r\n",
        '"{0}"\n"{1}"',
        "{0}\nSECRET={1}",
        '{{"apiKey": "{0}", "secret": "{1}"}}',
        "api_key: {0}\nsecret: {1}",
        "{0},{1}",
        "{0} {1}",
        "[binance]\nkey = {0}\nsecret = {1}",
    ],
)
def test_key_file_of_another_form_is_refused_with_what_it_should_be(run: Run, file: str) -> None:
    done = run("add", "main", "--stdin", text=file.format(API_KEY, SECRET))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith(
        "The first line is the API key and nothing else; the secret, or the PEM, is below it.\n"
    )
    assert API_KEY not in done.stderr
    assert SECRET not in done.stderr
    assert "There are no keys yet" in run("list").stderr


def test_success_leaves_nothing_in_a_pipe(gnome_keyring: GnomeKeyring, run: Run) -> None:
    gnome_keyring.log_out()
    unlocked = run("unlock", text=f"{PASSPHRASE}\n")
    assert (unlocked.returncode, unlocked.stdout) == (0, "")
    assert "The keyring is unlocked." in unlocked.stderr
    assert run("accept-plain-text").stdout == ""


def test_question_is_no_part_of_the_output(gnome_keyring: GnomeKeyring, shunter: list[str], run: Run) -> None:
    assert run("add", "main", "--stdin", text=file_of(demo_key())).returncode == 0
    command = " ".join(map(shlex.quote, [*shunter, "keys", "remove", "main"]))
    terminal = pexpect.spawn(
        "sh", ["-c", f"{command} | sed 's/^/in the pipe: /'"], env=gnome_keyring.environment, encoding="utf-8"
    )
    terminal.expect("main.*y/N ")
    terminal.sendline("y")
    said, _ = end_of(terminal)
    assert "Removed main" in said
    assert "in the pipe" not in said


def test_second_key_of_a_name_is_refused_before_it_is_typed(spawn: Spawn, run: Run) -> None:
    assert run("add", "main", "--stdin", text=file_of(demo_key())).returncode == 0
    said, status = end_of(spawn("add", "main"))
    assert status == 1
    assert "There is a profile 'main' already" in said
    assert "API key (" not in said


def test_key_that_the_exchange_refuses_is_told_with_code_words_and_advice(run: Run) -> None:
    with served(DemoExchange()) as base_url:
        run("add", "main", "--base-url", base_url, "--stdin", text=f"{API_KEY}\n{SECRET}")
        refused = run("check", "main")
    assert refused.returncode == 1
    assert "-2015" in refused.stderr
    assert "Check the API key" in refused.stderr


def test_exchange_that_cannot_be_reached_is_said_so(run: Run) -> None:
    with served(DemoExchange()) as base_url:
        pass
    run("add", "main", "--base-url", base_url, "--stdin", text=f"{API_KEY}\n{SECRET}")
    failed = run("check", "main")
    assert failed.returncode == 1
    assert base_url in failed.stderr
    assert "Traceback" not in failed.stderr


def test_locked_keyring_is_unlocked_on_the_way_after_a_wrong_passphrase(
    gnome_keyring: GnomeKeyring, spawn: Spawn, run: Run
) -> None:
    with served(DemoExchange()) as base_url:
        run("add", "main", "--base-url", base_url, "--stdin", text=file_of(demo_key()))
        gnome_keyring.log_out()
        terminal = spawn("check", "main")
        terminal.expect("Passphrase of the login keyring .*: ")
        terminal.sendline("wrong")
        terminal.expect("does not open the keyring")
        terminal.expect("Passphrase of the login keyring .*: ")
        terminal.sendline(PASSPHRASE)
        said, status = end_of(terminal)
    assert status == 0
    assert "A transfer would be accepted." in said
    assert PASSPHRASE not in said


def test_login_keyring_is_made_by_a_command(
    gnome_keyring: GnomeKeyring, spawn: Spawn, run: Run, tmp_path: Path
) -> None:
    gnome_keyring.log_out()
    shutil.rmtree(tmp_path / ".local/share/keyrings")
    piped = run("add", "main", "--stdin", text=file_of(demo_key()))
    assert piped.returncode == 1
    assert "There is no login keyring yet" in piped.stderr
    assert "Make it here: shunter keys unlock" in piped.stderr
    terminal = spawn("unlock")
    terminal.expect("new login keyring .*: ")
    terminal.sendline("a passphrase")
    terminal.expect("Once more: ")
    terminal.sendline("a passphrase")
    said, status = end_of(terminal)
    assert (status, "unlocked" in said) == (0, True)
    assert run("add", "main", "--stdin", text=file_of(demo_key())).returncode == 0


def test_passphrase_from_a_pipe_unlocks_or_fails(gnome_keyring: GnomeKeyring, run: Run) -> None:
    gnome_keyring.log_out()
    wrong = run("unlock", text="wrong\n")
    assert (wrong.returncode, "does not open" in wrong.stderr) == (1, True)
    assert run("unlock", text=f"{PASSPHRASE}\n").returncode == 0
