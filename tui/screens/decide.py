"""Deciding by hand how a transfer ended, where the program cannot tell."""

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from tui.desk.desk import Decision, Desk, Undecidable, Word
from tui.desk.settle import Progress
from tui.domain.amounts import quantity
from tui.domain.moments import local
from tui.domain.outcome import recorded_outcome
from tui.domain.records import HistoryRow
from tui.domain.text import printable
from tui.journal import JournalError
from tui.screens.closing import DismissesItself
from tui.terminal.question import Question
from tui.widgets.ask_line import AskLine, say_in
from tui.words import outcomes, settling

_YOUR_WORD = " Shunter takes your word for it. The exchange's own site may tell you more."
_ASK = "Down, Up  mark        Enter  choose        Esc or q  leave it open"


class DecideScreen(DismissesItself, ModalScreen[None]):
    """Shows the facts and lets the person choose. It ends once the journal has the decision, or without one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "leave_open", "Leave it open")]
    holds_notices = True

    class Decided(Message):
        """The journal has taken the decision."""

    @dataclass
    class NotDecided(Message):
        """The journal has not taken it."""

        words: str

    def __init__(self, desk: Desk, progress: Progress) -> None:
        super().__init__()
        self._desk = desk
        self.transfer = progress.transfer
        self._progress = progress
        self._is_deciding = False
        self._question = Question(self, doing="deciding", say=partial(say_in, self))

    def compose(self) -> ComposeResult:
        """The transfer, the records, and the way out."""
        transfer, candidates = self._progress.transfer, self._progress.candidates
        request = transfer.request
        what = f"{request.type.name}   {quantity(request.amount, request.asset)}   {request.pairs}".rstrip()
        who = f"{transfer.profile} ...{transfer.key_tail}"
        why = settling.WHY[doubt] + _YOUR_WORD if (doubt := self._progress.doubt) else ""
        with VerticalScroll(classes="dialog -page", can_focus=False):
            yield Label("Transfer unknown", classes="title -unknown")
            yield Label(why, classes="meaning", markup=False)
            yield Label(f"Sent {_when(transfer.timestamp_ms)} with {who}\n{what}", classes="meaning", markup=False)
            reason = outcomes.reason(transfer.answer or transfer.evidence) or outcomes.reason(transfer.evidence)
            yield Label(reason, classes="meaning", markup=False)
            for row in self._progress.unreadable:
                yield Label(f"The record, as it came: {row.text}", classes="meaning", markup=False)
            yield OptionList(
                *(
                    Option(Content(_line(row, request.amount)), disabled=not recorded_outcome(row.status))
                    for row in candidates
                ),
                Option(Content(" None of these: it was not executed" if candidates else " It was not executed")),
                Option(Content(" It was executed: I have seen it on the exchange's own site")),
                id="candidates",
                compact=True,
            )
            yield AskLine(_ASK, final=("enter",))

    def on_mount(self) -> None:
        """Mark nothing: a second Enter of a hurried hand must not decide."""
        self.query_one(OptionList).highlighted = None
        self._question.ask()

    def on_key(self, event: events.Key) -> None:
        """Take Enter, where a person pressed it: the list would take it from anybody."""
        if event.key == "enter":
            self._question.answer(event, self._decide)

    def on_ask_line_answer_clicked(self) -> None:
        """Take a click on the answer, where something is marked."""
        if self.query_one(OptionList).highlighted is not None:
            self._question.click(self._decide)

    @on(OptionList.OptionSelected)
    def mark(self, event: OptionList.OptionSelected) -> None:
        """A click marks, and no more."""
        event.stop()

    def _decide(self) -> None:
        """Take the choice that is marked."""
        index = self.query_one(OptionList).highlighted
        if index is not None and not self._is_deciding:
            self._is_deciding = True
            self.write_down(_decision(self._progress, index))

    @work
    async def write_down(self, decision: Decision) -> None:
        """Have the desk take the person's word."""
        try:
            await self._desk.choose(decision)
        except (JournalError, Undecidable) as error:
            self.post_message(self.NotDecided(str(error)))
        else:
            self.post_message(self.Decided())

    def on_decide_screen_decided(self) -> None:
        """Done."""
        self.dismiss(None)

    def on_decide_screen_not_decided(self, message: NotDecided) -> None:
        """Say why, and ask once more."""
        self._is_deciding = False
        self._question.ask()
        self.query_one(AskLine).say(f"Not decided: {message.words}")

    def settled(self) -> None:
        """It has ended without the person: there is nothing to decide."""
        if not self._is_deciding:
            self.dismiss(None)

    def action_leave_open(self) -> None:
        """Decide nothing."""
        self.dismiss(None)


def _decision(progress: Progress, index: int) -> Decision:
    """What a line of the list means: the records, then that it was not executed, then that it was."""
    transfer, candidates = progress.transfer, progress.candidates
    if index < len(candidates):
        record = candidates[index]
        others = tuple(row.tran_id for row in candidates if row is not record)
        return Decision(transfer, record, others)
    if index > len(candidates):
        return Decision(transfer, Word.EXECUTED)  # and one of them may be its record
    unreadable = (row.tran_id for row in progress.unreadable if row.tran_id)
    return Decision(transfer, Word.NOT_EXECUTED, (*(row.tran_id for row in candidates), *unreadable))


def _line(row: HistoryRow, asked: object) -> str:
    amount = "" if row.amount == asked else f"   {quantity(row.amount, row.asset)}"
    return f" tranId {row.tran_id}   {_when(row.timestamp)}{amount}   {printable(row.status)}"


def _when(ms: int) -> str:
    return local(ms).strftime("%Y-%m-%d %H:%M:%S")
