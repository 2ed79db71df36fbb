"""Type a line without showing it."""

import os
import select
import signal
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_ENDING = (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM)


@contextmanager
def unseen() -> Iterator[Callable[[str], str]]:
    """Provide a function that prompts for a line on the terminal at standard input.

    Echo stays off between the lines too, so no line of a pasted private key shows; getpass switches it for each line
    and would drop or show the rest of a paste. What was pasted beyond the last line is dropped, and not left to the
    shell. The function raises EOFError at the end of input.
    """
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    silent = before.copy()
    silent[3] &= ~(termios.ECHO | termios.ECHONL)
    with _woken_by_signals() as woken:

        def ask(prompt: str) -> str:
            print(prompt, end="", file=sys.stderr, flush=True)
            line = _line(terminal, woken).decode(errors="replace")
            if not line:
                raise EOFError
            if prompt:
                print(file=sys.stderr)
            return line.rstrip("\n")

        with _through_signals(terminal, before, silent):
            termios.tcsetattr(terminal, termios.TCSAFLUSH, silent)
            try:
                yield ask
            finally:
                termios.tcsetattr(terminal, termios.TCSAFLUSH, before)


@contextmanager
def _through_signals(terminal: int, before: list[Any], silent: list[Any]) -> Iterator[None]:
    """Keep echo off when a stopped job (Ctrl+Z) continues: the shell has switched it on, and does not switch it back.

    A signal that ends the process leaves the terminal as it was before.
    """

    def go_on(*_: object) -> None:
        termios.tcsetattr(terminal, termios.TCSANOW, silent)

    def end(number: int, _: object) -> None:
        termios.tcsetattr(terminal, termios.TCSANOW, before)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    ending = [number for number in _ENDING if signal.getsignal(number) is signal.SIG_DFL]
    handlers = {signal.SIGCONT: signal.signal(signal.SIGCONT, go_on)}
    handlers.update((number, signal.signal(number, end)) for number in ending)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _line(terminal: int, woken: int) -> bytes:
    """Return the next line of the terminal, or what there is of it at the end of input."""
    line = b""
    while not line.endswith(b"\n"):
        readable, _, _ = select.select([terminal, woken], [], [])
        if terminal not in readable:
            os.read(woken, 1)
            continue
        read = os.read(terminal, 4096)
        if not read:
            break
        line += read
    return line


@contextmanager
def _woken_by_signals() -> Iterator[int]:
    """Provide a file that becomes readable when a signal arrives: a read alone would miss a ^C just before it."""
    woken, waking = os.pipe()
    os.set_blocking(waking, False)
    before = signal.set_wakeup_fd(waking)
    try:
        yield woken
    finally:
        signal.set_wakeup_fd(before)
        os.close(woken)
        os.close(waking)
