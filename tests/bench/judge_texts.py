"""What the screens would show of a transfer, where there is no screen."""

from collections.abc import Mapping, Sequence

from tests.bench.judge_ledger import ASSET
from tui.desk.settle import Progress
from tui.domain.amounts import grouped
from tui.domain.entries import Entry
from tui.domain.transfer import Transfer, TransferRequest
from tui.language import _
from tui.screens import notice
from tui.words import settling, transfers
from tui.words.entries import Description, describe, describe_correction
from tui.words.outcomes import Watch


def dialog_text(transfer: Transfer, note: str = "", watch: Watch = Watch.UNKNOWN) -> str:
    """A transfer as its dialog shows it."""
    return _text(describe(Entry(None, transfer), note=note, watch=watch), "Enter  Close")


def notice_text(transfer: Transfer) -> str:
    """A transfer as its notice shows it."""
    return _text(describe_correction(transfer), notice._ASK)


def _text(description: Description, ask: str) -> str:
    facts = [f"{name}  {value}" for name, value in description.facts]
    return "\n".join([description.headline, description.meaning, *facts, ask])


def end_text(transfer: Transfer) -> str:
    """What pops up of a transfer that was unknown and has ended."""
    return "\n".join(transfers.ended(transfer))


def review_text(request: TransferRequest, repeats: Sequence[Transfer], looks: Mapping[str, str]) -> str:
    """What the review says of identical transfers."""
    return f"REVIEW\n{_('Amount')}  {grouped(request.amount)} {ASSET}\n{transfers.repeats(repeats, looks)}"


def question_text(progress: Progress) -> str:
    """What the person is asked where the program cannot tell."""
    request = progress.transfer.request
    return "\n".join(
        [
            _(settling.QUESTION),
            *settling.question(progress.transfer, progress.doubt, progress.unreadable),
            *(settling.candidate(row, request.amount) for row in progress.candidates),
            settling.not_executed(has_records=bool(progress.candidates)),
            _(settling.EXECUTED),
            "Esc  Leave it open",
        ]
    )
