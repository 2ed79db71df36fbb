"""The journal: every transfer is in it, on disk, before the first byte of its request can leave.

For the desk, which writes and reads it, and `shunter journal`, which reads it. `store` is the way in: it has all that
may be read and written. It puts `rows` and `plans` into the `file`, whose shape is `schema`; the file also tells which
Shunters are alive, and what can be wrong with it. `memory` writes again what an older copy of the file lacks.
"""

from tui.journal.file import (
    Conditions,
    DayIsFull,
    DayLimit,
    JournalError,
    NotQuiet,
    PlanTaken,
    RepeatUnconfirmed,
    TranIdTaken,
)
from tui.journal.rows import Written
from tui.journal.store import Journal, journal_path, recorded_assets

__all__ = [
    "Conditions",
    "DayIsFull",
    "DayLimit",
    "Journal",
    "JournalError",
    "NotQuiet",
    "PlanTaken",
    "RepeatUnconfirmed",
    "TranIdTaken",
    "Written",
    "journal_path",
    "recorded_assets",
]
