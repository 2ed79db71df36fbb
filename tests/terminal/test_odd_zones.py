"""A time zone that Python cannot use, or no zone at all, shows UTC and ends nothing."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from tests.terminal.conftest import Environment, OpenPty
from tui.domain.transfer import Sending, TransferRequest
from tui.domain.wallets import TransferType
from tui.journal import Journal

ZONES = ["AAA-25", "AAA24", "AAA-99:59:59BBB+99", ":/dev/zero", "../../etc/passwd", "", "No/Such", "\N{SNOWMAN}" * 50]
F2, F3, ENTER = "\x12", "\x14", "\r"


@pytest.mark.parametrize("zone", ZONES, ids=range(len(ZONES)))
def test_journal_is_printed_in_any_zone(environment: Environment, zone: str) -> None:
    path = Path(environment["XDG_STATE_HOME"]) / "shunter" / "journal.sqlite3"
    request = TransferRequest(TransferType.MAIN_FUNDING, "USDT", Decimal("12.5"))
    journal = Journal.open(path)
    journal.begin(Sending(request, "main", "tail", "print", "https://api.binance.com", 1_790_000_000_000, 20, 5000))
    journal.close()
    for command in (["journal"], ["journal", "--since", "2026-01-01"], ["journal", "--since", "2026-01-01 10:00"]):
        run = subprocess.run(
            [sys.executable, "-m", "tui", *command],
            env={**environment, "TZ": zone},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (run.returncode, run.stderr) == (0, "")
        assert "+00:00  main" in run.stdout


@pytest.mark.parametrize("zone", ["AAA-25", ":/dev/zero"])
def test_transfer_is_made_and_found_in_any_zone(
    open_pty: OpenPty, shunter: list[str], environment: Environment, zone: str
) -> None:
    words = ["--demo", "--from", "spot", "--to", "funding", "--asset", "USDT", "--amount", "1.25"]
    app = open_pty([*shunter, *words], {**environment, "TZ": zone})
    app.wait_for("of 1,250.00 USDT")
    app.type(F2)
    app.wait_for("y  Send")
    app.type("y")
    app.wait_for("TRANSFER DONE", "+0000")
    app.type(ENTER)
    app.wait_for("THIS SESSION 1")
    app.type(F3)
    app.find(r"\n>\d\d-\d\d \d\d:\d\d +Spot +-> Funding +1\.25")
    app.type(ENTER)
    app.wait_for("+0000")
