"""A list whose lines may change below a click.

Over a slow line a click arrives some time after the person saw the list. Textual stores the index of the clicked line
and looks it up later: by then the line may be another one, or gone.
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


class SteadyList(SteadyClicks, OptionList):
    """A list to choose from."""
