"""The dialog in which the person decides how a transfer ended, if Shunter cannot tell."""

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from time import monotonic
from typing import ClassVar

from rich.cells import cell_len
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.desk.desk import Decision, Desk, Undecidable, Word
from tui.desk.settle import Progress
from tui.domain import moments
from tui.domain.balances import Account
from tui.domain.layout import padded
from tui.domain.records import is_final
from tui.domain.transfer import Outcome
from tui.journal import JournalError
from tui.language import _, pgettext
from tui.screens.closing import DismissesItself
from tui.structs import replace
from tui.terminal.question import Question
from tui.widgets.ask_line import AskLine, say_in
from tui.widgets.asking_dialog import end_facts, titled
from tui.widgets.facts import Fact, Facts
from tui.widgets.key_bar import KeyBar
from tui.widgets.pane import TALL
from tui.words import settling
from tui.words.wallets import DOUBTFUL, before_now

_HEADS = _("sent"), _("on record")

_UNSEEN_S = 1.0
"""A person who types on while the question comes up by itself has not read it yet."""


class DecideScreen(DismissesItself, ModalScreen[None]):
    """Shows the facts and lets the person choose. It closes once the decision is in the journal, or without one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", _("Leave it open"), key_display="Esc"),
        Binding("pagedown", "scroll(1)", _("More facts"), priority=True, key_display="PgDn"),
        Binding("pageup", "scroll(-1)", _("Less"), show=False, priority=True),
    ]
    holds_notices = True

    def __init__(
        self,
        desk: Desk,
        progress: Progress,
        *,
        before: Mapping[Account, Decimal] | None = None,
        since_ms: float | None = None,
        comes_by_itself: bool = False,
    ) -> None:
        """Takes what both ends held before, and since when what they hold counts, as far as that is known."""
        super().__init__()
        self._desk = desk
        self.transfer = progress.transfer
        self._progress = progress
        self._before, self._since_ms = before or {}, since_ms
        self._choices = _choices(progress)
        self._is_deciding = False
        self._unseen_until_s = monotonic() + _UNSEEN_S if comes_by_itself else 0.0
        self._question = Question(self, doing=pgettext("doing", "deciding"), say=partial(say_in, self))

    def compose(self) -> ComposeResult:
        """The transfer, the records, and the way out."""
        sent = _("sent {time}").format(time=moments.time_of_day(self.transfer.timestamp_ms))
        is_low = self.app.size.height < TALL
        with Vertical(classes=f"dialog -whole{' -dense' if is_low else ''}"):
            yield from titled(_(settling.QUESTION), sent, style=Outcome.UNKNOWN.value)
            with VerticalScroll(can_focus=False):
                yield Facts(self._facts())
            yield OptionList(
                *(
                    Option(_line(number, text, is_marked=False), disabled=decision is None)
                    for number, (text, decision) in enumerate(self._choices, 1)
                ),
                id="candidates",
                compact=True,
            )
            yield AskLine(self._ask, final=("enter",))
        yield KeyBar()

    def on_mount(self) -> None:
        """Mark nothing: a second Enter of a hurried hand must not decide."""
        self.query_one(OptionList).highlighted = None
        self._question.ask()

    def drops(self, event: events.Key | events.Paste) -> bool:
        """Whether a key comes too soon after the question came up by itself: the person was still typing."""
        is_unseen = event.time < self._unseen_until_s
        if is_unseen:
            self._unseen_until_s = event.time + _UNSEEN_S
        return is_unseen

    @property
    def _ask(self) -> str:
        is_marked = self.is_mounted and self.query_one(OptionList).highlighted is not None
        keys = (
            _("Enter  Answer     1-{count}  Mark     Esc  Leave it open")
            if is_marked
            else _("1-{count}  Mark     Esc  Leave it open")
        )
        return keys.format(count=len(self._choices))

    def _facts(self) -> list[Fact]:
        title, why, *known = settling.question(self.transfer, self._progress.doubt, self._progress.unreadable)
        sentences = [Fact("", text, "sentence") for text in (why, *known) if text]
        return [Fact("", title, "title"), *sentences, *self._comparison(), *self._balances()]

    def _comparison(self) -> list[Fact]:
        """Return the transfer next to the marked record, or to the only one."""
        records = self._progress.candidates
        marked = self.query(OptionList).first().highlighted if self.is_mounted else None
        at = 0 if len(records) == 1 else marked
        if at is None or at >= len(records):
            return []
        rows = settling.compared(self.transfer, records[at])
        columns = [max(map(cell_len, cells)) for cells in zip(*((row.sent, row.recorded) for row in rows), strict=True)]
        sent, recorded = (max(width, cell_len(head)) for width, head in zip(columns, _HEADS, strict=True))
        return [
            Fact("", ""),
            Fact("", f"{padded(_HEADS[0], sent)}   {_HEADS[1]}", "muted", is_in_band=True),
            *(
                Fact(
                    row.name,
                    f"{padded(row.sent, sent)}   {padded(row.recorded, recorded)}   {row.difference}",
                    "warning" if row.is_different else "muted",
                    is_in_band=True,
                )
                for row in rows
            ),
        ]

    def _balances(self) -> list[Fact]:
        """Return what both ends held before, and hold now."""
        request, balances = self.transfer.request, self._desk.balance_reader.balances
        if self._since_ms is None:
            return []
        figures, is_doubtful = [], False
        for end, expected in zip(request.ends, (-request.amount, request.amount), strict=True):
            before = self._before.get(end, _("not known")) if self._before else None
            now = before_now(before, balances, end, request.asset, self._since_ms, is_open=False)
            is_doubtful |= _(DOUBTFUL) in now.marks
            marks = ""
            if isinstance(now.first, Decimal) and isinstance(now.second, Decimal):
                marks = f"  {settling.changed(now.first, now.second, expected)}"
            figures.append(replace(now, marks=marks))
        heads = (_("before"), _("now")) if self._before else (_("now"), "")
        head, *ends = end_facts(request, figures, heads, is_short=True)
        if is_doubtful:
            head = replace(head, value=f"{head.value} {_(DOUBTFUL)}", narrow=_("now") + _(DOUBTFUL))
        return [Fact("", ""), head, *ends]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to scroll only if there are facts out of sight."""
        return action != "scroll" or bool(self.is_mounted and self.query_one(VerticalScroll).max_scroll_y)

    def action_scroll(self, pages: int) -> None:
        """Show other facts."""
        facts = self.query_one(VerticalScroll)
        facts.scroll_relative(y=pages * max(facts.size.height - 1, 1), animate=False)

    def on_key(self, event: events.Key) -> None:
        """Mark a line by its digit. Take Enter only from a person: the list would take it from anybody."""
        if event.key == "enter":
            self._question.answer(event, self._decide)
        elif event.key.isdecimal() and 0 < int(event.key) <= len(self._choices):
            choices = self.query_one(OptionList)
            if not choices.get_option_at_index(int(event.key) - 1).disabled:
                choices.highlighted = int(event.key) - 1

    @on(OptionList.OptionHighlighted)
    def show_marked(self) -> None:
        """Show which line is marked, and the record of it."""
        choices = self.query_one(OptionList)
        for index, (text, _decision) in enumerate(self._choices):
            is_marked = index == choices.highlighted
            choices.replace_option_prompt_at_index(index, _line(index + 1, text, is_marked=is_marked))
        self.query_one(Facts).show(self._facts())
        self.query_one(AskLine).ask(self._ask)
        self.call_after_refresh(self.refresh_bindings)

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
            self.post_call(self._ask_again, _("Not decided: {error}").format(error=error))
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


def _line(number: int, text: str, *, is_marked: bool) -> Content:
    return Content(f"{'>' if is_marked else ' '}{number} {text}")


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
        (_(settling.EXECUTED), Decision(transfer, Word.EXECUTED)),  # and one of the records may be its own
    ]
