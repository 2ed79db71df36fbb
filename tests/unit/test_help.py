"""The manual's table of keys and the bindings say the same; the help shows them by group."""

import re
from pathlib import Path

from tui.app.app import ShunterApp
from tui.screens.help import help_groups, help_lines, key_names
from tui.screens.history import HistoryScreen
from tui.screens.main import MainScreen

PAGE = Path(__file__).parents[2] / "tui" / "manual" / "keyboard.md"


def keys_of_manual() -> set[str]:
    """Return the first column of its table of keys, digit by digit."""
    table = PAGE.read_text().partition("| key | does |\n|---|---|\n")[2].partition("\n\n")[0]
    cells = ", ".join(row.split("|")[1].strip() for row in table.splitlines())
    keys = set(re.split(r", | or ", cells))
    for first, last in re.findall(r"(\d) to (\d)", cells):
        keys |= {str(digit) for digit in range(int(first), int(last) + 1)}
    return {key for key in keys if " to " not in key}


def lines() -> list[tuple[str, str]]:
    """All lines of the help."""
    return [line for _, bindings in help_groups(ShunterApp.BINDINGS) for line in help_lines(bindings)]


def explained_keys() -> set[str]:
    groups = help_groups(ShunterApp.BINDINGS)
    return {name for _, bindings in groups for binding in bindings for name in key_names(binding.key)}


def test_every_key_in_the_manual_is_bound_and_explained_and_the_other_way_round() -> None:
    assert keys_of_manual() == explained_keys()


def test_every_key_in_the_main_screens_footer_is_explained() -> None:
    shown = [binding for binding in MainScreen.BINDINGS if binding.show]  # type: ignore[union-attr]
    assert {name for binding in shown for name in key_names(binding.key)} <= explained_keys()  # type: ignore[union-attr]


def test_what_does_the_same_shares_a_line() -> None:
    assert ("m, t, h, q", "in Amount, empty or selected: all, 3/4, 1/2, 1/4 of what can be moved") in lines()
    assert ("F2 or Ctrl+R", "review (Enter in a field does it too)") in lines()


def test_each_group_says_once_what_keys_do() -> None:
    for _, bindings in help_groups(ShunterApp.BINDINGS):
        effects = [effect for _, effect in help_lines(bindings)]
        assert sorted(effects) == sorted(set(effects))


def test_the_screen_that_asks_comes_first_and_everywhere_last() -> None:
    names = [name for name, _ in help_groups(ShunterApp.BINDINGS, HistoryScreen)]
    assert (names[0], names[-1]) == ("The history", "Everywhere")
    assert sorted(names) == sorted(name for name, _ in help_groups(ShunterApp.BINDINGS))
