"""What the input driver relies on in Textual, and the messages that it makes of tokens."""

import inspect
import sys
from typing import Any

import pytest
from textual import events
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from tests.unit.test_tokens import REPORTS
from tui.terminal.input import InputDriver


@pytest.fixture
async def driver(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a driver without a terminal, which collects the messages for the app."""
    monkeypatch.setattr("sys.__stdin__", sys.__stdout__)  # pytest has no input
    driver = InputDriver(App())
    messages: list[Any] = []
    monkeypatch.setattr(driver, "process_message", messages.append)
    driver.messages = messages  # type: ignore[attr-defined]
    return driver


def typed(driver: Any, *reads: bytes) -> list[tuple[str, bool]]:
    """Return the keys of these reads, and whether each could answer."""
    driver.messages.clear()
    for data in reads:
        driver._take_in(data)
    keys = [message for message in driver.messages if isinstance(message, events.Key)]
    return [(key.key, bool((press := driver.press(key)) and press.is_alone)) for key in keys]


def test_textual_still_reads_the_terminal_in_the_method_that_is_replaced() -> None:
    assert "self.run_input_thread()" in inspect.getsource(LinuxDriver._run_input_thread)
    assert "self._run_input_thread" in inspect.getsource(LinuxDriver.start_application_mode)
    assert "self._app._driver" not in inspect.getsource(LinuxDriver)
    assert hasattr(App(), "_driver")


async def test_textual_still_says_when_its_parser_waits(driver: Any) -> None:
    parser = driver._parser
    assert [key.key for key in parser.feed("y")] == ["y"]
    assert parser._timeout_time is None
    assert list(parser.feed("\x1b[?2026;2$")) == []
    assert parser._timeout_time is not None
    parser._timeout_time = 0.0
    assert list(parser.tick()), "it no longer takes an unfinished report for keys: much of this is no longer needed"
    assert parser._timeout_time is None


KEYS = {
    "plain": (b"y", "y"),
    "kitty": (b"\x1b[121u", "y"),
    "kitty with text": (b"\x1b[121;1;121u", "y"),
    "kitty with the kind of event": (b"\x1b[121;1:1u", "y"),
    "Enter": (b"\r", "enter"),
    "Enter, kitty": (b"\x1b[13u", "enter"),
    "Enter of the keypad": (b"\x1bOM", "enter"),
    "F2": (b"\x1bOQ", "f2"),
    "two bytes": ("é".encode(), "é"),
}


@pytest.mark.parametrize(("data", "key"), KEYS.values(), ids=KEYS)
async def test_key_alone_in_its_read_can_answer(driver: Any, data: bytes, key: str) -> None:
    assert typed(driver, data) == [(key, True)]


NO_ANSWERS = {
    "two at once": [b"yy"],
    "with the start of something": [b"y\x1b["],
    "with a paste": [b"\x1b[200~1\x1b[201~y"],
    "Alt": [b"\x1by"],
    "text of two keys, kitty": [b"\x1b[121;1;121:121u"],
    "let go, kitty": [b"\x1b[121;1:3u"],
    "a number that is no character": [b"\x1b[99999999999u"],
    "more than 32 bytes": [b"\x1b[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1y"],
}


@pytest.mark.parametrize("reads", NO_ANSWERS.values(), ids=NO_ANSWERS)
async def test_what_is_not_one_key_cannot_answer(driver: Any, reads: list[bytes]) -> None:
    assert not any(can_answer for _, can_answer in typed(driver, *reads))


@pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)
async def test_no_report_gives_the_app_a_key_that_it_does_not_have(driver: Any, report: bytes) -> None:
    for at in range(1, len(report)):
        keys = {key for key, _ in typed(driver, report[:at], report[at:])}
        assert keys <= {"9", "alt+y"}, report  # the keypad's and Alt's are keys


async def test_a_report_next_to_a_key_does_not_remove_it(driver: Any) -> None:
    assert typed(driver, b"\x1b[<35;1;2My\x1b[I") == [("y", True)]


async def test_only_the_answer_to_its_query_opens_the_fence(driver: Any) -> None:
    fence = driver.fence()
    driver._unwritten = None
    driver._fences.append(fence)
    typed(driver, b"y", b"\x1b[0n", f"\x1b[{fence.row};{fence.column + 1}R".encode())
    assert (driver.answers, fence.order) == (False, None)
    typed(driver, fence.answer.encode() + b"y")
    assert (driver.answers, fence.order, driver.order) == (True, 1, 2)
