"""Where panes are: as a function of the size alone."""

from itertools import combinations, pairwise

import pytest
from textual.geometry import Region, Size

from tui.screens.panes import holdings_regions, regions
from tui.widgets.pane import TALL

SIZES = [
    Size(width, height)
    for width in (60, 79, 80, 119, 120, 149, 150, 159, 160, 190, 200, 300)
    for height in (14, 22, 28, 38, 43, 48, 80)
]
FORM_ROWS = 13


MATRIX = Size(125, 15)


def _main(size: Size, matrix: Size = MATRIX) -> dict[str, Region]:
    return regions(size, is_tall=size.height + 2 >= TALL, form_rows=FORM_ROWS, message_rows=1, matrix=matrix)


def _holdings(size: Size, *, on_places: bool = False) -> dict[str, Region]:
    return holdings_regions(
        size, lists=[38, 37, 17], matrix=125, places=[60, 46, 34, 29, 28], rows=(14, 12), on_places=on_places
    )


def _assert_good(shown: dict[str, Region], size: Size) -> None:
    for one, other in combinations(shown.values(), 2):
        assert not one.overlaps(other)
    for region in shown.values():
        assert Region(0, 0, *size).contains_region(region)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size.width}x{size.height}")
def test_no_pane_overlaps_another_or_ends_outside(size: Size) -> None:
    _assert_good(_main(size), size)
    for on_places in (True, False):
        _assert_good(_holdings(size, on_places=on_places), size)


@pytest.mark.parametrize("show", [_main, _holdings])
def test_every_larger_size_shows_every_pane_of_the_smaller(show: object) -> None:
    assert callable(show)
    for height in {size.height for size in SIZES}:
        for smaller, larger in pairwise(size for size in SIZES if size.height == height):
            assert show(smaller).keys() <= show(larger).keys()


def test_no_pane_next_to_the_form_gets_smaller_where_the_terminal_gets_wider() -> None:
    for height in {size.height for size in SIZES}:
        for smaller, larger in pairwise(size for size in SIZES if size.height == height and size.width >= 120):
            before, after = _main(smaller), _main(larger)
            for name, region in before.items():
                least = {"holdings": MATRIX.height, "detail": 12, "transfers": 20}.get(name, FORM_ROWS)
                assert after[name].height >= min(region.height, least)
                assert after[name].width >= min(region.width, 38)


def test_the_matrix_stands_next_to_a_form_only_with_every_asset_and_every_column() -> None:
    shown = _main(Size(200, 48))
    assert shown["transfers"].x == 82
    assert shown["holdings"].width >= MATRIX.width
    assert shown["holdings"].height >= MATRIX.height
    assert shown["detail"].width == 80
    for matrix in (Size(125, 40), Size(170, 15), Size(0, 0)):
        assert _main(Size(200, 48), matrix)["holdings"].width == 38
    assert _main(Size(200, 22))["holdings"].width == 38


def test_the_list_of_assets_has_room_for_its_numbers_at_every_size() -> None:
    for size in SIZES:
        shown = _holdings(size)
        assert shown["holdings"].width >= 17
        assert "places" not in shown or shown["places"].width >= 28


def test_the_matrix_stands_only_where_all_of_it_and_both_lists_have_room() -> None:
    assert _holdings(Size(190, 20))["holdings"].width >= 125
    assert _holdings(Size(190, 20))["places"].width >= 60
    assert _holdings(Size(150, 40))["places"].y > 0
    assert _holdings(Size(150, 20))["holdings"].width < 125
    assert _holdings(Size(130, 40))["holdings"].width < 125


def test_the_last_moves_stand_below_the_wallets_or_next_to_them_below_the_matrix() -> None:
    shown = _holdings(Size(120, 36))
    assert shown["places"].height == 12
    assert shown["moves"] == Region(41, 13, 79, 23)
    matrix = _holdings(Size(160, 41))
    assert matrix["moves"].y == matrix["places"].y == 15
    assert matrix["moves"].width >= 74
    assert "moves" not in _holdings(Size(119, 36))
    assert "moves" not in _holdings(Size(120, 16))


def test_where_only_one_list_has_room_it_is_that_of_the_focus() -> None:
    narrow = {"lists": [60, 58, 40], "matrix": 300, "places": [50, 45, 40, 39], "rows": (14, 12)}
    assert holdings_regions(Size(60, 13), **narrow, on_places=False) == {"holdings": Region(0, 0, 60, 13)}  # type: ignore[arg-type]
    assert holdings_regions(Size(60, 13), **narrow, on_places=True) == {"places": Region(0, 0, 60, 13)}  # type: ignore[arg-type]
