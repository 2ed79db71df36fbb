"""The README's table of keys and the bindings say the same."""

import re
from pathlib import Path

from tui.app.app import ShunterApp
from tui.screens.help import help_lines, key_name, told_bindings
from tui.screens.main import MainScreen

README = Path(__file__).parents[2] / "README.md"


def keys_of_readme() -> set[str]:
    """The first column of its table of keys, digit by digit."""
    table = README.read_text().partition("| key | does |\n|---|---|\n")[2].partition("\n\n")[0]
    cells = ", ".join(row.split("|")[1].strip() for row in table.splitlines())
    keys = set(re.split(r", | or ", cells))
    for first, last in re.findall(r"(\d) to (\d)", cells):
        keys |= {str(digit) for digit in range(int(first), int(last) + 1)}
    return {key for key in keys if " to " not in key}


def told_keys() -> set[str]:
    return {key_name(key) for binding in told_bindings(ShunterApp.BINDINGS) for key in binding.key.split(",")}


def test_every_key_in_the_readme_is_bound_and_told_and_the_other_way_round() -> None:
    assert keys_of_readme() == told_keys()


def test_every_key_in_the_main_screens_footer_is_told() -> None:
    shown = [binding for binding in MainScreen.BINDINGS if binding.show]  # type: ignore[union-attr]
    assert {key_name(key) for binding in shown for key in binding.key.split(",")} <= told_keys()  # type: ignore[union-attr]


def test_what_does_the_same_shares_a_line() -> None:
    lines = help_lines(told_bindings(ShunterApp.BINDINGS))
    assert ("m, t, h, q", "in Amount, empty or selected: all (Max), 75, 50, 25 % of what can be moved") in lines
    assert ("F2 or Ctrl+R", "review (Enter in a field does it too)") in lines
    assert len({words for _, words in lines}) == len(lines)


def test_each_key_is_told_once() -> None:
    told = [key for keys, _ in help_lines(told_bindings(ShunterApp.BINDINGS)) for key in re.split(r", | or ", keys)]
    assert sorted(told) == sorted(set(told))
