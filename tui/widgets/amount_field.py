"""The field of the amount: digits, a part of what can be moved, or "all but 50"."""

from collections.abc import Callable

from textual.content import Content

from tui.domain.amounts import LEAVE, SHARES, amount_shown, left_behind, plain
from tui.domain.form import FormState, Problem
from tui.domain.transfer import Draft, Field
from tui.language import _
from tui.widgets.amount_input import AmountInput, share_name
from tui.widgets.form_field import LABEL_COLUMNS, FormField

_NAMES = {letter: share_name(percent) for letter, percent in SHARES.items()} | {LEAVE: _("all but")}
_LETTERS = [Content.from_markup(f"[@click=letter('{letter}')]{letter} {name}[/]") for letter, name in _NAMES.items()]
_LOST = _("A key was not understood: check the amount. Ctrl+U empties it")


class AmountField(FormField):
    """Fills in what a letter stands for, as soon as it is known how much can be moved. The letters are below the input;
    a click does what a letter does.
    """

    def __init__(self, draft: Draft, state: Callable[[], FormState]) -> None:
        """Takes the first draft, and what returns the state of the form."""
        self.amount = AmountInput(amount_shown(draft.amount), ask_share=self._want)
        super().__init__(Field.AMOUNT, _("Amount"), self.amount, label_columns=LABEL_COLUMNS)
        self._state = state
        self._wanted: int | None = None
        """The part of what can be moved that is to be filled in, in percent."""
        self._of: FormState | None = None
        """The state of the form when the amount was last checked."""
        self.is_asking = False
        """Whether the exchange is being asked how much can be moved."""

    def extra(self) -> Content:
        """Return the letters, and what each stands for."""
        strong, muted = self._pen("strong"), self._pen("hint")
        return Content("  ").join([letter.stylize(muted).stylize(strong, 0, 1) for letter in _LETTERS])

    @property
    def doubt(self) -> str:
        """Why the amount may differ from what was typed; empty if it does not."""
        return _LOST if self.amount.has_lost else ""

    def fill(self) -> None:
        """Fill in the wanted part, if it is known by now."""
        if self._wanted is None:
            return
        part = self._state().part(self._wanted, is_asked=self.is_asking)
        if part is None:
            return
        self._wanted = None
        if isinstance(part, Problem):
            self.app.bell()
            self.show_problem(part.words)
        else:
            self.amount.fill(plain(part))

    def begin(self, draft: Draft) -> None:
        """Fill in the amount of a draft, or all that can be moved as soon as that is known."""
        self.amount.fill(amount_shown(draft.amount))
        if draft.takes_all:
            self._want(100)

    def follow(self) -> str:
        """Forget a part that was wanted of another account or asset.

        Return why the amount was emptied; empty if it was not. An "all but 50" that waits for a figure is meant for the
        account and the asset that it was typed for.
        """
        before, now = self._of, self._state()
        self._of = now
        if before is None or (before.ends, before.draft.asset) == (now.ends, now.draft.asset):
            return ""
        self.forget()
        waits = before.figure is None or not before.figure.is_exact
        if left_behind(self.amount.value) is None or not before.draft.asset or not waits:
            return ""
        words = _("Emptied: {amount} was of {asset} in {account}").format(
            amount=self.amount.value, asset=before.draft.asset, account=before.ends[0].label
        )
        self.amount.value = ""
        return words

    def forget(self) -> None:
        """Forget the wanted part: what the person types counts."""
        self._wanted = None

    def action_letter(self, letter: str) -> None:
        """Do what a letter does, whatever the field holds."""
        self.screen.set_focus(self.amount)
        if letter == LEAVE:
            self.amount.action_leave()
        else:
            self._want(SHARES[letter])

    def _want(self, percent: int) -> None:
        self._wanted = percent
        self.fill()
