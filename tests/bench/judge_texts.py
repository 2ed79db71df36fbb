"""What the screens would show of a transfer, where there is no screen."""

from tests.bench.judge_ledger import ASSET
from tui.domain.amounts import grouped
from tui.domain.transfer import Evidence, Transfer, TransferRequest
from tui.screens import notice
from tui.screens.review_words import repeat_words
from tui.widgets.transfer_facts import facts, meaning, reasons


def dialog_text(transfer: Transfer, note: str = "") -> str:
    """A transfer as its dialog shows it."""
    told = [f"{name}  {value}" for name, value in facts(transfer, note)]
    return "\n".join([f"Transfer {transfer.outcome.words}", meaning(transfer), *told, "Esc or q  close"])


def notice_text(transfer: Transfer) -> str:
    """A transfer as its notice shows it."""
    is_found = transfer.evidence is not Evidence.PERSON and transfer.outcome in notice._MEANING
    title = notice._TITLES[transfer.outcome] if is_found else "Not as it was said"
    means = notice._MEANING[transfer.outcome] if is_found else notice._OTHERWISE + meaning(transfer)
    told = [f"{name}  {value}" for name, value in reasons(transfer)]
    amount = f"Amount  {grouped(transfer.request.amount)} {ASSET}"
    return "\n".join([title, means, f"tranId  {transfer.tran_id or ''}", amount, *told, notice._ASK])


def review_text(request: TransferRequest, repeats: list[Transfer], looks: dict[int, str]) -> str:
    """What the review says of identical transfers."""
    return f"Review\nAmount  {grouped(request.amount)} {ASSET}\n{repeat_words(repeats, looks)}"
