"""A mixin for widgets and screens that drops messages which arrive after they were removed.

Textual still delivers what was under way: a key, the result of a worker, or the mount event of a widget that was
removed before its children were made.
"""

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

from textual import events
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

from tui.widgets.messages import fields

_Methods = Iterable[tuple[type, Callable[[Message], Awaitable[Any]]]]


class DropsLateMessages:
    """Calls no handler of the widget's own once it is being removed. Textual's own handlers finish the removal."""

    @fields
    class PostedCall(Message, bubble=False):
        """Posted by `post_call`."""

        call: Callable[[], object]

    def post_call(self: Widget, method: Callable[..., object], *args: object) -> None:  # type: ignore[misc]
        """Call a method once earlier messages were handled, unless the widget is gone by then: workers do not change
        widgets themselves.
        """
        self.post_message(DropsLateMessages.PostedCall(partial(method, *args)))

    def on_drops_late_messages_posted_call(self, message: PostedCall) -> None:
        """Make the call."""
        message.call()

    def _get_dispatch_methods(self: Widget, method_name: str, message: Message) -> _Methods:  # type: ignore[misc]
        methods: _Methods = super()._get_dispatch_methods(method_name, message)  # type: ignore[misc]
        is_there = self.is_attached and (not isinstance(self, Screen) or self in self.app.screen_stack)
        if is_there or isinstance(message, events.Unmount):
            return methods
        # Lazily, as Textual does: a handler that prevents the default action ends it before the next one is found.
        return ((cls, method) for cls, method in methods if cls.__module__.startswith("textual."))
