"""The screen for when no transfer can be made yet: it says what is missing, and offers ways on."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Label

_NO_KEY = "There is no key yet."

_WAYS = """\
d   try everything on the demo exchange: no key, no real funds
F4  add a key, or choose one. From the command line it is
    shunter keys add NAME
r   try again
^Q  quit

A key is made on the exchange's page "API Management". It needs the
permission "Permits Universal Transfer", and nothing that trades or
withdraws. Shunter keeps it in the system's keyring."""


class WelcomeScreen(Screen[None]):
    """Says what is missing and what can be done."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "demo", "Demo"),
        Binding("r", "retry", "Try again"),
    ]

    class DemoChosen(Message):
        """The person wants the demo."""

    class RetryChosen(Message):
        """The person wants to try once more."""

    def __init__(self, problem: str) -> None:
        super().__init__()
        self._problem = problem

    def compose(self) -> ComposeResult:
        """The problem first."""
        with VerticalScroll(classes="page"):
            yield Label("Shunter", classes="title")
            yield Label(self._problem or _NO_KEY, id="problem", markup=False)
            yield Label(_WAYS, markup=False)
        yield Footer(show_command_palette=False)

    def action_demo(self) -> None:
        """Go to the demo."""
        self.post_message(self.DemoChosen())

    def action_retry(self) -> None:
        """Try once more."""
        self.post_message(self.RetryChosen())
