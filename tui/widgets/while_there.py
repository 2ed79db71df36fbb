"""What is taken away hears nothing more.

Textual goes on delivering what was under way: a key, what a worker found, and to what was taken away before it was
made, that it is there, without any of its parts.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from textual import events
from textual.message import Message
from textual.widget import Widget

_Methods = Iterable[tuple[type, Callable[[Message], Awaitable[Any]]]]


class WhileThere:
    """Stands before a Widget: once that is being taken away, its own handlers are not called. Textual's are: they see
    to its end.
    """

    @property
    def is_there(self: Widget) -> bool:  # type: ignore[misc]  # stands beside a Widget
        """Whether it is not being taken away."""
        return self.is_attached

    def _get_dispatch_methods(self, method_name: str, message: Message) -> _Methods:
        methods: _Methods = super()._get_dispatch_methods(method_name, message)  # type: ignore[misc]
        if self.is_there or isinstance(message, events.Unmount):  # type: ignore[misc]
            return methods
        return [(cls, method) for cls, method in methods if cls.__module__.startswith("textual.")]
