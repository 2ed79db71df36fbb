"""What is typed is what is reviewed, and one press answers one question: the real program in a pty."""

import itertools
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.terminal.conftest import Environment, OpenPty, Pty
from tests.terminal.own_key import with_key

REVIEW, EMPTY, AMOUNT, ESCAPE = "\x12", "\x15", "\x0fm", "\x1b"
USDT = ["--from", "spot", "--to", "funding", "--asset", "USDT"]
REPEAT_S, FIRST_DELAY_S = 0.033, 0.5
"""How soon a keyboard repeats a key that is held, and after how long it begins to."""


def keypad(amount: str, lock: str = "") -> str:
    """An amount on the keypad, as kitty's protocol has it without the text."""
    codes = {".": 57409, **{str(digit): 57399 + digit for digit in range(10)}}
    return "".join(f"\x1b[{codes[character]}{lock}u" for character in amount)


def each(form: str, amount: str) -> str:
    """An amount, each character in the same form."""
    return "".join(form.format(ord(character)) for character in amount)


TYPED = {
    "keypad, VS Code": keypad("1250.75"),
    "keypad, kitty with Num Lock": keypad("1250.75", ";129"),
    "main row with Caps Lock": each("\x1b[{};65u", "1250.75"),
    "main row with events": "".join(each(f"\x1b[{ord(one)};1:1u\x1b[{ord(one)};1:3u", one) for one in "1250.75"),
    "with text": each("\x1b[{0};;{0}u", "1250.75"),
    "modifyOtherKeys": each("\x1b[27;1;{}~", "1250.75"),
    "application keypad": "".join("\x1bO" + (chr(ord(one) + 64) if one != "." else "n") for one in "1250.75"),
    "Windows' input records": each("\x1b[0;0;{0};1;0;1_\x1b[0;0;{0};0;0;1_", "1250.75"),
    "comma for thousands": keypad("1").replace("u", "u\x1b[57416u") + keypad("250.75"),
}


@pytest.fixture
def form(open_pty: OpenPty, shunter: list[str], environment: dict[str, str]) -> Pty:
    """The demo's form, without an amount."""
    pty = open_pty([*shunter, "--demo", *USDT], environment)
    pty.wait_for("of 1,250.00 USDT")
    pty.type(AMOUNT)
    return pty


def test_the_amount_in_the_review_is_the_one_typed_however_a_terminal_sends_it(form: Pty) -> None:
    for name, typed in TYPED.items():
        form.type(EMPTY + typed)
        form.wait_for("1,250.75" if "comma" in name else "1250.75", "Only 1,250.00 USDT")
    form.type(EMPTY + keypad("12.5") + REVIEW)
    form.wait_for("12.5 USDT", "y  Send")
    assert not re.search(rb"\x1b\[>[0-9]*u", form.written), "it asked for kitty's protocol"


UNKNOWN = {
    "unknown key": "\x1b[57500u",
    "keypad's 5 without Num Lock": "\x1b[E",
    "point with Shift": "\x1b[46;2u",
    "Ctrl and Alt with a key, as AltGr comes": "\x1b[46;7u",
    "too long a paste": f"\x1b[200~{'1' * 61}\x1b[201~",
    "a paste of two lines": "\x1b[200~2\n.5\x1b[201~",
}


@pytest.mark.parametrize("unknown", UNKNOWN.values(), ids=UNKNOWN)
def test_after_a_key_that_is_missing_the_review_stays_closed_until_the_amount_is_typed_anew(
    form: Pty, unknown: str
) -> None:
    form.type(f"1{unknown}5{REVIEW}")
    form.wait_for("A key was not understood:", "check the amount")
    assert "y  Send" not in form.screen()
    form.type(f"{EMPTY}12.5{REVIEW}")
    form.wait_for("12.5 USDT", "y  Send")


