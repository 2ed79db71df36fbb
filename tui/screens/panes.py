"""Where the panes of the main screen and of the holdings are, by the size."""

from collections.abc import Sequence

from textual.geometry import NULL_OFFSET, NULL_SIZE, Region, Size, Spacing
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

from tui.widgets.holding_places import HoldingPlaces
from tui.widgets.holdings_table import HoldingsTable
from tui.widgets.pane import TALL

LEFT = 80
"""Columns of the form and the list below it, if there is room for more next to them."""
WIDE = 120
"""Columns from which panes are next to the form."""
SIDE = 38
"""Columns of a pane next to the form."""
WIDER = 150
"""Columns from which there is a second column of panes."""
WIDEST = 190
"""Columns from which the list of transfers is next to the form, and a matrix of the holdings below both."""
_PLACES = 62
"""Columns of the list of wallets next to the matrix, at most."""
_DETAIL_ROWS = 12
"""Rows of the details below the form, at least."""
_GAP = 2
_NO_MARGIN = Spacing()


def regions(
    size: Size, *, is_tall: bool, form_rows: int, message_rows: int, matrix: Size = NULL_SIZE
) -> dict[str, Region]:
    """Return the region of each pane that is shown, by its id. `size` is that of the room for panes, and `matrix` how
    much of it the assets with every wallet take.

    The form is never cut. A message of several lines takes them from the list of transfers.
    """
    width = size.width
    gap = 1 if is_tall else 0
    message_rows = max(min(message_rows, size.height - gap - form_rows), 1)
    height = size.height - message_rows
    left = LEFT if width >= WIDE else width
    below = gap + form_rows + gap
    rest = max(height - below - gap, 0)
    shown = {
        "form": Region(0, gap, left, form_rows),
        "transfers": Region(0, below, left, rest),
        "message": Region(0, height, width, message_rows),
    }
    if width >= WIDEST and (grid := _grid(size, gap, form_rows, matrix)):
        covered = Region(0, 0, width, height)
        shown |= {name: region.intersection(covered) for name, region in grid.items()}
        return {name: region for name, region in shown.items() if region}
    second, third = left + _GAP, left + _GAP + SIDE + _GAP
    beside, last = SIDE if width >= WIDER else width - second, width - third
    if width >= WIDE:
        shown["holdings"] = Region(second, gap, beside, form_rows)
        shown["detail"] = Region(second, below, beside, rest)
    if width >= WIDER:
        shown["places"] = Region(third, gap, last, form_rows)
    if last >= SIDE:
        shown["holdings"] = Region(second, gap, SIDE, max(height - 2 * gap, 0))
        shown["detail"] = Region(third, below, last, rest)
    return {name: region for name, region in shown.items() if region}


def _grid(size: Size, gap: int, form_rows: int, matrix: Size) -> dict[str, Region]:
    """Return the regions of the list of transfers next to the form, the details below it, and the matrix and the list
    of wallets below all; none if there is no room for every asset or for the details.
    """
    width, height = size
    places = min(width - matrix.width - _GAP, _PLACES)
    rows = max(matrix.height, form_rows)
    lower = height - 1 - gap - rows
    below = gap + form_rows + gap
    if not matrix or places < SIDE or lower - gap - below < _DETAIL_ROWS:
        return {}
    right = width - places
    return {
        "transfers": Region(LEFT + _GAP, gap, width - LEFT - _GAP, lower - 2 * gap),
        "detail": Region(0, below, LEFT, lower - gap - below),
        "holdings": Region(0, lower, right - _GAP, rows),
        "places": Region(right, lower, places, rows),
    }


