"""What keeps secrets from leaving this process, and keys from getting in, by ways that nobody chose."""

import os
import resource

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


def leave_textual_alone() -> None:
    """Take from the environment what has a say in Textual, which reads it when it is imported: call this before.

    Some of it presses keys (TEXTUAL_PRESS), runs code (TEXTUAL_DRIVER), logs every key press and paste (TEXTUAL,
    TEXTUAL_LOG, TEXTUAL_DEBUG) or takes pictures of the screen (TEXTUAL_SCREENSHOT). Nothing of it is for a person.
    """
    for name in [name for name in os.environ if name.startswith("TEXTUAL") or name in _FALSE_SIZE]:
        del os.environ[name]
