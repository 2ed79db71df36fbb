"""Only a person answers: the rule for a key that does something that cannot be undone.

Every byte that a terminal sends is part of a report, of a paste, or of a key. A key answers, or the report of a click.

- **A report** of any kind is whole or unfinished (`tokens`), and never keys, however it was split and however long the
  line paused. So no byte of one is a key.
- **A paste in brackets** is one token. Pasted text may contain the mark of its own end, and behind it what looks like
  pressed keys. So the first answer after a paste is held for a second. In that second the screen says so, nothing else
  may arrive, and a terminal that answers at all must answer a query that is sent after it: the rest of the paste comes
  before that answer. The rest of such a paste ends in a mark without a beginning, which proves the trick: it cancels
  the held answer, and the screen says so.
- **A paste without brackets** looks like keys. An answer must be the only key of its read; soon after a burst it is
  dropped. If the terminal answers, the key must come behind the answer to a query that was written with the question
  (`Fence`): what was pasted to bring up the question was in the stream before that.
- **A key** that was typed before the question was asked, or before the terminal had it, does not answer it. A key with
  Alt is not that key, nor is a key right behind an Escape, as the two cannot be told apart.
- **A key that is held down** comes again and again. It answers one question, and none that was asked after it went
  down: there must be a longer pause than keyboards make. What the terminal itself calls a repeat answers nothing.
- **A click** on the answer is a report that the left button went down and up. No byte of a paste in brackets is one. It
  is always held as above, so that a question that comes up under a clicking hand can be stopped, and it must have been
  read when the terminal had the question.
- **What no terminal sent** (`App.simulate_key`, an autopilot, a message that code posts) has no `Press`, and answers
  nothing. A headless app has no terminal: its keys are those of the program that runs it.

What remains: whoever can write to the terminal's input at will, with a person's pauses, is that person to any program
in it (a terminal's own remote control, `tmux send-keys`, TIOCSTI). A paste that breaks out of its brackets, in a
terminal that permits it and does not answer, or behind a tmux that answers for it, could be cut by the line just before
its last key and stall there, and for a second just behind it. A paste without brackets that is sent slowly, in a
terminal that does not answer, is typing.
"""

from collections.abc import Callable
from time import monotonic
from typing import Any

from textual import events
from textual.screen import Screen
from textual.timer import Timer

from tui.language import N_, _
from tui.structs import Struct
from tui.terminal.input import Fence, InputDriver, Press

_HOLD_S = 1.0
_POLL_S = 0.05
_ANSWER_S = 3.0
"""A terminal that answers does so within this time, or no longer does."""

_NO_KEY = N_("That was not a single key press. Press it again.")
_TOO_FAST = N_("It came as fast as a paste. Press it again.")
_STILL_DOWN = N_("Is it still held? Let go of it for a second, then press it.")
_STOPPED = N_("Stopped: more input came after that key. Press it again.")
_PASTED = N_("Stopped: the pasted text tried to press keys. Check all of it.")
_NO_ANSWER = N_("Stopped: the terminal no longer answers. Press it again.")


class _HeldAnswer(Struct):
    press: Press
    act: Callable[[], None]
    fence: Fence
    since_s: float


