"""What the screens would show of a transfer, where there is no screen."""

from collections.abc import Mapping, Sequence

from tests.bench.judge_ledger import ASSET
from tui.desk.settle import Progress
from tui.domain.amounts import grouped
from tui.domain.entries import Entry
from tui.domain.transfer import Transfer, TransferRequest
from tui.screens import decide, notice
from tui.words import outcomes, settling, transfers
from tui.words.entries import Description, describe, describe_correction
from tui.words.outcomes import Watch


def dialog_text(transfer: Transfer, note: str = "", watch: Watch = Watch.UNKNOWN) -> str:
    """A transfer as its dialog shows it."""
    return _text(describe(Entry(None, transfer), note=note, watch=watch), "Esc or q  close")


def notice_text(transfer: Transfer) -> str:
    """A transfer as its notice shows it."""
    return _text(describe_correction(transfer), notice._ASK)


def _text(description: Description, ask: str) -> str:
    facts = [f"{name}  {value}" for name, value in description.facts]
    return "\n".join([description.title, description.meaning, *facts, ask])


def end_text(transfer: Transfer) -> str:
    """What pops up of a transfer that was unknown and has ended."""
    return "\n".join(transfers.ended(transfer))


def review_text(request: TransferRequest, repeats: Sequence[Transfer], looks: Mapping[str, str]) -> str:
    """What the review says of identical transfers."""
    return f"Review\nAmount  {grouped(request.amount)} {ASSET}\n{transfers.repeats(repeats, looks)}"


def question_text(progress: Progress) -> str:
    """What the person is asked where the program cannot tell."""
    request = progress.transfer.request
    why = settling.WHY[progress.doubt] if progress.doubt else ""
    return "\n".join(
        [
            "Transfer unknown",
            f"{why}{decide._YOUR_WORD}",
            f"{request.type.name}   {grouped(request.amount)} {request.asset}   {request.pairs}",
            outcomes.reason(progress.transfer.answer or progress.transfer.evidence),
            *(f"The record, as it came: {row.text}" for row in progress.unreadable),
            *(decide._line(row, request.amount) for row in progress.candidates),
            "It was not executed",
            "It was executed",
            decide._ASK,
        ]
    )
