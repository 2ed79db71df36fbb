"""No trace of a key, in any of its forms, anywhere but in the keyring and on the wire to its host.

Everything is made as talkative as it gets: every logger at its lowest level into a file, asyncio's debug mode,
Textual's own logs and devtools switched on, and code that logs whatever it holds and then crashes with it.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.terminal.conftest import WHOLE_TEXTS, GnomeKeyring, OpenPty
from tests.traces import traces
from tests.waiting import LIMIT_S, wait_for
from tui.demo.exchange import DemoExchange
from tui.demo.fault_specs import set_fault
from tui.demo.fault_words import OF_A_TRANSFER
from tui.demo.keys import new_key
from tui.demo.serving import served
from tui.domain.credentials import ApiKey, KeyKind

ANSWERS = (
    *(f'400:{{"code":{code},"msg":"no"}}' for code in (-1002, -1006, -1022, -1100, -2014, -3020, -5002, -9000)),
    '401:{"code":-2015,"msg":"no"}',
    *("200:<html>", "200:{", "302", "403:<html>", "418", "429", "500", "502:<html>"),
    '503:{"code":-1008,"msg":"no"}',
    '504:{"code":-1007,"msg":"no"}',
)
"""Beside the faults by name: each way that the client tells apart. A clock that is off is asked of `keys check`."""

LOGS = """
import logging, os
logging.basicConfig(level=1, filename=os.path.join(os.environ["HOME"], "log.txt"))
"""
"""What every program here begins with."""

CARELESS = '''
"""Opens Shunter once for each screen that is named. F12 brings the screen up, which does what no code should do."""
import logging, os, sys
from tui import cli
from tui.app import process

process.clear_textual_variables()
from tui.app import app
from tui.screens import add_key, decide, entry, favourites, gather, go_to, help, history, holdings, keys, lock
from tui.screens import main, manual, notice, plan, plan_review, report, review, unlock, ways_on, welcome
from tui.domain.entries import Entry
from tui.domain.balances import Account, Balances
from tui.domain.plan import via
from tui.domain.rules import Rules
from tui.domain.plan_state import StoredPlan, state_of
from tui.domain.transfer import Transfer, TransferRequest
from tui.domain.wallets import TransferType, Wallet
from tui.desk.settle import Progress
from tui.widgets.status_bar import Status
from tui.words.entries import InUse
from decimal import Decimal

request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal(1))
transfer = Transfer(1, "1", request, "main", "demo", "https://h.example", 1_700_000_000_000, 1, 1_700_000_000_000)
two = via(Account(Wallet.CM), Account(Wallet.UM), "BTC", Decimal(1))
stored = StoredPlan("1", two, "main", "demo", "", "https://h.example", 1_700_000_000_000, (None, None))
made = {
    "AddKeyScreen": lambda desk: add_key.AddKeyScreen(None),
    "DecideScreen": lambda desk: decide.DecideScreen(desk, Progress(transfer, "")),
    "FavouritesScreen": lambda desk: favourites.FavouritesScreen(app.Draft(), "main"),
    "EntryScreen": lambda desk: entry.EntryScreen(Entry(None, transfer), desk.watch_over),
    "GatherScreen": lambda desk: gather.GatherScreen(
        desk.balance_reader, "USDT", Status(""), rules=Rules, read=print, review=print
    ),
    "PlanReviewScreen": lambda desk: plan_review.PlanReviewScreen(desk, two, Status("LIVE")),
    "PlanScreen": lambda desk: plan.PlanScreen(state_of(stored), Balances(), {}),
    "GoToScreen": lambda desk: go_to.GoToScreen({}),
    "HelpScreen": lambda desk: help.HelpScreen(),
    "HistoryScreen": lambda desk: history.HistoryScreen(desk, Status("DEMO")),
    "HoldingsScreen": lambda desk: holdings.HoldingsScreen(
        Balances(), status=Status(""), asset="", read=print, gather=print, in_use=InUse("", ""), last_moves=print
    ),
    "KeysScreen": lambda desk: keys.KeysScreen(None),
    "LockScreen": lambda desk: lock.LockScreen(None),
    "ManualScreen": lambda desk: manual.ManualScreen(),
    "MainScreen": lambda desk: main.MainScreen(desk, Status("LIVE"), app.Draft()),
    "NoticeScreen": lambda desk: notice.NoticeScreen(transfer),
    "PageScreen": lambda desk: manual.PageScreen(manual.pages()[0]),
    "PlainTextScreen": lambda desk: unlock.PlainTextScreen("a keyring"),
    "ReportScreen": lambda desk: report.ReportScreen("a", "b", [report.Section("c", ["d"])]),
    "ReviewScreen": lambda desk: review.ReviewScreen(desk, request, Status("LIVE")),
    "UnlockScreen": lambda desk: unlock.UnlockScreen(),
    "WelcomeScreen": lambda desk: welcome.WelcomeScreen(ways_on.CannotOpen("")),
}

def crash(screen):
    """Log everything, and crash with the secret at hand."""
    desk = screen.app._desk
    key = desk.client._key if desk else None
    secret = key.secret.reveal() if key else "none"
    entries = screen.query("SecretInput")
    typed = [entry.value for entry in entries]
    logging.error("%r %s %r %r", key, key, [repr(entry) for entry in entries], screen.app._lock._opened)
    screen.app.save_screenshot(f"{name}.svg", os.environ["HOME"])
    raise RuntimeError(f"{secret} {typed} {key!r}")

async def on_event(self, event):
    if getattr(event, "key", "") == "f12":
        self.push_screen(made[name](self._desk))
        self.call_after_refresh(crash, self.screen)
        return
    await original(self, event)

original, app.ShunterApp.on_event = app.ShunterApp.on_event, on_event
for name in sys.argv[1:]:
    status = cli.main([])
    print(f"{name} has ended with {status}", flush=True)
'''


def screens() -> list[str]:
    """Every screen that there is, by the name of its class."""
    folder = Path(__file__).parents[2] / "tui/screens"
    return [
        name for path in sorted(folder.glob("*.py")) for name in re.findall(r"class (\w+Screen)\(", path.read_text())
    ]


@pytest.fixture(params=KeyKind)
def kind(request: pytest.FixtureRequest) -> KeyKind:
    return KeyKind(request.param)


class Searched:
    """Everything that was written where others could read it."""

    def __init__(self, home: Path, keyring_folder: Path) -> None:
        self.home = home
        self.keyring_folder = keyring_folder
        self.texts: dict[str, bytes] = {}

    def take(self, name: str, text: bytes) -> None:
        """Text of a terminal, also as it reads without what moves the cursor."""
        self.texts[name] = text
        self.texts[f"{name}, plain"] = re.sub(rb"\x1b\[[0-9;?<>=]*[a-zA-Z]|[\r\n\b]", b"", text)

    def take_process(self, pid: int) -> None:
        """What the system tells of a process."""
        for what in ("cmdline", "environ"):
            self.texts[f"{what} of {pid}"] = Path(f"/proc/{pid}/{what}").read_bytes()

    def assert_no_trace_of(self, key: ApiKey) -> None:
        """Look into it all, and into every file below the home folder."""
        files = {
            str(path): path.read_bytes()
            for path in self.home.rglob("*")
            if path.is_file() and self.keyring_folder not in path.parents
        }
        assert any("log.txt" in name for name in files), "nothing was logged"
        places = {place for place, text in (self.texts | files).items() for trace in traces(key) if trace in text}
        assert not places


@pytest.fixture
def talkative(gnome_keyring: GnomeKeyring, tmp_path: Path) -> dict[str, str]:
    """An environment in which everything is logged."""
    (tmp_path / "sitecustomize.py").write_text(LOGS)
    environment: dict[str, str] = gnome_keyring.environment
    return (
        environment
        | WHOLE_TEXTS
        | {
            "PYTHONPATH": f"{tmp_path}:{environment['PYTHONPATH']}",
            "PYTHONASYNCIODEBUG": "1",
            "PYTHONFAULTHANDLER": "1",
            "TEXTUAL": "devtools,debug",
            "TEXTUAL_DEBUG": "1",
            "TEXTUAL_LOG": str(tmp_path / "textual.log"),
        }
    )


@pytest.fixture
def searched(tmp_path: Path, talkative: dict[str, str]) -> Searched:
    return Searched(tmp_path, Path(talkative["XDG_DATA_HOME"]) / "keyrings")


@pytest.fixture
def demo(kind: KeyKind) -> Iterator[tuple[DemoExchange, str, ApiKey]]:
    key, verifier = new_key(kind)
    exchange = DemoExchange()
    exchange.add_key(kind, key.api_key.reveal(), verifier)
    with served(exchange) as base_url:
        yield exchange, base_url, key


Shunter = Callable[..., None]


@pytest.fixture
def run(shunter: list[str], talkative: dict[str, str], searched: Searched, tmp_path: Path) -> Shunter:
    """Run a command, and keep what it says."""

    def run(*arguments: str, text: str = "") -> None:
        done = subprocess.run(
            [*shunter, *arguments],
            env=talkative,
            cwd=tmp_path,
            input=text.encode(),
            capture_output=True,
            timeout=LIMIT_S,
            check=False,
        )
        searched.take(f"{arguments} {len(searched.texts)}", done.stdout + done.stderr)

    return run


def test_commands_leave_no_trace_of_a_key(
    run: Shunter, searched: Searched, demo: tuple[DemoExchange, str, ApiKey]
) -> None:
    exchange, base_url, key = demo
    api_key, secret = key.api_key.reveal(), key.secret.reveal()
    half = secret[: len(secret) // 2]
    for text in (
        f"{api_key}\n{half} {half}",
        f"{api_key} {secret}",
        f"{secret}\n{api_key}",
        f"{api_key}\n{secret}x\x1b",
    ):
        run("keys", "add", "bad", "--base-url", base_url, "--stdin", text=text)
    for other in KeyKind:
        run(
            "keys", "add", "bad", "--kind", other, "--base-url", base_url, "--stdin", text=f"{api_key}\n{secret} {half}"
        )
    run("keys", "add", "main", "--base-url", base_url, "--stdin", text=f"{api_key}\n{secret}")
    run("keys", "add", "main", "--base-url", base_url, "--stdin", text=f"{api_key}\n{secret}")
    run("keys", "list")
    run("keys", "check", "main")
    set_fault(exchange, "clock=+3600000")
    run("keys", "check", "main")
    for name, url in (
        ("refused", "http://127.0.0.1:1"),
        ("nameless", "https://nothing.invalid"),
        ("plain", base_url.replace("http:", "https:")),
    ):
        run("keys", "add", name, "--base-url", url, "--stdin", text=f"{api_key}\n{secret}")
    run("journal", "--json")
    searched.assert_no_trace_of(key)


@pytest.mark.parametrize("kind", [KeyKind.ED25519], indirect=True)
def test_help_leaves_no_trace_of_a_key_in_the_keyring(
    run: Shunter, searched: Searched, demo: tuple[DemoExchange, str, ApiKey]
) -> None:
    _, base_url, key = demo
    run("keys", "add", "main", "--base-url", base_url, "--stdin", text=f"{key.api_key.reveal()}\n{key.secret.reveal()}")
    for command in ((), ("keys",), ("keys", "add"), ("journal",), ("routes",), ("simulate",)):
        run(*command, "--help")
    searched.assert_no_trace_of(key)


def test_app_leaves_no_trace_of_a_key_that_is_typed_checked_and_used_through_every_fault(
    open_pty: OpenPty,
    shunter: list[str],
    talkative: dict[str, str],
    searched: Searched,
    demo: tuple[DemoExchange, str, ApiKey],
    tmp_path: Path,
) -> None:
    exchange, base_url, key = demo
    terminal = open_pty(["env", "-C", str(tmp_path), *shunter, "--base-url", base_url], talkative)
    terminal.wait_for("There is no key yet.", "Keyring: Secret Service")
    pid = terminal.pid
    terminal.type("\x0b")
    terminal.wait_for("There are no keys yet")
    terminal.type("a")
    terminal.wait_for("ADD A KEY")
    terminal.type(f"{key.api_key.reveal()}\t\x1b[200~{key.secret.reveal()}\x1b[201~")
    terminal.wait_for("****")
    terminal.type("\x01\x1b[1;2F\x18")  # select all of it, cut
    terminal.type("\t\r")
    terminal.wait_for("A transfer would be accepted.")
    searched.take_process(pid)
    terminal.type("\r")
    terminal.wait_for("13 assets")
    # Of those that hold an answer back, a short while is enough here.
    faults = [*(spec.replace("=5s", "=0.1s") for spec in OF_A_TRANSFER), "failed"]
    faults += [f"status-before={answer}" for answer in ANSWERS]
    kinds = list(KeyKind)  # each kind of key goes through its share of the faults
    for amount, spec in enumerate(faults[kinds.index(key.kind) :: len(kinds)], start=1):
        exchange.faults.clear()
        set_fault(exchange, spec)
        terminal.type("\t\tUSDT\t" if amount == 1 else "")
        terminal.type("\x15")  # away with the amount of one that was refused
        terminal.wait_for("Amount   e.g. 12.5")
        terminal.type(f"{amount}\x12")
        if terminal.find("y  Send|w  Send it all the same")[0].startswith("w"):  # an answer before asked for a pause
            terminal.type("w")
            terminal.wait_for("y  Send")
        terminal.type("y")
        terminal.wait_for("TRANSFER ", "Enter  Close")
        terminal.type("\x1b")
        wait_for(lambda: "Enter  Close" not in terminal.screen())
    limits = Path(f"/proc/{pid}/limits").read_text()
    assert re.search(r"Max core file size +[01] +[01] ", limits)
    searched.take_process(pid)
    os.kill(pid, signal.SIGQUIT)
    terminal.wait_for_end()
    searched.take("terminal", terminal.written)
    searched.assert_no_trace_of(key)


@pytest.mark.long
@pytest.mark.parametrize("kind", [KeyKind.ED25519], indirect=True)
def test_crash_of_a_screen_leaves_no_trace_of_the_key(
    open_pty: OpenPty,
    talkative: dict[str, str],
    searched: Searched,
    run: Shunter,
    demo: tuple[DemoExchange, str, ApiKey],
    tmp_path: Path,
) -> None:
    _, base_url, key = demo
    run("keys", "add", "main", "--base-url", base_url, "--stdin", text=f"{key.api_key.reveal()}\n{key.secret.reveal()}")
    careless = tmp_path / "careless.py"
    careless.write_text(CARELESS)
    # asyncio's debug mode writes down where each call was made: the other tests have it, and here it takes long.
    terminal = open_pty([sys.executable, str(careless), *screens()], talkative | {"PYTHONASYNCIODEBUG": ""})
    written_before = 0

    def wait_until_written(text: str) -> None:
        wait_for(lambda: terminal.screen() and text.encode() in terminal.written[written_before:])

    for screen in screens():
        wait_until_written("13 assets")
        terminal.type("\x1b[24~")  # F12
        wait_until_written(f"{screen} has ended with 1")
        assert b"stopped on an error of its own: RuntimeError" in terminal.written[written_before:], screen
        assert (tmp_path / f"{screen}.svg").exists()
        written_before = len(terminal.written)
    assert terminal.wait_for_end() == 0
    searched.take("terminal", terminal.written)
    searched.assert_no_trace_of(key)
