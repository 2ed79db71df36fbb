"""A list whose lines may change below a click.

Over a slow line a click arrives some time after the person saw the list. Textual stores the index of the clicked line
and looks it up later: by then the line may be another one, or gone.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar
from weakref import WeakKeyDictionary

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.language import _

T = TypeVar("T")

if TYPE_CHECKING:
    _Base = OptionList
else:
    _Base = object  # a mixin for an OptionList of Textual's, whose styles depend on its name


class SteadyClicks(_Base):
    """A mixin for an OptionList: a click chooses the line that was there when it arrived, or nothing."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._clicked: WeakKeyDictionary[Message, Option] = WeakKeyDictionary()

    def post_message(self, message: Message) -> bool:
        """Store the option that is clicked."""
        if isinstance(message, events.Click):
            index = message.style.meta.get("option")
            if isinstance(index, int) and index < self.option_count:
                self._clicked[message] = self.get_option_at_index(index)
        return super().post_message(message)

    async def _on_click(self, event: events.Click) -> None:
        event.prevent_default()
        option = self._clicked.pop(event, None)
        if option and option in self.options and not option.disabled:
            self.highlighted = self.options.index(option)
            self.action_select()


class SteadyList(SteadyClicks, OptionList, Generic[T]):
    """Lists things to choose from, one a line. It is hidden if there are none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", _("Next"), show=False),
        Binding("k", "cursor_up", _("Before"), show=False),
        Binding("g", "first", _("First"), show=False),
        Binding("G", "last", _("Last"), show=False),
    ]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.things: list[T] = []
        """In the order of the list."""
        self._by_option: WeakKeyDictionary[Option, T] = WeakKeyDictionary()
        """The thing of each line, also of a line that was removed after somebody chose it."""

    def show(self, lines: Iterable[tuple[str, T]], marked: int = 0) -> None:
        """List things by their lines, and mark one of them."""
        things = {Option(Content(line)): thing for line, thing in lines}
        self.things = list(things.values())
        self._by_option.update(things)
        self.clear_options()
        self.add_options(things)
        self.highlighted = marked if things else None
        self.display = bool(things)

    def of(self, option: Option) -> T:
        """Return the thing of a line."""
        return self._by_option[option]

    @property
    def marked(self) -> T | None:
        """The thing under the cursor."""
        at = self.highlighted
        return self.things[at] if at is not None and at < len(self.things) else None
