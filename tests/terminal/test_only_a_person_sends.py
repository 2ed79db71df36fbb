"""Nothing but a person's key sends: over a pty, with all that a terminal, a paste or the environment can do.

A pause is what is tested here: it is as long as Textual waits before it takes an unfinished report for keys.
"""

import re
import time
from dataclasses import dataclass

import pytest

from tests.terminal.conftest import OpenPty, Pty
from tests.unit.test_tokens import REPORTS

PAUSE_S = 0.11
"""Textual looks every 0.1 s whether its time is over, which is set to 1 ms below."""
LET_GO_S = 0.8
REVIEW, ESCAPE, F2 = "\x12", "\x1b", "\x1bOQ"
FORM = ["--demo", "--asset", "USDT", "--amount", "7.25"]
QUERY = re.compile(rb"\x1b\[([0-9]+);([0-9]+)H\x1b\[6n")
HELD = "Something was pasted before: sending in 1 s"
BEGIN, END = "\x1b[200~", "\x1b[201~"


@dataclass
class Person:
    """Somebody at a terminal, which answers where the cursor is as often as it is told to."""

    pty: Pty
    answered: int = 0

    def answer(self) -> None:
        """Answer all that the program has asked."""
        queries = QUERY.findall(self.pty.written)
        for row, column in queries[self.answered :]:
            self.pty.type(f"\x1b[{int(row)};{int(column)}R")
        self.answered = len(queries)

    def review(self) -> None:
        """Open the review of what is in the form."""
        self.pty.type(REVIEW)
        self.pty.wait_for("y  Send", "7.25 USDT")

    def pause(self) -> None:
        """Let the program take in what was typed so far as if nothing more came."""
        time.sleep(PAUSE_S)

    def let_go(self) -> None:
        """Press nothing for longer than a keyboard waits before it repeats a key."""
        time.sleep(LET_GO_S)

    def wait_until_held_is_over(self) -> None:
        """Wait for what becomes of a key that is held."""
        self.pty._wait(lambda seen: seen if HELD not in seen else None, "end of the second")

    def send(self, *, held: bool = False) -> None:
        """Press the one key; see that this transfer is the first, and so that nothing was sent before."""
        self.pty.type("y")
        if held:
            self.pty.wait_for(HELD)
        self.pty.wait_for("TRANSFER DONE")
        tran_id = self.pty.wait_for_tran_id()
        self.pty.type(ESCAPE)
        self.pty.find(rf"7\.25 +USDT +done +{tran_id}")
        assert len(re.findall(r"7\.25 +USDT +done +[0-9]{8,}", self.pty.screen())) == 1


@pytest.fixture
def person(open_pty: OpenPty, shunter: list[str], environment: dict[str, str]) -> Person:
    """At the demo, its form filled."""
    pty = open_pty([*shunter, *FORM], environment | {"ESCDELAY": "1"})
    pty.wait_for("of 1,250.00 USDT")
    return Person(pty)


NO_KEYS = {name: report for name, report in REPORTS.items() if name != "paste"}


@pytest.mark.parametrize("part", [0, 1])
def test_no_report_sends_with_a_pause_behind_each_of_its_bytes(person: Person, part: int) -> None:
    person.review()
    for report in list(NO_KEYS.values())[part::2]:
        text = report.decode()
        # An Escape by itself is the key, which leaves the review. No key is in what has neither of the two.
        pieces = [text[:2], *text[2:]] if set("yd") & set(text) else [text[:2], text[2:]]
        for piece in pieces:
            person.pty.type(piece)
            person.pause()
        person.pty.screen()
    person.pty.wait_for("y  Send")
    person.send()


CUT_BEHIND_ESCAPE = ["mode, DEC", "background", "XTVERSION", "keypad in application mode", "X10 mouse"]


def test_report_cut_behind_its_escape_does_not_send(person: Person) -> None:
    for name in CUT_BEHIND_ESCAPE:
        person.review()
        person.pty.type(ESCAPE)
        person.pty._wait(lambda seen: seen if "y  Send" not in seen else None, "form")
        person.pty.type(REPORTS[name][1:].decode())
        person.pause()
    assert "TRANSFER DONE" not in person.pty.screen()


