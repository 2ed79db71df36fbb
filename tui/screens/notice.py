"""What was said of a transfer before was wrong: told so that it cannot be missed."""

from functools import partial
from time import monotonic

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from tui.domain.transfer import Transfer
from tui.screens.closing import DismissesItself
from tui.terminal.question import Question
from tui.widgets.ask_line import AskLine, say_in
from tui.widgets.asking_dialog import AskingDialog, described
from tui.words.entries import describe_correction

_UNSEEN_S = 1.0
"""Who types on while this comes up has not read it yet."""

_ASK = "Enter  I have seen it"


class NoticeScreen(DismissesItself, ModalScreen[Transfer]):
    """Shows one transfer of which something false was said. It ends with it, once the person has said so."""

    holds_notices = True

    def __init__(self, transfer: Transfer) -> None:
        super().__init__()
        self.transfer = transfer
        self._shown_s = 0.0
        self._question = Question(self, doing="closing", say=partial(say_in, self))

    def compose(self) -> ComposeResult:
        """What is true, then every fact."""
        with AskingDialog():
            yield from described(describe_correction(self.transfer))
            yield AskLine(_ASK, final=("enter",))

    def on_mount(self) -> None:
        """Ring: it may come up at any time."""
        self._shown_s = monotonic()
        self._question.ask()
        self.app.bell()

    def show(self, transfer: Transfer) -> None:
        """Say how it stands now: what was said until then is not what the person is to have seen."""
        if transfer != self.transfer:
            self.transfer = transfer
            self.refresh(recompose=True)
            self.on_mount()

    def on_key(self, event: events.Key) -> None:
        """Take the person's word, but for a key of a hand that was typing on."""
        if event.key == "enter" and event.time >= self._shown_s + _UNSEEN_S:
            self._question.answer(event, self._seen)

    def on_ask_line_answer_clicked(self) -> None:
        """Take the person's word by a click."""
        self._question.click(self._seen)

    def _seen(self) -> None:
        self.dismiss(self.transfer)
