"""A terminal that does not read holds nobody up, and what it has missed is shown when it reads again."""

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
    """Both ends of a line: the terminal's, and the program's."""
    ends = pty.openpty()
    yield ends
    for end in ends:
        os.close(end)


def read_until(terminal: int, words: bytes) -> bytes:
    """What the terminal reads, up to these words."""
    read = b""
    while words not in read:
        read += os.read(terminal, 65536)
    return read


def test_what_is_written_comes_out_in_order(line: tuple[int, int]) -> None:
    terminal, program = line
    out = Output(program, on_missed=lambda: None)
    for number in range(100):
        out.write(f"{number} ")
    assert out.close()
    assert read_until(terminal, b"99 ").split() == [str(number).encode() for number in range(100)]


def test_a_terminal_that_reads_nothing_holds_nobody_up_and_is_told_what_it_missed(line: tuple[int, int]) -> None:
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


def test_a_picture_of_any_size_is_written_whole(line: tuple[int, int]) -> None:
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


def test_who_closes_is_told_that_the_terminal_did_not_take_it(line: tuple[int, int]) -> None:
    terminal, program = line
    out = Output(program, on_missed=lambda: None)
    out.write("picture " * 20_000)
    assert not out.close()
    out.give_up()
    os.read(terminal, 65536)


async def test_all_that_textual_takes_back_is_taken_back_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.__stdin__", sys.__stdout__)  # pytest has no input
    driver = OutputDriver(App())
    written: list[str] = []
    monkeypatch.setattr(driver, "write", written.append)
    driver._in_band_window_resize = True
    driver.stop_application_mode()
    taken_back = set(SEQUENCES.findall("".join(written)))
    assert len(taken_back) > 5
    assert taken_back <= set(SEQUENCES.findall(output._GIVE_BACK))


def test_textual_still_writes_in_one_place() -> None:
    source = inspect.getsource(LinuxDriver)
    assert source.count("_writer_thread.write(") == 1
    assert "_file.write(" not in source