class PanesLayout(Layout):
    """Places the panes. One that has no place is not shown."""

    name = "panes"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        """Return the placements."""
        parent.pre_layout(self)
        form, message = (next(child for child in children if child.id == name) for name in ("form", "message"))
        table, places = parent.query_one(HoldingsTable), parent.query_one(HoldingPlaces)
        shown = regions(
            size,
            is_tall=parent.app.size.height >= TALL,
            form_rows=form.get_content_height(size, parent.app.size, min(size.width, LEFT)),
            message_rows=message.get_content_height(size, parent.app.size, size.width),
            matrix=Size(table.grid_widths[0], max(table.rows_needed, places.rows_needed)),
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
    _rows = 0

    def follow(self) -> None:
        """Place the panes again if the holdings take more or fewer rows."""
        rows = self.query_one(HoldingsTable).rows_needed
        if rows != self._rows:
            self._rows = rows
            self.refresh(layout=True)


_LIST = 39
"""Columns of the list of assets, if there is room for more than it needs."""
_MATRIX_FROM = 131
"""Columns from which the list of assets may have a column for each wallet."""
_MOVES = 74
"""Columns of the last moves if they stand next to the list of wallets, at least."""
_MOVES_ROWS = 4
"""Rows of the last moves, at least."""


def holdings_regions(
    size: Size, *, lists: Sequence[int], matrix: int, places: Sequence[int], rows: tuple[int, int], on_places: bool
) -> dict[str, Region]:
    """Return the regions of the list of assets, of that of wallets, and of the last moves of an asset.

    `lists` and `places` are the widths of what each can show, the most first; `matrix` is that of the assets with every
    wallet, and `rows` how many lines both take as a whole. The matrix stands above the others; where they have no room
    there, and without it, the assets stand beside them. If there is no room for both lists, the one that the person is
    at has all of it.
    """
    width, height = size
    has_matrix = width >= _MATRIX_FROM and matrix <= width
    if has_matrix and sum(rows) + 1 <= height and places[0] + _GAP + _MOVES <= width:
        below, left = rows[0] + 1, max(places[0], min(width // 2 - 1, width - _GAP - _MOVES))
        return {
            "holdings": Region(0, 0, width, rows[0]),
            "places": Region(0, below, left, height - below),
            "moves": Region(left + _GAP, below, width - left - _GAP, height - below),
        }
    if has_matrix and matrix + _GAP + places[0] <= width:
        return _side_by_side(size, max(matrix, width - _GAP - max(places[0], _MOVES)), rows[1])
    for least in lists:
        for beside in places:
            if least + _GAP + beside <= width:
                return _side_by_side(size, max(least, min(_LIST, width - _GAP - beside)), rows[1])
    return {"places" if on_places else "holdings": Region(0, 0, width, height)}


def _side_by_side(size: Size, left: int, places_rows: int) -> dict[str, Region]:
    width, height = size
    right, below = left + _GAP, places_rows + 1
    assets, places = Region(0, 0, left, height), Region(right, 0, width - right, height)
    if width < WIDE or height < below + _MOVES_ROWS:
        return {"holdings": assets, "places": places}
    moves = Region(right, below, width - right, height - below)
    return {"holdings": assets, "places": Region(right, 0, width - right, places_rows), "moves": moves}


class HoldingsLayout(Layout):
    """Places the list of assets, that of wallets, and the last moves."""

    name = "holdings"

    def arrange(self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True) -> ArrangeResult:
        """Return the placements."""
        parent.pre_layout(self)
        table, places = parent.query_one(HoldingsTable), parent.query_one(HoldingPlaces)
        shown = holdings_regions(
            size,
            lists=table.grid_widths[1:-1],
            matrix=table.grid_widths[0],
            places=places.grid_widths[:-1],
            rows=(table.height_needed, places.rows_at_most),
            on_places=places.has_focus,
        )
        return [
            WidgetPlacement(shown[child.id], NULL_OFFSET, _NO_MARGIN, child) for child in children if child.id in shown
        ]


class HoldingPanes(Widget):
    """Holds the list of assets, that of wallets, and the last moves."""

    layout = HoldingsLayout()
