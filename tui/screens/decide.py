"""Deciding by hand how a transfer ended, where the program cannot tell."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from tui.domain.amounts import grouped
from tui.domain.text import printable
from tui.domain.transfer import Transfer
from tui.exchange.payloads import HistoryRow
from tui.settle import Doubt, Progress
from tui.terminal.question import Question

_WHY = {
    Doubt.SEVERAL: (
        "The answer to this transfer never came, and the exchange's history has records that another transfer could "
        "claim just as well. Which of them is it? What you choose is final. The exchange's own site may tell you more."
    ),
    Doubt.TOO_OLD: (
        "The answer to this transfer never came, and the exchange's history does not go back so far. Only you can say "
        "that it was not executed."
    ),
    Doubt.OTHER_KEY: (
        "The answer to this transfer never came, and it was sent with another key than the one in use. If that key is "
        "of another account, go back and choose it (F4): then Shunter finds out by itself. If it is of the same "
        "account, this is what its history has. What you choose is final."
    ),
}

_ASK = "Down, Up  mark        Enter  choose        Esc  leave it open"


@dataclass(frozen=True, slots=True)
class Decision:
    """How a person settled an unknown transfer."""

    transfer: Transfer
    record: HistoryRow | None
    """The record that it is; None where it was not executed."""


class DecideScreen(ModalScreen[Decision | None]):
    """Shows the facts and lets the person choose. It ends with the decision, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave_open", "Leave it open")]

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress
        self._question = Question(self, doing="deciding", say=self._say_of_answer)

    def compose(self) -> ComposeResult:
        """The transfer, the records, and the way out."""
        transfer, candidates = self._progress.transfer, self._progress.candidates
        request = transfer.request
        pairs = " -> ".join(filter(None, (request.from_symbol, request.to_symbol)))
        what = f"{request.type.name}   {grouped(request.amount)} {request.asset}   {pairs}".rstrip()
        who = f"{transfer.profile} ...{transfer.key_tail}"
        with VerticalScroll(classes="dialog -page", can_focus=False):
            yield Label("Transfer unknown", classes="title -unknown")
            yield Label(_WHY[doubt] if (doubt := self._progress.doubt) else "", classes="meaning", markup=False)
            yield Label(f"Sent {_when(transfer.timestamp_ms)} with {who}\n{what}", classes="meaning", markup=False)
            yield OptionList(
                *(Option(Content(_line(row))) for row in candidates),
                Option(Content(" None of these: it was not executed" if candidates else " It was not executed")),
                id="candidates",
                compact=True,
            )
            yield Label(_ASK, classes="ask", markup=False)

    def on_mount(self) -> None:
        """Mark nothing: a second Enter of a hurried hand must not decide."""
        self.query_one(OptionList).highlighted = None
        self._question.ask()

    def on_key(self, event: events.Key) -> None:
        """Take Enter, where a person pressed it: the list would take it from anybody."""
        if event.key == "enter":
            self._question.answer(event, self._decide)

    @on(OptionList.OptionSelected)
    def mark(self, event: OptionList.OptionSelected) -> None:
        """A click marks, and no more."""
        event.stop()

    def _decide(self) -> None:
        """Take the choice that is marked."""
        index = self.query_one(OptionList).highlighted
        if index is not None:
            candidates = self._progress.candidates
            record = candidates[index] if index < len(candidates) else None
            self.dismiss(Decision(self._progress.transfer, record))

    def _say_of_answer(self, words: str) -> None:
        self.query_one(".ask", Label).update(f"{words}\n{_ASK}" if words else _ASK)

    def action_leave_open(self) -> None:
        """Decide nothing."""
        self.dismiss(None)


def _line(row: HistoryRow) -> str:
    return f" tranId {row.tran_id}   {_when(row.timestamp)}   {printable(row.status)}"


def _when(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
