"""Bindings that run at once, in the order of the keys.

Over a slow line many keys arrive in one packet. Textual passes a key to the focused widget as a message, and looks for
its binding when that has bubbled up to the app: by then, widgets have handled later keys. A binding with priority runs
as soon as the app handles the key.
"""

from collections.abc import Iterable
from dataclasses import replace  # noqa: TID251 - for a dataclass of Textual's

from textual.binding import Binding, BindingType


def at_once(bindings: Iterable[BindingType], **tooltips: str) -> list[BindingType]:
    """Return the same bindings with priority, and with tooltips by action."""
    return [
        replace(binding, priority=True, tooltip=tooltips.get(binding.action, binding.tooltip))
        for binding in bindings
        if isinstance(binding, Binding)
    ]
