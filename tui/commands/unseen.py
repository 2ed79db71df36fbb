"""Typing that is not shown."""

import os
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def unseen() -> Iterator[Callable[[str], str]]:
    """Lend a function that prompts for a line on the terminal at standard input, which must be one.

    Echo stays off between the lines too, so that no line of a pasted private key shows; getpass, which switches it for
    each line, would drop or show the rest of a paste. Whatever was pasted beyond the last line is dropped, not left to
    the shell. The lent function raises EOFError at the end of input.
    """
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    silent = before.copy()
    silent[3] &= ~(termios.ECHO | termios.ECHONL)
    with os.fdopen(os.dup(terminal), encoding="utf-8", errors="replace") as lines:

        def ask(prompt: str) -> str:
            print(prompt, end="", file=sys.stderr, flush=True)
            line = lines.readline()
            if not line:
                raise EOFError
            if prompt:
                print(file=sys.stderr)
            return line.rstrip("\n")

        termios.tcsetattr(terminal, termios.TCSAFLUSH, silent)
        try:
            yield ask
        finally:
            termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