def test_a_key_that_is_missing_over_a_selected_amount_leaves_no_part_of_what_is_typed_behind_it(form: Pty) -> None:
    form.type("7\t\x1b[Z")  # away and back: all of it is selected
    form.type(f"\x1b[57500u5{REVIEW}")
    form.wait_for("A key was not understood:")
    assert "y  Send" not in form.screen()
    form.type(f"\x7f\x7f5.5{REVIEW}")  # the person was told, and edits
    form.wait_for("5.5 USDT", "y  Send")


def test_leading_zeros_are_refused(form: Pty) -> None:
    form.type(f"05{REVIEW}")
    form.wait_for("Write 5 or 0.5: 05 may be")
    assert "y  Send" not in form.screen()


def test_a_digit_leads_to_the_next_field_and_selects_its_text(
    open_pty: OpenPty, shunter: list[str], environment: dict[str, str]
) -> None:
    pty = open_pty([*shunter, "--demo", "--asset", "USDT", "--amount", "3"], environment)
    pty.wait_for("of 1,250.00 USDT")
    pty.type("12bnb\t1.5" + REVIEW)
    pty.wait_for("1.5 BNB", "y  Send")


def test_pairs_come_behind_their_wallets(open_pty: OpenPty, shunter: list[str], environment: dict[str, str]) -> None:
    pty = open_pty([*shunter, "--demo", "--asset", "BTC", "--amount", "3"], environment)
    pty.wait_for("Only 0.05321004 BTC")
    pty.type("4ETHUSDT\t4BTCUSDT\tUSDT\t7.25" + REVIEW)
    pty.wait_for("7.25 USDT", "ETHUSDT", "BTCUSDT", "y  Send")


Serve = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def port() -> int:
    """One that is free."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture
def serve(shunter: list[str], environment: dict[str, str], port: int) -> Iterator[Serve]:
    """Starts the exchange, with faults; all are ended with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*faults: str) -> subprocess.Popen[str]:
        options = [text for fault in faults for text in ("--fault", fault)]
        command = [*shunter, "simulate", "--port", str(port), "--past", "0", *options]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout
        assert any("--profile demo" in line for line in process.stdout)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


def rest(pty: Pty, seconds: float) -> None:
    """Press nothing for a while."""
    began = time.monotonic()
    pty.wait_until(lambda _: time.monotonic() - began >= seconds)


def hold(pty: Pty, key: str, until: Callable[[], bool]) -> None:
    """Hold a key down until something is so."""
    pty.send(key.encode())
    began = time.monotonic()
    pty.wait_until(lambda _: time.monotonic() - began >= FIRST_DELAY_S)
    for _ in itertools.count():
        if until():
            break
        pty.send(key.encode())
        began = time.monotonic()
        pty.wait_until(lambda _: time.monotonic() - began >= REPEAT_S)  # noqa: B023 - it is called at once


def lasting(seconds: float) -> Callable[[], bool]:
    """True once a while is over."""
    began = time.monotonic()
    return lambda: time.monotonic() - began >= seconds


@pytest.fixture
def opened(
    open_pty: OpenPty, shunter: list[str], environment: Environment, tmp_path: Path, port: int
) -> Callable[[], Pty]:
    """Opens the real program at that exchange, its form filled."""

    def start() -> Pty:
        own = with_key(environment, tmp_path, f"http://127.0.0.1:{port}")
        pty = open_pty([*shunter, *USDT, "--amount", "7.25"], own)
        pty.wait_for("of 1,250.00 USDT")
        return pty

    return start


def test_a_held_key_that_tries_again_does_not_send_too(serve: Serve, opened: Callable[[], Pty]) -> None:
    first = serve()
    pty = opened()
    first.kill()
    first.wait()
    pty.type(REVIEW)
    while pty.find("y  (Send|Try again)")[1] == "Send":  # the connection still passes for alive
        pty.type(ESCAPE)
        pty.wait_until(lambda seen: "REVIEW" not in seen)
        pty.type(REVIEW)
    pty.wait_for("Nothing was sent")
    serve()
    hold(pty, "y", lasting(2.5))
    pty.wait_for("y  Send", "still held")
    began = time.monotonic()
    pty.wait_until(lambda seen: time.monotonic() - began >= 1.0 or "TRANSFER DONE" in seen)
    pty.type("y")
    pty.wait_for("TRANSFER DONE")


