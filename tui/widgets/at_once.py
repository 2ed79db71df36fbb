"""Keys that act at once, in the order typed.

Over a slow line many keys arrive in one packet. Textual hands a key to the focused widget as a message, and looks for
its binding when that has bubbled up to the app: by then, later keys have been taken in. A binding with priority is run
before, as the app comes to the key.
"""

from collections.abc import Iterable
from dataclasses import replace

from textual.binding import Binding, BindingType


def at_once(bindings: Iterable[BindingType], **tooltips: str) -> list[BindingType]:
    """The same bindings, with priority; and with tooltips, by action."""
    return [
        replace(binding, priority=True, tooltip=tooltips.get(binding.action, binding.tooltip))
        for binding in bindings
        if isinstance(binding, Binding)
    ]
