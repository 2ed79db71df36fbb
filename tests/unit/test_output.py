"""A terminal that does not read blocks nothing, and gets what it missed when it reads again."""

import inspect
import os
import pty
import re
import sys
import threading
from collections.abc import Iterator

import pytest
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from tests.waiting import LIMIT_S
from tui.terminal import output
from tui.terminal.output import Output, OutputDriver

SEQUENCES = re.compile(r"\x1b\[\??[<0-9]*[a-z]")


@pytest.fixture
def line() -> Iterator[tuple[int, int]]:
    """Return both ends of a line: the terminal's and the program's."""
    ends = pty.openpty()
    yield ends
    for end in ends:
        os.close(end)


def read_until(terminal: int, text: bytes) -> bytes:
    """Return what the terminal reads, up to this text."""
    read = b""
    while text not in read:
        read += os.read(terminal, 65536)
    return read


def test_output_arrives_in_order(line: tuple[int, int]) -> None:
    terminal, program = line
    out = Output(program, on_missed=lambda: None)
    for number in range(100):
        out.write(f"{number} ")
    assert out.close()
    assert read_until(terminal, b"99 ").split() == [str(number).encode() for number in range(100)]


def test_a_terminal_that_does_not_read_blocks_nothing_and_gets_what_it_missed(line: tuple[int, int]) -> None:
    terminal, program = line
    has_missed = threading.Event()
    out = Output(program, on_missed=has_missed.set)
    for _ in range(1000):
        out.write("picture " * 200)
    assert not has_missed.is_set()
    reading = threading.Thread(target=read_until, args=(terminal, b"the newest"), daemon=True)
    reading.start()
    assert has_missed.wait(LIMIT_S)
    out.write("the newest")
    assert out.close()
    reading.join(LIMIT_S)
    assert not reading.is_alive()


def test_a_picture_of_any_size_is_written_completely(line: tuple[int, int]) -> None:
    terminal, program = line
    out = Output(program, on_missed=lambda: None)
    picture = "x" * 300_000
    reading = threading.Thread(target=read_until, args=(terminal, b"x!"), daemon=True)
    reading.start()
    out.write("\x1b[?2026h")
    out.write(f"{picture}!")
    reading.join(LIMIT_S)
    assert not reading.is_alive()
    assert out.close()


def test_close_says_that_the_terminal_did_not_receive_everything(line: tuple[int, int]) -> None:
    terminal, program = line
    out = Output(program, on_missed=lambda: None)
    out.write("picture " * 20_000)
    assert not out.close()
    out.give_up()
    os.read(terminal, 65536)


async def test_everything_that_textual_resets_is_reset_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.__stdin__", sys.__stdout__)  # pytest has no input
    driver = OutputDriver(App())
    written: list[str] = []
    monkeypatch.setattr(driver, "write", written.append)
    driver._in_band_window_resize = True
    driver.stop_application_mode()
    reset = set(SEQUENCES.findall("".join(written)))
    assert len(reset) > 5
    assert reset <= set(SEQUENCES.findall(output._GIVE_BACK))


def test_textual_still_writes_in_one_place() -> None:
    source = inspect.getsource(LinuxDriver)
    assert source.count("_writer_thread.write(") == 1
    assert "_file.write(" not in source
