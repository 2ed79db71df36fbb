"""What keeps secrets from leaving this process, and keys from getting in, by ways that nobody chose, gives it standard
streams, has it start quickly, and ends it with its terminal.
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
"""These are believed in place of the terminal's size: what is sent would not be what is in sight."""


def keep_memory_off_disk() -> None:
    """Let a crash leave no core file: it would hold the key.

    The limit is one byte, not none: Linux hands a core to a collecting program in spite of a limit of none, but not in
    spite of this one (core(5), "Piping core dumps to a program"). No file is written under either.
    """
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    if most != 0:
        resource.setrlimit(resource.RLIMIT_CORE, (1, 1))


def open_closed_streams() -> None:
    """Have nothing to read where standard input is closed (`<&-`), and lose what is said where standard error is.

    No file that is opened later is taken for one of them then. Python leaves None in their place.
    """
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY))
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")


def bear_any_text() -> None:
    """Show what the locale has no letters for with others in their place, and read what is not in its encoding: neither
    is to end in a traceback, which would show a part of it.
    """
    for stream, errors in ((sys.stdout, "replace"), (sys.stdin, "surrogateescape")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)


def leave_textual_alone() -> None:
    """Take from the environment what has a say in Textual, which reads it when it is imported: call this before.

    Some of it presses keys (TEXTUAL_PRESS), runs code (TEXTUAL_DRIVER), logs every key press and paste (TEXTUAL,
    TEXTUAL_LOG, TEXTUAL_DEBUG) or takes pictures of the screen (TEXTUAL_SCREENSHOT). Nothing of it is for a person.
    """
    for name in [name for name in os.environ if name.startswith("TEXTUAL") or name in _FALSE_SIZE]:
        del os.environ[name]


def look_for_cycles_seldom() -> None:
    """Look through all that there is less often than Python does by itself: most of what an app makes, it keeps.

    It takes a twentieth off the start. What should be gone at once is looked for by who lets go of it.
    """
    gc.set_threshold(50_000, 20, 20)


def end_with_the_terminal() -> None:
    """See to it that the app ends when its terminal is gone, with the key in its memory and the keyring that it opened.

    The system tells the leader of the session alone (SIGHUP), which need not hand it on: `su` does not. What `nohup`
    hands on is that it is ignored.
    """

    def wait() -> None:
        poll = select.poll()
        poll.register(sys.stdin, 0)  # what was typed does not wake it
        if any(happened & select.POLLHUP for _, happened in poll.poll()):
            os._exit(128 + signal.SIGHUP)  # as one that the signal ended: nothing is left to be given back

    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    threading.Thread(target=wait, daemon=True).start()
