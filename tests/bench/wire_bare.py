"""The bare Textual app that others are measured against: two lists and two fields, as Textual makes them.

python -m tests.bench.wire_bare
"""

from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.widgets import Footer, Input, Label, OptionList


class BareApp(App[None]):
    """Nothing of its own."""

    def compose(self) -> ComposeResult:
        """Two lists, two fields, and a footer."""
        with Horizontal():
            yield OptionList(*(f"From {n}" for n in range(8)))
            yield OptionList(*(f"To {n}" for n in range(8)))
        yield Label("Ready")
        yield Input()
        yield Input()
        yield Footer()


if __name__ == "__main__":
    BareApp().run()