@pytest.mark.parametrize("answers", [True, False], ids=["that answers", "that does not answer"])
def test_paste_that_breaks_out_does_not_send(person: Person, answers: bool) -> None:
    """The worst cut: the review is up before the line goes on with the last key, and pauses behind that."""
    if answers:
        person.answer()
    person.pty.type(f"{BEGIN}7{END}")
    person.pty.type(F2)
    person.pty.wait_for("y  Send")
    person.pty.type("y")
    if not answers:
        person.pty.wait_for(HELD)
    time.sleep(0.5)
    person.pty.type(END)  # the terminal's own
    if answers:
        person.answer()  # it comes behind all that was pasted
    person.pty.wait_for("tried to press keys")
    person.wait_until_held_is_over()
    person.pty.wait_for("y  Send")
    assert "TRANSFER DONE" not in person.pty.screen()


def test_paste_in_one_packet_does_not_send(person: Person) -> None:
    # The kernel hands over 2048 bytes at a time: if that were within a report, its Esc could become a key.
    for filler in ("", "\x00" * 4000, "\x1b[0n" * 1500):
        person.pty.type(f"{BEGIN}7{END}{F2}{filler}y{END}")
        person.pty.wait_for("y  Send")
        person.pty.type(ESCAPE)
        person.pty._wait(lambda seen: seen if "y  Send" not in seen else None, "form")


def test_paste_that_breaks_out_of_textuals_parser_does_not_send(person: Person) -> None:
    """In a paste, Textual takes an unfinished or long sequence for keys."""
    person.review()
    person.pty.type(f"{BEGIN}\x1b[?2026;2$")
    person.pause()
    person.pty.type("y")
    person.pause()
    person.pty.type("\x1b[" + 31 * "1" + "y")
    person.pause()
    person.pty.type(END)
    person.pty.wait_for("y  Send")
    person.send(held=True)


@pytest.mark.parametrize("answers", [True, False], ids=["that answers", "that does not answer"])
def test_amount_that_a_person_pasted_is_sent_with_one_key(person: Person, answers: bool) -> None:
    answer = person.answer if answers else lambda: None
    answer()
    person.pty.type(f"{BEGIN}{END}")
    person.review()
    answer()
    person.pty.type("y")
    person.pty.wait_for(HELD)
    answer()
    person.pty.wait_for("TRANSFER DONE")


def test_any_key_stops_what_is_held(person: Person) -> None:
    person.pty.type(f"{BEGIN}{END}")
    person.review()
    person.pty.type("y")
    person.pty.wait_for(HELD)
    person.pty.type("n")
    person.pty.wait_for("Stopped", "y  Send")
    person.send(held=True)


def test_key_typed_before_the_terminal_had_the_review_does_not_send(person: Person) -> None:
    person.answer()
    person.review()
    person.pty.type("y")
    person.answer()
    person.pty.type("d")
    person.pause()
    assert "y  Send" in person.pty.screen()
    person.send()


def test_line_pasted_without_brackets_does_not_send(person: Person) -> None:
    person.pty.type(f"{REVIEW}y")
    person.pty.wait_for("y  Send")
    person.pty.type("yy")
    person.pty.wait_for("not a single key press", "y  Send")
    person.pty.send(b"y")
    person.pty.wait_for("still held", "y  Send")
    person.let_go()
    person.send()


def test_unfinished_paste_or_report_leaves_a_way_out(person: Person) -> None:
    person.review()
    person.pty.type("\x1bP>|yyy")
    person.pause()
    person.pty.type("\r")
    person.pause()
    person.send()


ENVIRONMENTS = {
    "presses keys": {"TEXTUAL_PRESS": "wait:500,ctrl+r,wait:500,y," * 20 + "y"},
    "runs code": {"TEXTUAL_DRIVER": "textual.drivers.headless_driver:HeadlessDriver"},
    "claims a size": {"COLUMNS": "20", "LINES": "5"},
}


@pytest.mark.parametrize("variables", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_environment_does_not_press_keys(
    open_pty: OpenPty, shunter: list[str], environment: dict[str, str], variables: dict[str, str]
) -> None:
    person = Person(open_pty([*shunter, *FORM], environment | variables))
    person.pty.wait_for("of 1,250.00 USDT")
    person.review()
    person.send()
