"""A list whose lines may change below a click.

Over a slow line a click comes some time after the picture that it was meant for, and many things at once. Textual keeps
which line was clicked as a number, and looks that up later: by then another line may stand there, or none.
"""

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from textual import events
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

if TYPE_CHECKING:
    _Base = OptionList
else:
    _Base = object  # beside an OptionList of Textual's, whose styles go by its name


class SteadyClicks(_Base):
    """Stands before an OptionList. A click chooses the line that was there as it came in, or nothing."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._clicked: WeakKeyDictionary[Message, Option] = WeakKeyDictionary()

    def post_message(self, message: Message) -> bool:
        """Keep the line that is clicked."""
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


class SteadyList(SteadyClicks, OptionList):
    """A list to choose from."""
