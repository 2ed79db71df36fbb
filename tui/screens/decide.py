"""The dialog in which the person decides how a transfer ended, if Shunter cannot tell."""

from functools import partial
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from tui.desk.desk import Decision, Desk, Undecidable, Word
from tui.desk.settle import Progress
from tui.domain.records import is_final
from tui.journal import JournalError
from tui.screens.closing import DismissesItself
from tui.terminal.question import Question
from tui.widgets.ask_line import AskLine, say_in
from tui.words import settling

_ASK = "Down, Up  mark        Enter  choose        Esc or q  leave it open"


class DecideScreen(DismissesItself, ModalScreen[None]):
    """Shows the facts and lets the person choose. It closes once the decision is in the journal, or without one."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss", "Leave it open")]
    holds_notices = True

    def __init__(self, desk: Desk, progress: Progress) -> None:
        super().__init__()
        self._desk = desk
        self.transfer = progress.transfer
        self._progress = progress
        self._choices = _choices(progress)
        self._is_deciding = False
        self._question = Question(self, doing="deciding", say=partial(say_in, self))

    def compose(self) -> ComposeResult:
        """The transfer, the records, and the way out."""
        why, *facts = settling.question(self.transfer, self._progress.doubt, self._progress.unreadable)
        with VerticalScroll(classes="dialog -page", can_focus=False):
            yield Label(settling.QUESTION, classes="title -unknown")
            yield Label(why, classes="meaning", markup=False)
            for fact in facts:
                yield Label(fact, classes="meaning", markup=False)
            yield OptionList(
                *(Option(Content(f" {text}"), disabled=decision is None) for text, decision in self._choices),
                id="candidates",
                compact=True,
            )
            yield AskLine(_ASK, final=("enter",))

    def on_mount(self) -> None:
        """Mark nothing: a second Enter of a hurried hand must not decide."""
        self.query_one(OptionList).highlighted = None
        self._question.ask()

    def on_key(self, event: events.Key) -> None:
        """Take Enter only from a person: the list would take it from anybody."""
        if event.key == "enter":
            self._question.answer(event, self._decide)

    def on_ask_line_answer_clicked(self) -> None:
        """Take a click on the answer if a line is marked."""
        if self.query_one(OptionList).highlighted is not None:
            self._question.click(self._decide)

    @on(OptionList.OptionSelected)
    def mark(self, event: OptionList.OptionSelected) -> None:
        """Let a click mark the line, and no more."""
        event.stop()

    def _decide(self) -> None:
        """Decide by the marked line."""
        index = self.query_one(OptionList).highlighted
        decision = None if index is None else self._choices[index][1]
        if decision and not self._is_deciding:
            self._is_deciding = True
            self.write_down(decision)

    @work
    async def write_down(self, decision: Decision) -> None:
        """Hand the decision to the desk."""
        try:
            await self._desk.choose(decision)
        except (JournalError, Undecidable) as error:
            self.post_call(self._ask_again, f"Not decided: {error}")
        else:
            self.post_call(self.dismiss)

    def _ask_again(self, message: str) -> None:
        self._is_deciding = False
        self._question.ask()
        self.query_one(AskLine).say(message)

    def settled(self) -> None:
        """Close: the transfer was settled without the person."""
        if not self._is_deciding:
            self.dismiss(None)


def _choices(progress: Progress) -> list[tuple[str, Decision | None]]:
    """Return what the person can choose, with the decision that each choice is; None if it would decide nothing."""
    transfer, records = progress.transfer, progress.candidates
    choices: list[tuple[str, Decision | None]] = []
    for record in records:
        others = tuple(other.tran_id for other in records if other is not record)
        decision = Decision(transfer, record, others) if is_final(record.status) else None
        choices.append((settling.candidate(record, transfer.request.amount), decision))
    unreadable = (row.tran_id for row in progress.unreadable if row.tran_id)
    declined = (*(record.tran_id for record in records), *unreadable)
    return [
        *choices,
        (settling.not_executed(has_records=bool(records)), Decision(transfer, Word.NOT_EXECUTED, declined)),
        (settling.EXECUTED, Decision(transfer, Word.EXECUTED)),  # and one of the records may be its own
    ]
