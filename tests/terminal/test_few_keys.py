"""How many keys the usual jobs take on the real program, from the open form to the sending key. A chord is one key."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.terminal.conftest import OpenPty, Pty

F2, F3, F6, TAB, BACK_TAB = "\x1bOQ", "\x1bOR", "\x1b[17~", "\t", "\x1b[Z"

JOBS = {
    "100 USDT from Spot to USD-M": ([*"15u", TAB, *"100", F2], "MAIN_UMFUTURE", "100 USDT", 10),
    "100 USDT into an isolated pair": ([*"14bt", TAB, "u", TAB, *"100", F2], "BTCUSDT", "100 USDT", 14),
    "all BTC from COIN-M to USD-M": ([*"65bt", TAB, "m", F2], "CMFUTURE_MAIN", "MAIN_UMFUTURE", 16),
    "all BNB from Funding to Spot": ([*"21b", TAB, "m", F2], "FUNDING_MAIN", "0.25 BNB", 10),
}


@pytest.fixture
def demo(open_pty: OpenPty, shunter: list[str], environment: dict[str, str]) -> Pty:
    """The demo, its wallets read."""
    pty = open_pty([*shunter, "--demo"], environment)
    pty.wait_for("13 assets")
    return pty


def review(demo: Pty, keys: list[str], *shown: str) -> None:
    """Press keys up to the review, which shows this."""
    for key in keys:
        demo.type(key)
    demo.wait_for("y  Send", *shown)


@pytest.mark.parametrize("job", JOBS)
def test_job_takes_few_keys(demo: Pty, job: str) -> None:
    keys, move, amount, most = JOBS[job]
    assert len([*keys, "y"]) <= most
    review(demo, keys, move, amount)


def test_gathering_takes_eight_keys_at_most_from_the_holdings(demo: Pty) -> None:
    for key in [*"15usdt", F6]:
        demo.type(key)
    demo.wait_for("HOLDINGS", ">USDT")
    keys = ["+", "1", "\r"]
    assert len([*keys, "y"]) <= 8
    review(demo, keys, "from 7 accounts to Spot", "Step 7")


def test_last_transfer_is_undone_and_an_old_one_made_again_in_four_keys(demo: Pty) -> None:
    review(demo, JOBS["100 USDT from Spot to USD-M"][0], "MAIN_UMFUTURE")
    demo.type("y")
    demo.wait_for("TRANSFER DONE")
    demo.type("\r")
    demo.wait_for("THIS SESSION 1")
    undo = [TAB, "R", F2]
    assert len([*undo, "y"]) <= 4
    review(demo, undo, "UMFUTURE_MAIN", "100 USDT")
    demo.type("q")
    demo.wait_for("THIS SESSION 1")
    again = [F3, "r", F2]
    assert len([*again, "y"]) <= 4
    demo.type(F3)
    demo.wait_for("records of the exchange")
    for key in again[1:]:
        demo.type(key)
    demo.wait_for("REVIEW", "MAIN_UMFUTURE", "100 USDT")  # it asks first whether another one is meant


def test_moves_of_last_month_into_a_wallet_are_found_in_fifteen_keys(demo: Pty) -> None:
    last_month = datetime.now(UTC).replace(day=1) - timedelta(days=1)
    find = ["/", *f"{last_month:%b} to:cross".lower(), "\r"]
    assert len([F3, *find]) <= 15
    demo.type(F3)
    demo.wait_for("records of the exchange")
    for key in find:
        demo.type(key)
    row = re.compile(rf".({last_month:%m}-\d\d|     ) \d\d:\d\d .*-> Cross ")
    demo.wait_until(
        lambda screen: "->" in screen and all(row.match(line) for line in screen.splitlines() if "->" in line)
    )
