"""What is said when the app ends on an error of its own: where it was, and no more."""

import traceback

from rich.text import Text
from textual.worker import WorkerFailed


def crash_report(error: BaseException | None) -> Text:
    """The kind of the error and the last places it passed. Its words and the values there may hold keys."""
    cause = error.error if isinstance(error, WorkerFailed) else error
    trail = traceback.extract_tb(cause.__traceback__)[-3:] if cause else []
    where = ", ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in trail)
    return Text(
        f"Shunter stopped on an error of its own: {type(cause).__name__} at {where}.\n"
        "What was sent is in the journal; the next start settles what is open.\n"
    )