class Question:
    """A question on a screen that one key answers, or a click on its name, and that cannot be taken back."""

    def __init__(self, screen: Screen[Any], *, doing: str, say: Callable[[str], None]) -> None:
        """`doing` is what the answer starts, like "sending". `say` shows a text next to the question; an empty string
        clears it.
        """
        self._screen = screen
        self._doing = doing
        self._say = say
        self._asked_s = 0.0
        self._fence: Fence | None = None
        self._held: _HeldAnswer | None = None
        self._timer: Timer | None = None

    def ask(self) -> None:
        """Accept an answer from now on. Call it as the question is put on the screen."""
        self._release()
        self._asked_s = monotonic()
        if driver := self._driver:
            self._fence = driver.fence()
            self._screen.call_after_refresh(driver.write_fence)

    def answer(self, event: events.Key, act: Callable[[], None]) -> None:
        """Call `act` if a person pressed this key to answer; after a pause if that is not certain."""
        event.stop()
        if self._held:
            self._stop(_STOPPED)
        elif self._screen.app.is_headless:
            if event.time >= self._asked_s:
                act()
        elif (driver := self._driver) is None or (press := driver.press(event)) is None:
            self._say(_(_NO_KEY))
        elif self._is_early(press.read_s, press.order, driver):
            return
        elif not press.is_alone:
            self._say(_(_NO_KEY))
        elif press.is_repeat or self._is_early(press.began_s, press.began_order, driver):
            self._say(_(_STILL_DOWN))
        elif press.is_in_burst:
            self._say(_(_TOO_FAST))
        elif doubt := press.doubt or ("" if self._is_up(driver) else _("The terminal does not answer")):
            self._hold(doubt, press, act, driver)
        else:
            driver.answered = press
            act()

    def click(self, act: Callable[[], None]) -> None:
        """Call `act` if a person clicked to answer, after a pause in which a key stops it."""
        if self._held:
            self._stop(_STOPPED)
        elif self._screen.app.is_headless:
            act()
        elif (driver := self._driver) and self._is_up(driver):
            press = driver.click()
            if not self._is_unseen(press.read_s):
                self._hold(_("A click"), press, act, driver)

    @property
    def _driver(self) -> InputDriver | None:
        driver = self._screen.app._driver
        return driver if isinstance(driver, InputDriver) else None

    def _is_up(self, driver: InputDriver) -> bool:
        """Whether the terminal has answered the query that was written with the question, or answers none."""
        return not driver.answers or (self._fence is not None and self._fence.order is not None)

    def _is_unseen(self, read_s: float) -> bool:
        """Whether the question had not been written to the terminal at that time."""
        fence = self._fence
        return fence is None or fence.written_s is None or read_s < max(self._asked_s, fence.written_s)

    def _is_early(self, read_s: float, order: int, driver: InputDriver) -> bool:
        """Whether a key that was read at that time was typed before the terminal had the question."""
        fence = self._fence
        if self._is_unseen(read_s) or fence is None or fence.written_s is None:
            return True
        if fence.order is None:
            return driver.answers and read_s - fence.written_s < _ANSWER_S
        return order <= fence.order

    def _hold(self, doubt: str, press: Press, act: Callable[[], None], driver: InputDriver) -> None:
        self._held = _HeldAnswer(press, act, driver.fence(), monotonic())
        held = _("{doubt}: {doing} in {seconds} s; any key stops it.")
        self._say(held.format(doubt=doubt, doing=self._doing, seconds=f"{_HOLD_S:.0f}"))
        driver.write_fence()
        self._timer = self._screen.set_interval(_POLL_S, lambda: self._check_held(driver))

    def _check_held(self, driver: InputDriver) -> None:
        """Act on the held answer once it is certain, or cancel it."""
        held = self._held
        if held is None:
            return
        waited_s = monotonic() - held.since_s
        is_answered = held.fence.order is not None
        if not driver.is_last(held.press) or self._screen.app.screen is not self._screen:
            self._stop(_PASTED if driver.broke_out_order > held.press.order else _STOPPED)
        elif waited_s >= _HOLD_S and (is_answered or not driver.answers):
            self._release()
            driver.paste_doubt = ""
            driver.answered = held.press
            held.act()
        elif waited_s >= _ANSWER_S:
            driver.answers = False  # until it does again
            self._stop(_NO_ANSWER)

    def _stop(self, reason: str) -> None:
        self._release()
        self._say(_(reason))

    def _release(self) -> None:
        self._held = None
        if self._timer:
            self._timer.stop()
            self._timer = None
        self._say("")
