"""How the app ends on an error of its own: it says where the error was, and nothing else."""

import asyncio
import traceback
from typing import Any

from rich.text import Text
from textual.app import App
from textual.worker import WorkerFailed

from tui.language import _


def end_on_errors_in_tasks(app: App[Any]) -> None:
    """Let an error in a task that nobody awaits end the app, like one in a screen."""

    def unhandled(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if isinstance(error := context.get("exception"), Exception):
            app._handle_exception(error)

    asyncio.get_running_loop().set_exception_handler(unhandled)


def crash_report(error: BaseException | None) -> Text:
    """Return the type of the error and the last three places it passed. Its message and local variables may contain
    keys.
    """
    cause = error.error if isinstance(error, WorkerFailed) else error
    frames = traceback.extract_tb(cause.__traceback__)[-3:] if cause else []
    where = ", ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames)
    return Text(
        _(
            "Shunter stopped on an error of its own: {error} at {where}.\n"
            "What was sent is in the journal; the next start settles what is open.\n"
        ).format(error=type(cause).__name__, where=where)
    )
