"""Where the panes of the main screen are, by its size."""

from textual.geometry import NULL_OFFSET, Region, Size, Spacing
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

LEFT = 80
"""Columns of the form and the list below it, if there is room for more next to them."""
WIDE = 120
"""Columns from which panes are next to the form."""
TALL = 30
"""Rows from which blank rows separate the panes."""
_GAP = 2
_NO_MARGIN = Spacing()


def regions(size: Size, *, is_tall: bool, form_rows: int, message_rows: int) -> dict[str, Region]:
    """Return the region of each pane that is shown, by its id. `size` is that of the room for panes.

    The form is never cut. A message of several lines takes them from the list of transfers.
    """
    width = size.width
    gap = 1 if is_tall else 0
    message_rows = max(min(message_rows, size.height - gap - form_rows), 1)
    height = size.height - message_rows
    is_wide = width >= WIDE
    left = LEFT if is_wide else width
    below = gap + form_rows + gap
    rest = max(height - below - gap, 0)
    shown = {
        "form": Region(0, gap, left, form_rows),
        "transfers": Region(0, below, left, rest),
        "message": Region(0, height, width, message_rows),
    }
    if is_wide:
        beside = width - left - _GAP
        shown["holdings"] = Region(left + _GAP, gap, beside, form_rows)
        shown["detail"] = Region(left + _GAP, below, beside, rest)
    return shown


class PanesLayout(Layout):
    """Places the panes. One that has no place is not shown."""

    name = "panes"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        """Return the placements."""
        parent.pre_layout(self)
        form, message = (next(child for child in children if child.id == name) for name in ("form", "message"))
        shown = regions(
            size,
            is_tall=parent.app.size.height >= TALL,
            form_rows=form.get_content_height(size, parent.app.size, min(size.width, LEFT)),
            message_rows=message.get_content_height(size, parent.app.size, size.width),
        )
        if isinstance(parent, Panes):
            parent.shown = frozenset(shown)
        return [
            WidgetPlacement(shown[child.id], NULL_OFFSET, _NO_MARGIN, child) for child in children if child.id in shown
        ]


class Panes(Widget):
    """Holds the panes of the main screen."""

    layout = PanesLayout()
    shown: frozenset[str] = frozenset({"form", "transfers"})
    """The ids of the panes that have a place."""
