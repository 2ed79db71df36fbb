"""What keeps secrets from leaving this process by ways that nobody chose."""

import os
import resource

_LOGS_OF_KEYS = ("TEXTUAL", "TEXTUAL_LOG", "TEXTUAL_DEBUG")
"""These make Textual write every key press and paste to a file, or send them to its devtools."""


def keep_memory_off_disk() -> None:
    """Let a crash leave no core file: it would hold the key.

    The limit is one byte, not none: Linux hands a core to a collecting program in spite of a limit of none, but not in
    spite of this one (core(5), "Piping core dumps to a program"). No file is written under either.
    """
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    if most != 0:
        resource.setrlimit(resource.RLIMIT_CORE, (1, 1))


def keep_keys_out_of_logs() -> None:
    """Switch Textual's own logs off. It reads the environment when it is imported: call this before."""
    for name in _LOGS_OF_KEYS:
        os.environ.pop(name, None)