def test_a_key_held_while_connecting_does_not_send_after_it_was_let_go(serve: Serve, opened: Callable[[], Pty]) -> None:
    exchange = serve()
    pty = opened()
    os.kill(exchange.pid, signal.SIGSTOP)
    pty.type(REVIEW)
    pty.wait_for("Connecting...")
    hold(pty, "y", lasting(1.0))
    os.kill(exchange.pid, signal.SIGCONT)
    hold(pty, "y", lambda: "y  Send" in pty.screen())
    began = time.monotonic()
    pty.wait_until(lambda seen: time.monotonic() - began >= 1.5 or "TRANSFER DONE" in seen)
    pty.wait_for("y  Send")
    pty.type("y")
    pty.wait_for("TRANSFER DONE")


def test_a_key_held_while_the_exchange_refuses_the_clock_sends_once(serve: Serve, opened: Callable[[], Pty]) -> None:
    serve('status-before=400:{"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow."}')
    pty = opened()
    pty.type(REVIEW)
    pty.wait_for("y  Send")
    hold(pty, "y", lasting(2.5))
    pty.wait_for("y  Send", "still held")
    pty.type(ESCAPE)
    pty.wait_until(lambda seen: "y  Send" not in seen)
    assert len(re.findall(r"7\.25 USDT +rejected", pty.screen())) == 1


def test_a_repeat_that_the_terminal_reports_answers_nothing(form: Pty) -> None:
    form.type(f"7.25{REVIEW}")
    form.wait_for("y  Send")
    form.type("\x1b[121;1:2u")
    form.wait_for("still held")
    form.type("\x1b[121;1:3u")
    rest(form, 1.0)
    form.type("\x1b[121;1:1u")
    form.wait_for("TRANSFER DONE")


def test_what_came_with_a_burst_is_dropped_and_never_sent_later(form: Pty) -> None:
    form.type(f"7.25{REVIEW}")
    form.wait_for("y  Send")
    form.type("abc")
    form.screen()
    form.send(b"y")
    form.wait_for("as fast as a paste")
    began = time.monotonic()
    form.wait_until(lambda seen: time.monotonic() - began >= 1.5 or "TRANSFER DONE" in seen)
    form.wait_for("y  Send")


def test_a_burst_of_clicks_on_a_notice_does_not_end_the_app(form: Pty) -> None:
    form.type("7.25")
    rest(form, 0.5)  # what comes as fast as a paste answers nothing
    form.type(REVIEW)
    form.wait_for("y  Send")
    form.type("y")
    form.wait_for("TRANSFER DONE")
    for _ in range(10):
        form.type("c")
        lines = form.wait_for("Sent to the terminal").splitlines()
        row = next(number for number, line in enumerate(lines, 1) if "Sent to" in line)
        column = lines[row - 1].index("Sent to") + 3
        form.type(8 * f"\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m")
        form.wait_until(lambda seen: "Sent to" not in seen)
        form.wait_for("TRANSFER DONE", "c  Copy")
    assert "stopped on an error" not in form.screen()


@pytest.mark.parametrize("button", [1, 2, 128, 129], ids=["middle", "right", "back", "forward"])
def test_only_the_left_button_answers(form: Pty, button: int) -> None:
    form.type(f"7.25{REVIEW}")
    seen = form.wait_for("y  Send")
    row = next(index for index, line in enumerate(seen.splitlines(), 1) if "y  Send" in line)
    column = seen.splitlines()[row - 1].index("y  Send") + 2
    for code in (button, 0):  # had the first one answered, the second one would stop it
        form.type(f"\x1b[<{code};{column};{row}M\x1b[<{code};{column};{row}m")
    form.wait_for("A click: sending")
    form.wait_for("TRANSFER DONE")
