"""Notices about transfers that reach the person on any screen: how an unknown one ended, and corrections."""

import contextlib
from collections.abc import Iterable
from functools import partial
from time import monotonic
from typing import Any

from textual import events
from textual.app import App, ComposeResult
from textual.screen import ModalScreen, Screen

from tui.desk.desk import Desk
from tui.domain.layout import labelled
from tui.domain.transfer import Basis, Outcome, Transfer
from tui.journal import JournalError
from tui.language import _, pgettext
from tui.screens.closing import DismissesItself, StaysOpen
from tui.terminal.question import Question
from tui.widgets.ask_line import AskLine, say_in
from tui.widgets.asking_dialog import AskingDialog, described, described_facts
from tui.words import outcomes
from tui.words.entries import describe_correction
from tui.words.transfers import ended

_READING_S = 30.0
_UNSEEN_S = 1.0
"""A person who types on while the notice comes up has not read it yet."""

_ASK = _("Enter  I have seen it")


def alert(app: App[Any], text: str) -> None:
    """Call for the person, who may be looking elsewhere."""
    app.alert(text)  # type: ignore[attr-defined]


class NoticeScreen(DismissesItself, ModalScreen[Transfer]):
    """Corrects what Shunter said about one transfer. Its result is the transfer, once the person has seen it."""

    holds_notices = True

    def __init__(self, transfer: Transfer) -> None:
        super().__init__()
        self.transfer = transfer
        self._shown_s = 0.0
        self._question = Question(self, doing=pgettext("doing", "closing"), say=partial(say_in, self))

    def compose(self) -> ComposeResult:
        """Show what is true, then every fact."""
        with AskingDialog(keeps_start=True):
            description = describe_correction(self.transfer)
            yield from described(description, described_facts(description))
            yield AskLine(_ASK, final=("enter",))

    def on_mount(self) -> None:
        """Ring the bell, as it may come up at any time."""
        self._shown_s = monotonic()
        self._question.ask()
        title, text = outcomes.notice(self.transfer.evidence)
        alert(self.app, _("{title}. {text}").format(title=title, text=text))

    def show(self, transfer: Transfer) -> None:
        """Show the transfer as it is now, and ask again: the person has not seen this."""
        if transfer != self.transfer:
            self.transfer = transfer
            self.refresh(recompose=True)
            self.on_mount()

    def on_key(self, event: events.Key) -> None:
        """Accept Enter, unless it comes so soon that the person was still typing."""
        if event.key == "enter" and event.time >= self._shown_s + _UNSEEN_S:
            self._question.answer(event, self._seen)

    def on_ask_line_answer_clicked(self) -> None:
        """Accept a click."""
        self._question.click(self._seen)

    def _seen(self) -> None:
        self.dismiss(self.transfer)


class Notices:
    """Notifies of unknown transfers that have ended, and shows corrections one after the other.

    A correction covers whatever is on the screen, but not while the app is locked or a secret is being typed.
    """

    def __init__(self, screen: Screen[Any], desk: Desk) -> None:
        self._screen = screen
        self._desk = desk
        self._unknown: set[str] = set()
        """The ids of transfers whose end is to be notified."""
        self._unseen: dict[str, Transfer] = {}
        """Transfers with a correction that the person has not seen, by id."""
        self._shown: NoticeScreen | None = None

    def expect(self, transfers: Iterable[Transfer]) -> None:
        """Notify of these once they have ended."""
        self._unknown.update(transfer.identity for transfer in transfers)

    def update(self, transfer: Transfer) -> None:
        """Notify of a transfer that has ended after it was unknown, unless the person decided it. Keep its correction
        current.
        """
        if transfer.outcome is Outcome.UNKNOWN:
            self._unknown.add(transfer.identity)
        elif transfer.identity in self._unknown and not transfer.outcome.is_open:
            self._unknown.discard(transfer.identity)
            if transfer.basis is not Basis.PERSON:
                title, text = ended(transfer)
                alert(self._screen.app, labelled(title, text))
                self._screen.app.notify(text, title=title, timeout=_READING_S, markup=False)
        if transfer.identity in self._unseen:
            self._unseen[transfer.identity] = transfer
            if self._shown and self._shown.transfer.identity == transfer.identity:
                self._shown.show(transfer)

    def correct(self, transfer: Transfer) -> None:
        """Show a correction, now or as soon as possible."""
        self._unseen[transfer.identity] = transfer
        self.show_next()

    def show_next(self) -> None:
        """Show a correction that the person has not seen, if there is one."""
        # The rest of a secret would be typed into the notice.
        is_asking = isinstance(self._screen.app.screen, StaysOpen)
        if self._unseen and not self._shown and not self._desk.client.is_locked and not is_asking:
            self._shown = NoticeScreen(next(iter(self._unseen.values())))
            self._screen.app.push_screen(self._shown, self._seen)

    def _seen(self, transfer: Transfer | None) -> None:
        self._shown = None
        if transfer:
            self._unseen.pop(transfer.identity, None)
            self._screen.run_worker(self._record_seen(transfer))
            self._screen.call_later(self.show_next)

    async def _record_seen(self, transfer: Transfer) -> None:
        """Write to the journal that it was seen. If that fails, the next start shows it again."""
        with contextlib.suppress(JournalError):
            await self._desk.notice_seen(transfer)
