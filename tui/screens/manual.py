"""The manual: pages in Markdown, which are read and shown when somebody asks for them."""

from importlib import resources
from importlib.resources.abc import Traversable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList

from tui.language import ENGLISH, _, chosen
from tui.screens.closing import DismissesItself
from tui.structs import Struct
from tui.widgets.ask_line import AskLine
from tui.widgets.steady_list import SteadyList

_FIRST = "keyboard", "outcomes", "history", "favourites", "keys", "ssh"
"""The pages that come first, in this order."""

_README = "README.zh-CN.md"
"""The README in Chinese, which lies next to the pages and is none of them."""


class Page(Struct):
    """A page of the manual."""

    name: str
    title: str
    text: str


def pages() -> list[Page]:
    """Return the pages, in the order in which they are listed: in every language that of the English titles. A page
    that is not translated is in English.
    """
    folder = resources.files("tui") / "manual"
    found = [_page(file) for file in folder.iterdir() if file.name.endswith(".md") and file.name != _README]
    order = {name: place for place, name in enumerate(_FIRST)}
    found.sort(key=lambda page: (order.get(page.name, len(order)), page.title))
    if chosen() == ENGLISH:
        return found
    own = {page.name: folder / chosen() / f"{page.name}.md" for page in found}
    return [_page(own[page.name]) if own[page.name].is_file() else page for page in found]


def _page(file: Traversable) -> Page:
    text = file.read_text(encoding="utf-8")
    return Page(file.name.removesuffix(".md"), text.partition("\n")[0].lstrip("# "), text)


class ManualScreen(DismissesItself, ModalScreen[None]):
    """Lists the pages."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "close", _("Close"))]

    def compose(self) -> ComposeResult:
        """Show the titles."""
        with Vertical(classes="dialog -page"):
            yield Label(_("MANUAL"), classes="title")
            yield SteadyList[Page](compact=True)
            yield AskLine(_("Enter  read        Esc or q  close"))

    def on_mount(self) -> None:
        """List the pages."""
        self.query_one(SteadyList).show((f" {page.title}", page) for page in pages())

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Show a page."""
        event.stop()
        self.app.push_screen(PageScreen(self.query_one(SteadyList).of(event.option)))

    def action_close(self) -> None:
        """Close the manual."""
        self.dismiss()


class PageScreen(DismissesItself, ModalScreen[None]):
    """Shows a page."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", _("Close")),
        Binding("j", "scroll_page(1)", _("Down"), show=False),
        Binding("k", "scroll_page(-1)", _("Up"), show=False),
    ]

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page

    def compose(self) -> ComposeResult:
        """Show the text."""
        from tui.widgets.plain_markdown import PlainMarkdown  # late: nothing else needs a Markdown parser

        with Vertical(classes="dialog -page -manual"):
            yield Label(self._page.title.upper(), classes="title", markup=False)
            with VerticalScroll():
                yield PlainMarkdown(self._page.text.partition("\n")[2])
            yield AskLine(_("Down, Up  scroll        Esc or q  back"))

    def action_scroll_page(self, lines: int) -> None:
        """Scroll by some lines."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_close(self) -> None:
        """Go back to the list."""
        self.dismiss()
