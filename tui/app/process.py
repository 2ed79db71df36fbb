"""Prepares the process: no secret leaves it and no key press enters it in unintended ways, its standard streams are
open, it starts quickly, and it ends with its terminal.
"""

import gc
import io
import os
import resource
import select
import signal
import sys
import threading

_FALSE_SIZE = ("COLUMNS", "LINES")
"""Textual trusts these more than the terminal's size: what is sent could be out of sight."""


def keep_memory_off_disk() -> None:
    """Prevent core files: one would contain the key.

    The limit is one byte, not zero: Linux pipes a core to a collecting program in spite of a limit of zero, but not in
    spite of this one (core(5), "Piping core dumps to a program"). Neither limit permits a file.
    """
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    if most != 0:
        resource.setrlimit(resource.RLIMIT_CORE, (1, 1))


def open_closed_streams() -> None:
    """Open /dev/null in place of a closed standard input (`<&-`) or standard error, where Python has None.

    Otherwise a file that is opened later could be taken for one of them.
    """
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY))
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


def accept_any_text() -> None:
    """Print characters that the locale lacks as "?", and read bytes that are not in its encoding.

    Otherwise either would end in a traceback, which shows part of the text.
    """
    for stream, errors in ((sys.stdout, "replace"), (sys.stdin, "surrogateescape")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)


def clear_textual_variables() -> None:
    """Remove the variables that control Textual from the environment. Textual reads them on import: call this before.

    Some press keys (TEXTUAL_PRESS), run code (TEXTUAL_DRIVER), log every key press and paste (TEXTUAL, TEXTUAL_LOG,
    TEXTUAL_DEBUG) or take screenshots (TEXTUAL_SCREENSHOT). None of them is meant for a person who uses Shunter.
    """
    for name in [name for name in os.environ if name.startswith("TEXTUAL") or name in _FALSE_SIZE]:
        del os.environ[name]


def collect_garbage() -> None:
    """Run the garbage collector, which `__main__` has put off, among what is created from here on.

    What is there is kept: modules, and the first screen. Without a collection of them, the start is a tenth shorter,
    and a full collection is quick. A screen that was left is a reference cycle; uncollected, a hundred of them take
    20 MB. Code that drops a secret collects by itself.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.set_threshold(10_000, 5, 2)
        gc.enable()


def end_with_the_terminal() -> None:
    """End the app when its terminal is gone: it has the key in memory and may hold the keyring open.

    The system notifies only the leader of the session (SIGHUP), which need not pass it on: `su` does not. `nohup` makes
    programs ignore it.
    """

    def wait() -> None:
        poll = select.poll()
        poll.register(sys.stdin, 0)  # input does not wake it
        if any(event & select.POLLHUP for _, event in poll.poll()):
            os._exit(128 + signal.SIGHUP)  # as if the signal ended it: there is no terminal to give back

    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    threading.Thread(target=wait, daemon=True).start()
